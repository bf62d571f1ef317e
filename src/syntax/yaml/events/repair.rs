//! Changes a copy of the text so that it can be read past an error. The copy keeps its length, so
//! that offsets stay those of the source.
//!
//! If one character was meant to be another, it is replaced. Otherwise the entry with the error is
//! blanked out: its value if its key is valid, or all of it.

use std::borrow::Cow;

use granit_parser::ErrorKind;

use super::errors::{self, MAX_KEY};
use super::scan::SyntaxError;
use crate::source::{Source, Span};
use crate::syntax::yaml::blocks;
use crate::syntax::yaml::spans::{character, is_outside, line_at};
use crate::syntax::{is_ellipsis, signs};

/// Maximum number of repairs in a document.
const MAX_REPAIRS: usize = 32;
/// Maximum total number of bytes that are read again.
const MAX_BYTES: usize = 16 << 20;

/// A copy of a text, and what was changed in it.
pub struct Repairs {
    text: String,
    count: usize,
    /// The blanked out spans.
    blanked: Vec<Span>,
    /// Offsets at which a letter replaced the first character of a plain scalar.
    first: Vec<u32>,
    /// Offsets at which a `:` replaced the last character of a key.
    last: Vec<u32>,
    /// Offsets before which a space replaced the first character of a key, behind a `-`.
    dashed: Vec<u32>,
}

impl Repairs {
    /// Creates a copy without changes.
    pub fn new(text: &str) -> Self {
        Repairs {
            text: text.to_owned(),
            count: 0,
            blanked: Vec::new(),
            first: Vec::new(),
            last: Vec::new(),
            dashed: Vec::new(),
        }
    }

    /// The changed text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there was no error to repair.
    pub fn is_untouched(&self) -> bool {
        self.count == 0
    }

    /// The blanked out spans.
    pub fn blanked(&self) -> &[Span] {
        &self.blanked
    }

