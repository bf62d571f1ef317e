//! Ids of groups and apps, and the DNS labels made from them.

use ecow::EcoString;

use super::super::names::{self, MAX_LABEL};
use super::options::Settings;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{ContainerId, Kind, Plan, Reference};
use crate::render::{Composed, Traced};
use crate::source::{Span, Spanned};

/// Words that Marathon's API uses after an id, so an id cannot end in one of them.
const RESERVED: [&str; 3] = ["restart", "tasks", "versions"];

/// Maximum length of the name of an environment variable.
const MAX_VARIABLE: usize = 254;

/// The names in an appliance.
pub struct Names {
    /// The id of the group, without its slash.
    appliance: String,
    /// The name of the appliance in those of volumes.
    volumes: String,
    /// The place of the appliance's id.
    place: Span,
    containers: Vec<String>,
    domain: String,
    virtual_domain: String,
    /// Where the options that the domains contain are set.
    domain_places: Vec<Span>,
}

impl Names {
    /// Makes the names, and reports those that Marathon or its DNS does not accept.
    pub fn of(plan: &Plan, settings: &Settings<'_>, findings: &mut Findings) -> Names {
        let name = names::dns_label(&plan.id.value);
        let group = [(&plan.id, name.clone())];
        names::check("group", MAX_LABEL, group, findings);
        check_reserved(&plan.id, &name, findings);
        let appliance = in_group(&name);
        let containers: Vec<String> =
            plan.containers.iter().map(|c| names::dns_label(&c.id.value)).collect();
        let services = || {
            let all = plan.containers.iter().zip(&containers);
            all.filter(|(container, _)| matches!(container.kind, Kind::Service(_)))
        };
        let apps = services().map(|(container, name)| (&container.id, name.clone()));
        names::check("app", MAX_LABEL, apps, findings);

        for (container, name) in services() {
            check_reserved(&container.id, name, findings);
            let length = name.len() + 1 + appliance.len();
            if length > MAX_LABEL && !container.referrers.is_empty() {
                let message = format!(
                    "the DNS label of `{}`, `{name}-{appliance}`, has {length} characters, but at most {MAX_LABEL} are allowed",
                    container.id.value
                );
                findings.push(
                    Diagnostic::new(&codes::BAD_NAME, container.id.span, message)
                        .also(plan.id.span, "the appliance's id is part of it")
                        .help("choose a shorter id for the container or the appliance"),
                );
            }
        }
        let Settings { framework, dns_suffix, .. } = settings;
        let domain_places = [framework, dns_suffix].into_iter().filter_map(|o| o.from.place());
        Names {
            volumes: name,
            appliance,
            place: plan.id.span,
            containers,
            domain: format!("{}.{{}}.dcos.{}", framework.value, dns_suffix.value),
            virtual_domain: format!("{}.l4lb.{}", framework.value, dns_suffix.value),
            domain_places: domain_places.collect(),
        }
    }

    /// The id of the group.
    pub fn group(&self) -> Traced<String> {
        Traced::new(format!("/{}", self.appliance), self.place)
    }

    /// The path of a value in the secret store of DC/OS. The apps of a group can read what is under its id.
    pub fn secret(&self, secret: &str, key: &str) -> String {
        format!("{}/{secret}_{key}", self.appliance)
    }

    /// The id of a service's app. `from` is its main origin, `also` another one than the id of the
    /// appliance.
    pub fn app(&self, id: ContainerId, from: Span, also: Option<Span>) -> Composed {
        let name = format!("/{}/{}", self.appliance, self.of_container(id));
        Composed::new(name, from, also.into_iter().chain([self.place]).collect())
    }

    /// The DNS label of a container: the parts of its app's id in reverse.
    pub fn label(&self, id: ContainerId) -> String {
        format!("{}-{}", self.of_container(id), self.appliance)
    }

    /// The DNS name of the addresses of kind `record` (`containerip` or `agentip`).
    pub fn host(&self, id: ContainerId, record: &str) -> String {
        format!("{}.{}", self.label(id), self.domain.replace("{}", record))
    }

    /// The DNS name of a container's virtual address.
    pub fn virtual_host(&self, id: ContainerId) -> String {
        format!("{}.{}", self.label(id), self.virtual_domain)
    }

    /// The places that have a say in the DNS names of every container: the id of the appliance,
    /// and the options.
    pub fn places(&self) -> impl Iterator<Item = Span> {
        [self.place].into_iter().chain(self.domain_places.iter().copied())
    }

    /// The name of a local volume. Ids contain no dot, so the volumes of two appliances have
    /// different names.
    pub fn local_volume(&self, volume: &str) -> String {
        format!("{}.{volume}", self.volumes)
    }

    fn of_container(&self, id: ContainerId) -> &str {
        self.containers.get(id).map_or("", String::as_str)
    }
}

/// The id of the group of the appliance with this id: an absolute path.
pub fn group_id(id: &str) -> String {
    format!("/{}", in_group(&names::dns_label(id)))
}

/// The name of an appliance as the id of a group, with hyphens doubled.
///
/// The DNS label of an app joins the parts of its id by hyphens, so the app `c` of the appliance
/// `a-b` and the app `c-a` of the appliance `b` would have the same label. The last odd number of
/// hyphens in a row now separates the two parts.
fn in_group(name: &str) -> String {
    name.replace('-', "--")
}

fn check_reserved(id: &Spanned<EcoString>, name: &str, findings: &mut Findings) {
    if RESERVED.contains(&name) {
        let message = format!("`{name}` is a reserved word and cannot be an id");
        findings
            .push(Diagnostic::new(&codes::BAD_NAME, id.span, message).help("choose another id"));
    }
}

/// The port of a reference, with its colon.
pub fn port_suffix(reference: &Reference) -> String {
    reference.port.map_or_else(String::new, |port| format!(":{port}"))
}

/// Reports the name of a variable that is too long.
pub fn check_variable(name: &Spanned<EcoString>, findings: &mut Findings) {
    let length = name.value.chars().count();
    if length > MAX_VARIABLE {
        let message = format!(
            "the name of an environment variable can have at most {MAX_VARIABLE} characters, but this one has {length}"
        );
        findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_of_two_appliances_have_different_dns_labels() {
        let label =
            |appliance: &str, container: &str| format!("{container}-{}", in_group(appliance));
        assert_eq!(label("shop", "web-ui"), "web-ui-shop");
        for ((one, app), (other, its)) in [
            (("a-b", "c"), ("b", "c-a")),
            (("a--b", "c"), ("b", "c--a")),
            (("a-b", "c"), ("b", "c--a")),
            (("a--b", "c"), ("b", "c-a")),
            (("a-b-c", "d"), ("b-c", "d-a")),
            (("a-b-c", "d"), ("c", "d-a--b")),
        ] {
            assert_ne!(label(one, app), label(other, its));
        }
    }
}
