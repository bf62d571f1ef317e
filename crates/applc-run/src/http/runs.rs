//! Runs: what brings appliances up in the background, one at a time for each appliance.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::submit::Compiled;
use super::view::Failure;

/// How far a run is.
#[derive(Debug, Clone)]
pub enum Progress {
    /// It brings the appliance up.
    Working,
    /// It has ended, because the appliance is up, or something else goes on with it.
    Ended,
    /// The appliance does not come up.
    Failed(Arc<Failure>),
}

/// Brings one appliance up.
#[derive(Debug)]
pub struct Run {
    /// The appliance with all defaults.
    pub appliance: Value,
    stop: Arc<AtomicBool>,
    progress: Mutex<Progress>,
    changed: Condvar,
}

impl Run {
    /// A run that has not begun.
    pub fn of(compiled: &Compiled) -> Arc<Run> {
        Arc::new(Run {
            appliance: compiled.appliance.clone(),
            stop: Arc::new(AtomicBool::new(false)),
            progress: Mutex::new(Progress::Working),
            changed: Condvar::new(),
        })
    }

    /// Asks it to end soon; what runs goes on running.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// What asks it to end.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.stop)
    }

    /// Whether it is to end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        locked(&self.progress).clone()
    }

    /// Whether it still brings the appliance up.
    pub fn is_working(&self) -> bool {
        matches!(self.progress(), Progress::Working)
    }

    /// Why the appliance does not come up.
    pub fn failure(&self) -> Option<Arc<Failure>> {
        match self.progress() {
            Progress::Failed(failure) => Some(failure),
            Progress::Working | Progress::Ended => None,
        }
    }

    /// Says how it ended.
    pub fn end(&self, how: Progress) {
        *locked(&self.progress) = how;
        self.changed.notify_all();
    }

    /// Waits for its end, at most this long. Whether it has ended.
    pub fn wait(&self, limit: Duration) -> bool {
        let progress = locked(&self.progress);
        let working = |progress: &mut Progress| matches!(progress, Progress::Working);
        let waited = self.changed.wait_timeout_while(progress, limit, working);
        let (progress, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !matches!(*progress, Progress::Working)
    }
}

/// The runs that go on, and those that have failed, by the id of their appliance.
#[derive(Debug, Default)]
pub struct Runs(Mutex<BTreeMap<String, Arc<Run>>>);

impl Runs {
    /// The run of an appliance.
    pub fn get(&self, id: &str) -> Option<Arc<Run>> {
        locked(&self.0).get(id).cloned()
    }

    /// All of them.
    pub fn all(&self) -> Vec<(String, Arc<Run>)> {
        locked(&self.0).iter().map(|(id, run)| (id.clone(), Arc::clone(run))).collect()
    }

    /// The number of those that go on.
    pub fn working(&self) -> usize {
        locked(&self.0).values().filter(|run| run.is_working()).count()
    }

    /// Sets the run of an appliance, and returns the one before.
    pub fn set(&self, id: &str, run: Arc<Run>) -> Option<Arc<Run>> {
        locked(&self.0).insert(id.to_owned(), run)
    }

    /// Forgets a run, unless another one has taken its place.
    pub fn forget(&self, id: &str, run: &Arc<Run>) {
        let mut all = locked(&self.0);
        if all.get(id).is_some_and(|current| Arc::ptr_eq(current, run)) {
            all.remove(id);
        }
    }
}

/// A value that threads share. One that a thread has panicked over is used all the same: each is
/// replaced as a whole.
pub fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
