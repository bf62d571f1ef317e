//! The Compose target: one `compose.yaml`, for Docker Compose 2.20 and later on one machine.
//!
//! What Compose and the engine do with each key was seen on them; the tests in
//! `tests/conformance` keep watching it.

mod capabilities;
mod health;
mod instances;
mod model;
mod network;
mod services;
#[cfg(test)]
mod tests;
mod volumes;

use super::{Artifact, Capability, Failure, OptionKind, OptionSpec, Options, Target, names};
use crate::diag::Diagnostic;
use crate::plan::Plan;
use crate::render::{TemplateText, Templates};

/// The Compose target.
pub struct Compose;

const NAME: &str = "compose";

const TEMPLATE: &str = "compose.yaml.j2";

static TEMPLATES: [TemplateText; 1] =
    [(TEMPLATE, include_str!("../../../templates/compose/compose.yaml.j2"))];

const OPTIONS: &[OptionSpec<'static>] = &[
    OptionSpec {
        name: services::GPU_DRIVER,
        kind: OptionKind::Text,
        default: "nvidia",
        meaning: "the engine's device driver that gives containers their GPUs",
    },
    OptionSpec {
        name: health::START_INTERVAL,
        kind: OptionKind::Integer(0, 3600),
        default: "0",
        meaning: "seconds between health checks in the grace period, so that dependents need not wait a whole interval; 0 for no difference; needs Docker Engine 25",
    },
    OptionSpec {
        name: volumes::DRIVER,
        kind: OptionKind::Text,
        default: volumes::DEFAULT_DRIVER,
        meaning: "the engine's volume driver for the appliance's own volumes",
    },
];

impl Target for Compose {
    fn name(&self) -> &'static str {
        NAME
    }

    fn summary(&self) -> &'static str {
        "one compose.yaml, for Docker Compose on one machine"
    }

    fn capabilities(&self) -> Vec<Capability<'_>> {
        capabilities::TABLE.to_vec()
    }

    fn options(&self) -> Vec<OptionSpec<'_>> {
        OPTIONS.to_vec()
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
        let file = file(plan, options, diagnostics);
        let text = templates.render(TEMPLATE, &file)?;
        Ok(vec![Artifact { path: "compose.yaml".to_owned(), text }])
    }
}

/// Lowers the plan.
fn file(plan: &Plan, options: &Options, diagnostics: &mut Vec<Diagnostic>) -> model::File {
    // Taken apart completely, so that a new field has to be thought of here. Compose finds
    // the start order itself; what is used is reported from the table.
    let Plan { id, containers, volumes, start_order: _, uses: _ } = plan;
    let name = project_name(&id.value);
    names::check(NAME, "project", usize::MAX, [(id, name.clone())], diagnostics);
    let split = instances::Split::of(plan, diagnostics);
    services::check_names(split.all_names(containers), diagnostics);
    let network = network::Network::of(plan, diagnostics);
    let mut services = Vec::new();
    for (id, container) in containers.iter().enumerate() {
        let context = services::Context { plan, network: &network, split: &split, options, id };
        services.extend(services::services(&context, container, diagnostics));
    }
    let volumes =
        volumes.iter().map(|volume| volumes::volume(volume, options, diagnostics)).collect();
    model::File { name, services, volumes }
}

/// The name of the project, as Compose itself would write it: in lower case, and with a
/// letter or digit first. Of what is in an id nothing else is in the way.
fn project_name(id: &str) -> String {
    id.trim_start_matches('-').to_ascii_lowercase()
}

/// A string that Compose reads as `text`: of what stands in a value it expands `$` alone,
/// and takes `$$` for a plain one.
fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}
