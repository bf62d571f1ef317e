//! What becomes of each field on Nomad, and the options of the target.

use super::super::{Capability, OptionKind, OptionSpec, Words};
use crate::plan::Field;

/// One row for each field.
pub static CAPABILITIES: &[Capability<'static>] = &[
    Capability::carried(
        Field::ApplianceId,
        "the id of the job of all services, and the beginning of every other name",
    ),
    Capability::approximated(
        Field::VolumeType,
        "the option `volumes` says how volumes are stored; with `csi` this is taken for the plugin's name",
    ),
    Capability::approximated(
        Field::VolumeLocal,
        "volumes are neither made nor deleted with a job: run `nomad volume create` on its file before, `nomad volume delete` after",
    ),
    Capability::carried(Field::VolumeGlobal, "an existing volume of that name"),
    Capability::depends(Field::VolumeHints, "constraints of a host volume; not of a CSI volume"),
    Capability::carried(Field::VolumeSize, "`capacity_min` and `capacity_max`"),
    Capability::carried(
        Field::ContainerId,
        "a task group with a task of that name; for a job also the Nomad job `<appliance>.<id>`",
    ),
    Capability::carried(Field::Service, "a task group of the job of all services"),
    Capability::carried(
        Field::Job,
        "a batch job of its own; where others wait for it, a task stays behind to say that it has succeeded",
    ),
    Capability::carried(Field::Image, "`image` of the docker driver"),
    Capability::carried(
        Field::Cpus,
        "`cpu` in MHz, of which the option `mhz-per-cpu` says how many make a CPU: a share, no ceiling",
    ),
    Capability::depends(Field::Mem, "`memory`, a ceiling; at least 10 MB"),
    Capability::depends(Field::Disk, "`ephemeral_disk`: reserved, not enforced; at least 101 MB"),
    Capability::carried(
        Field::Gpu,
        "`device \"nvidia/gpu\"`, which needs Nomad's device plugin on the nodes",
    ),
    Capability::carried(Field::Instances, "`count`"),
    Capability::depends(
        Field::Cmd,
        "`entrypoint` and `args`; text must be in Unicode's normal form C",
    ),
    Capability::depends(Field::Args, "`args`; text must be in Unicode's normal form C"),
    Capability::depends(
        Field::Env,
        "`env`, or a template where Nomad would replace something in the value",
    ),
    Capability::depends(
        Field::References,
        "address and port as registered, filled in when both are placed; without a port, the other's ports are fixed on the host at their own numbers",
    ),
    Capability::carried(Field::MountPersistent, "`volume` and `volume_mount`"),
    Capability::carried(
        Field::MountHost,
        "`volumes` of the docker driver, which the clients must allow (`volumes.enabled`)",
    ),
    Capability::carried(
        Field::MountReadOnly,
        "`read_only` of the mount, `:ro` of a path of the host",
    ),
    Capability::carried(
        Field::NetworkHost,
        "the host's network for the group and the container, with its ports at their own numbers",
    ),
    Capability::carried(Field::NetworkBridge, "Docker's bridge, ports mapped on the host"),
    Capability::depends(
        Field::NetworkContainer,
        "as `bridge`, where references to ports that are not listed fail; the option `network` gives addresses of their own",
    ),
    Capability::carried(Field::Ports, "ports of the group, and a registered service for each"),
    Capability::carried(Field::HostPort, "`static`"),
    Capability::carried(Field::PortUdp, "Docker publishes each port for both protocols"),
    Capability::carried(Field::PortName, "the label of the port"),
    Capability::carried(
        Field::Privileged,
        "`privileged`, which the clients must allow (`allow_privileged`)",
    ),
    Capability::carried(Field::ForcePull, "`force_pull`"),
    Capability::depends(
        Field::NoForcePull,
        "the driver's default, but an image tagged `latest`, or not at all, is always pulled",
    ),
    Capability::depends(
        Field::Dependencies,
        "a template waits until another has started or succeeded, a task before polls one with a health check; a repeating job cannot be waited for",
    ),
    Capability::depends(
        Field::PlacementCloud,
        "a constraint on the attribute that the option `cloud-attribute` names",
    ),
    Capability::depends(
        Field::PlacementRegion,
        "a constraint on the attribute that the option `region-attribute` names",
    ),
    Capability::depends(
        Field::PlacementZone,
        "a constraint on the attribute that the option `zone-attribute` names",
    ),
    Capability::depends(
        Field::PlacementHost,
        "a constraint on the attribute that the option `host-attribute` names, the host's name",
    ),
    Capability::depends(
        Field::Preemptible,
        "a constraint on the attribute that the option `preemptible-attribute` names",
    ),
    Capability::depends(
        Field::HealthHttp,
        "an HTTP check by the client; the path must be one of a URL",
    ),
    Capability::depends(
        Field::HealthHttps,
        "an HTTPS check by the client, certificates not verified; the path must be one of a URL",
    ),
    Capability::carried(Field::HealthTcp, "a TCP check by the client"),
    Capability::approximated(
        Field::HealthCommand,
        "a command cannot be a check: nothing is checked, nothing replaced, and what depends on it starts when it has started",
    ),
    Capability::depends(
        Field::HealthTiming,
        "`interval`, `timeout`, and `check_restart` with the failures and the grace period; an instance is restarted where it is",
    ),
    Capability::carried(Field::DefaultHealthCheck, "a TCP check by the client"),
    Capability::depends(
        Field::MinimumCapacity,
        "`max_parallel`; to keep all instances, `canary`, which with fixed ports needs as many nodes again",
    ),
    Capability::depends(
        Field::Retries,
        "`restart` with that many attempts, 15 seconds apart; there is room for 600 million",
    ),
    Capability::depends(
        Field::Repeats,
        "a periodic job; a number of runs needs `start_time`, and is at most 100",
    ),
    Capability::depends(
        Field::StartTime,
        "a cron expression with a year; without end, one that may run before it",
    ),
    Capability::depends(Field::Interval, "a cron expression, where it can say the interval"),
];

