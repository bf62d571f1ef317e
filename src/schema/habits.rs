//! Field names and value formats of similar languages, for suggestions.

use super::place::Place;
use super::words;
use crate::syntax::{Kind, Node};

/// Names of fields in other languages (Compose, Kubernetes, Nomad, Marathon), and in this one.
const ELSEWHERE: &[(&str, &str)] = &[
    ("command", "cmd"),
    ("cpu", "cpus"),
    ("count", "instances"),
    ("depends_on", "dependencies"),
    ("destination", "dest"),
    ("environment", "env"),
    ("kind", "type"),
    ("memory", "mem"),
    ("mount_path", "dest"),
    ("mountpath", "dest"),
    ("name", "id"),
    ("port", "container_port"),
    ("privileged", "is_privileged"),
    ("replicas", "instances"),
    ("source", "src"),
    ("storage", "disk"),
    ("target", "dest"),
];

/// The field among `candidates` that has the name `name` in another language.
pub fn meant<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let (_, here) = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == name)?;
    candidates.into_iter().find(|candidate| candidate == here)
}

/// Rewrites a value of the wrong type that is valid in another language.
pub fn rewritten(place: &Place) -> Option<String> {
    let key = place.key().map(|key| key.value.as_str());
    match (key, place.list(), &place.node.kind) {
        (Some("mem" | "disk"), _, Kind::String(text)) => {
            megabytes(text).map(|size| size.to_string())
        }
        (Some("env"), _, Kind::Array(items)) => {
            let members: Option<Vec<String>> = items.iter().map(variable).collect();
            members.filter(|all| !all.is_empty()).map(|all| format!("{{ {} }}", all.join(", ")))
        }
        (_, Some("ports"), Kind::Number(port)) => Some(format!("{{ \"container_port\": {port} }}")),
        (_, Some("ports"), Kind::String(port)) => ports(port),
        _ => None,
    }
}

/// Converts a size with a unit (`512Mi`, `1g`) to MB.
fn megabytes(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.strip_prefix(digits)?.to_ascii_lowercase();
    let number: u64 = digits.trim().parse().ok()?;
    match unit.as_str() {
        "m" | "mb" | "mi" | "mib" => Some(number),
        "g" | "gb" | "gi" | "gib" => number.checked_mul(1024),
        _ => None,
    }
}

/// Converts a list item `NAME=value` into a member of `env`.
fn variable(item: &Node) -> Option<String> {
    let (name, value) = item.as_str()?.split_once('=')?;
    Some(format!("{}: {}", words::quoted(name), words::quoted(value)))
}

/// Converts a Compose port: `80`, or `8080:80` with the host port first.
fn ports(text: &str) -> Option<String> {
    let port = |text: &str| text.parse::<u16>().ok();
    match text.split_once(':') {
        None => Some(format!("{{ \"container_port\": {} }}", port(text)?)),
        Some((host, container)) => {
            let (host, container) = (port(host)?, port(container)?);
            Some(format!("{{ \"container_port\": {container}, \"host_port\": {host} }}"))
        }
    }
}
