//! What is known of files and folders that are as an earlier run left them, so that they need not be read again.
//!
//! A file that has the same identity, size and times has the same content, and a folder the same entries, if the time of
//! their last change was past when they were read: a later change has a later time. The time of a file that this run
//! has just written is compared, and not the clock, as both come from one file system. Times of a change cannot be set,
//! so that this holds also for what was written with the times of before.

use std::collections::{HashMap, HashSet};
use std::fs::Metadata;
use std::io;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::Entry;
use super::digest::Digest;

/// The identity, size and times of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stat {
    device: u64,
    number: u64,
    size: u64,
    /// Seconds and nanoseconds.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stat {
    /// Those of a file or folder. `None` where the system does not tell them all.
    #[cfg(unix)]
    pub fn of(data: &Metadata) -> Option<Stat> {
        use std::os::unix::fs::MetadataExt;
        Some(Stat {
            device: data.dev(),
            number: data.ino(),
            size: data.size(),
            modified: (data.mtime(), data.mtime_nsec()),
            changed: (data.ctime(), data.ctime_nsec()),
        })
    }

    /// Those of a file or folder. `None` where the system does not tell them all.
    #[cfg(not(unix))]
    pub fn of(_: &Metadata) -> Option<Stat> {
        None
    }

    /// Whether this file was moved to where the other one is, and not written there: then the time of its content
    /// is past.
    fn is_moved_to(&self, other: &Stat) -> bool {
        let content = |one: &Stat| (one.device, one.number, one.size, one.modified);
        content(self) == content(other) && other.modified < other.changed
    }

    /// Whether a change after the file `now` was written would be seen.
    fn is_before(&self, now: &Stat) -> bool {
        self.device == now.device && self.changed < now.changed && self.modified < now.changed
    }
}

/// Files and folders by their paths in the project.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Known {
    /// Digests of the contents of files.
    pub files: HashMap<String, (Stat, Digest)>,
    /// The entries of folders.
    pub folders: HashMap<String, (Stat, Vec<Entry>)>,
}

/// What is known, as it is written: in the form of [`Known`].
#[derive(Debug, Default, Serialize)]
pub struct Form<'s> {
    files: Vec<(&'s str, &'s (Stat, Digest))>,
    folders: Vec<(&'s str, &'s (Stat, Vec<Entry>))>,
}

/// What is known, and what this run adds to it.
pub struct Stats {
    /// A file that was written when the run started.
    now: Stat,
    known: Known,
    new: Mutex<Known>,
}

impl Stats {
    /// What earlier runs knew. `now` is of a file that was written since this run has started.
    pub fn new(now: Stat, known: Known) -> Stats {
        Stats { now, known, new: Mutex::default() }
    }

    /// The digest of the content of a file, which is read if it may have another one than it had.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn digest(
        &self,
        path: &str,
        data: &Metadata,
        read: impl FnOnce() -> io::Result<Vec<u8>>,
    ) -> io::Result<Digest> {
        let stat = Stat::of(data);
        if let Some((known, digest)) = self.known.files.get(path)
            && stat.as_ref() == Some(known)
        {
            return Ok(*digest);
        }
        let digest = Digest::of_bytes(&read()?);
        if let Some(stat) = stat.filter(|stat| stat.is_before(&self.now)) {
            locked(&self.new).files.insert(path.to_owned(), (stat, digest));
        }
        Ok(digest)
    }

    /// The entries of a folder, which is read if it may have others than it had.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn entries(
        &self,
        path: &str,
        data: &Metadata,
        read: impl FnOnce() -> io::Result<Vec<Entry>>,
    ) -> io::Result<Vec<Entry>> {
        let stat = Stat::of(data);
        if let Some((known, entries)) = self.known.folders.get(path)
            && stat.as_ref() == Some(known)
        {
            return Ok(entries.clone());
        }
        let entries = read()?;
        if let Some(stat) = stat.filter(|stat| stat.is_before(&self.now)) {
            locked(&self.new).folders.insert(path.to_owned(), (stat, entries.clone()));
        }
        Ok(entries)
    }

    /// Adds a file that this run has written: its content, and what it was before it was moved to its place. `later`
    /// is of a file that was written after that.
    pub fn wrote(&self, path: &str, written: &Stat, placed: &Metadata, later: &Stat, it: Digest) {
        if let Some(stat) = Stat::of(placed)
            && written.is_moved_to(&stat)
            && stat.is_before(later)
        {
            locked(&self.new).files.insert(path.to_owned(), (stat, it));
        }
    }

    /// What this run has added.
    pub fn take_new(&self) -> Known {
        std::mem::take(&mut *locked(&self.new))
    }

    /// How many files and folders were known, and how many this run has added.
    pub fn counts(&self) -> (usize, usize) {
        let count = |known: &Known| known.files.len() + known.folders.len();
        (count(&self.known), count(&locked(&self.new)))
    }

    /// What is known of these files and folders, with what was added.
    pub fn all<'s>(
        &'s self,
        new: &'s Known,
        files: &HashSet<&str>,
        folders: &HashSet<String>,
    ) -> Form<'s> {
        let has_file = |path: &str| files.contains(path);
        let has_folder = |path: &str| folders.contains(path);
        Form {
            files: merged(&self.known.files, &new.files, has_file),
            folders: merged(&self.known.folders, &new.folders, has_folder),
        }
    }
}

/// The entries of two maps that are wanted; those of the second win.
fn merged<'s, T>(
    known: &'s HashMap<String, T>,
    new: &'s HashMap<String, T>,
    is_wanted: impl Fn(&str) -> bool,
) -> Vec<(&'s str, &'s T)> {
    let old = known.iter().filter(|(path, _)| !new.contains_key(*path));
    let all = old.chain(new).map(|(path, it)| (path.as_str(), it));
    all.filter(|(path, _)| is_wanted(path)).collect()
}

fn locked<T>(value: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    value.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
