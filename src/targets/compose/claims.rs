//! What an appliance claims on the machine: its project, and host ports with fixed numbers.

use super::network::Network;
use crate::plan::Plan;
use crate::targets::Claim;

/// The claims of a project with this name.
pub fn of(plan: &Plan, project: &str, network: &Network<'_>) -> Vec<Claim> {
    let claim = |kind: &'static str, name: &str, span| Claim {
        kind: kind.into(),
        within: None,
        name: name.into(),
        span,
    };
    let ports = network.host_ports().into_iter().map(|(number, transport, span)| {
        claim("host port", &format!("{number}/{}", transport.name().to_ascii_lowercase()), span)
    });
    [claim("project", project, plan.id.span)].into_iter().chain(ports).collect()
}
