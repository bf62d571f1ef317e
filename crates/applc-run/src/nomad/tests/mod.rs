//! Reading and comparing recorded answers: those of Nomad 1.11.3 for an appliance whose containers fail in
//! different ways.

use serde::Deserialize;
use serde_json::json;

use super::change::{Step, removed};
use super::model::{Allocation, Evaluation, Event, Job, Node, Planned, Spec};
use super::states::Seen;
use super::wanted::Wanted;
use crate::engine::{Action, Change};
use crate::state::{FaultKind, Instance, State};

const SEEN: &str = include_str!("seen.json");
const SAME: &str = include_str!("same.json");
const EDITED: &str = include_str!("edited.json");

#[derive(Deserialize)]
struct Recorded {
    jobs: Vec<Job>,
    specs: Vec<Spec>,
    allocations: Vec<Allocation>,
    blocked: Vec<Evaluation>,
    nodes: Vec<Node>,
}

fn seen() -> Seen {
    let Recorded { jobs, specs, allocations, blocked, nodes } = serde_json::from_str(SEEN).unwrap();
    let spec = |job: &Job| specs.iter().find(|spec| spec.id == job.id).unwrap().clone();
    let jobs = jobs.into_iter().map(|job| (job.clone(), spec(&job))).collect();
    Seen { jobs, allocations, blocked, nodes, ..Seen::default() }
}

/// The instances of a container after a change of what is seen.
fn changed(container: &str, change: impl Fn(&mut Seen)) -> Vec<Instance> {
    let mut seen = seen();
    change(&mut seen);
    seen.observed().of(container).cloned().collect()
}

fn instance(container: &str) -> Instance {
    changed(container, |_| {}).remove(0)
}

fn allocation<'a>(seen: &'a mut Seen, container: &str) -> &'a mut Allocation {
    seen.allocations.iter_mut().find(|one| one.task_group == container).unwrap()
}

#[test]
fn states_are_in_the_words_of_pivot() {
    for (container, state) in [
        ("good", State::Running),
        ("net", State::Running),
        ("well", State::Running),
        ("done", State::Success),
        ("waits", State::Pending),
        ("waits2", State::Pending),
        ("bad", State::Failed),
        ("port", State::Failed),
        ("noprog", State::Failed),
        ("sick", State::Failed),
        ("oom", State::Failed),
        ("fails", State::Failed),
        ("big", State::Failed),
        ("place", State::Failed),
    ] {
        assert_eq!(instance(container).state, state, "{container}");
    }
}

#[test]
fn a_fault_has_the_reason_of_nomad() {
    let fault = |container: &str| {
        let fault = instance(container).fault.unwrap();
        (fault.kind, fault.reason)
    };
    let is = |kind, reason: &str| (kind, reason.to_owned());
    assert_eq!(
        fault("bad"),
        is(
            FaultKind::Pull,
            "`127.0.0.1:9/none:1`: Get \"http://127.0.0.1:9/v2/\": dial tcp 127.0.0.1:9: connect: connection refused"
        )
    );
    let (kind, reason) = fault("port");
    assert_eq!(kind, FaultKind::Start);
    assert!(reason.starts_with("driver failed programming external connectivity on"), "{reason}");
    assert!(reason.ends_with(": bind: address already in use"), "{reason}");
    assert_eq!(fault("noprog"), is(FaultKind::Crash, "exit status 127: its program cannot be run"));
    assert_eq!(fault("sick"), is(FaultKind::Health, "its health check fails"));
    assert_eq!(fault("oom"), is(FaultKind::Memory, "ended by the engine at its memory limit"));
    assert_eq!(fault("fails"), is(FaultKind::Job, "exit status 5, 2 runs"));
    assert_eq!(
        fault("big"),
        is(
            FaultKind::Place,
            "no node has 999999 MB of memory, the largest has 4096: 1 node exhausted"
        )
    );
    assert_eq!(
        fault("place"),
        is(
            FaultKind::Place,
            "no node satisfies `${attr.unique.hostname} = nowhere`: 1 node left out"
        )
    );
    for fine in ["good", "net", "well", "done", "waits", "waits2", "crash"] {
        assert_eq!(instance(fine).fault, None, "{fine}");
    }
}

#[test]
fn a_service_that_ends_fails_when_nomad_gives_it_up() {
    let crash = |status: &str| {
        let mut all = changed("crash", |seen| {
            let one = allocation(seen, "crash");
            one.client_status = status.to_owned();
            let task = one.task_states.get_mut("crash").unwrap();
            task.failed = status == "failed";
            task.state = if task.failed { "dead" } else { "pending" }.to_owned();
            let started = task.events.iter().rposition(|event| event.kind == "Started").unwrap();
            task.events.truncate(started);
        });
        all.remove(0)
    };
    let waits = crash("pending");
    assert_eq!((waits.state, waits.fault), (State::Staging, None));
    assert_eq!(waits.why.unwrap(), "ended with exit status 3, 1 start so far");
    let fault = crash("failed").fault.unwrap();
    assert_eq!(fault.kind, FaultKind::Crash);
    assert_eq!(fault.reason, "ended with exit status 3, 1 start so far");
}

