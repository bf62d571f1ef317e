//! The file that the entries are in.
//!
//! It is believed only if a run of this program, of the same user, wrote it to this place: a second file has its
//! identity and times, which a copy does not have. So a file that comes with a repository says nothing.

use std::fs::{self, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tempfile::NamedTempFile;

use super::entry::Entry;
use crate::emit::Staging;
use crate::whole::digest::Digest;
use crate::whole::folder;
use crate::whole::stats::{Form, Known, Stat};

/// What is kept.
#[derive(Default, Deserialize)]
pub struct Content {
    /// The entries of the files of appliances.
    pub entries: Vec<(String, Vec<Entry>)>,
    /// What is known of the disk.
    pub disk: Known,
}

/// The file with the entries: a digest of the rest, and the rest.
const ENTRIES: &str = "results";

/// The file with the identity of that file.
const SEAL: &str = "seal";

/// The file of the entries of a project.
pub struct Store {
    folder: PathBuf,
    program: Digest,
    /// Who owns what this process writes.
    owner: Option<u32>,
}

impl Store {
    /// The store of the project in a folder. `None` if none can be written there.
    pub fn open(root: &Path) -> Option<Store> {
        let folder = folder::create(root).ok()?;
        let own = written_now(&folder)?;
        Some(Store { folder, program: program()?, owner: owner(&own) })
    }

    /// The times of a file that is written now.
    pub fn now(&self) -> Option<Stat> {
        Stat::of(&written_now(&self.folder)?)
    }

    /// What was kept; `None` if there is nothing that can be used.
    pub fn read(&self) -> Option<Content> {
        let (path, data) = self.own_file(ENTRIES)?;
        let (seal, of_seal) = self.own_file(SEAL)?;
        let wanted = form(&identity(&data)?)?;
        // A file of any other size is not read.
        if of_seal.len() != wanted.len() as u64 || fs::read(seal).ok()? != wanted {
            return None;
        }
        let bytes = fs::read(path).ok()?;
        let (digest, rest): (Digest, &[u8]) = postcard::take_from_bytes(&bytes).ok()?;
        if digest != Digest::of_bytes(rest) {
            return None;
        }
        let (program, rest): (Digest, &[u8]) = postcard::take_from_bytes(rest).ok()?;
        if program != self.program {
            return None;
        }
        postcard::from_bytes(rest).ok()
    }

    /// The path of a file of the same user that is no link.
    fn own_file(&self, name: &str) -> Option<(PathBuf, Metadata)> {
        let path = self.folder.join(name);
        let data = fs::symlink_metadata(&path).ok()?;
        if !data.is_file() || owner(&data) != self.owner {
            return None;
        }
        Some((path, data))
    }

    /// Writes what is known, if that is possible.
    pub fn write(&self, entries: &[(String, Vec<Entry>)], disk: &Form<'_>) {
        let _ = self.try_write(entries, disk);
    }

    fn try_write(&self, entries: &[(String, Vec<Entry>)], disk: &Form<'_>) -> io::Result<()> {
        // In the form of `Content`.
        let rest = form(&(self.program, entries, disk)).unwrap_or_default();
        let digest = form(&Digest::of_bytes(&rest)).unwrap_or_default();
        let path = self.replace(ENTRIES, &[&digest, &rest])?;
        let seal = identity(&fs::symlink_metadata(path)?).as_ref().and_then(form);
        self.replace(SEAL, &[&seal.unwrap_or_default()])?;
        Ok(())
    }

    /// Replaces a file as a whole.
    fn replace(&self, name: &str, parts: &[&[u8]]) -> io::Result<PathBuf> {
        let staging = Staging::create(&self.folder)?;
        let mut file = NamedTempFile::new_in(staging.folder())?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        let path = self.folder.join(name);
        file.persist(&path)?;
        Ok(path)
    }
}

/// A file that is written, and gone again.
fn written_now(folder: &Path) -> Option<Metadata> {
    tempfile::tempfile_in(folder).ok()?.metadata().ok()
}

fn form(value: &impl serde::Serialize) -> Option<Vec<u8>> {
    postcard::to_stdvec(value).ok()
}

/// This program: its version, and the file that it is in.
fn program() -> Option<Digest> {
    let file = fs::metadata(std::env::current_exe().ok()?).ok()?;
    Some(Digest::of(&(env!("CARGO_PKG_VERSION"), identity(&file)?)))
}

#[cfg(unix)]
fn owner(data: &Metadata) -> Option<u32> {
    Some(std::os::unix::fs::MetadataExt::uid(data))
}

#[cfg(not(unix))]
fn owner(_: &Metadata) -> Option<u32> {
    None
}

/// What tells a file from others, and from itself after a change: a copy, and what version control writes, has
/// another one.
#[cfg(unix)]
fn identity(data: &Metadata) -> Option<Digest> {
    use std::os::unix::fs::MetadataExt;
    let times = (data.mtime(), data.mtime_nsec(), data.ctime(), data.ctime_nsec());
    Some(Digest::of(&(data.dev(), data.ino(), data.size(), times)))
}

#[cfg(not(unix))]
fn identity(data: &Metadata) -> Option<Digest> {
    Some(Digest::of(&(data.len(), data.modified().ok()?, data.created().ok()?)))
}
