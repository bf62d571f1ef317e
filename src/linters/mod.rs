//! Findings of other tools in generated files: read in the format of the tool, and found again in
//! the files that were generated now.
//!
//! A tool speaks of a line, of a Kubernetes object, or of a value in one. `applc trace --findings`
//! then asks the source map which place of the appliance that is.

mod formats;
mod locate;
#[cfg(test)]
mod tests;

pub use formats::{FORMATS, read};
pub use locate::locate;

use crate::diag::Level;

/// A finding of another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignFinding {
    /// The tool, as it names itself.
    pub tool: String,
    /// The tool's name for this kind of finding; may be empty.
    pub rule: String,
    /// The severity.
    pub level: Level,
    /// What is wrong.
    pub message: String,
    /// How to mend it; may be empty.
    pub help: String,
    /// The path of the file, as the tool was given it.
    pub file: String,
    /// Where in the file.
    pub place: ForeignPlace,
}

/// Where in a file another tool found something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForeignPlace {
    /// A line, and a column in it; both start at 1. A column counts characters; 0 means the whole
    /// line.
    Line(usize, usize),
    /// A Kubernetes object.
    Object(Object),
    /// A value in a Kubernetes object, by the keys and indices that lead to it.
    Value(Object, Vec<String>),
}

/// A Kubernetes object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its kind, such as `Deployment`.
    pub kind: String,
    /// Its name.
    pub name: String,
}
