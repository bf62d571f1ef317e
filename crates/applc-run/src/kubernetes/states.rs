//! What runs of an appliance, from the objects of the API.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::state::{Fault, FaultKind, Instance, OFTEN, Observed, State, Times};

use super::endpoints;
use super::events::Events;
use super::model::{INSTANCE, NAME, Object, text};
use super::pods::{self, Reading};

/// The kinds that run containers.
const WORKLOADS: [&str; 3] = ["Deployment", "Job", "CronJob"];

/// The objects of one appliance.
#[derive(Debug, Default)]
pub struct Found {
    /// All objects with its label.
    pub objects: Vec<Object>,
    /// What happened to them.
    pub events: Events,
    /// The ids of its containers, by their names in labels, as far as they are known.
    pub ids: BTreeMap<String, String>,
    /// The ids of its volumes, by their names without those of the appliance, as far as they are known.
    pub volumes: BTreeMap<String, String>,
    /// Whether the cluster makes nodes when pods need them.
    pub grows: bool,
}

impl Found {
    /// The objects that applc wrote, which run containers.
    pub fn workloads(&self) -> impl Iterator<Item = &Object> {
        self.objects
            .iter()
            .filter(|one| WORKLOADS.contains(&one.kind()) && one.is_of(one.label(INSTANCE)))
    }

    /// The objects of a kind.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Object> {
        self.objects.iter().filter(move |one| one.kind() == kind)
    }

    /// The id of the container that has a name in labels.
    pub fn id(&self, name: &str) -> String {
        self.ids.get(name).map_or_else(|| name.to_owned(), Clone::clone)
    }

    fn pods_of<'a>(&'a self, owner: &'a str) -> impl Iterator<Item = &'a Object> {
        self.of_kind("Pod").filter(move |pod| pod.owner() == owner && !pod.is_ending())
    }

    /// The ReplicaSet of the current version of a Deployment.
    fn current<'a>(&'a self, deployment: &'a Object) -> Option<&'a Object> {
        const REVISION: &str = "deployment.kubernetes.io/revision";
        let own = || self.of_kind("ReplicaSet").filter(|set| set.owner() == deployment.uid());
        let revision = deployment.annotation(REVISION);
        own().find(|set| set.annotation(REVISION) == revision).or_else(|| {
            own().max_by_key(|set| set.annotation(REVISION).parse::<u64>().unwrap_or_default())
        })
    }
}

/// What is known about the containers of an appliance.
pub fn observed(found: &Found) -> Observed {
    let mut instances: Vec<Instance> = Vec::new();
    for workload in found.workloads().filter(|one| !one.is_ending()) {
        let mut own = match workload.kind() {
            "Deployment" => deployment(found, workload),
            "Job" => job(found, workload),
            _ => cron_job(found, workload),
        };
        endpoints::give(found, workload, &mut own);
        instances.extend(own);
    }
    instances.sort_by(|a, b| (&a.container, &a.name).cmp(&(&b.container, &b.name)));
    Observed { instances }
}

fn deployment(found: &Found, deployment: &Object) -> Vec<Instance> {
    let wanted = deployment.number("/spec/replicas");
    let set = found.current(deployment);
    let pods: Vec<&Object> = set.map(|set| found.pods_of(set.uid()).collect()).unwrap_or_default();
    // The ReplicaSet has replaced pods that have ended.
    let pods: Vec<&Object> = pods
        .into_iter()
        .filter(|pod| !matches!(pod.text("/status/phase"), "Failed" | "Succeeded"))
        .collect();
    let is_behind =
        deployment.number("/status/observedGeneration") < deployment.number("/metadata/generation");
    let mut all: Vec<Instance> =
        pods.iter().map(|pod| instance(found, deployment, pod, pods::read(found, pod))).collect();
    if is_behind {
        for one in &mut all {
            one.fault = None;
            one.state = State::Staging;
            one.why = Some("its change is not taken up yet".to_owned());
        }
    }
    let refused = set
        .and_then(|set| set.condition("ReplicaFailure"))
        .or_else(|| deployment.condition("ReplicaFailure"))
        .filter(|_| !is_behind && (pods.len() as u64) < wanted);
    let start = set.unwrap_or(deployment).uid();
    if let Some(condition) = refused {
        let fault = not_created(text(condition, "/message"));
        let why = text(condition, "/message").to_owned();
        all.push(absent(found, deployment, start, State::Staging, Some(why), fault));
    } else if pods.is_empty() && wanted > 0 {
        let ends = found
            .of_kind("Pod")
            .any(|pod| pod.is_ending() && pod.label(NAME) == deployment.label(NAME));
        let why = ends.then(|| "its earlier instances end".to_owned());
        all.push(absent(found, deployment, start, State::Staging, why, None));
    }
    all
}

/// Why pods are not created, if that does not change by itself.
fn not_created(message: &str) -> Option<Fault> {
    // The account of a new namespace is made a moment later.
    if message.contains("serviceaccount") && message.contains("not found") {
        return None;
    }
    let kind = if message.contains("exceeded quota") { FaultKind::Place } else { FaultKind::Start };
    let reason = match message.split_once("\" is forbidden: ") {
        Some((_, reason)) => reason,
        None => message,
    };
    Some(Fault { kind, reason: reason.split_whitespace().collect::<Vec<_>>().join(" ") })
}

/// The pods of a job that count: the last one of each index.
fn last_pods<'a>(found: &'a Found, job: &'a Object) -> Vec<&'a Object> {
    const INDEX: &str = "batch.kubernetes.io/job-completion-index";
    let mut last: BTreeMap<&str, &Object> = BTreeMap::new();
    for pod in found.pods_of(job.uid()) {
        let age = |pod: &'a Object| (pod.text("/metadata/creationTimestamp"), pod.name());
        let known = last.entry(pod.annotation(INDEX)).or_insert(pod);
        // Without an index, one that runs at the same time as another one does not replace it.
        if age(pod) > age(known) {
            *known = pod;
        }
    }
    last.into_values().collect()
}

