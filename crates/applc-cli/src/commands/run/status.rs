//! `applc status`.

use std::io::{self, IsTerminal};
use std::time::Duration;

use applc::printable;
use applc_run::{Appliances, Error, ErrorKind, Running, Secrets, engine_with};

use super::{appliances, drift, failed, ls, shown, timeline};
use crate::Status;
use crate::args::{Status as Arguments, StatusFormat};
use crate::terminal::print;

/// Longest time between two looks at an appliance that is watched.
const LOOK: Duration = Duration::from_secs(2);

/// Prints the states of an appliance, or of all.
pub fn run(arguments: &Arguments) -> Status {
    let Some(id) = &arguments.id else { return ls::all(arguments.format) };
    let appliances = match appliances() {
        Ok(appliances) => appliances,
        Err(status) => return status,
    };
    match one(&appliances, id, arguments) {
        Ok(status) => status,
        Err(error) => failed(&error),
    }
}

fn one(appliances: &Appliances, id: &str, arguments: &Arguments) -> Result<Status, Error> {
    let mut running = appliances.find(id, arguments.target.as_deref())?;
    let is_down = running.record.as_ref().is_some_and(|record| record.down);
    if running.observed.instances.is_empty() && is_down {
        return Err(down(id, &format!("`{id}` is down")));
    }
    if arguments.drift {
        if let Some(folder) = &arguments.secrets {
            let secrets = Secrets::of_user(Some(folder.clone()));
            running.engine = engine_with(running.engine.target(), secrets)?;
        }
        return drift::show(appliances, &*running.engine, id, arguments.format);
    }
    if arguments.timeline {
        let Running { engine, observed, .. } = &running;
        return Ok(timeline::show(appliances, &**engine, id, observed, arguments.format));
    }
    let mut last = String::new();
    loop {
        let text = text(appliances, id, &running, arguments)?;
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
        running.look_again(id)?;
        if let Some(error) = removed(appliances, id, &running) {
            return Err(error);
        }
    }
}

/// The error for an appliance that is down.
fn down(id: &str, what: &str) -> Error {
    Error::new(ErrorKind::Unknown, format!("{what}; its volumes are kept"))
        .help(format!("`applc down {id} --purge` removes them"))
}

/// The error for an appliance that was removed while it was watched: the one that `status` has for it from now on.
fn removed(appliances: &Appliances, id: &str, running: &Running) -> Option<Error> {
    if !running.observed.instances.is_empty() {
        return None;
    }
    let (folder, target) = (appliances.folder(), running.engine.target());
    // A run may be about to start it again.
    if folder.is_locked(id, target) {
        return None;
    }
    match folder.record(id, target) {
        Some(record) if !record.down => None,
        Some(_) => Some(down(id, &format!("`{id}` was taken down"))),
        None => Some(Error::new(ErrorKind::Unknown, format!("`{id}` was removed"))),
    }
}

fn text(
    appliances: &Appliances,
    id: &str,
    running: &Running,
    arguments: &Arguments,
) -> Result<String, Error> {
    if arguments.format == StatusFormat::Human
        && let Some(report) = running.engine.report(id)?
    {
        return Ok(printable::lines(&report).into_owned());
    }
    let appliance = appliances.status(&*running.engine, id, &running.observed);
    Ok(match arguments.format {
        StatusFormat::Human => shown::containers(&appliance, &running.observed),
        // A line for each change, so that programs can read them one by one.
        StatusFormat::Json if arguments.watch => {
            printable::json(&format!("{appliance}\n")).into_owned()
        }
        StatusFormat::Json => printable::json(&format!("{appliance:#}\n")).into_owned(),
    })
}
