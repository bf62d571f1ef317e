//! Containers to services.

use crate::diag::{Diagnostic, codes};
use crate::plan::{
    Command, Container, ContainerId, Dependency, EnvVar, Job, Kind, NetworkMode, Plan, Repeats,
    Resources, Service, Text,
};
use crate::source::Spanned;
use crate::targets::{Options, names};

use super::instances::Split;
use super::network::Network;
use super::{NAME, escaped, health, model, volumes};

/// The shares of one CPU: Docker's own default for a container, and what PIVOT's engine
/// gave for one CPU.
const SHARES_OF_A_CPU: f64 = 1024.0;

/// What runc takes; the engine and Compose let other values pass, and the container then
/// does not start.
const LEAST_SHARES: f64 = 2.0;
const MOST_SHARES: f64 = 262_144.0;

/// The least memory, in MB, that the engine takes.
const LEAST_MEMORY: u64 = 6;

/// The option that names the device driver of GPUs.
pub const GPU_DRIVER: &str = "gpu-driver";

/// What a container is lowered in.
pub struct Context<'a> {
    /// The appliance.
    pub plan: &'a Plan,
    /// The host's ports, and the ways between containers.
    pub network: &'a Network<'a>,
    /// The containers that become several services.
    pub split: &'a Split,
    /// The target's options.
    pub options: &'a Options,
    /// The container.
    pub id: ContainerId,
}

impl Context<'_> {
    /// A string of the container as Compose is to read it.
    pub fn text(&self, text: &Text) -> String {
        // An address has only letters, digits, hyphens and a colon: nothing to escape.
        text.spell(escaped, |reference| self.network.address(self.id, reference))
    }
}

/// Checks that the names made from ids can be those of services: Compose takes every letter,
/// digit and hyphen, but the engine's DNS finds no name that is longer than a DNS label.
pub fn check_names(names: Vec<(&Spanned<String>, String)>, diagnostics: &mut Vec<Diagnostic>) {
    names::check(NAME, "service", names::MAX_LABEL, names, diagnostics);
}

/// Lowers a container to its service, or to a service for each of its instances, which then
/// answer together to its id.
pub fn services(
    context: &Context<'_>,
    container: &Container,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<model::Service> {
    let service = service(context, container, diagnostics);
    let names = context.split.names(context.id, container);
    if names.len() == 1 {
        return vec![service];
    }
    // Containers in the host's network have no names to answer to.
    let alias = service.network_mode.is_none().then(|| service.name.clone());
    let single = model::Service { alias, replicas: None, ..service };
    names.into_iter().map(|name| model::Service { name, ..single.clone() }).collect()
}

fn service(
    context: &Context<'_>,
    container: &Container,
    diagnostics: &mut Vec<Diagnostic>,
) -> model::Service {
    // Placement and preemptible are reported from the table; levels and referrers follow
    // from what Compose and `Network` work out.
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
            let check = health.as_ref().map(|h| health::check(context, container, h, diagnostics));
            (check, "unless-stopped".to_owned(), false)
        }
        Kind::Job(job) => (None, restart(job), runs_never(job, diagnostics)),
    };
    let copies = if never { 0 } else { instances.value };
    model::Service {
        name: id.value.clone(),
        image: escaped(&image.value),
        pull_policy: force_pull.value.then_some("always"),
        entrypoint,
        command,
        environment: env.iter().map(|var| variable(context, var, diagnostics)).collect(),
        network_mode: (network.value == NetworkMode::Host).then_some("host"),
        alias: None,
        extra_hosts: context.network.extra_hosts(container),
        ports: context.network.published(context.id).to_vec(),
        volumes: mounts
            .iter()
            .filter_map(|mount| volumes::mount(mount, context.plan, diagnostics))
            .collect(),
        privileged: privileged.value,
        depends_on: dependencies.iter().flat_map(|on| dependency(context, on)).collect(),
        healthcheck,
        restart,
        cpu_shares: cpu_shares(cpus, diagnostics),
        memory: memory(mem, diagnostics),
        replicas: (copies != 1).then_some(copies),
        gpus: (gpu.value > 0).then(|| model::Gpus {
            driver: escaped(context.options.text(GPU_DRIVER)),
            count: gpu.value,
        }),
    }
}

