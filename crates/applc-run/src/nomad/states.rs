//! Nomad's allocations in PIVOT's words, and what Nomad says about one that does not come up.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::state::{Endpoint, Fault, FaultKind, Instance, OFTEN, Observed, State, Times};

use super::client::one_line;
use super::model::{
    Allocation, Check, Evaluation, Event, Group, Job, Node, Port, RECORD_TASK, Spec, TaskState,
    WAIT_TASK,
};
use super::place::{is_temporary, reason};

/// The exit statuses of a shell and of Docker for a program that cannot be run or does not exist.
const NOT_RUN: [&str; 2] = ["126", "127"];

/// What Nomad has of an appliance.
#[derive(Debug, Default)]
pub struct Seen {
    /// Its jobs with their specifications, without the runs of periodic jobs.
    pub jobs: Vec<(Job, Spec)>,
    /// The latest run of each periodic job, by the id of the latter.
    pub runs: BTreeMap<String, (Job, Spec)>,
    /// Allocations of its jobs, also old ones.
    pub allocations: Vec<Allocation>,
    /// Evaluations of its jobs that wait for a place.
    pub blocked: Vec<Evaluation>,
    /// The checks of allocations that were not healthy before, by the id of the allocation.
    pub checks: BTreeMap<String, Vec<Check>>,
    /// What the last failing check of an allocation said, by the id of the allocation.
    pub outputs: BTreeMap<String, String>,
    /// The nodes, if something waits for a place.
    pub nodes: Vec<Node>,
}

