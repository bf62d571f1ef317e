//! `applc down`.

use applc_run::{Appliances, Error, ErrorKind};

use super::{appliances, failed, warn};
use crate::Status;
use crate::args::Down;
use crate::terminal::note;

/// Removes an appliance from its engine.
pub fn run(arguments: &Down) -> Status {
    let appliances = match appliances() {
        Ok(appliances) => appliances,
        Err(status) => return status,
    };
    match down(&appliances, arguments) {
        Ok(()) => Status::Clean,
        Err(error) => failed(&error),
    }
}

fn down(appliances: &Appliances, arguments: &Down) -> Result<(), Error> {
    let id = &arguments.id;
    let running = appliances.find_remains(id, arguments.target.as_deref())?;
    // Without a record and instances, only volumes are left.
    let was_down = running.record.as_ref().is_none_or(|record| record.down);
    if was_down && running.observed.instances.is_empty() && !arguments.purge {
        let message = format!("`{id}` is down already; its volumes are kept");
        return Err(Error::new(ErrorKind::Unknown, message)
            .help(format!("`applc down {id} --purge` removes them")));
    }
    let taken = appliances.take_down(&*running.engine, id, arguments.purge)?;
    warn(taken.warning.as_ref());
    let removed = taken.removed;
    let containers = count(removed.instances, "container");
    let volumes = count(removed.volumes.len(), "volume");
    match (arguments.purge, removed.volumes.is_empty()) {
        (_, true) => note(&format!("{id}: {containers} removed")),
        (true, false) => note(&format!("{id}: {containers} and {volumes} removed")),
        (false, false) => note(&format!(
            "{id}: {containers} removed, {volumes} kept; `applc down {id} --purge` removes {}",
            if removed.volumes.len() == 1 { "it" } else { "them" }
        )),
    }
    Ok(())
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
