//! The Compose target: one `compose.yaml` for Docker Compose 2.20 or later on one machine.
//!
//! What Compose and the engine do with each key was observed on real versions, and is checked
//! by the tests in `tests/conformance`.

mod beside;
mod build;
mod capabilities;
mod claims;
mod context;
mod files;
mod health;
mod instances;
mod model;
mod network;
mod options;
mod secrets;
mod services;
mod size;
#[cfg(test)]
mod tests;
mod volumes;

pub use options::PROJECT_DIRECTORY;

use ecow::EcoString;
use include_dir::{Dir, include_dir};

use super::{BuiltIn, Claim, Definition, FileModel, Lowered, Options, Part, names};
use crate::diag::Findings;
use crate::plan::{Container, Plan, SecretValue};
use crate::render::{Model, Traced};
use crate::source::{Span, Spanned};

/// The Compose target.
pub struct Compose;

const NAME: &str = "compose";

const TEMPLATE: &str = "compose.yaml.j2";

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates/compose");

static DEFINITION: Definition = Definition {
    name: NAME,
    summary: "one compose.yaml, for Docker Compose on one machine",
    capabilities: capabilities::CAPABILITIES,
    options: options::OPTIONS,
    templates: &TEMPLATES,
};

impl BuiltIn for Compose {
    fn definition(&self) -> &'static Definition {
        &DEFINITION
    }

    fn files(&self, plan: &Plan, options: &Options, findings: &mut Findings) -> Lowered {
        let (file, claims) = file(plan, options, findings);
        let part = Part::new(TEMPLATE, file, plan.id.span);
        Lowered { files: vec![FileModel::of("compose.yaml", part)], claims }
    }

    fn addresses(&self, plan: &Plan, _: &Options) -> Vec<(Span, String)> {
        let mut told = Findings::new();
        let name = checked_project_name(&plan.id, &mut told);
        let split = instances::Split::of(plan, &mut told);
        let network = network::Network::of(plan, &split, &name, &mut told);
        let of = |(from, container): (usize, &Container)| -> Vec<(Span, String)> {
            let references = container.references();
            references.map(|one| (one.span, network.address(from, one))).collect()
        };
        plan.containers.iter().enumerate().flat_map(of).collect()
    }
}

/// Lowers the plan to a Compose file, and what it claims on the machine.
fn file(plan: &Plan, options: &Options, findings: &mut Findings) -> (model::File, Vec<Claim>) {
    // Destructured completely, so that a new field fails to compile until it is handled here.
    // Compose derives the start order, and `uses` is reported from the capability table.
    let Plan { id, containers, volumes, start_order: _, uses: _ } = plan;
    let name = checked_project_name(id, findings);
    let split = instances::Split::of(plan, findings);
    services::check_names(split.all_names(containers), findings);
    let network = network::Network::of(plan, &split, &name, findings);
    beside::check(plan, options, findings);
    let secrets = secrets::Variables::of(plan);
    let builders = build::Builders::of(plan);
    let mut services = Vec::with_capacity(containers.len());
    let mut configs = Vec::new();
    for (id, container) in containers.iter().enumerate() {
        let context = context::Context {
            plan,
            network: &network,
            split: &split,
            secrets: &secrets,
            builders: &builders,
            options,
            id,
        };
        configs.extend(files::configs(&context, container, findings));
        let lowered = services::services(&context, container, findings);
        for mut service in lowered {
            service.shrink();
            services.push((container.id.span, service));
        }
    }
    let volumes: Vec<_> =
        volumes.iter().map(|v| (v.id.span, volumes::volume(v, options, findings))).collect();
    let secrets = secrets::secrets(plan, &secrets);
    size::check(id, &services, &volumes, (configs.len(), secrets.len()), findings);
    let claims = claims::of(plan, &name, &network);
    let file = model::File {
        name: Traced::new(name, plan.id.span),
        services: services.into(),
        volumes: volumes.into(),
        configs: configs.into(),
        secrets: secrets.into(),
    };
    (file, claims)
}

/// The variable that Compose reads a value of the secret store from, for each value of an appliance.
pub fn secret_variables(plan: &Plan) -> Vec<(&SecretValue, String)> {
    let variables = secrets::Variables::of(plan);
    let extras = plan.containers.iter().map(|container| container.extras());
    let values = extras.flat_map(|extras| extras.secrets());
    values.map(|value| (value, variables.name(value).to_owned())).collect()
}

/// The name of the project of the appliance with this id: lower case, starting with a letter or a digit, as Compose normalizes it.
///
/// Hyphens become underscores, which no id contains. Compose names a container
/// `PROJECT-SERVICE-NUMBER`; with hyphens in the project, the service `c` of the appliance `a-b`
/// and the service `b-c` of the appliance `a` would have the same name.
pub fn project_name(id: &str) -> String {
    in_lower_case(id).replace('-', "_")
}

fn in_lower_case(id: &str) -> String {
    id.trim_start_matches('-').to_ascii_lowercase()
}

/// The same, with the findings of a name that is changed or empty. Hyphens are no finding.
fn checked_project_name(id: &Spanned<EcoString>, findings: &mut Findings) -> String {
    names::check("project", usize::MAX, [(id, in_lower_case(&id.value))], findings);
    project_name(&id.value)
}

/// Escapes a string for Compose, which interpolates only `$` in a value and reads `$$` as `$`.
fn escaped(text: &str) -> String {
    text.replace('$', "$$")
}
