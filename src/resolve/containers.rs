//! One container: its strings, dependencies, mounts and what its kind has.

use std::collections::HashMap;

use crate::diag::{Diagnostic, codes};
use crate::model::{self, Hints};
use crate::plan::{
    Command, Container, Dependency, EnvVar, Job, Kind, Placement, PlacementLevel, Repeats, Service,
};
use crate::source::{Span, Spanned};

use super::{Scope, health, owned, ports, schedule, text, volumes};

/// Resolves a container. Its level and referrers are filled in when all are known.
pub fn resolve(
    container: &model::Container<'_>,
    scope: &Scope<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Container {
    let command = match container.cmd {
        Some(script) => Command::Shell(text::scalar(script, scope, diagnostics)),
        None => Command::Image(
            container.args.iter().map(|arg| text::scalar(arg, scope, diagnostics)).collect(),
        ),
    };
    let env = container
        .env
        .iter()
        .map(|(name, value)| EnvVar {
            name: owned(*name),
            value: text::scalar(value, scope, diagnostics),
        })
        .collect();
    ports::check_listed(container, diagnostics);
    let kind = match &container.kind {
        model::Kind::Service(service) => Kind::Service(Service {
            health: health::resolve(service, container, scope, diagnostics),
            minimum_capacity: service.minimum_capacity,
        }),
        model::Kind::Job(job) => Kind::Job(Job {
            retries: job.retries,
            repeats: Spanned::new(repeats(job.repeats.value), job.repeats.span),
            start: job.start_time.and_then(|start| schedule::start(start, diagnostics)),
            interval: schedule::interval(job, diagnostics),
        }),
    };
    let (placement, preemptible) = placed(&container.hints);
    Container {
        id: owned(container.id),
        kind,
        image: owned(container.image),
        resources: container.resources.clone(),
        instances: container.instances,
        command,
        env,
        mounts: volumes::mounts(&container.volumes, scope, diagnostics),
        network: container.network_mode,
        ports: container.ports.clone(),
        privileged: container.is_privileged,
        force_pull: container.force_pull_image,
        dependencies: dependencies(container, scope, diagnostics),
        placement,
        preemptible,
        level: 0,
        referrers: Vec::new(),
    }
}

fn repeats(written: i64) -> Repeats {
    // Everything below 0 but -1 has been refused by the schema.
    u32::try_from(written).map_or(Repeats::Forever, Repeats::Times)
}

/// The most specific placement, and whether the nodes may be taken away.
pub fn placed(hints: &Hints) -> (Option<Placement>, Option<Spanned<bool>>) {
    let Hints { cloud, region, zone, host, preemptible } = hints;
    let levels = [
        (PlacementLevel::Host, host),
        (PlacementLevel::Zone, zone),
        (PlacementLevel::Region, region),
        (PlacementLevel::Cloud, cloud),
    ];
    let placement =
        levels.into_iter().find_map(|(level, name)| Some(Placement { level, name: name.clone()? }));
    (placement, *preemptible)
}

fn dependencies(
    container: &model::Container<'_>,
    scope: &Scope<'_>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Dependency> {
    let mut known: HashMap<usize, Span> = HashMap::new();
    let mut dependencies = Vec::new();
    for id in &container.dependencies {
        if id.value == container.id.value {
            let message = format!("`{}` depends on itself", id.value);
            diagnostics
                .push(Diagnostic::new(&codes::SELF_DEPENDENCY, id.span, message).help(
                    "remove it; a container may refer to itself without depending on itself",
                ));
            continue;
        }
        let Some(on) = scope.containers.get(id.value).copied() else {
            if scope.complete {
                diagnostics.push(unknown(*id, scope));
            }
            continue;
        };
        if known.insert(on, id.span).is_none() {
            dependencies.push(Dependency { on, span: id.span });
        }
    }
    dependencies
}

fn unknown(id: Spanned<&str>, scope: &Scope<'_>) -> Diagnostic {
    let message = format!("no container of this appliance has the id `{}`", id.value);
    let diagnostic = Diagnostic::new(&codes::UNKNOWN_DEPENDENCY, id.span, message);
    let bare = id.value.strip_prefix('@').unwrap_or(id.value);
    match scope.near(bare, &scope.containers) {
        Some(near) => diagnostic
            .label(format!("did you mean `{near}`?"))
            .likely_edit(id.span, format!("\"{near}\"")),
        None => diagnostic.label("unknown id"),
    }
}
