//! The documents of Marathon and Chronos, in their terms and in the order in which fields are
//! written.

use minijinja::Value;
use serde_json::Number;

use crate::render::{Composed, Items, Model, Origins, Sparse, Traced, mapping, model};

model! {
    /// The body of `PUT /v2/groups`.
    #[derive(Debug)]
    pub struct Group {
        /// Absolute: `/appliance`.
        pub id: Traced<String>,
        pub apps: Items<App>,
    }

    /// An app. The template lays out its own fields; those of its parts are written as they are
    /// here.
    #[derive(Debug)]
    pub struct App {
        /// Absolute: `/appliance/container`.
        pub id: Composed,
        /// Excludes `args`; without either, the image's own command runs.
        pub cmd: Option<Composed>,
        pub args: Vec<Composed>,
        /// In the order of the document.
        pub own_labels: Vec<(Traced<String>, Traced<String>)>,
        /// In the order of the document.
        pub env: Vec<(Traced<String>, Composed)>,
        /// Variables, and the names of their secrets in the app.
        pub secret_env: Vec<(Traced<String>, Composed)>,
        /// The names of secrets in the app, and their paths in the store.
        pub secrets: Vec<(Composed, Composed)>,
        pub instances: Traced<u32>,
        pub cpus: Traced<Number>,
        /// MB.
        pub mem: Traced<u64>,
        /// MB; 0 for none.
        pub disk: Traced<u64>,
        /// 0 for none.
        pub gpus: Traced<u32>,
        pub networks: [Network; 1],
        /// On the host network; may be empty, because without a list Marathon adds a port.
        pub port_definitions: Option<Vec<PortDefinition>>,
        pub require_ports: Traced<bool>,
        /// See [`Engine::name`].
        pub engine: Traced<&'static str>,
        pub docker: Docker,
        /// On any other network; may be empty, because without a list Marathon adds a port.
        pub port_mappings: Option<Vec<PortMapping>>,
        pub volumes: Vec<Volume>,
        /// Absolute ids.
        pub dependencies: Vec<Composed>,
        pub constraints: Vec<Constraint>,
        pub health_checks: Vec<HealthCheck>,
        /// Seconds between the stop signal and the kill.
        pub kill_grace_period: Option<Traced<u32>>,
        pub upgrade_strategy: UpgradeStrategy,
        pub labels: AppLabels,
    }

    /// The labels of an app, by which `applc` finds it again. They are constant: a change of the source, or
    /// of applc, restarts nothing.
    #[derive(Debug)]
    pub struct AppLabels {
        /// The id of the appliance, as it is written.
        pub appliance: Traced<String>,
        /// The id of the container, as it is written.
        pub container: Traced<String>,
    }
}

/// Labels of a port, in order.
#[derive(Debug)]
pub struct Labels(pub Vec<(Traced<String>, Composed)>);

impl Model for Labels {
    fn value(&self, origins: &Origins) -> Value {
        let entries = self.0.iter();
        mapping(entries.map(|(name, value)| (name.value(origins), value.value(origins))).collect())
    }
}

model! {
    /// The network of an app.
    #[derive(Debug)]
    pub struct Network {
        pub mode: Traced<&'static str>,
        pub name: Sparse<Composed>,
    }

    /// A port on the host network.
    #[derive(Debug)]
    pub struct PortDefinition {
        pub port: Traced<u16>,
        pub protocol: Traced<&'static str>,
        pub name: Sparse<Traced<String>>,
    }

    /// A port on any other network.
    #[derive(Debug)]
    pub struct PortMapping {
        pub container_port as "containerPort": Traced<u16>,
        /// 0 for any free port; absent for none.
        pub host_port as "hostPort": Sparse<Traced<u16>>,
        pub protocol: Traced<&'static str>,
        pub name: Sparse<Traced<String>>,
        pub labels: Sparse<Labels>,
    }
}

/// The containerizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Docker,
    Mesos,
}

impl Engine {
    /// Its name for Marathon and Chronos.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Docker => "DOCKER",
            Engine::Mesos => "MESOS",
        }
    }
}

/// A constraint: an agent attribute, an operator, and a value.
pub type Constraint = [Composed; 3];

