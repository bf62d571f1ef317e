//! Containers as services.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{
    Command, Container, Dependency, EnvVar, Job, Kind, NetworkMode, Repeats, Resources, Service,
};
use crate::source::Spanned;
use crate::targets::names;

use super::context::Context;
use super::options::GPU_DRIVER;
use super::{escaped, health, model, volumes};

/// CPU shares of one CPU: Docker's default for a container, and what PIVOT's engine assigned to
/// one CPU.
const SHARES_PER_CPU: f64 = 1024.0;

/// The range that runc accepts. The engine and Compose accept other values, but the container
/// then does not start.
const MIN_SHARES: f64 = 2.0;
const MAX_SHARES: f64 = 262_144.0;

/// Minimum memory of a container in MB, enforced by the engine.
const MIN_MEMORY: u64 = 6;

/// Checks that the names made from ids are valid service names. Compose accepts every letter,
/// digit and hyphen, but the engine's DNS does not resolve names longer than a DNS label.
pub fn check_names(names: Vec<(&Spanned<String>, String)>, findings: &mut Findings) {
    names::check("service", names::MAX_LABEL, names, findings);
}

/// Lowers a container to a service, or to one service for each of its instances; these share
/// the container's id as a network alias.
pub fn services(
    context: &Context<'_>,
    container: &Container,
    findings: &mut Findings,
) -> Vec<model::Service> {
    let service = service(context, container, findings);
    let names = context.split.names(context.id, container);
    if names.len() == 1 {
        return vec![service];
    }
    // Containers on the host network have no network aliases.
    let alias = service.network_mode.is_none().then(|| service.name.clone());
    let single = model::Service { alias, replicas: None, ..service };
    names.into_iter().map(|name| model::Service { name, ..single.clone() }).collect()
}

fn service(
    context: &Context<'_>,
    container: &Container,
    findings: &mut Findings,
) -> model::Service {
    // Placement and `preemptible` are reported from the capability table. Compose derives the
    // start order, and `Network` handles ports and referrers.
    let Container {
        id,
        kind,
        image,
        resources,
        instances,
        command,
        env,
        mounts,
        network,
        ports: _,
        privileged,
        force_pull,
        dependencies,
        placement: _,
        preemptible: _,
        level: _,
        referrers: _,
    } = container;
    let Resources { cpus, mem, disk: _, gpu } = resources;
    let (entrypoint, command) = match command {
        Command::Shell(script) => (Some(["/bin/sh", "-c"]), vec![context.text(script)]),
        Command::Image(args) => (None, args.iter().map(|arg| context.text(arg)).collect()),
    };
    let (healthcheck, restart, never) = match kind {
        Kind::Service(Service { health, minimum_capacity: _ }) => {
            let check = health.as_ref().map(|h| health::check(context, container, h, findings));
            (check, "unless-stopped".to_owned(), false)
        }
        Kind::Job(job) => (None, restart(job), never_runs(job, findings)),
    };
    let copies = if never { 0 } else { instances.value };
    model::Service {
        name: id.value.clone(),
        image: escaped(&image.value),
        pull_policy: force_pull.value.then_some("always"),
        entrypoint,
        command,
        environment: env.iter().map(|var| variable(context, var, findings)).collect(),
        network_mode: (network.value == NetworkMode::Host).then_some("host"),
        alias: None,
        extra_hosts: context.network.extra_hosts(container),
        ports: context.network.published(context.id).to_vec(),
        volumes: mounts
            .iter()
            .filter_map(|mount| volumes::mount(mount, context.plan, findings))
            .collect(),
        privileged: privileged.value,
        depends_on: dependencies.iter().flat_map(|on| dependency(context, on)).collect(),
        healthcheck,
        restart,
        cpu_shares: cpu_shares(cpus, findings),
        memory: memory(mem, findings),
        replicas: (copies != 1).then_some(copies),
        gpus: (gpu.value > 0).then(|| model::Gpus {
            driver: escaped(context.options.text(GPU_DRIVER)),
            count: gpu.value,
        }),
    }
}

/// `NAME=value`, as an item of a list: in a mapping, Compose treats a name that starts with
/// `x-` as an extension and drops the variable.
fn variable(context: &Context<'_>, variable: &EnvVar, findings: &mut Findings) -> String {
    let EnvVar { name, value } = variable;
    if name.value.ends_with(char::is_whitespace) {
        let message = "the name of an environment variable cannot end in whitespace".to_string();
        findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message));
    }
    format!("{}={}", escaped(&name.value), context.text(value))
}

/// The services to wait for, and the condition that each must reach before the container
/// starts.
fn dependency(context: &Context<'_>, dependency: &Dependency) -> Vec<model::Dependency> {
    let Dependency { on: id, span: _ } = dependency;
    let Some(on) = context.plan.containers.get(*id) else { return Vec::new() };
    let condition = match &on.kind {
        Kind::Job(_) => "service_completed_successfully",
        Kind::Service(Service { health: Some(_), .. }) => "service_healthy",
        // Compose rejects `service_healthy` for a service without a health check.
        Kind::Service(Service { health: None, .. }) => "service_started",
    };
    let names = context.split.names(*id, on).into_iter();
    names.map(|on| model::Dependency { on, condition }).collect()
}

/// The restart policy of a job. A job that is restarted after success never completes for its
/// dependents.
fn restart(job: &Job) -> String {
    match job.retries.value {
        0 => "no".to_owned(),
        retries => format!("on-failure:{retries}"),
    }
}

/// Whether a job never runs. Compose has no schedules: a repeating job runs once.
fn never_runs(job: &Job, findings: &mut Findings) -> bool {
    // The start time is reported from the capability table; the interval has no effect without
    // repeats.
    let Job { retries: _, repeats, start: _, interval: _ } = job;
    match repeats.value {
        Repeats::Times(0) => true,
        Repeats::Times(1) => false,
        Repeats::Times(_) | Repeats::Forever => {
            let message = "Compose has no schedules: the job runs once, at `up`".to_string();
            findings.push(
                Diagnostic::new(&codes::APPROXIMATED, repeats.span, message)
                    .help("run `docker compose up` from a scheduler on the machine, such as cron"),
            );
            false
        }
    }
}

/// CPUs as CPU shares, which divide the machine when all its CPUs are busy.
fn cpu_shares(cpus: &Spanned<f64>, findings: &mut Findings) -> u64 {
    let shares = (cpus.value * SHARES_PER_CPU).round();
    let kept = shares.clamp(MIN_SHARES, MAX_SHARES);
    if kept != shares {
        let message = format!(
            "{} CPUs become {} CPU shares, the {}",
            cpus.value,
            kept,
            if kept > shares { "minimum" } else { "maximum" }
        );
        findings.push(Diagnostic::new(&codes::APPROXIMATED, cpus.span, message));
    }
    // The value is clamped to a range in which the cast is exact.
    kept as u64
}

/// A memory limit. `M` is 1,024 times 1,024 bytes in Compose, as MB is in Mesos.
fn memory(megabytes: &Spanned<u64>, findings: &mut Findings) -> String {
    if megabytes.value < MIN_MEMORY {
        let message =
            format!("the engine requires at least {MIN_MEMORY} MB of memory for a container");
        findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, megabytes.span, message));
    }
    format!("{}M", megabytes.value)
}
