//! Ports: definitions on the host network, mappings on any other.

use super::model::{Labels, PortDefinition, PortMapping};
use super::options::Settings;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, NetworkMode, Port};
use crate::render::{Composed, Origin, Sparse, Traced};
use crate::source::{Span, Spanned};
use crate::targets::origins;

/// Marathon's protocol of a port that serves UDP and TCP.
const BOTH: &str = "udp,tcp";

/// The ports of an app.
pub struct Ports {
    /// On the host network.
    pub definitions: Option<Vec<PortDefinition>>,
    /// On any other network.
    pub mappings: Option<Vec<PortMapping>>,
    /// For each port of the container, its index among the ports of the app.
    pub index: Vec<usize>,
    /// The first port that is fixed on the host.
    pub fixed: Option<Span>,
}

/// The ports of a service. With `virtual_name`, each has a virtual address of that name, whose
/// places are those that the name has.
pub fn lower(
    container: &Container,
    virtual_name: Option<&Composed>,
    settings: &Settings<'_>,
    findings: &mut Findings,
) -> Ports {
    let names = port_names(container, findings);
    let on_host = container.network.value == NetworkMode::Host;
    let mut ports = Ports { definitions: None, mappings: None, index: Vec::new(), fixed: None };
    let mut mappings: Vec<PortMapping> = Vec::new();
    for (port, name) in container.ports.iter().zip(names) {
        let Port { container_port, host_port, transport, name: _, internal } = port;
        let claimed = if on_host { container_port } else { host_port };
        if claimed.value != 0 {
            ports.fixed = ports.fixed.or(Some(claimed.span));
            check_offered(claimed, settings, findings);
            // Marathon accepts each host port once, whatever the protocol.
            let same = mappings.iter_mut().enumerate().find(|(_, other)| {
                let other = if on_host { Some(other.container_port) } else { other.host_port.0 };
                other.is_some_and(|other| other.value == claimed.value)
            });
            if let Some((at, other)) = same {
                if other.container_port.value == container_port.value {
                    other.protocol = Traced::new(BOTH, both(other.protocol.from, port));
                    other.name.0 = other.name.0.take().or(name);
                } else {
                    findings.push(host_port_used_twice(host_port));
                }
                ports.index.push(at);
                continue;
            }
        }
        ports.index.push(mappings.len());
        // Without a host port, discovery announces the port at the address of the container.
        let is_unmapped = internal.value && container.network.value == NetworkMode::Container;
        if internal.value && !is_unmapped {
            let message = "the port is mapped to a free port of the agent, where other containers reach it: a firewall must restrict who else does";
            findings.push(
                Diagnostic::new(&codes::APPROXIMATED, internal.span, message)
                    .help("with `\"network_mode\": \"container\"`, it is not mapped"),
            );
        }
        let labels = virtual_name.map(|name| {
            let value = format!("/{}:{}", name.value, container_port.value);
            let mut also = name.also.clone();
            also.extend(name.from.place());
            let key = Traced::new(format!("VIP_{}", mappings.len()), container_port.span);
            Labels(vec![(key, Composed::new(value, container_port.span, also))])
        });
        mappings.push(PortMapping {
            container_port: container_port.into(),
            host_port: Sparse((!is_unmapped).then(|| {
                let from = match internal.value {
                    true => internal.span.into(),
                    false => origins::host_port(port),
                };
                Traced::new(host_port.value, from)
            })),
            protocol: Traced::new(transport.value.name(), origins::transport(port)),
            name: Sparse(name),
            labels: Sparse(labels),
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

/// The origin of the protocol of two ports: `first` is that of the first one. Only one of two
/// protocols can be the default.
fn both(first: Origin, second: &Port) -> Origin {
    match (first, origins::transport(second)) {
        (Origin::Default(..), second) => second,
        (first, Origin::Default(..)) => first.and(second.container_port.span),
        (first, _) => first.and(second.transport.span),
    }
}

fn host_port_used_twice(port: &Spanned<u16>) -> Diagnostic {
    let message = format!(
        "host port {} can be used by only one container port, whatever the protocol",
        port.value
    );
    Diagnostic::new(&codes::BAD_TARGET_PORT, port.span, message)
        .help("choose another `host_port`, or omit it to use any free port")
}

fn check_offered(port: &Spanned<u16>, settings: &Settings<'_>, findings: &mut Findings) {
    if settings.offers(port.value) {
        return;
    }
    let message =
        format!("agents do not offer host port {}, so the app waits until one does", port.value);
    findings.push(
        Diagnostic::new(&codes::CLUSTER_NEEDS, port.span, message).help(
            "choose another port, or offer it on agents (`--resources`) and add it to the option `marathon.offered-ports`",
        ),
    );
}

/// The port names as Marathon accepts them: `^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`, each once.
fn port_names(container: &Container, findings: &mut Findings) -> Vec<Option<Traced<String>>> {
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
            let message = format!("port name `{}` contains no letter or digit", written.value);
            findings.push(
                Diagnostic::new(&codes::BAD_NAME, written.span, message)
                    .help("use letters, digits and hyphens"),
            );
        } else if let Some((_, other)) = known.iter().find(|(known, _)| *known == name) {
            // TCP and UDP ports of the same number can share a name only if they are one port
            // in Marathon.
            if !shares_number(container, port, other) {
                let message = format!("duplicate port name `{name}`");
                findings.push(
                    Diagnostic::new(&codes::NAME_CLASH, written.span, message)
                        .also(other.container_port.span, "first used by this port"),
                );
            }
        } else {
            if name != written.value {
                let message = format!("port name `{}` becomes `{name}`", written.value);
                findings.push(
                    Diagnostic::new(&codes::NAME_CHANGED, written.span, message)
                        .help("a port name contains only lower-case letters, digits and hyphens"),
                );
            }
            known.push((name.clone(), port));
        }
        names.push(Some(Traced::new(name, written.span)));
    }
    names
}

fn shares_number(container: &Container, one: &Port, other: &Port) -> bool {
    let on_host = container.network.value == NetworkMode::Host;
    one.container_port.value == other.container_port.value
        && one.transport.value != other.transport.value
        && (on_host || one.host_port.value != 0 && one.host_port.value == other.host_port.value)
}

/// The value of `docker run --publish` for a port of a job: Chronos jobs have no ports.
pub fn publish(port: &Port) -> Composed {
    let Port { container_port, host_port, transport, name: _, internal: _ } = port;
    let host = match host_port.value {
        0 => String::new(),
        fixed => format!("{fixed}:"),
    };
    let value = format!("{host}{}/{}", container_port.value, transport.value.name());
    Composed::new(value, container_port.span, vec![host_port.span, transport.span])
}
