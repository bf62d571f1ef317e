//! Project files, each read and shown once in a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, STDIN};
use crate::findings::Findings;
use crate::select::Wanted;
use crate::terminal::fail;
use crate::{Status, memory};
use applc::diag::{Levels, Report};
use applc::project::{self, Project};
use applc::targets::{self, TargetRef};
use applc::{Compilation, Error, Selected, World};

/// The project files met so far, by the folders that they count for.
#[derive(Default)]
pub struct Projects {
    known: BTreeMap<PathBuf, Result<Option<Project>, Status>>,
}

/// What is to be done with a file, project file and arguments taken together.
pub struct Settings {
    /// The targets, with their options.
    pub targets: Vec<Selected>,
    /// The levels of findings.
    pub levels: Levels,
}

impl Settings {
    /// What a file becomes.
    ///
    /// # Errors
    /// The file cannot be read, or a built-in template is faulty.
    pub fn compile(&self, world: &dyn World, file: &str) -> Result<Compilation, Error> {
        Ok(applc::compile(world, file, &self.targets)?.with_levels(&self.levels))
    }

    /// What is found in a file.
    ///
    /// # Errors
    /// As [`compile`](Settings::compile).
    pub fn check(&self, world: &dyn World, file: &str) -> Result<Report, Error> {
        Ok(self.compile(world, file)?.report)
    }
}

impl Projects {
    /// What the project file of `file` says, below what the arguments say: the targets that
    /// are wanted, and the levels of `findings`.
    ///
    /// # Errors
    /// The status to end with, where that file or an argument is faulty; that has been said.
    pub fn apply(
        &mut self,
        file: &str,
        wanted: &Wanted<'_>,
        findings: &mut Findings,
    ) -> Result<Settings, Status> {
        // Standard input belongs to the working directory.
        let path = if file == STDIN { Path::new("stdin") } else { Path::new(file) };
        let given = wanted.loaded();
        let Some(project) = self.of(path, &given, findings)? else {
            let known: Vec<TargetRef> = targets::built_in().chain(given).collect();
            let targets = wanted.among(&known, findings)?;
            return Ok(Settings { targets, levels: findings.levels(&Levels::default()) });
        };
        let mut targets = wanted.among(&project.targets, findings)?;
        for one in &mut targets {
            if let Some(base) = project.options.get(one.target.name()) {
                one.options = one.options.over(base);
            }
        }
        Ok(Settings { targets, levels: findings.levels(&project.levels) })
    }

    /// The project file for a file, if there is one.
    ///
    /// # Errors
    /// The status to end with, where it is faulty; that has been said.
    pub fn of(
        &mut self,
        file: &Path,
        given: &[TargetRef],
        findings: &mut Findings,
    ) -> Result<Option<&Project>, Status> {
        let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let folder = path.parent().unwrap_or(&path).to_owned();
        let known = self.known.entry(folder).or_insert_with(|| read(&path, given, findings));
        known.as_ref().map(Option::as_ref).map_err(|status| *status)
    }
}

/// Reads and shows a project file.
fn read(
    path: &Path,
    given: &[TargetRef],
    findings: &mut Findings,
) -> Result<Option<Project>, Status> {
    let found = project::find(&Disk, path, given);
    let Some(mut project) = found.map_err(|error| fail(&error.to_string(), Status::Io))? else {
        return Ok(None);
    };
    if project.targets.iter().any(|target| matches!(target, TargetRef::Custom(_))) {
        memory::limit();
    }
    let reports = std::mem::take(&mut project.others).into_iter().chain([project.report.clone()]);
    let status = reports.map(|report| findings.add(report)).max().unwrap_or(Status::Clean);
    if status == Status::Clean { Ok(Some(project)) } else { Err(status) }
}
