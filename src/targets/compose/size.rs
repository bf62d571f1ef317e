//! The size of a Compose file, which Docker Compose limits.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::source::{Span, Spanned};

use super::model::{Service, Volume};

/// Maximum number of YAML nodes that Docker Compose 5.6 reads: `maximum node visit limit`.
const MAX_NODES: usize = 100_000;

/// Reports a file with too many nodes. `id` is that of the appliance.
pub fn check(
    id: &Spanned<EcoString>,
    services: &[(Span, Service)],
    volumes: &[(Span, Volume)],
    (configs, secrets): (usize, usize),
    findings: &mut Findings,
) {
    let count = nodes(services, volumes) + list(2 * configs) + list(3 * secrets);
    if count > MAX_NODES {
        let message = format!(
            "the Compose file has {count} YAML nodes, but recent versions of Docker Compose refuse more than {MAX_NODES}"
        );
        findings.push(
            Diagnostic::new(&codes::CLUSTER_NEEDS, id.span, message)
                .help("split the appliance; Docker Compose 5.6 is one of these versions"),
        );
    }
}

/// The number of nodes as Docker Compose counts them, without configs and secrets: the file itself, each
/// value of a mapping, and each item of a list, but not the keys.
fn nodes(services: &[(Span, Service)], volumes: &[(Span, Volume)]) -> usize {
    let services: usize = services.iter().map(|(_, service)| of_service(service)).sum();
    let of_volume = |volume: &Volume| match (&volume.external_name, &volume.driver) {
        (Some(_), _) => 3,
        (None, Some(_)) => 2,
        (None, None) => 1,
    };
    let volumes: usize = volumes.iter().map(|(_, volume)| of_volume(volume)).sum();
    // The file, `name`, and `services`.
    3 + services + list(volumes)
}

/// The nodes of a list or a mapping with this many inside, which is left out if it is empty.
fn list(inside: usize) -> usize {
    if inside > 0 { inside + 1 } else { 0 }
}

fn of_service(service: &Service) -> usize {
    // Destructured completely, so that a new field fails to compile until it is counted here.
    let Service {
        name: _,
        image: _,
        build,
        pull_policy,
        entrypoint,
        command,
        user,
        working_dir,
        environment,
        network_mode,
        alias,
        extra_hosts,
        ports,
        volumes,
        configs,
        secrets,
        privileged,
        depends_on,
        healthcheck,
        restart,
        stop_grace_period,
        labels,
        cpu_shares: _,
        memory: _,
        scale,
        gpus,
    } = service;
    let one = usize::from;
    let ports = ports.iter().map(|port| {
        2 + one(port.published.is_some()) + one(port.protocol.is_some()) + one(port.name.is_some())
    });
    let mounts = volumes.iter().map(|mount| 4 + one(mount.read_only.value));
    // The check, its command (`CMD`, a program and two arguments), and its times and number of
    // failures.
    let check = |start_interval: bool| 1 + 5 + 4 + one(start_interval);
    let build = build.as_ref().map_or(0, |build| {
        2 + one(build.dockerfile.is_some()) + list(build.args.len()) + one(build.target.is_some())
    });
    // The service, its image, its CPU shares, two limits of memory, and two labels.
    8 + build
        + one(pull_policy.is_some())
        + list(entrypoint.len())
        + list(command.len())
        + one(user.is_some())
        + one(working_dir.is_some())
        + list(environment.len())
        + one(network_mode.is_some())
        + 4 * one(alias.is_some())
        + list(extra_hosts.len())
        + list(ports.sum())
        + list(mounts.sum())
        + list(configs.iter().map(|config| 3 + one(config.mode.is_some())).sum())
        + list(secrets.iter().map(|secret| 3 + one(secret.mode.is_some())).sum())
        + one(privileged.value)
        + list(2 * depends_on.len())
        + healthcheck.as_ref().map_or(0, |health| check(health.start_interval.is_some()))
        + one(restart.is_some())
        + one(stop_grace_period.is_some())
        // Two of them are counted above.
        + labels.list.len().saturating_sub(2)
        + one(scale.is_some())
        // `deploy`, two mappings, the list of devices, one device, and its values.
        + 9 * one(gpus.is_some())
}
