//! The appliance language as types: the content of a document, with defaults filled in and a
//! span for every value that a later phase may report. Nothing is looked up here: ids are
//! still strings.

mod fields;
mod read;
#[cfg(test)]
mod tests;

pub use read::{container, containers, read, take_containers};

use ecow::EcoString;
use serde::{Deserialize, Serialize};

use crate::source::{Span, Spanned};
use crate::syntax::{Member, Node};

/// An appliance as written, without its containers: they are read [one by one](container), as all
/// of them would take as much memory as the tree. Strings borrow from the tree.
#[derive(Debug)]
pub struct Appliance<'t> {
    /// Name of the appliance.
    pub id: Spanned<&'t str>,
    /// The ids of the containers that have one.
    pub ids: Vec<Spanned<EcoString>>,
    /// `data_persistence.volumes`.
    pub volumes: Vec<Volume<'t>>,
    /// Whether the id of every container and volume could be read. If not, an unknown id may
    /// be one of the ids that are missing here.
    pub ids_complete: bool,
}

/// A container as written.
#[derive(Debug)]
pub struct Container<'t> {
    /// Unique in the appliance.
    pub id: Spanned<&'t str>,
    /// Service or job, with the fields of that kind.
    pub kind: Kind<'t>,
    /// The span of `type`.
    pub kind_span: Span,
    /// The image reference, exactly as written.
    pub image: Spanned<&'t str>,
    /// Resources of each instance.
    pub resources: Resources,
    /// Number of instances.
    pub instances: Spanned<u32>,
    /// A shell command, instead of `args`.
    pub cmd: Option<&'t Node>,
    /// Arguments for the entrypoint of the image: scalars.
    pub args: &'t [Node],
    /// Replaces the entrypoint of the image: scalars.
    pub entrypoint: &'t [Node],
    /// `user`: a string or a number.
    pub user: Option<&'t Node>,
    /// Absolute path of the working directory.
    pub working_dir: Option<Spanned<&'t str>>,
    /// Seconds between the stop signal and the kill.
    pub stop_timeout: Option<Spanned<u32>>,
    /// Labels: the name and a scalar.
    pub labels: &'t [Member],
    /// How the image is built.
    pub build: Option<Build<'t>>,
    /// Files of the appliance.
    pub files: Vec<File<'t>>,
    /// Environment variables: the name and any JSON value.
    pub env: &'t [Member],
    /// Environment variables with a value in the secret store.
    pub secret_env: Vec<SecretVariable<'t>>,
    /// Files with content in the secret store.
    pub secret_files: Vec<SecretFile<'t>>,
    /// Mounted volumes.
    pub volumes: Vec<Mount<'t>>,
    /// Whether these are all that are written; the schema check reports others.
    pub volumes_complete: bool,
    /// Network mode.
    pub network_mode: Spanned<NetworkMode>,
    /// Ports that are reachable from outside.
    pub ports: Vec<Port>,
    /// Whether the container is privileged: it has full access to its host.
    pub is_privileged: Spanned<bool>,
    /// Whether the image is pulled even if it is present.
    pub force_pull_image: Spanned<bool>,
    /// Ids of the containers that must be ready before this one starts.
    pub dependencies: Vec<Spanned<&'t str>>,
    /// Schedule hints.
    pub hints: Hints,
}

/// The kind of a container.
#[derive(Debug)]
pub enum Kind<'t> {
    /// Runs until it is stopped.
    Service(Service<'t>),
    /// Runs to completion.
    Job(Job<'t>),
}

/// The fields that only services have.
#[derive(Debug)]
pub struct Service<'t> {
    /// `health_check`.
    pub health_check: Option<HealthCheck<'t>>,
    /// `default_health_check`, if it is true.
    pub default_health_check: Option<Span>,
    /// Share of the instances, 0 to 1, that stays healthy during an update.
    pub minimum_capacity: Spanned<f64>,
}

/// The fields that only jobs have.
#[derive(Debug)]
pub struct Job<'t> {
    /// Number of retries after a failed run.
    pub retries: Spanned<u32>,
    /// Number of runs; -1 means unlimited.
    pub repeats: Spanned<i64>,
    /// Time of the first run, RFC 3339; `None` means immediately.
    pub start_time: Option<Spanned<&'t str>>,
    /// Time between the starts of two runs: an ISO 8601 duration without its `P`.
    pub interval: Spanned<&'t str>,
    /// When it runs: a cron line. It then has neither a start time nor an interval.
    pub schedule: Option<Spanned<&'t str>>,
    /// Name of the time zone of the schedule.
    pub time_zone: Option<Spanned<&'t str>>,
}

/// Default interval of a job: two months.
pub const DEFAULT_INTERVAL: &str = "2M";

/// Default volume type: the storage system of an appliance that does not name one.
pub const DEFAULT_VOLUME_TYPE: &str = "cephfs";

/// Resources of one instance.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Resources {
    /// CPUs, reserved; not a limit.
    pub cpus: Spanned<f64>,
    /// Memory limit in MB.
    pub mem: Spanned<u64>,
    /// Disk space in MB; 0 requests none.
    pub disk: Spanned<u64>,
    /// Number of GPUs.
    pub gpu: Spanned<u32>,
}

/// `network_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NetworkMode {
    /// The network of the host.
    Host,
    /// A private address on the host, with ports mapped to the host.
    Bridge,
    /// Its own address on the cluster-wide network, with ports mapped to the host.
    Container,
}

/// Transport protocol of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Transport {
    /// `tcp` or `udp`.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Udp => "udp",
        }
    }
}

