//! What an engine runs of an appliance, as the files of a target say.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What an engine runs, and the volumes that it keeps data in.
#[derive(Debug, Default)]
pub struct State {
    /// What runs.
    pub runs: Vec<Run>,
    /// The volumes, by name.
    pub volumes: BTreeMap<String, Volume>,
    /// The namespaces that the output makes. What deletes one deletes everything in it.
    pub namespaces: BTreeSet<String>,
}

/// Something that runs: a service of Compose, a workload of Kubernetes, a group of Nomad, an app.
#[derive(Debug)]
pub struct Run {
    /// The id of the container that it is made for.
    pub container: String,
    /// What the engine tells it from others by: with another key, it is another one.
    pub key: String,
    pub work: Work,
    /// The part of its definition that replaces instances, or makes a job run again.
    pub definition: Value,
    /// What machines must be like. Instances on others are replaced.
    pub machines: Value,
    /// When the next run is, as far as it is not in the definition.
    pub timing: Value,
    /// The part that the engine refuses to change.
    pub fixed: Value,
    pub instances: u64,
    /// The volumes in it, by the path where they are mounted.
    pub mounts: BTreeMap<String, String>,
}

/// What is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    Service,
    /// A job that runs as soon as it is there.
    Once,
    /// A job that waits for its time.
    Repeating,
}

/// A volume that keeps data.
#[derive(Debug, Default, PartialEq)]
pub struct Volume {
    /// The part of its definition that the engine refuses to change.
    pub fixed: Value,
    /// Its size, if it can be made larger only.
    pub size: Option<u64>,
}

impl Run {
    /// A service with one instance, and nothing known of it.
    pub fn new(container: &str, key: String) -> Run {
        Run {
            container: container.to_owned(),
            key,
            work: Work::Service,
            definition: Value::Null,
            machines: Value::Null,
            timing: Value::Null,
            fixed: Value::Null,
            instances: 1,
            mounts: BTreeMap::new(),
        }
    }
}
