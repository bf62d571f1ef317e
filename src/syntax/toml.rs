//! TOML: project files and the manifests of targets.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span};

/// Makes the reader's places those of the source.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// Bytes of the source before what the reader was given.
    offset: usize,
}

impl Places {
    /// The span in the source.
    pub fn span(self, range: Range<usize>) -> Span {
        Span::new(range.start + self.offset, range.end + self.offset)
    }
}

/// Reads a source. What is broken is reported, and then it is not known what the rest
/// belongs to.
pub fn parse<'s>(
    source: &'s Source,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Spanned<DeTable<'s>>, Places) {
    // The library counts a byte order mark as an error.
    let offset = source.content_start();
    let places = Places { offset };
    let (table, errors) =
        DeTable::parse_recoverable(source.text().get(offset..).unwrap_or_default());
    for error in errors {
        let span = error.span().map_or(Span::at(offset), |range| places.span(range));
        let message = error.message().lines().collect::<Vec<_>>().join("; ");
        diagnostics.push(Diagnostic::new(&codes::BAD_TOML, span, message));
    }
    (table, places)
}

/// A string, number or truth value as text.
pub fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}
