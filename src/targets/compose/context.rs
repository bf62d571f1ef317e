//! What the lowering of one container looks things up in.

use super::build::Builders;
use super::escaped;
use super::instances::Split;
use super::network::Network;
use super::secrets::Variables;
use crate::plan::{ContainerId, Plan, Text};
use crate::render::{Composed, Origin};
use crate::targets::{Options, origins};

/// What the lowering of a container needs.
pub struct Context<'a> {
    /// The appliance.
    pub plan: &'a Plan,
    /// Host ports, and the addresses of references.
    pub network: &'a Network<'a>,
    /// The containers that become several services.
    pub split: &'a Split,
    /// The variables with values of the secret store.
    pub secrets: &'a Variables<'a>,
    /// The images that are built.
    pub builders: &'a Builders<'a>,
    /// The target's options.
    pub options: &'a Options,
    /// The container.
    pub id: ContainerId,
}

impl Context<'_> {
    /// A string of the container, escaped for Compose.
    pub fn text(&self, text: &Text) -> Composed {
        self.text_from(text, "", text.span.into())
    }

    /// The same, behind a prefix, with this main origin.
    pub fn text_from(&self, text: &Text, prefix: &str, from: Origin) -> Composed {
        let mut written = prefix.to_owned();
        // An address contains only letters, digits, hyphens and a colon: nothing to escape.
        written += &text.spell(escaped, |reference| self.network.address(self.id, reference));
        let also = origins::of_references(self.plan, text, |reference, also| {
            also.extend(self.network.places(self.id, reference));
        });
        Composed::new(written, from, also)
    }
}
