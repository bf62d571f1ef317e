//! The plan: everything that is true of an appliance whatever the target. Ids are indices,
//! strings with references are lists of pieces, defaults are filled in. Targets lower it.

mod field;
pub mod published;
mod text;

pub use field::{Field, Use};
pub use text::{Piece, Reference, Text};

pub use crate::model::{
    NetworkMode, Port, Protocol, ProtocolKind, Resources, Scope, Timing, Transport,
};
use crate::source::{Span, Spanned};

/// Index of a container in [`Plan::containers`].
pub type ContainerId = usize;
/// Index of a volume in [`Plan::volumes`].
pub type VolumeId = usize;

/// An appliance, resolved.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Name of the appliance.
    pub id: Spanned<String>,
    /// The containers, in the order of the document.
    pub containers: Vec<Container>,
    /// The persistent volumes, in the order of the document.
    pub volumes: Vec<Volume>,
    /// The containers so that each comes behind all it depends on; else in the order of
    /// the document.
    pub start_order: Vec<ContainerId>,
    /// Each field that asks a target for something, in the order of the document.
    pub uses: Vec<Use>,
}

/// A container.
#[derive(Debug, Clone)]
pub struct Container {
    /// Unique in the appliance.
    pub id: Spanned<String>,
    /// Service or job.
    pub kind: Kind,
    /// The image reference, exactly as written.
    pub image: Spanned<String>,
    /// What each instance gets.
    pub resources: Resources,
    /// Number of copies; may be 0.
    pub instances: Spanned<u32>,
    /// What it runs.
    pub command: Command,
    /// Environment variables, in the order of the document.
    pub env: Vec<EnvVar>,
    /// Mounted volumes.
    pub mounts: Vec<Mount>,
    /// How it is attached to the network.
    pub network: Spanned<NetworkMode>,
    /// Ports reachable from outside.
    pub ports: Vec<Port>,
    /// Whether it has full rights on its host.
    pub privileged: Spanned<bool>,
    /// Whether the image is pulled even where it is present.
    pub force_pull: Spanned<bool>,
    /// What must be ready first; each container at most once.
    pub dependencies: Vec<Dependency>,
    /// Where to run: the most specific placement that was written.
    pub placement: Option<Placement>,
    /// Whether it may, or must not, run on nodes that can be taken away.
    pub preemptible: Option<Spanned<bool>>,
    /// The longest way to a container without dependencies: 0 for those.
    pub level: usize,
    /// Who refers to this container, itself included, in the order of the document.
    pub referrers: Vec<Referrer>,
}

/// Service or job.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Runs until it is stopped.
    Service(Service),
    /// Runs to completion.
    Job(Job),
}

/// What only services have.
#[derive(Debug, Clone)]
pub struct Service {
    /// The health check: the one written, or the default one where it was asked for.
    pub health: Option<HealthCheck>,
    /// Share of the instances, 0 to 1, that stays healthy during an update.
    pub minimum_capacity: Spanned<f64>,
}

/// What only jobs have.
#[derive(Debug, Clone)]
pub struct Job {
    /// Further tries after a failed run.
    pub retries: Spanned<u32>,
    /// How often it runs.
    pub repeats: Spanned<Repeats>,
    /// First run; `None` is at once.
    pub start: Option<Spanned<StartTime>>,
    /// Time between starts; matters only where it repeats.
    pub interval: Spanned<Interval>,
}

impl Job {
    /// Whether it runs more than once.
    pub fn is_repeating(&self) -> bool {
        self.repeats.value != Repeats::Times(1)
    }
}

/// How often a job runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeats {
    /// This many runs in all.
    Times(u32),
    /// Without end.
    Forever,
}

/// When a job runs first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartTime {
    /// RFC 3339, as written.
    pub text: String,
    /// Its date and time in UTC: year, month, day, hour, minute, second.
    pub utc: [i32; 6],
}

/// Time between the starts of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// As written: an ISO 8601 duration without its `P`.
    pub text: String,
    /// Months, years counted as twelve.
    pub months: i64,
    /// Days, weeks counted as seven.
    pub days: i64,
    /// Seconds of the part behind the `T`.
    pub seconds: i64,
}

/// What a container runs.
#[derive(Debug, Clone)]
pub enum Command {
    /// The image's entrypoint with these arguments behind it, one each; without any, the
    /// image's own.
    Image(Vec<Text>),
    /// `/bin/sh -c` with this script, in place of the image's entrypoint.
    Shell(Text),
}

