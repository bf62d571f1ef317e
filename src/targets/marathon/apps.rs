//! Services as Marathon apps.

use super::address;
use super::model::{
    App, AppLabels, CheckCommand, Docker, Engine, HealthCheck, Network, UpgradeStrategy, number,
};
use super::names::{Names, check_variable};
use super::options::Settings;
use super::ports::{self, Ports};
use super::{order, parameters, placement, secrets, volumes};
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{
    self, Command, Container, ContainerId, EnvVar, Extras, Kind, NetworkMode, Plan, Probe,
    Protocol, ProtocolKind, Resources, Service, Text,
};
use crate::render::{Composed, Origin, Sparse, Traced};
use crate::source::{Span, Spanned};
use crate::targets::origins::{self, TracedTiming};
use crate::targets::url;

/// Minimum CPUs of an app.
const MIN_CPUS: f64 = 0.001;
/// Labels that `applc` finds its apps by.
const OWN_LABELS: [&str; 2] = ["applc.appliance", "applc.container"];

/// The app of the service `id`, and the place of that id.
pub fn lower(
    plan: &Plan,
    id: ContainerId,
    names: &Names,
    settings: &Settings<'_>,
    findings: &mut Findings,
) -> Option<(Span, App)> {
    let service = plan.containers.get(id)?;
    // Destructured completely, so that a new field fails to compile until it is handled here.
    let Container {
        id: written,
        kind,
        kind_span,
        image,
        resources,
        instances,
        command,
        extras: _,
        env,
        mounts: _,
        network,
        ports: _,
        privileged,
        force_pull,
        dependencies: _,
        placement: _,
        preemptible: _,
        level: _,
        referrers,
    } = service;
    let Kind::Service(Service { health, minimum_capacity }) = kind else { return None };
    let Resources { cpus, mem, disk, gpu } = resources;

    let spell = |text: &Text| address::spell(text, service, plan, names);
    let (cmd, args) = match command {
        Command::Shell(script) => (Some(shell(script, spell(script), findings)), Vec::new()),
        Command::Image(args) => (None, args.iter().map(spell).collect()),
        // `docker run --entrypoint` takes one word; those behind it come before the arguments.
        Command::Program(program) => {
            let words = program.entrypoint.iter().skip(1).chain(&program.args);
            (None, words.map(spell).collect())
        }
    };
    let Extras {
        user: _,
        working_dir: _,
        stop_timeout,
        labels,
        build: _,
        files: _,
        secret_env: _,
        secret_files: _,
    } = service.extras();
    let secrets = secrets::lower(service, names, settings, findings);
    check_labels(labels, findings);
    check_cpus(cpus.value, cpus.span, findings);
    check_variables(env, findings);

    // Only the Mesos containerizer provides GPUs.
    let engine = if gpu.value > 0 { Engine::Mesos } else { Engine::Docker };
    if engine == Engine::Mesos && privileged.value {
        let message = "a container with GPUs cannot be privileged";
        findings.push(
            Diagnostic::new(&codes::NOT_CARRIED, privileged.span, message).also(
                gpu.span,
                "GPUs require the Mesos containerizer, which has no privileged mode",
            ),
        );
    }

    if let (Engine::Mesos, [first, ..]) = (engine, args.as_slice()) {
        let message =
            "`args` are added to the image's own command unless the image has an entrypoint";
        findings.push(
            Diagnostic::new(&codes::IMAGE_NEEDS, first.from.place().unwrap_or(gpu.span), message)
                .also(gpu.span, "GPUs require the Mesos containerizer")
                .help("use `cmd` if the image has no entrypoint"),
        );
    }

    let mut parameters = parameters::of(service, spell);
    if let (Engine::Mesos, Some(first)) = (engine, parameters.first()) {
        let message =
            format!("a container with GPUs cannot have the Docker parameter `{}`", *first.key);
        findings.push(
            Diagnostic::new(
                &codes::NOT_CARRIED,
                first.key.from.place().unwrap_or(gpu.span),
                message,
            )
            .also(gpu.span, "GPUs require the Mesos containerizer, which has no parameters"),
        );
    }

    let bridged = network.value == NetworkMode::Bridge;
    // Its labels exist because another container refers to this one.
    let mut others = referrers.iter().filter(|referrer| referrer.from() != id);
    let virtual_name = others.next().filter(|_| bridged).map(|referrer| {
        let also = vec![plan.id.span, network.span, referrer.span];
        Composed::new(names.label(id), written.span, also)
    });
    let Ports { definitions, mappings, index, fixed } =
        ports::lower(service, virtual_name.as_ref(), settings, findings);
    let mounted = volumes::lower(plan, service, engine, names, settings, findings);
    parameters.extend(mounted.parameters);

    let app = App {
        id: names.app(id, written.span, None),
        cmd,
        args,
        own_labels: labels
            .iter()
            .map(|label| ((&label.name).into(), (&label.value).into()))
            .collect(),
        env: env.iter().map(|v| ((&v.name).into(), spell(&v.value))).collect(),
        secret_env: secrets.env,
        secrets: secrets.sources,
        instances: Traced::new(instances.value, origins::instances(service)),
        cpus: Traced::new(number(cpus.value), origins::cpus(service)),
        mem: Traced::new(mem.value, origins::mem(service)),
        disk: Traced::new(disk.value, origins::disk(service)),
        gpus: Traced::new(gpu.value, origins::gpu(service)),
        networks: [self::network(service, settings)],
        require_ports: Traced::new(
            definitions.as_ref().is_some_and(|ports| !ports.is_empty()),
            origins::network(service),
        ),
        port_definitions: definitions,
        // The GPUs decide.
        engine: Traced::new(engine.name(), origins::gpu(service)),
        docker: Docker {
            image: image.into(),
            force_pull_image: Traced::new(force_pull.value, origins::force_pull(service)),
            privileged: Traced::new(privileged.value, origins::privileged(service)),
            parameters,
        },
        port_mappings: mappings,
        volumes: mounted.volumes,
        dependencies: order::dependencies(plan, service, names),
        constraints: placement::of_app(service, settings, findings),
        health_checks: health
            .iter()
            .map(|check| self::health(service, check, &index, spell))
            .collect(),
        kill_grace_period: stop_timeout.as_ref().map(Traced::from),
        upgrade_strategy: UpgradeStrategy {
            minimum_health_capacity: Traced::new(
                number(match fixed.or(mounted.exclusive) {
                    Some(place) => {
                        stopped_first(instances.value, minimum_capacity, place, findings)
                    }
                    None => minimum_capacity.value,
                }),
                origins::minimum_capacity(service, minimum_capacity),
            ),
            // An extra instance would wait for a host with a free port, or for the volume.
            maximum_over_capacity: match fixed.or(mounted.exclusive) {
                Some(place) => Composed::new(number(0.0), place, volumes::deciding(plan, service)),
                None => {
                    let mut also = free_ports(service);
                    also.extend(volumes::deciding(plan, service));
                    Composed::new(number(1.0), *kind_span, also)
                }
            },
        },
        labels: AppLabels { appliance: (&plan.id).into(), container: written.into() },
    };
    Some((written.span, app))
}

