//! What has to change on disk, so that the project has the files that it is to have.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::ops::Bound;
use std::path::Path;

use applc::path::{self, parent};
use applc::scope::{has_header, header};
use applc::{World, project};
use rayon::prelude::*;

use super::case::Renamed;
use super::compile::{changes, start_of_paths};
use super::discover::{Found, Unit};
use super::obstacles::{Obstacle, What};
use super::outcome::{Made, Outcome};
use super::record::{self, Invalid};
use super::{Files, Rooted, joined, old};
use crate::disk::what;

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// It is not there: missing.
    New,
    /// It has another content: stale.
    Changed,
    /// It is no longer made: orphaned.
    Removed,
}

/// A file that has to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its path.
    pub path: String,
    /// What happens to it.
    pub kind: Kind,
    /// Its content now; empty if it is not there.
    pub old: Vec<u8>,
    /// Its content to be; empty if it is removed.
    pub new: String,
}

/// All changes.
#[derive(Debug, Default)]
pub struct Changes {
    /// The files, sorted by path, without records.
    pub files: Vec<Change>,
    /// Number of files that are as they should be.
    pub unchanged: usize,
    /// What is in the way. Foreign files are among the changes nevertheless.
    pub obstacles: Vec<Obstacle>,
    /// The records.
    pub records: Records,
    /// The records that have to change, sorted by path.
    pub of_records: Vec<Change>,
    /// Files that applc has made, and that are neither made nor named by a record any more. They are looked for only
    /// where a record lacks files that are there, as one that was lost does.
    pub lost: Vec<String>,
    /// Files that a record names and that are not made any more, whatever is in their places.
    pub gone: Vec<String>,
    /// Files that a record names, that are not made, and that do not start as what applc has made does. They stay, and no
    /// record names them any more.
    pub others: Vec<String>,
}

impl Changes {
    /// The files and the records that have to change, sorted by path.
    pub fn all(&self) -> Vec<&Change> {
        let mut all: Vec<&Change> = self.files.iter().chain(&self.of_records).collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }
}

/// The folders that have records, with the files that are owned now, and then.
pub type Records = BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>;

/// Why changes cannot be found.
#[derive(Debug)]
pub enum Failure {
    /// The record of a folder is invalid.
    Record(String, Invalid),
    /// The record of a folder names a file that is not made, but written by people.
    Source(String, String),
}

/// What is known beside what was made.
#[derive(Debug, Default)]
pub struct Known {
    /// The files of appliances of which it is not known what they would make.
    pub unknown: BTreeSet<String>,
    /// Files that stay, although they are no longer made.
    pub staying: BTreeSet<String>,
}

