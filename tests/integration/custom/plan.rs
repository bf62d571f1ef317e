//! The published plan conforms to its schema.

use std::collections::BTreeSet;

use applc::plan::published;
use serde_json::Value;

use crate::common;

/// Forbids additional properties in all objects of a schema.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.contains_key("properties") {
                object.insert("additionalProperties".to_owned(), false.into());
            }
            object.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// Collects the names of the properties in a schema.
fn properties(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::Object(own)) = object.get("properties") {
                names.extend(own.keys().cloned());
            }
            object.values().for_each(|value| properties(value, names));
        }
        Value::Array(items) => items.iter().for_each(|value| properties(value, names)),
        _ => {}
    }
}

/// Collects the keys whose values are not null.
fn keys(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            names.extend(object.iter().filter(|(_, v)| !v.is_null()).map(|(key, _)| key.clone()));
            object.values().for_each(|value| keys(value, names));
        }
        Value::Array(items) => items.iter().for_each(|value| keys(value, names)),
        _ => {}
    }
}

/// Whether each name is the id of what has it: only targets have names of their own.
fn names_are_ids(value: &Value) -> bool {
    match value {
        Value::Object(object) => {
            let is_id = match (object.get("name"), object.get("id")) {
                (Some(name), Some(id)) => name == id,
                _ => true,
            };
            is_id && object.values().all(names_are_ids)
        }
        Value::Array(items) => items.iter().all(names_are_ids),
        _ => true,
    }
}

#[test]
fn every_plan_conforms_to_the_schema() {
    let mut schema: Value = serde_json::from_str(published::SCHEMA).unwrap();
    close(&mut schema);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut met = BTreeSet::new();
    for path in common::appliances("examples").into_iter().chain(common::appliances("tests/corpus"))
    {
        let compilation =
            applc::compile(&common::world([path.as_path()]), path.to_str().unwrap(), &[]).unwrap();
        let plan = published::neutral(&compilation.plan.unwrap());
        let plan = serde_json::to_value(plan).unwrap();
        let errors: Vec<String> = validator
            .iter_errors(&plan)
            .map(|e| format!("{}: {}", e.instance_path(), e.masked()))
            .collect();
        assert!(errors.is_empty(), "schema/plan.schema.json, {}: {errors:#?}", path.display());
        assert!(names_are_ids(&plan), "{}: {plan}", path.display());
        keys(&plan, &mut met);
    }
    let mut described = BTreeSet::new();
    properties(&schema, &mut described);
    assert_eq!(described, met, "properties of the schema, and keys that occur in plans");
}
