//! Containers: a task group, with the task that runs the container and the tasks before and
//! after it.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{
    Command, Container, ContainerId, EnvVar, Extras, Job, Kind, Label, NetworkMode, Piece,
    Resources, Service, Text,
};
use crate::render::{Composed, Traced};
use crate::source::{Span, Spanned};
use crate::targets::origins;

use super::address::{self, References, Variables};
use super::context::Context;
use super::model::{Group, Hcl, Network, Port, Retry, Task, Update};
use super::network::NetworkKind;
use super::order::{self, Deadline, Waits};
use super::reach::Reach;
use super::strings::{ConfigString, is_expanded_in_env, is_template_name, survives_hcl};
use super::success::{self, Version, Versions};
use super::{files, health, names, placement, secrets, volumes};

/// Minimum memory of a task in MB (Nomad, `MinResources`).
const MIN_MEMORY: u64 = 10;

/// Disk in MB that Nomad reserves for the logs of a task; a disk must be larger (Nomad,
/// `LogConfig.Validate`).
const LOG_DISK: u64 = 100;

/// The longest duration in hours: 2^63 nanoseconds.
const MAX_HOURS: u64 = 2_562_047;

/// The longest stop timeout in seconds that nodes allow by default (`max_kill_timeout`).
const MAX_KILL_TIMEOUT: u32 = 30;

/// How the names of labels start that the docker driver sets.
const OWN_LABEL: &str = "com.hashicorp.nomad.";

/// Nomad's default delay between retries, in seconds.
const RETRY_DELAY: u64 = 15;

/// The group of a service.
pub fn service(
    context: &Context<'_>,
    id: ContainerId,
    container: &Container,
    deadline: Option<&Deadline>,
    versions: &Versions,
    findings: &mut Findings,
) -> Option<Group> {
    let reach = context.reach(id)?;
    let job = &context.plan.id.value;
    let Kind::Service(Service { health, minimum_capacity }) = &container.kind else { return None };
    let waits = order::waits(context, container, versions, findings);
    let check = health.as_ref().and_then(|health| health::check(health, findings));
    let (mut task, volumes) = task(context, id, container, reach, &waits, job, findings);
    task.services =
        order::started_service(context, id, container, reach, check).into_iter().collect();
    let wait = order::wait_task(context, container, reach.own_address(), &waits, false);
    let mut group = group(context, container, reach, findings);
    group.update = update(container, minimum_capacity, deadline, reach, findings);
    group.volumes = volumes;
    group.tasks = wait.into_iter().chain([task]).collect();
    Some(group)
}

/// The group of a job, and the cron expressions of its schedule. Adds the version of the job if
/// others wait for it.
pub fn job(
    context: &Context<'_>,
    id: ContainerId,
    container: &Container,
    versions: &mut Versions,
    findings: &mut Findings,
) -> Option<(Vec<Composed>, Group)> {
    let reach = context.reach(id)?;
    let job_id = names::job(&context.plan.id.value, &container.id.value);
    let Kind::Job(job) = &container.kind else { return None };
    let Job { retries: _, repeats: _, start: _, interval: _, schedule: _ } = &**job;
    let mut waits = order::waits(context, container, versions, findings);
    let awaited = context.is_awaited(id) && !job.is_repeating();
    let wait = order::wait_task(context, container, reach.own_address(), &waits, awaited);
    if let Some(wait) = wait.as_ref().filter(|_| awaited) {
        waits.lines.push(success::wait_for_start(context, container, wait.name.from));
    }
    let (mut task, volumes) = task(context, id, container, reach, &waits, &job_id, findings);
    task.prestart = awaited;
    let mut group = group(context, container, reach, findings);
    group.retry = Some(retry(container, job, findings));
    group.volumes = volumes;
    group.tasks = wait.into_iter().chain([task]).collect();
    if awaited {
        let version = Version::of(&group);
        group.tasks.push(success::record_task(context, container, &version));
        versions.add(id, version);
    }
    Some((super::schedule::crons(container, job, findings), group))
}

impl Group {
    /// A group with nothing in it.
    pub fn empty(name: Composed) -> Group {
        Group {
            count: Traced::new(1, name.from),
            name,
            constraints: Vec::new(),
            disk: None,
            network: None,
            retry: None,
            update: None,
            services: Vec::new(),
            volumes: Vec::new(),
            tasks: Vec::new(),
        }
    }
}

