//! The options of `docker run` (<https://docs.docker.com/reference/cli/docker/container/run/>), and the fields
//! of Compose that they are.

/// What becomes of an option.
pub enum Action {
    /// A flag without effect on what runs.
    Ignored,
    /// An option with a value, without effect on what runs.
    IgnoredValue,
    /// It runs in the background.
    Detach,
    /// It is removed at its end.
    Remove,
    /// The name.
    Name,
    /// A field that is true.
    Flag(&'static str),
    /// A field with one value.
    One(&'static str),
    /// A field that is a list, with one of its items.
    Many(&'static str),
    /// A field that is a list, with its only item.
    Words(&'static str),
    /// A field of the health check.
    Health(&'static str),
    /// There is no health check.
    NoHealth,
    /// A field that is a duration, in seconds.
    Seconds(&'static str),
    /// A variable of the environment.
    Env,
    /// A file of variables.
    EnvFile,
    /// The network.
    Network,
    /// Another name on the network.
    Alias,
    /// A mount in the short form.
    Volume,
    /// A mount in the long form.
    Mount,
    /// GPUs.
    Gpus,
    /// A secret of Podman.
    Secret,
}

impl Action {
    /// Whether the option has no value.
    pub fn is_flag(&self) -> bool {
        matches!(
            self,
            Action::Ignored | Action::Detach | Action::Remove | Action::Flag(_) | Action::NoHealth
        )
    }
}

use Action::{
    Alias, Detach, Env, EnvFile, Flag, Gpus, Health, Ignored, IgnoredValue, Many, Mount, Name,
    Network, NoHealth, One, Remove, Seconds, Secret, Volume, Words,
};

/// Stands for no letter.
const NONE: char = '\0';

/// The options: name, letter, what becomes of it.
pub const OPTIONS: &[(&str, char, Action)] = &[
    ("add-host", NONE, Many("extra_hosts")),
    ("annotation", NONE, Many("annotations")),
    ("attach", 'a', IgnoredValue),
    ("blkio-weight", NONE, One("blkio_config")),
    ("blkio-weight-device", NONE, Many("blkio_config")),
    ("cap-add", NONE, Many("cap_add")),
    ("cap-drop", NONE, Many("cap_drop")),
    ("cgroup-parent", NONE, One("cgroup_parent")),
    ("cgroupns", NONE, One("cgroup")),
    ("cidfile", NONE, IgnoredValue),
    ("cpu-count", NONE, One("cpu_count")),
    ("cpu-percent", NONE, One("cpu_percent")),
    ("cpu-period", NONE, One("cpu_period")),
    ("cpu-quota", NONE, One("cpu_quota")),
    ("cpu-rt-period", NONE, One("cpu_rt_period")),
    ("cpu-rt-runtime", NONE, One("cpu_rt_runtime")),
    ("cpu-shares", 'c', One("cpu_shares")),
    ("cpus", NONE, One("cpus")),
    ("cpuset-cpus", NONE, One("cpuset")),
    ("cpuset-mems", NONE, One("cpuset")),
    ("detach", 'd', Detach),
    ("detach-keys", NONE, IgnoredValue),
    ("device", NONE, Many("devices")),
    ("device-cgroup-rule", NONE, Many("device_cgroup_rules")),
    ("device-read-bps", NONE, Many("blkio_config")),
    ("device-read-iops", NONE, Many("blkio_config")),
    ("device-write-bps", NONE, Many("blkio_config")),
    ("device-write-iops", NONE, Many("blkio_config")),
    ("disable-content-trust", NONE, Ignored),
    ("dns", NONE, Many("dns")),
    ("dns-opt", NONE, Many("dns_opt")),
    ("dns-option", NONE, Many("dns_opt")),
    ("dns-search", NONE, Many("dns_search")),
    ("domainname", NONE, One("domainname")),
    ("entrypoint", NONE, Words("entrypoint")),
    ("env", 'e', Env),
    ("env-file", NONE, EnvFile),
    ("expose", NONE, Many("expose")),
    ("gpus", NONE, Gpus),
    ("group-add", NONE, Many("group_add")),
    ("health-cmd", NONE, Health("test")),
    ("health-interval", NONE, Health("interval")),
    ("health-retries", NONE, Health("retries")),
    ("health-start-interval", NONE, Health("start_interval")),
    ("health-start-period", NONE, Health("start_period")),
    ("health-timeout", NONE, Health("timeout")),
    ("help", NONE, Ignored),
    ("hostname", 'h', One("hostname")),
    ("init", NONE, Flag("init")),
    ("interactive", 'i', Flag("stdin_open")),
    ("ip", NONE, One("ip_address")),
    ("ip6", NONE, One("ip_address")),
    ("ipc", NONE, One("ipc")),
    ("isolation", NONE, One("isolation")),
    ("kernel-memory", NONE, One("kernel_memory")),
    ("label", 'l', Many("labels")),
    ("label-file", NONE, Many("label_file")),
    ("link", NONE, Many("links")),
    ("link-local-ip", NONE, One("ip_address")),
    ("log-driver", NONE, One("logging")),
    ("log-opt", NONE, One("logging")),
    ("mac-address", NONE, One("mac_address")),
    ("memory", 'm', One("mem_limit")),
    ("memory-reservation", NONE, One("mem_reservation")),
    ("memory-swap", NONE, One("memswap_limit")),
    ("memory-swappiness", NONE, One("mem_swappiness")),
    ("mount", NONE, Mount),
    ("name", NONE, Name),
    ("net", NONE, Network),
    ("network", NONE, Network),
    ("network-alias", NONE, Alias),
    ("net-alias", NONE, Alias),
    ("no-healthcheck", NONE, NoHealth),
    ("oom-kill-disable", NONE, Flag("oom_kill_disable")),
    ("oom-score-adj", NONE, One("oom_score_adj")),
    ("pid", NONE, One("pid")),
    ("pids-limit", NONE, One("pids_limit")),
    ("platform", NONE, One("platform")),
    ("privileged", NONE, Flag("privileged")),
    ("publish", 'p', Many("ports")),
    ("publish-all", 'P', Flag("publish_all")),
    ("pull", NONE, One("pull_policy")),
    ("quiet", 'q', Ignored),
    ("read-only", NONE, Flag("read_only")),
    ("restart", NONE, One("restart")),
    ("rm", NONE, Remove),
    ("runtime", NONE, One("runtime")),
    ("security-opt", NONE, Many("security_opt")),
    ("shm-size", NONE, One("shm_size")),
    ("sig-proxy", NONE, Ignored),
    ("stop-signal", NONE, One("stop_signal")),
    ("stop-timeout", NONE, Seconds("stop_grace_period")),
    ("storage-opt", NONE, Many("storage_opt")),
    ("sysctl", NONE, Many("sysctls")),
    ("tmpfs", NONE, Many("tmpfs")),
    ("tty", 't', Flag("tty")),
    ("ulimit", NONE, Many("ulimits")),
    ("use-api-socket", NONE, Flag("use_api_socket")),
    ("user", 'u', One("user")),
    ("userns", NONE, One("userns_mode")),
    ("uts", NONE, One("uts")),
    ("volume", 'v', Volume),
    ("volume-driver", NONE, One("volume_driver")),
    ("volumes-from", NONE, Many("volumes_from")),
    ("workdir", 'w', One("working_dir")),
    // Of Podman only (<https://docs.podman.io/en/latest/markdown/podman-run.1.html>).
    ("arch", NONE, One("platform")),
    ("authfile", NONE, IgnoredValue),
    ("conmon-pidfile", NONE, IgnoredValue),
    ("gidmap", NONE, Many("userns_mode")),
    ("http-proxy", NONE, Ignored),
    ("os", NONE, One("platform")),
    ("pidfile", NONE, IgnoredValue),
    ("pod", NONE, One("pod")),
    ("replace", NONE, Ignored),
    ("sdnotify", NONE, IgnoredValue),
    ("secret", NONE, Secret),
    ("systemd", NONE, IgnoredValue),
    ("tls-verify", NONE, Ignored),
    ("tz", NONE, One("timezone")),
    ("uidmap", NONE, Many("userns_mode")),
];
