//! The logs of containers.

use std::io::Write;
use std::process::Command;

use crate::engine::LogOptions;
use crate::error::{Error, ErrorKind};
use crate::logs::{Log, follow, past};

use super::docker::Docker;
use super::states::plain;

/// Writes the logs of containers. Those of several are told apart by their names.
pub fn write(
    docker: &Docker,
    names: &[String],
    options: LogOptions,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    if options.follow {
        let log = |name: &String| {
            let mut command = Command::new("docker");
            command.args(arguments(name, options));
            Log { name: name.clone(), of: command }
        };
        return follow(names.iter().map(log).collect(), out);
    }
    let mut logs = Vec::new();
    for name in names {
        let arguments = arguments(name, options);
        let output = docker.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
        if !output.success {
            return Err(Error::new(ErrorKind::Refused, plain(output.complaint())));
        }
        logs.push(Log { name: name.clone(), of: output.stdout + &output.stderr });
    }
    past(&logs, options.tail, out)
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
