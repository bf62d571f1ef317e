//! The plan: an appliance, resolved and independent of targets. Ids are indices, strings with
//! references are lists of pieces, and defaults are filled in. Targets lower it.

mod cron;
mod extras;
mod field;
pub(crate) mod graph;
pub mod published;
mod text;

pub use cron::{Cron, Days, Numbers, Schedule};
pub use extras::{
    Build, BuildArgument, Content, Extras, File, Label, SecretFile, SecretValue, SecretVariable,
    user_numbers,
};
pub use field::{Field, Use};
pub use text::{Piece, Pieces, Reference, Text};

pub use crate::model::{
    DEFAULT_VOLUME_TYPE, NetworkMode, Port, Protocol, ProtocolKind, Resources, Timing, Transport,
    VolumeScope,
};
use ecow::EcoString;
use serde::{Deserialize, Serialize};

use crate::source::{Span, Spanned};

/// Index of a container in [`Plan::containers`].
pub type ContainerId = usize;
/// Index of a volume in [`Plan::volumes`].
pub type VolumeId = usize;

/// An appliance, resolved.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Plan {
    /// Name of the appliance.
    pub id: Spanned<EcoString>,
    /// The containers, in the order of the document.
    pub containers: Vec<Container>,
    /// The persistent volumes, in the order of the document.
    pub volumes: Vec<Volume>,
    /// The containers in start order: each after its dependencies, otherwise in the order of
    /// the document.
    pub start_order: Vec<ContainerId>,
    /// Every use of a field, in the order of the document.
    pub uses: Vec<Use>,
}

/// A container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Container {
    /// Unique in the appliance.
    pub id: Spanned<EcoString>,
    /// Service or job.
    pub kind: Kind,
    /// The span of `type`.
    pub kind_span: Span,
    /// The image reference, exactly as written.
    pub image: Spanned<EcoString>,
    /// Resources of each instance.
    pub resources: Resources,
    /// Number of instances; may be 0.
    pub instances: Spanned<u32>,
    /// What the container runs.
    pub command: Command,
    /// What most containers do not have; see [`Container::extras`].
    pub extras: Option<Box<Extras>>,
    /// Environment variables, in the order of the document.
    pub env: Box<[EnvVar]>,
    /// Mounted volumes.
    pub mounts: Box<[Mount]>,
    /// Network mode.
    pub network: Spanned<NetworkMode>,
    /// Ports, which are reachable from outside unless they are internal.
    pub ports: Box<[Port]>,
    /// Whether it is privileged: it has full access to its host.
    pub privileged: Spanned<bool>,
    /// Whether the image is pulled even if it is present.
    pub force_pull: Spanned<bool>,
    /// The containers that must be ready first, each at most once.
    pub dependencies: Box<[Dependency]>,
    /// Where to run: the most specific placement that is written.
    pub placement: Option<Box<Placement>>,
    /// Whether it may (`true`) or must not (`false`) run on preemptible nodes.
    pub preemptible: Option<Spanned<bool>>,
    /// Length of the longest path to a container without dependencies; 0 for such a container.
    pub level: usize,
    /// The references to this container, including its own, in the order of the document.
    pub referrers: Box<[Referrer]>,
}

/// Service or job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Kind {
    /// Runs until it is stopped.
    Service(Service),
    /// Runs to completion.
    Job(Box<Job>),
}

/// The fields that only services have.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Service {
    /// The health check: `health_check`, or the one that `default_health_check` requests.
    pub health: Option<Box<HealthCheck>>,
    /// Share of the instances, 0 to 1, that stays healthy during an update.
    pub minimum_capacity: Spanned<f64>,
}

/// The fields that only jobs have.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    /// Number of retries after a failed run.
    pub retries: Spanned<u32>,
    /// Number of runs.
    pub repeats: Spanned<Repeats>,
    /// Time of the first run; `None` means immediately.
    pub start: Option<Spanned<StartTime>>,
    /// Time between the starts of two runs; used only if the job repeats without a schedule.
    pub interval: Spanned<Interval>,
    /// When it runs. It then repeats forever, and has no start.
    pub schedule: Option<Schedule>,
}

