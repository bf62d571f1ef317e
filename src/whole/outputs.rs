//! Files that two appliances write, or one in two environments.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

use super::{Files, Member, Place};
use crate::diag::{Diagnostic, Report, codes};
use crate::path::{folded, folders, parent};
use crate::project::{Pattern, Placeholder};

/// A file that is written twice, or in place of a folder of another one.
pub struct Conflict<'a> {
    /// Its path, as the first one writes it.
    pub first_path: &'a str,
    /// Its path, as the second one writes it.
    pub path: &'a str,
    /// What the caller knows the first one by.
    pub first: usize,
    /// The other one.
    pub second: usize,
}

/// Finds the files that are written twice, also where a file system does not tell the names apart, and those that are in
/// place of a folder of another one.
pub fn conflicts<'a>(written: impl IntoIterator<Item = (&'a str, usize)>) -> Vec<Conflict<'a>> {
    let written: Vec<(String, &str, usize)> =
        written.into_iter().map(|(path, by)| (folded(path), path, by)).collect();
    let mut by_name: HashMap<&str, (&str, usize)> = HashMap::new();
    let mut found = Vec::new();
    for (name, path, second) in &written {
        let (path, second) = (*path, *second);
        match by_name.entry(name) {
            Entry::Occupied(known) => {
                let (first_path, first) = *known.get();
                found.push(Conflict { first_path, path, first, second });
            }
            Entry::Vacant(place) => {
                place.insert((path, second));
            }
        }
    }
    for (name, path, second) in &written {
        let first = folders(name).find_map(|folder| by_name.get(folder));
        let conflict = first.map(|(first_path, first)| Conflict {
            first_path,
            path,
            first: *first,
            second: *second,
        });
        found.extend(conflict);
    }
    found
}

/// Reports the files that are written twice: for each `output`, the first pair, and how many more there are. `of` is what is
/// known by a number; those without are left out.
pub fn shared_files<'a>(
    written: impl IntoIterator<Item = (&'a str, usize)>,
    of: impl Fn(usize) -> Option<Member<'a>>,
    files: &dyn Files,
) -> Vec<Report> {
    let mut pairs = BTreeSet::new();
    let mut told: Vec<(Place, Member<'_>, Diagnostic, usize)> = Vec::new();
    for conflict in conflicts(written) {
        let (Some(first), Some(second)) = (of(conflict.first), of(conflict.second)) else {
            continue;
        };
        if !pairs.insert((conflict.first, conflict.second)) {
            continue;
        }
        let Some(output) = &second.settings.output else { continue };
        let at = second.place(output.pattern.span);
        if let Some((.., more)) = told.iter_mut().find(|(other, ..)| *other == at) {
            *more += 1;
            continue;
        }
        let pattern = &output.pattern.value;
        let missing = [Placeholder::Environment, Placeholder::Folder, Placeholder::Id]
            .into_iter()
            .find(|placeholder| {
                !pattern.has(*placeholder)
                    && match placeholder {
                        Placeholder::Environment => first.environment != second.environment,
                        Placeholder::Folder => first.folder() != second.folder(),
                        _ => true,
                    }
            });
        let help = match missing {
            Some(missing) => format!("add `{{{}}}` to `output`", missing.name()),
            None => "give the appliances different ids or folders".to_owned(),
        };
        let message = message(&conflict, &first.shown(files), &second.shown(files), files);
        let finding =
            Diagnostic::new(&codes::OUTPUT_CONFLICT, output.pattern.span, message).help(help);
        told.push((at, second, finding, 0));
    }
    let report = |(_, member, mut finding, more): (Place, Member<'_>, Diagnostic, usize)| {
        if more > 0 {
            finding.message = format!("{}, and {more} more", finding.message);
        }
        of_output(&member, finding)
    };
    told.into_iter().map(report).collect()
}

/// Who writes what, in a conflict of two appliances.
fn message(conflict: &Conflict<'_>, first: &str, second: &str, files: &dyn Files) -> String {
    let [one, other] = [conflict.first_path, conflict.path].map(|path| files.shown(path));
    if conflict.first_path == conflict.path {
        format!("{first} and {second} both write `{other}`")
    } else if folded(conflict.first_path) == folded(conflict.path) {
        format!(
            "{first} writes `{one}` and {second} writes `{other}`, which some file systems do not tell apart"
        )
    } else {
        format!("{first} writes the file `{one}`, which is a folder of `{other}` of {second}")
    }
}

/// Reports an appliance without an environment that has output at a place that is named by one: what follows the
/// placeholder would be cut off.
fn without_environment(member: &Member<'_>) -> Option<Report> {
    let output = member.settings.output.as_ref()?;
    let has = |pattern: &Pattern| pattern.has(Placeholder::Environment);
    if member.environment.is_some() || !has(&output.pattern.value) {
        return None;
    }
    let placeholder = format!("{{{}}}", Placeholder::Environment.name());
    let whole = output.pattern.span;
    let place = member.project.sources.of(whole).and_then(|source| {
        let start = source.range(whole).start + source.slice(whole).find(&placeholder)?;
        Some(source.span(start..start + placeholder.len()))
    });
    let message = format!("`{placeholder}` needs an environment");
    let finding = Diagnostic::new(&codes::BAD_OPTION, place.unwrap_or(whole), message)
        .help(format!("add `[environments.NAME]`, or remove `{placeholder}`"));
    Some(of_output(member, finding))
}

/// Reports the first appliance that can have no output: it is without an environment that names the place, or there is a
/// source of the project in place of a folder of its output.
pub fn misplaced<'a>(
    members: impl Iterator<Item = Member<'a>> + Clone,
    files: &dyn Files,
) -> Option<Report> {
    let unnamed = members.clone().find_map(|member| without_environment(&member));
    unnamed.or_else(|| below_no_folder(members, files))
}

