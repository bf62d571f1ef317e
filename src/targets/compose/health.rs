//! Health checks. The engine runs them in the container, so each becomes a shell command.

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, HealthCheck, Probe};
use crate::render::{Composed, Traced};
use crate::source::Spanned;
use crate::targets::origins::{self, TracedTiming};
use crate::targets::url;

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
    let HealthCheck { span, is_default: _, protocol: _, probe, timing: _ } = health;
    let port = |index: &Spanned<usize>| container.ports.get(index.value);
    let number = |index| port(index).map_or(0, |port| port.container_port.value);
    // The protocol, and what the script contains.
    let places = |index: &Spanned<usize>| {
        let of_port = port(index).map(|port| port.container_port.span);
        of_port.into_iter().chain([index.span])
    };
    let protocol = origins::check_protocol(health);
    let mut needs = |what: &str| {
        let message =
            format!("the health check runs in the container, so the image must contain {what}");
        findings.push(
            Diagnostic::new(&codes::IMAGE_NEEDS, *span, message)
                .help("or use a `COMMAND` check with a program that the image contains"),
        );
    };
    // The script, and a comment that explains it.
    let (script, comment) = match probe {
        Probe::Http { tls, path, port } => {
            needs("`/bin/sh`, and `curl` or `wget`");
            let script = escaped(&http(*tls, number(port), &path.value));
            let also: Vec<_> = places(port).chain([path.span]).collect();
            let comment =
                "healthy if the server responds with a status from 200 to 399; no redirect is followed"
                    .to_owned();
            let comment = Composed::new(comment, protocol, Vec::new());
            (Composed::new(script, protocol, also), Some(comment))
        }
        Probe::Tcp { port } => {
            needs("`/bin/sh`");
            let also: Vec<_> = places(port).collect();
            let number = number(port);
            let comment = format!(
                "healthy if a process listens on TCP port {number}: in these lists of the kernel, the port \
                 is {number:04X} (hexadecimal), and 0A is the state LISTEN"
            );
            let comment = Composed::new(comment, protocol, also.clone());
            (Composed::new(escaped(&tcp(number)), protocol, also), Some(comment))
        }
        Probe::Command(command) => (context.text(command), None),
    };
    let TracedTiming { interval, timeout, max_failures, grace } = origins::timing(health);
    let seconds = |number: Traced<u32>| number.map(|number| format!("{number}s"));
    let faster = context.options.integer(START_INTERVAL);
    let word = |word: &str| Composed::new(word.to_owned(), protocol, Vec::new());
    model::HealthCheck {
        comment,
        // Not CMD-SHELL, which runs the shell that the image names: it may not be a POSIX
        // shell.
        test: [word("CMD"), word("/bin/sh"), word("-c"), script],
        interval: seconds(interval),
        timeout: seconds(timeout),
        retries: max_failures,
        start_period: seconds(grace),
        // Compose rejects `start_interval` without a start period.
        start_interval: (faster > 0 && grace.value > 0)
            .then(|| Traced::new(format!("{faster}s"), context.options.origin(START_INTERVAL))),
    }
}

/// The script of an HTTP check: a GET request whose response must have a status from 200 to 399.
/// Redirects are not followed: they lead where clients go, which the container may be unable to
/// reach. Certificates are not verified, and no proxy is used, because the container is the
/// server.
///
/// `wget` follows redirects, and that of busybox has no option against it. It is therefore stopped
/// when it prints the first status line. For that it runs in the process of a shell that prints its
/// own id first: a process in the background could be left to the main process of the container,
/// which often does not reap.
fn http(tls: bool, port: u16, path: &str) -> String {
    let scheme = if tls { "https" } else { "http" };
    let url = shell_word(&format!("{scheme}://127.0.0.1:{port}{}", url::path(path)));
    let insecure = if tls { " --no-check-certificate" } else { "" };
    format!(
        "unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY; \
         if command -v curl >/dev/null; then exec curl -gfsSk -o /dev/null {url}; fi; \
         exec 2>/dev/null; \
         /bin/sh -c 'echo $$; exec wget -q -S -O /dev/null{insecure} \"$0\" 2>&1' {url} | \
         {{ read -r pid; while read -r word status rest; do case $word in HTTP/*) kill $pid; \
         case $status in [23]??) exit 0;; esac; echo \"status $status\"; exit 1;; esac; \
         echo \"$word $status $rest\"; done; exit 1; }}"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_one_shell_word() {
        assert_eq!(shell_word("it's"), r"'it'\''s'");
        assert!(http(false, 80, "/'$(x)'").contains(r"'http://127.0.0.1:80/'\''$(x)'\'''"));
    }

    #[test]
    fn the_port_has_the_form_of_the_kernel_table() {
        assert!(tcp(80).contains(r"*:0050\ 0A)"));
        assert!(tcp(65535).contains(r"*:FFFF\ 0A)"));
    }
}
