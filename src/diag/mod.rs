//! Findings about a source: what is wrong, where, and how to mend it.

pub mod codes;
mod fingerprint;
mod format;
mod github;
mod gitlab;
pub mod human;
mod json;
mod junit;
mod levels;
pub mod pages;
mod sarif;
mod short;
mod words;

pub use codes::Code;
pub use format::{Format, SCHEMA, document};
pub use levels::{Levels, Setting, Verb};
pub use words::{list_or, nearest};

use crate::source::{Source, Span};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The result would be wrong: nothing is written.
    Error,
    /// The result is written, but differs from what one may expect.
    Warning,
    /// Advice; nothing is wrong.
    Hint,
}

impl Level {
    /// The level's name in output.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Hint => "hint",
        }
    }
}

/// A place in the source with a few words on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is to say about it; may be empty.
    pub text: String,
}

/// A change of the source that mends a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// What stands there afterwards; empty for a deletion.
    pub replacement: String,
    /// Whether the edit surely means what the author meant, so that it may be made
    /// without asking.
    pub safe: bool,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The kind of finding, from the table of codes.
    pub code: &'static Code,
    /// How grave it is: what the table says, unless [`Levels`] say otherwise.
    pub level: Level,
    /// What is wrong, in one line, lower case, without a full stop.
    pub message: String,
    /// The tightest place that is at fault.
    pub primary: Label,
    /// Further places that matter, such as the first of two that clash.
    pub secondary: Vec<Label>,
    /// How to mend it, or why it is so.
    pub help: Vec<String>,
    /// The edit that mends it, where one does.
    pub edit: Option<Edit>,
}

impl Diagnostic {
    /// A finding of this code at `span`.
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            level: code.level,
            message: words::shortened(message.into()),
            primary: Label { span, text: String::new() },
            secondary: Vec::new(),
            help: Vec::new(),
            edit: None,
        }
    }

    /// Words beside the primary place.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = words::shortened(text.into());
        self
    }

    /// A further place.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: words::shortened(text.into()) });
        self
    }

    /// A line of help.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(words::shortened(text.into()));
        self
    }

    /// An edit that surely is what the author meant.
    pub fn safe_edit(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.edit = Some(Edit { span, replacement: replacement.into(), safe: true });
        self
    }

    /// An edit that probably is what the author meant.
    pub fn likely_edit(mut self, span: Span, replacement: impl Into<String>) -> Self {
        self.edit = Some(Edit { span, replacement: replacement.into(), safe: false });
        self
    }

    /// How grave it is.
    pub fn level(&self) -> Level {
        self.level
    }
}

/// A source and all that was found about it.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was read.
    pub source: Source,
    /// The findings, by place; see [`sort`].
    pub diagnostics: Vec<Diagnostic>,
}

impl Report {
    /// Whether an error is among the findings.
    pub fn has_errors(&self) -> bool {
        has_errors(&self.diagnostics)
    }
}

/// Whether an error is among the findings.
pub fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.level() == Level::Error)
}

/// Puts findings in the order of their places, and each one only once.
pub fn sort(diagnostics: &mut Vec<Diagnostic>) {
    diagnostics.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.primary.span, d.level(), d.code.id);
        key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
    });
    diagnostics.dedup();
}

/// So many findings of one file are shown at most. Beyond it they only fill the memory.
pub const MAX_FINDINGS: usize = 10_000;

/// Whether there are more findings than will be shown: then a phase need not look for more
/// of what a file may have millions of.
pub fn is_full(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.len() > MAX_FINDINGS
}

/// Leaves at most [`MAX_FINDINGS`] of the findings, errors before others, and says so.
pub fn limit(diagnostics: &mut Vec<Diagnostic>) {
    if !is_full(diagnostics) {
        return;
    }
    // At least one of the gravest is kept, wherever it stands.
    diagnostics.sort_by_key(|diagnostic| diagnostic.level);
    diagnostics.truncate(MAX_FINDINGS);
    sort(diagnostics);
    let place = diagnostics.last().map_or(Span::at(0), |last| last.primary.span);
    let message = format!("there are more than {MAX_FINDINGS} findings; the others are not shown");
    diagnostics.push(Diagnostic::new(&codes::TOO_MANY, place, message));
}
