//! The logs of allocations. Nomad keeps the two streams of a task apart, and no times of their lines.

use std::io::Write;
use std::process::Command;

use crate::engine::LogOptions;
use crate::error::Error;
use crate::logs::{self, Log, Looks};
use crate::tool::{self, Output, PATIENCE};

use super::client::{Nomad, complaint};
use super::model::Allocation;

/// The streams of a task.
const STREAMS: [&str; 2] = ["-stdout", "-stderr"];

/// An instance whose log is written.
pub struct Logged<'a> {
    /// The name of the instance.
    pub name: &'a str,
    /// Its allocation.
    pub allocation: &'a Allocation,
    /// The task of the container.
    pub task: &'a str,
}

/// Writes the logs of instances: those of each after another, and first what it wrote to its output. Those
/// of several are told apart by their names.
///
/// # Errors
/// The agent does not answer or refuses, or `out` cannot be written.
pub fn past(
    nomad: &Nomad,
    all: &[Logged<'_>],
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
/// goes on then.
///
/// # Errors
/// `nomad` cannot be started, or `out` cannot be written.
pub fn follow(
    nomad: &Nomad,
    all: &[Logged<'_>],
    options: LogOptions,
    is_over: &(dyn Fn() -> bool + Sync),
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let log = |one: &Logged<'_>, stream| Log {
        name: one.name.to_owned(),
        of: command(nomad, one, stream, options),
    };
    let streams = all.iter().flat_map(|one| STREAMS.map(|stream| log(one, stream)));
    logs::follow(streams.collect(), &Looks { is_over, ..Looks::NONE }, out)
}

fn command(nomad: &Nomad, one: &Logged<'_>, stream: &str, options: LogOptions) -> Command {
    let tail = options.tail.map(|tail| tail.to_string());
    let mut words = vec![stream];
    if let Some(tail) = &tail {
        words.extend(["-tail", "-n", tail.as_str()]);
    }
    if options.follow {
        words.push("-f");
    }
    nomad.log(&one.allocation.id, &one.allocation.namespace, one.task, &words)
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
