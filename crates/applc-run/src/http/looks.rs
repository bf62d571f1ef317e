//! One look at the engine for all who ask: while somebody asks for an appliance, one thread watches it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::StatusCode;
use serde_json::Value;
use tokio::sync::watch;

use super::answer::Problem;
use super::runs::locked;
use super::view::Failure;
use crate::state::Observed;

/// Greatest age of what is answered, at the time of the request.
pub const AGE: Duration = Duration::from_secs(1);

/// Longest time between two looks at the engine.
const LOOK: Duration = Duration::from_millis(700);

/// How long an appliance is watched after somebody asked for it.
const INTEREST: Duration = Duration::from_secs(10);

/// How long a request waits for the engine.
const PATIENCE: Duration = Duration::from_secs(40);

/// Maximum number of appliances that are watched at once.
const WATCHED: usize = 256;

/// An appliance at a time.
#[derive(Debug, Clone)]
pub struct Seen {
    /// When the states were brought into the appliance.
    pub rendered: Instant,
    /// What runs.
    pub observed: Observed,
    /// The appliance with states and endpoints; `None` if there is none.
    pub appliance: Option<Value>,
    /// The appliance as text.
    pub text: Bytes,
    /// Why it does not come up.
    pub failure: Option<Arc<Failure>>,
}

/// The last look at an appliance, if there was one, and when.
pub type Look = Option<(Instant, Result<Arc<Seen>, Problem>)>;

struct Watched {
    looks: watch::Sender<Look>,
    asked: Mutex<Instant>,
}

/// What looks at appliances.
pub trait Eye: Send + Sync + 'static {
    /// Looks at an appliance now. `last` is what was seen before.
    ///
    /// # Errors
    /// The engine does not answer or refuses.
    fn look(&self, id: &str, last: Option<&Seen>) -> Result<Seen, Problem>;

    /// Waits until something may have happened to an appliance, at most this long.
    fn pause(&self, id: &str, limit: Duration);
}

/// The appliances that are watched.
#[derive(Default)]
pub struct Watches(Mutex<BTreeMap<String, Arc<Watched>>>);

impl Watches {
    /// An appliance as it was seen less than [`AGE`] ago.
    ///
    /// # Errors
    /// The engine does not answer or refuses, or too many appliances are watched.
    pub async fn see(
        self: &Arc<Self>,
        eye: &Arc<impl Eye>,
        id: &str,
    ) -> Result<Arc<Seen>, Problem> {
        let asked = Instant::now();
        let mut looks = self.follow(eye, id)?;
        let is_new = |look: &Look| look.as_ref().is_some_and(|(at, _)| *at + AGE >= asked);
        match tokio::time::timeout(PATIENCE, looks.wait_for(is_new)).await {
            Ok(Ok(look)) => look.as_ref().map_or_else(|| Err(silent()), |(_, seen)| seen.clone()),
            Ok(Err(_)) => Err(Problem::failed()),
            Err(_) => Err(silent()),
        }
    }

    /// The looks at an appliance, which go on as long as the receiver is there.
    ///
    /// # Errors
    /// Too many appliances are watched.
    pub fn follow(
        self: &Arc<Self>,
        eye: &Arc<impl Eye>,
        id: &str,
    ) -> Result<watch::Receiver<Look>, Problem> {
        let mut all = locked(&self.0);
        if let Some(watched) = all.get(id) {
            *locked(&watched.asked) = Instant::now();
            return Ok(watched.looks.subscribe());
        }
        if all.len() >= WATCHED {
            return Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "too many appliances are asked for at once",
            ));
        }
        let (looks, receiver) = watch::channel(None);
        let watched = Arc::new(Watched { looks, asked: Mutex::new(Instant::now()) });
        all.insert(id.to_owned(), Arc::clone(&watched));
        let (watches, eye, name) = (Arc::clone(self), Arc::clone(eye), id.to_owned());
        let started = thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || watches.watch(&*eye, &name, &watched));
        if started.is_err() {
            all.remove(id);
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no thread is left"));
        }
        Ok(receiver)
    }

    /// Watches an appliance as long as somebody asks for it.
    fn watch(&self, eye: &impl Eye, id: &str, watched: &Watched) {
        // Also if it panics: the next one who asks starts another thread.
        let _end = End { watches: self, id };
        loop {
            let at = Instant::now();
            let last = last(&watched.looks);
            let seen = eye.look(id, last.as_deref()).map(Arc::new);
            let exists = seen.as_ref().is_ok_and(|seen| seen.appliance.is_some());
            publish(&watched.looks, at, seen);
            {
                let mut all = locked(&self.0);
                let asked = locked(&watched.asked).elapsed();
                let is_wanted = watched.looks.receiver_count() > 0 || (exists && asked < INTEREST);
                if !is_wanted {
                    all.remove(id);
                    return;
                }
            }
            eye.pause(id, LOOK);
        }
    }

    /// Tells what was seen of an appliance at a time to all who ask for it.
    pub fn tell(&self, id: &str, at: Instant, seen: Seen) {
        if let Some(watched) = locked(&self.0).get(id) {
            publish(&watched.looks, at, Ok(Arc::new(seen)));
        }
    }

    /// What was seen of an appliance last, if somebody asks for it.
    pub fn last(&self, id: &str) -> Option<Arc<Seen>> {
        locked(&self.0).get(id).and_then(|watched| last(&watched.looks))
    }

    /// Whether somebody asks for an appliance.
    pub fn is_watched(&self, id: &str) -> bool {
        locked(&self.0).contains_key(id)
    }
}

struct End<'a> {
    watches: &'a Watches,
    id: &'a str,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            locked(&self.watches.0).remove(self.id);
        }
    }
}

fn last(looks: &watch::Sender<Look>) -> Option<Arc<Seen>> {
    looks.borrow().as_ref().and_then(|(_, seen)| seen.as_ref().ok().cloned())
}

/// An earlier look does not take the place of a later one.
fn publish(looks: &watch::Sender<Look>, at: Instant, seen: Result<Arc<Seen>, Problem>) {
    looks.send_if_modified(|look| {
        let is_later = look.as_ref().is_none_or(|(before, _)| *before < at);
        if is_later {
            *look = Some((at, seen));
        }
        is_later
    });
}

fn silent() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the engine does not answer in time")
}
