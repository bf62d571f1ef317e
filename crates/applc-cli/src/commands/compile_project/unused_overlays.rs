//! Overlays that are applied to no appliance: a name in `overlay` of which there is no file, and files with names as
//! those of overlays beside appliances with other names.

use std::collections::{BTreeMap, BTreeSet};

use applc::diag::{Diagnostic, Findings, Report, codes, nearest};
use applc::project::{Names, Pattern, Placeholder};
use applc::scope::appliance_name;
use applc::source::{Span, Spanned};

use super::{by_file, place, report_of_project};
use crate::Status;
use crate::reporter::Reporter;
use crate::whole::discover::{Found, Unit};
use crate::whole::{Files, Kind, joined, parent};

/// A name of no appliance: names of files have no such character.
const ANY: &str = "\0";

/// Reports the overlays that are applied to no appliance, unless some were not asked for.
pub fn report(found: &Found, reporter: &mut Reporter) -> Status {
    let has_overlays = |unit: &Unit| unit.settings.settings.overlays.is_some();
    if !found.is_whole || !found.units.iter().any(has_overlays) {
        return Status::Clean;
    }
    let folders = folders(found);
    let is_file = |path: &str| match folders.get(parent(path)) {
        Some(folder) => folder.files.contains(path),
        None => found.world.exists(path),
    };
    // Each entry of `overlay`, by its place, with a unit that has it and what is found.
    let mut entries: BTreeMap<_, (&Unit, &Spanned<Pattern>, bool)> = BTreeMap::new();
    let mut applied: BTreeSet<String> = BTreeSet::new();
    for unit in &found.units {
        let settings = &unit.settings.settings;
        let overlays = settings.overlays_of(&unit.file, &unit.names(), is_file);
        let used: BTreeSet<Span> = overlays.iter().map(|one| one.span).collect();
        applied.extend(overlays.into_iter().map(|one| one.value));
        for pattern in settings.overlays.iter().flat_map(|all| &all.value) {
            let at = place(&report_of_project(unit, Findings::new()), pattern.span);
            let entry = entries.entry(at).or_insert((unit, pattern, false));
            entry.2 |= used.contains(&pattern.span);
        }
    }
    let mut misnamed: BTreeMap<String, (&Unit, Diagnostic)> = BTreeMap::new();
    for unit in &found.units {
        let Some(folder) = folders.get(parent(&unit.file)) else { continue };
        for pattern in unit.settings.settings.overlays.iter().flat_map(|all| &all.value) {
            let names = Names { name: Some(ANY), ..unit.names() };
            let Ok(shape) = pattern.value.fill(&names) else { continue };
            for (path, help) in folder.misnamed(&shape) {
                if applied.contains(path) || misnamed.contains_key(path) {
                    continue;
                }
                let shown = found.world.shown(path);
                let message = format!("`{shown}` is an overlay of no appliance in its folder");
                let finding = Diagnostic::new(&codes::UNUSED_OVERLAY, pattern.span, message);
                let finding = finding.label("its name is of this form");
                let finding = match help {
                    Some(similar) => finding.help(format!("did you mean `{similar}`?")),
                    None => finding,
                };
                misnamed.insert(path.to_owned(), (unit, finding));
            }
        }
    }
    // What is reported itself is no other mistake.
    applied.extend(misnamed.keys().cloned());
    let missing = entries.into_values().filter(|(.., is_used)| !is_used);
    let missing = missing.filter_map(|(unit, pattern, _)| {
        let message = format!("no appliance has an overlay `{}`", pattern.value.text());
        let finding = Diagnostic::new(&codes::UNUSED_OVERLAY, pattern.span, message);
        if !pattern.value.has(Placeholder::Name) {
            return Some((unit, finding));
        }
        // A project may have a form of names before it has the first overlay.
        let meant = found.units.iter().find_map(|unit| {
            let mut entries = unit.settings.settings.overlays.iter().flat_map(|all| &all.value);
            let name = entries.find(|one| *one == pattern)?.value.fill(&unit.names());
            folders.get(parent(&unit.file))?.similar(&name.ok()?, &applied)
        })?;
        let help = format!("a file has a similar name: `{}`", found.world.shown(meant));
        Some((unit, finding.help(help)))
    });
    // A report for each project file.
    let mut reports: BTreeMap<&str, Report> = BTreeMap::new();
    for (unit, finding) in missing.chain(misnamed.into_values()) {
        let mut all = vec![finding];
        unit.settings.levels.apply(&mut all);
        let folder = unit.settings.project.file.folder.as_str();
        let empty = || report_of_project(unit, Findings::new());
        reports.entry(folder).or_insert_with(empty).diagnostics.extend(all);
    }
    let reports = reports.into_values().flat_map(by_file);
    reports.map(|report| reporter.add(found.world.named(report))).fold(Status::Clean, Status::max)
}

/// A folder with appliances.
struct Folder<'f> {
    /// The files in it, with their paths.
    files: BTreeSet<String>,
    /// The names of its appliances.
    names: BTreeSet<&'f str>,
}

/// The folders with appliances.
fn folders(found: &Found) -> BTreeMap<&str, Folder<'_>> {
    let mut folders: BTreeMap<&str, Folder<'_>> = BTreeMap::new();
    for unit in &found.units {
        let path = parent(&unit.file);
        let folder = folders.entry(path).or_insert_with(|| {
            let entries = found.world.entries(path).unwrap_or_default().into_iter();
            let files = entries.filter(|entry| entry.kind != Kind::Folder);
            let files = files.map(|entry| joined(path, &entry.name)).collect();
            Folder { files, names: BTreeSet::new() }
        });
        folder.names.insert(appliance_name(&unit.file));
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
