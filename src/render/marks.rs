//! Marks in rendered text: what is between them was printed from a value with a known origin.
//!
//! A mark has a fixed width, contains no white space, and consists of characters that the quoting of
//! YAML, HCL and JSON escapes. It therefore stays in place whatever a template does with text that
//! is already quoted, and is taken out once, at the end.

use std::fmt;
use std::ops::Range;

use super::origin::{Number, Origin, Origins};
use crate::source::Span;

/// Starts the mark before a value; the digits of its number follow.
const OPEN: char = '\u{1}';
/// The mark after a value.
const CLOSE: char = '\u{2}';
/// Digits of a number, each of which stands for 6 bits.
const DIGITS: usize = 5;
/// The digit 0. The others follow it in ASCII.
const ZERO: u8 = b'0';

/// A range of the text of a file that was printed from one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The range, in bytes.
    pub range: Range<usize>,
    /// The origin of the value.
    pub from: Origin,
    /// The place of the id of the object that the value is part of: a container, a volume, or the
    /// appliance.
    pub owner: Span,
}

/// Whether text contains a character of a mark.
pub(super) fn has_marks(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, 1 | 2))
}

/// Writes marks around what `write` writes. A number that is too large for a mark is ignored.
pub(super) fn marked<W: fmt::Write, E: From<fmt::Error>>(
    out: &mut W,
    number: Number,
    write: impl FnOnce(&mut W) -> Result<(), E>,
) -> Result<(), E> {
    if number >> (6 * DIGITS) != 0 {
        return write(out);
    }
    let mut mark = [0; 1 + DIGITS];
    mark[0] = OPEN as u8;
    for (at, digit) in mark[1..].iter_mut().enumerate() {
        *digit = ZERO + (number >> (6 * at) & 63) as u8;
    }
    // ASCII is UTF-8.
    out.write_str(std::str::from_utf8(&mark).unwrap_or_default())?;
    write(out)?;
    out.write_char(CLOSE)?;
    Ok(())
}

/// Appends text to `out`, without its marks, which are added to `marks`.
///
/// Marks can be nested; the inner ones come later in the list. What only looks like a mark is left
/// in the text.
pub(super) fn unmarked(text: &str, origins: &Origins, out: &mut Vec<u8>, marks: &mut Vec<Mark>) {
    origins.with_noted(|noted| {
        let lookup = |number: Number| noted.get(number as usize).map(|n| (n.from, n.owner));
        unmark(text, lookup, out, marks);
    });
}

fn unmark(
    text: &str,
    lookup: impl Fn(Number) -> Option<(Origin, Span)>,
    out: &mut Vec<u8>,
    marks: &mut Vec<Mark>,
) {
    out.reserve(text.len());
    let mut open: Vec<usize> = Vec::new();
    let mut rest = text;
    while let Some((before, behind, is_open)) = next_mark(rest) {
        out.extend_from_slice(before.as_bytes());
        rest = behind;
        if !is_open {
            match open.pop().and_then(|index| marks.get_mut(index)) {
                Some(mark) => mark.range.end = out.len(),
                None => out.push(CLOSE as u8),
            }
            continue;
        }
        let found = rest.split_at_checked(DIGITS).and_then(|(digits, behind)| {
            let (from, owner) = lookup(number(digits))?;
            Some((from, owner, behind))
        });
        let Some((from, owner, behind)) = found else {
            out.push(OPEN as u8);
            continue;
        };
        rest = behind;
        open.push(marks.len());
        marks.push(Mark { range: out.len()..out.len(), from, owner });
    }
    out.extend_from_slice(rest.as_bytes());
}

/// The text before the next mark, the text behind its first character, and whether it opens.
fn next_mark(text: &str) -> Option<(&str, &str, bool)> {
    let at = text.bytes().position(|byte| matches!(byte, 1 | 2))?;
    let is_open = text.as_bytes().get(at) == Some(&(OPEN as u8));
    Some((text.get(..at)?, text.get(at + 1..)?, is_open))
}

/// The number that digits stand for.
fn number(digits: &str) -> Number {
    let digits = digits.bytes().rev();
    digits.fold(0, |number, digit| number << 6 | Number::from(digit.wrapping_sub(ZERO) & 63))
}

/// The number of the first mark in text, and the text without marks. `None` if it has none.
pub(super) fn lifted(text: &str, origins: &Origins) -> Option<(Number, String)> {
    let (_, behind, true) = next_mark(text)? else { return None };
    let first = number(behind.get(..DIGITS)?);
    origins.with_noted(|noted| noted.get(first as usize).copied())??;
    let mut out = Vec::new();
    unmarked(text, origins, &mut out, &mut Vec::new());
    Some((first, String::from_utf8(out).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(number: Number, text: &str) -> String {
        let mut out = String::new();
        marked(&mut out, number, |out: &mut String| fmt::Write::write_str(out, text)).unwrap();
        out
    }

    fn without_marks(
        text: &str,
        lookup: impl Fn(Number) -> Option<(Origin, Span)>,
    ) -> (String, Vec<Mark>) {
        let (mut out, mut marks) = (Vec::new(), Vec::new());
        unmark(text, lookup, &mut out, &mut marks);
        (String::from_utf8(out).unwrap(), marks)
    }

    #[test]
    fn marks_are_taken_out_and_their_ranges_are_those_of_the_text() {
        let from = |at: usize| Origin::Place(Span::at(at));
        let lookup = |number: Number| Some((from(number as usize), Span::at(0)));
        let inner = mark(70, "b");
        let text = format!("é{}{}c", mark(1, "a"), mark(0x3fff_ffff, &format!("x{inner}y")));
        let (text, marks) = without_marks(&text, lookup);
        assert_eq!(text, "éaxbyc");
        let found: Vec<_> = marks.iter().map(|mark| (mark.range.clone(), mark.from)).collect();
        assert_eq!(found, [(2..3, from(1)), (3..6, from(0x3fff_ffff)), (4..5, from(70))]);
    }

    #[test]
    fn what_only_looks_like_a_mark_stays() {
        for text in ["a\u{1}b", "\u{1}", "\u{1}00000", "a\u{2}"] {
            assert_eq!(without_marks(text, |_| None), (text.to_owned(), Vec::new()));
        }
    }

    #[test]
    fn a_number_that_is_too_large_has_no_mark() {
        assert_eq!(mark(Number::MAX, "a"), "a");
    }
}