fn job(found: &Found, job: &Object) -> Vec<Instance> {
    let pods = last_pods(found, job);
    let is_done = job.condition("Complete").or_else(|| job.condition("SuccessCriteriaMet"));
    let failed = job.condition("Failed").or_else(|| job.condition("FailureTarget"));
    let runs = job.number("/status/failed").max(1);
    let mut all: Vec<Instance> = Vec::new();
    for pod in &pods {
        let mut reading = pods::read(found, pod);
        if is_done.is_some() {
            reading = Reading { state: State::Success, why: None, fault: None };
        } else if reading.state == State::Failed && reading.fault.is_none() {
            let code = reading.why.clone().unwrap_or_else(|| "it failed".to_owned());
            let times = if runs > 1 { format!(", {runs} runs") } else { String::new() };
            match failed {
                Some(condition) => reading.fault = Some(job_fault(pod, condition, &code, &times)),
                None => {
                    reading.state = State::Staging;
                    reading.why = Some(format!("{code}{times}; it is run again"));
                }
            }
        }
        all.push(instance(found, job, pod, reading));
    }
    let has_fault = all.iter().any(|one| one.fault.is_some());
    match (is_done, failed) {
        (Some(_), _) if all.is_empty() => {
            all.push(absent(found, job, job.uid(), State::Success, None, None));
        }
        (None, Some(condition)) if !has_fault => {
            let reason = text(condition, "/message").to_owned();
            let fault = Some(Fault { kind: FaultKind::Job, reason });
            all.push(absent(found, job, job.uid(), State::Failed, None, fault));
        }
        (None, None) if all.is_empty() => {
            let refused = found.events.last(job.uid(), "FailedCreate");
            let message = refused.map(|event| event.message.clone());
            let fault = message.as_deref().and_then(not_created);
            all.push(absent(found, job, job.uid(), State::Staging, message, fault));
        }
        _ => {}
    }
    all
}

fn job_fault(pod: &Object, condition: &Value, why: &str, times: &str) -> Fault {
    if pods::ran_out_of_memory(pod) {
        return Fault { kind: FaultKind::Memory, reason: why.to_owned() };
    }
    let reason = match text(condition, "/reason") {
        "BackoffLimitExceeded" | "FailedIndexes" | "" => {
            format!("{}{times}", why.strip_prefix("ended with ").unwrap_or(why))
        }
        _ => text(condition, "/message").to_owned(),
    };
    Fault { kind: FaultKind::Job, reason }
}

/// The last run of a job that repeats. Its Jobs have no labels, but their pods have.
fn cron_job(found: &Found, cron: &Object) -> Vec<Instance> {
    let own = || {
        found.of_kind("Pod").filter(|pod| {
            pod.label(NAME) == cron.label(NAME)
                && pod.namespace() == cron.namespace()
                && !pod.is_ending()
        })
    };
    let newest = own().max_by_key(|pod| (pod.text("/metadata/creationTimestamp"), pod.name()));
    let Some(newest) = newest else {
        let why = Some("waits for the time of its first run".to_owned());
        return vec![absent(found, cron, cron.uid(), State::Submitted, why, None)];
    };
    let last = own().filter(|pod| pod.owner() == newest.owner());
    let read = |pod: &Object| {
        let mut reading = pods::read(found, pod);
        if reading.state == State::Failed {
            // It is run again at its next time.
            reading.fault = None;
        }
        instance(found, cron, pod, reading)
    };
    last.map(read).collect()
}

fn instance(found: &Found, workload: &Object, pod: &Object, reading: Reading) -> Instance {
    let status = pods::main_status(pod);
    let at = |pointer: &str| status.map_or("", |status| text(status, pointer));
    let restarts = status.and_then(|status| status.get("restartCount")).and_then(Value::as_u64);
    let is_service = workload.kind() == "Deployment";
    let Reading { state, why, fault } = reading;
    Instance {
        container: found.id(workload.label(NAME)),
        name: pod.name().to_owned(),
        state: if fault.is_some() { State::Failed } else { state },
        why: fault.as_ref().map(|fault| fault.reason.clone()).or(why),
        start: format!("{} {}", pod.uid(), at("/containerID")),
        // A job that is run again is no service that ends.
        restarts: restarts.filter(|_| is_service).and_then(|n| u32::try_from(n).ok()).unwrap_or(0),
        often: is_service && restarts >= Some(OFTEN.into()),
        checked: pods::is_checked(pod),
        fault,
        times: pods::times(found, pod),
        endpoints: Vec::new(),
        on_host: (pod.at("/spec/hostNetwork") == Some(&Value::Bool(true)))
            .then(|| pod.text("/status/hostIP").to_owned()),
    }
}

/// What stands for the instances of a container that has none.
fn absent(
    found: &Found,
    workload: &Object,
    start: &str,
    state: State,
    why: Option<String>,
    fault: Option<Fault>,
) -> Instance {
    Instance {
        container: found.id(workload.label(NAME)),
        name: format!("{}/{}", workload.kind().to_ascii_lowercase(), workload.name()),
        state: if fault.is_some() { State::Failed } else { state },
        why: fault.as_ref().map(|fault| fault.reason.clone()).or(why),
        start: start.to_owned(),
        restarts: 0,
        often: false,
        checked: false,
        fault,
        times: Times::default(),
        endpoints: Vec::new(),
        on_host: None,
    }
}
