//! Running appliances: `up`, `status`, `logs`, `down`, `ls` and `serve`.

mod compiled;
pub mod down;
mod drift;
pub mod logs;
pub mod ls;
mod progress;
pub mod serve;
mod shown;
mod signals;
pub mod status;
mod timeline;
pub mod up;

use std::path::PathBuf;
use std::process::Stdio;

use applc_run::{Appliances, Error, ErrorKind, Folder};

use crate::Status;
use crate::terminal::{fail, note};

/// The variable that names the state folder.
const STATE: &str = "APPLC_STATE";

/// The appliances of the user, for a command that asks engines. From now on, a signal that ends this program ends
/// the programs that it has started, too.
fn appliances() -> Result<Appliances, Status> {
    signals::end_together();
    folder().map(|folder| Appliances::with_commands(folder, printed))
}

/// Where commands of custom targets print.
fn printed() -> Stdio {
    std::io::stderr().into()
}

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
        ErrorKind::Missing
        | ErrorKind::Unreachable
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

/// Warns of what went wrong without harm to what runs.
fn warn(warning: Option<&Error>) {
    if let Some(error) = warning {
        let text = match error.kind {
            ErrorKind::Folder => in_folder(error),
            _ => error.to_string(),
        };
        note(&format!("warning: {text}"));
    }
}
