//! What is read from recorded objects and events: those of Kubernetes 1.36 for appliances whose containers fail in
//! different ways, without the fields that are not used.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::change::{Comparison, Fate, Part};
use super::diff::differences;
use super::drift::drift;
use super::events::Events;
use super::model::{Object, read};
use super::states::{Found, observed};
use super::volumes;
use crate::engine::{Action, Change};
use crate::state::{FaultKind, Instance, State};

macro_rules! recorded {
    ($name:literal) => {
        found(include_str!($name))
    };
}

fn objects(value: &Value) -> Vec<Object> {
    value.as_array().unwrap().iter().cloned().map(Object).collect()
}

fn found(text: &str) -> Found {
    let all: Value = serde_json::from_str(text).unwrap();
    Found {
        objects: objects(&all["objects"]),
        events: Events::new(&objects(&all["events"])),
        ids: BTreeMap::from([("web".to_owned(), "Web".to_owned())]),
        ..Found::default()
    }
}

fn instance(found: &Found, container: &str) -> Instance {
    let all = observed(found);
    let own: Vec<&Instance> = all.of(container).collect();
    assert_eq!(own.len(), 1, "{all:?}");
    own[0].clone()
}

fn fault(found: &Found, container: &str) -> (FaultKind, String) {
    let one = instance(found, container);
    assert_eq!(one.state, State::Failed);
    let fault = one.fault.unwrap();
    (fault.kind, fault.reason)
}

#[test]
fn a_pod_that_waits_for_its_dependency_is_pending() {
    let found = recorded!("cable.json");
    let web = instance(&found, "Web");
    assert_eq!((web.state, web.why.as_deref()), (State::Pending, Some("waits for `db`")));
    let db = instance(&found, "db");
    assert_eq!((db.state, db.checked), (State::Staging, true));
    assert!(db.why.unwrap().starts_with("not healthy yet"));
    assert!(db.times.created.is_some() && db.times.started > db.times.created);
}

#[test]
fn an_image_that_cannot_be_pulled_is_known_from_events_behind_init_containers() {
    assert_eq!(
        fault(&recorded!("missing.json"), "Web"),
        (FaultKind::Pull, "`applc-test/none:1`: docker.io/applc-test/none:1: not found".to_owned())
    );
}

#[test]
fn a_program_that_is_missing_is_named_without_the_layers_that_passed_it_on() {
    let (kind, reason) = fault(&recorded!("program.json"), "Web");
    assert_eq!(kind, FaultKind::Start);
    assert!(reason.starts_with("exec: \"/bin/no-such-program\": "), "{reason}");
}

#[test]
fn a_service_that_ended_three_times_does_not_stay_up() {
    assert_eq!(
        fault(&recorded!("crash.json"), "db"),
        (FaultKind::Crash, "ended with exit status 3, 3 starts so far".to_owned())
    );
    // Two times may be because of another one that was not ready.
    let text = include_str!("crash.json").replace("\"restartCount\":2", "\"restartCount\":1");
    let db = instance(&found(&text), "db");
    assert_eq!((db.state, db.restarts), (State::Staging, 1));
}

