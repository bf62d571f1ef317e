//! Ports: within one container, and between those that can share a host.

use std::collections::HashMap;

use crate::diag::{Diagnostic, codes};
use crate::model;
use crate::plan::{Container, NetworkMode, Transport};
use crate::source::Span;

/// Checks the ports of one container.
pub fn check_listed(container: &model::Container<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut first: HashMap<(u16, Transport), Span> = HashMap::new();
    for port in &container.ports {
        let number = port.container_port;
        let transport = port.transport.value;
        if let Some(before) = first.get(&(number.value, transport)) {
            let message = format!("the {} port {} is listed twice", transport.name(), number.value);
            diagnostics.push(
                Diagnostic::new(&codes::DUPLICATE_PORT, number.span, message)
                    .label("again here")
                    .also(*before, "first here"),
            );
        } else {
            first.insert((number.value, transport), number.span);
        }
        let host = port.host_port;
        let on_host = container.network_mode.value == NetworkMode::Host;
        if on_host && host.value != 0 && host.value != number.value {
            let message = format!(
                "on the host's network port {} cannot be another one on the host",
                number.value
            );
            diagnostics.push(
                Diagnostic::new(&codes::HOST_MODE_PORT, host.span, message)
                    .label(format!("must be {} or 0", number.value))
                    .help("or choose `\"network_mode\": \"bridge\"`, where ports are mapped")
                    .likely_edit(host.span, number.value.to_string()),
            );
        }
        if host.value != 0 && container.instances.value > 1 && !on_host {
            let message = format!(
                "port {} of the host serves one instance only, and there are {}",
                host.value, container.instances.value
            );
            diagnostics.push(
                Diagnostic::new(&codes::FIXED_PORT_INSTANCES, host.span, message)
                    .also(container.instances.span, "so many instances")
                    .help("each instance then needs a host of its own; leave `host_port` out for any free port"),
            );
        }
    }
}

/// Checks the fixed ports of the host that containers claim.
pub fn check(containers: &[Container], diagnostics: &mut Vec<Diagnostic>) {
    let mut first: HashMap<(u16, Transport), (&Container, Span)> = HashMap::new();
    for container in containers {
        for port in &container.ports {
            let on_host = container.network.value == NetworkMode::Host;
            let claimed = if on_host { port.container_port } else { port.host_port };
            if claimed.value == 0 {
                continue;
            }
            let key = (claimed.value, port.transport.value);
            match first.get(&key) {
                // Twice in one container: reported as such where it is the same port.
                Some((other, _)) if std::ptr::eq(*other, container) && on_host => {}
                Some((other, _)) if apart(container, other) => {}
                Some((other, before)) => {
                    let port = format!("{} port {} of the host", key.1.name(), key.0);
                    let (one, two) = (&other.id.value, &container.id.value);
                    let message = match std::ptr::eq(*other, container) {
                        true => format!("`{one}` claims {port} twice"),
                        false => format!("`{one}` and `{two}` both claim {port}"),
                    };
                    diagnostics.push(
                        Diagnostic::new(&codes::HOST_PORT_CLASH, claimed.span, message)
                            .label("claimed again here")
                            .also(*before, "first claimed here")
                            .help("leave `host_port` out for any free port, or place the containers on different hosts"),
                    );
                }
                None => {
                    first.insert(key, (container, claimed.span));
                }
            }
        }
    }
}

/// Whether two containers surely run on different hosts.
fn apart(one: &Container, other: &Container) -> bool {
    match (&one.placement, &other.placement) {
        (Some(one), Some(other)) => one.level == other.level && one.name.value != other.name.value,
        _ => false,
    }
}
