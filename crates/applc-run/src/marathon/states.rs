//! Marathon's apps and tasks in PIVOT's words.

use crate::state::{Endpoint, Fault, FaultKind, Instance, State, Times};

use super::api::{App, CONTAINER, Failure, Offers, Port, Queued, Task};
use super::faults;

/// What is known about an app beside what Marathon says of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Look<'a> {
    /// What waits of it for a place.
    pub queued: Option<&'a Queued>,
    /// Whether it has waited for a place for long enough.
    pub is_unplaceable: bool,
    /// How often a task of it has failed since it was handed over.
    pub restarts: u32,
    /// Whether its last failure is from before it was handed over.
    pub is_mended: bool,
}

/// The instances of an app: its tasks, and one that stands for all that have no task. That one has the id of
/// the app as its name.
pub fn instances(app: &App, look: Look<'_>) -> Vec<Instance> {
    let container = app.labels.get(CONTAINER).cloned().unwrap_or_default();
    let failure = failure(app).filter(|_| !look.is_mended);
    let lasting = failure.and_then(|failure| faults::lasting(failure, &app.container.docker.image));
    let stays = |task: &&Task| task.state != "TASK_KILLING";
    let staying = app.tasks.iter().filter(stays).count();
    let wanted = usize::try_from(app.instances).unwrap_or(usize::MAX);
    let shown = app.tasks.iter().filter(|task| stays(task) || staying < wanted);
    let of_task = |task: &Task| {
        let Seen { state, why, fault } = seen(app, task, lasting.as_ref());
        Instance {
            container: container.clone(),
            name: task.id.clone(),
            state,
            why,
            start: task.id.clone(),
            restarts: look.restarts,
            often: false,
            checked: !app.health_checks.is_empty(),
            fault,
            times: Times {
                created: task.staged_at,
                started: task.started_at,
                ready: task.health_check_results.iter().filter_map(|one| one.first_success).max(),
                ..Times::default()
            },
            endpoints: endpoints(app, task),
            on_host: None,
        }
    };
    let mut all: Vec<Instance> = shown.map(of_task).collect();
    if all.len() < wanted {
        let Seen { state, why, fault } = missing(app, look, failure, lasting);
        all.push(Instance {
            container: container.clone(),
            name: app.id.clone(),
            state,
            why,
            start: failure.map(|failure| failure.task_id.clone()).unwrap_or_default(),
            restarts: look.restarts,
            often: false,
            checked: !app.health_checks.is_empty(),
            fault,
            times: Times {
                ended: failure.and_then(|failure| failure.timestamp),
                ..Times::default()
            },
            endpoints: Vec::new(),
            on_host: None,
        });
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

/// The last failure of a task of the app as it is defined now.
pub fn failure(app: &App) -> Option<&Failure> {
    let changed = app.version_info.last_config_change_at;
    let is_of_now = |failure: &&Failure| match (failure.version, changed) {
        (Some(version), Some(changed)) => version >= changed,
        _ => true,
    };
    app.last_task_failure.as_ref().filter(is_of_now)
}

/// A state, its reason, and why it will not change by itself.
struct Seen {
    state: State,
    why: Option<String>,
    fault: Option<Fault>,
}

impl Seen {
    fn plain(state: State, why: Option<String>) -> Seen {
        Seen { state, why, fault: None }
    }

    fn staging(why: &str) -> Seen {
        Seen::plain(State::Staging, Some(why.to_owned()))
    }

    fn failed(fault: Fault) -> Seen {
        Seen { state: State::Failed, why: Some(fault.reason.clone()), fault: Some(fault) }
    }
}

fn seen(app: &App, task: &Task, lasting: Option<&Fault>) -> Seen {
    let changed = app.version_info.last_config_change_at;
    let is_old = task.version.zip(changed).is_some_and(|(version, changed)| version < changed);
    if is_old && !app.deployments.is_empty() {
        return Seen::staging("is replaced");
    }
    let starts = || match lasting {
        Some(fault) => Seen::failed(fault.clone()),
        None => Seen::plain(State::Staging, None),
    };
    match task.state.as_str() {
        "TASK_STAGING" | "TASK_STARTING" | "TASK_CREATED" => starts(),
        "TASK_RUNNING" if app.health_checks.is_empty() => Seen::plain(State::Running, None),
        "TASK_RUNNING" => health(app, task, starts),
        "TASK_KILLING" => Seen::staging("is being stopped"),
        "TASK_UNREACHABLE" => Seen::staging("its agent is not reached"),
        other => Seen::staging(other),
    }
}

/// The state of a task whose health is checked.
fn health(app: &App, task: &Task, starts: impl Fn() -> Seen) -> Seen {
    let results = &task.health_check_results;
    let bad = results.iter().find(|one| !one.alive);
    let Some(bad) = bad else {
        if results.is_empty() {
            let seen = starts();
            return Seen { why: seen.why.or(Some("not healthy yet".to_owned())), ..seen };
        }
        return Seen::plain(State::Running, None);
    };
    let cause = bad.last_failure_cause.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let most = app.health_checks.iter().map(|check| check.max_consecutive_failures).min();
    if most.is_some_and(|most| most > 0 && bad.consecutive_failures >= most) {
        let reason = match cause {
            Some(cause) => format!("its health check fails: {cause}"),
            None => format!("its health check failed {} times in a row", bad.consecutive_failures),
        };
        return Seen::failed(Fault { kind: FaultKind::Health, reason });
    }
    let seen = starts();
    let why = match cause {
        Some(cause) => format!("not healthy yet: {cause}"),
        None => "not healthy yet".to_owned(),
    };
    Seen { why: seen.why.or(Some(why)), ..seen }
}

/// The state of an instance that has no task.
fn missing(app: &App, look: Look<'_>, failure: Option<&Failure>, lasting: Option<Fault>) -> Seen {
    if let Some(fault) = lasting {
        return Seen::failed(fault);
    }
    let queued = look.queued.filter(|queued| queued.count > 0);
    if let Some(reason) = queued.and_then(no_place) {
        if look.is_unplaceable {
            return Seen::failed(Fault { kind: FaultKind::Place, reason });
        }
        return Seen::plain(State::Staging, Some(reason));
    }
    let why = failure.map(|failure| format!("{}; it is started again", faults::reason(failure)));
    match (queued, why) {
        (_, Some(why)) => Seen::plain(State::Staging, Some(why)),
        (Some(_), None) => Seen::staging("waits for an offer of an agent"),
        // What has no task, and is not to get one yet, waits for others.
        (None, None) if !app.deployments.is_empty() => Seen::plain(State::Pending, None),
        (None, None) => Seen::plain(State::Staging, None),
    }
}

/// Why no agent has a place for an app, if none had one the last time that it offered resources.
pub fn no_place(queued: &Queued) -> Option<String> {
    let Offers { last_unused_offer_at, last_used_offer_at, reject_summary_last_offers } =
        &queued.processed_offers_summary;
    if queued.delay.time_left_seconds > 0 || last_unused_offer_at.is_none() {
        return None;
    }
    if last_used_offer_at.is_some() && last_used_offer_at > last_unused_offer_at {
        return None;
    }
    let mut reasons: Vec<(u32, &str)> = reject_summary_last_offers
        .iter()
        .filter(|one| one.declined > 0)
        .map(|one| (one.declined, words(&one.reason)))
        .collect();
    reasons.sort_by_key(|(agents, _)| std::cmp::Reverse(*agents));
    if reasons.is_empty() {
        return None;
    }
    let one = |(agents, words): (u32, &str)| match agents {
        1 => format!("1 agent {words}"),
        agents => format!("{agents} agents {words}"),
    };
    Some(reasons.into_iter().map(one).collect::<Vec<_>>().join(", "))
}

/// Marathon's reason for not using an offer, behind a number of agents.
fn words(reason: &str) -> &str {
    match reason {
        "UnfulfilledRole" => "offered resources of another role",
        "UnfulfilledConstraint" => "did not meet its placement",
        "NoCorrespondingReservationFound" => "had no reservation for it",
        "AgentMaintenance" => "was in maintenance",
        "InsufficientCpus" => "offered too few CPUs",
        "InsufficientMemory" => "offered too little memory",
        "InsufficientDisk" => "offered too little disk space",
        "InsufficientGpus" => "offered too few GPUs",
        "InsufficientPorts" => "offered too few ports, or not those that it needs",
        "DeclinedScarceResources" => "was kept for apps with GPUs",
        other => other,
    }
}

/// Where the ports of a task are reached.
fn endpoints(app: &App, task: &Task) -> Vec<Endpoint> {
    if task.state != "TASK_RUNNING" {
        return Vec::new();
    }
    let on_host = app.port_definitions.as_deref().unwrap_or_default();
    let mapped = app.container.port_mappings.as_deref().unwrap_or_default();
    let number = |port: &Port| if mapped.is_empty() { port.port } else { port.container_port };
    let ports = if mapped.is_empty() { on_host } else { mapped };
    let mut all = Vec::new();
    for (port, host_port) in ports.iter().zip(&task.ports) {
        for protocol in port.protocol.split(',') {
            all.push(Endpoint {
                host: task.host.clone(),
                host_port: *host_port,
                container_port: number(port),
                protocol: protocol.to_owned(),
                name: None,
            });
        }
    }
    all
}
