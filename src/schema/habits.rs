//! Field names and value formats of similar languages, for suggestions.

use super::ids::is_id_char;
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
    ("expose", "ports"),
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
    ("stop_grace_period", "stop_timeout"),
    ("target", "dest"),
    ("terminationgraceperiodseconds", "stop_timeout"),
    ("work_dir", "working_dir"),
    ("workdir", "working_dir"),
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
        (Some("build"), _, Kind::String(path)) => {
            Some(format!("{{ \"context\": {} }}", words::quoted(path)))
        }
        (Some("mode"), _, Kind::Number(digits)) if digits.len() <= 4 => {
            Some(words::quoted(&format!("{digits:0>4}")))
        }
        (_, Some("ports"), Kind::Number(port)) => Some(format!("{{ \"container_port\": {port} }}")),
        (_, Some("ports"), Kind::String(port)) => ports(port),
        (_, Some("volumes"), Kind::String(text)) => match place.container() {
            Some(_) => volume(text),
            None => Some(format!("{{ \"id\": {} }}", words::quoted(text))),
        },
        _ => None,
    }
}

/// The right form of a value of the wrong type that cannot be rewritten.
pub fn right_form(place: &Place) -> Option<&'static str> {
    match (place.list(), &place.node.kind) {
        (Some("volumes"), Kind::String(_)) => Some(
            "write the parts of a volume, for example `{ \"type\": \"host\", \"src\": \"/srv/data\", \"dest\": \"/data\" }`",
        ),
        _ => None,
    }
}

/// Converts a Compose volume, `SOURCE:DESTINATION` or `SOURCE:DESTINATION:MODE`: a path is one on the
/// host, a name that of a persistent volume.
fn volume(text: &str) -> Option<String> {
    let (source, rest) = text.split_once(':')?;
    let (destination, mode) = match rest.split_once(':') {
        None | Some((_, "rw")) => (rest.trim_end_matches(":rw"), ""),
        Some((destination, "ro")) => (destination, ", \"mode\": \"RO\""),
        Some(_) => return None,
    };
    let kind = match source {
        "" => return None,
        path if path.starts_with('/') => "\"type\": \"host\", ",
        name if name.chars().all(is_id_char) => "",
        _ => return None,
    };
    destination.starts_with('/').then(|| {
        let (source, destination) = (words::quoted(source), words::quoted(destination));
        format!("{{ {kind}\"src\": {source}, \"dest\": {destination}{mode} }}")
    })
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
