//! Jobs whose instances become separate services.
//!
//! With `service_completed_successfully`, Compose continues as soon as one container of the
//! service has ended. A job with several instances that other containers wait for is therefore
//! written as one service for each instance, and its dependents wait for each of them.

use ecow::EcoString;
use std::collections::HashSet;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId, Kind, Plan, Repeats};
use crate::source::Spanned;

/// Maximum number of services that one job becomes.
const MAX_SERVICES: u32 = 1000;

/// The containers that become several services.
pub struct Split(HashSet<ContainerId>);

impl Split {
    /// Finds these containers. Reports a job with too many instances.
    pub fn of(plan: &Plan, findings: &mut Findings) -> Self {
        let awaited: HashSet<ContainerId> = plan
            .containers
            .iter()
            .flat_map(|c| &c.dependencies)
            .map(|dependency| dependency.on)
            .collect();
        let mut split = HashSet::new();
        for (id, container) in plan.containers.iter().enumerate() {
            let Kind::Job(job) = &container.kind else { continue };
            let several = container.instances.value > 1 && job.repeats.value != Repeats::Times(0);
            if !several || !awaited.contains(&id) {
                continue;
            }
            if container.instances.value > MAX_SERVICES {
                let message =
                    format!("a job that others wait for can have at most {MAX_SERVICES} instances");
                findings.push(
                    Diagnostic::new(&codes::BAD_TARGET_VALUE, container.instances.span, message)
                        .help(
                            "each instance is written as a service, because Compose waits only for the first container to end",
                        ),
                );
                continue;
            }
            split.insert(id);
        }
        Self(split)
    }

    /// The service names of a container: its id, or one name for each instance.
    pub fn names(&self, id: ContainerId, container: &Container) -> Vec<String> {
        let name = &container.id.value;
        if self.0.contains(&id) {
            (1..=container.instances.value).map(|index| format!("{name}-{index}")).collect()
        } else {
            vec![name.to_string()]
        }
    }

    /// The names of all services, each with the id that it is made from.
    pub fn all_names<'a>(
        &self,
        containers: &'a [Container],
    ) -> Vec<(&'a Spanned<EcoString>, String)> {
        let names = |(id, container): (ContainerId, &'a Container)| {
            self.names(id, container).into_iter().map(move |name| (&container.id, name))
        };
        containers.iter().enumerate().flat_map(names).collect()
    }
}
