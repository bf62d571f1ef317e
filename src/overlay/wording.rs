//! The findings in overlays.

use std::collections::HashMap;

use ecow::EcoString;

use super::key::ListKey;
use super::shape::Shape;
use crate::diag::{Diagnostic, codes, list_or, nearest};
use crate::schema;
use crate::source::{Span, Spanned};
use crate::syntax::{Node, Object};

/// A key of an overlay.
type Key = Spanned<EcoString>;

/// A text as the key of a document.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Adds the name that is likely meant, unless `patch`, which has the key, has that name, too.
fn or_similar(
    diagnostic: Diagnostic,
    key: &Key,
    similar: Option<&str>,
    patch: &Object,
) -> Diagnostic {
    let Some(similar) = similar else { return diagnostic };
    match patch.member(similar) {
        None => diagnostic
            .help(format!("did you mean `{similar}`?"))
            .likely_edit(key.span, quoted(similar)),
        Some(other) => diagnostic
            .help(format!("did you mean `{similar}`? The overlay has it, too"))
            .also(other.key.span, "it is here"),
    }
}

/// A field that an object of the appliance cannot have.
pub fn unknown_field(key: &Key, shape: Shape, is_entry: bool, patch: &Object) -> Diagnostic {
    let message = format!("unknown field `{}`", key.value);
    let diagnostic = Diagnostic::new(&codes::UNKNOWN_FIELD, key.span, message);
    let known = || shape.fields().chain(is_entry.then_some("add"));
    match schema::meant(&key.value, known()).or_else(|| nearest(&key.value, known())) {
        Some(meant) => or_similar(diagnostic, key, Some(meant), patch),
        None => diagnostic.help(format!("expected {}", list_or(known()))),
    }
}

/// Two names of the same field.
pub fn two_names(key: &Key, first: &Key) -> Diagnostic {
    let message = format!("`{}` cannot be used with `{}`", key.value, first.value);
    Diagnostic::new(&codes::EXCLUSIVE_FIELDS, key.span, message)
        .also(first.span, "other name of the same field")
}

/// Two keys of the same entry.
pub fn same_entry(key: &Key, first: Span, noun: &str) -> Diagnostic {
    let message = format!("duplicate {noun} `{}`", key.value);
    Diagnostic::new(&codes::DUPLICATE_KEY, key.span, message)
        .label("defined again here")
        .also(first, "first defined here")
        .help("remove one of them")
}

/// A value of the wrong type.
pub fn not_an_object(value: &Node, name: &str) -> Diagnostic {
    let message = format!("expected an object for {name}, found {}", value.kind_name());
    Diagnostic::new(&codes::WRONG_TYPE, value.span, message)
}

/// A list in the form of appliances.
pub fn not_a_map(key: &Key, value: &Node, list: ListKey) -> Diagnostic {
    let help = format!(
        "in an overlay, the key of each entry of `{}` is {}; `null` removes an entry, and `add: true` in one adds it",
        key.value,
        list.form()
    );
    not_an_object(value, &format!("`{}` in an overlay", key.value)).help(help)
}

/// A key that no entry can have.
pub fn invalid_key(key: &Key, list: ListKey) -> Diagnostic {
    let message = format!("invalid key `{}`: expected {}", key.value, list.form());
    Diagnostic::new(&codes::BAD_FORMAT, key.span, message)
}

/// `add` with another value than `true`.
pub fn invalid_add(value: &Node) -> Diagnostic {
    let message = "invalid value for `add`: must be `true`";
    Diagnostic::new(&codes::BAD_ENUM, value.span, message)
        .help("`add: true` adds an entry; without `add`, an entry is changed")
}

/// A change of an entry that does not exist.
pub fn unknown_entry(
    key: &Key,
    list: ListKey,
    noun: &str,
    known: &HashMap<EcoString, usize>,
    patch: &Object,
) -> Diagnostic {
    let message = format!("unknown {noun} `{}`", key.value);
    let diagnostic = Diagnostic::new(&codes::UNKNOWN_ENTRY, key.span, message);
    let similar = list.nearest(&list.read(&key.value).unwrap_or_default(), known);
    let add = format!("to add a new {noun}, write `add: true` in it");
    or_similar(diagnostic, key, similar, patch).help(add)
}

/// An addition of an entry that exists.
pub fn existing_entry(key: &Key, noun: &str, first: Span) -> Diagnostic {
    let message = format!("{noun} `{}` already exists", key.value);
    Diagnostic::new(&codes::ENTRY_EXISTS, key.span, message)
        .also(first, "defined here")
        .help("remove `add: true` to change it")
}

/// A change of a field that the key of an entry stands for.
pub fn changed_key(field: &Key, key: &Key, noun: &str) -> Diagnostic {
    let message = format!("`{}` differs from the key of {noun} `{}`", field.value, key.value);
    Diagnostic::new(&codes::KEY_CHANGED, field.span, message)
        .also(key.span, "the key of the entry")
        .help(format!(
            "remove the {noun} with `null`, and add another one with `add: true` under its own key"
        ))
}

/// A change of the id of the appliance.
pub fn changed_id(id: &Node, base: &Node) -> Diagnostic {
    let message = "overlay with the id of another appliance";
    Diagnostic::new(&codes::KEY_CHANGED, id.span, message)
        .also(base.span, "the id of the appliance")
        .help("an overlay cannot change the id; remove it here, or change it in the appliance")
}

/// A removal of a field that the appliance must have.
pub fn required_field(key: &Key, noun: &str) -> Diagnostic {
    let message = format!("cannot remove `{}`, a required field of the {noun}", key.value);
    Diagnostic::new(&codes::REQUIRED_FIELD, key.span, message).help("set another value instead")
}

/// A removal of something that does not exist.
pub fn nothing_removed(key: &Key, similar: Option<&str>, patch: &Object) -> Diagnostic {
    let message = format!("`{}` does not exist, and is not removed", key.value);
    or_similar(Diagnostic::new(&codes::NOTHING_REMOVED, key.span, message), key, similar, patch)
}

/// A value that is there already.
pub fn same_value(key: &Key, value: Span, base: Span) -> Diagnostic {
    let message = format!("`{}` already has this value", key.value);
    Diagnostic::new(&codes::NOTHING_CHANGED, value, message).also(base, "set here")
}

/// A part of an overlay that changes nothing.
pub fn idle_part(key: &Key) -> Diagnostic {
    let message = format!("`{}` changes nothing", key.value);
    Diagnostic::new(&codes::NOTHING_CHANGED, key.span, message)
}

/// An overlay that changes nothing.
pub fn idle_overlay(start: Span) -> Diagnostic {
    Diagnostic::new(&codes::NOTHING_CHANGED, start, "overlay changes nothing")
}
