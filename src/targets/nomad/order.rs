//! Start order: what a container waits for, and how.
//!
//! *Started* and *succeeded* are services that are registered at that moment; the template of
//! the waiting container blocks until they are. *Healthy* is not registered: a task polls it
//! before the other tasks of its group start.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId, Dependency, Kind, Probe, Repeats};
use crate::render::{Composed, Traced};
use crate::source::{Span, Spanned};

use super::address::Variables;
use super::context::Context;
use super::model::{Group, Service, Task, Template};
use super::names;
use super::reach::Reach;
use super::strings::ConfigString;

/// Seconds between polls of a container that is not yet healthy.
const POLL_SECONDS: u32 = 2;

/// CPU in MHz of a task that only waits.
const WAITING_CPU: u64 = 20;
/// Memory in MB of a task that only waits.
const WAITING_MEMORY: u64 = 16;

/// Minutes after which an unhealthy instance fails its deployment (Nomad's default).
const DEADLINE_MINUTES: u64 = 5;

/// Minutes that the deadline of a deployment exceeds that of an instance: more than an hour, so
/// that it is also longer in whole hours.
const LONGER_MINUTES: u64 = 61;

/// Minutes within which a job is expected to succeed, for those that wait for it.
const JOB_MINUTES: u64 = 24 * 60;

/// What a container waits for.
#[derive(Debug, Default)]
pub struct Waits {
    /// Services that must be registered, and how many times.
    pub registered: Vec<(Composed, u32)>,
    /// Containers that must be healthy.
    pub healthy: Vec<Dependency>,
}

/// What a container waits for. A dependency without instances counts as ready.
pub fn waits(context: &Context<'_>, container: &Container, findings: &mut Findings) -> Waits {
    let mut waits = Waits::default();
    for dependency in &container.dependencies {
        let Some(on) = context.container(dependency.on) else { continue };
        let id = &on.id.value;
        if on.instances.value == 0 {
            continue;
        }
        let also = [on.id.span, on.instances.span, context.plan.id.span];
        let from = |service| Composed::new(service, dependency.span, also.to_vec());
        match &on.kind {
            Kind::Service(service) => match service.health.as_ref().map(|health| &health.probe) {
                Some(Probe::Http { .. } | Probe::Tcp { .. }) => waits.healthy.push(*dependency),
                Some(Probe::Command(_)) | None => {
                    waits.registered.push((from(context.service(id, names::STARTED)), 1));
                }
            },
            // Reported as an invalid schedule of the job.
            Kind::Job(job) if job.repeats.value == Repeats::Times(0) => {}
            Kind::Job(job) if job.is_repeating() => {
                let message = format!(
                    "`{}` cannot wait for `{id}`, which runs more than once",
                    container.id.value
                );
                findings.push(
                    Diagnostic::new(&codes::NO_ORDER, dependency.span, message)
                        .also(job.repeats.span, "repeats")
                        .help("a periodic job has no single run to wait for"),
                );
            }
            Kind::Job(_) => {
                let service = from(context.service(id, names::SUCCEEDED));
                waits.registered.push((service, on.instances.value));
            }
        }
    }
    waits
}

