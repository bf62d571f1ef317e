//! Project files, each read and reported once in a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::args::OverlayArguments;
use crate::disk::{Disk, STDIN};
use crate::reporter::Reporter;
use crate::select::Wanted;
use crate::terminal::fail;
use crate::{Status, memory};
use applc::analysis::Analysis;
use applc::diag::{Levels, Report};
use applc::overlay::Changes;
use applc::project::{self, Project};
use applc::source::Sources;
use applc::targets::{self, InProcess, Rendering, TargetRef};
use applc::{Compilation, Error, Selected, World};

/// The project files found so far, by the folders that they apply to.
#[derive(Default)]
pub struct Projects {
    known: BTreeMap<PathBuf, Result<Option<Project>, Status>>,
}

/// The settings for a file, from the project file and the arguments.
pub struct Settings {
    /// The targets, with their options.
    pub targets: Vec<Selected>,
    /// The levels of findings.
    pub levels: Levels,
    /// The sources that options were set in.
    pub sources: Sources,
    /// What is changed in the file before it is compiled.
    pub changes: Changes,
}

impl Settings {
    /// The same settings with overlays.
    pub fn changed(self, overlays: &OverlayArguments) -> Settings {
        Settings { changes: overlays.changes(), ..self }
    }

    /// Compiles a file with these settings.
    ///
    /// # Errors
    /// The file cannot be read, or a built-in template fails.
    pub fn compile(&self, world: &dyn World, file: &str) -> Result<Compilation, Error> {
        self.run(world, file, Some(Rendering { renderer: &InProcess, recorded: false }))
    }

    /// Compiles a file, but renders only what cannot be checked otherwise: the result has no files.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn check_only(&self, world: &dyn World, file: &str) -> Result<Compilation, Error> {
        self.run(world, file, None)
    }

    /// Does the same with an appliance that is analysed already.
    ///
    /// # Errors
    /// A template that must be rendered to check the appliance is invalid.
    pub fn check_analysis(&self, analysis: Analysis) -> Result<Compilation, Error> {
        Ok(applc::compile_analysis(analysis, &self.targets, None)?.with_levels(&self.levels))
    }

    fn run(
        &self,
        world: &dyn World,
        file: &str,
        rendering: Option<Rendering<'_>>,
    ) -> Result<Compilation, Error> {
        let analysis =
            Analysis::changed_to_compile(world, file, &self.changes, self.sources.clone())?;
        let compilation = applc::compile_analysis(analysis, &self.targets, rendering)?;
        Ok(compilation.with_levels(&self.levels))
    }

    /// Returns the findings in a file.
    ///
    /// # Errors
    /// Those of [`compile`](Settings::compile).
    pub fn check(&self, world: &dyn World, file: &str) -> Result<Report, Error> {
        Ok(self.check_only(world, file)?.report)
    }
}

impl Projects {
    /// Returns the settings for `file`: the selected targets and the levels. Arguments override the
    /// project file.
    ///
    /// # Errors
    /// The exit status if the project file or an argument is invalid, which was reported.
    pub fn apply(
        &mut self,
        file: &str,
        wanted: &Wanted<'_>,
        reporter: &mut Reporter,
    ) -> Result<Settings, Status> {
        // The project file for standard input is that of the working directory.
        let path = if file == STDIN { Path::new("stdin") } else { Path::new(file) };
        let given = wanted.loaded();
        let mut sources = Sources::new();
        let Some(project) = self.of(path, &given, reporter)? else {
            let known: Vec<TargetRef> = targets::built_in().chain(given).collect();
            let targets = wanted.among(&known, &mut sources, reporter)?;
            let levels = reporter.levels(&Levels::default());
            return Ok(Settings { targets, levels, sources, changes: Changes::none() });
        };
        // The first source, so that the places of its options stay the same.
        sources.add(&project.report.source);
        let mut targets = wanted.among(&project.targets, &mut sources, reporter)?;
        for one in &mut targets {
            if let Some(base) = project.options.get(one.target.name()) {
                one.options = one.options.over(base);
            }
        }
        let levels = reporter.levels(&project.levels);
        Ok(Settings { targets, levels, sources, changes: Changes::none() })
    }

    /// Returns the project file for a file, if there is one.
    ///
    /// # Errors
    /// The exit status if it is invalid, which was reported.
    pub fn of(
        &mut self,
        file: &Path,
        given: &[TargetRef],
        reporter: &mut Reporter,
    ) -> Result<Option<&Project>, Status> {
        let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let folder = path.parent().unwrap_or(&path).to_owned();
        let known = self.known.entry(folder).or_insert_with(|| read(&path, given, reporter));
        known.as_ref().map(Option::as_ref).map_err(|status| *status)
    }
}

/// The folder of an absolute path and those above, as people name them: relative to the working
/// directory if they are in it.
fn folders(path: &Path) -> impl Iterator<Item = PathBuf> {
    let here = std::env::current_dir().unwrap_or_default();
    path.ancestors().skip(1).map(move |folder| folder.strip_prefix(&here).unwrap_or(folder).into())
}

/// Reads a project file and reports its findings.
fn read(
    path: &Path,
    given: &[TargetRef],
    reporter: &mut Reporter,
) -> Result<Option<Project>, Status> {
    let found = project::find(&Disk, folders(path), given);
    let Some(mut project) = found.map_err(|error| fail(&error.to_string(), Status::Io))? else {
        return Ok(None);
    };
    if project.targets.iter().any(|target| matches!(target, TargetRef::Custom(_))) {
        memory::limit();
    }
    let reports = std::mem::take(&mut project.others).into_iter().chain([project.report.clone()]);
    let status = reports.map(|report| reporter.add(report)).max().unwrap_or(Status::Clean);
    if status == Status::Clean { Ok(Some(project)) } else { Err(status) }
}
