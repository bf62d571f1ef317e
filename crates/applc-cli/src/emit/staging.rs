//! Temporary folders, in which contents are prepared. That of a run that was killed is removed by the next run.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::interrupt::{self, Held, LOCK, remove_temporary};

/// How their names start.
const PREFIX: &str = ".applc-tmp-";

/// A temporary folder. It is removed when it is dropped, and when a signal ends the program.
pub struct Staging {
    folder: PathBuf,
    files: usize,
    _lock: File,
}

impl Staging {
    /// Creates one in a folder, and removes those that killed runs have left there.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(parent: &Path) -> io::Result<Staging> {
        let mut held = interrupt::hold();
        remove_left(parent);
        loop {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent);
            let folder = folder.map_err(without_path)?.keep();
            held.add(&folder);
            match locked(&folder) {
                Ok(Some(lock)) => {
                    // What a killed run leaves is not for version control. Without it, all works.
                    let _ = fs::write(folder.join(".gitignore"), "*\n");
                    return Ok(Staging { folder, files: 0, _lock: lock });
                }
                // Another run has taken it for one that was left.
                Ok(None) => held.remove(&folder),
                Err(error) => {
                    held.remove(&folder);
                    return Err(error);
                }
            }
        }
    }

    /// Its path.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a content to a file in it, and waits until it is on the disk.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&mut self, content: &[u8]) -> io::Result<PathBuf> {
        let _held = interrupt::hold();
        let path = self.path();
        let mut file = File::create_new(&path)?;
        file.write_all(content)?;
        file.sync_all()?;
        Ok(path)
    }

    /// A path in it that is not used.
    fn path(&mut self) -> PathBuf {
        self.files += 1;
        self.folder.join(self.files.to_string())
    }

    /// A second name for a file, in this folder; `None` if the file system has none. No signal comes meanwhile.
    pub fn keep(&mut self, file: &Path, _: &Held) -> Option<PathBuf> {
        let path = self.path();
        fs::hard_link(file, &path).is_ok().then_some(path)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        interrupt::hold().remove(&self.folder);
    }
}

/// The kind of an error alone: the name of a temporary folder says nothing.
fn without_path(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::Other => error,
        kind => kind.into(),
    }
}

/// Creates the lock of a folder. `None` if another run has removed the folder meanwhile.
fn locked(folder: &Path) -> io::Result<Option<File>> {
    let path = folder.join(LOCK);
    let lock = match File::create_new(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        lock => lock?,
    };
    match lock.try_lock() {
        Err(TryLockError::WouldBlock) => Ok(None),
        // Where there are no locks, nothing is taken for left.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(path.exists().then_some(lock)),
    }
}

/// Removes the temporary folders in a folder that runs have left.
pub fn remove_left(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let folder = entry.path();
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = folder.join(LOCK);
        if !fs::symlink_metadata(&path).is_ok_and(|data| data.is_file()) {
            // The run ended before it had the lock, or does not have it yet: it then creates another folder.
            let _ = fs::remove_dir(&folder);
            continue;
        }
        if let Ok(lock) = File::options().write(true).open(&path)
            && lock.try_lock().is_ok()
        {
            remove_temporary(&folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_leaves_is_removed_and_that_of_a_running_one_stays() {
        let parent = tempfile::tempdir().unwrap();
        let mut running = Staging::create(parent.path()).unwrap();
        let content = running.write(b"new").unwrap();
        assert_eq!(fs::read(running.folder().join(".gitignore")).unwrap(), b"*\n");
        // Without a lock, and with one that nobody holds.
        for (name, lock) in [("left", true), ("begun", false)] {
            let folder = parent.path().join(format!("{PREFIX}{name}"));
            fs::create_dir(&folder).unwrap();
            if lock {
                fs::write(folder.join(LOCK), "").unwrap();
                fs::write(folder.join("1"), "half").unwrap();
            }
        }
        let others = [".applc-outputs", ".applc-tmp-file", "mine"];
        others.iter().for_each(|name| fs::write(parent.path().join(name), "mine").unwrap());
        let mine = parent.path().join(format!("{PREFIX}mine"));
        fs::create_dir(&mine).unwrap();
        fs::write(mine.join("file"), "mine").unwrap();
        let other = Staging::create(parent.path()).unwrap();
        assert_eq!(fs::read(content).unwrap(), b"new");
        assert_ne!(other.folder, running.folder);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 2 + others.len() + 1);
        drop((running, other));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), others.len() + 1);
    }

    #[test]
    fn a_folder_keeps_its_lock_until_it_is_empty() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join(format!("{PREFIX}left"));
        let stays = folder.join("2");
        fs::create_dir_all(&stays).unwrap();
        for name in [LOCK, "1", "3"] {
            fs::write(folder.join(name), "").unwrap();
        }
        remove_left(parent.path());
        assert!(folder.join(LOCK).exists());
        fs::remove_dir(stays).unwrap();
        remove_left(parent.path());
        assert!(!folder.exists());
    }
}