#[test]
fn a_task_beside_a_container_is_named_if_it_fails() {
    let reason = |task: &str, of: &str| {
        let all = changed(of, |seen| {
            let task = allocation(seen, of).task_states.get_mut(task).unwrap();
            "pending".clone_into(&mut task.state);
            let details = [("driver_error", "Failed to pull `curl:1`: no")];
            let details = details.map(|(name, value)| (name.to_owned(), value.to_owned()));
            task.events.push(Event {
                kind: "Driver Failure".to_owned(),
                details: details.into(),
                ..Event::default()
            });
        });
        let fault = all[0].fault.clone().unwrap();
        (fault.kind, fault.reason)
    };
    assert_eq!(
        reason("wait_for", "waits"),
        (FaultKind::Pull, "its task `wait_for` fails: `curl:1`: no".to_owned())
    );
}

#[test]
fn an_instance_with_failing_checks_is_not_ready_until_they_succeed() {
    let well = |status: &str| {
        let mut all = changed("well", |seen| {
            let one = allocation(seen, "well");
            one.deployment_status = None;
            let check = json!({"Status": status, "Output": "nomad: refused"});
            let checks = vec![serde_json::from_value(check).unwrap()];
            let id = one.id.clone();
            seen.outputs.insert(id.clone(), "refused".to_owned());
            seen.checks.insert(id, checks);
        });
        all.remove(0)
    };
    assert!(well("success").checked);
    assert_eq!(well("success").state, State::Running);
    let failing = well("failure");
    assert_eq!((failing.state, failing.fault), (State::Staging, None));
    assert_eq!(failing.why.unwrap(), "not healthy yet: refused");
}

#[test]
fn ports_and_times_are_those_of_the_allocation() {
    let good = changed("good", |_| {});
    assert_eq!(good.len(), 2);
    let endpoint = &good[0].endpoints[0];
    assert_eq!(endpoint.host, "172.17.0.1");
    assert_eq!((endpoint.container_port, endpoint.protocol.as_str()), (80, "tcp"));
    assert_ne!(good[0].endpoints[0].host_port, good[1].endpoints[0].host_port);
    let net = instance("net");
    assert_eq!((net.on_host.as_deref(), net.endpoints.len()), (Some("172.17.0.1"), 0));
    let well = instance("well").times;
    assert!(well.created < well.started && well.started <= well.ready && well.ended.is_none());
    assert!(instance("bad").times.pulling.is_some());
    let done = instance("done").times;
    assert!(done.started < done.ended);
}

#[test]
fn an_instance_of_an_earlier_version_is_being_replaced() {
    let all = changed("good", |seen| {
        seen.jobs.iter_mut().for_each(|(_, spec)| spec.version += 1);
    });
    assert!(all.iter().all(|one| one.state == State::Staging), "{all:?}");
    let fewer = changed("good", |seen| {
        let groups = seen.jobs.iter_mut().flat_map(|(_, spec)| &mut spec.task_groups);
        groups.filter(|group| group.name == "good").for_each(|group| group.count = 1);
    });
    assert_eq!(fewer.len(), 1);
}

#[test]
fn what_was_stopped_is_killed_and_what_replaces_it_counts() {
    let stopped = changed("good", |seen| {
        for one in &mut seen.allocations {
            "stop".clone_into(&mut one.desired_status);
            "complete".clone_into(&mut one.client_status);
        }
        let mut newer = allocation(seen, "good").clone();
        newer.create_index += 1000;
        "run".clone_into(&mut newer.desired_status);
        "running".clone_into(&mut newer.client_status);
        seen.allocations.push(newer);
    });
    let mut states: Vec<State> = stopped.iter().map(|one| one.state).collect();
    states.sort_unstable();
    assert_eq!(states, [State::Running, State::Killed]);
}

#[test]
fn a_place_that_becomes_free_is_waited_for() {
    let big = |memory: u64, status: &str| {
        let mut all = changed("big", |seen| {
            seen.allocations.retain(|one| one.task_group == "done" || one.task_group == "good");
            status.clone_into(&mut allocation(seen, "done").client_status);
            let groups = seen.jobs.iter_mut().flat_map(|(_, spec)| &mut spec.task_groups);
            for group in groups.filter(|group| group.name == "big") {
                group.tasks[0].resources.memory = memory;
            }
            for one in &mut seen.blocked {
                one.failed.remove("place");
            }
        });
        all.remove(0)
    };
    let waits = big(4000, "running");
    assert_eq!((waits.state, waits.fault), (State::Staging, None));
    assert_eq!(waits.why.unwrap(), "no node has 4000 MB of memory free: 1 node exhausted");
    assert!(big(4000, "complete").fault.is_some(), "nothing frees memory");
    assert!(big(4097, "running").fault.is_some(), "no node is large enough");
}

