//! The state of a pod in PIVOT's words, and why it does not come up.

use jiff::Timestamp;
use serde_json::Value;

use crate::state::{Fault, FaultKind, State, Times};

use super::events::Event;
use super::model::{Object, items, text};
use super::states::Found;

/// The beginning of the names of init containers that wait, in what the target writes.
const WAIT: &str = "wait-for-";
/// The init container that waits for the start time of a job.
const WAIT_FOR_START: &str = "wait-for-start";

/// The exit statuses of a shell for a program that cannot be run or does not exist: starting it again
/// changes nothing.
const NOT_RUN: [i64; 2] = [126, 127];

/// A service that has ended this number of times is not waited for any longer. One that ends because
/// another one is not ready yet often succeeds at the second or third start; the next one would be 20 seconds
/// later.
const ENDS: u64 = 3;

/// How old an event about a claim may be when a pod is made that mounts it, in seconds: older ones are
/// from before.
const BEFORE: i64 = 2;

/// How long a cluster that makes nodes may take to say that it makes one, in seconds: the Cluster Autoscaler
/// looks every 10 seconds.
const GROWTH: i64 = 45;

/// What is known about a pod.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Its state.
    pub state: State,
    /// The reason of its state.
    pub why: Option<String>,
    /// Why it will not come up, if that is known.
    pub fault: Option<Fault>,
}

fn is(state: State) -> Reading {
    Reading { state, why: None, fault: None }
}

fn because(state: State, why: impl Into<String>) -> Reading {
    Reading { state, why: Some(why.into()), fault: None }
}

fn fails(kind: FaultKind, reason: impl Into<String>) -> Reading {
    Reading { state: State::Failed, why: None, fault: Some(Fault { kind, reason: reason.into() }) }
}

/// The container of the appliance in a pod: the first.
fn main(pod: &Object) -> Option<&Value> {
    pod.items("/spec/containers").next()
}

/// The status of the container of the appliance.
pub fn main_status(pod: &Object) -> Option<&Value> {
    let name = main(pod).map_or("", |container| text(container, "/name"));
    pod.items("/status/containerStatuses").find(|status| text(status, "/name") == name)
}

/// Whether its health is checked.
pub fn is_checked(pod: &Object) -> bool {
    let probes = ["startupProbe", "readinessProbe", "livenessProbe"];
    main(pod).is_some_and(|container| probes.iter().any(|probe| container.get(*probe).is_some()))
}

/// Whether its program was ended at its memory limit.
pub fn ran_out_of_memory(pod: &Object) -> bool {
    main_status(pod).is_some_and(|status| {
        ["/state/terminated/reason", "/lastState/terminated/reason"]
            .iter()
            .any(|pointer| text(status, pointer) == "OOMKilled")
    })
}

/// When things happened to it.
pub fn times(found: &Found, pod: &Object) -> Times {
    let status = main_status(pod);
    let time = |text: &str| text.parse().ok();
    let at = |pointer: &str| status.and_then(|status| time(text(status, pointer)));
    let condition = |kind: &str| {
        pod.condition(kind).and_then(|condition| time(text(condition, "/lastTransitionTime")))
    };
    let name = main(pod).map_or("", |container| text(container, "/name"));
    let own = |reason: &str| {
        let all = found.events.of(pod.uid()).iter();
        all.filter(|event| event.container == name).find(|event| event.reason == reason)
    };
    let event = |reason: &str| own(reason).and_then(|event| event.first);
    Times {
        created: time(pod.text("/metadata/creationTimestamp")),
        pulling: event("Pulling"),
        starting: event("Pulled"),
        started: at("/state/running/startedAt").or_else(|| at("/state/terminated/startedAt")),
        ready: condition("Ready").filter(|_| is_checked(pod)),
        ended: at("/state/terminated/finishedAt"),
    }
}

