//! The capability table: what the Nomad target does with each field.

use crate::plan::Field;
use crate::targets::Capability;

/// One row for each field.
pub static CAPABILITIES: &[Capability<'static>] = &[
    Capability::carried(
        Field::ApplianceId,
        "the id of the job for all services, and the prefix of every other name",
    ),
    Capability::approximated(
        Field::VolumeType,
        "the option `volumes` decides how volumes are stored; with `csi`, the volume type is used as the name of the plugin",
    ),
    Capability::approximated(
        Field::VolumeLocal,
        "volumes are neither created nor deleted with a job: run `nomad volume create` on the volume's file first, and `nomad volume delete` at the end",
    ),
    Capability::carried(Field::VolumeGlobal, "an existing volume of that name"),
    Capability::depends(
        Field::VolumeHints,
        "constraints of a host volume; ignored with a warning for a CSI volume",
    ),
    Capability::carried(Field::VolumeSize, "`capacity_min` and `capacity_max`"),
    Capability::carried(
        Field::ContainerId,
        "a task group with a task of that name; for a job also the Nomad job `<appliance>.<id>`",
    ),
    Capability::carried(Field::Service, "a task group in the job for all services"),
    Capability::carried(
        Field::Job,
        "a batch job; if others wait for it, a task after it records its success in a Nomad variable",
    ),
    Capability::carried(Field::Image, "`image` of the docker driver"),
    Capability::depends(
        Field::Build,
        "not in the output: a warning says how to build and push the image",
    ),
    Capability::carried(
        Field::Cpus,
        "`cpu` in MHz, with the MHz of a CPU from the option `mhz-per-cpu`: a share, not a limit",
    ),
    Capability::depends(Field::Mem, "`memory`, a limit; at least 10 MB"),
    Capability::depends(Field::Disk, "`ephemeral_disk`: reserved, not enforced; at least 101 MB"),
    Capability::depends(
        Field::Gpu,
        "`device \"nvidia/gpu\"`, which requires the device plugin of Nomad on the nodes",
    ),
    Capability::carried(Field::Instances, "`count`"),
    Capability::depends(
        Field::Cmd,
        "`entrypoint` and `args`; text must be in Unicode normal form C",
    ),
    Capability::depends(Field::Args, "`args`; text must be in Unicode normal form C"),
    Capability::depends(
        Field::Entrypoint,
        "`entrypoint`; rejected if it is not in Unicode normal form C, to which Nomad converts it",
    ),
    Capability::carried(Field::User, "`user` of the task"),
    Capability::depends(
        Field::WorkingDir,
        "`work_dir`; a missing directory is created; rejected if the path is not in Unicode normal form C",
    ),
    Capability::depends(
        Field::StopTimeout,
        "`kill_timeout`; a warning above 30 s, the limit of nodes unless they are configured otherwise",
    ),
    Capability::depends(
        Field::Labels,
        "`labels` of the docker driver; rejected if a value is not in Unicode normal form C, or Nomad sets the label",
    ),
    Capability::depends(
        Field::Files,
        "a `template` with the content, mounted by the docker driver; rejected if the path is not in Unicode normal form C",
    ),
    Capability::depends(
        Field::Env,
        "`env`, or a template if Nomad would replace something in the value",
    ),
    Capability::depends(
        Field::SecretEnv,
        "a `template` with items of the Nomad variable `secrets/APPLIANCE/SECRET`, or of Vault with the option `secret-store`; the task waits for the variable, and a service is restarted when it changes; a warning says what tasks must be allowed; names have ASCII letters, digits, `_`, `.`, and `/`",
    ),
    Capability::depends(
        Field::SecretFiles,
        "the same in a file in memory, mounted by the docker driver; rejected if the path is not in Unicode normal form C",
    ),
    Capability::depends(
        Field::References,
        "the registered address and port, filled in when both are placed, a job until it ends; without a port, the ports of the other container are fixed on the host at the same numbers, so that another container with one of these needs another node; a reference of a container to itself is its own address, which on Docker's bridge others cannot reach",
    ),
    Capability::depends(
        Field::MountPersistent,
        "`volume` and `volume_mount`; a new volume of the plugin `mkdir` can be written to by every user (Nomad 1.11.1 or later), and belongs to the `user` of its containers if they have the same number; a path with `${...}`, or not in Unicode normal form C, is rejected",
    ),
    Capability::depends(
        Field::MountHost,
        "`volumes` of the docker driver, which the clients must allow (`volumes.enabled`); text must be in Unicode normal form C",
    ),
    Capability::rejected(
        Field::MountBeside,
        "nodes have no folder of the appliance: use `files`, build it into the image, or mount an absolute path",
    ),
    Capability::carried(Field::MountReadOnly, "`read_only` of the mount, `:ro` of a host path"),
    Capability::depends(
        Field::NetworkHost,
        "the host network for the group and the container, with ports at their own numbers, so that each instance needs its own node",
    ),
    Capability::carried(
        Field::NetworkBridge,
        "Docker's bridge network, with ports mapped on the host",
    ),
    Capability::depends(
        Field::NetworkContainer,
        "with the option `network`, an address of its own on a CNI network; otherwise as `bridge`, where only listed ports are reachable",
    ),
    Capability::carried(Field::Ports, "ports of the group, each registered as a service"),
    Capability::depends(
        Field::HostPort,
        "`static`, for TCP and UDP together; containers with the same one, and several instances, run on different nodes",
    ),
    Capability::carried(Field::PortUdp, "Docker publishes each port for both protocols"),
    Capability::depends(
        Field::PortName,
        "the label of the port, in lower case and with `_` for other characters than letters and digits; a name that is not unique, is longer than 30 characters or does not start with a letter is replaced by protocol and number",
    ),
    Capability::approximated(
        Field::PortInternal,
        "the port is mapped to a free port of the node, as other containers reach it there: a firewall must restrict who else does",
    ),
    Capability::depends(
        Field::Privileged,
        "`privileged`, which the clients must allow (`allow_privileged`)",
    ),
    Capability::carried(Field::ForcePull, "`force_pull`"),
    Capability::depends(
        Field::NoForcePull,
        "the driver's default, but an image with the tag `latest` or without a tag is always pulled",
    ),
    Capability::depends(
        Field::Dependencies,
        "a template waits until all instances have started or succeeded, a prestart task polls those with a health check; to wait for a job, tasks must be allowed to use Nomad variables; a repeating job cannot be waited for; the stop order is undefined",
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
        "a constraint on the attribute that the option `host-attribute` names, by default the host name",
    ),
    Capability::depends(
        Field::Preemptible,
        "a constraint on the attribute that the option `preemptible-attribute` names",
    ),
    Capability::depends(
        Field::HealthHttp,
        "an HTTP check by the client; the path cannot begin with `//`",
    ),
    Capability::depends(
        Field::HealthHttps,
        "an HTTPS check by the client, without verification of certificates; the path cannot begin with `//`",
    ),
    Capability::carried(Field::HealthTcp, "a TCP check by the client"),
    Capability::approximated(
        Field::HealthCommand,
        "a command cannot be a health check: the container is neither checked nor replaced, and dependents start as soon as it has started",
    ),
    Capability::depends(
        Field::HealthTiming,
        "`interval`, `timeout`, and `check_restart` with the failures and the grace period; an unhealthy instance is restarted in place",
    ),
    Capability::carried(Field::DefaultHealthCheck, "a TCP check by the client"),
    Capability::depends(
        Field::MinimumCapacity,
        "`max_parallel`; `canary` to keep all instances, which with fixed ports needs as many extra nodes",
    ),
    Capability::depends(
        Field::Retries,
        "`restart` with that many attempts, 15 seconds apart; at most about 600 million",
    ),
    Capability::depends(
        Field::Repeats,
        "a periodic job; a number of runs requires `start_time` and is at most 100",
    ),
    Capability::depends(
        Field::StartTime,
        "a task waits for it while the instance holds its resources; several runs are listed by date, without those in the past; a job that repeats forever may run before it",
    ),
    Capability::depends(
        Field::Interval,
        "a cron expression; rejected if cron cannot express the interval",
    ),
    Capability::carried(
        Field::Schedule,
        "`crons` of a periodic job, with numbers for names; runs never overlap",
    ),
    Capability::carried(Field::TimeZone, "`time_zone` of the periodic job; without it `UTC`"),
];