#[test]
fn a_periodic_job_waits_for_its_first_run() {
    let done = changed("done", |seen| {
        let (job, _) = seen.jobs.iter_mut().find(|(job, _)| job.id == "exp.done").unwrap();
        job.periodic = true;
    });
    assert_eq!((done.len(), done[0].state), (1, State::Pending));
}

/// What becomes of each container, by Nomad's plan.
fn changes(planned: &str) -> Vec<Change> {
    let of_step = |step: &Step<'_>, seen: &Seen| step.changes(&seen.observed(), &seen.nodes);
    planned_with(planned, &seen(), of_step)
}

/// What `of_step` makes of the plan for the job that all but one container are in.
fn planned_with(
    planned: &str,
    seen: &Seen,
    of_step: impl Fn(&Step<'_>, &Seen) -> Vec<Change>,
) -> Vec<Change> {
    let planned: Planned = serde_json::from_str(planned).unwrap();
    let (_, spec) = seen.jobs.iter().find(|(job, _)| job.id == "exp").unwrap();
    let groups = spec.task_groups.iter().map(|group| {
        json!({"Name": group.name, "Tasks": [{"Name": group.name, "Services": null, "Resources": {"MemoryMB": 999_999, "CPU": null}}], "Count": null})
    });
    let wanted = Wanted {
        id: "exp".to_owned(),
        namespace: "default".to_owned(),
        is_batch: false,
        groups: spec.task_groups.iter().map(|group| group.name.clone()).collect(),
        job: json!({"ID": "exp", "TaskGroups": groups.collect::<Vec<_>>()}),
        text: String::new(),
    };
    let existing = seen.jobs.iter().find(|(job, _)| job.id == "exp");
    let step = Step { wanted: &wanted, existing, planned, is_given_up: false };
    let mut changes = of_step(&step, seen);
    changes.extend(removed(&seen.jobs, &[wanted]));
    changes
}

fn change(all: &[Change], container: &str) -> (Action, String) {
    let found = all.iter().find(|one| one.container == container).unwrap();
    (found.action, found.why.clone())
}

#[test]
fn what_runs_as_it_should_is_kept_and_the_rest_gets_another_chance() {
    let all = changes(SAME);
    for kept in ["good", "net", "well", "waits", "waits2"] {
        assert_eq!(change(&all, kept), (Action::Kept, String::new()), "{kept}");
    }
    for again in ["bad", "port", "noprog", "sick", "oom"] {
        assert_eq!(change(&all, again).0, Action::Restarted, "{again}");
    }
    let (action, why) = change(&all, "big");
    assert_eq!(action, Action::Unplaceable);
    assert!(why.starts_with("no node has 999999 MB of memory"), "{why}");
    // Its job is none of those that are to run.
    assert_eq!(change(&all, "done"), (Action::Removed, "not in the appliance".to_owned()));
}

#[test]
fn what_fails_by_itself_is_no_drift() {
    let drift = |planned: &str, seen: &Seen| {
        let of_step = |step: &Step<'_>, seen: &Seen| step.drift(&seen.observed(), &seen.nodes);
        let mut all = planned_with(planned, seen, of_step);
        // Jobs that are none of those that are to run.
        all.retain(|change| change.action != Action::Removed);
        all
    };
    assert_eq!(drift(SAME, &seen()), []);
    // Somebody has stopped the job.
    let mut stopped = seen();
    let (job, _) = stopped.jobs.iter_mut().find(|(job, _)| job.id == "exp").unwrap();
    job.stop = true;
    let all = drift(SAME, &stopped);
    assert_eq!(change(&all, "good"), (Action::Restarted, "was stopped".to_owned()));
    assert_eq!(change(&all, "bad").0, Action::Restarted);
    // What was changed is drift, whether it fails or not.
    let all = drift(EDITED, &seen());
    assert_eq!(change(&all, "port"), (Action::Replaced, "Env[A]: 1".to_owned()));
    assert_eq!(change(&all, "good").0, Action::Changed);
}

#[test]
fn a_plan_says_what_becomes_of_each_container() {
    let all = changes(EDITED);
    assert_eq!(change(&all, "good"), (Action::Changed, "3 instances instead of 2".to_owned()));
    assert_eq!(change(&all, "port"), (Action::Replaced, "Env[A]: 1".to_owned()));
    let (action, why) = change(&all, "net");
    assert_eq!(action, Action::Replaced);
    assert!(why.contains("args[0]"), "{why}");
    let (action, why) = change(&all, "well");
    assert_eq!(action, Action::Changed);
    assert!(why.contains("Interval: 5000000000"), "{why}");
    assert_eq!(change(&all, "new").0, Action::Created);
    assert_eq!(change(&all, "noprog").0, Action::Removed);
    assert_eq!(change(&all, "waits").0, Action::Kept);
}
