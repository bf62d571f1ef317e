//! Ports: within one container, and between containers that can share a host.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::diag::{Diagnostic, Findings, codes};
use crate::model;
use crate::plan::{Container, NetworkMode, PlacementLevel, Transport};
use crate::source::{Span, Spanned};

/// Checks the ports of one container against each other and its network mode.
pub fn check_listed(container: &model::Container<'_>, findings: &mut Findings) {
    let mut first = First::new(&container.ports);
    // A value that is not written has the span of the id.
    let is_default = container.network_mode.span == container.id.span;
    for (at, port) in container.ports.iter().enumerate() {
        let number = port.container_port;
        let transport = port.transport.value;
        if let Some(before) = first.before(at, port) {
            findings.add(&codes::DUPLICATE_PORT, |code| {
                let message = format!("duplicate port `{}/{}`", number.value, transport.name());
                Diagnostic::new(code, number.span, message)
                    .label("listed again here")
                    .also(before, "first listed here")
            });
        }
        let host = port.host_port;
        let on_host = container.network_mode.value == NetworkMode::Host;
        if on_host && host.value != 0 && host.value != number.value {
            findings.add(&codes::HOST_MODE_PORT, |code| {
                let message = format!(
                    "port {} cannot be mapped to host port {} on the host network",
                    number.value, host.value
                );
                let diagnostic = Diagnostic::new(code, host.span, message)
                    .label(format!("must be {} or 0", number.value));
                match is_default {
                    true => diagnostic.help(
                        "`network_mode` defaults to `host`; set it to `bridge` to map ports, also for the containers that refer to this one",
                    ),
                    false => diagnostic
                        .help("ports are mapped with `\"network_mode\": \"bridge\"`")
                        .likely_edit(host.span, number.value.to_string()),
                }
            });
        }
        if on_host && is_default && host.value == number.value {
            findings.add(&codes::HOST_BY_DEFAULT, |code| {
                let message = format!("port {} is one of the host, and not mapped", number.value);
                Diagnostic::new(code, host.span, message).help(
                    "`network_mode` defaults to `host`; write it out if that is meant, or set it to `bridge` to map ports",
                )
            });
        }
        check_internal(port, container.network_mode, findings);
        if host.value != 0 && container.instances.value > 1 && !on_host {
            findings.add(&codes::FIXED_PORT_INSTANCES, |code| {
                let message = format!(
                    "fixed host port {} with {} instances",
                    host.value, container.instances.value
                );
                Diagnostic::new(code, host.span, message)
                    .also(container.instances.span, "number of instances")
                    .help("each instance requires its own host; omit `host_port` to use any free port")
            });
        }
    }
}

/// Reports an internal port that is reachable from outside.
fn check_internal(port: &model::Port, network: Spanned<NetworkMode>, findings: &mut Findings) {
    let internal = port.internal;
    if !internal.value {
        return;
    }
    let number = port.container_port.value;
    if network.value == NetworkMode::Host {
        findings.add(&codes::NOT_INTERNAL, |code| {
            let message = format!("port {number} cannot be internal on the host network");
            Diagnostic::new(code, internal.span, message)
                .also(network.span, "every port is one of the host")
                .help("use `\"network_mode\": \"bridge\"` or `\"container\"`, also for the containers that refer to it")
        });
    } else if port.host_port.value != 0 {
        findings.add(&codes::NOT_INTERNAL, |code| {
            let message = format!("internal port {number} cannot have a host port");
            Diagnostic::new(code, internal.span, message)
                .also(port.host_port.span, "publishes the port")
                .help("remove `host_port` or `internal`")
        });
    }
}

/// Finds the first of several equal ports of a container.
struct First<'a> {
    ports: &'a [model::Port],
    /// Where the ports so far are first listed, used for long lists.
    seen: HashMap<(u16, Transport), Span>,
}

impl<'a> First<'a> {
    /// Maximum number of ports that are compared with each other.
    const FEW: usize = 16;

