//! The appliance language as types: what a document says, with defaults filled in and a
//! place wherever a later phase may have to point. Nothing is looked up here: ids are
//! still strings.

mod fields;
mod read;

pub use read::read;

use crate::source::{Span, Spanned};
use crate::syntax::Node;

/// An appliance as written; strings borrow from the tree.
#[derive(Debug)]
pub struct Appliance<'t> {
    /// Name of the appliance.
    pub id: Spanned<&'t str>,
    /// The containers that have an id.
    pub containers: Vec<Container<'t>>,
    /// `data_persistence.volumes`.
    pub volumes: Vec<Volume<'t>>,
    /// Whether every container and volume could be read so far that its id is known. If
    /// not, an unknown id may just be one of theirs.
    pub ids_complete: bool,
}

/// A container as written.
#[derive(Debug)]
pub struct Container<'t> {
    /// Unique in the appliance.
    pub id: Spanned<&'t str>,
    /// Service or job, and what only that kind has.
    pub kind: Kind<'t>,
    /// The image reference, exactly as written.
    pub image: Spanned<&'t str>,
    /// What each instance gets.
    pub resources: Resources,
    /// Number of copies.
    pub instances: Spanned<u32>,
    /// A shell command, in place of `args`.
    pub cmd: Option<&'t Node>,
    /// Arguments for the image's entrypoint; scalars.
    pub args: &'t [Node],
    /// Environment: name and any JSON value.
    pub env: Vec<(Spanned<&'t str>, &'t Node)>,
    /// Mounted volumes.
    pub volumes: Vec<Mount<'t>>,
    /// How it is attached to the network.
    pub network_mode: Spanned<NetworkMode>,
    /// Ports reachable from outside.
    pub ports: Vec<Port>,
    /// Whether the container has full rights on its host.
    pub is_privileged: Spanned<bool>,
    /// Whether the image is pulled even where it is present.
    pub force_pull_image: Spanned<bool>,
    /// Ids of the containers that must be ready first.
    pub dependencies: Vec<Spanned<&'t str>>,
    /// Where to run.
    pub hints: Hints,
}

/// What a container is for.
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
    /// `default_health_check`, where it is true.
    pub default_health_check: Option<Span>,
    /// Share of the instances, 0 to 1, that stays healthy during an update.
    pub minimum_capacity: Spanned<f64>,
}

/// The fields that only jobs have.
#[derive(Debug)]
pub struct Job<'t> {
    /// Further tries after a failed run.
    pub retries: Spanned<u32>,
    /// Number of runs; -1 is without end.
    pub repeats: Spanned<i64>,
    /// First run, RFC 3339; `None` is now.
    pub start_time: Option<Spanned<&'t str>>,
    /// Time between starts: an ISO 8601 duration without its `P`.
    pub interval: Spanned<&'t str>,
}

/// The interval of a job that gives none (PIVOT's default: two months).
pub const DEFAULT_INTERVAL: &str = "2M";

/// What one instance gets.
#[derive(Debug, Clone)]
pub struct Resources {
    /// CPUs: a share and a reservation, not a ceiling.
    pub cpus: Spanned<f64>,
    /// Memory in MB, a hard ceiling.
    pub mem: Spanned<u64>,
    /// Disk in MB; 0 asks for none.
    pub disk: Spanned<u64>,
    /// Whole GPUs.
    pub gpu: Spanned<u32>,
}

/// `network_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NetworkMode {
    /// The host's own network.
    Host,
    /// A private address, ports mapped on the host.
    Bridge,
    /// An address of its own on the cluster-wide network, ports mapped too.
    Container,
}

/// Transport protocol of a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// A port that is reachable from outside the cluster.
#[derive(Debug, Clone)]
pub struct Port {
    /// The port in the container, 1 to 65535.
    pub container_port: Spanned<u16>,
    /// The port on the host; 0 is any free one.
    pub host_port: Spanned<u16>,
    /// Its protocol.
    pub transport: Spanned<Transport>,
    /// Its name.
    pub name: Option<Spanned<String>>,
}

/// `schedule_hints`: where to run.
#[derive(Debug, Clone, Default)]
pub struct Hints {
    /// Cloud provider.
    pub cloud: Option<Spanned<String>>,
    /// Region in the cloud.
    pub region: Option<Spanned<String>>,
    /// Availability zone.
    pub zone: Option<Spanned<String>>,
    /// One host.
    pub host: Option<Spanned<String>>,
    /// Whether it may, or must not, run on nodes that can be taken away.
    pub preemptible: Option<Spanned<bool>>,
}

/// A volume mounted in a container.
#[derive(Debug)]
pub struct Mount<'t> {
    /// A path on the host, or the id of a persistent volume.
    pub src: Spanned<&'t str>,
    /// Absolute path in the container.
    pub dest: Spanned<&'t str>,
    /// Whether `src` is a path on the host.
    pub is_host: bool,
    /// `mode`; read-only where true.
    pub read_only: Spanned<bool>,
}

/// A persistent volume of the appliance.
#[derive(Debug)]
pub struct Volume<'t> {
    /// Unique among the volumes.
    pub id: Spanned<&'t str>,
    /// Whether it belongs to the appliance or exists outside.
    pub scope: Spanned<Scope>,
    /// `data_persistence.volume_type`, the storage system.
    pub volume_type: Option<Spanned<&'t str>>,
    /// Size in MB, where given.
    pub size: Option<Spanned<u64>>,
    /// Where it is to be stored.
    pub hints: Hints,
}

/// Scope of a persistent volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Belongs to the appliance and is deleted with it.
    Local,
    /// Exists outside; never created nor deleted by an appliance.
    Global,
}

/// `health_check`.
#[derive(Debug)]
pub struct HealthCheck<'t> {
    /// The key `health_check`.
    pub span: Span,
    /// How it is checked.
    pub protocol: Spanned<Protocol>,
    /// HTTP path.
    pub path: Option<Spanned<&'t str>>,
    /// Index into `ports`.
    pub port_index: Spanned<usize>,
    /// Shell command, for [`Protocol::Command`].
    pub command: Option<&'t Node>,
    /// How often, how long, how many times.
    pub timing: Timing,
}

/// The times of a health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Seconds between checks.
    pub interval: u32,
    /// Seconds until a check has failed.
    pub timeout: u32,
    /// Failures in a row after which the instance is replaced.
    pub max_failures: u32,
    /// Seconds after the start in which failures before the first success do not count.
    pub grace: u32,
}

impl Default for Timing {
    fn default() -> Self {
        Timing { interval: 60, timeout: 20, max_failures: 3, grace: 300 }
    }
}

/// Protocol of a health check. The `MESOS_` forms run on the host of the container; their
/// meaning is the same, so only Marathon tells them apart (`on_host`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Protocol {
    /// How it is checked.
    pub kind: ProtocolKind,
    /// Whether it was written with `MESOS_`, or is the default.
    pub mesos: bool,
}

/// How a health check looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolKind {
    /// An HTTP GET that must answer 200 to 399.
    Http,
    /// The same over TLS; the certificate is not checked.
    Https,
    /// A connection that must open.
    Tcp,
    /// A shell command in the container that must exit with 0.
    Command,
}