/// What is known about a pod that is not being deleted.
pub fn read(found: &Found, pod: &Object) -> Reading {
    match pod.text("/status/phase") {
        "Succeeded" => return is(State::Success),
        "Failed" => return because(State::Failed, end_of(pod)),
        _ => {}
    }
    if let Some(reading) = placed(found, pod) {
        return reading;
    }
    if let Some(reading) = initialized(found, pod) {
        return reading;
    }
    let Some(status) = main_status(pod) else {
        return not_mounted(found, pod).map_or(is(State::Staging), mounting);
    };
    if status.pointer("/state/running").is_some() {
        return running(found, pod, status);
    }
    if status.pointer("/state/terminated").is_some() {
        return ended(found, pod, status, "/state/terminated");
    }
    waiting(found, pod, status)
}

/// How a pod ended that failed.
fn end_of(pod: &Object) -> String {
    let reason = pod.text("/status/message");
    if !reason.is_empty() {
        return one_line(reason);
    }
    if let Some(status) = main_status(pod)
        && let Some(end) = status.pointer("/state/terminated")
    {
        return end_words(end);
    }
    // It never started: another container of the pod failed.
    for status in pod.items("/status/initContainerStatuses") {
        if let Some(code) = status.pointer("/state/terminated/exitCode").and_then(Value::as_i64)
            && code != 0
        {
            let name = text(status, "/name");
            return match name.strip_prefix(WAIT) {
                Some(other) => format!("`{other}`, which it waits for, has failed"),
                None => format!("`{name}` ended with exit status {code}"),
            };
        }
    }
    "it failed".to_owned()
}

fn end_words(end: &Value) -> String {
    let code = end.get("exitCode").and_then(Value::as_i64).unwrap_or_default();
    match text(end, "/reason") {
        "OOMKilled" => "ended by the engine at its memory limit".to_owned(),
        "StartError" | "ContainerCannotRun" => plain(text(end, "/message")),
        _ => format!("ended with exit status {code}"),
    }
}

/// The condition of a pod that has no place.
fn unplaced(pod: &Object) -> Option<&Value> {
    pod.items("/status/conditions")
        .find(|one| text(one, "/type") == "PodScheduled" && text(one, "/status") == "False")
}

/// Whether no node has a place for a pod at the moment.
pub fn is_unplaced(pod: &Object) -> bool {
    unplaced(pod).is_some()
}

/// What keeps a pod from being placed on a node.
fn placed(found: &Found, pod: &Object) -> Option<Reading> {
    let Some(condition) = unplaced(pod) else {
        return pod.text("/spec/nodeName").is_empty().then(|| is(State::Staging));
    };
    let message = text(condition, "/message");
    let why = place_words(pod, message);
    if text(condition, "/reason") != "Unschedulable" {
        return Some(because(State::Staging, why));
    }
    // Instances of before have a place until they have ended.
    let are_ending = found.of_kind("Pod").any(Object::is_ending);
    // A machine that has just started is not ready yet; one may be about to be added.
    let comes =
        message.contains("node.kubernetes.io/not-ready") || is_growing(found, pod, condition);
    if message.contains("PersistentVolumeClaim") || message.contains("persistentvolumeclaim") {
        return Some(match unbound(found, pod) {
            Some(reason) => fails(FaultKind::Place, reason),
            None if message.contains("persistentvolumeclaim \"") => fails(FaultKind::Place, why),
            None => because(State::Staging, why),
        });
    }
    Some(if are_ending || comes {
        because(State::Staging, why)
    } else {
        fails(FaultKind::Place, why)
    })
}

/// Whether the cluster makes a node for a pod, or has not said yet that it does not.
fn is_growing(found: &Found, pod: &Object, condition: &Value) -> bool {
    let says = |reason: &str| found.events.last(pod.uid(), reason).is_some();
    if says("TriggeredScaleUp") || says("Nominated") {
        return true;
    }
    let since = text(condition, "/lastTransitionTime").parse::<Timestamp>();
    let is_new = since.is_ok_and(|since| since.as_second() + GROWTH > Timestamp::now().as_second());
    found.grows && !says("NotTriggerScaleUp") && is_new
}

