//! What the engine and Compose tell, as far as it is used.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

/// The label with the id of the appliance.
pub const APPLIANCE: &str = "applc.appliance";
/// The label with the id of the container.
pub const CONTAINER: &str = "applc.container";
/// Compose's label with the name of the project.
pub const PROJECT: &str = "com.docker.compose.project";

/// The file that the target writes.
pub const FILE: &str = "compose.yaml";

const SERVICE: &str = "com.docker.compose.service";
const HASH: &str = "com.docker.compose.config-hash";

/// A service of a Compose file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub service: String,
    /// The id of the container that it was made from.
    pub container: String,
    /// The image reference.
    pub image: String,
    /// Whether the image is pulled even if it is present.
    pub always_pulled: bool,
    /// When the image is built.
    pub built: Built,
    /// The number of its containers.
    pub count: usize,
    /// What Compose compares: another one means that containers are replaced.
    pub hash: String,
    /// What its containers may use, if the file says so.
    pub limits: Limits,
    /// The names of its networks on the engine; `None` for that of the host.
    pub networks: Option<BTreeSet<String>>,
    /// What its containers are made from.
    pub definition: Definition,
}

/// When the image of a service is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Built {
    /// Never: it is pulled.
    #[default]
    Never,
    /// If it is missing.
    Missing,
    /// Whenever the appliance is brought up.
    Always,
}

/// What `docker update` changes of a container that runs, by the name of the field of the Compose file, if it is
/// set.
pub type Limits = BTreeMap<&'static str, String>;

/// What a container is made from, as far as both Compose and the engine tell it in the same words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    /// The image reference.
    pub image: String,
    /// What replaces the entrypoint of the image.
    pub entrypoint: Vec<String>,
    /// The arguments.
    pub command: Vec<String>,
    /// `NAME=value` of each variable; on the engine also those of the image.
    pub environment: BTreeSet<String>,
    /// Where volumes and paths of the host are mounted.
    pub mounts: BTreeSet<String>,
    /// The ports of the container that are published.
    pub ports: BTreeSet<String>,
    /// Whether it has all privileges.
    pub privileged: bool,
}

/// A container on the engine.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its id on the engine.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The appliance that it belongs to, if it has the label.
    pub appliance: Option<String>,
    /// The container of the appliance.
    pub container: String,
    /// The service of the Compose file.
    pub service: String,
    /// What Compose compares.
    pub hash: String,
    /// The id of its image.
    pub image: String,
    /// Whether it is to run until it is stopped.
    pub is_service: bool,
    /// How often the engine started it again.
    pub restarts: u32,
    /// Its state.
    pub state: RawState,
    /// Whether it uses the network of the host.
    pub on_host: bool,
    /// Its published ports: `80/tcp`, and where.
    pub ports: BTreeMap<String, Vec<RawBinding>>,
    /// Whether it has a volume that only it knows.
    pub has_own_volume: bool,
    /// The names of the other volumes that it mounts.
    pub volumes: Vec<String>,
    /// When it was created.
    pub created: String,
    /// What it may use.
    pub limits: Limits,
    /// The names of its networks.
    pub networks: BTreeSet<String>,
    /// What it was made from.
    pub definition: Definition,
    /// The paths of its files with secrets whose values have changed since it was created.
    pub stale: Vec<String>,
}

/// `State` of a container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RawState {
    /// `created`, `running`, `restarting`, `exited`, `paused`, `removing` or `dead`.
    pub status: String,
    /// The status of its last end.
    pub exit_code: i64,
    /// Whether it was ended because of its memory limit; also of an earlier start.
    #[serde(rename = "OOMKilled")]
    pub oom_killed: bool,
    /// Why it could not be started.
    pub error: String,
    /// When it was started last.
    pub started_at: String,
    /// When it ended last.
    pub finished_at: String,
    /// Its health, if that is checked.
    pub health: Option<RawHealth>,
}

/// `State.Health` of a container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RawHealth {
    /// `starting`, `healthy`, `unhealthy` or `none`.
    pub status: String,
    /// The last checks.
    pub log: Option<Vec<RawCheck>>,
}

/// A check of the health of a container.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RawCheck {
    /// When it ended.
    pub end: String,
    /// Its exit status.
    pub exit_code: i64,
    /// What it printed.
    pub output: String,
}

