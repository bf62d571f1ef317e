//! What a plan says of one field.

use std::collections::HashMap;

use ecow::EcoString;

use super::change::{Subject, Value};
use crate::source::Span;

/// What a plan says of one field.
#[derive(Debug)]
pub struct Fact {
    pub subject: Subject,
    /// The path of the field in the schema.
    pub field: &'static str,
    /// Which entry of the field, if it is a list or an object with names.
    pub key: Option<EcoString>,
    pub value: Value,
    /// The value that is not told if it appears or disappears: the default, where a kind of container does not have
    /// the field at all.
    pub absent: Option<&'static str>,
    pub span: Span,
}

/// Collects the facts of one subject.
pub struct Facts {
    pub all: Vec<Fact>,
    /// How often a place was used: entries of a list may have the same key.
    seen: HashMap<(Subject, &'static str, Option<EcoString>), usize>,
    pub subject: Subject,
}

impl Facts {
    /// No facts yet, of the appliance itself.
    pub fn new() -> Facts {
        Facts { all: Vec::new(), seen: HashMap::new(), subject: Subject::Appliance }
    }

    /// Adds a fact of a field without entries.
    pub fn add(&mut self, field: &'static str, value: impl Into<Value>, span: Span) {
        self.push(field, None, value.into(), None, span);
    }

    /// Adds a fact of a field that is there only if it is written.
    pub fn maybe<T: ToString>(
        &mut self,
        field: &'static str,
        written: Option<&crate::source::Spanned<T>>,
    ) {
        if let Some(written) = written {
            self.add(field, written.value.to_string(), written.span);
        }
    }

    /// Adds a fact of a field that only some containers have; `absent` means the same as its absence.
    pub fn optional(
        &mut self,
        field: &'static str,
        value: impl Into<Value>,
        absent: &'static str,
        span: Span,
    ) {
        self.push(field, None, value.into(), Some(absent), span);
    }

    /// Adds a fact of an entry.
    pub fn entry(
        &mut self,
        field: &'static str,
        key: impl Into<EcoString>,
        value: impl Into<Value>,
        span: Span,
    ) {
        self.push(field, Some(key.into()), value.into(), None, span);
    }

    /// Adds a fact of a part of an entry; `absent` means the same as its absence.
    pub fn part(
        &mut self,
        field: &'static str,
        key: impl Into<EcoString>,
        value: impl Into<Value>,
        absent: &'static str,
        span: Span,
    ) {
        self.push(field, Some(key.into()), value.into(), Some(absent), span);
    }

    fn push(
        &mut self,
        field: &'static str,
        key: Option<EcoString>,
        value: Value,
        absent: Option<&'static str>,
        span: Span,
    ) {
        let subject = self.subject.clone();
        let count = self.seen.entry((subject.clone(), field, key.clone())).or_default();
        *count += 1;
        let key = match (key, *count) {
            (key, 1) => key,
            (Some(key), count) => Some(ecow::eco_format!("{key} #{count}")),
            (None, count) => Some(ecow::eco_format!("#{count}")),
        };
        self.all.push(Fact { subject, field, key, value, absent, span });
    }
}