#[test]
fn a_service_out_of_memory_and_one_that_is_not_healthy() {
    let limit = "ended by the engine at its memory limit".to_owned();
    let text = include_str!("memory.json");
    let run = r#""running":{"startedAt":"2026-11-27T11:41:05Z"}"#;
    assert!(text.contains(run));
    let ended = text.replace(run, r#""waiting":{"reason":"CrashLoopBackOff"}"#);
    assert_eq!(fault(&found(&ended), "db"), (FaultKind::Memory, limit));
    // Started again, it may stay up.
    assert_eq!(instance(&found(text), "db").state, State::Running);
    let sick = recorded!("sick.json");
    let reason = "its health check fails: not yet".to_owned();
    assert_eq!(fault(&sick, "db"), (FaultKind::Health, reason));
    assert_eq!(instance(&sick, "other").state, State::Running);
}

#[test]
fn a_pod_without_a_place_has_the_reason_in_plain_words() {
    let found = recorded!("large.json");
    let reason = "the only node has not enough memory".to_owned();
    assert_eq!(fault(&found, "db"), (FaultKind::Place, reason));
    // The cluster may make a node, and says so if it does not.
    let mut growing = recorded!("large.json");
    growing.grows = true;
    let pods = growing.objects.iter_mut().filter(|one| one.kind() == "Pod");
    for condition in pods.filter_map(|pod| pod.0.pointer_mut("/status/conditions/0")) {
        condition["lastTransitionTime"] = jiff::Timestamp::now().to_string().into();
    }
    assert_eq!(instance(&growing, "db").state, State::Staging);
    let pod =
        growing.objects.iter().find(|one| one.name().starts_with("db-") && one.kind() == "Pod");
    let no = json!({"reason": "NotTriggerScaleUp", "message": "no", "involvedObject": {"uid": pod.unwrap().uid()}});
    growing.events = Events::new(&[Object(no)]);
    assert_eq!(instance(&growing, "db").state, State::Failed);
    // Instances of before still have a place.
    let mut ending = recorded!("large.json");
    let pods = ending.objects.iter_mut().filter(|one| one.kind() == "Pod");
    for pod in pods.filter(|pod| pod.name().starts_with("other")) {
        pod.0["metadata"]["deletionTimestamp"] = "2026-11-27T11:00:00Z".into();
    }
    assert_eq!(instance(&ending, "db").state, State::Staging);
}

#[test]
fn a_claim_without_a_volume_is_waited_for_until_the_cluster_says_why() {
    let (kind, reason) = fault(&recorded!("unbound.json"), "db");
    assert_eq!(kind, FaultKind::Place);
    assert!(
        reason.starts_with("the volume `data` is not there: no persistent volumes"),
        "{reason}"
    );
    let mut early = recorded!("unbound.json");
    early.events = Events::default();
    let db = instance(&early, "db");
    assert_eq!((db.state, db.fault), (State::Staging, None));
}

#[test]
fn pods_that_are_not_admitted_have_the_reason_of_the_quota() {
    let found = recorded!("quota.json");
    let (kind, reason) = fault(&found, "Web");
    assert_eq!(kind, FaultKind::Place);
    assert!(
        reason.starts_with("exceeded quota: small, requested: requests.memory=64Mi"),
        "{reason}"
    );
    assert!(instance(&found, "Web").name.starts_with("deployment/"));
    // The account of a new namespace comes a moment later.
    let text = include_str!("quota.json").replace(
        "exceeded quota: small",
        "error looking up service account a/b: serviceaccount \\\"b\\\" not found",
    );
    assert_eq!(instance(&self::found(&text), "Web").fault, None);
}

#[test]
fn a_job_that_failed_counts_its_runs_and_shows_the_last() {
    let found = recorded!("job.json");
    assert_eq!(fault(&found, "made"), (FaultKind::Job, "exit status 4, 2 runs".to_owned()));
    assert_eq!(instance(&found, "Web").state, State::Pending);
    // Without its condition, it is run again.
    let text = include_str!("job.json").replace("\"type\":\"Failed\"", "\"type\":\"Other\"");
    let text = text.replace("\"type\":\"FailureTarget\"", "\"type\":\"Other\"");
    assert_eq!(instance(&self::found(&text), "made").state, State::Staging);
}

#[test]
fn instances_of_an_earlier_version_do_not_count() {
    let mut behind = recorded!("sick.json");
    let deployments = behind.objects.iter_mut().filter(|one| one.kind() == "Deployment");
    for deployment in deployments {
        deployment.0["metadata"]["generation"] = 9.into();
    }
    let other = instance(&behind, "other");
    assert_eq!(other.why.as_deref(), Some("its change is not taken up yet"));
    assert_eq!((other.state, instance(&behind, "db").fault), (State::Staging, None));
}

#[test]
fn ports_are_reached_at_the_node_of_the_pod() {
    let mut found = recorded!("sick.json");
    let pod =
        found.objects.iter().find(|one| one.kind() == "Pod" && one.name().starts_with("other"));
    let host = pod.unwrap().text("/status/hostIP").to_owned();
    let namespace = pod.unwrap().namespace().to_owned();
    let labels = pod.unwrap().at("/metadata/labels").unwrap().clone();
    found.objects.push(Object(json!({
        "kind": "Service", "metadata": {"name": "other", "namespace": namespace, "labels": labels},
        "spec": {"type": "NodePort", "ports": [
            {"port": 80, "targetPort": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "nodePort": 30053, "protocol": "UDP"}]},
    })));
    let endpoints = instance(&found, "other").endpoints;
    let all: Vec<_> = endpoints
        .iter()
        .map(|one| (one.host.as_str(), one.host_port, one.container_port, one.protocol.as_str()))
        .collect();
    assert_eq!(all, [(host.as_str(), 30053, 53, "udp"), (host.as_str(), 30080, 80, "tcp")]);
}

#[test]
fn kubectl_writes_one_object_or_several_or_a_list() {
    let text = r#"{"kind": "Pod"} {"kind": "PodList", "items": [{"kind": "A"}, {"kind": "B"}]}"#;
    let kinds: Vec<String> = read(text).unwrap().iter().map(|one| one.kind().to_owned()).collect();
    assert_eq!(kinds, ["Pod", "A", "B"]);
    assert_eq!(read("").unwrap(), []);
    assert!(read("nothing").is_err());
}

/// A part of which this is wanted, and that is there.
fn part(wanted: Value, live: Value) -> Part {
    let differences = if live.is_null() { Vec::new() } else { differences(&live, &wanted) };
    let fate = match (live.is_null(), differences.is_empty()) {
        (true, _) => Fate::Created,
        (false, true) => Fate::Same,
        (false, false) => Fate::Changed,
    };
    let live = (!live.is_null()).then_some(Object(live));
    Part { wanted: Object(wanted), live, fate, differences, stuck: None }
}

fn object(kind: &str, name: &str, spec: Value) -> Value {
    json!({
        "kind": kind, "spec": spec,
        "metadata": {"name": name, "labels": {"app.kubernetes.io/name": name}},
    })
}

fn comparison(parts: Vec<Part>, gone: &[Value]) -> Comparison {
    let names = parts.iter().map(|part| part.wanted.name().to_owned());
    let ids = names.map(|name| (name.clone(), name)).collect();
    Comparison { parts, gone: gone.iter().cloned().map(Object).collect(), ids }
}

fn words(changes: &[Change]) -> Vec<(&str, Action, &str)> {
    changes.iter().map(|one| (one.container.as_str(), one.action, one.why.as_str())).collect()
}

#[test]
fn another_number_of_instances_replaces_none() {
    let pod = |image: &str| json!({"spec": {"containers": [{"name": "a", "image": image}]}});
    let deployment = |name: &str, replicas: u32, image: &str| {
        object("Deployment", name, json!({"replicas": replicas, "template": pod(image)}))
    };
    let parts = vec![
        part(deployment("a", 3, "i:1"), deployment("a", 1, "i:1")),
        part(deployment("b", 1, "i:2"), deployment("b", 1, "i:1")),
        part(deployment("c", 1, "i:1"), deployment("c", 1, "i:1")),
        part(object("Job", "d", json!({})), Value::Null),
        part(
            object("Service", "c", json!({"ports": [{"name": "http", "port": 81}]})),
            object("Service", "c", json!({"ports": [{"name": "http", "port": 80}]})),
        ),
    ];
    let gone = [object("Deployment", "d", json!({})), object("Deployment", "e", json!({}))];
    assert_eq!(
        words(&comparison(parts, &gone).changes()),
        [
            ("a", Action::Changed, "3 instances instead of 1"),
            ("b", Action::Replaced, "`image` is `i:2` instead of `i:1`"),
            ("c", Action::Changed, "the Service `c`: `ports.http.port` is 81 instead of 80"),
            ("d", Action::Replaced, "a Job instead of a Deployment"),
            ("e", Action::Removed, "not in the appliance"),
        ]
    );
}

#[test]
fn drift_names_what_is_gone_and_what_others_have_added_but_not_what_fails() {
    let live = |managed: Value| {
        let mut live = object("Deployment", "a", json!({"replicas": 1}));
        live["metadata"]["managedFields"] = managed;
        live
    };
    let added = json!([{"manager": "kubectl-patch", "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:hostAliases": {}}}}}}]);
    let mut parts = vec![
        part(object("Deployment", "a", json!({"replicas": 1})), live(added)),
        part(object("Deployment", "b", json!({})), Value::Null),
        part(object("Deployment", "c", json!({})), object("Deployment", "c", json!({}))),
    ];
    parts[2].stuck = Some("it crashes".to_owned());
    parts.push(part(
        object("Deployment", "d", json!({"replicas": 1})),
        object("Deployment", "d", json!({"replicas": 3})),
    ));
    parts.push(part(object("Service", "d", json!({})), Value::Null));
    assert_eq!(
        words(&drift(&comparison(parts, &[object("Deployment", "e", json!({}))]))),
        [
            ("a", Action::Kept, "`hostAliases` was set by `kubectl-patch`"),
            ("b", Action::Created, "was removed"),
            ("d", Action::Changed, "3 instances instead of 1; the Service `d`: was removed"),
            ("e", Action::Removed, "the Deployment `e` is not in the appliance"),
        ]
    );
}

#[test]
fn nodes_are_machines() {
    let node = json!({
        "kind": "Node", "metadata": {"name": "node-1", "labels": {"zone": "a"}}, "spec": {"unschedulable": true},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "Hostname", "address": "node-1"}],
            "allocatable": {"cpu": "1500m", "memory": "2097152Ki"},
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {"osImage": "Debian", "architecture": "amd64"},
        },
    });
    let host = volumes::host(&Object(node));
    assert_eq!((host.name.as_str(), host.address.as_deref()), ("node-1", Some("10.0.0.1")));
    assert_eq!((host.cpus, host.memory, host.is_ready), (1.5, 2048, false));
    assert_eq!(
        (host.attributes["zone"].as_str(), host.attributes["osImage"].as_str()),
        ("a", "Debian")
    );
}
