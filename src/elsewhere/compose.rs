//! Fields of Compose files: which the language has no like for, what that means, and the way out.

/// What becomes of a field.
pub enum Fate {
    /// It is imported, or has no effect.
    Read,
    /// It is left out: what is lost, and what to do.
    Lost(&'static str, &'static str),
    /// It is left out if it is not the default, which is off: what is lost, and what to do.
    LostUnlessOff(&'static str, &'static str),
    /// It is left out if it is not this default: what is lost, and what to do.
    LostUnless(&'static str, &'static str, &'static str),
}

use Fate::{Lost, LostUnless, LostUnlessOff, Read};

/// The fields of one kind of object.
pub type Table = &'static [(&'static str, Fate)];

const OVERRIDE: &str =
    "add it with an override file beside the output: `docker compose -f compose.yaml -f more.yaml`";
const PLATFORM: &str = "set it up where the containers run";
const IMAGE: &str = "build it into the image";

/// Fields of the top level.
pub const TOP: Table = &[
    ("services", Read),
    ("name", Read),
    ("version", Read),
    ("include", Read),
    ("networks", Read),
    ("volumes", Read),
    ("configs", Read),
    ("secrets", Read),
    ("models", Lost("models are not started", "run the model as a container")),
];

/// Fields of a service.
pub const SERVICE: Table = &[
    ("image", Read),
    ("build", Read),
    ("command", Read),
    ("entrypoint", Read),
    ("environment", Read),
    ("env_file", Read),
    ("ports", Read),
    ("expose", Read),
    ("volumes", Read),
    ("networks", Read),
    ("network_mode", Read),
    ("depends_on", Read),
    ("links", Read),
    ("healthcheck", Read),
    ("deploy", Read),
    ("scale", Read),
    ("cpus", Read),
    ("cpu_shares", Read),
    ("mem_limit", Read),
    ("mem_reservation", Read),
    ("restart", Read),
    ("labels", Read),
    ("privileged", Read),
    ("user", Read),
    ("working_dir", Read),
    ("stop_grace_period", Read),
    ("pull_policy", Read),
    ("profiles", Read),
    ("configs", Read),
    ("secrets", Read),
    ("extends", Read),
    ("attach", Read),
    ("develop", Read),
    (
        "container_name",
        Lost(
            "the engine names the instances",
            "refer to the container as `@id`; on Compose its host name is the id",
        ),
    ),
    (
        "hostname",
        Lost("the host name is the one that the target gives", "refer to the container as `@id`"),
    ),
    (
        "domainname",
        Lost("the domain name is the one that the target gives", "refer to containers as `@id`"),
    ),
    ("annotations", Lost("annotations are left out", "use `labels`")),
    ("blkio_config", Lost("the disk is shared without weights", OVERRIDE)),
    (
        "cap_add",
        Lost(
            "the capabilities are not added",
            "set `is_privileged`, or use an override of the target",
        ),
    ),
    ("cap_drop", Lost("the capabilities are not dropped", OVERRIDE)),
    ("cgroup", Lost("the cgroup is the one of the engine", OVERRIDE)),
    ("cgroup_parent", Lost("the cgroup is the one of the engine", OVERRIDE)),
    ("cpu_count", Lost("the number of CPUs is not limited", "set `resources.cpus`")),
    ("cpu_percent", Lost("the CPUs are not limited", "set `resources.cpus`")),
    ("cpu_period", Lost("the CPUs are not limited", "set `resources.cpus`")),
    ("cpu_quota", Lost("the CPUs are not limited", "set `resources.cpus`")),
    ("cpu_rt_period", Lost("no real-time scheduling", OVERRIDE)),
    ("cpu_rt_runtime", Lost("no real-time scheduling", OVERRIDE)),
    ("cpuset", Lost("it runs on any CPU", OVERRIDE)),
    ("credential_spec", Lost("no credentials of Windows", OVERRIDE)),
    ("device_cgroup_rules", Lost("the devices are not there", "set `is_privileged`")),
    (
        "devices",
        Lost("the devices are not there", "set `is_privileged`, or `resources.gpu` for GPUs"),
    ),
    ("dns", Lost("names are resolved by the target", PLATFORM)),
    ("dns_opt", Lost("names are resolved by the target", PLATFORM)),
    ("dns_search", Lost("names are resolved by the target", PLATFORM)),
    (
        "external_links",
        Lost("containers outside the appliance are not linked", "reach them at an address"),
    ),
    (
        "extra_hosts",
        Lost("the names are not known in the container", "write the addresses, or use DNS"),
    ),
    ("gpus", Lost("no GPUs are reserved", "set `resources.gpu`")),
    ("group_add", Lost("the user is in no other groups", IMAGE)),
    (
        "init",
        LostUnlessOff("no init process reaps zombies", "use an image with `tini`, or the like"),
    ),
    ("ipc", Lost("the IPC namespace is its own", OVERRIDE)),
    ("isolation", Lost("the isolation is the one of the engine", OVERRIDE)),
    ("label_file", Lost("its labels are left out", "write them as `labels`")),
    ("logging", Lost("logs go where the engine keeps them", PLATFORM)),
    ("mac_address", Lost("the address is chosen by the engine", OVERRIDE)),
    ("mem_swappiness", Lost("the engine decides when to swap", OVERRIDE)),
    ("memswap_limit", Lost("there is no swap", "give enough `resources.mem`")),
    ("models", Lost("no models are bound", "run the model as a container")),
    (
        "oom_kill_disable",
        LostUnlessOff("it is killed if it runs out of memory", "give enough `resources.mem`"),
    ),
    ("oom_score_adj", Lost("the kernel chooses what is killed", OVERRIDE)),
    ("pid", Lost("the processes are its own", OVERRIDE)),
    ("pids_limit", Lost("the number of processes is that of the engine", OVERRIDE)),
    ("platform", Lost("the platform is that of the machine", "use an image for the platform")),
    ("post_start", Lost("the commands after the start are not run", IMAGE)),
    ("pre_stop", Lost("the commands before the stop are not run", IMAGE)),
    ("provider", Lost("the provider is not asked", "set it up outside of the appliance")),
    ("read_only", LostUnlessOff("the container may write to its own disk", OVERRIDE)),
    ("runtime", Lost("the runtime is that of the engine", OVERRIDE)),
    ("security_opt", Lost("the security options are those of the engine", OVERRIDE)),
    ("shm_size", Lost("`/dev/shm` has the size that the engine gives it", OVERRIDE)),
    (
        "stdin_open",
        LostUnlessOff(
            "standard input is closed",
            "run it by hand with `docker run -it` if it is to be used by a person",
        ),
    ),
    ("stop_signal", Lost("it is stopped with the signal of the image", IMAGE)),
    ("storage_opt", Lost("the storage is that of the engine", OVERRIDE)),
    ("sysctls", Lost("the kernel's settings are those of the machine", OVERRIDE)),
    ("tmpfs", Lost("the folders are on the disk of the container", OVERRIDE)),
    (
        "tty",
        LostUnlessOff(
            "there is no terminal",
            "run it by hand with `docker run -it` if it is to be used by a person",
        ),
    ),
    ("ulimits", Lost("the limits are those of the engine", OVERRIDE)),
    (
        "use_api_socket",
        LostUnlessOff("the engine's socket is not mounted", "mount it as a volume of type `host`"),
    ),
    ("userns_mode", Lost("the user namespace is that of the engine", OVERRIDE)),
    ("uts", Lost("the host name is its own", OVERRIDE)),
    // Of `docker run` only.
    ("ip_address", Lost("the address is chosen by the target", "refer to the container as `@id`")),
    ("kernel_memory", Lost("the memory of the kernel is not limited", "set `resources.mem`")),
    (
        "pod",
        Lost(
            "the container is not in the pod",
            "let the containers reach each other by `@id`, and publish the ports of the pod themselves",
        ),
    ),
    ("timezone", Lost("the time zone is that of the image", "set `TZ` in `env`")),
    ("publish_all", Lost("the ports of the image are not known", "list them as `ports`")),
    (
        "volume_driver",
        Lost("the target chooses the driver", "set `volume_type` where the target has several"),
    ),
    (
        "volumes_from",
        Lost("the volumes of another container are not mounted", "name the same volumes in both"),
    ),
];

