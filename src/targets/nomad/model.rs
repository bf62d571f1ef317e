//! The parts of Nomad's job specification that applc writes; the templates lay them out.
//!
//! A field of the type [`Hcl`] is an expression that is written unchanged; the template engine
//! quotes every other string. The strings of a task's `config` are already escaped for the
//! client, by `strings::ConfigString`.

use crate::render::{Items, model};

/// An HCL expression, quotes included.
pub type Hcl = String;

model! {
    /// A job: one file.
    #[derive(Debug)]
    pub struct Job {
        pub id: String,
        /// `service` or `batch`.
        pub kind: &'static str,
        pub namespace: Option<String>,
        pub region: Option<String>,
        pub node_pool: Option<String>,
        pub datacenters: Vec<String>,
        /// Cron expressions of a periodic job; empty for a job that runs immediately.
        pub crons: Vec<String>,
        pub groups: Items<Group>,
    }

    /// A task group: the tasks that run together, `count` times.
    #[derive(Debug)]
    pub struct Group {
        pub name: String,
        pub count: u32,
        pub constraints: Vec<Constraint>,
        /// Size of the allocation's disk in MB.
        pub disk: Option<u64>,
        pub network: Option<Network>,
        pub retry: Option<Retry>,
        pub update: Option<Update>,
        pub services: Vec<Service>,
        pub volumes: Vec<Volume>,
        pub tasks: Vec<Task>,
    }

    /// A constraint on the nodes of a group.
    #[derive(Debug)]
    pub struct Constraint {
        pub attribute: Hcl,
        pub operator: Option<&'static str>,
        pub value: String,
    }

    /// The network of a group.
    #[derive(Debug)]
    pub struct Network {
        pub mode: Option<String>,
        pub ports: Vec<Port>,
    }

    /// A port of a group.
    #[derive(Debug)]
    pub struct Port {
        pub label: String,
        /// The host port; `None` for any free port.
        pub fixed: Option<u16>,
        /// The port in the container, if it is not the host port.
        pub to: Option<u16>,
    }

    /// How often a job is retried.
    #[derive(Debug)]
    pub struct Retry {
        pub attempts: u32,
        /// The interval in which attempts are counted.
        pub interval: String,
    }

    /// How an update replaces instances.
    #[derive(Debug)]
    pub struct Update {
        pub max_parallel: Option<u32>,
        pub canary: Option<u32>,
        pub healthy_deadline: Option<String>,
        pub progress_deadline: Option<String>,
    }

    /// A service: a name for which Nomad registers an address.
    #[derive(Debug)]
    pub struct Service {
        pub name: String,
        pub port: Option<String>,
        /// The registered address, if it is not that of the port.
        pub address: Option<Hcl>,
        pub address_mode: Option<&'static str>,
        pub check: Option<Check>,
    }

    /// A health check of a service.
    #[derive(Debug)]
    pub struct Check {
        /// `http` or `tcp`.
        pub kind: &'static str,
        pub tls: bool,
        pub path: Option<String>,
        pub interval: String,
        pub timeout: String,
        /// Failures after which the task is restarted.
        pub limit: u32,
        pub grace: String,
    }

    /// A volume of a group.
    #[derive(Debug)]
    pub struct Volume {
        pub label: String,
        /// `host` or `csi`.
        pub kind: &'static str,
        pub source: String,
        pub access_mode: &'static str,
    }

    /// A task: a container.
    #[derive(Debug)]
    pub struct Task {
        pub name: String,
        /// Whether it must succeed before the other tasks start.
        pub prestart: bool,
        pub services: Vec<Service>,
        pub image: String,
        pub force_pull: bool,
        pub entrypoint: Vec<String>,
        pub args: Vec<String>,
        /// Whether it uses the host network.
        pub host_network: bool,
        /// Whether a small init process forwards signals.
        pub init: bool,
        /// Whether it is restarted without limit, whatever the policy of the group.
        pub keep: bool,
        pub ports: Vec<String>,
        pub privileged: bool,
        /// Host paths, as `source:target`.
        pub binds: Vec<String>,
        /// Mounts of host paths that contain a colon.
        pub mounts: Vec<Mount>,
        pub env: Vec<(Hcl, String)>,
        pub template: Option<Template>,
        pub volume_mounts: Vec<VolumeMount>,
        pub cpu: u64,
        pub memory: u64,
        pub gpu: u32,
    }

    /// A bind mount of the docker driver.
    #[derive(Debug)]
    pub struct Mount {
        pub source: String,
        pub target: String,
        pub read_only: bool,
    }

    /// A mount of a group's volume in a task.
    #[derive(Debug)]
    pub struct VolumeMount {
        pub volume: String,
        pub destination: String,
        pub read_only: bool,
    }

    /// Environment variables that the client fills in before the task starts.
    #[derive(Debug)]
    pub struct Template {
        /// Lines of a heredoc, escaped for it.
        pub lines: Vec<String>,
        /// Whether it waits for something.
        pub waits: bool,
        /// Whether the task is restarted when a filled-in value changes.
        pub restart: bool,
    }

    /// A file for `nomad volume create`.
    #[derive(Debug)]
    pub struct VolumeFile {
        pub name: String,
        pub kind: &'static str,
        pub namespace: Option<String>,
        pub plugin: String,
        pub access_mode: &'static str,
        /// Minimum size in MB.
        pub size: Option<u64>,
        pub constraints: Vec<Constraint>,
    }
}
