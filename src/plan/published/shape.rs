//! The fields of the published plan.

use serde::Serialize;

/// A plan.
#[derive(Debug, Serialize)]
pub struct Published<W, T> {
    /// `VERSION`.
    pub version: u32,
    /// The appliance.
    pub appliance: Appliance<W, T>,
}

/// An appliance. `W` is the type of a string, and `T` that of one that may contain references.
#[derive(Debug, Serialize)]
pub struct Appliance<W, T> {
    /// Its id.
    pub id: W,
    /// Its name on the target; without a target, the id.
    pub name: W,
    /// The containers, in the order of the document.
    pub containers: Vec<Container<W, T>>,
    /// The persistent volumes, in the order of the document.
    pub volumes: Vec<Volume<W>>,
    /// Ids in start order, each after its dependencies.
    pub start_order: Vec<W>,
    /// Ids by level: first those without dependencies, then those that only depend on them, and
    /// so on.
    pub levels: Vec<Vec<W>>,
}

/// A container.
#[derive(Debug, Serialize)]
pub struct Container<W, T> {
    /// Its id.
    pub id: W,
    /// Its name on the target; without a target, the id.
    pub name: W,
    /// `service` or `job`.
    pub kind: W,
    /// The image reference as written.
    pub image: W,
    /// Resources of each instance.
    pub resources: Resources,
    /// Number of instances; may be 0.
    pub instances: u32,
    /// A script for `/bin/sh -c`, instead of the entrypoint of the image.
    pub cmd: Option<T>,
    /// Arguments for the entrypoint of the image; if empty, those of the image apply.
    pub args: Vec<T>,
    /// A program and its first arguments, instead of the entrypoint of the image; empty if there is none.
    /// `args` follow it.
    pub entrypoint: Vec<T>,
    /// User as written, such as `1000:1000`.
    pub user: Option<W>,
    /// Absolute path of the working directory.
    pub working_dir: Option<W>,
    /// Seconds between the stop signal and the kill.
    pub stop_timeout: Option<u32>,
    /// Labels, in the order of the document.
    pub labels: Vec<Label<W>>,
    /// How the image is built.
    pub build: Option<Build<W>>,
    /// Files of the appliance, in the order of the document.
    pub files: Vec<File<W, T>>,
    /// Environment variables, in the order of the document.
    pub env: Vec<Variable<W, T>>,
    /// Environment variables with a value in the secret store, in the order of the document.
    pub secret_env: Vec<SecretVariable<W>>,
    /// Files with content in the secret store, in the order of the document.
    pub secret_files: Vec<SecretFile<W>>,
    /// Mounted volumes.
    pub mounts: Vec<Mount<W>>,
    /// `host`, `bridge` or `container`.
    pub network_mode: W,
    /// Ports, which are reachable from outside unless they are internal.
    pub ports: Vec<Port<W>>,
    /// Whether it is privileged: it has full access to its host.
    pub privileged: bool,
    /// Whether the image is pulled even if it is present.
    pub force_pull: bool,
    /// The containers that must be ready first.
    pub dependencies: Vec<Dependency<W>>,
    /// Where to run.
    pub placement: Option<Placement<W>>,
    /// Whether it may (`true`) or must not (`false`) run on preemptible nodes.
    pub preemptible: Option<bool>,
    /// Length of the longest path to a container without dependencies; 0 for such a container.
    pub level: usize,
    /// The references in its strings, each once.
    pub references: Vec<Reference<W>>,
    /// The references to it, each once.
    pub referrers: Vec<Reference<W>>,
    /// The health check of a service.
    pub health_check: Option<HealthCheck<W, T>>,
    /// Share of a service's instances, 0 to 1, that stays healthy during an update.
    pub minimum_capacity: Option<f64>,
    /// The fields that only jobs have.
    pub job: Option<Job<W>>,
}

/// Resources of one instance.
#[derive(Debug, Serialize)]
pub struct Resources {
    /// CPUs.
    pub cpus: f64,
    /// Memory in MB.
    pub mem: u64,
    /// Disk space in MB; 0 requests none.
    pub disk: u64,
    /// Number of GPUs.
    pub gpu: u32,
}

/// How an image is built.
#[derive(Debug, Serialize)]
pub struct Build<W> {
    /// The folder that is built, relative to the folder of the appliance.
    pub context: W,
    /// The path of the Dockerfile, relative to the context.
    pub dockerfile: Option<W>,
    /// Build arguments, in the order of the document.
    pub args: Vec<BuildArgument<W>>,
    /// The stage of the Dockerfile.
    pub target: Option<W>,
}

/// A build argument.
#[derive(Debug, Serialize)]
pub struct BuildArgument<W> {
    /// Its name.
    pub name: W,
    /// Its value.
    pub value: W,
}

/// A file of the appliance in a container.
#[derive(Debug, Serialize)]
pub struct File<W, T> {
    /// Absolute path in the container.
    pub dest: W,
    /// Its content; `None` if it is not text.
    pub content: Option<T>,
    /// The path of the file that it was read from, relative to the folder of the appliance.
    pub source: Option<W>,
    /// Permissions, as four octal digits.
    pub mode: W,
}

