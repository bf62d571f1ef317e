//! Health checks: the port to check, and the default health check.

use crate::diag::{Diagnostic, Findings, codes};
use crate::model::{self, Protocol, ProtocolKind, Timing, Transport};
use crate::plan::{HealthCheck, Probe};
use crate::source::Spanned;

use super::lookup::Lookup;
use super::text;

/// The health check of a service: `health_check`, or the one that `default_health_check`
/// requests.
pub fn resolve(
    service: &model::Service<'_>,
    container: &model::Container<'_>,
    lookup: &Lookup<'_>,
    findings: &mut Findings,
) -> Option<HealthCheck> {
    if let Some(check) = &service.health_check {
        return written(check, container, lookup, findings);
    }
    let requested = service.default_health_check?;
    let tcp = |port: &model::Port| port.transport.value == Transport::Tcp;
    let Some(port) = container.ports.iter().position(tcp) else {
        let message = format!("`{}` has no TCP port to check", container.id.value);
        findings.add(&codes::NO_PORT_TO_CHECK, |code| {
            Diagnostic::new(code, requested, message).help(
                "list a TCP port in `ports`, write a `health_check`, or remove `default_health_check`",
            )
        });
        return None;
    };
    let protocol = Protocol { kind: ProtocolKind::Tcp, mesos: true };
    Some(HealthCheck {
        span: requested,
        is_default: true,
        protocol: Spanned::new(protocol, requested),
        probe: Probe::Tcp { port: Spanned::new(port, requested) },
        timing: Timing::default_at(requested),
    })
}

fn written(
    check: &model::HealthCheck<'_>,
    container: &model::Container<'_>,
    lookup: &Lookup<'_>,
    findings: &mut Findings,
) -> Option<HealthCheck> {
    let probe = match check.protocol.value.kind {
        // The schema reports a missing command.
        ProtocolKind::Command => {
            check_unused_port(check, container, findings);
            let command = text::scalar(check.command?, lookup, findings);
            text::check_length(&command, None, findings);
            Probe::Command(command)
        }
        ProtocolKind::Tcp => Probe::Tcp { port: port(check, container, findings)? },
        kind => Probe::Http {
            tls: kind == ProtocolKind::Https,
            path: super::text::owned(check.path),
            port: port(check, container, findings)?,
        },
    };
    Some(HealthCheck {
        span: check.span,
        is_default: false,
        protocol: check.protocol,
        probe,
        timing: check.timing,
    })
}

/// Reports a `port_index` of a `COMMAND` check, which uses no port, that is not the index of one.
fn check_unused_port(
    check: &model::HealthCheck<'_>,
    container: &model::Container<'_>,
    findings: &mut Findings,
) {
    let index = check.port_index;
    // The default has the span of the whole check.
    if index.span != check.span && container.ports.get(index.value).is_none() {
        findings.add(&codes::BAD_PORT_INDEX, |_| {
            no_port(index, container).help("remove `port_index`: a `COMMAND` check uses no port")
        });
    }
}

/// The index of the port to check. Reports one that does not exist or is not a TCP port.
fn port(
    check: &model::HealthCheck<'_>,
    container: &model::Container<'_>,
    findings: &mut Findings,
) -> Option<Spanned<usize>> {
    let index = check.port_index;
    match container.ports.get(index.value) {
        Some(port) if port.transport.value == Transport::Tcp => return Some(index),
        Some(port) => findings.add(&codes::BAD_PORT_INDEX, |code| {
            let message = format!("the health check of `{}` uses a UDP port", container.id.value);
            Diagnostic::new(code, index.span, message)
                .also(port.transport.span, "declared as UDP here")
                .help("set `port_index` to the index of a TCP port, counted from 0")
        }),
        None => findings.add(&codes::BAD_PORT_INDEX, |_| {
            let diagnostic = no_port(index, container);
            match container.ports.is_empty() {
                true => diagnostic.help("list a port in `ports`, or use the protocol `COMMAND`"),
                false => diagnostic,
            }
        }),
    }
    None
}

/// The finding about an index without a port.
fn no_port(index: Spanned<usize>, container: &model::Container<'_>) -> Diagnostic {
    let (id, count) = (container.id.value, container.ports.len());
    let message = match count {
        0 => format!("`{id}` has no port to check"),
        _ => format!("`{id}` has no port at index {}", index.value),
    };
    let diagnostic = Diagnostic::new(&codes::BAD_PORT_INDEX, index.span, message);
    match count {
        0 => diagnostic,
        1 => diagnostic.help("it has one port, at index 0"),
        _ => diagnostic.help(format!("it has {count} ports, at indices 0 to {}", count - 1)),
    }
}