/// The options.
pub static OPTIONS: &[OptionSpec<'static>] = &[
    option(
        "namespace",
        OptionKind::Text,
        "",
        "namespace of jobs and volumes; none: the one that is set where they are submitted",
    ),
    option("region", OptionKind::Text, "", "region of the jobs"),
    option("datacenters", OptionKind::Text, "*", "datacenters of the jobs, separated by commas"),
    option("node-pool", OptionKind::Text, "", "node pool of the jobs"),
    option(
        "network",
        OptionKind::Text,
        "",
        "network mode of the groups whose `network_mode` is `container`, such as `cni/overlay`: they get addresses of their own",
    ),
    option("mhz-per-cpu", OptionKind::Number, "1000", "how many MHz a CPU is"),
    option(
        "wait-image",
        OptionKind::Text,
        "busybox:1.36.1",
        "image of the tasks that wait: with sh, sleep, timeout, wget and nc",
    ),
    option(
        "follow-addresses",
        OptionKind::Flag,
        "true",
        "whether a service is restarted when something it refers to gets another address",
    ),
    option(
        "volumes",
        OptionKind::OneOf(Words::Fixed(&["host", "csi"])),
        "host",
        "persistent volumes are dynamic host volumes, each on one node, or CSI volumes",
    ),
    option(
        "volume-plugin",
        OptionKind::Text,
        "",
        "plugin that makes volumes; none: `mkdir` for host volumes, the volume type for CSI",
    ),
    option(
        "host-attribute",
        OptionKind::Text,
        "attr.unique.hostname",
        "attribute of a node with the name of the host",
    ),
    option(
        "zone-attribute",
        OptionKind::Text,
        "meta.zone",
        "attribute of a node with its zone, such as `attr.platform.gce.zone`",
    ),
    option(
        "region-attribute",
        OptionKind::Text,
        "meta.region",
        "attribute of a node with its region in the cloud",
    ),
    option(
        "cloud-attribute",
        OptionKind::Text,
        "meta.cloud",
        "attribute of a node with the name of its cloud",
    ),
    option(
        "preemptible-attribute",
        OptionKind::Text,
        "meta.preemptible",
        "attribute of a node that is `true` where it can be taken away",
    ),
];

const fn option(
    name: &'static str,
    kind: OptionKind<'static>,
    default: &'static str,
    meaning: &'static str,
) -> OptionSpec<'static> {
    OptionSpec { name, kind, default, meaning }
}
