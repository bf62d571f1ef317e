//! The published plan: the output of `applc plan`, and the model for the templates of custom
//! targets. `schema/plan.schema.json` describes it.
//!
//! New fields may be added. Any other change requires a new [`VERSION`].

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;

use super::{Command, ContainerId, Kind, MountSource, PlacementLevel, Plan, Probe, Repeats, Text};
use crate::source::Spanned;

/// The version of the model.
pub const VERSION: u32 = 1;

/// The JSON Schema of the plan that [`neutral`] returns.
pub const SCHEMA: &str = include_str!("../../schema/plan.schema.json");

/// A plan.
#[derive(Debug, Serialize)]
pub struct Published<T> {
    /// [`VERSION`].
    pub version: u32,
    /// The appliance.
    pub appliance: Appliance<T>,
}

/// An appliance. `T` is the type of a string that may contain references.
#[derive(Debug, Serialize)]
pub struct Appliance<T> {
    /// Its id.
    pub id: String,
    /// Its name on the target; without a target, the id.
    pub name: String,
    /// The containers, in the order of the document.
    pub containers: Vec<Container<T>>,
    /// The persistent volumes, in the order of the document.
    pub volumes: Vec<Volume>,
    /// Ids in start order, each after its dependencies.
    pub start_order: Vec<String>,
    /// Ids by level: first those without dependencies, then those that only depend on them, and
    /// so on.
    pub levels: Vec<Vec<String>>,
}

/// A container.
#[derive(Debug, Serialize)]
pub struct Container<T> {
    /// Its id.
    pub id: String,
    /// Its name on the target; without a target, the id.
    pub name: String,
    /// `service` or `job`.
    pub kind: &'static str,
    /// The image reference as written.
    pub image: String,
    /// Resources of each instance.
    pub resources: Resources,
    /// Number of instances; may be 0.
    pub instances: u32,
    /// A script for `/bin/sh -c`, instead of the entrypoint of the image.
    pub cmd: Option<T>,
    /// Arguments for the entrypoint of the image; if empty, those of the image apply.
    pub args: Vec<T>,
    /// Environment variables, in the order of the document.
    pub env: Vec<Variable<T>>,
    /// Mounted volumes.
    pub mounts: Vec<Mount>,
    /// `host`, `bridge` or `container`.
    pub network_mode: &'static str,
    /// Ports that are reachable from outside.
    pub ports: Vec<Port>,
    /// Whether it is privileged: it has full access to its host.
    pub privileged: bool,
    /// Whether the image is pulled even if it is present.
    pub force_pull: bool,
    /// The containers that must be ready first.
    pub dependencies: Vec<Dependency>,
    /// Where to run.
    pub placement: Option<Placement>,
    /// Whether it may (`true`) or must not (`false`) run on preemptible nodes.
    pub preemptible: Option<bool>,
    /// Length of the longest path to a container without dependencies; 0 for such a container.
    pub level: usize,
    /// The references in its strings, each once.
    pub references: Vec<Reference>,
    /// The references to it, each once.
    pub referrers: Vec<Reference>,
    /// The health check of a service.
    pub health_check: Option<HealthCheck<T>>,
    /// Share of a service's instances, 0 to 1, that stays healthy during an update.
    pub minimum_capacity: Option<f64>,
    /// The fields that only jobs have.
    pub job: Option<Job>,
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

/// An environment variable.
#[derive(Debug, Serialize)]
pub struct Variable<T> {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: T,
}

/// A mounted volume.
#[derive(Debug, Serialize)]
pub struct Mount {
    /// `host` or `persistent`.
    pub kind: &'static str,
    /// A path of the host, or the id of a volume.
    pub source: String,
    /// The name of a persistent volume on the target.
    pub name: Option<String>,
    /// Absolute path in the container.
    pub target: String,
    /// Whether the mount is read-only.
    pub read_only: bool,
}

/// A port.
#[derive(Debug, Serialize)]
pub struct Port {
    /// The port in the container.
    pub container_port: u16,
    /// The port on the host; `None` means any free port.
    pub host_port: Option<u16>,
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    /// Its name.
    pub name: Option<String>,
}

/// A dependency on a container that must be ready first.
#[derive(Debug, Serialize)]
pub struct Dependency {
    /// Its id.
    pub id: String,
    /// Its name on the target.
    pub name: String,
    /// The required state: `started`, `healthy` or `completed`.
    pub condition: &'static str,
}

/// Where to run.
#[derive(Debug, Serialize)]
pub struct Placement {
    /// `cloud`, `region`, `zone` or `host`.
    pub level: &'static str,
    /// Its name.
    pub name: String,
}

/// A reference, seen from either container.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Reference {
    /// The container's id.
    pub id: String,
    /// Its name on the target.
    pub name: String,
    /// The port of the reference.
    pub port: Option<u16>,
}

