//! The events of a YAML document, as if it had no syntax errors.
//!
//! [`read`] gives the events of everything that could be read to a function that builds something
//! from them, and reports every syntax error. All spans are locations in the source. A value that
//! could not be read is an event too, [`Style::Lost`], so that the structure around it is complete.
//!
//! The YAML library stops at the first error, and its scanner cannot be resumed: the meaning of a
//! line depends on the indentation and brackets before it. So the text around an error is changed in
//! a copy, and the copy is read from its start, until no error is left. This is simpler and more
//! reliable than a scanner of our own, since the library decides what is valid. A text without
//! errors is read once.
//!
//! Nothing outside this module sees the copy: events of changed text have the original text, and
//! spans of the copy are mapped back. The function only has to allow being called again.
//!
//! - [`scan`] runs the library up to its first error, and notes the state at the error.
//! - [`errors`] words an error of the library.
//! - [`repair`] changes the copy so that it can be read past the error. The copy keeps its length,
//!   so spans stay correct.
//! - [`tabs`] replaces tabs in indentation by spaces. This changes the length of the copy, and is
//!   the only change for which spans have to be mapped.

mod errors;
mod repair;
mod scan;
mod tabs;

use std::borrow::Cow;
use std::collections::HashSet;

use granit_parser::{Event as Raw, ScalarStyle, StructureStyle, Tag};

use self::repair::Repairs;
use self::scan::{Scanner, SyntaxError};
use self::tabs::Tabless;
use super::spans::{between, column, visible};
use crate::diag::{Findings, codes};
use crate::source::{Source, Span};
use crate::syntax::{Form, too_many_entries};

/// An event: a value, or the start or the end of a collection.
pub enum Event<'d> {
    /// The start of a document, with the version of YAML in its directive.
    DocumentStart(Option<(u32, u32)>),
    /// A value or key that is not a collection.
    Scalar(Scalar<'d>),
    /// The start of a sequence.
    SequenceStart(Properties),
    /// The end of a sequence.
    SequenceEnd,
    /// The start of a mapping. Keys and values follow in turn. The form is the one of an object
    /// whose keys all start in the same column.
    MappingStart(Form, Properties),
    /// The end of a mapping.
    MappingEnd,
    /// An alias of the anchor with this number.
    Alias(usize),
    /// An alias of an anchor that is not defined before it.
    UnknownAlias(Cow<'d, str>),
}

/// A scalar.
pub struct Scalar<'d> {
    /// The text, with line breaks folded and escapes resolved.
    pub text: Cow<'d, str>,
    /// How it is written.
    pub style: Style,
    /// The location of all of it. That of a block scalar includes the header, and does not include
    /// the line breaks at its end.
    pub span: Span,
    /// The anchor and the tag before it.
    pub properties: Properties,
}

/// The style of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes. The text may stand for a number or another value.
    Plain,
    /// In single or double quotes.
    Quoted,
    /// With a `|` or `>` header.
    Block,
    /// Not readable because of an error that has been reported.
    Lost,
}

/// What may precede a value.
pub struct Properties {
    /// The number of the anchor, if an alias refers to it.
    pub anchor: Option<usize>,
    /// The tag, as written.
    pub tag: Option<String>,
}

