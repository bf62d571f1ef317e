//! The model against the schema: the same defaults and the same words.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::{Map, Value, json};

use crate::source::Source;

/// Fields whose absence targets must be able to distinguish from the default: the model reads
/// them as `None`.
const OPTIONAL: [&str; 3] = ["preemptible", "time_zone", "volume_type"];

/// The schema of the language.
fn schema() -> Value {
    serde_json::from_str(crate::schema::TEXT).unwrap()
}

/// Calls `visit` for each field of each definition: definition, name, and rules.
fn for_each_field(mut visit: impl FnMut(&str, &str, &Value)) {
    for (definition, rules) in schema()["definitions"].as_object().unwrap() {
        for (name, field) in rules["properties"].as_object().into_iter().flatten() {
            visit(definition, name, field);
        }
    }
}

/// How the model reads an appliance in which an object of this definition has these fields,
/// without spans.
fn read(definition: &str, fields: Value) -> String {
    let Value::Object(fields) = fields else { panic!("{fields}") };
    let with = |required: Value| {
        let mut object = required.as_object().unwrap().clone();
        object.extend(fields.clone());
        Value::Object(object)
    };
    let is_job = ["retries", "repeats", "start_time", "interval", "schedule", "time_zone"];
    let kind =
        if fields.keys().any(|name| is_job.contains(&name.as_str())) { "job" } else { "service" };
    let mut container = json!({"id": "a", "type": kind, "image": "i:1"});
    let mut persistence = json!({"volumes": [{"id": "v"}]});
    match definition {
        "container" => container = with(container),
        "resources" => container["resources"] = with(json!({"cpus": 1, "mem": 1})),
        "containerScheduleHints" => container["schedule_hints"] = with(json!({})),
        "build" => container["build"] = with(json!({"context": "."})),
        "file" => container["files"] = json!([with(json!({"dest": "/f"}))]),
        "secretFile" => {
            let file = json!({"dest": "/f", "secret": "s", "key": "k"});
            container["secret_files"] = json!([with(file)]);
        }
        "port" => container["ports"] = json!([with(json!({"container_port": 1}))]),
        "volume" => container["volumes"] = json!([with(json!({"src": "v", "dest": "/d"}))]),
        "oldVolume" => {
            let mount = with(json!({"host_path": "/h", "container_path": "/d"}));
            container["volumes"] = json!([mount]);
        }
        "healthCheck" => container["health_check"] = with(json!({})),
        "dataPersistence" => persistence = with(json!({})),
        "persistentVolume" => persistence["volumes"] = json!([with(json!({"id": "v"}))]),
        _ => panic!("where is `{definition}` in an appliance?"),
    }
    let document = json!({"id": "x", "containers": [container], "data_persistence": persistence});
    let source = Source::new("a.json", document.to_string());
    let tree = crate::syntax::parse(&source, &mut crate::diag::Findings::new()).unwrap();
    let containers = super::containers(&tree);
    let spans = Regex::new(r"Span \{ start: \d+, end: \d+ \}").unwrap();
    spans
        .replace_all(
            &format!("{:?} {:?}", super::read(&tree, containers), super::container(&containers[0])),
            "_",
        )
        .into_owned()
}

/// An object with one field.
fn one(name: &str, value: &Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value.clone())]))
}

#[test]
fn an_absent_field_is_read_as_the_default_of_the_schema() {
    let mut count = 0;
    for_each_field(|definition, name, field| {
        let Some(default) = field.get("default").filter(|_| !OPTIONAL.contains(&name)) else {
            return;
        };
        count += 1;
        let explicit = read(definition, one(name, default));
        // Only with another field of a job is the absence read in a job.
        let absent = match name {
            "retries" | "repeats" | "start_time" => read(definition, json!({"interval": "2M"})),
            "interval" => read(definition, json!({"repeats": 1})),
            _ => read(definition, json!({})),
        };
        assert_eq!(absent, explicit, "{definition}.{name}");
        let other = match default {
            Value::Bool(value) => json!(!value),
            Value::Number(value) => json!(value.as_f64().unwrap() as i64 + 1),
            _ => field["examples"]
                .as_array()
                .and_then(|all| all.iter().find(|example| *example != default))
                .unwrap_or_else(|| panic!("{definition}.{name} has only its default as example"))
                .clone(),
        };
        assert_ne!(absent, read(definition, one(name, &other)), "{definition}.{name}");
    });
    assert!(count > 25, "{count}");
    let volume_type = &schema()["definitions"]["dataPersistence"]["properties"]["volume_type"];
    assert_eq!(volume_type["default"], super::DEFAULT_VOLUME_TYPE);
}

/// The words of an `enum`, or of a pattern such as `^([Aa][Bb]|[Cc])$`.
fn words(field: &Value) -> Vec<String> {
    if let Some(words) = field["enum"].as_array() {
        return words.iter().filter_map(|word| Some(word.as_str()?.to_owned())).collect();
    }
    let pattern = field["pattern"].as_str().unwrap_or_default();
    let upper = Regex::new(r"\[([A-Z])[a-z]\]").unwrap().replace_all(pattern, "$1");
    let alternatives = Regex::new(r"^\^([A-Z]*)\(([A-Z|]+)\)\$$").unwrap();
    let Some(parts) = alternatives.captures(&upper) else { return Vec::new() };
    parts[2].split('|').map(|word| format!("{}{word}", &parts[1])).collect()
}

#[test]
fn each_word_of_the_schema_is_read_as_a_value_of_its_own() {
    let mut fields = Vec::new();
    for_each_field(|definition, name, field| {
        let words = words(field);
        if words.is_empty() {
            return;
        }
        let readings: BTreeSet<String> =
            words.iter().map(|word| read(definition, one(name, &json!(word)))).collect();
        assert_eq!(readings.len(), words.len(), "{definition}.{name}: {words:?}");
        fields.push(format!("{definition}.{name}"));
    });
    fields.sort();
    let expected = [
        "container.network_mode",
        "container.type",
        "healthCheck.protocol",
        "oldVolume.mode",
        "persistentVolume.scope",
        "port.protocol",
        "volume.mode",
        "volume.type",
    ];
    assert_eq!(fields, expected);
}
