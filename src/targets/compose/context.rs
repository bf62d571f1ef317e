//! What the lowering of one container looks things up in.

use super::escaped;
use super::instances::Split;
use super::network::Network;
use crate::plan::{ContainerId, Plan, Text};
use crate::targets::Options;

/// What the lowering of a container needs.
pub struct Context<'a> {
    /// The appliance.
    pub plan: &'a Plan,
    /// Host ports, and the addresses of references.
    pub network: &'a Network<'a>,
    /// The containers that become several services.
    pub split: &'a Split,
    /// The target's options.
    pub options: &'a Options,
    /// The container.
    pub id: ContainerId,
}

impl Context<'_> {
    /// A string of the container, escaped for Compose.
    pub fn text(&self, text: &Text) -> String {
        // An address contains only letters, digits, hyphens and a colon: nothing to escape.
        text.spell(escaped, |reference| self.network.address(self.id, reference))
    }
}
