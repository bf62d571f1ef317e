//! What becomes of each field.

use super::super::Capability;
use crate::plan::Field;

pub static CAPABILITIES: &[Capability<'static>] = &[
    Capability::depends(
        Field::ApplianceId,
        "the group, and a part of every DNS name: lower case, 63 characters with a container's id",
    ),
    Capability::carried(
        Field::VolumeType,
        "the Docker volume driver, unless the option `volume-driver` names another",
    ),
    Capability::approximated(
        Field::VolumeLocal,
        "the volume driver makes the volume at its first use, and nothing deletes it with the group",
    ),
    Capability::carried(Field::VolumeGlobal, "a volume of the driver, by its name"),
    Capability::approximated(
        Field::VolumeHints,
        "the volume driver decides where a volume is stored",
    ),
    Capability::approximated(Field::VolumeSize, "the volume driver decides how large a volume is"),
    Capability::depends(
        Field::ContainerId,
        "an app of the group, or a Chronos job `APPLIANCE.ID`; no app may be called `restart`, `tasks` or `versions`",
    ),
    Capability::carried(Field::Service, "an app"),
    Capability::carried(
        Field::Job,
        "a Chronos job in a file of its own; post the files in the order of their names, each to `/v1/scheduler/iso8601` or `/v1/scheduler/dependency` as its name says",
    ),
    Capability::carried(Field::Image, "`docker.image`, exactly as written"),
    Capability::depends(
        Field::Cpus,
        "`cpus`: reserved, and a share where hosts are busy; 0.001 at least for a service",
    ),
    Capability::carried(Field::Mem, "`mem`: reserved, and the container is killed above it"),
    Capability::carried(Field::Disk, "`disk`: reserved; agents that isolate disks also keep it"),
    Capability::depends(
        Field::Gpu,
        "`gpus` of an app on the Mesos containerizer, which is never privileged and shares no volume; Chronos has none",
    ),
    Capability::depends(
        Field::Instances,
        "`instances` of an app; for a job as many Chronos jobs, 1000 at most",
    ),
    Capability::depends(
        Field::Cmd,
        "`cmd`, of two characters at least; for a job not one that begins with `http` or `ftp`",
    ),
    Capability::depends(
        Field::Args,
        "`args`; for a job the first is `command`, which must not begin with `http` or `ftp`",
    ),
    Capability::depends(
        Field::Env,
        "`env`; for a job no name that Chronos sets itself, such as `HOST`",
    ),
    Capability::depends(
        Field::References,
        "DNS names: of the container on the cluster-wide network, of its host, or of a virtual address for what is bridged; a job has none",
    ),
    Capability::depends(
        Field::MountPersistent,
        "an external volume; where several instances share it, an option of `docker run`, and the driver must allow it",
    ),
    Capability::depends(Field::MountHost, "`hostPath`; no colon in a path"),
    Capability::depends(
        Field::MountReadOnly,
        "`RO`; with GPUs persistent volumes are read-write only",
    ),
    Capability::carried(
        Field::NetworkHost,
        "`host`, with `requirePorts` so that ports keep their numbers",
    ),
    Capability::carried(Field::NetworkBridge, "`container/bridge`"),
    Capability::carried(
        Field::NetworkContainer,
        "`container`, joining the network that the option `network` names",
    ),
    Capability::depends(
        Field::Ports,
        "reserved on the host for an app; only published, not reserved, for a job",
    ),
    Capability::depends(
        Field::HostPort,
        "the same port of the host, for one container port; agents must offer it",
    ),
    Capability::carried(Field::PortUdp, "`udp`"),
    Capability::depends(
        Field::PortName,
        "the port's name in lower case, other characters than letters and digits as hyphens; a job has none",
    ),
    Capability::depends(Field::Privileged, "`privileged`; not with GPUs"),
    Capability::carried(Field::ForcePull, "`forcePullImage`"),
    Capability::carried(Field::NoForcePull, "`forcePullImage: false`"),
    Capability::depends(
        Field::Dependencies,
        "`dependencies` between services, `parents` between jobs that run once; nothing orders a service against a job",
    ),
    Capability::depends(
        Field::PlacementCloud,
        "a constraint on the attribute that the option `cloud-attribute` names",
    ),
    Capability::depends(
        Field::PlacementRegion,
        "a constraint on `@region`; for a job on the attribute `region`",
    ),
    Capability::depends(
        Field::PlacementZone,
        "a constraint on `@zone`; for a job on the attribute `zone`",
    ),
    Capability::depends(Field::PlacementHost, "a constraint on `hostname`"),
    Capability::depends(
        Field::Preemptible,
        "a constraint on the attribute that the option `preemptible-attribute` names",
    ),
    Capability::carried(Field::HealthHttp, "`HTTP` by Marathon or `MESOS_HTTP` on the host"),
    Capability::carried(Field::HealthHttps, "`HTTPS` by Marathon or `MESOS_HTTPS` on the host"),
    Capability::carried(Field::HealthTcp, "`TCP` by Marathon or `MESOS_TCP` on the host"),
    Capability::carried(Field::HealthCommand, "`COMMAND`, run in the container"),
    Capability::carried(Field::HealthTiming, "the same fields"),
    Capability::carried(Field::DefaultHealthCheck, "`MESOS_TCP` on the first TCP port"),
    Capability::depends(
        Field::MinimumCapacity,
        "`minimumHealthCapacity`; 0.5 at most with a volume of its own",
    ),
    Capability::carried(Field::Retries, "`retries`"),
    Capability::depends(
        Field::Repeats,
        "the first part of the schedule, `R5` for five runs; 0 is refused",
    ),
    Capability::carried(
        Field::StartTime,
        "the start of the schedule; Chronos refuses one that is more than a year ago",
    ),
    Capability::carried(Field::Interval, "the period of the schedule"),
];
