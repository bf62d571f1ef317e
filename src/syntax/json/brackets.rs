//! Unmatched brackets: decides which one is missing or extra.

use super::Parser;
use crate::diag::{Diagnostic, Findings, codes};
use crate::source::Span;
use crate::syntax::MAX_ENTRIES;
use crate::syntax::lexer::TokenKind;

/// Maximum number of brackets open at the end of the file that get a label, innermost first.
const MAX_LABELLED: usize = 3;

/// Takes back what was said about the place of a bracket where other errors show that brackets do not match elsewhere: between
/// the brackets in question, or behind the end of the document.
pub(super) fn doubt(found: &mut Findings) {
    let shown = [&codes::UNEXPECTED_TOKEN, &codes::MISSING_VALUE, &codes::MISSING_COLON];
    let errors = found.iter().filter(|found| shown.contains(&found.code));
    let mut errors: Vec<u32> = errors.map(|found| found.primary.span.start).collect();
    errors.sort_unstable();
    let is_cut = found.iter().any(|found| found.code == &codes::TRAILING_CONTENT);
    for found in found.iter_mut().filter(|found| found.code == &codes::UNCLOSED) {
        let Some(place) = found.edit.as_ref().map(|edit| edit.span) else { continue };
        let around =
            || found.secondary.iter().chain([&found.primary]).map(|label| label.span.start);
        let start = around().fold(place.start, u32::min);
        let end = around().fold(place.start, u32::max);
        let from = errors.partition_point(|error| *error <= start);
        if is_cut || errors.get(from).is_some_and(|error| *error < end) {
            found.edit = None;
            let primary = found.primary.span;
            found.secondary.retain(|label| label.span != place || label.span == primary);
            found
                .help
                .push("a bracket may be missing, or one too many, further up or below".into());
        }
    }
}

