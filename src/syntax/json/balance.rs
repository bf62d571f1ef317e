//! Which brackets are missing, and which there are too many of, by the columns of lines: a bracket that opens at the end of a
//! line is closed at the start of one in the same column, and what is between is further in.
//!
//! That may be otherwise in any document, so that the changes only explain an error if nothing is left of it with them.

use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span};
use crate::syntax::lexer::{Change, Lexer, Token, TokenKind};

/// Maximum number of changes that explain a document: with more of them, its columns say nothing.
const MOST: usize = 8;

/// A bracket that is missing, or one too many.
pub struct Balance {
    /// What to read in other words.
    pub changes: Vec<Change>,
    /// A finding for each of them.
    pub findings: Vec<Diagnostic>,
    /// Whether a bracket that opens is there twice, which the parser takes for one that is not closed.
    pub has_doubled: bool,
}

/// Finds the brackets of a source that are missing or too many. `None` if its columns do not say.
pub fn find(source: &Source) -> Option<Balance> {
    let mut lexer = Lexer::new(source.text(), source.content_start());
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next_token();
        if token.kind == TokenKind::End {
            break;
        }
        tokens.push(token);
    }
    let balance = Balance { changes: Vec::new(), findings: Vec::new(), has_doubled: false };
    let excess = |kind: TokenKind| {
        let count = |kind| tokens.iter().filter(|token| token.kind == kind).count();
        count(kind).saturating_sub(count(other(kind)))
    };
    let excess = (excess(TokenKind::OpenBrace), excess(TokenKind::OpenBracket));
    let mut scan = Scan { source, tokens, excess, open: Vec::new(), lines: Vec::new(), balance };
    for at in 0..scan.tokens.len() {
        scan.token(at)?;
    }
    while let Some(open) = scan.open.last().copied()
        && scan.is_doubled(open, scan.tokens.len())
    {
        scan.doubled(open.index + 1)?;
        scan.open.pop();
    }
    let is_explained = scan.open.is_empty() && !scan.balance.changes.is_empty();
    // Those of brackets that open are found when they are not closed.
    scan.balance.changes.sort_by_key(Change::offset);
    is_explained.then_some(scan.balance)
}

/// An open bracket.
#[derive(Clone, Copy)]
struct Open {
    token: Token,
    /// The index of the token.
    index: usize,
    /// The index of the bracket that closes one of the same kind directly behind it.
    inner: Option<usize>,
    /// The width of the indentation of its line.
    column: usize,
    /// Whether it ends its line.
    is_last: bool,
}

/// A line: the index of its first token, and the width of its indentation.
#[derive(Clone, Copy)]
struct Line {
    first: usize,
    column: usize,
}

struct Scan<'s> {
    source: &'s Source,
    tokens: Vec<Token>,
    /// How many more braces and brackets open than close.
    excess: (usize, usize),
    open: Vec<Open>,
    /// The lines up to the current one.
    lines: Vec<Line>,
    balance: Balance,
}

fn opens(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::OpenBrace | TokenKind::OpenBracket)
}

fn closes(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::CloseBrace | TokenKind::CloseBracket)
}

/// The bracket on the other side.
fn other(kind: TokenKind) -> TokenKind {
    match kind {
        TokenKind::OpenBrace => TokenKind::CloseBrace,
        TokenKind::OpenBracket => TokenKind::CloseBracket,
        TokenKind::CloseBrace => TokenKind::OpenBrace,
        _ => TokenKind::OpenBracket,
    }
}

fn sign(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::OpenBrace => "{",
        TokenKind::OpenBracket => "[",
        TokenKind::CloseBrace => "}",
        _ => "]",
    }
}

