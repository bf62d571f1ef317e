//! Ports: definitions with the host's network, mappings with any other.

use super::cluster::Cluster;
use super::model::{Labels, PortDefinition, PortMapping};
use crate::diag::{Diagnostic, codes};
use crate::plan::{Container, NetworkMode, Port, Transport};
use crate::source::Spanned;

/// Marathon's protocol of a port that serves both.
const BOTH: &str = "udp,tcp";

/// The ports of an app.
pub struct Ports {
    /// With the host's network.
    pub definitions: Option<Vec<PortDefinition>>,
    /// With any other.
    pub mappings: Option<Vec<PortMapping>>,
    /// For each port of the container, its index among the app's.
    pub index: Vec<usize>,
    /// Whether one is fixed on the host.
    pub fixed: bool,
}

/// The ports of a service. With `virtual_name`, each gets a virtual address of that name.
pub fn lower(
    container: &Container,
    virtual_name: Option<&str>,
    cluster: &Cluster<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Ports {
    let names = port_names(container, diagnostics);
    let on_host = container.network.value == NetworkMode::Host;
    let mut ports = Ports { definitions: None, mappings: None, index: Vec::new(), fixed: false };
    let mut mappings: Vec<PortMapping> = Vec::new();
    for (port, name) in container.ports.iter().zip(names) {
        let Port { container_port, host_port, transport, name: _ } = port;
        let claimed = if on_host { container_port } else { host_port };
        if claimed.value != 0 {
            ports.fixed = true;
            check_offered(claimed, cluster, diagnostics);
            // Marathon takes one number of a host once, whatever the protocol.
            let same = mappings.iter_mut().enumerate().find(|(_, other)| {
                let other = if on_host { other.container_port } else { other.host_port };
                other == claimed.value
            });
            if let Some((at, other)) = same {
                if other.container_port == container_port.value {
                    other.protocol = BOTH;
                    other.name = other.name.take().or(name);
                } else {
                    diagnostics.push(taken_twice(host_port));
                }
                ports.index.push(at);
                continue;
            }
        }
        ports.index.push(mappings.len());
        let labels = virtual_name.map(|name| {
            let value = format!("/{name}:{}", container_port.value);
            (format!("VIP_{}", mappings.len()), value)
        });
        mappings.push(PortMapping {
            container_port: container_port.value,
            host_port: host_port.value,
            protocol: transport.value.name(),
            name,
            labels: Labels(labels.into_iter().collect()),
        });
    }
    if on_host {
        let definition = |mapping: PortMapping| {
            let PortMapping { container_port, host_port: _, protocol, name, labels: _ } = mapping;
            PortDefinition { port: container_port, protocol, name }
        };
        ports.definitions = Some(mappings.into_iter().map(definition).collect());
    } else {
        ports.mappings = Some(mappings);
    }
    ports
}

fn taken_twice(port: &Spanned<u16>) -> Diagnostic {
    let message = format!(
        "marathon: port {} of the host is taken once, whatever the protocol, and so for one container port only",
        port.value
    );
    Diagnostic::new(&codes::BAD_TARGET_PORT, port.span, message)
        .help("choose another `host_port`, or leave it out for any free one")
}

fn check_offered(port: &Spanned<u16>, cluster: &Cluster<'_>, diagnostics: &mut Vec<Diagnostic>) {
    if cluster.offers(port.value) {
        return;
    }
    let message = format!(
        "marathon: port {} of the host is none that agents offer, and the app waits until one does",
        port.value
    );
    diagnostics.push(
        Diagnostic::new(&codes::CLUSTER_NEEDS, port.span, message).help(
            "choose another port, or let agents offer it (`--resources`) and say so with the option `marathon.offered-ports`",
        ),
    );
}

/// The names as Marathon takes them: `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`, each once.
fn port_names(container: &Container, diagnostics: &mut Vec<Diagnostic>) -> Vec<Option<String>> {
    let mut known: Vec<(String, &Port)> = Vec::new();
    let mut names = Vec::new();
    for port in &container.ports {
        let Some(written) = &port.name else {
            names.push(None);
            continue;
        };
        let cleaned: String = written
            .value
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let name = cleaned.trim_matches('-').to_owned();
        if name.is_empty() {
            let message = format!("marathon: nothing of `{}` can name a port", written.value);
            diagnostics.push(
                Diagnostic::new(&codes::BAD_NAME, written.span, message)
                    .help("use letters, digits and hyphens"),
            );
        } else if let Some((_, other)) = known.iter().find(|(known, _)| *known == name) {
            // TCP and UDP on one number may share their name only where Marathon has one port.
            if !shares_number(container, port, other) {
                let message = format!("marathon: two ports are named `{name}`");
                diagnostics.push(
                    Diagnostic::new(&codes::NAME_CLASH, written.span, message)
                        .also(other.container_port.span, "the other one"),
                );
            }
        } else {
            if name != written.value {
                let message =
                    format!("marathon: the port name `{}` becomes `{name}`", written.value);
                diagnostics.push(
                    Diagnostic::new(&codes::NAME_CHANGED, written.span, message)
                        .help("the name of a port has lower-case letters, digits and hyphens"),
                );
            }
            known.push((name.clone(), port));
        }
        names.push(Some(name));
    }
    names
}

fn shares_number(container: &Container, one: &Port, other: &Port) -> bool {
    let on_host = container.network.value == NetworkMode::Host;
    one.container_port.value == other.container_port.value
        && one.transport.value != other.transport.value
        && (on_host || one.host_port.value != 0 && one.host_port.value == other.host_port.value)
}

/// `docker run --publish` for a job's port, which Chronos does not know of.
pub fn publish(port: &Port) -> String {
    let host = match port.host_port.value {
        0 => String::new(),
        fixed => format!("{fixed}:"),
    };
    let protocol = match port.transport.value {
        Transport::Tcp => "tcp",
        Transport::Udp => "udp",
    };
    format!("{host}{}/{protocol}", port.container_port.value)
}
