//! The appliances of a user: what engines run of them, and what is kept of them. The program and the service
//! share it, so that both do the same.

mod find;

use std::fs;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub use find::Listed;

use applc::analysis::Analysis;
use applc::plan::Plan;
use applc::source::Source;
use applc::targets::{Artifact, compose_project};
use jiff::Timestamp;
use serde_json::Value;

use crate::engine::{Change, Desired, Engine, Outlook, Removed};
use crate::error::{Error, ErrorKind};
use crate::folder::{Folder, Record, busy, write_all};
use crate::planned::Planned;
use crate::rendered::render;
use crate::state::{Observed, State};
use crate::timeline::{Notes, Timeline, fill};
use crate::up::{Event, Outcome, up_unless};

/// An appliance that was compiled for the target of an engine.
pub struct Submitted<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The appliance with all defaults, as [`crate::complete`] returns it.
    pub appliance: &'a Value,
    /// The files that the target wrote.
    pub files: &'a [Artifact],
    /// The appliance file, as it was named, or the name that the body of a request has in findings.
    pub file: &'a str,
    /// Whether it was submitted over HTTP.
    pub over_http: bool,
}

impl Submitted<'_> {
    fn id(&self) -> &str {
        &self.plan.id.value
    }
}

/// How bringing an appliance up ended.
#[derive(Debug)]
pub struct Ended {
    /// Whether it is up.
    pub outcome: Outcome,
    /// Whether the same instances run as before, as far as the engine names their starts.
    pub is_same: bool,
    /// What went wrong without harm to what runs.
    pub warning: Option<Error>,
}

/// How carrying out a plan ended.
#[derive(Debug)]
pub enum Carried {
    /// It was carried out.
    Out(Ended),
    /// The engine has moved since the plan was made, and nothing was done. Says what has moved.
    Moved(Vec<String>),
}

/// What was taken down.
#[derive(Debug)]
pub struct TakenDown {
    /// What was removed from the engine.
    pub removed: Removed,
    /// The state folder that could not be used: what runs does not depend on it.
    pub warning: Option<Error>,
}

/// An appliance on an engine.
pub struct Running {
    /// The engine.
    pub engine: Box<dyn Engine>,
    /// Where it came from, if this machine knows that.
    pub record: Option<Record>,
    /// What the engine knows about it.
    pub observed: Observed,
}

impl Running {
    /// Looks at it again.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    pub fn look_again(&mut self, id: &str) -> Result<(), Error> {
        self.observed = shown(self.engine.observe(id)?);
        Ok(())
    }
}

/// The appliances of a user.
#[derive(Debug, Clone)]
pub struct Appliances {
    folder: Folder,
    /// Makes the stream for what commands of custom targets print. Without it, none are run.
    printed: Option<fn() -> Stdio>,
    /// Ends what brings an appliance up.
    stop: Arc<AtomicBool>,
}

impl Appliances {
    /// Appliances of which this state folder keeps what engines have no place for. Those on custom targets are
    /// not among them: no commands are run.
    pub fn new(folder: Folder) -> Appliances {
        Appliances { folder, printed: None, stop: Arc::default() }
    }

    /// The same, with those on custom targets. Their commands come from the folders of targets: only for a
    /// program that acts for the user who chooses these. `printed` makes the stream for what they print.
    pub fn with_commands(folder: Folder, printed: fn() -> Stdio) -> Appliances {
        Appliances { folder, printed: Some(printed), stop: Arc::default() }
    }

    /// The same appliances. What brings one of them up ends soon after `stop` is set, with an error of the
    /// kind [`ErrorKind::Busy`].
    #[must_use]
    pub fn until(&self, stop: Arc<AtomicBool>) -> Appliances {
        Appliances { folder: self.folder.clone(), printed: self.printed, stop }
    }

