//! What only shows when the appliances of a project are compared: files that two of them write, what two of them claim
//! on a target, and versions of images, entries of the lock file, and overlays that none of them uses.
//!
//! A program finds the appliances of a project and analyses them; here is what is said of what it found. Paths have
//! `/` between parts, and start as the folders of the project files do.

mod claims;
mod images;
mod outputs;
mod overlays;

use std::collections::BTreeSet;

pub use claims::{Claimed, Clash, clashes};
pub use images::{Used, unused_images, unused_locked};
pub use outputs::{Conflict, conflicts, misplaced, of_output, shared_files};
pub use overlays::unused_overlays;

use crate::diag::{Findings, Levels, Report};
use crate::path::parent;
use crate::project::{self, Names, Project, Settings};
use crate::scope::appliance_name;
use crate::source::Span;

/// What a program knows of the files of a project.
pub trait Files {
    /// The paths of what is in a folder, without folders.
    fn files(&self, folder: &str) -> BTreeSet<String>;

    /// Whether there is something, also if it cannot be read.
    fn exists(&self, path: &str) -> bool;

    /// The name of a path for people.
    fn shown(&self, path: &str) -> String;
}

/// An appliance of a project in one environment, and what the project says of it.
#[derive(Clone, Copy)]
pub struct Member<'a> {
    /// The path of the appliance.
    pub file: &'a str,
    /// The environment; `None` in a project without any.
    pub environment: Option<&'a str>,
    /// The project of its folder.
    pub project: &'a Project,
    /// What the project says for the environment.
    pub settings: &'a Settings,
    /// The levels of findings.
    pub levels: &'a Levels,
}

impl<'a> Member<'a> {
    /// The folder of the file, relative to that of the project file that says where output is written.
    pub fn folder(&self) -> &'a str {
        let output = self.settings.output.as_ref();
        let base = output.map_or_else(|| self.project.root(), |output| output.folder.as_str());
        project::relative(parent(self.file), base).unwrap_or_default()
    }

    /// What placeholders stand for, as far as it is known without reading the appliance.
    pub fn names(&self) -> Names<'a> {
        Names {
            environment: self.environment,
            folder: Some(self.folder()),
            name: Some(appliance_name(self.file)),
            ..Names::default()
        }
    }

    /// Its name for people.
    fn shown(&self, files: &dyn Files) -> String {
        let file = files.shown(self.file);
        match self.environment {
            Some(environment) => format!("{file} in `{environment}`"),
            None => file,
        }
    }

    /// Findings in its project files.
    fn report(&self, findings: Findings) -> Report {
        let source = self.project.file.report.source.clone();
        Report::new(source, findings).within(self.project.sources.clone())
    }

    /// A place in its project files.
    fn place(&self, span: Span) -> Place {
        let source = self.project.sources.of(span).unwrap_or(&self.project.file.report.source);
        let range = source.range(span);
        (source.name().to_owned(), range.start, range.end)
    }
}

/// A place that is the same in all reports: the name of a file, and a range of it in bytes.
type Place = (String, usize, usize);

/// A report for each file that a report has findings in.
fn by_file(report: Report) -> Vec<Report> {
    let mut reports: Vec<Report> = Vec::new();
    for one in &report.diagnostics {
        let source = report.source_of(one.primary.span);
        match reports.iter_mut().find(|other| other.source.name() == source.name()) {
            Some(other) => other.diagnostics.push(one.clone()),
            None => {
                let diagnostics = vec![one.clone()];
                reports.push(Report { source: source.clone(), diagnostics, ..report.clone() });
            }
        }
    }
    reports
}
