//! What Nomad's API answers, as far as it is read.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// The entry of a job's `meta` with the id of the appliance.
pub const APPLIANCE: &str = "applc.appliance";

/// The task that waits until the dependencies of a container are ready.
pub const WAIT_TASK: &str = "wait_for";

/// The task that records that a job has succeeded.
pub const RECORD_TASK: &str = "record_success";

/// `null` as the default.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// A job in the list of jobs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Job {
    /// Its id, unique in its namespace.
    #[serde(rename = "ID")]
    pub id: String,
    pub namespace: String,
    /// The periodic job that it is a run of, or an empty text.
    #[serde(rename = "ParentID")]
    pub parent: String,
    pub periodic: bool,
    /// Whether it was stopped.
    pub stop: bool,
    #[serde(deserialize_with = "or_default")]
    pub meta: BTreeMap<String, String>,
    pub create_index: u64,
    pub job_modify_index: u64,
}

impl Job {
    /// The id of the appliance that it belongs to.
    pub fn appliance(&self) -> Option<&str> {
        self.meta.get(APPLIANCE).map(String::as_str)
    }
}

/// The specification of a job.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Spec {
    #[serde(rename = "ID")]
    pub id: String,
    pub namespace: String,
    /// `service` or `batch`.
    #[serde(rename = "Type")]
    pub kind: String,
    pub version: u64,
    #[serde(deserialize_with = "or_default")]
    pub task_groups: Vec<Group>,
}

/// A group of tasks: a container of an appliance.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Group {
    pub name: String,
    pub count: u32,
    #[serde(deserialize_with = "or_default")]
    pub tasks: Vec<Task>,
    #[serde(deserialize_with = "or_default")]
    pub volumes: BTreeMap<String, Mounted>,
    #[serde(deserialize_with = "or_default")]
    pub update: Update,
}

/// How a group is updated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Update {
    /// How long an instance must be healthy, in nanoseconds.
    pub min_healthy_time: i64,
}

/// A volume that a group uses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Mounted {
    /// `host` or `csi`.
    #[serde(rename = "Type")]
    pub kind: String,
    pub source: String,
}

/// A task.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Task {
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub config: Config,
    #[serde(deserialize_with = "or_default")]
    pub services: Vec<Service>,
    #[serde(deserialize_with = "or_default")]
    pub templates: Vec<Template>,
    #[serde(deserialize_with = "or_default")]
    pub resources: Resources,
    /// How long it may take to end after it was told to, in nanoseconds.
    pub kill_timeout: i64,
}

/// What a task needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Resources {
    /// In MHz.
    #[serde(rename = "CPU")]
    pub cpu: u64,
    #[serde(rename = "MemoryMB")]
    pub memory: u64,
}

/// The part of a task for the docker driver.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Config {
    pub image: String,
    pub network_mode: String,
    pub args: Vec<String>,
}

/// A service of a task.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Service {
    #[serde(deserialize_with = "or_default")]
    pub checks: Vec<serde::de::IgnoredAny>,
}

/// A template of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Template {
    pub embedded_tmpl: String,
}

impl Group {
    /// The task that runs the container: the others have names that no container can have.
    pub fn main(&self) -> Option<&Task> {
        self.tasks.iter().find(|task| task.name != WAIT_TASK && task.name != RECORD_TASK)
    }

    /// Whether the health of the container is checked.
    pub fn is_checked(&self) -> bool {
        let services = self.main().into_iter().flat_map(|task| &task.services);
        services.into_iter().any(|service| !service.checks.is_empty())
    }

    /// Whether the container uses the network of the host.
    pub fn is_on_host(&self) -> bool {
        self.main().is_some_and(|task| task.config.network_mode == "host")
    }

    /// Whether the task of the container waits for something before it starts.
    pub fn waits(&self) -> bool {
        let templates = self.main().into_iter().flat_map(|task| &task.templates);
        templates.into_iter().any(|one| one.embedded_tmpl.contains("{{ template \"wait\" }}"))
    }
}

/// An allocation: an instance of a group.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Allocation {
    #[serde(rename = "ID")]
    pub id: String,
    /// `JOB.GROUP[INDEX]`: one that replaces another has the same name.
    pub name: String,
    pub namespace: String,
    #[serde(rename = "JobID")]
    pub job: String,
    pub job_version: u64,
    pub task_group: String,
    pub node_name: String,
    /// `run`, `stop` or `evict`.
    pub desired_status: String,
    /// `pending`, `running`, `complete`, `failed`, `lost` or `unknown`.
    pub client_status: String,
    pub client_description: String,
    /// In nanoseconds since 1970.
    pub create_time: i64,
    pub create_index: u64,
    #[serde(deserialize_with = "or_default")]
    pub task_states: BTreeMap<String, TaskState>,
    pub deployment_status: Option<Health>,
    #[serde(deserialize_with = "or_default")]
    pub reschedule_tracker: Rescheduled,
    #[serde(deserialize_with = "or_default")]
    pub allocated_resources: Allocated,
}

impl Allocation {
    /// Whether all of its containers have ended. One that has failed as a whole may have some that still run, and
    /// others that never will. Of a node that does not answer, nobody knows.
    pub fn has_ended(&self) -> bool {
        match self.client_status.as_str() {
            "complete" | "failed" => self.task_states.values().all(|task| task.state != "running"),
            "lost" | "unknown" => true,
            _ => false,
        }
    }
}

