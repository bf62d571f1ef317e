//! Containers as services.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{
    Command, Container, Dependency, EnvVar, Extras, Job, Kind, Label, NetworkMode, Repeats,
    Resources, Schedule, Service, Text,
};
use crate::render::{Composed, Origin, Traced};
use crate::source::Spanned;
use crate::targets::{names, origins};

use super::context::Context;
use super::options::GPU_DRIVER;
use super::{build, escaped, files, health, model, secrets, volumes};

/// CPU shares of one CPU: Docker's default for a container, and what PIVOT's engine assigned to
/// one CPU.
const SHARES_PER_CPU: f64 = 1024.0;

/// The range that runc accepts. The engine and Compose accept other values, but the container
/// then does not start.
const MIN_SHARES: f64 = 2.0;
const MAX_SHARES: f64 = 262_144.0;

/// How the names of labels start that applc and Compose set.
const OWN_LABELS: [&str; 3] = ["applc.appliance", "applc.container", "com.docker.compose."];

/// Minimum memory of a container in MB, enforced by the engine.
const MIN_MEMORY: u64 = 6;

/// Checks that the names made from ids are valid service names. Compose accepts every letter,
/// digit and hyphen, but the engine's DNS does not resolve names longer than a DNS label.
pub fn check_names(names: Vec<(&Spanned<EcoString>, String)>, findings: &mut Findings) {
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
    let single = model::Service { alias, scale: None, ..service };
    let from = Origin::from(container.id.span).and(container.instances.span);
    let service = |name| model::Service { name: Traced::new(name, from), ..single.clone() };
    let mut services: Vec<_> = names.into_iter().map(service).collect();
    if let Some(build) = context.builders.build(context.id, container) {
        for other in services.iter_mut().skip(1) {
            other.build = None;
            other.pull_policy = Some(build::not_pulled(container, build));
        }
    }
    services
}

fn service(
    context: &Context<'_>,
    container: &Container,
    findings: &mut Findings,
) -> model::Service {
    // Placement and `preemptible` are reported from the capability table. Compose derives the
    // start order, `Network` handles ports and referrers, and `Builders` what is built and pulled.
    let Container {
        id,
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
        ports: _,
        privileged,
        force_pull: _,
        dependencies,
        placement: _,
        preemptible: _,
        level: _,
        referrers: _,
    } = container;
    let Resources { cpus, mem, disk: _, gpu } = resources;
    let Extras {
        user,
        working_dir,
        stop_timeout,
        labels,
        build: _,
        files,
        secret_env: _,
        secret_files,
    } = container.extras();
    volumes::check_owner(context, container, findings);
    let build = context.builders.build(context.id, container);
    let mut environment: Vec<_> = env.iter().map(|var| variable(context, var, findings)).collect();
    environment.extend(secrets::environment(context.secrets, container, findings));
    let texts = |texts: &[Text]| texts.iter().map(|text| context.text(text)).collect();
    let (entrypoint, command) = match command {
        Command::Shell(script) => {
            let word = |word: &str| Composed::new(word.to_owned(), script.span, Vec::new());
            (["/bin/sh", "-c"].map(word).into(), vec![context.text(script)])
        }
        Command::Image(args) => (Vec::new(), texts(args)),
        Command::Program(program) => (texts(&program.entrypoint), texts(&program.args)),
    };
    let (healthcheck, restart, never) = match kind {
        Kind::Service(Service { health, minimum_capacity: _ }) => {
            let check = health.as_ref().map(|h| health::check(context, container, h, findings));
            let restart = Traced::new("unless-stopped".to_owned(), origins::kind(container));
            (check, Some(restart.into()), false)
        }
        Kind::Job(job) => {
            let from = origins::retries(container, job);
            let restart = restart(job).map(|policy| Composed::new(policy, from, vec![*kind_span]));
            (None, restart, never_runs(context, container, job, findings))
        }
    };
    let copies = if never { 0 } else { instances.value };
    let copies_from = match kind {
        Kind::Job(job) if never => origins::repeats(container, job),
        _ => origins::instances(container),
    };
    model::Service {
        name: id.into(),
        image: Traced::new(escaped(&image.value), image.span),
        build: build.map(|build| build::lower(build, context.options)),
        pull_policy: context.builders.pull_policy(context.id, container),
        entrypoint,
        command,
        user: user.as_ref().map(Traced::from),
        working_dir: working_dir.as_ref().map(|path| Traced::new(escaped(&path.value), path.span)),
        environment,
        network_mode: (network.value == NetworkMode::Host)
            .then(|| Traced::new("host", origins::network(container))),
        alias: None,
        extra_hosts: context.network.extra_hosts(container),
        ports: context.network.published(context.id).to_vec(),
        volumes: mounts
            .iter()
            .filter_map(|mount| volumes::mount(mount, context, findings))
            .collect(),
        configs: files::mounts(context, container, files, findings),
        secrets: secrets::mounts(container, secret_files, findings),
        privileged: Traced::new(privileged.value, origins::privileged(container)),
        depends_on: dependencies.iter().flat_map(|on| dependency(context, on)).collect(),
        healthcheck,
        restart,
        stop_grace_period: stop_timeout
            .map(|seconds| Traced::new(format!("{}s", seconds.value), seconds.span)),
        labels: self::labels(context, container, labels, findings),
        cpu_shares: Traced::new(cpu_shares(cpus, findings), origins::cpus(container)),
        memory: Traced::new(memory(mem, findings), origins::mem(container)),
        scale: (copies != 1).then(|| Traced::new(copies, copies_from)),
        gpus: (gpu.value > 0).then(|| model::Gpus {
            driver: Composed::new(
                escaped(context.options.text(GPU_DRIVER)),
                context.options.origin(GPU_DRIVER),
                vec![gpu.span],
            ),
            count: gpu.into(),
        }),
    }
}

