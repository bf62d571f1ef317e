//! How much an import may repeat, so that a small source does not become a large appliance.

use std::cell::Cell;

use super::told::Told;
use crate::diag::{Diagnostic, codes};
use crate::source::Span;

/// Most text that variables put in, in bytes.
const VARIABLES: usize = 1 << 20;

/// Most text of what the source names more than once: files of variables, configs, mounts, ranges of ports.
const COPIES: usize = 16 << 20;

/// Most bytes of other files that are read.
const READ: usize = 256 << 20;

/// What an entry counts as besides its text, in bytes.
pub const ENTRY: usize = 64;

/// What one import may still repeat.
pub struct Budget {
    /// Text that variables put in.
    pub variables: Limit,
    /// Text and entries that are copied.
    pub copies: Limit,
    /// Text of the ids of groups.
    pub groups: Limit,
    /// Bytes of other files.
    pub read: Limit,
}

impl Budget {
    /// All of it, for a new import.
    pub fn new() -> Budget {
        Budget {
            variables: Limit::new(VARIABLES, "variables put in"),
            copies: Limit::new(COPIES, "files of variables, configs, mounts, and ports expand to"),
            groups: Limit::new(COPIES, "the paths of apps have"),
            read: Limit::new(READ, "other files have"),
        }
    }
}

/// A limit of bytes.
pub struct Limit {
    most: usize,
    left: Cell<usize>,
    what: &'static str,
    is_told: Cell<bool>,
}

impl Limit {
    fn new(most: usize, what: &'static str) -> Limit {
        Limit { most, left: Cell::new(most), what, is_told: Cell::new(false) }
    }

    /// Takes some bytes. Returns whether they were left; otherwise none are from then on.
    pub fn take(&self, bytes: usize) -> bool {
        let left = self.left.get().checked_sub(bytes);
        self.left.set(left.unwrap_or(0));
        left.is_some()
    }

    /// Whether nothing is left.
    pub fn is_spent(&self) -> bool {
        self.left.get() == 0
    }

    /// Tells where the limit is exceeded, the first time.
    pub fn tell(&self, place: Span, told: &mut Told<'_>) {
        told.0.extend(self.finding(place));
    }

    /// The finding for the place where the limit is exceeded. `None` if it was returned before.
    pub fn finding(&self, place: Span) -> Option<Diagnostic> {
        if self.is_told.replace(true) {
            return None;
        }
        let message = format!("{} more than {} MiB", self.what, self.most >> 20);
        let finding = Diagnostic::new(&codes::NOT_IMPORTED, place, message);
        Some(finding.help("the limit keeps a small file from expanding without bound"))
    }
}
