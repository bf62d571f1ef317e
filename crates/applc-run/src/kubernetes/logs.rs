//! The logs of pods.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use crate::engine::LogOptions;
use crate::error::Error;
use crate::logs::{Later, Log, Looks, follow, past};

use super::kubectl::{Kubectl, succeeded, unlimited};
use super::model::{INSTANCE, NAME, Object, text};
use super::pods;

/// A pod, and its container of the appliance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// The name.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// The name of the container.
    pub container: String,
    /// The labels of the appliance and of the container of it.
    of: (String, String),
    /// What names the current run of the container; empty before the first one.
    run: String,
}

impl Pod {
    /// A pod of an appliance.
    pub fn of(pod: &Object) -> Pod {
        let container = pod.items("/spec/containers").next().map_or("", |one| text(one, "/name"));
        let run = pods::main_status(pod).map_or("", |status| text(status, "/containerID"));
        Pod {
            name: pod.name().to_owned(),
            namespace: pod.namespace().to_owned(),
            container: container.to_owned(),
            of: (pod.label(INSTANCE).to_owned(), pod.label(NAME).to_owned()),
            run: run.to_owned(),
        }
    }
}

/// What kubectl says of a container that has not started: it has no log yet.
const NOT_STARTED: [&str; 5] = [
    "is waiting to start",
    "not found",
    "PodInitializing",
    "ContainerCreating",
    "does not have a host assigned",
];

/// Writes the logs of pods. Those of several are told apart by their names.
pub fn write(
    kubectl: &Kubectl,
    pods: &[Pod],
    options: LogOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    if options.follow {
        return follow_all(kubectl, pods, options, out);
    }
    let mut logs = Vec::new();
    for pod in pods {
        let mut text = of(kubectl, pod, options, &[])?;
        if text.is_empty() {
            // It has just started again: what it said before it ended is of use.
            text = of(kubectl, pod, options, &["--previous"]).unwrap_or_default();
        }
        logs.push(Log { name: pod.name.clone(), of: text });
    }
    past(&logs, options.tail, out)
}

/// Follows the logs of pods, and of other runs of the same containers of the appliance that begin later.
fn follow_all(
    kubectl: &Kubectl,
    pods: &[Pod],
    options: LogOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let log = |pod: &Pod, options: LogOptions| {
        let arguments = arguments(pod, options);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        Log { name: pod.name.clone(), of: unlimited(&arguments) }
    };
    let containers: BTreeSet<(&str, &str, &str)> = pods
        .iter()
        .map(|pod| (pod.namespace.as_str(), pod.of.0.as_str(), pod.of.1.as_str()))
        .collect();
    let known: BTreeSet<String> = pods.iter().map(|pod| pod.run.clone()).collect();
    let (known, later) = (Mutex::new(known), Later::new());
    let more = || {
        if !later.is_due() {
            return Vec::new();
        }
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        let running = containers.iter().flat_map(|(namespace, appliance, container)| {
            let selector = format!("{INSTANCE}={appliance},{NAME}={container}");
            // Asked again later.
            kubectl.get(&["pods", "-n", namespace, "-l", &selector]).unwrap_or_default()
        });
        let running = running.map(|pod| Pod::of(&pod));
        let new: Vec<Pod> =
            running.filter(|pod| !pod.run.is_empty() && known.insert(pod.run.clone())).collect();
        // All that they have printed is new.
        new.iter().map(|pod| log(pod, LogOptions { tail: None, ..options })).collect()
    };
    let first = pods.iter().map(|pod| log(pod, options)).collect();
    follow(first, &Looks { more: &more, ..Looks::NONE }, out)
}

fn of(kubectl: &Kubectl, pod: &Pod, options: LogOptions, more: &[&str]) -> Result<String, Error> {
    let arguments = arguments(pod, options);
    let mut all: Vec<&str> = arguments.iter().map(String::as_str).collect();
    all.extend(more);
    let output = kubectl.log(&all, options.most)?;
    if !output.success && NOT_STARTED.iter().any(|words| output.stderr.contains(words)) {
        return Ok(String::new());
    }
    succeeded(output)
}

fn arguments(pod: &Pod, options: LogOptions) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["logs", &pod.name, "-n", &pod.namespace, "-c", &pod.container].map(str::to_owned).to_vec();
    if let Some(tail) = options.tail {
        arguments.push(format!("--tail={tail}"));
    }
    arguments.push(if options.follow { "--follow" } else { "--timestamps" }.to_owned());
    arguments
}
