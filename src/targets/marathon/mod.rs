//! The Marathon target: a group of apps for `PUT /v2/groups` of Marathon 1.11, and a Chronos 3
//! job for each job of the appliance.
//!
//! Sources are Marathon's RAML types and validation, Chronos' job reader and task builder, and
//! the documentation of the DC/OS DNS, whose names references become.

mod address;
mod apps;
mod capabilities;
mod jobs;
mod model;
mod names;
mod options;
mod order;
mod parameters;
mod placement;
mod ports;
mod repeat;
mod secrets;
mod volumes;

#[cfg(test)]
mod tests;

use include_dir::{Dir, include_dir};

use super::{BuiltIn, Claim, Definition, FileModel, Lowered, Options, Part, build};
use crate::diag::Findings;
use crate::plan::{Container, Plan};
use crate::render::Model;
use crate::source::Span;

use jobs::JobFile;
use names::Names;
pub use names::group_id;
use options::Settings;

const GROUP: &str = "group.json.j2";
const JOB: &str = "job.json.j2";

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/marathon");

static DEFINITION: Definition = Definition {
    name: "marathon",
    summary: "a group for Marathon (marathon.json, for PUT /v2/groups) and a file for each Chronos job",
    capabilities: capabilities::CAPABILITIES,
    options: options::OPTIONS,
    templates: &TEMPLATES,
};

/// The Marathon target.
pub struct Marathon;

impl BuiltIn for Marathon {
    fn definition(&self) -> &'static Definition {
        &DEFINITION
    }

    fn files(&self, plan: &Plan, options: &Options, findings: &mut Findings) -> Lowered {
        let settings = Settings::read(options);
        let names = Names::of(plan, &settings, findings);
        address::check(plan, findings);
        build::check(plan, findings);
        order::check(plan, &settings, findings);
        volumes::check(plan, &names, &settings, findings);

        let jobs = jobs::lower(plan, &names, &settings, findings);
        let apps: Vec<_> = (0..plan.containers.len())
            .filter_map(|id| apps::lower(plan, id, &names, &settings, findings))
            .map(|(owner, mut app)| {
                app.shrink();
                (owner, app)
            })
            .collect();

        let mut files = Vec::new();
        // The names of virtual addresses, volumes and secrets are unique as that of the group is. Apps may
        // be on several agents, so that host ports are no claims.
        let claim = |kind: &'static str, name: &str, span| Claim {
            kind: kind.into(),
            within: None,
            name: name.into(),
            span,
        };
        let jobs_of = |file: &JobFile| claim("Chronos job", &file.job.name.value, file.owner);
        let mut claims: Vec<Claim> = jobs.iter().map(jobs_of).collect();
        if !apps.is_empty() || jobs.is_empty() {
            let group = model::Group { id: names.group(), apps: apps.into() };
            claims.insert(0, claim("group", &group.id.value, plan.id.span));
            files.push(FileModel::of("marathon.json", Part::new(GROUP, group, plan.id.span)));
        }
        let job = |JobFile { path, job, owner }| FileModel::of(path, Part::new(JOB, job, owner));
        files.extend(jobs.into_iter().map(job));
        Lowered { files, claims }
    }

    fn addresses(&self, plan: &Plan, options: &Options) -> Vec<(Span, String)> {
        let names = Names::of(plan, &Settings::read(options), &mut Findings::new());
        let of = |container: &Container| -> Vec<(Span, String)> {
            let references = container.references();
            references.map(|one| (one.span, address::of(one, container, plan, &names))).collect()
        };
        plan.containers.iter().flat_map(of).collect()
    }
}
