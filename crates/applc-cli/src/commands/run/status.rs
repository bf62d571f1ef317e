//! `applc status`.

use std::io::{self, IsTerminal};
use std::time::Duration;

use applc_run::{Error, ErrorKind, Folder, Observed, State, render};
use serde_json::Value;

use super::{Running, failed, find, folder, ls, shown};
use crate::Status;
use crate::args::{Status as Arguments, StatusFormat};
use crate::terminal::print;

/// Longest time between two looks at an appliance that is watched.
const LOOK: Duration = Duration::from_secs(2);

/// Prints the states of an appliance, or of all.
pub fn run(arguments: &Arguments) -> Status {
    let Some(id) = &arguments.id else { return ls::list(arguments.format) };
    let folder = match folder() {
        Ok(folder) => folder,
        Err(status) => return status,
    };
    match one(&folder, id, arguments) {
        Ok(status) => status,
        Err(error) => failed(&error),
    }
}

fn one(folder: &Folder, id: &str, arguments: &Arguments) -> Result<Status, Error> {
    let mut running = find(folder, id, arguments.target.as_deref())?;
    if running.observed.instances.is_empty()
        && running.record.as_ref().is_some_and(|record| record.down)
    {
        let message = format!("`{id}` is down; its volumes are kept");
        return Err(Error::new(ErrorKind::Unknown, message)
            .help(format!("`applc down {id} --purge` removes them")));
    }
    let mut last = String::new();
    loop {
        let text = text(folder, id, &running, arguments);
        if text != last {
            let clear = arguments.watch && io::stdout().is_terminal();
            let before = if clear { "\x1b[2J\x1b[H" } else { "" };
            let status = print(&format!("{before}{text}"));
            if !arguments.watch || status != Status::Clean {
                return Ok(status);
            }
            last = text;
        }
        running.engine.pause(id, LOOK);
        running.observed = running.engine.observe(id)?;
    }
}

fn text(folder: &Folder, id: &str, running: &Running, arguments: &Arguments) -> String {
    let appliance = appliance(folder, id, running.engine.target(), &running.observed);
    match arguments.format {
        StatusFormat::Human => shown::containers(&appliance, &running.observed),
        // A line for each change, so that programs can read them one by one.
        StatusFormat::Json if arguments.watch => format!("{appliance}\n"),
        StatusFormat::Json => format!("{appliance:#}\n"),
    }
}

/// An appliance with its states.
pub fn appliance(folder: &Folder, id: &str, target: &str, observed: &Observed) -> Value {
    let kept = folder.appliance(id, target);
    let is_changing =
        kept.is_some() && folder.lock(id, target).is_err_and(|error| error.kind == ErrorKind::Busy);
    let mut records = folder.records(id).into_iter().filter(|record| record.target == target);
    // A container that was never started cannot have been stopped.
    let is_started = records.next().is_none_or(|record| record.started);
    let absent = if is_changing || !is_started { State::Submitted } else { State::Killed };
    render(id, kept.as_ref(), observed, absent)
}
