//! Nomad's job specification, as far as it is used here: what the templates lay out.
//!
//! A field whose type is [`Hcl`] holds an expression that is written as it is; every other
//! string is quoted by the template engine. Those that end up in a task's `config` have
//! been made for the client's reading before, by `strings::ConfigString`.

use serde::Serialize;

/// An HCL expression, quotes included.
pub type Hcl = String;

/// A job: one file.
#[derive(Debug, Serialize)]
pub struct Job {
    pub id: String,
    /// `service` or `batch`.
    pub kind: &'static str,
    pub namespace: Option<String>,
    pub region: Option<String>,
    pub node_pool: Option<String>,
    pub datacenters: Vec<String>,
    /// Cron expressions of a periodic job; empty for one that runs at once.
    pub crons: Vec<String>,
    pub groups: Vec<Group>,
}

/// A task group: the tasks that run together, `count` times.
#[derive(Debug, Serialize)]
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

#[derive(Debug, Serialize)]
pub struct Constraint {
    pub attribute: Hcl,
    pub operator: Option<&'static str>,
    pub value: String,
}

#[derive(Debug, Serialize)]
pub struct Network {
    pub mode: Option<String>,
    pub ports: Vec<Port>,
}

#[derive(Debug, Serialize)]
pub struct Port {
    pub label: String,
    /// The port on the host; any free one where there is none.
    pub fixed: Option<u16>,
    /// The port in the container, where it is not the one on the host.
    pub to: Option<u16>,
}

/// How often a job is tried again.
#[derive(Debug, Serialize)]
pub struct Retry {
    pub attempts: u32,
    /// The time in which attempts are counted.
    pub interval: String,
}

#[derive(Debug, Serialize)]
pub struct Update {
    pub max_parallel: Option<u32>,
    pub canary: Option<u32>,
    pub healthy_deadline: Option<String>,
    pub progress_deadline: Option<String>,
}

/// A name that Nomad knows the address of.
#[derive(Debug, Serialize)]
pub struct Service {
    pub name: String,
    pub port: Option<String>,
    /// The address that is registered, where it is not that of the port.
    pub address: Option<Hcl>,
    pub address_mode: Option<&'static str>,
    pub check: Option<Check>,
}

#[derive(Debug, Serialize)]
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
#[derive(Debug, Serialize)]
pub struct Volume {
    pub label: String,
    /// `host` or `csi`.
    pub kind: &'static str,
    pub source: String,
    pub access_mode: &'static str,
}

/// A container.
#[derive(Debug, Serialize)]
pub struct Task {
    pub name: String,
    /// Whether it must have succeeded before the others start.
    pub prestart: bool,
    pub services: Vec<Service>,
    pub image: String,
    pub force_pull: bool,
    pub entrypoint: Vec<String>,
    pub args: Vec<String>,
    /// Whether it uses the host's own network.
    pub host_network: bool,
    /// Whether a small init process passes signals on.
    pub init: bool,
    /// Whether it is started again without end, whatever the group says.
    pub keep: bool,
    pub ports: Vec<String>,
    pub privileged: bool,
    /// Paths of the host, as `source:target`.
    pub binds: Vec<String>,
    /// Paths of the host that cannot be written so.
    pub mounts: Vec<Mount>,
    pub env: Vec<(Hcl, String)>,
    pub template: Option<Template>,
    pub volume_mounts: Vec<VolumeMount>,
    pub cpu: u64,
    pub memory: u64,
    pub gpu: u32,
}

#[derive(Debug, Serialize)]
pub struct Mount {
    pub source: String,
    pub target: String,
    pub read_only: bool,
}

#[derive(Debug, Serialize)]
pub struct VolumeMount {
    pub volume: String,
    pub destination: String,
    pub read_only: bool,
}

/// Environment variables that the client fills in just before the task starts.
#[derive(Debug, Serialize)]
pub struct Template {
    /// Lines of a heredoc, safe to stand in one.
    pub lines: Vec<String>,
    /// Whether it waits for something.
    pub waits: bool,
    /// Whether the task is restarted when what is filled in changes.
    pub restart: bool,
}

/// A file for `nomad volume create`.
#[derive(Debug, Serialize)]
pub struct VolumeFile {
    pub name: String,
    pub kind: &'static str,
    pub namespace: Option<String>,
    pub plugin: String,
    pub access_mode: &'static str,
    /// Least size in MB.
    pub size: Option<u64>,
    pub constraints: Vec<Constraint>,
}