/// `NAME=value`, as an item of a list: in a mapping Compose takes a name that starts with
/// `x-` for an extension of its own, and the variable is lost.
fn variable(context: &Context<'_>, variable: &EnvVar, diagnostics: &mut Vec<Diagnostic>) -> String {
    let EnvVar { name, value } = variable;
    if name.value.ends_with(char::is_whitespace) {
        let message = format!("{NAME}: the name of a variable cannot end in white space");
        diagnostics.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message));
    }
    format!("{}={}", escaped(&name.value), context.text(value))
}

/// What is waited for, and what it has to reach before the container is started.
fn dependency(context: &Context<'_>, dependency: &Dependency) -> Vec<model::Dependency> {
    let Dependency { on: id, span: _ } = dependency;
    let Some(on) = context.plan.containers.get(*id) else { return Vec::new() };
    let condition = match &on.kind {
        Kind::Job(_) => "service_completed_successfully",
        Kind::Service(Service { health: Some(_), .. }) => "service_healthy",
        // Compose refuses to wait for the health of what has no health check.
        Kind::Service(Service { health: None, .. }) => "service_started",
    };
    let names = context.split.names(*id, on).into_iter();
    names.map(|on| model::Dependency { on, condition }).collect()
}

/// The restart policy of a job. One that is restarted after success never completes for
/// those that wait for it.
fn restart(job: &Job) -> String {
    match job.retries.value {
        0 => "no".to_owned(),
        retries => format!("on-failure:{retries}"),
    }
}

/// Whether a job is not to run at all. Compose has no schedules: one that repeats runs once.
fn runs_never(job: &Job, diagnostics: &mut Vec<Diagnostic>) -> bool {
    // The start is reported from the table, and the interval means nothing without repeats.
    let Job { retries: _, repeats, start: _, interval: _ } = job;
    match repeats.value {
        Repeats::Times(0) => true,
        Repeats::Times(1) => false,
        Repeats::Times(_) | Repeats::Forever => {
            let message = format!("{NAME}: there is no schedule: the job runs once, at `up`");
            diagnostics.push(
                Diagnostic::new(&codes::APPROXIMATED, repeats.span, message)
                    .help("let a scheduler of the machine run `docker compose up` for it"),
            );
            false
        }
    }
}

/// CPUs as shares: how the machine is divided when its CPUs are all busy.
fn cpu_shares(cpus: &Spanned<f64>, diagnostics: &mut Vec<Diagnostic>) -> u64 {
    let shares = (cpus.value * SHARES_OF_A_CPU).round();
    let kept = shares.clamp(LEAST_SHARES, MOST_SHARES);
    if kept != shares {
        let message = format!(
            "{NAME}: {} CPUs become {} CPU shares, the {} there is",
            cpus.value,
            kept,
            if kept > shares { "least" } else { "most" }
        );
        diagnostics.push(Diagnostic::new(&codes::APPROXIMATED, cpus.span, message));
    }
    // Inside of the range that it was clamped to, so nothing is cut off.
    kept as u64
}

/// A limit of memory. `M` is 1,024 times 1,024 bytes to Compose, as MB is to Mesos.
fn memory(megabytes: &Spanned<u64>, diagnostics: &mut Vec<Diagnostic>) -> String {
    if megabytes.value < LEAST_MEMORY {
        let message =
            format!("{NAME}: the engine gives no container less than {LEAST_MEMORY} MB of memory");
        diagnostics.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, megabytes.span, message));
    }
    format!("{}M", megabytes.value)
}
