//! Start order: what a container waits for, and how.
//!
//! *Started* is a service that is registered at that moment, *succeeded* a Nomad variable that is
//! written then; the template of the waiting container blocks until they exist. *Healthy* is not
//! registered: a task polls it before the other tasks of its group start.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId, Dependency, Kind, Probe, Repeats, StartTime};
use crate::render::Composed;
use crate::source::{Span, Spanned};
use crate::targets::cron::unix_time;
use crate::targets::url;

use super::address::Variables;
use super::context::Context;
use super::helper;
use super::model::{Service, Task, Template};
use super::names;
use super::reach::Reach;
use super::success::{self, Versions};

/// Seconds between polls of a container that is not yet healthy.
const POLL_SECONDS: u32 = 2;

/// Minutes after which an unhealthy instance fails its deployment (Nomad's default).
const DEADLINE_MINUTES: u64 = 5;

/// Minutes that the deadline of a deployment exceeds that of an instance: more than an hour, so
/// that it is also longer in whole hours.
const LONGER_MINUTES: u64 = 61;

/// Minutes within which a job is expected to succeed, for those that wait for it.
const JOB_MINUTES: u64 = 24 * 60;

/// What a container waits for.
#[derive(Debug, Default)]
pub struct Waits<'a> {
    /// Lines of the template of its task, which wait.
    pub lines: Vec<Composed>,
    /// Containers that must be healthy.
    pub healthy: Vec<Dependency>,
    /// The time before which it does not start.
    pub start: Option<&'a Spanned<StartTime>>,
}

/// What a container waits for. A dependency without instances counts as ready.
pub fn waits<'a>(
    context: &Context<'_>,
    container: &'a Container,
    versions: &Versions,
    findings: &mut Findings,
) -> Waits<'a> {
    let once = container.job().filter(|job| !job.is_repeating());
    let start = once.and_then(|job| job.start.as_ref());
    let mut waits = Waits { start, ..Waits::default() };
    for dependency in &container.dependencies {
        let Some(on) = context.container(dependency.on) else { continue };
        let id = &on.id.value;
        if on.instances.value == 0 {
            continue;
        }
        match &on.kind {
            Kind::Service(service) => match service.health.as_ref().map(|health| &health.probe) {
                Some(Probe::Http { .. } | Probe::Tcp { .. }) => waits.healthy.push(*dependency),
                Some(Probe::Command(_)) | None => {
                    let line = format!(
                        "{{{{ if lt (len (nomadService \"{}\")) {} }}}}{{{{ template \"wait\" }}}}{{{{ end -}}}}",
                        context.service(id, names::STARTED),
                        on.instances.value,
                    );
                    let also = vec![on.id.span, on.instances.span, context.plan.id.span];
                    waits.lines.push(Composed::new(line, dependency.span, also));
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
                waits.lines.extend(versions.wait(context, dependency.on, on, dependency.span));
            }
        }
    }
    waits
}

/// The function of the waiting script that says whether all instances of a container are healthy.
/// `look` checks one of them.
const ALL_HEALTHY: &str = r#"all_healthy() {
  found=0
  while read -r id address port; do
    [ "$id" = "$1" ] || continue
    look "$address" "$port" </dev/null || return 1
    found=$((found + 1))
  done <"$NOMAD_TASK_DIR/addresses"
  [ "$found" -ge "$2" ]
}"#;

/// The task that waits for a start time, and until other containers are healthy. `None` if there
/// is nothing to wait for. `signals` says whether another task of the allocation waits for it.
///
/// It runs on the host network, as Nomad's own checks do. From Docker's network, a published
/// port accepts connections before anything listens on it.
pub fn wait_task(
    context: &Context<'_>,
    owner: &Container,
    own_address: bool,
    waits: &Waits<'_>,
    signals: bool,
) -> Option<Task> {
    let mut script = Vec::new();
    let mut also = Vec::new();
    let mut lines = Vec::new();
    if let Some(Spanned { value: start, span }) = waits.start {
        also.push(*span);
        script.push(format!("echo waiting for {}", start.text));
        let time = unix_time(start);
        script.push(format!("until [ \"$(date +%s)\" -ge {time} ]; do sleep 1; done"));
    }
    if !waits.healthy.is_empty() {
        script.push(ALL_HEALTHY.to_owned());
    }
    for dependency in &waits.healthy {
        let polled = poll(context, dependency);
        let Some((lines_of, text, places)) = polled else { continue };
        lines.push(lines_of);
        script.push(text);
        also.extend(places);
    }
    let first = *also.first()?;
    if signals {
        also.push(owner.id.span);
        script.push(success::allow_start(context, owner));
    }
    let image = if signals { "record-image" } else { "wait-image" };
    let script = Composed::new(script.join("\n"), first, also);
    Some(Task {
        prestart: true,
        identity: signals,
        host_network: !own_address && !lines.is_empty(),
        template: (!lines.is_empty()).then_some(Template::addresses(lines)),
        ..helper::task(context, names::WAIT_TASK, image, script)
    })
}

/// What waits until a dependency is healthy: the line of the template that writes its addresses,
/// and the part of the script, with the places that it is made of.
fn poll(context: &Context<'_>, dependency: &Dependency) -> Option<(Composed, String, Vec<Span>)> {
    let Dependency { on, span } = dependency;
    let (container, reach) = (context.container(*on)?, context.reach(*on)?);
    let health = container.health()?;
    let id = &container.id.value;
    let timeout = health.timing.timeout.value;
    let index = match &health.probe {
        Probe::Http { port, .. } | Probe::Tcp { port } => port,
        Probe::Command(_) => return None,
    };
    let port = reach.port_of(container, index.value)?;
    let service = context.port_service(id, &port.label);
    let line = format!(
        "{{{{ range nomadService \"{service}\" }}}}{id} {{{{ .Address }}}} {{{{ .Port }}}}{{{{ \"\\n\" }}}}{{{{ end -}}}}"
    );
    let mut line = context.named(line, container);
    line.also.extend([index.span, *span]);
    line.also.extend(port.label_from.place());
    line.also.extend(port.label_from.second());
    let mut places = vec![*span, container.id.span, health.protocol.span, index.span];
    places.extend([health.timing.timeout.span, port.container.span, container.instances.span]);
    let look = match &health.probe {
        Probe::Http { tls, path, .. } => {
            let (scheme, flags) = match tls {
                true => ("https", " --no-check-certificate"),
                false => ("http", ""),
            };
            places.push(path.span);
            let path = url::path(&path.value).replace("'", "'\\''");
            format!("timeout {timeout} wget -q -O /dev/null{flags} \"{scheme}://$1:$2\"'{path}'")
        }
        // Some versions of nc support -z, the others -e.
        _ => format!(
            "timeout {timeout} nc -z \"$1\" \"$2\" 2>/dev/null || timeout {timeout} nc \"$1\" \"$2\" -e true 2>/dev/null"
        ),
    };
    let instances = container.instances.value;
    let script = format!(
        "look() {{ {look}; }}\n\
         echo waiting until {id} is healthy\n\
         until all_healthy {id} {instances}; do sleep {POLL_SECONDS}; done"
    );
    Some((line, script, places))
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
pub fn add_to(variables: &mut Variables, waits: &Waits<'_>) {
    variables.awaited.extend(waits.lines.iter().cloned());
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
    variables.template(own_path(context, job, container, task), restart)
}

/// The path of the Nomad variables of a container's task.
pub fn own_path(context: &Context<'_>, job: &str, container: &Container, task: &str) -> Composed {
    let mut path = variable_path(context, job, &container.id.value, task);
    path.also.push(container.id.span);
    path
}