/// The group without its tasks.
fn group(
    context: &Context<'_>,
    container: &Container,
    reach: &Reach,
    findings: &mut Findings,
) -> Group {
    let mode = match (container.network.value, reach.network) {
        (_, NetworkKind::Bridge) => None,
        (NetworkMode::Container, _) => context
            .options
            .some_traced("network")
            .map(|name| Composed::new(name.value, name.from, vec![container.network.span])),
        (NetworkMode::Host | NetworkMode::Bridge, _) => {
            Some(Traced::new("host".to_owned(), origins::network(container)).into())
        }
    };
    let ports: Vec<Port> = reach
        .ports
        .iter()
        .map(|port| Port {
            label: port.traced_label(Vec::new()),
            fixed: port.fixed,
            // Whether the host port is the same depends on the references.
            to: (port.fixed_number() != Some(port.container.value)).then(|| {
                let Spanned { value, span } = port.container;
                let referrers = reach.referrers.iter().map(|referrer| referrer.span);
                Composed::new(value, span, referrers.collect())
            }),
        })
        .collect();
    let network = (mode.is_some() || !ports.is_empty()).then_some(Network { mode, ports });
    Group {
        count: Traced::new(container.instances.value, origins::instances(container)),
        constraints: placement::constraints(
            context,
            container.placement.as_deref(),
            container.preemptible.as_ref(),
            findings,
        ),
        disk: disk(container, findings),
        network,
        services: address::services(context, container, reach),
        ..Group::empty(Traced::<String>::from(&container.id).into())
    }
}

fn disk(container: &Container, findings: &mut Findings) -> Option<Traced<u64>> {
    let requested = &container.resources.disk;
    if requested.value == 0 {
        return None;
    }
    if requested.value <= LOG_DISK {
        let message = format!("the disk is increased to {} MB to fit the logs", LOG_DISK + 1);
        findings.push(Diagnostic::new(&codes::APPROXIMATED, requested.span, message));
    }
    Some(Traced::new(requested.value.max(LOG_DISK + 1), origins::disk(container)))
}

fn retry(container: &Container, job: &Job, findings: &mut Findings) -> Retry {
    let retries = &job.retries;
    let from = origins::retries(container, job);
    // The interval in which retries are counted is meant to be endless. Nomad requires that all
    // retries fit into it, with the delays between them.
    let hours = (u64::from(retries.value) * RETRY_DELAY).div_ceil(3600).max(24 * 365);
    if hours > MAX_HOURS {
        let message = "too many retries: with the delays between them, they exceed the longest duration of Nomad";
        findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, retries.span, message));
    }
    Retry {
        attempts: Traced::new(retries.value, from),
        interval: Traced::new(format!("{hours}h"), from),
    }
}

/// How an update replaces instances.
fn update(
    container: &Container,
    minimum_capacity: &Spanned<f64>,
    deadline: Option<&Deadline>,
    reach: &Reach,
    findings: &mut Findings,
) -> Option<Update> {
    let instances = container.instances.value;
    let (healthy_deadline, progress_deadline) = order::deadline(container, deadline);
    // At most the number of instances, since the share is at most 1.
    let kept = (minimum_capacity.value * f64::from(instances)).ceil().max(0.0) as u32;
    let (max_parallel, canary) = match instances.saturating_sub(kept) {
        _ if instances <= 1 && kept == 0 => (None, None),
        // All new instances start before an old one stops.
        0 => (Some(instances), Some(instances)),
        free => (Some(free).filter(|free| *free != 1), None),
    };
    if canary.is_some() && reach.ports.iter().any(|port| port.fixed.is_some()) {
        let message = format!(
            "an update needs {instances} more node{}, because old and new instances use the same host port",
            if instances == 1 { "" } else { "s" }
        );
        findings.push(Diagnostic::new(&codes::CLUSTER_NEEDS, minimum_capacity.span, message));
    }
    let from = origins::minimum_capacity(container, minimum_capacity);
    let from = from.and(container.instances.span);
    let traced = |number: Option<u32>| number.map(|number| Traced::new(number, from));
    let update = Update {
        max_parallel: traced(max_parallel),
        canary: traced(canary),
        healthy_deadline,
        progress_deadline,
    };
    let is_default = update.max_parallel.is_none() && update.healthy_deadline.is_none();
    (!is_default).then_some(update)
}

