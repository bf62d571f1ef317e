//! Names, addresses and ports: the Services, and how references are written.

use std::collections::HashSet;
use std::sync::Arc;

use super::model::{ContainerPort, Label, Labels, ServicePort};
use super::options::{Expose, Settings};
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{
    Container, ContainerId, NetworkMode, Plan, Port, Reference, Referrer, Transport, graph,
};
use crate::render::{Origin, Traced};
use crate::source::{Span, Spanned};
use crate::targets::names::{self, MAX_LABEL, rfc1035_label};

/// The default range of node ports (`--service-node-port-range` of the API server).
const NODE_PORTS: std::ops::RangeInclusive<u16> = 30_000..=32_767;

/// Maximum number of dependencies that are followed to find references from containers that do not
/// wait.
const MAX_STEPS: usize = 1_000_000;

/// The label with the name of a container.
pub const NAME: &str = "app.kubernetes.io/name";
/// The label with the name of the appliance.
pub const INSTANCE: &str = "app.kubernetes.io/instance";

/// How the containers of an appliance are reached.
pub struct Network {
    endpoints: Vec<Endpoint>,
}

/// How one container is reached.
struct Endpoint {
    /// Its name, by which its pods are selected.
    label: Traced<Arc<str>>,
    /// The name of its objects, such as the Service.
    name: Traced<Arc<str>>,
    /// The Service with the name of the container: the ports that it lists.
    listed: Option<Access>,
    /// The Service for UDP ports with the number of a TCP port.
    udp: Option<Access>,
    /// The Service for internal ports, if the one above has others.
    internal: Option<Internal>,
    /// The headless Service: its name resolves to the addresses of the pods, where every port can
    /// be reached.
    pods: Option<Access>,
    /// The container ports that references reach at the Services with listed ports.
    forwarded: HashSet<u16>,
}

/// The Service for internal ports.
struct Internal {
    access: Access,
    ports: HashSet<u16>,
}

/// A Service of a container.
#[derive(Clone)]
pub struct Access {
    pub name: Traced<Arc<str>>,
    pub kind: ServiceKind,
    /// The reference because of which it has the addresses of pods that are not ready, too.
    pub early: Option<Span>,
    /// The places of the references to it, which may be the reason for it.
    pub wanted_by: Vec<Span>,
}

/// The kind of a Service. The kind of the Service with one name never changes between headless and
/// the others: the API server does not allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceKind {
    /// The name resolves to the addresses of the pods, so any port can be reached.
    Headless,
    /// A cluster IP address, with the ports of the container.
    ClusterIp,
    /// A cluster IP address, and a port on every node.
    NodePort,
    /// The same as `NodePort`, and an external address.
    LoadBalancer,
}

