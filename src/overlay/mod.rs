//! Overlays: what differs from an appliance in an environment, in a file of its own.
//!
//! An overlay is a JSON Merge Patch (RFC 7396) of a view of the appliance in which lists whose
//! entries have a key are maps. The result is one tree, in which each value has its place in the
//! file that wrote it, so that all later phases report findings there.

mod images;
mod key;
mod lock;
mod merge;
mod shape;
mod wording;

pub use images::Images;
pub use lock::{Lock, Tagged, pattern};
pub(crate) use merge::{Named, merge};

use std::sync::Arc;

use crate::diag::{Findings, Label, codes};
use shape::{Field, Shape};

/// The published JSON Schema (draft-07) of an overlay, which a test makes from that of appliances.
pub const SCHEMA: &str = include_str!("../../schema/overlay.schema.json");

/// What is changed in an appliance before it is checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Paths of the overlays, in the order in which they are applied.
    pub overlays: Vec<String>,
    /// The versions of images, which are applied after the overlays.
    pub images: Images,
    /// The digests of images, which take the place of their tags at last; `None` in a project without a lock file.
    pub lock: Option<Arc<Lock>>,
    /// Whether images that the lock does not have are reported.
    pub reports_unlocked: bool,
}

/// Adds to findings about containers and volumes that are not found where an overlay removed them.
pub(crate) fn explain(named: &[Named], findings: &mut Findings) {
    let unknown = [&codes::UNKNOWN_REFERENCE, &codes::UNKNOWN_DEPENDENCY, &codes::UNKNOWN_VOLUME];
    let removed: Vec<&Named> = named.iter().filter(|named| named.is_removed).collect();
    if removed.is_empty() {
        return;
    }
    for finding in findings.iter_mut().filter(|finding| unknown.contains(&finding.code)) {
        let is_named = |named: &&&Named| finding.message.contains(&format!("`{}`", named.id));
        if let Some(Named { span, .. }) = removed.iter().find(is_named) {
            finding.secondary.push(Label { span: *span, text: "removed here".to_owned() });
        }
    }
}

/// Whether each of the keys on the way to a part of an overlay is that of an entry of a list.
pub(crate) fn entries<'k>(keys: impl Iterator<Item = &'k str>) -> Vec<bool> {
    let mut shape = Shape::appliance();
    let step = |key| {
        let is_entry = shape.list_key().is_some();
        shape = match shape.field(shape.canonical(key)) {
            _ if is_entry => shape.items(),
            Field::Known(shape) => shape,
            Field::Free | Field::Unknown => Shape::any(),
        };
        is_entry
    };
    keys.map(step).collect()
}

impl Changes {
    /// No changes.
    pub fn none() -> Changes {
        Changes::default()
    }
}
