//! Fields of other languages whose value has to be written in another form, too.

use super::volumes::Volume;
use super::words;
use crate::elsewhere::{scalars, units};
use crate::syntax::{Form, Kind, Member, Node, Object};

/// A field of another language in the words of this one.
pub struct Twin {
    /// The fields that it becomes. The first one is what is meant.
    pub fields: Vec<(&'static str, String)>,
    /// The persistent volumes that it mounts.
    pub mounted: Vec<String>,
    /// Whether it has no meaning on the host network.
    pub is_off_host: bool,
}

/// A field of another language with the same meaning in this one, if its value has to change with its name.
/// `object` is what contains it.
pub fn twin(member: &Member, object: &Object) -> Option<Twin> {
    let value = &member.value;
    let one = |field, text| Some(Twin::of(vec![(field, text)]));
    let twin = match member.key.value.as_str() {
        "environment" if value.as_array().is_some() => one("env", variables(value)?),
        "depends_on" if value.as_object().is_some() => one("dependencies", waits_for(value)?),
        "command" if object.get("cmd").is_none() => command(value, object),
        "healthcheck" => one("health_check", health_check(value.as_object()?)?),
        "expose" => {
            let fields = vec![("ports", exposed(value)?)];
            Some(Twin { is_off_host: true, ..Twin::of(fields) })
        }
        // A number keeps its form, so that only the name is replaced.
        _ if matches!(value.kind, Kind::Number(_)) => None,
        "stop_grace_period" | "terminationGracePeriodSeconds" | "kill_timeout" => {
            one("stop_timeout", seconds(value)?)
        }
        "interval" => one("interval_seconds", seconds(value)?),
        "timeout" => one("timeout_seconds", seconds(value)?),
        "start_period" => one("grace_period_seconds", seconds(value)?),
        "cpu" => one("cpus", cpus(value)?),
        "memory" => one("mem", megabytes(value)?),
        "storage" | "ephemeral-storage" => one("disk", megabytes(value)?),
        "limits" => shares(value.as_object()?),
        "requests" | "reservations" if object.get("limits").is_none() => shares(value.as_object()?),
        "imagePullPolicy" | "pull_policy" => one("force_pull_image", pulls(value)?.to_string()),
        "hostNetwork" if value.as_bool() == Some(true) => {
            one("network_mode", words::quoted("host"))
        }
        "volumeMounts" => mounts(value),
        "readOnly" | "read_only" => match value.as_bool()? {
            true => one("mode", words::quoted("RO")),
            false => one("mode", words::quoted("RW")),
        },
        _ => None,
    }?;
    // A field that is there already, or is misspelled beside it, is not set again.
    twin.fields.iter().all(|(field, _)| object.get(field).is_none()).then_some(twin)
}

impl Twin {
    fn of(fields: Vec<(&'static str, String)>) -> Twin {
        Twin { fields, mounted: Vec::new(), is_off_host: false }
    }

    /// The text that replaces the whole member in an object.
    pub fn text(&self, object: &Object) -> Option<String> {
        let separator = match object.form {
            Form::Flow => ", ".to_owned(),
            Form::Block { indent } => format!("\n{}", " ".repeat(indent.into())),
            Form::Irregular => return None,
        };
        let members: Vec<String> = self
            .fields
            .iter()
            .map(|(name, value)| format!("{}: {value}", words::quoted(name)))
            .collect();
        Some(members.join(&separator))
    }
}

/// A list of `NAME=value`, or of objects with `name` and `value`, as an object.
pub fn variables(list: &Node) -> Option<String> {
    let members: Option<Vec<String>> = list.as_array()?.iter().map(variable).collect();
    members.filter(|all| !all.is_empty()).map(|all| format!("{{ {} }}", all.join(", ")))
}

fn variable(item: &Node) -> Option<String> {
    if let Some(object) = item.as_object() {
        // `- NAME: value` of YAML is an object, too.
        let (name, value) = match &*object.members {
            [only] => (only.key.value.as_str(), &only.value),
            [_, _] => (object.get("name")?.as_str()?, object.get("value")?),
            _ => return None,
        };
        return Some(format!("{}: {}", words::quoted(name), words::quoted(&scalars::text(value)?)));
    }
    let (name, value) = item.as_str()?.split_once('=')?;
    Some(format!("{}: {}", words::quoted(name), words::quoted(value)))
}

/// The names of `depends_on` with conditions, all of which the language has: a dependency is healthy, or has
/// succeeded, before others start.
pub fn waits_for(value: &Node) -> Option<String> {
    let mut names = Vec::new();
    for member in &value.as_object()?.members {
        let condition = match &member.value.kind {
            Kind::Null => None,
            _ => member.value.as_object()?.get("condition"),
        };
        let known = ["service_started", "service_healthy", "service_completed_successfully"];
        let is_known = |node: &Node| node.as_str().is_some_and(|text| known.contains(&text));
        if !condition.is_none_or(is_known) {
            return None;
        }
        names.push(words::quoted(&member.key.value));
    }
    (!names.is_empty()).then(|| format!("[{}]", names.join(", ")))
}

/// `command` of Compose, arguments for the entrypoint of the image, or of Kubernetes, where it replaces the
/// entrypoint and has `args` beside it. A command line with operators is one for a shell.
fn command(value: &Node, object: &Object) -> Option<Twin> {
    let has_args = object.get("args").is_some();
    let one = |field, text| Some(Twin::of(vec![(field, text)]));
    match &value.kind {
        Kind::Array(items) if has_args => one("entrypoint", list(items)?),
        Kind::Array(items) => one("args", list(items)?),
        Kind::String(text) if object.get("entrypoint").is_some() || text.contains(' ') => {
            one("args", split(text)?)
        }
        _ => None,
    }
}

fn list(items: &[Node]) -> Option<String> {
    let words: Option<Vec<String>> =
        items.iter().map(|item| scalars::text(item).map(|text| words::quoted(&text))).collect();
    words.filter(|all| !all.is_empty()).map(|all| format!("[{}]", all.join(", ")))
}

/// The words of a command line as a list. `None` if it has something that only a shell understands.
pub fn split(text: &str) -> Option<String> {
    let words: Vec<String> = scalars::words(text)?.iter().map(|word| words::quoted(word)).collect();
    (!words.is_empty()).then(|| format!("[{}]", words.join(", ")))
}

/// `healthcheck` of Compose with its defaults, which are others than those of the language.
pub fn health_check(check: &Object) -> Option<String> {
    if check.get("disable").is_some() {
        return None;
    }
    let command = scalars::health_command(check.get("test")?)?;
    let mut members = vec![
        "\"protocol\": \"COMMAND\"".to_owned(),
        format!("\"command\": {}", words::quoted(&command)),
    ];
    for (name, field, default) in [
        ("interval", "interval_seconds", "30"),
        ("timeout", "timeout_seconds", "30"),
        ("start_period", "grace_period_seconds", "0"),
    ] {
        let value = match check.get(name) {
            Some(value) => seconds(value)?,
            None => default.to_owned(),
        };
        members.push(format!("\"{field}\": {value}"));
    }
    let retries = match check.get("retries") {
        Some(retries) => scalars::text(retries)?.parse::<u32>().ok()?.max(1),
        None => 3,
    };
    members.push(format!("\"max_consecutive_failures\": {retries}"));
    Some(format!("{{ {} }}", members.join(", ")))
}

/// Ports that are only for other containers.
fn exposed(value: &Node) -> Option<String> {
    let ports: Option<Vec<String>> = value
        .as_array()?
        .iter()
        .map(|item| {
            let port: u16 = scalars::text(item)?.parse().ok()?;
            Some(format!("{{ \"container_port\": {port}, \"internal\": true }}"))
        })
        .collect();
    ports.filter(|all| !all.is_empty()).map(|all| format!("[{}]", all.join(", ")))
}

fn seconds(value: &Node) -> Option<String> {
    match &value.kind {
        Kind::Number(_) => {
            value.as_i64().filter(|number| *number >= 0).map(|number| number.to_string())
        }
        Kind::String(text) => Some(units::whole_seconds(text)?.to_string()),
        _ => None,
    }
}

fn cpus(value: &Node) -> Option<String> {
    Some(units::cpus(&scalars::text(value)?)?.to_string())
}

/// A size with a unit; a number is left to its author, as it may be in any.
fn megabytes(value: &Node) -> Option<String> {
    Some(units::whole_megabytes(value.as_str()?)?.to_string())
}

/// `limits` or `requests` as fields of `resources`.
fn shares(values: &Object) -> Option<Twin> {
    let mut fields = Vec::new();
    for member in &values.members {
        fields.push(match member.key.value.as_str() {
            "cpu" | "cpus" => ("cpus", cpus(&member.value)?),
            "memory" => ("mem", megabytes(&member.value)?),
            "ephemeral-storage" => ("disk", megabytes(&member.value)?),
            "nvidia.com/gpu" => {
                ("gpu", scalars::text(&member.value)?.parse::<u32>().ok()?.to_string())
            }
            _ => return None,
        });
    }
    (!fields.is_empty()).then(|| Twin::of(fields))
}

fn pulls(value: &Node) -> Option<bool> {
    match value.as_str()?.to_ascii_lowercase().as_str() {
        "always" => Some(true),
        "ifnotpresent" | "if_not_present" | "missing" => Some(false),
        _ => None,
    }
}

/// `volumeMounts` of Kubernetes.
fn mounts(value: &Node) -> Option<Twin> {
    let mut mounts = Vec::new();
    let mut mounted = Vec::new();
    for item in value.as_array()? {
        let mount = item.as_object()?;
        let (name, path) = (mount.get("name")?.as_str()?, mount.get("mountPath")?.as_str()?);
        let known = ["name", "mountPath", "readOnly"];
        if !mount.members.iter().all(|member| known.contains(&member.key.value.as_str())) {
            return None;
        }
        let is_read_only = match mount.get("readOnly") {
            None => false,
            Some(value) => value.as_bool()?,
        };
        let volume = Volume { source: name, destination: path, is_persistent: true, is_read_only };
        mounts.push(volume.text());
        mounted.push(name.to_owned());
    }
    let fields = vec![("volumes", format!("[{}]", mounts.join(", ")))];
    (!mounts.is_empty()).then(|| Twin { mounted, ..Twin::of(fields) })
}