    /// Undoes the changes to a plain scalar that was read from the changed text.
    pub fn restored<'t>(
        &self,
        source: &Source,
        text: Cow<'t, str>,
        span: Span,
        is_key: bool,
    ) -> (Cow<'t, str>, Span) {
        if is_key && self.last.contains(&span.end) {
            let whole = Span { end: span.end + 1, ..span };
            return (Cow::Owned(source.slice(whole).to_owned()), whole);
        }
        if is_key && self.dashed.contains(&span.start) {
            let whole = Span { start: span.start - 1, ..span };
            return (Cow::Owned(source.slice(whole).to_owned()), whole);
        }
        if self.first.contains(&span.start) {
            let rest = text.get(1..).unwrap_or_default();
            let first = source.slice(character(source.text(), span.start as usize));
            return (Cow::Owned(format!("{first}{rest}")), span);
        }
        (text, span)
    }

    /// Whether a missing value at an offset was blanked out.
    pub fn is_blanked(&self, offset: u32) -> bool {
        let only_blank = |span: &Span| {
            self.text
                .get(offset as usize..span.start as usize)
                .is_some_and(|between| between.trim_matches([' ', '\n', '\r', '-', ':']).is_empty())
        };
        self.blanked.iter().any(|span| span.start >= offset && only_blank(span))
    }

    /// Whether an error at an offset is a consequence of a repair: only whitespace separates it from
    /// blanked out text before it.
    pub fn explains(&self, at: usize) -> bool {
        self.blanked.iter().any(|span| {
            self.text.get(span.end as usize..at).is_some_and(|between| between.trim().is_empty())
                || span.range().contains(&at)
        })
    }

    /// Repairs an error, which was reported at `place`. Returns false if it cannot be repaired.
    pub fn repair(&mut self, source: &Source, error: &SyntaxError, place: Span) -> bool {
        self.count += 1;
        if self.count > MAX_REPAIRS || self.count * self.text.len() > MAX_BYTES {
            return false;
        }
        let at = error.at;
        let written = source.slice(place);
        let is_sign = written == ";" || signs::sign(written) == Some(written);
        if is_sign && self.put_colon_for(place) {
            return true;
        }
        if let Some(comma) = errors::ending_comma(source, error) {
            return self.put(comma.start as usize, comma.end as usize, " ");
        }
        if errors::second_colons(&self.text, place.start as usize).is_some() {
            return self.put(
                place.start as usize,
                place.end as usize,
                &" ".repeat(place.range().len()),
            );
        }
        match error.kind() {
            ErrorKind::UnexpectedCharacter { character: '@' | '`' | '%' } => self.replace_first(at),
            // All of the escape: what follows the backslash has no meaning of its own, such as that
            // of `@`.
            ErrorKind::UnknownQuotedScalarEscape => {
                let escape = place.range();
                self.put(escape.start, escape.end, &"x".repeat(escape.len()))
            }
            ErrorKind::RecursionLimitExceeded => false,
            ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey
                if !place.range().contains(&(at + MAX_KEY)) && self.put_colon(place) =>
            {
                true
            }
            ErrorKind::ExpectedFlowMappingSeparator
            | ErrorKind::ExpectedFlowSequenceSeparator
            | ErrorKind::MappingValueNotAllowed
            | ErrorKind::InvalidColonPlacement
            | ErrorKind::InvalidTrailingSingleQuotedScalar
            | ErrorKind::InvalidTrailingDoubleQuotedScalar
                if place.range().is_empty() && self.put_comma(place.start as usize) =>
            {
                true
            }
            ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement
                if self.put_dash(source, error) =>
            {
                true
            }
            ErrorKind::ExpectedBlockMappingKey | ErrorKind::InvalidIndentation
                if self.put_start(source, at) =>
            {
                true
            }
            ErrorKind::MisplacedFlowCollectionEnd if self.follows_bracket(at) => {
                self.put(at, at + 1, " ")
            }
            ErrorKind::ExpectedDocumentStart | ErrorKind::InvalidDocumentEnd
                if error.is_complete =>
            {
                self.blank(at, self.text.len())
            }
            // The entry with the error is the unterminated one further up.
            ErrorKind::MappingValueNotAllowed
            | ErrorKind::InvalidColonPlacement
            | ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar
                if error.flow.is_none() =>
            {
                self.drop_entry(source, error, at.min(place.start as usize))
            }
            _ => self.drop_entry(source, error, at),
        }
    }

    /// Replaces the character at an offset with a letter.
    fn replace_first(&mut self, at: usize) -> bool {
        self.first.push(Span::at(at).start);
        self.put(at, at + 1, "x")
    }

    /// Replaces the last character of a key with `:`, and records it. Returns false if that does
    /// not make the key an entry.
    fn put_colon(&mut self, key: Span) -> bool {
        let start = key.start as usize;
        let written = self.text.get(key.range()).unwrap_or_default();
        let end = start + written.trim_end_matches(':').len();
        // With a colon in place of its last character, a tag, anchor or alias stays one.
        let is_key =
            |key: &str| key.is_ascii() && !key.starts_with(['!', '&', '*']) && !is_ellipsis(key);
        let is_word = self.text.get(start..end).is_some_and(is_key);
        let rest = self.text.get(end..).unwrap_or_default();
        let last = match rest.chars().next() {
            Some(' ' | '\n' | '\r') => end,
            Some(':') => end + rest.len() - rest.trim_start_matches(':').len(),
            _ => return false,
        };
        let length = last + 1 - end;
        if !is_word || end < start + 2 || !self.put(end - 1, last, &format!("{:length$}", ":")) {
            return false;
        }
        self.last.push(Span::at(end - 1).start);
        // What is between the key and the header of a block scalar is no part of either.
        let line = self.text.get(last..).and_then(|rest| rest.lines().next());
        if let Some(header) = line.and_then(blocks::header).filter(|header| *header > 0) {
            self.put(last, last + header, &" ".repeat(header));
        }
        true
    }

    /// Replaces a sign in the place of a colon, if need be together with the last character of the key, which is recorded.
    /// Returns false if that does not make an entry.
    fn put_colon_for(&mut self, sign: Span) -> bool {
        let (start, end) = (sign.start as usize, sign.end as usize);
        let before = self.text.get(..start).unwrap_or_default();
        let rest = self.text.get(end..).unwrap_or_default();
        let length = sign.range().len();
        if length > 1 || rest.is_empty() || rest.starts_with([' ', '\n', '\r']) {
            return self.put(start, end, &format!("{:length$}", ":"));
        }
        if before.ends_with(' ') {
            return self.put(start - 1, end, ": ");
        }
        let is_longer = before.rsplit([' ', '\n']).next().is_some_and(|key| key.len() > 1);
        if !is_longer || !self.put(start - 1, end, ": ") {
            return false;
        }
        self.last.push(Span::at(start - 1).start);
        true
    }

    /// Separates a `-` from the key behind it: by a space in place of the first of several characters of the key, which is
    /// recorded, or in place of the `-`, which moves to the left. Returns false if that does not align the key.
    fn put_dash(&mut self, source: &Source, error: &SyntaxError) -> bool {
        let Some((at, Some((span, text)))) = errors::dashed(source, error) else { return false };
        if !span.range().is_empty() {
            return self.put(span.start as usize, span.end as usize, text);
        }
        let is_longer = self.text.get(at + 2..).is_some_and(|rest| !rest.starts_with(':'));
        let is_put = is_longer && self.put(at + 1, at + 2, text);
        if is_put {
            self.dashed.push(Span::at(at + 2).start);
        }
        is_put
    }

    /// Puts the `-` of an entry of a list that lacks its first line before its first key. The entry may lack more.
    fn put_start(&mut self, source: &Source, at: usize) -> bool {
        let Some((first, _)) = errors::entry_without_start(source, at) else { return false };
        let is_put = self.put(first - 2, first, "- ");
        if is_put {
            self.blanked.push(Span::at(first));
        }
        is_put
    }

    /// Replaces the whitespace at an offset with a comma.
    fn put_comma(&mut self, at: usize) -> bool {
        let rest = self.text.get(at..).unwrap_or_default();
        rest.starts_with([' ', '\t', '\n']) && self.put(at, at + 1, ",")
    }

    /// Whether a closing bracket precedes an offset: then the bracket at the offset is extra.
    fn follows_bracket(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or_default();
        before.trim_end_matches(' ').ends_with([']', '}'])
    }

    /// Replaces text. Returns false if the range is not one of characters.
    fn put(&mut self, start: usize, end: usize, text: &str) -> bool {
        let fits = self.text.is_char_boundary(start) && self.text.is_char_boundary(end);
        if fits && start < end && end <= self.text.len() {
            self.text.replace_range(start..end, text);
            return true;
        }
        false
    }

    /// Blanks out the entry at an offset, including nested lines: only its value if its key is
    /// valid, otherwise the whole entry.
    fn drop_entry(&mut self, source: &Source, error: &SyntaxError, at: usize) -> bool {
        let first = error.flow.map_or(at, |flow| flow.min(at));
        let line = source.line_range(line_at(source, first));
        let Some(written) = self.text.get(line.clone()) else { return false };
        let marks = written.len() - written.trim_start_matches([' ', '-']).len();
        let marks = marks.min(first - line.start);
        let entry = written.get(marks..).unwrap_or_default();
        let value = entry.find(": ").map(|colon| line.start + marks + colon + 1);
        let start = value.filter(|value| *value < first).unwrap_or(line.start + marks);
        let error_line = line_at(source, at);
        if error.flow.is_some_and(|open| is_outside(source, open, at)) {
            return self.blank(start, source.line_range(error_line).start);
        }
        let mut end = source.line_range(error_line).end;
        // More deeply indented lines belong to the entry.
        for next in error_line + 1.. {
            let range = source.line_range(next);
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
}
