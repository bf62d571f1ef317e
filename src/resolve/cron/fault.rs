//! What is wrong with a cron line.

use std::ops::Range;

/// A fault of a cron line.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// The bytes of the line that are wrong.
    pub range: Range<usize>,
    /// What is wrong with them.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The correction.
    pub edit: Option<Edit>,
}

/// A replacement of a part of the line.
#[derive(Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes of the line that are replaced.
    pub range: Range<usize>,
    /// The new text.
    pub text: String,
    /// Whether it certainly has the intended meaning.
    pub safe: bool,
}

impl Fault {
    /// A fault without help.
    pub fn new(range: Range<usize>, message: impl Into<String>) -> Fault {
        Fault { range, message: message.into(), help: None, edit: None }
    }

    /// Adds help.
    pub fn help(self, help: impl Into<String>) -> Fault {
        Fault { help: Some(help.into()), ..self }
    }

    /// Adds a replacement that certainly has the intended meaning.
    pub fn safe_edit(self, range: Range<usize>, text: impl Into<String>) -> Fault {
        Fault { edit: Some(Edit { range, text: text.into(), safe: true }), ..self }
    }

    /// Adds a replacement that probably has the intended meaning.
    pub fn likely_edit(self, range: Range<usize>, text: impl Into<String>) -> Fault {
        Fault { edit: Some(Edit { range, text: text.into(), safe: false }), ..self }
    }
}
