//! Signals that end the program while it writes: a step that was begun is completed first, and what is temporary is
//! removed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Temporary folders of this process.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// The file in a temporary folder that is locked as long as the run lasts.
pub const LOCK: &str = "lock";

/// While this is held, a signal does not end the program.
pub struct Held(MutexGuard<'static, Vec<PathBuf>>);

/// Begins a step that no signal is to interrupt. It must not be long, and none can begin within it.
pub fn hold() -> Held {
    #[cfg(unix)]
    signals::watch();
    Held(TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Held {
    /// Has a folder removed when a signal ends the program.
    pub fn add(&mut self, folder: &Path) {
        self.0.push(folder.to_owned());
    }

    /// Removes a folder that was added.
    pub fn remove(&mut self, folder: &Path) {
        self.0.retain(|known| known != folder);
        remove_temporary(folder);
    }
}

/// Removes a temporary folder, its lock last: the next run takes a folder with a lock that nobody holds for one that a
/// killed run has left, also if it was killed while it removed the folder.
pub fn remove_temporary(folder: &Path) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut contents = entries.filter(|entry| entry.file_name() != LOCK);
    if contents.all(|entry| fs::remove_file(entry.path()).is_ok()) {
        let _ = fs::remove_file(folder.join(LOCK));
        let _ = fs::remove_dir(folder);
    }
}

/// Lets a write beyond `ulimit -f` fail, so that it is told as a full disk is. It would end the program with SIGXFSZ.
pub fn keep_on_a_limit_of_size() {
    #[cfg(unix)]
    signals::take_limit_of_size();
}

#[cfg(unix)]
pub use signals::on_each;

#[cfg(unix)]
mod signals {
    use std::sync::atomic::AtomicBool;
    use std::sync::{Arc, Once, PoisonError, mpsc};

    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    use super::{TEMPORARY, remove_temporary};
    use crate::threads;

    /// Has SIGXFSZ do nothing. Programs that this one starts have it as it was, unlike a signal that is ignored.
    pub fn take_limit_of_size() {
        let number = rustix::process::Signal::XFSZ.as_raw();
        // Without, a write beyond the limit ends the program.
        let _ = signal_hook::flag::register(number, Arc::new(AtomicBool::new(false)));
    }

    /// Ends the program as the signals would, between two steps.
    pub fn watch() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            let ignored = ignored();
            let all = [SIGHUP, SIGINT, SIGTERM].into_iter();
            let wanted = all.filter(|signal| ignored & (1 << (signal - 1)) == 0);
            // Where this is not possible, the next run removes what this one leaves.
            on_each(wanted, |signal| {
                // Held until the end, so that no other step begins.
                let temporary = TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner);
                for folder in temporary.iter() {
                    remove_temporary(folder);
                }
                let _ = emulate_default_handler(signal);
            });
        });
    }

    /// Runs something for each of the signals that comes, instead of what the system does. If there is no thread for it,
    /// or a signal cannot be watched for, the system does what it did before.
    pub fn on_each(
        wanted: impl IntoIterator<Item = i32>,
        mut act: impl FnMut(i32) + Send + 'static,
    ) {
        // The thread comes first: a signal that is watched for and waits for nobody would be lost.
        let (to, from) = mpsc::channel::<Signals>();
        let watcher = threads::helper().spawn(move || {
            if let Ok(mut signals) = from.recv() {
                signals.forever().for_each(&mut act);
            }
        });
        if watcher.is_ok()
            && let Ok(signals) = Signals::new(wanted)
        {
            let _ = to.send(signals);
        }
    }

    /// The signals that this program was started to ignore, as a set of bits: `nohup` does that, and a shell with what
    /// it starts in the background. Only Linux says so without unsafe code; see proc(5).
    fn ignored() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        line.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
    }
}
