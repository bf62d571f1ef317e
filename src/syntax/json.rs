//! JSON to a tree, going on after each fault.

mod scalars;
#[cfg(test)]
mod tests;

use super::lexer::{Lexer, Token, TokenKind};
use super::{Kind, MAX_DEPTH, Member, Node, Object, quote};
use crate::diag::{Diagnostic, MAX_FINDINGS, codes, is_full};
use crate::source::{Source, Span, Spanned, Syntax};

/// Parses a JSON document. The tree is `None` where the document has no value.
pub fn parse(source: &Source, syntax: Syntax, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut lexer = Lexer::new(source.text(), source.content_start());
    let next = lexer.next_token();
    let mut parser = Parser {
        source,
        lenient: syntax == Syntax::Jsonc,
        previous_end: next.span.start as usize,
        lexer,
        next,
        open: Vec::new(),
        diagnostics,
    };
    let before = parser.diagnostics.len();
    let tree = parser.document();
    let first_comment = parser.lexer.first_comment;
    // One that is not closed is reported as that.
    let comment = first_comment.filter(|_| parser.lexer.open_comment.is_none());
    let odd_blanks = std::mem::take(&mut parser.lexer.odd_blanks);
    if let Some(open) = parser.lexer.open_comment {
        // What is not closed then is in the comment.
        let mut at = 0;
        diagnostics.retain(|found| {
            at += 1;
            at <= before || found.code.id != codes::UNCLOSED.id
        });
        diagnostics.push(
            Diagnostic::new(&codes::UNCLOSED, open, "this comment is not closed")
                .help("end it with `*/`"),
        );
    }
    for span in odd_blanks.into_iter().take(MAX_FINDINGS) {
        let character = source.slice(span).chars().next().map_or(0, u32::from);
        let message = format!("the character U+{character:04X} is not white space in JSON");
        diagnostics.push(
            Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, message)
                .help("it looks like a space, and often comes with text that was pasted")
                .safe_edit(span, " "),
        );
    }
    if let (Some(span), Syntax::Json) = (comment, syntax) {
        diagnostics.push(
            Diagnostic::new(&codes::COMMENT_IN_JSON, span, "JSON has no comments").help(
                "applc reads them, other tools may not; a file ending in `.jsonc` may have them",
            ),
        );
    }
    tree
}

struct Parser<'a> {
    source: &'a Source,
    lenient: bool,
    lexer: Lexer<'a>,
    /// The token that is looked at.
    next: Token,
    /// Where the token before it ended: the place of something that is missing.
    previous_end: usize,
    /// The brackets that are open, outermost first.
    open: Vec<TokenKind>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// What follows an entry of an array or object.
enum Follow {
    /// A comma: another entry may come.
    Comma(Span),
    /// The closing bracket comes, or its absence has been reported.
    Close,
    /// Another entry, without a comma before it; reported.
    Entry,
}

