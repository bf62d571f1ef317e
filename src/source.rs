//! Source texts and positions in them.
//!
//! Positions are byte offsets; lines and columns are computed only for output. All files of a run
//! share one space of offsets: each file has a base, which is added to the offsets in it, so that a
//! span knows its file ([`Sources`]).

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::printable;

/// A half-open range of bytes of a source: offsets in the space that all sources share.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The span `start..end`. Offsets above 4 GiB become the highest one.
    pub fn new(start: usize, end: usize) -> Self {
        let narrow = |offset| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { start: narrow(start), end: narrow(end) }
    }

    /// The empty span at `offset`.
    pub fn at(offset: usize) -> Self {
        Span::new(offset, offset)
    }

    /// The span as a range for slicing.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The span after `by` more bytes.
    pub fn moved(self, by: u32) -> Span {
        Span { start: self.start.saturating_add(by), end: self.end.saturating_add(by) }
    }

    /// The span from the start of this one to the end of the other.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end.max(self.start) }
    }
}

/// A value and its location in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// The location of the value.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Attaches a location to a value.
    pub fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }
}

/// A line and a column, both starting at 1. Columns count Unicode characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line, starting at 1.
    pub line: usize,
    /// The column in characters, starting at 1. A byte order mark is not counted.
    pub column: usize,
}

/// The syntax of a document, derived from its file name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// JSON. Comments and trailing commas are accepted with a warning.
    Json,
    /// JSON with comments and trailing commas (`.jsonc`).
    Jsonc,
    /// YAML 1.2 (`.yaml`, `.yml`).
    Yaml,
}

impl Syntax {
    /// The syntax of a file with this name. `None` for unknown extensions.
    pub fn of_name(name: &str) -> Option<Syntax> {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match extension.to_ascii_lowercase().as_str() {
            "yaml" | "yml" => Some(Syntax::Yaml),
            "jsonc" => Some(Syntax::Jsonc),
            "json" => Some(Syntax::Json),
            _ => None,
        }
    }

    /// The syntax of a text whose name does not say it, such as standard input: YAML if it starts with a
    /// key, a dash, or the `---` or `%` before a document.
    pub fn of_text(text: &str) -> Syntax {
        let lines = text.strip_prefix(BOM).unwrap_or(text).lines().map(str::trim);
        let mut content = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let first = content.next().unwrap_or_default();
        let key = first.split_once(':').map_or("", |(key, _)| key.trim_end());
        let is_key =
            !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_-.$".contains(c));
        let is_item = first == "-" || first.starts_with("- ");
        match is_key || is_item || first.starts_with("---") || first.starts_with('%') {
            true => Syntax::Yaml,
            false => Syntax::Json,
        }
    }
}

/// Maximum size of a source in bytes. Larger input is rejected, because offsets must fit into
/// a span; no real appliance comes close.
pub const MAX_SOURCE_BYTES: usize = 64 << 20;

/// Why bytes are not a valid [`Source`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceError {
    /// Larger than [`MAX_SOURCE_BYTES`]. Holds the size in bytes; the source is empty.
    TooLarge(usize),
    /// Not valid UTF-8 from this byte on. Invalid bytes are replaced with U+FFFD.
    NotUtf8(usize),
    /// The file is UTF-16: it starts with the byte order mark of that encoding, or every other byte is
    /// NUL.
    Utf16,
    /// The file is UTF-32: of its characters, all bytes but one are NUL.
    Utf32,
}

/// A document: its name and its text, and where its offsets begin. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Source {
    /// The offset of its first byte in the space that all sources share.
    base: u32,
    document: Arc<Document>,
}

#[derive(Debug)]
struct Document {
    name: String,
    syntax: Syntax,
    text: String,
    /// Made when a line or column is asked for.
    lines: OnceLock<Lines>,
}

/// Where the lines of a text are.
#[derive(Debug)]
struct Lines {
    /// Offset of the first byte of each line.
    starts: Vec<u32>,
    /// Number of characters that start before each block of [`BLOCK`] bytes, so that finding a
    /// column takes the same time on long lines.
    characters: Vec<u32>,
}

