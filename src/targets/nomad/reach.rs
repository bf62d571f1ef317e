//! How each container is reached: its ports with their labels, and those that references fix.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::names;
use super::network::{self, NetworkKind};
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId, Plan, Port, Probe, Referrer, Text, graph};
use crate::render::{Composed, Origin, Traced};
use crate::source::{Span, Spanned};
use crate::targets::Options;

/// Maximum number of dependencies that are followed to find out which jobs are over.
const MAX_STEPS: usize = 1_000_000;

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
    /// The place that fixes the host port, or else that of the port.
    pub span: Span,
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
    /// Its network.
    pub network: NetworkKind,
    /// Its ports.
    pub ports: Vec<PortPlan>,
    /// Whether references need its address without one of its ports.
    pub address_wanted: bool,
    /// The references to it that Nomad fills in.
    pub referrers: Vec<Referrer>,
    /// The containers that refer to it and start after it, a job, has succeeded. Nomad does not fill
    /// in their references: nothing is registered anymore.
    later: HashSet<ContainerId>,
}

impl Reach {
    /// Whether it is over when this container starts.
    pub fn is_over_for(&self, from: ContainerId) -> bool {
        self.later.contains(&from)
    }

    /// Whether it is reached at its own port numbers: on the host network, or at its own
    /// address.
    pub fn own_ports(&self) -> bool {
        self.network != NetworkKind::Bridge
    }

