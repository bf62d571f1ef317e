//! Carries changes out on disk, so that a run that is killed at any point is repaired by the next one.
//!
//! 1. All new contents are written to the cache folder, on the same file system.
//! 2. The records name what is owned now and then.
//! 3. The files are moved to their places, and what is no longer made is removed.
//! 4. The records name what is owned then.
//!
//! A file is always whole, and every file that was made is in a record. One run at a time does this.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::Rooted;
use super::changes::{Changes, Kind};
use super::record;
use crate::terminal::note;

/// The folder at the root of the project for what applc may lose.
pub const CACHE: &str = ".applc-cache";

/// A file that cannot be written or removed.
#[derive(Debug)]
pub struct Failure {
    /// Its path.
    pub path: PathBuf,
    /// The reason.
    pub cause: io::Error,
}

/// Makes a failure of a path.
fn at(path: &Path) -> impl Fn(io::Error) -> Failure {
    move |cause| Failure { path: path.to_owned(), cause }
}

/// The right to write, which one run has at a time.
pub struct Turn {
    staging: PathBuf,
    _lock: File,
}

impl Turn {
    /// Waits for the turn, and creates the cache folder.
    ///
    /// # Errors
    /// The folder cannot be used.
    pub fn take(world: &Rooted) -> Result<Turn, Failure> {
        let cache = world.on_disk(CACHE);
        fs::create_dir_all(&cache).map_err(at(&cache))?;
        // What is in it is not for version control.
        let ignored = cache.join(".gitignore");
        if !ignored.exists() {
            fs::write(&ignored, "*\n").map_err(at(&ignored))?;
        }
        let path = cache.join("lock");
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(at(&path))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                note("waiting for another run in this project");
                lock.lock().map_err(at(&path))?;
            }
            Err(TryLockError::Error(cause)) => return Err(at(&path)(cause)),
        }
        let staging = cache.join("staging");
        // A run that was killed leaves it.
        match fs::remove_dir_all(&staging) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(&staging)(error)),
            _ => {}
        }
        Ok(Turn { staging, _lock: lock })
    }

    /// Carries the changes out.
    ///
    /// # Errors
    /// A file cannot be written. Before the first file is moved, nothing is changed but the records.
    pub fn apply(self, world: &Rooted, changes: &Changes) -> Result<(), Failure> {
        fs::create_dir_all(&self.staging).map_err(at(&self.staging))?;
        let result = self.carry_out(world, changes);
        // A folder that stays is removed by the next run.
        let _ = fs::remove_dir_all(&self.staging);
        result
    }

    fn carry_out(&self, world: &Rooted, changes: &Changes) -> Result<(), Failure> {
        let mut staged = Vec::new();
        for change in changes.files.iter().filter(|change| change.kind != Kind::Removed) {
            let place = world.on_disk(&change.path);
            let temporary = self.staged(staged.len(), change.new.as_bytes(), &place)?;
            staged.push((temporary, place));
        }
        for (_, place) in &staged {
            let folder = place.parent().unwrap_or(place);
            fs::create_dir_all(folder).map_err(at(folder))?;
        }
        let both = |(now, then): &(BTreeSet<String>, BTreeSet<String>)| now | then;
        self.write_records(world, changes, both)?;
        for (temporary, place) in &staged {
            fs::rename(temporary, place).map_err(at(place))?;
        }
        for change in changes.files.iter().filter(|change| change.kind == Kind::Removed) {
            let place = world.on_disk(&change.path);
            match fs::remove_file(&place) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(&place)(error)),
                _ => remove_empty(world, &place),
            }
        }
        self.write_records(world, changes, |(_, then)| then.clone())
    }

    /// Writes a content beside the others, with the permissions of the file in its place.
    fn staged(&self, index: usize, content: &[u8], place: &Path) -> Result<PathBuf, Failure> {
        let path = self.staging.join(index.to_string());
        fs::write(&path, content).map_err(at(place))?;
        if let Ok(known) = fs::metadata(place) {
            if known.permissions().readonly() {
                return Err(at(place)(ErrorKind::PermissionDenied.into()));
            }
            fs::set_permissions(&path, known.permissions()).map_err(at(place))?;
        }
        Ok(path)
    }

    fn write_records(
        &self,
        world: &Rooted,
        changes: &Changes,
        owned: impl Fn(&(BTreeSet<String>, BTreeSet<String>)) -> BTreeSet<String>,
    ) -> Result<(), Failure> {
        for (folder, both) in &changes.records {
            let owned = owned(both);
            let place = world.on_disk(&record::path(folder));
            if owned.is_empty() {
                match fs::remove_file(&place) {
                    Err(error) if error.kind() != ErrorKind::NotFound => {
                        return Err(at(&place)(error));
                    }
                    _ => remove_empty(world, &place),
                }
                continue;
            }
            let text = record::text(folder, &owned);
            if fs::read(&place).is_ok_and(|known| known == text.as_bytes()) {
                continue;
            }
            let temporary = self.staging.join("record");
            fs::write(&temporary, text).map_err(at(&place))?;
            let parent = place.parent().unwrap_or(&place);
            fs::create_dir_all(parent).map_err(at(parent))?;
            fs::rename(&temporary, &place).map_err(at(&place))?;
        }
        Ok(())
    }
}

/// Removes the folders of a file that was removed, as far as they are empty.
fn remove_empty(world: &Rooted, file: &Path) {
    for folder in file.ancestors().skip(1).take_while(|folder| *folder != world.root()) {
        // A folder with other files stays.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}
