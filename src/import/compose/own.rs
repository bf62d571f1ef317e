//! What applc itself wrote: its services carry labels with the ids of the appliance, and checks are scripts.

use std::collections::BTreeMap;

use super::super::draft::Object as Draft;
use super::{Import, Service, pairs};
use crate::elsewhere::scalars::text;
use crate::syntax::Node;

/// The label with the id of the appliance.
pub const APPLIANCE: &str = "applc.appliance";

/// The label with the id of the container.
pub const CONTAINER: &str = "applc.container";

/// What its labels begin with.
pub const PREFIX: &str = "applc.";

impl Service<'_> {
    /// The value of a label.
    pub(super) fn label(&self, name: &str) -> Option<String> {
        let labels = self.get("labels").map(pairs)?;
        labels.into_iter().find(|(label, ..)| label == name)?.1
    }

    /// Whether applc wrote it.
    pub(super) fn is_own(&self) -> bool {
        self.label(CONTAINER).is_some()
    }
}

impl Import<'_, '_> {
    /// Recognizes jobs, and jobs of several instances: each instance is a service.
    pub(super) fn recognize(&mut self) {
        let mut services: Vec<Service<'_>> = Vec::new();
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for mut service in std::mem::take(&mut self.services) {
            if let Some(id) = service.label(CONTAINER) {
                let restart = service.get("restart").and_then(text);
                service.is_job |= restart.is_none_or(|restart| restart != "unless-stopped");
                if let Some(first) = places.get(&id).and_then(|at| services.get_mut(*at)) {
                    first.copies.push(service.name);
                    continue;
                }
                places.insert(id, services.len());
            }
            services.push(service);
        }
        self.services = services;
        let id = self.services.first().and_then(|service| service.label(APPLIANCE));
        if let Some(id) = id {
            self.id = id;
        }
    }
}

/// The check of a port that applc wrote as a script. The container lists the port afterwards.
pub fn check(command: &str, is_host: bool, container: &mut Draft) -> Option<Draft> {
    let (protocol, port, path) = probe(command)?;
    if !container.numbers_in("ports", "container_port", "protocol").contains(&port) {
        let mut listed = Draft::new().with("container_port", port);
        if !is_host {
            listed.put("internal", true);
        }
        container.add_to("ports", vec![listed], "network_mode");
    }
    let index = container.index_in("ports", "container_port", port, "protocol")?;
    let mut draft = Draft::new().with("protocol", protocol).with("port_index", index);
    if let Some(path) = path {
        draft.put("path", path);
    }
    Some(draft)
}

/// The protocol, the port and the path that a script checks.
fn probe(command: &str) -> Option<(String, u64, Option<String>)> {
    if let Some((_, port)) = command.split_once("; echo 'nothing listens on port ") {
        return Some(("TCP".to_owned(), port.split_once('\'')?.0.parse().ok()?, None));
    }
    let (_, rest) = command.split_once("curl -gfsSk -o /dev/null ")?;
    let url = shell_words::split(rest.split_once("; fi;")?.0).ok()?.into_iter().next()?;
    let (scheme, rest) = url.split_once("://127.0.0.1:")?;
    let (port, path) = rest.split_once('/')?;
    Some((scheme.to_ascii_uppercase(), port.parse().ok()?, Some(format!("/{path}"))))
}

/// Whether all other hosts of a service are the machine itself, which applc writes for references to containers on
/// the host network.
pub fn is_machine(hosts: &Node) -> bool {
    let of = |(name, value, _): (String, Option<String>, _)| {
        value.or_else(|| name.split_once(':').map(|(_, address)| address.to_owned()))
    };
    pairs(hosts).into_iter().all(|host| {
        of(host).is_some_and(|address| matches!(&*address, "host-gateway" | "127.0.0.1"))
    })
}
