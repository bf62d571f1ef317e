//! Host ports, and how containers reach each other.
//!
//! There are two networks on the machine: the project network, where the engine's DNS resolves
//! every service name, and the host network, where it resolves none. A container on the host
//! network is reached from the project network at the engine's `host-gateway`. A container on
//! the project network is reached from the host network only through published ports, whose
//! numbers must then be fixed. `extra_hosts` makes the names resolve in these cases too.

use std::collections::{HashMap, HashSet};

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{
    Container, ContainerId, NetworkMode, Plan, Port as PlanPort, Reference, Referrer, Transport,
};
use crate::render::{Composed, Origin, Traced};
use crate::source::Span;
use crate::targets::origins;

use super::escaped;
use super::instances::Split;
use super::model::Port;

/// The address of the host on the project network.
const HOST_GATEWAY: &str = "host-gateway";
/// The address of the host on the host network.
const LOOPBACK: &str = "127.0.0.1";

/// The project network.
pub struct Network<'a> {
    plan: &'a Plan,
    /// The published ports of each container.
    published: Vec<Vec<Port>>,
    claims: Claims,
}

/// The container that claims each host port, and where.
type Claims = HashMap<(u16, Transport), (ContainerId, Span)>;

impl<'a> Network<'a> {
    /// Assigns host ports, and checks that every reference is reachable.
    /// `project` is the name of the project.
    pub fn of(
        plan: &'a Plan,
        split: &Split,
        project: &str,
        findings: &mut Findings,
    ) -> Network<'a> {
        let mut claims = claims(plan, findings);
        let mut published: Vec<Vec<Port>> = plan.containers.iter().map(ports).collect();
        check_host_names(plan, split, findings);
        check_container_names(plan, split, project, findings);
        findings.extend(plan.containers.iter().filter_map(|to| udp_on_host(plan, to)));
        findings.extend(plan.containers.iter().filter_map(|to| internal_from_host(plan, to)));
        check_own_names(plan, findings);
        for (to, container) in plan.containers.iter().enumerate() {
            let Some(ports) = published.get_mut(to) else { continue };
            if on_host(container) {
                continue;
            }
            let mut seen: HashSet<Option<u16>> = HashSet::new();
            for referrer in &container.referrers {
                if plan.containers.get(referrer.from()).is_some_and(on_host)
                    && seen.insert(referrer.port)
                {
                    let mut access = HostAccess { to, container, referrer, claims: &mut claims };
                    if let Some(finding) = access.publish(ports) {
                        findings.push(finding);
                    }
                }
            }
        }
        Network { plan, published, claims }
    }

    /// The fixed ports of the machine that containers use, in order, and where that is said.
    pub fn host_ports(&self) -> Vec<(u16, Transport, Span)> {
        let mut ports: Vec<_> = self
            .claims
            .iter()
            .map(|((number, transport), (_, span))| (*number, *transport, *span))
            .collect();
        ports.sort_by_key(|(number, transport, _)| (*number, transport.name()));
        ports
    }

    /// The published ports of a container.
    pub fn published(&self, id: ContainerId) -> &[Port] {
        self.published.get(id).map_or(&[], Vec::as_slice)
    }

    /// The address with which `from` refers to a container: its name, and the port if the
    /// reference has one.
    pub fn address(&self, from: ContainerId, reference: &Reference) -> String {
        let Some(to) = self.plan.containers.get(reference.to()) else { return String::new() };
        let name = &to.id.value;
        let Some(port) = reference.port else { return name.to_string() };
        let mapped = self.mapped(from, reference, port).map_or(port, |mapped| mapped.value);
        format!("{name}:{mapped}")
    }

    /// The host port to which the port of a reference is rewritten.
    fn mapped(&self, from: ContainerId, reference: &Reference, port: u16) -> Option<Traced<u16>> {
        let to = self.plan.containers.get(reference.to())?;
        let is_mapped = self.plan.containers.get(from).is_some_and(on_host) && !on_host(to);
        fixed(self.published(reference.to()), port).filter(|_| is_mapped)
    }

    /// The places of what the address of a reference depends on, apart from the id.
    pub fn places(&self, from: ContainerId, reference: &Reference) -> Option<Span> {
        self.mapped(from, reference, reference.port?)?.from.place()
    }

    /// The `name:address` entries for the names that `from` refers to and that the engine's DNS
    /// does not resolve there.
    pub fn extra_hosts(&self, from: &Container) -> Vec<Composed> {
        let mut seen = HashSet::new();
        from.references()
            .filter(|reference| seen.insert(reference.to()))
            .filter_map(|reference| {
                let to = self.plan.containers.get(reference.to())?;
                let address = match (on_host(from), on_host(to)) {
                    (true, _) => LOOPBACK,
                    (false, true) => HOST_GATEWAY,
                    (false, false) => return None,
                };
                let also = vec![to.id.span, from.network.span, to.network.span];
                Some(Composed::new(format!("{}:{address}", to.id.value), reference.span, also))
            })
            .collect()
    }
}

