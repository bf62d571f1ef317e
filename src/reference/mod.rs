//! The reference of the language, field by field, generated from the schema and the capability
//! tables of the targets.
//!
//! [`page()`] is `docs/language.md`; [`explain()`] and [`list()`] are what `applc explain` prints; [`field()`] is what
//! editors show.

mod explain;
mod fields;
mod help;
mod page;

#[cfg(test)]
mod tests;

pub use explain::{explain, list, nearest};
pub use help::{FieldHelp, field};
pub use page::page;

use crate::plan::Field;

/// The descriptions of the fields that targets state their support for, as far as the schema has them.
pub(crate) fn descriptions() -> Vec<(Field, String)> {
    let entries = fields::Schema::read().entries();
    let described = |field: &Field| {
        let path = field.path().split_once(": ").map_or(field.path(), |(path, _)| path);
        let entry = entries.iter().find(|entry| entry.path == path)?;
        Some((*field, entry.description.clone()))
    };
    Field::ALL.iter().filter_map(described).collect()
}

/// The description of references, for the page and for `applc explain references`.
const REFERENCES: &str = include_str!("references.md");

/// A value as code, followed by its explanation, if any.
fn quoted(value: &str) -> String {
    match value.split_once(", ") {
        Some((value, words)) => format!("`{value}`, {words}"),
        None => format!("`{value}`"),
    }
}
