//! References: the names at which containers are reached.
//!
//! The DNS of DC/OS has for each app the addresses of its containers (`containerip`) and of
//! their hosts (`agentip`). A bridged container's address means nothing on another host, and
//! its ports are mapped to any free ones, so it gets a virtual address (a VIP label on each
//! port) that the cluster's load balancer serves.

use super::names::{self, Names};
use crate::diag::{Diagnostic, codes, list_or};
use crate::plan::{Container, Kind, NetworkMode, Plan, Reference, Text};

/// Reports the references that cannot work.
pub fn check(plan: &Plan, diagnostics: &mut Vec<Diagnostic>) {
    for container in &plan.containers {
        for reference in container.references() {
            if let Some(to) = plan.containers.get(reference.to) {
                diagnostics.extend(fault(reference, to));
            }
        }
    }
}

fn fault(reference: &Reference, to: &Container) -> Option<Diagnostic> {
    let id = &to.id.value;
    if matches!(to.kind, Kind::Job(_)) {
        let message = format!("marathon: `{id}` is a job, and Chronos gives jobs no address");
        return Some(
            Diagnostic::new(&codes::NO_WAY, reference.span, message)
                .also(to.id.span, "this job")
                .help("refer to services only"),
        );
    }
    if to.network.value != NetworkMode::Bridge {
        return None;
    }
    let listed: Vec<String> =
        to.ports.iter().map(|port| port.container_port.value.to_string()).collect();
    let (message, help) = match reference.port {
        None if to.ports.is_empty() => (
            format!("marathon: `{id}` is bridged and lists no port, so nothing leads to it"),
            "list the port it serves in its `ports`".to_owned(),
        ),
        Some(port) if !to.lists_port(port) => (
            format!("marathon: `{id}` is bridged, and only the ports it lists are mapped"),
            match to.ports.is_empty() {
                true => format!("list port {port} in its `ports`"),
                false => format!(
                    "it lists {}; list port {port} too",
                    list_or(listed.iter().map(String::as_str))
                ),
            },
        ),
        _ => return None,
    };
    let place = to.network.span;
    Some(
        Diagnostic::new(&codes::NO_WAY, reference.span, message)
            .also(place, "bridged")
            .help(help)
            .help("or choose `\"network_mode\": \"container\"` for it"),
    )
}

/// The text with names in the place of references.
pub fn spell(text: &Text, plan: &Plan, names: &Names) -> String {
    text.spell(str::to_owned, |reference| {
        let network = plan.containers.get(reference.to).map(|to| to.network.value);
        let host = match network {
            Some(NetworkMode::Bridge) => names.virtual_host(reference.to),
            Some(NetworkMode::Host) => names.host(reference.to, "agentip"),
            _ => names.host(reference.to, "containerip"),
        };
        host + &names::port_suffix(reference)
    })
}