/// A health check.
#[derive(Debug, Serialize)]
pub struct HealthCheck<T> {
    /// `http`, `https`, `tcp` or `command`.
    pub protocol: &'static str,
    /// The container port that is checked.
    pub port: Option<u16>,
    /// The path of an HTTP check, with a leading slash.
    pub path: Option<String>,
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
pub struct Job {
    /// Number of retries after a failed run.
    pub retries: u32,
    /// Number of runs; -1 means unlimited.
    pub repeats: i64,
    /// Time of the first run, RFC 3339; `None` means immediately.
    pub start_time: Option<String>,
    /// Time between the starts of two runs of a repeating job.
    pub interval: Interval,
}

/// An interval, in units that cannot be converted into each other.
#[derive(Debug, Serialize)]
pub struct Interval {
    /// The interval as written.
    pub text: String,
    /// Months; a year counts as 12.
    pub months: i64,
    /// Days; a week counts as 7.
    pub days: i64,
    /// Seconds.
    pub seconds: i64,
}

/// A persistent volume.
#[derive(Debug, Serialize)]
pub struct Volume {
    /// Its id.
    pub id: String,
    /// Its name on the target; without a target, the id.
    pub name: String,
    /// `local` belongs to the appliance, `global` exists outside.
    pub scope: &'static str,
    /// The storage system, if one is written.
    #[serde(rename = "type")]
    pub volume_type: Option<String>,
    /// Size in MB.
    pub size: Option<u64>,
    /// Where to store it.
    pub placement: Option<Placement>,
    /// Whether it may (`true`) or must not (`false`) be stored on preemptible nodes.
    pub preemptible: Option<bool>,
    /// Ids of the containers that mount it.
    pub mounted_by: Vec<String>,
}

/// A piece of a string in the neutral plan: text or a reference.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Piece {
    /// Literal text that reaches the container unchanged.
    Text(String),
    /// The address of a container.
    Reference {
        /// Its id.
        id: String,
        /// The port of the reference.
        port: Option<u16>,
    },
}

/// Returns the plan without a target: a string is the list of its pieces, a name is the id.
pub fn neutral(plan: &Plan) -> Published<Vec<Piece>> {
    let pieces = |text: &Text| {
        let piece = |piece: &super::Piece| match piece {
            super::Piece::Literal(text) => Piece::Text(text.to_string()),
            super::Piece::Reference(reference) => Piece::Reference {
                id: plan.container_id(reference.to()).to_owned(),
                port: reference.port,
            },
        };
        text.pieces.iter().map(piece).collect()
    };
    publish(plan, |id| id.to_owned(), pieces)
}

/// Returns the plan with names and strings in the form of a target.
pub fn publish<T>(
    plan: &Plan,
    name: impl Fn(&str) -> String,
    text: impl Fn(&Text) -> T,
) -> Published<T> {
    let publisher = Publisher { plan, name: &name, text: &text };
    Published { version: VERSION, appliance: publisher.appliance() }
}