/// Reports the first appliance whose output would be below an appliance or an overlay that is there. What else may be in the
/// way is not what the project says, but what is on disk.
fn below_no_folder<'a>(
    members: impl Iterator<Item = Member<'a>> + Clone,
    files: &dyn Files,
) -> Option<Report> {
    let is_source = |path: &str| {
        members.clone().any(|member| {
            let is_overlay = || {
                let overlays = member.settings.overlays_of(member.file, &member.names(), |_| true);
                overlays.iter().any(|overlay| overlay.value == path)
            };
            member.file == path || is_overlay()
        })
    };
    // By folder: what is in it. Many appliances have output in the same ones.
    let mut listed: HashMap<String, BTreeSet<String>> = HashMap::new();
    let mut seen = BTreeSet::new();
    for member in members.clone() {
        let Some(output) = &member.settings.output else { continue };
        // As far as it is known without the id: the last part may go on.
        let known = output.pattern.value.fill(&member.names());
        let known = known.map_or_else(|(_, before)| before, |whole| whole + "/");
        let Some((known, _)) = known.rsplit_once('/') else { continue };
        let parts = output.folder.split('/').chain(known.split('/'));
        let parts: Vec<&str> = parts.filter(|part| !matches!(*part, "" | ".")).collect();
        let place = parts.join("/");
        if !seen.insert(place.clone()) {
            continue;
        }
        let mut is_file = |path: &str| {
            let folder = parent(path);
            let content = match listed.get(folder) {
                Some(content) => content,
                None => listed.entry(folder.to_owned()).or_insert_with(|| files.files(folder)),
            };
            content.contains(path) && is_source(path)
        };
        let found = folders(&place).chain([place.as_str()]).find(|path| is_file(path));
        if let Some(file) = found {
            let file = files.shown(file);
            let message =
                format!("output would be below `{file}`, which is a source of the project");
            let finding = Diagnostic::new(&codes::BAD_OPTION, output.pattern.span, message)
                .help("write another folder, for example `manifests/{target}/{folder}/{id}`");
            return Some(of_output(&member, finding));
        }
    }
    None
}

/// A finding in what the project says of the output of an appliance.
pub fn of_output(member: &Member<'_>, finding: Diagnostic) -> Report {
    let project = member.project;
    let source = project.sources.of(finding.primary.span);
    let source = source.unwrap_or(&project.file.report.source).clone();
    Report::of(source, finding).within(project.sources.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_and_files_in_place_of_folders_are_in_conflict() {
        let written = [
            ("a/X.yaml", 0),
            ("a/y.yaml", 0),
            ("a/x.yaml", 1),
            ("b/É", 2),
            ("b/e\u{301}", 3),
            ("C/d/e", 4),
            ("c", 5),
        ];
        let found: Vec<_> = conflicts(written).iter().map(|c| (c.first, c.second)).collect();
        assert_eq!(found, [(0, 1), (2, 3), (5, 4)]);
    }
}
