//! Parses YAML 1.2 into the same tree as JSON.
//!
//! An appliance in YAML has the data model of JSON: keys are strings, values are JSON values.
//! Anchors, aliases and merge keys are supported; tags and several documents are not.
//!
//! [`events`] turns the text into events and hides the recovery from syntax errors; [`tree`] builds
//! nodes from the events and checks what is specific to the data model.

mod aliases;
mod anchors;
mod blocks;
mod events;
mod merge;
mod plain;
mod segments;
mod spans;
#[cfg(test)]
mod tests;
mod tree;
mod unsupported;

pub use aliases::{Alias, aliases};
pub(super) use blocks::header;
pub use plain::respell;
pub use segments::segments;

use super::{Keys, Node};
use crate::diag::Findings;
use crate::source::Source;

/// Parses a YAML document. The tree is `None` if the document contains no value.
pub(super) fn parse(source: &Source, keys: Keys, findings: &mut Findings) -> Option<Node> {
    let mut found = Findings::new();
    let tree =
        events::read(source, &mut found, |events, found| tree::build(source, keys, events, found));
    blocks::without_consequences(source, &mut found);
    findings.extend(found);
    tree
}