/// Why a claim of a pod gets no volume, if that is known.
fn unbound(found: &Found, pod: &Object) -> Option<String> {
    pod.items("/spec/volumes").find_map(|volume| {
        let name = text(volume, "/persistentVolumeClaim/claimName");
        let claim = found
            .of_kind("PersistentVolumeClaim")
            .find(|claim| claim.name() == name && claim.namespace() == pod.namespace())?;
        if claim.text("/status/phase") == "Bound" {
            return None;
        }
        let made: Timestamp = pod.text("/metadata/creationTimestamp").parse().ok()?;
        let is_new = |event: &&Event| {
            event.last.is_some_and(|last| last.as_second() + BEFORE >= made.as_second())
        };
        let event = ["ProvisioningFailed", "FailedBinding"]
            .iter()
            .filter_map(|reason| found.events.last(claim.uid(), reason))
            .find(is_new)?;
        Some(format!("the volume `{name}` is not there: {}", one_line(&event.message)))
    })
}

/// The scheduler's reason in plain words. Its own: `0/3 nodes are available: 1 Insufficient memory, 2 node(s)
/// didn't match Pod's node affinity/selector. preemption: ...`.
fn place_words(pod: &Object, message: &str) -> String {
    let Some((nodes, rest)) = message.split_once(" nodes are available: ") else {
        return one_line(message);
    };
    let all = nodes.rsplit('/').next().unwrap_or(nodes);
    let rest = rest.split(". ").next().unwrap_or(rest).trim_end_matches('.');
    if !rest.starts_with(|c: char| c.is_ascii_digit()) {
        // About the pod, and not about nodes.
        return one_line(rest);
    }
    let words = |part: &str| {
        let (count, reason) = part.split_once(' ').unwrap_or(("", part));
        let reason = reason.trim_start_matches("node(s) ");
        let reason = if let Some(resource) = reason.strip_prefix("Insufficient ") {
            format!("not enough {resource}")
        } else if reason.contains("free ports") {
            let ports: Vec<String> = host_ports(pod).map(|port| format!("*:{port}")).collect();
            format!("a port that is already allocated ({})", ports.join(", "))
        } else if reason.contains("affinity/selector") {
            "labels that do not match the hints".to_owned()
        } else if let Some(taint) = reason.strip_prefix("had untolerated taint ") {
            format!("the taint {taint}")
        } else {
            reason.to_owned()
        };
        if all == "1" { reason } else { format!("{reason} ({count})") }
    };
    let parts: Vec<String> = rest.split(", ").map(words).collect();
    let who = if all == "1" {
        "the only node has".to_owned()
    } else {
        format!("of {all} nodes, none is free: they have")
    };
    format!("{who} {}", parts.join(", "))
}

fn host_ports(pod: &Object) -> impl Iterator<Item = u64> {
    pod.items("/spec/containers")
        .flat_map(|container| items(container, "/ports"))
        .filter_map(|port| port.get("hostPort")?.as_u64())
}

/// What the init containers of a pod do, if they have not ended.
fn initialized(found: &Found, pod: &Object) -> Option<Reading> {
    for status in pod.items("/status/initContainerStatuses") {
        let name = text(status, "/name");
        let end = status.pointer("/state/terminated");
        if end.is_some_and(|end| end.get("exitCode").and_then(Value::as_i64) == Some(0)) {
            continue;
        }
        let waits_for = match name.strip_prefix(WAIT) {
            Some(_) if name == WAIT_FOR_START => Some("waits for its start time".to_owned()),
            Some(other) => Some(format!("waits for `{}`", found.id(other))),
            None => None,
        };
        if let Some(reading) = image_or_start(pod, status) {
            return Some(reading);
        }
        let is_running = status.pointer("/state/running").is_some();
        let has_failed = status.pointer("/lastState/terminated").is_some() || end.is_some();
        return Some(match waits_for {
            Some(why) if is_running || has_failed => because(State::Pending, why),
            _ if has_failed && !is_running => {
                because(State::Staging, format!("`{name}` ended with an error"))
            }
            // The pod is being set up; it would wait next.
            Some(why) => match not_mounted(found, pod) {
                Some(other) => mounting(other),
                None => because(State::Pending, why),
            },
            None => is(State::Staging),
        });
    }
    None
}

