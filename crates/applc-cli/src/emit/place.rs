//! What is in the place of a file that is to be written.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};

use applc::is_absent;

use super::{How, OutputFile, WriteError, at};
use crate::disk::{shown, what};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Not at all, as it has this content.
    None,
    /// A new file is moved to its place.
    Moved,
    /// The file stays, and has another content.
    InPlace,
    /// There is something else that takes a content, such as a pipe.
    Stream,
}

/// The place of a file.
pub struct Place {
    /// Its path, without links.
    pub path: PathBuf,
    /// What is there.
    pub known: Option<Metadata>,
    /// How it is written.
    pub way: Way,
}

impl Place {
    /// # Errors
    /// There is something that is not to be replaced, or not to be followed.
    pub fn of(file: &OutputFile, how: How<'_>) -> Result<Place, WriteError> {
        let path = match how {
            How::Below(folder) => {
                check_below(folder, &file.path)?;
                file.path.clone()
            }
            How::Named | How::Edited => real(&file.path).map_err(at(&file.path))?,
        };
        let fail = at(&file.path);
        let known = match fs::symlink_metadata(&path) {
            Ok(known) => known,
            Err(error) if is_absent(&error) => {
                check_folder(&path)?;
                return Ok(Place { path, known: None, way: Way::Moved });
            }
            Err(error) => return Err(fail(error)),
        };
        if known.is_dir() {
            return Err(fail(io::Error::new(ErrorKind::IsADirectory, "it is a folder")));
        }
        if !known.is_file() {
            return match how {
                // A pipe would be waited for.
                How::Below(_) => {
                    let what = what(known.file_type());
                    Err(fail(invalid(format!("it is {what}, not a regular file"))))
                }
                _ => Ok(Place { path, known: None, way: Way::Stream }),
            };
        }
        // What has another size has another content. It may be of any size, and is not read.
        let is_as_long = known.len() == file.text.len() as u64;
        if is_as_long && fs::read(&path).is_ok_and(|old| old == file.text.as_bytes()) {
            return Ok(Place { path, known: Some(known), way: Way::None });
        }
        if known.permissions().readonly() {
            let cause = io::Error::new(ErrorKind::PermissionDenied, "it is read-only");
            return Err(fail(cause));
        }
        // What this process must not write is not replaced, either.
        fs::OpenOptions::new().write(true).open(&path).map_err(&fail)?;
        let way = match how {
            How::Edited if has_other_names(&known) || !can_give_away(&known) => Way::InPlace,
            _ => {
                check_folder(&path)?;
                Way::Moved
            }
        };
        Ok(Place { path, known: Some(known), way })
    }
}

fn invalid(why: impl Into<String>) -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, why.into())
}

/// The path that links lead to.
fn real(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Ok(real) => Ok(real),
        // A pipe of this process, as behind `/dev/stdout`, has no path.
        Err(error) if is_absent(&error) && path.is_symlink() && !path.exists() => {
            Err(invalid("it is a link to what does not exist"))
        }
        // It is new, or what is wrong with it is found next.
        Err(_) => Ok(path.to_owned()),
    }
}

/// Refuses a path with `..` behind what is no folder. With a new folder there, it would lead to another file than the one
/// that was looked at before: that was none.
///
/// # Errors
/// The path is such a one.
pub fn check_parents(path: &Path) -> Result<(), WriteError> {
    let mut before = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir && !before.as_os_str().is_empty() {
            let cause = match fs::metadata(&before) {
                Ok(data) if data.is_dir() => None,
                Ok(data) => Some(no_folder(&before, &data)),
                Err(cause) if is_absent(&cause) => {
                    let cause = format!("there is no folder `{}`", shown(&before).display());
                    Some(io::Error::new(ErrorKind::NotFound, cause))
                }
                Err(cause) => Some(cause),
            };
            if let Some(cause) = cause {
                return Err(at(path)(cause));
            }
        }
        before.push(part);
    }
    Ok(())
}

/// Why a folder cannot be used, which is something else.
fn no_folder(folder: &Path, data: &Metadata) -> io::Error {
    let (folder, what) = (shown(folder), what(data.file_type()));
    let cause = format!("`{}` is {what} and not a folder", folder.display());
    io::Error::new(ErrorKind::NotADirectory, cause)
}

/// Refuses a path below a folder that leads through links, which could lead out of the folder.
fn check_below(folder: &Path, path: &Path) -> Result<(), WriteError> {
    let below =
        path.strip_prefix(folder).map_err(|_| at(path)(invalid("it is in another folder")))?;
    if !below.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(at(path)(invalid("it may lead out of the folder")));
    }
    let mut one = folder.to_owned();
    for part in below.components() {
        one.push(part);
        if one.is_symlink() {
            return Err(at(&one)(invalid("it is a link, and output does not follow links")));
        }
    }
    Ok(())
}

/// Refuses a place whose folder cannot have files, as far as permissions say, or is a file.
fn check_folder(path: &Path) -> Result<(), WriteError> {
    let folders = path.ancestors().skip(1);
    let named = folders.map(|folder| match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    });
    let known = named.into_iter().find_map(|folder| Some((folder, fs::metadata(folder).ok()?)));
    let Some((folder, data)) = known else { return Ok(()) };
    if !data.is_dir() {
        return Err(at(path)(no_folder(folder, &data)));
    }
    // On Windows, the attribute of a folder does not say this.
    if cfg!(unix) && data.permissions().readonly() {
        let cause = format!("the folder `{}` is read-only", shown(folder).display());
        return Err(at(path)(io::Error::new(ErrorKind::PermissionDenied, cause)));
    }
    Ok(())
}

/// Whether a file has several hard links, which a new file would not have.
#[cfg(unix)]
fn has_other_names(known: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(known) > 1
}

/// Whether a file has several hard links: this is not known without unsafe code.
#[cfg(not(unix))]
fn has_other_names(_: &Metadata) -> bool {
    false
}

/// Whether this process can make a file with the owner of another one: those that it makes have it, or it is root.
#[cfg(unix)]
fn can_give_away(known: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    let own = (rustix::process::geteuid(), rustix::process::getegid());
    own.0.is_root() || (own.0.as_raw(), own.1.as_raw()) == (known.uid(), known.gid())
}

/// Whether this process can make a file with the owner of another one: owners are not looked at.
#[cfg(not(unix))]
fn can_give_away(_: &Metadata) -> bool {
    true
}
