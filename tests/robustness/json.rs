//! Our JSON parser against serde_json: the same values, and a diagnostic wherever it refuses.

use std::collections::HashSet;

use applc::diag::has_errors;
use applc::source::Source;
use applc::syntax::{self, Kind, Node};
use proptest::prelude::*;
use serde_json::Value;

/// A tree as a value. Numbers are compared as they are read back from their text.
fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Number(text) => serde_json::from_str(text).unwrap_or(Value::String(text.clone())),
        Kind::String(text) => Value::String(text.clone()),
        Kind::Array(items) => items.iter().map(value).collect(),
        Kind::Object(object) => {
            object.members.iter().map(|m| (m.key.value.clone(), value(&m.value))).collect()
        }
        Kind::Broken => Value::String("broken".to_owned()),
    }
}

fn json() -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number,
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// Text that is nearly JSON.
fn almost() -> impl Strategy<Value = String> {
    let token = prop_oneof![
        4 => prop::sample::select(vec!["{", "}", "[", "]", ":", ",", " ", "\n"]),
        3 => prop::sample::select(vec!["\"a\"", "\"b\"", "\"\\u00e9\"", "\"\\ud83d\\ude00\"", "\"é\""]),
        2 => prop::sample::select(vec!["1", "-0", "1.5e3", "0.1", "true", "false", "null"]),
        1 => prop::sample::select(vec![
            "01", "+1", ".5", "1.", "1e", "-", "NaN", "tru", "'a'", "\"", "\"\\x\"", "\"\\ud800\"",
            "\"\t\"", "//c\n", "/*c*/", "#c\n", "\u{feff}", "\u{a0}", "\u{c}", "...", "\\", "é",
        ]),
    ];
    prop::collection::vec(token, 0..14).prop_map(|tokens| tokens.concat())
}

/// Whether an object has a key twice: then serde_json takes the last, and we report it.
fn has_twin(node: &Node) -> bool {
    match &node.kind {
        Kind::Array(items) => items.iter().any(has_twin),
        Kind::Object(object) => {
            let mut seen = HashSet::new();
            object.members.iter().any(|m| !seen.insert(&m.key.value) || has_twin(&m.value))
        }
        _ => false,
    }
}

/// Holds our reading of a text against serde_json's.
fn agree(text: &str) -> Result<(), TestCaseError> {
    let source = Source::new("a.json", text);
    let mut found = Vec::new();
    let tree = syntax::parse(&source, &mut found);
    for diagnostic in &found {
        let span = diagnostic.primary.span;
        prop_assert!(text.get(span.range()).is_some(), "{:?}: {:?}", text, diagnostic);
    }
    // A byte order mark is taken for what it is.
    match serde_json::from_str::<Value>(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        Ok(expected) => {
            let tree = tree.unwrap();
            if !has_twin(&tree) {
                prop_assert_eq!(&found, &[], "{:?}", text);
                prop_assert_eq!(value(&tree), expected, "{:?}", text);
            }
        }
        Err(error) if error.to_string().contains("out of range") => {}
        Err(error) => prop_assert!(!found.is_empty(), "{:?}: {}", text, error),
    }
    // Only comments and trailing commas are let through.
    if !has_errors(&found) {
        let lenient = found.iter().all(|d| ["W0101", "W0102"].contains(&d.code.id));
        prop_assert!(lenient, "{:?}: {:?}", text, found);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    #[test]
    fn any_json_is_read_as_serde_json_reads_it(expected in json(), pretty in any::<bool>()) {
        let text = if pretty {
            serde_json::to_string_pretty(&expected).unwrap()
        } else {
            expected.to_string()
        };
        agree(&text)?;
    }

    #[test]
    fn what_serde_json_refuses_is_reported(text in almost()) {
        agree(&text)?;
    }

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        agree(&text)?;
    }
}
