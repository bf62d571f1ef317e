//! Versions of images, and entries of the lock file, that no appliance uses.

use std::collections::BTreeSet;

use super::{Member, Place, by_file};
use crate::diag::{Findings, Levels, Report};
use crate::project::Project;

/// The images of an appliance in an environment.
#[derive(Clone, Copy)]
pub struct Used<'a> {
    /// The appliance.
    pub member: Member<'a>,
    /// The images of its containers.
    pub images: &'a [String],
    /// The entries of the table of images that set a version, as indices.
    pub entries: &'a [usize],
}

/// Reports the versions of images that no appliance of the environment uses. `all` are all appliances of a project, of which
/// none has errors.
pub fn unused_images(all: &[Used<'_>]) -> Vec<Report> {
    let mut tables: Vec<(Member<'_>, Vec<Used<'_>>)> = Vec::new();
    for one in all {
        let images = &one.member.settings.images;
        match tables.iter_mut().find(|(other, _)| other.settings.images == *images) {
            Some((_, users)) => users.push(*one),
            None => tables.push((one.member, vec![*one])),
        }
    }
    // A file of a folder adds to the table of those above it, so that one entry is in several tables. It is
    // unused if it is in none of them.
    let mut told: BTreeSet<Place> = tables.iter().flat_map(used_places).collect();
    let mut reports = Vec::new();
    for (member, users) in &tables {
        if member.settings.images.is_empty() {
            continue;
        }
        let used: BTreeSet<usize> = users.iter().flat_map(|one| one.entries).copied().collect();
        let used: Vec<usize> = used.into_iter().collect();
        // An entry of a file above may be meant for an appliance with another table.
        let environments: BTreeSet<_> = users.iter().map(|one| one.member.environment).collect();
        let candidates = all.iter().filter(|one| environments.contains(&one.member.environment));
        let images = candidates.flat_map(|one| one.images).map(String::as_str);
        let mut findings = Findings::new();
        member.settings.images.report_unused(&used, images, &mut findings);
        let mut report = member.report(findings);
        report.diagnostics.retain(|one| told.insert(member.place(one.primary.span)));
        member.levels.apply(&mut report.diagnostics);
        reports.extend(by_file(report));
    }
    reports
}

/// The places of the entries of a table of images that its appliances use.
fn used_places((member, users): &(Member<'_>, Vec<Used<'_>>)) -> Vec<Place> {
    let used: BTreeSet<usize> = users.iter().flat_map(|one| one.entries).copied().collect();
    let entries = member.settings.images.iter().enumerate();
    let used = entries.filter(|(index, _)| used.contains(index));
    used.map(|(_, (repository, _))| member.place(repository.span)).collect()
}

/// Reports the entries of the lock file that no appliance uses. `tagged` are the images with tags, in their normal form, of all
/// appliances, of which none has errors. `None` without a finding.
pub fn unused_locked<'a>(
    root: &Project,
    levels: &Levels,
    tagged: impl IntoIterator<Item = &'a str>,
) -> Option<Report> {
    let lock = root.lock.as_ref()?;
    let mut findings = Findings::new();
    lock.report_unused(tagged, &mut findings);
    let source = findings.iter().find_map(|one| root.sources.of(one.primary.span))?;
    let mut report = Report::new(source.clone(), findings).within(root.sources.clone());
    levels.apply(&mut report.diagnostics);
    (!report.diagnostics.is_empty()).then_some(report)
}
