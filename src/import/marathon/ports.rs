//! Networks and ports of apps.

use super::app::{number, object};
use super::{Import, lost};
use crate::diag::{Diagnostic, codes};
use crate::elsewhere::scalars::{boolean, list, present, text};
use crate::import::draft::{Object as Draft, Value};
use crate::source::Span;
use crate::syntax::{Node, Object};

/// The virtual addresses that the labels of an app's ports give it.
pub fn addresses(app: &Object) -> Vec<String> {
    let within = object(app, "container");
    let docker = within.and_then(|within| object(within, "docker"));
    let mappings =
        [within, docker].into_iter().flatten().filter_map(|of| present(of, "portMappings"));
    let all = mappings.chain(present(app, "portDefinitions"));
    let mut found = Vec::new();
    for port in all.flat_map(list).filter_map(Node::as_object) {
        for member in object(port, "labels").iter().flat_map(|labels| &labels.members) {
            if member.key.value.starts_with("VIP_") {
                found.extend(text(&member.value));
            }
        }
    }
    found
}

impl Import<'_> {
    /// The network and its ports. Returns the numbers of the ports.
    pub(super) fn network(
        &mut self,
        app: &Object,
        within: Option<&Object>,
        docker: Option<&Object>,
        container: &mut Draft,
    ) -> Vec<f64> {
        let networks = present(app, "networks").map(list).unwrap_or_default();
        let mode = networks
            .first()
            .and_then(Node::as_object)
            .and_then(|of| present(of, "mode"))
            .and_then(text);
        let old = docker.and_then(|docker| present(docker, "network")).and_then(text);
        let mode = match (mode.as_deref(), old.as_deref()) {
            (Some("container/bridge"), _) | (None, Some("BRIDGE")) => "bridge",
            (Some("container"), _) | (None, Some("USER")) => "container",
            _ => "host",
        };
        container.put("network_mode", mode);
        for network in networks.iter().filter_map(Node::as_object) {
            lost::report(network, lost::NETWORK, self.told.0);
        }
        if let Some(second) = networks.get(1) {
            self.told.lose(
                second.span,
                "one network is kept, the first",
                "a container is on one network",
            );
        }
        let mappings = within
            .and_then(|within| present(within, "portMappings"))
            .or_else(|| docker.and_then(|docker| present(docker, "portMappings")));
        let definitions = present(app, "portDefinitions").or_else(|| present(app, "ports"));
        let (without, why) = match mode {
            "host" => (mappings, "the container is on the network of the host"),
            _ => (definitions, "the container has a network of its own"),
        };
        // Ports that Marathon chooses for the load balancer.
        let is_free = |node: &Node| text(node).is_some_and(|port| port == "0");
        if let Some(without) = without.filter(|ports| !list(ports).iter().all(is_free)) {
            self.told.lose(
                without.span,
                format!("these ports are left out: {why}"),
                "write them as `ports`, or set `network_mode`",
            );
        }
        let mut ports: Vec<(f64, Draft)> = Vec::new();
        if mode == "host" {
            let is_fixed = present(app, "requirePorts").and_then(boolean) == Some(true);
            for node in definitions.map(list).unwrap_or_default() {
                ports.extend(self.on_host(node, is_fixed));
            }
        } else {
            for node in mappings.map(list).unwrap_or_default() {
                ports.extend(self.mapping(node));
            }
        }
        // A port that only the health check names.
        for check in present(app, "healthChecks").map(list).unwrap_or_default() {
            let port = check.as_object().and_then(|check| number(check, "port"));
            if let Some(port) = port.filter(|port| ports.iter().all(|(known, _)| known != port)) {
                ports.push((port, Draft::new().with("container_port", Value::number(port))));
            }
        }
        let (numbers, drafts): (Vec<f64>, Vec<Draft>) = ports.into_iter().unzip();
        container.put_filled("ports", drafts);
        numbers
    }

    /// A port on the network of the host.
    fn on_host(&mut self, node: &Node, is_fixed: bool) -> Vec<(f64, Draft)> {
        let of = node.as_object();
        let port = match of {
            Some(of) => number(of, "port"),
            None => text(node).and_then(|port| port.parse().ok()),
        };
        let Some(port) = port.filter(|port| *port > 0.0 && is_fixed) else {
            self.told.lose(
                node.span,
                "Marathon chooses this port, and tells it in `$PORT`",
                "let the program listen at a port of its own, and list it in `ports`; or use `network_mode: bridge`",
            );
            return Vec::new();
        };
        self.entries(node.span, port, None, of)
    }

    /// A port that is mapped.
    fn mapping(&mut self, node: &Node) -> Vec<(f64, Draft)> {
        let Some(of) = node.as_object() else {
            self.told.refuse(node.span, format!("expected an object, found {}", node.kind_name()));
            return Vec::new();
        };
        let port = number(of, "containerPort").filter(|port| *port > 0.0);
        let host = number(of, "hostPort").filter(|port| *port > 0.0);
        let Some(port) = port.or(host) else {
            self.told.lose(
                node.span,
                "Marathon chooses this port, and tells it in `$PORT`",
                "let the program listen at a port of its own, and write it as `container_port`",
            );
            return Vec::new();
        };
        self.entries(node.span, port, host, Some(of))
    }

    /// Reports the parts of a port that are left out.
    fn told_of_port(&mut self, of: &Object) {
        lost::report(of, lost::PORT, self.told.0);
        for member in object(of, "labels").iter().flat_map(|labels| &labels.members) {
            let name = member.key.value.as_str();
            let value = text(&member.value).unwrap_or_default();
            let message = format!("the label `{name}` of the port is left out");
            if name.starts_with("VIP_") {
                let help = "other containers refer to it as `@id`";
                let message = format!("{message}: the virtual address `{value}` is not given");
                self.told.push(
                    Diagnostic::new(&codes::IMPORT_CHOICE, member.key.span, message).help(help),
                );
            } else {
                self.told.lose(member.key.span, message, "use `labels` of the container");
            }
        }
    }

    /// The entries for a port: one for each protocol.
    fn entries(
        &mut self,
        span: Span,
        port: f64,
        host: Option<f64>,
        of: Option<&Object>,
    ) -> Vec<(f64, Draft)> {
        if let Some(of) = of {
            self.told_of_port(of);
        }
        let get = |name: &str| of.and_then(|of| present(of, name)).and_then(text);
        let protocols = get("protocol").unwrap_or_else(|| "tcp".to_owned());
        let name = get("name");
        let mut drafts = Vec::new();
        for protocol in protocols.split(',').map(str::trim) {
            if !matches!(protocol, "tcp" | "udp") {
                self.told.refuse(span, format!("unknown protocol `{protocol}`"));
                continue;
            }
            let mut draft = Draft::new();
            draft.put("container_port", Value::number(port));
            if let Some(host) = host {
                draft.put("host_port", Value::number(host));
            }
            if protocol != "tcp" {
                draft.put("protocol", protocol);
            }
            // The name of a port is unique.
            if let Some(name) = name.as_ref().filter(|_| drafts.is_empty()) {
                draft.put("name", name.as_str());
            }
            drafts.push((port, draft));
        }
        drafts
    }
}
