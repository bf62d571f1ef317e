//! The Nomad target: one job for all services, with a task group for each, and a batch job for
//! each job.
//!
//! What it relies on (names, registrations, how often a string is read) is tested on a real
//! agent, in `tests/conformance/test_nomad_agent.py`.

mod address;
mod capabilities;
mod container;
mod context;
mod health;
mod layout;
mod model;
mod names;
mod options;
mod order;
mod placement;
mod reach;
mod schedule;
mod strings;
mod volumes;

use include_dir::{Dir, include_dir};

use super::{Artifact, BuiltIn, Definition, Failure, Options};
use crate::diag::Findings;
use crate::plan::{Kind, Plan};
use crate::render::{RenderError, Templates};

use context::Context;
use model::{Group, Job, VolumeFile};

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

impl BuiltIn for Nomad {
    fn definition(&self) -> &'static Definition {
        &DEFINITION
    }

    fn lower(
        &self,
        plan: &Plan,
        options: &Options,
        templates: &Templates,
        findings: &mut Findings,
    ) -> Result<Vec<Artifact>, Failure> {
        let context = Context::new(plan, options, findings);
        let jobs = jobs(&context, findings);
        let volumes = volumes::files(&context, findings);
        Ok(render(&jobs, &volumes, templates)?)
    }
}

/// The Nomad jobs of the appliance: the job for all services first, if there are any.
fn jobs(context: &Context<'_>, findings: &mut Findings) -> Vec<Job> {
    // Destructured completely, so that a new field fails to compile until it is handled here.
    let Plan { id, containers, volumes: _, start_order: _, uses: _ } = context.plan;
    let minutes = order::deadlines(context);
    let mut services = Vec::new();
    let mut jobs = Vec::new();
    for (at, container) in containers.iter().enumerate() {
        match &container.kind {
            Kind::Service(_) => {
                let minutes = minutes.get(at).copied().unwrap_or(0);
                services.extend(container::service(context, at, container, minutes, findings));
            }
            Kind::Job(_) => {
                let name = names::job(&id.value, &container.id.value);
                let lowered = container::job(context, at, container, findings);
                jobs.extend(
                    lowered.map(|(crons, groups)| job(context, name, "batch", crons, groups)),
                );
            }
        }
    }
    if !services.is_empty() {
        jobs.insert(0, job(context, id.value.clone(), "service", Vec::new(), services));
    }
    jobs
}

/// A job of this kind with the settings that all jobs share.
fn job(
    context: &Context<'_>,
    id: String,
    kind: &'static str,
    crons: Vec<String>,
    groups: Vec<Group>,
) -> Job {
    let option = |name| context.options.some(name).map(str::to_owned);
    Job {
        id,
        kind,
        namespace: option("namespace"),
        region: option("region"),
        node_pool: option("node-pool"),
        datacenters: match context.options.text("datacenters") {
            // Nomad's default is all datacenters.
            "*" | "" => Vec::new(),
            names => names.split(',').map(|name| name.trim().to_owned()).collect(),
        },
        crons,
        groups,
    }
}

/// Renders the files of jobs and of volumes, the latter with their paths.
fn render(
    jobs: &[Job],
    volumes: &[(String, VolumeFile)],
    templates: &Templates,
) -> Result<Vec<Artifact>, RenderError> {
    let artifact = |path, text: String| Artifact { path, text: layout::aligned(&text) };
    let mut artifacts = Vec::new();
    for job in jobs {
        let text = templates.render("job.nomad.hcl.j2", job)?;
        artifacts.push(artifact(format!("{}.nomad.hcl", job.id), text));
    }
    for (path, file) in volumes {
        artifacts.push(artifact(path.clone(), templates.render("volume.hcl.j2", file)?));
    }
    Ok(artifacts)
}

#[cfg(test)]
mod tests;
