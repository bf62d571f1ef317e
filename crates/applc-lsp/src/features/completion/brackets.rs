//! Finds the caret in JSON, and in YAML in brackets.

use std::ops::Range;

use super::cursor::{Cursor, Slot, Step, Style, word_end};

/// What is in brackets that are open.
struct Level {
    id: usize,
    kind: Kind,
    state: State,
    members: Vec<(String, String)>,
}

enum Kind {
    Object { key: Option<String> },
    Array { index: usize },
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Key,
    Colon,
    Value,
    Comma,
}

/// A token that is no bracket.
struct Token<'t> {
    range: Range<usize>,
    text: &'t str,
    is_quoted: bool,
    is_closed: bool,
}

/// What was found in brackets.
pub struct Found {
    /// The caret, if it is in there.
    pub cursor: Option<Cursor>,
    /// Where the brackets end.
    pub end: usize,
}

/// Reads JSON, or YAML in brackets, from an index on, up to the end of its first value.
pub fn find(text: &str, start: usize, caret: usize, style: Style) -> Found {
    Scan {
        text,
        caret,
        style,
        at: start,
        levels: Vec::new(),
        found: None,
        owner: None,
        count: 0,
        last: start,
        is_done: false,
    }
    .run()
}

struct Scan<'t> {
    text: &'t str,
    caret: usize,
    style: Style,
    at: usize,
    levels: Vec<Level>,
    found: Option<Cursor>,
    /// The object around the caret.
    owner: Option<usize>,
    count: usize,
    /// The end of the last token.
    last: usize,
    is_done: bool,
}