    /// Whether its address is that of the allocation, not that of the node.
    pub fn own_address(&self) -> bool {
        self.network == NetworkKind::Own
    }

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
pub fn reach(plan: &Plan, options: &Options, findings: &mut Findings) -> Vec<Reach> {
    let mut steps = MAX_STEPS;
    let containers = plan.containers.iter().enumerate();
    containers
        .map(|(id, container)| {
            let network = network::of(container, options);
            reach_one(plan, id, container, network, &mut steps, findings)
        })
        .collect()
}

/// The containers that refer to a job and start after it has succeeded. Reports those that start only
/// while it is placed.
fn later(
    plan: &Plan,
    id: ContainerId,
    container: &Container,
    referrers: &[Referrer],
    steps: &mut usize,
    findings: &mut Findings,
) -> HashSet<ContainerId> {
    let mut later = HashSet::new();
    let Some(job) = container.job().filter(|_| container.instances.value > 0) else { return later };
    // Without steps, nothing is known.
    let mut waits = |from, on| graph::depends_on(&plan.containers, from, on, steps) && *steps > 0;
    let mut last = None;
    for referrer in referrers {
        // The references of a container follow each other.
        let from = referrer.from();
        if from == id || last.replace(from) == Some(from) {
            continue;
        }
        // Nothing can wait for a job that repeats.
        if !job.is_repeating() && waits(from, id) {
            later.insert(from);
        } else {
            // Also if the job waits for it: its next instance, after a drain, may find that the job has ended.
            findings.push(placed_for_a_while(plan, container, referrer));
        }
    }
    later
}

/// Reports a reference to a job that need not be placed when the container starts.
fn placed_for_a_while(plan: &Plan, job: &Container, referrer: &Referrer) -> Diagnostic {
    let from = plan.container_id(referrer.from());
    let id = &job.id.value;
    let message =
        format!("`{from}` starts only while the job `{id}`, which it refers to, is placed");
    Diagnostic::new(&codes::APPROXIMATED, referrer.span, message)
        .also(job.id.span, "has no address once it has ended")
}

fn reach_one(
    plan: &Plan,
    id: ContainerId,
    container: &Container,
    network: NetworkKind,
    steps: &mut usize,
    findings: &mut Findings,
) -> Reach {
    let mut referrers: Vec<Referrer> = filled_in(plan, container);
    let later = later(plan, id, container, &referrers, steps, findings);
    referrers.retain(|referrer| !later.contains(&referrer.from()));
    let mut ports = ports(container, network, findings);
    let mut others = referrers.iter().filter(|referrer| referrer.from() != id);
    let without_port = others.clone().find(|referrer| referrer.port.is_none());
    if let Some(referrer) = without_port.filter(|_| network == NetworkKind::Bridge) {
        if ports.is_empty() {
            findings.push(nothing_listed(container, referrer));
        } else {
            fix_ports(plan, container, &mut ports, referrer, findings);
        }
    }
    let address_wanted = match network {
        NetworkKind::Bridge => without_port.is_some(),
        NetworkKind::Host => others.next().is_some(),
        // It also looks up its own address.
        NetworkKind::Own => !referrers.is_empty(),
    };
    Reach { network, ports, address_wanted, referrers, later }
}

/// The references to a container, apart from those in the commands of health checks, which Nomad
/// does not run.
fn filled_in(plan: &Plan, container: &Container) -> Vec<Referrer> {
    let is_checked = |referrer: &&Referrer| {
        let from = plan.containers.get(referrer.from());
        let probe = from.and_then(Container::health).map(|health| &health.probe);
        let Some(Probe::Command(text)) = probe else { return false };
        text.references().any(|reference| reference.span == referrer.span)
    };
    container.referrers.iter().filter(|referrer| !is_checked(referrer)).copied().collect()
}

/// The strings of a container that Nomad fills in: all but the command of a health check.
pub fn texts(container: &Container) -> impl Iterator<Item = &Text> {
    let checked = container.health().and_then(|health| match &health.probe {
        Probe::Command(text) => Some(text),
        Probe::Http { .. } | Probe::Tcp { .. } => None,
    });
    container
        .texts()
        .filter(move |text| checked.is_none_or(|checked| !std::ptr::eq(*text, checked)))
}

/// The ports of a container, without those that references fix. Reports changed names.
fn ports(container: &Container, network: NetworkKind, findings: &mut Findings) -> Vec<PortPlan> {
    let mut ports: Vec<PortPlan> = Vec::new();
    let mut labels = Labels::of(container);
    for port in &container.ports {
        let fixed = match (network, port.host_port.value) {
            (NetworkKind::Host, _) => Some(&port.container_port),
            (_, 0) => None,
            _ => Some(&port.host_port),
        };
        let number = port.container_port.value;
        let fixed_number = fixed.map(|fixed| fixed.value);
        // Docker publishes a port label for both protocols.
        let is_same =
            |own: &PortPlan| own.container.value == number && own.fixed_number() == fixed_number;
        if let Some(same) = ports.iter().find(|own| is_same(own)) {
            findings.extend(renamed(port, &same.label));
            continue;
        }
        let from = match &port.name {
            Some(name) => Origin::from(name.span).and(port.container_port.span),
            None => Origin::from(port.container_port.span).and(port.transport.span),
        };
        let label = labels.label(port);
        findings.extend(renamed(port, &label));
        ports.push(PortPlan {
            label,
            label_from: from,
            container: port.container_port,
            fixed: fixed.map(Traced::from),
            span: fixed.unwrap_or(&port.container_port).span,
        });
    }
    ports
}

/// Reports that the label of a port is not its name.
fn renamed(port: &Port, label: &str) -> Option<Diagnostic> {
    let name = port.name.as_ref().filter(|name| name.value != label)?;
    let message = format!("port name `{}` becomes `{label}`", name.value);
    let help = "a port label is unique in its container; it has at most 30 lower-case letters, digits and underscores, and starts with a letter";
    Some(Diagnostic::new(&codes::NAME_CHANGED, name.span, message).help(help))
}

/// The labels of the ports of a container, each different.
struct Labels {
    taken: BTreeSet<String>,
    /// Names that no port has got as its label yet.
    names: BTreeSet<String>,
}

impl Labels {
    fn of(container: &Container) -> Labels {
        let names = container.ports.iter().filter_map(name).collect();
        Labels { taken: BTreeSet::new(), names }
    }

    /// The label of a port: its name, unless another port has it. No other label is a name.
    fn label(&mut self, port: &Port) -> String {
        if let Some(name) = name(port).filter(|name| self.names.remove(name)) {
            self.taken.insert(name.clone());
            return name;
        }
        self.free(format!("{}_{}", port.transport.value.name(), port.container_port.value))
    }

