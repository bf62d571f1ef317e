//! The members of objects: a key, what separates it, and a value.

use ecow::EcoString;

use super::Parser;
use super::follow::Follow;
use crate::diag::{Diagnostic, codes};
use crate::source::{Span, Spanned};
use crate::syntax::lexer::TokenKind;
use crate::syntax::{Kind, Member, Node, quote, signs};

impl Parser<'_> {
    /// Parses the members of an object. Returns whether a syntax error may have hidden some.
    pub(super) fn members(&mut self, open: Span) -> bool {
        let mut damaged = false;
        let mut comma = None;
        loop {
            self.count_entry();
            match self.next.kind {
                TokenKind::CloseBrace if self.closes_around() => {
                    self.report_unclosed_inner(open, comma);
                    return damaged;
                }
                TokenKind::String if self.is_member_around() => {
                    self.report_sibling(open, comma);
                    return damaged;
                }
                TokenKind::CloseBracket | TokenKind::CloseBrace | TokenKind::End => {
                    damaged |= !self.close(open, TokenKind::CloseBrace, comma);
                    return damaged;
                }
                TokenKind::OpenBrace if self.begins_sibling() => {
                    self.report_sibling(open, comma);
                    return damaged;
                }
                TokenKind::Comma => {
                    self.extra_comma();
                    continue;
                }
                TokenKind::Word if self.is_ellipsis() => {
                    self.ellipsis();
                    self.skip_comma();
                    damaged = true;
                    comma = None;
                    continue;
                }
                TokenKind::Word if self.begins_noise() => {
                    self.noise();
                    continue;
                }
                TokenKind::OpenBrace if self.begins_containers() => {
                    self.containers();
                    damaged = true;
                }
                _ => damaged |= self.member(),
            }
            match self.follow(TokenKind::CloseBrace) {
                Follow::Comma(span) => comma = Some(span),
                Follow::Close | Follow::Entry => comma = None,
            }
        }
    }

    /// Parses a member. Returns whether its value, or all of it, is missing.
    fn member(&mut self) -> bool {
        let Some(key) = self.key() else { return true };
        if self.next.kind == TokenKind::Colon || self.sign().is_some() {
            self.separator();
            let value = self.value();
            let value = self.with_decimal_comma(value);
            let is_broken = value.kind == Kind::Broken;
            self.members.push(Member { key, value });
            return is_broken;
        }
        let place = Span::at(self.previous_end);
        let starts_value = !matches!(
            self.next.kind,
            TokenKind::Comma | TokenKind::CloseBrace | TokenKind::CloseBracket | TokenKind::End
        );
        if starts_value {
            let message = format!("expected `:` after key `{}`", key.value);
            self.report(
                Diagnostic::new(&codes::MISSING_COLON, place, message).safe_edit(place, ":"),
            );
            let value = self.value();
            self.members.push(Member { key, value });
            false
        } else {
            let message = format!("expected a value for key `{}`", key.value);
            self.report(
                Diagnostic::new(&codes::MISSING_VALUE, key.span, message)
                    .help("write `:` and a value after the key"),
            );
            self.members.push(Member { key, value: Node::broken(place) });
            true
        }
    }

    /// Parses what is between a key and its value: a colon, or a sign in its place, and what is too many of them.
    fn separator(&mut self) {
        if let Some(sign) = self.take_sign() {
            self.report_sign(sign);
            return;
        }
        let colon = self.advance().span;
        loop {
            let span = match self.next.kind {
                TokenKind::Colon => self.colons(),
                _ => match self.take_sign() {
                    // Both are one sign, such as `:=`.
                    Some(sign) if sign.start == colon.end => {
                        self.report_sign(colon.to(sign));
                        continue;
                    }
                    Some(sign) => sign,
                    None => return,
                },
            };
            let message = match self.text(span) {
                ":" => "unexpected second `:`".to_owned(),
                written => format!("unexpected `{written}` behind a `:`"),
            };
            self.report(
                Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, message).safe_edit(span, ""),
            );
        }
    }

    /// Reports a sign in the place of a colon.
    fn report_sign(&mut self, sign: Span) {
        let message = format!("expected `:`, found `{}`", self.text(sign));
        self.report(Diagnostic::new(&codes::MISSING_COLON, sign, message).safe_edit(sign, ":"));
    }

    /// Parses the key of a member. `None` if there is none, which is reported and skipped.
    fn key(&mut self) -> Option<Spanned<EcoString>> {
        match self.next.kind {
            TokenKind::String
            | TokenKind::SingleQuoted
            | TokenKind::CurlyQuoted
            | TokenKind::Unterminated
            | TokenKind::MultiLine => Some(self.string()),
            TokenKind::Word => {
                let mut span = self.advance().span;
                if let Some(key) = self.unopened(span, &[':']) {
                    return Some(key);
                }
                if let Some(entry) = signs::split(self.text(span)) {
                    let end = span.start as usize + entry.key.len();
                    span = self.reread(span.start as usize, end);
                }
                let word = EcoString::from(self.text(span));
                if self.next.kind != TokenKind::Colon && self.sign().is_none() {
                    let message = format!("expected a key, found `{word}`");
                    self.report(
                        Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, message)
                            .help("entries of an object have the form `\"key\": value`"),
                    );
                    self.stray = true;
                    return None;
                }
                let (edit, message) = (quote(&word), format!("unquoted key `{word}`"));
                self.report(
                    Diagnostic::new(&codes::BARE_WORD, span, message).safe_edit(span, edit),
                );
                Some(Spanned::new(word, span))
            }
            _ => {
                let span = self.next.span;
                let message = "expected a key before this value";
                self.report(
                    Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, message)
                        .help("entries of an object have the form `\"key\": value`"),
                );
                if self.next.kind == TokenKind::Colon {
                    self.colons();
                }
                // Parsed to report the errors inside, then discarded.
                self.value();
                None
            }
        }
    }

    /// The length of the sign that the next word starts with, if it is in the place of a colon.
    pub(super) fn sign(&self) -> Option<usize> {
        if self.next.kind != TokenKind::Word {
            return None;
        }
        let word = self.text(self.next.span);
        // A `;` may also end an entry.
        let ends =
            [TokenKind::Comma, TokenKind::CloseBrace, TokenKind::CloseBracket, TokenKind::End];
        match word.strip_prefix(';') {
            Some("") => (!ends.contains(&self.after_next().kind)).then_some(1),
            Some(rest) => rest.starts_with(|c: char| c.is_alphanumeric() || c == '-').then_some(1),
            None => signs::sign(word).map(str::len),
        }
    }

    /// Takes the sign in the place of a colon that the next word starts with.
    pub(super) fn take_sign(&mut self) -> Option<Span> {
        let start = self.next.span.start as usize;
        let length = self.sign()?;
        Some(self.reread(start, start + length))
    }

    /// Whether the next word looks like the key of a member.
    pub(super) fn begins_member(&self) -> bool {
        let word = self.text(self.next.span);
        if !word.contains(char::is_alphanumeric) {
            return false;
        }
        let after = self.after_next();
        let is_key = match after.kind {
            TokenKind::Colon | TokenKind::String | TokenKind::Unterminated => true,
            _ => signs::sign(self.text(after.span)).is_some(),
        };
        is_key || signs::split(word).is_some()
    }
}
