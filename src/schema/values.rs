//! Wording for a value that does not fit its field: type, set of values, range, form.

use jsonschema::error::ValidationErrorKind as Found;
use serde_json::Value;

use super::ids::is_id_char;
use super::place::Place;
use super::{habits, words};
use crate::diag::{Diagnostic, codes, nearest};
use crate::syntax::{Kind, Node};

/// What is wrong with a value, from the kind of violation and the part of the schema that
/// the value violates.
pub fn diagnostic(place: &Place, found: &Found, rule: &Value) -> Diagnostic {
    let diagnostic = match found {
        Found::Type { .. } => wrong_type(place, rule),
        Found::Enum { .. } | Found::Constant { .. } => {
            not_one_of(place, &words::strings(rule, "enum"), true)
        }
        Found::Pattern { .. } => match words::text(rule, "patternErrorMessage") {
            Some(form) => bad_form(place, form),
            // A pattern without words of its own spells out values in any letter case;
            // the examples list them.
            None => not_one_of(place, &words::strings(rule, "examples"), false),
        },
        Found::Minimum { limit } => out_of_range(place, "at least", limit),
        Found::Maximum { limit } => out_of_range(place, "at most", limit),
        Found::ExclusiveMinimum { limit } => out_of_range(place, "more than", limit),
        Found::ExclusiveMaximum { limit } => out_of_range(place, "less than", limit),
        Found::MinItems { .. } | Found::MinLength { .. } => {
            let message = format!("{} must not be empty", place.name());
            Diagnostic::new(&codes::OUT_OF_RANGE, place.node.span, message)
        }
        _ => {
            let message = format!("{} cannot be {}", place.name(), words::shown(place.node));
            Diagnostic::new(&codes::BAD_FORMAT, place.node.span, message)
        }
    };
    if diagnostic.help.is_empty() { with_description(diagnostic, place, rule) } else { diagnostic }
}

/// Adds what the field is, in the schema's words.
fn with_description(mut diagnostic: Diagnostic, place: &Place, rule: &Value) -> Diagnostic {
    if let Some(key) = place.key() {
        diagnostic.help.extend(words::about(&key.value, rule));
    }
    diagnostic
}

fn wrong_type(place: &Place, rule: &Value) -> Diagnostic {
    let wanted = match rule.get("type") {
        Some(Value::String(name)) => vec![name.as_str()],
        _ => words::strings(rule, "type"),
    };
    let names: Vec<&str> = match wanted.as_slice() {
        ["boolean"] => vec!["`true`", "`false`"],
        wanted => wanted.iter().map(|name| words::type_name(name)).collect(),
    };
    // A number where a whole one is wanted is best shown itself.
    let found = match &place.node.kind {
        Kind::Number(_) if wanted == ["integer"] => words::shown(place.node),
        _ => place.node.kind_name().to_owned(),
    };
    let message = format!("{} must be {}, not {found}", place.name(), words::either(&names));
    let diagnostic = Diagnostic::new(&codes::WRONG_TYPE, place.node.span, message);
    let converted = wanted.iter().find_map(|name| converted(place.node, name));
    match converted.or_else(|| habits::rewritten(place)) {
        Some(text) => diagnostic.likely_edit(place.node.span, text),
        None if place.node.kind == Kind::Null && place.key().is_some() => {
            diagnostic.help("a field that may be left out is left out, not `null`")
        }
        None => diagnostic,
    }
}

/// A value as one of the wanted type, where it is plain what that would be.
fn converted(node: &Node, wanted: &str) -> Option<String> {
    match (&node.kind, wanted) {
        (Kind::String(text), "integer") => {
            text.trim().parse::<i64>().ok().map(|number| number.to_string())
        }
        (Kind::String(text), "number") => {
            let number: serde_json::Number = serde_json::from_str(text.trim()).ok()?;
            Some(number.to_string())
        }
        (Kind::String(text), "boolean") => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some("true".to_owned()),
            "false" | "no" | "off" => Some("false".to_owned()),
            _ => None,
        },
        (Kind::Number(text), "string") => Some(words::quoted(text)),
        (Kind::Bool(value), "string") => Some(words::quoted(&value.to_string())),
        (Kind::String(text), "array") => Some(format!("[{}]", words::quoted(text))),
        _ => None,
    }
}

/// A value that is not in the set of those allowed. `exact`: letter case matters.
fn not_one_of(place: &Place, values: &[&str], exact: bool) -> Diagnostic {
    let (name, span) = (place.name(), place.node.span);
    let help = words::values_help(&name, values);
    let Some(text) = place.node.as_str() else {
        let message = format!("{name} must be a string, not {}", place.node.kind_name());
        return Diagnostic::new(&codes::WRONG_TYPE, span, message).help(help);
    };
    let message = format!("{name} cannot be `{}`", words::short(text));
    let diagnostic = Diagnostic::new(&codes::BAD_ENUM, span, message).help(help);
    let trimmed = text.trim();
    let same = values.iter().find(|value| value.eq_ignore_ascii_case(trimmed));
    match (same, nearest(trimmed, values.iter().copied())) {
        (Some(same), _) => {
            let diagnostic = diagnostic.safe_edit(span, words::quoted(same));
            if exact && trimmed == text {
                diagnostic.label("letter case matters")
            } else {
                diagnostic
            }
        }
        (None, Some(near)) => diagnostic.likely_edit(span, words::quoted(near)),
        (None, None) => diagnostic,
    }
}

fn out_of_range(place: &Place, relation: &str, limit: &Value) -> Diagnostic {
    let found = words::shown(place.node);
    let message = format!("{} must be {relation} {limit}, not {found}", place.name());
    Diagnostic::new(&codes::OUT_OF_RANGE, place.node.span, message)
}

/// A string that does not have the form that is wanted.
fn bad_form(place: &Place, form: &str) -> Diagnostic {
    let text = place.node.as_str().unwrap_or_default();
    let message = match text {
        "" => format!("{} must not be empty: {form}", place.name()),
        _ => format!("{} cannot be `{}`: {form}", place.name(), words::short(text)),
    };
    let diagnostic = Diagnostic::new(&codes::BAD_FORMAT, place.node.span, message);
    match place.key().and_then(|key| reformed(&key.value, text)) {
        Some(meant) => diagnostic.likely_edit(place.node.span, words::quoted(&meant)),
        None => diagnostic,
    }
}

/// What a malformed string probably was meant to be.
fn reformed(key: &str, text: &str) -> Option<String> {
    match key {
        "id" => {
            let parts = text.split(|c: char| !is_id_char(c));
            let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
            (!parts.is_empty()).then(|| parts.join("-"))
        }
        "image" => {
            let quotes = |c: char| c.is_whitespace() || "“”„‘’«»'\"`".contains(c);
            let bare = text.trim_matches(quotes);
            (bare != text && !bare.contains(char::is_whitespace)).then(|| bare.to_owned())
        }
        // Inside the container there is no other directory that it could be relative to.
        "dest" | "container_path" | "path" => {
            text.starts_with(|c: char| c.is_ascii_alphanumeric()).then(|| format!("/{text}"))
        }
        _ => None,
    }
}
