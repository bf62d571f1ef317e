//! The model to the plan: ids become indices, strings become pieces, and the parts of the
//! appliance are checked against each other. Errors are reported, and the rest is still
//! resolved.
//!
//! Each module imports only modules that are listed before it.

mod graph;
mod lookup;
mod path;
mod placement;
mod text;
mod uses;

mod extras;
mod health;
mod names;
mod ports;
mod schedule;
mod volumes;
mod zone;

mod containers;
mod cron;

pub use extras::{check_files, read_files};
pub use path::cleaned as cleaned_path;
pub use uses::of as uses;

use std::borrow::Borrow;

use crate::diag::Findings;
use crate::model::{self, Appliance};
use crate::plan::{Container, Plan, Referrer};
use crate::source::{Source, Sources};

use crate::syntax::Node;
#[cfg(test)]
pub use cron::parsed;
use lookup::Lookup;
use text::owned;

/// Resolves an appliance with these containers, as nodes of its tree. Each node is dropped when it has
/// been resolved: if they are owned, the plan takes over their memory. Values are in `source`, or in
/// another one of `sources`. The plan must be used only if no error was reported, here or before.
pub fn resolve<N: Borrow<Node>>(
    appliance: &Appliance<'_>,
    nodes: impl Iterator<Item = N>,
    source: &Source,
    sources: &Sources,
    findings: &mut Findings,
) -> Plan {
    let lookup = Lookup::new(appliance, source, sources, findings);
    let mut containers = Vec::with_capacity(appliance.ids.len());
    for node in nodes {
        if let Some(container) = model::container(node.borrow()) {
            containers.push(containers::resolve(&container, &lookup, findings));
        }
    }
    let start_order = graph::order(&mut containers, findings);
    set_referrers(&mut containers);
    names::check(&containers, findings);
    ports::check(&containers, findings);
    extras::check_builds(&containers, findings);
    let volumes = volumes::resolve(&appliance.volumes, &containers, &lookup, findings);
    // Only targets need the uses.
    Plan { id: owned(appliance.id), containers, volumes, start_order, uses: Vec::new() }
}

/// Sets the referrers of each container.
fn set_referrers(containers: &mut [Container]) {
    let mut counts = vec![0; containers.len()];
    for reference in containers.iter().flat_map(Container::references) {
        if let Some(count) = counts.get_mut(reference.to()) {
            *count += 1;
        }
    }
    let mut referrers: Vec<Vec<Referrer>> = counts.into_iter().map(Vec::with_capacity).collect();
    for (from, container) in containers.iter().enumerate() {
        for reference in container.references() {
            if let Some(referrers) = referrers.get_mut(reference.to()) {
                referrers.push(Referrer::new(from, reference));
            }
        }
    }
    for (container, referrers) in containers.iter_mut().zip(referrers) {
        container.referrers = referrers.into();
    }
}

#[cfg(test)]
mod tests;