impl Seen {
    /// The current allocations of a job: the last one of each name.
    pub fn current<'a>(&'a self, job: &'a Job, spec: &'a Spec) -> Vec<(&'a Group, &'a Allocation)> {
        let mut newest: BTreeMap<&str, (&Group, &Allocation)> = BTreeMap::new();
        for one in &self.allocations {
            let is_own = one.job == job.id
                && one.namespace == job.namespace
                && one.create_index > job.create_index;
            let group = spec.task_groups.iter().find(|group| group.name == one.task_group);
            let Some(group) = group.filter(|group| is_own && index(&one.name) < group.count) else {
                continue;
            };
            let known = newest.get(one.name.as_str());
            if known.is_none_or(|(_, known)| known.create_index < one.create_index) {
                newest.insert(&one.name, (group, one));
            }
        }
        newest.into_values().collect()
    }

    /// What is known about the instances of the appliance.
    pub fn observed(&self) -> Observed {
        let mut instances = Vec::new();
        for (job, spec) in &self.jobs {
            if !job.periodic {
                self.instances(job, spec, &mut instances);
                continue;
            }
            match self.runs.get(&job.id) {
                Some((run, spec)) => self.instances(run, spec, &mut instances),
                None => {
                    instances.extend(spec.task_groups.iter().map(|group| scheduled(job, group)))
                }
            }
        }
        // Memory that a job or an instance that is replaced holds becomes free.
        let frees = instances
            .iter()
            .any(|one| one.fault.is_none() && matches!(one.state, State::Pending | State::Staging))
            || self.jobs.iter().any(|(job, spec)| {
                spec.kind == "batch"
                    && self.current(job, spec).iter().any(|(_, one)| one.client_status == "running")
            });
        for (job, spec) in &self.jobs {
            self.unplaced(job, spec, frees, &mut instances);
        }
        instances.sort_by(|one, other| {
            (&one.container, &one.name).cmp(&(&other.container, &other.name))
        });
        Observed { instances }
    }

    fn instances(&self, job: &Job, spec: &Spec, instances: &mut Vec<Instance>) {
        let current = self.current(job, spec);
        instances.extend(current.iter().map(|(group, one)| self.instance(job, spec, group, one)));
    }

    fn instance(&self, job: &Job, spec: &Spec, group: &Group, one: &Allocation) -> Instance {
        let is_service = spec.kind == "service";
        let main = group.main().map_or("", |task| task.name.as_str());
        let task = one.task_states.get(main);
        let is_stale = one.job_version < spec.version && !job.stop;
        let fault = if is_stale { None } else { self.fault(one, main, is_service) };
        let (state, why) = match &fault {
            Some(fault) => (State::Failed, Some(fault.reason.clone())),
            None if is_stale => (State::Staging, Some("is being replaced".to_owned())),
            None => self.state(one, group, main, is_service),
        };
        let host = || one.allocated_resources.shared.ports.first().map(|port| port.host.clone());
        let is_up = task.is_some_and(|task| task.state == "running");
        let on_host = group.is_on_host();
        let started = task.and_then(|task| task.started_at).map(|at| at.to_string());
        let restarts = task.map_or(0, |task| task.restarts);
        let replaced = u32::try_from(one.reschedule_tracker.events.len()).unwrap_or(u32::MAX);
        Instance {
            container: group.name.clone(),
            name: one.name.clone(),
            state,
            why,
            start: format!("{} {} {restarts}", one.id, started.unwrap_or_default()),
            restarts: restarts.saturating_add(replaced),
            // One is replaced when it has ended as often as it may.
            often: is_service && (restarts >= OFTEN || replaced > 0),
            checked: group.is_checked(),
            fault,
            times: times(one, group, main, is_service),
            endpoints: match is_up && !on_host {
                true => one.allocated_resources.shared.ports.iter().filter_map(endpoint).collect(),
                false => Vec::new(),
            },
            on_host: on_host.then(|| host().unwrap_or_else(|| one.node_name.clone())),
        }
    }

    /// The state of an instance without a fault, and the reason for it.
    fn state(
        &self,
        one: &Allocation,
        group: &Group,
        main: &str,
        is_service: bool,
    ) -> (State, Option<String>) {
        let task = one.task_states.get(main);
        let why = |text: &str| Some(text.to_owned());
        match one.client_status.as_str() {
            "complete" if !is_service => return (State::Success, None),
            "complete" => return (State::Killed, why("was stopped")),
            "lost" | "unknown" => return (State::Staging, why("its node does not answer")),
            // The fault is told.
            "failed" => return (State::Failed, why(&one.client_description)),
            _ => {}
        }
        let Some(task) = task else { return (State::Staging, None) };
        let waits = one.task_states.get(WAIT_TASK);
        if waits.is_some_and(|waits| waits.state != "dead") {
            return (State::Pending, None);
        }
        match task.state.as_str() {
            "running" if !self.is_healthy(one, group) => {
                let said = self.outputs.get(&one.id).map(|said| format!(": {said}"));
                (State::Staging, Some(format!("not healthy yet{}", said.unwrap_or_default())))
            }
            "running" => (State::Running, None),
            "dead" => (State::Staging, why("its success is being recorded")),
            _ => pending(task, group.waits()),
        }
    }

    /// Whether a running instance is healthy, if that is checked.
    fn is_healthy(&self, one: &Allocation, group: &Group) -> bool {
        if !group.is_checked() || was_healthy(one, group) {
            return true;
        }
        let checks = self.checks.get(&one.id);
        checks.is_some_and(|checks| {
            !checks.is_empty() && checks.iter().all(|check| check.status == "success")
        })
    }

    /// Why an instance does not come up, if Nomad knows that.
    fn fault(&self, one: &Allocation, main: &str, is_service: bool) -> Option<Fault> {
        if one.desired_status != "run" && one.client_status != "failed" {
            return None;
        }
        let is_over = one.client_status == "failed";
        for (name, task) in &one.task_states {
            let is_main = name == main;
            let found = fault_of(task, is_service && is_main, is_over, self.outputs.get(&one.id));
            let Some(mut fault) = found else { continue };
            // A task that fails because of another one does not say why.
            if !is_main {
                fault.kind = match fault.kind {
                    FaultKind::Pull => FaultKind::Pull,
                    _ => FaultKind::Start,
                };
                fault.reason = match name.as_str() {
                    RECORD_TASK => format!(
                        "its success cannot be recorded: {}; with ACLs, tasks must be allowed to write the variables `applc/*`",
                        fault.reason
                    ),
                    _ => format!("its task `{name}` fails: {}", fault.reason),
                };
            }
            return Some(fault);
        }
        is_over.then(|| Fault { kind: FaultKind::Start, reason: last_words(one) })
    }

    /// Adds what is known about instances without a place. `frees` says whether others free one.
    fn unplaced(&self, job: &Job, spec: &Spec, frees: bool, instances: &mut Vec<Instance>) {
        let of_job = self.blocked.iter().filter(|one| {
            one.job == job.id
                && one.namespace == job.namespace
                && one.create_index > job.create_index
        });
        let Some(newest) = of_job.max_by_key(|one| one.create_index) else { return };
        let current = self.current(job, spec);
        for group in &spec.task_groups {
            let Some(unplaced) = newest.failed.get(&group.name) else { continue };
            let why = reason(unplaced, group, &self.nodes);
            let is_fault = !(frees && is_temporary(unplaced, group, &self.nodes));
            let fault = Fault { kind: FaultKind::Place, reason: why.clone() };
            for index in 0..group.count {
                let name = format!("{}.{}[{index}]", job.id, group.name);
                let has_place = current.iter().any(|(_, one)| {
                    one.name == name
                        && one.job_version == spec.version
                        && one.desired_status == "run"
                });
                if has_place {
                    continue;
                }
                instances.retain(|one| one.name != name);
                instances.push(Instance {
                    container: group.name.clone(),
                    name,
                    state: if is_fault { State::Failed } else { State::Staging },
                    why: Some(why.clone()),
                    start: newest.id.clone(),
                    restarts: 0,
                    often: false,
                    checked: group.is_checked(),
                    fault: is_fault.then(|| fault.clone()),
                    times: Times { created: time(newest.create_time), ..Times::default() },
                    endpoints: Vec::new(),
                    on_host: None,
                });
            }
        }
    }
}

