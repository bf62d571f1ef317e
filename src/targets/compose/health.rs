//! Health checks. The engine runs them in the container, so each becomes a shell command.

use crate::diag::{Diagnostic, codes};
use crate::plan::{Container, HealthCheck, Probe, Timing};

use super::model;
use super::services::Context;
use super::{NAME, escaped};

/// The option for the time between checks in the grace period, in seconds.
pub const START_INTERVAL: &str = "start-interval";

/// Lowers a health check of `container`.
pub fn check(
    context: &Context<'_>,
    container: &Container,
    health: &HealthCheck,
    diagnostics: &mut Vec<Diagnostic>,
) -> model::HealthCheck {
    // Whether a check runs on the host or in the container is all the same here.
    let HealthCheck { span, is_default: _, protocol: _, probe, timing } = health;
    let number = |index: usize| container.ports.get(index).map_or(0, |p| p.container_port.value);
    let mut needs = |what: &str| {
        let message = format!("{NAME}: the check runs in the container: the image needs {what}");
        diagnostics.push(
            Diagnostic::new(&codes::IMAGE_NEEDS, *span, message)
                .help("or check with a `COMMAND`, by a program that the image has"),
        );
    };
    let script = match probe {
        Probe::Http { tls, path, port } => {
            needs("`/bin/sh`, and `curl` or `wget`");
            escaped(&http(*tls, number(*port), path))
        }
        Probe::Tcp { port } => {
            needs("`/bin/sh`");
            escaped(&tcp(number(*port)))
        }
        Probe::Command(command) => context.text(command),
    };
    let Timing { interval, timeout, max_failures, grace } = *timing;
    let seconds = |number: u32| format!("{number}s");
    let faster = context.options.integer(START_INTERVAL);
    model::HealthCheck {
        // Not CMD-SHELL: that is the shell which the image names, and need not be a POSIX one.
        test: ["CMD".to_owned(), "/bin/sh".to_owned(), "-c".to_owned(), script],
        interval: seconds(interval),
        timeout: seconds(timeout),
        retries: max_failures,
        start_period: seconds(grace),
        // Compose refuses it without a start period.
        start_interval: (faster > 0 && grace > 0).then(|| format!("{faster}s")),
    }
}

/// A GET that must end, after redirections, with a status of 200 to 399. Certificates are
/// not checked, and no proxy is asked: the container is its own server.
fn http(tls: bool, port: u16, path: &str) -> String {
    let scheme = if tls { "https" } else { "http" };
    let url = shell_word(&format!("{scheme}://127.0.0.1:{port}{}", url_path(path)));
    let insecure = if tls { " --no-check-certificate" } else { "" };
    format!(
        "unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY; \
         if command -v curl >/dev/null; then curl -gfsSLk -o /dev/null {url}; \
         else wget -q -O /dev/null{insecure} {url}; fi"
    )
}

/// Whether something listens on the port, told by the kernel's own list of sockets, where
/// `0A` is the state LISTEN: a shell can read that without any other program, and no
/// server sees a connection that says nothing.
fn tcp(port: u16) -> String {
    format!(
        "for list in /proc/net/tcp /proc/net/tcp6; do [ ! -r $list ] || \
         while read -r slot local remote state rest; do \
         case \"$local $state\" in *:{port:04X}\\ 0A) exit 0;; esac; \
         done <$list; done; echo 'nothing listens on port {port}'; exit 1"
    )
}

/// A string as one word of a POSIX shell.
fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A path as it may stand in a URL: what no URL can have is percent-encoded, all else stays
/// as it is written.
fn url_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'!'..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_one_word_whatever_the_path() {
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(url_path("/a b?c=%20&d=é"), "/a%20b?c=%20&d=%C3%A9");
        assert!(http(false, 80, "/'$(x)'").contains(r"'http://127.0.0.1:80/'\''$(x)'\'''"));
    }

    #[test]
    fn the_port_is_written_as_the_kernel_does() {
        assert!(tcp(80).contains(r"*:0050\ 0A)"));
        assert!(tcp(65535).contains(r"*:FFFF\ 0A)"));
    }
}
