//! The folder at the root of a project for what applc may lose.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::disk::what;

/// Its name.
pub const NAME: &str = applc::path::CACHE;

/// What is in it besides: it is not for version control, nor for backups (<https://bford.info/cachedir/>).
const FILES: [(&str, &str); 2] = [
    (".gitignore", "*\n"),
    (
        "CACHEDIR.TAG",
        "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of applc, and may be deleted.\n",
    ),
];

/// What is in the place of the folder in that of a project, if it is something else.
pub fn oddity(root: &Path) -> Option<&'static str> {
    let kind = fs::symlink_metadata(root.join(NAME)).ok()?.file_type();
    (!kind.is_dir()).then(|| what(kind))
}

/// Creates the folder in that of a project, unless it is there.
///
/// # Errors
/// It cannot be created, or there is something else in its place. A link would lead out of the project.
pub fn create(root: &Path) -> io::Result<PathBuf> {
    let folder = root.join(NAME);
    match fs::symlink_metadata(&folder) {
        Ok(data) if data.is_dir() => {}
        Ok(_) => return Err(io::Error::new(ErrorKind::NotADirectory, "it is no folder")),
        Err(_) => fs::create_dir(&folder).or_else(|error| match error.kind() {
            ErrorKind::AlreadyExists => Ok(()),
            _ => Err(error),
        })?,
    }
    for (name, text) in FILES {
        // What is there stays, also if it is a link.
        match File::create_new(folder.join(name)) {
            Ok(mut file) => file.write_all(text.as_bytes())?,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Ok(folder)
}
