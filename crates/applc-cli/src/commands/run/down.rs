//! `applc down`.

use applc_run::{Error, ErrorKind, Folder, Record};

use super::{failed, find, folder, unless_folder};
use crate::Status;
use crate::args::Down;
use crate::terminal::note;

/// Removes an appliance from its engine.
pub fn run(arguments: &Down) -> Status {
    let folder = match folder() {
        Ok(folder) => folder,
        Err(status) => return status,
    };
    match down(&folder, arguments) {
        Ok(()) => Status::Clean,
        Err(error) => failed(&error),
    }
}

fn down(folder: &Folder, arguments: &Down) -> Result<(), Error> {
    let id = &arguments.id;
    let running = find(folder, id, arguments.target.as_deref())?;
    let target = running.engine.target();
    let was_down = running.record.as_ref().is_some_and(|record| record.down);
    if was_down && running.observed.instances.is_empty() && !arguments.purge {
        let message = format!("`{id}` is down already; its volumes are kept");
        return Err(Error::new(ErrorKind::Unknown, message)
            .help(format!("`applc down {id} --purge` removes them")));
    }
    let lock = unless_folder(folder.lock(id, target))?;
    let removed = running.engine.remove(id, arguments.purge)?;
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
    // Without it, nothing can be written.
    let Some(lock) = lock else { return Ok(()) };
    drop(lock);
    if removed.volumes.is_empty() || arguments.purge {
        return unless_folder(folder.forget(id, target)).map(drop);
    }
    let record = running.record.unwrap_or(Record {
        id: id.clone(),
        target: target.to_owned(),
        file: String::new(),
        down: true,
        started: false,
    });
    unless_folder(folder.note(&Record { down: true, ..record })).map(drop)
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