/// The task that runs a container, and the volumes that its group needs.
fn task(
    context: &Context<'_>,
    id: ContainerId,
    container: &Container,
    reach: &Reach,
    waits: &Waits<'_>,
    job: &str,
    findings: &mut Findings,
) -> (Task, Vec<super::model::Volume>) {
    // Destructured completely, so that a new field fails to compile until it is handled here.
    let Container {
        id: name,
        kind,
        kind_span: _,
        image,
        resources,
        instances: _,
        command,
        extras: _,
        env,
        mounts: _,
        network: _,
        ports: _,
        privileged,
        force_pull,
        dependencies: _,
        placement: _,
        preemptible: _,
        level: _,
        referrers: _,
    } = container;
    let Resources { cpus, mem, disk: _, gpu } = resources;
    let references = References::of(context, id);
    references.check(container, findings);
    let mut variables = Variables::beside(env.iter().map(|var| var.name.value.to_string()));
    let mut in_config = |text: &Text, findings: &mut Findings| {
        check_text(text, findings);
        references.in_config(text, &mut variables)
    };
    let (entrypoint, args): (Vec<Composed>, Vec<Composed>) = match command {
        Command::Image(args) => {
            (Vec::new(), args.iter().map(|arg| in_config(arg, findings)).collect())
        }
        Command::Shell(script) => {
            let word = |word| Composed::new(ConfigString::literal(word), script.span, Vec::new());
            (vec![word("/bin/sh"), word("-c")], vec![in_config(script, findings)])
        }
        Command::Program(program) => {
            let mut words = |words: &[Text]| -> Vec<Composed> {
                words.iter().map(|word| in_config(word, findings)).collect()
            };
            (words(&program.entrypoint), words(&program.args))
        }
    };
    let Extras {
        user,
        working_dir,
        stop_timeout,
        labels,
        build: _,
        files: _,
        secret_env: _,
        secret_files: _,
    } = container.extras();
    let labels = self::labels(labels, findings);
    if let Some(path) = working_dir
        && !survives_hcl(&path.value)
    {
        findings.push(not_normal(path.span));
    }
    if let Some(seconds) = stop_timeout.filter(|seconds| seconds.value > MAX_KILL_TIMEOUT) {
        let message = format!(
            "nodes limit the stop timeout to {MAX_KILL_TIMEOUT} s unless their configuration allows more"
        );
        findings.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, seconds.span, message)
                .help("set `max_kill_timeout` in the `client` configuration of the nodes"),
        );
    }
    let plain = environment(env, &references, &mut variables, findings);
    order::add_to(&mut variables, waits);
    needs(container, findings);
    let mut mounts = volumes::mounts(context, container, findings);
    let task_name = names::task(&name.value);
    let is_service = matches!(kind, Kind::Service(_));
    let restart = is_service && context.options.flag("follow-addresses");
    // At least 1 and, with any realistic factor, far below the limit of the type.
    let cpu = (cpus.value * context.options.number("mhz-per-cpu")).round().max(1.0) as u64;
    let factor = context.options.place("mhz-per-cpu").into_iter().collect();
    if mem.value < MIN_MEMORY {
        let message = format!("memory is increased to {MIN_MEMORY} MB, the minimum of Nomad");
        findings.push(Diagnostic::new(&codes::APPROXIMATED, mem.span, message));
    }
    if !force_pull.value && is_always_pulled(&image.value) {
        let message = "an image with the tag `latest` or without a tag is always pulled";
        findings.push(
            Diagnostic::new(&codes::APPROXIMATED, force_pull.span, message)
                .also(image.span, "this image")
                .help("use another tag"),
        );
    }
    let files = files::lower(context, container, &references, (job, &task_name), restart, findings);
    mounts.mounts.extend(files.mounts);
    let mut templates = files.templates;
    let secret_files = secrets::files(context, container, is_service, findings);
    mounts.mounts.extend(secret_files.mounts);
    templates.extend(secret_files.templates);
    let task = Task {
        prestart: false,
        identity: false,
        services: Vec::new(),
        image: Traced::new(ConfigString::literal(&image.value), image.span),
        force_pull: Traced::new(force_pull.value, origins::force_pull(container)),
        user: user.as_ref().map(Traced::from),
        labels,
        kill_timeout: stop_timeout
            .map(|seconds| Traced::new(format!("{}s", seconds.value), seconds.span)),
        work_dir: working_dir
            .as_ref()
            .map(|path| Traced::new(ConfigString::literal(&path.value), path.span)),
        entrypoint,
        args,
        host_name: references.host_name(container, reach),
        host_network: reach.network == NetworkKind::Host,
        init: false,
        keep: false,
        // On the host network, or at its own address, there is nothing to publish.
        ports: match reach.own_ports() {
            true => Vec::new(),
            false => {
                let referrers = reach.referrers.iter().map(|referrer| referrer.span);
                let referrers: Vec<Span> = referrers.collect();
                reach.ports.iter().map(|port| port.traced_label(referrers.clone())).collect()
            }
        },
        privileged: Traced::new(privileged.value, origins::privileged(container)),
        binds: mounts.binds,
        mounts: mounts.mounts,
        env: plain,
        template: order::template(context, variables, job, container, &task_name, restart),
        secrets: secrets::environment(context, container, is_service, findings),
        vault: secrets::vault(context, container),
        files: templates,
        volume_mounts: mounts.volume_mounts,
        cpu: Composed::new(cpu, origins::cpus(container), factor),
        memory: Traced::new(mem.value.max(MIN_MEMORY), origins::mem(container)),
        gpu: Traced::new(gpu.value, origins::gpu(container)),
        name: Traced::new(task_name, name.span).into(),
    };
    (task, mounts.volumes)
}

