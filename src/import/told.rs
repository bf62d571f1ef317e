//! What an import tells of parts that it cannot carry over as they are.

use crate::diag::{Diagnostic, Findings, codes};
use crate::source::Span;

/// Reports parts of a source.
pub struct Told<'a>(pub &'a mut Findings);

impl Told<'_> {
    /// Reports something that is left out, and what to do about it.
    pub fn lose(&mut self, span: Span, message: impl Into<String>, help: &str) {
        self.0.push(Diagnostic::new(&codes::NOT_LIKE, span, message).help(help));
    }

    /// Reports something that means something else afterwards, and what to do about it.
    pub fn differ(&mut self, span: Span, message: impl Into<String>, help: &str) {
        self.0.push(Diagnostic::new(&codes::IMPORT_DIFFERS, span, message).help(help));
    }

    /// Reports memory that is rounded up to whole megabytes.
    pub fn megabytes(&mut self, span: Span, written: f64) {
        let whole = written.ceil().max(1.0);
        if whole != written {
            self.differ(
                span,
                format!("rounded up to {whole} MB"),
                "the language has whole megabytes",
            );
        }
    }

    /// Reports a value that is not valid.
    pub fn refuse(&mut self, span: Span, message: impl Into<String>) {
        self.0.push(Diagnostic::new(&codes::NOT_IMPORTED, span, message));
    }

    /// Reports another finding.
    pub fn push(&mut self, finding: Diagnostic) {
        self.0.push(finding);
    }
}
