//! The schema of overlays is made from that of appliances: `UPDATE_DOCS=1 cargo test overlay_schema` writes it.

use std::fs;

use applc::diag::Findings;
use applc::source::Source;
use applc::syntax::{self, Kind, Node};
use applc_testing::{UPDATE_DOCS, hold, read, updates};
use serde_json::{Map, Value, json};

use crate::common::{appliances, blocks};
use crate::properties::overlays::to_maps;

const DESCRIPTION: &str = "What differs from an appliance: a JSON Merge Patch in which lists with keys are maps. \
                           `null` removes a field or an entry.";

/// Allows `null` in addition to what a rule allows.
fn or_null(rule: &mut Value) {
    match rule.get_mut("type") {
        Some(Value::Array(types)) => types.push(json!("null")),
        Some(one) => *one = json!([one.clone(), "null"]),
        None => {}
    }
    if let Some(Value::Array(values)) = rule.get_mut("enum") {
        values.push(Value::Null);
    }
}

/// The names of the entries of a list, by the annotation that says what they are.
fn keys(key: &str) -> Value {
    match key {
        "id" => json!({
            "pattern": "^[A-Za-z0-9-]+$",
            "patternErrorMessage": "the key of an entry is its id: ASCII letters, digits, and hyphens"
        }),
        "dest" => json!({
            "pattern": "^/",
            "patternErrorMessage": "the key of an entry is its path in the container, which starts with `/`"
        }),
        "container_port" => json!({
            "pattern": "^[1-9][0-9]{0,4}(/(tcp|udp))?$",
            "patternErrorMessage": "the key of an entry is its port, such as `8080` or `8080/udp`"
        }),
        other => panic!("{other}"),
    }
}

/// The rule for the value of a field in an overlay. A required field cannot be removed.
fn field(rule: &Value, is_required: bool) -> Value {
    let Some(key) = rule.get("overlayKey").and_then(Value::as_str) else {
        let mut rule = of_overlay(rule);
        if !is_required {
            or_null(&mut rule);
        }
        return rule;
    };
    let mut map = json!({
        "type": if is_required { json!("object") } else { json!(["object", "null"]) },
        "propertyNames": keys(key),
        "additionalProperties": rule["items"],
    });
    for text in ["title", "description"] {
        map[text] = rule[text].clone();
    }
    map
}

/// A rule without what only a whole appliance has: required fields, defaults, conditions.
fn of_overlay(rule: &Value) -> Value {
    let Value::Object(keywords) = rule else { return rule.clone() };
    let mut made = Map::new();
    let required = |name: &str| {
        let names = rule["required"].as_array();
        names.is_some_and(|names| names.iter().any(|required| required == name))
    };
    let is_closed = rule.get("pattern").is_some() && rule.get("patternErrorMessage").is_none();
    for (keyword, value) in keywords {
        let value = match (keyword.as_str(), value) {
            ("required" | "default" | "if" | "then" | "else", _) => continue,
            // Of a pattern without a message, the examples are the values that it matches.
            ("examples", _) if !is_closed => continue,
            // An alias has the rule of its field in it; others are conditions.
            ("allOf", _) if keywords.contains_key("properties") => continue,
            ("overlayKey" | "aliasOf" | "minItems", _) => continue,
            ("properties", Value::Object(fields)) => {
                let fields = fields.iter();
                fields.map(|(name, rule)| (name.clone(), field(rule, required(name)))).collect()
            }
            ("additionalProperties", Value::Object(_)) => field(value, false),
            (_, value) => value.clone(),
        };
        made.insert(keyword.clone(), value);
    }
    Value::Object(made)
}

