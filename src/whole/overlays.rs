//! Overlays that are applied to no appliance: a name in `overlay` of which there is no file, and files with names as
//! those of overlays beside appliances with other names.

use std::collections::{BTreeMap, BTreeSet};

use super::{Files, Member, Place, by_file};
use crate::diag::{Diagnostic, Findings, Report, codes, nearest};
use crate::path::parent;
use crate::project::{Names, Pattern, Placeholder};
use crate::scope::appliance_name;
use crate::source::{Span, Spanned};

/// A name of no appliance: names of files have no such character.
const ANY: &str = "\0";

/// Reports the overlays that are applied to no appliance. `all` are all appliances of a project.
pub fn unused_overlays(all: &[Member<'_>], files: &dyn Files) -> Vec<Report> {
    if !all.iter().any(|one| one.settings.overlays.is_some()) {
        return Vec::new();
    }
    let folders = folders(all, files);
    let is_file = |path: &str| match folders.get(parent(path)) {
        Some(folder) => folder.files.contains(path),
        None => files.exists(path),
    };
    // Each entry of `overlay`, by its place, with an appliance that has it and what is found.
    let mut entries: BTreeMap<Place, (&Member<'_>, &Spanned<Pattern>, bool)> = BTreeMap::new();
    let mut applied: BTreeSet<String> = BTreeSet::new();
    for one in all {
        let overlays = one.settings.overlays_of(one.file, &one.names(), is_file);
        let used: BTreeSet<Span> = overlays.iter().map(|one| one.span).collect();
        applied.extend(overlays.into_iter().map(|one| one.value));
        for pattern in one.settings.overlays.iter().flat_map(|all| &all.value) {
            let entry = entries.entry(one.place(pattern.span)).or_insert((one, pattern, false));
            entry.2 |= used.contains(&pattern.span);
        }
    }
    let misnamed = misnamed(all, &folders, &applied, files);
    // What is reported itself is no other mistake.
    applied.extend(misnamed.keys().cloned());
    let missing = entries.into_values().filter(|(.., is_used)| !is_used);
    let missing = missing.filter_map(|(one, pattern, _)| {
        let message = format!("no appliance has an overlay `{}`", pattern.value.text());
        let finding = Diagnostic::new(&codes::UNUSED_OVERLAY, pattern.span, message);
        if !pattern.value.has(Placeholder::Name) {
            // A folder in its place is an error of each appliance.
            let exists = |path: &str| files.exists(path);
            let there = one.settings.overlays_of(one.file, &one.names(), exists);
            let is_there = there.iter().any(|overlay| overlay.span == pattern.span);
            return (!is_there).then_some((one, finding));
        }
        // A project may have a form of names before it has the first overlay.
        let meant = all.iter().find_map(|one| {
            let mut entries = one.settings.overlays.iter().flat_map(|all| &all.value);
            let name = entries.find(|one| *one == pattern)?.value.fill(&one.names());
            folders.get(parent(one.file))?.similar(&name.ok()?, &applied)
        })?;
        let help = format!("a file has a similar name: `{}`", files.shown(meant));
        Some((one, finding.help(help)))
    });
    // A report for each project file.
    let mut reports: BTreeMap<&str, Report> = BTreeMap::new();
    for (one, finding) in missing.chain(misnamed.into_values()) {
        let mut found = vec![finding];
        one.levels.apply(&mut found);
        let folder = one.project.file.folder.as_str();
        let empty = || one.report(Findings::new());
        reports.entry(folder).or_insert_with(empty).diagnostics.extend(found);
    }
    reports.into_values().flat_map(by_file).collect()
}

/// The files with names as those of overlays of no appliance, each with an appliance whose project says so.
fn misnamed<'m, 'a>(
    all: &'m [Member<'a>],
    folders: &BTreeMap<&str, Folder<'_>>,
    applied: &BTreeSet<String>,
    files: &dyn Files,
) -> BTreeMap<String, (&'m Member<'a>, Diagnostic)> {
    let mut misnamed: BTreeMap<String, (&Member<'_>, Diagnostic)> = BTreeMap::new();
    let mut looked: BTreeSet<(&str, String)> = BTreeSet::new();
    for one in all {
        let Some(folder) = folders.get(parent(one.file)) else { continue };
        for pattern in one.settings.overlays.iter().flat_map(|all| &all.value) {
            let names = Names { name: Some(ANY), ..one.names() };
            let Ok(shape) = pattern.value.fill(&names) else { continue };
            // Each appliance of a folder has the same one.
            if !looked.insert((parent(one.file), shape.clone())) {
                continue;
            }
            for (path, help) in folder.misnamed(&shape) {
                if applied.contains(path) || misnamed.contains_key(path) {
                    continue;
                }
                let shown = files.shown(path);
                let message = format!("`{shown}` is an overlay of no appliance in its folder");
                let finding = Diagnostic::new(&codes::UNUSED_OVERLAY, pattern.span, message);
                let finding = finding.label("its name is of this form");
                let finding = match help {
                    Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                    None => finding,
                };
                misnamed.insert(path.to_owned(), (one, finding));
            }
        }
    }
    misnamed
}

/// A folder with appliances.
struct Folder<'f> {
    /// The files in it, with their paths.
    files: BTreeSet<String>,
    /// The names of its appliances.
    names: BTreeSet<&'f str>,
}

/// The folders with appliances.
fn folders<'a>(all: &[Member<'a>], files: &dyn Files) -> BTreeMap<&'a str, Folder<'a>> {
    let mut folders: BTreeMap<&str, Folder<'_>> = BTreeMap::new();
    for one in all {
        let path = parent(one.file);
        let empty = || Folder { files: files.files(path), names: BTreeSet::new() };
        folders.entry(path).or_insert_with(empty).names.insert(appliance_name(one.file));
    }
    folders
}

impl Folder<'_> {
    /// The file with a similar name that is no appliance and no overlay that is applied.
    fn similar(&self, name: &str, applied: &BTreeSet<String>) -> Option<&String> {
        let of_name = |path: &String| path.rsplit('/').next().unwrap_or_default().to_owned();
        let free = self.files.iter().filter(|path| !applied.contains(*path));
        let free = free.filter(|path| !path.contains(".appliance."));
        let names: BTreeMap<String, &String> = free.map(|path| (of_name(path), path)).collect();
        let similar = nearest(name, names.keys().map(String::as_str))?;
        names.get(similar).copied()
    }

    /// The files with a name of this shape in which [`ANY`] is that of no appliance, and the name that may be meant.
    fn misnamed<'s>(&'s self, shape: &'s str) -> impl Iterator<Item = (&'s str, Option<String>)> {
        let parts = shape.split_once(ANY);
        let of_shape = move |file: &'s String| {
            let (before, after) = parts?;
            let name = file.rsplit('/').next()?.strip_prefix(before)?.strip_suffix(after)?;
            let is_appliance = file.contains(".appliance.");
            if name.is_empty() || is_appliance || self.names.contains(name) {
                return None;
            }
            let similar = nearest(name, self.names.iter().copied());
            let similar = similar.map(|similar| format!("{before}{similar}{after}"));
            // All files have the shape `{name}.yaml`.
            let is_plain = before.is_empty() && after.matches('.').count() < 2;
            (similar.is_some() || !is_plain).then_some((file.as_str(), similar))
        };
        self.files.iter().filter_map(of_shape)
    }
}
