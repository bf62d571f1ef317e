//! The logs of containers.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::engine::LogOptions;
use crate::error::{Error, ErrorKind};
use crate::logs::{Later, Log, Looks, follow, past};

use super::docker::Docker;
use super::model::APPLIANCE;
use super::states::plain;

/// Writes the logs of containers. Those of several are told apart by their names.
pub fn write(
    docker: &Docker,
    names: &[String],
    options: LogOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    if options.follow {
        return follow_all(docker, names, options, out);
    }
    let mut logs = Vec::new();
    for name in names {
        let arguments = arguments(name, options);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let output = docker.log(&arguments, options.most)?;
        if !output.success {
            return Err(Error::new(ErrorKind::Refused, plain(output.complaint())));
        }
        logs.push(Log { name: name.clone(), of: output.stdout + &output.stderr });
    }
    past(&logs, options.tail, out)
}

/// Follows the logs of containers, and of other instances of the same containers of the appliance that are started
/// later.
fn follow_all(
    docker: &Docker,
    names: &[String],
    options: LogOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let log = |name: &str, of: &str, options| {
        let mut command = Command::new("docker");
        command.args(arguments(of, options));
        Log { name: name.to_owned(), of: command }
    };
    let mut own = docker.labelled(APPLIANCE)?;
    own.retain(|one| names.contains(&one.name));
    let containers: BTreeSet<(Option<String>, String)> =
        own.iter().map(|one| (one.appliance.clone(), one.container.clone())).collect();
    let known: BTreeSet<String> = own.into_iter().map(|one| one.id).collect();
    let (known, later) = (Mutex::new(known), Later::new());
    let more = || {
        if !later.is_due() {
            return Vec::new();
        }
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        // Asked again later.
        let mut found = docker.labelled(APPLIANCE).unwrap_or_default();
        found.retain(|one| {
            containers.contains(&(one.appliance.clone(), one.container.clone()))
                && one.state.status != "created"
                && known.insert(one.id.clone())
        });
        // All that they have printed is new.
        let options = LogOptions { tail: None, ..options };
        found.iter().map(|one| log(&one.name, &one.id, options)).collect()
    };
    let first = names.iter().map(|name| log(name, name, options)).collect();
    follow(first, &Looks { more: &more, ..Looks::NONE }, out)
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
