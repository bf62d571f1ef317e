//! What the engine and Compose tell, as far as it is used.

use std::collections::BTreeMap;

use serde::Deserialize;

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
    /// The number of its containers.
    pub count: usize,
    /// What Compose compares: another one means that containers are replaced.
    pub hash: String,
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
    restart_count: u32,
    state: RawState,
    config: RawConfig,
    #[serde(default)]
    host_config: RawHost,
    #[serde(default)]
    network_settings: RawNetwork,
    mounts: Option<Vec<RawMount>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawMount {
    #[serde(default)]
    name: String,
}

/// Length of the name of a volume that the engine made up.
const MADE_UP: usize = 64;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawConfig {
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawHost {
    network_mode: String,
    restart_policy: RawPolicy,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawPolicy {
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RawNetwork {
    ports: Option<BTreeMap<String, Option<Vec<RawBinding>>>>,
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
    Found {
        id: raw.id,
        name: raw.name.trim_start_matches('/').to_owned(),
        appliance: label(APPLIANCE),
        container: label(CONTAINER).unwrap_or_else(|| service.clone()),
        service,
        hash: label(HASH).unwrap_or_default(),
        image: raw.image,
        // The target gives `unless-stopped` to services only.
        is_service: !matches!(
            raw.host_config.restart_policy.name.as_str(),
            "" | "no" | "on-failure"
        ),
        restarts: raw.restart_count,
        state: raw.state,
        on_host: raw.host_config.network_mode == "host",
        has_own_volume: raw
            .mounts
            .unwrap_or_default()
            .iter()
            .any(|mount| mount.name.len() == MADE_UP),
        ports: ports.into_iter().map(|(port, at)| (port, at.unwrap_or_default())).collect(),
    }
}

#[derive(Deserialize)]
struct RawFile {
    services: BTreeMap<String, RawService>,
}

#[derive(Deserialize)]
struct RawService {
    #[serde(default)]
    image: String,
    pull_policy: Option<String>,
    labels: Option<BTreeMap<String, String>>,
    scale: Option<usize>,
}

/// Reads the output of `docker compose config --format json` and of `config --hash '*'`.
pub fn read_services(config: &str, hashes: &str) -> Result<Vec<Wanted>, serde_json::Error> {
    let file: RawFile = serde_json::from_str(config)?;
    let hashes: BTreeMap<&str, &str> =
        hashes.lines().filter_map(|line| line.split_once(' ')).collect();
    let service = |(service, mut raw): (String, RawService)| Wanted {
        container: raw
            .labels
            .as_mut()
            .and_then(|labels| labels.remove(CONTAINER))
            .unwrap_or_else(|| service.clone()),
        image: raw.image,
        always_pulled: raw.pull_policy.as_deref() == Some("always"),
        count: raw.scale.unwrap_or(1),
        hash: hashes.get(service.as_str()).map_or_else(String::new, |hash| hash.trim().to_owned()),
        service,
    };
    Ok(file.services.into_iter().map(service).collect())
}
