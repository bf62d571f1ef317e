//! Parses JSON into a tree, and recovers after each error.

mod balance;
mod brackets;
mod containers;
mod follow;
mod members;
mod noise;
mod scalars;
mod strings;
#[cfg(test)]
mod tests;

pub use strings::segments;

use self::follow::Follow;
use super::lexer::{Change, Lexer, Token, TokenKind};
use super::{
    Kind, MAX_DEPTH, MAX_ENTRIES, Member, Node, Object, SECOND_OBJECT, signs, spaces,
    too_many_entries,
};
use crate::diag::{Diagnostic, Findings, codes};
use crate::source::{Source, Span, Syntax};

/// Parses a JSON document. The tree is `None` if the document contains no value.
///
/// Where a bracket is missing, only the columns of what follows say. They may be anything in a document without such an
/// error, and are only looked at if there is one, and only kept if that explains it.
pub fn parse(source: &Source, syntax: Syntax, findings: &mut Findings) -> Option<Node> {
    let mut found = Findings::new();
    let mut tree = attempt(source, syntax, false, &[], &mut found);
    if brackets(&found) > 0 {
        let mut other = Findings::new();
        let by_columns = attempt(source, syntax, true, &[], &mut other);
        if brackets(&other) <= brackets(&found) && other.len() <= found.len() {
            (tree, found) = (by_columns, other);
        }
    }
    // A single finding is all that is to say, unless it is about a bracket, or the rest of the text is left out.
    let is_cut = found.iter().any(|found| found.code == &codes::TRAILING_CONTENT);
    let mut is_balanced = false;
    if (found.len() > 1 || brackets(&found) > 0)
        && found.has_errors()
        && let Some(balance) = balance::find(source)
    {
        let mut other = Findings::new();
        let balanced = attempt(source, syntax, false, &balance.changes, &mut other);
        let count = other.len() + balance.findings.len();
        let is_better = is_cut || balance.has_doubled;
        if brackets(&other) == 0 && (count < found.len() || (is_better && count == found.len())) {
            other.extend(balance.findings);
            (tree, found) = (balanced, other);
            is_balanced = true;
        }
    }
    if !is_balanced {
        brackets::doubt(&mut found);
    }
    findings.extend(found);
    tree
}

/// What a text with the escapes of a string stands for, as it is between its quotes, over one or several lines. `None` if one
/// is invalid.
pub(super) fn unescaped(text: &str) -> Option<String> {
    let (value, errors) = strings::decode(text);
    let is_break = |error: &strings::StringError| {
        matches!(error, strings::StringError::Control(_, '\n' | '\r' | '\t'))
    };
    errors.iter().all(is_break).then(|| value.into())
}

/// The number of findings about brackets that are missing, or there are too many of.
fn brackets(findings: &Findings) -> usize {
    let codes = [&codes::UNCLOSED, &codes::TRAILING_CONTENT];
    findings.iter().filter(|found| codes.contains(&found.code)).count()
}

fn attempt(
    source: &Source,
    syntax: Syntax,
    by_columns: bool,
    changes: &[Change],
    findings: &mut Findings,
) -> Option<Node> {
    let mut lexer = Lexer::new(source.text(), source.content_start()).with_changes(changes);
    let next = lexer.next_token();
    let mut parser = Parser {
        source,
        lenient: syntax == Syntax::Jsonc,
        by_columns,
        previous_end: next.span.start as usize,
        lexer,
        next,
        open: Vec::new(),
        nodes: Vec::new(),
        members: Vec::new(),
        entries: 0,
        unclosed: Vec::new(),
        sibling: false,
        stray: false,
        findings,
    };
    let tree = parser.document();
    let is_whole = parser.entries <= MAX_ENTRIES;
    if is_whole {
        parser.report_unclosed();
    }
    let first_comment = parser.lexer.first_comment;
    // An unterminated comment is only reported as such.
    let comment = first_comment.filter(|_| parser.lexer.open_comment.is_none());
    let whitespace = std::mem::take(&mut parser.lexer.non_json_whitespace);
    if let Some(open) = parser.lexer.open_comment {
        // The closing brackets are inside the comment.
        findings.retain(|found| found.code.id != codes::UNCLOSED.id);
        findings.push(
            Diagnostic::new(&codes::UNCLOSED, open, "unterminated comment")
                .help("close it with `*/`"),
        );
    }
    findings.extend(spaces::in_json(source, &whitespace));
    if let (Some(span), Syntax::Json) = (comment, syntax) {
        findings
            .push(Diagnostic::new(&codes::COMMENT_IN_JSON, span, "comment in a `.json` file").help(
            "applc accepts comments, other tools may not; use the extension `.jsonc` to allow them",
        ));
    }
    tree.filter(|_| is_whole)
}

