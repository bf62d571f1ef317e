//! Fixed ports of nodes: what two containers cannot share, and what nodes use themselves.
//!
//! Nomad reserves a port for TCP and UDP together, and never places two groups with the same fixed
//! port on one node.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Plan};

use super::network::NetworkKind;
use super::reach::{PortPlan, Reach};

/// Ports that nodes usually use themselves, with what listens there.
const IN_USE: [(u16, &str); 4] = [
    (22, "the SSH server"),
    (4646, "the Nomad agent"),
    (4647, "the Nomad agent"),
    (4648, "the Nomad agent"),
];

/// The use of a fixed port by a container.
#[derive(Clone, Copy)]
struct Claim<'a> {
    container: &'a Container,
    port: &'a PortPlan,
}

/// Checks the fixed ports of all containers.
pub fn check(plan: &Plan, reaches: &[Reach], findings: &mut Findings) {
    let mut claims: HashMap<u16, Vec<Claim<'_>>> = HashMap::new();
    for (container, reach) in plan.containers.iter().zip(reaches) {
        several_instances(container, reach, findings);
        for port in &reach.ports {
            let Some(number) = port.fixed_number() else { continue };
            in_use(number, port, findings);
            let claim = Claim { container, port };
            match claims.entry(number) {
                Entry::Vacant(entry) => {
                    entry.insert(vec![claim]);
                }
                Entry::Occupied(mut entry) => {
                    let before = entry.get_mut();
                    if let Some(other) = before.iter().find(|other| claim.conflicts(other)) {
                        findings.push(claim.conflict(other, number));
                    }
                    before.push(claim);
                }
            }
        }
    }
}

impl Claim<'_> {
    /// Whether this claim is one of the same container, or could meet the other on a node.
    fn conflicts(&self, other: &Claim<'_>) -> bool {
        let (Some(one), Some(two)) = (&self.container.placement, &other.container.placement) else {
            return true;
        };
        std::ptr::eq(self.container, other.container)
            || one.level != two.level
            || one.name.value == two.name.value
    }

    fn conflict(&self, other: &Claim<'_>, number: u16) -> Diagnostic {
        let (one, two) = (&other.container.id.value, &self.container.id.value);
        let both = "Nomad reserves a port for TCP and UDP together";
        if !std::ptr::eq(self.container, other.container) {
            let message = format!(
                "`{one}` and `{two}` need different nodes, because both use host port {number}"
            );
            return Diagnostic::new(&codes::CLUSTER_NEEDS, self.port.span, message)
                .also(other.port.span, "used here")
                .help(both);
        }
        let (first, second) = (other.port.container.value, self.port.container.value);
        let message =
            format!("host port {number} cannot lead to both port {first} and port {second}");
        Diagnostic::new(&codes::BAD_TARGET_PORT, self.port.span, message)
            .also(other.port.span, "used here")
            .help(both)
    }
}

/// Reports a fixed port that nodes usually use themselves.
fn in_use(number: u16, port: &PortPlan, findings: &mut Findings) {
    let Some((_, user)) = IN_USE.iter().find(|(own, _)| *own == number) else { return };
    let message = format!("{user} of a node usually uses port {number}");
    findings.push(
        Diagnostic::new(&codes::CLUSTER_NEEDS, port.span, message)
            .label(format!("fixes port {number} of the node"))
            .help("move it to another port on the nodes, or do not fix this one"),
    );
}

/// Reports the instances of a container on the host network: their ports are the same.
fn several_instances(container: &Container, reach: &Reach, findings: &mut Findings) {
    let instances = container.instances;
    if reach.network == NetworkKind::Host && instances.value > 1 && !reach.ports.is_empty() {
        let message = format!(
            "each of the {} instances of `{}` needs its own node, because they use the same ports of the host",
            instances.value, container.id.value
        );
        findings.push(Diagnostic::new(&codes::CLUSTER_NEEDS, instances.span, message));
    }
}
