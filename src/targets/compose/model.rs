//! The Compose file as the template sees it. Each `$` in a string is already doubled for
//! Compose; the template only quotes.

use crate::render::{Items, model};

model! {
    /// A Compose file.
    #[derive(Debug)]
    pub struct File {
        /// The project name.
        pub name: String,
        /// The services, in the order of the appliance's containers.
        pub services: Items<Service>,
        /// The volumes.
        pub volumes: Vec<Volume>,
    }

    /// A service: a container of the appliance, whether service or job, or one instance of a job.
    #[derive(Debug, Clone)]
    pub struct Service {
        /// Its key, which is also its name on the project network.
        pub name: String,
        /// Image reference.
        pub image: String,
        /// When the image is pulled; `None` is Compose's default: if it is missing.
        pub pull_policy: Option<&'static str>,
        /// Replaces the image's entrypoint.
        pub entrypoint: Option<[&'static str; 2]>,
        /// Arguments; empty to use the image's own.
        pub command: Vec<String>,
        /// `NAME=value` entries.
        pub environment: Vec<String>,
        /// `host`, or `None` for the project network.
        pub network_mode: Option<&'static str>,
        /// Another name on the project network.
        pub alias: Option<String>,
        /// `name:address` entries.
        pub extra_hosts: Vec<String>,
        /// Published ports.
        pub ports: Vec<Port>,
        /// Mounted volumes.
        pub volumes: Vec<Mount>,
        /// Whether it is privileged.
        pub privileged: bool,
        /// The services that it waits for.
        pub depends_on: Vec<Dependency>,
        /// Its health check.
        pub healthcheck: Option<HealthCheck>,
        /// Restart policy.
        pub restart: String,
        /// CPU shares.
        pub cpu_shares: u64,
        /// Memory limit, with its unit; also the limit of memory and swap together.
        pub memory: String,
        /// Number of containers, if not one.
        pub replicas: Option<u32>,
        /// GPUs.
        pub gpus: Option<Gpus>,
    }

    /// A published port.
    #[derive(Debug, Clone)]
    pub struct Port {
        /// Port in the container.
        pub target: u16,
        /// Host port; `None` for any free port.
        pub published: Option<u16>,
        /// `tcp` or `udp`.
        pub protocol: &'static str,
        /// Its name.
        pub name: Option<String>,
    }

    /// A mounted volume.
    #[derive(Debug, Clone)]
    pub struct Mount {
        /// `bind` or `volume`.
        pub kind: &'static str,
        /// A host path, or the key of a volume.
        pub source: String,
        /// Path in the container.
        pub target: String,
        /// Whether the mount is read-only.
        pub read_only: bool,
    }

    /// A dependency on a service.
    #[derive(Debug, Clone)]
    pub struct Dependency {
        /// Its key.
        pub on: String,
        /// The condition that it must reach.
        pub condition: &'static str,
    }

    /// A health check. Durations include their unit.
    #[derive(Debug, Clone)]
    pub struct HealthCheck {
        /// The command that runs in the container: `CMD`, a program and its arguments.
        pub test: [String; 4],
        /// Time between checks.
        pub interval: String,
        /// Time after which a check has failed.
        pub timeout: String,
        /// Consecutive failures that make it unhealthy.
        pub retries: u32,
        /// Time after the start during which failures before the first success do not count.
        pub start_period: String,
        /// Time between checks during that time, if different.
        pub start_interval: Option<String>,
    }

    /// Reserved GPUs.
    #[derive(Debug, Clone)]
    pub struct Gpus {
        /// The engine's device driver.
        pub driver: String,
        /// Number of GPUs.
        pub count: u32,
    }

    /// A volume of the Compose file.
    #[derive(Debug)]
    pub struct Volume {
        /// Its key.
        pub key: String,
        /// Its name on the engine, if it is external to the project.
        pub external_name: Option<String>,
        /// Volume driver.
        pub driver: String,
    }
}
