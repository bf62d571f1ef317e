//! A whole project: all its appliances, in all their environments.
//!
//! ```text
//! arguments --discover--> units --compile--> made files --compare--> changes --apply--> disk
//! ```
//!
//! Paths are relative to the folder of the outermost project file, with `/` between parts.

pub mod apply;
mod bar;
pub mod cache;
pub mod case;
pub mod changes;
pub mod claims;
pub mod compile;
mod digest;
pub mod discover;
pub mod folder;
pub mod hidden;
pub mod obstacles;
mod old;
pub mod outcome;
pub mod owner;
pub mod record;
mod seen;
pub mod stats;

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use applc::World;
use applc::diag::Report;
use applc::project::Globs;
use serde::{Deserialize, Serialize};

use self::digest::Digest;
use self::stats::Stats;
use crate::disk::{Disk, exists, read_within, shown};
use crate::search::{Refused, Trust};

/// The files of a project, wherever they are.
pub trait Files: World {
    /// What is in a folder, in any order.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn entries(&self, folder: &str) -> io::Result<Vec<Entry>>;

    /// Whether there is something, also if it cannot be read.
    fn exists(&self, path: &str) -> bool;

    /// The name of a path for people.
    fn shown(&self, path: &str) -> String;

    /// Checks that the project file of a folder, which is not the root, may be used.
    ///
    /// # Errors
    /// It belongs to someone else.
    fn check_project(&self, _: &str) -> Result<(), Refused> {
        Ok(())
    }

    /// The paths that are named as appliances in folders whose names are not Unicode, and similar to this path.
    fn nameless(&self, _: &str, _: &dyn Fn(&str) -> bool) -> Vec<String> {
        Vec::new()
    }

    /// Why what is named as an appliance, and is no file as others, is not read as one. `None` if it is none: a link to a
    /// folder that only a pattern of the project takes for one.
    fn fault(&self, _: &str) -> Option<String> {
        None
    }

    /// A report with the names of these files for people.
    fn named(&self, report: Report) -> Report;

    /// The digest of what reading a file gives.
    fn digest(&self, path: &str) -> Digest {
        Digest::of_read(&self.read(path))
    }
}

/// Something in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name, without the folder; one that is not Unicode is only similar to it.
    pub name: String,
    /// What it is.
    pub kind: Kind,
}

/// What something in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link, which is not followed as it could lead out of the project, a file whose name is not Unicode, or
    /// something else.
    Other,
    /// A folder whose name is not Unicode.
    Nameless,
}

/// The files of a project, as its appliances are compared.
pub struct Compared<'w, W>(pub &'w W);

impl<W: Files> applc::whole::Files for Compared<'_, W> {
    fn files(&self, folder: &str) -> BTreeSet<String> {
        let entries = self.0.entries(folder).unwrap_or_default().into_iter();
        let files = entries.filter(|entry| entry.kind != Kind::Folder);
        files.map(|entry| joined(folder, &entry.name)).collect()
    }

    fn exists(&self, path: &str) -> bool {
        self.0.exists(path)
    }

    fn shown(&self, path: &str) -> String {
        self.0.shown(path)
    }
}

/// A path below a folder, without empty parts and `.`.
pub fn joined(folder: &str, path: &str) -> String {
    let parts = folder.split('/').chain(path.split('/'));
    let parts: Vec<&str> = parts.filter(|part| !matches!(*part, "" | ".")).collect();
    parts.join("/")
}

/// Maximum number of bytes of a file in the output that is read: to compare it, and to show its differences.
const MAX_OWN: u64 = 256 << 20;

/// Number of bytes that hold the comment at the start of a file that was made: it has a path.
const START: u64 = 64 << 10;

/// The files of a project on disk.
pub struct Rooted {
    root: PathBuf,
    /// What is known of those that are as before.
    stats: Option<Arc<Stats>>,
}

impl Rooted {
    /// The files below a folder.
    pub fn new(root: PathBuf) -> Rooted {
        Rooted { root, stats: None }
    }

    /// The same with what is known of them.
    pub fn with(self, stats: Option<Arc<Stats>>) -> Rooted {
        Rooted { stats, ..self }
    }

