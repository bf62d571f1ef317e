//! The tree to the model. A default gets the span of a required field of its object, such as
//! the id, so that a finding about it has a location.

use super::fields::{Fields, Value};
use super::{
    Appliance, Build, Container, DEFAULT_INTERVAL, File, HealthCheck, Hints, Job, Kind, Mount,
    NetworkMode, Port, Protocol, ProtocolKind, Resources, SecretFile, SecretValue, SecretVariable,
    Service, Timing, Transport, Volume, VolumeScope,
};
use ecow::EcoString;

use crate::source::{Span, Spanned};
use crate::syntax::{Kind as Tree, Member, Node};

/// The containers of an appliance, for [`read`] and [`container`].
pub fn containers(tree: &Node) -> &[Node] {
    Fields::of(Some(tree)).items("containers")
}

/// Removes the containers of an appliance from its tree.
pub fn take_containers(tree: &mut Node) -> Box<[Node]> {
    let Tree::Object(object) = &mut tree.kind else { return Box::default() };
    let found = object.members.iter_mut().find(|member| member.key.value == "containers");
    match found.map(|member| &mut member.value.kind) {
        Some(Tree::Array(items)) => std::mem::take(items),
        _ => Box::default(),
    }
}

/// Reads an appliance with these [containers]. `None` if the document is not an object, which the
/// schema check reports.
pub fn read<'t>(tree: &'t Node, containers: &[Node]) -> Option<Appliance<'t>> {
    let object = tree.as_object()?;
    let fields = Fields(Some(object));
    let span = Span::at(tree.span.start as usize);
    let persistence = fields.object("data_persistence");
    let volume_type = persistence.get("volume_type");
    let mut ids = Vec::with_capacity(containers.len());
    ids.extend(containers.iter().filter_map(id));
    let volumes: Vec<_> =
        persistence.items("volumes").iter().map(|node| volume(node, volume_type)).collect();
    let complete = !object.damaged
        && fields.node("containers").is_none_or(|node| node.as_array().is_some())
        && ids.len() == containers.len()
        && volumes.iter().all(Option::is_some);
    Some(Appliance {
        id: fields.or("id", "", span),
        ids,
        volumes: volumes.into_iter().flatten().collect(),
        ids_complete: complete,
    })
}

/// The id of a container.
fn id(container: &Node) -> Option<Spanned<EcoString>> {
    let node = container.as_object()?.get("id")?;
    match &node.kind {
        Tree::String(id) => Some(Spanned::new(id.clone(), node.span)),
        _ => None,
    }
}

/// Whether an unknown field of a container may be its `volumes`, by the names that other languages have for them.
fn may_be_mounts(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key != "volumes" && ["volume", "mount", "storage"].iter().any(|word| key.contains(word))
}

/// Reads a container. `None` if it has no id.
pub fn container(node: &Node) -> Option<Container<'_>> {
    let object = node.as_object()?;
    let fields = Fields(Some(object));
    let id: Spanned<&str> = fields.get("id")?;
    let span = id.span;
    let written: Spanned<&str> = fields.or("type", "service", span);
    let volumes: Vec<_> = fields.items("volumes").iter().filter_map(mount).collect();
    let kind = match written.value {
        "job" => Kind::Job(job(fields, span)),
        _ => Kind::Service(service(fields, span)),
    };
    Some(Container {
        kind,
        kind_span: written.span,
        image: fields.or("image", "", span),
        resources: resources(fields.object("resources"), span),
        instances: fields.or("instances", 1, span),
        cmd: fields.node("cmd").filter(|node| node.as_str().is_some()),
        args: fields.items("args"),
        entrypoint: fields.items("entrypoint"),
        user: fields.node("user"),
        working_dir: fields.get("working_dir"),
        stop_timeout: fields.get("stop_timeout"),
        labels: fields.object("labels").0.map_or(&[], |object| &object.members),
        build: build(fields.object("build")),
        files: fields.items("files").iter().filter_map(file).collect(),
        env: fields.object("env").0.map_or(&[], |object| &object.members),
        secret_env: secret_env(fields),
        secret_files: fields.items("secret_files").iter().filter_map(secret_file).collect(),
        volumes_complete: !object.damaged
            && fields.node("volumes").is_none_or(|node| node.as_array().is_some())
            && fields.items("volumes").len() == volumes.len()
            && !object.members.iter().any(|member| may_be_mounts(&member.key.value)),
        volumes,
        network_mode: fields.or("network_mode", NetworkMode::Host, span),
        ports: fields.items("ports").iter().filter_map(port).collect(),
        is_privileged: fields.or("is_privileged", false, span),
        force_pull_image: fields.or("force_pull_image", true, span),
        dependencies: strings(fields.items("dependencies")),
        hints: hints(fields),
        id,
    })
}

fn service<'t>(fields: Fields<'t>, span: Span) -> Service<'t> {
    let default: Spanned<bool> = fields.or("default_health_check", false, span);
    Service {
        health_check: health_check(fields),
        default_health_check: default.value.then_some(default.span),
        minimum_capacity: fields.or("minimum_capacity", 0.0, span),
    }
}

fn job<'t>(fields: Fields<'t>, span: Span) -> Job<'t> {
    Job {
        retries: fields.or("retries", 1, span),
        repeats: fields.or("repeats", 1, span),
        start_time: fields.get("start_time").filter(|time: &Spanned<&str>| !time.value.is_empty()),
        interval: fields.or("interval", DEFAULT_INTERVAL, span),
        schedule: fields.get("schedule"),
        time_zone: fields.get("time_zone"),
    }
}

