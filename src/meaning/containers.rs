//! The facts of containers. Structs of the plan are taken apart completely, so that a new field does not compile
//! until it is compared.

use super::change::Value;
use super::fact::Facts;
use super::text::{is_secret, listed, text};
use super::volumes::{PlaceFields, add_place};
use crate::plan::{
    Build, BuildArgument, Command, Container, Content, EnvVar, Extras, File, HealthCheck, Job,
    Kind, Label, Mount, MountSource, NetworkMode, Plan, Port, Probe, Program, ProtocolKind,
    Repeats, Resources, Schedule, SecretFile, SecretValue, SecretVariable, Service, Text, Timing,
};
use crate::source::Span;

const PLACE: PlaceFields = PlaceFields {
    cloud: "containers[].schedule_hints.placement.cloud",
    region: "containers[].schedule_hints.placement.region",
    zone: "containers[].schedule_hints.placement.zone",
    host: "containers[].schedule_hints.placement.host",
    preemptible: "containers[].schedule_hints.preemptible",
};

/// Adds the facts of a container. The first one says what it is.
pub fn add(plan: &Plan, container: &Container, facts: &mut Facts) {
    let Container {
        id: _,
        kind,
        kind_span,
        image,
        resources,
        instances,
        command,
        extras: _,
        env,
        mounts,
        network,
        ports,
        privileged,
        force_pull,
        dependencies,
        placement,
        preemptible,
        // Derived from the rest.
        level: _,
        referrers: _,
    } = container;
    let name = match kind {
        Kind::Service(_) => "service",
        Kind::Job(_) => "job",
    };
    facts.add("containers[].type", name.to_owned(), *kind_span);
    facts.add("containers[].image", image.value.to_string(), image.span);
    facts.add("containers[].instances", instances.value.to_string(), instances.span);
    add_resources(resources, facts);
    add_command(plan, container, command, facts);
    add_extras(plan, container.extras(), facts);
    for EnvVar { name, value } in env {
        let shown = text(plan, value);
        let is_hidden = is_secret(&name.value, &shown);
        let value_of = if is_hidden { Value::Hidden(shown) } else { Value::Shown(shown) };
        facts.entry("containers[].env", name.value.clone(), value_of, value.span);
    }
    for mount in mounts {
        add_mount(plan, mount, facts);
    }
    let mode = match network.value {
        NetworkMode::Host => "host",
        NetworkMode::Bridge => "bridge",
        NetworkMode::Container => "container",
    };
    facts.add("containers[].network_mode", mode.to_owned(), network.span);
    for port in ports {
        add_port(port, facts);
    }
    facts.add("containers[].is_privileged", privileged.value.to_string(), privileged.span);
    facts.add("containers[].force_pull_image", force_pull.value.to_string(), force_pull.span);
    for dependency in dependencies {
        let on = plan.container_id(dependency.on);
        facts.entry("containers[].dependencies", on, String::new(), dependency.span);
    }
    add_place(placement.as_deref(), preemptible.as_ref(), &PLACE, facts);
    match kind {
        Kind::Service(service) => add_service(plan, container, service, facts),
        Kind::Job(job) => add_job(container, job, facts),
    }
}

fn add_resources(resources: &Resources, facts: &mut Facts) {
    let Resources { cpus, mem, disk, gpu } = resources;
    facts.add("containers[].resources.cpus", cpus.value.to_string(), cpus.span);
    facts.add("containers[].resources.mem", format!("{} MB", mem.value), mem.span);
    facts.add("containers[].resources.disk", format!("{} MB", disk.value), disk.span);
    facts.add("containers[].resources.gpu", gpu.value.to_string(), gpu.span);
}

fn add_command(plan: &Plan, container: &Container, command: &Command, facts: &mut Facts) {
    let mut list = |field, texts: &[Text]| {
        let Some(first) = texts.first() else { return };
        let last = texts.last().unwrap_or(first);
        let words: Vec<String> = texts.iter().map(|one| text(plan, one)).collect();
        let joined = listed(&words);
        let hides = words.iter().any(|word| is_secret("", word))
            || words.windows(2).any(|pair| match pair {
                [option, value] => {
                    option.starts_with('-') && is_secret(option.trim_start_matches('-'), value)
                }
                _ => false,
            });
        let value = if hides { Value::Hidden(joined) } else { Value::Shown(joined) };
        facts.add(field, value, first.span.to(last.span));
    };
    match command {
        Command::Image(args) => list("containers[].args", args),
        Command::Shell(script) => {
            let shown = text(plan, script);
            let value = match is_secret("", &shown) {
                true => Value::Hidden(shown),
                false => Value::Shown(shown),
            };
            let span = if script.span == Span::default() { container.id.span } else { script.span };
            facts.add("containers[].cmd", value, span);
        }
        Command::Program(program) => {
            let Program { entrypoint, args } = &**program;
            list("containers[].entrypoint", entrypoint);
            list("containers[].args", args);
        }
    }
}

