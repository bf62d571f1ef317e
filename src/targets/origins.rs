//! The origins of values that several targets write, and strings that are made of several values.

use ecow::EcoString;

use crate::plan::{
    Container, File, HealthCheck, Job, Mount, Plan, Port, Reference, SecretFile, Text, Timing,
    Volume,
};
use crate::render::{Origin, Traced};
use crate::source::{Span, Spanned};

/// The origin of a field that has a default. `of` is the span that a default gets: that of a
/// required field of the same object.
pub fn field(span: Span, of: Span, path: &'static &'static str) -> Origin {
    if span == of { Origin::Default(path, of) } else { Origin::Place(span) }
}

macro_rules! fields {
    ($(
        $(#[$attribute:meta])*
        $name:ident($object:ident: $type:ty) = $span:expr, $of:expr, $path:literal;
    )*) => {
        $(
            $(#[$attribute])*
            pub fn $name($object: &$type) -> Origin {
                field($span, $of, &$path)
            }
        )*
    };
}

fields! {
    /// The origin of the kind of a container.
    kind(container: Container) = container.kind_span, container.id.span, "containers[].type";
    /// The origin of the number of instances.
    instances(container: Container) = container.instances.span, container.id.span, "containers[].instances";
    /// The origin of the network mode.
    network(container: Container) = container.network.span, container.id.span, "containers[].network_mode";
    /// The origin of the flag for privileged containers.
    privileged(container: Container) = container.privileged.span, container.id.span, "containers[].is_privileged";
    /// The origin of the flag for pulling images.
    force_pull(container: Container) = container.force_pull.span, container.id.span, "containers[].force_pull_image";
    /// The origin of the CPUs.
    cpus(container: Container) = container.resources.cpus.span, container.id.span, "containers[].resources.cpus";
    /// The origin of the memory.
    mem(container: Container) = container.resources.mem.span, container.id.span, "containers[].resources.mem";
    /// The origin of the disk space.
    disk(container: Container) = container.resources.disk.span, container.id.span, "containers[].resources.disk";
    /// The origin of the number of GPUs.
    gpu(container: Container) = container.resources.gpu.span, container.id.span, "containers[].resources.gpu";
    /// The origin of a host port.
    host_port(port: Port) = port.host_port.span, port.container_port.span, "containers[].ports[].host_port";
    /// The origin of the protocol of a port.
    transport(port: Port) = port.transport.span, port.container_port.span, "containers[].ports[].protocol";
    /// The origin of the permissions of a file.
    file_mode(file: File) = file.mode.span, file.dest.span, "containers[].files[].mode";
    /// The origin of the permissions of a file with content in the secret store.
    secret_mode(file: SecretFile) = file.mode.span, file.dest.span, "containers[].secret_files[].mode";
    /// The origin of the mode of a mount.
    read_only(mount: Mount) = mount.read_only.span, mount.target.span, "containers[].volumes[].mode";
    /// The origin of the protocol of a health check.
    check_protocol(check: HealthCheck) = check.protocol.span, check.span, "containers[].health_check.protocol";
    /// The origin of the storage system of a volume.
    volume_type(volume: Volume) = volume.volume_type.as_ref().map_or(volume.id.span, |t| t.span), volume.id.span, "data_persistence.volume_type";
}

/// The origin of the number of retries of a job.
pub fn retries(container: &Container, job: &Job) -> Origin {
    field(job.retries.span, container.id.span, &"containers[].retries")
}

/// The origin of the number of runs of a job.
pub fn repeats(container: &Container, job: &Job) -> Origin {
    field(job.repeats.span, container.id.span, &"containers[].repeats")
}

/// The origin of the interval of a job.
pub fn interval(container: &Container, job: &Job) -> Origin {
    field(job.interval.span, container.id.span, &"containers[].interval")
}

/// The origin of the share of instances that stays healthy.
pub fn minimum_capacity(container: &Container, share: &Spanned<f64>) -> Origin {
    field(share.span, container.id.span, &"containers[].minimum_capacity")
}

/// The origin of the path of a health check.
pub fn check_path(check: &HealthCheck, path: &Spanned<EcoString>) -> Origin {
    field(path.span, check.span, &"containers[].health_check.path")
}

/// The origin of the port of a health check.
pub fn check_port(check: &HealthCheck, index: &Spanned<usize>) -> Origin {
    field(index.span, check.span, &"containers[].health_check.port_index")
}

/// The times and the number of failures of a health check, with their origins.
pub struct TracedTiming {
    /// Seconds between checks.
    pub interval: Traced<u32>,
    /// Seconds after which a check fails.
    pub timeout: Traced<u32>,
    /// Consecutive failures after which the instance is replaced.
    pub max_failures: Traced<u32>,
    /// Seconds during which failures are ignored.
    pub grace: Traced<u32>,
}

/// The timing of a health check.
pub fn timing(check: &HealthCheck) -> TracedTiming {
    let Timing { interval, timeout, max_failures, grace } = check.timing;
    let number = |number: Spanned<u32>, path| {
        Traced::new(number.value, field(number.span, check.span, path))
    };
    TracedTiming {
        interval: number(interval, &"containers[].health_check.interval_seconds"),
        timeout: number(timeout, &"containers[].health_check.timeout_seconds"),
        max_failures: number(max_failures, &"containers[].health_check.max_consecutive_failures"),
        grace: number(grace, &"containers[].health_check.grace_period_seconds"),
    }
}

/// The places that have a say in the addresses that replace the references of a string: the ids
/// of the containers, and what `more` adds for a reference.
pub fn of_references(
    plan: &Plan,
    text: &Text,
    mut more: impl FnMut(&Reference, &mut Vec<Span>),
) -> Vec<Span> {
    let mut also = Vec::new();
    for reference in text.references() {
        also.extend(plan.containers.get(reference.to()).map(|to| to.id.span));
        more(reference, &mut also);
    }
    also
}
