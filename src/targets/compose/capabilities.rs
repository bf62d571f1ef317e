//! The capability table: what the Compose target does with each field.

use crate::plan::Field;
use crate::targets::Capability;

/// One row for each field.
pub static CAPABILITIES: &[Capability<'static>] = &[
    Capability::carried(
        Field::ApplianceId,
        "the project name, which isolates the networks, volumes and containers of each appliance; in lower case, with underscores for hyphens, so that appliances have containers of the same name only if their ids differ in case alone",
    ),
    Capability::depends(
        Field::VolumeType,
        "ignored with a warning unless the option `volume-driver` names a volume driver; the default is the machine's disk",
    ),
    Capability::carried(Field::VolumeLocal, "a project volume"),
    Capability::carried(
        Field::VolumeGlobal,
        "an external volume of that name, which must exist on the engine",
    ),
    Capability::approximated(
        Field::VolumeHints,
        "scheduling hints have no effect: all volumes are on the same machine",
    ),
    Capability::depends(
        Field::VolumeSize,
        "ignored with a warning for a project volume, which can grow to fill its disk",
    ),
    Capability::depends(
        Field::ContainerId,
        "the name of the service and its host name; at most 63 characters",
    ),
    Capability::carried(Field::Service, "a service with `restart: unless-stopped`"),
    Capability::carried(
        Field::Job,
        "a service that is not restarted after it succeeds; every `up` runs it again",
    ),
    Capability::carried(Field::Image, "`image`, unchanged"),
    Capability::depends(
        Field::Build,
        "`build`; the context is relative to the folder that the option `project-directory` names; unless `force_pull_image` is false, every `up` builds it, from the cache if nothing has changed; written at the first of the containers with this image, the others have `pull_policy: never`",
    ),
    Capability::depends(
        Field::Cpus,
        "`cpu_shares`, 1024 per CPU: a share of the machine, not a limit; from 2 to 262144 shares",
    ),
    Capability::depends(
        Field::Mem,
        "`mem_limit` and `memswap_limit`; at least 6 MB, the minimum of the engine",
    ),
    Capability::approximated(
        Field::Disk,
        "disk space is neither reserved nor limited: the engine supports that on few file systems",
    ),
    Capability::carried(
        Field::Gpu,
        "device reservations for the driver that the option `gpu-driver` names, which the engine must have",
    ),
    Capability::depends(
        Field::Instances,
        "`scale`; for a job that others wait for, one service for each instance, because Compose waits only for the first container to end; at most 1000 of them",
    ),
    Capability::carried(
        Field::Cmd,
        "`entrypoint: [\"/bin/sh\", \"-c\"]`, with the command as `command`",
    ),
    Capability::carried(Field::Args, "`command`, as a list"),
    Capability::carried(Field::Entrypoint, "`entrypoint`, as a list"),
    Capability::carried(Field::User, "`user`"),
    Capability::carried(Field::WorkingDir, "`working_dir`; a missing directory is created"),
    Capability::carried(Field::StopTimeout, "`stop_grace_period`"),
    Capability::depends(Field::Labels, "`labels`; a name cannot be one that applc or Compose sets"),
    Capability::depends(
        Field::Files,
        "`configs`, with the content in the Compose file (Docker Compose 2.23.1 or later), and permissions 0444 unless a `mode` is written; rejected if it is empty; what is not text is mounted from the folder of the Compose file, with a warning, and has the permissions that it has there; rejected for a path with `:`, below a volume, or where the engine mounts something itself, such as `/etc/hosts` and `/dev`; the content is copied into the container, where root can change it",
    ),
    Capability::depends(
        Field::Env,
        "`environment`, as a list; a name cannot end in whitespace, or in a character whose last byte in UTF-8 is 85 or A0, such as `à`",
    ),
    Capability::depends(
        Field::SecretEnv,
        "`environment`, with `${SECRET_NAME_KEY:?...}`: a variable of the environment that Compose runs in, or of `.env`, with the names of the secret and of the key in upper case; without a value, Compose starts nothing; a name cannot end in whitespace, or in a character whose last byte in UTF-8 is 85 or A0, such as `à`",
    ),
    Capability::depends(
        Field::SecretFiles,
        "`secrets`, with the value of the same variable (Docker Compose 2.23.1 or later), and permissions 0444 unless a `mode` is written; a changed value reaches the container when it is created anew; rejected for a path with `:`, below a volume, or where the engine mounts something itself, such as `/etc/hosts` and `/dev`; the content is copied into the container, where root can change it",
    ),
    Capability::depends(
        Field::References,
        "the name of the service; from the host network to another network, a published port, whose number is then fixed on the host: the first such reference replaces that container; a warning for UDP to the host network; rejected if another name differs in letter case alone, because the engine's DNS does not tell them apart",
    ),
    Capability::depends(
        Field::MountPersistent,
        "a volume mount; an empty volume is filled with what the image has at that path, and belongs to the owner of that folder; if the image has none, it belongs to root, and another `user` cannot write to it, with a hint; rejected at `/` and for a path with `:`",
    ),
    Capability::depends(
        Field::MountHost,
        "a bind mount; a missing host path is created; rejected at `/` and for a path with `:`",
    ),
    Capability::depends(
        Field::MountBeside,
        "a bind mount, relative to the folder that the option `project-directory` names; rejected for a path with `:`",
    ),
    Capability::carried(Field::MountReadOnly, "`read_only`"),
    Capability::carried(Field::NetworkHost, "`network_mode: host`"),
    Capability::carried(Field::NetworkBridge, "the project network"),
    Capability::carried(
        Field::NetworkContainer,
        "the project network, which on a single machine is the cluster-wide network",
    ),
    Capability::carried(
        Field::Ports,
        "published on the host; on the host network they already are host ports",
    ),
    Capability::depends(Field::HostPort, "`published`; only one container can use a host port"),
    Capability::carried(Field::PortUdp, "`protocol: udp`"),
    Capability::carried(
        Field::PortName,
        "`name` of the port; ignored on the host network, where Compose lists no ports",
    ),
    Capability::depends(
        Field::PortInternal,
        "not published; a reference from the host network is rejected, and one that stands for other ports, too, leads only to those, with a warning",
    ),
    Capability::carried(Field::Privileged, "`privileged`"),
    Capability::carried(Field::ForcePull, "`pull_policy: always`"),
    Capability::carried(Field::NoForcePull, "Compose's default: pulled only if missing"),
    Capability::carried(
        Field::Dependencies,
        "`depends_on` with the matching condition: started, healthy, or completed successfully",
    ),
    Capability::approximated(
        Field::PlacementCloud,
        "placement has no effect: all containers run on the same machine",
    ),
    Capability::approximated(
        Field::PlacementRegion,
        "placement has no effect: all containers run on the same machine",
    ),
    Capability::approximated(
        Field::PlacementZone,
        "placement has no effect: all containers run on the same machine",
    ),
    Capability::approximated(
        Field::PlacementHost,
        "placement has no effect: all containers run on the same machine",
    ),
    Capability::approximated(
        Field::Preemptible,
        "`preemptible` has no effect: all containers run on the same machine",
    ),
    Capability::depends(
        Field::HealthHttp,
        "a request to 127.0.0.1 with `curl`, or else `wget`, in the container; the image must contain one of them; no redirect is followed",
    ),
    Capability::depends(
        Field::HealthHttps,
        "a request to 127.0.0.1 with `curl`, or else `wget`, in the container; the image must contain one of them; no redirect is followed",
    ),
    Capability::depends(
        Field::HealthTcp,
        "`/bin/sh` in the container looks for a listener on the port; the image must contain it",
    ),
    Capability::carried(
        Field::HealthCommand,
        "the command, run with `/bin/sh -c` in the container",
    ),
    Capability::approximated(
        Field::HealthTiming,
        "an instance that fails its health check is marked unhealthy and its dependents do not start, but it is not replaced",
    ),
    Capability::carried(Field::DefaultHealthCheck, "the TCP check that it stands for"),
    Capability::approximated(
        Field::MinimumCapacity,
        "an update replaces instances without keeping a minimum of them healthy",
    ),
    Capability::carried(
        Field::Retries,
        "`restart: on-failure` with that number; retries share the file system of the container",
    ),
    Capability::depends(
        Field::Repeats,
        "Compose has no schedules: a repeating job runs once, at `up`, with a warning",
    ),
    Capability::approximated(Field::StartTime, "Compose has no schedules: the job runs at `up`"),
    Capability::depends(Field::Interval, "see `repeats`: Compose has no schedules"),
    Capability::depends(
        Field::Schedule,
        "Compose has no schedules: the job runs once, at `up`; a warning gives the line for the crontab of the machine",
    ),
    Capability::depends(Field::TimeZone, "see `schedule`: Compose has no schedules"),
];