/// What keeps a container from being started: its image, or its definition.
fn image_or_start(pod: &Object, status: &Value) -> Option<Reading> {
    let message = text(status, "/state/waiting/message");
    match text(status, "/state/waiting/reason") {
        "ErrImagePull"
        | "ImagePullBackOff"
        | "InvalidImageName"
        | "ErrImageNeverPull"
        | "ImageInspectError"
        | "RegistryUnavailable"
        | "SignatureValidationFailed" => {
            let image = image(pod, text(status, "/name"));
            Some(fails(FaultKind::Pull, format!("`{image}`: {}", pull_words(message))))
        }
        "CreateContainerConfigError"
        | "CreateContainerError"
        | "RunContainerError"
        | "PreCreateHookError"
        | "PreStartHookError"
        | "PostStartHookError" => {
            // The runtime was too slow, and goes on.
            let is_slow = ["context deadline exceeded", "is reserved for"]
                .iter()
                .any(|words| message.contains(words));
            Some(if is_slow {
                because(State::Staging, one_line(message))
            } else {
                fails(FaultKind::Start, plain(message))
            })
        }
        _ => None,
    }
}

/// The image of a container of a pod, as it is written.
fn image<'a>(pod: &'a Object, name: &str) -> &'a str {
    let all = pod.items("/spec/containers").chain(pod.items("/spec/initContainers"));
    all.filter(|container| text(container, "/name") == name)
        .map(|container| text(container, "/image"))
        .next()
        .unwrap_or_default()
}

/// A container that is not there yet, or is kept from starting again.
fn waiting(found: &Found, pod: &Object, status: &Value) -> Reading {
    if let Some(reading) = image_or_start(pod, status) {
        return reading;
    }
    if status.pointer("/lastState/terminated").is_some() {
        return ended(found, pod, status, "/lastState/terminated");
    }
    if let Some(why) = not_mounted(found, pod) {
        return mounting(why);
    }
    said(found, pod, text(status, "/name")).unwrap_or(is(State::Staging))
}

/// What events say about a container that has not started yet. Behind init containers, its status says why only
/// after several attempts.
fn said(found: &Found, pod: &Object, name: &str) -> Option<Reading> {
    let image = image(pod, name);
    let own = found.events.of(pod.uid()).iter().filter(|event| event.container == name);
    // The first word that says what happened decides, from the last event on.
    for event in own.rev() {
        match event.reason.as_str() {
            "Failed" => {
                if let Some((_, message)) = event.message.split_once("Failed to pull image ") {
                    return Some(fails(
                        FaultKind::Pull,
                        format!("`{image}`: {}", pull_words(message)),
                    ));
                }
                let message = event.message.strip_prefix("Error: ").unwrap_or(&event.message);
                if !message.starts_with("ErrImage") && !message.starts_with("ImagePull") {
                    return Some(fails(FaultKind::Start, plain(message)));
                }
            }
            "Pulled" | "Created" | "Started" => return None,
            _ => {}
        }
    }
    let mut own = found.events.of(pod.uid()).iter().filter(|event| event.container == name);
    let is_pulling = own.any(|event| event.reason == "Pulling");
    is_pulling.then(|| because(State::Staging, format!("`{image}` is being pulled")))
}

/// What keeps the volumes or the network of a pod from being set up.
fn not_mounted(found: &Found, pod: &Object) -> Option<String> {
    let reasons = ["FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"];
    let last = found.events.of(pod.uid()).iter().rfind(|e| reasons.contains(&e.reason.as_str()));
    last.map(|event| one_line(&event.message))
}

/// A pod whose volumes or network are not set up yet, for this reason. It comes to nothing without a Secret or
/// a key of it.
fn mounting(why: String) -> Reading {
    let is_missing = why.contains("non-existent secret key")
        || why.contains("secret \"") && why.contains("\" not found");
    if is_missing { fails(FaultKind::Start, why) } else { because(State::Staging, why) }
}

