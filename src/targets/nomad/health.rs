//! Health checks: run by the client, over HTTP or TCP.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{HealthCheck, Probe};
use crate::render::Traced;
use crate::source::Spanned;
use crate::targets::origins::{self, TracedTiming};

use super::model::Check;
use super::strings::is_expanded_in_env;

/// The check and the index of its port. `None` for a command, which Nomad cannot run in a
/// container.
pub fn check(health: &HealthCheck, findings: &mut Findings) -> Option<(Check, Spanned<usize>)> {
    let HealthCheck { span, is_default: _, protocol: _, probe, timing: _ } = health;
    let TracedTiming { interval, timeout, max_failures, grace } = origins::timing(health);
    let seconds = |number: Traced<u32>| number.map(|number| format!("{number}s"));
    let (kind, tls, path, port) = match probe {
        Probe::Tcp { port } => ("tcp", false, None, *port),
        Probe::Http { tls, path, port } => {
            if !is_path(&path.value) {
                let message = format!("invalid path `{}` for a health check", path.value);
                findings.push(
                    Diagnostic::new(&codes::BAD_TARGET_VALUE, *span, message)
                        .help("write it as in a URL: one leading slash, `%` only before two hexadecimal digits, no `${name}`"),
                );
            }
            let path = Traced::new(path.value.to_string(), origins::check_path(health, path));
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

/// Whether Nomad accepts a path (Go's `url.Parse`) and leaves it unchanged.
fn is_path(path: &str) -> bool {
    let escapes_are_whole = path.split('%').skip(1).all(|rest| {
        rest.get(..2).is_some_and(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))
    });
    let visible = !path.chars().any(|c| c.is_control());
    escapes_are_whole && visible && !path.starts_with("//") && !is_expanded_in_env(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_and_invalid_paths() {
        for path in ["/", "/a b?x=1&y=%20#z", "/${", "/é"] {
            assert!(is_path(path), "{path}");
        }
        for path in ["//host/", "/100%", "/%zz", "/a\nb", "/${node.region}"] {
            assert!(!is_path(path), "{path}");
        }
    }
}
