//! Networks and ports.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::super::draft::Object as Draft;
use super::{Import, Service, lost};
use crate::elsewhere::scalars::{list, present, text};
use crate::source::Span;
use crate::syntax::Node;

/// Most ports of one range: each becomes an entry.
const MAX_RANGE: usize = 1000;

/// A port of a service, as it is written.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Port {
    address: Option<String>,
    published: Option<RangeInclusive<u16>>,
    target: Option<RangeInclusive<u16>>,
    protocol: String,
    name: Option<String>,
}

impl<'t> Import<'_, 't> {
    pub(super) fn network(&mut self, service: &Service<'t>, container: &mut Draft) {
        let mode = service.get("network_mode");
        let word = mode.and_then(text).unwrap_or_default();
        let span = mode.map_or(service.key, |node| node.span);
        let is_host = word == "host";
        container.put("network_mode", if is_host { "host" } else { "bridge" });
        match word.as_str() {
            "" | "host" | "default" => {}
            "bridge" => self.told.differ(
                span,
                format!("`{}` reaches the other containers of the appliance", service.name),
                "keep it apart with the means of the target",
            ),
            "none" => self.told.differ(
                span,
                format!("`{}` has a network", service.name),
                "there is no container without a network",
            ),
            other => self.told.differ(
                span,
                format!("`{}` has a network of its own, not that of `{other}`", service.name),
                "let the containers reach each other by `@id`",
            ),
        }
        let mut seen: BTreeSet<(u16, String)> = BTreeSet::new();
        let mut ports: Vec<Draft> = Vec::new();
        for node in service.get("ports").map(list).unwrap_or_default() {
            let Some(port) = self.port(node) else { continue };
            let Some(drafts) = self.published(node.span, &port, &mut seen) else { continue };
            if is_host {
                continue;
            }
            ports.extend(drafts);
        }
        for node in service.get("expose").map(list).unwrap_or_default() {
            let written = text(node).unwrap_or_default();
            let (range_text, protocol) = written.split_once('/').unwrap_or((&written, "tcp"));
            let Some(targets) = range(range_text) else {
                self.told.refuse(node.span, "expected a port, or a range of ports");
                continue;
            };
            let protocol = protocol.to_ascii_lowercase();
            for target in targets.take(MAX_RANGE) {
                let key = (target, protocol.clone());
                if is_host || seen.contains(&key) {
                    continue;
                }
                if !self.entry(protocol.len(), node.span) {
                    break;
                }
                let mut draft = Draft::new();
                draft.put("container_port", u64::from(target));
                if key.1 != "tcp" {
                    draft.put("protocol", key.1.as_str());
                }
                draft.put("internal", true);
                ports.push(draft);
                seen.insert(key);
            }
        }
        container.put_filled("ports", ports);
    }

    /// The entries for a port. `None` if it cannot be imported.
    fn published(
        &mut self,
        span: Span,
        port: &Port,
        seen: &mut BTreeSet<(u16, String)>,
    ) -> Option<Vec<Draft>> {
        let targets = port.target.clone()?;
        let count = targets.len();
        let hosts: Vec<u16> = port
            .published
            .clone()
            .map(|range| range.take(MAX_RANGE + 1).collect())
            .unwrap_or_default();
        if count > MAX_RANGE || (!hosts.is_empty() && hosts.len() != count && count != 1) {
            self.told.refuse(span, "the ranges of ports differ in length, or are too long");
            return None;
        }
        if hosts.len() > 1 && count == 1 {
            self.told.differ(span, "one host port, which the target chooses", "give one host port");
        }
        if let Some(address) = port
            .address
            .as_ref()
            .filter(|address| !matches!(address.as_str(), "0.0.0.0" | "::" | ""))
        {
            self.told.differ(
                span,
                format!("the port is published at all addresses of the host, not only at `{address}`"),
                "set `internal: true` if only the appliance uses it, or keep others out with a firewall",
            );
        }
        let mut drafts = Vec::new();
        for (at, target) in targets.enumerate() {
            let key = (target, port.protocol.clone());
            if seen.contains(&key) {
                self.told.lose(
                    span,
                    format!("port {target} is published twice"),
                    "one host port is kept for each port",
                );
                continue;
            }
            if !self.entry(port.name.as_ref().map_or(0, String::len), span) {
                break;
            }
            let mut draft = Draft::new();
            draft.put("container_port", u64::from(target));
            let host = if hosts.len() == count { hosts.get(at).copied() } else { None };
            if let Some(host) = host.filter(|host| *host > 0) {
                draft.put("host_port", u64::from(host));
            }
            if port.protocol != "tcp" {
                draft.put("protocol", port.protocol.as_str());
            }
            if let Some(name) = &port.name {
                draft.put("name", name.as_str());
            }
            seen.insert(key);
            drafts.push(draft);
        }
        Some(drafts)
    }

    fn port(&mut self, node: &Node) -> Option<Port> {
        let port = match node.as_object() {
            Some(object) => {
                lost::report(object, lost::PORT, self.told.0);
                let get = |name: &str| present(object, name).and_then(text);
                let published = get("published").filter(|port| !port.is_empty());
                let published = match published.as_deref().map(range) {
                    Some(None) => None,
                    other => Some(other.flatten()),
                };
                published.map(|published| Port {
                    address: get("host_ip"),
                    published,
                    target: get("target").as_deref().and_then(range),
                    protocol: get("protocol")
                        .unwrap_or_else(|| "tcp".to_owned())
                        .to_ascii_lowercase(),
                    name: get("name"),
                })
            }
            None => text(node).as_deref().and_then(short),
        };
        let is_known =
            |port: &Port| port.target.is_some() && matches!(port.protocol.as_str(), "tcp" | "udp");
        let port = port.filter(is_known);
        if port.is_none() {
            self.told.refuse(node.span, "expected a port such as `8080:80` or `80/udp`");
        }
        port
    }
}

/// A port in the short form: `[[ADDRESS:][PUBLISHED]:]TARGET[/PROTOCOL]`.
pub fn short(written: &str) -> Option<Port> {
    let (ports, protocol) = written.split_once('/').unwrap_or((written, "tcp"));
    let (rest, target) = match ports.rsplit_once(':') {
        Some((rest, target)) => (Some(rest), target),
        None => (None, ports),
    };
    let (address, published) = match rest {
        Some(rest) => match rest.rsplit_once(':') {
            Some((address, published)) => (Some(address), Some(published)),
            None if rest.contains('.') || rest.ends_with(']') => (Some(rest), None),
            None => (None, Some(rest)),
        },
        None => (None, None),
    };
    let published = match published.filter(|port| !port.is_empty()) {
        Some(port) => Some(range(port)?),
        None => None,
    };
    let plain = |address: &str| address.trim_matches(['[', ']']).to_owned();
    Some(Port {
        address: address.map(plain),
        published,
        target: Some(range(target)?),
        protocol: protocol.to_ascii_lowercase(),
        name: None,
    })
}

/// A port, or a range of ports.
fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some(first..=last)
}
