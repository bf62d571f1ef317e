//! The tree as the value that the schema library reads.

use serde_json::{Map, Number, Value};

use crate::syntax::{Kind, Node};

/// A node as a plain value. Of members with the same key the first one counts; what is
/// broken becomes `null`; a number too large for a float becomes the largest.
pub fn of(node: &Node) -> Value {
    match &node.kind {
        Kind::Null | Kind::Broken => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Number(text) => number(text).map_or(Value::Null, Value::Number),
        Kind::String(text) => Value::String(text.clone()),
        Kind::Array(items) => Value::Array(items.iter().map(of).collect()),
        Kind::Object(object) => {
            let mut map = Map::new();
            for member in &object.members {
                if !map.contains_key(&member.key.value) {
                    map.insert(member.key.value.clone(), of(&member.value));
                }
            }
            Value::Object(map)
        }
    }
}

fn number(text: &str) -> Option<Number> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    if let Ok(number) = text.parse::<u64>() {
        return Some(number.into());
    }
    let number: f64 = text.parse().ok()?;
    Number::from_f64(number.clamp(f64::MIN, f64::MAX))
}
