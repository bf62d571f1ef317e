//! Lines and columns as the protocol counts them.

use std::ops::Range;
use std::sync::OnceLock;

use gen_lsp_types as lsp;

/// What a column counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Bytes of UTF-8.
    Utf8,
    /// Units of UTF-16, of which characters above U+FFFF have two.
    #[default]
    Utf16,
    /// Characters.
    Utf32,
}

/// Where the lines of a text are. A line ends with `\n`, `\r\n`, or `\r`.
#[derive(Debug)]
pub struct Lines {
    /// The index of the first byte of each line.
    starts: Vec<usize>,
    /// Made when a column is asked for.
    blocks: OnceLock<Vec<Units>>,
}

/// The number of characters before a place, and of those above U+FFFF among them.
#[derive(Debug, Clone, Copy, Default)]
struct Units {
    characters: usize,
    wide: usize,
}

/// The distance in bytes of the places of [`Lines::blocks`], so that long lines take no more time than short ones.
const BLOCK: usize = 1024;

impl Units {
    fn of(bytes: &[u8]) -> Units {
        Units {
            characters: bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count(),
            wide: bytes.iter().filter(|byte| **byte >= 0xf0).count(),
        }
    }

    fn and(self, more: Units) -> Units {
        Units { characters: self.characters + more.characters, wide: self.wide + more.wide }
    }
}

impl Lines {
    /// The lines of a text.
    pub fn of(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let ends = memchr::memchr2_iter(b'\n', b'\r', bytes).filter(|at| {
            // The break is after the second of the two.
            bytes.get(*at) == Some(&b'\n') || bytes.get(at + 1) != Some(&b'\n')
        });
        let starts = std::iter::once(0).chain(ends.map(|at| at + 1)).collect();
        Lines { starts, blocks: OnceLock::new() }
    }

    /// The position of an index of the text; that of its end for those after it.
    pub fn position(&self, text: &str, index: usize, encoding: Encoding) -> lsp::Position {
        let index = floor(text, index);
        let line = self.starts.partition_point(|start| *start <= index).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        let column = self.units(text, index, encoding) - self.units(text, start, encoding);
        let narrow = |number| u32::try_from(number).unwrap_or(u32::MAX);
        lsp::Position { line: narrow(line), character: narrow(column) }
    }

    /// The positions of a range of the text.
    pub fn range(&self, text: &str, range: Range<usize>, encoding: Encoding) -> lsp::Range {
        lsp::Range {
            start: self.position(text, range.start, encoding),
            end: self.position(text, range.end, encoding),
        }
    }

    /// The index of a position in the text. A column after the end of a line is its end, before the break; one inside
    /// a character is that of the character.
    pub fn index(&self, text: &str, position: lsp::Position, encoding: Encoding) -> usize {
        let line = position.line as usize;
        let Some(start) = self.starts.get(line).copied() else { return text.len() };
        let next = self.starts.get(line + 1).copied().unwrap_or(text.len());
        let content = text.get(start..next).unwrap_or_default();
        let end = start + content.trim_end_matches(['\n', '\r']).len();
        let column = position.character as usize;
        if encoding == Encoding::Utf8 {
            return floor(text, start.saturating_add(column).min(end));
        }
        let wanted = self.units(text, start, encoding).saturating_add(column);
        // The last block that starts at or before the place.
        let blocks = self.blocks(text);
        let block = blocks.partition_point(|units| count(*units, encoding) <= wanted);
        let from = (block.saturating_sub(1) * BLOCK).max(start);
        let from = floor(text, from.min(end)).max(start);
        let mut units = self.units(text, from, encoding);
        let mut at = from;
        for character in text.get(from..end).unwrap_or_default().chars() {
            units += match encoding {
                Encoding::Utf16 => character.len_utf16(),
                Encoding::Utf8 | Encoding::Utf32 => 1,
            };
            if units > wanted {
                break;
            }
            at += character.len_utf8();
        }
        at
    }