/// A port, which is reachable from outside the cluster unless it is internal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Port {
    /// The port in the container, 1 to 65535.
    pub container_port: Spanned<u16>,
    /// The port on the host; 0 means any free port.
    pub host_port: Spanned<u16>,
    /// Transport protocol.
    pub transport: Spanned<Transport>,
    /// Name of the port.
    pub name: Option<Spanned<EcoString>>,
    /// Whether it is only for the other containers of the appliance.
    pub internal: Spanned<bool>,
}

/// `schedule_hints`: where to run, or where to store a volume.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// Cloud provider.
    pub cloud: Option<Spanned<EcoString>>,
    /// Region of the cloud.
    pub region: Option<Spanned<EcoString>>,
    /// Availability zone.
    pub zone: Option<Spanned<EcoString>>,
    /// A single host.
    pub host: Option<Spanned<EcoString>>,
    /// Whether it may (`true`) or must not (`false`) use preemptible nodes.
    pub preemptible: Option<Spanned<bool>>,
}

/// How an image is built.
#[derive(Debug)]
pub struct Build<'t> {
    /// The folder that is built, relative to the folder of the appliance.
    pub context: Spanned<&'t str>,
    /// The path of the Dockerfile, relative to the context.
    pub dockerfile: Option<Spanned<&'t str>>,
    /// Build arguments: the name and a scalar.
    pub args: &'t [Member],
    /// The stage of the Dockerfile.
    pub target: Option<Spanned<&'t str>>,
}

/// A file of the appliance in a container.
#[derive(Debug)]
pub struct File<'t> {
    /// Absolute path in the container.
    pub dest: Spanned<&'t str>,
    /// Its content.
    pub content: Option<&'t Node>,
    /// The path of the file with its content, relative to the folder of the appliance.
    pub source: Option<Spanned<&'t str>>,
    /// Permissions, as octal digits.
    pub mode: Spanned<&'t str>,
}

/// A value in the secret store of the platform.
#[derive(Debug, Clone, Copy)]
pub struct SecretValue<'t> {
    /// The name of the secret.
    pub secret: Spanned<&'t str>,
    /// The key in it.
    pub key: Spanned<&'t str>,
}

/// An environment variable with a value in the secret store.
#[derive(Debug)]
pub struct SecretVariable<'t> {
    /// Its name.
    pub name: &'t Spanned<EcoString>,
    /// Its value.
    pub value: SecretValue<'t>,
}

/// A file with content in the secret store.
#[derive(Debug)]
pub struct SecretFile<'t> {
    /// Absolute path in the container.
    pub dest: Spanned<&'t str>,
    /// Its content.
    pub value: SecretValue<'t>,
    /// Permissions, as octal digits.
    pub mode: Spanned<&'t str>,
}

/// A volume that is mounted in a container.
#[derive(Debug)]
pub struct Mount<'t> {
    /// A path on the host or beside the appliance, or the id of a persistent volume.
    pub src: Spanned<&'t str>,
    /// Absolute path in the container.
    pub dest: Spanned<&'t str>,
    /// Whether `src` is a path.
    pub is_host: bool,
    /// `mode`: whether the mount is read-only.
    pub read_only: Spanned<bool>,
}

/// A persistent volume.
#[derive(Debug)]
pub struct Volume<'t> {
    /// Unique among the volumes.
    pub id: Spanned<&'t str>,
    /// Whether it belongs to the appliance or exists outside.
    pub scope: Spanned<VolumeScope>,
    /// `data_persistence.volume_type`, the storage system, if it is written. Otherwise it is
    /// [`DEFAULT_VOLUME_TYPE`].
    pub volume_type: Option<Spanned<&'t str>>,
    /// Size in MB, if given.
    pub size: Option<Spanned<u64>>,
    /// Schedule hints.
    pub hints: Hints,
}

/// Whether a persistent volume belongs to the appliance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum VolumeScope {
    /// Belongs to the appliance and is deleted with it.
    Local,
    /// Exists outside: never created or deleted by an appliance.
    Global,
}

/// `health_check`.
#[derive(Debug)]
pub struct HealthCheck<'t> {
    /// The key `health_check`.
    pub span: Span,
    /// Protocol of the check.
    pub protocol: Spanned<Protocol>,
    /// Path of an HTTP check.
    pub path: Spanned<&'t str>,
    /// Index into `ports`.
    pub port_index: Spanned<usize>,
    /// Shell command, for the protocol `COMMAND`.
    pub command: Option<&'t Node>,
    /// Times and the number of failures.
    pub timing: Timing,
}

/// Timing of a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// Seconds between checks.
    pub interval: Spanned<u32>,
    /// Seconds after which a check fails.
    pub timeout: Spanned<u32>,
    /// Consecutive failures after which the instance is replaced.
    pub max_failures: Spanned<u32>,
    /// Seconds after the start during which failures are ignored until the first success.
    pub grace: Spanned<u32>,
}

impl Timing {
    /// The defaults, with the span `span`.
    pub fn default_at(span: Span) -> Self {
        let at = |value| Spanned::new(value, span);
        Timing { interval: at(60), timeout: at(20), max_failures: at(3), grace: at(300) }
    }
}

/// Protocol of a health check. The `MESOS_` forms run on the host of the container. Their
/// meaning is the same, so only Marathon distinguishes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protocol {
    /// Kind of check.
    pub kind: ProtocolKind,
    /// Whether it has the prefix `MESOS_`, as the default does.
    pub mesos: bool,
}

/// Kind of a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProtocolKind {
    /// An HTTP GET that must return a status from 200 to 399.
    Http,
    /// The same over TLS; the certificate is not verified.
    Https,
    /// A TCP connection that must be accepted.
    Tcp,
    /// A shell command in the container that must exit with status 0.
    Command,
}