/// The share of instances that stays healthy during an update of an app with a fixed host port or
/// a volume of its own, at `place`.
///
/// If the share keeps every instance, Marathon starts an additional one first, also with
/// `maximumOverCapacity` 0, and that one can get neither the port nor the volume.
fn stopped_first(
    instances: u32,
    share: &Spanned<f64>,
    place: Span,
    findings: &mut Findings,
) -> f64 {
    let count = f64::from(instances);
    let keeps_all = |share: f64| (count * share).ceil() >= count;
    if instances == 0 || !keeps_all(share.value) {
        return share.value;
    }
    // All but one, in hundredths.
    let others = ((count - 1.0) / count * 100.0).floor() / 100.0;
    let kept = if keeps_all(others) { 0.0 } else { others };
    let message = format!(
        "an update stops an instance before it starts another, so `minimumHealthCapacity` is {kept}"
    );
    findings.push(
        Diagnostic::new(&codes::APPROXIMATED, share.span, message)
            .also(place, "only one instance at a time can use this"),
    );
    kept
}

/// The places that say that no port of a service is fixed on its host, where they are written.
fn free_ports(service: &Container) -> Vec<Span> {
    let network = (!service.ports.is_empty()).then(|| origins::network(service));
    let deciding = service.ports.iter().map(origins::host_port).chain(network);
    let written = |from| match from {
        Origin::Place(place) => Some(place),
        _ => None,
    };
    deciding.filter_map(written).collect()
}

