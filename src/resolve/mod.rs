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

use std::borrow::Borrow;

use crate::diag::Findings;
use crate::model::{self, Appliance};
use crate::plan::{Container, Plan, Reference, Referrer};
use crate::source::Source;

use crate::syntax::Node;
use lookup::Lookup;
use text::owned;

/// Resolves an appliance with these containers, as nodes of its tree. Each node is dropped when it has
/// been resolved: if they are owned, the plan takes over their memory. The plan must be used only
/// if no error was reported, here or before.
pub fn resolve<N: Borrow<Node>>(
    appliance: &Appliance<'_>,
    nodes: impl Iterator<Item = N>,
    source: &Source,
    findings: &mut Findings,
) -> Plan {
    let lookup = Lookup::new(appliance, source, findings);
    let mut containers = Vec::with_capacity(appliance.ids.len());
    for node in nodes {
        if let Some(container) = model::container(node.borrow()) {
            containers.push(containers::resolve(&container, &lookup, findings));
        }
    }
    let start_order = graph::order(&mut containers, findings);
    set_referrers(&mut containers);
    ports::check(&containers, findings);
    let volumes = volumes::resolve(&appliance.volumes, &containers, findings);
    // Only targets need the uses.
    Plan { id: owned(appliance.id), containers, volumes, start_order, uses: Vec::new() }
}

/// Sets the referrers of each container.
fn set_referrers(containers: &mut [Container]) {
    let mut found = Vec::new();
    let mut counts = vec![0; containers.len()];
    for (from, container) in containers.iter().enumerate() {
        for Reference { to, port, span } in container.references().copied() {
            found.push((to, Referrer { from, port, span }));
            if let Some(count) = counts.get_mut(to) {
                *count += 1;
            }
        }
    }
    for (container, count) in containers.iter_mut().zip(counts) {
        container.referrers.reserve_exact(count);
    }
    for (to, referrer) in found {
        if let Some(container) = containers.get_mut(to) {
            container.referrers.push(referrer);
        }
    }
}

#[cfg(test)]
mod tests;