/// `NAME=value`, as an item of a list: in a mapping, Compose treats a name that starts with
/// `x-` as an extension and drops the variable.
fn variable(context: &Context<'_>, variable: &EnvVar, findings: &mut Findings) -> Composed {
    let EnvVar { name, value } = variable;
    secrets::check_name(name, findings);
    let prefix = format!("{}=", escaped(&name.value));
    context.text_from(value, &prefix, Origin::from(value.span).and(name.span))
}

/// The labels of a service: those that `applc status` knows it by, and those of the appliance.
fn labels(
    context: &Context<'_>,
    container: &Container,
    more: &[Label],
    findings: &mut Findings,
) -> model::Labels {
    let ids = (&context.plan.id, &container.id);
    let mut list = Vec::new();
    if !more.is_empty() {
        let own = [("applc.appliance", ids.0), ("applc.container", ids.1)];
        let item = |(name, id): (&str, &Spanned<EcoString>)| {
            Composed::new(format!("{name}={}", id.value), id.span, Vec::new())
        };
        list.extend(own.map(item));
    }
    for Label { name, value } in more {
        if OWN_LABELS.iter().any(|own| name.value.starts_with(own)) {
            let message = format!("the label `{}` is set by applc or Compose", name.value);
            findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message));
        }
        // An item of a list, for the same reason as a variable.
        let written = format!("{}={}", escaped(&name.value), escaped(&value.value));
        list.push(Composed::new(written, Origin::from(value.span).and(name.span), Vec::new()));
    }
    model::Labels { appliance: ids.0.into(), container: ids.1.into(), list }
}

/// The services to wait for, and the condition that each must reach before the container
/// starts.
fn dependency(context: &Context<'_>, dependency: &Dependency) -> Vec<model::Dependency> {
    let Dependency { on: id, span } = dependency;
    let Some(on) = context.plan.containers.get(*id) else { return Vec::new() };
    // Nothing is to run: it is ready at once. Compose stops at a dependency without containers.
    if on.instances.value == 0 || on.job().is_some_and(|job| job.repeats.value == Repeats::Times(0))
    {
        return Vec::new();
    }
    let condition = match &on.kind {
        Kind::Job(_) => "service_completed_successfully",
        Kind::Service(Service { health: Some(_), .. }) => "service_healthy",
        // Compose rejects `service_healthy` for a service without a health check.
        Kind::Service(Service { health: None, .. }) => "service_started",
    };
    let names = context.split.names(*id, on).into_iter();
    // What decides how many names there are, and the condition.
    let instances = (names.len() > 1).then_some(on.instances.span);
    let check = on.health().map(|check| check.span);
    let dependency = |name| model::Dependency {
        on: Composed::new(name, *span, instances.into_iter().chain([on.id.span]).collect()),
        condition: Composed::new(
            condition.to_owned(),
            *span,
            check.into_iter().chain([on.kind_span]).collect(),
        ),
    };
    names.map(dependency).collect()
}

/// The restart policy of a job with retries. A job that is restarted after success never
/// completes for its dependents.
fn restart(job: &Job) -> Option<String> {
    let retries = job.retries.value;
    (retries > 0).then(|| format!("on-failure:{retries}"))
}

/// Whether a job never runs. Compose has no schedules: a repeating job runs once.
fn never_runs(
    context: &Context<'_>,
    container: &Container,
    job: &Job,
    findings: &mut Findings,
) -> bool {
    // The start time is reported from the capability table; the interval has no effect without
    // repeats.
    let Job { retries: _, repeats, start: _, interval: _, schedule } = job;
    if let Some(Schedule { cron, time_zone }) = schedule {
        let message = "Compose has no schedules: the job runs once, at `up`";
        let project = super::project_name(&context.plan.id.value);
        let services = context.split.names(context.id, container).join(" ");
        let zone = match time_zone {
            Some(zone) => format!("; its times are those of the machine, not of `{}`", zone.value),
            None => "; its times are those of the machine, not of UTC".to_owned(),
        };
        let line = cron.value.line();
        let help = format!(
            "add a line to the crontab of the machine: `{line} docker compose --project-name {project} start {services}`{zone}"
        );
        findings.push(Diagnostic::new(&codes::APPROXIMATED, cron.span, message).help(help));
        return false;
    }
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