/// The index of an instance in its name.
fn index(name: &str) -> u32 {
    let digits = name.rsplit_once('[').and_then(|(_, rest)| rest.strip_suffix(']'));
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

/// Whether an instance was healthy since its last start, so that its checks need not be asked for.
pub fn was_healthy(one: &Allocation, group: &Group) -> bool {
    let main = group.main().and_then(|task| one.task_states.get(&task.name));
    let started = main.and_then(|task| task.started_at);
    let health = one.deployment_status.as_ref().filter(|health| health.healthy == Some(true));
    health.is_some_and(|health| health.timestamp >= started)
}

/// A periodic job before its first run.
fn scheduled(job: &Job, group: &Group) -> Instance {
    Instance {
        container: group.name.clone(),
        name: job.id.clone(),
        state: State::Pending,
        why: Some("waits for the time of its first run".to_owned()),
        start: String::new(),
        restarts: 0,
        often: false,
        checked: false,
        fault: None,
        times: Times::default(),
        endpoints: Vec::new(),
        on_host: None,
    }
}

/// The state of a task that does not run, and will.
fn pending(task: &TaskState, waits: bool) -> (State, Option<String>) {
    let Some(last) = task.events.last() else { return (State::Staging, None) };
    match last.kind.as_str() {
        "Driver" => (State::Staging, Some("its image is being pulled".to_owned())),
        "Received" | "Task Setup" | "Template" if waits => (State::Pending, None),
        "Template" => (State::Pending, None),
        "Restarting" | "Terminated" | "Restart Signaled" => {
            (State::Staging, Some(format!("{}, {}", ended(task), starts(task))))
        }
        _ => (State::Staging, None),
    }
}

/// How a task ended last.
fn ended(task: &TaskState) -> String {
    match last(task, "Terminated") {
        Some(end) => format!("ended with exit status {}", detail(end, "exit_code")),
        None => "could not be started".to_owned(),
    }
}

fn starts(task: &TaskState) -> String {
    let seen = task.events.iter().filter(|event| event.kind == "Started").count();
    // Nomad keeps the last ten events.
    match seen.max(task.restarts as usize) {
        0 | 1 => "1 start so far".to_owned(),
        starts => format!("{starts} starts so far"),
    }
}

/// How applc's own variables begin, which tasks wait for.
const OWN_VARIABLES: [&str; 2] = ["nomad/jobs/", "applc/"];

/// The secret that a template of a task waits for, or the key that its secret does not have, by the message of an
/// event.
fn no_secret(message: &str) -> Option<String> {
    if message.starts_with("Template failed: ") {
        let (_, reason) = message.split_once("error calling sprig_fail: ")?;
        return Some(one_line(reason));
    }
    let missing = message.strip_prefix("Missing: ")?;
    let paths = missing.split("nomad.var.block(").skip(1);
    let mut paths = paths.filter_map(|rest| rest.split(['@', ')']).next());
    let path = paths.find(|path| !OWN_VARIABLES.iter().any(|own| path.starts_with(own)))?;
    Some(format!("the Nomad variable `{path}` does not exist"))
}

/// Why a task fails, if Nomad knows that. `is_over` says whether Nomad has given up its allocation.
fn fault_of(
    task: &TaskState,
    is_service: bool,
    is_over: bool,
    output: Option<&String>,
) -> Option<Fault> {
    let fault = |kind, reason: String| Some(Fault { kind, reason });
    // What happened since the last start: it ended, or could not be started.
    let since = task.events.iter().rposition(|event| event.kind == "Started");
    let since = task.events.get(since.map_or(0, |at| at + 1)..).unwrap_or_default();
    let found = |kind: &str| since.iter().rfind(|event| event.kind == kind);
    if let Some(event) = found("Driver Failure") {
        let text = one_line(&or_message(event, "driver_error"));
        return match text.strip_prefix("Failed to pull ") {
            Some(rest) => fault(FaultKind::Pull, without_layers(rest)),
            None => fault(FaultKind::Start, without_layers(&text)),
        };
    }
    if let Some(event) = found("Setup Failure").or_else(|| found("Failed Validation")) {
        return fault(FaultKind::Start, one_line(&or_message(event, "message")));
    }
    if let Some(reason) = since.last().and_then(|event| no_secret(&event.display_message)) {
        return fault(FaultKind::Start, reason);
    }
    if let Some(event) = found("Restart Signaled")
        && event.display_message.starts_with("healthcheck:")
    {
        let reason = match output {
            Some(output) => format!("its health check fails: {output}"),
            None => "its health check fails".to_owned(),
        };
        return fault(FaultKind::Health, reason);
    }
    let end = found("Terminated")?;
    let code = detail(end, "exit_code");
    if detail(end, "oom_killed") == "true" && code != "0" && (is_service || is_over) {
        return fault(FaultKind::Memory, "ended by the engine at its memory limit".to_owned());
    }
    if is_service && NOT_RUN.contains(&code) {
        let reason = format!("exit status {code}: its program cannot be run");
        return fault(FaultKind::Crash, reason);
    }
    if !is_over || !task.failed {
        return None;
    }
    match is_service {
        true => fault(FaultKind::Crash, format!("{}, {}", ended(task), starts(task))),
        false => {
            let runs = match task.restarts {
                0 => String::new(),
                restarts => format!(", {} runs", restarts + 1),
            };
            fault(FaultKind::Job, format!("exit status {code}{runs}"))
        }
    }
}

/// What Nomad says last about an allocation that it has given up.
fn last_words(one: &Allocation) -> String {
    let events = one.task_states.values().flat_map(|task| &task.events);
    let fatal = events.filter(|event| detail(event, "fails_task") == "true").max_by_key(|e| e.time);
    let text = fatal.map_or(one.client_description.as_str(), |event| &event.display_message);
    one_line(text)
}

fn last<'a>(task: &'a TaskState, kind: &str) -> Option<&'a Event> {
    task.events.iter().rfind(|event| event.kind == kind)
}

