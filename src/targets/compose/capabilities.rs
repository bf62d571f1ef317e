//! What becomes of each field.

use crate::plan::Field;
use crate::targets::Capability;

/// A row for each field.
pub const TABLE: &[Capability<'static>] = &[
    Capability::carried(
        Field::ApplianceId,
        "the name of the project, which keeps networks, volumes and containers of appliances apart",
    ),
    Capability::depends(
        Field::VolumeType,
        "the option `volume-driver` chooses what stores volumes; without it the machine's own disk does",
    ),
    Capability::carried(Field::VolumeLocal, "a volume of the project"),
    Capability::carried(
        Field::VolumeGlobal,
        "an external volume of that name, which has to exist on the engine",
    ),
    Capability::approximated(
        Field::VolumeHints,
        "all volumes are on the one machine of the engine",
    ),
    Capability::depends(
        Field::VolumeSize,
        "a volume of the project has no size of its own: it can fill the disk it is on",
    ),
    Capability::depends(
        Field::ContainerId,
        "the key of the service and its host name; 63 characters at most",
    ),
    Capability::carried(Field::Service, "a service with `restart: unless-stopped`"),
    Capability::carried(
        Field::Job,
        "a service that is not restarted when it has succeeded; every `up` runs it again",
    ),
    Capability::carried(Field::Image, "as it is"),
    Capability::depends(
        Field::Cpus,
        "`cpu_shares`, 1024 a CPU: a share of the machine, not a ceiling; from 2 to 262144 shares",
    ),
    Capability::depends(
        Field::Mem,
        "a limit of memory, and of memory and swap together; from 6 MB, the least the engine takes",
    ),
    Capability::approximated(
        Field::Disk,
        "disk space is neither reserved nor limited: the engine can do that on few file systems only",
    ),
    Capability::carried(
        Field::Gpu,
        "reserved devices of the driver that the option `gpu-driver` names, which the engine must have",
    ),
    Capability::carried(
        Field::Instances,
        "`deploy.replicas`; a service for each instance of a job that others wait for, as Compose itself waits for the first to end",
    ),
    Capability::carried(
        Field::Cmd,
        "`entrypoint: [\"/bin/sh\", \"-c\"]` and the command behind it",
    ),
    Capability::carried(Field::Args, "`command`, as a list"),
    Capability::depends(
        Field::Env,
        "`environment`, as a list; a name that ends in white space is not taken",
    ),
    Capability::depends(
        Field::References,
        "the service's name; from the host's network to another one by a port of the host",
    ),
    Capability::depends(
        Field::MountPersistent,
        "a mount of the volume; what the image has at that path is copied into an empty one; not at `/`, and no `:` in the path",
    ),
    Capability::depends(
        Field::MountHost,
        "a bind mount; the path is made where it is missing; not at `/`, and no `:` in either path",
    ),
    Capability::carried(Field::MountReadOnly, "`read_only`"),
    Capability::carried(Field::NetworkHost, "`network_mode: host`"),
    Capability::carried(Field::NetworkBridge, "the project's network"),
    Capability::carried(
        Field::NetworkContainer,
        "the project's network, which is the whole cluster's where that is one machine",
    ),
    Capability::carried(
        Field::Ports,
        "published on the host; on the host's network they are the host's anyway",
    ),
    Capability::depends(
        Field::HostPort,
        "`published`; one container on the machine can have a port",
    ),
    Capability::carried(Field::PortUdp, "`protocol: udp`"),
    Capability::carried(
        Field::PortName,
        "the port's `name`; on the host's network Compose lists no ports, and it has no use",
    ),
    Capability::carried(Field::Privileged, "`privileged`"),
    Capability::carried(Field::ForcePull, "`pull_policy: always`"),
    Capability::carried(Field::NoForcePull, "Compose's default: pulled where it is missing"),
    Capability::carried(
        Field::Dependencies,
        "`depends_on` with the condition that fits: started, healthy, or completed successfully",
    ),
    Capability::approximated(
        Field::PlacementCloud,
        "everything runs on the one machine of the engine",
    ),
    Capability::approximated(
        Field::PlacementRegion,
        "everything runs on the one machine of the engine",
    ),
    Capability::approximated(
        Field::PlacementZone,
        "everything runs on the one machine of the engine",
    ),
    Capability::approximated(
        Field::PlacementHost,
        "everything runs on the one machine of the engine",
    ),
    Capability::approximated(
        Field::Preemptible,
        "everything runs on the one machine of the engine",
    ),
    Capability::depends(
        Field::HealthHttp,
        "`curl`, or else `wget`, in the container asks at 127.0.0.1: the image must have one",
    ),
    Capability::depends(
        Field::HealthHttps,
        "`curl`, or else `wget`, in the container asks at 127.0.0.1: the image must have one",
    ),
    Capability::depends(
        Field::HealthTcp,
        "`/bin/sh` in the container looks for a listener on the port: the image must have it",
    ),
    Capability::carried(Field::HealthCommand, "`/bin/sh -c` with the command, in the container"),
    Capability::approximated(
        Field::HealthTiming,
        "an instance whose checks fail is marked unhealthy, and dependents do not start, but it is not replaced",
    ),
    Capability::carried(Field::DefaultHealthCheck, "the TCP check that it stands for"),
    Capability::approximated(
        Field::MinimumCapacity,
        "an update replaces the instances without regard to how many stay healthy",
    ),
    Capability::carried(
        Field::Retries,
        "`restart: on-failure` with that number; the tries share the container's files",
    ),
    Capability::depends(Field::Repeats, "there is no schedule: the job runs once, at `up`"),
    Capability::approximated(Field::StartTime, "there is no schedule: the job runs at `up`"),
    Capability::depends(Field::Interval, "as `repeats`: there is no schedule"),
];