fn on_host(container: &Container) -> bool {
    container.network.value == NetworkMode::Host
}

/// The fixed host port of a container port among `published`.
fn fixed(published: &[Port], port: u16) -> Option<Traced<u16>> {
    let mut listed = published.iter().filter(|listed| listed.target.value == port);
    listed.find_map(|listed| listed.published)
}

/// The ports that a container publishes, as written. On the host network there are none: its
/// ports are host ports.
fn ports(container: &Container) -> Vec<Port> {
    if on_host(container) {
        return Vec::new();
    }
    let port = |port: &PlanPort| {
        let PlanPort { container_port, host_port, transport, name, internal: _ } = port;
        Port {
            target: container_port.into(),
            published: (host_port.value != 0).then(|| host_port.into()),
            protocol: protocol(transport.value, origins::transport(port)),
            name: name.as_ref().map(|name| Traced::new(escaped(&name.value), name.span)),
        }
    };
    container.ports.iter().filter(|port| !port.internal.value).map(port).collect()
}

/// The protocol of a port, if it is not Compose's default.
fn protocol(transport: Transport, from: Origin) -> Option<Traced<&'static str>> {
    (transport != Transport::Tcp).then(|| Traced::new(transport.name(), from))
}

/// Whether a published port has this protocol.
fn serves(published: &Port, transport: Transport) -> bool {
    let name = published.protocol.as_ref().map_or(Transport::Tcp.name(), |name| name.value);
    name == transport.name()
}

/// The fixed host ports that containers claim. All containers run on one machine, whatever
/// their placement.
fn claims(plan: &Plan, findings: &mut Findings) -> Claims {
    let mut claims = Claims::new();
    for (id, container) in plan.containers.iter().enumerate() {
        for port in &container.ports {
            let claimed = if on_host(container) { port.container_port } else { port.host_port };
            if claimed.value == 0 {
                continue;
            }
            if container.instances.value > 1 {
                let message = format!(
                    "all instances run on one machine, where only one can use host port {}",
                    claimed.value
                );
                let help = match on_host(container) {
                    true => "use `\"network_mode\": \"bridge\"`, which maps any free port",
                    false => "omit `host_port` to use any free port",
                };
                findings.push(
                    Diagnostic::new(&codes::BAD_TARGET_PORT, claimed.span, message)
                        .also(container.instances.span, "number of instances")
                        .help(help),
                );
            }
            let key = (claimed.value, port.transport.value);
            match claims.get(&key) {
                Some((other, before)) if *other != id => {
                    let message = format!(
                        "all containers run on one machine, where {} host port {} is already in use",
                        key.1.name(),
                        key.0
                    );
                    findings.push(
                        Diagnostic::new(&codes::BAD_TARGET_PORT, claimed.span, message)
                            .also(*before, "first used here")
                            .help("omit `host_port` to use any free port"),
                    );
                }
                Some(_) => {}
                None => {
                    claims.insert(key, (id, claimed.span));
                }
            }
        }
    }
    claims
}