fn add_extras(plan: &Plan, extras: &Extras, facts: &mut Facts) {
    let Extras { user, working_dir, stop_timeout, labels, build, files, secret_env, secret_files } =
        extras;
    facts.maybe("containers[].user", user.as_ref());
    facts.maybe("containers[].working_dir", working_dir.as_ref());
    if let Some(timeout) = stop_timeout {
        facts.add("containers[].stop_timeout", format!("{} s", timeout.value), timeout.span);
    }
    for Label { name, value } in labels {
        let shown = named(&name.value, value.value.to_string());
        facts.entry("containers[].labels", name.value.clone(), shown, value.span);
    }
    if let Some(build) = build {
        add_build(build, facts);
    }
    for File { dest, source, content, mode } in files {
        let key = &dest.value;
        let content = match content {
            Content::Text(content) => text(plan, content).into_bytes(),
            Content::Bytes(bytes) => bytes.to_vec(),
            Content::Unread => Vec::new(),
        };
        let size = format!("{} bytes", content.len());
        let content = Value::Content(content, size);
        facts.entry("containers[].files[].content", key.clone(), content, dest.span);
        if let Some(source) = source {
            let path = source.value.to_string();
            facts.entry("containers[].files[].source", key.clone(), path, source.span);
        }
        let octal = format!("{:04o}", mode.value);
        facts.part("containers[].files[].mode", key.clone(), octal, "0644", mode.span);
    }
    for SecretVariable { name, value } in secret_env {
        facts.entry(
            "containers[].secret_env",
            name.value.clone(),
            secret(value),
            value.secret.span,
        );
    }
    for SecretFile { dest, value, mode } in secret_files {
        let key = &dest.value;
        facts.entry("containers[].secret_files[]", key.clone(), secret(value), value.secret.span);
        let octal = format!("{:04o}", mode.value);
        facts.part("containers[].secret_files[].mode", key.clone(), octal, "0444", mode.span);
    }
}

/// Where a value is in the secret store. The value itself is never known.
fn secret(value: &SecretValue) -> String {
    let SecretValue { secret, key } = value;
    format!("{} of secret {}", key.value, secret.value)
}

/// A value with a name, hidden if it may be a secret.
fn named(name: &str, value: String) -> Value {
    if is_secret(name, &value) { Value::Hidden(value) } else { Value::Shown(value) }
}

fn add_build(build: &Build, facts: &mut Facts) {
    let Build { context, dockerfile, args, target } = build;
    facts.add("containers[].build.context", context.value.to_string(), context.span);
    facts.maybe("containers[].build.dockerfile", dockerfile.as_ref());
    for BuildArgument { name, value } in args {
        let shown = named(&name.value, value.value.to_string());
        facts.entry("containers[].build.args", name.value.clone(), shown, value.span);
    }
    facts.maybe("containers[].build.target", target.as_ref());
}

fn add_mount(plan: &Plan, mount: &Mount, facts: &mut Facts) {
    let Mount { source, target, read_only } = mount;
    let (what, span) = match source {
        MountSource::Host(path) => (format!("path {}", path.value), path.span),
        MountSource::Persistent(volume) => {
            let id = plan.volumes.get(volume.value).map_or("", |volume| volume.id.value.as_str());
            (format!("volume {id}"), volume.span)
        }
    };
    let key = &target.value;
    facts.entry("containers[].volumes[]", key.clone(), what, span);
    let mode = if read_only.value { "RO" } else { "RW" };
    facts.part("containers[].volumes[].mode", key.clone(), mode.to_owned(), "RW", read_only.span);
}

/// The number of a port, with its protocol unless that is TCP.
fn port_name(port: &Port) -> String {
    match port.transport.value {
        crate::plan::Transport::Tcp => port.container_port.value.to_string(),
        other => format!("{}/{}", port.container_port.value, other.name()),
    }
}

