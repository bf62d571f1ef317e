//! Objects where a list of objects is expected: one of its items without the brackets, or items by their names, as in
//! Compose.

use serde_json::Value;

use super::place::{Place, opening};
use super::words;
use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span};
use crate::syntax::{Form, Kind, Member, Node, Object};

/// The finding about an object where the rule of a list of objects is violated. `None` if it is something else.
pub fn report(schema: &Value, source: &Source, place: &Place, rule: &Value) -> Option<Diagnostic> {
    let object = place.node.as_object()?;
    let item = words::item(schema, rule)?;
    let required = words::strings(item, "required");
    let name = place.name();
    let message = format!("expected an array for {name}, found an object");
    let span = if object.members.is_empty() { place.node.span } else { opening(place.node) };
    let diagnostic = Diagnostic::new(&codes::WRONG_TYPE, span, message);
    let key = required.iter().find(|field| matches!(**field, "id" | "dest"));
    let (help, text) = if object.members.is_empty() {
        let is_optional = rule.get("minItems").is_none();
        let help = format!("{name} is a list of objects: {}", example(&required));
        (help, is_optional.then(|| "[]".to_owned()))
    } else if is_item(object, &required) {
        let help = format!("{name} is a list, also of one object: write it in `[ ]`");
        (help, wrapped(source, place.node, object))
    } else if let Some(key) = key.filter(|_| are_named(object)) {
        let help = format!("{name} is a list of objects, each with its name as `{key}`");
        (help, listed(source, place.node, object, key))
    } else {
        (format!("{name} is a list of objects: {}", example(&required)), None)
    };
    let diagnostic = diagnostic.help(help);
    Some(match text.filter(|_| !object.damaged) {
        Some(text) => diagnostic.likely_edit(place.node.span, text),
        None => diagnostic,
    })
}

/// A list of one object with the fields that are required.
fn example(required: &[&str]) -> String {
    let fields: Vec<String> = required.iter().map(|field| format!("\"{field}\": ...")).collect();
    format!("`[{{ {} }}]`", fields.join(", "))
}

/// Whether an object is an item itself: it has a plain value that items must have.
fn is_item(object: &Object, required: &[&str]) -> bool {
    let is_plain = |node: &Node| !matches!(node.kind, Kind::Object(_) | Kind::Null);
    required.iter().any(|field| object.get(field).is_some_and(is_plain))
}

/// Whether all values of an object may be items.
fn are_named(object: &Object) -> bool {
    object.members.iter().all(|one| matches!(one.value.kind, Kind::Object(_) | Kind::Null))
}

/// An item in a list.
fn wrapped(source: &Source, node: &Node, object: &Object) -> Option<String> {
    let text = source.slice(node.span);
    match object.form {
        Form::Flow => Some(format!("[{text}]")),
        Form::Block { .. } => Some(format!("- {}", indented(text)?)),
        Form::Irregular => None,
    }
}

/// The lines of a value behind `- `. `None` if they may be a text, to which the indentation belongs.
fn indented(text: &str) -> Option<String> {
    (!text.contains(['\t', '|', '>'])).then(|| text.replace('\n', "\n  "))
}

/// Items by their names as a list: what is between and in them stays.
fn listed(source: &Source, node: &Node, object: &Object, key: &str) -> Option<String> {
    let is_block = match object.form {
        Form::Flow => false,
        Form::Block { .. } => true,
        Form::Irregular => return None,
    };
    let mut text = String::new();
    let mut at = node.span.start;
    for member in &object.members {
        // What an alias or a merge repeats is elsewhere.
        if member.key.span.start < at || member.key.span.end > node.span.end {
            return None;
        }
        text.push_str(source.slice(Span { start: at, end: member.key.span.start }));
        let (item, end) = item(source, object, member, key)?;
        text.push_str(if is_block { "- " } else { "" });
        text.push_str(&item);
        at = end;
    }
    text.push_str(source.slice(Span { start: at, end: node.span.end }));
    if is_block {
        return Some(text);
    }
    let inside = text.strip_prefix('{')?.strip_suffix('}')?;
    Some(format!("[{inside}]"))
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// An item with its name, and where what is replaced ends.
fn item(source: &Source, list: &Object, member: &Member, key: &str) -> Option<(String, u32)> {
    let name = words::quoted(&member.key.value);
    let value = &member.value;
    let Some(item) = value.as_object() else {
        // Without a value, an entry of YAML ends behind its colon.
        let behind = source.text().get(source.range(member.key.span).end..)?;
        let colon = behind.find(':').filter(|at| behind.get(..*at).is_some_and(is_blank))?;
        let end = value.span.end.max(member.key.span.end + colon as u32 + 1);
        return Some((format!("{{ \"{key}\": {name} }}"), end));
    };
    if item.get(key).is_some() || item.damaged || value.span.start < member.key.span.end {
        return None;
    }
    match (item.form, list.form) {
        (Form::Flow, _) => {
            let inside = source.slice(value.span).strip_prefix('{')?;
            let comma = match item.members.is_empty() {
                true => "",
                false if inside.starts_with(char::is_whitespace) => ",",
                false => ", ",
            };
            Some((format!("{{\"{key}\": {name}{comma}{inside}"), value.span.end))
        }
        (Form::Block { indent }, Form::Block { indent: outer }) if indent == outer + 2 => {
            let between = Span { start: member.key.span.end, end: value.span.start };
            let rest = source.slice(between).trim_start().strip_prefix(':')?;
            Some((format!("{key}: {name}{rest}{}", source.slice(value.span)), value.span.end))
        }
        _ => None,
    }
}
