//! Health checks as probes.

use super::model::{HttpGet, Probe};
use super::text::Strings;
use crate::diag::Findings;
use crate::plan::{self, Container, HealthCheck};
use crate::render::{Composed, Origin, Traced};
use crate::source::Spanned;
use crate::targets::origins::{self, TracedTiming};
use crate::targets::url;

/// Maximum seconds between checks of a container that has not been healthy yet: its dependents
/// wait for the first success.
const STARTUP_PERIOD: u32 = 10;

/// The probes of a health check, each with its key in the container.
///
/// Until the first success only the startup probe runs, and the container is not ready. The probe
/// allows for the grace period, and then for the time that the permitted number of failures takes.
/// After that, the liveness probe restarts the container. A readiness probe with the same limits
/// would fail at the same time, so there is none.
pub fn probes(
    check: &HealthCheck,
    container: &Container,
    strings: &Strings<'_>,
    findings: &mut Findings,
) -> Vec<(&'static str, Probe)> {
    let HealthCheck { span: _, is_default: _, protocol: _, probe, timing: _ } = check;
    let TracedTiming { interval, timeout, max_failures, grace } = origins::timing(check);
    let mut running = Probe {
        http: None,
        tcp: None,
        exec: Vec::new(),
        period: interval,
        timeout,
        failures: max_failures.into(),
    };
    let port = |index: &Spanned<usize>| {
        let port = container.ports.get(index.value).map(|port| port.container_port);
        let from = origins::check_port(check, index);
        // The number is that of the port; the index may be a default.
        port.map_or(Traced::new(0, from), |port| {
            Traced::new(port.value, Origin::Places(port.span, index.span))
        })
    };
    match probe {
        plan::Probe::Http { tls, path, port: index } => {
            findings.extend(url::with_host(path));
            running.http = Some(HttpGet {
                path: Traced::new(url::path(&path.value), origins::check_path(check, path)),
                port: port(index),
                scheme: tls.then(|| Traced::new("HTTPS", origins::check_protocol(check))),
            });
        }
        plan::Probe::Tcp { port: index } => running.tcp = Some(port(index)),
        plan::Probe::Command(command) => {
            running.exec = strings.probe(command);
        }
    }
    let startup = {
        let period = interval.map(|interval| interval.min(STARTUP_PERIOD));
        let [whole, times, each] = [grace, max_failures, interval].map(|n| u64::from(n.value));
        let failures = (whole + times * each).div_ceil(u64::from(period.value.max(1)));
        let failures = u32::try_from(failures.min(i32::MAX as u64)).unwrap_or(u32::MAX);
        let also = [max_failures, interval].iter().filter_map(|n| n.from.place()).collect();
        let failures = Composed::new(failures, grace.from, also);
        Probe { period, failures, ..running.clone() }
    };
    vec![("startupProbe", startup), ("livenessProbe", running)]
}