fn add_port(port: &Port, facts: &mut Facts) {
    // The protocol is a part of the key.
    let Port { container_port, host_port, transport: _, name, internal } = port;
    let key = port_name(port);
    let reach = if internal.value { "internal" } else { "published" };
    facts.entry("containers[].ports[]", key.clone(), reach.to_owned(), container_port.span);
    let host = match host_port.value {
        0 => "any".to_owned(),
        port => port.to_string(),
    };
    facts.part("containers[].ports[].host_port", key.clone(), host, "any", host_port.span);
    if let Some(name) = name {
        facts.entry("containers[].ports[].name", key, name.value.to_string(), name.span);
    }
}

fn add_service(plan: &Plan, container: &Container, service: &Service, facts: &mut Facts) {
    let Service { health, minimum_capacity } = service;
    let (share, span) = (minimum_capacity.value.to_string(), minimum_capacity.span);
    facts.optional("containers[].minimum_capacity", share, "0", span);
    if let Some(health) = health {
        add_health(plan, container, health, facts);
    }
}

fn add_health(plan: &Plan, container: &Container, health: &HealthCheck, facts: &mut Facts) {
    // What requests it does not matter.
    let HealthCheck { span, is_default: _, protocol, probe, timing } = health;
    let prefix = if protocol.value.mesos { "MESOS_" } else { "" };
    let kind = match protocol.value.kind {
        ProtocolKind::Http => "HTTP",
        ProtocolKind::Https => "HTTPS",
        ProtocolKind::Tcp => "TCP",
        ProtocolKind::Command => "COMMAND",
    };
    facts.add("containers[].health_check.protocol", format!("{prefix}{kind}"), protocol.span);
    let port = |index: usize| container.ports.get(index).map(port_name).unwrap_or_default();
    match probe {
        Probe::Http { tls: _, path, port: index } => {
            facts.add("containers[].health_check.path", path.value.to_string(), path.span);
            facts.add("containers[].health_check.port_index", port(index.value), index.span);
        }
        Probe::Tcp { port: index } => {
            facts.add("containers[].health_check.port_index", port(index.value), index.span);
        }
        Probe::Command(command) => {
            let shown = text(plan, command);
            let value =
                if is_secret("", &shown) { Value::Hidden(shown) } else { Value::Shown(shown) };
            facts.add("containers[].health_check.command", value, command.span);
        }
    }
    let Timing { interval, timeout, max_failures, grace } = timing;
    let seconds = |value: u32| format!("{value} s");
    // The protocol stands for all of a check that is added with the usual times.
    let mut add = |field, value: String, absent, at: Span| {
        facts.optional(field, value, absent, if at == Span::default() { *span } else { at });
    };
    add(
        "containers[].health_check.interval_seconds",
        seconds(interval.value),
        "60 s",
        interval.span,
    );
    add("containers[].health_check.timeout_seconds", seconds(timeout.value), "20 s", timeout.span);
    let failures = max_failures.value.to_string();
    add("containers[].health_check.max_consecutive_failures", failures, "3", max_failures.span);
    add(
        "containers[].health_check.grace_period_seconds",
        seconds(grace.value),
        "300 s",
        grace.span,
    );
}

fn add_job(container: &Container, job: &Job, facts: &mut Facts) {
    let Job { retries, repeats, start, interval, schedule } = job;
    facts.optional("containers[].retries", retries.value.to_string(), "1", retries.span);
    if schedule.is_none() {
        let runs = match repeats.value {
            Repeats::Times(runs) => runs.to_string(),
            Repeats::Forever => "unlimited".to_owned(),
        };
        facts.optional("containers[].repeats", runs, "1", repeats.span);
        if job.is_repeating() {
            facts.add("containers[].interval", interval.value.text.to_string(), interval.span);
        }
    }
    if let Some(start) = start {
        facts.add("containers[].start_time", start.value.text.to_string(), start.span);
    }
    if let Some(schedule) = schedule {
        let Schedule { cron, time_zone } = schedule;
        facts.add("containers[].schedule", cron.value.text.to_string(), cron.span);
        let span = time_zone.as_ref().map_or(container.id.span, |zone| zone.span);
        facts.optional("containers[].time_zone", schedule.zone().to_owned(), "UTC", span);
    }
}
