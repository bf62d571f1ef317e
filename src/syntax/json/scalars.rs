//! Parses strings, numbers and words of JSON, and suggests fixes for invalid ones.

use ecow::EcoString;

use super::Parser;
use super::strings::{self, StringError};
use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span, Spanned};
use crate::syntax::lexer::{Token, TokenKind};
use crate::syntax::{Kind, Node, commas, is_json_number, quote, quotes};

/// Maximum length in bytes of a line that is searched for a string without an opening quote.
const MAX_UNOPENED: usize = 1_000;

impl Parser<'_> {
    /// Parses the next string, with any kind of quotes.
    pub(super) fn string(&mut self) -> Spanned<EcoString> {
        let Token { kind, span, is_plain } = self.advance();
        if is_plain {
            if let Some(text) = self.closed_by_next(span).or_else(|| self.opened_twice(span)) {
                return text;
            }
            let content = Span { start: span.start + 1, end: span.end - 1 };
            return Spanned::new(self.text(content).into(), span);
        }
        let written = self.text(span);
        let quote_char = if kind == TokenKind::SingleQuoted { '\'' } else { '"' };
        let content = written.strip_prefix(quote_char).unwrap_or(written);
        let content = match kind {
            TokenKind::Unterminated => content,
            _ => content.strip_suffix(quote_char).unwrap_or(content),
        };
        if kind == TokenKind::CurlyQuoted {
            let mut content = written.chars();
            content.next();
            content.next_back();
            let value = EcoString::from(content.as_str());
            let edit = quote(&value);
            let message = "expected straight double quotes around a string";
            self.report(Diagnostic::new(&codes::BAD_STRING, span, message).safe_edit(span, edit));
            return Spanned::new(value, span);
        }
        let (value, errors) = strings::decode(content);
        let has_escapes = !errors.is_empty() && strings::has_letter_escape(content);
        let base = span.start as usize + 1;
        match kind {
            TokenKind::SingleQuoted => {
                let value = content.replace("\\'", "'");
                let edit = quote(&value);
                let message = "expected double quotes around a string";
                let found = Diagnostic::new(&codes::BAD_STRING, span, message);
                // In other languages it may be an escape, or none.
                self.report(match value.contains('\\') {
                    true => found.likely_edit(span, edit),
                    false => found.safe_edit(span, edit),
                });
                return Spanned::new(value.into(), span);
            }
            TokenKind::Unterminated => {
                let end = Span::at(span.end as usize);
                self.report(
                    Diagnostic::new(&codes::BAD_STRING, span, "unterminated string")
                        .also(end, "expected a closing `\"`")
                        .likely_edit(end, "\""),
                );
            }
            TokenKind::MultiLine => {
                let found =
                    Diagnostic::new(&codes::BAD_STRING, span, "unescaped line break in a string")
                        .help("write a line break as `\\n`");
                let one = content.replace("\r\n", "\n");
                // Behind a backslash, JSON5 and shells read none.
                self.report(match one.contains("\\\n") {
                    true => found,
                    false => {
                        let edit = one.replace('\n', "\\n").replace('\t', "\\t");
                        found.safe_edit(Span::new(base, base + content.len()), edit)
                    }
                });
                return Spanned::new(value, span);
            }
            _ => {}
        }
        for error in errors {
            self.report(string_error(error, base, self.source, has_escapes));
        }
        Spanned::new(value, span)
    }

    /// Takes the text between two offsets as one token, which other tokens were read from, and goes on behind it.
    pub(super) fn reread(&mut self, start: usize, end: usize) -> Span {
        self.lexer.restart(start, end);
        self.previous_end = end;
        self.next = self.lexer.next_token();
        Span::new(start, end)
    }

    /// Reads a string that ends where the next key opens, because its own closing quote is missing: `"a, "key": 1`.
    fn closed_by_next(&mut self, span: Span) -> Option<Spanned<EcoString>> {
        let written = self.text(span);
        let value = written.strip_prefix('"')?.strip_suffix('"')?.trim_end().strip_suffix(',')?;
        let value = EcoString::from(value);
        let rest = self.source.text().get(span.end as usize..)?;
        let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let key = rest.trim_start_matches(is_inside);
        let is_key = key.len() < rest.len()
            && key.strip_prefix('"').is_some_and(|rest| rest.trim_start().starts_with(':'));
        if !is_key || value.is_empty() {
            return None;
        }
        let end = span.start as usize + 1 + value.len();
        let span = self.reread(span.start as usize, end);
        self.report(
            Diagnostic::new(&codes::BAD_STRING, span, "unterminated string")
                .also(Span::at(end), "expected a closing `\"`")
                .safe_edit(Span::at(end), "\""),
        );
        Some(Spanned::new(value, span))
    }

    /// Reads a string whose opening quote is written twice: `"" a b"`.
    fn opened_twice(&mut self, span: Span) -> Option<Spanned<EcoString>> {
        let start = span.range().end;
        if span.range().len() != 2 || self.next.kind != TokenKind::Word {
            return None;
        }
        let end = self.source.char_floor(start + MAX_UNOPENED);
        let line = self.source.text().get(start..end)?.lines().next()?;
        let (content, rest) = line.split_once('"')?;
        let rest = rest.trim_start();
        let ends = rest.is_empty() || rest.starts_with([',', '}', ']', ':']);
        // Between signs, it may be an empty string with an entry behind it.
        let is_text = !content.contains(['{', '}', '[', ']', ',', ':', '\\']);
        if !ends || !is_text || rest.matches('"').count() % 2 != 0 {
            return None;
        }
        let all = self.reread(span.range().start, start + content.len() + 1);
        let second = Span::new(start - 1, start);
        self.report(
            Diagnostic::new(&codes::BAD_STRING, second, "opening quote is written twice")
                .likely_edit(second, ""),
        );
        Some(Spanned::new(content.into(), all))
    }

    /// Reads a placeholder without quotes, such as `${NAME}`, whose first characters are the current word.
    fn placeholder(&mut self, word: Span) -> Option<Node> {
        let is_open = self.next.kind == TokenKind::OpenBrace && self.next.span.start == word.end;
        let text = self.source.text().get(word.start as usize..).filter(|_| is_open)?;
        let line = text.lines().next().filter(|line| line.starts_with("${"))?;
        let end = word.start as usize + line.find('}')? + 1;
        let span = self.reread(word.start as usize, end);
        let written = self.text(span).to_owned();
        let message = format!("unquoted string `{written}`");
        self.report(
            Diagnostic::new(&codes::BARE_WORD, span, message)
                .help("strings are written in double quotes; no value is put in place of this one")
                .likely_edit(span, quote(&written)),
        );
        Some(Node::broken(span))
    }

    /// Parses the next word as a value.
    pub(super) fn word(&mut self) -> Node {
        let span = self.advance().span;
        let word = EcoString::from(self.text(span));
        let constant = match word.as_str() {
            "true" => Some(Kind::Bool(true)),
            "false" => Some(Kind::Bool(false)),
            "null" => Some(Kind::Null),
            _ if self.is_delimited(span) && is_json_number(&word) => {
                return Node { span, kind: Kind::Number(word) };
            }
            _ => None,
        };
        if let Some(kind) = constant {
            return Node { span, kind };
        }
        if let Some(text) = self.unopened(span, &[',', '}', ']']) {
            return Node { span: text.span, kind: Kind::String(text.value) };
        }
        if is_json_number(&word) {
            let all = self.words(span);
            if all == span {
                return Node { span, kind: Kind::Number(word) };
            }
            let message = format!("invalid number `{}`", self.text(all));
            self.report(
                Diagnostic::new(&codes::BAD_NUMBER, all, message)
                    .help("write the number without a unit; the field defines the unit"),
            );
            return Node::broken(all);
        }
        let meant = match word.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Some(("true", Kind::Bool(true))),
            "false" | "no" | "off" => Some(("false", Kind::Bool(false))),
            "null" => Some(("null", Kind::Null)),
            _ => None,
        };
        if let Some((right, kind)) = meant {
            let message = format!("expected `{right}`, found `{word}`");
            let found = Diagnostic::new(&codes::BARE_WORD, span, message);
            // Other words may be texts.
            self.report(match word.eq_ignore_ascii_case(right) {
                true => found.safe_edit(span, right),
                false => found.likely_edit(span, right),
            });
            return Node { span, kind };
        }
        if matches!(word.to_ascii_lowercase().as_str(), "none" | "nil" | "undefined") {
            let message = format!("unexpected `{word}`, which is no value in JSON");
            self.report(Diagnostic::new(&codes::BARE_WORD, span, message).help(
                "omit an optional field; in an overlay, `null` removes it; text is written in double quotes",
            ));
            return Node::broken(span);
        }
        if matches!(word.to_ascii_lowercase().as_str(), "nan" | "inf" | "infinity" | "-infinity") {
            let message = format!("invalid number `{word}`");
            self.report(Diagnostic::new(&codes::BAD_NUMBER, span, message));
            return Node::broken(span);
        }
        if let Some(node) = self.placeholder(span) {
            return node;
        }
        let numeric = word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
        if numeric && word.contains(|c: char| c.is_ascii_digit()) {
            self.report(number_error(&word, span));
        } else {
            let span = self.words(span);
            let word = self.text(span).to_owned();
            let message = format!("unquoted string `{word}`");
            let edit = quote(word.trim_matches(quotes::is_typographic));
            self.report(
                Diagnostic::new(&codes::BARE_WORD, span, message)
                    .help("strings are written in double quotes")
                    .likely_edit(span, edit),
            );
        }
        Node::broken(span)
    }

    /// Parses a string without an opening quote, which starts at a word: the rest of the line
    /// contains an unpaired quote, followed by a token that can follow a string.
    pub(super) fn unopened(
        &mut self,
        word: Span,
        followers: &[char],
    ) -> Option<Spanned<EcoString>> {
        let start = word.start as usize;
        // A long line is not searched as a whole for each of its words.
        let end = self.source.char_floor(start + MAX_UNOPENED);
        let line = self.source.text().get(start..end)?;
        let line = match line.split_once('\n') {
            Some((line, _)) => line,
            None if end == self.source.text().len() => line,
            None => return None,
        };
        let (content, rest) = line.split_once('"')?;
        let rest = rest.trim_start();
        let ends = rest.starts_with(followers) || (rest.is_empty() && followers.contains(&','));
        let is_single = rest.matches('"').count() % 2 == 0;
        if !ends || !is_single || has_sign(content) {
            return None;
        }
        let end = start + content.len() + 1;
        let span = self.reread(start, end);
        let found = Diagnostic::new(&codes::BAD_STRING, span, "expected `\"` before this string")
            .help("strings are written in double quotes");
        // Another sign may be written in the place of the quote.
        let sign = content.chars().next().filter(|c| quotes::is_quote(*c) || "´¨".contains(*c));
        let Some(sign) = sign else {
            self.report(found.safe_edit(Span::at(start), "\""));
            return Some(Spanned::new(content.into(), span));
        };
        let place = Span::new(start, start + sign.len_utf8());
        self.report(found.likely_edit(place, "\""));
        Some(Spanned::new(content.get(sign.len_utf8()..)?.into(), span))
    }

    /// Whether a word certainly ends where it seems to, as a comma, a bracket or a line break follows: it
    /// is neither one of several words nor the start of an [unopened](Self::unopened) string.
    fn is_delimited(&self, span: Span) -> bool {
        let next = self.source.text().as_bytes().get(span.end as usize);
        next.is_some_and(|next| b",}]\n".contains(next))
    }

    /// The value of a member, read together with the digits after a comma: in an object they are neither an entry nor a key.
    pub(super) fn with_decimal_comma(&mut self, value: Node) -> Node {
        let end = value.span.end as usize;
        if !matches!(value.kind, Kind::Number(_)) || self.next.span.start as usize != end {
            return value;
        }
        let Some(end) = commas::number_end(self.source.text(), end) else { return value };
        while (self.next.span.start as usize) < end {
            self.advance();
        }
        let span = Span { end: self.previous_end as u32, ..value.span };
        let (diagnostic, kind) = commas::diagnostic(self.text(span), span);
        self.report(diagnostic);
        Node { span, kind }
    }

    /// Consumes the words that follow on the same line, and returns the location of all.
    fn words(&mut self, first: Span) -> Span {
        let mut last = first;
        loop {
            let gap = Span { start: last.end, end: self.next.span.start };
            let is_near = self.next.kind == TokenKind::Word
                && !self.text(gap).contains(['\n', '/', '#'])
                && !self.begins_noise();
            if !is_near || self.after_next().kind == TokenKind::Colon {
                return first.to(last);
            }
            last = self.advance().span;
        }
    }
}