/// The script of an app. Marathon treats a script of one character as empty.
fn shell(script: &Text, spelled: Composed, findings: &mut Findings) -> Composed {
    if spelled.value.chars().nth(1).is_none() {
        let message = "`cmd` must have at least two characters";
        findings.push(
            Diagnostic::new(&codes::BAD_TARGET_VALUE, script.span, message)
                .help("use `true` instead of `:`; omit `cmd` to run the image's own command"),
        );
    }
    spelled
}

/// Reports labels that are those of applc itself.
fn check_labels(labels: &[plan::Label], findings: &mut Findings) {
    for label in labels.iter().filter(|label| OWN_LABELS.contains(&label.name.value.as_str())) {
        let message = format!("the label `{}` is set by applc", label.name.value);
        findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, label.name.span, message));
    }
}

/// Reports CPUs below Marathon's minimum.
fn check_cpus(cpus: f64, span: Span, findings: &mut Findings) {
    if cpus < MIN_CPUS {
        let message = format!("{cpus} CPUs are below the minimum of {MIN_CPUS}");
        findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, span, message));
    }
}

fn check_variables(env: &[EnvVar], findings: &mut Findings) {
    env.iter().for_each(|variable| check_variable(&variable.name, findings));
}

fn network(service: &Container, settings: &Settings<'_>) -> Network {
    let (mode, name) = match service.network.value {
        NetworkMode::Host => ("host", None),
        NetworkMode::Bridge => ("container/bridge", None),
        NetworkMode::Container => ("container", Some(settings.network_of(service))),
    };
    Network { mode: Traced::new(mode, origins::network(service)), name: Sparse(name) }
}

fn health(
    service: &Container,
    check: &plan::HealthCheck,
    index: &[usize],
    spell: impl Fn(&Text) -> Composed,
) -> HealthCheck {
    let plan::HealthCheck { span: _, is_default: _, protocol, probe, timing: _ } = check;
    let TracedTiming { interval, timeout, max_failures, grace } = origins::timing(check);
    let Protocol { kind, mesos } = protocol.value;
    let protocol = match (kind, mesos) {
        (ProtocolKind::Http, false) => "HTTP",
        (ProtocolKind::Http, true) => "MESOS_HTTP",
        (ProtocolKind::Https, false) => "HTTPS",
        (ProtocolKind::Https, true) => "MESOS_HTTPS",
        (ProtocolKind::Tcp, false) => "TCP",
        (ProtocolKind::Tcp, true) => "MESOS_TCP",
        (ProtocolKind::Command, _) => "COMMAND",
    };
    let (path, port, command) = match probe {
        Probe::Http { tls: _, path, port } => (Some(path), Some(port), None),
        Probe::Tcp { port } => (None, Some(port), None),
        // Mesos passes it to `docker exec CONTAINER sh -c` as one argument, so nothing is
        // escaped.
        Probe::Command(script) => (None, None, Some(CheckCommand { value: spell(script) })),
    };
    let path =
        path.map(|path| Traced::new(url::path(&path.value), origins::check_path(check, path)));
    let port = port.map(|at| {
        let value = index.get(at.value).copied().unwrap_or(at.value);
        let from = origins::check_port(check, at);
        let mut also: Vec<Span> =
            service.ports.get(at.value).map(|port| port.container_port.span).into_iter().collect();
        if let Origin::Default(..) = from {
            // It is the first port with a suitable protocol.
            let before = service.ports.iter().take(at.value.saturating_add(1));
            let written = before.filter_map(|port| match origins::transport(port) {
                Origin::Place(place) => Some(place),
                _ => None,
            });
            also.extend(written);
        }
        Composed::new(value, from, also)
    });
    HealthCheck {
        protocol: Traced::new(protocol, origins::check_protocol(check)),
        path: Sparse(path),
        port_index: Sparse(port),
        command: Sparse(command),
        grace_period_seconds: grace,
        interval_seconds: interval,
        timeout_seconds: timeout,
        max_consecutive_failures: max_failures,
    }
}
