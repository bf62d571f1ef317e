//! Project files, each read and shown once in a run.

use std::collections::BTreeMap;
use std::path::Path;

use super::Status;
use super::findings::Findings;
use super::terminal::{Disk, STDIN, fail};
use crate::diag::{Levels, Report};
use crate::project;
use crate::{Error, Selected, World};

/// The project files met so far.
#[derive(Default)]
pub struct Projects {
    /// How reading each one went, by its path.
    known: BTreeMap<String, Status>,
}

/// What is to be done with a file, project file and arguments taken together.
pub struct Settings {
    /// The targets, with their options.
    pub targets: Vec<Selected>,
    /// The levels of findings.
    pub levels: Levels,
}

impl Settings {
    /// What is found in a file.
    ///
    /// # Errors
    /// The file cannot be read, or a template is faulty.
    pub fn check(&self, world: &dyn World, file: &str) -> Result<Report, Error> {
        let compilation = crate::compile(world, file, &self.targets)?;
        Ok(compilation.with_levels(&self.levels).report)
    }
}

impl Projects {
    /// What the project file of `file` says, below what the arguments say: `targets`, and
    /// the levels of `findings`.
    ///
    /// # Errors
    /// The status to end with, where that file is faulty; that has been said.
    pub fn apply(
        &mut self,
        file: &str,
        targets: &[Selected],
        findings: &mut Findings,
    ) -> Result<Settings, Status> {
        // Standard input belongs to the working directory.
        let path = if file == STDIN { Path::new("stdin") } else { Path::new(file) };
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let project = match project::find(&Disk, &path) {
            Ok(project) => project,
            Err(error) => return Err(fail(&error.to_string(), Status::Io)),
        };
        let Some(project) = project else {
            let targets = targets.iter().map(|one| one.with(one.options.clone())).collect();
            return Ok(Settings { targets, levels: findings.levels(&Levels::default()) });
        };
        let name = project.report.source.name().to_owned();
        let status = *self.known.entry(name).or_insert_with(|| findings.add(project.report));
        if status != Status::Clean {
            return Err(status);
        }
        let merge = |one: &Selected| match project.options.get(one.target.name()) {
            Some(base) => one.with(one.options.over(base)),
            None => one.with(one.options.clone()),
        };
        let targets = targets.iter().map(merge).collect();
        Ok(Settings { targets, levels: findings.levels(&project.levels) })
    }
}

impl Selected {
    /// The same target with other options.
    fn with(&self, options: crate::target::Options) -> Selected {
        Selected { target: self.target, options }
    }
}
