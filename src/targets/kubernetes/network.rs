//! Names, addresses and ports: the Services, and how references are written.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::model::{ContainerPort, Label, Labels, ServicePort};
use super::options::{Expose, Settings};
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId, NetworkMode, Plan, Port, Reference, Transport};
use crate::render::{Origin, Traced};
use crate::source::Span;
use crate::targets::names::{self, MAX_LABEL, rfc1035_label};

/// The default range of node ports (`--service-node-port-range` of the API server).
const NODE_PORTS: std::ops::RangeInclusive<u16> = 30_000..=32_767;

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
    /// Its name, which is also the name of its Service.
    name: Traced<Arc<str>>,
    /// The kind of the Service with this name, if there is one.
    service: Option<ServiceKind>,
    /// The name of an additional headless Service, if there is one: it resolves to the
    /// addresses of the ready pods.
    pods: Option<Traced<Arc<str>>>,
    /// The container ports that it lists.
    listed: HashSet<u16>,
    /// The places of the references to it, and of the dependencies on it.
    wanted_by: Vec<Span>,
}

/// The kind of a Service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceKind {
    /// The name resolves to the addresses of the ready pods, so any port can be reached.
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
        let mut waited_for: HashMap<ContainerId, Vec<Span>> = HashMap::new();
        for dependency in plan.containers.iter().flat_map(|container| &container.dependencies) {
            waited_for.entry(dependency.on).or_default().push(dependency.span);
        }
        let mut taken: HashSet<String> = names.iter().cloned().collect();
        let endpoints =
            plan.containers.iter().zip(names).enumerate().map(|(id, (container, name))| {
                let span = container.id.span;
                // Dependents of a job ask the API server instead.
                let waits = waited_for.get(&id).filter(|_| container.job().is_none());
                let waited_for = waits.is_some();
                let service = service(container, waited_for, settings.expose.value);
                let has_pods = service == Some(ServiceKind::Headless);
                let unlisted = container.referrers.iter().filter_map(|referrer| referrer.port);
                let has_unlisted = unlisted.filter(|port| !container.lists_port(*port)).count() > 0;
                let pods = ((waited_for || has_unlisted) && !has_pods)
                    .then(|| Traced::new(free_name(&name, "-pods", &mut taken).into(), span));
                let listed = container.ports.iter().map(|port| port.container_port.value).collect();
                let name = Traced::new(name.into(), span);
                let referrers = container.referrers.iter().map(|referrer| referrer.span);
                let wanted_by = referrers.chain(waits.into_iter().flatten().copied()).collect();
                Endpoint { name, service, pods, listed, wanted_by }
            });
        Network { endpoints: endpoints.collect() }
    }

    /// The name of a container.
    pub fn name(&self, id: ContainerId) -> Traced<Arc<str>> {
        let nothing = || Traced::new(Arc::from(""), Span::at(0));
        self.endpoints.get(id).map_or_else(nothing, |endpoint| endpoint.name.clone())
    }

    /// The places of the references to a container, and of the dependencies on it, which may be
    /// the reason for a Service.
    pub fn wanted_by(&self, id: ContainerId) -> Vec<Span> {
        self.endpoints.get(id).map(|endpoint| endpoint.wanted_by.clone()).unwrap_or_default()
    }

    /// The kind of the Service with the name of a container, if there is one.
    pub fn service(&self, id: ContainerId) -> Option<ServiceKind> {
        self.endpoints.get(id).and_then(|endpoint| endpoint.service)
    }

    /// The name of the additional headless Service of a container, if there is one.
    pub fn pods(&self, id: ContainerId) -> Option<Traced<Arc<str>>> {
        self.endpoints.get(id).and_then(|endpoint| endpoint.pods.clone())
    }

    /// The name that the DNS of the cluster resolves once a pod of the container is ready.
    pub fn ready_name(&self, id: ContainerId) -> Arc<str> {
        self.pods(id).unwrap_or_else(|| self.name(id)).value
    }

    /// The address of a reference. A Service with a cluster IP address has only the listed
    /// ports; any other port is reached at the pods.
    pub fn address(&self, reference: &Reference) -> String {
        let Reference { to, port, span: _ } = *reference;
        let Some(endpoint) = self.endpoints.get(to) else { return String::new() };
        let Some(port) = port else { return endpoint.name.to_string() };
        let pods = endpoint.pods.as_ref().filter(|_| !endpoint.listed.contains(&port));
        let host = pods.unwrap_or(&endpoint.name);
        format!("{}:{port}", host.value)
    }
}

