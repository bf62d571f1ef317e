//! The way back from a string's value to the source.

use std::ops::Range;

use super::{strings, yaml};
use crate::source::{Source, Span, Syntax};

/// A stretch of the source and what it stands for in the value of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its bytes in the source.
    pub range: Range<usize>,
    /// The character it stands for; `None` where it stands for itself.
    pub value: Option<char>,
}

impl Segment {
    /// How many bytes of the value it gives.
    fn length(&self) -> usize {
        self.value.map_or(self.range.len(), char::len_utf8)
    }
}

/// Finds parts of one string's value in the source. They are asked for in their order, so
/// that the work grows with the length of the string and not with the number of questions.
pub struct Places<'a> {
    literal: Span,
    segments: Box<dyn Iterator<Item = Segment> + 'a>,
    current: Option<Segment>,
    /// Where in the value the current segment starts.
    start: usize,
}

impl<'a> Places<'a> {
    /// Of the string that is written at `literal`.
    pub fn new(source: &'a Source, literal: Span) -> Self {
        let mut segments: Box<dyn Iterator<Item = Segment> + 'a> = match source.syntax() {
            Syntax::Json | Syntax::Jsonc => Box::new(strings::segments(source, literal)),
            Syntax::Yaml => Box::new(yaml::segments(source, literal).into_iter()),
        };
        let current = segments.next();
        Places { literal, segments, current, start: 0 }
    }

    /// Where the bytes `range` of the value stand. Where the way back is not known, or the
    /// range begins before the one asked for last, the whole string is meant.
    pub fn span(&mut self, range: Range<usize>) -> Span {
        let start = self.find(range.start, false);
        let end = self.find(range.end, true);
        match (start, end) {
            (Some(start), Some(end)) if start <= end => Span::new(start, end),
            _ => self.literal,
        }
    }

    /// The place of an offset in the value; `behind` the character that ends there, or
    /// before the one that starts there.
    fn find(&mut self, offset: usize, behind: bool) -> Option<usize> {
        loop {
            let current = self.current.as_ref()?;
            let inside = offset.checked_sub(self.start)?;
            let length = current.length();
            if inside > length || (inside == length && !behind) {
                self.start += length;
                self.current = self.segments.next();
                continue;
            }
            return Some(match current.value {
                None => current.range.start + inside,
                Some(_) if inside > 0 => current.range.end,
                Some(_) => current.range.start,
            });
        }
    }
}

/// Where the bytes `range` of the value of the string at `literal` stand; the whole string
/// where the way back is not known.
pub fn decoded_span(source: &Source, literal: Span, range: Range<usize>) -> Span {
    Places::new(source, literal).span(range)
}
