//! Running appliances: `up`, `status`, `logs`, `down` and `ls`.

pub mod down;
pub mod logs;
pub mod ls;
mod progress;
mod shown;
pub mod status;
pub mod up;

use std::path::PathBuf;

use applc_run::{Engine, Error, ErrorKind, Folder, Observed, Record, SUPPORTED, engine};

use crate::Status;
use crate::terminal::{fail, note};

/// The variable that names the state folder.
const STATE: &str = "APPLC_STATE";

/// The state folder of the user: the one that `APPLC_STATE` names, or that of the XDG base directories.
fn folder() -> Result<Folder, Status> {
    let named = |name: &str| std::env::var_os(name).filter(|path| !path.is_empty());
    if let Some(path) = named(STATE) {
        return Ok(Folder::at(path));
    }
    // A relative path is invalid there, by the specification.
    let base = named("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let base = base.or_else(|| std::env::home_dir().map(|home| home.join(".local/state")));
    base.map(|base| Folder::at(base.join("applc"))).ok_or_else(|| {
        fail(&format!("there is no home folder; name a state folder with `{STATE}`"), Status::Io)
    })
}

/// Reports a failure of an engine or of the state folder.
fn failed(error: &Error) -> Status {
    let status = match error.kind {
        ErrorKind::Unsupported => Status::Usage,
        ErrorKind::Unknown => Status::Errors,
        ErrorKind::Unreachable
        | ErrorKind::Refused
        | ErrorKind::Busy
        | ErrorKind::Folder
        | ErrorKind::Output => Status::Io,
    };
    let message = match error.kind {
        ErrorKind::Folder => in_folder(error),
        _ => error.to_string(),
    };
    fail(&message, status)
}

/// The message for a failure of the state folder.
fn in_folder(error: &Error) -> String {
    format!("the state folder cannot be used: {error}; name another one with `{STATE}`")
}

/// The value, or a warning if the state folder cannot be used: what runs does not depend on it.
fn unless_folder<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Err(error) if error.kind == ErrorKind::Folder => {
            note(&format!("warning: {}", in_folder(&error)));
            Ok(None)
        }
        other => other.map(Some),
    }
}

/// An appliance that was brought up.
pub struct Running {
    engine: Box<dyn Engine>,
    /// Where it came from, if this machine knows that.
    record: Option<Record>,
    /// What the engine knows about it.
    observed: Observed,
}

/// Finds an appliance: on the given target, on the one that it was brought up on from this machine, or on
/// any that knows it.
///
/// # Errors
/// No engine knows the appliance, several do, or one does not answer.
fn find(folder: &Folder, id: &str, target: Option<&str>) -> Result<Running, Error> {
    let mut records = folder.records(id);
    records.retain(|record| target.is_none_or(|target| record.target == target));
    if records.len() > 1 {
        let targets: Vec<&str> = records.iter().map(|record| record.target.as_str()).collect();
        let message = format!("`{id}` was brought up on several targets: {}", targets.join(", "));
        return Err(Error::new(ErrorKind::Unknown, message).help("choose one with `--target`"));
    }
    if let Some(record) = records.pop() {
        let engine = engine(&record.target)?;
        let observed = engine.observe(id)?;
        return Ok(Running { engine, record: Some(record), observed });
    }
    for target in target.map_or_else(|| SUPPORTED.to_vec(), |target| vec![target]) {
        let engine = engine(target)?;
        let observed = engine.observe(id)?;
        if !observed.instances.is_empty() {
            return Ok(Running { engine, record: None, observed });
        }
    }
    let message = format!("no appliance `{id}` is known");
    Err(Error::new(ErrorKind::Unknown, message).help("`applc ls` lists those that are"))
}
