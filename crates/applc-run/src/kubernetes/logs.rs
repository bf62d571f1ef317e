//! The logs of pods.

use std::io::Write;

use crate::engine::LogOptions;
use crate::error::Error;
use crate::logs::{Log, Looks, follow, past};

use super::kubectl::{Kubectl, succeeded, unlimited};

/// A pod, and its container of the appliance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pod {
    /// The name.
    pub name: String,
    /// The namespace.
    pub namespace: String,
    /// The name of the container.
    pub container: String,
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
        let log = |pod: &Pod| {
            let arguments = arguments(pod, options);
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            Log { name: pod.name.clone(), of: unlimited(&arguments) }
        };
        return follow(pods.iter().map(log).collect(), &Looks::NONE, out);
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
