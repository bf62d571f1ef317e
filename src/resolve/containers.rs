//! A container: its strings, dependencies, mounts, and the fields of its kind.

use std::collections::HashSet;

use crate::diag::{Diagnostic, Findings, codes};
use crate::image;
use crate::model;
use crate::plan::{
    Command, Container, ContainerId, Dependency, EnvVar, Job, Kind, Program, Repeats, Service, Text,
};
use crate::source::Spanned;
use crate::syntax::Member;

use super::lookup::Lookup;
use super::text::owned;
use super::{cron, extras, health, placement, ports, schedule, text, volumes};

/// Resolves a container. Its level and referrers are set once all containers are resolved.
pub fn resolve(
    container: &model::Container<'_>,
    lookup: &Lookup<'_>,
    findings: &mut Findings,
) -> Container {
    // Both are an error, which the schema reports; then the arguments are still checked.
    let args = container.args.iter().map(|arg| text::scalar(arg, lookup, findings)).collect();
    if let Some(first) = container.entrypoint.first().filter(|first| first.as_str() == Some("")) {
        findings.add(&codes::BAD_FORMAT, |code| {
            Diagnostic::new(code, first.span, "the program of `entrypoint` cannot be empty")
                .help("name a program; without `entrypoint`, the image's own runs")
        });
    }
    let entrypoint: Box<[Text]> =
        container.entrypoint.iter().map(|word| text::scalar(word, lookup, findings)).collect();
    let command = match container.cmd {
        Some(script) => Command::Shell(text::scalar(script, lookup, findings).into()),
        None if entrypoint.is_empty() => Command::Image(args),
        None => Command::Program(Box::new(Program { entrypoint, args })),
    };
    let env: Box<[EnvVar]> = container
        .env
        .iter()
        .map(|Member { key, value }| EnvVar {
            name: key.clone(),
            value: text::scalar(value, lookup, findings),
        })
        .collect();
    image::check(container.image, lookup.source_of(container.image.span), findings);
    command.texts().for_each(|text| text::check_length(text, None, findings));
    for variable in &env {
        text::check_length(&variable.value, Some(&variable.name.value), findings);
    }
    ports::check_listed(container, findings);
    let kind = match &container.kind {
        model::Kind::Service(service) => Kind::Service(Service {
            health: health::resolve(service, container, lookup, findings).map(Box::new),
            minimum_capacity: service.minimum_capacity,
        }),
        model::Kind::Job(job) => Kind::Job(Box::new(self::job(job, lookup, findings))),
    };
    let (placement, preemptible) = placement::resolve(&container.hints);
    Container {
        id: owned(container.id),
        kind,
        kind_span: container.kind_span,
        image: owned(container.image),
        resources: container.resources.clone(),
        instances: container.instances,
        command,
        extras: extras::resolve(container, lookup, findings).map(Box::new),
        env,
        mounts: volumes::mounts(container, lookup, findings).into(),
        network: container.network_mode,
        ports: container.ports.as_slice().into(),
        privileged: container.is_privileged,
        force_pull: container.force_pull_image,
        dependencies: dependencies(container, lookup, findings).into(),
        placement: placement.map(Box::new),
        preemptible,
        level: 0,
        referrers: Box::default(),
    }
}

fn job(job: &model::Job<'_>, lookup: &Lookup<'_>, findings: &mut Findings) -> Job {
    let schedule = cron::resolve(job, lookup, findings);
    Job {
        retries: job.retries,
        repeats: match &schedule {
            Some(schedule) => Spanned::new(Repeats::Forever, schedule.cron.span),
            None => Spanned::new(repeats(job.repeats.value), job.repeats.span),
        },
        // The schema reports what cannot be used with a schedule.
        start: job
            .start_time
            .filter(|_| job.schedule.is_none())
            .and_then(|start| schedule::start(start, findings)),
        interval: schedule::interval(job, findings),
        schedule,
    }
}

fn repeats(written: i64) -> Repeats {
    // The schema rejects every negative number except -1.
    u32::try_from(written).map_or(Repeats::Forever, Repeats::Times)
}

fn dependencies(
    container: &model::Container<'_>,
    lookup: &Lookup<'_>,
    findings: &mut Findings,
) -> Vec<Dependency> {
    let mut dependencies: Vec<Dependency> = Vec::with_capacity(container.dependencies.len());
    // Few are compared with each other.
    let mut known = HashSet::new();
    let is_long = container.dependencies.len() > 16;
    let mut is_new = |on: ContainerId, before: &[Dependency]| match is_long {
        true => known.insert(on),
        false => before.iter().all(|other| other.on != on),
    };
    for id in &container.dependencies {
        if id.value == container.id.value {
            findings.add(&codes::SELF_DEPENDENCY, |code| {
                let message = format!("`{}` depends on itself", id.value);
                Diagnostic::new(code, id.span, message)
                    .help("remove it; a reference to itself (`@id`) does not require a dependency")
            });
            continue;
        }
        let Some(on) = lookup.containers.get(id.value).copied() else {
            if lookup.complete {
                findings.add(&codes::UNKNOWN_DEPENDENCY, |_| unknown(*id, container, lookup));
            }
            continue;
        };
        if is_new(on, &dependencies) {
            dependencies.push(Dependency { on, span: id.span });
        }
    }
    dependencies
}

fn unknown(id: Spanned<&str>, container: &model::Container<'_>, lookup: &Lookup<'_>) -> Diagnostic {
    let message = format!("dependency on unknown container `{}`", id.value);
    let diagnostic = Diagnostic::new(&codes::UNKNOWN_DEPENDENCY, id.span, message);
    let bare = id.value.strip_prefix('@').unwrap_or(id.value);
    let Some(similar) = lookup.similar(bare, &lookup.containers) else {
        return diagnostic.label("not found in this appliance");
    };
    match container.dependencies.iter().find(|other| other.value == similar) {
        Some(other) => diagnostic
            .label(format!("did you mean `{similar}`?"))
            .also(other.span, "it is listed, too"),
        None if similar == container.id.value => diagnostic.label("not found in this appliance"),
        None => diagnostic
            .label(format!("did you mean `{similar}`?"))
            .likely_edit(id.span, format!("\"{similar}\"")),
    }
}
