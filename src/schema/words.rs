//! The schema's own words and limits, and how values are called.

use serde_json::Value;

use crate::diag::list_or;
use crate::syntax::{Kind, Node};

/// The part of the schema that a keyword stands in: the parent of the keyword's pointer.
pub fn rule<'a>(schema: &'a Value, keyword: &str) -> Option<&'a Value> {
    let (parent, _) = keyword.rsplit_once('/')?;
    schema.pointer(parent)
}

/// A field's own part of the schema, with a reference followed.
pub fn field<'a>(schema: &'a Value, rule: &'a Value, name: &str) -> Option<&'a Value> {
    follow(schema, rule.get("properties")?.get(name)?)
}

/// The part of the schema itself, or the one it refers to.
fn follow<'a>(schema: &'a Value, rule: &'a Value) -> Option<&'a Value> {
    match rule.get("$ref").and_then(Value::as_str) {
        Some(reference) => schema.pointer(reference.strip_prefix('#')?),
        None => Some(rule),
    }
}

/// A text of a part of the schema, such as its `title`.
pub fn text<'a>(rule: &'a Value, keyword: &str) -> Option<&'a str> {
    rule.get(keyword).and_then(Value::as_str)
}

/// Whether a part of the schema is marked so (`readOnly`, `deprecated`, `doNotSuggest`).
pub fn is_marked(rule: &Value, mark: &str) -> bool {
    rule.get(mark).and_then(Value::as_bool) == Some(true)
}

/// What a field is, as help: its name and description, without the final full stop.
pub fn about(name: &str, rule: &Value) -> Option<String> {
    let description = text(rule, "description")?;
    Some(format!("`{name}`: {}", description.strip_suffix('.').unwrap_or(description)))
}

/// The strings of a list in the schema, such as those of `enum`.
pub fn strings<'a>(rule: &'a Value, keyword: &str) -> Vec<&'a str> {
    let items = rule.get(keyword).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What a `type` of the schema is called.
pub fn type_name(name: &str) -> &'static str {
    match name {
        "string" => "a string",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "a boolean",
        "array" => "an array",
        "object" => "an object",
        _ => "null",
    }
}

/// `a`, `a or b`, `a, b or c`.
pub fn either(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// `` `a` ``, `` `a` and `b` ``, `` `a`, `b` and `c` ``.
pub fn list_and(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The values that a field may have, as help.
pub fn values_help(name: &str, values: &[&str]) -> String {
    format!("{name} is {}", list_or(values.iter().copied()))
}

/// How a value is shown in a message: scalars as they are written, shortened; others by
/// their kind.
pub fn shown(node: &Node) -> String {
    match &node.kind {
        Kind::String(text) => format!("`{}`", short(text)),
        Kind::Number(text) => format!("`{}`", short(text)),
        Kind::Bool(value) => format!("`{value}`"),
        _ => node.kind_name().to_owned(),
    }
}

/// A text short enough for a message, without line breaks.
pub fn short(text: &str) -> String {
    const MOST: usize = 40;
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let mut short: String = text.chars().take(MOST).map(plain).collect();
    if text.chars().nth(MOST).is_some() {
        short.push('…');
    }
    short
}

/// A text as a JSON string.
pub fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}
