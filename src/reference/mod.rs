//! The reference of the language, field by field, put together from the schema and from the
//! tables of the targets.
//!
//! [`page`] is `docs/language.md`; [`explain`] and [`list`] are what `applc explain` prints.

mod explain;
mod fields;
mod page;

#[cfg(test)]
mod tests;

pub use explain::{explain, list, nearest};
pub use page::page;

/// What references mean, for the page and for `applc explain references`.
const REFERENCES: &str = include_str!("references.md");

/// A value as code, without the words that may follow it.
fn quoted(value: &str) -> String {
    match value.split_once(", ") {
        Some((value, words)) => format!("`{value}`, {words}"),
        None => format!("`{value}`"),
    }
}