impl Job {
    /// Whether it runs more than once.
    pub fn is_repeating(&self) -> bool {
        self.repeats.value != Repeats::Times(1)
    }
}

/// Number of runs of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Repeats {
    /// This many runs in total.
    Times(u32),
    /// Unlimited runs.
    Forever,
}

/// Time of the first run of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartTime {
    /// The time as written, RFC 3339.
    pub text: EcoString,
    /// The date and time in UTC: year, month, day, hour, minute, second.
    pub utc: [i32; 6],
}

/// Time between the starts of two runs of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// The interval as written: an ISO 8601 duration without its `P`.
    pub text: EcoString,
    /// Months; a year counts as 12.
    pub months: i64,
    /// Days; a week counts as 7.
    pub days: i64,
    /// Seconds of the part after the `T`.
    pub seconds: i64,
}

/// What a container runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Command {
    /// The entrypoint of the image with these arguments; if there are none, with the
    /// arguments of the image.
    Image(Box<[Text]>),
    /// `/bin/sh -c` with this script, instead of the entrypoint of the image.
    Shell(Box<Text>),
    /// A program, instead of the entrypoint of the image.
    Program(Box<Program>),
}

/// A program with its arguments.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Program {
    /// `entrypoint`: the program and its first arguments. Not empty.
    pub entrypoint: Box<[Text]>,
    /// `args`: further arguments.
    pub args: Box<[Text]>,
}

impl Command {
    /// The strings that are written for it, in order.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        let (first, rest) = match self {
            Command::Image(args) => (&**args, &[][..]),
            Command::Shell(script) => (std::slice::from_ref(&**script), &[][..]),
            Command::Program(program) => (&*program.entrypoint, &*program.args),
        };
        first.iter().chain(rest)
    }
}

/// An environment variable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EnvVar {
    /// Name of the variable.
    pub name: Spanned<EcoString>,
    /// Value of the variable.
    pub value: Text,
}

/// A volume that is mounted in a container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mount {
    /// The source of the mount.
    pub source: MountSource,
    /// The absolute path in the container.
    pub target: Spanned<EcoString>,
    /// Whether the mount is read-only.
    pub read_only: Spanned<bool>,
}

impl Mount {
    /// The path, if it is relative to the folder of the appliance.
    pub fn beside(&self) -> Option<&Spanned<EcoString>> {
        match &self.source {
            MountSource::Host(path) => {
                matches!(path.value.split('/').next(), Some("." | "..")).then_some(path)
            }
            MountSource::Persistent(_) => None,
        }
    }
}

/// The source of a mount.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum MountSource {
    /// An absolute path on the host, or one [beside the appliance](Mount::beside).
    Host(Spanned<EcoString>),
    /// A persistent volume. The span is that of its id in the mount.
    Persistent(Spanned<VolumeId>),
}

/// A persistent volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Volume {
    /// Unique among the volumes.
    pub id: Spanned<EcoString>,
    /// Whether it belongs to the appliance or exists outside.
    pub scope: Spanned<VolumeScope>,
    /// The storage system, if one is written; see [`Volume::storage`].
    pub volume_type: Option<Spanned<EcoString>>,
    /// Size in MB, if given.
    pub size: Option<Spanned<u64>>,
    /// Where to store it.
    pub placement: Option<Placement>,
    /// Whether it may (`true`) or must not (`false`) be stored on preemptible nodes.
    pub preemptible: Option<Spanned<bool>>,
    /// The containers that mount it, each once, in the order of the document.
    pub mounted_by: Vec<ContainerId>,
}

/// A dependency on a container that must be ready first.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Dependency {
    /// The container.
    pub on: ContainerId,
    /// The span of its id in `dependencies`.
    pub span: Span,
}

