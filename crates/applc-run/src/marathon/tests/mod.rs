//! Answers of Marathon and Chronos, in the form that their sources document.

use serde_json::{Value, json};

use crate::state::{FaultKind, Instance, State};

use super::api::{App, Queue};
use super::chronos::{self, Job};
use super::shared::Found;
use super::states::{self, Look};

fn document() -> Value {
    let apps: Value = serde_json::from_str(include_str!("apps.json")).unwrap();
    apps["apps"][0].clone()
}

fn app(change: impl FnOnce(&mut Value)) -> App {
    let mut document = document();
    change(&mut document);
    serde_json::from_value(document).unwrap()
}

fn queue() -> Queue {
    serde_json::from_str(include_str!("queue.json")).unwrap()
}

fn of(instances: &[Instance]) -> Vec<(&str, State, Option<&str>)> {
    instances.iter().map(|one| (one.name.as_str(), one.state, one.why.as_deref())).collect()
}

const TASK: &str = "shop_web.instance-1._app.1";

#[test]
fn tasks_are_instances_and_one_stands_for_those_that_are_missing() {
    let app = app(|_| {});
    let all = states::instances(&app, Look::default());
    assert_eq!(
        of(&all),
        [
            ("/shop/web", State::Staging, Some("ended with exit status 3; it is started again")),
            (TASK, State::Running, None),
        ]
    );
    let task = &all[1];
    assert_eq!((task.container.as_str(), task.checked), ("Web", true));
    let ports: Vec<(&str, u16, u16, &str)> = task
        .endpoints
        .iter()
        .map(|one| (one.host.as_str(), one.host_port, one.container_port, one.protocol.as_str()))
        .collect();
    assert_eq!(
        ports,
        [
            ("10.0.0.7", 31005, 80, "tcp"),
            ("10.0.0.7", 31006, 53, "udp"),
            ("10.0.0.7", 31006, 53, "tcp"),
        ]
    );
    let times = [task.times.created, task.times.started, task.times.ready];
    assert_eq!(
        times.map(|time| time.unwrap().to_string()),
        ["2026-11-01T09:00:01Z", "2026-11-01T09:00:03Z", "2026-11-01T09:00:05Z"]
    );
}

#[test]
fn an_app_without_a_place_fails_when_it_has_waited_for_one() {
    let app = app(|app| app["tasks"] = json!([]));
    let queue = queue();
    let queued = super::shared::queued(&queue.queue, &app);
    let reason = "2 agents offered too little memory, 1 agent did not meet its placement";
    let waits = states::instances(&app, Look { queued, ..Look::default() });
    assert_eq!(of(&waits), [("/shop/web", State::Staging, Some(reason))]);
    let waited = states::instances(&app, Look { queued, is_unplaceable: true, ..Look::default() });
    let fault = waited[0].fault.as_ref().unwrap();
    assert_eq!((fault.kind, fault.reason.as_str()), (FaultKind::Place, reason));
    // Offers were used since, or it is started again later.
    for (path, value) in [
        ("/processedOffersSummary/lastUsedOfferAt", json!("2026-11-01T09:41:00.000Z")),
        ("/delay/timeLeftSeconds", json!(5)),
    ] {
        let mut document: Value = serde_json::from_str(include_str!("queue.json")).unwrap();
        *document["queue"][0].pointer_mut(path).unwrap() = value;
        let queue: Queue = serde_json::from_value(document).unwrap();
        assert_eq!(states::no_place(&queue.queue[0]), None, "{path}");
    }
}

#[test]
fn what_waits_for_others_is_pending_and_what_is_replaced_is_not_ready() {
    let waits = app(|app| {
        app["tasks"] = json!([]);
        app["deployments"] = json!([{"id": "1"}]);
        app["lastTaskFailure"] = Value::Null;
    });
    assert_eq!(
        of(&states::instances(&waits, Look::default())),
        [("/shop/web", State::Pending, None)]
    );
    let old = app(|app| {
        app["instances"] = json!(1);
        app["versionInfo"]["lastConfigChangeAt"] = json!("2026-11-01T10:00:00.000Z");
        app["deployments"] = json!([{"id": "1"}]);
    });
    assert_eq!(
        of(&states::instances(&old, Look::default())),
        [(TASK, State::Staging, Some("is replaced"))]
    );
}