    fn new(ports: &'a [model::Port]) -> First<'a> {
        First { ports, seen: HashMap::new() }
    }

    /// Where a port that is equal to the one at an index is listed first, before it.
    fn before(&mut self, at: usize, port: &model::Port) -> Option<Span> {
        let key = |port: &model::Port| (port.container_port.value, port.transport.value);
        let span = port.container_port.span;
        if self.ports.len() > First::FEW {
            let first = *self.seen.entry(key(port)).or_insert(span);
            return (first != span).then_some(first);
        }
        let equal = self.ports.iter().take(at).find(|other| key(other) == key(port));
        equal.map(|other| other.container_port.span)
    }
}

/// Checks the fixed host ports of all containers against each other. Each use that conflicts with
/// earlier ones is reported once, with one of these.
pub fn check(containers: &[Container], findings: &mut Findings) {
    let mut uses: HashMap<(u16, Transport), Uses> = HashMap::new();
    for container in containers {
        for port in &container.ports {
            let on_host = container.network.value == NetworkMode::Host;
            let used = if on_host { port.container_port } else { port.host_port };
            if used.value == 0 {
                continue;
            }
            let key = (used.value, port.transport.value);
            let this = Use { container, span: used.span };
            let before = match uses.entry(key) {
                Entry::Vacant(entry) => {
                    entry.insert(Uses::new(this));
                    continue;
                }
                Entry::Occupied(mut entry) => entry.get_mut().add(this),
            };
            let Some(before) = before else { continue };
            let is_same = std::ptr::eq(before.container, container);
            // Reported as a duplicate port of the container.
            if is_same && on_host {
                continue;
            }
            findings.add(&codes::HOST_PORT_CLASH, |code| {
                let port = format!("host port `{}/{}`", key.0, key.1.name());
                let (one, two) = (&before.container.id.value, &container.id.value);
                let message = match is_same {
                    true => format!("`{one}` uses {port} twice"),
                    false => format!("`{one}` and `{two}` both use {port}"),
                };
                Diagnostic::new(code, used.span, message)
                    .label("used again here")
                    .also(before.span, "used here")
                    .help("omit `host_port` to use any free port, or place the containers on different hosts")
            });
        }
    }
}

/// The use of a host port by a container.
#[derive(Clone, Copy)]
struct Use<'a> {
    container: &'a Container,
    span: Span,
}

impl<'a> Use<'a> {
    /// The level and name by which the container is placed.
    fn place(&self) -> Option<(PlacementLevel, &'a str)> {
        let placement = self.container.placement.as_ref()?;
        Some((placement.level, placement.name.value.as_str()))
    }
}

/// The uses of one host port so far.
///
/// Two containers certainly run on different hosts only if they are placed by the same level, such
/// as the zone, and by different names. So a use conflicts with an earlier one unless all of them
/// are placed by the same level as it is, and by other names.
struct Uses<'a> {
    first: Use<'a>,
    last: Use<'a>,
    /// The first use that is not placed by the level of `first`.
    apart: Option<Use<'a>>,
    /// The first use with each name of the level of `first`.
    by_name: HashMap<&'a str, Use<'a>>,
}

impl<'a> Uses<'a> {
    fn new(first: Use<'a>) -> Uses<'a> {
        Uses { first, last: first, apart: None, by_name: HashMap::new() }
    }

    /// Adds a use. Returns an earlier one that it conflicts with: if the container used the port before,
    /// that use.
    fn add(&mut self, this: Use<'a>) -> Option<Use<'a>> {
        let last = std::mem::replace(&mut self.last, this);
        if std::ptr::eq(last.container, this.container) {
            return Some(last);
        }
        let Some((level, first)) = self.first.place() else { return Some(self.first) };
        match this.place() {
            Some((own, name)) if own == level => {
                self.by_name.entry(first).or_insert(self.first);
                match self.by_name.entry(name) {
                    Entry::Occupied(same) => Some(*same.get()),
                    Entry::Vacant(entry) => {
                        entry.insert(this);
                        self.apart
                    }
                }
            }
            _ => {
                self.apart.get_or_insert(this);
                Some(self.first)
            }
        }
    }
}
