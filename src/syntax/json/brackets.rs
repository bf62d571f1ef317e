//! Brackets that do not match: which one was forgotten, which one is too many.

use super::Parser;
use crate::diag::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::MAX_ENTRIES;
use crate::syntax::lexer::TokenKind;

/// Of the brackets that are open at the end, so many are pointed at, the innermost.
const SHOWN_UNCLOSED: usize = 3;

impl Parser<'_> {
    /// Closes a bracket with the token that is next. False where that was not the right
    /// one, which is reported. `comma` is a comma just before it.
    pub(super) fn close(&mut self, open: Span, closer: TokenKind, comma: Option<Span>) -> bool {
        let is_whole = self.entries <= MAX_ENTRIES;
        if let (Some(span), false, true) = (comma, self.lenient, is_whole) {
            self.report(
                Diagnostic::new(&codes::TRAILING_COMMA, span, "nothing follows this comma")
                    .help("applc reads it, other tools may not; a file ending in `.jsonc` may have it")
                    .safe_edit(span, ""),
            );
        }
        if self.next.kind == closer {
            self.advance();
            return true;
        }
        let (opener, wanted) = match closer {
            TokenKind::CloseBrace => ('{', '}'),
            _ => ('[', ']'),
        };
        let place = Span::at(self.previous_end);
        if self.next.kind == TokenKind::End {
            self.unclosed.push((open, wanted));
            return false;
        }
        let other_opener = match self.next.kind {
            TokenKind::CloseBrace => TokenKind::OpenBrace,
            _ => TokenKind::OpenBracket,
        };
        // Does the bracket that stands here belong to one further out?
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
            let message = format!("this `{}` closes nothing", self.text(span));
            self.report(
                Diagnostic::new(&codes::UNCLOSED, span, message)
                    .also(open, format!("a `{wanted}` closes this"))
                    .likely_edit(span, ""),
            );
            self.advance();
            return true;
        }
        if is_outer && !self.stands_for_another() {
            let message = format!("this `{opener}` is not closed");
            self.report(
                Diagnostic::new(&codes::UNCLOSED, open, message)
                    .also(place, format!("a `{wanted}` is missing here"))
                    .likely_edit(place, wanted.to_string()),
            );
        } else {
            let span = self.advance().span;
            let message = format!("this must be `{wanted}`");
            self.report(
                Diagnostic::new(&codes::UNCLOSED, span, message)
                    .also(open, "to close this")
                    .likely_edit(span, wanted.to_string()),
            );
        }
        false
    }

    /// Reports the brackets that are open at the end of the text: together, since one edit
    /// closes them all.
    pub(super) fn report_unclosed(&mut self) {
        let place = Span::at(self.previous_end);
        let all: String = self.unclosed.iter().map(|(_, wanted)| wanted).collect();
        let diagnostic = match self.unclosed.as_slice() {
            [] => return,
            [(open, wanted)] => {
                let message = format!("this `{}` is not closed", self.text(*open));
                Diagnostic::new(&codes::UNCLOSED, *open, message)
                    .also(place, format!("the file ends; a `{wanted}` is missing"))
            }
            many => {
                let message = format!("the file ends, and {} brackets are not closed", many.len());
                let innermost = many.iter().take(SHOWN_UNCLOSED);
                let diagnostic = Diagnostic::new(&codes::UNCLOSED, place, message)
                    .label(format!("`{all}` is missing"));
                innermost.fold(diagnostic, |found, (open, _)| found.also(*open, "not closed"))
            }
        };
        self.report(diagnostic.likely_edit(place, all));
    }

    /// Whether the `{` that is next begins the object after the one that is read, whose `}` is
    /// missing: in an array, each at the start of a line, in the same column.
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

    pub(super) fn report_sibling(&mut self, open: Span, comma: Option<Span>) {
        let place = Span::at(comma.map_or(self.previous_end, |comma| comma.start as usize));
        self.report(
            Diagnostic::new(&codes::UNCLOSED, open, "this `{` is not closed")
                .also(place, "a `}` is missing here")
                .also(self.next.span, "this looks like the next entry")
                .likely_edit(place, if comma.is_some() { "}" } else { "}," }),
        );
        self.sibling = true;
    }

    /// Whether a bracket of the wrong kind, which is next, stands where another should: what
    /// follows then closes what is around the innermost brackets.
    fn stands_for_another(&self) -> bool {
        let around = self.open.iter().rev().nth(1).map(|token| token.kind);
        let closes_around = match around {
            Some(TokenKind::OpenBrace) => TokenKind::CloseBrace,
            _ => TokenKind::CloseBracket,
        };
        around.is_some() && self.after_next().kind == closes_around
    }
}
