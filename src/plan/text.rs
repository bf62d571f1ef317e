//! Strings with references in them, cut into pieces once and for all.

use super::ContainerId;
use crate::source::Span;

/// A string of the appliance: plain parts and references. No two literals stand side by
/// side, and none is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The parts, in order.
    pub pieces: Vec<Piece>,
    /// Where the string stands.
    pub span: Span,
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Characters that reach the container as they are.
    Literal(String),
    /// The address of a container.
    Reference(Reference),
}

/// A reference to a container: `@id`, or `@id:port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// Which container.
    pub to: ContainerId,
    /// The container port that was written behind it.
    pub port: Option<u16>,
    /// From the `@` to the end of id or port.
    pub span: Span,
}

impl Text {
    /// A text without references.
    pub fn literal(text: impl Into<String>, span: Span) -> Text {
        let text = text.into();
        let pieces = if text.is_empty() { Vec::new() } else { vec![Piece::Literal(text)] };
        Text { pieces, span }
    }

    /// The references in it.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Reference(reference) => Some(reference),
            Piece::Literal(_) => None,
        })
    }

    /// The string that a target writes: each reference as `address` spells it (the port
    /// included, where there is one), everything else through `literal`.
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
