//! Findings as text for people: the source lines with labels, in the style of rustc.

use std::borrow::Cow;
use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level as Shown, Origin, Patch, Renderer, Snippet,
};
use anstream::adapter::strip_str;

use super::{Diagnostic, Label, Level, Report, codes};
use crate::printable;
use crate::source::{Source, Span};

/// Labels that are further apart than this number of lines are shown in separate extracts.
const NEAR_LINES: usize = 8;

/// Maximum length in bytes of a line that is shown whole. Of a longer line only the part around
/// a label is shown, so that the cost of a finding does not grow with the line.
const LONG_LINE: usize = 2_000;

/// The same maximum for an edit, whose lines the renderer does not shorten.
const LONG_EDITED_LINE: usize = 300;

/// Number of bytes of a long line that are shown on either side of a label.
const AROUND: usize = 100;

/// Renders the findings of a report, each followed by an empty line. `colour` enables ANSI
/// escapes.
pub fn render(report: &Report, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut text = String::new();
    let report = &*report.masked();
    for diagnostic in &report.diagnostics {
        let shown = renderer.render(&groups(report, diagnostic));
        // The renderer separates a location from an extract without a path by `:::`.
        let is_separator = |line: &str| strip_str(line).to_string().trim() == ":::";
        for line in shown.lines().filter(|line| !is_separator(line)) {
            text.push_str(line);
            text.push('\n');
        }
        text.push('\n');
    }
    text
}

/// The number of errors and warnings, such as `1 error, 2 warnings`, for the last line of a run.
/// `None` if there are neither.
pub fn summary<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> Option<String> {
    let levels: Vec<Level> = diagnostics.into_iter().map(|one| one.level).collect();
    let count = |level| levels.iter().filter(|one| **one == level).count();
    let words = |count, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    let parts: Vec<String> =
        [words(count(Level::Error), "error"), words(count(Level::Warning), "warning")]
            .into_iter()
            .flatten()
            .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn groups<'a>(report: &'a Report, diagnostic: &'a Diagnostic) -> Vec<Group<'a>> {
    let level = match diagnostic.level {
        Level::Error => Shown::ERROR,
        Level::Warning => Shown::WARNING,
        Level::Hint => Shown::INFO.with_name("hint"),
    };
    let title = level.primary_title(diagnostic.text()).id(diagnostic.code.id);
    let mut group = Group::with_title(title);
    for extract in extracts(report, diagnostic) {
        if let Some(origin) = extract.origin() {
            group = group.element(origin);
        }
        let of_file =
            [&codes::UNREADABLE, &codes::IN_THE_WAY, &codes::ODD_FOLDER, &codes::UNRECORDED];
        let is_of_file = of_file.iter().any(|code| code.id == diagnostic.code.id);
        group = match is_of_file && extract.source.text().is_empty() {
            // Nothing was read: a line without text says nothing.
            true => group.element(Origin::path(extract.source.shown_name())),
            false => group.element(extract.snippet()),
        };
    }
    for help in &diagnostic.help {
        group = group.element(Shown::HELP.message(help));
    }
    let mut groups = vec![group];
    if let Some(edit) = &diagnostic.edit {
        let title = match (edit.span.range().is_empty(), edit.replacement.is_empty(), edit.safe) {
            (true, _, true) => "insert this",
            (true, _, false) => "insert this, if it is meant",
            (_, true, true) => "remove this",
            (_, true, false) => "remove this, if it is not meant",
            (_, _, true) => "replace with this",
            (_, _, false) => "replace with this, if it is meant",
        };
        let source = report.source_of(edit.span);
        let lines = Lines::around(source, edit.span, LONG_EDITED_LINE);
        let patch = Patch::new(
            lines.inside(source.range(edit.span)),
            printable::same_length(&edit.replacement),
        );
        let snippet = Snippet::source(lines.text(source)).line_start(lines.first + 1).patch(patch);
        let snippet = if lines.is_part { snippet } else { snippet.path(source.shown_name()) };
        groups.push(Shown::HELP.secondary_title(title).element(snippet));
    }
    groups
}

/// Whole lines of the source, or a part of a long line.
struct Lines {
    first: usize,
    last: usize,
    start: usize,
    end: usize,
    is_part: bool,
}

impl Lines {
    fn around(source: &Source, span: Span, longest: usize) -> Lines {
        let first = source.line_of(span.start);
        let last = source.line_of(span.end.max(span.start));
        let lines = Lines::between(source, first, last);
        if lines.end - lines.start <= longest {
            return lines;
        }
        let Range { start, end } = source.range(span);
        let start_at = source.char_floor(start.saturating_sub(AROUND)).max(lines.start);
        let end = source.char_floor(end.min(start + longest) + AROUND);
        let end = end.clamp(start_at, lines.end);
        Lines { start: start_at, end, is_part: true, ..lines }
    }

    fn between(source: &Source, first: usize, last: usize) -> Lines {
        let start = source.line_range(first).start;
        let start = if first == 0 { source.content_start() } else { start };
        let end = source.line_range(last).end.max(start);
        Lines { first, last, start, end, is_part: false }
    }

    fn text<'a>(&self, source: &'a Source) -> Cow<'a, str> {
        printable::same_length(source.text().get(self.start..self.end).unwrap_or(""))
    }

    /// A range of the source as a range of [`Lines::text`].
    fn inside(&self, range: Range<usize>) -> Range<usize> {
        let clamp = |index: usize| index.clamp(self.start, self.end) - self.start;
        clamp(range.start)..clamp(range.end)
    }
}

