//! Containers as Deployments, Jobs and CronJobs.

use std::borrow::Cow;
use std::sync::Arc;

use ecow::EcoString;

use super::health;
use super::model::{Container, CronJob, Deployment, Job, Meta, Object, Pod, Resource, Run, Volume};
use super::names::check_variable;
use super::network::{Network, Ports, selector};
use super::options::Settings;
use super::order::{self, PodWaits};
use super::text::{self, Strings};
use super::{files, placement, schedule, secrets, updates};
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{
    self, Command, ContainerId, EnvVar, Extras, Kind, NetworkMode, Plan, Resources, Text,
    user_numbers,
};
use crate::render::{Composed, Origin, Traced};
use crate::source::{Span, Spanned};
use crate::targets::origins;

/// Maximum length of the name of a CronJob: a timestamp is appended to the names of its Jobs.
const MAX_CRON_JOB: usize = 52;

/// Maximum length of the name of a pod of an indexed job: it is the pod's host name.
const MAX_HOST_NAME: usize = 63;

/// Maximum number of completions of an indexed job (`maxParallelismForIndexedJob` of
/// Kubernetes).
const MAX_INDEXES: u32 = 100_000;

/// Quantities of resources, by name.
type Quantities = Vec<(Resource, Traced<String>)>;

/// The parts of a workload that are lowered before.
pub struct Parts {
    /// The container.
    pub container_id: ContainerId,
    /// `metadata` of the workload.
    pub meta: Meta,
    /// The name of the container, by which its pods are selected.
    pub name: Traced<Arc<str>>,
    /// The `instance` label: the appliance.
    pub appliance: Traced<Arc<str>>,
    pub ports: Ports,
    pub waits: PodWaits,
    pub mounts: Vec<super::model::Mount>,
    pub volumes: Vec<Volume>,
    /// A digest of the files of the appliance in it.
    pub files: Option<Composed>,
    /// The mount of a claim that only the pods on one node can mount.
    pub on_one_node: Option<Origin>,
}

/// The workload of a container. Returns `None` if its schedule is not supported, which is
/// reported.
pub fn lower(
    container: &plan::Container,
    parts: Parts,
    plan: &Plan,
    network: &Network,
    settings: &Settings,
    findings: &mut Findings,
) -> Option<Object> {
    // Referrers and dependencies are lowered before.
    let plan::Container {
        id,
        kind,
        kind_span: _,
        image,
        resources: _,
        instances,
        command,
        extras: _,
        env,
        mounts: _,
        network: mode,
        ports: _,
        privileged,
        force_pull,
        dependencies: _,
        placement: _,
        preemptible: _,
        level: _,
        referrers: _,
    } = container;
    let Parts {
        container_id,
        meta,
        name,
        appliance,
        ports,
        waits,
        mounts,
        mut volumes,
        files,
        on_one_node,
    } = parts;
    let on_host_network = mode.value == NetworkMode::Host;
    if on_host_network && instances.value > 1 && !ports.container.is_empty() {
        let message = format!(
            "on the host network, each of the {} instances needs its own node",
            instances.value
        );
        findings.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, instances.span, message)
                .also(mode.span, "host network"),
        );
    }
    text::check(container, findings);
    let strings = Strings::of(container, container_id, plan, network);
    let spelled = |texts: &[Text]| texts.iter().map(|text| strings.spelled(text)).collect();
    let (command, args) = match command {
        Command::Shell(script) => (text::shell(strings.spelled(script)), Vec::new()),
        Command::Image(args) => (Vec::new(), spelled(args)),
        Command::Program(program) => (spelled(&program.entrypoint), spelled(&program.args)),
    };
    let Extras {
        user,
        working_dir,
        stop_timeout,
        labels: _,
        build: _,
        files: _,
        secret_env,
        secret_files: _,
    } = container.extras();
    let (run_as_user, run_as_group) = match user {
        Some(user) => run_as(user, settings, findings),
        None => (None, None),
    };
    let (requests, limits) = quantities(container, settings);
    let check = container.health();
    let probes =
        check.map(|check| health::probes(check, container, &strings, findings)).unwrap_or_default();
    // The default is written too: the API server keeps the account of an earlier version otherwise.
    let service_account = waits.access.as_ref().map_or_else(
        || Traced::new("default".into(), id.span),
        |access| Traced::new(order::account(plan, settings).value, access.from),
    );
    if let Some(name) = waits.access {
        volumes.push(Volume {
            name,
            claim: None,
            host_path: None,
            config_map: None,
            secret: None,
            items: Vec::new(),
            access: true,
        });
    }
    let (node_selector, preference) = placement::lower(container, settings, findings);
    let labels = selector(&name, &appliance);
    let mut pod = Pod {
        labels: labels.clone(),
        own_labels: meta.own_labels.clone(),
        annotations: files.into_iter().map(|digest| (files::DIGEST, digest)).collect(),
        restart_policy: None,
        stop_timeout: stop_timeout.as_ref().map(Traced::from),
        service_account,
        host_network: Traced::new(on_host_network, mode.span),
        node_selector,
        preference,
        init_containers: waits.init_containers,
        container: Container {
            name,
            image: image.into(),
            pull_policy: Traced::new(
                if force_pull.value { "Always" } else { "IfNotPresent" },
                origins::force_pull(container),
            ),
            command,
            args,
            working_dir: working_dir.as_ref().map(Traced::from),
            env: env.iter().map(|variable| lower_env(variable, &strings, findings)).collect(),
            secret_env: secrets::environment(secret_env, findings),
            own_address: strings.own_address,
            ports: ports.container,
            probes,
            requests,
            limits,
            privileged: Traced::new(privileged.value, origins::privileged(container)),
            restricted: settings.restricted,
            run_as_user,
            run_as_group,
            mounts,
        },
        volumes,
    };
    let job = match kind {
        Kind::Service(service) => {
            // A new pod would wait for the ports or the volume of the old one.
            let alone = ports.on_host.map(Origin::from).or(on_one_node);
            let on_host = ports.on_host.is_some();
            let scopes: Vec<_> =
                container.mounts.iter().filter_map(|mount| scope(mount, plan)).collect();
            return Some(Object::Deployment(Box::new(Deployment {
                meta,
                replicas: Traced::new(instances.value, origins::instances(container)),
                strategy: updates::strategy(container, service, on_host, alone, &scopes, findings),
                selector: labels,
                pod,
            })));
        }
        Kind::Job(job) => job,
    };
    check_job_name(&meta.name.value, id, instances, job.is_repeating(), findings);
    pod.restart_policy = Some(Traced::new("Never", origins::kind(container)));
    // The interval and the number of runs go into the schedule, the start time into the
    // schedule and into an init container.
    let plan::Job { retries, repeats: _, start: _, interval: _, schedule: _ } = &**job;
    let copies = (instances.value != 1).then(|| instances.into());
    let retries = Traced::new(retries.value, origins::retries(container, job));
    let run = Run { copies, indexed: instances.value > 1, retries, pod };
    if job.is_repeating() {
        let schedule = schedule::cron(container, job, findings)?;
        let time_zone = schedule::time_zone(job);
        return Some(Object::CronJob(Box::new(CronJob { meta, schedule, time_zone, run })));
    }
    Some(Object::Job(Box::new(Job { meta, run })))
}