/// Fields of `build`.
pub const BUILD: Table = &[
    ("context", Read),
    ("dockerfile", Read),
    ("args", Read),
    ("target", Read),
    // How fast, and not what.
    ("cache_from", Read),
    ("cache_to", Read),
    ("pull", Read),
    ("no_cache", Read),
    ("additional_contexts", Lost("there is one context", "put all into one folder")),
    (
        "dockerfile_inline",
        Lost("the Dockerfile is not part of the appliance", "write it to a file"),
    ),
    ("entitlements", Lost("the build has no entitlements", OVERRIDE)),
    ("extra_hosts", Lost("the build knows no other names", OVERRIDE)),
    ("isolation", Lost("the isolation is that of the engine", OVERRIDE)),
    ("labels", Lost("the image has no labels", "write `LABEL` in the Dockerfile")),
    ("network", Lost("the build uses the network of the engine", OVERRIDE)),
    ("platforms", Lost("the image is for the machine that builds it", OVERRIDE)),
    ("privileged", LostUnlessOff("the build is not privileged", OVERRIDE)),
    ("provenance", Lost("the image has no attestation", OVERRIDE)),
    ("sbom", Lost("the image has no attestation", OVERRIDE)),
    ("secrets", Lost("the build has no secrets", OVERRIDE)),
    ("shm_size", Lost("`/dev/shm` has the size that the engine gives it", OVERRIDE)),
    ("ssh", Lost("the build has no SSH keys", OVERRIDE)),
    ("tags", Lost("the image has one name", "tag it after the build")),
    ("ulimits", Lost("the limits are those of the engine", OVERRIDE)),
];

