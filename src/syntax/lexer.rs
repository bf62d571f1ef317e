//! Splits JSON text into tokens. Comments are skipped and recorded; the lexer accepts any input.

use super::{looks_like_space, quotes};
use crate::source::Span;

/// A kind of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// A string in double quotes.
    String,
    /// A string in single quotes.
    SingleQuoted,
    /// A string in typographic quotes, as word processors write them.
    CurlyQuoted,
    /// A string without a closing quote. Its end is guessed from the end of its line.
    Unterminated,
    /// A string with unescaped line breaks.
    MultiLine,
    /// Any other text up to whitespace, a bracket, a comma, a colon or a quote.
    Word,
    /// The end of the text.
    End,
}

/// A token and its location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// The kind of token.
    pub kind: TokenKind,
    /// The location, quotes included.
    pub span: Span,
    /// Whether it is a string in double quotes whose value is the text between them.
    pub is_plain: bool,
}

/// Maximum length in characters of a string in curly quotes, which JSON does not have.
const MAX_QUOTED: usize = 1_000;

/// A token that is read in addition to those of a text, or a part of it that is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A token of no length at a place, which is read before the one that starts at an offset.
    Put { before: u32, kind: TokenKind, place: Span },
    /// Tokens that are skipped.
    Skip(Span),
}

impl Change {
    /// The offset of the token before which the change is.
    pub fn offset(&self) -> usize {
        match self {
            Change::Put { before, .. } => *before as usize,
            Change::Skip(span) => span.range().start,
        }
    }
}

/// Splits a text into tokens.
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// The changes of the text, in its order, and how many of them are behind.
    changes: &'a [Change],
    changed: usize,
    /// The first comment.
    pub first_comment: Option<Span>,
    /// Whitespace that JSON does not have, such as no-break spaces in pasted text.
    pub non_json_whitespace: Vec<Span>,
    /// An unterminated `/*`.
    pub open_comment: Option<Span>,
}

impl<'a> Lexer<'a> {
    /// Creates a lexer that starts at the byte `start` of `text`.
    pub fn new(text: &'a str, start: usize) -> Self {
        Lexer {
            text,
            at: start,
            changes: &[],
            changed: 0,
            first_comment: None,
            non_json_whitespace: Vec::new(),
            open_comment: None,
        }
    }

    /// The lexer with these changes of the text, in its order.
    pub fn with_changes(self, changes: &'a [Change]) -> Self {
        Lexer { changes, ..self }
    }

    /// Returns the next token. At the end, always [`TokenKind::End`].
    pub fn next_token(&mut self) -> Token {
        self.skip_blank();
        while let Some(change) = self.changes.get(self.changed).filter(|c| c.offset() <= self.at) {
            self.changed += 1;
            match *change {
                Change::Put { kind, place, .. } => {
                    return Token { kind, span: place, is_plain: false };
                }
                Change::Skip(span) => {
                    self.at = self.at.max(span.range().end);
                    self.skip_blank();
                }
            }
        }
        let start = self.at;
        let mut is_plain = false;
        let kind = match self.text.as_bytes().get(start) {
            None => TokenKind::End,
            Some(b'{') => self.single(TokenKind::OpenBrace),
            Some(b'}') => self.single(TokenKind::CloseBrace),
            Some(b'[') => self.single(TokenKind::OpenBracket),
            Some(b']') => self.single(TokenKind::CloseBracket),
            Some(b':') => self.single(TokenKind::Colon),
            Some(b',') => self.single(TokenKind::Comma),
            Some(b'"') => match self.plain_length() {
                Some(length) => {
                    self.at += length;
                    is_plain = true;
                    TokenKind::String
                }
                None => self.string(),
            },
            Some(b'\'') => self.single_quoted(),
            Some(_) => self.curly_quoted().unwrap_or_else(|| self.word()),
        };
        Token { kind, span: Span::new(start, self.at), is_plain }
    }

    /// Returns the next token without consuming it.
    pub fn peek(&self) -> Token {
        let changed = self.changed;
        Lexer { changed, ..Lexer::new(self.text, self.at).with_changes(self.changes) }.next_token()
    }

