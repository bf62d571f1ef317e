//! The JSON parser against serde_json: the same values, and a diagnostic for every text that
//! serde_json rejects.

use std::collections::HashSet;
use std::fmt;

use applc::diag::Findings;
use applc::source::Source;
use applc::syntax::{self, Kind, Node};
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// A value with every member of its objects, including duplicates, in text order.
#[derive(Debug, PartialEq)]
enum Ordered {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Ordered>),
    Object(Vec<(String, Ordered)>),
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Ordered;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Ordered, E> {
                Ok(Ordered::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
                Ok(Ordered::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Ordered, E> {
                Ok(Ordered::Number(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Ordered, E> {
                Ok(Ordered::Number(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Ordered, E> {
                Ok(Number::from_f64(value).map_or(Ordered::Null, Ordered::Number))
            }
            fn visit_str<E>(self, value: &str) -> Result<Ordered, E> {
                Ok(Ordered::String(value.to_owned()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Ordered, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    all.push(item);
                }
                Ok(Ordered::Array(all))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Ordered, A::Error> {
                let mut all = Vec::new();
                while let Some(member) = members.next_entry()? {
                    all.push(member);
                }
                Ok(Ordered::Object(all))
            }
        }

        deserializer.deserialize_any(Reader)
    }
}

impl Ordered {
    /// Whether an object has a duplicate key, which is reported.
    fn has_duplicate_key(&self) -> bool {
        match self {
            Ordered::Array(items) => items.iter().any(Ordered::has_duplicate_key),
            Ordered::Object(members) => {
                let mut seen = HashSet::new();
                members.iter().any(|(key, value)| !seen.insert(key) || value.has_duplicate_key())
            }
            _ => false,
        }
    }

    /// Converts a tree. Each number must keep its digits.
    fn of(node: &Node, source: &Source) -> Ordered {
        match &node.kind {
            Kind::Null => Ordered::Null,
            Kind::Bool(value) => Ordered::Bool(*value),
            Kind::Number(text) => {
                assert_eq!(source.slice(node.span), text);
                Ordered::Number(serde_json::from_str(text).unwrap())
            }
            Kind::String(text) => Ordered::String(text.to_string()),
            Kind::Array(items) => {
                Ordered::Array(items.iter().map(|item| Ordered::of(item, source)).collect())
            }
            Kind::Object(object) => {
                let members = object.members.iter();
                let pair =
                    |m: &syntax::Member| (m.key.value.to_string(), Ordered::of(&m.value, source));
                Ordered::Object(members.map(pair).collect())
            }
            Kind::Broken => Ordered::String("broken".to_owned()),
        }
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

/// Text that is almost JSON.
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

/// Compares the parsed text with the result of serde_json.
fn agree(text: &str) -> Result<(), TestCaseError> {
    let source = Source::new("a.json", text);
    let mut found = Findings::new();
    let tree = syntax::parse(&source, &mut found);
    for diagnostic in found.iter() {
        let span = diagnostic.primary.span;
        prop_assert!(text.get(span.range()).is_some(), "{:?}: {:?}", text, diagnostic);
    }
    // A byte order mark is ignored.
    match serde_json::from_str::<Ordered>(text.strip_prefix('\u{feff}').unwrap_or(text)) {
        Ok(expected) => {
            if expected.has_duplicate_key() {
                prop_assert!(found.iter().all(|one| one.code.id == "E0110"), "{:?}", text);
                prop_assert!(!found.is_empty(), "{:?}", text);
            } else {
                prop_assert!(found.is_empty(), "{text:?}: {found:?}");
                let tree = tree.unwrap();
                prop_assert_eq!(Ordered::of(&tree, &source), expected, "{:?}", text);
            }
        }
        Err(error) if error.to_string().contains("out of range") => {}
        Err(error) => prop_assert!(!found.is_empty(), "{:?}: {}", text, error),
    }
    // Only comments and trailing commas are accepted.
    if !found.has_errors() {
        let lenient = found.iter().all(|d| ["W0101", "W0102"].contains(&d.code.id));
        prop_assert!(lenient, "{:?}: {:?}", text, found);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(applc_testing::cases(2000)) })]

    #[test]
    fn any_json_is_parsed_as_by_serde_json(expected in json(), pretty in any::<bool>()) {
        let text = if pretty {
            serde_json::to_string_pretty(&expected).unwrap()
        } else {
            expected.to_string()
        };
        agree(&text)?;
    }

    #[test]
    fn text_that_serde_json_rejects_is_reported(text in almost()) {
        agree(&text)?;
    }

    #[test]
    fn json_with_one_changed_character_is_parsed_or_reported(
        expected in json(), at in any::<prop::sample::Index>(), other in any::<Option<char>>(),
    ) {
        let text = expected.to_string();
        let (start, old) = text.char_indices().nth(at.index(text.chars().count())).unwrap();
        let other = other.map(String::from).unwrap_or_default();
        let end = start + old.len_utf8();
        agree(&format!("{}{other}{}", &text[..start], &text[end..]))?;
    }

    #[test]
    fn any_text_is_parsed_without_a_panic(text in any::<String>()) {
        agree(&text)?;
    }
}
