//! How each container is reached: its ports with their labels, and those that references fix.

use std::collections::{BTreeMap, BTreeSet};

use super::names;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, NetworkMode, Plan};
use crate::render::{Composed, Origin, Traced};
use crate::source::{Span, Spanned};

/// A port of a container in its group.
#[derive(Debug, Clone)]
pub struct PortPlan {
    /// Its label in the group.
    pub label: String,
    /// The origin of the label.
    pub label_from: Origin,
    /// The port in the container.
    pub container: Spanned<u16>,
    /// The host port, if fixed.
    pub fixed: Option<Traced<u16>>,
}

impl PortPlan {
    /// The number of the host port, if fixed.
    pub fn fixed_number(&self) -> Option<u16> {
        self.fixed.map(|fixed| fixed.value)
    }

    /// The label with its origin.
    pub fn traced_label(&self, more: Vec<Span>) -> Composed {
        Composed::new(self.label.clone(), self.label_from, more)
    }
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
    /// A port of the container.
    pub fn port(&self, port: u16) -> Option<&PortPlan> {
        self.ports.iter().find(|own| own.container.value == port)
    }

    /// The label of a port of the container.
    pub fn label(&self, port: u16) -> Option<&str> {
        self.port(port).map(|own| own.label.as_str())
    }

    /// The port with this index in [`Container::ports`].
    pub fn port_of(&self, container: &Container, index: usize) -> Option<&PortPlan> {
        self.port(container.ports.get(index)?.container_port.value)
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
            (true, _) => Some(Traced::from(&port.container_port)),
            (false, 0) => None,
            (false, _) => Some(Traced::from(&port.host_port)),
        };
        let fixed_number = fixed.map(|fixed| fixed.value);
        // Docker publishes a port label for both protocols.
        let is_same =
            |own: &PortPlan| own.container.value == number && own.fixed_number() == fixed_number;
        if ports.iter().any(is_same) {
            continue;
        }
        let named = port.name.as_ref().and_then(|name| names::label(&name.value));
        let numbered = format!("{}_{number}", port.transport.value.name());
        let label = named.filter(|label| !taken.contains(label)).unwrap_or(numbered);
        taken.insert(label.clone());
        let from = match &port.name {
            Some(name) => Origin::from(name.span).and(port.container_port.span),
            None => Origin::from(port.container_port.span).and(port.transport.span),
        };
        ports.push(PortPlan { label, label_from: from, container: port.container_port, fixed });
    }
    if let Some(referrer) = without_port.filter(|_| !own_ports && !ports.is_empty()) {
        let numbers = fix_ports(&mut ports, &mut taken, referrer.span);
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
fn fix_ports(
    ports: &mut Vec<PortPlan>,
    taken: &mut BTreeSet<String>,
    referrer: Span,
) -> Vec<String> {
    let mut numbers = Vec::new();
    let all: BTreeMap<u16, Spanned<u16>> =
        ports.iter().rev().map(|port| (port.container.value, port.container)).collect();
    for (number, container) in all {
        let mut same = ports.iter().filter(|port| port.container.value == number);
        if same.any(|port| port.fixed_number() == Some(number)) {
            continue;
        }
        numbers.push(number.to_string());
        let from = Origin::from(container.span).and(referrer);
        let fixed = Some(Traced::new(number, from));
        let mut same = ports.iter_mut().filter(|port| port.container.value == number);
        match same.find(|port| port.fixed.is_none()) {
            Some(free) => free.fixed = fixed,
            None => {
                let label = format!("own_{number}");
                taken.insert(label.clone());
                ports.push(PortPlan { label, label_from: from, container, fixed });
            }
        }
    }
    numbers
}
