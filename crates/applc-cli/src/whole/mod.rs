//! A whole project: all its appliances, in all their environments.
//!
//! ```text
//! arguments --discover--> units --compile--> made files --compare--> changes --apply--> disk
//! ```
//!
//! Paths are relative to the folder of the outermost project file, with `/` between parts.

pub mod apply;
pub mod changes;
pub mod claims;
pub mod compile;
pub mod discover;
pub mod owner;
pub mod record;

use std::path::{Path, PathBuf};

use applc::World;

use crate::disk::Disk;

/// The files of a project.
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
