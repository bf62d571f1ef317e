//! What Marathon and Chronos read: their own terms, in the order in which they are written.

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

/// An app. Its own fields are laid out by the template, those of its parts as they stand here.
#[derive(Debug, Serialize)]
pub struct App {
    /// Absolute: `/appliance/container`.
    pub id: String,
    /// Excludes `args`; with neither the image's own command runs.
    pub cmd: Option<String>,
    pub args: Vec<String>,
    /// In the order of the document.
    pub env: Vec<(String, String)>,
    pub instances: u32,
    pub cpus: Number,
    /// MB.
    pub mem: u64,
    /// MB; 0 is none.
    pub disk: u64,
    /// 0 is none.
    pub gpus: u32,
    pub networks: [Network; 1],
    /// With the host's network; may be empty, since without a list Marathon adds a port.
    pub port_definitions: Option<Vec<PortDefinition>>,
    pub require_ports: bool,
    pub engine: Engine,
    pub docker: Docker,
    /// With any network but the host's; may be empty, since without a list Marathon adds a port.
    pub port_mappings: Option<Vec<PortMapping>>,
    pub volumes: Vec<Volume>,
    /// Absolute ids.
    pub dependencies: Vec<String>,
    pub constraints: Vec<[String; 3]>,
    pub health_checks: Vec<HealthCheck>,
    pub upgrade_strategy: UpgradeStrategy,
}

/// Labels, in their order.
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

#[derive(Debug, Serialize)]
pub struct Network {
    pub mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A port with the host's network.
#[derive(Debug, Serialize)]
pub struct PortDefinition {
    pub port: u16,
    pub protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A port with any other network.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PortMapping {
    pub container_port: u16,
    /// 0 is any free one.
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

/// Laid out by the template.
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

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Volume {
    pub container_path: String,
    #[serde(flatten)]
    pub source: VolumeSource,
    pub mode: &'static str,
}

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

#[derive(Debug, Serialize)]
pub struct DriverOption {
    #[serde(rename = "dvdi/driver")]
    pub driver: String,
}

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

#[derive(Debug, Serialize)]
pub struct CheckCommand {
    pub value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpgradeStrategy {
    pub minimum_health_capacity: Number,
    pub maximum_over_capacity: Number,
}

/// The body of `POST /v1/scheduler/iso8601` or, with parents, `POST /v1/scheduler/dependency`. Its
/// own fields are laid out by the template, those of its parts as they stand here.
#[derive(Debug, Serialize)]
pub struct Job {
    pub name: String,
    /// `R<runs>/<start>/P<interval>`; without meaning where there are parents.
    pub schedule: String,
    /// Names of the jobs that must have succeeded.
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
    /// MB; 0 is what Chronos gives by default.
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

#[derive(Debug, Serialize)]
pub struct Variable {
    pub name: String,
    pub value: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JobVolume {
    pub container_path: String,
    #[serde(flatten)]
    pub source: JobVolumeSource,
    pub mode: &'static str,
}

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

/// A number of CPUs or a share, without a fraction where it has none.
pub fn number(value: f64) -> Number {
    // The schema keeps numbers finite and far below where whole ones stop being exact.
    if value.fract() == 0.0 {
        return Number::from(value as i64);
    }
    Number::from_f64(value).unwrap_or_else(|| Number::from(0))
}