struct Parser<'a> {
    source: &'a Source,
    lenient: bool,
    /// Whether an object also ends where the columns of what follows say so.
    by_columns: bool,
    lexer: Lexer<'a>,
    /// The current token, not consumed yet.
    next: Token,
    /// The end of the previous token: the location of a missing token.
    previous_end: usize,
    /// The open brackets, outermost first.
    open: Vec<Token>,
    /// The items so far of the open arrays, outermost first. A closed array takes its own from here, so
    /// that it has exactly the memory that it needs.
    nodes: Vec<Node>,
    /// The members so far of the open objects, outermost first.
    members: Vec<Member>,
    /// Number of entries of arrays and objects so far.
    entries: usize,
    /// Brackets that are open at the end of the text, innermost first, with their closing
    /// brackets.
    unclosed: Vec<(Span, char)>,
    /// Whether the next entry starts a new object, which has been reported.
    sibling: bool,
    /// Whether what was read last is no entry, which has been reported.
    stray: bool,
    findings: &'a mut Findings,
}

/// Removes the entries from the index `start` on.
fn take<T>(entries: &mut Vec<T>, start: usize) -> Box<[T]> {
    match start {
        // Not copied, as this may be most of the document.
        0 => std::mem::take(entries).into_boxed_slice(),
        _ => entries.drain(start..).collect(),
    }
}

