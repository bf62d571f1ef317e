//! Project files, each read and reported once in a run.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::args::{EnvironmentArguments, OverlayArguments};
use crate::disk::{Disk, Named, STDIN, exists, shown};
use crate::reporter::Reporter;
use crate::select::Wanted;
use crate::terminal::fail;
use crate::{Status, kind, search, templates};
use applc::analysis::Analysis;
use applc::diag::{Levels, Report, list_or, nearest};
use applc::overlay::Changes;
use applc::path::parent;
use applc::project::{self, Names, Output, Project};
use applc::scope::appliance_name;
use applc::source::Sources;
use applc::targets::{self, PROJECT_DIRECTORY, Rendering, TargetRef};
use applc::{Compilation, Error, Selected, World};

/// The project files found so far, by the folders that they apply to.
#[derive(Default)]
pub struct Projects {
    known: BTreeMap<PathBuf, Result<Option<Arc<Project>>, Status>>,
}

/// The settings for a file, from the project files and the arguments.
pub struct Settings {
    /// The targets. The values of their options may have placeholders ([`Settings::selected`]).
    pub targets: Vec<Selected>,
    /// The levels of findings.
    pub levels: Levels,
    /// The sources that options were set in.
    pub sources: Sources,
    /// What is changed in the file before it is compiled.
    pub changes: Changes,
    /// What the project says of the file, if it is one of its appliances.
    pub listed: Option<Listed>,
    /// The environment.
    pub environment: Option<String>,
    /// The folder of the file, relative to that of the project.
    pub folder: String,
    name: String,
    /// The overlays of the arguments.
    given: Vec<String>,
    /// The folder of the project.
    root: Option<String>,
}

/// A file that is an appliance of a project.
pub struct Listed {
    /// The project.
    pub project: Arc<Project>,
    /// The file, relative to the outermost project file.
    pub source: String,
    /// Where its output is written.
    pub output: Option<Output>,
}

impl Settings {
    /// The same settings with overlays.
    pub fn changed(mut self, overlays: &OverlayArguments) -> Settings {
        self.given.extend(overlays.overlays.iter().cloned());
        self.changes.overlays.extend(overlays.changes().overlays);
        self
    }

    /// The disk for the file that these are the settings of, which the command line names.
    pub fn disk<'s>(&'s self, file: &'s str) -> Named<'s> {
        Named { file, others: &self.given, root: self.root.as_deref() }
    }

    /// Tells Compose where the folder of the appliance is, if no option does.
    pub fn tell_folder(&mut self, folder: &str) {
        for one in &mut self.targets {
            if one.target.custom().is_none() {
                one.options.set_default(PROJECT_DIRECTORY, folder);
            }
        }
    }