/// Where a port is published.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RawBinding {
    /// The address.
    pub host_ip: String,
    /// The port.
    pub host_port: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Raw {
    id: String,
    name: String,
    image: String,
    #[serde(default)]
    created: String,
    #[serde(default)]
    restart_count: u32,
    state: RawState,
    config: RawConfig,
    #[serde(default)]
    host_config: RawHost,
    #[serde(default)]
    network_settings: RawNetwork,
    mounts: Option<Vec<RawMount>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawMount {
    name: String,
    destination: String,
}

/// Length of the name of a volume that the engine made up.
const MADE_UP: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawConfig {
    labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    image: String,
    entrypoint: Option<Vec<String>>,
    cmd: Option<Vec<String>>,
    env: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawHost {
    network_mode: String,
    restart_policy: RawPolicy,
    port_bindings: Option<BTreeMap<String, Value>>,
    privileged: bool,
    /// Among the others, what `docker update` changes.
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawPolicy {
    name: String,
    maximum_retry_count: u64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawNetwork {
    ports: Option<BTreeMap<String, Option<Vec<RawBinding>>>>,
    networks: Option<BTreeMap<String, Value>>,
}

/// What `docker update` changes, without the restart policy: the names in a Compose file and on the engine.
/// <https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Container/operation/ContainerUpdate>
const LIMITS: [(&str, &str); 12] = [
    ("mem_limit", "Memory"),
    ("memswap_limit", "MemorySwap"),
    ("mem_reservation", "MemoryReservation"),
    ("cpu_shares", "CpuShares"),
    ("cpus", "NanoCpus"),
    ("cpu_period", "CpuPeriod"),
    ("cpu_quota", "CpuQuota"),
    ("cpu_rt_period", "CpuRealtimePeriod"),
    ("cpu_rt_runtime", "CpuRealtimeRuntime"),
    ("cpuset", "CpusetCpus"),
    ("pids_limit", "PidsLimit"),
    ("blkio_weight", "BlkioWeight"),
];

/// The restart policy among the limits.
pub const RESTART: &str = "restart";

/// A limit as text; `None` for none, which the engine writes in several ways.
fn limit(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!matches!(text.as_str(), "" | "0" | "-1")).then_some(text)
}

/// Reads the output of `docker inspect`, sorted by container and name.
pub fn read_containers(text: &str) -> Result<Vec<Found>, serde_json::Error> {
    let raw: Vec<Raw> = serde_json::from_str(text)?;
    let mut found: Vec<Found> = raw.into_iter().map(found).collect();
    found.sort_by(|one, other| (&one.container, &one.name).cmp(&(&other.container, &other.name)));
    Ok(found)
}

fn found(raw: Raw) -> Found {
    let mut labels = raw.config.labels.unwrap_or_default();
    let mut label = |name: &str| labels.remove(name);
    let service = label(SERVICE).unwrap_or_default();
    let ports = raw.network_settings.ports.unwrap_or_default();
    let mounts = raw.mounts.unwrap_or_default();
    let policy = raw.host_config.restart_policy;
    let others = raw.host_config.others;
    let limits =
        LIMITS.iter().filter_map(|(ours, theirs)| Some((*ours, limit(others.get(*theirs))?)));
    let mut limits: Limits = limits.collect();
    if !matches!(policy.name.as_str(), "" | "no") {
        let retries = match policy.maximum_retry_count {
            0 => String::new(),
            count => format!(":{count}"),
        };
        limits.insert(RESTART, format!("{}{retries}", policy.name));
    }
    let definition = Definition {
        image: raw.config.image,
        entrypoint: raw.config.entrypoint.unwrap_or_default(),
        command: raw.config.cmd.unwrap_or_default(),
        environment: raw.config.env.unwrap_or_default().into_iter().collect(),
        mounts: mounts.iter().map(|mount| mount.destination.clone()).collect(),
        ports: raw.host_config.port_bindings.unwrap_or_default().into_keys().collect(),
        privileged: raw.host_config.privileged,
    };
    Found {
        id: raw.id,
        name: raw.name.trim_start_matches('/').to_owned(),
        appliance: label(APPLIANCE),
        container: label(CONTAINER).unwrap_or_else(|| service.clone()),
        service,
        hash: label(HASH).unwrap_or_default(),
        image: raw.image,
        // The target gives `unless-stopped` to services only.
        is_service: !matches!(policy.name.as_str(), "" | "no" | "on-failure"),
        restarts: raw.restart_count,
        state: raw.state,
        on_host: raw.host_config.network_mode == "host",
        has_own_volume: mounts.iter().any(|mount| mount.name.len() == MADE_UP),
        volumes: mounts
            .into_iter()
            .map(|mount| mount.name)
            .filter(|name| !name.is_empty() && name.len() != MADE_UP)
            .collect(),
        created: raw.created,
        limits,
        networks: raw.network_settings.networks.unwrap_or_default().into_keys().collect(),
        definition,
        stale: Vec::new(),
        ports: ports.into_iter().map(|(port, at)| (port, at.unwrap_or_default())).collect(),
    }
}

#[derive(Deserialize)]
struct RawFile {
    services: BTreeMap<String, RawService>,
    #[serde(default)]
    networks: BTreeMap<String, RawNamed>,
}

#[derive(Deserialize)]
struct RawNamed {
    name: Option<String>,
}

#[derive(Deserialize)]
struct RawService {
    #[serde(default)]
    image: String,
    pull_policy: Option<String>,
    build: Option<Value>,
    labels: Option<BTreeMap<String, String>>,
    scale: Option<usize>,
    restart: Option<String>,
    networks: Option<BTreeMap<String, Value>>,
    entrypoint: Option<Vec<String>>,
    command: Option<Vec<String>>,
    environment: Option<BTreeMap<String, Option<String>>>,
    volumes: Option<Vec<RawTarget<String>>>,
    ports: Option<Vec<RawTarget<u16>>>,
    #[serde(default)]
    privileged: bool,
    /// Among the others, the limits.
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct RawTarget<T> {
    target: T,
    protocol: Option<String>,
}

/// Reads the output of `docker compose config --format json` and of `config --hash '*'`.
pub fn read_services(config: &str, hashes: &str) -> Result<Vec<Wanted>, serde_json::Error> {
    let file: RawFile = serde_json::from_str(config)?;
    let hashes: BTreeMap<&str, &str> =
        hashes.lines().filter_map(|line| line.split_once(' ')).collect();
    let networks = file.networks;
    let services = file.services.into_iter();
    let wanted = services.map(|(name, raw)| {
        let hash =
            hashes.get(name.as_str()).map_or_else(String::new, |hash| hash.trim().to_owned());
        wanted(name, raw, hash, &networks)
    });
    Ok(wanted.collect())
}

fn wanted(
    service: String,
    mut raw: RawService,
    hash: String,
    networks: &BTreeMap<String, RawNamed>,
) -> Wanted {
    let mut limits: Limits = LIMITS
        .iter()
        .filter_map(|(name, _)| Some((*name, limit(raw.others.get(*name))?)))
        .collect();
    if let Some(policy) = raw.restart.filter(|policy| policy != "no") {
        limits.insert(RESTART, policy);
    }
    let named =
        |key: String| networks.get(&key).and_then(|network| network.name.clone()).unwrap_or(key);
    let variable = |(name, value): (String, Option<String>)| match value {
        Some(value) => format!("{name}={}", undoubled(&value)),
        None => name,
    };
    let words = |words: Option<Vec<String>>| -> Vec<String> {
        words.unwrap_or_default().iter().map(|word| undoubled(word)).collect()
    };
    let port = |port: RawTarget<u16>| {
        format!("{}/{}", port.target, port.protocol.as_deref().unwrap_or("tcp"))
    };
    Wanted {
        container: raw
            .labels
            .as_mut()
            .and_then(|labels| labels.remove(CONTAINER))
            .unwrap_or_else(|| service.clone()),
        built: match (raw.build, raw.pull_policy.as_deref()) {
            (None, _) => Built::Never,
            (Some(_), Some("build")) => Built::Always,
            (Some(_), _) => Built::Missing,
        },
        always_pulled: raw.pull_policy.as_deref() == Some("always"),
        count: raw.scale.unwrap_or(1),
        hash,
        limits,
        networks: raw.networks.map(|all| all.into_keys().map(named).collect()),
        definition: Definition {
            image: raw.image.clone(),
            entrypoint: words(raw.entrypoint),
            command: words(raw.command),
            environment: raw.environment.unwrap_or_default().into_iter().map(variable).collect(),
            mounts: raw.volumes.unwrap_or_default().into_iter().map(|at| at.target).collect(),
            ports: raw.ports.unwrap_or_default().into_iter().map(port).collect(),
            privileged: raw.privileged,
        },
        image: raw.image,
        service,
    }
}

/// Text as it reaches a container: Compose prints each `$` twice, so that its output is a file again.
fn undoubled(text: &str) -> String {
    text.replace("$$", "$")
}
