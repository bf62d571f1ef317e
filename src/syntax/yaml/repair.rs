//! Error recovery: the text around an error is blanked out in a copy of the same length, and the
//! copy is parsed again.

use granit_parser::{ErrorKind, ScanError};

use super::{Context, faults};
use crate::diag::Diagnostic;
use crate::source::{Source, Span};
use crate::syntax::{Kind, Node};

/// Maximum number of repairs in a document.
const MAX_REPAIRS: usize = 32;
/// Maximum total number of bytes that are parsed again.
const MAX_BYTES: usize = 16 << 20;

/// A copy of the text in which errors are repaired, and the locations of the repairs.
pub struct Repairs<'a> {
    source: &'a Source,
    text: String,
    count: usize,
    /// The blanked out spans.
    blanked: Vec<Span>,
    /// Offsets of characters that were replaced with a letter.
    replaced: Vec<u32>,
    /// Offsets at which a `:` replaced the last character of a key.
    colons: Vec<u32>,
}

impl<'a> Repairs<'a> {
    /// Creates a copy without repairs.
    pub fn new(source: &'a Source) -> Self {
        Repairs {
            source,
            text: source.text().to_owned(),
            count: 0,
            blanked: Vec::new(),
            replaced: Vec::new(),
            colons: Vec::new(),
        }
    }

    /// The repaired text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The original character at an offset, if it was replaced.
    pub fn replaced(&self, offset: u32) -> Option<char> {
        self.replaced.contains(&offset).then(|| {
            self.source.text().get(offset as usize..).and_then(|rest| rest.chars().next())
        })?
    }

    /// Whether there are no repairs.
    pub fn is_untouched(&self) -> bool {
        self.count == 0
    }

    /// The location in the source of a key whose last character was replaced with `:`.
    pub fn whole_key(&self, span: Span) -> Option<Span> {
        self.colons.contains(&span.end).then_some(Span { end: span.end + 1, ..span })
    }

    /// Whether a missing value at an offset was blanked out.
    pub fn is_blanked(&self, text: &str, offset: u32) -> bool {
        let only_blank = |span: &Span| {
            text.get(offset as usize..span.start as usize)
                .is_some_and(|between| between.trim_matches([' ', '\n', '\r', '-', ':']).is_empty())
        };
        self.blanked.iter().any(|span| span.start >= offset && only_blank(span))
    }

