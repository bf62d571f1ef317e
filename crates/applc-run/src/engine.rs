//! What every engine can do.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use applc::plan::Plan;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, ErrorKind};
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
    /// The engine has no place for it.
    Unplaceable,
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
            Action::Unplaceable => "cannot be placed",
        }
    }
}

/// What `apply` does with a container.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The id of the container.
    pub container: String,
    /// What becomes of it.
    pub action: Action,
    /// Why, in a few words; may be empty.
    pub why: String,
}

/// What `apply` would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outlook {
    /// What becomes of each container, and of those that are gone from the appliance.
    pub changes: Vec<Change>,
    /// Names what the engine has of the appliance: another text means that someone has changed it, and
    /// that `changes` may be others. What changes by itself (states, addresses, counters) is not part of it. If each
    /// line begins with a name and a space, users are told the names of the lines that differ.
    pub basis: String,
}

/// What happened since the last look at a hand-over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// An image is pulled, for these containers.
    Pulling(String, Vec<String>),
    /// An image was pulled.
    Pulled(String),
    /// An image is built, for these containers.
    Building(String, Vec<String>),
    /// An image was built.
    Built(String),
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
    /// The number of last bytes that are of use, if the log is not followed: engines may leave out what each
    /// stream of an instance has before them.
    pub most: Option<usize>,
}

/// An appliance that an engine knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// What runs of it.
    pub observed: Observed,
}

/// A persistent volume on an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// The id of the volume in the appliance.
    pub id: String,
    /// The appliance that it belongs to. `None` for a volume with the scope `global`.
    pub appliance: Option<String>,
    /// Its name on the engine.
    pub name: String,
    /// The names of the instances that use it, sorted.
    pub used_by: Vec<String>,
}

/// A machine that an engine runs containers on.
#[derive(Debug, Clone, PartialEq)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// Its address, if the engine knows one.
    pub address: Option<String>,
    /// The number of its CPUs.
    pub cpus: f64,
    /// Its memory, in MB.
    pub memory: u64,
    /// Whether it takes containers at the moment.
    pub is_ready: bool,
    /// What the engine says of it, by name: the operating system, labels, attributes.
    pub attributes: std::collections::BTreeMap<String, String>,
}

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removed {
    /// The number of instances that were removed.
    pub instances: usize,
    /// The volumes that are kept or, with `purge`, were removed.
    pub volumes: Vec<String>,
}

/// An engine. Threads may share one.
pub trait Engine: Send + Sync {
    /// The name of its target.
    fn target(&self) -> &str;

    /// Whether the engine tells the states of containers. If not, an appliance counts as up when it was handed
    /// over.
    fn tells_states(&self) -> bool {
        true
    }

    /// What the engine says about an appliance as a text for people, in place of states. `None` if it tells those.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn report(&self, id: &str) -> Result<Option<String>, Error> {
        let _ = id;
        Ok(None)
    }

    /// What [`Engine::apply`] would do. Changes nothing.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn outlook(&self, desired: &Desired<'_>) -> Result<Outlook, Error>;

    /// How what runs differs from what was handed over, except for what engines fill in: containers that are
    /// gone, added, or were changed behind the back of applc. Each reason names what differs, and the action is what
    /// [`Engine::apply`] does about it. Containers that are as they were handed over are not part of it.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn drift(&self, desired: &Desired<'_>) -> Result<Vec<Change>, Error> {
        let mut changes = self.outlook(desired)?.changes;
        changes.retain(|change| change.action != Action::Kept);
        Ok(changes)
    }

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

    /// Writes the logs of instances. While they are followed, `out` is flushed at least every few seconds, also
    /// if nothing was written: when that fails, nobody reads any more, and it ends.
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

    /// Removes one container of the appliance, and keeps its volumes.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn remove_container(&self, id: &str, container: &str) -> Result<Removed, Error> {
        let _ = (id, container);
        Err(self.cannot("single containers cannot be removed"))
    }

    /// The appliances that run, sorted by id.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn list(&self) -> Result<Vec<Known>, Error>;

    /// Keeps the complete appliance on the engine, where that restarts nothing. `false` if the engine has
    /// no place for it: the state folder of the user keeps it then.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn keep(&self, id: &str, appliance: &Value) -> Result<bool, Error> {
        let _ = (id, appliance);
        Ok(false)
    }

    /// The complete appliance that [`Engine::keep`] has kept. `None` if the engine has none.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn kept(&self, id: &str) -> Result<Option<Value>, Error> {
        let _ = id;
        Ok(None)
    }

    /// The persistent volumes of an appliance that exist, sorted by id; without one, those with the scope
    /// `global`. Volumes stay when an appliance is taken down.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn volumes(&self, appliance: Option<&str>) -> Result<Vec<Volume>, Error> {
        let _ = appliance;
        Err(self.cannot("volumes cannot be listed"))
    }

    /// Removes a volume with all data in it.
    ///
    /// # Errors
    /// The engine does not answer, or refuses, for example because the volume is in use.
    fn remove_volume(&self, volume: &Volume) -> Result<(), Error> {
        let _ = volume;
        Err(self.cannot("volumes cannot be removed"))
    }

    /// The machines of the cluster, sorted by name.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn hosts(&self) -> Result<Vec<Host>, Error> {
        Err(self.cannot("machines cannot be listed"))
    }

    /// The error for something that this engine cannot do.
    fn cannot(&self, what: &str) -> Error {
        Error::new(ErrorKind::Unsupported, format!("{what} on `{}`", self.target()))
    }
}
