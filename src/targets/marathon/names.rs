//! Ids of groups and apps, and the DNS labels made of them.

use super::super::names::{self, MAX_LABEL};
use super::cluster::Cluster;
use crate::diag::{Diagnostic, codes};
use crate::plan::{ContainerId, Kind, Plan, Reference};
use crate::source::Spanned;

/// Words that Marathon's API uses behind an id, and so does not take at its end.
const RESERVED: [&str; 3] = ["restart", "tasks", "versions"];

/// The names of everything in an appliance.
pub struct Names {
    appliance: String,
    containers: Vec<String>,
    domain: String,
    virtual_domain: String,
}

impl Names {
    /// Makes the names and reports those that Marathon or its DNS do not take.
    pub fn of(plan: &Plan, cluster: &Cluster<'_>, diagnostics: &mut Vec<Diagnostic>) -> Names {
        let appliance = names::dns_label(&plan.id.value);
        let containers: Vec<String> =
            plan.containers.iter().map(|c| names::dns_label(&c.id.value)).collect();
        let group = [(&plan.id, appliance.clone())];
        names::check("marathon", "group", MAX_LABEL, group, diagnostics);
        let services = || {
            let all = plan.containers.iter().zip(&containers);
            all.filter(|(container, _)| matches!(container.kind, Kind::Service(_)))
        };
        let apps = services().map(|(container, name)| (&container.id, name.clone()));
        names::check("marathon", "app", MAX_LABEL, apps, diagnostics);

        check_reserved(&plan.id, &appliance, diagnostics);
        for (container, name) in services() {
            check_reserved(&container.id, name, diagnostics);
            let length = name.len() + 1 + appliance.len();
            if length > MAX_LABEL && !container.referrers.is_empty() {
                let message = format!(
                    "marathon: `{name}-{appliance}`, the DNS name of `{}`, would have {length} characters, and {MAX_LABEL} are allowed",
                    container.id.value
                );
                diagnostics.push(
                    Diagnostic::new(&codes::BAD_NAME, container.id.span, message)
                        .also(plan.id.span, "the appliance's id is a part of it")
                        .help("choose a shorter id, here or for the appliance"),
                );
            }
        }
        let Cluster { framework, dns_suffix, .. } = cluster;
        Names {
            appliance,
            containers,
            domain: format!("{framework}.{{}}.dcos.{dns_suffix}"),
            virtual_domain: format!("{framework}.l4lb.{dns_suffix}"),
        }
    }

    /// The id of the group.
    pub fn group(&self) -> String {
        format!("/{}", self.appliance)
    }

    /// The id of a service's app.
    pub fn app(&self, id: ContainerId) -> String {
        format!("/{}/{}", self.appliance, self.of_container(id))
    }

    /// The DNS label of a container: the parts of its app's id in reverse.
    pub fn label(&self, id: ContainerId) -> String {
        format!("{}-{}", self.of_container(id), self.appliance)
    }

    /// The name under which the addresses of kind `record` (`containerip`, `agentip`) are found.
    pub fn host(&self, id: ContainerId, record: &str) -> String {
        format!("{}.{}", self.label(id), self.domain.replace("{}", record))
    }

    /// The name of the virtual address of a container.
    pub fn virtual_host(&self, id: ContainerId) -> String {
        format!("{}.{}", self.label(id), self.virtual_domain)
    }

    /// The name of a persistent volume that belongs to the appliance. Ids have no dot, so two
    /// appliances cannot meet in one name.
    pub fn local_volume(&self, volume: &str) -> String {
        format!("{}.{volume}", self.appliance)
    }

    fn of_container(&self, id: ContainerId) -> &str {
        self.containers.get(id).map_or("", String::as_str)
    }
}

fn check_reserved(id: &Spanned<String>, name: &str, diagnostics: &mut Vec<Diagnostic>) {
    if RESERVED.contains(&name) {
        let message = format!("marathon: an id cannot end in the reserved word `{name}`");
        diagnostics
            .push(Diagnostic::new(&codes::BAD_NAME, id.span, message).help("choose another id"));
    }
}

/// The port behind a reference, with its colon.
pub fn port_suffix(reference: &Reference) -> String {
    reference.port.map_or_else(String::new, |port| format!(":{port}"))
}
