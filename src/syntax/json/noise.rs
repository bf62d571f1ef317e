//! Text that is not JSON: dots for what was left out, and remarks behind values.

use super::Parser;
use crate::diag::{Diagnostic, codes};
use crate::syntax::lexer::TokenKind;
use crate::syntax::{ellipsis, is_ellipsis, quotes};

/// Maximum length in bytes of text that belongs to nothing.
const MAX_NOISE: usize = 1_000;

/// Whether a text starts as neither a word, a number, nor a string does.
fn is_noise(text: &str) -> bool {
    let mut characters = text.chars();
    let is_sign = |c: char| !c.is_alphanumeric() && !"._%+-$@'\\".contains(c);
    match characters.next() {
        Some('-') => characters.next().is_none_or(|c| "-=>".contains(c)),
        Some(first) => is_sign(first) && first != '=' && !quotes::is_typographic(first),
        None => false,
    }
}

impl Parser<'_> {
    /// Whether the next word is dots.
    pub(super) fn is_ellipsis(&self) -> bool {
        is_ellipsis(self.text(self.next.span))
    }

    /// Reports and skips dots.
    pub(super) fn ellipsis(&mut self) {
        let span = self.advance().span;
        let diagnostic = ellipsis(self.text(span), span);
        self.report(diagnostic);
    }

    /// Skips the comma after what is not an entry.
    pub(super) fn skip_comma(&mut self) {
        if self.next.kind == TokenKind::Comma {
            self.advance();
        }
    }

    /// Whether the next word, on the line of the token before, starts text that belongs to nothing: neither
    /// strings nor brackets follow to the end of the line.
    pub(super) fn begins_noise(&self) -> bool {
        if self.next.kind != TokenKind::Word || self.is_ellipsis() {
            return false;
        }
        // Most words are numbers, which are told apart at once.
        if !is_noise(self.text(self.next.span)) {
            return false;
        }
        let start = self.next.span.start as usize;
        let line = self.source.line_range(self.source.line_of(self.next.span.start));
        let text =
            self.source.text().get(start..line.end.min(start + MAX_NOISE)).unwrap_or_default();
        line.start < self.previous_end
            && !text.trim_end().is_empty()
            && text.len() < MAX_NOISE
            && text.trim_end() != ";"
            && !text.contains(['"', '{', '}', '[', ']'])
    }

    /// Skips text that belongs to nothing, in one finding.
    pub(super) fn noise(&mut self) {
        let line = self.source.line_of(self.next.span.start);
        let (before, first) = (self.previous_end, self.next.span);
        let mut last = first;
        while self.next.kind != TokenKind::End && self.source.line_of(self.next.span.start) == line
        {
            last = self.advance().span;
        }
        // What is missing is missing before the text.
        self.previous_end = before;
        let all = first.to(last);
        let message = format!("unexpected text `{}`", self.text(all));
        self.report(
            Diagnostic::new(&codes::UNEXPECTED_TOKEN, all, message)
                .help("write a comment after `//`, or remove the text"),
        );
    }
}