/// The schema of overlays.
fn schema() -> Value {
    let appliance: Value = serde_json::from_str(&read("schema/appliance.schema.json")).unwrap();
    let mut overlay = of_overlay(&appliance);
    overlay["title"] = json!("Overlay");
    overlay["description"] = json!(DESCRIPTION);
    let add = json!({
        "title": "Add",
        "description": "The appliance does not have this entry: it is added.",
        "const": true
    });
    for (name, rule) in appliance["definitions"].as_object().unwrap() {
        // Each is that of a field or of an entry, which `null` removes.
        let mut made = of_overlay(rule);
        or_null(&mut made);
        overlay["definitions"][name] = made;
    }
    // The old and the new form of a volume change the same fields.
    let mut mount = overlay["definitions"]["volume"].clone();
    for (name, rule) in overlay["definitions"]["oldVolume"]["properties"].as_object().unwrap() {
        if mount["properties"].get(name).is_none() {
            mount["properties"][name] = field(rule, true);
        }
    }
    overlay["definitions"]["mount"] = mount;
    for unused in ["volume", "oldVolume"] {
        overlay["definitions"].as_object_mut().unwrap().remove(unused);
    }
    let definitions = appliance["definitions"].as_object().unwrap().values();
    let fields = definitions.chain([&appliance]).filter_map(|rule| rule["properties"].as_object());
    for list in fields.flat_map(Map::values).filter(|rule| rule.get("overlayKey").is_some()) {
        let entry = list["items"]["$ref"].as_str().unwrap().strip_prefix('#').unwrap();
        overlay.pointer_mut(entry).unwrap()["properties"]["add"] = add.clone();
    }
    overlay
}

fn validator() -> jsonschema::Validator {
    jsonschema::options().with_draft(jsonschema::Draft::Draft7).build(&schema()).unwrap()
}

/// A tree as JSON.
fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Null | Kind::Broken => Value::Null,
        Kind::Bool(value) => json!(value),
        Kind::Number(text) => serde_json::from_str(text).unwrap(),
        Kind::String(text) => json!(text.as_str()),
        Kind::Array(items) => items.iter().map(value).collect(),
        Kind::Object(object) => {
            let members = object.members.iter();
            members.map(|member| (member.key.value.to_string(), value(&member.value))).collect()
        }
    }
}

/// The errors of an overlay against the schema.
fn errors(name: &str, text: &str) -> Vec<String> {
    let tree = syntax::parse_overlay(&Source::new(name, text), &mut Findings::new());
    let tree = value(&tree.unwrap());
    validator().iter_errors(&tree).map(|error| error.to_string()).collect()
}

#[test]
fn the_schema_of_overlays_is_that_of_appliances_with_maps() {
    let text = serde_json::to_string_pretty(&schema()).unwrap();
    hold("schema/overlay.schema.json", &format!("{text}\n"));
    // A library that was built before the file was written holds the file before.
    let is_built_in = applc::overlay::SCHEMA == read("schema/overlay.schema.json");
    assert!(is_built_in || updates(UPDATE_DOCS));
    for (list, key) in [("ports", "8080/udp"), ("files", "/f"), ("volumes", "/d")] {
        let entry = json!({ "containers": { "web": { list: { key: null } } } });
        assert!(validator().is_valid(&entry), "{list}");
        let entry = json!({ "containers": { "web": { list: { "!": null } } } });
        assert!(!validator().is_valid(&entry), "{list}");
    }
}

#[test]
fn valid_overlays_satisfy_the_schema_and_others_do_not() {
    let overlays = blocks(&read("docs/overlays.md"));
    for block in overlays.iter().filter(|block| block.has("overlay")) {
        assert_eq!(errors("o.yaml", &block.text), [""; 0], "{}", block.text);
    }
    for name in [
        "field-misspelled.yaml",
        "list-in-place-of-a-map.json",
        "entry-that-is-no-object.yaml",
        "port-keys.yaml",
        "required-field-removed.yaml",
        "values-of-wrong-types.yaml",
    ] {
        let text = read(&format!("tests/diagnostics/overlay/{name}"));
        assert_ne!(errors(name, &text), [""; 0], "{name}");
    }
}

#[test]
fn every_appliance_with_maps_satisfies_the_schema() {
    let validator = validator();
    let files = ["tests/corpus", "examples"].into_iter().flat_map(appliances);
    let mut count = 0;
    for file in files {
        let name = file.to_str().unwrap();
        let source = Source::new(name, fs::read_to_string(&file).unwrap());
        let tree = syntax::parse(&source, &mut Findings::new()).unwrap();
        let overlay = to_maps(&value(&tree), false);
        let errors: Vec<String> = validator.iter_errors(&overlay).map(|e| e.to_string()).collect();
        assert_eq!(errors, [""; 0], "{name}");
        count += 1;
    }
    assert!(count > 100, "{count}");
}
