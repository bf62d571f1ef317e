//! The conditional rules of the schema, read for their words: which fields do not go with
//! which kind of container or check, and which exclude each other.

use serde_json::Value;

use super::words;
use crate::syntax::Object;

/// Why a field may not stand where it stands.
pub enum Reason<'a> {
    /// It does not go with the value of the field `key`.
    Kind {
        /// The field that decides, such as `type`.
        key: &'a str,
        /// Its value, as written or by default.
        value: String,
        /// The first of its values that the field goes with.
        fitting: Option<&'a str>,
    },
    /// It excludes another field, this one.
    Excludes(&'a str),
}

/// The fields that may stand in an object, in the order of their names: those of the
/// schema without those that do not go with what else is in the object.
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

/// Why a field is forbidden. `branch` is the conditional rule that forbids it, `schema`
/// the one that the rule belongs to.
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
        let fitting = words::strings(field, "enum").into_iter().find(|v| !values.contains(v));
        return Some(Reason::Kind { key, value: value.to_owned(), fitting });
    }
    words::strings(condition, "required").into_iter().find(|key| *key != name).map(Reason::Excludes)
}

fn branches(schema: &Value) -> impl Iterator<Item = &Value> {
    schema.get("allOf").and_then(Value::as_array).into_iter().flatten()
}

/// The fields that a conditional rule forbids where its condition holds.
fn forbidden(branch: &Value) -> impl Iterator<Item = &str> {
    let properties = branch.pointer("/then/properties").and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .filter(|(_, rule)| **rule == Value::Bool(false))
        .map(|(name, _)| name.as_str())
}

/// The field whose value a condition looks at, and the values for which it holds.
fn decider(condition: &Value) -> Option<(&str, Vec<&str>)> {
    let (key, rule) = condition.get("properties")?.as_object()?.iter().next()?;
    let values = match rule.get("const").and_then(Value::as_str) {
        Some(value) => vec![value],
        None => words::strings(rule, "enum"),
    };
    (!values.is_empty()).then_some((key, values))
}

/// Whether a condition about kinds holds. Fields that exclude each other are not looked
/// at: one of them may stand.
fn applies(schema: &Value, branch: &Value, object: &Object) -> bool {
    let Some((key, values)) = branch.get("if").and_then(decider) else { return false };
    let default = || schema.get("properties")?.get(key).and_then(|f| words::text(f, "default"));
    let value = match object.get(key) {
        Some(node) => node.as_str(),
        None => default(),
    };
    value.is_some_and(|value| values.contains(&value))
}