impl Network {
    /// Names all containers and decides which Services they have. Reports names that Kubernetes
    /// does not accept.
    pub fn new(plan: &Plan, settings: &Settings, findings: &mut Findings) -> Network {
        let names: Vec<String> =
            plan.containers.iter().map(|container| rfc1035_label(&container.id.value)).collect();
        let named = plan.containers.iter().map(|c| &c.id).zip(names.iter().cloned());
        names::check("Service", MAX_LABEL, named, findings);
        let labels = plan.containers.iter().zip(names);
        let labels = labels.map(|(container, name)| Traced::new(name.into(), container.id.span));
        let labels: Vec<Traced<Arc<str>>> = labels.collect();
        let names: Vec<_> = labels.iter().map(|label| settings.names.object(label)).collect();
        let mut taken: HashSet<String> = names.iter().map(|name| name.to_string()).collect();
        let named = labels.into_iter().zip(names);
        let mut steps = MAX_STEPS;
        let endpoints = plan.containers.iter().zip(named).enumerate().map(
            |(id, (container, (label, name)))| {
                let on_both = ports_on_both(container);
                let numbers = container.ports.iter().map(|port| port.container_port.value);
                let forwarded: HashSet<u16> =
                    numbers.filter(|number| !on_both.contains(number)).collect();
                // A container finds itself at the address of its pod.
                let others = container.referrers.iter().filter(|referrer| referrer.from() != id);
                let (of_ports, of_pods): (Vec<&Referrer>, Vec<&Referrer>) =
                    others.partition(|referrer| {
                        referrer.port.is_some_and(|port| forwarded.contains(&port))
                    });
                let from = name.from;
                let mut access = |name, kind, referrers: &[&Referrer]| Access {
                    name: Traced::new(name, from),
                    kind,
                    early: early_reference(plan, id, referrers, &mut steps),
                    wanted_by: referrers.iter().map(|referrer| referrer.span).collect(),
                };
                let mut other = |ending| Arc::from(free_name(&name, ending, &mut taken));
                let exposed = exposed(container, settings.expose.value);
                let internal = internal_ports(container);
                // Other ports of the same Service would be exposed with them.
                let is_apart = !internal.is_empty()
                    && matches!(exposed, Some(ServiceKind::NodePort | ServiceKind::LoadBalancer));
                let is_internal = |referrer: &&Referrer| {
                    is_apart && referrer.port.is_some_and(|port| internal.contains(&port))
                };
                let (of_internal, of_ports): (Vec<&Referrer>, Vec<&Referrer>) =
                    of_ports.into_iter().partition(is_internal);
                let is_wanted = !of_ports.is_empty() || !internal.is_empty();
                let kind = exposed.or(is_wanted.then_some(ServiceKind::ClusterIp));
                let udp = exposed.filter(|_| !on_both.is_empty());
                let udp = udp.map(|kind| access(other("-udp"), kind, &[]));
                let internal = is_apart.then(|| {
                    let access = access(other("-internal"), ServiceKind::ClusterIp, &of_internal);
                    Internal { access, ports: internal }
                });
                let pods = (!of_pods.is_empty())
                    .then(|| access(other("-pods"), ServiceKind::Headless, &of_pods));
                // A string of its own: the map to the source knows a shared one by one origin.
                let listed = kind.map(|kind| access(Arc::from(&*name.value), kind, &of_ports));
                Endpoint { label, name, listed, udp, internal, pods, forwarded }
            },
        );
        check_udp(plan, findings);
        Network { endpoints: endpoints.collect() }
    }

    /// The name of a container.
    pub fn label(&self, id: ContainerId) -> Traced<Arc<str>> {
        let nothing = || Traced::new(Arc::from(""), Span::at(0));
        self.endpoints.get(id).map_or_else(nothing, |endpoint| endpoint.label.clone())
    }

    /// The name of the objects of a container.
    pub fn name(&self, id: ContainerId) -> Traced<Arc<str>> {
        let nothing = || Traced::new(Arc::from(""), Span::at(0));
        self.endpoints.get(id).map_or_else(nothing, |endpoint| endpoint.name.clone())
    }

    /// Whether there is a Service for the listed ports of a container.
    pub fn has_ports(&self, id: ContainerId) -> bool {
        self.endpoints.get(id).is_some_and(|endpoint| endpoint.listed.is_some())
    }

    /// The Services of a container: that for its listed ports, that for UDP ports with the number
    /// of a TCP port, that for internal ports beside others, and that for its pods.
    pub fn services(&self, id: ContainerId) -> [Option<Access>; 4] {
        let endpoint = self.endpoints.get(id);
        endpoint.map_or(
            [None, None, None, None],
            |Endpoint { listed, udp, internal, pods, .. }| {
                let internal = internal.as_ref().map(|internal| internal.access.clone());
                [listed.clone(), udp.clone(), internal, pods.clone()]
            },
        )
    }

    /// Whether the internal ports of a container have a Service of their own.
    pub fn has_internal(&self, id: ContainerId) -> bool {
        self.endpoints.get(id).is_some_and(|endpoint| endpoint.internal.is_some())
    }