    /// Compiles a file with these settings.
    ///
    /// # Errors
    /// The file cannot be read, or a built-in template fails.
    pub fn compile(&self, world: &dyn World, file: &str) -> Result<Compilation, Error> {
        self.run(world, file, Some(Rendering { recorded: false }))
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
    pub fn check_analysis(&self, mut analysis: Analysis) -> Result<Compilation, Error> {
        let selected = self.selected(&mut analysis);
        Ok(applc::compile_analysis(analysis, &selected, None)?.with_levels(&self.levels))
    }

    /// The targets with their options for an appliance. What is invalid for it is added to its findings.
    pub fn selected(&self, analysis: &mut Analysis) -> Vec<Selected> {
        self.targets.iter().map(|one| self.filled(one, analysis)).collect()
    }

    /// One of the targets with its options for an appliance, as [`Settings::selected`].
    pub fn filled(&self, one: &Selected, analysis: &mut Analysis) -> Selected {
        let id = analysis.plan.as_ref().map(|plan| plan.id.value.to_string());
        let names = self.names(id.as_deref());
        let options = project::filled(&one.options, &*one.target, &names, &mut analysis.findings);
        Selected { target: one.target.clone(), options }
    }

    /// What placeholders stand for, for the appliance with an id.
    pub fn names<'n>(&'n self, id: Option<&'n str>) -> Names<'n> {
        Names {
            environment: self.environment.as_deref(),
            folder: Some(&self.folder),
            name: Some(&self.name),
            id,
            target: None,
        }
    }

    fn run(
        &self,
        world: &dyn World,
        file: &str,
        rendering: Option<Rendering>,
    ) -> Result<Compilation, Error> {
        let mut analysis =
            Analysis::changed_to_compile(world, file, &self.changes, self.sources.clone())?;
        let selected = self.selected(&mut analysis);
        let compilation = applc::compile_analysis(analysis, &selected, rendering)?;
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
    /// project files.
    ///
    /// # Errors
    /// The exit status if a project file or an argument is invalid, which was reported.
    pub fn apply(
        &mut self,
        file: &str,
        wanted: &Wanted<'_>,
        reporter: &mut Reporter,
    ) -> Result<Settings, Status> {
        // The project file for standard input is that of the working directory.
        let path = match file {
            STDIN => search::start().join("stdin"),
            file => without_parents(file),
        };
        let path = path.as_path();
        let given = wanted.loaded();
        let name = appliance_name(file).to_owned();
        let project = self.of(path, &given, reporter)?;
        kind::check(file, project.as_ref(), reporter)?;
        reporter.check_lock(project.as_deref(), str::to_owned)?;
        let Some(project) = project else {
            if let Some(environment) = wanted.environment {
                return Err(unknown_environment(environment, &[]));
            }
            let mut sources = Sources::new();
            let known: Vec<TargetRef> = targets::built_in().chain(given).collect();
            let targets = wanted.among(&known, &mut sources, reporter)?;
            let levels = reporter.levels(&Levels::default());
            let folder = String::new();
            let changes = Changes::none();
            return Ok(Settings {
                targets,
                levels,
                sources,
                changes,
                listed: None,
                environment: None,
                folder,
                name,
                given: Vec::new(),
                root: None,
            });
        };
        check_environment(&project, wanted.environment)?;
        let merged = project.settings(wanted.environment);
        // The files of the project come first, so that the places of its options stay the same.
        let mut sources = project.sources.clone();
        let targets = selected(&merged, wanted, &mut sources, reporter)?;
        let folder = folder_of(&project, &merged, path);
        let names = Names {
            environment: wanted.environment,
            folder: Some(&folder),
            name: Some(&name),
            ..Names::default()
        };
        let mut changes = merged.changes(file, &names, |path| exists(Path::new(path)));
        changes.reports_unlocked =
            reporter.is_locked() || is_locked_by(&project, path, wanted.environment);
        let listed = (file != STDIN && is_listed(&project, path)).then(|| Listed {
            source: below(project.root(), path).unwrap_or_default(),
            output: merged.output.clone(),
            project: project.clone(),
        });
        let root = Some(project.root().to_owned());
        Ok(Settings {
            targets,
            levels: reporter.levels(&merged.levels),
            sources,
            changes,
            listed,
            environment: wanted.environment.map(str::to_owned),
            folder,
            name,
            given: Vec::new(),
            root,
        })
    }

    /// Returns the project of a file, if there is one.
    ///
    /// # Errors
    /// The exit status if it is invalid, which was reported.
    pub fn of(
        &mut self,
        file: &Path,
        given: &[TargetRef],
        reporter: &mut Reporter,
    ) -> Result<Option<Arc<Project>>, Status> {
        let path = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let folder = path.parent().unwrap_or(&path).to_owned();
        let known =
            self.known.entry(folder).or_insert_with_key(|folder| read(folder, given, reporter));
        known.clone()
    }
}

/// Whether `applc lock` has the images of a file in an environment: those of the appliances of a project, in its
/// environments.
fn is_locked_by(project: &Project, file: &Path, environment: Option<&str>) -> bool {
    (environment.is_some() || project.environments().is_empty()) && is_listed(project, file)
}

/// Whether a file is an appliance of a project.
fn is_listed(project: &Project, file: &Path) -> bool {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let is_one = |path: &Path| project.has_appliance(&path.to_string_lossy().replace('\\', "/"));
    // As the files of the project are named.
    is_one(&shown(&absolute)) || is_one(&absolute)
}

/// A path without `..`, so that it starts with the folder of its project.
fn without_parents(path: &str) -> PathBuf {
    let path = Path::new(path);
    if !path.components().any(|part| part == Component::ParentDir) {
        return path.to_owned();
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut clean = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    clean
}

/// The targets of the arguments, or those of the project, with the options of both.
///
/// # Errors
/// The exit status if an argument is invalid, which was reported.
pub fn selected(
    project: &project::Settings,
    wanted: &Wanted<'_>,
    sources: &mut Sources,
    reporter: &Reporter,
) -> Result<Vec<Selected>, Status> {
    let own = if wanted.is_empty() { project.selected() } else { Vec::new() };
    let mut targets = wanted.with(own).among(&project.known, sources, reporter)?;
    for one in &mut targets {
        if let Some(base) = project.options.get(one.target.name()) {
            one.options = one.options.over(base);
        }
    }
    Ok(targets)
}

/// Reports an environment that the project does not have.
///
/// # Errors
/// The exit status, if so.
pub fn check_environment(project: &Project, environment: Option<&str>) -> Result<(), Status> {
    match environment {
        Some(name) if !project.environments().contains(&name) => {
            Err(unknown_environment(name, &project.environments()))
        }
        _ => Ok(()),
    }
}

/// The environment of the arguments of a command for one file.
///
/// # Errors
/// The exit status if there are several, which was reported.
pub fn one_environment(arguments: &EnvironmentArguments) -> Result<Option<&str>, Status> {
    arguments.one().map_err(|message| fail(&message, Status::Usage))
}

/// Reports an unknown environment.
pub fn unknown_environment(name: &str, known: &[&str]) -> Status {
    let advice = match (nearest(name, known.iter().copied()), known) {
        (Some(similar), _) => format!("did you mean `{similar}`?"),
        (None, []) => format!("`{}` has no `[environments.{name}]`", project::FILE_NAME),
        (None, known) => format!("expected {}", list_or(known.iter().copied())),
    };
    fail(&format!("unknown environment `{name}`; {advice}"), Status::Usage)
}

/// The folder of a file of a project, relative to that of the project file that says where its output is written, or
/// else of the outermost one; empty for that folder.
pub fn folder_of(project: &Project, settings: &project::Settings, file: &Path) -> String {
    let root = settings.output.as_ref().map_or(project.root(), |output| output.folder.as_str());
    let file = below(root, file).unwrap_or_default();
    parent(&file).to_owned()
}

/// A file relative to a folder of its project, which is named as from the working directory.
fn below(folder: &str, file: &Path) -> Option<String> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
    let (folder, file) = (absolute(folder), absolute(file));
    Some(file.strip_prefix(&folder).ok()?.to_string_lossy().replace('\\', "/"))
}

/// Reads the project files of an absolute folder and reports their findings.
fn read(
    folder: &Path,
    given: &[TargetRef],
    reporter: &mut Reporter,
) -> Result<Option<Arc<Project>>, Status> {
    let folders =
        search::folders(folder).map_err(|refused| fail(&refused.to_string(), Status::Usage))?;
    let folders = folders.into_iter().map(shown);
    let found = project::find(&Disk, folders, given, templates::renderer());
    let Some(project) = found.map_err(|error| reporter.unreadable(&error, None))? else {
        return Ok(None);
    };
    report(&project, reporter)?;
    Ok(Some(project))
}

/// Reports the findings in the files of a project.
///
/// # Errors
/// The exit status if there are errors.
pub fn report(project: &Project, reporter: &mut Reporter) -> Result<(), Status> {
    project.files().try_for_each(|file| report_each(reports(file).cloned(), reporter))
}

/// The findings in a project file, and in the folders of custom targets that it lists.
pub fn reports(file: &project::File) -> impl Iterator<Item = &Report> {
    file.others.iter().chain([&file.report])
}

/// Reports findings.
///
/// # Errors
/// The exit status if there are errors.
pub fn report_each(
    reports: impl Iterator<Item = Report>,
    reporter: &mut Reporter,
) -> Result<(), Status> {
    match reports.map(|report| reporter.add(report)).max() {
        None | Some(Status::Clean) => Ok(()),
        Some(status) => Err(status),
    }
}
