//! What editors show of a field.

use super::fields::{Entry, Schema, Support};
use crate::plan::Field;

/// What there is to say of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldHelp {
    /// Its path, such as `containers[].ports[].host_port`.
    pub path: String,
    /// Its meaning, in sentences.
    pub description: String,
    /// The type of its value, with all constraints.
    pub value: String,
    /// Whether it is required, or its default.
    pub presence: String,
    /// Its rows in the tables of the targets, each with the value that it is for; empty for all values.
    pub rows: Vec<(Field, String)>,
}

/// The field with a path, as [`Place::field`](crate::analysis::Place::field) makes them, without regard to case.
pub fn field(path: &str) -> Option<FieldHelp> {
    let entries = Schema::read().entries();
    let find = |path: &str| entries.iter().find(|entry| entry.path.eq_ignore_ascii_case(path));
    let entry = find(path)?;
    let rows = match &entry.support {
        Support::Rows(rows) => rows.clone(),
        Support::SameAs(other) => match find(other).map(|other| &other.support) {
            Some(Support::Rows(rows)) => {
                rows.iter().filter(|(_, value)| entry.counts_for(value)).cloned().collect()
            }
            _ => Vec::new(),
        },
        Support::Ignored | Support::Parts => Vec::new(),
    };
    let Entry { path, description, value, .. } = entry;
    Some(FieldHelp {
        path: path.clone(),
        description: description.clone(),
        value: value.clone(),
        presence: entry.presence(),
        rows,
    })
}
