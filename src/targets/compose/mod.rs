//! The Compose target: one `compose.yaml` for Docker Compose 2.20 or later on one machine.
//!
//! What Compose and the engine do with each key was observed on real versions, and is checked
//! by the tests in `tests/conformance`.

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
        meaning: "the engine's device driver for GPUs",
    },
    OptionSpec {
        name: health::START_INTERVAL,
        kind: OptionKind::Integer(0, 3600),
        default: "0",
        meaning: "seconds between health checks in the grace period, so that dependents start sooner; 0 uses the normal interval; requires Docker Engine 25",
    },
    OptionSpec {
        name: volumes::DRIVER,
        kind: OptionKind::Text,
        default: volumes::DEFAULT_DRIVER,
        meaning: "the engine's volume driver for project volumes",
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

/// Lowers the plan to a Compose file.
fn file(plan: &Plan, options: &Options, diagnostics: &mut Vec<Diagnostic>) -> model::File {
    // Destructured completely, so that a new field fails to compile until it is handled here.
    // Compose derives the start order, and `uses` is reported from the capability table.
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

/// The project name, as Compose normalizes it: lower case, starting with a letter or a digit.
/// All other characters of an id are valid.
fn project_name(id: &str) -> String {
    id.trim_start_matches('-').to_ascii_lowercase()
}

/// Escapes a string for Compose, which interpolates only `$` in a value and reads `$$` as `$`.
fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}
