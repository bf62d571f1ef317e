//! The order of the start: Marathon orders apps, Chronos orders jobs, and nothing orders an app
//! against a job.

use super::cluster::Cluster;
use super::names::Names;
use crate::diag::{Diagnostic, codes};
use crate::plan::{Container, ContainerId, Dependency, Job, Kind, Plan};

/// Reports what neither can keep.
pub fn check(plan: &Plan, cluster: &Cluster<'_>, diagnostics: &mut Vec<Diagnostic>) {
    for container in &plan.containers {
        for dependency in &container.dependencies {
            let Some(on) = plan.containers.get(dependency.on) else { continue };
            match (&container.kind, &on.kind) {
                (Kind::Service(_), Kind::Service(_)) => {}
                (Kind::Job(job), Kind::Job(other)) => {
                    diagnostics.extend(between_jobs(job, other, on, dependency));
                }
                (Kind::Service(_), Kind::Job(_)) | (Kind::Job(_), Kind::Service(_)) => {
                    diagnostics.push(across(container, on, dependency, cluster));
                }
            }
        }
    }
}

fn across(
    container: &Container,
    on: &Container,
    dependency: &Dependency,
    cluster: &Cluster<'_>,
) -> Diagnostic {
    let (id, other) = (&container.id.value, &on.id.value);
    let kind = |container: &Container| if container.job().is_some() { "job" } else { "service" };
    if cluster.ignore_order_across {
        let message = format!(
            "marathon: the {} `{id}` does not wait for the {} `{other}`",
            kind(container),
            kind(on)
        );
        return Diagnostic::new(&codes::APPROXIMATED, dependency.span, message)
            .help("let it wait by itself, for example in its `cmd`");
    }
    let message = format!(
        "marathon: nothing makes the {} `{id}` wait for the {} `{other}`: services run on Marathon, jobs on Chronos",
        kind(container),
        kind(on)
    );
    Diagnostic::new(&codes::NO_ORDER, dependency.span, message)
        .also(on.id.span, format!("this {}", kind(on)))
        .help("let it wait by itself, for example in its `cmd`, and remove the dependency")
        .help("or give the order up with a warning: `--option marathon.order-across-jobs=ignore`")
}

/// A job of Chronos has a schedule, or jobs that it follows each time they succeed; not both.
fn between_jobs(
    job: &Job,
    other: &Job,
    on: &Container,
    dependency: &Dependency,
) -> Option<Diagnostic> {
    let fault = |what: &str| Diagnostic::new(&codes::NO_ORDER, dependency.span, what);
    if job.is_repeating() {
        let what = "marathon: a job of Chronos that waits for another runs as often as that one, and has no schedule";
        return Some(fault(what).also(job.repeats.span, "its schedule"));
    }
    if let Some(start) = &job.start {
        let what = "marathon: a job of Chronos that waits for another has no start time";
        return Some(fault(what).also(start.span, "its start time"));
    }
    if other.is_repeating() {
        let what = format!(
            "marathon: `{}` repeats, and Chronos would run this job after each run of it",
            on.id.value
        );
        return Some(fault(&what).also(other.repeats.span, "repeats"));
    }
    None
}

/// The apps that a service waits for.
pub fn dependencies(plan: &Plan, service: &Container, names: &Names) -> Vec<String> {
    let is_service = |id: &ContainerId| {
        plan.containers.get(*id).is_some_and(|on| matches!(on.kind, Kind::Service(_)))
    };
    let on = service.dependencies.iter().map(|dependency| dependency.on);
    on.filter(is_service).map(|id| names.app(id)).collect()
}