    /// The address of a reference to another container. A Service with a cluster IP address has only listed ports; any
    /// other port is reached at the pods. A reference without a port may mean any port.
    pub fn address(&self, reference: &Reference) -> String {
        let port = reference.port;
        let Some(endpoint) = self.endpoints.get(reference.to()) else { return String::new() };
        let is_forwarded = port.is_some_and(|port| endpoint.forwarded.contains(&port));
        let pods = endpoint.pods.as_ref().filter(|_| !is_forwarded);
        let internal = endpoint.internal.as_ref().filter(|internal| {
            is_forwarded && port.is_some_and(|port| internal.ports.contains(&port))
        });
        let apart = pods.or(internal.map(|internal| &internal.access));
        let host = apart.map_or(&endpoint.name, |access| &access.name);
        match port {
            Some(port) => format!("{}:{port}", host.value),
            None => host.to_string(),
        }
    }
}

/// The container ports that a container lists for TCP and for UDP.
///
/// `kubectl apply` without `--server-side` merges the ports of a Service, and those of a container,
/// by their numbers alone (`patchMergeKey` in the API types): an update would lose one of two
/// ports with the same number. Each protocol therefore has its own Service.
fn ports_on_both(container: &Container) -> HashSet<u16> {
    let of = |transport| {
        let ports = container.ports.iter().filter(move |port| port.transport.value == transport);
        ports.map(|port| port.container_port.value).collect::<HashSet<u16>>()
    };
    &of(Transport::Tcp) & &of(Transport::Udp)
}

/// Warns about references from pods with their own addresses to UDP ports on the host network. A
/// node responds to its own pods from its address in their network (unless its routes name a
/// source), not from that of the reference, so a connected socket drops the response.
fn check_udp(plan: &Plan, findings: &mut Findings) {
    for to in plan.containers.iter().filter(|to| to.network.value == NetworkMode::Host) {
        let is_udp = |port: &Port| port.transport.value == Transport::Udp;
        let udp: HashSet<u16> = to
            .ports
            .iter()
            .filter(|port| is_udp(port))
            .map(|port| port.container_port.value)
            .collect();
        if udp.is_empty() {
            continue;
        }
        let mut reported = HashSet::new();
        for referrer in &to.referrers {
            let Some(container) = plan.containers.get(referrer.from()) else { continue };
            if container.network.value == NetworkMode::Host
                || referrer.port.is_some_and(|port| !udp.contains(&port))
                || !reported.insert(referrer.from())
            {
                continue;
            }
            let (from, to_id) = (&container.id.value, &to.id.value);
            let message = format!(
                "UDP responses of `{to_id}` on the host network may not reach `{from}` on the same node"
            );
            findings.push(
                Diagnostic::new(&codes::CLUSTER_NEEDS, referrer.span, message)
                    .also(to.network.span, "host network")
                    .help("choose another `network_mode` for one of them; many network plugins let a node respond from another address"),
            );
        }
    }
}

/// The first reference from a container that does not wait until this one is ready. It must reach
/// pods that are not ready: perhaps they become ready only once it has.
fn early_reference(
    plan: &Plan,
    to: ContainerId,
    referrers: &[&Referrer],
    steps: &mut usize,
) -> Option<Span> {
    let mut last = None;
    let mut is_early = |from| {
        let waits = graph::depends_on(&plan.containers, from, to, steps);
        // Without steps, nothing is known.
        !waits || *steps == 0
    };
    let early = referrers.iter().find(|referrer| {
        // The references of a container follow each other.
        let from = referrer.from();
        last.replace(from) != Some(from) && is_early(from)
    });
    early.map(|referrer| referrer.span)
}

/// The kind of the Service by which a container is reached from outside the cluster.
fn exposed(container: &Container, expose: Expose) -> Option<ServiceKind> {
    // Host ports are reachable without a Service.
    let on_host_network = container.network.value == NetworkMode::Host;
    let mut public = container.ports.iter().filter(|port| !port.internal.value);
    if on_host_network || public.all(|port| is_host_port(port, expose)) {
        return None;
    }
    Some(match expose {
        Expose::ClusterIp => ServiceKind::ClusterIp,
        Expose::NodePort => ServiceKind::NodePort,
        Expose::LoadBalancer => ServiceKind::LoadBalancer,
    })
}

