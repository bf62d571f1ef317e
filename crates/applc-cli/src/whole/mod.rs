//! A whole project: all its appliances, in all their environments.
//!
//! ```text
//! arguments --discover--> units --compile--> made files --compare--> changes --apply--> disk
//! ```
//!
//! Paths are relative to the folder of the outermost project file, with `/` between parts.

pub mod apply;
mod bar;
pub mod case;
pub mod changes;
pub mod claims;
pub mod compile;
pub mod discover;
pub mod owner;
pub mod record;

use std::io;
use std::path::{Path, PathBuf};

use applc::World;
use applc::diag::Report;

use crate::disk::{Disk, shown};

/// The files of a project, wherever they are.
pub trait Files: World {
    /// The files and folders in a folder, in any order, without links. Names that are not Unicode are left out.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn entries(&self, folder: &str) -> io::Result<Vec<Entry>>;

    /// Whether there is a file, or a link to one.
    fn is_file(&self, path: &str) -> bool;

    /// The name of a path for people.
    fn shown(&self, path: &str) -> String;

    /// A report with the names of these files for people.
    fn named(&self, report: Report) -> Report;
}

/// A file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without the folder.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
}

/// The folder of a path of the project; empty for the root.
pub fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path below a folder, without empty parts and `.`.
pub fn joined(folder: &str, path: &str) -> String {
    let parts = folder.split('/').chain(path.split('/'));
    let parts: Vec<&str> = parts.filter(|part| !matches!(*part, "" | ".")).collect();
    parts.join("/")
}

/// The files of a project on disk.
pub struct Rooted {
    root: PathBuf,
}

impl Rooted {
    /// The files below a folder.
    pub fn new(root: PathBuf) -> Rooted {
        Rooted { root }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a path of the project is on disk.
    pub fn on_disk(&self, path: &str) -> PathBuf {
        // An empty path would add a separator.
        if path.is_empty() { self.root.clone() } else { self.root.join(path) }
    }
}

impl World for Rooted {
    fn read(&self, path: &str) -> std::io::Result<Vec<u8>> {
        Disk.read(&self.on_disk(path).to_string_lossy())
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
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(self.on_disk(folder))? {
            let entry = entry?;
            let kind = entry.file_type()?;
            // Links are not followed: they could lead out of the project.
            if let Ok(name) = entry.file_name().into_string()
                && (kind.is_dir() || kind.is_file())
            {
                entries.push(Entry { name, is_folder: kind.is_dir() });
            }
        }
        Ok(entries)
    }

    fn is_file(&self, path: &str) -> bool {
        self.on_disk(path).is_file()
    }

    fn shown(&self, path: &str) -> String {
        let shown = shown(&self.on_disk(path));
        if shown.as_os_str().is_empty() { ".".to_owned() } else { shown.display().to_string() }
    }

    fn named(&self, report: Report) -> Report {
        if shown(&self.root).as_os_str().is_empty() {
            return report;
        }
        // Arguments, and the folders of targets that they name, have the names that they are given.
        report.renamed(|name| match self.is_file(name) {
            true => self.shown(name),
            false => name.to_owned(),
        })
    }
}
