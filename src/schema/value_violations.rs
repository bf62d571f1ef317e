//! Words violations by values: type, allowed values, range, format.

use jsonschema::error::ValidationErrorKind as Found;
use serde_json::Value;

use super::ids::is_id_char;
use super::place::Place;
use super::{habits, words};
use crate::diag::{Diagnostic, codes, nearest};
use crate::syntax::{Kind, Node, commas, quotes};

/// The diagnostic for a value, from the kind of violation and the violated part of the schema.
pub fn diagnostic(place: &Place, found: &Found, rule: &Value) -> Diagnostic {
    let diagnostic = match found {
        Found::Type { .. } => wrong_type(place, rule),
        Found::Enum { .. } | Found::Constant { .. } => {
            not_one_of(place, &words::strings(rule, "enum"), true)
        }
        Found::Pattern { .. } => match words::text(rule, "patternErrorMessage") {
            Some(form) => bad_form(place, form),
            // A pattern without a message matches values regardless of case; the examples list
            // them.
            None => not_one_of(place, &words::strings(rule, "examples"), false),
        },
        Found::Minimum { limit } => out_of_range(place, "at least", limit),
        Found::Maximum { limit } => out_of_range(place, "at most", limit),
        Found::ExclusiveMinimum { limit } => out_of_range(place, "more than", limit),
        Found::ExclusiveMaximum { limit } => out_of_range(place, "less than", limit),
        Found::MinItems { .. } | Found::MinLength { .. } => {
            let message = format!("{} cannot be empty", place.name());
            Diagnostic::new(&codes::OUT_OF_RANGE, place.node.span, message)
        }
        Found::MaxLength { limit } => {
            let length = place.node.as_str().map_or(0, |text| text.chars().count());
            let name = place.name();
            let message = format!("{name} is too long: {length} characters, at most {limit}");
            Diagnostic::new(&codes::OUT_OF_RANGE, place.node.span, message)
        }
        _ => {
            let message = format!("{} cannot be {}", place.name(), words::shown(place.node));
            Diagnostic::new(&codes::BAD_FORMAT, place.node.span, message)
        }
    };
    if diagnostic.help.is_empty() { with_description(diagnostic, place, rule) } else { diagnostic }
}

/// Adds the description of the field from the schema.
fn with_description(mut diagnostic: Diagnostic, place: &Place, rule: &Value) -> Diagnostic {
    if let Some(key) = place.key() {
        diagnostic.help.extend(words::about(&key.value, rule));
    }
    diagnostic
}

fn wrong_type(place: &Place, rule: &Value) -> Diagnostic {
    let expected = match rule.get("type") {
        Some(Value::String(name)) => vec![name.as_str()],
        _ => words::strings(rule, "type"),
    };
    let names: Vec<&str> = match expected.as_slice() {
        ["boolean"] => vec!["`true`", "`false`"],
        expected => expected.iter().map(|name| words::type_name(name)).collect(),
    };
    // A number with a fraction in place of an integer is shown itself.
    let found = match &place.node.kind {
        Kind::Number(_) if expected == ["integer"] => words::shown(place.node),
        _ => place.node.kind_name().to_owned(),
    };
    let message = format!("expected {} for {}, found {found}", words::either(&names), place.name());
    let diagnostic = Diagnostic::new(&codes::WRONG_TYPE, place.node.span, message);
    if place.is_of("secret_env") {
        return diagnostic.secret().help(
            "put the value into the secret store of the platform, and name it: `{ \"secret\": \"NAME\", \"key\": \"KEY\" }`",
        );
    }
    let diagnostic = if place.is_of_secret() { diagnostic.secret() } else { diagnostic };
    let converted = expected
        .iter()
        .find_map(|name| converted(place.node, name))
        .filter(|_| !habits::has_own_form(place));
    match converted.or_else(|| habits::rewritten(place)) {
        Some(text) => {
            let comma = without_commas(place, &expected);
            comma.into_iter().fold(diagnostic, Diagnostic::help).likely_edit(place.node.span, text)
        }
        None if place.node.kind == Kind::Null && place.key().is_some() => {
            diagnostic.help("omit an optional field instead of setting it to `null`")
        }
        None => match habits::right_form(place).or_else(|| without_commas(place, &expected)) {
            Some(form) => diagnostic.help(form),
            None => diagnostic,
        },
    }
}