/// A container that has ended.
fn ended(found: &Found, pod: &Object, status: &Value, at: &str) -> Reading {
    let Some(end) = status.pointer(at) else { return is(State::Staging) };
    let code = end.get("exitCode").and_then(Value::as_i64).unwrap_or_default();
    let why = end_words(end);
    match text(end, "/reason") {
        "OOMKilled" => return fails(FaultKind::Memory, why),
        "StartError" | "ContainerCannotRun" => return fails(FaultKind::Start, why),
        _ => {}
    }
    if let Some(reading) = killed_by_check(found, pod, status) {
        return reading;
    }
    if pod.text("/spec/restartPolicy") == "Never" {
        return if code == 0 { is(State::Success) } else { because(State::Failed, why) };
    }
    if NOT_RUN.contains(&code) {
        let reason = format!("exit status {code}: its program cannot be run");
        return fails(FaultKind::Crash, reason);
    }
    let ends = restarts(status) + 1;
    let why = format!("{why}, {}", starts(ends));
    if ends >= ENDS {
        return fails(FaultKind::Crash, why);
    }
    because(State::Staging, why)
}

fn restarts(status: &Value) -> u64 {
    status.get("restartCount").and_then(Value::as_u64).unwrap_or_default()
}

/// How often a container was started.
fn starts(number: u64) -> String {
    if number == 1 { "1 start so far".to_owned() } else { format!("{number} starts so far") }
}

/// A container that runs.
fn running(found: &Found, pod: &Object, status: &Value) -> Reading {
    if status.get("ready") == Some(&Value::Bool(true)) {
        return is(State::Running);
    }
    if let Some(reading) = killed_by_check(found, pod, status) {
        return reading;
    }
    let mut why = match found.events.last(pod.uid(), "Unhealthy") {
        Some(event) => format!("not healthy yet: {}", check_words(event)),
        None => "not healthy yet".to_owned(),
    };
    if restarts(status) > 0 {
        why = format!("{why}, {}", starts(restarts(status) + 1));
    }
    because(State::Staging, why)
}

/// Whether Kubernetes ends the current run, or has ended the last one, because of the health check. It then
/// has failed as often as it may.
fn killed_by_check(found: &Found, pod: &Object, status: &Value) -> Option<Reading> {
    let events = found.events.of(pod.uid());
    let killing = events.iter().rfind(|event| {
        event.reason == "Killing"
            && ["startup", "liveness"]
                .iter()
                .any(|probe| event.message.contains(&format!("failed {probe} probe")))
    })?;
    // Not one of an earlier run.
    let since = ["/lastState/terminated/startedAt", "/state/running/startedAt"]
        .iter()
        .find_map(|pointer| text(status, pointer).parse::<Timestamp>().ok());
    if since.is_some_and(|since| killing.last.is_some_and(|last| last < since)) {
        return None;
    }
    let reason = match found.events.last(pod.uid(), "Unhealthy") {
        Some(event) => check_words(event),
        None => "its health check fails".to_owned(),
    };
    Some(fails(FaultKind::Health, reason))
}

/// What a health check said: `Startup probe failed: not yet`.
fn check_words(event: &Event) -> String {
    let said = event.message.split_once(" probe failed: ").map_or("", |(_, said)| said);
    let said = one_line(said);
    if said.is_empty() {
        let words = one_line(&event.message);
        return match words.split_once(" probe ") {
            Some((_, rest)) if !rest.starts_with("failed") => format!("its health check {rest}"),
            _ => "its health check fails".to_owned(),
        };
    }
    format!("its health check fails: {said}")
}

/// Why an image is not pulled, without the layers that passed it on.
fn pull_words(message: &str) -> String {
    let message = one_line(message);
    let message = message.split_once("ErrImagePull: ").map_or(message.as_str(), |(_, m)| m);
    let behind = |words: &str| {
        let (_, rest) = message.rsplit_once(words)?;
        rest.split_once("\": ").map(|(_, rest)| rest)
    };
    behind("failed to resolve reference \"")
        .or_else(|| behind("failed to resolve image \""))
        .or_else(|| behind("failed to pull and unpack image \""))
        .unwrap_or(message)
        .trim_start_matches("failed to resolve image: ")
        .to_owned()
}

/// An error of the runtime, without the layers that passed it on.
fn plain(message: &str) -> String {
    let message = one_line(message);
    let words = "unable to start container process: ";
    let message = message.rsplit_once(words).map_or(message.as_str(), |(_, rest)| rest);
    let message = message.strip_prefix("error during container init: ").unwrap_or(message);
    message.strip_suffix(": unknown").unwrap_or(message).to_owned()
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
