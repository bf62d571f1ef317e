//! The logs of allocations. Nomad keeps the two streams of a task apart, and no times of their lines.

use std::io::Write;
use std::process::Command;

use crate::engine::LogOptions;
use crate::error::Error;
use crate::logs::{self, Log, Looks};
use crate::tool::{self, Output, PATIENCE};

use super::client::{Nomad, complaint};
use super::model::{Allocation, Group, Job};

/// The streams of a task.
const STREAMS: [&str; 2] = ["-stdout", "-stderr"];

/// An instance whose log is written.
#[derive(Debug, Clone)]
pub struct Logged {
    /// The name of the instance.
    pub name: String,
    /// The id of its allocation.
    pub allocation: String,
    /// The namespace of its allocation.
    pub namespace: String,
    /// The job, for a run of a periodic one the latter, and the group.
    pub container: (String, String),
    /// The task of the container.
    pub task: String,
    /// Whether this has been started.
    pub is_started: bool,
}

impl Logged {
    /// An instance of a group of a job.
    pub fn of(job: &Job, group: &Group, one: &Allocation) -> Option<Logged> {
        let task = group.main()?.name.clone();
        let whole = if job.parent.is_empty() { &job.id } else { &job.parent };
        Some(Logged {
            name: one.name.clone(),
            allocation: one.id.clone(),
            namespace: one.namespace.clone(),
            container: (whole.clone(), group.name.clone()),
            is_started: one.task_states.get(&task).is_some_and(|task| task.started_at.is_some()),
            task,
        })
    }
}

/// Writes the logs of instances: those of each after another, and first what it wrote to its output. Those
/// of several are told apart by their names.
///
/// # Errors
/// The agent does not answer or refuses, or `out` cannot be written.
pub fn past(
    nomad: &Nomad,
    all: &[Logged],
    options: LogOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let mut logs = Vec::new();
    // In the place of times.
    let mut number = 0_u64;
    for one in all {
        let mut lines = String::new();
        for stream in STREAMS {
            let mut program = command(nomad, one, stream, options);
            let output = tool::run_last(&mut program, PATIENCE, options.most)?;
            for line in text(&output)?.lines() {
                number += 1;
                lines.push_str(&format!("{number:020} {line}\n"));
            }
        }
        logs.push(Log { name: one.name.to_owned(), of: lines });
    }
    // Nomad has left out all but the last lines of each stream.
    logs::past(&logs, None, out)
}

/// The stream that was asked for. That of a task that has not started is empty: Nomad refuses to show it.
fn text(output: &Output) -> Result<&str, Error> {
    match output.success {
        true => Ok(&output.stdout),
        false if output.stderr.contains("not started yet") => Ok(""),
        false => Err(complaint(output)),
    }
}

/// Writes what is logged until all instances have ended. `is_over` says whether they have: Nomad's program
/// goes on then. `more` are the instances that were started since it was asked last.
///
/// # Errors
/// `nomad` cannot be started, or `out` cannot be written.
pub fn follow(
    nomad: &Nomad,
    all: &[Logged],
    options: LogOptions,
    is_over: &(dyn Fn() -> bool + Sync),
    more: &(dyn Fn() -> Vec<Logged> + Sync),
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let logs = |all: &[Logged], options: LogOptions| -> Vec<Log<Command>> {
        let log = |one: &Logged, stream| Log {
            name: one.name.clone(),
            of: command(nomad, one, stream, options),
        };
        all.iter().flat_map(|one| STREAMS.map(|stream| log(one, stream))).collect()
    };
    // All that they have printed is new.
    let more = || logs(&more(), LogOptions { tail: None, ..options });
    logs::follow(logs(all, options), &Looks { is_over, more: &more }, out)
}

fn command(nomad: &Nomad, one: &Logged, stream: &str, options: LogOptions) -> Command {
    let tail = options.tail.map(|tail| tail.to_string());
    let mut words = vec![stream];
    if let Some(tail) = &tail {
        words.extend(["-tail", "-n", tail.as_str()]);
    }
    if options.follow {
        words.push("-f");
    }
    nomad.log(&one.allocation, &one.namespace, &one.task, &words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_a_task_that_has_not_started_is_empty() {
        let failed = |stderr: &str| {
            let stderr = stderr.to_owned();
            let output = Output { success: false, stdout: "no log".to_owned(), stderr };
            text(&output).map(str::to_owned)
        };
        let not_started = "Error reading file: Unexpected response code: 404 \
                           (task \"web\" not started yet. No logs available)";
        assert_eq!(failed(not_started).unwrap(), "");
        assert!(failed("Unexpected response code: 404 (unknown allocation)").is_err());
    }
}
