//! The Nomad target: one job for all services, with a task group for each, and a batch job for
//! each job.
//!
//! What it relies on (names, registrations, how often a string is read) is tested on a real
//! agent, in `tests/conformance/test_nomad_agent.py`.

mod address;
mod capabilities;
mod claims;
mod container;
mod context;
mod file;
mod files;
mod health;
mod helper;
mod layout;
mod model;
mod names;
mod network;
mod options;
mod order;
mod placement;
mod reach;
mod schedule;
mod secrets;
mod strings;
mod success;
mod volumes;

use std::collections::{BTreeMap, HashSet};

use include_dir::{Dir, include_dir};

use super::{BuiltIn, Claim, Definition, FileModel, Lowered, Options, Part, build};
use crate::diag::Findings;
use crate::plan::{Container, Kind, Plan};
use crate::render::{Composed, Model, Origin, Traced};
use crate::source::Span;
use crate::targets::origins;

use address::References;
use context::Context;
use model::{Group, Job};
use success::Versions;

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

    fn files(&self, plan: &Plan, options: &Options, findings: &mut Findings) -> Lowered {
        let context = Context::new(plan, options, findings);
        build::check(plan, findings);
        let jobs = jobs(&context, findings);
        let volumes = volumes::files(&context, findings);
        let claims = jobs.iter().map(|(owner, job)| claim(*owner, job)).collect();
        let file =
            |path, part| FileModel { layout: Some(layout::alignment), ..FileModel::of(path, part) };
        let mut paths = Paths::default();
        let mut files = Vec::new();
        for (owner, job) in jobs {
            let path = paths.free(&job.id.value, ".nomad.hcl");
            files.push(file(path, Part::new("job.nomad.hcl.j2", job, owner)));
        }
        for (owner, stem, volume) in volumes {
            let path = paths.free(&stem, ".volume.hcl");
            files.push(file(path, Part::new("volume.hcl.j2", volume, owner)));
        }
        Lowered { files, claims }
    }

    fn addresses(&self, plan: &Plan, options: &Options) -> Vec<(Span, String)> {
        let context = Context::new(plan, options, &mut Findings::new());
        let of = |(id, container): (usize, &Container)| -> Vec<(Span, String)> {
            let references = References::of(&context, id);
            container.references().map(|one| (one.span, references.described(one))).collect()
        };
        plan.containers.iter().enumerate().flat_map(of).collect()
    }
}

/// The paths of files, which are different files on systems that ignore case, too: `a` and `A` are two ids.
#[derive(Default)]
struct Paths {
    /// In lower case.
    taken: HashSet<String>,
}

impl Paths {
    fn free(&mut self, stem: &str, ending: &str) -> String {
        let mut path = format!("{stem}{ending}");
        let mut number = 2;
        while !self.taken.insert(path.to_ascii_lowercase()) {
            path = format!("{stem}-{number}{ending}");
            number += 1;
        }
        path
    }
}

/// What a job claims in a cluster: its id, in its namespace. Fixed ports are not among it, as
/// jobs may be on several nodes.
fn claim(owner: Span, job: &Job) -> Claim {
    let scope: Vec<&str> = [&job.region, &job.namespace]
        .into_iter()
        .flatten()
        .map(|name| name.value.as_str())
        .collect();
    let within = (!scope.is_empty()).then(|| scope.join("/").into());
    Claim { kind: "job".into(), within, name: job.id.value.as_str().into(), span: owner }
}

/// The Nomad jobs of the appliance: the job for all services first, if there are any. Each comes
/// with the place of the id of what it is for.
fn jobs(context: &Context<'_>, findings: &mut Findings) -> Vec<(Span, Job)> {
    // Destructured completely, so that a new field fails to compile until it is handled here.
    let Plan { id, containers, volumes: _, start_order, uses: _ } = context.plan;
    let deadlines = order::deadlines(context);
    let mut versions = Versions::default();
    let mut services = BTreeMap::new();
    let mut jobs = BTreeMap::new();
    // What waits for a job must know its version.
    for at in start_order {
        let Some(container) = containers.get(*at) else { continue };
        let kind = |kind| Traced::new(kind, origins::kind(container));
        match &container.kind {
            Kind::Service(_) => {
                let deadline = deadlines.get(*at);
                let group =
                    container::service(context, *at, container, deadline, &versions, findings);
                services.extend(group.map(|mut group| {
                    group.shrink();
                    (*at, (container.id.span, group))
                }));
            }
            Kind::Job(_) => {
                let name = names::job(&id.value, &container.id.value);
                let owner = container.id.span;
                let lowered = container::job(context, *at, container, &mut versions, findings);
                jobs.extend(lowered.map(|(crons, group)| {
                    let groups = vec![(owner, group)];
                    let name = Traced::new(name, Origin::from(owner).and(id.span));
                    (
                        *at,
                        (
                            owner,
                            Job {
                                time_zone: schedule::time_zone(container),
                                ..job(context, name, kind("batch"), crons, groups)
                            },
                        ),
                    )
                }));
            }
        }
    }
    success::report_access(context, &versions, findings);
    secrets::report_access(context, findings);
    let first = containers.iter().find(|container| container.job().is_none());
    let services: Vec<_> = services.into_values().collect();
    let of_services = first.filter(|_| !services.is_empty()).map(|first| {
        let kind = Traced::new("service", origins::kind(first));
        (id.span, job(context, id.into(), kind, Vec::new(), services))
    });
    of_services.into_iter().chain(jobs.into_values()).collect()
}

/// A job of this kind with the settings that all jobs share.
fn job(
    context: &Context<'_>,
    id: Traced<String>,
    kind: Traced<&'static str>,
    crons: Vec<Composed>,
    groups: Vec<(Span, Group)>,
) -> Job {
    let option = |name| context.options.some_traced(name);
    Job {
        id,
        kind,
        namespace: option("namespace"),
        region: option("region"),
        node_pool: option("node-pool"),
        datacenters: match context.options.text("datacenters") {
            // Nomad's default is all datacenters.
            "*" | "" => Vec::new(),
            names => {
                let from = context.options.origin("datacenters");
                let name = |name: &str| Traced::new(name.trim().to_owned(), from);
                names.split(',').map(name).collect()
            }
        },
        appliance: (&context.plan.id).into(),
        crons,
        time_zone: None,
        groups: groups.into(),
    }
}

#[cfg(test)]
mod tests;
