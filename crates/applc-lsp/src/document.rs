//! An open document: its text, and the lines of that text.

use applc::source::{Source, SourceError};
use gen_lsp_types as lsp;

use crate::position::{Encoding, Lines};

/// An open document. Its lines are found once for each version.
#[derive(Debug)]
pub struct Document {
    /// Its name in the protocol, as the client writes it.
    pub uri: lsp::Uri,
    /// Its language, as the client calls it.
    pub language: String,
    /// Its version, which the client counts.
    pub version: i32,
    source: Source,
    error: Option<SourceError>,
    lines: Lines,
}

impl Document {
    /// A document as it is opened.
    pub fn open(path: &str, opened: lsp::TextDocumentItem) -> Document {
        let (source, error) = Source::from_bytes(path, opened.text.into_bytes());
        let lines = Lines::of(source.text());
        let language = String::from(opened.language_id);
        Document { uri: opened.uri, language, version: opened.version, source, error, lines }
    }

    /// Its text.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Why its text is not that of a document.
    pub fn error(&self) -> Option<SourceError> {
        self.error
    }

    /// The lines of its text.
    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// Changes the text, one change after the other.
    pub fn change(
        &mut self,
        version: i32,
        changes: Vec<lsp::TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        use lsp::TextDocumentContentChangeEvent as Change;
        let mut text = self.source.text().to_owned();
        for change in changes {
            match change {
                Change::TextDocumentContentChangePartial(part) => {
                    let range = self.lines.span(&text, part.range, encoding);
                    text.replace_range(range, &part.text);
                }
                Change::TextDocumentContentChangeWholeDocument(whole) => text = whole.text,
            }
            self.lines = Lines::of(&text);
        }
        self.version = version;
        let (source, error) = Source::from_bytes(self.source.name(), text.into_bytes());
        if error.is_some() {
            self.lines = Lines::of(source.text());
        }
        (self.source, self.error) = (source, error);
    }
}
