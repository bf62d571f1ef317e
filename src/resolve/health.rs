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
        findings.push(Diagnostic::new(&codes::NO_PORT_TO_CHECK, requested, message).help(
            "list a TCP port in `ports`, write a `health_check`, or remove `default_health_check`",
        ));
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
        ProtocolKind::Command => Probe::Command(text::scalar(check.command?, lookup, findings)),
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

/// The index of the port to check. Reports one that does not exist or is not a TCP port.
fn port(
    check: &model::HealthCheck<'_>,
    container: &model::Container<'_>,
    findings: &mut Findings,
) -> Option<Spanned<usize>> {
    let index = check.port_index;
    let id = container.id.value;
    match container.ports.get(index.value) {
        Some(port) if port.transport.value == Transport::Tcp => return Some(index),
        Some(port) => {
            let message = format!("the health check of `{id}` uses a UDP port");
            findings.push(
                Diagnostic::new(&codes::BAD_PORT_INDEX, index.span, message)
                    .also(port.transport.span, "declared as UDP here")
                    .help("set `port_index` to the index of a TCP port, counted from 0"),
            );
        }
        None => {
            let count = container.ports.len();
            let message = match count {
                0 => format!("`{id}` has no port to check"),
                _ => format!("`{id}` has no port at index {}", index.value),
            };
            let help = match count {
                0 => "list a port in `ports`, or use the protocol `COMMAND`".to_owned(),
                1 => "it has one port, at index 0".to_owned(),
                _ => format!("it has {count} ports, at indices 0 to {}", count - 1),
            };
            let diagnostic = Diagnostic::new(&codes::BAD_PORT_INDEX, index.span, message);
            findings.push(diagnostic.help(help));
        }
    }
    None
}
