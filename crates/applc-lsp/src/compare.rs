//! Compares the appliances of a project: what only shows then, as `applc check` finds it.

use std::collections::{BTreeMap, BTreeSet};

use applc::World;
use applc::diag::Report;
use applc::path::folded;
use applc::project::{self, Project, Settings};
use applc::source::{Source, Span};
use applc::whole::{self, Claimed, Files, Member, Used};

use crate::facts::{self, Unit};
use crate::files::Open;
use crate::wholes::Whole;

/// What the comparison finds.
pub struct Compared {
    /// The findings.
    pub reports: Vec<Report>,
    /// Whether two appliances claim the same.
    pub has_clashes: bool,
}

/// The appliances that write to a folder of another one, or of another environment, and whose paths are not known.
pub fn without_paths(whole: &Whole) -> Vec<String> {
    let sharing = sharing(whole).into_iter().map(|(file, _)| file);
    let files: BTreeSet<&String> = sharing.collect();
    let is_unknown =
        |file: &&String| whole.members.get(*file).is_some_and(|member| member.paths.is_none());
    files.into_iter().filter(is_unknown).cloned().collect()
}

/// The appliances and environments, as indices, that write to a folder of another one.
fn sharing(whole: &Whole) -> BTreeSet<(&String, usize)> {
    let mut by_folder: BTreeMap<String, Vec<(&String, usize)>> = BTreeMap::new();
    for (file, member) in &whole.members {
        for (at, unit) in member.facts.units.iter().enumerate() {
            for folder in &unit.folders {
                by_folder.entry(folded(folder)).or_default().push((file, at));
            }
        }
    }
    by_folder.into_values().filter(|units| units.len() > 1).flatten().collect()
}

/// Compares the appliances of a project. What is wrong in its files hides what would follow from that.
pub fn compare(open: &Open, whole: &Whole) -> Compared {
    let projects: BTreeMap<&str, &Project> =
        whole.projects().map(|project| (project.file.folder.as_str(), &**project)).collect();
    let mut reports: Vec<Report> = Vec::new();
    let mut files = projects.values().map(|project| &project.file);
    if files.any(|file| file.others.iter().chain([&file.report]).any(Report::has_errors)) {
        return Compared { reports, has_clashes: false };
    }
    let settings = settings(&projects);
    let units: Vec<(Member<'_>, &Unit)> = units(whole, &settings).collect();
    let files = Around { open, whole };
    let members = units.iter().map(|(member, _)| *member);
    if let Some(found) = whole::misplaced(members.clone(), &files) {
        reports.push(found);
        return Compared { reports, has_clashes: false };
    }
    let used = units.iter().map(|(member, unit)| Used {
        member: *member,
        images: &unit.images,
        entries: &unit.entries,
    });
    if units.iter().all(|(_, unit)| !unit.has_errors) {
        reports.extend(whole::unused_images(&used.collect::<Vec<_>>()));
    }
    let tagged: Option<Vec<&Vec<String>>> =
        units.iter().map(|(_, unit)| unit.tagged.as_ref()).collect();
    if let Some(tagged) = tagged {
        let tagged = tagged.into_iter().flatten().map(String::as_str);
        reports.extend(whole::unused_locked(&whole.root, &whole.root.levels(), tagged));
    }
    reports.extend(whole::unused_overlays(&members.collect::<Vec<_>>(), &files));
    let clashes = clashes(open, &units, &files);
    let has_clashes = !clashes.is_empty();
    reports.extend(clashes);
    reports.extend(shared_files(whole, &units, &files));
    Compared { reports, has_clashes }
}

/// What projects say for their environments.
type ByEnvironment<'p> = BTreeMap<(&'p str, Option<String>), (&'p Project, Settings)>;

fn settings<'p>(projects: &BTreeMap<&'p str, &'p Project>) -> ByEnvironment<'p> {
    let mut all = BTreeMap::new();
    for (folder, project) in projects {
        for environment in project.environments().into_iter().map(Some).chain([None]) {
            let settings = project.settings(environment);
            all.insert((*folder, environment.map(str::to_owned)), (*project, settings));
        }
    }
    all
}

/// The appliances in their environments.
fn units<'w>(
    whole: &'w Whole,
    settings: &'w ByEnvironment<'w>,
) -> impl Iterator<Item = (Member<'w>, &'w Unit)> {
    whole.members.iter().flat_map(move |(file, member)| {
        member.facts.units.iter().filter_map(move |unit| {
            let key = (member.project.file.folder.as_str(), unit.environment.clone());
            let (project, settings) = settings.get(&key)?;
            let levels = &settings.levels;
            let environment = unit.environment.as_deref();
            Some((Member { file, environment, project, settings, levels }, unit))
        })
    })
}

/// What two appliances claim, in both: who edits one of them may not have the other one open.
fn clashes(open: &Open, units: &[(Member<'_>, &Unit)], files: &dyn Files) -> Vec<Report> {
    let all = units
        .iter()
        .flat_map(|(member, unit)| unit.claims.iter().map(move |claimed| (*member, claimed)));
    let all: Vec<(Member<'_>, &facts::Claimed)> = all.collect();
    let claimed = all.iter().enumerate().map(|(at, (member, claimed))| Claimed {
        at,
        member: *member,
        target: &claimed.target,
        claim: &claimed.claim,
    });
    let clashes = whole::clashes(claimed).into_iter();
    let place = |at: usize| place(open, all.get(at)?.1);
    let reports = clashes.filter_map(|clash| {
        let ((one, at), (other, other_at)) = (place(clash.first.at)?, place(clash.second.at)?);
        let (first, second) = ((&one, at), (&other, other_at));
        let turned = clash.turned().report(second, first, files);
        Some([turned, clash.report(first, second, files)])
    });
    reports.flatten().collect()
}

/// The place of a claim. `None` if its file is not what it was.
fn place(open: &Open, claimed: &facts::Claimed) -> Option<(Source, Span)> {
    let (source, _) = open.source(&claimed.file).ok()?;
    let range = claimed.claim.span.range();
    source.text().get(range.clone())?;
    let span = source.span(range);
    Some((source, span))
}

/// The files that are written twice.
fn shared_files(whole: &Whole, units: &[(Member<'_>, &Unit)], files: &dyn Files) -> Vec<Report> {
    let numbers = units.iter().enumerate();
    let numbers = numbers.map(|(at, (member, _))| ((member.file, member.environment), at));
    let numbers: BTreeMap<_, usize> = numbers.collect();
    let written = sharing(whole).into_iter().filter_map(|(file, at)| {
        let member = whole.members.get(file)?;
        let environment = member.facts.units.get(at)?.environment.as_deref();
        let number = *numbers.get(&(file.as_str(), environment))?;
        let paths = member.paths.as_ref()?.get(at)?;
        Some(paths.iter().map(move |path| (path.as_str(), number)))
    });
    let of = |number: usize| units.get(number).map(|(member, _)| *member);
    whole::shared_files(written.flatten(), of, files)
}

/// The files of a project, named from its folder.
struct Around<'a> {
    open: &'a Open,
    whole: &'a Whole,
}

impl Files for Around<'_> {
    fn files(&self, folder: &str) -> BTreeSet<String> {
        self.whole.folders.get(folder).map(|folder| folder.files.clone()).unwrap_or_default()
    }

    fn exists(&self, path: &str) -> bool {
        self.open.exists(path)
    }

    fn shown(&self, path: &str) -> String {
        project::relative(path, self.whole.root.root()).unwrap_or(path).to_owned()
    }
}