    /// The range of the text between two positions; empty if they are in the wrong order.
    pub fn span(&self, text: &str, range: lsp::Range, encoding: Encoding) -> Range<usize> {
        let start = self.index(text, range.start, encoding);
        start..self.index(text, range.end, encoding).max(start)
    }

    /// What is before an index at the boundary of a character.
    fn units(&self, text: &str, index: usize, encoding: Encoding) -> usize {
        if encoding == Encoding::Utf8 {
            return index;
        }
        let block = index / BLOCK;
        let before = self.blocks(text).get(block).copied().unwrap_or_default();
        let rest = text.as_bytes().get(block * BLOCK..index).unwrap_or_default();
        count(before.and(Units::of(rest)), encoding)
    }

    fn blocks(&self, text: &str) -> &[Units] {
        self.blocks.get_or_init(|| {
            let mut before = Units::default();
            let mut blocks = vec![before];
            for block in text.as_bytes().chunks(BLOCK) {
                before = before.and(Units::of(block));
                blocks.push(before);
            }
            blocks
        })
    }
}

/// The last boundary of a character at or before an index, at most the end of the text.
fn floor(text: &str, index: usize) -> usize {
    let mut index = index.min(text.len());
    while !text.is_char_boundary(index) {
        index -= 1;
    }
    index
}

fn count(units: Units, encoding: Encoding) -> usize {
    match encoding {
        Encoding::Utf16 => units.characters + units.wide,
        Encoding::Utf8 | Encoding::Utf32 => units.characters,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    fn at(line: u32, character: u32) -> lsp::Position {
        lsp::Position { line, character }
    }

    #[test]
    fn columns_after_an_emoji_depend_on_the_encoding() {
        let text = "a\n\"é😀\": x";
        let lines = Lines::of(text);
        let index = text.find('x').unwrap();
        let columns = ALL.map(|encoding| lines.position(text, index, encoding).character);
        assert_eq!(columns, [10, 7, 6]);
        for (encoding, column) in ALL.into_iter().zip(columns) {
            assert_eq!(lines.index(text, at(1, column), encoding), index);
        }
        // Between the two halves of the emoji.
        assert_eq!(lines.index(text, at(1, 3), Encoding::Utf16), text.find('😀').unwrap());
        assert_eq!(lines.index(text, at(1, 5), Encoding::Utf8), text.find('😀').unwrap());
    }

    #[test]
    fn all_breaks_of_the_protocol_end_lines() {
        let text = "a\r\nb\rc\nd";
        let lines = Lines::of(text);
        let starts: Vec<usize> =
            (0..5).map(|line| lines.index(text, at(line, 0), Encoding::Utf16)).collect();
        assert_eq!(starts, [0, 3, 5, 7, 8]);
        // A column after the end is before the break.
        assert_eq!(lines.index(text, at(0, 9), Encoding::Utf16), 1);
        assert_eq!(lines.position(text, 99, Encoding::Utf16), at(3, 1));
    }

    proptest! {
        #[test]
        fn positions_lead_back(text in "[a-c\\né😀\\r]{0,40}", times in 1usize..200) {
            let text = text.repeat(times);
            let lines = Lines::of(&text);
            for encoding in ALL {
                let step = (text.len() / 50).max(1);
                for index in (0..=text.len()).step_by(step).filter(|at| text.is_char_boundary(*at)) {
                    // Between the two characters of a break there is no position.
                    if text.get(..index).is_some_and(|before| before.ends_with('\r'))
                        && text.get(index..).is_some_and(|after| after.starts_with('\n'))
                    {
                        continue;
                    }
                    let position = lines.position(&text, index, encoding);
                    prop_assert_eq!(lines.index(&text, position, encoding), index);
                    let line = text.get(..index).unwrap().rsplit(['\n', '\r']).next().unwrap();
                    let column = match encoding {
                        Encoding::Utf8 => line.len(),
                        Encoding::Utf16 => line.encode_utf16().count(),
                        Encoding::Utf32 => line.chars().count(),
                    };
                    prop_assert_eq!(position.character as usize, column);
                }
            }
        }
    }
}
