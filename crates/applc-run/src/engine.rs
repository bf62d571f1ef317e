//! What every engine can do.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use applc::plan::Plan;

use crate::error::Error;
use crate::state::{Fault, Observed};

/// An appliance as it is to run.
pub struct Desired<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The folder with the files that the target wrote for it.
    pub files: &'a Path,
}

impl Desired<'_> {
    /// The id of the appliance.
    pub fn id(&self) -> &str {
        &self.plan.id.value
    }
}

/// What becomes of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It stays as it is.
    Kept,
    /// Changed without an interruption: instances are added or removed.
    Changed,
    /// Its instances are started again as they are.
    Restarted,
    /// Its instances are replaced by new ones.
    Replaced,
    /// It is created.
    Created,
    /// It is removed.
    Removed,
}

impl Action {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Action::Kept => "kept",
            Action::Changed => "changed in place",
            Action::Restarted => "restarted",
            Action::Replaced => "replaced",
            Action::Created => "created",
            Action::Removed => "removed",
        }
    }
}

/// What `apply` does with a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The id of the container.
    pub container: String,
    /// What becomes of it.
    pub action: Action,
    /// Why, in a few words; may be empty.
    pub why: String,
}

/// What happened since the last look at a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// An image is pulled, for these containers.
    Pulling(String, Vec<String>),
    /// An image was pulled.
    Pulled(String),
    /// An image could not be pulled for this reason, but an earlier one is present.
    Stale(String, String),
}

/// How far a hand-over is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// The engine does not have everything yet.
    Working,
    /// The engine has everything.
    Done,
    /// It failed.
    Failed(Failure),
}

/// Why a hand-over failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The id of the container, if it is known.
    pub container: Option<String>,
    /// The name of the instance on the engine, if it is about one that is there.
    pub instance: Option<String>,
    /// What the engine knows.
    pub fault: Fault,
}

/// A hand-over that goes on while its appliance is watched. It is ended when it is dropped; what runs
/// then goes on running.
pub trait Handover {
    /// Looks how far it is, and tells what happened.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn poll(&mut self, tell: &mut dyn FnMut(Progress)) -> Result<Step, Error>;
}

/// How logs are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogOptions {
    /// Whether to go on with what is written later.
    pub follow: bool,
    /// The number of last lines of each instance; all without it.
    pub tail: Option<u32>,
}

/// An appliance that an engine knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// What runs of it.
    pub observed: Observed,
}

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// The number of instances that were removed.
    pub instances: usize,
    /// The volumes that are kept or, with `purge`, were removed.
    pub volumes: Vec<String>,
}

/// An engine.
pub trait Engine {
    /// The name of its target.
    fn target(&self) -> &'static str;

    /// What [`Engine::apply`] would do with each container, and with those that are gone from the
    /// appliance. Changes nothing.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn changes(&self, desired: &Desired<'_>) -> Result<Vec<Change>, Error>;

    /// Hands the appliance over, so that what runs is what is desired.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn apply(&self, desired: &Desired<'_>) -> Result<Box<dyn Handover>, Error>;

    /// What the engine knows about the appliance with this id.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn observe(&self, id: &str) -> Result<Observed, Error>;

    /// Waits until something may have happened to an appliance, at most this long.
    fn pause(&self, id: &str, limit: Duration);

    /// Writes the logs of instances.
    ///
    /// # Errors
    /// The engine does not answer or refuses, or `out` cannot be written. A reader that closed it is not an
    /// error.
    fn logs(
        &self,
        instances: &[String],
        options: LogOptions,
        out: &mut (dyn Write + Send),
    ) -> Result<(), Error>;

    /// Removes what runs of the appliance and, with `purge`, its volumes.
    ///
    /// # Errors
    /// The engine does not answer, or refuses a part, which is named.
    fn remove(&self, id: &str, purge: bool) -> Result<Removed, Error>;

    /// The appliances that run, sorted by id.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn list(&self) -> Result<Vec<Known>, Error>;
}
