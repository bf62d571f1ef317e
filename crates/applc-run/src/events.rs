//! What happens to instances, as an engine tells it: one stream for all appliances that are waited for.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::children::Started;
use crate::tool;

/// What happened while the engine was asked may be missing in its answer: it counts this long.
const RECENT: Duration = Duration::from_millis(150);

/// What happens together is looked at together.
const TOGETHER: Duration = Duration::from_millis(50);

/// A program that prints the id of an appliance when something has happened to it. It runs from the first time
/// that something is waited for until this is dropped. Threads may wait at the same time.
#[derive(Default)]
pub struct Events {
    child: Mutex<Option<Started>>,
    told: Arc<Told>,
}

/// What the program has told.
#[derive(Default)]
struct Told {
    happened: Mutex<Happened>,
    changed: Condvar,
}

#[derive(Default)]
struct Happened {
    /// When something happened last to each appliance that it happened to recently.
    last: BTreeMap<String, Instant>,
    /// Whether the program runs.
    is_told: bool,
}

impl Events {
    /// Waits until something has happened to an appliance, at most this long. `program` is what tells.
    pub fn wait(&self, id: &str, limit: Duration, program: impl FnOnce() -> Command) {
        let end = Instant::now() + limit;
        self.listen(program);
        let is_quiet = |happened: &mut Happened| {
            let last = happened.last.get(id);
            last.is_none_or(|last| last.elapsed() > RECENT)
        };
        let left = end.saturating_duration_since(Instant::now());
        let waited =
            self.told.changed.wait_timeout_while(locked(&self.told.happened), left, is_quiet);
        let (happened, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        drop(happened);
        if !timeout.timed_out() {
            thread::sleep(TOGETHER);
        }
    }

    /// Starts the program, unless it runs. Without it, time passes.
    fn listen(&self, program: impl FnOnce() -> Command) {
        let mut child = locked(&self.child);
        if std::mem::replace(&mut locked(&self.told.happened).is_told, true) {
            return;
        }
        *child = None;
        let mut program = program();
        program.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let Ok(started) = Started::spawn(&mut program) else {
            locked(&self.told.happened).is_told = false;
            return;
        };
        let stream = started.stdout();
        *child = Some(started);
        let told = Arc::clone(&self.told);
        let listener = tool::thread().spawn(move || {
            let lines = stream.map(|stream| BufReader::new(stream).lines());
            for line in lines.into_iter().flatten().map_while(Result::ok) {
                let mut happened = locked(&told.happened);
                happened.last.retain(|_, at| at.elapsed() <= RECENT);
                happened.last.insert(line.trim().to_owned(), Instant::now());
                drop(happened);
                told.changed.notify_all();
            }
            locked(&told.happened).is_told = false;
        });
        if listener.is_err() {
            *child = None;
            locked(&self.told.happened).is_told = false;
        }
    }
}

fn locked<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn each_appliance_is_waited_for_by_itself() {
        let events = Events::default();
        let began = Instant::now();
        thread::scope(|scope| {
            let wait = |id: &'static str, limit| {
                let events = &events;
                scope.spawn(move || {
                    let began = Instant::now();
                    events.wait(id, limit, || shell("sleep 0.3; echo one; exec sleep 60"));
                    began.elapsed()
                })
            };
            let (one, too) = (wait("one", LONG), wait("one", LONG));
            let other = wait("other", Duration::from_secs(1));
            assert!(one.join().unwrap() < LONG && too.join().unwrap() < LONG);
            assert!(other.join().unwrap() >= Duration::from_secs(1));
        });
        assert!(began.elapsed() < LONG);
    }

    #[test]
    fn a_stream_that_ends_is_started_again() {
        let events = Events::default();
        let told = || shell("echo one");
        events.wait("one", LONG, told);
        thread::sleep(RECENT * 2);
        let began = Instant::now();
        events.wait("one", LONG, told);
        assert!(began.elapsed() < LONG);
    }

    #[test]
    fn without_a_stream_time_passes() {
        let events = Events::default();
        let began = Instant::now();
        events.wait("one", Duration::from_millis(100), || Command::new("applc-no-such-program"));
        assert!(began.elapsed() >= Duration::from_millis(100));
    }
}
