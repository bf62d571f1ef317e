//! JSON text to tokens. Comments are skipped and remembered; nothing is refused here.

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
    /// A string in quotes that a word processor makes of straight ones.
    CurlyQuoted,
    /// A string whose closing quote is missing; it was taken to end before the line does.
    Unterminated,
    /// A string that runs over line breaks, which must be escapes.
    MultiLine,
    /// Anything else up to white space, a bracket, a comma, a colon or a quote.
    Word,
    /// The end of the text.
    End,
}

/// A token and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it is, quotes included.
    pub span: Span,
}

/// Of a string in quotes that JSON has not, the closing one is looked for in so many
/// characters.
const MOST_QUOTED: usize = 1_000;

/// Cuts a text into tokens.
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// The first comment, if any was met.
    pub first_comment: Option<Span>,
    /// White space that JSON does not have, such as no-break spaces in pasted text.
    pub odd_blanks: Vec<Span>,
    /// A `/*` that is not closed.
    pub open_comment: Option<Span>,
}

impl<'a> Lexer<'a> {
    /// A lexer that starts at the byte `start` of `text`.
    pub fn new(text: &'a str, start: usize) -> Self {
        Lexer { text, at: start, first_comment: None, odd_blanks: Vec::new(), open_comment: None }
    }

    /// The next token; [`TokenKind::End`] for ever at the end.
    pub fn next_token(&mut self) -> Token {
        self.skip_blank();
        let start = self.at;
        let kind = match self.rest().bytes().next() {
            None => TokenKind::End,
            Some(b'{') => self.single(TokenKind::OpenBrace),
            Some(b'}') => self.single(TokenKind::CloseBrace),
            Some(b'[') => self.single(TokenKind::OpenBracket),
            Some(b']') => self.single(TokenKind::CloseBracket),
            Some(b':') => self.single(TokenKind::Colon),
            Some(b',') => self.single(TokenKind::Comma),
            Some(b'"') => self.string(),
            Some(b'\'') => self.single_quoted(),
            Some(_) => self.curly_quoted().unwrap_or_else(|| self.word()),
        };
        Token { kind, span: Span::new(start, self.at) }
    }

    /// The token that will be next.
    pub fn peek(&self) -> Token {
        Lexer::new(self.text, self.at).next_token()
    }

    /// Goes on at the byte `at`: what stands before it, from `start`, is no token of its own.
    pub fn restart(&mut self, start: usize, at: usize) {
        let before = |span: &Span| (span.start as usize) < start;
        self.first_comment = self.first_comment.filter(before);
        self.open_comment = self.open_comment.filter(before);
        self.odd_blanks.retain(before);
        self.at = at;
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn single(&mut self, kind: TokenKind) -> TokenKind {
        self.at += 1;
        kind
    }

    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches([' ', '\n', '\r', '\t']);
            self.at += rest.len() - trimmed.len();
            // What pasted text brings along.
            let odd = trimmed.len() - trimmed.trim_start_matches(is_odd_blank).len();
            if odd > 0 {
                self.odd_blanks.push(Span::new(self.at, self.at + odd));
                self.at += odd;
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
        // Either the closing quote was forgotten, or the string goes on in the next lines.
        // It goes on if its next quote is followed by what may follow a string.
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
        let closers = match rest.chars().next()? {
            '“' | '”' | '„' | '«' => ['“', '”', '»', '"'],
            '‘' | '‚' => ['‘', '’', '’', '’'],
            _ => return None,
        };
        let line = rest.char_indices().take(MOST_QUOTED).take_while(|(_, c)| *c != '\n');
        let (end, closer) = line.skip(1).find(|(_, c)| closers.contains(c))?;
        self.at += end + closer.len_utf8();
        Some(TokenKind::CurlyQuoted)
    }

    fn word(&mut self) -> TokenKind {
        let rest = self.rest();
        let ends = |c: char| c.is_whitespace() || "{}[]:,\"".contains(c);
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let length = rest.get(first..).and_then(|tail| tail.find(ends)).map(|at| at + first);
        self.at += length.unwrap_or(rest.len());
        TokenKind::Word
    }
}

/// Whether a character looks like white space and is none in JSON.
fn is_odd_blank(c: char) -> bool {
    (c.is_whitespace() && !" \n\r\t".contains(c)) || c == '\u{feff}'
}

/// Whether the first `length` bytes have no line break. Only they are looked at: a line may
/// be the whole document.
fn is_one_line(text: &str, length: usize) -> bool {
    text.get(..length).is_some_and(|part| !part.contains('\n'))
}

/// The length of the first line of `text`, without its line break.
fn line_length(text: &str) -> usize {
    let end = text.find('\n').unwrap_or(text.len());
    text.get(..end).map_or(end, |line| line.trim_end_matches('\r').len())
}

/// The length of the quoted string at the start of `text`, with both quotes, if it closes.
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
