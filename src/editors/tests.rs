use regex::Regex;
use serde_json::Value;

use super::form;
use super::snippets::Snippets;
use super::texts::{Description, code, plain};
use super::*;
use crate::targets::{self, OptionKind};

/// Calls `see` for each rule of a schema that has texts, with its pointer: not for conditions.
fn rules(pointer: &str, rule: &Value, see: &mut impl FnMut(&str, &Value)) {
    see(pointer, rule);
    for (keyword, value) in rule.as_object().into_iter().flatten() {
        let below = format!("{pointer}/{keyword}");
        match (keyword.as_str(), value) {
            ("properties" | "patternProperties" | "definitions", Value::Object(inner)) => {
                inner.iter().for_each(|(name, rule)| rules(&format!("{below}/{name}"), rule, see));
            }
            ("allOf" | "anyOf", Value::Array(inner)) => {
                inner.iter().for_each(|rule| rules(&below, rule, see));
            }
            ("items" | "additionalProperties" | "propertyNames" | "then" | "else", rule) => {
                rules(&below, rule, see);
            }
            _ => {}
        }
    }
}

#[test]
fn sentences_about_values_are_apart() {
    let read = Description::read("Kind. `a`: the first one. `B`, `c`: others; as `a`. Not: this.");
    assert_eq!(read.prose, "Kind. Not: this.");
    let texts =
        ["a", "b", "c", "d"].map(|value| read.of_value(value).unwrap_or_default().to_owned());
    assert_eq!(texts, ["The first one.", "Others; as `a`.", "Others; as `a`.", ""]);
    assert_eq!(plain("start with `/`"), "start with /");
    assert_eq!(code(&json(r#"["a", 1]"#)).as_deref(), Some("`[\"a\", 1]`"));
    for nothing in ["\"\"", "[]", "{}", "[{}]", "\"a\\nb\""] {
        assert_eq!(code(&json(nothing)), None, "{nothing}");
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn each_schema_is_valid_and_each_part_of_it_has_its_texts() {
    for format in Format::ALL {
        let schema = format.schema();
        assert!(jsonschema::draft7::meta::is_valid(&schema), "{format:?}");
        assert!(jsonschema::draft7::new(&schema).is_ok(), "{format:?}");
        assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
        assert_eq!(schema["$id"], format.id());
        let mut count = 0;
        rules("", &schema, &mut |pointer, rule| {
            count += 1;
            let place = format!("{format:?} {pointer}");
            let text = |keyword: &str| rule.get(keyword).and_then(Value::as_str);
            for keyword in ["examples", "overlayKey", "aliasOf"] {
                assert!(rule.get(keyword).is_none(), "{place}: {keyword}");
            }
            if rule.get("pattern").is_some() {
                assert!(
                    text("patternErrorMessage").is_some_and(|text| !text.is_empty()),
                    "{place}"
                );
            }
            if let Some(shown) = text("description") {
                assert!(!shown.contains('`'), "{place}: {shown}");
                assert_eq!(plain(text("markdownDescription").unwrap()), shown, "{place}");
                assert!(shown.ends_with('.'), "{place}: {shown}");
            }
            let count = |keyword: &str| rule.get(keyword).and_then(Value::as_array).map(Vec::len);
            for keyword in ["enumDescriptions", "markdownEnumDescriptions"] {
                assert!(count(keyword).is_none_or(|texts| Some(texts) == count("enum")), "{place}");
            }
            if let Some(Value::Object(fields)) =
                rule.get("then").and_then(|then| then.get("properties"))
            {
                let forbids = fields.values().any(|field| field == &Value::Bool(false));
                assert!(!forbids || rule["then"].get("errorMessage").is_some(), "{place}");
            }
        });
        assert!(count > 50, "{format:?}: {count}");
    }
}

#[test]
fn each_field_of_the_formats_in_toml_has_texts_and_valid_examples() {
    for format in [Format::Project, Format::Target] {
        let schema = format.definition();
        let mut count = 0;
        rules("", &schema, &mut |pointer, rule| {
            let is_field =
                pointer.rsplit('/').nth(1) == Some("properties") || pointer.ends_with("/items");
            if !is_field
                || rule.get("$ref").is_some()
                || !rule.is_object()
                || pointer.contains("/then")
                || pointer.contains("/else")
            {
                return;
            }
            count += 1;
            for keyword in ["title", "description"] {
                assert!(rule.get(keyword).is_some(), "{format:?} {pointer}: {keyword}");
            }
            let mut alone = rule.clone();
            alone["definitions"] = schema["definitions"].clone();
            let validator = jsonschema::draft7::new(&alone).unwrap();
            for example in rule.get("examples").and_then(Value::as_array).into_iter().flatten() {
                assert!(validator.is_valid(example), "{format:?} {pointer}: {example}");
            }
        });
        assert!(count > 30, "{format:?}: {count}");
    }
}

#[test]
fn a_new_value_has_its_required_fields() {
    let schema = Format::Appliance.definition();
    let of = |path: &str| Snippets(&schema).of(schema.pointer(path).unwrap());
    let containers = of("/definitions/container");
    let labels: Vec<&Value> = containers.iter().map(|snippet| &snippet["label"]).collect();
    assert_eq!(labels, ["service", "job"]);
    assert_eq!(containers[1]["description"], "Runs to completion.");
    let body = json(
        r#"{"id": "$1", "image": "$2", "resources": {"cpus": "^${3:0.5}", "mem": "^${4:1024}"}, "type": "job"}"#,
    );
    assert_eq!(containers[1]["body"], body);
    // Of two forms, the one that is not old.
    assert_eq!(of("/definitions/mount")[0]["body"], json(r#"{"dest": "$1", "src": "$2"}"#));
    assert_eq!(of("/definitions/oldVolume"), [Value::Null; 0]);
    assert_eq!(of("/definitions/healthCheck"), [Value::Null; 0]);
}

#[test]
fn what_editors_insert_are_no_names() {
    let schema = Format::Appliance.schema();
    let volumes = &schema["definitions"]["dataPersistence"]["properties"]["volume_type"];
    assert!(volumes.get("default").is_none());
    assert_eq!(
        volumes["description"],
        "Storage system that provides the volumes. Default: cephfs."
    );
    let container = &schema["definitions"]["container"]["properties"];
    assert_eq!(container["instances"]["default"], 1);
    assert_eq!(container["network_mode"]["defaultSnippets"][0]["body"], "host");
    assert_eq!(
        container["network_mode"]["patternErrorMessage"],
        "expected `host`, `bridge` or `container`"
    );
    let job = &schema["definitions"]["container"]["allOf"][7]["if"];
    assert_eq!(job["properties"]["repeats"]["doNotSuggest"], true);
    let text = Format::ALL.map(Format::text).concat();
    let inserted = Regex::new(r#""body": "?[^\n]*(spark|livy|ceph)"#).unwrap();
    assert!(!inserted.is_match(&text));
}

#[test]
fn a_reference_with_texts_of_its_own_is_one_rule() {
    let schema = json(
        r##"{"properties": {"a": {"title": "A", "allOf": [{"$ref": "#/definitions/b"}]}},
            "definitions": {"b": {"title": "B", "type": "string"}}}"##,
    );
    let made = form::of(Format::Appliance, &schema);
    assert_eq!(made["properties"]["a"], json(r#"{"title": "A", "type": "string"}"#));
}

/// taplo does not end when it completes a file whose schema has this keyword.
#[test]
fn schemas_of_toml_have_no_all_of() {
    for format in [Format::Project, Format::Target] {
        assert!(!format.text().contains("\"allOf\""), "{format:?}");
    }
}

/// The patterns of options match what the options accept, and not much else.
#[test]
fn patterns_of_options_are_those_of_their_checks() {
    let pieces = [
        "",
        "a",
        "A",
        "0",
        "9",
        "-",
        "_",
        ".",
        "/",
        "=",
        ",",
        " ",
        "@",
        "~",
        ":",
        "a.b",
        "a/b",
        "a-b",
        "cni/x",
        "host",
        "bridge",
        "2027-01-31",
        "2027-13-31",
        "1e3",
        "0.5",
        "é",
        "\n",
    ];
    let mut texts: Vec<String> = Vec::new();
    for one in pieces {
        for other in pieces {
            texts.extend(pieces.map(|third| format!("{one}{other}{third}")));
        }
    }
    let long = "a".repeat(200);
    texts.extend((60..135).map(|length| long[..length].to_owned()));
    let mut checked = 0;
    for target in targets::ALL {
        for option in target.options() {
            let OptionKind::Checked { accepts, pattern, .. } = option.kind else { continue };
            let pattern = Regex::new(&format!("^(?:{pattern})$")).unwrap();
            let mut only_matched = Vec::new();
            for text in &texts {
                let name = option.name;
                assert!(!accepts(text) || pattern.is_match(text), "{name}: {text:?}");
                if pattern.is_match(text) && !accepts(text) {
                    only_matched.push(text);
                }
            }
            // Control characters in a list, and numbers that are out of range.
            let few = texts.len() / 20;
            assert!(only_matched.len() < few, "{}: {only_matched:?}", option.name);
            checked += 1;
        }
    }
    assert!(checked > 12, "{checked}");
}

#[test]
fn the_catalog_names_each_file_that_has_a_name() {
    let entries: Vec<Value> = serde_json::from_str(&catalog()).unwrap();
    let names: Vec<&Value> = entries.iter().map(|entry| &entry["name"]).collect();
    assert_eq!(names, ["applc appliance", "applc.toml", "target.toml"]);
    assert_eq!(
        entries[0]["fileMatch"],
        json(r#"["*.appliance.json", "*.appliance.jsonc", "*.appliance.yaml", "*.appliance.yml"]"#)
    );
    for entry in entries {
        assert!(entry["url"].as_str().unwrap().starts_with("https://json.schemastore.org/applc-"));
        assert!(!entry["description"].as_str().unwrap().contains('`'));
    }
}
