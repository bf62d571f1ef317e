//! Health checks as Nomad makes them: from the client, over HTTP or TCP.

use crate::diag::{Diagnostic, codes};
use crate::plan::{HealthCheck, Probe, Timing};

use super::model::Check;
use super::strings::is_expanded_in_env;

/// The check and the index of the port that it looks at. None for a command, which Nomad
/// cannot run in a container.
pub fn check(health: &HealthCheck, diagnostics: &mut Vec<Diagnostic>) -> Option<(Check, usize)> {
    let HealthCheck { span, is_default: _, protocol: _, probe, timing } = health;
    let Timing { interval, timeout, max_failures, grace } = *timing;
    let (kind, tls, path, port) = match probe {
        Probe::Tcp { port } => ("tcp", false, None, *port),
        Probe::Http { tls, path, port } => {
            if !is_path(path) {
                let message = format!("nomad: `{path}` is not a path that a check can ask for");
                diagnostics.push(
                    Diagnostic::new(&codes::BAD_TARGET_VALUE, *span, message)
                        .help("write it as it stands in a URL: one slash first, `%` only before two hexadecimal digits, no `${name}`"),
                );
            }
            ("http", *tls, Some(path.clone()), *port)
        }
        Probe::Command(_) => return None,
    };
    let check = Check {
        kind,
        tls,
        path,
        interval: format!("{interval}s"),
        timeout: format!("{timeout}s"),
        limit: max_failures,
        grace: format!("{grace}s"),
    };
    Some((check, port))
}

/// Whether Nomad reads a path as one (Go's `url.Parse`), and leaves it as it is.
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
    fn paths_that_a_check_can_ask_for() {
        for path in ["/", "/a b?x=1&y=%20#z", "/${", "/é"] {
            assert!(is_path(path), "{path}");
        }
        for path in ["//host/", "/100%", "/%zz", "/a\nb", "/${node.region}"] {
            assert!(!is_path(path), "{path}");
        }
    }
}
