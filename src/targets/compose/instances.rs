//! Jobs whose instances become services of their own.
//!
//! Where others wait for a service to complete, Compose goes on as soon as one of its
//! containers has ended. So a job with several instances that something waits for is written
//! as several services, and those that wait do so for each.

use std::collections::HashSet;

use crate::diag::{Diagnostic, codes};
use crate::plan::{Container, ContainerId, Kind, Plan, Repeats};
use crate::source::Spanned;

use super::NAME;

/// More instances of one job are not written out.
const MOST_SERVICES: u32 = 1000;

/// The containers of an appliance that become several services.
pub struct Split(HashSet<ContainerId>);

impl Split {
    /// Finds them; one with too many instances is an error.
    pub fn of(plan: &Plan, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let awaited: HashSet<ContainerId> =
            plan.containers.iter().flat_map(|c| &c.dependencies).map(|waits| waits.on).collect();
        let mut split = HashSet::new();
        for (id, container) in plan.containers.iter().enumerate() {
            let Kind::Job(job) = &container.kind else { continue };
            let several = container.instances.value > 1 && job.repeats.value != Repeats::Times(0);
            if !several || !awaited.contains(&id) {
                continue;
            }
            if container.instances.value > MOST_SERVICES {
                let message = format!(
                    "{NAME}: a job that others wait for has at most {MOST_SERVICES} instances"
                );
                diagnostics.push(
                    Diagnostic::new(&codes::BAD_TARGET_VALUE, container.instances.span, message)
                        .help(
                            "Compose waits for one container only, so each is written as a service",
                        ),
                );
                continue;
            }
            split.insert(id);
        }
        Self(split)
    }

    /// The names of a container's services: its id, or one for each instance.
    pub fn names(&self, id: ContainerId, container: &Container) -> Vec<String> {
        let name = &container.id.value;
        if self.0.contains(&id) {
            (1..=container.instances.value).map(|index| format!("{name}-{index}")).collect()
        } else {
            vec![name.clone()]
        }
    }

    /// The names of all services, each with the id that it is made from.
    pub fn all_names<'a>(&self, containers: &'a [Container]) -> Vec<(&'a Spanned<String>, String)> {
        let names = |(id, container): (ContainerId, &'a Container)| {
            self.names(id, container).into_iter().map(move |name| (&container.id, name))
        };
        containers.iter().enumerate().flat_map(names).collect()
    }
}
