//! Field names and value formats of similar languages, for suggestions.

use ecow::EcoString;

use super::ids::is_id_char;
use super::place::Place;
use super::volumes::Volume;
use super::{twins, words};
use crate::elsewhere::{Owner, scalars, units};
use crate::source::Spanned;
use crate::syntax::{Kind, Object};

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
    ("published", "host_port"),
    ("privileged", "is_privileged"),
    ("replicas", "instances"),
    ("retries", "max_consecutive_failures"),
    ("scale", "instances"),
    ("source", "src"),
    ("start_period", "grace_period_seconds"),
    ("storage", "disk"),
    ("stop_grace_period", "stop_timeout"),
    ("target", "dest"),
    ("target", "container_port"),
    ("terminationgraceperiodseconds", "stop_timeout"),
    ("timeout", "timeout_seconds"),
    ("timeoutseconds", "timeout_seconds"),
    ("work_dir", "working_dir"),
    ("workdir", "working_dir"),
];

/// The field among `candidates` that has the name `name` in another language.
pub fn meant<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let here = |field: &str| ELSEWHERE.iter().any(|(other, here)| *other == name && *here == field);
    candidates.into_iter().find(|candidate| here(candidate))
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
        (_, Some("ports"), Kind::String(text)) => {
            let port = ports(text)?;
            (!(port.is_mapped() && place.is_on_host())).then(|| port.text())
        }
        (_, Some("volumes"), Kind::String(text)) => match place.container() {
            Some(_) => {
                let volume = volume(text)?;
                let name = volume.name();
                name.is_none_or(|name| place.declares_volume(name)).then(|| volume.text())
            }
            None => Some(format!("{{ \"id\": {} }}", words::quoted(text))),
        },
        _ => None,
    }
}

/// The right form of a value of the wrong type that cannot be rewritten.
pub fn right_form(place: &Place) -> Option<String> {
    match (place.list(), &place.node.kind) {
        (Some("volumes"), Kind::String(text)) => Some(match volume(text) {
            Some(volume) if volume.is_persistent => format!(
                "declare the volume `{}` in `data_persistence.volumes`, and write {}",
                volume.source,
                written(&volume.text())
            ),
            _ => "write the parts of a volume, for example `{ \"type\": \"host\", \"src\": \"/srv/data\", \"dest\": \"/data\" }`".to_owned(),
        }),
        (Some("ports"), Kind::String(text)) => Some(right_port(text, place.is_on_host())),
        _ => None,
    }
}

/// How to write a port that is a string which cannot be rewritten.
fn right_port(text: &str, is_on_host: bool) -> String {
    let bridge = |port: &Port| match port.is_mapped() && is_on_host {
        true => ", and set `network_mode` to `bridge`, which maps ports",
        false => "",
    };
    if let Some((address, port)) = addressed(text).and_then(|(at, rest)| Some((at, port(rest)?)))
        && !is_all(address)
    {
        let address = words::short(address);
        return format!(
            "a port is published at all addresses of the host, not only at `{address}`; if that is meant, write `{}`{}",
            port.text(),
            bridge(&port)
        );
    }
    if let Some(port) = ports(text) {
        return format!("write `{}`{}", port.text(), bridge(&port));
    }
    let is_range = |part: &str| {
        part.split_once('-').is_some_and(|(first, last)| is_port(first) && is_port(last))
    };
    let numbers = text.split_once('/').map_or(text, |(numbers, _)| numbers);
    if numbers.split(':').any(is_range) {
        return "write an object for each port of the range, for example `{ \"container_port\": 80 }`"
            .to_owned();
    }
    "write the parts of a port, for example `{ \"container_port\": 80, \"host_port\": 8080 }`"
        .to_owned()
}

/// An object in the form of another language.
pub struct Foreign<'a> {
    /// The field that only that language has.
    pub key: &'a Spanned<EcoString>,
    /// The form in this language, if it has one.
    pub text: Option<String>,
    /// How to write it, if nothing can replace it.
    pub help: String,
}

