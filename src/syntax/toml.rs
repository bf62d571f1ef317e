//! Parses TOML: project files and manifests of targets.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span};

/// Maps ranges of the TOML parser to spans of the source.
#[derive(Debug, Clone, Copy)]
pub struct Places {
    /// Number of bytes of the source before the parsed text.
    offset: usize,
}

impl Places {
    /// Returns the span in the source.
    pub fn span(self, range: Range<usize>) -> Span {
        Span::new(range.start + self.offset, range.end + self.offset)
    }
}

/// Parses a source. After a reported error the rest of the table is unreliable, since entries may
/// belong to another table.
pub fn parse<'s>(
    source: &'s Source,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Spanned<DeTable<'s>>, Places) {
    // The library rejects a byte order mark.
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

/// A string, number or boolean as text. `None` for other values.
pub fn scalar(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        DeValue::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}