/// A label.
#[derive(Debug, Serialize)]
pub struct Label<W> {
    /// Its name.
    pub name: W,
    /// Its value.
    pub value: W,
}

/// An environment variable.
#[derive(Debug, Serialize)]
pub struct Variable<W, T> {
    /// Its name.
    pub name: W,
    /// Its value.
    pub value: T,
}

/// An environment variable with a value in the secret store.
#[derive(Debug, Serialize)]
pub struct SecretVariable<W> {
    /// Its name.
    pub name: W,
    /// The name of the secret.
    pub secret: W,
    /// The key in the secret.
    pub key: W,
}

/// A file with content in the secret store.
#[derive(Debug, Serialize)]
pub struct SecretFile<W> {
    /// Absolute path in the container.
    pub dest: W,
    /// The name of the secret.
    pub secret: W,
    /// The key in the secret.
    pub key: W,
    /// Permissions, as four octal digits.
    pub mode: W,
}

/// A mounted volume.
#[derive(Debug, Serialize)]
pub struct Mount<W> {
    /// `host` or `persistent`.
    pub kind: &'static str,
    /// A path of the host, or the id of a volume.
    pub source: W,
    /// The name of a persistent volume on the target.
    pub name: Option<W>,
    /// Absolute path in the container.
    pub target: W,
    /// Whether the mount is read-only.
    pub read_only: bool,
}

/// A port.
#[derive(Debug, Serialize)]
pub struct Port<W> {
    /// The port in the container.
    pub container_port: u16,
    /// The port on the host; `None` means any free port.
    pub host_port: Option<u16>,
    /// `tcp` or `udp`.
    pub protocol: W,
    /// Its name.
    pub name: Option<W>,
    /// Whether it is only for the other containers of the appliance.
    pub internal: bool,
}

/// A dependency on a container that must be ready first.
#[derive(Debug, Serialize)]
pub struct Dependency<W> {
    /// Its id.
    pub id: W,
    /// Its name on the target.
    pub name: W,
    /// The required state: `started`, `healthy` or `completed`.
    pub condition: &'static str,
}

/// Where to run.
#[derive(Debug, Serialize)]
pub struct Placement<W> {
    /// `cloud`, `region`, `zone` or `host`.
    pub level: &'static str,
    /// Its name.
    pub name: W,
}

/// A reference, seen from either container.
#[derive(Debug, Serialize)]
pub struct Reference<W> {
    /// The container's id.
    pub id: W,
    /// Its name on the target.
    pub name: W,
    /// The port of the reference.
    pub port: Option<u16>,
}

/// A health check.
#[derive(Debug, Serialize)]
pub struct HealthCheck<W, T> {
    /// `http`, `https`, `tcp` or `command`.
    pub protocol: W,
    /// The container port that is checked.
    pub port: Option<u16>,
    /// The path of an HTTP check, with a leading slash.
    pub path: Option<W>,
    /// A shell command in the container.
    pub command: Option<T>,
    /// Seconds after the start during which failures are ignored.
    pub grace_period_seconds: u32,
    /// Seconds between checks.
    pub interval_seconds: u32,
    /// Seconds after which a check fails.
    pub timeout_seconds: u32,
    /// Consecutive failures that make it unhealthy.
    pub max_consecutive_failures: u32,
}

/// The fields that only jobs have.
#[derive(Debug, Serialize)]
pub struct Job<W> {
    /// Number of retries after a failed run.
    pub retries: u32,
    /// Number of runs; -1 means unlimited.
    pub repeats: i64,
    /// Time of the first run, RFC 3339; `None` means immediately.
    pub start_time: Option<W>,
    /// Time between the starts of two runs of a repeating job without a schedule.
    pub interval: Interval<W>,
    /// When it runs, if it has a schedule.
    pub schedule: Option<Schedule<W>>,
}

/// When a job runs.
#[derive(Debug, Serialize)]
pub struct Schedule<W> {
    /// The cron line as written.
    pub text: W,
    /// The cron line in the form that every cron reads.
    pub line: W,
    /// Name of its time zone in the IANA database.
    pub time_zone: W,
}

/// An interval, in units that cannot be converted into each other.
#[derive(Debug, Serialize)]
pub struct Interval<W> {
    /// The interval as written.
    pub text: W,
    /// Months; a year counts as 12.
    pub months: i64,
    /// Days; a week counts as 7.
    pub days: i64,
    /// Seconds.
    pub seconds: i64,
}

/// A persistent volume.
#[derive(Debug, Serialize)]
pub struct Volume<W> {
    /// Its id.
    pub id: W,
    /// Its name on the target; without a target, the id.
    pub name: W,
    /// `local` belongs to the appliance, `global` exists outside.
    pub scope: W,
    /// The storage system, if one is written.
    #[serde(rename = "type")]
    pub volume_type: Option<W>,
    /// Size in MB.
    pub size: Option<u64>,
    /// Where to store it.
    pub placement: Option<Placement<W>>,
    /// Whether it may (`true`) or must not (`false`) be stored on preemptible nodes.
    pub preemptible: Option<bool>,
    /// Ids of the containers that mount it.
    pub mounted_by: Vec<W>,
}