/// Compares the files that were made with those on disk.
///
/// # Errors
/// A record cannot be read, or is wrong.
pub fn find(
    found: &Found,
    outcomes: &[Outcome],
    made: &[Made],
    known: &Known,
) -> Result<Changes, Failure> {
    let mut changes = Changes::default();
    let current = folders(found);
    // No record is read or written through a link.
    let is_real = |folder: &&String| {
        found.folders.contains(*folder)
            || !leads_astray(found.world.root(), &found.world.on_disk(folder))
    };
    for folder in current.iter().filter(is_real) {
        let owned = record::read(&found.world, folder)
            .map_err(|cause| Failure::Record(record::path(folder), cause))?;
        changes.records.insert(folder.clone(), (owned.clone(), owned));
    }
    let now = changes.records.clone();
    let old = old::records(found, outcomes, made, &current);
    let owned: HashSet<&str> = now
        .values()
        .map(|(owned, _)| owned)
        .chain(old.values())
        .flatten()
        .map(String::as_str)
        .collect();
    let sources = Sources::of(found);
    let renamed = Renamed::find(&found.world, &owned, made);
    let contents = contents(found, &current, made);
    let mut is_unrecorded = false;
    for (one, old) in made.iter().zip(contents) {
        let old = match old {
            Ok(old) => old,
            Err(obstacle) => {
                changes.obstacles.push(obstacle);
                continue;
            }
        };
        let is_owned =
            owned.contains(one.path.as_str()) || renamed.after.contains(one.path.as_str());
        if let Some((_, then)) = record_of(&mut changes.records, &one.path)
            && !then.contains(&one.path)
        {
            then.insert(one.path.clone());
        }
        is_unrecorded |= !is_owned && (old.is_some() || one.text.is_none());
        match (old, &one.text) {
            (_, None) => changes.unchanged += 1,
            (Some(old), Some(text)) if old == text.as_bytes() => changes.unchanged += 1,
            (old, Some(text)) => {
                let what = old.as_ref().and_then(|old| match is_owned {
                    true => other(found, known, one, old).map(What::Other),
                    false if sources.has_or_target(&one.path) => Some(What::Source),
                    false => Some(What::Foreign),
                });
                changes.obstacles.extend(what.map(|what| Obstacle::of(&one.path, what)));
                let kind = if old.is_some() { Kind::Changed } else { Kind::New };
                let old = old.unwrap_or_default();
                changes.files.push(Change { path: one.path.clone(), kind, old, new: text.clone() });
            }
        }
    }
    let paths: HashSet<&str> = made.iter().map(|one| one.path.as_str()).collect();
    let kept = Kept::of(found, outcomes);
    let stays = |path: &str| kept.has(path) || known.staying.contains(path);
    let gone = owned.iter().copied().filter(|path| !paths.contains(path) && !stays(path));
    let mut gone: Vec<&str> = gone.collect();
    gone.sort_unstable();
    if let Some(path) = gone.iter().find(|path| sources.has(path)) {
        let folder = innermost(now.keys().chain(old.keys()), path);
        let record = record::path(folder.map_or("", String::as_str));
        return Err(Failure::Source(record, (*path).to_owned()));
    }
    changes.gone = gone.iter().map(|path| (*path).to_owned()).collect();
    for path in gone {
        if let Some((_, then)) = record_of(&mut changes.records, path) {
            then.remove(path);
        }
        if renamed.before.contains(path) {
            continue;
        }
        let parent = parent(path);
        if leads_astray(found.world.root(), &found.world.on_disk(parent)) {
            // Its folder was replaced, so that what is there now is not the file that was made.
            continue;
        }
        match content(&found.world, path) {
            Ok(None) => {}
            Ok(Some(old)) if header(path, "").is_some() && !has_header(&old) => {
                changes.others.push(path.to_owned());
            }
            Ok(Some(old)) => {
                let (path, new) = (path.to_owned(), String::new());
                changes.files.push(Change { path, kind: Kind::Removed, old, new });
            }
            Err(obstacle) => changes.obstacles.push(obstacle),
        }
    }
    changes.files.sort_by(|a, b| a.path.cmp(&b.path));
    if is_unrecorded {
        let is_known = |path: &str| paths.contains(path) || owned.contains(path) || stays(path);
        changes.lost = lost(found, &current, is_known);
    }
    let staying = |owned: &BTreeSet<String>| owned.intersection(&known.staying).cloned().collect();
    changes.records.extend(old.into_iter().map(|(folder, owned)| {
        let then = staying(&owned);
        (folder, (owned, then))
    }));
    let of_record = |(folder, (_, then)): (&String, &(_, BTreeSet<String>))| {
        of_record(&found.world, folder, then)
    };
    changes.of_records = changes.records.iter().filter_map(of_record).collect();
    changes.of_records.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

/// What is in the places of files that are made, or in the way of them. `folders` are those that have records.
fn contents(
    found: &Found,
    folders: &BTreeSet<String>,
    made: &[Made],
) -> Vec<Result<Option<Vec<u8>>, Obstacle>> {
    let parents: BTreeSet<&str> = made.iter().map(|one| parent(&one.path)).collect();
    let astray = astray(found, parents);
    let of = |one: &Made| {
        let folder = innermost(folders.iter(), &one.path);
        if folder.is_some_and(|folder| !record::can_have(folder, &one.path)) {
            return Err(Obstacle::of(&one.path, What::NoPath));
        }
        // The outermost one is what is there.
        let outermost = path::folders(&one.path).filter_map(|folder| astray.get_key_value(folder));
        if let Some((at, what)) = outermost.last() {
            let (path, at) = (one.path.clone(), (*at).to_owned());
            return Err(Obstacle { path, at, what: What::NoFolder(what) });
        }
        match one.text {
            Some(_) => content(&found.world, &one.path),
            None => Ok(None),
        }
    };
    made.par_iter().map(of).collect()
}

/// The appliance that an old content was made of, if it is one of which it is not known what it would make, and another one
/// than that of the new content.
fn other(found: &Found, known: &Known, one: &Made, old: &[u8]) -> Option<String> {
    let own = &found.units.get(one.unit)?.file;
    let is_of = |file: &&String| {
        *file != own && header(&one.path, file).is_some_and(|it| old.starts_with(it.as_bytes()))
    };
    known.unknown.iter().find(is_of).cloned()
}

/// How the record of a folder changes to name these files; `None` if it does that already.
fn of_record(world: &Rooted, folder: &str, then: &BTreeSet<String>) -> Option<Change> {
    let path = record::path(folder);
    let old = world.read(&path).ok();
    let new = (!then.is_empty()).then(|| record::text(folder, then));
    let kind = match (&old, &new) {
        (None, None) => return None,
        (Some(old), Some(new)) if old == new.as_bytes() => return None,
        (None, Some(_)) => Kind::New,
        (Some(_), Some(_)) => Kind::Changed,
        (Some(_), None) => Kind::Removed,
    };
    Some(Change { path, kind, old: old.unwrap_or_default(), new: new.unwrap_or_default() })
}

/// The files in these folders, and below, that applc has made, without those that are known; sorted.
fn lost(found: &Found, tops: &BTreeSet<String>, is_known: impl Fn(&str) -> bool) -> Vec<String> {
    let is_output = |folder: &&String| {
        tops.iter().any(|top| *folder == top || project::relative(folder, top).is_some())
    };
    let mut lost = Vec::new();
    for folder in found.folders.iter().filter(is_output) {
        let entries = found.world.entries(folder).unwrap_or_default().into_iter();
        let files = entries.filter(|entry| entry.kind == super::Kind::File);
        let paths = files.map(|entry| joined(folder, &entry.name));
        let is_made = |path: &String| {
            let start = found.world.read_start(path);
            start.is_ok_and(|start| start.is_some_and(|start| has_header(&start)))
        };
        lost.extend(paths.filter(|path| !is_known(path) && is_made(path)));
    }
    lost.sort_unstable();
    lost
}

/// The folders that have records: the parts of all output paths before the first placeholder.
fn folders(found: &Found) -> BTreeSet<String> {
    let outputs = found.units.iter().filter_map(|unit| unit.output());
    outputs.map(|output| joined(&output.folder, parent(output.pattern.value.fixed()))).collect()
}

/// Of folders, the innermost one that a path is in.
fn innermost<'f>(folders: impl Iterator<Item = &'f String>, path: &str) -> Option<&'f String> {
    folders.filter(|folder| project::relative(path, folder).is_some()).max_by_key(|it| it.len())
}