impl Parser<'_> {
    /// Closes a bracket with the next token. `comma` is a comma directly before it. Returns false
    /// if the token is not the matching bracket, which is reported.
    pub(super) fn close(&mut self, open: Span, closer: TokenKind, comma: Option<Span>) -> bool {
        let is_whole = self.entries <= MAX_ENTRIES;
        if let (Some(span), false, true) = (comma, self.lenient, is_whole) {
            self.report(
                Diagnostic::new(&codes::TRAILING_COMMA, span, "trailing comma")
                    .help("applc accepts it, other tools may not; use the extension `.jsonc` to allow it")
                    .safe_edit(span, ""),
            );
        }
        if self.next.kind == closer {
            self.advance();
            return true;
        }
        let (opener, expected) = match closer {
            TokenKind::CloseBrace => ('{', '}'),
            _ => ('[', ']'),
        };
        let place = Span::at(self.previous_end);
        if self.next.kind == TokenKind::End {
            self.unclosed.push((open, expected));
            return false;
        }
        let other_opener = match self.next.kind {
            TokenKind::CloseBrace => TokenKind::OpenBrace,
            _ => TokenKind::OpenBracket,
        };
        // An outer open bracket may be the one that this bracket closes.
        let outer = self.open.len().saturating_sub(1);
        let outer = self.open.iter().take(outer).rfind(|token| token.kind == other_opener);
        let is_outer = outer.is_some();
        let is_near = |span: Span| {
            let line = |span: Span| self.source.line_of(span.start);
            line(span) == line(self.next.span)
        };
        let after = self.after_next();
        let is_extra = after.kind == closer
            && is_near(after.span)
            && is_near(open)
            && !outer.is_some_and(|token| is_near(token.span));
        if is_extra {
            let span = self.advance().span;
            let message = format!("unexpected `{}`", self.text(span));
            self.report(
                Diagnostic::new(&codes::UNCLOSED, span, message)
                    .also(open, format!("closed by the next `{expected}`"))
                    .likely_edit(span, ""),
            );
            self.advance();
            return true;
        }
        if is_outer && !self.replaces_expected() {
            let message = format!("unclosed `{opener}`");
            self.report(
                Diagnostic::new(&codes::UNCLOSED, open, message)
                    .also(place, format!("expected `{expected}` here"))
                    .likely_edit(place, expected.to_string()),
            );
        } else {
            let span = self.advance().span;
            let message = format!("expected `{expected}`, found `{}`", self.text(span));
            self.report(
                Diagnostic::new(&codes::UNCLOSED, span, message)
                    .also(open, "to close this bracket")
                    .likely_edit(span, expected.to_string()),
            );
        }
        false
    }

    /// Reports the brackets that are open at the end of the text in one finding, since one edit
    /// closes them all.
    pub(super) fn report_unclosed(&mut self) {
        let place = Span::at(self.previous_end);
        let all: String = self.unclosed.iter().map(|(_, closer)| closer).collect();
        let diagnostic = match self.unclosed.as_slice() {
            [] => return,
            [(open, closer)] => {
                let message = format!("unclosed `{}`", self.text(*open));
                Diagnostic::new(&codes::UNCLOSED, *open, message)
                    .also(place, format!("expected `{closer}` before the end of the file"))
            }
            many => {
                let message = format!("{} unclosed brackets at the end of the file", many.len());
                let innermost = many.iter().take(MAX_LABELLED);
                let diagnostic = Diagnostic::new(&codes::UNCLOSED, place, message)
                    .label(format!("expected `{all}`"));
                innermost.fold(diagnostic, |found, (open, _)| found.also(*open, "not closed"))
            }
        };
        self.report(diagnostic.likely_edit(place, all));
    }

    /// Whether the next `{` starts the object after the current one, whose `}` is missing: both are
    /// items of an array, at the start of a line and in the same column.
    pub(super) fn begins_sibling(&self) -> bool {
        let indent = |span: Span| {
            let line = self.source.line_range(self.source.line_of(span.start));
            let before = self.source.text().get(line.start..span.start as usize)?;
            before.trim().is_empty().then_some(before)
        };
        let [.., around, open] = self.open.as_slice() else { return false };
        around.kind == TokenKind::OpenBracket
            && self.source.line_of(open.span.start) < self.source.line_of(self.next.span.start)
            && indent(open.span).is_some_and(|column| indent(self.next.span) == Some(column))
    }

    /// Whether the next key is one of the object around the current one, whose `}` is missing: it is at the start of a
    /// line, and not further in than the line of the current object.
    pub(super) fn is_member_around(&self) -> bool {
        let Some((own, around, next)) = self.columns() else { return false };
        around < next && next <= own
    }

    /// Whether the next `}` closes the object around the current one, whose `}` is missing: it is at the start of a line,
    /// below that of the object around.
    pub(super) fn closes_around(&self) -> bool {
        let Some((own, around, next)) = self.columns() else { return false };
        around == next && next < own
    }

    /// The width of the indentation of the lines of the current object and of the object that it is in, and of the next
    /// token, if that starts a line.
    fn columns(&self) -> Option<(usize, usize, usize)> {
        let [.., around, open] = self.open.as_slice() else { return None };
        if !self.by_columns || around.kind != TokenKind::OpenBrace {
            return None;
        }
        let line = |span: Span| self.source.line_range(self.source.line_of(span.start));
        let indent = |span: Span| {
            let line = self.source.text().get(line(span))?;
            Some(line.len() - line.trim_start().len())
        };
        let next = self.next.span;
        let starts = next.start as usize == line(next).start + indent(next)?;
        starts.then_some((indent(open.span)?, indent(around.span)?, indent(next)?))
    }

    pub(super) fn report_unclosed_inner(&mut self, open: Span, comma: Option<Span>) {
        let place = Span::at(comma.map_or(self.previous_end, |comma| comma.start as usize));
        self.report(
            Diagnostic::new(&codes::UNCLOSED, open, "unclosed `{`")
                .also(place, "expected `}` here")
                .likely_edit(place, "}"),
        );
    }

    pub(super) fn report_sibling(&mut self, open: Span, comma: Option<Span>) {
        let place = Span::at(comma.map_or(self.previous_end, |comma| comma.start as usize));
        self.report(
            Diagnostic::new(&codes::UNCLOSED, open, "unclosed `{`")
                .also(place, "expected `}` here")
                .also(self.next.span, "before this entry")
                .likely_edit(place, if comma.is_some() { "}" } else { "}," }),
        );
        self.sibling = true;
    }

    /// Whether the next bracket replaces the expected one: then the token after it closes the
    /// enclosing bracket.
    fn replaces_expected(&self) -> bool {
        let around = self.open.iter().rev().nth(1).map(|token| token.kind);
        let closes_around = match around {
            Some(TokenKind::OpenBrace) => TokenKind::CloseBrace,
            _ => TokenKind::CloseBracket,
        };
        around.is_some() && self.after_next().kind == closes_around
    }
}