impl Parser<'_> {
    fn advance(&mut self) -> Token {
        let next = self.lexer.next_token();
        let taken = std::mem::replace(&mut self.next, next);
        self.previous_end = taken.span.end as usize;
        taken
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.findings.push(diagnostic);
    }

    fn text(&self, span: Span) -> &str {
        self.source.slice(span)
    }

    fn document(&mut self) -> Option<Node> {
        if self.next.kind == TokenKind::End {
            let span = Span::at(self.source.content_start());
            let message = "empty document";
            self.report(
                Diagnostic::new(&codes::EMPTY_DOCUMENT, span, message)
                    .help("an appliance is an object with `id` and `containers`"),
            );
            return None;
        }
        if self.next.kind == TokenKind::Word && self.after_next().kind == TokenKind::Colon {
            let message = format!("expected `{{`, found `{}`", self.text(self.next.span));
            self.report(
                Diagnostic::new(&codes::UNEXPECTED_TOKEN, self.next.span, message)
                    .help("use the extension `.yaml` if the file is YAML"),
            );
            return None;
        }
        let starts = self.next.span;
        let tree = self.value();
        // An unexpected bracket at the very start has been reported.
        if self.next.kind != TokenKind::End && self.next.span != starts {
            let span = self.next.span;
            let last = self.text(tree.span).chars().next_back().map_or(0, char::len_utf8);
            let closes = matches!(self.next.kind, TokenKind::CloseBrace | TokenKind::CloseBracket);
            let diagnostic = if closes {
                let message = format!("unexpected `{}`", self.text(span));
                Diagnostic::new(&codes::TRAILING_CONTENT, span, message)
                    .help("remove it, or find a bracket above that is closed too early")
            } else {
                let message = "content after the end of the document";
                let starts_object = match self.next.kind {
                    TokenKind::Comma => self.after_next().kind == TokenKind::OpenBrace,
                    kind => kind == TokenKind::OpenBrace,
                };
                let help = match starts_object && tree.as_object().is_some() {
                    true => SECOND_OBJECT,
                    false => {
                        "a file contains one appliance; find a bracket above that is closed too early"
                    }
                };
                Diagnostic::new(&codes::TRAILING_CONTENT, span, message).help(help)
            };
            self.report(diagnostic.also(
                Span { start: tree.span.end.saturating_sub(last as u32), end: tree.span.end },
                "the document ends here",
            ));
        }
        Some(tree)
    }

    fn value(&mut self) -> Node {
        let token = self.next;
        match token.kind {
            TokenKind::OpenBrace | TokenKind::OpenBracket => self.nested(),
            // In a truncated file the string may be a key.
            TokenKind::Unterminated if self.after_next().kind == TokenKind::End => {
                Node::broken(self.string().span)
            }
            TokenKind::String
            | TokenKind::SingleQuoted
            | TokenKind::CurlyQuoted
            | TokenKind::Unterminated
            | TokenKind::MultiLine => {
                let text = self.string();
                Node { span: text.span, kind: Kind::String(text.value) }
            }
            TokenKind::Word if self.is_ellipsis() => {
                let span = self.next.span;
                self.ellipsis();
                Node::broken(span)
            }
            TokenKind::Word => self.word(),
            TokenKind::Colon
            | TokenKind::Comma
            | TokenKind::CloseBrace
            | TokenKind::CloseBracket
            | TokenKind::End => {
                let span = Span::at(self.previous_end);
                self.report(
                    Diagnostic::new(&codes::MISSING_VALUE, span, "expected a value")
                        .help("write a string, number, `true`, `false`, `null`, array or object"),
                );
                Node::broken(span)
            }
        }
    }

    fn nested(&mut self) -> Node {
        if self.open.len() >= MAX_DEPTH {
            return self.skip_nested();
        }
        let token = self.advance();
        self.open.push(token);
        let kind = if token.kind == TokenKind::OpenBrace {
            let start = self.members.len();
            let damaged = self.members(token.span);
            let members = take(&mut self.members, start);
            Kind::Object(Object { members, damaged, ..Object::default() })
        } else {
            let start = self.nodes.len();
            self.items(token.span);
            Kind::Array(take(&mut self.nodes, start))
        };
        self.open.pop();
        Node { span: Span::new(token.span.start as usize, self.previous_end), kind }
    }

    /// Skips brackets that are nested too deeply, without recursion.
    fn skip_nested(&mut self) -> Node {
        let start = self.next.span;
        let message = format!("brackets nested more than {MAX_DEPTH} levels deep");
        self.report(Diagnostic::new(&codes::TOO_DEEP, start, message));
        let mut depth = 0usize;
        loop {
            match self.advance().kind {
                TokenKind::OpenBrace | TokenKind::OpenBracket => depth += 1,
                TokenKind::CloseBrace | TokenKind::CloseBracket => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 || self.next.kind == TokenKind::End {
                return Node::broken(start);
            }
        }
    }

    /// Counts the next entry, if there is one. Stops reading after [`MAX_ENTRIES`].
    fn count_entry(&mut self) {
        let closes = [TokenKind::CloseBrace, TokenKind::CloseBracket, TokenKind::End];
        if closes.contains(&self.next.kind) {
            return;
        }
        self.entries += 1;
        if self.entries == MAX_ENTRIES + 1 {
            // Reported even if the number of findings is at its maximum.
            self.findings.push(too_many_entries(self.next.span));
            let end = self.source.text().len();
            self.lexer.restart(end, end);
            self.next = self.lexer.next_token();
        }
    }

    /// Parses the items of an array.
    fn items(&mut self, open: Span) {
        let mut comma = None;
        loop {
            self.count_entry();
            match self.next.kind {
                TokenKind::CloseBracket | TokenKind::CloseBrace | TokenKind::End => {
                    self.close(open, TokenKind::CloseBracket, comma);
                    return;
                }
                TokenKind::Comma => {
                    self.extra_comma();
                    continue;
                }
                TokenKind::Colon => self.keyed_item(),
                TokenKind::Word if signs::sign(self.text(self.next.span)).is_some() => {
                    self.keyed_item();
                }
                TokenKind::Word if self.is_ellipsis() => {
                    self.ellipsis();
                    self.skip_comma();
                    comma = None;
                    continue;
                }
                TokenKind::Word if self.begins_noise() => {
                    self.noise();
                    continue;
                }
                _ => {
                    let item = self.value();
                    self.nodes.push(item);
                }
            }
            match self.follow(TokenKind::CloseBracket) {
                Follow::Comma(span) => comma = Some(span),
                Follow::Close | Follow::Entry => comma = None,
            }
        }
    }

    /// Reports a colon in an array, or a sign in the place of one, and parses the value behind it.
    fn keyed_item(&mut self) {
        let span = match self.take_sign() {
            Some(span) => span,
            None => self.colons(),
        };
        let message = format!("unexpected `{}` in an array", self.text(span));
        self.report(
            Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, message)
                .help("write entries with keys between `{` and `}`"),
        );
        let item = self.value();
        self.nodes.push(item);
    }

    /// The token after the current one.
    fn after_next(&self) -> Token {
        self.lexer.peek()
    }
}