    /// The state folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Hands an appliance over and waits until it is up, as `up` does. No other run changes it meanwhile.
    ///
    /// # Errors
    /// Another run changes the appliance, another one has the same Compose project, the state folder cannot be
    /// used, or the engine does not answer or refuses.
    pub fn bring_up(
        &self,
        engine: &dyn Engine,
        submitted: &Submitted<'_>,
        detach: bool,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Ended, Error> {
        let _lock = self.folder.lock(submitted.id(), engine.target())?;
        self.check_alone(submitted.id(), engine.target())?;
        self.hand_over(engine, submitted, detach, tell)
    }

    /// Does what was planned, as [`Appliances::bring_up`] does, unless the engine has moved since then.
    ///
    /// # Errors
    /// Another run changes the appliance, another one has the same Compose project, the state folder cannot be
    /// used, or the engine does not answer or refuses.
    pub fn carry_out(
        &self,
        engine: &dyn Engine,
        submitted: &Submitted<'_>,
        planned: &Planned,
        detach: bool,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Carried, Error> {
        let _lock = self.folder.lock(submitted.id(), engine.target())?;
        self.check_alone(submitted.id(), engine.target())?;
        let moved = planned.moved(&self.outlook(engine, submitted)?);
        if !moved.is_empty() {
            return Ok(Carried::Moved(moved));
        }
        self.hand_over(engine, submitted, detach, tell).map(Carried::Out)
    }

    /// Checks that no other appliance of this machine has the same Compose project: that has its volumes, also
    /// while it is down. Ids may differ only in case or by a hyphen at their beginning.
    ///
    /// # Errors
    /// There is one.
    pub fn check_alone(&self, id: &str, target: &str) -> Result<(), Error> {
        if target != "compose" {
            return Ok(());
        }
        let project = compose_project(id);
        let accepted = self.folder.requests().into_iter().map(|request| request.record);
        let mut known = self.folder.all().into_iter().chain(accepted);
        let is_other = |other: &Record| {
            other.target == target && other.id != id && compose_project(&other.id) == project
        };
        let Some(other) = known.find(is_other) else { return Ok(()) };
        let other = other.id;
        let message = format!("the appliance `{other}` has the same Compose project, `{project}`");
        let help = format!("choose another id, or remove it with `applc down {other} --purge`");
        Err(Error::new(ErrorKind::Busy, message).help(help))
    }

    fn hand_over(
        &self,
        engine: &dyn Engine,
        submitted: &Submitted<'_>,
        detach: bool,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Ended, Error> {
        let (id, target) = (submitted.id(), engine.target());
        let before = engine.observe(id)?;
        let record = Record {
            id: id.to_owned(),
            target: target.to_owned(),
            file: submitted.file.to_owned(),
            path: fs::canonicalize(submitted.file).ok().filter(|_| !submitted.over_http),
            over_http: submitted.over_http,
            down: false,
            started: false,
        };
        self.folder.keep(&record, submitted.appliance, submitted.files)?;
        let files = self.folder.output(id, target);
        let desired = Desired { plan: submitted.plan, files: &files };
        let mut notes = Notes::after(self.folder.times(id, target));
        let detach = detach || !engine.tells_states();
        let outcome = up_unless(engine, &desired, detach, &self.stop, &mut |event| {
            notes.take(&event, Timestamp::now());
            tell(event);
        });
        // Without them, the timeline has gaps.
        let _ = self.folder.keep_times(id, target, &notes.noted());
        let outcome = outcome?;
        // What runs does not depend on it; until now, only this machine has it.
        let mut warning = engine.keep(id, submitted.appliance).err();
        let is_same = match &outcome {
            Outcome::Up(after) => {
                let noted = self.folder.note(&Record { started: true, ..record });
                warning = warning.or(noted.err());
                is_same(&before, after)
            }
            Outcome::Failed(..) => false,
        };
        Ok(Ended { outcome, is_same, warning })
    }

    /// What bringing an appliance up would do. Changes nothing.
    ///
    /// # Errors
    /// The files cannot be written, or the engine does not answer or refuses.
    pub fn outlook(
        &self,
        engine: &dyn Engine,
        submitted: &Submitted<'_>,
    ) -> Result<Outlook, Error> {
        let files = tempfile::tempdir().map_err(|cause| {
            Error::new(ErrorKind::Output, format!("cannot create a temporary folder: {cause}"))
        })?;
        write_all(files.path(), submitted.files)?;
        engine.outlook(&Desired { plan: submitted.plan, files: files.path() })
    }

    /// The ids of other appliances that were brought up from the same file and still run: the id in the file was
    /// changed.
    pub fn of_same_file(&self, engine: &dyn Engine, id: &str, file: &str) -> Vec<String> {
        let Ok(path) = fs::canonicalize(file) else { return Vec::new() };
        let is_other = |record: &Record| {
            record.target == engine.target()
                && record.id != id
                && record.path.as_ref() == Some(&path)
                && !record.down
        };
        let runs =
            |id: &String| engine.observe(id).is_ok_and(|observed| !observed.instances.is_empty());
        let records = self.folder.all().into_iter().filter(is_other);
        records.map(|record| record.id).filter(runs).collect()
    }

    /// The complete appliance, if the engine or this machine has it.
    pub fn kept(&self, engine: &dyn Engine, id: &str) -> Option<Value> {
        self.kept_since(engine, id, self.progress(engine, id))
    }

    fn kept_since(&self, engine: &dyn Engine, id: &str, progress: Progress) -> Option<Value> {
        let own = || self.folder.appliance(id, engine.target());
        let on_engine = || engine.kept(id).ok().flatten();
        // Until it has started everything, a run on this machine is the latest.
        if progress.is_changing || progress.is_started == Some(false) {
            return own().or_else(on_engine);
        }
        on_engine().or_else(own)
    }

    /// An appliance with its states and endpoints, as `GET /appliance/ID` of PIVOT has it.
    pub fn status(&self, engine: &dyn Engine, id: &str, observed: &Observed) -> Value {
        // Asked once: what is kept, and what is absent, belong to the same moment.
        let progress = self.progress(engine, id);
        let kept = self.kept_since(engine, id, progress);
        let is_changing = kept.is_some() && progress.is_changing;
        // A container that was never started cannot have been stopped.
        let is_started = progress.is_started != Some(false);
        let absent = if is_changing || !is_started { State::Submitted } else { State::Killed };
        render(id, kept.as_ref(), observed, absent)
    }

    /// How what runs of an appliance differs from what was handed over from this machine last.
    ///
    /// # Errors
    /// This machine does not have what was handed over, another run changes the appliance, or the engine does
    /// not answer or refuses.
    pub fn drift(&self, engine: &dyn Engine, id: &str) -> Result<Vec<Change>, Error> {
        let target = engine.target();
        if self.is_changing(engine, id) {
            return Err(busy(id));
        }
        let files = self.folder.output(id, target);
        let plan = self.folder.appliance(id, target).and_then(|kept| plan_of(&kept));
        let Some(plan) = plan.filter(|_| files.is_dir()) else {
            // Compiled again, it may be something else: the options of the target are not known.
            let message =
                format!("this machine has not brought `{id}` up: there is nothing to compare with");
            return Err(Error::new(ErrorKind::Unknown, message)
                .help("`applc up FILE --dry-run` compares what runs with the appliance"));
        };
        engine.drift(&Desired { plan: &plan, files: &files })
    }

    /// When the instances of an appliance waited, were started, and were ready.
    pub fn timeline(&self, engine: &dyn Engine, id: &str, observed: &Observed) -> Timeline {
        let plan = self.kept(engine, id).and_then(|kept| plan_of(&kept));
        let noted = self.folder.times(id, engine.target());
        Timeline::new(plan.as_ref(), &fill(observed, &noted))
    }

    /// Removes what runs of an appliance and, with `purge`, its volumes. What is kept of it goes too, unless
    /// volumes stay.
    ///
    /// # Errors
    /// Another run changes it, another one has the same Compose project, or the engine does not answer, or refuses a part, which is named.
    pub fn take_down(
        &self,
        engine: &dyn Engine,
        id: &str,
        purge: bool,
    ) -> Result<TakenDown, Error> {
        let target = engine.target();
        let (lock, mut warning) = match self.folder.lock(id, target) {
            Ok(lock) => (Some(lock), None),
            Err(error) if error.kind == ErrorKind::Folder => (None, Some(error)),
            Err(error) => return Err(error),
        };
        // What another one has left would be taken for its own.
        if purge || self.record(engine, id).is_none() {
            self.check_alone(id, target)?;
        }
        let removed = engine.remove(id, purge)?;
        // Without it, nothing can be written.
        if let Some(lock) = lock {
            drop(lock);
            let done = if removed.volumes.is_empty() || purge {
                self.folder.forget(id, target)
            } else {
                let unknown = || Record {
                    id: id.to_owned(),
                    target: target.to_owned(),
                    file: String::new(),
                    path: None,
                    over_http: false,
                    down: true,
                    started: false,
                };
                let record = self.record(engine, id).unwrap_or_else(unknown);
                let noted = self.folder.note(&Record { down: true, ..record });
                noted.and(self.folder.drop_request(id, target))
            };
            warning = done.err();
        }
        Ok(TakenDown { removed, warning })
    }

    fn record(&self, engine: &dyn Engine, id: &str) -> Option<Record> {
        self.folder.record(id, engine.target())
    }

    fn progress(&self, engine: &dyn Engine, id: &str) -> Progress {
        // In this order: a run notes that all is started before it ends.
        let is_changing = self.is_changing(engine, id);
        Progress { is_changing, is_started: self.record(engine, id).map(|record| record.started) }
    }

    fn is_changing(&self, engine: &dyn Engine, id: &str) -> bool {
        self.folder.is_locked(id, engine.target())
    }
}

/// What is observed, as it is shown now.
fn shown(observed: Observed) -> Observed {
    observed.steady(Timestamp::now())
}

/// How far the runs of this machine have brought an appliance.
#[derive(Clone, Copy)]
struct Progress {
    /// Whether one changes it at the moment.
    is_changing: bool,
    /// Whether one has started everything; `None` if this machine does not know the appliance.
    is_started: Option<bool>,
}

/// The plan of a complete appliance, if it is valid.
fn plan_of(appliance: &Value) -> Option<Plan> {
    Analysis::of(&Source::new("appliance.json", appliance.to_string())).plan
}

/// Whether the same instances run as before.
fn is_same(before: &Observed, after: &Observed) -> bool {
    let starts = |observed: &Observed| -> Vec<(String, String)> {
        let instances = observed.instances.iter();
        instances.map(|one| (one.name.clone(), one.start.clone())).collect()
    };
    let is_named = before.instances.iter().any(|one| !one.start.is_empty());
    starts(before) == starts(after) && (is_named || before.instances.is_empty())
}
