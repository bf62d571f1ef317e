//! What Marathon says about a task that failed.

use crate::state::{Fault, FaultKind};

use super::api::Failure;

/// The exit statuses of a shell and of Docker for a program that cannot be run or does not exist: starting it
/// again changes nothing.
const NOT_RUN: [&str; 2] = ["126", "127"];

/// What Mesos says when an image cannot be had: from Docker, and from its own containerizer.
const PULL: [&str; 6] = [
    "failed to pull",
    "pull access denied",
    "manifest unknown",
    "get the manifest",
    "no such image",
    "repository does not exist",
];

/// What Mesos says when it cannot create a container.
const LAUNCH: [&str; 4] = [
    "failed to launch container",
    "failed to create container",
    "container launch failed",
    "failed to run 'docker",
];

/// Why a task failed, if starting it again will not help. `image` is that of the app.
pub fn lasting(failure: &Failure, image: &str) -> Option<Fault> {
    let message = failure.message.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| message.contains(word));
    let kind = if message.contains("health check failed") {
        FaultKind::Health
    } else if has(&["memory limit exceeded", "oom-killed", "out of memory"]) {
        FaultKind::Memory
    } else if has(&PULL) || (message.contains("docker") && message.contains(" pull ")) {
        FaultKind::Pull
    } else if has(&LAUNCH) || failure.state == "TASK_ERROR" {
        FaultKind::Start
    } else if exit_status(&failure.message).is_some_and(|status| NOT_RUN.contains(&status)) {
        FaultKind::Crash
    } else {
        return None;
    };
    let reason = reason(failure);
    let reason = match kind {
        FaultKind::Pull if !image.is_empty() && !reason.contains(image) => {
            format!("`{image}`: {reason}")
        }
        FaultKind::Crash => format!("{reason}: its program cannot be run"),
        _ => reason,
    };
    Some(Fault { kind, reason })
}

/// Why a task failed, in a few words.
pub fn reason(failure: &Failure) -> String {
    let message = failure.message.trim();
    if let Some(status) = exit_status(message) {
        return format!("ended with exit status {status}");
    }
    if let Some((_, cause)) = message.split_once("health check failed. Reason:") {
        return format!("its health check fails: {}", one_line(cause));
    }
    if message.to_ascii_lowercase().contains("memory limit exceeded") {
        return "ended by Mesos at its memory limit".to_owned();
    }
    // What Docker printed is behind the line that ran it.
    let printed = message.split_once("stderr='").map(|(_, rest)| rest.trim_end_matches('\''));
    let text = one_line(printed.unwrap_or(message));
    let text = ["Failed to launch container: ", "Error response from daemon: "]
        .iter()
        .fold(text.as_str(), |text, layer| text.strip_prefix(layer).unwrap_or(text));
    match text {
        "" => format!("Mesos gives no reason for {}", failure.state),
        text => text.to_owned(),
    }
}

/// The exit status in a message such as `Container exited with status 3`.
fn exit_status(message: &str) -> Option<&str> {
    let (before, status) = message.trim().rsplit_once(" exited with status ")?;
    let is_plain = matches!(before, "Container" | "Command" | "Docker container" | "Executor");
    let digits = status.trim_end_matches('.');
    (is_plain && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(message: &str) -> Option<(FaultKind, String)> {
        let failure = Failure {
            state: "TASK_FAILED".to_owned(),
            message: message.to_owned(),
            ..Failure::default()
        };
        lasting(&failure, "a:1").map(|fault| (fault.kind, fault.reason))
    }

    #[test]
    fn messages_of_mesos_say_whether_another_start_helps() {
        let pull = "Failed to launch container: Failed to run 'docker -H unix:///var/run/docker.sock pull a:1': \
                    exited with status 1; stderr='Error response from daemon: manifest for a:1 not found\n'";
        assert_eq!(fault(pull), Some((FaultKind::Pull, "manifest for a:1 not found".to_owned())));
        let universal = "Failed to launch container: Unexpected HTTP response '404 Not Found' when trying to get the manifest";
        assert_eq!(
            fault(universal),
            Some((
                FaultKind::Pull,
                "`a:1`: Unexpected HTTP response '404 Not Found' when trying to get the manifest"
                    .to_owned()
            ))
        );
        let sick = "Task was killed since health check failed. Reason: Connection refused";
        assert_eq!(
            fault(sick),
            Some((FaultKind::Health, "its health check fails: Connection refused".to_owned()))
        );
        let full = "Memory limit exceeded: Requested: 64MB Maximum Used: 64MB\n\nMEMORY STATISTICS: \ncache 1";
        assert_eq!(
            fault(full),
            Some((FaultKind::Memory, "ended by Mesos at its memory limit".to_owned()))
        );
        assert_eq!(
            fault(
                "Failed to launch container: Failed to create container: bind source path does not exist: /srv"
            ),
            Some((
                FaultKind::Start,
                "Failed to create container: bind source path does not exist: /srv".to_owned()
            ))
        );
        assert_eq!(
            fault("Container exited with status 127"),
            Some((
                FaultKind::Crash,
                "ended with exit status 127: its program cannot be run".to_owned()
            ))
        );
    }

    #[test]
    fn what_may_be_mended_by_another_start_is_no_lasting_fault() {
        assert_eq!(fault("Container exited with status 1"), None);
        assert_eq!(fault("Agent removed: health check timed out"), None);
        let failure =
            Failure { message: "Command exited with status 3".to_owned(), ..Failure::default() };
        assert_eq!(reason(&failure), "ended with exit status 3");
        let failure = Failure { state: "TASK_LOST".to_owned(), ..Failure::default() };
        assert_eq!(reason(&failure), "Mesos gives no reason for TASK_LOST");
    }
}