struct Publisher<'a, T> {
    plan: &'a Plan,
    name: &'a dyn Fn(&str) -> String,
    text: &'a dyn Fn(&Text) -> T,
}

impl<T> Publisher<'_, T> {
    fn appliance(&self) -> Appliance<T> {
        let Plan { id, containers, volumes, start_order, uses: _ } = self.plan;
        let mut levels: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for container in containers {
            levels.entry(container.level).or_default().push(container.id.value.to_string());
        }
        Appliance {
            name: (self.name)(&id.value),
            id: id.value.to_string(),
            containers: containers.iter().map(|container| self.container(container)).collect(),
            volumes: volumes.iter().map(|volume| self.volume(volume)).collect(),
            start_order: start_order.iter().map(|id| self.id(*id)).collect(),
            levels: levels.into_values().collect(),
        }
    }

    fn id(&self, id: ContainerId) -> String {
        self.plan.container_id(id).to_owned()
    }

    fn reference(&self, id: ContainerId, port: Option<u16>) -> Reference {
        let id = self.id(id);
        Reference { name: (self.name)(&id), id, port }
    }

    fn container(&self, container: &super::Container) -> Container<T> {
        // Destructured without `..`, so that a new field does not compile until it is handled.
        let super::Container {
            id,
            kind,
            kind_span: _,
            image,
            resources,
            instances,
            command,
            env,
            mounts,
            network,
            ports,
            privileged,
            force_pull,
            dependencies,
            placement,
            preemptible,
            level,
            referrers,
        } = container;
        let (cmd, args) = match command {
            Command::Shell(script) => (Some((self.text)(script)), Vec::new()),
            Command::Image(args) => (None, args.iter().map(self.text).collect()),
        };
        let (health_check, minimum_capacity, job) = match kind {
            Kind::Service(super::Service { health, minimum_capacity }) => {
                let check = health.as_ref().map(|health| self.health_check(container, health));
                (check, Some(minimum_capacity.value), None)
            }
            Kind::Job(job) => (None, None, Some(publish_job(job))),
        };
        Container {
            id: id.value.to_string(),
            name: (self.name)(&id.value),
            kind: if job.is_some() { "job" } else { "service" },
            image: image.value.to_string(),
            resources: Resources {
                cpus: resources.cpus.value,
                mem: resources.mem.value,
                disk: resources.disk.value,
                gpu: resources.gpu.value,
            },
            instances: instances.value,
            cmd,
            args,
            env: env
                .iter()
                .map(|super::EnvVar { name, value }| Variable {
                    name: name.value.to_string(),
                    value: (self.text)(value),
                })
                .collect(),
            mounts: mounts.iter().map(|mount| self.mount(mount)).collect(),
            network_mode: match network.value {
                super::NetworkMode::Host => "host",
                super::NetworkMode::Bridge => "bridge",
                super::NetworkMode::Container => "container",
            },
            ports: ports.iter().map(publish_port).collect(),
            privileged: privileged.value,
            force_pull: force_pull.value,
            dependencies: dependencies
                .iter()
                .filter_map(|dependency| self.dependency(dependency.on))
                .collect(),
            placement: publish_placement(placement.as_deref()),
            preemptible: value(preemptible.as_ref()),
            level: *level,
            references: unique(container.references().map(|to| self.reference(to.to(), to.port))),
            referrers: unique(referrers.iter().map(|from| self.reference(from.from(), from.port))),
            health_check,
            minimum_capacity,
            job,
        }
    }

    fn dependency(&self, on: ContainerId) -> Option<Dependency> {
        let container = self.plan.containers.get(on)?;
        let condition = match &container.kind {
            Kind::Job(_) => "completed",
            Kind::Service(service) if service.health.is_some() => "healthy",
            Kind::Service(_) => "started",
        };
        let id = container.id.value.to_string();
        Some(Dependency { name: (self.name)(&id), id, condition })
    }

    fn mount(&self, mount: &super::Mount) -> Mount {
        let super::Mount { source, target, read_only } = mount;
        let (kind, source, name) = match source {
            MountSource::Host(path) => ("host", path.value.to_string(), None),
            MountSource::Persistent(volume) => {
                let id =
                    self.plan.volumes.get(volume.value).map(|volume| volume.id.value.to_string());
                let id = id.unwrap_or_default();
                let name = (self.name)(&id);
                ("persistent", id, Some(name))
            }
        };
        Mount { kind, source, name, target: target.value.to_string(), read_only: read_only.value }
    }

    fn health_check(
        &self,
        container: &super::Container,
        check: &super::HealthCheck,
    ) -> HealthCheck<T> {
        let super::HealthCheck { span: _, is_default: _, protocol: _, probe, timing } = check;
        let port = |index: &Spanned<usize>| {
            container.ports.get(index.value).map(|p| p.container_port.value)
        };
        let (protocol, port, path, command) = match probe {
            Probe::Http { tls, path, port: index } => (
                if *tls { "https" } else { "http" },
                port(index),
                Some(path.value.to_string()),
                None,
            ),
            Probe::Tcp { port: index } => ("tcp", port(index), None, None),
            Probe::Command(command) => ("command", None, None, Some((self.text)(command))),
        };
        HealthCheck {
            protocol,
            port,
            path,
            command,
            grace_period_seconds: timing.grace.value,
            interval_seconds: timing.interval.value,
            timeout_seconds: timing.timeout.value,
            max_consecutive_failures: timing.max_failures.value,
        }
    }

    fn volume(&self, volume: &super::Volume) -> Volume {
        let super::Volume { id, scope, volume_type, size, placement, preemptible, mounted_by } =
            volume;
        Volume {
            id: id.value.to_string(),
            name: (self.name)(&id.value),
            scope: match scope.value {
                super::VolumeScope::Local => "local",
                super::VolumeScope::Global => "global",
            },
            volume_type: volume_type.as_ref().map(|written| written.value.to_string()),
            size: value(size.as_ref()),
            placement: publish_placement(placement.as_ref()),
            preemptible: value(preemptible.as_ref()),
            mounted_by: mounted_by.iter().map(|id| self.id(*id)).collect(),
        }
    }
}

