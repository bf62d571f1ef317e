//! A failure of an engine, a tool, or the state folder.

use std::fmt;
use std::path::Path;

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The target cannot be run on yet.
    Unsupported,
    /// No appliance or container has this id.
    Unknown,
    /// This machine has no tool or no address for the engine.
    Missing,
    /// The engine does not answer.
    Unreachable,
    /// The engine refuses a request.
    Refused,
    /// Another run changes the appliance at the moment.
    Busy,
    /// A file of the state folder cannot be read or written.
    Folder,
    /// What was asked for cannot be written.
    Output,
}

/// A failure that is not a fault of the appliance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// What failed and why, in one line, in lower case, without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Error {
    /// A failure with this message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error { kind, message: message.into(), help: None }
    }

    /// Sets what to do about it.
    pub fn help(mut self, help: impl Into<String>) -> Error {
        self.help = Some(help.into());
        self
    }

    /// A file of the state folder that cannot be read or written.
    pub(crate) fn file(what: &str, path: &Path, cause: &std::io::Error) -> Error {
        Error::new(ErrorKind::Folder, format!("cannot {what} `{}`: {cause}", path.display()))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