/// Fields of `deploy`.
pub const DEPLOY: Table = &[
    ("replicas", Read),
    ("resources", Read),
    ("mode", Read),
    ("endpoint_mode", Lost("the target balances requests as it does", PLATFORM)),
    ("labels", Lost("labels of the service of Swarm are left out", "use `labels`")),
    ("placement", Lost("it is placed anywhere", "use `schedule_hints`")),
    (
        "restart_policy",
        Lost(
            "the target starts it again as it does",
            "make it a job with `retries` if it runs to completion",
        ),
    ),
    ("rollback_config", Lost("the target rolls back as it does", PLATFORM)),
    (
        "update_config",
        Lost("the target updates as it does", "`minimum_capacity` says how many go on running"),
    ),
];

/// Fields of `deploy.resources.limits`.
pub const LIMITS: Table = &[
    ("cpus", Read),
    ("memory", Read),
    ("pids", Lost("the number of processes is that of the engine", OVERRIDE)),
];

/// Fields of `deploy.resources.reservations`.
pub const RESERVATIONS: Table = &[
    ("cpus", Read),
    ("memory", Read),
    ("devices", Read),
    ("generic_resources", Lost("resources of Swarm are not reserved", PLATFORM)),
];

/// Fields of a device that is reserved.
pub const DEVICE: Table = &[
    ("capabilities", Read),
    ("count", Read),
    ("driver", LostUnless("nvidia", "the target chooses the driver", "see `applc targets`")),
    ("device_ids", Lost("any device is taken", PLATFORM)),
    ("options", Lost("the options of the driver are left out", OVERRIDE)),
];

/// Fields of a network at the top level.
pub const NETWORK: Table = &[
    // A name is told with what it means.
    ("name", Read),
    ("external", Read),
    ("driver", LostUnless("bridge", "the target chooses the driver", PLATFORM)),
    ("driver_opts", Lost("the options of the driver are left out", PLATFORM)),
    ("ipam", Lost("the target gives the addresses", "refer to containers as `@id`")),
    (
        "internal",
        LostUnlessOff("containers reach the world outside", "keep them in with a firewall"),
    ),
    ("attachable", LostUnlessOff("others are not on the network", "publish the ports they use")),
    ("enable_ipv4", Lost("the target gives the addresses", PLATFORM)),
    ("enable_ipv6", LostUnlessOff("the target gives the addresses", PLATFORM)),
    ("labels", Lost("networks have no labels", PLATFORM)),
];

/// Fields of a network of a service.
pub const NETWORK_OF_SERVICE: Table = &[
    (
        "aliases",
        Lost("others know the container by its id only", "refer to the container as `@id`"),
    ),
    (
        "ipv4_address",
        Lost("the address is chosen by the target", "refer to the container as `@id`"),
    ),
    (
        "ipv6_address",
        Lost("the address is chosen by the target", "refer to the container as `@id`"),
    ),
    ("link_local_ips", Lost("the addresses are chosen by the target", OVERRIDE)),
    ("mac_address", Lost("the address is chosen by the engine", OVERRIDE)),
    ("driver_opts", Lost("the options of the driver are left out", OVERRIDE)),
    ("interface_name", Lost("the interface has the name that the target gives", OVERRIDE)),
    // Of one network, there is no other one.
    ("priority", Read),
    ("gw_priority", Read),
];

/// Fields of a port.
pub const PORT: Table = &[
    ("target", Read),
    ("published", Read),
    ("protocol", Read),
    ("host_ip", Read),
    ("name", Read),
    // Of Swarm: which machines publish it.
    ("mode", Read),
    ("app_protocol", Lost("the target does not know the protocol of the application", OVERRIDE)),
];

/// Fields of a dependency.
pub const DEPENDENCY: Table = &[
    ("condition", Read),
    ("required", LostUnless("true", "it does not start without the other one", OVERRIDE)),
    (
        "restart",
        LostUnlessOff("it goes on when the other one is replaced", "let the program connect again"),
    ),
];

/// Fields of `healthcheck`.
pub const HEALTH: Table = &[
    ("test", Read),
    ("interval", Read),
    ("timeout", Read),
    ("retries", Read),
    ("start_period", Read),
    ("disable", Read),
    ("start_interval", Lost("it is checked as often from the start", "set `interval_seconds`")),
];

/// Fields of a volume at the top level.
pub const VOLUME: Table = &[
    ("external", Read),
    ("name", Read),
    (
        "driver",
        Lost("the target chooses the driver", "set `volume_type` where the target has several"),
    ),
    (
        "driver_opts",
        Lost(
            "the options of the driver are left out",
            "create the volume yourself, with the scope `global`",
        ),
    ),
    ("labels", Lost("volumes have no labels", PLATFORM)),
];

/// Fields of a mount.
pub const MOUNT: Table = &[
    ("type", Read),
    ("source", Read),
    ("target", Read),
    ("read_only", Read),
    ("consistency", Read),
    ("bind", Lost("the options of the mount are left out", OVERRIDE)),
    ("volume", Lost("the options of the mount are left out", OVERRIDE)),
    ("tmpfs", Read),
    ("image", Lost("the options of the mount are left out", OVERRIDE)),
];