impl Parser<'_> {
    fn advance(&mut self) -> Token {
        let next = self.lexer.next_token();
        let taken = std::mem::replace(&mut self.next, next);
        self.previous_end = taken.span.end as usize;
        taken
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if !is_full(self.diagnostics) {
            self.diagnostics.push(diagnostic);
        }
    }

    fn text(&self, span: Span) -> &str {
        self.source.slice(span)
    }

    fn document(&mut self) -> Option<Node> {
        if self.next.kind == TokenKind::End {
            let place = Span::at(self.source.content_start());
            let message = "the document is empty";
            self.report(
                Diagnostic::new(&codes::EMPTY_DOCUMENT, place, message)
                    .help("an appliance is an object with `id` and `containers`"),
            );
            return None;
        }
        if self.next.kind == TokenKind::Word && self.after_next().kind == TokenKind::Colon {
            let message = "this is not JSON: an appliance starts with `{`";
            self.report(
                Diagnostic::new(&codes::UNEXPECTED_TOKEN, self.next.span, message)
                    .help("if it is YAML, name the file `.yaml`"),
            );
            return None;
        }
        let starts = self.next.span;
        let tree = self.value();
        // A bracket that closes nothing at the very start has been reported.
        if self.next.kind != TokenKind::End && self.next.span != starts {
            let span = self.next.span;
            let last = self.text(tree.span).chars().next_back().map_or(0, char::len_utf8);
            let closes = matches!(self.next.kind, TokenKind::CloseBrace | TokenKind::CloseBracket);
            let diagnostic = if closes {
                let message = format!("this `{}` closes nothing", self.text(span));
                Diagnostic::new(&codes::TRAILING_CONTENT, span, message)
                    .help("remove it, or look above for a bracket that was closed too early")
            } else {
                let message = "the document ends before this";
                Diagnostic::new(&codes::TRAILING_CONTENT, span, message)
                    .help("a file holds one appliance; look above for a bracket closed too early")
            };
            self.report(diagnostic.also(
                Span { start: tree.span.end.saturating_sub(last as u32), end: tree.span.end },
                "the document's value ends here",
            ));
        }
        Some(tree)
    }

    fn value(&mut self) -> Node {
        let token = self.next;
        match token.kind {
            TokenKind::OpenBrace | TokenKind::OpenBracket => self.nested(),
            TokenKind::String
            | TokenKind::SingleQuoted
            | TokenKind::Unterminated
            | TokenKind::MultiLine => {
                let text = self.string();
                Node { span: text.span, kind: Kind::String(text.value) }
            }
            TokenKind::Word => self.word(),
            TokenKind::Colon
            | TokenKind::Comma
            | TokenKind::CloseBrace
            | TokenKind::CloseBracket
            | TokenKind::End => {
                let place = Span::at(self.previous_end);
                self.report(
                    Diagnostic::new(&codes::MISSING_VALUE, place, "a value is missing here")
                        .help("write a string, number, `true`, `false`, `null`, array or object"),
                );
                Node::broken(place)
            }
        }
    }

    fn nested(&mut self) -> Node {
        if self.open.len() >= MAX_DEPTH {
            return self.skip_nested();
        }
        let token = self.advance();
        self.open.push(token.kind);
        let kind = match token.kind {
            TokenKind::OpenBrace => Kind::Object(self.members(token.span)),
            _ => Kind::Array(self.items(token.span)),
        };
        self.open.pop();
        Node { span: Span::new(token.span.start as usize, self.previous_end), kind }
    }

    /// Passes over brackets that are nested too deeply, without recursion.
    fn skip_nested(&mut self) -> Node {
        let start = self.next.span;
        let message = format!("brackets are nested more than {MAX_DEPTH} deep");
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

    fn items(&mut self, open: Span) -> Vec<Node> {
        let mut items = Vec::new();
        let mut comma = None;
        loop {
            match self.next.kind {
                TokenKind::CloseBracket | TokenKind::CloseBrace | TokenKind::End => {
                    self.close(open, TokenKind::CloseBracket, comma);
                    return items;
                }
                TokenKind::Comma => {
                    self.extra_comma();
                    continue;
                }
                TokenKind::Colon => {
                    let span = self.advance().span;
                    let message = "an array has no keys: this `:` cannot stand here";
                    self.report(
                        Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, message)
                            .help("entries with keys belong between `{` and `}`"),
                    );
                    items.push(self.value());
                }
                TokenKind::Word if self.is_ellipsis() => {
                    self.ellipsis();
                    comma = None;
                    continue;
                }
                _ => items.push(self.value()),
            }
            match self.follow(TokenKind::CloseBracket) {
                Follow::Comma(span) => comma = Some(span),
                Follow::Close | Follow::Entry => comma = None,
            }
        }
    }

    fn members(&mut self, open: Span) -> Object {
        let mut object = Object::default();
        let mut comma = None;
        loop {
            match self.next.kind {
                TokenKind::CloseBracket | TokenKind::CloseBrace | TokenKind::End => {
                    object.damaged |= !self.close(open, TokenKind::CloseBrace, comma);
                    return object;
                }
                TokenKind::Comma => {
                    self.extra_comma();
                    continue;
                }
                TokenKind::Word if self.is_ellipsis() => {
                    self.ellipsis();
                    object.damaged = true;
                    comma = None;
                    continue;
                }
                _ => self.member(&mut object),
            }
            match self.follow(TokenKind::CloseBrace) {
                Follow::Comma(span) => comma = Some(span),
                Follow::Close | Follow::Entry => comma = None,
            }
        }
    }

    fn member(&mut self, object: &mut Object) {
        let Some(key) = self.key() else {
            object.damaged = true;
            return;
        };
        if self.next.kind == TokenKind::Colon {
            self.advance();
            if self.next.kind == TokenKind::Colon {
                let span = self.advance().span;
                let message = "one `:` stands between a key and its value";
                self.report(
                    Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, message).safe_edit(span, ""),
                );
            }
            let value = self.value();
            object.damaged |= value.kind == Kind::Broken;
            object.members.push(Member { key, value });
            return;
        }
        if self.is_equals_sign() {
            let span = self.advance().span;
            let message = "a key and its value are parted by `:`, not by `=`";
            self.report(Diagnostic::new(&codes::MISSING_COLON, span, message).safe_edit(span, ":"));
            let value = self.value();
            object.damaged |= value.kind == Kind::Broken;
            object.members.push(Member { key, value });
            return;
        }
        let place = Span::at(self.previous_end);
        let starts_value = !matches!(
            self.next.kind,
            TokenKind::Comma | TokenKind::CloseBrace | TokenKind::CloseBracket | TokenKind::End
        );
        if starts_value {
            let message = format!("a `:` is missing behind the key `{}`", key.value);
            self.report(
                Diagnostic::new(&codes::MISSING_COLON, place, message).safe_edit(place, ":"),
            );
            let value = self.value();
            object.members.push(Member { key, value });
        } else {
            let message = format!("the key `{}` has no value", key.value);
            self.report(
                Diagnostic::new(&codes::MISSING_VALUE, key.span, message)
                    .help("write `:` and a value behind the key"),
            );
            object.damaged = true;
            object.members.push(Member { key, value: Node::broken(place) });
        }
    }

    /// The key of a member; `None` where there is none, which is reported and passed over.
    fn key(&mut self) -> Option<Spanned<String>> {
        match self.next.kind {
            TokenKind::String
            | TokenKind::SingleQuoted
            | TokenKind::Unterminated
            | TokenKind::MultiLine => Some(self.string()),
            TokenKind::Word => {
                let span = self.advance().span;
                let word = self.text(span).to_owned();
                if self.next.kind != TokenKind::Colon && !self.is_equals_sign() {
                    let message = format!("`{word}` cannot stand here: a key is wanted");
                    let help = if self.follows_decimal_comma(span) {
                        "the decimal point of a number is a `.`"
                    } else {
                        "an object holds entries of the form `\"key\": value`"
                    };
                    self.report(
                        Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, message).help(help),
                    );
                    return None;
                }
                let edit = quote(&word);
                self.report(
                    Diagnostic::new(&codes::BARE_WORD, span, "a key must stand in double quotes")
                        .safe_edit(span, edit),
                );
                Some(Spanned::new(word, span))
            }
            _ => {
                let span = self.next.span;
                let message = "a key is missing before this value";
                self.report(
                    Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, message)
                        .help("an object holds entries of the form `\"key\": value`"),
                );
                if self.next.kind == TokenKind::Colon {
                    self.advance();
                }
                // Read, so that faults inside are found, and forgotten.
                self.value();
                None
            }
        }
    }

    /// Deals with what stands behind an entry, up to the next one.
    fn follow(&mut self, closer: TokenKind) -> Follow {
        match self.next.kind {
            TokenKind::Comma => Follow::Comma(self.advance().span),
            TokenKind::CloseBrace | TokenKind::CloseBracket | TokenKind::End => Follow::Close,
            TokenKind::Colon if closer == TokenKind::CloseBrace => {
                let span = self.advance().span;
                let message = "this `:` follows a value; a `,` or `}` is wanted";
                self.report(Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, message));
                let _ = self.value();
                self.follow(closer)
            }
            _ => {
                let before_ellipsis = self.next.kind == TokenKind::Word && self.is_ellipsis();
                if !before_ellipsis && self.next.kind != TokenKind::Colon {
                    let place = Span::at(self.previous_end);
                    let message = "a comma is missing between two entries";
                    self.report(
                        Diagnostic::new(&codes::MISSING_COMMA, place, message)
                            .label("a `,` belongs here")
                            .safe_edit(place, ","),
                    );
                }
                Follow::Entry
            }
        }
    }

    fn extra_comma(&mut self) {
        let span = self.advance().span;
        let message = "there is no entry before this comma";
        self.report(Diagnostic::new(&codes::EXTRA_COMMA, span, message).safe_edit(span, ""));
    }

    /// Closes a bracket with the token that is next. False where that was not the right
    /// one, which is reported. `comma` is a comma just before it.
    fn close(&mut self, open: Span, closer: TokenKind, comma: Option<Span>) -> bool {
        if let (Some(span), false) = (comma, self.lenient) {
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
            TokenKind::CloseBrace => ("{", "}"),
            _ => ("[", "]"),
        };
        let place = Span::at(self.previous_end);
        if self.next.kind == TokenKind::End {
            let message = format!("this `{opener}` is not closed");
            self.report(
                Diagnostic::new(&codes::UNCLOSED, open, message)
                    .also(place, format!("the file ends; a `{wanted}` is missing"))
                    .likely_edit(place, wanted),
            );
            return false;
        }
        let other_opener = match self.next.kind {
            TokenKind::CloseBrace => TokenKind::OpenBrace,
            _ => TokenKind::OpenBracket,
        };
        // Does the bracket that stands here belong to one further out?
        let outer = self.open.len().saturating_sub(1);
        let is_outer = self.open.iter().take(outer).any(|kind| *kind == other_opener);
        if is_outer && !self.stands_for_another() {
            let message = format!("this `{opener}` is not closed");
            self.report(
                Diagnostic::new(&codes::UNCLOSED, open, message)
                    .also(place, format!("a `{wanted}` is missing here"))
                    .likely_edit(place, wanted),
            );
        } else {
            let span = self.advance().span;
            let message = format!("this must be `{wanted}`");
            self.report(
                Diagnostic::new(&codes::UNCLOSED, span, message)
                    .also(open, "to close this")
                    .likely_edit(span, wanted),
            );
        }
        false
    }

    /// Whether a bracket of the wrong kind, which is next, stands where another should: what
    /// follows then closes what is around the innermost brackets.
    fn stands_for_another(&self) -> bool {
        let around = self.open.iter().rev().nth(1);
        let closes_around = match around {
            Some(TokenKind::OpenBrace) => TokenKind::CloseBrace,
            _ => TokenKind::CloseBracket,
        };
        around.is_some() && self.after_next().kind == closes_around
    }

    /// The token behind the one that is looked at.
    fn after_next(&self) -> Token {
        self.lexer.clone().next_token()
    }

    fn is_equals_sign(&self) -> bool {
        self.text(self.next.span) == "="
    }

    fn is_ellipsis(&self) -> bool {
        matches!(self.text(self.next.span), "..." | "…")
    }

    fn ellipsis(&mut self) {
        let span = self.advance().span;
        self.report(
            Diagnostic::new(&codes::UNEXPECTED_TOKEN, span, "something was left out here")
                .help("write what belongs here, or remove the dots"),
        );
        if self.next.kind == TokenKind::Comma {
            self.advance();
        }
    }
}
