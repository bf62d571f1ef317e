//! Ports: within one container, and between containers that can share a host.

use std::collections::HashMap;

use crate::diag::{Diagnostic, Findings, codes};
use crate::model;
use crate::plan::{Container, NetworkMode, Transport};
use crate::source::Span;

/// Checks the ports of one container against each other and its network mode.
pub fn check_listed(container: &model::Container<'_>, findings: &mut Findings) {
    let mut first = First::new(&container.ports);
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
                Diagnostic::new(code, host.span, message)
                    .label(format!("must be {} or 0", number.value))
                    .help("ports are mapped with `\"network_mode\": \"bridge\"`")
                    .likely_edit(host.span, number.value.to_string())
            });
        }
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

/// Checks the fixed host ports of all containers against each other.
pub fn check(containers: &[Container], findings: &mut Findings) {
    let mut first: HashMap<(u16, Transport), (&Container, Span)> = HashMap::new();
    for container in containers {
        for port in &container.ports {
            let on_host = container.network.value == NetworkMode::Host;
            let used = if on_host { port.container_port } else { port.host_port };
            if used.value == 0 {
                continue;
            }
            let key = (used.value, port.transport.value);
            match first.get(&key) {
                // Reported as a duplicate port of the container.
                Some((other, _)) if std::ptr::eq(*other, container) && on_host => {}
                Some((other, _)) if on_different_hosts(container, other) => {}
                Some((other, before)) => {
                    findings.add(&codes::HOST_PORT_CLASH, |code| {
                        let port = format!("host port `{}/{}`", key.0, key.1.name());
                        let (one, two) = (&other.id.value, &container.id.value);
                        let message = match std::ptr::eq(*other, container) {
                            true => format!("`{one}` uses {port} twice"),
                            false => format!("`{one}` and `{two}` both use {port}"),
                        };
                        Diagnostic::new(code, used.span, message)
                            .label("used again here")
                            .also(*before, "first used here")
                            .help("omit `host_port` to use any free port, or place the containers on different hosts")
                    });
                }
                None => {
                    first.insert(key, (container, used.span));
                }
            }
        }
    }
}

/// Whether two containers certainly run on different hosts.
fn on_different_hosts(one: &Container, other: &Container) -> bool {
    match (&one.placement, &other.placement) {
        (Some(one), Some(other)) => one.level == other.level && one.name.value != other.name.value,
        _ => false,
    }
}