fn resources(fields: Fields<'_>, span: Span) -> Resources {
    let gpu = fields.get("gpu").or_else(|| fields.get("gpus"));
    Resources {
        cpus: fields.or("cpus", 0.0, span),
        mem: fields.or("mem", 0, span),
        disk: fields.or("disk", 0, span),
        gpu: gpu.unwrap_or(Spanned::new(0, span)),
    }
}

fn strings(items: &[Node]) -> Vec<Spanned<&str>> {
    items.iter().filter_map(|item| Some(Spanned::new(item.as_str()?, item.span))).collect()
}

fn port(node: &Node) -> Option<Port> {
    let fields = Fields::of(Some(node));
    let container_port: Spanned<u16> = fields.get("container_port")?;
    let span = container_port.span;
    Some(Port {
        host_port: fields.or("host_port", 0, span),
        transport: fields.or("protocol", Transport::Tcp, span),
        name: fields.get("name"),
        internal: fields.or("internal", false, span),
        container_port,
    })
}

fn build(fields: Fields<'_>) -> Option<Build<'_>> {
    Some(Build {
        context: fields.get("context")?,
        dockerfile: fields.get("dockerfile"),
        args: fields.object("args").0.map_or(&[], |object| &object.members),
        target: fields.get("target"),
    })
}

fn file(node: &Node) -> Option<File<'_>> {
    let fields = Fields::of(Some(node));
    let dest: Spanned<&str> = fields.get("dest")?;
    Some(File {
        content: fields.node("content").filter(|node| node.as_str().is_some()),
        source: fields.get("source"),
        mode: fields.or("mode", "0644", dest.span),
        dest,
    })
}

fn secret_env<'t>(fields: Fields<'t>) -> Vec<SecretVariable<'t>> {
    let members = fields.object("secret_env").0.map_or(&[][..], |object| &object.members);
    let variable = |Member { key, value }: &'t Member| {
        Some(SecretVariable { name: key, value: secret_value(Fields::of(Some(value)))? })
    };
    members.iter().filter_map(variable).collect()
}

fn secret_value(fields: Fields<'_>) -> Option<SecretValue<'_>> {
    Some(SecretValue { secret: fields.get("secret")?, key: fields.get("key")? })
}

fn secret_file(node: &Node) -> Option<SecretFile<'_>> {
    let fields = Fields::of(Some(node));
    let dest: Spanned<&str> = fields.get("dest")?;
    let value = secret_value(fields)?;
    Some(SecretFile { mode: fields.or("mode", "0444", dest.span), value, dest })
}

fn mount(node: &Node) -> Option<Mount<'_>> {
    let fields = Fields::of(Some(node));
    let old = fields.node("host_path").is_some();
    let (src, dest) = if old { ("host_path", "container_path") } else { ("src", "dest") };
    let dest: Spanned<&str> = fields.get(dest)?;
    let kind = fields.get::<&str>("type").map_or("persistent", |kind| kind.value);
    // The schema check reports any other type.
    if !["host", "persistent"].iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return None;
    }
    let mode: Spanned<&str> = fields.or("mode", "RW", dest.span);
    Some(Mount {
        src: fields.get(src)?,
        is_host: old || kind.eq_ignore_ascii_case("host"),
        read_only: Spanned::new(mode.value.eq_ignore_ascii_case("RO"), mode.span),
        dest,
    })
}

fn volume<'t>(node: &'t Node, volume_type: Option<Spanned<&'t str>>) -> Option<Volume<'t>> {
    let fields = Fields::of(Some(node));
    let id: Spanned<&str> = fields.get("id")?;
    Some(Volume {
        scope: fields.or("scope", VolumeScope::Local, id.span),
        volume_type,
        size: fields.get("size"),
        hints: hints(fields),
        id,
    })
}

fn hints(fields: Fields<'_>) -> Hints {
    let node = fields.node("schedule_hints").or_else(|| fields.node("user_schedule_hints"));
    let hints = Fields::of(node);
    let placement = hints.object("placement");
    Hints {
        cloud: placement.get("cloud"),
        region: placement.get("region"),
        zone: placement.get("zone"),
        host: placement.get("host"),
        preemptible: hints.get("preemptible"),
    }
}

fn health_check(service: Fields<'_>) -> Option<HealthCheck<'_>> {
    // The key, because the object may span many lines.
    let span = service.key("health_check")?;
    let fields = Fields(Some(service.node("health_check")?.as_object()?));
    // Without `protocol` these are errors, and what is checked in place of a port is known.
    let is_command = || ["command", "test", "exec"].iter().any(|name| fields.node(name).is_some());
    if fields.node("protocol").is_none() && is_command() {
        return None;
    }
    let default = Protocol { kind: ProtocolKind::Tcp, mesos: true };
    let defaults = Timing::default_at(span);
    let number = |name, default| fields.get(name).unwrap_or(default);
    Some(HealthCheck {
        span,
        protocol: fields.or("protocol", default, span),
        path: fields.or("path", "/", span),
        port_index: fields.or("port_index", 0, span),
        command: fields.node("command").filter(|node| node.as_str().is_some()),
        timing: Timing {
            interval: number("interval_seconds", defaults.interval),
            timeout: number("timeout_seconds", defaults.timeout),
            max_failures: number("max_consecutive_failures", defaults.max_failures),
            grace: number("grace_period_seconds", defaults.grace),
        },
    })
}

impl<'t> Value<'t> for Protocol {
    fn from_node(node: &'t Node) -> Option<Self> {
        let word = node.as_str()?.to_ascii_lowercase();
        Some(Protocol { kind: ProtocolKind::from_node(node)?, mesos: word.starts_with("mesos_") })
    }
}