/// An environment variable.
#[derive(Debug, Clone)]
pub struct EnvVar {
    /// Its name.
    pub name: Spanned<String>,
    /// Its value.
    pub value: Text,
}

/// A volume in a container.
#[derive(Debug, Clone)]
pub struct Mount {
    /// What is mounted.
    pub source: MountSource,
    /// Where: an absolute path in the container.
    pub target: Spanned<String>,
    /// Whether the container cannot write to it.
    pub read_only: Spanned<bool>,
}

/// What is mounted.
#[derive(Debug, Clone)]
pub enum MountSource {
    /// An absolute path on the host.
    Host(Spanned<String>),
    /// A persistent volume, named at this place.
    Persistent(Spanned<VolumeId>),
}

/// A persistent volume.
#[derive(Debug, Clone)]
pub struct Volume {
    /// Unique among the volumes.
    pub id: Spanned<String>,
    /// Whether it belongs to the appliance or exists outside.
    pub scope: Spanned<Scope>,
    /// The storage system that was asked for, where one was written.
    pub volume_type: Option<Spanned<String>>,
    /// Size in MB, where given.
    pub size: Option<Spanned<u64>>,
    /// Where it is to be stored.
    pub placement: Option<Placement>,
    /// Whether it may, or must not, be stored on nodes that can be taken away.
    pub preemptible: Option<Spanned<bool>>,
    /// The containers that mount it, in the order of the document, each once.
    pub mounted_by: Vec<ContainerId>,
}

/// A container that must be ready first.
#[derive(Debug, Clone, Copy)]
pub struct Dependency {
    /// Which one.
    pub on: ContainerId,
    /// Where it is named.
    pub span: Span,
}

/// Where to run.
#[derive(Debug, Clone)]
pub struct Placement {
    /// What the name is the name of.
    pub level: PlacementLevel,
    /// The name.
    pub name: Spanned<String>,
}

/// The kinds of places, from the widest to the most specific.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlacementLevel {
    /// A cloud provider.
    Cloud,
    /// A region of one.
    Region,
    /// An availability zone.
    Zone,
    /// One host.
    Host,
}

/// A container that refers to another, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Referrer {
    /// Who refers.
    pub from: ContainerId,
    /// The container port written behind the reference.
    pub port: Option<u16>,
    /// Where.
    pub span: Span,
}

/// A health check.
#[derive(Debug, Clone)]
pub struct HealthCheck {
    /// Where it was asked for.
    pub span: Span,
    /// Whether it comes from `default_health_check`.
    pub is_default: bool,
    /// The protocol as written.
    pub protocol: Spanned<Protocol>,
    /// How it is checked.
    pub probe: Probe,
    /// How often, how long, how many times.
    pub timing: Timing,
}

/// How health is checked.
#[derive(Debug, Clone)]
pub enum Probe {
    /// An HTTP GET of `path` on a port; over TLS where `tls`.
    Http {
        /// Whether over TLS, whose certificate is not checked.
        tls: bool,
        /// The path, with a leading slash.
        path: String,
        /// Index into [`Container::ports`], always in range.
        port: usize,
    },
    /// A TCP connection to a port (an index into [`Container::ports`], always in range).
    Tcp {
        /// Index into [`Container::ports`].
        port: usize,
    },
    /// A shell command in the container.
    Command(Text),
}

impl Plan {
    /// The id of a container as it was written.
    pub fn container_id(&self, id: ContainerId) -> &str {
        self.containers.get(id).map_or("", |container| container.id.value.as_str())
    }
}

impl Container {
    /// The job, if it is one.
    pub fn job(&self) -> Option<&Job> {
        match &self.kind {
            Kind::Job(job) => Some(job),
            Kind::Service(_) => None,
        }
    }

    /// The health check, if there is one.
    pub fn health(&self) -> Option<&HealthCheck> {
        match &self.kind {
            Kind::Service(service) => service.health.as_ref(),
            Kind::Job(_) => None,
        }
    }

    /// Every string that may hold references: the command, the environment, the health
    /// check.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        let command = match &self.command {
            Command::Image(args) => args.as_slice(),
            Command::Shell(script) => std::slice::from_ref(script),
        };
        let health = self.health().and_then(|health| match &health.probe {
            Probe::Command(text) => Some(text),
            _ => None,
        });
        command.iter().chain(self.env.iter().map(|var| &var.value)).chain(health)
    }

    /// Every reference in its strings.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.texts().flat_map(Text::references)
    }

    /// Whether it listens on this port.
    pub fn lists_port(&self, port: u16) -> bool {
        self.ports.iter().any(|listed| listed.container_port.value == port)
    }
}
