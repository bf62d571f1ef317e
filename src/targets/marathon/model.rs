//! The documents of Marathon and Chronos, in their terms and in the order in which fields are
//! written.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::Number;

/// The body of `PUT /v2/groups`.
#[derive(Debug, Serialize)]
pub struct Group {
    /// Absolute: `/appliance`.
    pub id: String,
    pub apps: Vec<App>,
}

/// An app. The template lays out its own fields; those of its parts are written as they are
/// here.
#[derive(Debug, Serialize)]
pub struct App {
    /// Absolute: `/appliance/container`.
    pub id: String,
    /// Excludes `args`; without either, the image's own command runs.
    pub cmd: Option<String>,
    pub args: Vec<String>,
    /// In the order of the document.
    pub env: Vec<(String, String)>,
    pub instances: u32,
    pub cpus: Number,
    /// MB.
    pub mem: u64,
    /// MB; 0 for none.
    pub disk: u64,
    /// 0 for none.
    pub gpus: u32,
    pub networks: [Network; 1],
    /// On the host network; may be empty, because without a list Marathon adds a port.
    pub port_definitions: Option<Vec<PortDefinition>>,
    pub require_ports: bool,
    pub engine: Engine,
    pub docker: Docker,
    /// On any other network; may be empty, because without a list Marathon adds a port.
    pub port_mappings: Option<Vec<PortMapping>>,
    pub volumes: Vec<Volume>,
    /// Absolute ids.
    pub dependencies: Vec<String>,
    pub constraints: Vec<[String; 3]>,
    pub health_checks: Vec<HealthCheck>,
    pub upgrade_strategy: UpgradeStrategy,
}

/// Labels, in order.
#[derive(Debug, Default)]
pub struct Labels(pub Vec<(String, String)>);

impl Labels {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Labels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The network of an app.
#[derive(Debug, Serialize)]
pub struct Network {
    pub mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A port on the host network.
#[derive(Debug, Serialize)]
pub struct PortDefinition {
    pub port: u16,
    pub protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A port on any other network.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PortMapping {
    pub container_port: u16,
    /// 0 for any free port.
    pub host_port: u16,
    pub protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
}

/// The containerizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Engine {
    Docker,
    Mesos,
}

/// The settings of the container's image and engine. The template lays them out.
#[derive(Debug, Serialize)]
pub struct Docker {
    pub image: String,
    pub force_pull_image: bool,
    pub privileged: bool,
    pub parameters: Vec<Parameter>,
}

/// An option of `docker run`.
#[derive(Debug, Serialize)]
pub struct Parameter {
    pub key: &'static str,
    pub value: String,
}

/// A mount of an app.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    pub container_path: String,
    #[serde(flatten)]
    pub source: VolumeSource,
    pub mode: &'static str,
}

/// What an app mounts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum VolumeSource {
    HostPath(String),
    External(External),
}

/// A volume of a Docker volume driver, as Marathon writes it.
#[derive(Debug, Serialize)]
pub struct External {
    pub name: String,
    pub provider: &'static str,
    pub options: DriverOption,
}

/// The option that names the Docker volume driver.
#[derive(Debug, Serialize)]
pub struct DriverOption {
    #[serde(rename = "dvdi/driver")]
    pub driver: String,
}

/// A health check of an app.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheck {
    pub protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port_index: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CheckCommand>,
    pub grace_period_seconds: u32,
    pub interval_seconds: u32,
    pub timeout_seconds: u32,
    pub max_consecutive_failures: u32,
}

/// The command of a health check.
#[derive(Debug, Serialize)]
pub struct CheckCommand {
    pub value: String,
}

/// How an update replaces instances.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeStrategy {
    pub minimum_health_capacity: Number,
    pub maximum_over_capacity: Number,
}

/// The body of `POST /v1/scheduler/iso8601` or, with parents, `POST /v1/scheduler/dependency`.
/// The template lays out its own fields; those of its parts are written as they are here.
#[derive(Debug, Serialize)]
pub struct Job {
    pub name: String,
    /// `R<runs>/<start>/P<interval>`; ignored if there are parents.
    pub schedule: String,
    /// Names of the jobs that must succeed first.
    pub parents: Vec<String>,
    pub shell: bool,
    pub command: String,
    pub arguments: Vec<String>,
    /// In the order of the document.
    pub environment_variables: Vec<Variable>,
    pub retries: u32,
    pub cpus: Number,
    /// MB.
    pub mem: u64,
    /// MB; 0 for the default of Chronos.
    pub disk: u64,
    pub constraints: Vec<[String; 3]>,
    pub engine: Engine,
    pub image: String,
    pub network: &'static str,
    pub network_name: Option<String>,
    pub parameters: Vec<Parameter>,
    pub volumes: Vec<JobVolume>,
    pub force_pull_image: bool,
}

/// An environment variable of a job.
#[derive(Debug, Serialize)]
pub struct Variable {
    pub name: String,
    pub value: String,
}

/// A mount of a job.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobVolume {
    pub container_path: String,
    #[serde(flatten)]
    pub source: JobVolumeSource,
    pub mode: &'static str,
}

/// What a job mounts.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum JobVolumeSource {
    HostPath(String),
    External(JobExternal),
}

/// A volume of a Docker volume driver, as Chronos writes it.
#[derive(Debug, Clone, Serialize)]
pub struct JobExternal {
    pub name: String,
    /// The driver.
    pub provider: String,
}

/// A number of CPUs or a share; a whole number is written without a fraction.
pub fn number(value: f64) -> Number {
    // The schema limits numbers to a finite range in which whole numbers are exact.
    if value.fract() == 0.0 {
        return Number::from(value as i64);
    }
    Number::from_f64(value).unwrap_or_else(|| Number::from(0))
}
