//! The documents of Marathon and Chronos, in their terms and in the order in which fields are
//! written.

use minijinja::Value;
use serde_json::Number;

use crate::render::{Items, Model, Origins, Sparse, mapping, model};

model! {
    /// The body of `PUT /v2/groups`.
    #[derive(Debug)]
    pub struct Group {
        /// Absolute: `/appliance`.
        pub id: String,
        pub apps: Items<App>,
    }

    /// An app. The template lays out its own fields; those of its parts are written as they are
    /// here.
    #[derive(Debug)]
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
}

/// Labels, in order.
#[derive(Debug)]
pub struct Labels(pub Vec<(String, String)>);

impl Model for Labels {
    fn value(&self, origins: &Origins) -> Value {
        let entry = |(name, value): &(String, String)| (name.value(origins), value.value(origins));
        mapping(self.0.iter().map(entry).collect())
    }
}

model! {
    /// The network of an app.
    #[derive(Debug)]
    pub struct Network {
        pub mode: &'static str,
        pub name: Sparse<String>,
    }

    /// A port on the host network.
    #[derive(Debug)]
    pub struct PortDefinition {
        pub port: u16,
        pub protocol: &'static str,
        pub name: Sparse<String>,
    }

    /// A port on any other network.
    #[derive(Debug)]
    pub struct PortMapping {
        pub container_port as "containerPort": u16,
        /// 0 for any free port.
        pub host_port as "hostPort": u16,
        pub protocol: &'static str,
        pub name: Sparse<String>,
        pub labels: Sparse<Labels>,
    }
}

/// The containerizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Docker,
    Mesos,
}

impl Model for Engine {
    fn value(&self, _: &Origins) -> Value {
        Value::from(match self {
            Engine::Docker => "DOCKER",
            Engine::Mesos => "MESOS",
        })
    }
}

model! {
    /// The settings of the container's image and engine. The template lays them out.
    #[derive(Debug)]
    pub struct Docker {
        pub image: String,
        pub force_pull_image: bool,
        pub privileged: bool,
        pub parameters: Vec<Parameter>,
    }

    /// An option of `docker run`.
    #[derive(Debug)]
    pub struct Parameter {
        pub key: &'static str,
        pub value: String,
    }

    /// A mount of an app.
    #[derive(Debug)]
    pub struct Volume {
        pub container_path as "containerPath": String,
        /// A host path, unless it is an external volume.
        pub host_path as "hostPath": Sparse<String>,
        pub external: Sparse<External>,
        pub mode: &'static str,
    }
}

model! {
    /// A volume of a Docker volume driver, as Marathon writes it.
    #[derive(Debug)]
    pub struct External {
        pub name: String,
        pub provider: &'static str,
        pub options: DriverOption,
    }

    /// The option that names the Docker volume driver.
    #[derive(Debug)]
    pub struct DriverOption {
        pub driver as "dvdi/driver": String,
    }

    /// A health check of an app.
    #[derive(Debug)]
    pub struct HealthCheck {
        pub protocol: &'static str,
        pub path: Sparse<String>,
        pub port_index as "portIndex": Sparse<usize>,
        pub command: Sparse<CheckCommand>,
        pub grace_period_seconds as "gracePeriodSeconds": u32,
        pub interval_seconds as "intervalSeconds": u32,
        pub timeout_seconds as "timeoutSeconds": u32,
        pub max_consecutive_failures as "maxConsecutiveFailures": u32,
    }

    /// The command of a health check.
    #[derive(Debug)]
    pub struct CheckCommand {
        pub value: String,
    }

    /// How an update replaces instances.
    #[derive(Debug)]
    pub struct UpgradeStrategy {
        pub minimum_health_capacity as "minimumHealthCapacity": Number,
        pub maximum_over_capacity as "maximumOverCapacity": Number,
    }

    /// The body of `POST /v1/scheduler/iso8601` or, with parents, `POST /v1/scheduler/dependency`.
    /// The template lays out its own fields; those of its parts are written as they are here.
    #[derive(Debug)]
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
    #[derive(Debug)]
    pub struct Variable {
        pub name: String,
        pub value: String,
    }

    /// A mount of a job.
    #[derive(Debug, Clone)]
    pub struct JobVolume {
        pub container_path as "containerPath": String,
        /// A host path, unless it is an external volume.
        pub host_path as "hostPath": Sparse<String>,
        pub external: Sparse<JobExternal>,
        pub mode: &'static str,
    }
}

model! {
    /// A volume of a Docker volume driver, as Chronos writes it.
    #[derive(Debug, Clone)]
    pub struct JobExternal {
        pub name: String,
        /// The driver.
        pub provider: String,
    }
}

/// A number of CPUs or a share; a whole number is written without a fraction.
pub fn number(value: f64) -> Number {
    // The schema limits numbers to a finite range in which whole numbers are exact.
    if value.fract() == 0.0 {
        return Number::from(value as i64);
    }
    Number::from_f64(value).unwrap_or_else(|| Number::from(0))
}