fn service(container: &Container, waited_for: bool, expose: Expose) -> Option<ServiceKind> {
    let referred = !container.referrers.is_empty();
    if container.ports.is_empty() {
        return (referred || waited_for).then_some(ServiceKind::Headless);
    }
    if container.network.value == NetworkMode::Host {
        // Host ports are reachable without a Service.
        return referred.then_some(ServiceKind::ClusterIp);
    }
    let all_on_hosts = container.ports.iter().all(|port| is_host_port(port, expose));
    match expose {
        _ if all_on_hosts => referred.then_some(ServiceKind::ClusterIp),
        Expose::ClusterIp => Some(ServiceKind::ClusterIp),
        Expose::NodePort => Some(ServiceKind::NodePort),
        Expose::LoadBalancer => Some(ServiceKind::LoadBalancer),
    }
}

/// Whether a mapped port is a port of the pod's host, not of a Service.
fn is_host_port(port: &Port, expose: Expose) -> bool {
    let number = port.host_port.value;
    number != 0 && (expose == Expose::ClusterIp || !NODE_PORTS.contains(&number))
}

/// Returns `stem` and `ending`, shortened and numbered to a label that is not in `taken`, and
/// adds it to `taken`.
pub fn free_name(stem: &str, ending: &str, taken: &mut HashSet<String>) -> String {
    let with = |ending: &str| {
        let stem: String = stem.chars().take(MAX_LABEL.saturating_sub(ending.len())).collect();
        format!("{}{ending}", stem.trim_end_matches('-'))
    };
    let mut name = with(ending);
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = with(&format!("{ending}-{number}"));
        number += 1;
    }
    name
}

/// The ports of a container in its pod and its Services.
#[derive(Default)]
pub struct Ports {
    pub container: Vec<ContainerPort>,
    pub service: Vec<ServicePort>,
    /// Why an instance uses ports of its host, so that two cannot share a host.
    pub on_host: Option<Span>,
}

/// Lowers the ports of a container. `node_ports` are the node ports used so far: each belongs
/// to one Service in the whole cluster.
pub fn ports(
    container: &Container,
    service: Option<ServiceKind>,
    settings: &Settings,
    node_ports: &mut HashSet<(u16, Transport)>,
    findings: &mut Findings,
) -> Ports {
    let on_host_network = container.network.value == NetworkMode::Host;
    let mut lowered =
        Ports { on_host: on_host_network.then_some(container.network.span), ..Ports::default() };
    for (port, name) in container.ports.iter().zip(port_names(container, service, findings)) {
        let Port { container_port, host_port: fixed, transport, name: _ } = port;
        let protocol =
            (transport.value == Transport::Udp).then(|| Traced::new("UDP", transport.span));
        let number = fixed.value;
        let key = (number, transport.value);
        let is_fixed = number != 0 && !on_host_network;
        let node_port =
            is_fixed && !is_host_port(port, settings.expose.value) && node_ports.insert(key);
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
        lowered.service.push(ServicePort {
            name,
            port: container_port.into(),
            protocol,
            node_port: node_port.then(|| fixed.into()),
        });
    }
    lowered
}

/// The names of a container's ports: the written names, normalized. A Service with several
/// ports requires a name for each.
fn port_names(
    container: &Container,
    service: Option<ServiceKind>,
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
        if let (None, Some(why)) = (service, not_a_port_name(&name)) {
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
