//! The programs that were started, so that none of them goes on when this one is told to end.

use std::io;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// All programs that may still run.
static ALL: Mutex<Vec<Weak<Mutex<Child>>>> = Mutex::new(Vec::new());

/// A program that was started. It is ended when this is dropped, or by [`end_all`].
#[derive(Debug)]
pub struct Started(Arc<Mutex<Child>>);

impl Started {
    /// Starts a program.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Started> {
        // Held while it is started: no program is started behind the back of who ends all.
        let mut all = locked(&ALL);
        let child = Arc::new(Mutex::new(command.spawn()?));
        all.retain(|one| one.strong_count() > 0);
        all.push(Arc::downgrade(&child));
        Ok(Started(child))
    }

    /// Its standard input, the first time.
    pub fn stdin(&self) -> Option<ChildStdin> {
        locked(&self.0).stdin.take()
    }

    /// Its standard output, the first time.
    pub fn stdout(&self) -> Option<ChildStdout> {
        locked(&self.0).stdout.take()
    }

    /// Its standard error, the first time.
    pub fn stderr(&self) -> Option<ChildStderr> {
        locked(&self.0).stderr.take()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// The system does not tell.
    pub fn try_wait(&self) -> io::Result<Option<ExitStatus>> {
        locked(&self.0).try_wait()
    }

    /// Ends it, if it still runs.
    pub fn end(&self) {
        end(&mut locked(&self.0));
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.end();
    }
}

/// Ends all programs that were started, for a program that is told to end, and that ends with `then`. Nothing else
/// sees that they have ended, and reports that as a failure of theirs: who asks for one waits.
pub fn end_all(then: impl FnOnce()) {
    let known = locked(&ALL);
    let all: Vec<Arc<Mutex<Child>>> = known.iter().filter_map(Weak::upgrade).collect();
    let mut children: Vec<MutexGuard<'_, Child>> = all.iter().map(|one| locked(one)).collect();
    children.iter_mut().for_each(|child| end(child));
    then();
}

fn end(child: &mut Child) {
    // It may have ended already.
    let _ = child.kill();
    let _ = child.wait();
}

fn locked<T: ?Sized>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