/// Whether a text has a sign that a string without its opening quote may not have.
fn has_sign(content: &str) -> bool {
    let behind = content.strip_prefix('\'').unwrap_or(content);
    content.contains(['{', '}', '[', ']', ',', '\\']) || behind.contains('\'')
}

fn number_error(word: &str, span: Span) -> Diagnostic {
    let diagnostic = Diagnostic::new(&codes::BAD_NUMBER, span, format!("invalid number `{word}`"));
    let bare = word.strip_prefix('+').unwrap_or(word);
    if is_json_number(bare) {
        return diagnostic.help("a number has no `+` sign").safe_edit(span, bare);
    }
    let trimmed = bare.trim_start_matches('0');
    if bare.starts_with('0') && is_json_number(trimmed) {
        return diagnostic
            .help("a number has no leading zeros; write a string to keep them")
            .likely_edit(span, trimmed);
    }
    let plain = match bare.replace('_', "") {
        digits if digits.starts_with('.') => format!("0{digits}"),
        digits => digits,
    };
    if is_json_number(&plain) {
        return diagnostic.likely_edit(span, plain);
    }
    diagnostic.help("write text in double quotes")
}

/// The diagnostic for an error in a string whose content starts at `base`. `has_escapes`: those with letters, as in
/// [`strings::has_letter_escape`].
fn string_error(error: StringError, base: usize, source: &Source, has_escapes: bool) -> Diagnostic {
    match error {
        StringError::BadEscape(range) => {
            let span = Span::new(base + range.start, base + range.end);
            let written = source.slice(span);
            let found = |what: &str| {
                Diagnostic::new(&codes::BAD_STRING, span, format!("unknown escape {what}"))
            };
            match written {
                r"\'" => found(r"`\'`").help("a `'` needs no escape").safe_edit(span, "'"),
                "\\\n" | "\\\r" => found("of a line break")
                    .help("write a line break as `\\n`, or the string in one line"),
                _ => {
                    let place = Span::at(base + range.start);
                    let found = found(&format!("`{written}`")).help("write a backslash as `\\\\`");
                    match has_escapes {
                        true => found.likely_edit(place, "\\"),
                        false => found.safe_edit(place, "\\"),
                    }
                }
            }
        }
        StringError::BadUnicode(range) => {
            let span = Span::new(base + range.start, base + range.end);
            let message = "invalid Unicode escape";
            Diagnostic::new(&codes::BAD_STRING, span, message)
                .help("`\\u` requires four hexadecimal digits; a character above U+FFFF is a pair of escapes")
        }
        StringError::Control(range, control) => {
            let span = Span::new(base + range.start, base + range.end);
            let escape = match control {
                '\t' => "\\t".to_owned(),
                '\r' => "\\r".to_owned(),
                other => format!("\\u{:04x}", other as u32),
            };
            let message = "unescaped control character in a string";
            Diagnostic::new(&codes::BAD_STRING, span, message).safe_edit(span, escape)
        }
    }
}
