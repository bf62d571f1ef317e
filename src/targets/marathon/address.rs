//! References: the DNS names of containers.
//!
//! The DNS of DC/OS has, for each app, the addresses of its containers (`containerip`) and of
//! their hosts (`agentip`). The address of a container on the bridge network is meaningless on
//! other hosts, and its ports are mapped to any free ports. It therefore gets a virtual address
//! (a VIP label on each port) that the load balancer of the cluster serves. A container cannot bind that
//! address, so a reference to itself is its own one.

use std::collections::HashSet;

use super::names::{self, Names};
use crate::diag::{Diagnostic, Findings, codes, list_or};
use crate::plan::{Container, Kind, NetworkMode, Plan, Port, Reference, Text};
use crate::render::Composed;
use crate::targets::origins;

/// Reports references that cannot work.
pub fn check(plan: &Plan, findings: &mut Findings) {
    for (from, container) in plan.containers.iter().enumerate() {
        let mut own_is_reported = false;
        for reference in container.references() {
            let Some(to) = plan.containers.get(reference.to()) else { continue };
            if reference.to() == from && matches!(to.kind, Kind::Service(_)) {
                if to.instances.value > 1 && !own_is_reported {
                    own_is_reported = true;
                    findings.push(any_instance(reference, to));
                }
                continue;
            }
            findings.extend(check_reference(reference, to));
        }
    }
}

/// Reports a reference of one of several instances to itself.
fn any_instance(reference: &Reference, container: &Container) -> Diagnostic {
    let id = &container.id.value;
    let message = format!(
        "`@{id}` in `{id}` is the address of any of its {} instances, which only that instance can bind",
        container.instances.value
    );
    Diagnostic::new(&codes::APPROXIMATED, reference.span, message)
        .also(container.instances.span, "number of instances")
        .help("bind `0.0.0.0` to use all addresses of a container")
}

fn check_reference(reference: &Reference, to: &Container) -> Option<Diagnostic> {
    let id = &to.id.value;
    if matches!(to.kind, Kind::Job(_)) {
        let message = format!("`{id}` is a job, and Chronos jobs have no address");
        return Some(
            Diagnostic::new(&codes::NO_WAY, reference.span, message)
                .also(to.id.span, "this job")
                .help("refer only to services"),
        );
    }
    if to.network.value != NetworkMode::Bridge {
        return None;
    }
    let listed: Vec<String> =
        to.ports.iter().map(|port| port.container_port.value.to_string()).collect();
    let (message, help) = match reference.port {
        None if to.ports.is_empty() => (
            format!("`{id}` is on the bridge network and lists no ports, so it is unreachable"),
            "list the port that it serves in its `ports`".to_owned(),
        ),
        Some(port) if !to.lists_port(port) => (
            format!("`{id}` is on the bridge network, where only listed ports are reachable"),
            match to.ports.is_empty() {
                true => format!("list port {port} in its `ports`"),
                false => format!(
                    "it lists {}; list port {port} as well",
                    list_or(listed.iter().map(String::as_str))
                ),
            },
        ),
        _ => return None,
    };
    let span = to.network.span;
    Some(
        Diagnostic::new(&codes::NO_WAY, reference.span, message)
            .also(span, "bridge network")
            .help(help)
            .help("or use `\"network_mode\": \"container\"` for it"),
    )
}

/// The DNS name, and the port, that takes the place of a reference of the container `from`.
pub fn of(reference: &Reference, from: &Container, plan: &Plan, names: &Names) -> String {
    let to = plan.containers.get(reference.to());
    // Ids are unique.
    let is_other = to.is_some_and(|to| to.id.value != from.id.value);
    let host = match to.map(|to| to.network.value) {
        Some(NetworkMode::Bridge) if is_other => names.virtual_host(reference.to()),
        Some(NetworkMode::Host) => names.host(reference.to(), "agentip"),
        _ => names.host(reference.to(), "containerip"),
    };
    host + &names::port_suffix(reference)
}

/// The text of the container `from` with DNS names in place of references.
pub fn spell(text: &Text, from: &Container, plan: &Plan, names: &Names) -> Composed {
    let spelled = text.spell(str::to_owned, |reference| of(reference, from, plan, names));
    let mut also = origins::of_references(plan, text, |reference, also| {
        also.extend(plan.containers.get(reference.to()).map(|to| to.network.span));
        also.extend(port(plan, reference).map(|port| port.container_port.span));
        also.extend(names.places());
    });
    // Several references can lead to the same places.
    let mut seen = HashSet::new();
    also.retain(|place| seen.insert(*place));
    Composed::new(spelled, text.span, also)
}

/// The port that a reference leads to, if the container lists it.
fn port<'p>(plan: &'p Plan, reference: &Reference) -> Option<&'p Port> {
    let to = plan.containers.get(reference.to())?;
    to.ports.iter().find(|port| Some(port.container_port.value) == reference.port)
}
