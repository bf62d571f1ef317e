//! Field names and value formats of similar languages, for suggestions.

use super::ids::is_id_char;
use super::place::Place;
use super::{twins, words};
use crate::elsewhere::{scalars, units};
use crate::syntax::Kind;

/// Names of fields in other languages (Compose, Kubernetes, Nomad, Marathon), and in this one.
const ELSEWHERE: &[(&str, &str)] = &[
    ("command", "cmd"),
    ("cpu", "cpus"),
    ("container_name", "id"),
    ("count", "instances"),
    ("depends_on", "dependencies"),
    ("destination", "dest"),
    ("entry_point", "entrypoint"),
    ("environment_variables", "env"),
    ("failurethreshold", "max_consecutive_failures"),
    ("env_vars", "env"),
    ("environment", "env"),
    ("expose", "ports"),
    ("kind", "type"),
    ("memory", "mem"),
    ("mount_path", "dest"),
    ("mountpath", "dest"),
    ("healthcheck", "health_check"),
    ("initialdelayseconds", "grace_period_seconds"),
    ("interval", "interval_seconds"),
    ("name", "id"),
    ("needs", "dependencies"),
    ("periodseconds", "interval_seconds"),
    ("port", "container_port"),
    ("privileged", "is_privileged"),
    ("replicas", "instances"),
    ("retries", "max_consecutive_failures"),
    ("scale", "instances"),
    ("source", "src"),
    ("start_period", "grace_period_seconds"),
    ("storage", "disk"),
    ("stop_grace_period", "stop_timeout"),
    ("target", "dest"),
    ("terminationgraceperiodseconds", "stop_timeout"),
    ("timeout", "timeout_seconds"),
    ("timeoutseconds", "timeout_seconds"),
    ("work_dir", "working_dir"),
    ("workdir", "working_dir"),
];

/// The field among `candidates` that has the name `name` in another language.
pub fn meant<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let (_, here) = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == name)?;
    candidates.into_iter().find(|candidate| candidate == here)
}

/// Whether a conversion that only looks at the types of a value is not what its author means.
pub fn has_own_form(place: &Place) -> bool {
    let key = place.key().map(|key| key.value.as_str());
    match (key, &place.node.kind) {
        // A command line is several words.
        (Some("args" | "entrypoint"), Kind::String(text)) => text.contains(' '),
        (Some("mode"), Kind::Number(_)) => true,
        _ => false,
    }
}

/// Whether digits are permissions.
fn is_mode(digits: &str) -> bool {
    (3..=4).contains(&digits.len()) && digits.bytes().all(|digit| (b'0'..=b'7').contains(&digit))
}

/// Rewrites a value of the wrong type that is valid in another language.
pub fn rewritten(place: &Place) -> Option<String> {
    let key = place.key().map(|key| key.value.as_str());
    match (key, place.list(), &place.node.kind) {
        (Some("mem" | "disk" | "size"), _, Kind::String(text)) => {
            units::whole_megabytes(text).map(|size| size.to_string())
        }
        (Some("cpus"), _, Kind::String(text)) => units::cpus(text).map(|cpus| cpus.to_string()),
        (
            Some("stop_timeout" | "interval_seconds" | "timeout_seconds" | "grace_period_seconds"),
            _,
            Kind::String(text),
        ) => units::whole_seconds(text).map(|seconds| seconds.to_string()),
        // Of these, the `args` of a build are no list.
        (Some("env" | "labels" | "args"), _, Kind::Array(_)) => twins::variables(place.node),
        (Some("dependencies"), _, Kind::Object(_)) => twins::waits_for(place.node),
        (Some("args" | "entrypoint"), _, Kind::String(text)) if text.contains(' ') => {
            twins::split(text)
        }
        (Some("command"), _, Kind::Array(_)) => {
            scalars::health_command(place.node).map(|text| words::quoted(&text))
        }
        (Some("build"), _, Kind::String(path)) => {
            Some(format!("{{ \"context\": {} }}", words::quoted(path)))
        }
        (Some("mode"), _, Kind::Number(digits)) if is_mode(digits) => {
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
        path if path.starts_with(['/', '.']) => "\"type\": \"host\", ",
        name if name.chars().all(is_id_char) => "",
        _ => return None,
    };
    destination.starts_with('/').then(|| {
        let (source, destination) = (words::quoted(source), words::quoted(destination));
        format!("{{ {kind}\"src\": {source}, \"dest\": {destination}{mode} }}")
    })
}

/// Converts a Compose port: `80`, or `8080:80` with the host port first, and `/udp` after it.
fn ports(text: &str) -> Option<String> {
    let port = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    let (text, protocol) = match text.split_once('/') {
        None | Some((_, "tcp")) => (text.trim_end_matches("/tcp"), ""),
        Some((text, "udp")) => (text, ", \"protocol\": \"udp\""),
        Some(_) => return None,
    };
    match text.split_once(':') {
        None => Some(format!("{{ \"container_port\": {}{protocol} }}", port(text)?)),
        Some((host, container)) => {
            let (host, container) = (port(host)?, port(container)?);
            Some(format!("{{ \"container_port\": {container}, \"host_port\": {host}{protocol} }}"))
        }
    }
}
