//! Ports of the host, and the way from each container to those it refers to.
//!
//! There are two places on the one machine: the project's own network, where the engine's
//! DNS knows every service by its name, and the host's network, where it knows none. What
//! is on the host is reached from the project's network at the engine's `host-gateway`;
//! what is on the project's network is reached from the host only through published ports,
//! whose number must then be fixed. `extra_hosts` makes the names work on these ways too.

use std::collections::{HashMap, HashSet};

use crate::diag::{Diagnostic, codes};
use crate::plan::{
    Container, ContainerId, NetworkMode, Plan, Port as PlanPort, Reference, Referrer, Transport,
};
use crate::source::Span;

use super::model::Port;
use super::{NAME, escaped};

/// Where the host is, seen from the project's network, and from the host itself.
const HOST_GATEWAY: &str = "host-gateway";
const LOOPBACK: &str = "127.0.0.1";

/// Names that every container's `/etc/hosts` gives an address of its own.
const TAKEN_NAMES: [&str; 7] = [
    "localhost",
    "ip6-localhost",
    "ip6-loopback",
    "ip6-localnet",
    "ip6-mcastprefix",
    "ip6-allnodes",
    "ip6-allrouters",
];

/// The network of the project.
pub struct Network<'a> {
    plan: &'a Plan,
    /// The published ports of each container.
    published: Vec<Vec<Port>>,
}

/// Who has a port of the host.
type Claims = HashMap<(u16, Transport), (ContainerId, Span)>;

