//! Files as values: formatting, comments and the order of members do not count.

use hcl_edit::Decorate;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::Body;
use serde_json::{Map, Value};

use crate::diag::Findings;
use crate::source::{Source, Syntax};
use crate::syntax::{self, Kind, Node};

/// The documents of a YAML file. `None` if one is not valid.
pub fn yaml(text: &str) -> Option<Vec<Value>> {
    let mut documents = vec![String::new()];
    for line in text.split_inclusive('\n') {
        // In a document, a line that starts so is not possible, as all text in it is indented or quoted.
        match line.trim_end() {
            "---" => documents.push(String::new()),
            _ => documents.last_mut()?.push_str(line),
        }
    }
    let is_empty =
        |text: &str| text.lines().all(|line| line.trim().is_empty() || line.starts_with('#'));
    let documents = documents.into_iter().filter(|text| !is_empty(text));
    let document = |text: String| {
        let mut findings = Findings::new();
        let tree = syntax::parse_as(&Source::new("", text), Syntax::Yaml, &mut findings)?;
        (!findings.has_errors()).then(|| value(&tree))
    };
    documents.map(document).collect()
}

fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Null | Kind::Broken => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        // As written: it is only compared, or read as a whole number.
        Kind::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
        Kind::String(text) => Value::String(text.to_string()),
        Kind::Array(items) => Value::Array(items.iter().map(value).collect()),
        Kind::Object(object) => {
            let member = |one: &syntax::Member| (one.key.value.to_string(), value(&one.value));
            Value::Object(object.members.iter().map(member).collect())
        }
    }
}

/// A file of HCL: attributes by name, blocks in lists by name and labels. `None` if it is not valid.
pub fn hcl(text: &str) -> Option<Value> {
    Some(body(&hcl_edit::parser::parse_body(text).ok()?))
}

fn body(of: &Body) -> Value {
    let mut members = Map::new();
    for attribute in of.attributes() {
        members.insert(attribute.key.to_string(), expression(&attribute.value));
    }
    for block in of.blocks() {
        let labels = block.labels.iter().map(|label| format!(" {}", label.as_str()));
        let name = block.ident.to_string() + &labels.collect::<String>();
        let list = members.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(body(&block.body));
        }
    }
    Value::Object(members)
}

fn expression(of: &Expression) -> Value {
    match of {
        Expression::Null(_) => Value::Null,
        Expression::Bool(value) => Value::Bool(**value),
        Expression::String(text) => Value::String(text.to_string()),
        Expression::Array(items) => Value::Array(items.iter().map(expression).collect()),
        Expression::Object(members) => {
            let key = |key: &ObjectKey| match key {
                ObjectKey::Ident(name) => name.to_string(),
                ObjectKey::Expression(key) => match expression(key) {
                    Value::String(text) => text,
                    other => other.to_string(),
                },
            };
            let member = members.iter().map(|(name, value)| (key(name), expression(value.expr())));
            Value::Object(member.collect())
        }
        // A number, a template or an expression is compared as it is written.
        other => {
            let mut other = other.clone();
            other.decor_mut().clear();
            let text = other.to_string();
            serde_json::from_str(&text).unwrap_or(Value::String(text))
        }
    }
}

/// The lists of some members as sets: the engine does not look at their order.
pub fn unordered(of: &mut Value, members: &[&str]) {
    for member in members {
        if let Some(Value::Array(list)) = of.get_mut(*member) {
            list.sort_by_key(Value::to_string);
        }
    }
}

/// A value without some members.
pub fn without(of: &Value, members: &[&str]) -> Value {
    let mut rest = of.clone();
    if let Value::Object(all) = &mut rest {
        members.iter().for_each(|member| {
            all.remove(*member);
        });
    }
    rest
}

/// Some members of a value, those that it has.
pub fn only(of: &Value, members: &[&str]) -> Value {
    let kept = members.iter().filter_map(|name| Some(((*name).to_owned(), of.get(*name)?.clone())));
    Value::Object(kept.collect())
}

/// The items of a list, none if it is something else.
pub fn items(of: &Value) -> impl Iterator<Item = &Value> {
    of.as_array().into_iter().flatten()
}

/// The members of an object, none if it is something else.
pub fn members(of: &Value) -> impl Iterator<Item = (&String, &Value)> {
    of.as_object().into_iter().flatten()
}
