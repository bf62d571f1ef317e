//! Findings about a source: what is wrong, where, and how to fix it.

pub mod codes;
mod findings;
mod fingerprint;
mod format;
mod github;
mod gitlab;
pub mod human;
mod json;
mod junit;
mod levels;
mod masked;
mod sarif;
mod short;
mod words;
pub(crate) mod xml;

pub use codes::{Code, Phase};
pub use findings::Findings;
pub use format::{Format, SCHEMA, document};
pub use levels::{Levels, Setting, Verb};
pub(crate) use words::{begun, differ_by_one};
pub use words::{list_or, nearest};

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::source::{Source, Sources, Span};

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Level {
    /// The output would be wrong, so nothing is written.
    Error,
    /// The output is written, but may not be what is expected.
    Warning,
    /// Advice about an input in which nothing is wrong.
    Hint,
}

impl Level {
    /// The name of the level in output.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Hint => "hint",
        }
    }
}

/// A location in the source with a short text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The location.
    pub span: Span,
    /// The text of the label. May be empty.
    pub text: String,
}

/// A change of the source that fixes a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The replaced text. Empty for an insertion.
    pub span: Span,
    /// The new text. Empty for a deletion.
    pub replacement: String,
    /// Whether the edit is certain to be what the author meant, so that `--fix` applies it.
    pub safe: bool,
}

impl Edit {
    /// A text with the edit.
    pub fn applied_to(&self, text: &str) -> String {
        let mut text = text.to_owned();
        text.replace_range(self.span.range(), &self.replacement);
        text
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// The kind of finding.
    #[serde(with = "codes::by_id")]
    pub code: &'static Code,
    /// The severity: the default of the code, unless [`Levels`] override it.
    pub level: Level,
    /// The target that reports it; `None` if it is about the appliance on every target.
    pub target: Option<Arc<str>>,
    /// What is wrong, in one line, in lower case, without a full stop.
    pub message: String,
    /// The smallest span that contains the error.
    pub primary: Label,
    /// Related locations, such as the first of two duplicates.
    pub secondary: Vec<Label>,
    /// How to fix it, or why it is so.
    pub help: Vec<String>,
    /// The edit that fixes it, if there is one.
    pub edit: Option<Edit>,
    /// Whether the text of `primary` is a secret, which outputs mask.
    pub is_secret: bool,
    /// A value that may be a secret, too, which outputs mask.
    pub hidden: Option<Span>,
}

impl Diagnostic {
    /// Creates a finding of this code at `span`.
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            level: code.level,
            target: None,
            message: words::shown(message.into()),
            primary: Label { span, text: String::new() },
            secondary: Vec::new(),
            help: Vec::new(),
            edit: None,
            is_secret: code == &codes::SECRET_IN_SIGHT,
            hidden: None,
        }
    }

    /// The message for people: behind the name of the target, if one reports it.
    pub fn text(&self) -> Cow<'_, str> {
        match &self.target {
            Some(target) => format!("{target}: {}", self.message).into(),
            None => self.message.as_str().into(),
        }
    }

    /// Says that the text of `primary` is a secret.
    pub fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    /// Says that a value at another place may be a secret.
    pub fn hiding(mut self, span: Span) -> Self {
        self.hidden = Some(span);
        self
    }

    /// Sets the text of the primary label.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = words::shown(text.into());
        self
    }

    /// Adds a related location.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: words::shown(text.into()) });
        self
    }

    /// Adds a line of help.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(words::shown(text.into()));
        self
    }

    /// Sets an edit that is certain to be what the author meant.
    pub fn safe_edit(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.edit = Some(Edit { span, replacement: replacement.into(), safe: true });
        self
    }

    /// Sets an edit that is probably what the author meant.
    pub fn likely_edit(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.edit = Some(Edit { span, replacement: replacement.into(), safe: false });
        self
    }
}

/// A source and its findings.
#[derive(Debug, Clone)]
pub struct Report {
    /// The source that was checked.
    pub source: Source,
    /// All sources that the findings may point into. A span that is in none of them is one of
    /// `source`.
    pub sources: Sources,
    /// The findings, sorted by location.
    pub diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// The report of the findings in a source.
    pub fn new(source: Source, findings: Findings) -> Report {
        Report { source, sources: Sources::new(), diagnostics: findings.into_sorted() }
    }

    /// The report of one finding.
    pub fn of(source: Source, finding: Diagnostic) -> Report {
        Report::new(source, Findings::from_iter([finding]))
    }

    /// Sets the sources that the findings may point into.
    pub fn within(mut self, sources: Sources) -> Report {
        self.sources = sources;
        self
    }

    /// The same report with other names of its sources, such as paths from another folder.
    #[must_use]
    pub fn renamed(self, name: impl Fn(&str) -> String) -> Report {
        let (source, sources) = (self.source.renamed(&name), self.sources.renamed(&name));
        Report { source, sources, ..self }
    }

    /// The source that a span is in.
    pub fn source_of(&self, span: Span) -> &Source {
        self.sources.of(span).unwrap_or(&self.source)
    }

    /// Whether the findings contain an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.level == Level::Error)
    }
}

/// Maximum number of findings reported for one file.
pub const MAX_FINDINGS: usize = 10_000;