/// The files that a project is made from. Mostly, nobody asks for them.
struct Sources<'f> {
    found: &'f Found,
    /// Appliances and overlays.
    files: OnceCell<HashSet<String>>,
    /// Folders of custom targets.
    targets: OnceCell<BTreeSet<String>>,
}

impl Sources<'_> {
    fn of(found: &Found) -> Sources<'_> {
        Sources { found, files: OnceCell::new(), targets: OnceCell::new() }
    }

    /// Whether a file is one of them: what a record says of it is wrong.
    fn has(&self, path: &str) -> bool {
        let of_unit = |unit: &Unit| {
            let overlays = changes(&self.found.world, unit).overlays.into_iter();
            overlays.chain([unit.file.clone()]).collect::<Vec<_>>()
        };
        let files = || self.found.units.par_iter().flat_map_iter(of_unit).collect();
        let name = path.rsplit('/').next().unwrap_or(path);
        [project::FILE_NAME, project::LOCK_NAME, ".gitignore", ".gitattributes"].contains(&name)
            || self.files.get_or_init(files).contains(path)
    }

    /// Whether a file is one of them, or in the folder of a custom target.
    fn has_or_target(&self, path: &str) -> bool {
        let folders = || {
            let targets = self.found.units.iter().flat_map(|unit| &unit.settings.targets);
            let custom = targets.filter_map(|one| one.target.custom());
            custom.map(|target| parent(target.source().name()).to_owned()).collect()
        };
        let mut targets = self.targets.get_or_init(folders).iter();
        self.has(path) || targets.any(|folder| project::relative(path, folder).is_some())
    }
}

