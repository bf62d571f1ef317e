//! Start order: Marathon orders apps, Chronos orders jobs, and nothing orders an app against a
//! job.

use super::names::Names;
use super::options::Settings;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Dependency, Job, Kind, Plan};
use crate::render::Composed;

/// Reports dependencies that neither supports.
pub fn check(plan: &Plan, settings: &Settings<'_>, findings: &mut Findings) {
    for container in &plan.containers {
        for dependency in &container.dependencies {
            let Some(on) = plan.containers.get(dependency.on) else { continue };
            match (&container.kind, &on.kind) {
                (Kind::Service(_), Kind::Service(_)) => {}
                (Kind::Job(job), Kind::Job(other)) => {
                    findings.extend(between_jobs(job, other, on, dependency));
                }
                (Kind::Service(_), Kind::Job(_)) | (Kind::Job(_), Kind::Service(_)) => {
                    findings.push(across(container, on, dependency, settings));
                }
            }
        }
    }
}

fn across(
    container: &Container,
    on: &Container,
    dependency: &Dependency,
    settings: &Settings<'_>,
) -> Diagnostic {
    let (id, other) = (&container.id.value, &on.id.value);
    let kind = |container: &Container| if container.job().is_some() { "job" } else { "service" };
    if settings.ignore_order_across {
        let message =
            format!("{} `{id}` does not wait for {} `{other}`", kind(container), kind(on));
        return Diagnostic::new(&codes::APPROXIMATED, dependency.span, message)
            .help("make it wait by itself, for example in its `cmd`");
    }
    let message = format!(
        "{} `{id}` cannot wait for {} `{other}`: services run on Marathon, jobs on Chronos",
        kind(container),
        kind(on)
    );
    Diagnostic::new(&codes::NO_ORDER, dependency.span, message)
        .also(on.id.span, format!("this {}", kind(on)))
        .help("make it wait by itself, for example in its `cmd`, and remove the dependency")
        .help(
            "or ignore the dependency with a warning: `--option marathon.order-across-jobs=ignore`",
        )
}

/// A Chronos job has either a schedule, or parents after each of whose runs it runs.
fn between_jobs(
    job: &Job,
    other: &Job,
    on: &Container,
    dependency: &Dependency,
) -> Option<Diagnostic> {
    let finding = |message: &str| Diagnostic::new(&codes::NO_ORDER, dependency.span, message);
    if job.is_repeating() {
        let message = "a Chronos job that waits for another runs after each run of it, and cannot have a schedule";
        return Some(finding(message).also(job.repeats.span, "schedule"));
    }
    if let Some(start) = &job.start {
        let message = "a Chronos job that waits for another cannot have a start time";
        return Some(finding(message).also(start.span, "start time"));
    }
    if other.is_repeating() {
        let message = format!(
            "`{}` repeats, so Chronos would run this job after each of its runs",
            on.id.value
        );
        return Some(finding(&message).also(other.repeats.span, "repeats"));
    }
    None
}

/// The ids of the apps that a service waits for.
pub fn dependencies(plan: &Plan, service: &Container, names: &Names) -> Vec<Composed> {
    let app = |dependency: &Dependency| {
        let on = plan.containers.get(dependency.on)?;
        let is_service = matches!(on.kind, Kind::Service(_));
        is_service.then(|| names.app(dependency.on, dependency.span, Some(on.id.span)))
    };
    service.dependencies.iter().filter_map(app).collect()
}
