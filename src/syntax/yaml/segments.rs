//! Maps the value of a YAML scalar back to the source: folded lines, escapes, indentation
//! (YAML 1.2, chapters 7.3 and 8.1). The parser only returns the values.

use std::ops::Range;

use crate::syntax::segment::Segment;

/// The segments of the scalar at `literal` of a text. Empty if it is not a scalar but, for example, an
/// alias.
pub fn segments(text: &str, literal: Range<usize>) -> Vec<Segment> {
    let base = literal.start;
    let written = text.get(literal).unwrap_or_default();
    let inside = |quote: char| {
        let content = written.strip_prefix(quote)?;
        Some(content.strip_suffix(quote).unwrap_or(content))
    };
    match written.chars().next() {
        Some('"') => folded(inside('"').unwrap_or_default(), base + 1, Style::Double),
        Some('\'') => folded(inside('\'').unwrap_or_default(), base + 1, Style::Single),
        Some('|' | '>') => {
            let before = text.get(..base).unwrap_or_default();
            let line = before.rfind('\n').map_or(0, |at| at + 1);
            block(written, base, before.get(line..).unwrap_or_default()).unwrap_or_default()
        }
        Some('*' | '&' | '!') | None => Vec::new(),
        Some(_) => folded(written, base, Style::Plain),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// The length of the line break at `at`, or 0.
fn line_break(bytes: &[u8], at: usize) -> usize {
    match (bytes.get(at), bytes.get(at + 1)) {
        (Some(b'\r'), Some(b'\n')) => 2,
        (Some(b'\r' | b'\n'), _) => 1,
        _ => 0,
    }
}

/// A scalar with folded line breaks: a single one is a space; of several, each after the first is
/// a line break.
struct Folded<'a> {
    bytes: &'a [u8],
    base: usize,
    /// Start of the current run of verbatim text.
    run: usize,
    segments: Vec<Segment>,
}

fn folded(content: &str, base: usize, style: Style) -> Vec<Segment> {
    let bytes = content.as_bytes();
    let mut folded = Folded { bytes, base, run: 0, segments: Vec::new() };
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        at = match byte {
            b'\n' | b'\r' => {
                let mut end = at;
                while end > folded.run && bytes.get(end - 1).copied().is_some_and(is_blank) {
                    end -= 1;
                }
                folded.verbatim(end);
                let (next, breaks) = folded.breaks(at);
                if breaks == 1 {
                    folded.encoded(end, next, ' ');
                }
                (1..breaks).for_each(|_| folded.encoded(end, next, '\n'));
                next
            }
            b'\'' if style == Style::Single => {
                folded.verbatim(at);
                folded.encoded(at, at + 2, '\'');
                at + 2
            }
            b'\\' if style == Style::Double => {
                folded.verbatim(at);
                if line_break(bytes, at + 1) > 0 {
                    let (next, breaks) = folded.breaks(at + 1);
                    (1..breaks).for_each(|_| folded.encoded(at, next, '\n'));
                    folded.run = next;
                    next
                } else {
                    let (length, value) = escape(content.get(at..).unwrap_or_default());
                    folded.encoded(at, at + length, value);
                    at + length
                }
            }
            _ => at + 1,
        };
    }
    folded.verbatim(bytes.len());
    folded.segments
}

impl Folded<'_> {
    /// Adds the verbatim text up to `end`.
    fn verbatim(&mut self, end: usize) {
        if end > self.run {
            let range = self.base + self.run..self.base + end;
            self.segments.push(Segment { range, value: None });
        }
        self.run = end;
    }

    /// Adds a range that encodes a character.
    fn encoded(&mut self, start: usize, end: usize, value: char) {
        let range = self.base + start..self.base + end;
        self.segments.push(Segment { range, value: Some(value) });
        self.run = end;
    }

    /// Skips line breaks and the whitespace after each. Returns the end offset and the number of
    /// breaks.
    fn breaks(&self, mut at: usize) -> (usize, usize) {
        let mut count = 0;
        loop {
            let length = line_break(self.bytes, at);
            if length == 0 {
                return (at, count);
            }
            count += 1;
            at += length;
            while self.bytes.get(at).copied().is_some_and(is_blank) {
                at += 1;
            }
        }
    }
}

