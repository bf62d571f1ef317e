//! Marks in rendered text: what is between them was printed from a value with a known origin.
//!
//! A mark has a fixed width, contains no white space, and consists of control characters, which the
//! quoting of YAML, HCL and JSON escapes. It therefore stays in place whatever a template does with text
//! that is already quoted (also if it replaces words or changes the case), and is taken out once, at the
//! end.

use std::fmt;
use std::ops::Range;

use super::origin::{Noted, Number, Origin, Origins};
use serde::{Deserialize, Serialize};

use crate::source::Span;

/// Starts the mark before a value; the digits of its number follow.
const OPEN: char = '\u{1}';
/// The mark after a value.
const CLOSE: char = '\u{2}';
/// Digits of a number, each of which stands for 4 bits.
const DIGITS: usize = 6;
/// The digit 0. The others follow it in ASCII, behind the last control character that is white space.
const ZERO: u8 = 0x0e;

/// A range of the text of a file that was printed from one value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    if number >> (4 * DIGITS) != 0 {
        return write(out);
    }
    let mut mark = [0; 1 + DIGITS];
    mark[0] = OPEN as u8;
    for (at, digit) in mark[1..].iter_mut().enumerate() {
        *digit = ZERO + (number >> (4 * at) & 15) as u8;
    }
    // ASCII is UTF-8.
    out.write_str(std::str::from_utf8(&mark).unwrap_or_default())?;
    write(out)?;
    out.write_char(CLOSE)?;
    Ok(())
}

/// Appends text to `out`, without its marks, which are added to `marks`.
///
/// Marks can be nested; the inner ones come later in the list. Several marks of the same range are
/// the origins of one value; the main one comes first. What only looks like a mark is left in the
/// text.
pub(super) fn unmarked(text: &str, origins: &Origins, out: &mut Vec<u8>, marks: &mut Vec<Mark>) {
    origins.with_noted(|noted| unmark(text, noted, out, marks));
}

fn unmark(text: &str, noted: &[Noted], out: &mut Vec<u8>, marks: &mut Vec<Mark>) {
    out.reserve(text.len());
    // The marks of each value that has begun.
    let mut open: Vec<Range<usize>> = Vec::new();
    let mut rest = text;
    while let Some((before, behind, is_open)) = next_mark(rest) {
        out.extend_from_slice(before.as_bytes());
        rest = behind;
        if !is_open {
            match open.pop().and_then(|begun| marks.get_mut(begun)) {
                Some(begun) => begun.iter_mut().for_each(|mark| mark.range.end = out.len()),
                None => out.push(CLOSE as u8),
            }
            continue;
        }
        let found = rest
            .split_at_checked(DIGITS)
            .and_then(|(digits, behind)| Some((noted.get(number(digits)? as usize)?, behind)));
        let Some((first, behind)) = found else {
            out.push(OPEN as u8);
            continue;
        };
        rest = behind;
        let begun = marks.len();
        let mut next = Some(first);
        while let Some(Noted { from, owner, next: after }) = next {
            marks.push(Mark { range: out.len()..out.len(), from: *from, owner: *owner });
            next = after.and_then(|number| noted.get(number as usize));
        }
        open.push(begun..marks.len());
    }
    out.extend_from_slice(rest.as_bytes());
}

/// The text before the next mark, the text behind its first character, and whether it opens.
fn next_mark(text: &str) -> Option<(&str, &str, bool)> {
    let at = text.bytes().position(|byte| matches!(byte, 1 | 2))?;
    let is_open = text.as_bytes().get(at) == Some(&(OPEN as u8));
    Some((text.get(..at)?, text.get(at + 1..)?, is_open))
}

/// The number that digits stand for. `None` if one is not a digit.
fn number(digits: &str) -> Option<Number> {
    digits.bytes().rev().try_fold(0, |number, digit| {
        let value = digit.checked_sub(ZERO).filter(|value| *value < 16)?;
        Some(number << 4 | Number::from(value))
    })
}

/// The number of the first mark in text, and the text without marks. `None` if it has none.
pub(super) fn lifted(text: &str, origins: &Origins) -> Option<(Number, String)> {
    let (_, behind, true) = next_mark(text)? else { return None };
    let first = number(behind.get(..DIGITS)?)?;
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

    fn without_marks(text: &str, noted: &[Noted]) -> (String, Vec<Mark>) {
        let (mut out, mut marks) = (Vec::new(), Vec::new());
        unmark(text, noted, &mut out, &mut marks);
        (String::from_utf8(out).unwrap(), marks)
    }

    fn from(at: usize) -> Origin {
        Origin::Place(Span::at(at))
    }

    #[test]
    fn marks_are_taken_out_and_their_ranges_are_those_of_the_text() {
        let entry = |at| Noted { from: from(at), owner: Span::at(0), next: None };
        let mut noted: Vec<Noted> = (0..4200).map(entry).collect();
        noted[70].next = Some(7);
        let inner = mark(70, "b");
        let text = format!("é{}{}c", mark(1, "a"), mark(4199, &format!("x{inner}y")));
        let (text, marks) = without_marks(&text, &noted);
        assert_eq!(text, "éaxbyc");
        let found: Vec<_> = marks.iter().map(|mark| (mark.range.clone(), mark.from)).collect();
        let expected = [(2..3, from(1)), (3..6, from(4199)), (4..5, from(70)), (4..5, from(7))];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_only_looks_like_a_mark_stays() {
        for text in
            ["a\u{1}b", "\u{1}", "\u{1}000000", "\u{1}\u{e}\u{e}\u{e}\u{e}\u{e}\u{e}", "a\u{2}"]
        {
            assert_eq!(without_marks(text, &[]), (text.to_owned(), Vec::new()));
        }
        // The characters next to digits are none.
        let noted = vec![Noted { from: from(0), owner: Span::at(0), next: None }; 300];
        for digit in ["\u{d}", "\u{1e}"] {
            let text = format!("{}{digit}{}", OPEN, "\u{e}".repeat(DIGITS - 1));
            assert_eq!(without_marks(&text, &noted), (text.clone(), Vec::new()));
        }
    }

    #[test]
    fn a_number_that_is_too_large_has_no_mark() {
        assert_eq!(mark(Number::MAX, "a"), "a");
    }
}