/// Checks the names that references use: programs must be able to look them up, and nothing else
/// can have the same name. Names in `/etc/hosts` and in the engine's DNS (since 20.10) are
/// case-insensitive.
fn check_host_names(plan: &Plan, split: &Split, findings: &mut Findings) {
    let mut by_lower: HashMap<String, Vec<(&Container, String)>> = HashMap::new();
    for (id, container) in plan.containers.iter().enumerate() {
        let mut names = split.names(id, container);
        // Also if it is several services: their alias is the id.
        names.push(container.id.value.to_string());
        for name in names {
            let lower = name.to_ascii_lowercase();
            by_lower.entry(lower).or_default().push((container, name));
        }
    }
    for container in &plan.containers {
        let Some(referrer) = container.referrers.first() else { continue };
        let id = &container.id.value;
        let lower = id.to_ascii_lowercase();
        if let Some(why) = unreachable(&lower) {
            let message = format!("`{id}` cannot be used as a host name: {why}");
            findings.push(
                Diagnostic::new(&codes::NO_WAY, referrer.span, message)
                    .also(container.id.span, "referenced container")
                    .help("choose an id that starts with a letter and ends with a letter or digit"),
            );
            continue;
        }
        // On the host network, all names have the address of the host.
        let is_twin = |(other, _): &&(&Container, String)| {
            other.id.span != container.id.span && !(on_host(other) && on_host(container))
        };
        if let Some((twin, name)) =
            by_lower.get(lower.as_str()).and_then(|all| all.iter().find(is_twin))
        {
            let message =
                format!("`{id}` and `{name}` are the same host name: letter case does not count");
            findings.push(
                Diagnostic::new(&codes::NO_WAY, referrer.span, message)
                    .also(twin.id.span, "the other container")
                    .also(container.id.span, "referenced container")
                    .help("choose ids that differ in more than letter case"),
            );
        }
    }
}

/// Checks that the name of no service that references use is also the name of a container of the
/// project, `PROJECT-SERVICE-NUMBER`, because the engine's DNS resolves both, in any letter case.
fn check_container_names(plan: &Plan, split: &Split, project: &str, findings: &mut Findings) {
    // Of each such name, the container, the service, and the number.
    let parts = |container: &'_ Container| {
        let lower = container.id.value.to_ascii_lowercase();
        let rest = lower.strip_prefix(project)?.strip_prefix('-')?;
        let (service, number) = rest.rsplit_once('-')?;
        let index: u32 = number.parse().ok().filter(|index: &u32| index.to_string() == number)?;
        Some((service.to_owned(), index))
    };
    let suspects: Vec<_> = plan
        .containers
        .iter()
        .filter(|container| !on_host(container))
        .filter_map(|container| {
            let referrer = container.referrers.first()?;
            parts(container).map(|parts| (container, referrer, parts))
        })
        .collect();
    if suspects.is_empty() {
        return;
    }
    let mut services: HashMap<String, (&Container, u32)> = HashMap::new();
    for (id, container) in plan.containers.iter().enumerate().filter(|(_, c)| !on_host(c)) {
        let names = split.names(id, container);
        let instances = if names.len() > 1 { 1 } else { container.instances.value };
        let lower = names.into_iter().map(|name| name.to_ascii_lowercase());
        services.extend(lower.map(|name| (name, (container, instances))));
    }
    for (container, referrer, (service, index)) in suspects {
        let Some((other, instances)) = services.get(&service) else { continue };
        if (1..=*instances).contains(&index) {
            let message = format!(
                "`{}` is also the name of instance {index} of `{service}` in the engine's DNS",
                container.id.value
            );
            findings.push(
                Diagnostic::new(&codes::NO_WAY, referrer.span, message)
                    .also(other.id.span, "the other container")
                    .also(container.id.span, "referenced container")
                    .help("choose another id"),
            );
        }
    }
}