/// Lines to show and their labels.
struct Extract<'a> {
    source: &'a Source,
    lines: Lines,
    marks: Vec<(AnnotationKind, &'a Label)>,
}

impl<'a> Extract<'a> {
    fn snippet(self) -> Snippet<'a, Annotation<'a>> {
        let text = self.lines.text(self.source);
        let marks: Vec<_> = self
            .marks
            .iter()
            .map(|(kind, label)| {
                let annotation = kind.span(self.lines.inside(self.source.range(label.span)));
                if label.text.is_empty() { annotation } else { annotation.label(&label.text) }
            })
            .collect();
        let snippet = Snippet::source(text).line_start(self.lines.first + 1).annotations(marks);
        if self.lines.is_part { snippet } else { snippet.path(self.source.shown_name()) }
    }

    /// The location of the first label if the extract is a part of a line, from which the
    /// renderer cannot compute it.
    fn origin(&self) -> Option<Origin<'a>> {
        let (_, label) = self.marks.first().filter(|_| self.lines.is_part)?;
        let position = self.source.position(label.span.start);
        Some(
            Origin::path(self.source.shown_name()).line(position.line).char_column(position.column),
        )
    }
}

/// The extracts of a diagnostic. Labels that are near each other share one, so that the cost does
/// not grow with their distance.
fn extracts<'a>(report: &'a Report, diagnostic: &'a Diagnostic) -> Vec<Extract<'a>> {
    let mark_primary = std::iter::once((AnnotationKind::Primary, &diagnostic.primary));
    let mark_others = diagnostic.secondary.iter().map(|label| (AnnotationKind::Context, label));
    let mut extracts: Vec<Extract<'a>> = Vec::new();
    for (kind, label) in mark_primary.chain(mark_others) {
        let source = report.source_of(label.span);
        let lines = Lines::around(source, label.span, LONG_LINE);
        let near = extracts.iter_mut().find(|extract| {
            std::ptr::eq(extract.source, source)
                && !lines.is_part
                && !extract.lines.is_part
                && lines.first <= extract.lines.last + NEAR_LINES
                && extract.lines.first <= lines.last + NEAR_LINES
        });
        match near {
            Some(extract) => {
                let first = extract.lines.first.min(lines.first);
                let last = extract.lines.last.max(lines.last);
                extract.lines = Lines::between(source, first, last);
                extract.marks.push((kind, label));
            }
            None => extracts.push(Extract { source, lines, marks: vec![(kind, label)] }),
        }
    }
    extracts
}