#[test]
fn failures_count_if_they_are_of_this_definition_and_of_this_run() {
    let pull = |app: &mut Value| {
        app["lastTaskFailure"]["message"] =
            json!("Failed to launch container: Failed to pull image: not found");
    };
    let fault = |app: &App, is_mended| {
        let all = states::instances(app, Look { is_mended, ..Look::default() });
        all[0].fault.as_ref().map(|fault| fault.kind)
    };
    assert_eq!(fault(&app(pull), false), Some(FaultKind::Pull));
    assert_eq!(fault(&app(pull), true), None);
    let changed = app(|app| {
        pull(app);
        app["versionInfo"]["lastConfigChangeAt"] = json!("2026-11-01T10:00:00.000Z");
    });
    assert_eq!(fault(&changed, false), None);
}

#[test]
fn a_task_that_is_about_to_be_killed_for_its_health_fails() {
    let sick = |failures: u32| {
        let app = app(|app| {
            app["instances"] = json!(1);
            app["lastTaskFailure"] = Value::Null;
            app["tasks"][0]["healthCheckResults"] = json!([
                {"alive": false, "consecutiveFailures": failures, "lastFailureCause": "Connection refused"}
            ]);
        });
        states::instances(&app, Look::default())
    };
    assert_eq!(of(&sick(2)), [(TASK, State::Staging, Some("not healthy yet: Connection refused"))]);
    let failed = sick(3);
    assert_eq!(
        of(&failed),
        [(TASK, State::Failed, Some("its health check fails: Connection refused"))]
    );
    assert_eq!(failed[0].fault.as_ref().unwrap().kind, FaultKind::Health);
}

#[test]
fn volumes_of_both_forms_are_found() {
    let found = Found { app: app(|_| {}), document: document() };
    assert_eq!(found.volumes(), ["logs", "shop.data"]);
    let all = super::volumes(&[found], &jobs());
    let ids: Vec<(&str, Option<&str>, &[String])> = all
        .values()
        .map(|one| (one.id.as_str(), one.appliance.as_deref(), one.used_by.as_slice()))
        .collect();
    assert_eq!(
        ids,
        [
            ("data", Some("Shop"), [].as_slice()),
            ("logs", None, [TASK.to_owned()].as_slice()),
            ("data", Some("Shop"), [TASK.to_owned()].as_slice()),
        ]
    );
}

fn jobs() -> Vec<Job> {
    let answers: Value = serde_json::from_str(include_str!("jobs.json")).unwrap();
    let documents = answers["jobs"].as_array().unwrap().clone();
    chronos::read(documents, serde_json::from_value(answers["summary"].clone()).unwrap())
}

#[test]
fn jobs_have_the_state_of_their_last_run() {
    let jobs = jobs();
    // The job without an appliance in its name is of someone else.
    let instances: Vec<Instance> = jobs.iter().map(Job::instance).collect();
    assert_eq!(
        of(&instances),
        [
            ("Shop.fill", State::Failed, Some("all 3 runs failed")),
            ("Shop.next.1", State::Pending, None),
        ]
    );
    assert_eq!((jobs[1].container(), jobs[1].is_own), ("next", true));
    assert_eq!(instances[0].fault.as_ref().unwrap().kind, FaultKind::Job);
    assert_eq!(instances[0].start, "2026-11-01T09:00:00Z");
}

#[test]
fn a_job_differs_by_its_definition_and_not_by_how_far_it_is() {
    let jobs = jobs();
    let differing = |change: fn(&mut Value)| {
        let mut document = json!({
            "name": "Shop.fill", "description": "applc", "schedule": "R1//P2M", "shell": true, "command": "fill",
            "retries": 2, "cpus": 0.1, "mem": 64, "disk": 256,
            "container": {
                "type": "DOCKER", "image": "a:1", "network": "BRIDGE", "forcePullImage": false,
                "volumes": [{"containerPath": "/data", "mode": "RW", "external": {"name": "Shop.data", "provider": "rexray"}}],
            },
        });
        change(&mut document);
        let wanted = chronos::wanted("1-Shop.fill.iso8601.json", document.to_string()).unwrap();
        jobs[0].differing(&wanted)
    };
    assert_eq!(differing(|_| {}), Vec::<String>::new());
    assert_eq!(differing(|job| job["schedule"] = json!("R3//P2M")), Vec::<String>::new());
    assert_eq!(differing(|job| job["schedule"] = json!("R1//P1D")), ["schedule"]);
    assert_eq!(differing(|job| job["schedule"] = json!("R//P2M")), ["schedule"]);
    assert_eq!(differing(|job| job["parents"] = json!(["Shop.a"])), ["parents"]);
    assert_eq!(differing(|job| job["container"]["image"] = json!("a:2")), ["container"]);
    assert!(chronos::wanted("x.json", "{}".to_owned()).is_err());
}