/// The container ports that are not exposed, whatever their protocol.
fn internal_ports(container: &Container) -> HashSet<u16> {
    let internal = container.ports.iter().filter(|port| port.internal.value);
    internal.map(|port| port.container_port.value).collect()
}

/// Whether a mapped port is a port of the pod's host, not of a Service.
fn is_host_port(port: &Port, expose: Expose) -> bool {
    let number = port.host_port.value;
    number != 0 && (expose == Expose::ClusterIp || !NODE_PORTS.contains(&number))
}

/// Returns `stem` and `ending`, shortened and numbered to a label that is not in `taken`, and
/// adds it to `taken`.
pub fn free_name(stem: &str, ending: &str, taken: &mut HashSet<String>) -> String {
    free_name_from(stem, ending, &mut 1, taken)
}

/// The same for many names of one stem: those before a number are taken.
pub fn free_name_from(
    stem: &str,
    ending: &str,
    number: &mut usize,
    taken: &mut HashSet<String>,
) -> String {
    let with = |ending: &str| {
        let stem: String = stem.chars().take(MAX_LABEL.saturating_sub(ending.len())).collect();
        format!("{}{ending}", stem.trim_end_matches('-'))
    };
    loop {
        let name = match *number {
            1 => with(ending),
            number => with(&format!("{ending}-{number}")),
        };
        if taken.insert(name.clone()) {
            return name;
        }
        *number += 1;
    }
}

/// The ports of a container in its pod and its Services.
#[derive(Default)]
pub struct Ports {
    pub container: Vec<ContainerPort>,
    pub service: Vec<ServicePort>,
    /// UDP ports with the number of a TCP port.
    pub udp_service: Vec<ServicePort>,
    /// Internal ports, if they have a Service of their own.
    pub internal_service: Vec<ServicePort>,
    /// Why an instance uses ports of its host, so that two cannot share a host.
    pub on_host: Option<Span>,
}

/// Lowers the ports of a container. `node_ports` are the node ports used so far: each number
/// belongs to one Service in the whole cluster, whatever the protocol.
pub fn ports(
    container: &Container,
    has_service: bool,
    has_internal: bool,
    settings: &Settings,
    node_ports: &mut HashSet<u16>,
    findings: &mut Findings,
) -> Ports {
    let on_host_network = container.network.value == NetworkMode::Host;
    let on_both = ports_on_both(container);
    let mut lowered =
        Ports { on_host: on_host_network.then_some(container.network.span), ..Ports::default() };
    for (port, name) in container.ports.iter().zip(port_names(container, has_service, findings)) {
        let Port { container_port, host_port: fixed, transport, name: _, internal } = port;
        let protocol =
            (transport.value == Transport::Udp).then(|| Traced::new("UDP", transport.span));
        let number = fixed.value;
        let is_fixed = number != 0 && !on_host_network;
        let node_port =
            is_fixed && !is_host_port(port, settings.expose.value) && node_ports.insert(number);
        let host_port = is_fixed && !node_port;
        lowered.on_host = lowered.on_host.or(host_port.then_some(fixed.span));
        lowered.container.push(ContainerPort {
            port: container_port.into(),
            name: name
                .clone()
                .filter(|name| port.name.is_some() && not_a_port_name(name).is_none()),
            protocol,
            host_port: host_port.then(|| fixed.into()),
        });
        let is_second =
            transport.value == Transport::Udp && on_both.contains(&container_port.value);
        if internal.value && on_both.contains(&container_port.value) {
            let message = format!(
                "port {} for both TCP and UDP cannot be internal: Kubernetes needs a Service for each",
                container_port.value
            );
            findings.push(
                Diagnostic::new(&codes::BAD_TARGET_VALUE, internal.span, message)
                    .help("use another number for one of them"),
            );
        }
        let service = match () {
            () if internal.value && has_internal => &mut lowered.internal_service,
            () if is_second => &mut lowered.udp_service,
            () => &mut lowered.service,
        };
        service.push(ServicePort {
            name,
            port: container_port.into(),
            protocol,
            node_port: node_port.then(|| fixed.into()),
        });
    }
    let is_tcp = |port: &&Port| port.transport.value == Transport::Tcp;
    for number in container.ports.iter().filter(is_tcp).map(|port| &port.container_port) {
        if on_both.contains(&number.value) {
            list_once(number, &mut lowered.container, findings);
        }
    }
    lowered
}