    /// Continues at the byte `at`, and discards what was recorded since `start`.
    pub fn restart(&mut self, start: usize, at: usize) {
        let before = |span: &Span| (span.start as usize) < start;
        self.first_comment = self.first_comment.filter(before);
        self.open_comment = self.open_comment.filter(before);
        self.non_json_whitespace.retain(before);
        self.at = at;
        self.changed = self.changes.partition_point(|change| change.offset() < at);
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn single(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    /// The length with both quotes of a string without escapes and control characters.
    fn plain_length(&self) -> Option<usize> {
        let content = self.text.as_bytes().get(self.at + 1..)?;
        let end = content.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..b' '))?;
        (content.get(end) == Some(&b'"')).then_some(end + 2)
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let is_blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\r' | b'\t');
            self.at += rest.iter().position(|byte| !is_blank(byte)).unwrap_or(rest.len());
            // Neither a comment nor other whitespace starts with a visible ASCII character.
            if self
                .text
                .as_bytes()
                .get(self.at)
                .is_some_and(|b| matches!(b, b'!'..=b'~' if *b != b'/' && *b != b'#'))
            {
                return;
            }
            let trimmed = self.rest();
            let other = trimmed.len() - trimmed.trim_start_matches(looks_like_space).len();
            if other > 0 {
                self.non_json_whitespace.push(Span::new(self.at, self.at + other));
                self.at += other;
                continue;
            }
            let length = if trimmed.starts_with("//") || trimmed.starts_with('#') {
                trimmed.find('\n').unwrap_or(trimmed.len())
            } else if trimmed.starts_with("/*") {
                match trimmed.get(2..).and_then(|inside| inside.find("*/")) {
                    Some(end) => end + 4,
                    None => {
                        self.open_comment = Some(Span::new(self.at, self.at + 2));
                        trimmed.len()
                    }
                }
            } else {
                return;
            };
            let span = Span::new(self.at, self.at + length);
            self.first_comment.get_or_insert(span);
            self.at += length;
        }
    }

    fn string(&mut self) -> TokenKind {
        let rest = self.rest();
        let quoted = quoted_length(rest, b'"');
        if let Some(length) = quoted.filter(|length| is_one_line(rest, *length)) {
            self.at += length;
            return TokenKind::String;
        }
        let line = rest.get(..line_length(rest)).unwrap_or(rest);
        // Either the closing quote is missing, or the string continues on the next lines. It
        // continues if its next quote is followed by a token that can follow a string.
        if let Some(length) = quoted {
            let after = rest.get(length..).unwrap_or("").trim_start();
            let closes = after.is_empty() || after.starts_with([',', ':', '}', ']']);
            let cut = line.trim_end().ends_with([',', ':', '{', '[', '}', ']']);
            if closes && !cut {
                self.at += length;
                return TokenKind::MultiLine;
            }
        }
        let content = line.trim_end().trim_end_matches([',', '}', ']']).trim_end();
        self.at += content.len().max(1);
        TokenKind::Unterminated
    }

    fn single_quoted(&mut self) -> TokenKind {
        let rest = self.rest();
        match quoted_length(rest, b'\'').filter(|length| is_one_line(rest, *length)) {
            Some(length) => {
                self.at += length;
                TokenKind::SingleQuoted
            }
            None => self.word(),
        }
    }

    fn curly_quoted(&mut self) -> Option<TokenKind> {
        let rest = self.rest();
        let closes = quotes::closes(rest.chars().next()?)?;
        let line = rest.char_indices().take(MAX_QUOTED).take_while(|(_, c)| *c != '\n');
        let (end, closer) = line.skip(1).find(|(_, c)| closes(*c))?;
        self.at += end + closer.len_utf8();
        Some(TokenKind::CurlyQuoted)
    }

    fn word(&mut self) -> TokenKind {
        // A word of ASCII characters, as every number is.
        let bytes = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let is_inside = |byte: &u8| matches!(byte, b'!'..=b'~') && !b"{}[]:,\"".contains(byte);
        let length = bytes.iter().position(|byte| !is_inside(byte)).unwrap_or(bytes.len());
        let is_end = bytes
            .get(length)
            .is_none_or(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r' | b'\t'));
        if length > 0 && is_end {
            self.at += length;
            return TokenKind::Word;
        }
        let rest = self.rest();
        let ends = |c: char| c.is_whitespace() || "{}[]:,\"".contains(c);
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let length = rest.get(first..).and_then(|tail| tail.find(ends)).map(|at| at + first);
        self.at += length.unwrap_or(rest.len());
        TokenKind::Word
    }
}

/// Whether the first `length` bytes contain no line break. Only these bytes are searched, since
/// a line may be the whole document.
fn is_one_line(text: &str, length: usize) -> bool {
    text.get(..length).is_some_and(|part| !part.contains('\n'))
}

/// The length of the first line of `text`, without its line break.
fn line_length(text: &str) -> usize {
    let end = text.find('\n').unwrap_or(text.len());
    text.get(..end).map_or(end, |line| line.trim_end_matches('\r').len())
}

/// The length of the quoted string at the start of `text`, including both quotes. `None` if it
/// is unterminated.
fn quoted_length(text: &str, quote: u8) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            _ if byte == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}
