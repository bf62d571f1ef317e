//! The Marathon target: a group of apps for `PUT /v2/groups` of Marathon 1.11, and a Chronos 3
//! job for each job of the appliance.
//!
//! Sources are Marathon's RAML types and validation, Chronos' job reader and task builder, and
//! the documentation of the DC/OS DNS, whose names references become.

mod address;
mod apps;
mod capabilities;
mod cluster;
mod jobs;
mod model;
mod names;
mod order;
mod placement;
mod ports;
mod volumes;

#[cfg(test)]
mod tests;

use super::{Artifact, Capability, Failure, OptionSpec, Options, Target};
use crate::diag::Diagnostic;
use crate::plan::Plan;
use crate::render::{TemplateText, Templates};

use cluster::Cluster;
use names::Names;

const GROUP: &str = "group.json.j2";
const JOB: &str = "job.json.j2";
static TEMPLATES: [TemplateText; 3] = [
    (GROUP, include_str!("../../../templates/marathon/group.json.j2")),
    (JOB, include_str!("../../../templates/marathon/job.json.j2")),
    ("lines.json.j2", include_str!("../../../templates/marathon/lines.json.j2")),
];

/// The Marathon target.
pub struct Marathon;

impl Target for Marathon {
    fn name(&self) -> &'static str {
        "marathon"
    }

    fn summary(&self) -> &'static str {
        "a group for Marathon (marathon.json, for PUT /v2/groups) and a file for each Chronos job"
    }

    fn capabilities(&self) -> Vec<Capability<'_>> {
        capabilities::CAPABILITIES.to_vec()
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        cluster::OPTIONS.to_vec()
    }

    fn templates(&self) -> &'static [TemplateText] {
        &TEMPLATES
    }

    fn lower(
        &self,
        plan: &Plan,
        options: &Options,
        templates: &Templates,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Vec<Artifact>, Failure> {
        let cluster = Cluster::read(options);
        let names = Names::of(plan, &cluster, diagnostics);
        address::check(plan, diagnostics);
        order::check(plan, &cluster, diagnostics);
        volumes::check(plan, &names, &cluster, diagnostics);

        let jobs = jobs::lower(plan, &names, &cluster, diagnostics);
        let apps: Vec<_> = (0..plan.containers.len())
            .filter_map(|id| apps::lower(plan, id, &names, &cluster, diagnostics))
            .collect();

        let mut artifacts = Vec::new();
        if !apps.is_empty() || jobs.is_empty() {
            let group = model::Group { id: names.group(), apps };
            let path = "marathon.json".to_owned();
            artifacts.push(Artifact { path, text: templates.render(GROUP, &group)? });
        }
        for job in jobs {
            artifacts.push(Artifact { path: job.path, text: templates.render(JOB, &job.job)? });
        }
        Ok(artifacts)
    }
}
