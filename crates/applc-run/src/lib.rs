//! Runs appliances on engines: hands over what a target wrote, asks the engine for states, and tells why
//! an appliance does not come up.
//!
//! Engines do the work and keep the state; there is no scheduler here. [`Engine`] is what each of them
//! can do, [`up`] waits for any of them. Nothing here prints or exits: programs do that.
//!
//! A module uses only those above it in the list below.

// A failure of an engine, a tool, or the state folder.
mod error;

// The programs that were started, so that none of them goes on when this one is told to end.
mod children;

// The last lines of a text that may be long.
mod last;

// Other programs: run with a time limit, or beside this one.
mod tool;

// Values of secrets, for the engine without a store.
mod secrets;
// What happens to instances, as an engine tells it.
mod events;

// The logs of instances.
mod logs;

// The words for states, and what is observed of an appliance.
mod state;

// The appliance with all defaults, and the shape of `status --format json`.
mod rendered;

// What is kept of an appliance on this machine.
mod folder;

// What every engine can do.
mod engine;

// Whether an appliance is up, or cannot come up.
mod judge;

// The one root cause, as a finding at its place in the source.
mod cause;

// Waiting until an appliance is up.
pub mod up;

// Docker Compose on one machine.
mod compose;

// Kubernetes.
mod kubernetes;
// Nomad.
mod nomad;
// Marathon, with Chronos for jobs.
mod marathon;

// A plan that is kept in a file.
mod planned;

// What took how long until an appliance was ready.
mod timeline;

// Custom targets, by the commands in their `target.toml`.
mod custom;

// Appliances on any engine, and what is kept of them.
mod appliances;

// The service: PIVOT's HTTP API.
#[cfg(feature = "http")]
pub mod http;

pub use appliances::{Appliances, Carried, Ended, Listed, Running, Submitted, TakenDown};
pub use cause::{Told, finding};
pub use children::end_all;
pub use compose::Compose;
pub use custom::Custom;
pub use engine::{
    Action, Change, Desired, Engine, Handover, Host, Known, LogOptions, Outlook, Progress, Removed,
    Step, Volume,
};
pub use error::{Error, ErrorKind};
pub use folder::{Folder, Lock, Record};
pub use judge::{Cause, Judge, Verdict};
pub use kubernetes::Kubernetes;
pub use marathon::Marathon;
pub use nomad::Nomad;
pub use planned::Planned;
pub use rendered::{complete, render};
pub use secrets::Secrets;
pub use state::{
    Endpoint, Fault, FaultKind, Instance, Observed, State, Times, container_state, wanted,
};
pub use timeline::{Link, Row, Timeline};

/// The names of the targets that appliances can be run on.
pub const SUPPORTED: &[&str] = &["compose", "kubernetes", "nomad", "marathon"];

/// The engine of a target, as its own users reach it.
///
/// # Errors
/// The target cannot be run yet, or its engine or a tool of it is missing or does not answer.
pub fn engine(target: &str) -> Result<Box<dyn Engine>, Error> {
    engine_with(target, Secrets::of_user(None))
}

/// The same, with other values for its secrets.
///
/// # Errors
/// The target cannot be run yet, or its engine or a tool of it is missing or does not answer, or a folder of
/// values is named, but the engine has a secret store.
pub fn engine_with(target: &str, secrets: Secrets) -> Result<Box<dyn Engine>, Error> {
    if secrets.has_folder() && target != "compose" {
        let message =
            format!("`{target}` reads secrets from a store of its own, not from a folder");
        return Err(Error::new(ErrorKind::Unsupported, message)
            .help("put them there, and leave out `--secrets`"));
    }
    match target {
        "compose" => Ok(Box::new(Compose::connect(secrets)?)),
        "kubernetes" => Ok(Box::new(Kubernetes::connect()?)),
        "nomad" => Ok(Box::new(Nomad::connect()?)),
        "marathon" => Ok(Box::new(Marathon::connect()?)),
        _ => Err(Error::new(
            ErrorKind::Unsupported,
            format!("appliances cannot be run on `{target}`"),
        )
        .help("write the files with `applc compile`, and hand them to the engine's own tool")),
    }
}