/// Size of a block of [`Lines::characters`] in bytes.
const BLOCK: usize = 1024;

impl Lines {
    fn of(text: &str) -> Lines {
        // Counted first, as a file may consist of line breaks.
        let count = 1 + text.bytes().filter(|byte| *byte == b'\n').count();
        let mut starts = Vec::with_capacity(count);
        starts.push(0);
        starts.extend(text.match_indices('\n').map(|(at, _)| Span::at(at + 1).start));
        let mut characters = vec![0u32];
        let mut before = 0u32;
        for block in text.as_bytes().chunks(BLOCK) {
            before = before.saturating_add(count_starts(block));
            characters.push(before);
        }
        Lines { starts, characters }
    }
}

/// Number of characters that start in a slice of UTF-8 text.
fn count_starts(bytes: &[u8]) -> u32 {
    let count = bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Number of bytes at the start of a file that tell its encoding.
const PROBED: usize = 1024;

/// The encoding of a file whose characters are wider than a byte, by the NUL bytes at its start, which no
/// appliance has. `None` if it is another one.
fn wide(bytes: &[u8]) -> Option<SourceError> {
    let probed = bytes.get(..bytes.len().min(PROBED)).unwrap_or_default();
    // Almost no file has any, which is found at once.
    if !probed.contains(&0) {
        return None;
    }
    // Whether most of the bytes at the places of a unit are NUL that are given as such, and no others.
    let is = |places: &[bool]| {
        let units = || probed.chunks_exact(places.len());
        let fits =
            |unit: &&[u8]| unit.iter().zip(places).all(|(byte, is_nul)| (*byte == 0) == *is_nul);
        let has_other =
            |unit: &[u8]| unit.iter().zip(places).any(|(byte, is_nul)| *byte == 0 && !is_nul);
        let (count, fitting) = (units().count(), units().filter(fits).count());
        count > 1 && fitting * 2 > count && !units().any(has_other)
    };
    if is(&[false, true, true, true]) || is(&[true, true, true, false]) {
        return Some(SourceError::Utf32);
    }
    (is(&[false, true]) || is(&[true, false])).then_some(SourceError::Utf16)
}

/// The byte order mark, which some editors write at the start of a file.
const BOM: &str = "\u{feff}";

impl PartialEq for Source {
    fn eq(&self, other: &Source) -> bool {
        let (one, two) = (&self.document, &other.document);
        let is_same = || one.name == two.name && one.text == two.text;
        self.base == other.base && (Arc::ptr_eq(one, two) || is_same())
    }
}

impl Eq for Source {}

/// Written as name and text, and read with its first byte at offset 0.
impl Serialize for Source {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        (self.name(), self.text()).serialize(to)
    }
}

impl<'d> Deserialize<'d> for Source {
    fn deserialize<D: Deserializer<'d>>(from: D) -> Result<Source, D::Error> {
        let (name, text) = <(String, String)>::deserialize(from)?;
        Ok(Source::new(name, text))
    }
}