/// The warning for a reference from the host network that leads to published ports, but not to
/// the internal ones that it stands for, too. If all are internal, the reference is rejected.
fn internal_from_host(plan: &Plan, to: &Container) -> Option<Diagnostic> {
    if on_host(to) {
        return None;
    }
    to.referrers.iter().find_map(|referrer| {
        let (internal, others): (Vec<&PlanPort>, Vec<&PlanPort>) = to
            .ports
            .iter()
            .filter(|port| referrer.port.is_none_or(|number| number == port.container_port.value))
            .partition(|port| port.internal.value);
        let port = internal.first()?;
        if others.is_empty() || !plan.containers.get(referrer.from()).is_some_and(on_host) {
            return None;
        }
        let message = format!(
            "this reference from the host network does not lead to the internal {} port {} of `{}`",
            port.transport.value.name(),
            port.container_port.value,
            to.id.value
        );
        Some(
            Diagnostic::new(&codes::APPROXIMATED, referrer.span, message)
                .also(port.internal.span, "not published")
                .help("put both on the same network, or publish the port"),
        )
    })
}

/// The warning for a reference from the project network to a UDP server on the host network.
///
/// The server responds from the address that the host has on the project network, not from that
/// of `host-gateway`, and a connected socket drops such a response. The former is known only if the
/// project has a fixed subnet, which could be one that the machine already uses, and a change of
/// the network replaces every container.
fn udp_on_host(plan: &Plan, to: &Container) -> Option<Diagnostic> {
    let is_udp = |port: &&PlanPort| port.transport.value == Transport::Udp;
    if !on_host(to) {
        return None;
    }
    let reaches_udp = |referrer: &&Referrer| {
        let mut ports = to.ports.iter().filter(is_udp);
        let at = |port: &PlanPort| referrer.port.is_none_or(|at| at == port.container_port.value);
        plan.containers.get(referrer.from()).is_some_and(|from| !on_host(from)) && ports.any(at)
    };
    let referrer = to.referrers.iter().find(reaches_udp)?;
    let message = format!(
        "`{}` responds over UDP from another address than the reference becomes, so most clients ignore the response",
        to.id.value
    );
    Some(
        Diagnostic::new(&codes::APPROXIMATED, referrer.span, message)
            .also(to.network.span, "host network")
            .help("put both on the same network"),
    )
}

/// Checks the references of containers to themselves: the name of a service with several instances is
/// the address of any of them.
fn check_own_names(plan: &Plan, findings: &mut Findings) {
    let several = |container: &&Container| container.instances.value > 1 && !on_host(container);
    for container in plan.containers.iter().filter(several) {
        let is_own = |referrer: &&Referrer| {
            plan.containers.get(referrer.from()).is_some_and(|from| std::ptr::eq(from, container))
        };
        let Some(own) = container.referrers.iter().find(is_own) else { continue };
        let id = &container.id.value;
        let message = format!(
            "`@{id}` in `{id}` is the address of any of its {} instances, which only that instance can bind",
            container.instances.value
        );
        findings.push(
            Diagnostic::new(&codes::APPROXIMATED, own.span, message)
                .also(container.instances.span, "number of instances")
                .help("bind `0.0.0.0` to use all addresses of a container"),
        );
    }
}

/// Why a name, given in lower case, does not resolve to the container that has it.
fn unreachable(name: &str) -> Option<&'static str> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits(name) || name.strip_prefix("0x").is_some_and(hex) {
        Some("programs parse it as an IP address")
    } else if name.starts_with('-') || name.ends_with('-') {
        // The GNU C library refuses a hyphen at the start; Go, and URIs in Java, also one at the end.
        Some("a host name cannot start or end with a hyphen")
    } else {
        None
    }
}

/// Access from the host network to a container on the project network, for one reference.
struct HostAccess<'a> {
    to: ContainerId,
    container: &'a Container,
    referrer: &'a Referrer,
    claims: &'a mut Claims,
}

