//! Writes files: all of them or none, each as a whole, and only those that change.
//!
//! 1. What is in their places is looked at, and what is not to be replaced is refused.
//! 2. The contents are written to a temporary folder on the same disk.
//! 3. They are moved to their places. If one cannot be moved, those before it are moved back.
//!
//! A signal ends the program before the third step or after it.

mod place;
mod staging;

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind, Seek, Write};
use std::path::{Path, PathBuf};

use applc::path;

use self::place::{Place, Way};
pub use self::staging::Staging;
use crate::interrupt::{self, Held};

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Path of the file.
    pub path: PathBuf,
    /// Content of the file.
    pub text: String,
}

/// The result of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Number of files that were written.
    pub changed: usize,
    /// Number of files that had the same content already and were not written.
    pub unchanged: usize,
}

/// A file that cannot be written, or not be removed.
#[derive(Debug)]
pub struct WriteError {
    /// Path of the file.
    pub path: PathBuf,
    /// The reason.
    pub cause: io::Error,
}

/// What files are to their user.
#[derive(Debug, Clone, Copy)]
enum How<'a> {
    /// Files that the user names: a link is followed, and there may be a pipe.
    Named,
    /// Files in this folder that the program names: nothing leads out of it.
    Below(&'a Path),
    /// Files of the user that are changed: they stay the files that they are.
    Edited,
}

/// Writes files that the user names. Links are followed.
///
/// # Errors
/// The first file that cannot be written. None is changed then.
pub fn write(files: &[OutputFile]) -> Result<Written, WriteError> {
    write_as(files, How::Named)
}

/// Writes files in a folder, and creates the folders for them. No link in the folder is followed.
///
/// # Errors
/// The first file that cannot be written. None is changed then.
pub fn write_below(folder: &Path, files: &[OutputFile]) -> Result<Written, WriteError> {
    write_as(files, How::Below(folder))
}

/// Changes files of the user, which keep their owners, permissions and other names: one with several hard links is
/// written in place.
///
/// # Errors
/// The first file that cannot be written. None is changed then.
pub fn edit(files: &[OutputFile]) -> Result<Written, WriteError> {
    write_as(files, How::Edited)
}

fn write_as(files: &[OutputFile], how: How<'_>) -> Result<Written, WriteError> {
    check_clashes(files)?;
    files.iter().try_for_each(|file| place::check_parents(&file.path))?;
    let place = |file: &OutputFile| Place::of(file, how);
    let places: Vec<Place> = files.iter().map(place).collect::<Result<_, _>>()?;
    let is_changed = |(_, place): &(&OutputFile, Place)| !matches!(place.way, Way::None);
    let (changed, unchanged): (Vec<_>, Vec<_>) = files.iter().zip(places).partition(is_changed);
    let written = Written { changed: changed.len(), unchanged: unchanged.len() };
    if changed.is_empty() {
        // A run may have been killed when all was written.
        let folders = files.iter().map(|file| parent(&file.path));
        match how {
            How::Below(folder) => staging::remove_left(folder),
            How::Named | How::Edited => folders.for_each(staging::remove_left),
        }
        return Ok(written);
    }
    // One temporary folder for all files has one open file; one in each folder can move to folders on other disks.
    let common = match how {
        How::Below(folder) => Some(folder),
        How::Named | How::Edited => None,
    };
    match Run::new(&changed, common).write() {
        Err(error) if common.is_some() && error.cause.kind() == ErrorKind::CrossesDevices => {
            Run::new(&changed, None).write()?;
        }
        result => result?,
    }
    Ok(written)
}

/// Refuses files that are one file on some systems, or of which one is in place of a folder of the other.
fn check_clashes(files: &[OutputFile]) -> Result<(), WriteError> {
    let mut known: BTreeMap<String, &Path> = BTreeMap::new();
    let name = |file: &OutputFile| {
        let plain: PathBuf = file.path.components().collect();
        path::folded(&plain.to_string_lossy().replace('\\', "/"))
    };
    let fail = |path: &Path, other: &Path| {
        let cause = format!(
            "`{}` is written too, and is the same file or a folder of it on some systems",
            other.display()
        );
        WriteError { path: path.to_owned(), cause: io::Error::new(ErrorKind::AlreadyExists, cause) }
    };
    for file in files {
        if let Some(other) = known.insert(name(file), &file.path) {
            return Err(fail(&file.path, other));
        }
    }
    for file in files {
        let name = name(file);
        if let Some(other) = path::folders(&name).find_map(|folder| known.get(folder)) {
            return Err(fail(&file.path, other));
        }
    }
    Ok(())
}

/// One attempt to write files.
struct Run<'f> {
    files: &'f [(&'f OutputFile, Place)],
    /// The folder of all files, if their contents are prepared together.
    common: Option<&'f Path>,
    staged: BTreeMap<PathBuf, Staging>,
    /// Folders that were created.
    folders: Vec<PathBuf>,
}

/// A file that was moved to its place.
struct Moved<'f> {
    place: &'f Place,
    /// Another name of what was there before.
    old: Option<PathBuf>,
}