/// The record that a path belongs to: that of the innermost folder.
pub fn record_of<'r, T>(records: &'r mut BTreeMap<String, T>, path: &str) -> Option<&'r mut T> {
    // A folder sorts before those in it.
    records
        .iter_mut()
        .rev()
        .find(|(folder, _)| project::relative(path, folder).is_some())
        .map(|(_, it)| it)
}

/// Which files without a source stay: those that may be of appliances that were not compiled or have errors.
struct Kept<'o> {
    /// Whether only what is below `folders` may be removed.
    is_part: bool,
    /// Folders of the output of appliances that were compiled.
    folders: BTreeSet<&'o str>,
    /// Starts of the paths of the files of other appliances, of which none starts with another one.
    others: BTreeSet<String>,
}

impl Kept<'_> {
    fn of<'o>(found: &Found, outcomes: &'o [Outcome]) -> Kept<'o> {
        let sound = || outcomes.iter().filter_map(|one| Some((one.unit, one.files.as_ref()?)));
        let compiled: BTreeSet<usize> = sound().map(|(unit, _)| unit).collect();
        let others = found.units.iter().enumerate().filter(|(index, _)| !compiled.contains(index));
        let starts = others.flat_map(|(_, unit)| {
            let targets = unit.settings.targets.iter();
            targets.filter_map(|one| start_of_paths(unit, one.target.name()))
        });
        let unasked =
            || found.units.iter().flat_map(|unit| unit.unasked().map(move |it| (unit, it)));
        let starts = starts
            .chain(unasked().filter_map(|(unit, target)| start_of_paths(unit, target.name())));
        let starts: BTreeSet<String> = starts.collect();
        let mut others: BTreeSet<String> = BTreeSet::new();
        for start in starts {
            if !others.last().is_some_and(|last| start.starts_with(last)) {
                others.insert(start);
            }
        }
        Kept {
            is_part: !found.is_whole || unasked().next().is_some(),
            others,
            folders: sound().flat_map(|(_, files)| &files.folders).map(String::as_str).collect(),
        }
    }

    fn has(&self, path: &str) -> bool {
        // Of starts, the last one that is not after the path is the only one that it can have.
        let before = (Bound::Unbounded, Bound::Included(path));
        let mut above = path::folders(path).chain([""]);
        self.others.range::<str, _>(before).next_back().is_some_and(|it| path.starts_with(it))
            || (self.is_part && !above.any(|folder| self.folders.contains(folder)))
    }
}

/// The content of a file of the project; `None` if it is not there.
///
/// # Errors
/// There is something else in its place, or it cannot be read.
fn content(world: &Rooted, path: &str) -> Result<Option<Vec<u8>>, Obstacle> {
    match world.read_own(path) {
        Ok(Some(bytes)) => Ok(Some(bytes)),
        Ok(None) => match std::fs::symlink_metadata(world.on_disk(path)) {
            Ok(data) => Err(Obstacle::of(path, What::NoFile(what(data.file_type())))),
            Err(cause) => Err(Obstacle::of(path, What::Unreadable(cause))),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Obstacle::of(path, What::Unreadable(cause))),
    }
}

/// What is in the places of these folders, and of those above them, that is no folder, in words. What is above several is
/// looked at once.
fn astray<'f>(found: &Found, folders: BTreeSet<&'f str>) -> BTreeMap<&'f str, &'static str> {
    let above = |folder: &'f str| path::folders(folder).chain([folder]);
    let unknown = folders.into_iter().flat_map(above).filter(|folder| !folder.is_empty());
    let unknown: BTreeSet<&str> = unknown.filter(|one| !found.folders.contains(*one)).collect();
    let unknown: Vec<&str> = unknown.into_iter().collect();
    let of = |folder: &'f str| {
        let data = std::fs::symlink_metadata(found.world.on_disk(folder)).ok()?;
        (!data.is_dir()).then(|| (folder, what(data.file_type())))
    };
    unknown.into_par_iter().filter_map(of).collect()
}

/// Whether a folder, or one between it and the root, is a link or no folder.
pub fn leads_astray(root: &Path, folder: &Path) -> bool {
    let folders = folder.ancestors().take_while(|folder| *folder != root);
    folders.filter_map(|folder| std::fs::symlink_metadata(folder).ok()).any(|data| !data.is_dir())
}
