//! What is between an entry of an array or object and the next one.

use super::Parser;
use crate::diag::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::lexer::TokenKind;
use crate::syntax::signs;

/// The token after an entry of an array or object.
pub enum Follow {
    /// A comma, so that another entry may follow.
    Comma(Span),
    /// A closing bracket or the end of the text.
    Close,
    /// Another entry. The missing comma has been reported.
    Entry,
}

impl Parser<'_> {
    /// Parses what is between an entry and the next one.
    pub(super) fn follow(&mut self, closer: TokenKind) -> Follow {
        let follows_stray = std::mem::take(&mut self.stray);
        self.skip_stray(closer);
        match self.next.kind {
            TokenKind::Comma => Follow::Comma(self.advance().span),
            TokenKind::CloseBrace | TokenKind::CloseBracket | TokenKind::End => Follow::Close,
            TokenKind::Word if self.text(self.next.span) == ";" => self.semicolon(),
            _ => {
                if std::mem::take(&mut self.sibling) {
                    return Follow::Entry;
                }
                // A token that does not start an entry is reported as such by the caller.
                let in_object = closer == TokenKind::CloseBrace;
                let is_stray = match self.next.kind {
                    TokenKind::Word => self.is_ellipsis() || (in_object && !self.begins_member()),
                    TokenKind::OpenBrace => in_object && self.begins_sibling(),
                    _ => false,
                };
                let is_colon = self.next.kind == TokenKind::Colon
                    || (self.next.kind == TokenKind::Word
                        && signs::sign(self.text(self.next.span)).is_some());
                if !is_stray && !follows_stray && !is_colon {
                    let span = Span::at(self.previous_end);
                    self.report(
                        Diagnostic::new(&codes::MISSING_COMMA, span, "expected `,`")
                            .label("between these entries")
                            .safe_edit(span, ","),
                    );
                }
                Follow::Entry
            }
        }
    }

    /// Skips and reports tokens that can neither follow an entry nor start one.
    fn skip_stray(&mut self, closer: TokenKind) {
        loop {
            let span = self.next.span;
            let is_adjacent = span.start as usize == self.previous_end;
            match self.next.kind {
                TokenKind::Word if self.begins_noise() => self.noise(),
                TokenKind::Colon if closer == TokenKind::CloseBrace => {
                    let span = self.colons();
                    let message = format!("expected `,` or `}}`, found `{}`", self.text(span));
                    self.report(Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, message));
                    let _ = self.value();
                }
                TokenKind::Unterminated if is_adjacent && self.text(span) == "\"" => {
                    self.advance();
                    let message = "unexpected `\"`";
                    self.report(
                        Diagnostic::new(&codes::BAD_STRING, span, message).safe_edit(span, ""),
                    );
                }
                _ => return,
            }
        }
    }

    /// Reads a `;` between entries as a comma.
    fn semicolon(&mut self) -> Follow {
        let span = self.advance().span;
        let message = "expected `,`, found `;`";
        self.report(Diagnostic::new(&codes::MISSING_COMMA, span, message).safe_edit(span, ","));
        Follow::Entry
    }

    /// Takes the next colon with all that follow it: none of them separates anything else.
    pub(super) fn colons(&mut self) -> Span {
        let first = self.advance().span;
        let mut last = first;
        loop {
            let gap = Span { start: last.end, end: self.next.span.start };
            // A comment is kept.
            if self.next.kind != TokenKind::Colon || !self.text(gap).trim().is_empty() {
                return first.to(last);
            }
            last = self.advance().span;
        }
    }

    pub(super) fn extra_comma(&mut self) {
        let span = self.advance().span;
        let message = "expected an entry, found `,`";
        self.report(Diagnostic::new(&codes::EXTRA_COMMA, span, message).safe_edit(span, ""));
    }
}
