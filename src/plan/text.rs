//! Strings that may contain references, split into pieces.

use std::ops::Deref;

use ecow::EcoString;
use serde::{Deserialize, Serialize};

use super::ContainerId;
use crate::source::Span;

/// A string of the appliance: literal text and references. No literal is empty or adjacent to
/// another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Text {
    /// The pieces, in order.
    pub pieces: Pieces,
    /// The span of the string.
    pub span: Span,
}

/// The pieces of a string: a slice. Most strings are one literal, which needs no memory of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pieces(Stored);

#[derive(Debug, Clone, Serialize, Deserialize)]
enum Stored {
    One(Piece),
    Several(Box<[Piece]>),
}

/// A piece of a string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    /// Literal text that reaches the container unchanged.
    Literal(EcoString),
    /// The address of a container.
    Reference(Reference),
}

/// A reference to a container: `@id`, or `@id:port`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    to: u32,
    /// The container port after the id.
    pub port: Option<u16>,
    /// From the `@` to the end of the id or port.
    pub span: Span,
}

impl Reference {
    /// A reference to a container. There are fewer containers than bytes in a file.
    pub fn new(to: ContainerId, port: Option<u16>, span: Span) -> Reference {
        Reference { to: u32::try_from(to).unwrap_or(u32::MAX), port, span }
    }

    /// The container.
    pub fn to(&self) -> ContainerId {
        self.to as ContainerId
    }
}

impl From<Vec<Piece>> for Pieces {
    fn from(mut pieces: Vec<Piece>) -> Pieces {
        match (pieces.pop(), pieces.is_empty()) {
            (Some(piece), true) => Pieces(Stored::One(piece)),
            (last, _) => {
                pieces.extend(last);
                Pieces(Stored::Several(pieces.into()))
            }
        }
    }
}

impl Deref for Pieces {
    type Target = [Piece];

    fn deref(&self) -> &[Piece] {
        match &self.0 {
            Stored::One(piece) => std::slice::from_ref(piece),
            Stored::Several(pieces) => pieces,
        }
    }
}

impl PartialEq for Pieces {
    fn eq(&self, other: &Pieces) -> bool {
        **self == **other
    }
}

impl Eq for Pieces {}

impl Text {
    /// Creates a text without references.
    pub fn literal(text: impl Into<EcoString>, span: Span) -> Text {
        let text = text.into();
        let stored = match text.is_empty() {
            true => Stored::Several(Box::default()),
            false => Stored::One(Piece::Literal(text)),
        };
        Text { pieces: Pieces(stored), span }
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
