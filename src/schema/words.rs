//! Reads texts from the schema, and formats values for messages.

use serde_json::Value;

use crate::diag::list_or;
use crate::printable;
use crate::syntax::{Kind, Node};

/// The part of the schema that contains a keyword, given by its pointer.
pub fn rule<'a>(schema: &'a Value, keyword: &str) -> Option<&'a Value> {
    let (parent, _) = keyword.rsplit_once('/')?;
    schema.pointer(parent)
}

/// The part of the schema for a field. References are resolved.
pub fn field<'a>(schema: &'a Value, rule: &'a Value, name: &str) -> Option<&'a Value> {
    follow(schema, rule.get("properties")?.get(name)?)
}

/// The part of the schema for the objects of a list. `None` if it is no list of objects.
pub fn item<'a>(schema: &'a Value, rule: &'a Value) -> Option<&'a Value> {
    let item = follow(schema, rule.get("items")?)?;
    // Of alternatives, the last one is the current form of the language.
    let item = match item.get("else") {
        Some(other) => follow(schema, other)?,
        None => item,
    };
    item.get("properties").map(|_| item)
}

/// Resolves a reference, if there is one.
fn follow<'a>(schema: &'a Value, rule: &'a Value) -> Option<&'a Value> {
    match rule.get("$ref").and_then(Value::as_str) {
        Some(reference) => schema.pointer(reference.strip_prefix('#')?),
        None => Some(rule),
    }
}

/// The text of a keyword, such as `title`.
pub fn text<'a>(rule: &'a Value, keyword: &str) -> Option<&'a str> {
    rule.get(keyword).and_then(Value::as_str)
}

/// Whether a boolean keyword is true (`readOnly`, `deprecated`, `doNotSuggest`).
pub fn is_marked(rule: &Value, mark: &str) -> bool {
    rule.get(mark).and_then(Value::as_bool) == Some(true)
}

/// The name and description of a field, as help, without the final full stop.
pub fn about(name: &str, rule: &Value) -> Option<String> {
    let description = text(rule, "description")?;
    Some(format!("`{name}`: {}", description.strip_suffix('.').unwrap_or(description)))
}

/// The strings in the list of a keyword, such as `enum`.
pub fn strings<'a>(rule: &'a Value, keyword: &str) -> Vec<&'a str> {
    let items = rule.get(keyword).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The name of a schema `type` in messages.
pub fn type_name(name: &str) -> &'static str {
    match name {
        "string" => "a string",
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "a boolean",
        "array" => "an array",
        "object" => "an object",
        _ => "null",
    }
}

/// Joins words: `a`, `a or b`, `a, b or c`.
pub fn either(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Joins words in backticks: `` `a` ``, `` `a` and `b` ``, `` `a`, `b` and `c` ``.
pub fn list_and(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The allowed values of a field, as help.
pub fn values_help(values: &[&str]) -> String {
    format!("expected {}", list_or(values.iter().copied()))
}

/// Formats a value for a message: a scalar as written, shortened; other values as their kind.
pub fn shown(node: &Node) -> String {
    match &node.kind {
        Kind::String(text) => format!("`{}`", short(text)),
        Kind::Number(text) => format!("`{}`", short(text)),
        Kind::Bool(value) => format!("`{value}`"),
        _ => node.kind_name().to_owned(),
    }
}

/// Shortens a text for a message, in which characters that are not seen are escaped.
pub fn short(text: &str) -> String {
    const MAX_CHARACTERS: usize = 40;
    let mut short: String = text.chars().take(MAX_CHARACTERS).collect();
    if text.chars().nth(MAX_CHARACTERS).is_some() {
        short.push('…');
    }
    printable::line(&short).into_owned()
}

/// A text as a JSON string.
pub fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}