/// Where to run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Placement {
    /// The kind of place that the name refers to.
    pub level: PlacementLevel,
    /// Name of the place.
    pub name: Spanned<EcoString>,
}

/// Kinds of places, from the most general to the most specific.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PlacementLevel {
    /// A cloud provider.
    Cloud,
    /// A region of a cloud.
    Region,
    /// An availability zone.
    Zone,
    /// A single host.
    Host,
}

/// A reference to a container, seen from that container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Referrer {
    from: u32,
    /// The container port of the reference.
    pub port: Option<u16>,
    /// The span of the reference.
    pub span: Span,
}

/// A health check.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HealthCheck {
    /// The span of the field that requests it.
    pub span: Span,
    /// Whether it comes from `default_health_check`.
    pub is_default: bool,
    /// The protocol as written.
    pub protocol: Spanned<Protocol>,
    /// The check.
    pub probe: Probe,
    /// Times and the number of failures.
    pub timing: Timing,
}

/// The check of a health check.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Probe {
    /// An HTTP GET of `path` on a port.
    Http {
        /// Whether TLS is used; the certificate is not verified.
        tls: bool,
        /// The path, with a leading slash.
        path: Spanned<EcoString>,
        /// Index into [`Container::ports`], always in range.
        port: Spanned<usize>,
    },
    /// A TCP connection to a port.
    Tcp {
        /// Index into [`Container::ports`], always in range.
        port: Spanned<usize>,
    },
    /// A shell command in the container.
    Command(Text),
}

impl Referrer {
    /// The same reference, which is in this container, seen from the other one.
    pub fn new(from: ContainerId, reference: &Reference) -> Referrer {
        let from = u32::try_from(from).unwrap_or(u32::MAX);
        Referrer { from, port: reference.port, span: reference.span }
    }

    /// The container that contains the reference.
    pub fn from(&self) -> ContainerId {
        self.from as ContainerId
    }
}

impl Plan {
    /// The id of a container as written.
    pub fn container_id(&self, id: ContainerId) -> &str {
        self.containers.get(id).map_or("", |container| container.id.value.as_str())
    }
}

impl Volume {
    /// The storage system: the one that is written, or the default.
    pub fn storage(&self) -> &str {
        self.volume_type.as_ref().map_or(DEFAULT_VOLUME_TYPE, |written| written.value.as_str())
    }
}

impl Container {
    /// The job, if the container is one.
    pub fn job(&self) -> Option<&Job> {
        match &self.kind {
            Kind::Job(job) => Some(job),
            Kind::Service(_) => None,
        }
    }

    /// The health check, if there is one.
    pub fn health(&self) -> Option<&HealthCheck> {
        match &self.kind {
            Kind::Service(service) => service.health.as_deref(),
            Kind::Job(_) => None,
        }
    }

    /// What most containers do not have.
    pub fn extras(&self) -> &Extras {
        static NONE: Extras = Extras::NONE;
        self.extras.as_deref().unwrap_or(&NONE)
    }

    /// Every string that may contain references: the command, the environment, the files, and the
    /// command of the health check.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        let health = self.health().and_then(|health| match &health.probe {
            Probe::Command(text) => Some(text),
            _ => None,
        });
        let files = self.extras().files.iter().filter_map(File::text);
        let env = self.env.iter().map(|var| &var.value);
        self.command.texts().chain(env).chain(files).chain(health)
    }

    /// Every reference in the strings of the container.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.texts().flat_map(Text::references)
    }

    /// Whether `ports` contains this container port.
    pub fn lists_port(&self, port: u16) -> bool {
        self.ports.iter().any(|listed| listed.container_port.value == port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plans of large files take most of the memory of a run.
    #[test]
    fn parts_of_plans_are_small() {
        assert_eq!((size_of::<Container>(), size_of::<EnvVar>()), (344, 56));
        let parts = (size_of::<Text>(), size_of::<Piece>(), size_of::<Referrer>());
        assert_eq!(parts, (32, 24, 16));
    }
}
