//! Where the caret is in a text that may be half typed.

use std::ops::Range;

/// A step from a value to a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// To the value of a key.
    Key(String),
    /// To the item with an index.
    Item(usize),
}

impl Step {
    pub fn key(&self) -> Option<&str> {
        match self {
            Step::Key(key) => Some(key),
            Step::Item(_) => None,
        }
    }
}

/// What the caret is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// A key. The steps lead to its object.
    Key {
        /// Whether there is a colon behind it.
        has_colon: bool,
    },
    /// A value, to which the steps lead.
    Value,
    /// A part of a text in several lines, to which the steps lead.
    Text,
}

/// How the place is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// JSON.
    Json,
    /// YAML in brackets.
    Flow,
    /// YAML in lines. What follows the first line is indented by this much more than that line.
    Block {
        /// The number of spaces.
        extra: usize,
        /// Whether the place is behind a key in the same line, so that an object starts in the next one.
        after_key: bool,
        /// Whether it is an item that has no `-` yet.
        needs_dash: bool,
    },
    /// TOML.
    Toml,
    /// The name of a table of TOML, or of a list of them.
    Header {
        /// Whether it is that of a list.
        is_list: bool,
    },
}

/// The place of the caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The way from the document.
    pub steps: Vec<Step>,
    /// What is there.
    pub slot: Slot,
    /// What a whole value or key replaces.
    pub token: Range<usize>,
    /// What is written before the caret, without quotes.
    pub typed: String,
    /// Whether what is written has quotes.
    pub is_quoted: bool,
    /// The keys of the object around, and their values if they are simple.
    pub siblings: Vec<(String, String)>,
    /// How it is written.
    pub style: Style,
    /// Where the comma is missing that ends what is before.
    pub comma_before: Option<usize>,
    /// Whether there has to be a comma behind it.
    pub comma_after: bool,
}

/// Whether a character can be in an id, a key or a number.
pub fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '$' | '.')
}

/// The end of the word that goes on at an index.
pub fn word_end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.find(|c: char| !is_word(c)).unwrap_or(rest.len())
}