/// The health of an allocation in a deployment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Health {
    pub healthy: Option<bool>,
    pub timestamp: Option<jiff::Timestamp>,
}

/// The allocations that an allocation replaces after failures.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Rescheduled {
    #[serde(deserialize_with = "or_default")]
    pub events: Vec<serde::de::IgnoredAny>,
}

/// What an allocation has got.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Allocated {
    #[serde(deserialize_with = "or_default")]
    pub shared: Shared,
}

/// What the tasks of an allocation share.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Shared {
    #[serde(deserialize_with = "or_default")]
    pub ports: Vec<Port>,
}

/// A port of an allocation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Port {
    pub label: String,
    #[serde(rename = "HostIP")]
    pub host: String,
    /// The port on the host.
    pub value: u16,
    /// The port in the container; 0 if it is that on the host.
    pub to: i32,
}

/// The state of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TaskState {
    /// `pending`, `running` or `dead`.
    pub state: String,
    pub failed: bool,
    pub restarts: u32,
    pub started_at: Option<jiff::Timestamp>,
    pub finished_at: Option<jiff::Timestamp>,
    #[serde(deserialize_with = "or_default")]
    pub events: Vec<Event>,
}

/// Something that happened to a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Event {
    #[serde(rename = "Type")]
    pub kind: String,
    pub display_message: String,
    /// In nanoseconds since 1970.
    pub time: i64,
    #[serde(deserialize_with = "or_default")]
    pub details: BTreeMap<String, String>,
}

/// An evaluation that could not place everything.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Evaluation {
    #[serde(rename = "ID")]
    pub id: String,
    pub namespace: String,
    #[serde(rename = "JobID")]
    pub job: String,
    pub status: String,
    pub create_index: u64,
    /// In nanoseconds since 1970.
    pub create_time: i64,
    #[serde(rename = "FailedTGAllocs", deserialize_with = "or_default")]
    pub failed: BTreeMap<String, Unplaced>,
}

/// Why no node had a place for an instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Unplaced {
    pub nodes_evaluated: u64,
    pub nodes_exhausted: u64,
    #[serde(deserialize_with = "or_default")]
    pub constraint_filtered: BTreeMap<String, u64>,
    #[serde(deserialize_with = "or_default")]
    pub dimension_exhausted: BTreeMap<String, u64>,
    #[serde(deserialize_with = "or_default")]
    pub quota_exhausted: Vec<String>,
    pub node_pool: String,
}

/// A check of the health of an allocation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Check {
    /// `pending`, `success` or `failure`.
    pub status: String,
    pub output: String,
}

/// A deployment of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Deployment {
    pub status: String,
    pub job_version: u64,
}

/// A node.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Node {
    pub name: String,
    pub address: String,
    pub status: String,
    pub scheduling_eligibility: String,
    pub datacenter: String,
    pub node_pool: String,
    pub node_class: String,
    pub version: String,
    #[serde(deserialize_with = "or_default")]
    pub attributes: BTreeMap<String, String>,
    #[serde(deserialize_with = "or_default")]
    pub node_resources: NodeResources,
}

/// What a node has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NodeResources {
    #[serde(deserialize_with = "or_default")]
    pub cpu: NodeCpu,
    #[serde(deserialize_with = "or_default")]
    pub memory: NodeMemory,
}

/// The CPUs of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NodeCpu {
    /// In MHz.
    pub cpu_shares: u64,
    pub total_cpu_cores: u32,
}

/// The memory of a node.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct NodeMemory {
    #[serde(rename = "MemoryMB")]
    pub memory: u64,
}

/// What registering a job would do.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Planned {
    /// The state of the registered job that this is about; 0 if there is none.
    pub job_modify_index: u64,
    #[serde(deserialize_with = "or_default")]
    pub diff: JobDiff,
    #[serde(rename = "FailedTGAllocs", deserialize_with = "or_default")]
    pub failed: BTreeMap<String, Unplaced>,
}

/// How a job differs from the registered one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct JobDiff {
    /// `None`, `Added`, `Edited` or `Deleted`.
    #[serde(rename = "Type")]
    pub kind: String,
    #[serde(deserialize_with = "or_default")]
    pub fields: Vec<Field>,
    #[serde(deserialize_with = "or_default")]
    pub objects: Vec<Part>,
    #[serde(deserialize_with = "or_default")]
    pub task_groups: Vec<GroupDiff>,
}

/// How a group differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GroupDiff {
    #[serde(rename = "Type")]
    pub kind: String,
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub fields: Vec<Field>,
    #[serde(deserialize_with = "or_default")]
    pub objects: Vec<Part>,
    #[serde(deserialize_with = "or_default")]
    pub tasks: Vec<Part>,
    /// What happens to how many instances.
    #[serde(deserialize_with = "or_default")]
    pub updates: BTreeMap<String, u64>,
}

/// How a part differs: a task, or a block of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Part {
    #[serde(rename = "Type")]
    pub kind: String,
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub fields: Vec<Field>,
    #[serde(deserialize_with = "or_default")]
    pub objects: Vec<Part>,
}

/// How a value differs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Field {
    #[serde(rename = "Type")]
    pub kind: String,
    pub name: String,
    pub old: String,
    pub new: String,
}

/// A volume in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Stored {
    #[serde(rename = "ID")]
    pub id: String,
    pub name: String,
    pub namespace: String,
    /// `host` or `csi`; not part of the answer.
    #[serde(skip)]
    pub kind: &'static str,
}
