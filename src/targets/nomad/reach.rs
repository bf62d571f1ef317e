//! How each container is reached: its ports with their labels, and those that references fix.

use std::collections::BTreeSet;

use super::names;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, NetworkMode, Plan};

/// A port of a container in its group.
#[derive(Debug, Clone)]
pub struct PortPlan {
    /// Its label in the group.
    pub label: String,
    /// The port in the container.
    pub container: u16,
    /// The host port, if fixed.
    pub fixed: Option<u16>,
}

/// What others need to know about a container.
#[derive(Debug)]
pub struct Reach {
    /// Its ports.
    pub ports: Vec<PortPlan>,
    /// Whether it is reached at its own port numbers: on the host network, or at its own
    /// address.
    pub own_ports: bool,
    /// Whether its address is that of the allocation, not that of the node.
    pub own_address: bool,
    /// Whether references need its address without one of its ports.
    pub address_wanted: bool,
}

impl Reach {
    /// The label of a port of the container.
    pub fn label(&self, port: u16) -> Option<&str> {
        self.ports.iter().find(|own| own.container == port).map(|own| own.label.as_str())
    }

    /// The label of the port with this index in [`Container::ports`].
    pub fn label_of(&self, container: &Container, index: usize) -> Option<&str> {
        self.label(container.ports.get(index)?.container_port.value)
    }
}

/// Determines how each container is reached, and reports the ports that references fix.
pub fn reach(plan: &Plan, overlay: bool, findings: &mut Findings) -> Vec<Reach> {
    plan.containers.iter().map(|container| reach_one(plan, container, overlay, findings)).collect()
}

fn reach_one(plan: &Plan, container: &Container, overlay: bool, findings: &mut Findings) -> Reach {
    let on_host = container.network.value == NetworkMode::Host;
    let own_address = overlay && container.network.value == NetworkMode::Container;
    let own_ports = on_host || own_address;
    let without_port = container.referrers.iter().find(|referrer| referrer.port.is_none());
    let mut ports: Vec<PortPlan> = Vec::new();
    let mut taken = BTreeSet::new();
    for port in &container.ports {
        let number = port.container_port.value;
        let fixed = match (on_host, port.host_port.value) {
            (true, _) => Some(number),
            (false, 0) => None,
            (false, fixed) => Some(fixed),
        };
        // Docker publishes a port label for both protocols.
        if ports.iter().any(|own| own.container == number && own.fixed == fixed) {
            continue;
        }
        let named = port.name.as_ref().and_then(|name| names::label(&name.value));
        let numbered = format!("{}_{number}", port.transport.value.name());
        let label = named.filter(|label| !taken.contains(label)).unwrap_or(numbered);
        taken.insert(label.clone());
        ports.push(PortPlan { label, container: number, fixed });
    }
    if let Some(referrer) = without_port.filter(|_| !own_ports && !ports.is_empty()) {
        let numbers = fix_ports(&mut ports, &mut taken);
        if !numbers.is_empty() {
            let who = plan.containers.get(referrer.from).map_or("", |from| from.id.value.as_str());
            let id = &container.id.value;
            let message = format!(
                "`{who}` refers to `{id}` without a port, so {} fixed on the host at the same {}",
                if numbers.len() == 1 { "its port is" } else { "its ports are" },
                if numbers.len() == 1 { "number" } else { "numbers" },
            );
            let mut diagnostic =
                Diagnostic::new(&codes::FIXED_PORT_NEEDED, referrer.span, message)
                    .also(container.id.span, format!("listens on {}", numbers.join(", ")))
                    .help(format!(
                        "add the port to the reference (`@{id}:{}`) if the program accepts one, or give containers their own addresses with the option `network`",
                        numbers.first().map_or("", String::as_str)
                    ));
            if container.instances.value > 1 {
                diagnostic = diagnostic.help(format!(
                    "each of its {} instances then needs its own node",
                    container.instances.value
                ));
            }
            findings.push(diagnostic);
        }
    }
    let address_wanted =
        container.referrers.iter().any(|referrer| referrer.port.is_none() || own_ports);
    Reach { ports, own_ports, own_address, address_wanted }
}

/// Makes each port reachable at its own number on the host. Returns the numbers that were not.
fn fix_ports(ports: &mut Vec<PortPlan>, taken: &mut BTreeSet<String>) -> Vec<String> {
    let mut numbers = Vec::new();
    let all: BTreeSet<u16> = ports.iter().map(|port| port.container).collect();
    for number in all {
        if ports.iter().any(|port| port.container == number && port.fixed == Some(number)) {
            continue;
        }
        numbers.push(number.to_string());
        match ports.iter_mut().find(|port| port.container == number && port.fixed.is_none()) {
            Some(free) => free.fixed = Some(number),
            None => {
                let label = format!("own_{number}");
                taken.insert(label.clone());
                ports.push(PortPlan { label, container: number, fixed: Some(number) });
            }
        }
    }
    numbers
}
