//! The logs of containers.

use std::io::{BufRead, BufReader, ErrorKind as IoKind, Read, Write};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use crate::engine::LogOptions;
use crate::error::{Error, ErrorKind};
use crate::tool::missing;

use super::docker::Docker;
use super::states::plain;

/// Writes the logs of containers. Those of several are told apart by their names.
pub fn write(
    docker: &Docker,
    names: &[String],
    options: LogOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    if options.follow { follow(names, options, out) } else { past(docker, names, options, out) }
}

fn arguments(name: &str, options: LogOptions) -> Vec<String> {
    let mut arguments = vec!["logs".to_owned()];
    if let Some(tail) = options.tail {
        arguments.extend(["--tail".to_owned(), tail.to_string()]);
    }
    if options.follow {
        arguments.push("--follow".to_owned());
    } else {
        arguments.push("--timestamps".to_owned());
    }
    arguments.push(name.to_owned());
    arguments
}

/// What stands before each line: nothing if there is one container only.
fn prefix(name: &str, names: &[String]) -> String {
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    if names.len() > 1 { format!("{name:width$} | ") } else { String::new() }
}

/// Writes what was logged until now, in the order of time. The two streams of a container come apart from
/// each other, so the engine's times bring them together again.
fn past(
    docker: &Docker,
    names: &[String],
    options: LogOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let mut lines = Vec::new();
    for name in names {
        let prefix = prefix(name, names);
        let arguments = arguments(name, options);
        let output = docker.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
        if !output.success {
            return Err(Error::new(ErrorKind::Refused, plain(output.complaint())));
        }
        let mut own: Vec<(&str, &str)> =
            output.stdout.lines().chain(output.stderr.lines()).map(in_time).collect();
        own.sort_by_key(|(time, _)| *time);
        let skipped = options.tail.map_or(0, |tail| own.len().saturating_sub(tail as usize));
        let own = own.into_iter().skip(skipped);
        lines.extend(own.map(|(time, line)| (time.to_owned(), format!("{prefix}{line}"))));
    }
    lines.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (_, line) in lines {
        if !put(out, &line) {
            break;
        }
    }
    Ok(())
}

/// A line and its time, which the engine writes before it.
fn in_time(line: &str) -> (&str, &str) {
    line.split_once(' ').unwrap_or((line, ""))
}

/// Writes what is logged until the containers end, or nobody reads it any more.
fn follow(
    names: &[String],
    options: LogOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let mut children = Vec::new();
    for name in names {
        let mut command = Command::new("docker");
        command.args(arguments(name, options));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        children.push((
            prefix(name, names),
            command.spawn().map_err(|cause| missing("docker", &cause))?,
        ));
    }
    let out = Mutex::new(out);
    thread::scope(|scope| {
        for (prefix, child) in &mut children {
            let (out, prefix) = (&out, prefix.as_str());
            if let Some(stream) = child.stdout.take() {
                scope.spawn(move || pass_on(stream, prefix, out));
            }
            if let Some(stream) = child.stderr.take() {
                scope.spawn(move || pass_on(stream, prefix, out));
            }
        }
    });
    for (_, child) in &mut children {
        let _ = child.kill();
        let _ = child.wait();
    }
    Ok(())
}

fn pass_on(stream: impl Read, prefix: &str, out: &Mutex<&mut (dyn Write + Send)>) {
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let line = String::from_utf8_lossy(&line);
        let Ok(mut out) = out.lock() else { return };
        if !put(&mut **out, &format!("{prefix}{line}")) {
            return;
        }
    }
}

/// Writes a line; whether there is still a reader.
fn put(out: &mut (dyn Write + Send), line: &str) -> bool {
    let written = writeln!(out, "{line}").and_then(|()| out.flush());
    !written.is_err_and(|error| error.kind() == IoKind::BrokenPipe)
}