/// Converts a value to the expected type, if the conversion is unambiguous.
fn converted(node: &Node, expected: &str) -> Option<String> {
    // In YAML, the comma of an entry of JSON is a part of its text.
    let bare = |text: &str| {
        let text = text.trim();
        text.strip_suffix(',').unwrap_or(text).to_owned()
    };
    match (&node.kind, expected) {
        (Kind::String(text), "integer") => {
            bare(text).parse::<i64>().ok().map(|number| number.to_string())
        }
        (Kind::String(text), "number") => {
            let text = bare(text);
            let number = commas::with_point(&text);
            let number = number.as_deref().unwrap_or(&text);
            let number: serde_json::Number = serde_json::from_str(number).ok()?;
            Some(number.to_string())
        }
        (Kind::String(text), "boolean") => match bare(text).to_ascii_lowercase().as_str() {
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

/// How to write a number with commas, which is a string.
fn without_commas(place: &Place, expected: &[&str]) -> Option<String> {
    let text = place.node.as_str()?.trim();
    let is_number = expected.contains(&"number")
        || (expected.contains(&"integer") && commas::with_point(text).is_none());
    commas::help(text).filter(|_| is_number)
}

/// A value that is not one of the allowed values. `exact`: the values are case-sensitive.
fn not_one_of(place: &Place, values: &[&str], exact: bool) -> Diagnostic {
    let (name, span) = (place.name(), place.node.span);
    let help = words::values_help(values);
    let Some(text) = place.node.as_str() else {
        let message = format!("expected a string for {name}, found {}", place.node.kind_name());
        return Diagnostic::new(&codes::WRONG_TYPE, span, message).help(help);
    };
    let message = format!("invalid value `{}` for {name}", words::short(text));
    let diagnostic = Diagnostic::new(&codes::BAD_ENUM, span, message).help(help);
    let trimmed = text.trim();
    let same = values.iter().find(|value| value.eq_ignore_ascii_case(trimmed));
    match (same, nearest(trimmed, values.iter().copied())) {
        (Some(same), _) => {
            let diagnostic = diagnostic.safe_edit(span, words::quoted(same));
            if exact && trimmed == text { diagnostic.label("case-sensitive") } else { diagnostic }
        }
        (None, Some(near)) => diagnostic.likely_edit(span, words::quoted(near)),
        (None, None) => diagnostic,
    }
}

fn out_of_range(place: &Place, relation: &str, limit: &Value) -> Diagnostic {
    let found = words::shown(place.node);
    let message = format!("invalid value {found} for {}: must be {relation} {limit}", place.name());
    Diagnostic::new(&codes::OUT_OF_RANGE, place.node.span, message)
}

/// A string that does not have the required format.
fn bad_form(place: &Place, form: &str) -> Diagnostic {
    let text = place.node.as_str().unwrap_or_default();
    let message = match text {
        "" => format!("{} cannot be empty: {form}", place.name()),
        _ => format!("invalid value `{}` for {}: {form}", words::short(text), place.name()),
    };
    let diagnostic = Diagnostic::new(&codes::BAD_FORMAT, place.node.span, message);
    match place.key().and_then(|key| reformed(&key.value, text)) {
        Some(meant) => diagnostic.likely_edit(place.node.span, words::quoted(&meant)),
        None => diagnostic,
    }
}

/// The likely correction of a string with an invalid format.
fn reformed(key: &str, text: &str) -> Option<String> {
    match key {
        "id" => {
            let parts = text.split(|c: char| !is_id_char(c));
            let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
            (!parts.is_empty()).then(|| parts.join("-"))
        }
        "image" => {
            let bare = text.trim_matches(|c: char| c.is_whitespace() || quotes::is_quote(c));
            (bare != text && !bare.contains(char::is_whitespace)).then(|| bare.to_owned())
        }
        // Paths in a container have no base directory, so the root is the likely one.
        "dest" | "container_path" | "path" => {
            text.starts_with(|c: char| c.is_ascii_alphanumeric()).then(|| format!("/{text}"))
        }
        _ => None,
    }
}