fn detail<'a>(event: &'a Event, name: &str) -> &'a str {
    event.details.get(name).map_or("", String::as_str)
}

fn or_message(event: &Event, name: &str) -> String {
    event.details.get(name).unwrap_or(&event.display_message).clone()
}

/// The part of an error of the docker driver that says what is wrong: without the layers that passed it on.
fn without_layers(text: &str) -> String {
    const LAYERS: [&str; 6] = [
        "Error response from daemon: ",
        "failed to create task for container: ",
        "failed to create shim task: ",
        "OCI runtime create failed: ",
        "runc create failed: ",
        "unable to start container process: ",
    ];
    let mut out = text.to_owned();
    // The id of a container says nothing to people.
    if let Some(rest) = out.strip_prefix("Failed to start container ")
        && let Some((id, rest)) = rest.split_once(": ")
        && !id.contains(' ')
    {
        out = rest.to_owned();
    }
    for layer in LAYERS {
        out = out.replace(layer, "");
    }
    // Nor does that of an endpoint.
    if let Some((start, rest)) = out.split_once(" (")
        && let Some((id, end)) = rest.split_once(')')
        && id.len() == 64
    {
        out = format!("{start}{end}");
    }
    out.strip_suffix(": unknown").map(str::to_owned).unwrap_or(out)
}