/// The task that polls the containers that must be healthy, if there are any.
///
/// It runs on the host network, as Nomad's own checks do. From Docker's network, a published
/// port accepts connections before anything listens on it.
pub fn wait_task(
    context: &Context<'_>,
    owner: &Container,
    group: &str,
    job: &str,
    own_address: bool,
    healthy: &[Dependency],
) -> Option<Task> {
    let mut variables = Variables::default();
    let mut script = Vec::new();
    let mut also = Vec::new();
    for Dependency { on, span } in healthy {
        let (Some(container), Some(reach)) = (context.container(*on), context.reach(*on)) else {
            continue;
        };
        let Some(health) = container.health() else { continue };
        let id = &container.id.value;
        let timeout = health.timing.timeout.value;
        let index = match &health.probe {
            Probe::Http { port, .. } | Probe::Tcp { port } => port,
            Probe::Command(_) => continue,
        };
        let Some(port) = reach.port_of(container, index.value) else { continue };
        let mut service = context.named(context.port_service(id, &port.label), container);
        service.also.extend([index.span, *span]);
        service.also.extend(port.label_from.place());
        service.also.extend(port.label_from.second());
        also.extend([*span, container.id.span, health.protocol.span, index.span]);
        also.extend([health.timing.timeout.span, port.container.span]);
        let variable = variables.words(id, service);
        // `$variable` expands to two words: address and port.
        let look = match &health.probe {
            Probe::Http { tls, path, .. } => {
                let (scheme, flags) = match tls {
                    true => ("https", " --no-check-certificate"),
                    false => ("http", ""),
                };
                also.push(path.span);
                let path = path.value.replace('\'', "'\\''");
                script.push(format!("set -- ${variable}"));
                format!(
                    "timeout {timeout} wget -q -O /dev/null{flags} \"{scheme}://$1:$2\"'{path}'"
                )
            }
            // Some versions of nc support -z, the others -e.
            _ => format!(
                "timeout {timeout} nc -z ${variable} 2>/dev/null || timeout {timeout} nc ${variable} -e true 2>/dev/null"
            ),
        };
        script.push(format!("echo waiting until {id} is healthy"));
        script.push(format!("until {look}; do sleep {POLL_SECONDS}; done"));
    }
    if script.is_empty() {
        return None;
    }
    let mut path = variable_path(context, job, group, names::WAIT_TASK);
    path.also.push(owner.id.span);
    let first = *also.first()?;
    let script = Composed::new(script.join("\n"), first, also);
    Some(Task {
        prestart: true,
        host_network: !own_address,
        template: variables.template(path, false),
        ..helper(context, names::WAIT_TASK, script)
    })
}

/// A helper task that runs a script.
fn helper(context: &Context<'_>, name: &str, script: Composed) -> Task {
    let from = script.from;
    let word = |word: &str| Composed::new(ConfigString::literal(word), from, Vec::new());
    Task {
        name: Composed::new(name.to_owned(), from, Vec::new()),
        prestart: false,
        services: Vec::new(),
        image: context.options.traced("wait-image").map(|image| ConfigString::literal(&image)),
        force_pull: Traced::new(false, from),
        entrypoint: vec![word("/bin/sh"), word("-c")],
        args: vec![Composed { value: ConfigString::literal(&script.value), ..script }],
        host_name: None,
        host_network: false,
        init: false,
        keep: true,
        ports: Vec::new(),
        privileged: Traced::new(false, from),
        binds: Vec::new(),
        mounts: Vec::new(),
        env: Vec::new(),
        template: None,
        volume_mounts: Vec::new(),
        cpu: Composed::new(WAITING_CPU, from, Vec::new()),
        memory: Traced::new(WAITING_MEMORY, from),
        gpu: Traced::new(0, from),
    }
}

/// A task that starts when the tasks before it have succeeded, is then registered as a service,
/// and keeps running.
pub fn marker_task(
    context: &Context<'_>,
    container: &Container,
    name: &str,
    service: &str,
) -> Task {
    let script = "while true; do sleep 86400; done".to_owned();
    let script = Composed::new(script, container.id.span, Vec::new());
    Task {
        services: vec![Service {
            name: context.named(context.service(&container.id.value, service), container),
            port: None,
            address: None,
            address_mode: None,
            check: None,
        }],
        init: true,
        ..helper(context, name, script)
    }
}

/// The group that signals that a job can start. A job that others wait for is a prestart task
/// itself, so no polling task can run before it in the same group.
pub fn gate(
    context: &Context<'_>,
    container: &Container,
    job: &str,
    waits: &Waits,
) -> Option<Group> {
    let id = &container.id.value;
    let name = format!("{id}_{}", names::READY_TASK);
    let wait = wait_task(context, container, &name, job, false, &waits.healthy)?;
    Some(Group {
        tasks: vec![wait, marker_task(context, container, names::READY_TASK, names::READY)],
        ..Group::empty(Traced::new(name, container.id.span).into())
    })
}

/// The path of a task's own Nomad variables. applc never creates one: a template blocks because
/// it does not exist.
fn variable_path(context: &Context<'_>, job: &str, group: &str, task: &str) -> Composed {
    let path = format!("nomad/jobs/{job}/{group}/{task}");
    Composed::new(path, context.plan.id.span, Vec::new())
}

