//! Containers of an appliance that are not in a list: the line with `"containers": [` is missing.

use super::{Parser, take};
use crate::diag::{Diagnostic, codes};
use crate::source::{Span, Spanned};
use crate::syntax::lexer::TokenKind;
use crate::syntax::{Kind, Member, Node};

impl Parser<'_> {
    /// Whether the next `{` starts an object without a key in an appliance without containers.
    pub(super) fn begins_containers(&self) -> bool {
        let is_list = |member: &Member| member.key.value == "containers";
        self.open.len() == 1
            && !self.members.iter().any(is_list)
            && matches!(self.after_next().kind, TokenKind::String | TokenKind::CloseBrace)
    }

    /// Parses objects without keys as the items of `containers`.
    pub(super) fn containers(&mut self) {
        let first = self.next.span;
        let start = self.nodes.len();
        loop {
            self.count_entry();
            let item = self.value();
            self.nodes.push(item);
            match self.next.kind {
                TokenKind::Comma if self.after_next().kind == TokenKind::OpenBrace => {
                    self.advance();
                }
                TokenKind::OpenBrace => {
                    let place = Span::at(self.previous_end);
                    self.report(
                        Diagnostic::new(&codes::MISSING_COMMA, place, "expected `,`")
                            .label("between these entries")
                            .safe_edit(place, ","),
                    );
                }
                _ => break,
            }
        }
        let whole = Span::new(first.start as usize, self.previous_end);
        let items = Kind::Array(take(&mut self.nodes, start));
        let key = Spanned::new("containers".into(), Span::at(first.start as usize));
        self.members.push(Member { key, value: Node { span: whole, kind: items } });
        let diagnostic = Diagnostic::new(
            &codes::UNEXPECTED_TOKEN,
            first,
            "expected a key before this object, such as `containers`",
        )
        .help("the containers of an appliance are the items of `containers`");
        // The bracket that closes the list may still be there.
        let diagnostic = match self.next.kind {
            TokenKind::CloseBracket => {
                diagnostic.likely_edit(Span::at(first.start as usize), "\"containers\": [")
            }
            _ => {
                let list = format!("\"containers\": [{}]", self.text(whole));
                diagnostic.likely_edit(whole, list)
            }
        };
        self.report(diagnostic);
        if self.next.kind == TokenKind::CloseBracket {
            self.advance();
        }
    }
}
