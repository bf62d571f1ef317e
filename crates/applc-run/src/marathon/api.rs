//! The documents of Marathon, as far as they are read.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

/// The label with the id of the appliance.
pub const APPLIANCE: &str = "applc.appliance";

/// The label with the id of the container.
pub const CONTAINER: &str = "applc.container";

/// An app.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct App {
    /// Its absolute id.
    pub id: String,
    /// How many instances are to run.
    pub instances: u32,
    /// When it was changed last.
    pub version: String,
    /// When its definition was changed last.
    pub version_info: VersionInfo,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its health checks.
    pub health_checks: Vec<Check>,
    /// Its ports on the host network.
    pub port_definitions: Option<Vec<Port>>,
    /// Its container.
    pub container: Container,
    /// Its tasks, if they were asked for.
    pub tasks: Vec<Task>,
    /// The failure of a task, if it was asked for.
    pub last_task_failure: Option<Failure>,
    /// The deployments that change it, if they were asked for.
    pub deployments: Vec<Named>,
}

/// Something with an id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Named {
    /// Its id.
    pub id: String,
}

/// When an app was changed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VersionInfo {
    /// Except for the number of its instances.
    pub last_config_change_at: Option<Timestamp>,
}

/// A health check.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Check {
    /// After so many failures in a row, the task is killed; 0 for never.
    pub max_consecutive_failures: u32,
}

/// The container of an app.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Its ports on any other network than that of the host.
    pub port_mappings: Option<Vec<Port>>,
    /// Its image and options.
    pub docker: Docker,
    /// Its mounts.
    pub volumes: Vec<Mount>,
}

/// The image and the options of a container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Docker {
    /// The image.
    pub image: String,
    /// Options of `docker run`.
    pub parameters: Vec<Parameter>,
}

/// An option of `docker run`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Parameter {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// A mount.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Mount {
    /// The volume, unless a path of the host is mounted.
    pub external: Option<External>,
}

/// A volume of a Docker volume driver.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct External {
    /// Its name.
    pub name: String,
}

/// A port: a definition, or a mapping.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Port {
    /// The port on the host network.
    pub port: u16,
    /// The port in the container.
    pub container_port: u16,
    /// `tcp`, `udp` or `udp,tcp`.
    pub protocol: String,
}

/// A task.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Task {
    /// Its id.
    pub id: String,
    /// The name or address of its agent.
    pub host: String,
    /// The id of its agent.
    pub slave_id: Option<String>,
    /// The ports on the agent, one for each port of the app.
    pub ports: Vec<u16>,
    /// Its state for Mesos, such as `TASK_RUNNING`.
    pub state: String,
    /// When it was handed to Mesos.
    pub staged_at: Option<Timestamp>,
    /// When its program was started.
    pub started_at: Option<Timestamp>,
    /// The version of the app that it was made of.
    pub version: Option<Timestamp>,
    /// The results of its health checks.
    pub health_check_results: Vec<Health>,
}

/// The results of a health check.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Health {
    /// Whether the task is healthy.
    pub alive: bool,
    /// How often the check failed in a row.
    pub consecutive_failures: u32,
    /// When it succeeded first.
    pub first_success: Option<Timestamp>,
    /// Why it failed.
    pub last_failure_cause: Option<String>,
}

/// The failure of a task.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Failure {
    /// The task.
    pub task_id: String,
    /// The name or address of its agent.
    pub host: String,
    /// The id of its agent.
    pub slave_id: Option<String>,
    /// Its last state for Mesos, such as `TASK_FAILED`.
    pub state: String,
    /// Why.
    pub message: String,
    /// When.
    pub timestamp: Option<Timestamp>,
    /// The version of the app that it was made of.
    pub version: Option<Timestamp>,
}

/// The answer of `/v2/apps`: each app as it is, for comparisons.
#[derive(Debug, Default, Deserialize)]
pub struct Apps {
    /// The apps.
    #[serde(default)]
    pub apps: Vec<Value>,
}

/// A group with its apps.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Group {
    /// The apps that are directly in it.
    pub apps: Vec<App>,
    /// The groups in it.
    pub groups: Vec<Group>,
}

impl Group {
    /// All apps of the group and of those in it.
    pub fn all(&self) -> Vec<&App> {
        let inner = self.groups.iter().flat_map(Group::all);
        self.apps.iter().chain(inner).collect()
    }
}

/// The answer of `/v2/queue`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Queue {
    /// What waits for a place.
    pub queue: Vec<Queued>,
}

/// An app with instances that wait for a place.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Queued {
    /// The app. `None` for a pod.
    pub app: Option<Named>,
    /// How many of its instances wait.
    pub count: u32,
    /// When the next one is started, if earlier ones have failed.
    pub delay: Delay,
    /// What became of the offers of agents.
    pub processed_offers_summary: Offers,
}

/// The time until an instance is started.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Delay {
    /// In seconds.
    pub time_left_seconds: u64,
}

/// What became of the offers of agents.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Offers {
    /// When an offer was declined last.
    pub last_unused_offer_at: Option<Timestamp>,
    /// When an offer was used last.
    pub last_used_offer_at: Option<Timestamp>,
    /// Why the last offer of each agent was declined: each agent counts for the first reason.
    pub reject_summary_last_offers: Vec<Declined>,
}

/// A reason why offers were declined.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Declined {
    /// The reason, as `InsufficientMemory`.
    pub reason: String,
    /// The number of offers.
    pub declined: u32,
}

/// A deployment that goes on.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployment {
    /// Its id.
    pub id: String,
    /// The apps that it changes.
    pub affected_apps: Vec<String>,
}

/// The answer to a change.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Deployed {
    /// The deployment.
    pub deployment_id: String,
}

/// The answer to a change that conflicts with others.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Locked {
    /// The deployments that change the same apps.
    pub deployments: Vec<Named>,
}

/// What a change would do.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Steps {
    /// One after the other.
    pub steps: Vec<Step>,
}

/// What a change does at a time.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Step {
    /// All at once.
    pub actions: Vec<StepAction>,
}

/// What a change does with an app.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StepAction {
    /// `StartApplication`, `StopApplication`, `ScaleApplication` or `RestartApplication`.
    pub action: String,
    /// The app.
    pub app: Option<String>,
}

/// The answer of `/v2/info`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Info {
    /// How Marathon was started.
    pub marathon_config: Config,
}

/// How Marathon was started.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Config {
    /// The page of the leading master of Mesos.
    pub mesos_leader_ui_url: Option<String>,
}