/// An object that has the fields of Compose only: a health check with `test`, or a port with `target`.
pub fn foreign<'a>(place: &Place<'a>, object: &'a Object) -> Option<Foreign<'a>> {
    let has_only = |names: &[&str]| {
        object.members.iter().all(|member| names.contains(&member.key.value.as_str()))
    };
    if place.owner() == Some(Owner::HealthCheck) {
        let names = ["test", "interval", "timeout", "retries", "start_period", "start_interval"];
        let key = &object.member("test").filter(|_| has_only(&names))?.key;
        let text = Some(twins::health_check(object)?);
        let help = "did you mean `protocol` and `command`?".to_owned();
        return Some(Foreign { key, text, help });
    }
    if place.list() != Some("ports") || !has_only(&["target", "published", "protocol", "mode"]) {
        return None;
    }
    let key = &object.member("target")?.key;
    let number = |name: &str| object.get(name).map(|node| scalars::text(node).unwrap_or_default());
    let (host, target) = (number("published"), number("target")?);
    let host = host.map_or(String::new(), |host| format!("{host}:"));
    let protocol = number("protocol").map_or(String::new(), |protocol| format!("/{protocol}"));
    let text = format!("{host}{target}{protocol}");
    let port = ports(&text)?;
    let is_allowed = !(port.is_mapped() && place.is_on_host());
    Some(match is_allowed {
        true => Foreign {
            key,
            text: Some(port.text()),
            help: "did you mean `container_port`?".to_owned(),
        },
        false => Foreign { key, text: None, help: right_port(&text, true) },
    })
}

/// A text of the language in a message, whose ids and paths may be long.
fn written(text: &str) -> String {
    const MAX_CHARACTERS: usize = 120;
    match text.chars().nth(MAX_CHARACTERS) {
        None => format!("`{text}`"),
        Some(_) => "its parts".to_owned(),
    }
}

/// Parses a Compose volume, `SOURCE:DESTINATION` or `SOURCE:DESTINATION:MODE`: a path is one on the
/// host, a name that of a persistent volume.
fn volume(text: &str) -> Option<Volume<'_>> {
    let (source, rest) = text.split_once(':')?;
    let (destination, is_read_only) = match rest.split_once(':') {
        None => (rest, false),
        Some((destination, "rw")) => (destination, false),
        Some((destination, "ro")) => (destination, true),
        Some(_) => return None,
    };
    let is_persistent = match source {
        "" => return None,
        path if path.starts_with(['/', '.']) => false,
        name if name.chars().all(is_id_char) => true,
        _ => return None,
    };
    let volume = Volume { source, destination, is_persistent, is_read_only };
    destination.starts_with('/').then_some(volume)
}

/// A port as Compose writes it.
struct Port<'t> {
    host: Option<&'t str>,
    container: &'t str,
    is_udp: bool,
}

impl Port<'_> {
    /// Whether the port of the host is another one than that of the container.
    fn is_mapped(&self) -> bool {
        self.host.is_some_and(|host| number(host) != number(self.container))
    }

    /// As the language writes it.
    fn text(&self) -> String {
        let host = self.host.map(|host| format!(", \"host_port\": {}", number(host)));
        let protocol = if self.is_udp { ", \"protocol\": \"udp\"" } else { "" };
        let (container, host) = (number(self.container), host.unwrap_or_default());
        format!("{{ \"container_port\": {container}{host}{protocol} }}")
    }
}

/// The number of a port without leading zeros.
fn number(port: &str) -> &str {
    port.trim_start_matches('0')
}

/// Parses a Compose port: `80`, or `8080:80` with the host port first, and `/udp` after it. All addresses of the host
/// before it are what is meant anyway.
fn ports(text: &str) -> Option<Port<'_>> {
    match addressed(text) {
        Some((address, rest)) => is_all(address).then(|| port(rest)).flatten(),
        None => port(text),
    }
}

/// Whether an address stands for all addresses of the host.
fn is_all(address: &str) -> bool {
    matches!(address, "0.0.0.0" | "[::]" | "::")
}

/// The address of a Compose port `ADDRESS:HOST:CONTAINER`, and what follows it.
fn addressed(text: &str) -> Option<(&str, &str)> {
    let (before, _) = text.rsplit_once(':')?;
    let (address, host) = before.rsplit_once(':')?;
    let rest = text.get(address.len() + 1..)?;
    (!address.is_empty() && is_port(host)).then_some((address, rest))
}

/// Parses a Compose port without an address.
fn port(text: &str) -> Option<Port<'_>> {
    let (text, is_udp) = match text.split_once('/') {
        None => (text, false),
        Some((text, "tcp")) => (text, false),
        Some((text, "udp")) => (text, true),
        Some(_) => return None,
    };
    let (host, container) = match text.split_once(':') {
        None => (None, text),
        Some((host, container)) => (Some(host), container),
    };
    let is_valid = is_port(container) && host.is_none_or(is_port);
    is_valid.then_some(Port { host, container, is_udp })
}

/// Whether a text is the number of a port.
fn is_port(text: &str) -> bool {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number && text.parse::<u16>().is_ok_and(|port| port > 0)
}