/// Reads a document: builds a value from its events, and reports its syntax errors.
///
/// `build` is called with the events up to an error, and again with all events from the start after
/// the error has been repaired. It has to read the events to their end. Only the value and the
/// findings of its last call are used.
pub fn read<T>(
    source: &Source,
    findings: &mut Findings,
    mut build: impl FnMut(&mut Events<'_>, &mut Findings) -> T,
) -> T {
    let mut errors = Findings::new();
    let mut document = Document::new(source);
    loop {
        let mut found = Findings::new();
        let mut events = document.events();
        let value = build(&mut events, &mut found);
        let (error, excess) = (events.scanner.error.take(), events.scanner.excess);
        if error.is_some_and(|error| document.recover(&error, &mut errors)) {
            continue;
        }
        // Reported even if the number of findings is at its maximum.
        found.extend(excess.map(|span| {
            too_many_entries(document.original(visible(document.source().text(), span)))
        }));
        if found.iter().any(|finding| finding.code == &codes::TOO_DEEP) {
            // The library has a limit of its own, further down.
            errors.retain(|error| error.code != &codes::TOO_DEEP);
        }
        findings.extend(errors);
        findings.extend(found);
        return value;
    }
}

/// The events of a document with their locations, up to an error that could not be repaired. A
/// location is the part of the text that the library read, which may be empty, and may include line
/// breaks at the end.
pub struct Events<'d> {
    document: &'d Document<'d>,
    scanner: Scanner<'d>,
    /// The anchors that an alias refers to.
    aliased: HashSet<usize>,
}

impl<'d> Iterator for Events<'d> {
    type Item = (Event<'d>, Span);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let after = self.scanner.last_scalar.end as usize;
            let (raw, span) = self.scanner.next()?;
            if let Some(event) = self.event(raw, span, after) {
                return Some((event, self.document.original(span)));
            }
        }
    }
}

impl<'d> Events<'d> {
    /// The end of the last event.
    pub fn end(&self) -> usize {
        self.document.original(Span::at(self.scanner.end)).end as usize
    }

    /// Whether there were syntax errors other than tabs, so that the events may not be all there is
    /// in the file.
    pub fn has_errors(&self) -> bool {
        self.scanner.error.is_some() || !self.document.repairs.is_untouched()
    }

    /// Whether the document has at most [`crate::syntax::MAX_ENTRIES`] entries. If not, the events
    /// ended early, and it is reported.
    pub fn is_whole(&self) -> bool {
        self.scanner.excess.is_none()
    }

    /// The parts of the text that are in no event because of errors.
    pub fn lost(&self) -> impl Iterator<Item = Span> + '_ {
        self.document.repairs.blanked().iter().map(|span| self.document.original(*span))
    }

    /// Translates an event of the library. `after` is the end of the scalar before it.
    fn event(&self, raw: Raw<'d>, span: Span, after: usize) -> Option<Event<'d>> {
        Some(match raw {
            Raw::DocumentStart(_, version) => {
                Event::DocumentStart(version.map(|version| (version.major, version.minor)))
            }
            Raw::Scalar(text, style, anchor, tag) => {
                let properties = self.properties(anchor, tag.as_deref());
                Event::Scalar(self.scalar(text, style, span, after, properties))
            }
            Raw::SequenceStart(_, anchor, tag) => {
                Event::SequenceStart(self.properties(anchor, tag.as_deref()))
            }
            Raw::SequenceEnd => Event::SequenceEnd,
            Raw::MappingStart(style, anchor, tag) => {
                let form = match style {
                    StructureStyle::Flow => Form::Flow,
                    // The columns of the copy are not those of the original.
                    _ if self.document.tabless.is_some() => Form::Irregular,
                    _ => {
                        let column = column(self.document.original, span.start);
                        u16::try_from(column)
                            .map_or(Form::Irregular, |indent| Form::Block { indent })
                    }
                };
                Event::MappingStart(form, self.properties(anchor, tag.as_deref()))
            }
            Raw::MappingEnd => Event::MappingEnd,
            Raw::Alias(anchor) => Event::Alias(anchor),
            Raw::UnresolvedAlias(name) => Event::UnknownAlias(name),
            _ => return None,
        })
    }

    fn properties(&self, anchor: usize, tag: Option<&Tag>) -> Properties {
        Properties {
            anchor: Some(anchor).filter(|anchor| self.aliased.contains(anchor)),
            tag: tag.map(Tag::original),
        }
    }

    fn scalar(
        &self,
        text: Cow<'d, str>,
        style: ScalarStyle,
        span: Span,
        after: usize,
        properties: Properties,
    ) -> Scalar<'d> {
        let repairs = &self.document.repairs;
        let (text, style, span) = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (text, Style::Quoted, span),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                (text, Style::Block, with_header(repairs.text(), span, after))
            }
            _ => {
                // The library returns an empty scalar as `~`.
                let text = if span.range().is_empty() { Cow::Borrowed("") } else { text };
                let is_key = self.scanner.is_key();
                let (text, span) = repairs.restored(self.document.source(), text, span, is_key);
                let is_lost = text.is_empty() && repairs.is_blanked(span.start);
                (text, if is_lost { Style::Lost } else { Style::Plain }, span)
            }
        };
        Scalar { text, style, span: self.document.original(span), properties }
    }
}

