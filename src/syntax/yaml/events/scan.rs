//! Runs the YAML library up to the first error, the end of the first document or the limit of
//! entries.

use std::collections::HashSet;

use granit_parser::{ErrorKind, Event, Parser, ScanError, StrInput, StructureStyle};

use crate::source::{Source, Span};
use crate::syntax::MAX_ENTRIES;
use crate::syntax::yaml::spans::{between, is_outside};

/// An error of the library, and the state of the scanner at it.
pub struct SyntaxError {
    error: ScanError,
    /// The offset of the error. Often it is that of the entry in which the library noticed it.
    pub at: usize,
    /// The location of the last scalar before the error.
    pub last_scalar: Span,
    /// The offset of the outermost open bracket.
    pub flow: Option<usize>,
    /// Whether the document was complete.
    pub is_complete: bool,
}

impl SyntaxError {
    /// The kind of error.
    pub fn kind(&self) -> &ErrorKind {
        self.error.kind()
    }

    /// Whether a tab is the cause.
    pub fn is_tab(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::TabInBlockIndentation
                | ErrorKind::TabInIndentation
                | ErrorKind::TabNotAllowed
                | ErrorKind::TabAtBlockScalarStart
                | ErrorKind::TabInPlainScalar
        )
    }

    /// The offset of an unclosed bracket, if the error is in an entry below and outside the entry
    /// with the bracket.
    pub fn unclosed(&self, source: &Source) -> Option<usize> {
        self.flow.filter(|open| is_outside(source, *open, self.at))
    }
}

/// A collection that has not ended, and what comes next in it.
enum Open {
    Item,
    Key,
    Value,
}

/// The events of the library, and what is known of the document at the current one.
pub struct Scanner<'t> {
    text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    /// The location of the last scalar or alias.
    pub last_scalar: Span,
    /// The end of the last event.
    pub end: usize,
    /// The error that ended the events.
    pub error: Option<SyntaxError>,
    /// The first of too many entries, which ended the events.
    pub excess: Option<Span>,
    is_finished: bool,
    has_value: bool,
    is_complete: bool,
    /// The open collections, outermost first.
    open: Vec<Open>,
    /// The outermost open bracket: its offset, and how many collections are open inside and
    /// including it.
    flow: Option<(usize, usize)>,
    /// Number of entries of sequences and mappings so far.
    entries: usize,
}

fn parser(text: &str) -> Parser<'_, StrInput<'_>> {
    let options = granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true };
    Parser::new_from_str_with_options(text, options)
}

/// The anchors that aliases refer to. Only their values need to be kept.
pub fn aliased(text: &str) -> HashSet<usize> {
    if !text.contains('*') || !text.contains('&') {
        return HashSet::new();
    }
    parser(text).map_while(Result::ok).filter_map(|(event, _)| event.alias_id()).collect()
}

/// The offset of the first error in a text.
pub fn first_error(text: &str) -> Option<usize> {
    let error = parser(text).find_map(Result::err)?;
    Some(error.marker().byte_offset().unwrap_or(0))
}

impl<'t> Scanner<'t> {
    /// Creates a scanner for a text whose content starts at an offset.
    pub fn new(text: &'t str, content_start: usize) -> Self {
        Scanner {
            text,
            parser: parser(text),
            last_scalar: Span::at(content_start),
            end: content_start,
            error: None,
            excess: None,
            is_finished: false,
            has_value: false,
            is_complete: false,
            open: Vec::new(),
            flow: None,
            entries: 0,
        }
    }

    /// Whether the current event is a scalar that is a key.
    pub fn is_key(&self) -> bool {
        matches!(self.open.last(), Some(Open::Value))
    }

    /// Updates the state for an event.
    fn track(&mut self, event: &Event<'_>, span: Span) {
        if event.is_node() {
            self.has_value = true;
            self.count(span);
        }
        match event {
            // What follows the first document is not read.
            Event::DocumentStart(..) => self.is_finished = self.has_value,
            Event::DocumentEnd => self.is_complete = true,
            Event::Scalar(..) | Event::Alias(_) => self.last_scalar = span,
            Event::SequenceStart(style, ..) => self.open(Open::Item, *style, span),
            Event::MappingStart(style, ..) => self.open(Open::Key, *style, span),
            Event::SequenceEnd | Event::MappingEnd => {
                self.open.pop();
                self.flow = self.flow.filter(|(_, depth)| *depth <= self.open.len());
            }
            _ => {}
        }
    }

    fn open(&mut self, collection: Open, style: StructureStyle, span: Span) {
        self.open.push(collection);
        if style == StructureStyle::Flow && self.flow.is_none() {
            self.flow = Some((span.start as usize, self.open.len()));
        }
    }

    /// Counts a node if it is an entry of a collection. Stops after [`MAX_ENTRIES`].
    fn count(&mut self, span: Span) {
        match self.open.last_mut() {
            Some(Open::Item) => {}
            Some(next @ Open::Key) => *next = Open::Value,
            Some(next @ Open::Value) => {
                *next = Open::Key;
                return;
            }
            None => return,
        }
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            self.excess = Some(span);
            self.is_finished = true;
        }
    }
}

impl<'t> Iterator for Scanner<'t> {
    type Item = (Event<'t>, Span);

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_finished {
            return None;
        }
        match self.parser.next_event()? {
            Ok((event, place)) => {
                let range = place.byte_range().unwrap_or(self.end..self.end);
                self.end = range.end.max(self.end);
                let span = between(self.text, Span::new(range.start, range.end));
                self.track(&event, span);
                Some((event, span))
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(self.last_scalar.end as usize);
                self.error = Some(SyntaxError {
                    error,
                    at: between(self.text, Span::at(at)).start as usize,
                    last_scalar: self.last_scalar,
                    flow: self.flow.map(|(offset, _)| offset),
                    is_complete: self.is_complete,
                });
                self.is_finished = true;
                None
            }
        }
    }
}