model! {
    /// The settings of the container's image and engine. The template lays them out.
    #[derive(Debug)]
    pub struct Docker {
        pub image: Traced<String>,
        pub force_pull_image: Traced<bool>,
        pub privileged: Traced<bool>,
        pub parameters: Vec<Parameter>,
    }

    /// An option of `docker run`.
    #[derive(Debug)]
    pub struct Parameter {
        pub key: Traced<&'static str>,
        pub value: Composed,
    }

    /// A mount of an app.
    #[derive(Debug)]
    pub struct Volume {
        pub container_path as "containerPath": Traced<String>,
        /// A host path, unless it is an external volume.
        pub host_path as "hostPath": Sparse<Traced<String>>,
        pub external: Sparse<External>,
        pub mode: Traced<&'static str>,
    }
}

model! {
    /// A volume of a Docker volume driver, as Marathon writes it.
    #[derive(Debug)]
    pub struct External {
        pub name: Composed,
        pub provider: Traced<&'static str>,
        pub options: DriverOption,
    }

    /// The option that names the Docker volume driver.
    #[derive(Debug)]
    pub struct DriverOption {
        pub driver as "dvdi/driver": Traced<String>,
    }

    /// A health check of an app.
    #[derive(Debug)]
    pub struct HealthCheck {
        pub protocol: Traced<&'static str>,
        pub path: Sparse<Traced<String>>,
        pub port_index as "portIndex": Sparse<Composed<usize>>,
        pub command: Sparse<CheckCommand>,
        pub grace_period_seconds as "gracePeriodSeconds": Traced<u32>,
        pub interval_seconds as "intervalSeconds": Traced<u32>,
        pub timeout_seconds as "timeoutSeconds": Traced<u32>,
        pub max_consecutive_failures as "maxConsecutiveFailures": Traced<u32>,
    }

    /// The command of a health check.
    #[derive(Debug)]
    pub struct CheckCommand {
        pub value: Composed,
    }

    /// How an update replaces instances.
    #[derive(Debug)]
    pub struct UpgradeStrategy {
        pub minimum_health_capacity as "minimumHealthCapacity": Traced<Number>,
        pub maximum_over_capacity as "maximumOverCapacity": Composed<Number>,
    }

    /// The body of `POST /v1/scheduler/iso8601` or, with parents, `POST /v1/scheduler/dependency`.
    /// The template lays out its own fields; those of its parts are written as they are here.
    #[derive(Debug)]
    pub struct Job {
        pub name: Composed,
        /// Tells the jobs of `applc` from others. Constant, as the labels of apps.
        pub description: Traced<&'static str>,
        /// `R<runs>/<start>/P<interval>`; ignored if there are parents.
        pub schedule: Composed,
        /// The time zone of the schedule, if its clocks change.
        pub schedule_time_zone: Option<Traced<String>>,
        /// Names of the jobs that must succeed first.
        pub parents: Vec<Composed>,
        pub shell: Traced<bool>,
        pub command: Composed,
        /// In the order of the document.
        pub environment_variables: Vec<Variable>,
        pub retries: Traced<u32>,
        pub cpus: Traced<Number>,
        /// MB.
        pub mem: Traced<u64>,
        /// MB; at least 1.
        pub disk: Traced<u64>,
        pub constraints: Vec<Constraint>,
        /// See [`Engine::name`].
        pub engine: Traced<&'static str>,
        pub image: Traced<String>,
        pub network: Traced<&'static str>,
        pub network_name: Option<Composed>,
        pub parameters: Vec<Parameter>,
        pub volumes: Vec<JobVolume>,
        pub force_pull_image: Traced<bool>,
    }

    /// An environment variable of a job.
    #[derive(Debug)]
    pub struct Variable {
        pub name: Traced<String>,
        pub value: Composed,
    }

    /// A mount of a job.
    #[derive(Debug, Clone)]
    pub struct JobVolume {
        pub container_path as "containerPath": Traced<String>,
        /// A host path, unless it is an external volume.
        pub host_path as "hostPath": Sparse<Traced<String>>,
        pub external: Sparse<JobExternal>,
        pub mode: Traced<&'static str>,
    }
}

model! {
    /// A volume of a Docker volume driver, as Chronos writes it.
    #[derive(Debug, Clone)]
    pub struct JobExternal {
        pub name: Composed,
        /// The driver.
        pub provider: Traced<String>,
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