/// The text that is read in place of a source.
struct Document<'s> {
    original: &'s Source,
    /// The copy that is read instead of the original if tabs indent its lines.
    tabless: Option<Tabless>,
    repairs: Repairs,
}

impl<'s> Document<'s> {
    fn new(source: &'s Source) -> Self {
        Document { original: source, tabless: None, repairs: Repairs::new(source.text()) }
    }

    /// The source that is read: the original or the copy without tabs.
    fn source(&self) -> &Source {
        self.tabless.as_ref().map_or(self.original, |tabless| &tabless.source)
    }

    /// The location in the original of a span of the source that is read.
    fn original(&self, span: Span) -> Span {
        let span = self.tabless.as_ref().map_or(span, |tabless| tabless.original(span));
        // In the text that is read, a space replaces each byte of what is blanked out.
        between(self.original.text(), span)
    }

    /// The events of the text as it is now.
    fn events(&self) -> Events<'_> {
        let text = self.repairs.text();
        Events {
            document: self,
            scanner: Scanner::new(text, self.source().content_start()),
            aliased: scan::aliased(text),
        }
    }

    /// Reports an error and changes the text so that it can be read past the error. Returns false if
    /// there is no such change.
    fn recover(&mut self, error: &SyntaxError, errors: &mut Findings) -> bool {
        if self.tabless.is_none()
            && let Some(tab) = tabs::indenting(self.original, error)
        {
            // The errors so far are found again in the copy.
            errors.clear();
            let tabless = Tabless::new(self.original);
            errors.push(tabless.diagnostic(self.original, tab));
            self.repairs = Repairs::new(tabless.source.text());
            self.tabless = Some(tabless);
            return true;
        }
        let source = self.source();
        let mut diagnostic = errors::diagnostic(source, error);
        let place = diagnostic.primary.span;
        // Behind another error, such as a bracket that is not closed, a comma may be within brackets.
        if diagnostic.code == &codes::EXTRA_COMMA
            && errors.iter().any(|found| found.code != &codes::EXTRA_COMMA)
            && let Some(edit) = &mut diagnostic.edit
        {
            edit.safe = false;
        }
        if !self.repairs.explains(error.at) {
            if let Some(tabless) = &self.tabless {
                tabless.map_diagnostic(&mut diagnostic);
            }
            errors.push(diagnostic);
        }
        let source = self.tabless.as_ref().map_or(self.original, |tabless| &tabless.source);
        self.repairs.repair(source, error, place)
    }
}

/// The location of a block scalar including its header, which the library omits. Between
/// the offset `after` and the header there are only indicators and comments.
fn with_header(text: &str, content: Span, after: usize) -> Span {
    let mut start = after;
    while let Some(rest) = text.get(start..content.end as usize) {
        let length = match rest.chars().next() {
            Some('|' | '>') | None => break,
            Some('#') => rest.find('\n').unwrap_or(rest.len()),
            Some('&' | '!') => rest.find(char::is_whitespace).unwrap_or(rest.len()),
            Some(other) => other.len_utf8(),
        };
        start += length;
    }
    let start = start.min(content.start as usize);
    let written = text.get(start..content.end as usize).unwrap_or_default();
    Span::new(start, start + written.trim_end().len())
}