    /// A label like this one that no other port has.
    fn free(&mut self, label: String) -> String {
        let mut free = label.clone();
        let mut number = 2;
        while self.taken.contains(&free) || self.names.contains(&free) {
            free = format!("{label}_{number}");
            number += 1;
        }
        self.taken.insert(free.clone());
        free
    }
}

/// The label that the name of a port requests.
fn name(port: &Port) -> Option<String> {
    names::label(&port.name.as_ref()?.value)
}

/// Reports a reference that provides an address where nothing answers.
fn nothing_listed(container: &Container, referrer: &Referrer) -> Diagnostic {
    let id = &container.id.value;
    let message = format!(
        "nothing answers at the address that `@{id}` provides, because `{id}` lists no ports"
    );
    Diagnostic::new(&codes::APPROXIMATED, referrer.span, message)
        .label("becomes the address of a node")
        .also(container.id.span, "has no address of its own")
        .help("list the ports that it listens on")
}

/// Makes each port reachable at its own number on the host.
fn fix_ports(
    plan: &Plan,
    container: &Container,
    ports: &mut Vec<PortPlan>,
    referrer: &Referrer,
    findings: &mut Findings,
) {
    let mut labels = Labels::of(container);
    labels.taken.extend(ports.iter().map(|port| port.label.clone()));
    let mut numbers = Vec::new();
    let all: BTreeMap<u16, Spanned<u16>> =
        ports.iter().rev().map(|port| (port.container.value, port.container)).collect();
    for (number, own) in all {
        let mut same = ports.iter().filter(|port| port.container.value == number);
        if same.any(|port| port.fixed_number() == Some(number)) {
            continue;
        }
        if let Some(other) = ports.iter().find(|port| port.fixed_number() == Some(number)) {
            findings.push(occupied(container, number, other, referrer));
            continue;
        }
        numbers.push(number.to_string());
        let from = Origin::from(own.span).and(referrer.span);
        let fixed = Some(Traced::new(number, from));
        let mut same = ports.iter_mut().filter(|port| port.container.value == number);
        match same.find(|port| port.fixed.is_none()) {
            Some(free) => {
                free.fixed = fixed;
                free.span = referrer.span;
            }
            None => ports.push(PortPlan {
                label: labels.free(format!("own_{number}")),
                label_from: from,
                container: own,
                fixed,
                span: referrer.span,
            }),
        }
    }
    if !numbers.is_empty() {
        findings.push(fixed_ports(plan, container, &numbers, referrer));
    }
}

fn fixed_ports(
    plan: &Plan,
    container: &Container,
    numbers: &[String],
    referrer: &Referrer,
) -> Diagnostic {
    let who = plan.container_id(referrer.from());
    let id = &container.id.value;
    let (ports, number) = match numbers.len() {
        1 => ("its port is", "number"),
        _ => ("its ports are", "numbers"),
    };
    let message = format!(
        "`{who}` refers to `{id}` without a port, so {ports} fixed on the host at the same {number}"
    );
    let first = numbers.first().map_or("", String::as_str);
    let diagnostic = Diagnostic::new(&codes::FIXED_PORT_NEEDED, referrer.span, message)
        .also(container.id.span, format!("listens on {}", numbers.join(", ")))
        .help(format!(
            "add the port to the reference (`@{id}:{first}`) if the program accepts one, or give containers their own addresses with the option `network`"
        ));
    match container.instances.value {
        0 | 1 => diagnostic,
        several => {
            diagnostic.help(format!("each of its {several} instances then needs its own node"))
        }
    }
}

/// Reports a port that a reference cannot fix at its own number.
fn occupied(
    container: &Container,
    number: u16,
    other: &PortPlan,
    referrer: &Referrer,
) -> Diagnostic {
    let id = &container.id.value;
    let message = format!(
        "a reference to `{id}` without a port does not reach its port {number}: that port of the host leads to port {}",
        other.container.value
    );
    Diagnostic::new(&codes::BAD_TARGET_PORT, referrer.span, message)
        .also(other.span, "host port fixed here")
        .help(format!("add the port to the reference: `@{id}:{number}`"))
        .help("or choose another `host_port`")
}
