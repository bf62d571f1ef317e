//! The Compose file as the template sees it. Strings are as Compose is to read them, each
//! `$` doubled; the template's quoting is all that comes on top.

use serde::Serialize;

/// A Compose file.
#[derive(Debug, Serialize)]
pub struct File {
    /// The project's name.
    pub name: String,
    /// The services, in the order of the appliance's containers.
    pub services: Vec<Service>,
    /// The volumes.
    pub volumes: Vec<Volume>,
}

/// A service: a container of the appliance, whether service or job, or one instance of a job.
#[derive(Debug, Clone, Serialize)]
pub struct Service {
    /// Its key, which is also its name on the project's network.
    pub name: String,
    /// Image reference.
    pub image: String,
    /// When the image is pulled; `None` is Compose's default, where it is missing.
    pub pull_policy: Option<&'static str>,
    /// What replaces the image's entrypoint.
    pub entrypoint: Option<[&'static str; 2]>,
    /// Arguments; empty for the image's own.
    pub command: Vec<String>,
    /// `NAME=value` each.
    pub environment: Vec<String>,
    /// `host`, or `None` for the project's network.
    pub network_mode: Option<&'static str>,
    /// A further name on the project's network.
    pub alias: Option<String>,
    /// `name:address` each.
    pub extra_hosts: Vec<String>,
    /// Published ports.
    pub ports: Vec<Port>,
    /// Mounted volumes.
    pub volumes: Vec<Mount>,
    /// Whether it has full rights on the host.
    pub privileged: bool,
    /// What it waits for.
    pub depends_on: Vec<Dependency>,
    /// Its health check.
    pub healthcheck: Option<HealthCheck>,
    /// Restart policy.
    pub restart: String,
    /// CPU shares.
    pub cpu_shares: u64,
    /// Memory limit, with its unit; also the limit of memory and swap together.
    pub memory: String,
    /// Number of containers, where not one.
    pub replicas: Option<u32>,
    /// GPUs.
    pub gpus: Option<Gpus>,
}

/// A published port.
#[derive(Debug, Clone, Serialize)]
pub struct Port {
    /// Port of the container.
    pub target: u16,
    /// Port of the host; `None` is any free one.
    pub published: Option<u16>,
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    /// Its name.
    pub name: Option<String>,
}

/// A mounted volume.
#[derive(Debug, Clone, Serialize)]
pub struct Mount {
    /// `bind` or `volume`.
    pub kind: &'static str,
    /// A path of the host, or the key of a volume.
    pub source: String,
    /// A path in the container.
    pub target: String,
    /// Whether the container cannot write to it.
    pub read_only: bool,
}

/// A service that is waited for.
#[derive(Debug, Clone, Serialize)]
pub struct Dependency {
    /// Its key.
    pub on: String,
    /// What it has to reach.
    pub condition: &'static str,
}

/// A health check. Durations have their unit.
#[derive(Debug, Clone, Serialize)]
pub struct HealthCheck {
    /// The program that is run in the container, with its arguments, behind `CMD`.
    pub test: [String; 4],
    /// Time between checks.
    pub interval: String,
    /// Time until a check has failed.
    pub timeout: String,
    /// Failures in a row that make it unhealthy.
    pub retries: u32,
    /// Time after the start in which failures before the first success do not count.
    pub start_period: String,
    /// Time between checks in that time, where it differs.
    pub start_interval: Option<String>,
}

/// GPUs that are reserved.
#[derive(Debug, Clone, Serialize)]
pub struct Gpus {
    /// The engine's device driver.
    pub driver: String,
    /// How many.
    pub count: u32,
}

/// A volume of the project.
#[derive(Debug, Serialize)]
pub struct Volume {
    /// Its key.
    pub key: String,
    /// Its name on the engine, where it exists outside of the project.
    pub external_name: Option<String>,
    /// Volume driver.
    pub driver: String,
}