/// The escape at the start of `rest`: its length in bytes and its value.
fn escape(rest: &str) -> (usize, char) {
    let hex = |at: usize, digits: usize| {
        rest.get(at..at + digits).and_then(|text| u32::from_str_radix(text, 16).ok())
    };
    let code = |digits: usize| {
        let unit = hex(2, digits).unwrap_or(0xfffd);
        (2 + digits, char::from_u32(unit).unwrap_or('\u{fffd}'))
    };
    let Some(letter) = rest.chars().nth(1) else { return (1, '\\') };
    let value = match letter {
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        't' => '\t',
        'n' => '\n',
        'v' => '\u{b}',
        'f' => '\u{c}',
        'r' => '\r',
        'e' => '\u{1b}',
        'N' => '\u{85}',
        '_' => '\u{a0}',
        'L' => '\u{2028}',
        'P' => '\u{2029}',
        'x' => return code(2),
        'U' => return code(8),
        'u' => {
            let low = rest.get(6..8).filter(|next| *next == "\\u").and_then(|_| hex(8, 4));
            return match (hex(2, 4), low) {
                (Some(high @ 0xd800..=0xdbff), Some(low @ 0xdc00..=0xdfff)) => {
                    let joined = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                    (12, char::from_u32(joined).unwrap_or('\u{fffd}'))
                }
                _ => code(4),
            };
        }
        other => other,
    };
    (1 + letter.len_utf8(), value)
}

/// The lines of a block scalar: the start and end of each, without the line break.
fn lines(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let length = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let line = (start, start + rest.get(..length)?.trim_end_matches(['\n', '\r']).len());
        start += length;
        Some(line)
    })
}

/// The segments of a literal or folded block scalar with its header. `before` is the text before
/// the header in its line.
fn block(written: &str, base: usize, before: &str) -> Option<Vec<Segment>> {
    let (header, _) = written.split_once('\n')?;
    let content_start = header.len() + 1;
    let content = written.get(content_start..)?;
    let indicators = header.split([' ', '\t', '\r']).next()?;
    let is_folded = indicators.starts_with('>');
    let indent = match indicators.chars().find_map(|c| c.to_digit(10)) {
        Some(more) => parent_indent(before)? + more as usize,
        None => lines(content)
            .filter_map(|(start, end)| content.get(start..end))
            .find_map(|line| line.find(|c| c != ' '))?,
    };
    let base = base + content_start;
    let mut segments = Vec::new();
    // Pending line breaks, and whether the line before them can be folded.
    let mut breaks: Vec<usize> = Vec::new();
    let mut foldable = None;
    for (start, end) in lines(content) {
        let line = content.get(start..end)?;
        let spaces = line.find(|c| c != ' ').unwrap_or(line.len());
        if spaces == line.len() && spaces <= indent {
            breaks.push(end);
            continue;
        }
        let line = line.get(indent..)?;
        let plain = !line.starts_with([' ', '\t']);
        // The first pending break is the one that ended the previous line.
        let folds = is_folded && foldable == Some(true) && plain;
        for (at, place) in breaks.iter().enumerate() {
            let range = base + place..base + start + indent;
            match (at, folds) {
                (0, true) if breaks.len() == 1 => {
                    segments.push(Segment { range, value: Some(' ') })
                }
                (0, true) => {}
                _ => segments.push(Segment { range, value: Some('\n') }),
            }
        }
        breaks.clear();
        segments.push(Segment { range: base + start + indent..base + end, value: None });
        foldable = Some(plain);
        breaks.push(end);
    }
    Some(segments)
}

/// The indentation of the entry whose value has its header after `before` in its line.
fn parent_indent(before: &str) -> Option<usize> {
    let mut at = before.find(|c| c != ' ')?;
    let mut indent = None;
    loop {
        let rest = before.get(at..)?;
        let Some(after) = rest.strip_prefix('-').filter(|after| after.starts_with(' ')) else {
            return match rest {
                _ if rest.starts_with('?') => None,
                _ if rest.trim_end().ends_with(':') || rest.contains(": ") => Some(at),
                _ => indent,
            };
        };
        indent = Some(at);
        at += 1 + after.find(|c| c != ' ').unwrap_or(after.len());
    }
}