    /// The digest of a file; `None` if there is something else, or a link, in its place.
    ///
    /// # Errors
    /// It cannot be read; [`io::ErrorKind::NotFound`] if there is nothing.
    pub fn own_digest(&self, path: &str) -> io::Result<Option<Digest>> {
        let on_disk = self.on_disk(path);
        let data = std::fs::symlink_metadata(&on_disk)?;
        if !data.is_file() {
            return Ok(None);
        }
        let read = || Disk.read(&on_disk.to_string_lossy());
        match &self.stats {
            Some(stats) => stats.digest(path, &data, read).map(Some),
            None => Ok(Some(Digest::of_bytes(&read()?))),
        }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The content of a file; `None` if there is something else, or a link, in its place.
    ///
    /// # Errors
    /// It cannot be read, or is larger than files that are made; [`io::ErrorKind::NotFound`] if there is nothing.
    pub fn read_own(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let read = self.read_up_to(path, MAX_OWN + 1)?;
        match read {
            Some(bytes) if bytes.len() as u64 > MAX_OWN => {
                let cause = format!("it is larger than {} MiB", MAX_OWN >> 20);
                Err(io::Error::new(io::ErrorKind::FileTooLarge, cause))
            }
            read => Ok(read),
        }
    }

    /// The first lines of a file, which may be of any size; `None` if there is something else, or a link, in its place.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read_start(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        self.read_up_to(path, START)
    }

    fn read_up_to(&self, path: &str, limit: u64) -> io::Result<Option<Vec<u8>>> {
        let on_disk = self.on_disk(path);
        let data = std::fs::symlink_metadata(&on_disk)?;
        if !data.is_file() {
            return Ok(None);
        }
        let size = data.len().saturating_add(1).min(limit);
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        std::fs::File::open(&on_disk)?.take(limit).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }

    /// Where a path of the project is on disk.
    pub fn on_disk(&self, path: &str) -> PathBuf {
        // An empty path would add a separator.
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

impl World for Rooted {
    fn read(&self, path: &str) -> std::io::Result<Vec<u8>> {
        read_within(&[&self.root], &self.on_disk(path))
    }

    fn read_below(&self, folder: &str, path: &str) -> std::io::Result<Vec<u8>> {
        Disk.read_below(&self.on_disk(folder).to_string_lossy(), path)
    }

    fn list(&self, folder: &str) -> std::io::Result<Vec<String>> {
        Disk.list(&self.on_disk(folder).to_string_lossy())
    }
}

impl Files for Rooted {
    fn entries(&self, folder: &str) -> io::Result<Vec<Entry>> {
        let on_disk = self.on_disk(folder);
        let Some(stats) = &self.stats else { return entries(&on_disk) };
        // The root may be a link; below it, none is followed.
        let data = std::fs::metadata(&on_disk)?;
        stats.entries(folder, &data, || entries(&on_disk))
    }

    fn digest(&self, path: &str) -> Digest {
        match self.own_digest(path) {
            Ok(Some(digest)) => digest,
            // What is read is what a link leads to.
            Ok(None) | Err(_) => Digest::of_read(&self.read(path)),
        }
    }

    fn exists(&self, path: &str) -> bool {
        exists(&self.on_disk(path))
    }

    fn shown(&self, path: &str) -> String {
        let shown = shown(&self.on_disk(path));
        if shown.as_os_str().is_empty() { ".".to_owned() } else { shown.display().to_string() }
    }

    fn check_project(&self, folder: &str) -> Result<(), Refused> {
        Trust::of(&self.root).check(&self.on_disk(folder))
    }

    fn nameless(&self, path: &str, is_one: &dyn Fn(&str) -> bool) -> Vec<String> {
        hidden::nameless(&self.on_disk(path), path, is_one)
    }

    fn fault(&self, path: &str) -> Option<String> {
        hidden::fault(&self.root, &self.on_disk(path), Globs::usual().matches(path))
    }

    fn named(&self, report: Report) -> Report {
        if shown(&self.root).as_os_str().is_empty() {
            return report;
        }
        // Arguments, and the folders of targets that they name, have the names that they are given.
        report.renamed(|name| match self.on_disk(name).is_file() {
            true => self.shown(name),
            false => name.to_owned(),
        })
    }
}

fn entries(folder: &Path) -> io::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let name = entry.file_name();
        let kind = match name.to_str() {
            Some(_) if kind.is_file() => Kind::File,
            Some(_) if kind.is_dir() => Kind::Folder,
            None if kind.is_dir() => Kind::Nameless,
            _ => Kind::Other,
        };
        entries.push(Entry { name: name.to_string_lossy().into_owned(), kind });
    }
    Ok(entries)
}
