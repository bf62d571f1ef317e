//! What the parts of a string in the source stand for in its value.

use std::ops::Range;

/// A range of the source and the part of a string's value that it encodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The bytes in the source.
    pub range: Range<usize>,
    /// The character that the range encodes. `None` if the value has the same text.
    pub value: Option<char>,
}

impl Segment {
    /// The number of bytes in the value.
    pub fn length(&self) -> usize {
        self.value.map_or(self.range.len(), char::len_utf8)
    }
}
