//! An appliance in YAML has the same meaning as in JSON.

use applc::diag::Findings;
use applc::source::Source;
use applc::syntax::{self, Kind, Node, decoded_span};
use proptest::prelude::*;

use super::yaml_writer::{self, STYLES};
use crate::common;

/// The tree of a text without errors.
fn tree(name: &str, text: &str) -> (Source, Node) {
    let source = Source::new(name, text);
    let mut found = Findings::new();
    let tree = syntax::parse(&source, &mut found);
    assert!(found.is_empty(), "{text}\n{found:?}");
    (source, tree.unwrap())
}

/// A tree without spans.
fn json(node: &Node) -> serde_json::Value {
    match &node.kind {
        Kind::Null | Kind::Broken => serde_json::Value::Null,
        Kind::Bool(value) => (*value).into(),
        Kind::Number(text) => serde_json::from_str(text).unwrap(),
        Kind::String(text) => text.as_str().into(),
        Kind::Array(items) => items.iter().map(json).collect(),
        Kind::Object(object) => {
            object.members.iter().map(|m| (m.key.value.to_string(), json(&m.value))).collect()
        }
    }
}

#[test]
fn every_appliance_gives_the_same_files_from_yaml() {
    let mut count = 0;
    for folder in ["examples", "tests/corpus"] {
        for path in common::appliances(folder) {
            if path.extension().is_none_or(|extension| extension == "yaml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let (_, written) = tree("a.jsonc", &text);
            count += 1;
            let mut forms: Vec<String> =
                STYLES.iter().map(|style| yaml_writer::tree(&written, *style)).collect();
            // JSON is valid YAML, except for comments.
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                forms.push(text.clone());
            }
            for form in &forms {
                let (_, read) = tree("a.yaml", form);
                assert_eq!(json(&read), json(&written), "{}\n{form}", path.display());
            }
            // The other parser is for YAML 1.1, and does not support surrogate pairs.
            for form in &forms[..STYLES.len()] {
                let other: serde_json::Value = yaml_serde::from_str(form).unwrap();
                assert_eq!(other, json(&written), "{}\n{form}", path.display());
            }
            // One style for each target, a different one for each file.
            for (at, target) in applc::targets::ALL.iter().copied().enumerate() {
                let expected = super::compile("a.jsonc", &text, target);
                for form in forms.iter().cycle().skip(at + count).take(1) {
                    let found = super::compile("a.yaml", form, target);
                    let what = format!("{} for {}\n{form}", path.display(), target.name());
                    let messages = |compilation: &applc::Compilation| {
                        let all = compilation.report.diagnostics.iter();
                        let mut messages: Vec<_> =
                            all.map(|d| (d.code.id, d.message.clone())).collect();
                        messages.sort();
                        messages
                    };
                    assert_eq!(messages(&found), messages(&expected), "{what}");
                    let files = |compilation: &applc::Compilation| -> Vec<(String, String)> {
                        let artifacts = compilation.outputs.iter().flat_map(|o| &o.artifacts);
                        artifacts.map(|a| (a.path.clone(), a.text.clone())).collect()
                    };
                    assert_eq!(files(&found), files(&expected), "{what}");
                }
            }
        }
    }
}

/// Strings that are difficult to parse: words, punctuation, line breaks, blanks, control
/// characters.
fn strings() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("\n"),
        Just(" "),
        Just("\t"),
        Just("@db"),
        Just("\\"),
        Just("\""),
        Just("'"),
        Just(": "),
        Just(" #"),
        Just("-"),
        Just("é😀"),
        Just("word"),
        Just("\r"),
        Just("\u{0}"),
        Just("\u{85}"),
        Just("\u{2028}"),
        Just("\u{feff}"),
        Just("{"),
        Just("]"),
        Just("%"),
        Just("|"),
    ];
    prop_oneof![
        prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat()),
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(applc_testing::cases(400)) })]

    #[test]
    fn any_string_is_parsed_in_any_style(string in strings()) {
        for style in STYLES {
            for (text, indent) in [("k: ", 0), ("k:\n  - - l: ", 6)] {
                let text = format!("{text}{}\n", yaml_writer::scalar(&string, indent, style));
                let (_, read) = tree("a.yaml", &text);
                let mut node = &read;
                loop {
                    node = match &node.kind {
                        Kind::Object(object) => &object.members[0].value,
                        Kind::Array(items) => &items[0],
                        _ => break,
                    };
                }
                prop_assert_eq!(node.as_str(), Some(string.as_str()), "{:?} {}", style, text);
            }
        }
    }

    #[test]
    fn the_span_of_a_part_of_any_string_is_found(before in strings(), after in strings()) {
        let string = format!("{before}@here{after}");
        let at = before.len();
        for style in STYLES {
            let text = format!("a: b\nk: {}\nz: 1\n", yaml_writer::scalar(&string, 0, style));
            let (source, read) = tree("a.yaml", &text);
            let node = read.as_object().unwrap().get("k").unwrap();
            let span = decoded_span(&source, node.span, at..at + 5);
            prop_assert_eq!(source.slice(span), "@here", "{:?} {}", style, text);
        }
        let text = format!("{{\"k\": {}}}", serde_json::Value::from(string.as_str()));
        let (source, read) = tree("a.json", &text);
        let node = read.as_object().unwrap().get("k").unwrap();
        let span = decoded_span(&source, node.span, at..at + 5);
        prop_assert_eq!(source.slice(span), "@here", "{}", text);
    }
}
