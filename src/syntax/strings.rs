//! JSON string literals: what they stand for.

use std::ops::Range;

use super::places::Segment;
use crate::source::{Source, Span};

/// What is wrong inside a string literal, and where (relative to the literal's content).
#[derive(Debug, PartialEq, Eq)]
pub enum StringFault {
    /// An escape that JSON does not have.
    BadEscape(Range<usize>),
    /// `\u` without four hexadecimal digits, or half of a surrogate pair.
    BadUnicode(Range<usize>),
    /// A control character that must be written as an escape.
    Control(Range<usize>, char),
}

/// One step through the content of a literal: a piece of the source and what it stands for.
struct Step {
    range: Range<usize>,
    value: char,
    fault: Option<StringFault>,
}

/// Walks the content of a JSON string literal (what is between its quotes).
struct Steps<'a> {
    content: &'a str,
    at: usize,
}

impl Iterator for Steps<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let start = self.at;
        let rest = self.content.get(start..)?;
        let first = rest.chars().next()?;
        let (length, value, fault) = match first {
            '\\' => escape(rest, start),
            control if control < ' ' => {
                (1, control, Some(StringFault::Control(start..start + 1, control)))
            }
            plain => (plain.len_utf8(), plain, None),
        };
        self.at = start + length;
        Some(Step { range: start..self.at, value, fault })
    }
}

/// The escape at the start of `rest`: its length in bytes, its value, its fault.
fn escape(rest: &str, start: usize) -> (usize, char, Option<StringFault>) {
    let Some(letter) = rest.chars().nth(1) else {
        return (1, '\\', Some(StringFault::BadEscape(start..start + 1)));
    };
    let simple = match letter {
        '"' | '\\' | '/' => Some(letter),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        _ => None,
    };
    if let Some(value) = simple {
        return (2, value, None);
    }
    if letter != 'u' {
        // The backslash alone is taken, so that `\@` stays what it was meant to be.
        let length = 1 + letter.len_utf8();
        return (1, '\\', Some(StringFault::BadEscape(start..start + length)));
    }
    let Some(unit) = hex4(rest, 2) else {
        return (2, '\u{fffd}', Some(StringFault::BadUnicode(start..start + 2)));
    };
    if let Some(value) = char::from_u32(unit) {
        return (6, value, None);
    }
    // A surrogate: valid only as a high one followed by a low one.
    let low = rest.get(6..8).filter(|next| *next == "\\u").and_then(|_| hex4(rest, 8));
    let pair = low.and_then(|low| match (unit, low) {
        (0xd800..=0xdbff, 0xdc00..=0xdfff) => {
            char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
        }
        _ => None,
    });
    match pair {
        Some(value) => (12, value, None),
        None => (6, '\u{fffd}', Some(StringFault::BadUnicode(start..start + 6))),
    }
}

/// Four hexadecimal digits at byte `at`.
fn hex4(text: &str, at: usize) -> Option<u32> {
    let digits = text.get(at..at + 4)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

/// The value of a literal's content, and its faults with places relative to the content.
pub fn decode(content: &str) -> (String, Vec<StringFault>) {
    if !content.bytes().any(|byte| byte == b'\\' || byte < b' ') {
        return (content.to_owned(), Vec::new());
    }
    let mut value = String::with_capacity(content.len());
    let mut faults = Vec::new();
    for step in (Steps { content, at: 0 }) {
        value.push(step.value);
        faults.extend(step.fault);
    }
    (value, faults)
}

/// The segments of the literal at a place; none where it is not one.
pub fn segments(source: &Source, literal: Span) -> impl Iterator<Item = Segment> + '_ {
    let (quote, content) = content(source.slice(literal)).unwrap_or_default();
    let base = literal.start as usize + quote;
    Steps { content, at: 0 }.map(move |step| {
        let range = base + step.range.start..base + step.range.end;
        Segment { range, value: Some(step.value) }
    })
}

/// The length of the opening quote of a literal, and what is between its quotes.
fn content(literal: &str) -> Option<(usize, &str)> {
    if let Some(content) = literal.strip_prefix('"') {
        return Some((1, content.strip_suffix('"').unwrap_or(content)));
    }
    // Quotes that JSON has not are reported. Between them a backslash has no rules.
    let quote = literal.chars().next().filter(|first| !first.is_alphanumeric())?;
    let mut content = literal.chars();
    content.next();
    content.next_back();
    let content = content.as_str();
    (!content.contains('\\')).then_some((quote.len_utf8(), content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(decode(r"a\n\u00e9\ud83d\ude00\/").0, "a\né😀/");
    }

    #[test]
    fn faults_have_places() {
        let (value, faults) = decode("a\\qb\\u12\t\\ud800x");
        assert_eq!(
            faults,
            [
                StringFault::BadEscape(1..3),
                StringFault::BadUnicode(4..6),
                StringFault::Control(8..9, '\t'),
                StringFault::BadUnicode(9..15),
            ]
        );
        assert!(value.starts_with("a\\qb"));
    }

    #[test]
    fn a_part_of_the_value_is_found_behind_escapes() {
        let source = Source::new("x", r#"  "é\n\"@db\"" "#);
        let literal = Span::new(2, source.text().len() - 1);
        let span = crate::syntax::decoded_span(&source, literal, 4..7);
        assert_eq!(source.slice(span), "@db");
    }
}
