//! What could be an appliance of a project, or have some, but is not read: links, names that are not Unicode, and folders
//! that are named as appliances.
//!
//! That something of this kind takes the place of an appliance must not remove its output without a word.

use std::fs::{DirEntry, FileType};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use applc::diag::{Diagnostic, codes};
use applc::path::is_reserved;
use applc::project::named_folder;
use applc::source::Span;

use super::changes::{Changes, Kind as Change};
use super::discover::Found;
use super::{Files, Kind};
use crate::Status;
use crate::disk::{check_within, special};
use crate::reporter::Reporter;

/// Maximum number of folders that are looked into behind links.
pub const MAX_FOLDERS: usize = 1000;

/// What to do with something that is named as an appliance and not read.
pub const HELP: &str = "rename it, or put a regular file in its place";

/// The same in a project, which may list other files.
pub const HELP_IN_PROJECT: &str =
    "rename it, put a regular file in its place, or take it out of `appliances` with `!`";

/// What to do with a link to a folder with appliances.
pub const HELP_FOR_LINK: &str =
    "put the folder in its place, or take it out of `appliances` with `!`";

/// Why an appliance is not read in a folder whose name is not Unicode.
pub const NAMELESS: &str = "the name of one of its folders is not Unicode";

/// Why what is named as an appliance, and is no file as others, is not read as one. `None` if it is none: a link to a
/// folder without a usual name.
pub fn fault(root: &Path, on_disk: &Path, has_usual_name: bool) -> Option<String> {
    let kind = std::fs::symlink_metadata(on_disk).map(|data| data.file_type());
    let cause = match kind {
        Ok(kind) if kind.is_symlink() => match (on_disk.metadata(), check_within(&[root], on_disk))
        {
            (Ok(data), _) if data.is_dir() && !has_usual_name => return None,
            (_, Err(cause)) => cause.to_string(),
            (Err(cause), _) => format!("it is a link: {cause}"),
            (Ok(data), _) if data.is_file() => "it is a link, which is not followed".to_owned(),
            (Ok(data), _) => format!("it is a link to {}", special(data.file_type())),
        },
        Ok(kind) if !kind.is_file() && !kind.is_dir() => format!("it is {}", special(kind)),
        // Only a similar name is known, which is that of nothing, or of something else.
        _ => "its name is not Unicode".to_owned(),
    };
    Some(cause)
}

/// Points out folders that are named as appliances, what is in which is read, and links to folders elsewhere with
/// appliances, which are not read.
pub fn report_folders(found: &Found, reporter: &mut Reporter) -> Status {
    let mut left = MAX_FOLDERS;
    let mut status = Status::Clean;
    for (path, kind, project) in &found.odd {
        let on_disk = found.world.on_disk(path);
        let is_one = |path: &str| project.has_appliance(path);
        let shown = found.world.shown(path);
        let finding = match kind {
            Kind::Folder => {
                let finding =
                    Diagnostic::new(&codes::ODD_FOLDER, Span::at(0), named_folder(&shown));
                finding.help("rename it; what is in it is read")
            }
            Kind::Other
                if leads_to_others(found.world.root(), &on_disk, path, &is_one, &mut left) =>
            {
                linked(&shown).help(HELP_FOR_LINK)
            }
            _ => continue,
        };
        status = status.max(reporter.of_file_at_level(&shown, finding, &project.levels()));
    }
    status
}

/// The finding that a link leads to a folder with appliances.
pub fn linked(shown: &str) -> Diagnostic {
    let message = format!("`{shown}` is a link to a folder with appliances, which are not read");
    Diagnostic::new(&codes::ODD_FOLDER, Span::at(0), message)
}

/// Whether a link leads out of a folder to one with appliances, as far as `left` more folders say.
pub fn leads_to_others(
    root: &Path,
    link: &Path,
    path: &str,
    is_one: &dyn Fn(&str) -> bool,
    left: &mut usize,
) -> bool {
    let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
    let is_outside = || {
        let real = std::fs::canonicalize(link).ok()?;
        // What is in the project is found where it is.
        Some(real.is_dir() && !real.starts_with(std::fs::canonicalize(root).ok()?))
    };
    is_outside().unwrap_or(false) && has_appliance(link, path, is_one, left) == Some(true)
}