impl<'a> Network<'a> {
    /// Gives out the host's ports, and checks that every reference has a way.
    pub fn of(plan: &'a Plan, diagnostics: &mut Vec<Diagnostic>) -> Network<'a> {
        let mut claims = claims(plan, diagnostics);
        let mut published: Vec<Vec<Port>> = plan.containers.iter().map(ports).collect();
        check_host_names(plan, diagnostics);
        for (to, container) in plan.containers.iter().enumerate() {
            let Some(ports) = published.get_mut(to) else { continue };
            if on_host(container) {
                continue;
            }
            let mut seen: HashSet<Option<u16>> = HashSet::new();
            for referrer in &container.referrers {
                if plan.containers.get(referrer.from).is_some_and(on_host)
                    && seen.insert(referrer.port)
                {
                    let mut fix = Fix { to, container, referrer, claims: &mut claims };
                    if let Some(finding) = fix.publish(ports) {
                        diagnostics.push(finding);
                    }
                }
            }
        }
        Network { plan, published }
    }

    /// The published ports of a container.
    pub fn published(&self, id: ContainerId) -> &[Port] {
        self.published.get(id).map_or(&[], Vec::as_slice)
    }

    /// How `from` reaches what it refers to: the name, and the port where one is written.
    pub fn address(&self, from: ContainerId, reference: &Reference) -> String {
        let Some(to) = self.plan.containers.get(reference.to) else { return String::new() };
        let name = &to.id.value;
        let Some(port) = reference.port else { return name.clone() };
        let mapped = self.plan.containers.get(from).is_some_and(on_host) && !on_host(to);
        let port = if mapped { self.host_port(reference.to, port) } else { port };
        format!("{name}:{port}")
    }

    /// The fixed port of the host that a container's port is published at.
    fn host_port(&self, id: ContainerId, port: u16) -> u16 {
        fixed(self.published(id), port).unwrap_or(port)
    }

    /// The `name:address` pairs that make the names work which `from` refers to and the
    /// engine's DNS does not know there.
    pub fn extra_hosts(&self, from: &Container) -> Vec<String> {
        let mut seen = HashSet::new();
        from.references()
            .filter(|reference| seen.insert(reference.to))
            .filter_map(|reference| {
                let to = self.plan.containers.get(reference.to)?;
                let address = match (on_host(from), on_host(to)) {
                    (true, _) => LOOPBACK,
                    (false, true) => HOST_GATEWAY,
                    (false, false) => return None,
                };
                Some(format!("{}:{address}", to.id.value))
            })
            .collect()
    }
}

fn on_host(container: &Container) -> bool {
    container.network.value == NetworkMode::Host
}

/// The fixed port of the host among `published` for a port of the container.
fn fixed(published: &[Port], port: u16) -> Option<u16> {
    published.iter().filter(|listed| listed.target == port).find_map(|listed| listed.published)
}

/// The ports that a container publishes as written. On the host's network there is nothing
/// to publish: its ports are the host's.
fn ports(container: &Container) -> Vec<Port> {
    if on_host(container) {
        return Vec::new();
    }
    let port = |port: &PlanPort| {
        let PlanPort { container_port, host_port, transport, name } = port;
        Port {
            target: container_port.value,
            published: Some(host_port.value).filter(|number| *number != 0),
            protocol: transport.value.name(),
            name: name.as_ref().map(|name| escaped(&name.value)),
        }
    };
    container.ports.iter().map(port).collect()
}

/// The ports of the host that are claimed by number. All containers are on one machine,
/// whatever placement they ask for.
fn claims(plan: &Plan, diagnostics: &mut Vec<Diagnostic>) -> Claims {
    let mut claims = Claims::new();
    for (id, container) in plan.containers.iter().enumerate() {
        for port in &container.ports {
            let claimed = if on_host(container) { port.container_port } else { port.host_port };
            if claimed.value == 0 {
                continue;
            }
            if container.instances.value > 1 {
                let message = format!(
                    "{NAME}: all instances are on one machine, where one of them can have port {}",
                    claimed.value
                );
                let help = match on_host(container) {
                    true => "choose `\"network_mode\": \"bridge\"`, where any free port is mapped",
                    false => "leave `host_port` out for any free port",
                };
                diagnostics.push(
                    Diagnostic::new(&codes::BAD_TARGET_PORT, claimed.span, message)
                        .also(container.instances.span, "so many instances")
                        .help(help),
                );
            }
            let key = (claimed.value, port.transport.value);
            match claims.get(&key) {
                Some((other, before)) if *other != id => {
                    let message = format!(
                        "{NAME}: everything is on one machine, whose {} port {} is already claimed",
                        key.1.name(),
                        key.0
                    );
                    diagnostics.push(
                        Diagnostic::new(&codes::BAD_TARGET_PORT, claimed.span, message)
                            .also(*before, "claimed here")
                            .help("leave `host_port` out for any free port"),
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

/// A name that is referred to must be one that programs look up, and that nothing else has.
/// Looking up names takes no notice of letter case where a name is in `/etc/hosts`.
fn check_host_names(plan: &Plan, diagnostics: &mut Vec<Diagnostic>) {
    let mut by_lower: HashMap<String, Vec<&Container>> = HashMap::new();
    for container in &plan.containers {
        by_lower.entry(container.id.value.to_ascii_lowercase()).or_default().push(container);
    }
    for container in &plan.containers {
        let Some(referrer) = container.referrers.first() else { continue };
        let id = &container.id.value;
        let lower = id.to_ascii_lowercase();
        if let Some(why) = unreachable(&lower) {
            let message = format!("{NAME}: `{id}` cannot be reached by its name: {why}");
            diagnostics.push(
                Diagnostic::new(&codes::NO_WAY, referrer.span, message)
                    .also(container.id.span, "what it refers to")
                    .help("choose an id that starts with a letter and is no name of the machine's own"),
            );
            continue;
        }
        let elsewhere = |other: &&&Container| on_host(other) != on_host(container);
        if let Some(twin) = by_lower.get(&lower).and_then(|all| all.iter().find(elsewhere)) {
            let message = format!(
                "{NAME}: `{id}` and `{}` are the same name in lower case, and only one of them is on the host's network",
                twin.id.value
            );
            diagnostics.push(
                Diagnostic::new(&codes::NO_WAY, referrer.span, message)
                    .also(twin.id.span, "the other one")
                    .help("choose ids that differ in more than letter case"),
            );
        }
    }
}

/// Why a name, given in lower case, does not lead to the container that has it.
fn unreachable(name: &str) -> Option<&'static str> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digits(name) || name.strip_prefix("0x").is_some_and(hex) {
        Some("programs read it as an IP address")
    } else if name.starts_with('-') {
        Some("no host name starts with a hyphen")
    } else if TAKEN_NAMES.contains(&name) {
        Some("on every machine it is a name of the machine itself")
    } else {
        None
    }
}

/// A way from the host's network to a container on the project's.
struct Fix<'a> {
    to: ContainerId,
    container: &'a Container,
    referrer: &'a Referrer,
    claims: &'a mut Claims,
}

impl Fix<'_> {
    /// Sees to it that the port that is referred to (all of them, where none is written:
    /// the program then takes the number it knows) is published at a fixed number. What
    /// has to be said of that.
    fn publish(&mut self, published: &mut Vec<Port>) -> Option<Diagnostic> {
        let id = &self.container.id.value;
        let wanted: Vec<&PlanPort> = match self.referrer.port {
            Some(port) => {
                self.container.ports.iter().filter(|p| p.container_port.value == port).collect()
            }
            None => self.container.ports.iter().collect(),
        };
        if wanted.is_empty() {
            let why = match self.referrer.port {
                Some(port) => format!("its port {port} is not listed"),
                None => "it lists none".to_owned(),
            };
            return Some(self.no_way(&format!(
                "from the host's network `{id}` is reached only through published ports, and {why}"
            )));
        }
        if self.container.instances.value > 1 {
            return Some(self.no_way(&format!(
                "from the host's network `{id}` is reached only through a fixed port of the host, which one of its {} instances can have",
                self.container.instances.value
            )));
        }
        let mut made = Vec::new();
        for port in wanted {
            let number = match self.referrer.port {
                // The reference is rewritten to it.
                Some(target) => fixed(published, target).unwrap_or(target),
                None => port.container_port.value,
            };
            if self.add(published, port, number) {
                made.push(number);
            } else if !has(published, port, number) {
                let key = (number, port.transport.value);
                let message = format!(
                    "from the host's network `{id}` is reached only through a fixed port of the host, and {} port {number} is already claimed",
                    key.1.name()
                );
                let finding = self.no_way(&message);
                return Some(match self.claims.get(&key) {
                    Some((_, span)) => finding.also(*span, "claimed here"),
                    None => finding,
                });
            }
        }
        made.dedup();
        let number = made.first()?;
        let message = match made.len() {
            1 => format!(
                "{NAME}: port {number} of the host is fixed for `{id}`, because this reference from the host's network needs it"
            ),
            count => format!(
                "{NAME}: {count} ports of the host are fixed for `{id}`, because this reference from the host's network needs them"
            ),
        };
        Some(
            Diagnostic::new(&codes::FIXED_PORT_NEEDED, self.referrer.span, message)
                .also(self.container.id.span, "what it refers to")
                .help("a `host_port` that is written is kept; with a port behind the reference only that one is fixed"),
        )
    }

    /// Publishes a port at a number, if nobody else has it. Whether that is new.
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
            listed.target == port.container_port.value && listed.protocol == transport.name()
        };
        match published.iter_mut().filter(same).find(|listed| listed.published.is_none()) {
            Some(free) => free.published = Some(number),
            None => published.push(Port {
                target: port.container_port.value,
                published: Some(number),
                protocol: transport.name(),
                name: None,
            }),
        }
        true
    }

    fn no_way(&self, message: &str) -> Diagnostic {
        Diagnostic::new(&codes::NO_WAY, self.referrer.span, format!("{NAME}: {message}"))
            .also(self.container.id.span, "what it refers to")
            .help("put both on the same kind of network, or list the port with a `host_port` of its own")
    }
}

/// Whether a port is published at a number.
fn has(published: &[Port], port: &PlanPort, number: u16) -> bool {
    published.iter().any(|listed| {
        listed.target == port.container_port.value
            && listed.protocol == port.transport.value.name()
            && listed.published == Some(number)
    })
}