/// When things happened to the current start of an instance. Nomad tells no end of a pull: an instance
/// whose image is pulled is being started from then on.
fn times(one: &Allocation, group: &Group, main: &str, is_service: bool) -> Times {
    let task = one.task_states.get(main);
    let pulling = task.and_then(|task| {
        let pull = task.events.iter().rfind(|event| {
            event.kind == "Driver" && event.display_message.starts_with("Downloading image")
        });
        time(pull?.time)
    });
    let started = task.and_then(|task| task.started_at);
    let waited = one.task_states.get(WAIT_TASK).and_then(|waits| waits.finished_at);
    let health = one.deployment_status.as_ref().filter(|health| health.healthy == Some(true));
    // An instance counts as healthy for Nomad when it was for this long.
    let settling = jiff::SignedDuration::from_nanos(group.update.min_healthy_time);
    let healthy = health.and_then(|health| health.timestamp?.checked_sub(settling).ok());
    Times {
        created: time(one.create_time),
        pulling: pulling.filter(|at| started.is_none_or(|started| *at <= started)),
        starting: waited.filter(|_| pulling.is_none()),
        started,
        ready: healthy.filter(|at| is_service && group.is_checked() && Some(*at) >= started),
        ended: task.filter(|task| task.state != "running").and_then(|task| task.finished_at),
    }
}

/// A time of Nomad.
fn time(nanoseconds: i64) -> Option<Timestamp> {
    Timestamp::from_nanosecond(nanoseconds.into()).ok().filter(|_| nanoseconds > 0)
}

/// Where a port is reached. Docker publishes it for both protocols; the label that applc gives a port
/// without a name says which one the appliance lists.
fn endpoint(port: &Port) -> Option<Endpoint> {
    let container_port = match port.to {
        to if to > 0 => u16::try_from(to).ok()?,
        _ => port.value,
    };
    let protocol = if port.label.starts_with("udp_") { "udp" } else { "tcp" };
    Some(Endpoint {
        host: port.host.clone(),
        host_port: port.value,
        container_port,
        protocol: protocol.to_owned(),
        name: None,
    })
}

#[cfg(test)]
mod secrets {
    use super::no_secret;

    #[test]
    fn a_secret_that_is_missing_is_named() {
        let no_key = "Template failed: (dynamic): execute: template: :2:123: executing \"\" at <sprig_fail \"x\">: \
                      error calling sprig_fail: secret `db` has no key `password`";
        for (message, expected) in [
            (
                "Missing: nomad.var.block(nomad/jobs/a/b/c@default.global), nomad.var.block(secrets/shop/db@default.global)",
                Some("the Nomad variable `secrets/shop/db` does not exist"),
            ),
            (no_key, Some("secret `db` has no key `password`")),
            ("Missing: nomad.var.block(nomad/jobs/a/b/c@default.global)", None),
            ("Missing: nomad.var.block(applc/a/b/succeeded/0@default.global)", None),
            ("Template failed: (dynamic): parse: x", None),
            ("Task received by client", None),
        ] {
            assert_eq!(no_secret(message).as_deref(), expected, "{message}");
        }
    }
}
