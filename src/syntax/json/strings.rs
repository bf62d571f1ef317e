//! Decoding of JSON string literals.

use std::ops::Range;

use ecow::EcoString;

use crate::syntax::segment::Segment;

/// An error in a string literal, with its range in the content of the literal.
#[derive(Debug, PartialEq, Eq)]
pub enum StringError {
    /// An unknown escape.
    BadEscape(Range<usize>),
    /// `\u` without four hexadecimal digits, or an unpaired surrogate.
    BadUnicode(Range<usize>),
    /// An unescaped control character.
    Control(Range<usize>, char),
}

/// A part of the content of a literal, and the character that it encodes.
struct Step {
    range: Range<usize>,
    value: char,
    error: Option<StringError>,
}

/// Iterates over the content of a JSON string literal: the text between its quotes.
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
        let (length, value, error) = match first {
            '\\' => escape(rest, start),
            control if control < ' ' => {
                (1, control, Some(StringError::Control(start..start + 1, control)))
            }
            plain => (plain.len_utf8(), plain, None),
        };
        self.at = start + length;
        Some(Step { range: start..self.at, value, error })
    }
}

/// The escape at the start of `rest`: its length in bytes, its value and its error.
fn escape(rest: &str, start: usize) -> (usize, char, Option<StringError>) {
    let Some(letter) = rest.chars().nth(1) else {
        return (1, '\\', Some(StringError::BadEscape(start..start + 1)));
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
        // Only the backslash is consumed, so that `\@` stays an escaped at sign in the value.
        let length = 1 + letter.len_utf8();
        return (1, '\\', Some(StringError::BadEscape(start..start + length)));
    }
    let Some(unit) = hex4(rest, 2) else {
        return (2, '\u{fffd}', Some(StringError::BadUnicode(start..start + 2)));
    };
    if let Some(value) = char::from_u32(unit) {
        return (6, value, None);
    }
    // A surrogate: only a high one followed by a low one is valid.
    let low = rest.get(6..8).filter(|next| *next == "\\u").and_then(|_| hex4(rest, 8));
    let pair = low.and_then(|low| match (unit, low) {
        (0xd800..=0xdbff, 0xdc00..=0xdfff) => {
            char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))
        }
        _ => None,
    });
    match pair {
        Some(value) => (12, value, None),
        None => (6, '\u{fffd}', Some(StringError::BadUnicode(start..start + 6))),
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

/// Decodes the content of a literal. Ranges of errors are relative to the content.
pub fn decode(content: &str) -> (EcoString, Vec<StringError>) {
    let mut value = EcoString::with_capacity(content.len());
    let mut errors = Vec::new();
    for step in (Steps { content, at: 0 }) {
        value.push(step.value);
        errors.extend(step.error);
    }
    (value, errors)
}

/// Whether a literal has escapes with letters, such as `\n`: then a text with backslashes that are none, such as a path, may
/// have them unintentionally.
pub fn has_letter_escape(content: &str) -> bool {
    let is_letter = |range: &Range<usize>| {
        content.get(range.clone()).is_some_and(|written| {
            written.starts_with('\\')
                && written.chars().nth(1).is_some_and(|c| c.is_ascii_lowercase())
        })
    };
    (Steps { content, at: 0 }).any(|step| step.error.is_none() && is_letter(&step.range))
}

/// The segments of the literal at `literal`. Empty if it is not a string literal.
pub fn segments(text: &str, literal: Range<usize>) -> impl Iterator<Item = Segment> + '_ {
    let start = literal.start;
    let written = text.get(literal).unwrap_or_default();
    let (quote, content) = content(written).unwrap_or_default();
    let base = start + quote;
    Steps { content, at: 0 }.map(move |step| {
        let range = base + step.range.start..base + step.range.end;
        Segment { range, value: Some(step.value) }
    })
}

/// The length of the opening quote of a literal, and the text between its quotes.
fn content(literal: &str) -> Option<(usize, &str)> {
    if let Some(content) = literal.strip_prefix('"') {
        return Some((1, content.strip_suffix('"').unwrap_or(content)));
    }
    // Other quotes are reported elsewhere. Between them the meaning of a backslash is unknown.
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
    fn escapes_with_letters_are_found() {
        for (content, has) in [
            (r"C:\\dir\new", true),
            (r"C:\u0041", true),
            (r"C:\\new", false),
            (r"\d\/", false),
            (r#"\""#, false),
        ] {
            assert_eq!(has_letter_escape(content), has, "{content}");
        }
    }

    #[test]
    fn errors_have_ranges() {
        let (value, errors) = decode("a\\qb\\u12\t\\ud800x");
        assert_eq!(
            errors,
            [
                StringError::BadEscape(1..3),
                StringError::BadUnicode(4..6),
                StringError::Control(8..9, '\t'),
                StringError::BadUnicode(9..15),
            ]
        );
        assert!(value.starts_with("a\\qb"));
    }
}