/// Lists a container port only once: what a pod does not list can be reached, too. Only host ports
/// must be listed.
fn list_once(number: &Spanned<u16>, ports: &mut Vec<ContainerPort>, findings: &mut Findings) {
    let is_same = |port: &ContainerPort| port.port.value == number.value;
    let on_host = ports.iter().filter(|port| is_same(port) && port.host_port.is_some()).count();
    let mut listed = false;
    ports.retain(|port| {
        !is_same(port)
            || (on_host == 0 || port.host_port.is_some())
                && (on_host > 1 || !std::mem::replace(&mut listed, true))
    });
    if on_host > 1 {
        let message = format!(
            "`kubectl apply` without `--server-side` loses a host port of port {} when it updates the pod",
            number.value
        );
        findings.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, number.span, message)
                .help("apply it with `--server-side`: otherwise, ports are merged by their numbers, and this one is listed for TCP and UDP"),
        );
    }
}

/// The names of a container's ports: the written names, normalized. A Service with several
/// ports requires a name for each.
fn port_names(
    container: &Container,
    has_service: bool,
    findings: &mut Findings,
) -> Vec<Option<Traced<String>>> {
    let mut taken = HashSet::new();
    let alone = container.ports.len() == 1;
    let name = |port: &Port| {
        let own = format!("{}-{}", port.transport.value.name(), port.container_port.value);
        let Some(written) = &port.name else {
            let from = Origin::from(port.container_port.span).and(port.transport.span);
            return (!alone).then(|| Traced::new(free_name(&own, "", &mut taken), from));
        };
        let cleaned: String = written.value.to_ascii_lowercase().chars().map(label_char).collect();
        let cleaned = cleaned.trim_matches('-');
        let mut name = if cleaned.is_empty() { &own } else { cleaned }.to_owned();
        if taken.contains(&name) {
            // A TCP port and a UDP port can be written with the same name.
            name = format!("{name}-{}", port.transport.value.name());
        }
        let name = free_name(&name, "", &mut taken);
        let omitted = not_a_port_name(&name).filter(|_| !has_service);
        if let Some(why) = omitted {
            let message = format!("port name `{}` is omitted: {why}", written.value);
            findings.push(
                Diagnostic::new(&codes::APPROXIMATED, written.span, message)
                    .help("choose another name, or remove it"),
            );
            return None;
        }
        if name != written.value {
            let message = format!("port name `{}` becomes `{name}`", written.value);
            findings.push(Diagnostic::new(&codes::NAME_CHANGED, written.span, message));
        }
        Some(Traced::new(name, written.span))
    };
    container.ports.iter().map(name).collect()
}

fn label_char(letter: char) -> char {
    if letter.is_ascii_alphanumeric() { letter } else { '-' }
}

/// Why a normalized name is not valid for the port of a container (an IANA service name, RFC
/// 6335).
fn not_a_port_name(name: &str) -> Option<&'static str> {
    if name.len() > 15 {
        Some("the port of a pod has a name of at most 15 characters")
    } else if name.contains("--") {
        Some("the name of a pod's port cannot contain two hyphens in a row")
    } else if !name.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Some("the name of a pod's port must contain a letter")
    } else {
        None
    }
}

/// The labels by which Services and Deployments select the pods of a container. They are
/// immutable, so they contain only names.
pub fn selector(name: &Traced<Arc<str>>, appliance: &Traced<Arc<str>>) -> Labels {
    vec![(NAME, Label::Name(name.clone())), (INSTANCE, Label::Name(appliance.clone()))]
}