fn publish_port(port: &super::Port) -> Port {
    let super::Port { container_port, host_port, transport, name } = port;
    Port {
        container_port: container_port.value,
        host_port: Some(host_port.value).filter(|port| *port != 0),
        protocol: transport.value.name(),
        name: name.as_ref().map(|name| name.value.to_string()),
    }
}

fn publish_placement(placement: Option<&super::Placement>) -> Option<Placement> {
    placement.map(|super::Placement { level, name }| Placement {
        level: match level {
            PlacementLevel::Cloud => "cloud",
            PlacementLevel::Region => "region",
            PlacementLevel::Zone => "zone",
            PlacementLevel::Host => "host",
        },
        name: name.value.to_string(),
    })
}

fn publish_job(job: &super::Job) -> Job {
    let super::Job { retries, repeats, start, interval } = job;
    let super::Interval { text, months, days, seconds } = &interval.value;
    Job {
        retries: retries.value,
        repeats: match repeats.value {
            Repeats::Times(times) => i64::from(times),
            Repeats::Forever => -1,
        },
        start_time: start.as_ref().map(|start| start.value.text.to_string()),
        interval: Interval {
            text: text.to_string(),
            months: *months,
            days: *days,
            seconds: *seconds,
        },
    }
}

fn value<V: Clone>(spanned: Option<&Spanned<V>>) -> Option<V> {
    spanned.map(|spanned| spanned.value.clone())
}

fn unique(references: impl Iterator<Item = Reference>) -> Vec<Reference> {
    let mut seen = HashSet::new();
    references.filter(|reference| seen.insert(reference.clone())).collect()
}
