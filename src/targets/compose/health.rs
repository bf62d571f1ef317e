//! Health checks. The engine runs them in the container, so each becomes a shell command.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, HealthCheck, Probe, Timing};

use super::context::Context;
use super::escaped;
use super::model;
use super::options::START_INTERVAL;

/// Lowers a health check of `container`.
pub fn check(
    context: &Context<'_>,
    container: &Container,
    health: &HealthCheck,
    findings: &mut Findings,
) -> model::HealthCheck {
    // The protocol also says whether a check runs on the host; here it always runs in the
    // container.
    let HealthCheck { span, is_default: _, protocol: _, probe, timing } = health;
    let number = |index: usize| container.ports.get(index).map_or(0, |p| p.container_port.value);
    let mut needs = |what: &str| {
        let message =
            format!("the health check runs in the container, so the image must contain {what}");
        findings.push(
            Diagnostic::new(&codes::IMAGE_NEEDS, *span, message)
                .help("or use a `COMMAND` check with a program that the image contains"),
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
        // Not CMD-SHELL, which runs the shell that the image names: it may not be a POSIX
        // shell.
        test: ["CMD".to_owned(), "/bin/sh".to_owned(), "-c".to_owned(), script],
        interval: seconds(interval),
        timeout: seconds(timeout),
        retries: max_failures,
        start_period: seconds(grace),
        // Compose rejects `start_interval` without a start period.
        start_interval: (faster > 0 && grace > 0).then(|| format!("{faster}s")),
    }
}

/// The script of an HTTP check: a GET request that must end, after redirects, with a status
/// from 200 to 399. Certificates are not verified, and no proxy is used, because the container
/// is the server.
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

/// The script of a TCP check: it looks for a listener on the port in the kernel's table of
/// sockets, where `0A` is the state LISTEN. A shell can read the table without any other
/// program, and the server sees no empty connection.
fn tcp(port: u16) -> String {
    format!(
        "for list in /proc/net/tcp /proc/net/tcp6; do [ ! -r $list ] || \
         while read -r slot local remote state rest; do \
         case \"$local $state\" in *:{port:04X}\\ 0A) exit 0;; esac; \
         done <$list; done; echo 'nothing listens on port {port}'; exit 1"
    )
}

/// Quotes a string as one word of a POSIX shell.
fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// Percent-encodes the bytes of a path that a URL cannot contain, and leaves the rest
/// unchanged.
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
    fn a_url_is_one_shell_word() {
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert_eq!(url_path("/a b?c=%20&d=é"), "/a%20b?c=%20&d=%C3%A9");
        assert!(http(false, 80, "/'$(x)'").contains(r"'http://127.0.0.1:80/'\''$(x)'\'''"));
    }

    #[test]
    fn the_port_has_the_form_of_the_kernel_table() {
        assert!(tcp(80).contains(r"*:0050\ 0A)"));
        assert!(tcp(65535).contains(r"*:FFFF\ 0A)"));
    }
}
