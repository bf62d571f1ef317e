//! The Compose file as the template sees it. Each `$` in a string is already doubled for
//! Compose; the template only quotes.

use crate::render::{Composed, Items, Traced, model};

model! {
    /// A Compose file.
    #[derive(Debug)]
    pub struct File {
        /// The project name.
        pub name: Traced<String>,
        /// The services, in the order of the appliance's containers.
        pub services: Items<Service>,
        /// The volumes.
        pub volumes: Items<Volume>,
        /// Files of the appliance.
        pub configs: Items<Config>,
        /// Values of the secret store.
        pub secrets: Items<Secret>,
    }

    /// A service: a container of the appliance, whether service or job, or one instance of a job.
    #[derive(Debug, Clone)]
    pub struct Service {
        /// Its key, which is also its name on the project network.
        pub name: Traced<String>,
        /// Image reference.
        pub image: Traced<String>,
        /// How the image is built.
        pub build: Option<Build>,
        /// When the image is pulled; `None` is Compose's default: if it is missing.
        pub pull_policy: Option<Traced<&'static str>>,
        /// Replaces the image's entrypoint.
        pub entrypoint: Vec<Composed>,
        /// Arguments; empty to use the image's own.
        pub command: Vec<Composed>,
        /// Replaces the image's user.
        pub user: Option<Traced<String>>,
        /// Replaces the image's working directory.
        pub working_dir: Option<Traced<String>>,
        /// `NAME=value` entries.
        pub environment: Vec<Composed>,
        /// `host`, or `None` for the project network.
        pub network_mode: Option<Traced<&'static str>>,
        /// Another name on the project network.
        pub alias: Option<Traced<String>>,
        /// `name:address` entries.
        pub extra_hosts: Vec<Composed>,
        /// Published ports.
        pub ports: Vec<Port>,
        /// Mounted volumes.
        pub volumes: Vec<Mount>,
        /// Files of the appliance in it.
        pub configs: Vec<ConfigMount>,
        /// Files with values of the secret store.
        pub secrets: Vec<SecretMount>,
        /// Whether it is privileged.
        pub privileged: Traced<bool>,
        /// The services that it waits for.
        pub depends_on: Vec<Dependency>,
        /// Its health check.
        pub healthcheck: Option<HealthCheck>,
        /// Restart policy; `None` is Compose's default: no restart.
        pub restart: Option<Composed>,
        /// Time between the stop signal and the kill, with its unit.
        pub stop_grace_period: Option<Traced<String>>,
        /// What `applc status` knows it by.
        pub labels: Labels,
        /// CPU shares.
        pub cpu_shares: Traced<u64>,
        /// Memory limit, with its unit; also the limit of memory and swap together.
        pub memory: Traced<String>,
        /// Number of containers, if not one. With `deploy.replicas`, Compose would replace those that run
        /// when `deploy` appears or disappears.
        pub scale: Option<Traced<u32>>,
        /// GPUs.
        pub gpus: Option<Gpus>,
    }

    /// Labels. Those of applc are constant: a change of the source, or of applc, restarts nothing.
    #[derive(Debug, Clone)]
    pub struct Labels {
        /// The id of the appliance.
        pub appliance: Traced<String>,
        /// The id of the container.
        pub container: Traced<String>,
        /// All labels as `name=value`, if the appliance has labels, too.
        pub list: Vec<Composed>,
    }

    /// How an image is built.
    #[derive(Debug, Clone)]
    pub struct Build {
        /// The folder that is built.
        pub context: Composed,
        /// The path of the Dockerfile, relative to the context.
        pub dockerfile: Option<Traced<String>>,
        /// `NAME=value` entries.
        pub args: Vec<Composed>,
        /// The stage of the Dockerfile.
        pub target: Option<Traced<String>>,
    }

    /// A published port.
    #[derive(Debug, Clone)]
    pub struct Port {
        /// Port in the container.
        pub target: Traced<u16>,
        /// Host port; `None` for any free port.
        pub published: Option<Traced<u16>>,
        /// `udp`, or `None` for Compose's default: TCP.
        pub protocol: Option<Traced<&'static str>>,
        /// Its name.
        pub name: Option<Traced<String>>,
    }

    /// A mounted volume.
    #[derive(Debug, Clone)]
    pub struct Mount {
        /// `bind` or `volume`.
        pub kind: Traced<&'static str>,
        /// A host path, or the key of a volume.
        pub source: Composed,
        /// Path in the container.
        pub target: Traced<String>,
        /// Whether the mount is read-only.
        pub read_only: Traced<bool>,
    }

    /// A file of the appliance in a service.
    #[derive(Debug, Clone)]
    pub struct ConfigMount {
        /// The key of the config.
        pub source: Composed,
        /// Path in the container.
        pub target: Traced<String>,
        /// Permissions, as octal digits; `None` for Compose's default: 0444.
        pub mode: Option<Traced<String>>,
    }

    /// A config of the Compose file: its content, or a file with it.
    #[derive(Debug)]
    pub struct Config {
        /// Its key.
        pub key: Composed,
        /// Its content.
        pub content: Option<Composed>,
        /// The path of the file.
        pub file: Option<Composed>,
    }

    /// A file in a service with a value of the secret store.
    #[derive(Debug, Clone)]
    pub struct SecretMount {
        /// The key of the secret.
        pub source: Composed,
        /// Path in the container.
        pub target: Traced<String>,
        /// Permissions, as octal digits; `None` for Compose's default: 0444.
        pub mode: Option<Traced<String>>,
    }

    /// A secret of the Compose file.
    #[derive(Debug)]
    pub struct Secret {
        /// Its key.
        pub key: Composed,
        /// The variable of the environment with its value.
        pub variable: Composed,
        /// What Compose replaces by the value, or refuses if there is none. Otherwise it would start the
        /// container without the file.
        pub required: Composed,
    }

    /// A dependency on a service.
    #[derive(Debug, Clone)]
    pub struct Dependency {
        /// Its key.
        pub on: Composed,
        /// The condition that it must reach.
        pub condition: Composed,
    }

    /// A health check. Durations include their unit.
    #[derive(Debug, Clone)]
    pub struct HealthCheck {
        /// What the script tests, for a comment, unless it is the appliance's own.
        pub comment: Option<Composed>,
        /// The command that runs in the container: `CMD`, a program and its arguments.
        pub test: [Composed; 4],
        /// Time between checks.
        pub interval: Traced<String>,
        /// Time after which a check has failed.
        pub timeout: Traced<String>,
        /// Consecutive failures that make it unhealthy.
        pub retries: Traced<u32>,
        /// Time after the start during which failures before the first success do not count.
        pub start_period: Traced<String>,
        /// Time between checks during that time, if different.
        pub start_interval: Option<Traced<String>>,
    }

    /// Reserved GPUs.
    #[derive(Debug, Clone)]
    pub struct Gpus {
        /// The engine's device driver.
        pub driver: Composed,
        /// Number of GPUs.
        pub count: Traced<u32>,
    }

    /// A volume of the Compose file.
    #[derive(Debug)]
    pub struct Volume {
        /// Its key.
        pub key: Traced<String>,
        /// Its name on the engine, if it is external to the project.
        pub external_name: Option<Traced<String>>,
        /// Volume driver; `None` for the engine's own.
        pub driver: Option<Composed>,
    }
}
