//! What the engine tells of its volumes and of its machine.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::engine::Host;

use super::model::PROJECT;

/// Compose's label with the key of a volume in its file.
const VOLUME: &str = "com.docker.compose.volume";

/// Bytes of the unit that the memory of machines is told in.
const MEGABYTE: u64 = 1024 * 1024;

/// A volume on the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundVolume {
    /// Its name.
    pub name: String,
    /// The Compose project that it was created for.
    pub project: Option<String>,
    /// Its key in the Compose file, which is the id of the volume in the appliance.
    pub key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawVolume {
    name: String,
    labels: Option<BTreeMap<String, String>>,
}

/// Reads the output of `docker volume inspect`.
pub fn read_volumes(text: &str) -> Result<Vec<FoundVolume>, serde_json::Error> {
    let raw: Vec<RawVolume> = serde_json::from_str(text)?;
    let volume = |raw: RawVolume| {
        let mut labels = raw.labels.unwrap_or_default();
        let (project, key) = (labels.remove(PROJECT), labels.remove(VOLUME));
        FoundVolume { name: raw.name, project, key }
    };
    Ok(raw.into_iter().map(volume).collect())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RawInfo {
    name: String,
    #[serde(rename = "NCPU")]
    cpus: u32,
    mem_total: u64,
    #[serde(default)]
    labels: Option<Vec<String>>,
    #[serde(default)]
    operating_system: String,
    #[serde(default)]
    kernel_version: String,
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    server_version: String,
}

/// Reads the output of `docker info --format '{{json .}}'`. Its address is not part of it.
pub fn read_machine(text: &str) -> Result<Host, serde_json::Error> {
    let raw: RawInfo = serde_json::from_str(text)?;
    let told = [
        ("operating_system", raw.operating_system),
        ("kernel", raw.kernel_version),
        ("architecture", raw.architecture),
        ("docker", raw.server_version),
    ];
    let labels = raw.labels.unwrap_or_default();
    let labels = labels.iter().filter_map(|label| label.split_once('='));
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let told = told.into_iter().map(|(name, value)| (name.to_owned(), value));
    Ok(Host {
        name: raw.name,
        address: None,
        cpus: raw.cpus.into(),
        memory: raw.mem_total / MEGABYTE,
        is_ready: true,
        attributes: labels.chain(told.filter(|(_, value)| !value.is_empty())).collect(),
    })
}