impl Source {
    /// Creates a source from text, with its first byte at offset 0. `name`, usually a path,
    /// appears in diagnostics and determines the syntax.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let (name, text) = (name.into(), text.into());
        let syntax = Syntax::of_name(&name).unwrap_or_else(|| Syntax::of_text(&text));
        let document = Document { syntax, name, text, lines: OnceLock::new() };
        Source { base: 0, document: Arc::new(document) }
    }

    /// Creates a source from bytes that may not be valid text. Offsets before the invalid byte
    /// stay correct.
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> (Self, Option<SourceError>) {
        if bytes.len() > MAX_SOURCE_BYTES {
            return (Source::new(name, ""), Some(SourceError::TooLarge(bytes.len())));
        }
        // Of ASCII characters, such a file is also valid UTF-8.
        if let Some(error) = wide(&bytes) {
            return (Source::new(name, ""), Some(error));
        }
        match String::from_utf8(bytes) {
            Ok(text) => (Source::new(name, text), None),
            Err(error)
                if matches!(error.as_bytes(), [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..]) =>
            {
                (Source::new(name, ""), Some(SourceError::Utf32))
            }
            Err(error) if matches!(error.as_bytes(), [0xff, 0xfe, ..] | [0xfe, 0xff, ..]) => {
                (Source::new(name, ""), Some(SourceError::Utf16))
            }
            Err(error) => {
                let invalid = SourceError::NotUtf8(error.utf8_error().valid_up_to());
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                (Source::new(name, text), Some(invalid))
            }
        }
    }

    /// The same document with its first byte at another offset.
    pub(crate) fn at(&self, base: u32) -> Source {
        Source { base, document: Arc::clone(&self.document) }
    }

    /// The same document with another name, and the syntax of the old one.
    pub(crate) fn renamed(&self, name: impl FnOnce(&str) -> String) -> Source {
        let Document { syntax, name: old, text, .. } = &*self.document;
        let document = Document {
            syntax: *syntax,
            name: name(old),
            text: text.clone(),
            lines: OnceLock::new(),
        };
        Source { base: self.base, document: Arc::new(document) }
    }

    /// The offset of its first byte in the space that all sources share.
    pub(crate) fn base(&self) -> u32 {
        self.base
    }

    /// Whether an offset is in this source, or directly at its end.
    pub fn contains(&self, offset: u32) -> bool {
        let end = self.base as usize + self.text().len();
        (self.base as usize..=end).contains(&(offset as usize))
    }

    /// The name of the source in diagnostics.
    pub fn name(&self) -> &str {
        &self.document.name
    }

    /// The name as terminals and logs may show it.
    pub fn shown_name(&self) -> Cow<'_, str> {
        printable::line(self.name())
    }

    /// The syntax of the text.
    pub fn syntax(&self) -> Syntax {
        self.document.syntax
    }

    /// The whole text, including a byte order mark.
    pub fn text(&self) -> &str {
        &self.document.text
    }

    /// Index of the content in the text: after the byte order mark, if there is one.
    pub fn content_start(&self) -> usize {
        if self.text().starts_with(BOM) { BOM.len() } else { 0 }
    }

    /// The lines of the content with their breaks, each with its index in the text.
    pub fn content_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let start = self.content_start();
        let content = self.text().get(start..).unwrap_or_default();
        content.split_inclusive('\n').scan(start, |at, line| {
            let from = *at;
            *at += line.len();
            Some((from, line))
        })
    }

    /// The span of a range of the text.
    pub fn span(&self, range: Range<usize>) -> Span {
        Span::new(range.start, range.end).moved(self.base)
    }

    /// The empty span at the start of the content.
    pub fn start(&self) -> Span {
        self.span(self.content_start()..self.content_start())
    }

    /// The range of the text that a span is. Not inside the text if the span is not in this
    /// source.
    pub fn range(&self, span: Span) -> Range<usize> {
        match (span.start.checked_sub(self.base), span.end.checked_sub(self.base)) {
            (Some(start), Some(end)) => start as usize..end as usize,
            _ => usize::MAX..usize::MAX,
        }
    }

    /// The same document with an asterisk for each byte of these spans, except for quotes around them and line
    /// breaks: all offsets and lines stay the same.
    pub(crate) fn masked(&self, spans: &[Span]) -> Source {
        let mut bytes = self.text().as_bytes().to_vec();
        for span in spans {
            let range = self.range(*span);
            let quote = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\''));
            let inside = bytes.get_mut(range).unwrap_or_default();
            let is_quoted = inside.len() > 1 && quote(inside.first()) && quote(inside.last());
            let end = inside.len() - usize::from(is_quoted);
            let inside = inside.get_mut(usize::from(is_quoted)..end).unwrap_or_default();
            for byte in inside.iter_mut().filter(|byte| !matches!(byte, b'\n' | b'\r')) {
                *byte = b'*';
            }
        }
        // Spans are at boundaries of characters.
        let text = String::from_utf8(bytes).unwrap_or_default();
        let (name, syntax) = (self.name().to_owned(), self.syntax());
        let document = Document { syntax, name, text, lines: OnceLock::new() };
        Source { base: self.base, document: Arc::new(document) }
    }

    /// The text of a span. Empty if the span is not inside the source.
    pub fn slice(&self, span: Span) -> &str {
        self.text().get(self.range(span)).unwrap_or("")
    }

    /// The line and column of an offset. Offsets after the end are treated as the end.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.line_of(offset);
        let start = self.line_range(line).start.max(self.content_start());
        let offset = self.char_floor(offset.saturating_sub(self.base) as usize);
        let column = self.characters_before(offset).saturating_sub(self.characters_before(start));
        Position { line: line + 1, column: column as usize + 1 }
    }

    /// The index of a line and column in the text: the inverse of [`position`](Source::position).
    /// Columns after the end of the line are treated as the end.
    pub fn index(&self, position: Position) -> usize {
        let Position { line, column } = position;
        let range = self.line_range(line.saturating_sub(1));
        let start = range.start.max(self.content_start()).min(range.end);
        let text = self.text().get(start..range.end).unwrap_or("");
        let before = text.chars().take(column.saturating_sub(1));
        start + before.map(char::len_utf8).sum::<usize>()
    }

    fn lines(&self) -> &Lines {
        self.document.lines.get_or_init(|| Lines::of(self.text()))
    }

    /// Number of characters that start before an index.
    fn characters_before(&self, index: usize) -> u32 {
        let block = index / BLOCK;
        let rest = self.text().as_bytes().get(block * BLOCK..index).unwrap_or_default();
        self.lines().characters.get(block).map_or(0, |before| before + count_starts(rest))
    }

    /// The line that contains an offset, starting at 0.
    pub fn line_of(&self, offset: u32) -> usize {
        let index = offset.saturating_sub(self.base);
        self.lines().starts.partition_point(|start| *start <= index).saturating_sub(1)
    }

    /// The range of a line (starting at 0) in the text, without its line break.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let (text, starts) = (self.text(), &self.lines().starts);
        let start = starts.get(line).map_or(text.len(), |start| *start as usize);
        let end = starts.get(line + 1).map_or(text.len(), |next| *next as usize);
        let line = text.get(start..end).unwrap_or("");
        start..start + line.trim_end_matches(['\n', '\r']).len()
    }

    /// The last character boundary at or before an index of the text, at most its end.
    pub fn char_floor(&self, index: usize) -> usize {
        let mut index = index.min(self.text().len());
        while !self.text().is_char_boundary(index) {
            index -= 1;
        }
        index
    }
}