/// The service of a container that has started, if another container waits for it, or of its
/// health check.
pub fn started_service(
    context: &Context<'_>,
    id: ContainerId,
    container: &Container,
    reach: &Reach,
    check: Option<(super::model::Check, Spanned<usize>)>,
) -> Option<Service> {
    if check.is_none() && !context.is_awaited(id) {
        return None;
    }
    let (check, port) = match check {
        Some((check, index)) => {
            let port = reach.port_of(container, index.value);
            (Some(check), port.map(|port| port.traced_label(vec![index.span])))
        }
        None => (None, None),
    };
    Some(Service {
        name: context.named(context.service(&container.id.value, names::STARTED), container),
        port,
        address: None,
        // A service of a task supports no other mode. A container with its own address is
        // checked at its host port.
        address_mode: None,
        check,
    })
}

/// When the instances of a container must be healthy.
#[derive(Debug, Clone, Default)]
pub struct Deadline {
    /// In minutes.
    pub minutes: u64,
    /// The places of the times that it is made of.
    pub places: Vec<Span>,
}

/// Maximum number of places that a deadline names: those of the nearest dependencies.
const MAX_PLACES: usize = 40;

/// For each container, the minutes within which its instances must become healthy: its own
/// time, and that of its dependencies.
pub fn deadlines(context: &Context<'_>) -> Vec<Deadline> {
    let plan = context.plan;
    let mut deadlines = vec![Deadline::default(); plan.containers.len()];
    for id in &plan.start_order {
        let Some(container) = plan.containers.get(*id) else { continue };
        let own = match &container.kind {
            Kind::Job(_) => JOB_MINUTES,
            Kind::Service(service) => {
                let checked = service
                    .health
                    .as_ref()
                    .filter(|health| !matches!(health.probe, Probe::Command(_)));
                let seconds = checked.map_or(0, |health| {
                    let timing = health.timing;
                    [timing.grace, timing.interval, timing.timeout]
                        .map(|time| u64::from(time.value))
                        .iter()
                        .sum()
                });
                DEADLINE_MINUTES + seconds.div_ceil(60)
            }
        };
        let timing = container.health().map(|health| health.timing);
        let times = timing.map(|timing| [timing.grace, timing.interval, timing.timeout]);
        let mut places: Vec<Span> = times.into_iter().flatten().map(|time| time.span).collect();
        let before = container
            .dependencies
            .iter()
            .filter_map(|dependency| Some((deadlines.get(dependency.on)?, dependency.span)))
            .max_by_key(|(deadline, _)| deadline.minutes);
        let mut minutes = own;
        if let Some((deadline, span)) = before {
            minutes += deadline.minutes;
            let rest = MAX_PLACES.saturating_sub(places.len() + 1);
            places.push(span);
            places.extend(deadline.places.iter().take(rest));
        }
        if let Some(slot) = deadlines.get_mut(*id) {
            *slot = Deadline { minutes, places };
        }
    }
    deadlines
}

/// The deadlines of a deployment, if they are not Nomad's defaults.
pub fn deadline(
    container: &Container,
    deadline: Option<&Deadline>,
) -> (Option<Composed>, Option<Composed>) {
    let Some(Deadline { minutes, places }) = deadline else { return (None, None) };
    let minutes = *minutes;
    if minutes <= DEADLINE_MINUTES {
        return (None, None);
    }
    let first = places.first().copied().unwrap_or(container.id.span);
    let written = |minutes: u64| {
        let written = match minutes {
            0..=120 => format!("{minutes}m"),
            more => format!("{}h", more.div_ceil(60)),
        };
        Composed::new(written, first, places.clone())
    };
    (Some(written(minutes)), Some(written(minutes + LONGER_MINUTES)))
}

/// Adds what a container waits for to the template of its task.
pub fn add_to(variables: &mut Variables, waits: &Waits) {
    variables.awaited.extend(waits.registered.iter().cloned());
}

/// The template of a container's task, if it needs one.
pub fn template(
    context: &Context<'_>,
    variables: Variables,
    job: &str,
    container: &Container,
    task: &str,
    restart: bool,
) -> Option<Template> {
    let mut path = variable_path(context, job, &container.id.value, task);
    path.also.push(container.id.span);
    variables.template(path, restart)
}