    /// Reports an error and repairs the text. Returns false if it cannot be repaired.
    pub fn repair(
        &mut self,
        fault: &ScanError,
        context: &Context,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> bool {
        let at = fault.marker().byte_offset().unwrap_or(context.scalar.end as usize);
        let at = at.min(self.text.len());
        let diagnostic = faults::scan(self.source, fault, at, context);
        if !self.follows_blanked(at) {
            diagnostics.push(diagnostic.clone());
        }
        self.count += 1;
        if self.count > MAX_REPAIRS || self.count * self.text.len() > MAX_BYTES {
            return false;
        }
        let place = diagnostic.primary.span;
        match fault.kind() {
            ErrorKind::UnexpectedCharacter { character: '@' | '`' | '%' } => self.replace(at),
            ErrorKind::UnknownQuotedScalarEscape => {
                self.put(place.start as usize, place.start as usize + 1, "x")
            }
            ErrorKind::RecursionLimitExceeded => false,
            ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey if self.put_colon(place) => {
                true
            }
            ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator
                if place.range().is_empty() && self.put_comma(place.start as usize) =>
            {
                true
            }
            ErrorKind::MisplacedFlowCollectionEnd if self.follows_bracket(at) => {
                self.put(at, at + 1, " ")
            }
            ErrorKind::ExpectedDocumentStart | ErrorKind::InvalidDocumentEnd
                if context.complete =>
            {
                let end = self.text.len();
                self.blank(at, end)
            }
            // The entry with the error is the unterminated one further up.
            ErrorKind::MappingValueNotAllowed
            | ErrorKind::InvalidColonPlacement
            | ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar
                if context.flow.is_none() =>
            {
                self.drop_entry(at.min(place.start as usize), context)
            }
            _ => self.drop_entry(at, context),
        }
    }

    /// Whether only whitespace separates an offset from blanked out text before it: then the
    /// error is a consequence of the repair.
    fn follows_blanked(&self, at: usize) -> bool {
        self.blanked.iter().any(|span| {
            self.text.get(span.end as usize..at).is_some_and(|between| between.trim().is_empty())
                || span.range().contains(&at)
        })
    }

    /// Replaces the character at an offset with a letter.
    fn replace(&mut self, at: usize) -> bool {
        self.replaced.push(Span::at(at).start);
        self.put(at, at + 1, "x")
    }

    /// Replaces the last character of a key with `:`, and records it. Returns false if that does
    /// not make the key an entry.
    fn put_colon(&mut self, key: Span) -> bool {
        let start = key.start as usize;
        let written = self.text.get(key.range()).unwrap_or_default();
        let end = start + written.trim_end_matches(':').len();
        let is_word = self.text.get(start..end).is_some_and(|key| key.is_ascii());
        let rest = self.text.get(end..).unwrap_or_default();
        let (last, colon) = match rest.chars().next() {
            Some(' ' | '\n' | '\r') => (end, ":"),
            Some(':') => (end + 1, ": "),
            _ => return false,
        };
        if !is_word || end < start + 2 || !self.put(end - 1, last, colon) {
            return false;
        }
        self.colons.push(Span::at(end - 1).start);
        true
    }

    /// Replaces the whitespace at an offset with a comma.
    fn put_comma(&mut self, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.starts_with([' ', '\n']) && self.put(at, at + 1, ",")
    }

    /// Whether a closing bracket precedes an offset: then the bracket at the offset is extra.
    fn follows_bracket(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or_default();
        before.trim_end_matches(' ').ends_with([']', '}'])
    }

    fn put(&mut self, start: usize, end: usize, text: &str) -> bool {
        let fits = self.text.is_char_boundary(start) && self.text.is_char_boundary(end);
        if fits && start < end && end <= self.text.len() {
            self.text.replace_range(start..end, text);
            return true;
        }
        false
    }

    /// Blanks out the entry that contains an error, including nested lines: only its value if
    /// its key is valid, otherwise the whole entry.
    fn drop_entry(&mut self, at: usize, context: &Context) -> bool {
        let first = context.flow.map_or(at, |flow| flow.min(at));
        let line = self.source.line_range(self.source.line_of(Span::at(first).start));
        let Some(written) = self.text.get(line.clone()) else { return false };
        let marks = written.len() - written.trim_start_matches([' ', '-']).len();
        let marks = marks.min(first - line.start);
        let entry = written.get(marks..).unwrap_or_default();
        let value = entry.find(": ").map(|colon| line.start + marks + colon + 1);
        let start = value.filter(|value| *value < first).unwrap_or(line.start + marks);
        let fault_line = self.source.line_of(Span::at(at).start);
        if context.flow.is_some_and(|open| faults::has_left(self.source, open, at)) {
            return self.blank(start, self.source.line_range(fault_line).start);
        }
        let mut end = self.source.line_range(fault_line).end;
        // More deeply indented lines belong to the entry.
        for next in fault_line + 1.. {
            let range = self.source.line_range(next);
            let Some(text) = self.text.get(range.clone()).filter(|_| range.start < self.text.len())
            else {
                break;
            };
            let indent = text.len() - text.trim_start().len();
            if indent <= marks && indent < text.len() {
                break;
            }
            end = range.end;
        }
        self.blank(start, end.max(at))
    }

    /// Replaces text with spaces. Returns false if there is only whitespace.
    fn blank(&mut self, start: usize, end: usize) -> bool {
        let end = end.min(self.text.len());
        let Some(text) = self.text.get(start..end) else { return false };
        let content = text.trim_end();
        if content.trim_start().is_empty() {
            return false;
        }
        let blank: String = text
            .bytes()
            .map(|byte| if matches!(byte, b'\n' | b'\r') { char::from(byte) } else { ' ' })
            .collect();
        let from = start + (text.len() - text.trim_start().len());
        self.blanked.push(Span::new(from, start + content.len()));
        self.text.replace_range(start..end, &blank);
        true
    }

    /// Marks the objects that may have lost members.
    pub fn mark(&self, mut tree: Node) -> Node {
        for span in &self.blanked {
            damage(&mut tree, span.start);
        }
        tree
    }
}

/// Marks the objects that contain an offset, or the last one before it.
fn damage(node: &mut Node, offset: u32) {
    match &mut node.kind {
        Kind::Array(items) => {
            if let Some(item) = items.iter_mut().rev().find(|item| item.span.start <= offset) {
                damage(item, offset);
            }
        }
        Kind::Object(object) => {
            object.damaged = true;
            let before = object.members.iter_mut().rev().find(|m| m.key.span.start <= offset);
            if let Some(member) = before {
                damage(&mut member.value, offset);
            }
        }
        _ => {}
    }
}
