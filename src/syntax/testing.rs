//! What tests of the parts of the parsers share.

use super::parse;
use crate::diag::Findings;
use crate::source::Source;

/// A text with the edit of its only finding, which is certain. `None` if no finding has this in its message, or an edit.
pub fn fixed(name: &str, text: &str, message: &str) -> Option<String> {
    let mut found = Findings::new();
    parse(&Source::new(name, text), &mut found);
    let edit = found.iter().find(|found| found.message.contains(message))?.edit.clone()?;
    assert!(found.len() == 1 && edit.safe, "{text}");
    Some(edit.applied_to(text))
}
