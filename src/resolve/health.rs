//! Health checks: the port that is checked, and the default one.

use crate::diag::{Diagnostic, codes};
use crate::model::{self, Protocol, ProtocolKind, Timing, Transport};
use crate::plan::{HealthCheck, Probe};
use crate::source::Spanned;

use super::{Scope, text};

/// The health check of a service: the one written, else the default one where asked for.
pub fn resolve(
    service: &model::Service<'_>,
    container: &model::Container<'_>,
    scope: &Scope<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<HealthCheck> {
    if let Some(check) = &service.health_check {
        return written(check, container, scope, diagnostics);
    }
    let asked = service.default_health_check?;
    let tcp = |port: &model::Port| port.transport.value == Transport::Tcp;
    let Some(port) = container.ports.iter().position(tcp) else {
        let message = format!("`{}` lists no TCP port that could be checked", container.id.value);
        diagnostics.push(
            Diagnostic::new(&codes::NO_PORT_TO_CHECK, asked, message)
                .help("list the port it serves, write a `health_check`, or remove this"),
        );
        return None;
    };
    let protocol = Protocol { kind: ProtocolKind::Tcp, mesos: true };
    Some(HealthCheck {
        span: asked,
        is_default: true,
        protocol: Spanned::new(protocol, asked),
        probe: Probe::Tcp { port },
        timing: Timing::default(),
    })
}

fn written(
    check: &model::HealthCheck<'_>,
    container: &model::Container<'_>,
    scope: &Scope<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<HealthCheck> {
    let probe = match check.protocol.value.kind {
        // Without a command the schema has already said that one is wanted.
        ProtocolKind::Command => Probe::Command(text::scalar(check.command?, scope, diagnostics)),
        ProtocolKind::Tcp => Probe::Tcp { port: port(check, container, diagnostics)? },
        kind => Probe::Http {
            tls: kind == ProtocolKind::Https,
            path: check.path.map_or("/", |path| path.value).to_owned(),
            port: port(check, container, diagnostics)?,
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

/// The index of the port to check, if the container lists it and it is a TCP port.
fn port(
    check: &model::HealthCheck<'_>,
    container: &model::Container<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<usize> {
    let index = check.port_index;
    let id = container.id.value;
    match container.ports.get(index.value) {
        Some(port) if port.transport.value == Transport::Tcp => return Some(index.value),
        Some(port) => {
            let message = format!("the port that is checked is a UDP port of `{id}`");
            diagnostics.push(
                Diagnostic::new(&codes::BAD_PORT_INDEX, index.span, message)
                    .also(port.transport.span, "UDP")
                    .help("a health check needs a TCP port; set `port_index` to one, from 0"),
            );
        }
        None => {
            let listed = container.ports.len();
            let message = match listed {
                0 => format!("`{id}` lists no port that could be checked"),
                _ => format!("`{id}` has no port with the index {}", index.value),
            };
            let help = match listed {
                0 => "list the port it serves in `ports`, or check with a `COMMAND`".to_owned(),
                1 => "it lists one port, whose index is 0".to_owned(),
                _ => format!("it lists {listed} ports, with the indices 0 to {}", listed - 1),
            };
            let diagnostic = Diagnostic::new(&codes::BAD_PORT_INDEX, index.span, message);
            diagnostics.push(diagnostic.help(help));
        }
    }
    None
}
