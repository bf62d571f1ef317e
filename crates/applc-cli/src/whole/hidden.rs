//! What could be an appliance of a project, or have some, but is not read: links, names that are not Unicode, and folders
//! that are named as appliances.
//!
//! That something of this kind takes the place of an appliance must not remove its output without a word.

use std::path::{Path, PathBuf};

use applc::project::named_folder;

use super::changes::{Changes, Kind as Change};
use super::discover::Found;
use super::{Files, Kind};
use crate::Status;
use crate::terminal::{fail, note};

/// Maximum number of folders that are looked into behind a link.
const MAX_FOLDERS: usize = 1000;

/// Checks that nothing is named as an appliance that is not read. What is in a folder is, so that one is only pointed
/// out.
///
/// # Errors
/// The exit status if there is, which was reported.
pub fn check(found: &Found) -> Result<(), Status> {
    for (path, ..) in found.odd.iter().filter(|(_, kind, _)| *kind == Kind::Folder) {
        note(&format!("warning: {}", named_folder(&found.world.shown(path))));
    }
    let is_one = |path: &str| !found.world.on_disk(path).is_dir();
    let mut odd = found.odd.iter();
    let named = odd.find(|(path, kind, project)| {
        *kind == Kind::Other && project.has_appliance(path) && is_one(path)
    });
    let Some((path, ..)) = named else { return Ok(()) };
    let path = found.world.shown(path);
    let message = format!(
        "`{path}` is named as an appliance, but is a link, is not a regular file, or its name is not Unicode; \
         put the file in its place, rename it, or take it out of `appliances` with `!`"
    );
    Err(fail(&message, Status::Errors))
}

/// Checks that no file is removed while a folder cannot be looked into that may have its appliance.
///
/// # Errors
/// The exit status if so, which was reported.
pub fn check_removed(found: &Found, changes: &Changes) -> Result<(), Status> {
    let removed = changes.files.iter().find(|change| change.kind == Change::Removed);
    let Some(removed) = removed else { return Ok(()) };
    let hides = |kind: Kind, path: &str, is_one: &dyn Fn(&str) -> bool| match kind {
        // What is in it has no name either.
        Kind::Nameless => true,
        // It is looked into.
        Kind::Folder => false,
        _ => has_appliance(&found.world.on_disk(path), path, is_one),
    };
    let mut odd = found.odd.iter();
    let hiding =
        odd.find(|(path, kind, project)| hides(*kind, path, &|path| project.has_appliance(path)));
    let Some((folder, kind, _)) = hiding else { return Ok(()) };
    let (folder, removed) = (found.world.shown(folder), found.world.shown(&removed.path));
    let why = match kind {
        Kind::Nameless => "whose name is not Unicode; rename the folder",
        _ => {
            "a link to a folder with appliances; put the folder in its place, or take it out of `appliances` with `!`"
        }
    };
    let message =
        format!("`{removed}` is no longer made, but its appliance may be in `{folder}`, {why}");
    Err(fail(&message, Status::Errors))
}

/// Whether a link, whose path in the project is `path`, leads to a folder with files that are named as appliances.
fn has_appliance(link: &Path, path: &str, is_one: &dyn Fn(&str) -> bool) -> bool {
    let mut folders: Vec<(PathBuf, String)> = vec![(link.to_owned(), path.to_owned())];
    let mut looked = 0;
    while let Some((on_disk, path)) = folders.pop() {
        looked += 1;
        // A link may lead anywhere: what is too large to be looked at may have some.
        if looked > MAX_FOLDERS {
            return true;
        }
        for entry in std::fs::read_dir(on_disk).into_iter().flatten().flatten() {
            let path = format!("{path}/{}", entry.file_name().to_string_lossy());
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push((entry.path(), path)),
                Ok(kind) if kind.is_file() && is_one(&path) => return true,
                _ => {}
            }
        }
    }
    false
}
