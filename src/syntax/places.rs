//! Maps parts of a string's value back to the source.

use std::ops::Range;

use super::segment::Segment;
use super::{json, yaml};
use crate::source::{Source, Span, Syntax};

/// Finds parts of a string's value in the source. Parts must be requested in ascending order, so
/// that the total cost is linear in the length of the string.
pub struct Places<'a> {
    literal: Span,
    /// The offset of the first byte of the source.
    base: u32,
    segments: Box<dyn Iterator<Item = Segment> + 'a>,
    current: Option<Segment>,
    /// Offset of the current segment in the value.
    start: usize,
}

impl<'a> Places<'a> {
    /// Creates a finder for the string at `literal`.
    pub fn new(source: &'a Source, literal: Span) -> Self {
        let range = source.range(literal);
        let mut segments: Box<dyn Iterator<Item = Segment> + 'a> = match source.syntax() {
            Syntax::Json | Syntax::Jsonc => Box::new(json::segments(source.text(), range)),
            Syntax::Yaml => Box::new(yaml::segments(source.text(), range).into_iter()),
        };
        let current = segments.next();
        Places { literal, base: source.base(), segments, current, start: 0 }
    }

    /// The location of the bytes `range` of the value. If it cannot be computed, or `range` starts
    /// before the previous one, the location of the whole string.
    pub fn span(&mut self, range: Range<usize>) -> Span {
        let start = self.find(range.start, false);
        let end = self.find(range.end, true);
        match (start, end) {
            (Some(start), Some(end)) if start <= end => Span::new(start, end).moved(self.base),
            _ => self.literal,
        }
    }

    /// The location of an offset in the value: with `after`, the end of the character that ends
    /// there, otherwise the start of the character that starts there.
    fn find(&mut self, offset: usize, after: bool) -> Option<usize> {
        loop {
            let current = self.current.as_ref()?;
            let inside = offset.checked_sub(self.start)?;
            let length = current.length();
            if inside > length || (inside == length && !after) {
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

/// The location of the bytes `range` of the value of the string at `literal`. If it cannot be
/// computed, the location of the whole string.
pub fn decoded_span(source: &Source, literal: Span, range: Range<usize>) -> Span {
    Places::new(source, literal).span(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_the_value_are_found_after_escapes() {
        let source = Source::new("x", r#"  "é\n\"@db\"" "#);
        let literal = Span::new(2, source.text().len() - 1);
        assert_eq!(source.slice(decoded_span(&source, literal, 4..7)), "@db");
    }
}
