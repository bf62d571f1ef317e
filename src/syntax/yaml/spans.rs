//! Spans of characters, words and lines at an offset of a YAML text.

use crate::source::{Source, Span};

/// The character at an offset. Empty at the end of the text.
pub fn character(text: &str, at: usize) -> Span {
    let length = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    Span::new(at, at + length)
}

/// A span whose ends are between characters of the text, which those of the library need not be: it counts the indentation
/// that a block scalar announces (`>8`) also where lines have less.
pub fn between(text: &str, span: Span) -> Span {
    let floor = |at: u32| {
        let at = (at as usize).min(text.len());
        (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
    };
    Span::new(floor(span.start), floor(span.end))
}

/// A visible span: an empty one is extended to the character at its start.
pub fn visible(text: &str, span: Span) -> Span {
    if span.range().is_empty() { character(text, span.start as usize) } else { span }
}

/// The word at an offset, up to whitespace or punctuation.
pub fn word(text: &str, at: usize) -> Span {
    let rest = text.get(at..).unwrap_or_default();
    let end = rest.find(|c: char| c.is_whitespace() || ",:[]{}".contains(c)).unwrap_or(rest.len());
    if end == 0 { character(text, at) } else { Span::new(at, at + end) }
}

/// The unquoted text at an offset, up to the end of its line, a comment or, between brackets, the
/// end of the entry.
pub fn unquoted(text: &str, at: usize, in_flow: bool) -> Span {
    let rest = text.get(at..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let line = line.find(" #").and_then(|comment| line.get(..comment)).unwrap_or(line);
    let line = match line.find([',', '}', ']']) {
        Some(end) if in_flow => line.get(..end).unwrap_or(line),
        _ => line,
    };
    Span::new(at, at + line.trim_end().len())
}

/// Number of bytes before an offset in its line.
pub fn column(source: &Source, offset: u32) -> usize {
    let line = source.line_range(source.line_of(offset));
    offset as usize - line.start.max(source.content_start()).min(offset as usize)
}

/// The number of the line of an offset.
pub fn line_at(source: &Source, at: usize) -> usize {
    source.line_of(Span::at(at).start)
}

/// Whether only whitespace and `-` indicators precede an offset in its line.
pub fn starts_line(source: &Source, at: usize) -> bool {
    let line = source.line_range(line_at(source, at));
    source
        .text()
        .get(line.start..at)
        .is_some_and(|before| before.trim_matches([' ', '\t', '-']).is_empty())
}

/// Whether the line of `at` is outside the entry whose bracket opens at `open`: below it, and not
/// indented more. Then the bracket is unclosed.
pub fn is_outside(source: &Source, open: usize, at: usize) -> bool {
    let indent = |at: usize| {
        let written = source.text().get(source.line_range(line_at(source, at)))?;
        Some(written.len() - written.trim_start_matches([' ', '-']).len())
    };
    if line_at(source, at) <= line_at(source, open) || at >= source.text().len() {
        return false;
    }
    let is_closer = source.text().get(at..).is_some_and(|rest| rest.starts_with([']', '}']));
    !is_closer && indent(at) <= indent(open)
}
