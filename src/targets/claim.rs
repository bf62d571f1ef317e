//! What an appliance claims on a target, so that no other one can have it there.

use std::borrow::Cow;
use std::sync::Arc;

use crate::source::Span;

/// Something that one appliance has in what a target deploys to: a cluster, or a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What it is, in words.
    pub kind: Cow<'static, str>,
    /// The namespace that the name is unique in. `None` if it is unique everywhere.
    pub within: Option<Arc<str>>,
    /// Its name or number.
    pub name: Arc<str>,
    /// The place that it comes from.
    pub span: Span,
}
