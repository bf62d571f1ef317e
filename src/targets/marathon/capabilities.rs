//! The capability table: what the Marathon target does with each field.

use crate::plan::Field;
use crate::targets::Capability;

/// One row for each field.
pub static CAPABILITIES: &[Capability<'static>] = &[
    Capability::depends(
        Field::ApplianceId,
        "the group, and a part of every DNS name; lower case, at most 63 characters together with the id of a container; hyphens are doubled, so that no two appliances have the same DNS names",
    ),
    Capability::depends(
        Field::VolumeType,
        "the Docker volume driver, unless the option `volume-driver` names another; lower-case letters, digits and hyphens",
    ),
    Capability::approximated(
        Field::VolumeLocal,
        "the volume driver creates the volume on first use, and nothing deletes it with the group",
    ),
    Capability::carried(Field::VolumeGlobal, "the volume of that name of the driver"),
    Capability::approximated(
        Field::VolumeHints,
        "scheduling hints have no effect: the volume driver decides where a volume is stored",
    ),
    Capability::approximated(
        Field::VolumeSize,
        "the size has no effect: the volume driver decides how large a volume is",
    ),
    Capability::depends(
        Field::ContainerId,
        "an app in the group, or a Chronos job `APPLIANCE.ID`; an app cannot be named `restart`, `tasks` or `versions`",
    ),
    Capability::carried(Field::Service, "an app"),
    Capability::carried(
        Field::Job,
        "a Chronos job in its own file; post the files in the order of their names, each to `/v1/scheduler/iso8601` or `/v1/scheduler/dependency` depending on its name",
    ),
    Capability::carried(Field::Image, "`docker.image`, unchanged"),
    Capability::depends(
        Field::Build,
        "not in the output: a warning says how to build and push the image",
    ),
    Capability::depends(
        Field::Cpus,
        "`cpus`: reserved, and a share if the host is busy; at least 0.001 for a service",
    ),
    Capability::carried(Field::Mem, "`mem`: reserved; a container that exceeds it is killed"),
    Capability::depends(
        Field::Disk,
        "`disk`: reserved; also enforced by agents that isolate disks; for a job, 0 becomes 256 MB, the default of Chronos",
    ),
    Capability::depends(
        Field::Gpu,
        "`gpus` of an app on the Mesos containerizer, which is never privileged and shares no volume; Chronos jobs have none",
    ),
    Capability::depends(
        Field::Instances,
        "`instances` of an app; for a job, as many Chronos jobs, at most 1000",
    ),
    Capability::depends(
        Field::Cmd,
        "`cmd`, with at least two characters; for a job, it cannot start with `http` or `ftp`",
    ),
    Capability::depends(
        Field::Args,
        "`args`; with GPUs, a warning that the image must have an entrypoint; for a job, one argument as `command`, which cannot start with `http` or `ftp`, and more are rejected",
    ),
    Capability::depends(
        Field::Entrypoint,
        "the Docker parameter `entrypoint` with the first word, the others before `args`; unsupported for a container with GPUs, and for a job unless it has exactly one argument",
    ),
    Capability::depends(
        Field::User,
        "the Docker parameter `user`; unsupported for a container with GPUs",
    ),
    Capability::depends(
        Field::WorkingDir,
        "the Docker parameter `workdir`; a missing directory is created; unsupported for a container with GPUs",
    ),
    Capability::depends(
        Field::StopTimeout,
        "`taskKillGracePeriodSeconds`; ignored for a job, with a warning",
    ),
    Capability::carried(
        Field::Labels,
        "`labels` of the app; for a job, the Docker parameter `label`",
    ),
    Capability::rejected(
        Field::Files,
        "Marathon and Chronos put no files into a container: build them into the image, or mount a volume with them",
    ),
    Capability::depends(
        Field::SecretEnv,
        "`secrets` and `env` of the app with the option `secrets=dcos`, with the path `GROUP/SECRET_KEY` in the store of DC/OS Enterprise; rejected without that option, for a job, and for a key with `.`",
    ),
    Capability::rejected(
        Field::SecretFiles,
        "secrets become files only with the Mesos containerizer of DC/OS: use `secret_env`, or mount a host path with the file",
    ),
    Capability::depends(
        Field::Env,
        "`env`; for a job, without names that Chronos sets itself, such as `HOST`",
    ),
    Capability::depends(
        Field::References,
        "DNS names: of the container on the cluster-wide network, of its host, or of a virtual address on the bridge network; jobs have none",
    ),
    Capability::depends(
        Field::MountPersistent,
        "an external volume; if several instances share it, an option of `docker run`, and the driver must allow it",
    ),
    Capability::depends(Field::MountHost, "`hostPath`; rejected for a path with `:`"),
    Capability::rejected(
        Field::MountBeside,
        "agents have no folder of the appliance: use `files`, build it into the image, or mount an absolute path",
    ),
    Capability::depends(
        Field::MountReadOnly,
        "`RO`; with GPUs, persistent volumes are always read-write",
    ),
    Capability::carried(
        Field::NetworkHost,
        "`host`, with `requirePorts` so that ports keep their numbers",
    ),
    Capability::carried(Field::NetworkBridge, "`container/bridge`"),
    Capability::carried(
        Field::NetworkContainer,
        "`container`, on the network that the option `network` names",
    ),
    Capability::depends(
        Field::Ports,
        "reserved on the host for an app; published but not reserved for a job",
    ),
    Capability::depends(
        Field::HostPort,
        "the same host port, for one container port; agents must offer it",
    ),
    Capability::carried(Field::PortUdp, "`udp`"),
    Capability::depends(
        Field::PortName,
        "the port name in lower case, with hyphens for characters other than letters and digits; ignored for a job",
    ),
    Capability::depends(
        Field::PortInternal,
        "no `hostPort` with the network mode `container`; in bridge mode, a warning that the port is mapped to a free port of the agent, where other containers reach it",
    ),
    Capability::depends(Field::Privileged, "`privileged`; rejected with GPUs"),
    Capability::carried(Field::ForcePull, "`forcePullImage`"),
    Capability::carried(Field::NoForcePull, "`forcePullImage: false`"),
    Capability::depends(
        Field::Dependencies,
        "`dependencies` between services, `parents` between jobs that run once; not supported between a service and a job",
    ),
    Capability::depends(
        Field::PlacementCloud,
        "a constraint on the attribute that the option `cloud-attribute` names",
    ),
    Capability::depends(
        Field::PlacementRegion,
        "a constraint on `@region`; for a job, on the attribute `region`",
    ),
    Capability::depends(
        Field::PlacementZone,
        "a constraint on `@zone`; for a job, on the attribute `zone`",
    ),
    Capability::carried(Field::PlacementHost, "a constraint on `hostname`"),
    Capability::depends(
        Field::Preemptible,
        "a constraint on the attribute that the option `preemptible-attribute` names",
    ),
    Capability::carried(
        Field::HealthHttp,
        "`HTTP` by Marathon, or `MESOS_HTTP` on the host, which follows redirects",
    ),
    Capability::carried(
        Field::HealthHttps,
        "`HTTPS` by Marathon, or `MESOS_HTTPS` on the host, which follows redirects",
    ),
    Capability::carried(Field::HealthTcp, "`TCP` by Marathon or `MESOS_TCP` on the host"),
    Capability::carried(Field::HealthCommand, "`COMMAND`, run in the container"),
    Capability::carried(Field::HealthTiming, "the same fields"),
    Capability::carried(Field::DefaultHealthCheck, "`MESOS_TCP` on the first TCP port"),
    Capability::depends(
        Field::MinimumCapacity,
        "`minimumHealthCapacity`; with a fixed host port or a volume of its own, at most all instances but one",
    ),
    Capability::carried(Field::Retries, "`retries`"),
    Capability::depends(
        Field::Repeats,
        "the first part of the schedule, such as `R5` for five runs; 0 is rejected",
    ),
    Capability::carried(
        Field::StartTime,
        "the start of the schedule; Chronos rejects one that is more than a year ago",
    ),
    Capability::carried(Field::Interval, "the period of the schedule"),
    Capability::depends(
        Field::Schedule,
        "a repeating interval from the day of the option `schedule-from`, if it says the same; else rejected",
    ),
    Capability::depends(
        Field::TimeZone,
        "`scheduleTimeZone`; in the hours in which clocks change runs differ, with a warning, and periods of less than a day must be in UTC",
    ),
];
