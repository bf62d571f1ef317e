//! Reads the conditional rules of the schema, to explain their violations: which fields are invalid
//! for a kind of container or health check, and which are mutually exclusive.

use serde_json::Value;

use super::words;
use crate::syntax::Object;

/// The reason why a field is invalid.
pub enum Reason<'a> {
    /// The field is invalid for the value of the field `key`.
    Kind {
        /// The deciding field, such as `type`.
        key: &'a str,
        /// The written or default value of `key`.
        value: String,
        /// The first value of `key` for which the field is valid.
        valid: Option<&'a str>,
    },
    /// The field cannot be used with this other field.
    Excludes(&'a str),
}

/// The valid fields of an object, sorted by name: those of the schema, without the ones that its
/// other members make invalid.
pub fn fields<'a>(schema: &'a Value, object: &Object) -> Vec<(&'a str, &'a Value)> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let forbidden: Vec<&str> = branches(schema)
        .filter(|branch| applies(schema, branch, object))
        .flat_map(forbidden)
        .collect();
    properties
        .iter()
        .map(|(name, rule)| (name.as_str(), rule))
        .filter(|(name, _)| !forbidden.contains(name))
        .collect()
}

/// The reason why a field is invalid. `branch` is the violated conditional rule, `schema` the part
/// of the schema that contains it.
pub fn reason<'a>(
    schema: &'a Value,
    branch: &'a Value,
    name: &str,
    object: &Object,
) -> Option<Reason<'a>> {
    let condition = branch.get("if")?;
    if let Some((key, values)) = decider(condition) {
        let field = schema.get("properties")?.get(key)?;
        let value = match object.get(key) {
            Some(node) => node.as_str()?,
            None => words::text(field, "default")?,
        };
        let valid = words::strings(field, "enum").into_iter().find(|v| !values.contains(v));
        return Some(Reason::Kind { key, value: value.to_owned(), valid });
    }
    words::strings(condition, "required").into_iter().find(|key| *key != name).map(Reason::Excludes)
}

fn branches(schema: &Value) -> impl Iterator<Item = &Value> {
    schema.get("allOf").and_then(Value::as_array).into_iter().flatten()
}

/// The fields that a conditional rule forbids if its condition is true.
fn forbidden(branch: &Value) -> impl Iterator<Item = &str> {
    let properties = branch.pointer("/then/properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .filter(|(_, rule)| **rule == Value::Bool(false))
        .map(|(name, _)| name.as_str())
}

/// The field that a condition depends on, and the values for which the condition is true.
fn decider(condition: &Value) -> Option<(&str, Vec<&str>)> {
    let (key, rule) = condition.get("properties")?.as_object()?.iter().next()?;
    let values = match rule.get("const").and_then(Value::as_str) {
        Some(value) => vec![value],
        None => words::strings(rule, "enum"),
    };
    (!values.is_empty()).then_some((key, values))
}

/// Whether a condition about a kind is true. Conditions about mutually exclusive fields are
/// ignored, since one of the fields is valid.
fn applies(schema: &Value, branch: &Value, object: &Object) -> bool {
    let Some((key, values)) = branch.get("if").and_then(decider) else { return false };
    let default = || schema.get("properties")?.get(key).and_then(|f| words::text(f, "default"));
    let value = match object.get(key) {
        Some(node) => node.as_str(),
        None => default(),
    };
    value.is_some_and(|value| values.contains(&value))
}
