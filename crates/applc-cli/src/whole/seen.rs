//! What is read of the files of a project, so that a result can be used again if all of it is as before.

use std::io;
use std::sync::Mutex;

use applc::World;
use applc::diag::Report;
use serde::{Deserialize, Serialize};

use super::digest::Digest;
use super::{Entry, Files};

/// Something that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    /// Whether there is a file.
    IsFile(String),
    /// A file.
    Read(String),
    /// A file below a folder.
    Below(String, String),
    /// The names of the files below a folder.
    List(String),
}

impl Access {
    /// The digest of what it gives now.
    pub fn digest(&self, world: &dyn Files) -> Digest {
        match self {
            Access::IsFile(path) => Digest::of(&world.exists(path)),
            Access::Read(path) => world.digest(path),
            Access::Below(folder, path) => Digest::of_read(&world.read_below(folder, path)),
            Access::List(folder) => of_list(&world.list(folder)),
        }
    }
}

fn of_list(list: &io::Result<Vec<String>>) -> Digest {
    match list {
        Ok(names) => Digest::of(names),
        Err(error) => Digest::of(&("error", error.kind().to_string(), error.to_string())),
    }
}

/// Everything that was read, and the digest of what was there.
pub type Seen = Vec<(Access, Digest)>;

/// Files, with a record of what was read of them.
pub struct Recorder<'w> {
    world: &'w dyn Files,
    seen: Mutex<Seen>,
}

impl<'w> Recorder<'w> {
    /// Nothing was read yet.
    pub fn new(world: &'w dyn Files) -> Recorder<'w> {
        Recorder { world, seen: Mutex::default() }
    }

    /// What was read.
    pub fn into_seen(self) -> Seen {
        self.seen.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn add(&self, access: Access, digest: Digest) {
        let seen = self.seen.lock();
        seen.unwrap_or_else(std::sync::PoisonError::into_inner).push((access, digest));
    }
}

impl World for Recorder<'_> {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let read = self.world.read(path);
        self.add(Access::Read(path.to_owned()), Digest::of_read(&read));
        read
    }

    fn read_below(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        let read = self.world.read_below(folder, path);
        let access = Access::Below(folder.to_owned(), path.to_owned());
        self.add(access, Digest::of_read(&read));
        read
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let list = self.world.list(folder);
        self.add(Access::List(folder.to_owned()), of_list(&list));
        list
    }
}

impl Files for Recorder<'_> {
    fn entries(&self, folder: &str) -> io::Result<Vec<Entry>> {
        // Only looking for appliances needs it, which every run does.
        self.world.entries(folder)
    }

    fn exists(&self, path: &str) -> bool {
        let exists = self.world.exists(path);
        self.add(Access::IsFile(path.to_owned()), Digest::of(&exists));
        exists
    }

    fn shown(&self, path: &str) -> String {
        self.world.shown(path)
    }

    fn named(&self, report: Report) -> Report {
        self.world.named(report)
    }
}
