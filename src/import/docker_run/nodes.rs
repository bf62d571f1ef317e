//! Nodes of the tree of a Compose file.

use super::shell::Word;
use crate::source::{Span, Spanned};
use crate::syntax::{Form, Kind, Member, Node, Object};

/// The text of a word.
pub fn text(word: &Word) -> Node {
    string(word.span, &word.text)
}

/// A string.
pub fn string(span: Span, text: &str) -> Node {
    Node { span, kind: Kind::String(text.into()) }
}

/// A boolean.
pub fn boolean(span: Span, value: bool) -> Node {
    Node { span, kind: Kind::Bool(value) }
}

/// A list.
pub fn array(span: Span, items: Vec<Node>) -> Node {
    Node { span, kind: Kind::Array(items.into()) }
}

/// A field of an object.
pub fn member(span: Span, name: &str, value: Node) -> Member {
    Member { key: Spanned::new(name.into(), span), value }
}

/// An object.
pub fn object(span: Span, members: Vec<Member>) -> Node {
    let object = Object { members: members.into(), damaged: false, form: Form::Irregular };
    Node { span, kind: Kind::Object(object) }
}