impl HostAccess<'_> {
    /// Publishes what the reference needs at fixed numbers: its port or, without one, all
    /// ports, because the program then uses the number that it knows. Returns the finding, if
    /// there is one.
    fn publish(&mut self, published: &mut Vec<Port>) -> Option<Diagnostic> {
        let id = &self.container.id.value;
        let is_needed = |port: &&PlanPort| {
            self.referrer.port.is_none_or(|number| number == port.container_port.value)
        };
        let listed: Vec<&PlanPort> = self.container.ports.iter().filter(is_needed).collect();
        let needed: Vec<&PlanPort> =
            listed.iter().copied().filter(|port| !port.internal.value).collect();
        if let (Some(port), true) = (listed.first(), needed.is_empty()) {
            let message = format!(
                "`{id}` is reachable from the host network only through published ports, but port {} is internal",
                port.container_port.value
            );
            return Some(self.no_way(&message).also(port.internal.span, "not published"));
        }
        if needed.is_empty() {
            let why = match self.referrer.port {
                Some(port) => format!("port {port} is not listed"),
                None => "it lists no ports".to_owned(),
            };
            return Some(self.no_way(&format!(
                "`{id}` is reachable from the host network only through published ports, but {why}"
            )));
        }
        if self.container.instances.value > 1 {
            return Some(self.no_way(&format!(
                "`{id}` is reachable from the host network only through a fixed host port, which only one of its {} instances can use",
                self.container.instances.value
            )));
        }
        let mut made = Vec::new();
        for port in needed {
            let number = match self.referrer.port {
                // The reference is rewritten to this number.
                Some(target) => fixed(published, target).map_or(target, |port| port.value),
                None => port.container_port.value,
            };
            if self.add(published, port, number) {
                made.push(number);
            } else if !has(published, port, number) {
                let key = (number, port.transport.value);
                let message = format!(
                    "`{id}` is reachable from the host network only through a fixed host port, but {} port {number} is already in use",
                    key.1.name()
                );
                let finding = self.no_way(&message);
                return Some(match self.claims.get(&key) {
                    Some((_, span)) => finding.also(*span, "first used here"),
                    None => finding,
                });
            }
        }
        made.dedup();
        let number = made.first()?;
        let message = match made.len() {
            1 => format!(
                "host port {number} is fixed for `{id}`, because this reference from the host network requires it"
            ),
            count => format!(
                "{count} host ports are fixed for `{id}`, because this reference from the host network requires them"
            ),
        };
        Some(
            Diagnostic::new(&codes::FIXED_PORT_NEEDED, self.referrer.span, message)
                .also(self.container.id.span, "referenced container")
                .help("an explicit `host_port` is kept; add a port to the reference to fix only that port"),
        )
    }

    /// Publishes a port at a number, unless that is done or another container uses the number.
    /// Returns whether the port was published.
    fn add(&mut self, published: &mut Vec<Port>, port: &PlanPort, number: u16) -> bool {
        let transport = port.transport.value;
        if has(published, port, number) {
            return false;
        }
        if self.claims.contains_key(&(number, transport)) {
            return false;
        }
        self.claims.insert((number, transport), (self.to, port.container_port.span));
        let same = |listed: &&mut Port| {
            listed.target.value == port.container_port.value && serves(listed, transport)
        };
        let from = Origin::from(port.container_port.span).and(self.referrer.span);
        let number = Traced::new(number, from);
        match published.iter_mut().filter(same).find(|listed| listed.published.is_none()) {
            Some(free) => free.published = Some(number),
            None => published.push(Port {
                target: Traced::new(port.container_port.value, from),
                published: Some(number),
                protocol: protocol(
                    transport,
                    Origin::from(port.transport.span).and(self.referrer.span),
                ),
                name: None,
            }),
        }
        true
    }

    fn no_way(&self, message: &str) -> Diagnostic {
        Diagnostic::new(&codes::NO_WAY, self.referrer.span, message.to_string())
            .also(self.container.id.span, "referenced container")
            .help("put both on the same network, or list the port with its own `host_port`")
    }
}

/// Whether a port is published at a number.
fn has(published: &[Port], port: &PlanPort, number: u16) -> bool {
    published.iter().any(|listed| {
        listed.target.value == port.container_port.value
            && serves(listed, port.transport.value)
            && listed.published.is_some_and(|published| published.value == number)
    })
}