impl Scan<'_> {
    fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    fn before(&self, at: usize) -> Option<Token> {
        self.tokens.get(at.checked_sub(1)?).copied()
    }

    /// The width of the indentation of a token that starts a line.
    fn column_of(&self, at: usize) -> Option<usize> {
        let start = self.tokens.get(at)?.span.range().start;
        let from = self.before(at).map_or(0, |before| before.span.range().end);
        let gap = self.source.text().get(from..start)?;
        match gap.rfind('\n') {
            Some(end) => Some(gap.len() - end - 1),
            None => (at == 0).then_some(gap.len()),
        }
    }

    /// Reads the token at an index. `None` if there is no explanation.
    fn token(&mut self, at: usize) -> Option<()> {
        let token = *self.tokens.get(at)?;
        let column = self.column_of(at);
        if self.opens_again(token, at, column) {
            return self.doubled(at);
        }
        if let Some(column) = column {
            self.lines.push(Line { first: at, column });
            // What is not further in than the line of a bracket is not inside it.
            while let Some(open) = self.open.last().copied()
                && (open.column > column || (open.column == column && !closes(token.kind)))
            {
                match self.is_doubled(open, at) {
                    true => self.doubled(open.index + 1)?,
                    false => self.missing_closer(open, at)?,
                }
                self.open.pop();
            }
        }
        if opens(token.kind) {
            let column = self.lines.last()?.column;
            let is_last = self.column_of(at + 1).is_some();
            self.open.push(Open { token, index: at, inner: None, column, is_last });
        } else if closes(token.kind) {
            return self.closer(token, at, column);
        } else if token.kind == TokenKind::Colon {
            return self.colon(at);
        }
        Some(())
    }

    /// Reads a colon: an array has no keys.
    fn colon(&mut self, at: usize) -> Option<()> {
        let (Some(open), Some(key)) = (self.open.last().copied(), at.checked_sub(1)) else {
            return Some(());
        };
        if open.token.kind != TokenKind::OpenBracket {
            return Some(());
        }
        // On other lines, columns say more; and a list that starts with a key lacks another bracket.
        let is_behind_items = self.lines.last()?.first <= open.index
            && key > open.index + 1
            && self.kind(open.index + 2) != Some(TokenKind::Colon)
            && self.kind(key) == Some(TokenKind::String)
            && self.before(key).is_some_and(|before| before.kind == TokenKind::Comma);
        if self.is_doubled(open, key) {
            self.doubled(open.index + 1)?;
        } else if is_behind_items {
            self.missing_closer(open, key)?;
        } else {
            return Some(());
        }
        self.open.pop();
        Some(())
    }

    /// Whether a bracket certainly opens what the one before it opens: an object has no key that is one, and a list has its
    /// first item further in.
    fn opens_again(&self, token: Token, at: usize, column: Option<usize>) -> bool {
        let is_again = self.before(at).is_some_and(|before| before.kind == token.kind);
        let open = || self.open.last().filter(|open| open.index + 1 == at);
        match token.kind {
            TokenKind::OpenBrace => is_again && self.excess.0 > 0,
            TokenKind::OpenBracket => {
                is_again
                    && self.excess.1 > 0
                    && column.is_some()
                    && open().map(|open| open.column) == column
            }
            _ => false,
        }
    }

    /// Whether all that is between an open bracket and the token at an index is what one of the same kind directly behind it
    /// holds.
    fn is_doubled(&self, open: Open, at: usize) -> bool {
        open.inner.is_some_and(|inner| {
            let is_comma = self.kind(inner + 1) == Some(TokenKind::Comma);
            inner + 1 == at || (is_comma && inner + 2 == at)
        })
    }

    /// Closes the innermost open bracket with the token at an index.
    fn pop(&mut self, at: usize) -> Option<Open> {
        let closed = self.open.pop()?;
        if let Some(around) = self.open.last_mut()
            && around.index + 1 == closed.index
            && around.token.kind == closed.token.kind
        {
            around.inner = Some(at);
        }
        Some(closed)
    }

    /// Reads a closing bracket, which starts a line if it has a column.
    fn closer(&mut self, token: Token, at: usize, column: Option<usize>) -> Option<()> {
        let is_same = |open: Open| open.token.kind == other(token.kind);
        while let Some(open) = self.open.last().copied()
            && !is_same(open)
            && self.is_doubled(open, at)
        {
            self.doubled(open.index + 1)?;
            self.open.pop();
        }
        let open = self.open.last().copied();
        let Some(column) = column else {
            if let Some(place) = self.entries_before(token, open) {
                return self.missing_opener(place, at);
            }
            // What ends a line is closed at the start of one.
            let follows = self.before(at).is_some_and(|before| closes(before.kind));
            if follows && open.is_none_or(|open| open.is_last) {
                return self.surplus(token, at);
            }
            return self.pop(at).filter(|open| is_same(*open)).map(|_| ());
        };
        if open.is_some_and(|open| open.column == column) {
            return self.pop(at).filter(|open| is_same(*open)).map(|_| ());
        }
        // The lines that it closes are those above that are further in.
        let (_, above) = self.lines.split_last()?;
        let outer = above.iter().rposition(|line| line.column <= column);
        let first = above.get(outer.map_or(0, |outer| outer + 1)).map(|line| line.first);
        match first {
            Some(first) if self.before(first).is_none_or(|before| self.precedes_entry(before)) => {
                self.missing_opener(first, at)
            }
            None => self.surplus(token, at),
            _ => None,
        }
    }

    /// Whether an entry or a value is behind a token.
    fn precedes_entry(&self, token: Token) -> bool {
        matches!(token.kind, TokenKind::Colon | TokenKind::Comma | TokenKind::OpenBracket)
    }

    /// The index of the first of the entries on the line of a closing bracket that no bracket opens: behind the key of all.
    fn entries_before(&self, closer: Token, open: Option<Open>) -> Option<usize> {
        let line = self.lines.last()?;
        let is_above = |open: Open| {
            self.tokens.get(line.first).is_some_and(|first| open.token.span < first.span)
        };
        if !open.is_none_or(is_above) {
            return None;
        }
        let key = self.kind(line.first)?;
        let colon = self.kind(line.first + 1)?;
        let place = line.first + 2;
        let has_entries = self.kind(place)? == TokenKind::String
            && match closer.kind {
                TokenKind::CloseBrace => self.kind(place + 1)? == TokenKind::Colon,
                _ => self.kind(place + 1)? == TokenKind::Comma,
            };
        (key == TokenKind::String && colon == TokenKind::Colon && has_entries).then_some(place)
    }

    fn change(&mut self, changes: &[Change], diagnostic: Diagnostic) -> Option<()> {
        self.balance.changes.extend(changes);
        self.balance.findings.push(diagnostic);
        (self.balance.findings.len() <= MOST).then_some(())
    }

    /// The bracket that closes an open one is missing before the token at an index.
    fn missing_closer(&mut self, open: Open, at: usize) -> Option<()> {
        let next = *self.tokens.get(at)?;
        let comma = self.before(at).filter(|token| token.kind == TokenKind::Comma);
        let before = if comma.is_some() { at.checked_sub(1)? } else { at };
        let is_comma = next.kind == TokenKind::Comma;
        let place = match is_comma {
            // The bracket was at the start of this line.
            true => next.span.range().start,
            false => self.before(before)?.span.range().end,
        };
        let kind = other(open.token.kind);
        let is_entry = !closes(next.kind) && !is_comma && comma.is_none();
        let text = format!("{}{}", sign(kind), if is_entry { "," } else { "" });
        let index = Span::at(self.tokens.get(before)?.span.range().start);
        let mut changes = vec![Change::Put { before: index.start, kind, place: Span::at(place) }];
        if is_entry {
            let kind = TokenKind::Comma;
            changes.push(Change::Put { before: index.start, kind, place: Span::at(place) });
        }
        let message = format!("unclosed `{}`", sign(open.token.kind));
        let found = Diagnostic::new(&codes::UNCLOSED, open.token.span, message)
            .also(Span::at(place), format!("expected `{}` here", sign(kind)))
            .also(next.span, "before this")
            .likely_edit(Span::at(place), text);
        self.change(&changes, found)
    }

    /// The bracket that the one at `closer` closes is missing before the token at an index.
    fn missing_opener(&mut self, at: usize, closer: usize) -> Option<()> {
        let (first, closer) = (*self.tokens.get(at)?, *self.tokens.get(closer)?);
        let place = match self.before(at) {
            Some(before) => Span::at(before.span.range().end),
            None => Span::at(first.span.range().start),
        };
        let kind = other(closer.kind);
        let space = if self.before(at).is_some() { " " } else { "" };
        let message = format!("missing `{}`", sign(kind));
        let found = Diagnostic::new(&codes::UNCLOSED, place, message)
            .label(format!("expected `{}` here", sign(kind)))
            .also(closer.span, "which this would close")
            .likely_edit(place, format!("{space}{}", sign(kind)));
        self.change(&[Change::Put { before: first.span.start, kind, place }], found)
    }

    /// The bracket at an index opens what the one before it opens.
    fn doubled(&mut self, at: usize) -> Option<()> {
        let (before, token) = (self.before(at)?, *self.tokens.get(at)?);
        let gap = Span { start: before.span.end, end: token.span.start };
        // With the line that it is on.
        let edit = match self.source.slice(gap).trim().is_empty() {
            true => Span { start: gap.start, ..token.span },
            false => token.span,
        };
        let excess = match token.kind {
            TokenKind::OpenBrace => &mut self.excess.0,
            _ => &mut self.excess.1,
        };
        *excess = excess.saturating_sub(1);
        self.balance.has_doubled = true;
        let message = format!("unexpected second `{}`", sign(token.kind));
        let found = Diagnostic::new(&codes::UNCLOSED, token.span, message)
            .help("remove it: what it opens is open already")
            .likely_edit(edit, "");
        self.change(&[Change::Skip(token.span)], found)
    }

    /// The closing bracket at an index is one too many.
    fn surplus(&mut self, token: Token, at: usize) -> Option<()> {
        let before = self.before(at)?;
        let comma = self.tokens.get(at + 1).filter(|next| next.kind == TokenKind::Comma);
        // One comma is enough.
        let last = match comma {
            Some(comma) if before.kind == TokenKind::Comma => comma.span,
            _ => token.span,
        };
        let whole = token.span.to(last);
        let gap = Span { start: before.span.end, end: token.span.start };
        let edit = match self.source.slice(gap).trim().is_empty() {
            // With the line that it is on.
            true => Span { start: gap.start, ..whole },
            false => whole,
        };
        let message = format!("unexpected `{}`", sign(token.kind));
        let found = match self.open.is_empty() {
            true => Diagnostic::new(&codes::TRAILING_CONTENT, token.span, message)
                .also(before.span, "the document ends here"),
            false => Diagnostic::new(&codes::UNCLOSED, token.span, message),
        };
        let found = found
            .help("remove it, or find a bracket above that is closed too early")
            .likely_edit(edit, "");
        self.change(&[Change::Skip(whole)], found)
    }
}