/// The place of the scope of a persistent volume that is mounted.
fn scope(mount: &plan::Mount, plan: &Plan) -> Option<Span> {
    match &mount.source {
        plan::MountSource::Persistent(volume) => {
            plan.volumes.get(volume.value).map(|volume| volume.scope.span)
        }
        plan::MountSource::Host(_) => None,
    }
}

/// The numbers of the user and the group of a container.
fn run_as(
    user: &Spanned<EcoString>,
    settings: &Settings,
    findings: &mut Findings,
) -> (Option<Traced<u64>>, Option<Traced<u64>>) {
    let Some((number, group)) = user_numbers(&user.value) else {
        let message = format!("`runAsUser` requires numbers, but `{}` contains a name", user.value);
        findings.push(
            Diagnostic::new(&codes::BAD_TARGET_VALUE, user.span, message)
                .help("write the number that the name has in `/etc/passwd` of the image"),
        );
        return (None, None);
    };
    if number == 0 && *settings.restricted {
        let message = "the option `kubernetes.restricted` excludes the user 0";
        findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, user.span, message));
    }
    let traced = |number| Traced::new(number, user.span);
    (Some(traced(number)), group.map(traced))
}

fn quantities(container: &plan::Container, settings: &Settings) -> (Quantities, Quantities) {
    let Resources { cpus, mem, disk, gpu } = &container.resources;
    let pair = |name, quantity, from| (Resource(Cow::Borrowed(name)), Traced::new(quantity, from));
    let memory = pair("memory", mebibytes(mem.value), origins::mem(container));
    let cpu = pair("cpu", cpu(cpus.value), origins::cpus(container));
    let mut requests = vec![cpu, memory.clone()];
    let mut limits = vec![memory];
    if disk.value > 0 {
        let disk = mebibytes(disk.value);
        requests.push(pair("ephemeral-storage", disk, origins::disk(container)));
    }
    if gpu.value > 0 {
        let name = Resource(Cow::Owned(settings.gpu_resource.clone()));
        limits.push((name, Traced::new(gpu.value.to_string(), origins::gpu(container))));
    }
    (requests, limits)
}

/// Mebibytes as a quantity, as the API server writes it: in the largest unit with a whole number.
/// Otherwise, `kubectl apply` would see a change in each file.
pub fn mebibytes(number: u64) -> String {
    let units = ["Mi", "Gi", "Ti", "Pi", "Ei"];
    let larger = (number.trailing_zeros() / 10).min(4);
    let unit = units.get(larger as usize).unwrap_or(&"Mi");
    format!("{}{unit}", number >> (10 * larger))
}

/// CPUs as a quantity, rounded up to thousandths.
fn cpu(cpus: f64) -> String {
    let thousandths = (cpus * 1000.0 - 1e-6).ceil().max(1.0) as u64;
    match thousandths % 1000 {
        0 => (thousandths / 1000).to_string(),
        _ => format!("{thousandths}m"),
    }
}

fn lower_env(
    variable: &EnvVar,
    strings: &Strings<'_>,
    findings: &mut Findings,
) -> (Traced<String>, Composed) {
    let EnvVar { name, value } = variable;
    check_variable(name, findings);
    (name.into(), strings.spelled(value))
}

fn check_job_name(
    name: &str,
    id: &Spanned<EcoString>,
    instances: &Spanned<u32>,
    repeating: bool,
    findings: &mut Findings,
) {
    if instances.value > MAX_INDEXES {
        let message = format!("a job can have at most {MAX_INDEXES} instances");
        findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, instances.span, message));
    }
    let index = match instances.value {
        0 | 1 => 0,
        copies => format!("-{}", copies - 1).len(),
    };
    let longest = if repeating { MAX_CRON_JOB } else { MAX_HOST_NAME } - index;
    if name.len() > longest {
        let what = if repeating { "CronJob" } else { "Job" };
        let message = format!(
            "the name of this {what} can have at most {longest} characters, but `{name}` has {}",
            name.len()
        );
        findings
            .push(Diagnostic::new(&codes::BAD_NAME, id.span, message).help("choose another id"));
    }
}
