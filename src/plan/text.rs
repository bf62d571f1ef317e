//! Strings that may contain references, split into pieces.

use super::ContainerId;
use crate::source::Span;

/// A string of the appliance: literal text and references. No literal is empty or adjacent to
/// another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The pieces, in order.
    pub pieces: Vec<Piece>,
    /// The span of the string.
    pub span: Span,
}

/// A piece of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Literal text that reaches the container unchanged.
    Literal(String),
    /// The address of a container.
    Reference(Reference),
}

/// A reference to a container: `@id`, or `@id:port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The container.
    pub to: ContainerId,
    /// The container port after the id.
    pub port: Option<u16>,
    /// From the `@` to the end of the id or port.
    pub span: Span,
}

impl Text {
    /// Creates a text without references.
    pub fn literal(text: impl Into<String>, span: Span) -> Text {
        let text = text.into();
        let pieces = if text.is_empty() { Vec::new() } else { vec![Piece::Literal(text)] };
        Text { pieces, span }
    }

    /// The references in the text.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Reference(reference) => Some(reference),
            Piece::Literal(_) => None,
        })
    }

    /// The string that a target writes: `address` converts each reference, including its port,
    /// and `literal` converts each literal.
    pub fn spell(
        &self,
        mut literal: impl FnMut(&str) -> String,
        mut address: impl FnMut(&Reference) -> String,
    ) -> String {
        self.pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => literal(text),
                Piece::Reference(reference) => address(reference),
            })
            .collect()
    }
}
