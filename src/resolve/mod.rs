//! The model to the plan: ids become indices, strings become pieces, and the parts of the
//! appliance are checked against each other. Errors are reported, and the rest is still
//! resolved.
//!
//! Each module imports only modules that are listed before it.

mod graph;
mod lookup;
mod placement;
mod text;
mod uses;

mod health;
mod ports;
mod schedule;
mod volumes;

mod containers;

pub use uses::of as uses;

use crate::diag::Findings;
use crate::model::Appliance;
use crate::plan::{Container, ContainerId, Plan, Referrer};
use crate::source::Source;
use lookup::Lookup;
use text::owned;

/// Resolves an appliance. The plan must be used only if no error was reported, here or
/// before.
pub fn resolve(appliance: &Appliance<'_>, source: &Source, findings: &mut Findings) -> Plan {
    let lookup = Lookup::new(appliance, source, findings);
    let mut containers: Vec<_> = appliance
        .containers
        .iter()
        .map(|container| containers::resolve(container, &lookup, findings))
        .collect();
    let start_order = graph::order(&mut containers, findings);
    set_referrers(&mut containers);
    ports::check(&containers, findings);
    let volumes = volumes::resolve(&appliance.volumes, &containers, findings);
    let mut plan =
        Plan { id: owned(appliance.id), containers, volumes, start_order, uses: Vec::new() };
    // Only targets read them, and only of a valid appliance.
    if !findings.has_errors() {
        plan.uses = uses(&plan);
    }
    plan
}

/// Sets the referrers of each container.
fn set_referrers(containers: &mut [Container]) {
    let found: Vec<(ContainerId, Referrer)> = containers
        .iter()
        .enumerate()
        .flat_map(|(from, container)| {
            container.references().map(move |reference| {
                (reference.to, Referrer { from, port: reference.port, span: reference.span })
            })
        })
        .collect();
    for (to, referrer) in found {
        if let Some(container) = containers.get_mut(to) {
            container.referrers.push(referrer);
        }
    }
}

#[cfg(test)]
mod tests;
