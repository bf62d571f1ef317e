//! Every string reaches the container unchanged, through YAML and Kubernetes' expansion.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{appliance, compiled, container};

/// Expands a string as Kubernetes does (`expansion.Expand`): `$$` is `$`. Every variable is
/// defined here and empty, so that a variable that is left shows.
fn expanded(value: &Value) -> String {
    let mut out = String::new();
    let mut rest = value.as_str().unwrap();
    while let Some(place) = rest.find('$') {
        out.push_str(&rest[..place]);
        let behind = &rest[place + 1..];
        rest = if let Some(more) = behind.strip_prefix('$') {
            out.push('$');
            more
        } else if let Some((_, more)) = behind.strip_prefix('(').and_then(|b| b.split_once(')')) {
            more
        } else {
            out.push('$');
            behind
        };
    }
    out + rest
}

/// Strings with characters that are special to YAML and Kubernetes, and any others; without
/// NUL, which no process accepts, and without `@`, which starts a reference.
fn strings() -> impl Strategy<Value = String> {
    let special = proptest::sample::select(vec![
        "$", "$$", "$(", ")", "$(A)", "${", "}", "\"", "'", "\\", "\n", "\r\n", "\t", " ", "#",
        ": ", "- ", "---\n", "%", "{{", "&", "*", "!", "|", ">", "\u{85}", "\u{2028}", "\u{feff}",
        "\u{1}", "\u{7f}", "😀", "no", "1.10", "=",
    ]);
    let any = proptest::char::any()
        .prop_filter("no NUL, no reference", |c| *c != '\0' && *c != '@')
        .prop_map(String::from);
    proptest::collection::vec(prop_oneof![special.prop_map(str::to_owned), any], 0..12)
        .prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(applc_testing::cases(64)))]

    #[test]
    fn strings_are_unchanged(
        args in proptest::collection::vec(strings(), 1..4),
        cmd in strings(),
        name in "[ -<>-~]{1,12}",
        value in strings(),
        check in strings(),
        entrypoint in proptest::collection::vec(strings(), 1..4),
    ) {
        prop_assume!(!entrypoint[0].is_empty());
        let check = format!("{check}.");
        let document = appliance(&[
            container("a", json!({"args": args, "env": {name.clone(): value}})),
            container("b", json!({
                "cmd": cmd,
                "health_check": {"protocol": "COMMAND", "command": check},
            })),
            container("d", json!({"files": [{"dest": "/d", "content": cmd}]})),
            container("c", json!({"entrypoint": entrypoint, "args": args, "working_dir": format!("/{cmd}")})),
        ]);
        let compiled = compiled(&document);
        let c = compiled.container("Deployment/c");
        let files = compiled.object("ConfigMap/d-files");
        let written = match files["data"]["d"].as_str() {
            Some(text) => text.to_owned(),
            None => {
                let encoded = files["binaryData"]["d"].as_str().unwrap_or_default();
                let bytes = data_encoding::BASE64.decode(encoded.as_bytes()).unwrap();
                String::from_utf8(bytes).unwrap()
            }
        };
        prop_assert_eq!(&written, &cmd);
        let (a, b) = (compiled.container("Deployment/a"), compiled.container("Deployment/b"));
        let list = |value: &Value| -> Vec<String> {
            value.as_array().unwrap().iter().map(expanded).collect()
        };
        prop_assert_eq!(&list(&a["args"]), &args);
        prop_assert_eq!(list(&c["command"]), entrypoint);
        prop_assert_eq!(list(&c["args"]), args);
        prop_assert_eq!(c["workingDir"].as_str(), Some(&*format!("/{cmd}")));
        prop_assert_eq!(&a["env"][0]["name"], &json!(name));
        let written = &a["env"][0]["value"];
        prop_assert_eq!(written.is_null(), value.is_empty());
        prop_assert!(value.is_empty() || expanded(written) == value);
        prop_assert_eq!(list(&b["command"]), ["/bin/sh", "-c", cmd.as_str()]);
        for probe in ["startupProbe", "livenessProbe"] {
            prop_assert_eq!(list(&b[probe]["exec"]["command"]), ["/bin/sh", "-c", check.as_str()]);
        }
    }
}

#[test]
fn without_args_the_image_runs_its_own_command() {
    let compiled = compiled(&appliance(&[container("a", json!({"args": []}))]));
    let a = compiled.container("Deployment/a");
    assert_eq!((&a["command"], &a["args"]), (&Value::Null, &Value::Null));
}

#[test]
fn variables_keep_their_values_of_any_type() {
    let env = json!({"A": 1, "B": [true], "M": null, "Z": ""});
    let compiled = compiled(&appliance(&[container("a", json!({"env": env}))]));
    assert_eq!(
        compiled.container("Deployment/a")["env"],
        json!([
            {"name": "A", "value": "1"},
            {"name": "B", "value": "[true]"},
            {"name": "M", "value": "null"},
            // The API server omits an empty value, so writing it would be a change.
            {"name": "Z"},
        ])
    );
}
