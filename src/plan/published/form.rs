//! The form of the strings of a published plan.

use serde::Serialize;

use crate::plan::{self, Plan, Text};
use crate::source::Span;

/// A piece of a string in the neutral plan: text or a reference.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Piece {
    /// Literal text that reaches the container unchanged.
    Text(String),
    /// The address of a container.
    Reference {
        /// Its id.
        id: String,
        /// The port of the reference.
        port: Option<u16>,
    },
}

/// How the strings of a plan are represented.
pub trait Form {
    /// A string.
    type Word;
    /// A string that may contain references.
    type Text;

    /// Says that the strings of an object follow. `id` is the place of its id.
    fn begin(&self, id: Span) {
        let _ = id;
    }

    /// A string that is written at `from`, or is given by what is. Another place may have had a say.
    fn word(&self, text: &str, from: Span, also: Option<Span>) -> Self::Word;

    /// A string that is written at `from`, or is the default of the field with this path if `from` is the
    /// place `of` its object.
    fn choice(&self, text: &str, from: Span, of: Span, path: &'static &'static str) -> Self::Word;

    /// The name for an id on a target, with the places as in [`word`](Form::word).
    fn name(&self, id: &str, from: Span, also: Option<Span>) -> Self::Word;

    /// A string that may contain references.
    fn text(&self, text: &Text) -> Self::Text;
}

/// The form without a target.
pub(super) struct Neutral<'a>(pub &'a Plan);

impl Form for Neutral<'_> {
    type Word = String;
    type Text = Vec<Piece>;

    fn word(&self, text: &str, _: Span, _: Option<Span>) -> String {
        text.to_owned()
    }

    fn choice(&self, text: &str, _: Span, _: Span, _: &'static &'static str) -> String {
        text.to_owned()
    }

    fn name(&self, id: &str, _: Span, _: Option<Span>) -> String {
        id.to_owned()
    }

    fn text(&self, text: &Text) -> Vec<Piece> {
        let piece = |piece: &plan::Piece| match piece {
            plan::Piece::Literal(text) => Piece::Text(text.to_string()),
            plan::Piece::Reference(reference) => Piece::Reference {
                id: self.0.container_id(reference.to()).to_owned(),
                port: reference.port,
            },
        };
        text.pieces.iter().map(piece).collect()
    }
}