/// Checks that no file is removed while a folder cannot be looked into that may have its appliance.
///
/// # Errors
/// The exit status if so, which was reported.
pub fn check_removed(
    found: &Found,
    changes: &Changes,
    reporter: &mut Reporter,
) -> Result<(), Status> {
    let removed = changes.files.iter().find(|change| change.kind == Change::Removed);
    let Some(removed) = removed else { return Ok(()) };
    let left = MAX_FOLDERS;
    let hides = |kind: Kind, path: &str, is_one: &dyn Fn(&str) -> bool| match kind {
        Kind::Nameless => !found.world.nameless(path, is_one).is_empty(),
        // It is looked into.
        Kind::Folder => false,
        // A link may lead anywhere: what is too large to be looked at may have some.
        _ => has_appliance(&found.world.on_disk(path), path, is_one, &mut { left }).unwrap_or(true),
    };
    let mut odd = found.odd.iter();
    let hiding =
        odd.find(|(path, kind, project)| hides(*kind, path, &|path| project.has_appliance(path)));
    let Some((folder, kind, _)) = hiding else { return Ok(()) };
    let (folder, removed) = (found.world.shown(folder), found.world.shown(&removed.path));
    let (why, help) = match kind {
        Kind::Nameless => ("whose name is not Unicode", "rename the folder"),
        _ => ("a link to a folder with appliances", HELP_FOR_LINK),
    };
    let message =
        format!("`{removed}` is no longer made, but its appliance may be in `{folder}`, {why}");
    let finding = Diagnostic::new(&codes::UNREADABLE, Span::at(0), message).help(help);
    Err(reporter.of_file(&folder, finding))
}

/// The paths that are named as appliances in folders whose names are not Unicode, and similar to that of `on_disk`, whose
/// path in the project is `path`.
pub fn nameless(on_disk: &Path, path: &str, is_one: &dyn Fn(&str) -> bool) -> Vec<String> {
    let similar = on_disk.file_name().unwrap_or_default().to_string_lossy();
    let parent = on_disk.parent().filter(|folder| !folder.as_os_str().is_empty());
    let beside = std::fs::read_dir(parent.unwrap_or(Path::new("."))).into_iter().flatten();
    let is_meant = |entry: &DirEntry| {
        let name = entry.file_name();
        name.to_str().is_none() && name.to_string_lossy() == similar
    };
    let mut found = Vec::new();
    for entry in beside.flatten().filter(is_meant) {
        visit(&entry.path(), path, &mut { usize::MAX }, &mut |path, kind| {
            if !kind.is_dir() && is_one(&path) {
                found.push(path);
            }
            ControlFlow::Continue(())
        });
    }
    found
}

/// Whether a link, whose path in the project is `path`, leads to a folder with files that are named as appliances.
/// `None` if there are more folders than are `left` to be looked at.
fn has_appliance(
    link: &Path,
    path: &str,
    is_one: &dyn Fn(&str) -> bool,
    left: &mut usize,
) -> Option<bool> {
    let visited =
        visit(link, path, left, &mut |path, kind| match kind.is_file() && is_one(&path) {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        });
    visited.map(|visited| visited.is_break())
}

/// Visits what is in a folder, and in the folders in it, until `see` breaks. Links in it are not followed. `None` if there
/// are more folders than are `left`.
fn visit(
    folder: &Path,
    path: &str,
    left: &mut usize,
    see: &mut dyn FnMut(String, FileType) -> ControlFlow<()>,
) -> Option<ControlFlow<()>> {
    let mut folders: Vec<(PathBuf, String)> = vec![(folder.to_owned(), path.to_owned())];
    while let Some((on_disk, path)) = folders.pop() {
        *left = left.checked_sub(1)?;
        for entry in std::fs::read_dir(on_disk).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let path = format!("{path}/{name}");
            let Ok(kind) = entry.file_type() else { continue };
            if kind.is_dir() && !is_reserved(&name) {
                folders.push((entry.path(), path.clone()));
            }
            if see(path, kind).is_break() {
                return Some(ControlFlow::Break(()));
            }
        }
    }
    Some(ControlFlow::Continue(()))
}
