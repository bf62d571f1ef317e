//! The Nomad target: one job for all services, with a task group for each, and a batch job for
//! each job.
//!
//! What it relies on (names, registrations, how often a string is read) is tested on a real
//! agent, in `tests/conformance/test_nomad_agent.py`.

mod address;
mod capabilities;
mod container;
mod health;
mod layout;
mod model;
mod names;
mod options;
mod order;
mod placement;
mod schedule;
mod strings;
mod volumes;

use std::collections::HashSet;

use include_dir::{Dir, include_dir};

use super::{Artifact, BuiltIn, Definition, Failure, Options};
use crate::diag::Diagnostic;
use crate::plan::{Container, ContainerId, Kind, Plan};
use crate::render::Templates;

use address::Reach;
use model::{Group, Job};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/nomad");

static DEFINITION: Definition = Definition {
    name: "nomad",
    summary: "Nomad job specifications: one for all services, one for each job",
    capabilities: capabilities::CAPABILITIES,
    options: options::OPTIONS,
    templates: &TEMPLATES,
};

/// The Nomad target.
pub struct Nomad;

/// What the lowering of a container looks up.
struct Scope<'a> {
    plan: &'a Plan,
    options: &'a Options,
    reaches: Vec<Reach>,
    /// The containers that others wait for.
    awaited: HashSet<ContainerId>,
}

impl Scope<'_> {
    fn container(&self, id: ContainerId) -> Option<&Container> {
        self.plan.containers.get(id)
    }

    fn reach(&self, id: ContainerId) -> Option<&Reach> {
        self.reaches.get(id)
    }

    /// Whether another container waits for this one.
    fn is_awaited(&self, id: ContainerId) -> bool {
        self.awaited.contains(&id)
    }

    /// The name of the service of a container with this suffix.
    fn service(&self, container: &str, last: &str) -> String {
        names::service(&[&self.plan.id.value, container, last])
    }

    /// The name of the service of a port.
    fn port_service(&self, container: &str, label: &str) -> String {
        self.service(container, &names::label_in_service(label))
    }

    /// The name of the service of a container's address without a port.
    fn address_service(&self, container: &str) -> String {
        names::service(&[&self.plan.id.value, container])
    }
}

impl BuiltIn for Nomad {
    fn definition(&self) -> &'static Definition {
        &DEFINITION
    }

    fn lower(
        &self,
        plan: &Plan,
        options: &Options,
        templates: &Templates,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Vec<Artifact>, Failure> {
        // Destructured completely, so that a new field fails to compile until it is handled
        // here.
        let Plan { id, containers, volumes: _, start_order: _, uses: _ } = plan;
        let overlay = options.some("network").is_some();
        let scope = Scope {
            plan,
            options,
            reaches: address::reach(plan, overlay, diagnostics),
            awaited: containers
                .iter()
                .flat_map(|container| &container.dependencies)
                .map(|dependency| dependency.on)
                .collect(),
        };
        let minutes = order::deadlines(&scope);
        let mut services = Vec::new();
        let mut jobs = Vec::new();
        for (at, container) in containers.iter().enumerate() {
            match &container.kind {
                Kind::Service(_) => {
                    let minutes = minutes.get(at).copied().unwrap_or(0);
                    services.extend(container::service(
                        &scope,
                        at,
                        container,
                        minutes,
                        diagnostics,
                    ));
                }
                Kind::Job(_) => {
                    let name = names::job(&id.value, &container.id.value);
                    let lowered = container::job(&scope, at, container, diagnostics);
                    jobs.extend(
                        lowered.map(|(crons, groups)| scope.job(name, "batch", crons, groups)),
                    );
                }
            }
        }
        if !services.is_empty() {
            jobs.insert(0, scope.job(id.value.clone(), "service", Vec::new(), services));
        }
        let artifact = |path, text: String| Artifact { path, text: layout::aligned(&text) };
        let mut artifacts = Vec::new();
        for job in &jobs {
            let text = templates.render("job.nomad.hcl.j2", job)?;
            artifacts.push(artifact(format!("{}.nomad.hcl", job.id), text));
        }
        for (path, file) in volumes::files(&scope, diagnostics) {
            artifacts.push(artifact(path, templates.render("volume.hcl.j2", &file)?));
        }
        Ok(artifacts)
    }
}

impl Scope<'_> {
    fn job(&self, id: String, kind: &'static str, crons: Vec<String>, groups: Vec<Group>) -> Job {
        let option = |name| self.options.some(name).map(str::to_owned);
        let datacenters = self.options.text("datacenters");
        Job {
            id,
            kind,
            namespace: option("namespace"),
            region: option("region"),
            node_pool: option("node-pool"),
            // Nomad's default is all datacenters.
            datacenters: match datacenters {
                "*" | "" => Vec::new(),
                names => names.split(',').map(|name| name.trim().to_owned()).collect(),
            },
            crons,
            groups,
        }
    }
}

#[cfg(test)]
mod tests;