/// The sources of a run, in one space of offsets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sources {
    /// By their bases.
    all: Vec<Source>,
}

impl Sources {
    /// No sources.
    pub fn new() -> Sources {
        Sources::default()
    }

    /// Adds a source, and returns it with its base. Sources that do not fit into the space share
    /// the offsets at its end.
    pub fn add(&mut self, source: &Source) -> Source {
        // The end of a source and the start of the next one are different offsets.
        let after = |last: &Source| last.base as usize + last.text().len() + 1;
        let base = Span::at(self.all.last().map_or(0, after)).start;
        let source = source.at(base);
        self.all.push(source.clone());
        source
    }

    /// The source that a span is in.
    pub fn of(&self, span: Span) -> Option<&Source> {
        let after = self.all.partition_point(|source| source.base <= span.start);
        let source = self.all.get(after.checked_sub(1)?)?;
        source.contains(span.start).then_some(source)
    }

    /// The same sources with spans [masked](Source::masked).
    pub(crate) fn masked(&self, spans: &[Span]) -> Sources {
        Sources { all: self.all.iter().map(|source| source.masked(spans)).collect() }
    }

    /// The same sources with other [names](Source::renamed).
    pub(crate) fn renamed(&self, name: impl Fn(&str) -> String) -> Sources {
        Sources { all: self.all.iter().map(|source| source.renamed(&name)).collect() }
    }

