//! What the lowering of a container looks up: the plan, the options, and how containers are
//! reached.

use std::collections::HashSet;

use super::claims;
use super::names;
use super::network;
use super::reach::{self, Reach};
use crate::diag::Findings;
use crate::plan::{Container, ContainerId, Plan};
use crate::render::Composed;
use crate::targets::Options;

/// The context of one run of the target.
pub struct Context<'a> {
    /// The appliance.
    pub plan: &'a Plan,
    /// The options of the target.
    pub options: &'a Options,
    /// How each container is reached.
    reaches: Vec<Reach>,
    /// The containers that others wait for.
    awaited: HashSet<ContainerId>,
}

impl<'a> Context<'a> {
    /// Determines how containers are reached. Reports addresses that containers do not get, and ports
    /// that are not free.
    pub fn new(plan: &'a Plan, options: &'a Options, findings: &mut Findings) -> Self {
        network::check(plan, options, findings);
        let reaches = reach::reach(plan, options, findings);
        claims::check(plan, &reaches, findings);
        let dependencies = plan.containers.iter().flat_map(|container| &container.dependencies);
        Context {
            plan,
            options,
            reaches,
            awaited: dependencies.map(|dependency| dependency.on).collect(),
        }
    }

    /// The container with this id.
    pub fn container(&self, id: ContainerId) -> Option<&Container> {
        self.plan.containers.get(id)
    }

    /// How a container is reached.
    pub fn reach(&self, id: ContainerId) -> Option<&Reach> {
        self.reaches.get(id)
    }

    /// Whether another container waits for this one.
    pub fn is_awaited(&self, id: ContainerId) -> bool {
        self.awaited.contains(&id)
    }

    /// A name that is made from the ids of the appliance and of a container.
    pub fn named(&self, name: String, container: &Container) -> Composed {
        Composed::new(name, container.id.span, vec![self.plan.id.span])
    }

    /// The name of the service of a container with this suffix.
    pub fn service(&self, container: &str, suffix: &str) -> String {
        names::service(&[&self.plan.id.value, container, suffix])
    }

    /// The name of the service of a port.
    pub fn port_service(&self, container: &str, label: &str) -> String {
        self.service(container, &names::label_in_service(label))
    }

    /// The name of the service of a container's address without a port.
    pub fn address_service(&self, container: &str) -> String {
        names::service(&[&self.plan.id.value, container])
    }
}