impl<'t> Scan<'t> {
    fn run(mut self) -> Found {
        let mut is_passed = false;
        loop {
            let is_open = self.skip();
            if !is_passed && !self.is_done && self.caret <= self.at && !is_open {
                is_passed = true;
                // A caret that touches a word, or is in a string, is at that token.
                let is_at_word = self.caret == self.at && self.peek().is_some_and(is_of_word);
                if !is_at_word {
                    self.record(None);
                }
            }
            if is_open || self.is_done {
                break;
            }
            let Some(next) = self.peek() else { break };
            match next {
                '{' => self.open(Kind::Object { key: None }, State::Key),
                '[' => self.open(Kind::Array { index: 0 }, State::Value),
                '}' | ']' => self.close(),
                ',' => self.comma(),
                ':' => {
                    self.at += 1;
                    if let Some(level) = self.levels.last_mut() {
                        level.state = State::Value;
                    }
                }
                _ => {
                    let token = self.token();
                    let is_inside = match token.is_closed {
                        true => token.range.start < self.caret && self.caret < token.range.end,
                        false => token.range.start <= self.caret && self.caret <= token.range.end,
                    };
                    let is_mine = is_inside && self.found.is_none();
                    if is_mine {
                        is_passed = true;
                        self.record(Some(&token));
                    }
                    self.take(&token, is_mine);
                }
            }
            self.last = self.at;
        }
        while !self.levels.is_empty() {
            self.leave();
        }
        // What follows the last bracket is no part of the value, nor is the whitespace before it.
        let end = if self.is_done { self.last } else { self.at };
        Found { cursor: self.found, end }
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    /// Skips whitespace and comments. Returns whether the caret is in a comment.
    fn skip(&mut self) -> bool {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            self.at += rest.len() - rest.trim_start().len();
            let rest = rest.trim_start();
            let is_yaml = self.style == Style::Flow;
            let starts_line = if is_yaml { "#" } else { "//" };
            let end = if rest.starts_with(starts_line) {
                rest.find('\n').unwrap_or(rest.len())
            } else if !is_yaml && rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                return false;
            };
            if self.at < self.caret && self.caret <= self.at + end {
                return true;
            }
            self.at += end;
        }
    }

    fn token(&mut self) -> Token<'t> {
        let start = self.at;
        let rest = self.text.get(start..).unwrap_or_default();
        let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some(quote) = quote else {
            let end = match self.style {
                Style::Flow => plain_end(rest),
                _ => rest.find(|c: char| !is_of_word(c)).unwrap_or(rest.len()),
            };
            // What is no token at all is skipped.
            let end = end.max(rest.chars().next().map_or(0, char::len_utf8));
            self.at = start + end;
            let text = rest.get(..end).unwrap_or_default();
            return Token { range: start..self.at, text, is_quoted: false, is_closed: false };
        };
        let mut escaped = false;
        for (index, c) in rest.char_indices().skip(1) {
            match c {
                '\n' | '\r' => break,
                _ if escaped => escaped = false,
                '\\' if quote == '"' => escaped = true,
                _ if c == quote => {
                    self.at = start + index + 1;
                    let text = rest.get(1..index).unwrap_or_default();
                    let range = start..self.at;
                    return Token { range, text, is_quoted: true, is_closed: true };
                }
                _ => {}
            }
        }
        // Without the other quote, it is what is typed so far.
        let end = match self.caret > start
            && !self.text.get(start..self.caret).unwrap_or("\n").contains('\n')
        {
            true => word_end(self.text, self.caret),
            false => start + rest.find(['\n', '\r']).unwrap_or(rest.len()),
        };
        self.at = end;
        let text = self.text.get(start + 1..end).unwrap_or_default();
        Token { range: start..end, text, is_quoted: true, is_closed: false }
    }

    fn open(&mut self, kind: Kind, state: State) {
        self.at += 1;
        self.count += 1;
        self.levels.push(Level { id: self.count, kind, state, members: Vec::new() });
    }

    fn close(&mut self) {
        self.at += 1;
        self.leave();
        match self.levels.last_mut() {
            Some(level) => level.state = State::Comma,
            None => self.is_done = true,
        }
    }

    fn leave(&mut self) {
        let Some(level) = self.levels.pop() else { return };
        if self.owner == Some(level.id)
            && let Some(found) = &mut self.found
        {
            found.siblings = level.members;
        }
    }

    fn comma(&mut self) {
        self.at += 1;
        let Some(level) = self.levels.last_mut() else { return };
        match &mut level.kind {
            Kind::Object { key } => {
                *key = None;
                level.state = State::Key;
            }
            Kind::Array { index } => {
                *index += 1;
                level.state = State::Value;
            }
        }
    }

    /// Takes a token in.
    fn take(&mut self, token: &Token<'_>, is_mine: bool) {
        let Some(level) = self.levels.last_mut() else {
            self.is_done = true;
            return;
        };
        let Kind::Object { key } = &mut level.kind else {
            level.state = State::Comma;
            return;
        };
        if level.state == State::Value {
            if let Some(last) =
                level.members.last_mut().filter(|(name, _)| Some(name) == key.as_ref())
            {
                token.text.clone_into(&mut last.1);
            }
            level.state = State::Comma;
        } else {
            *key = Some(token.text.to_owned());
            if !is_mine {
                level.members.push((token.text.to_owned(), String::new()));
            }
            level.state = State::Colon;
        }
    }

    /// Keeps the place of the caret: at a token, or where one could be.
    fn record(&mut self, token: Option<&Token<'_>>) {
        let mut steps = Vec::new();
        for level in &self.levels {
            steps.push(match &level.kind {
                Kind::Object { key } => Step::Key(key.clone().unwrap_or_default()),
                Kind::Array { index } => Step::Item(*index),
            });
        }
        let range = token.map_or(self.caret..self.caret, |token| token.range.clone());
        let after = self.text.get(range.end..).unwrap_or_default().trim_start();
        let mut comma_before = None;
        let slot = match self.levels.last() {
            None => Slot::Value,
            Some(Level { kind: Kind::Array { .. }, state, .. }) => {
                if *state == State::Comma {
                    return;
                }
                Slot::Value
            }
            Some(Level { state: State::Value, .. }) => Slot::Value,
            Some(Level { state: State::Colon, .. }) if token.is_none() => return,
            Some(Level { state, .. }) => {
                steps.pop();
                comma_before = (*state == State::Comma).then_some(self.last);
                Slot::Key { has_colon: after.starts_with(':') }
            }
        };
        let owner =
            self.levels.iter().rev().find(|level| matches!(level.kind, Kind::Object { .. }));
        self.owner = owner.map(|level| level.id);
        let is_quoted = token.is_some_and(|token| token.is_quoted);
        let start = range.start + usize::from(is_quoted);
        self.found = Some(Cursor {
            steps,
            slot,
            typed: self.text.get(start..self.caret).unwrap_or_default().to_owned(),
            token: range,
            is_quoted,
            siblings: Vec::new(),
            style: self.style,
            comma_before,
            comma_after: !self.levels.is_empty() && after.starts_with(['"', '{', '[']),
        });
    }
}

/// The end of a word of YAML in brackets: a colon inside it, as in `http://a:80`, is part of it, and so is a quote.
fn plain_end(text: &str) -> usize {
    let ends = |(at, c): &(usize, char)| match c {
        ':' => text.get(at + 1..).is_none_or(|rest| {
            rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || ",[]{}".contains(c))
        }),
        '"' | '\'' => false,
        c => !is_of_word(*c),
    };
    text.char_indices().find(ends).map_or(text.len(), |(at, _)| at)
}

/// Whether a character is part of a token without quotes.
fn is_of_word(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '{' | '}' | '[' | ']' | ',' | ':' | '"' | '\'')
}