    /// The sources, in the order in which they were added.
    pub fn iter(&self) -> std::slice::Iter<'_, Source> {
        self.all.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let source = Source::new("a.json", "{\n\"é😀\": x}\r\nend");
        let x = source.text().find('x').unwrap() as u32;
        assert_eq!(source.position(x), Position { line: 2, column: 7 });
        assert_eq!(source.line_range(1), 2..source.text().find('\r').unwrap());
        assert_eq!(source.position(9999), Position { line: 3, column: 4 });
    }

    #[test]
    fn masked_text_keeps_its_lines_and_offsets() {
        let source = Source::new("a.json", "{\"é\": \"hé\n\"}, x").at(10);
        let text = |start: u32, end: u32| {
            let span = Span { start: 10 + start, end: 10 + end };
            source.masked(&[span]).text().to_owned()
        };
        assert_eq!(text(7, 13), "{\"é\": \"***\n\"}, x");
        assert_eq!(text(8, 11), "{\"é\": \"***\n\"}, x");
        assert_eq!(text(16, 17), "{\"é\": \"hé\n\"}, *");
        assert_eq!(text(90, 91), source.text());
        assert_eq!(source.masked(&[]).position(17), source.position(17));
    }

    #[test]
    fn columns_are_correct_on_long_lines() {
        let source = Source::new("a.json", "é😀x".repeat(1000));
        for (count, (at, _)) in source.text().char_indices().enumerate() {
            let position = source.position(at as u32);
            assert_eq!(position.column, count + 1);
            assert_eq!(source.index(position), at);
        }
    }

    #[test]
    fn byte_order_mark_is_not_a_column() {
        let source = Source::new("a.json", "\u{feff}{ x");
        assert_eq!(source.position(5), Position { line: 1, column: 3 });
        assert_eq!(source.index(Position { line: 1, column: 3 }), 5);
        assert_eq!(source.index(Position { line: 1, column: 9 }), source.text().len());
        assert_eq!(source.content_start(), 3);
    }

    #[test]
    fn offsets_before_invalid_bytes_are_kept() {
        let (source, error) = Source::from_bytes("a", b"ab\xffcd".to_vec());
        assert_eq!(error, Some(SourceError::NotUtf8(2)));
        for bytes in [&b"\xff\xfe{\0"[..], b"\xfe\xff\0{", b"\xff\xfe"] {
            let (_, error) = Source::from_bytes("a.json", bytes.to_vec());
            assert_eq!(error, Some(SourceError::Utf16));
        }
        assert_eq!(source.text(), "ab\u{fffd}cd");
    }

    #[test]
    fn a_span_knows_its_source() {
        let mut sources = Sources::new();
        let one = sources.add(&Source::new("one", "a\nb"));
        let two = sources.add(&Source::new("two", "\u{feff}c\nd"));
        let (end, d) = (one.span(3..3), two.span(5..6));
        assert_eq!(two.slice(d), "d");
        assert_eq!(two.position(d.start), Position { line: 2, column: 1 });
        assert_eq!(two.position(two.start().start), Position { line: 1, column: 1 });
        assert_eq!(one.slice(d), "");
        let name = |span| sources.of(span).map(Source::name);
        assert_eq!(
            [name(end), name(two.span(0..0)), name(d)],
            [Some("one"), Some("two"), Some("two")]
        );
        assert_eq!(name(two.span(7..7)), None);
    }

    #[test]
    fn syntax_follows_from_the_extension() {
        assert_eq!(Syntax::of_name("a.b/app.YAML"), Some(Syntax::Yaml));
        assert_eq!(Syntax::of_name("app.jsonc"), Some(Syntax::Jsonc));
        assert_eq!(Syntax::of_name("-"), None);
    }

    #[test]
    fn syntax_without_an_extension_follows_from_the_text() {
        for yaml in ["id: x", "\u{feff}# a\n\n id : x".trim(), "---\n{}", "- id: x", "%YAML 1.2"] {
            assert_eq!(Syntax::of_text(yaml), Syntax::Yaml, "{yaml}");
        }
        for json in
            ["", "{\"id\": 1}", " [1]", "// a\n{}", "# a\n{id: x}", "\"id\": 1", "-1", "hello"]
        {
            assert_eq!(Syntax::of_text(json), Syntax::Json, "{json}");
        }
        assert_eq!(Source::new("-", "id: x").syntax(), Syntax::Yaml);
        assert_eq!(Source::new("a.json", "id: x").syntax(), Syntax::Json);
    }
}