impl<'f> Run<'f> {
    fn new(files: &'f [(&'f OutputFile, Place)], common: Option<&'f Path>) -> Run<'f> {
        Run { files, common, staged: BTreeMap::new(), folders: Vec::new() }
    }

    fn write(mut self) -> Result<(), WriteError> {
        let result = self.try_write();
        if result.is_err() {
            drop(std::mem::take(&mut self.staged));
            let _held = interrupt::hold();
            // One with other files stays.
            for folder in self.folders.iter().rev() {
                let _ = fs::remove_dir(folder);
            }
        }
        result
    }

    fn try_write(&mut self) -> Result<(), WriteError> {
        let mut contents = Vec::new();
        for (file, place) in self.files {
            contents.push(self.stage(file, place).map_err(at(&place.path))?);
        }
        let held = interrupt::hold();
        let mut moved = Vec::new();
        for ((_, place), content) in self.files.iter().zip(&contents) {
            let Some(content) = content.as_ref().filter(|_| place.way == Way::Moved) else {
                continue;
            };
            match self.move_to(content, place, &held) {
                Ok(one) => moved.push(one),
                Err(cause) => return Err(undone(&moved, at(&place.path)(cause))),
            }
        }
        // Last, as it is the last step for each single file.
        let mut in_place: Vec<(&Place, Vec<u8>)> = Vec::new();
        for (file, place) in self.files.iter().filter(|(_, place)| place.way != Way::Moved) {
            let old = if place.known.is_some() {
                fs::read(&place.path).unwrap_or_default()
            } else {
                Vec::new()
            };
            let result = match place.way {
                Way::Stream => stream(&place.path, file.text.as_bytes()),
                _ => overwrite(&place.path, file.text.as_bytes()),
            };
            if let Err(cause) = result {
                let error = at(&place.path)(cause);
                if place.way == Way::InPlace {
                    in_place.push((place, old));
                }
                for (place, old) in &in_place {
                    let _ = overwrite(&place.path, old);
                }
                return Err(undone(&moved, error));
            }
            if place.way == Way::InPlace {
                in_place.push((place, old));
            }
        }
        Ok(())
    }

    /// Prepares the content of a file, also if it is written in place, so that it is known to fit on the disk.
    fn stage(&mut self, file: &OutputFile, place: &Place) -> io::Result<Option<PathBuf>> {
        if place.way == Way::Stream {
            return Ok(None);
        }
        let folder = self.common.unwrap_or_else(|| parent(&place.path)).to_owned();
        if !self.staged.contains_key(&folder) {
            self.create_folder(&folder)?;
            self.staged.insert(folder.clone(), Staging::create(&folder)?);
        }
        let Some(staging) = self.staged.get_mut(&folder) else { return Ok(None) };
        let content = staging.write(file.text.as_bytes())?;
        if let Some(known) = &place.known {
            take_over(known, &content)?;
        }
        Ok(Some(content))
    }

    fn move_to(&mut self, content: &Path, place: &'f Place, held: &Held) -> io::Result<Moved<'f>> {
        let folder = parent(&place.path);
        self.create_folder(folder)?;
        let staging = self.staged.get_mut(self.common.unwrap_or(folder));
        let old = staging.filter(|_| place.known.is_some());
        let old = old.and_then(|staging| staging.keep(&place.path, held));
        fs::rename(content, &place.path)?;
        Ok(Moved { place, old })
    }

    fn create_folder(&mut self, folder: &Path) -> io::Result<()> {
        let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
        for folder in missing.into_iter().rev() {
            match fs::create_dir(folder) {
                Ok(()) => self.folders.push(folder.to_owned()),
                // Another run has created it.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> WriteError {
    move |cause| WriteError { path: path.to_owned(), cause }
}

/// The folder of a file.
fn parent(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Puts back what was in the places of files. What cannot be put back is told in the error.
fn undone(moved: &[Moved<'_>], error: WriteError) -> WriteError {
    let mut left = Vec::new();
    for Moved { place, old } in moved.iter().rev() {
        let result = match (old, &place.known) {
            (Some(old), _) => fs::rename(old, &place.path),
            (None, None) => fs::remove_file(&place.path),
            (None, Some(_)) => Err(ErrorKind::Unsupported.into()),
        };
        if result.is_err() {
            left.push(format!("`{}`", place.path.display()));
        }
    }
    if left.is_empty() {
        return error;
    }
    let WriteError { path, cause } = error;
    let message = format!("{cause}; written before and not put back: {}", left.join(", "));
    WriteError { path, cause: io::Error::new(cause.kind(), message) }
}

/// Gives a new content the permissions and, if this process may, the owner of what it replaces.
///
/// # Errors
/// The permissions cannot be set.
pub fn take_over(known: &fs::Metadata, content: &Path) -> io::Result<()> {
    // The owner first: a change of it clears some permissions.
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let new = fs::symlink_metadata(content)?;
        if (new.uid(), new.gid()) != (known.uid(), known.gid()) {
            let _ = std::os::unix::fs::chown(content, Some(known.uid()), Some(known.gid()));
        }
    }
    fs::set_permissions(content, known.permissions())
}

/// Writes to something that is not a regular file.
fn stream(path: &Path, content: &[u8]) -> io::Result<()> {
    fs::OpenOptions::new().write(true).open(path)?.write_all(content)
}

/// Replaces the content of a file without replacing the file. Its space is given back last.
fn overwrite(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).open(path)?;
    file.write_all(content)?;
    let end = file.stream_position()?;
    file.set_len(end)?;
    file.sync_all()
}

#[cfg(test)]
mod tests;
