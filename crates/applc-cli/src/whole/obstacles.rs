//! What is in the way of changes: it is not replaced, not followed, or cannot be written.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use applc::path::parent;

use super::Rooted;
use super::changes::{Change, Kind};

/// Something in the way of a change.
#[derive(Debug)]
pub struct Obstacle {
    /// The path of the file that would change.
    pub path: String,
    /// Where it is: this path, or a folder of it.
    pub at: String,
    /// What it is.
    pub what: What,
}

/// What is in the way.
#[derive(Debug)]
pub enum What {
    /// A file that no record names.
    Foreign,
    /// A file that was made of an appliance which has errors now, so that it is not known whether it still is.
    Other(String),
    /// Something else in place of a folder, in words.
    NoFolder(&'static str),
    /// Something else in place of a file, in words.
    NoFile(&'static str),
    /// A file that cannot be read.
    Unreadable(io::Error),
    /// Nothing: the path cannot be in a record.
    NoPath,
    /// A file that the project is made from.
    Source,
    /// A file that is read-only.
    ReadOnly,
    /// A folder that is read-only.
    ReadOnlyFolder,
}

impl Obstacle {
    /// Something in the place of a file.
    pub fn of(path: &str, what: What) -> Obstacle {
        Obstacle { path: path.to_owned(), at: path.to_owned(), what }
    }
}

/// What is in the way of carrying out these changes, as far as permissions say: what is read-only is not replaced, also if
/// its folder is not.
pub fn read_only<'c>(
    world: &Rooted,
    changes: impl IntoIterator<Item = &'c Change>,
) -> Vec<Obstacle> {
    let mut folders: HashMap<PathBuf, bool> = HashMap::new();
    let mut found = Vec::new();
    for change in changes {
        let path = change.path.as_str();
        // Where nothing is, it is created in the folder above.
        let mut folder = parent(path);
        while !folder.is_empty() && !world.on_disk(folder).exists() {
            folder = parent(folder);
        }
        let place = world.on_disk(folder);
        let is_closed = *folders.entry(place).or_insert_with_key(|place| is_closed(place));
        if change.kind != Kind::New && is_read_only(&world.on_disk(path)) {
            found.push(Obstacle::of(path, What::ReadOnly));
        } else if is_closed {
            let (path, at) = (path.to_owned(), folder.to_owned());
            found.push(Obstacle { path, at, what: What::ReadOnlyFolder });
        }
    }
    found
}

/// Whether a file that is there is not to be written. What only the rights of root would allow is not, either.
pub fn is_read_only(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|data| data.permissions().readonly()) || is_denied(file)
}

/// Whether nothing can be made in a folder. On Windows, the attribute of a folder does not say this.
fn is_closed(folder: &Path) -> bool {
    cfg!(unix) && is_read_only(folder)
}

/// Whether the system would not let this process write.
#[cfg(unix)]
fn is_denied(path: &Path) -> bool {
    use rustix::fs::{Access, access};
    use rustix::io::Errno;
    matches!(access(path, Access::WRITE_OK), Err(Errno::ACCESS | Errno::ROFS | Errno::PERM))
}

/// Whether the system would not let this process write: only writing shows that.
#[cfg(not(unix))]
fn is_denied(_: &Path) -> bool {
    false
}
