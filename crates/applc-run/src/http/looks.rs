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
use crate::tool;

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

/// A look at an appliance.
#[derive(Debug, Clone)]
pub struct Look {
    /// When the engine began to be asked: what is seen is not older.
    asked: Instant,
    /// When it was told. Seen once more in another light, the answer of the engine does not become newer.
    told: Instant,
    /// What was seen.
    pub seen: Result<Arc<Seen>, Problem>,
}

/// The last look at an appliance, if there was one.
pub type Looks = Option<Look>;

struct Watched {
    looks: watch::Sender<Looks>,
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
        let is_new = |look: &Looks| look.as_ref().is_some_and(|look| look.asked + AGE >= asked);
        match tokio::time::timeout(PATIENCE, looks.wait_for(is_new)).await {
            Ok(Ok(look)) => look.as_ref().map_or_else(|| Err(silent()), |look| look.seen.clone()),
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
    ) -> Result<watch::Receiver<Looks>, Problem> {
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
        let started = tool::thread()
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
            let is_told = publish(&watched.looks, Look { asked: at, told: at, seen });
            {
                let mut all = locked(&self.0);
                let asked = locked(&watched.asked).elapsed();
                let is_wanted = watched.looks.receiver_count() > 0 || (exists && asked < INTEREST);
                if !is_wanted {
                    all.remove(id);
                    return;
                }
            }
            // What was told meanwhile may have been seen earlier.
            if is_told {
                eye.pause(id, LOOK);
            }
        }
    }

    /// Tells all who ask for an appliance what was seen of it, which the engine was asked for at a time.
    pub fn tell(&self, id: &str, asked: Instant, seen: Seen) {
        if let Some(watched) = locked(&self.0).get(id) {
            publish(&watched.looks, Look { asked, told: asked, seen: Ok(Arc::new(seen)) });
        }
    }

    /// Tells all who ask for an appliance the last answer of the engine in another light: something else that
    /// belongs to it has changed. That does not make the answer newer.
    pub fn tell_again(&self, id: &str, render: impl Fn(&Observed) -> Seen) {
        let watched = locked(&self.0).get(id).cloned();
        let Some(watched) = watched else { return };
        loop {
            let last = watched.looks.borrow().clone();
            let Some(Look { asked, seen: Ok(seen), .. }) = last else { return };
            let again = Ok(Arc::new(render(&seen.observed)));
            let look = Look { asked, told: Instant::now(), seen: again };
            // Unless there is a later answer by now.
            let is_told = watched.looks.send_if_modified(|last| {
                let is_same = last.as_ref().is_some_and(|last| last.asked == asked);
                if is_same {
                    *last = Some(look);
                }
                is_same
            });
            if is_told {
                return;
            }
        }
    }

    /// What was seen of an appliance last.
    #[cfg(test)]
    fn last(&self, id: &str) -> Option<Arc<Seen>> {
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

fn last(looks: &watch::Sender<Looks>) -> Option<Arc<Seen>> {
    looks.borrow().as_ref().and_then(|look| look.seen.as_ref().ok().cloned())
}

/// An earlier look does not take the place of a later one. Whether it was told.
fn publish(looks: &watch::Sender<Looks>, look: Look) -> bool {
    looks.send_if_modified(|last| {
        let is_later = last.as_ref().is_none_or(|last| last.told < look.told);
        if is_later {
            *last = Some(look);
        }
        is_later
    })
}

fn silent() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the engine does not answer in time")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Sees the number of its look as that of restarts, and takes its time.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    fn seen(observed: Observed) -> Seen {
        let (appliance, text) = (Some(Value::Null), Bytes::new());
        Seen { rendered: Instant::now(), observed, appliance, text, failure: None }
    }

    impl Eye for Counting {
        fn look(&self, _: &str, _: Option<&Seen>) -> Result<Seen, Problem> {
            let number = self.0.fetch_add(1, Ordering::Relaxed);
            let restarts = u32::try_from(number).unwrap();
            let plain = crate::state::Instance::plain("web", "web-1", crate::state::State::Running);
            let instance = crate::state::Instance { restarts, ..plain };
            Ok(seen(Observed { instances: vec![instance] }))
        }

        fn pause(&self, _: &str, _: Duration) {
            // Longer than an answer may be old.
            thread::sleep(AGE * 2);
        }
    }

    fn number(seen: &Seen) -> u32 {
        seen.observed.instances[0].restarts
    }

    #[test]
    fn an_answer_that_is_told_again_is_not_newer() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (watches, eye) = (Arc::new(Watches::default()), Arc::new(Counting::default()));
            assert_eq!(number(&watches.see(&eye, "app").await.unwrap()), 0);
            tokio::time::sleep(AGE + Duration::from_millis(100)).await;
            watches.tell_again("app", |observed| seen(observed.clone()));
            assert_eq!(number(&watches.last("app").unwrap()), 0, "it is told at once");
            // It is older than it may be.
            assert_eq!(number(&watches.see(&eye, "app").await.unwrap()), 1);
        });
    }
}
