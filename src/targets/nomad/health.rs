//! Health checks: run by the client, over HTTP or TCP.

use crate::diag::Findings;
use crate::plan::{HealthCheck, Probe};
use crate::render::Traced;
use crate::source::Spanned;
use crate::targets::origins::{self, TracedTiming};
use crate::targets::url;

use super::model::Check;

/// The check and the index of its port. `None` for a command, which Nomad cannot run in a
/// container.
pub fn check(health: &HealthCheck, findings: &mut Findings) -> Option<(Check, Spanned<usize>)> {
    let HealthCheck { span: _, is_default: _, protocol: _, probe, timing: _ } = health;
    let TracedTiming { interval, timeout, max_failures, grace } = origins::timing(health);
    let seconds = |number: Traced<u32>| number.map(|number| format!("{number}s"));
    let (kind, tls, path, port) = match probe {
        Probe::Tcp { port } => ("tcp", false, None, *port),
        Probe::Http { tls, path, port } => {
            findings.extend(url::with_host(path));
            let path = Traced::new(url::path(&path.value), origins::check_path(health, path));
            ("http", *tls, Some(path), *port)
        }
        Probe::Command(_) => return None,
    };
    let check = Check {
        kind: Traced::new(kind, origins::check_protocol(health)),
        tls,
        path,
        interval: seconds(interval),
        timeout: seconds(timeout),
        limit: max_failures,
        grace: seconds(grace),
    };
    Some((check, port))
}
