//! The parts of Nomad's job specification that applc writes; the templates lay them out.
//!
//! A field of the type [`Hcl`] is an expression that is written unchanged; the template engine
//! quotes every other string. The strings of a task's `config` are already escaped for the
//! client, by `strings::ConfigString`.

use crate::render::{Composed, Items, Traced, model};

/// An HCL expression, quotes included.
pub type Hcl = Composed;

model! {
    /// A job: one file.
    #[derive(Debug)]
    pub struct Job {
        pub id: Traced<String>,
        /// `service` or `batch`.
        pub kind: Traced<&'static str>,
        pub namespace: Option<Traced<String>>,
        pub region: Option<Traced<String>>,
        pub node_pool: Option<Traced<String>>,
        pub datacenters: Vec<Traced<String>>,
        /// The id of the appliance, by which its jobs are found. The container of a group is its name.
        pub appliance: Traced<String>,
        /// Cron expressions of a periodic job; empty for a job that runs immediately.
        pub crons: Vec<Composed>,
        /// The time zone of the cron expressions, if one is written.
        pub time_zone: Option<Traced<String>>,
        pub groups: Items<Group>,
    }

    /// A task group: the tasks that run together, `count` times.
    #[derive(Debug)]
    pub struct Group {
        pub name: Composed,
        pub count: Traced<u32>,
        pub constraints: Vec<Constraint>,
        /// Size of the allocation's disk in MB.
        pub disk: Option<Traced<u64>>,
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
        pub operator: Option<Traced<&'static str>>,
        pub value: Traced<String>,
    }

    /// The network of a group.
    #[derive(Debug)]
    pub struct Network {
        pub mode: Option<Composed>,
        pub ports: Vec<Port>,
    }

    /// A port of a group.
    #[derive(Debug)]
    pub struct Port {
        pub label: Composed,
        /// The host port; `None` for any free port.
        pub fixed: Option<Traced<u16>>,
        /// The port in the container, if it is not the host port.
        pub to: Option<Composed<u16>>,
    }

    /// How often a job is retried.
    #[derive(Debug)]
    pub struct Retry {
        pub attempts: Traced<u32>,
        /// The interval in which attempts are counted.
        pub interval: Traced<String>,
    }

    /// How an update replaces instances.
    #[derive(Debug)]
    pub struct Update {
        pub max_parallel: Option<Traced<u32>>,
        pub canary: Option<Traced<u32>>,
        pub healthy_deadline: Option<Composed>,
        pub progress_deadline: Option<Composed>,
    }

    /// A service: a name for which Nomad registers an address.
    #[derive(Debug)]
    pub struct Service {
        pub name: Composed,
        pub port: Option<Composed>,
        /// The registered address, if it is not that of the port.
        pub address: Option<Hcl>,
        pub address_mode: Option<Traced<&'static str>>,
        pub check: Option<Check>,
    }

    /// A health check of a service.
    #[derive(Debug)]
    pub struct Check {
        /// `http` or `tcp`.
        pub kind: Traced<&'static str>,
        pub tls: bool,
        pub path: Option<Traced<String>>,
        pub interval: Traced<String>,
        pub timeout: Traced<String>,
        /// Failures after which the task is restarted.
        pub limit: Traced<u32>,
        pub grace: Traced<String>,
    }

    /// A volume of a group.
    #[derive(Debug)]
    pub struct Volume {
        pub label: Composed,
        /// `host` or `csi`.
        pub kind: Traced<&'static str>,
        pub source: Composed,
        pub access_mode: Traced<&'static str>,
    }

    /// A task: a container.
    #[derive(Debug)]
    pub struct Task {
        pub name: Composed,
        /// Whether it must succeed before the other tasks start.
        pub prestart: bool,
        /// Whether it uses Nomad's task API, with a token.
        pub identity: bool,
        pub services: Vec<Service>,
        pub image: Traced<String>,
        pub force_pull: Traced<bool>,
        pub user: Option<Traced<String>>,
        /// Time between the stop signal and the kill, with its unit.
        pub kill_timeout: Option<Traced<String>>,
        pub work_dir: Option<Traced<String>>,
        pub labels: Vec<(Hcl, Traced<String>)>,
        pub entrypoint: Vec<Composed>,
        pub args: Vec<Composed>,
        /// Its host name, if it is not chosen by Docker.
        pub host_name: Option<Composed>,
        /// Whether it uses the host network.
        pub host_network: bool,
        /// Whether a small init process forwards signals.
        pub init: bool,
        /// Whether it is restarted without limit, whatever the policy of the group.
        pub keep: bool,
        pub ports: Vec<Composed>,
        pub privileged: Traced<bool>,
        /// Host paths, as `source:target`.
        pub binds: Vec<Composed>,
        /// Mounts of host paths that contain a colon.
        pub mounts: Vec<Mount>,
        pub env: Vec<(Hcl, Composed)>,
        pub template: Option<Template>,
        /// Variables with values of the secret store.
        pub secrets: Option<Template>,
        /// Whether it uses Vault.
        pub vault: Option<Traced<bool>>,
        pub files: Vec<FileTemplate>,
        pub volume_mounts: Vec<VolumeMount>,
        pub cpu: Composed<u64>,
        pub memory: Traced<u64>,
        pub gpu: Traced<u32>,
    }

    /// A bind mount of the docker driver.
    #[derive(Debug)]
    pub struct Mount {
        pub source: Traced<String>,
        pub target: Traced<String>,
        pub read_only: Traced<bool>,
    }

    /// A mount of a group's volume in a task.
    #[derive(Debug)]
    pub struct VolumeMount {
        pub volume: Composed,
        pub destination: Traced<String>,
        pub read_only: Traced<bool>,
    }

    /// Environment variables that the client fills in before the task starts.
    #[derive(Debug)]
    pub struct Template {
        /// Lines of a heredoc, escaped for it.
        pub lines: Vec<Composed>,
        /// Whether it writes addresses to a file instead, and again when they change.
        pub addresses: bool,
        /// Whether it waits for something.
        pub waits: bool,
        /// Whether the task is restarted when a filled-in value changes.
        pub restart: bool,
    }

    /// A file that the client writes before the task starts.
    #[derive(Debug)]
    pub struct FileTemplate {
        /// In the folder of the task.
        pub destination: Traced<String>,
        /// Permissions, as octal digits.
        pub perms: Traced<String>,
        /// Lines of a heredoc, escaped for it.
        pub lines: Vec<Composed>,
        /// Whether the task is restarted when a filled-in value changes.
        pub restart: bool,
    }

    /// A file for `nomad volume create`.
    #[derive(Debug)]
    pub struct VolumeFile {
        pub name: Composed,
        pub kind: Traced<&'static str>,
        pub namespace: Option<Traced<String>>,
        pub plugin: Traced<String>,
        pub access_mode: Traced<&'static str>,
        /// Minimum size, with its unit.
        pub size: Option<Traced<String>>,
        pub folder: Option<VolumeFolder>,
        pub constraints: Vec<Constraint>,
    }

    /// The folder that the plugin `mkdir` makes.
    #[derive(Debug)]
    pub struct VolumeFolder {
        /// Permissions, as octal digits.
        pub mode: Traced<&'static str>,
        /// The number of its owner; without one, that of the client.
        pub uid: Option<Traced<String>>,
        /// The number of its group; without one, that of the client.
        pub gid: Option<Traced<String>>,
    }
}

impl Template {
    /// A template that writes addresses to a file.
    pub fn addresses(lines: Vec<Composed>) -> Template {
        Template { lines, addresses: true, waits: false, restart: false }
    }
}