/// The labels that the docker driver gives to a container. Names and values are strings of `config`.
fn labels(labels: &[Label], findings: &mut Findings) -> Vec<(Hcl, Traced<String>)> {
    let label = |Label { name, value }: &Label| {
        if name.value.starts_with(OWN_LABEL) {
            let message = format!("labels that start with `{OWN_LABEL}` are set by Nomad");
            findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message));
        }
        if !survives_hcl(&value.value) {
            findings.push(not_normal(value.span));
        }
        let key =
            crate::render::quoted(crate::render::Format::Hcl, &ConfigString::literal(&name.value));
        let value = Traced::new(ConfigString::literal(&value.value), value.span);
        (Traced::new(key, name.span).into(), value)
    };
    labels.iter().map(label).collect()
}

/// Reports what the nodes must have or allow for a container.
fn needs(container: &Container, findings: &mut Findings) {
    if container.privileged.value {
        let message = "nodes must allow privileged containers";
        findings.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, container.privileged.span, message)
                .help("set `allow_privileged = true` in the configuration of the docker plugin"),
        );
    }
    if container.resources.gpu.value > 0 {
        let message = "nodes must have the device plugin for NVIDIA GPUs";
        let span = container.resources.gpu.span;
        findings.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, span, message)
                .help("without it, the container is not placed"),
        );
    }
}

/// Whether the docker driver pulls an image even if it is present.
fn is_always_pulled(image: &str) -> bool {
    if image.contains('@') {
        return false;
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

/// The environment: returns the variables that are written as they are; the template writes the
/// others.
fn environment(
    env: &[EnvVar],
    references: &References<'_>,
    variables: &mut Variables,
    findings: &mut Findings,
) -> Vec<(Hcl, Composed)> {
    let mut plain = Vec::new();
    for EnvVar { name, value } in env {
        check_name(name, findings);
        let literal = match &*value.pieces {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text.as_str()),
            _ => None,
        };
        match literal.filter(|text| !is_expanded_in_env(text) && survives_hcl(text)) {
            Some(text) => {
                let text = Composed::new(text.to_owned(), value.span, Vec::new());
                plain.push((Traced::new(env_key(&name.value), name.span).into(), text));
            }
            None => {
                if !is_template_name(&name.value) {
                    let message = format!(
                        "the value of `{}` must be written by a template, which does not accept that name",
                        name.value
                    );
                    findings.push(
                        Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message)
                            .also(
                                value.span,
                                "a reference, `${...}`, or text that is not in Unicode normal form C",
                            )
                            .help("use only ASCII letters, digits, `_`, `.` and `/` in the name"),
                    );
                }
                let text = references.in_template(value, variables);
                variables.written.push((Spanned::new(name.value.to_string(), name.span), text));
            }
        }
    }
    plain
}

/// A key of a map: unquoted if it looks like a variable, quoted otherwise.
fn env_key(name: &str) -> String {
    let bare = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    if bare { name.to_owned() } else { crate::render::quoted(crate::render::Format::Hcl, name) }
}

fn check_name(name: &Spanned<EcoString>, findings: &mut Findings) {
    let text = &name.value;
    if text.is_empty() || text.contains('=') || !survives_hcl(text) {
        let message = format!("`{text}` is not a valid name of an environment variable");
        findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message));
    }
}

/// Reports text in `config` that HCL would change.
fn check_text(text: &Text, findings: &mut Findings) {
    let changed = text.pieces.iter().any(|piece| match piece {
        Piece::Literal(literal) => !survives_hcl(literal),
        Piece::Reference(_) => false,
    });
    if changed {
        findings.push(not_normal(text.span));
    }
}

fn not_normal(span: Span) -> Diagnostic {
    let message = "text is not in Unicode normal form C, to which Nomad converts it";
    Diagnostic::new(&codes::BAD_TARGET_VALUE, span, message)
        .help("write it in normal form C, or put it into an environment variable")
}
