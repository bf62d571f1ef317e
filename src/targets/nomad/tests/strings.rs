//! Every string reaches the container unchanged: through HCL, the client, and the environment
//! file of a template.

use proptest::prelude::*;
use serde_json::json;

use super::super::strings::{ConfigString, is_expanded_in_env};
use super::{appliance, compiled, container};

/// Text with characters that are special to one of the readers.
fn special_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("$"),
        Just("${"),
        Just("%{"),
        Just("}"),
        Just("{{"),
        Just("}}"),
        Just("\""),
        Just("\\"),
        Just("\n"),
        Just("\r"),
        Just("#"),
        Just("EOT"),
        Just("A"),
        Just("."),
        Just("é"),
        Just("😀"),
        Just("\u{feff}"),
        Just("\u{1}"),
        Just(" "),
        Just("'"),
    ];
    prop_oneof![
        proptest::collection::vec(piece, 0..10).prop_map(|parts| parts.concat()),
        // No process accepts NUL in an argument.
        any::<String>().prop_map(|text| text.replace('\0', "")),
    ]
}

/// What the template engine makes of a file without references.
fn rendered(template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{ ") {
        out.push_str(before);
        let (action, after) = after.split_once("}}").unwrap();
        let (action, after) = match action.strip_suffix(" -") {
            Some(action) => (action, after.trim_start()),
            None => (action.trim_end(), after),
        };
        let literal = action.strip_prefix("base64Decode ");
        let text = literal.unwrap_or(action).trim_matches('"');
        let bytes = match literal {
            Some(_) => data_encoding::BASE64.decode(text.as_bytes()).unwrap(),
            None => text.as_bytes().to_vec(),
        };
        out.push_str(&String::from_utf8(bytes).unwrap());
        rest = after;
    }
    out + rest
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(applc_testing::cases(64)))]

    #[test]
    fn strings_are_escaped_for_the_client(text in special_text()) {
        prop_assume!(!text.is_empty() && unicode_normalization::is_nfc(&text));
        let written = text.replace('@', "\\@");
        let made = compiled(&appliance(&[container(
            "a",
            json!({
                "files": [{"dest": "/f", "content": written}],
                "entrypoint": [written, "y"], "args": [written, "x"], "env": {"E": written},
                "working_dir": format!("/{text}"),
                "labels": {"a.b": text},
            }),
        )]));
        prop_assert_eq!(made.found(), []);
        let task = made.task("a");
        let wanted = ConfigString::literal(&text);
        prop_assert_eq!(task["config"]["args"][0].as_str(), Some(wanted.as_str()));
        prop_assert_eq!(task["config"]["entrypoint"][0].as_str(), Some(wanted.as_str()));
        let directory = ConfigString::literal(&format!("/{text}"));
        prop_assert_eq!(task["config"]["work_dir"].as_str(), Some(directory.as_str()));
        prop_assert_eq!(task["config"]["labels"]["a.b"].as_str(), Some(wanted.as_str()));
        let templates = task["template"].as_array().cloned();
        let templates = templates.unwrap_or_else(|| vec![task["template"].clone()]);
        let file = templates.last().and_then(|file| file["data"].as_str()).unwrap_or_default();
        prop_assert_eq!(rendered(file), text.clone());
        if is_expanded_in_env(&text) {
            let data = templates[0]["data"].as_str().unwrap_or_default();
            let value = data.trim_end().strip_prefix("E=").unwrap_or_default();
            let read: String = serde_json::from_str(value).unwrap();
            prop_assert_eq!(read, text);
        } else {
            prop_assert_eq!(task["env"]["E"].as_str(), Some(text.as_str()));
        }
    }
}
