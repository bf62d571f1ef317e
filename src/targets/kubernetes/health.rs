//! Health checks as probes.

use super::model::{HttpGet, Probe};
use super::network::Network;
use super::text;
use crate::plan::{self, Container, HealthCheck, Timing};

/// Maximum seconds between checks of a container that has not been healthy yet: its dependents
/// wait for the first success.
const STARTUP_PERIOD: u32 = 10;

/// The probes of a health check, each with its key in the container.
///
/// Until the first success only the startup probe runs. It allows for the grace period, and
/// then for the time that the permitted number of failures takes. After that, the liveness
/// probe restarts the container, and the readiness probe says whether it is healthy.
pub fn probes(
    check: &HealthCheck,
    container: &Container,
    network: &Network,
) -> Vec<(&'static str, Probe)> {
    let HealthCheck { span: _, is_default: _, protocol: _, probe, timing } = check;
    let Timing { interval, timeout, max_failures, grace } = *timing;
    let [interval, timeout, max_failures, grace] =
        [interval, timeout, max_failures, grace].map(|number| number.value);
    let mut running = Probe {
        http: None,
        tcp: None,
        exec: Vec::new(),
        period: interval,
        timeout,
        failures: max_failures,
    };
    let port =
        |index: usize| container.ports.get(index).map_or(0, |port| port.container_port.value);
    match probe {
        plan::Probe::Http { tls, path, port: index } => {
            running.http =
                Some(HttpGet { path: path.value.clone(), port: port(index.value), tls: *tls });
        }
        plan::Probe::Tcp { port: index } => running.tcp = Some(port(index.value)),
        plan::Probe::Command(command) => running.exec = text::shell(command, network),
    }
    let startup = (grace > 0).then(|| {
        let period = interval.min(STARTUP_PERIOD);
        let allowed = u64::from(grace) + u64::from(max_failures) * u64::from(interval);
        let failures = allowed.div_ceil(u64::from(period.max(1)));
        let failures = u32::try_from(failures.min(i32::MAX as u64)).unwrap_or(u32::MAX);
        ("startupProbe", Probe { period, failures, ..running.clone() })
    });
    let afterwards = [("livenessProbe", running.clone()), ("readinessProbe", running)];
    startup.into_iter().chain(afterwards).collect()
}
