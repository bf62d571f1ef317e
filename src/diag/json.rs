//! Findings as JSON that matches `schema/diagnostics.schema.json`. Its `version` increases when
//! something is removed or changes its meaning, not when something is added.

use serde::Serialize;

use super::{Diagnostic, Label, Level, Report};
use crate::source::{Source, Span};

/// The version of the format.
const VERSION: u32 = 1;

/// Renders one document for all reports.
pub fn render(reports: &[Report]) -> String {
    let all = || reports.iter().flat_map(|report| &report.diagnostics);
    let count = |level| all().filter(|diagnostic| diagnostic.level == level).count();
    let document = Document {
        version: VERSION,
        summary: Summary {
            files: reports.len(),
            errors: count(Level::Error),
            warnings: count(Level::Warning),
            hints: count(Level::Hint),
        },
        diagnostics: reports
            .iter()
            .flat_map(|report| report.diagnostics.iter().map(|d| finding(report, d)))
            .collect(),
    };
    // Serializing structs of strings and numbers cannot fail.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    summary: Summary,
    diagnostics: Vec<Finding<'a>>,
}

#[derive(Serialize)]
struct Summary {
    files: usize,
    errors: usize,
    warnings: usize,
    hints: usize,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: &'a str,
    level: &'a str,
    target: Option<&'a str>,
    message: &'a str,
    file: &'a str,
    span: Range,
    label: &'a str,
    related: Vec<Related<'a>>,
    help: &'a [String],
    edit: Option<Change<'a>>,
}

#[derive(Serialize)]
struct Related<'a> {
    file: &'a str,
    span: Range,
    label: &'a str,
}

#[derive(Serialize)]
struct Change<'a> {
    span: Range,
    replacement: &'a str,
    safe: bool,
}

#[derive(Serialize)]
struct Range {
    start: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    offset: usize,
    line: usize,
    column: usize,
}

fn finding<'a>(report: &'a Report, diagnostic: &'a Diagnostic) -> Finding<'a> {
    let source = report.source_of(diagnostic.primary.span);
    let related = |label: &'a Label| {
        let other = report.source_of(label.span);
        Related { file: other.name(), span: range(other, label.span), label: &label.text }
    };
    Finding {
        code: diagnostic.code.id,
        level: diagnostic.level.name(),
        target: diagnostic.target.as_deref(),
        message: &diagnostic.message,
        file: source.name(),
        span: range(source, diagnostic.primary.span),
        label: &diagnostic.primary.text,
        related: diagnostic.secondary.iter().map(related).collect(),
        help: &diagnostic.help,
        edit: diagnostic.edit.as_ref().map(|edit| Change {
            span: range(report.source_of(edit.span), edit.span),
            replacement: &edit.replacement,
            safe: edit.safe,
        }),
    }
}

fn range(source: &Source, span: Span) -> Range {
    let place = |offset, index| {
        let position = source.position(offset);
        Place { offset: index, line: position.line, column: position.column }
    };
    let indices = source.range(span);
    Range { start: place(span.start, indices.start), end: place(span.end, indices.end) }
}
