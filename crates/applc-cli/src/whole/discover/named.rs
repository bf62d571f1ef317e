//! Appliances in a folder that belongs to no project, by their names.

use std::path::PathBuf;

use applc::ReadError;
use applc::diag::{Diagnostic, Levels, codes};
use applc::project::{self, Globs};
use applc::source::Span;

use super::refused;
use super::walk::Listed;
use crate::Status;
use crate::reporter::Reporter;
use crate::whole::{Files, Kind, Rooted, hidden};

/// The files below a folder that are named as the appliances of a project without a list, relative to it, sorted; and what
/// is named so, and is not to be read; and links to folders elsewhere with such files.
///
/// # Errors
/// A folder cannot be read.
pub fn named_below(folder: &str) -> Result<Named, ReadError> {
    let globs = Globs::default();
    let world = Rooted::new(PathBuf::from(folder));
    let (mut files, mut faults, mut links) = (Vec::new(), Vec::new(), Vec::new());
    let mut left = hidden::MAX_FOLDERS;
    let shown = |path: &str| match folder {
        "." => path.to_owned(),
        _ => world.shown(path),
    };
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        let listed = Listed::of(&world, &below)
            .map_err(|cause| ReadError { path: world.shown(&below), cause })?;
        files.extend(listed.files.into_iter().filter(|file| globs.matches(file)));
        folders.extend(listed.folders);
        let is_one = |path: &str| globs.matches(path);
        let is_link = |(path, kind): &&(String, Kind)| *kind == Kind::Other && !globs.matches(path);
        let odd = listed.odd.iter().filter(is_link);
        links.extend(odd.filter_map(|(path, _)| {
            let on_disk = world.on_disk(path);
            let leads = hidden::leads_to_others(world.root(), &on_disk, path, &is_one, &mut left);
            leads.then(|| shown(path))
        }));
        let nameless = listed.odd.iter().filter(|(_, kind)| *kind == Kind::Nameless);
        let nameless = nameless.flat_map(|(path, _)| world.nameless(path, &is_one));
        faults.extend(nameless.map(|path| {
            let cause = refused(hidden::NAMELESS.to_owned());
            ReadError { path: shown(&path), cause }
        }));
        let named = listed.odd.into_iter().filter(|(path, _)| globs.matches(path));
        faults.extend(named.filter_map(|(path, kind)| {
            let fault = Some(world.fault(&path)?).filter(|_| kind == Kind::Other)?;
            Some(ReadError { path: shown(&path), cause: refused(fault) })
        }));
    }
    files.sort();
    faults.sort_by(|a, b| a.path.cmp(&b.path));
    // Names that are not Unicode may be similar to each other.
    faults.dedup_by(|a, b| a.path == b.path);
    links.sort();
    Ok(Named { files, faults, links })
}

/// What is named as appliances in a folder that belongs to no project.
pub struct Named {
    /// The files, relative to the folder.
    pub files: Vec<String>,
    /// Those that are not to be read.
    faults: Vec<ReadError>,
    /// Links to folders elsewhere with such files.
    links: Vec<String>,
}

/// The appliances in a folder that belongs to no project, as [`named_below`], with their folder.
///
/// # Errors
/// The exit status if a folder cannot be read, which was reported. That there are none is reported, too.
pub fn named_in(folder: &str, reporter: &mut Reporter) -> Result<(Vec<String>, Status), Status> {
    let named = named_below(folder).map_err(|error| reporter.unreadable(&error, None))?;
    let Named { files, faults, links } = named;
    let faults =
        faults.iter().map(|error| reporter.unreadable(error, Some(hidden::HELP.to_owned())));
    let mut status = faults.max().unwrap_or(Status::Clean);
    for link in &links {
        let finding =
            hidden::linked(link).help("name the folder that it leads to, or put it in its place");
        status = status.max(reporter.of_file_at_level(link, finding, &Levels::default()));
    }
    if files.is_empty() && status == Status::Clean {
        let message = format!("no file in `{folder}` is named `{}`", Globs::DEFAULT);
        let help = format!("name the files, or list them in an `{}`", project::FILE_NAME);
        let finding = Diagnostic::new(&codes::UNREADABLE, Span::at(0), message).help(help);
        return Ok((files, reporter.of_file(folder, finding)));
    }
    let shown = |file: String| match folder {
        "." => file,
        folder => format!("{}/{file}", folder.trim_end_matches('/')),
    };
    Ok((files.into_iter().map(shown).collect(), status))
}
