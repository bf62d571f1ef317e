//! Finds the appliances of a project, and what each is compiled for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use applc::diag::Levels;
use applc::project::{self, Globs, Names, Output, Project, Settings};
use applc::scope::appliance_name;
use applc::source::Sources;
use applc::targets::TargetRef;
use applc::{ReadError, Selected};

use super::{Entry, Files, Rooted, parent};
use crate::projects::{self, folders};
use crate::reporter::Reporter;
use crate::select::Wanted;
use crate::terminal::fail;
use crate::{Status, memory};

/// One appliance in one environment.
pub struct Unit {
    /// The file of the appliance.
    pub file: String,
    /// The environment; `None` in a project without any.
    pub environment: Option<String>,
    /// What the project says.
    pub settings: Arc<Scope>,
    /// Whether the arguments ask for it. The others are only known, so that their output is kept.
    pub chosen: bool,
}

/// The settings of all appliances of a folder in an environment.
pub struct Scope {
    /// The project.
    pub project: Arc<Project>,
    /// What its files say.
    pub settings: Settings,
    /// The targets, with the options of the project and of the arguments.
    pub targets: Vec<Selected>,
    /// The levels of findings.
    pub levels: Levels,
    /// The sources that options were set in.
    pub sources: Sources,
    /// The folder, relative to the file that says where output is written.
    pub folder: String,
}

impl Unit {
    /// What placeholders stand for, as far as it is known without reading the appliance.
    pub fn names(&self) -> Names<'_> {
        Names {
            environment: self.environment.as_deref(),
            folder: Some(&self.settings.folder),
            name: Some(appliance_name(&self.file)),
            ..Names::default()
        }
    }

    /// Where its output is written.
    pub fn output(&self) -> Option<&Output> {
        self.settings.settings.output.as_ref()
    }
}

/// The appliances of a project.
pub struct Found<W = Rooted> {
    /// The files of the project.
    pub world: W,
    /// The appliances in their environments, sorted by file, in the order of the environments.
    pub units: Vec<Unit>,
    /// Whether all of them were asked for.
    pub is_whole: bool,
    /// The projects by folder.
    projects: BTreeMap<String, Arc<Project>>,
}

impl<W: Files> Found<W> {
    /// The name of a unit for people.
    pub fn shown(&self, unit: &Unit) -> String {
        let file = self.world.shown(&unit.file);
        match &unit.environment {
            Some(environment) => format!("{file} in `{environment}`"),
            None => file,
        }
    }
}

impl<W> Found<W> {
    /// The project of the outermost file.
    pub fn root_project(&self) -> Option<&Project> {
        self.projects.get("").map(Arc::as_ref)
    }
}

/// Finds the folder of the outermost project file above a folder. `None` if there is no project file.
pub fn root_of(folder: &Path) -> Option<PathBuf> {
    // That of a file without folders is empty.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let folder = std::path::absolute(folder).ok()?;
    let with_file = |folder: &&&Path| folder.join(project::FILE_NAME).is_file();
    folders(&folder).iter().rev().find(with_file).map(|folder| folder.to_path_buf())
}

/// The root of the project that the arguments ask for: that of the first path, or of the working directory.
/// `None` if they name a file. An error is the exit status if there is no project, which was reported.
pub fn root(paths: &[String]) -> Option<Result<PathBuf, Status>> {
    let folder = match paths.first() {
        None => Path::new("."),
        Some(path) if Path::new(path).is_dir() => Path::new(path),
        Some(_) => return None,
    };
    Some(root_of(folder).ok_or_else(|| {
        let place = match paths.first() {
            None => "this folder".to_owned(),
            Some(path) => format!("`{path}`"),
        };
        let file = project::FILE_NAME;
        fail(&format!("no `{file}` in {place} or above; name an appliance file"), Status::Usage)
    }))
}

/// Finds the appliances of the project in `root`: those that `paths` name, which are files and folders of
/// it; without paths, all.
///
/// # Errors
/// The exit status if a project file is invalid or there is nothing to find, which was reported.
pub fn find(
    root: PathBuf,
    paths: &[String],
    environments: &[String],
    wanted: &Wanted<'_>,
    reporter: &mut Reporter,
) -> Result<Found, Status> {
    let world = Rooted::new(root);
    let selection = selection(world.root(), paths)?;
    let asked = Asked { selection: &selection, environments, wanted };
    let found = find_all(world, &asked, reporter)?;
    let known = |name: &String| check_environment_of(found.projects.values(), name);
    environments.iter().try_for_each(known)?;
    reporter.check_lock(found.root_project())?;
    let files: Vec<&str> = found.units.iter().map(|unit| unit.file.as_str()).collect();
    if let Some(unknown) = selection.iter().find(|path| {
        !files.iter().any(|file| file == path || project::relative(file, path).is_some())
    }) {
        let shown = found.world.shown(unknown);
        let message = format!(
            "no appliance of the project in `{shown}`; `appliances` in `{}` lists them",
            project::FILE_NAME
        );
        return Err(fail(&message, Status::Errors));
    }
    if files.is_empty() {
        let message = format!(
            "the project has no appliances; `appliances` in `{}` lists them",
            project::FILE_NAME
        );
        return Err(fail(&message, Status::Errors));
    }
    Ok(found)
}

/// The paths of the command line, relative to the root of the project.
///
/// # Errors
/// The exit status if one does not exist or is outside, which was reported.
pub fn selection(root: &Path, paths: &[String]) -> Result<Vec<String>, Status> {
    paths.iter().map(|path| relative_to(root, path)).collect()
}

/// What is asked for.
pub struct Asked<'a> {
    /// Files and folders of the project; none for all.
    pub selection: &'a [String],
    /// Environments; none for all.
    pub environments: &'a [String],
    /// Targets and their options.
    pub wanted: &'a Wanted<'a>,
}

/// Finds the appliances of a project, of which none has to be what is asked for.
///
/// # Errors
/// The exit status if there is no project file, or one is invalid, which was reported.
pub fn find_all<W: Files>(
    world: W,
    asked: &Asked<'_>,
    reporter: &mut Reporter,
) -> Result<Found<W>, Status> {
    let Asked { selection, environments, wanted } = asked;
    let mut walk = Walk {
        world: &world,
        given: wanted.loaded(),
        projects: BTreeMap::new(),
        files: Vec::new(),
    };
    let root_project = walk.project_of("", None)?.ok_or(Status::Io)?;
    walk.folder("", &root_project)?;
    let Walk { projects, mut files, world: _, given: _ } = walk;
    for (folder, project) in &projects {
        // The others have the file of a folder above.
        if project.file.folder == *folder {
            report_file(&world, &project.file, reporter)?;
        }
    }
    memory_limit(projects.values());
    files.sort();
    let is_chosen = |file: &str| {
        selection.is_empty()
            || selection.iter().any(|path| file == path || project::relative(file, path).is_some())
    };
    let mut scopes = Scopes { known: BTreeMap::new(), wanted, reporter };
    let mut units = Vec::new();
    for file in &files {
        let folder = parent(file);
        let project = projects.get(folder).unwrap_or(&root_project);
        let all = project.environments();
        let all: Vec<Option<&str>> =
            if all.is_empty() { vec![None] } else { all.into_iter().map(Some).collect() };
        for environment in all {
            let is_wanted = environments.is_empty()
                || environment.is_some_and(|name| environments.iter().any(|wanted| wanted == name));
            units.push(Unit {
                file: file.clone(),
                environment: environment.map(str::to_owned),
                settings: scopes.of(folder, project, environment)?,
                chosen: is_wanted && is_chosen(file),
            });
        }
    }
    let is_whole = units.iter().all(|unit| unit.chosen);
    Ok(Found { world, units, is_whole, projects })
}

/// The project files in the root of a project and below it, sorted by their folders.
///
/// # Errors
/// The exit status if one is invalid or cannot be read, which was reported.
pub fn project_files(world: &Rooted, reporter: &mut Reporter) -> Result<Vec<Arc<Project>>, Status> {
    let mut walk = Walk { world, given: Vec::new(), projects: BTreeMap::new(), files: Vec::new() };
    let root = walk.project_of("", None)?.ok_or(Status::Io)?;
    walk.folder("", &root)?;
    // The others have the file of a folder above.
    let own = walk.projects.into_iter().filter(|(folder, project)| project.file.folder == *folder);
    let own: Vec<Arc<Project>> = own.map(|(_, project)| project).collect();
    own.iter().try_for_each(|project| report_file(world, &project.file, reporter))?;
    Ok(own)
}

/// Reports the findings in a project file, and in the folders of custom targets that it lists.
///
/// # Errors
/// The exit status if there are errors.
fn report_file(
    world: &impl Files,
    file: &project::File,
    reporter: &mut Reporter,
) -> Result<(), Status> {
    let reports = projects::reports(file).map(|report| world.named(report.clone()));
    projects::report_each(reports, reporter)
}

/// The files below a folder that are named as the appliances of a project without a list, relative to it, sorted.
///
/// # Errors
/// The exit status if a folder cannot be read, which was reported.
pub fn named_below(folder: &str) -> Result<Vec<String>, Status> {
    let globs = Globs::default();
    let world = Rooted::new(PathBuf::from(folder));
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        let (within, more) = entries(&world, &below)?;
        files.extend(within.into_iter().filter(|file| globs.matches(file)));
        folders.extend(more);
    }
    files.sort();
    Ok(files)
}

/// The appliances in a folder that belongs to no project, as [`named_below`], with their folder.
///
/// # Errors
/// The exit status if a folder cannot be read or there are none, which was reported.
pub fn named_in(folder: &str) -> Result<Vec<String>, Status> {
    let files = named_below(folder)?;
    if files.is_empty() {
        let message = format!("no file in `{folder}` is named `{}`", Globs::DEFAULT);
        return Err(fail(&message, Status::Errors));
    }
    let shown = |file: String| match folder {
        "." => file,
        folder => format!("{}/{file}", folder.trim_end_matches('/')),
    };
    Ok(files.into_iter().map(shown).collect())
}

/// The files and the folders in a folder, without those that have no appliances.
fn entries(world: &impl Files, folder: &str) -> Result<(Vec<String>, Vec<String>), Status> {
    let entries = world.entries(folder).map_err(|cause| {
        fail(&format!("cannot read `{}`: {cause}", world.shown(folder)), Status::Io)
    })?;
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for Entry { name, is_folder } in entries {
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if !is_folder {
            files.push(path);
        } else if !SKIPPED.contains(&name.as_str()) {
            folders.push(path);
        }
    }
    Ok((files, folders))
}

/// Limits the memory if templates of others run.
fn memory_limit<'p>(mut projects: impl Iterator<Item = &'p Arc<Project>>) {
    if projects.any(|project| project.targets.iter().any(|target| target.custom().is_some())) {
        memory::limit();
    }
}

/// Reports an environment that no project file has.
fn check_environment_of<'p>(
    projects: impl Iterator<Item = &'p Arc<Project>>,
    name: &str,
) -> Result<(), Status> {
    let mut all: Vec<&str> = Vec::new();
    for environment in projects.flat_map(|project| project.environments()) {
        if !all.contains(&environment) {
            all.push(environment);
        }
    }
    if all.contains(&name) { Ok(()) } else { Err(projects::unknown_environment(name, &all)) }
}

/// A path of the command line, relative to the root of the project.
fn relative_to(root: &Path, path: &str) -> Result<String, Status> {
    let real = std::fs::canonicalize(path)
        .map_err(|cause| fail(&format!("cannot read `{path}`: {cause}"), Status::Io))?;
    let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let Ok(relative) = real.strip_prefix(&root) else {
        let message = format!("`{path}` is not in the project of `{}`", root.display());
        return Err(fail(&message, Status::Usage));
    };
    Ok(relative.to_string_lossy().replace('\\', "/"))
}

/// Folders that have no appliances: those of version control and the cache.
const SKIPPED: [&str; 5] = [".git", ".hg", ".svn", ".jj", super::apply::CACHE];

struct Walk<'w, W> {
    world: &'w W,
    given: Vec<TargetRef>,
    /// By folder, those that have a project file or are below one.
    projects: BTreeMap<String, Arc<Project>>,
    files: Vec<String>,
}

impl<W: Files> Walk<'_, W> {
    /// The project of a folder, whose folder above has `outer`.
    fn project_of(
        &mut self,
        folder: &str,
        outer: Option<&Arc<Project>>,
    ) -> Result<Option<Arc<Project>>, Status> {
        let found = project::of_folder(self.world, Path::new(folder), outer, &self.given);
        let found = found.map_err(|ReadError { path, cause }| {
            fail(&format!("cannot read `{}`: {cause}", self.world.shown(&path)), Status::Io)
        })?;
        if let Some(project) = &found {
            self.projects.insert(folder.to_owned(), project.clone());
        }
        Ok(found)
    }

    /// Collects the appliances in a folder.
    fn folder(&mut self, folder: &str, project: &Arc<Project>) -> Result<(), Status> {
        let (files, folders) = entries(self.world, folder)?;
        for file in files.into_iter().filter(|file| project.has_appliance(file)) {
            // The record has a path in each line, and generated files name their source.
            if file.contains(char::is_control) {
                let message = format!("the path `{file}` contains a control character; rename it");
                return Err(fail(&message, Status::Errors));
            }
            self.files.push(file);
        }
        for folder in folders {
            if let Some(project) = self.project_of(&folder, Some(project))? {
                self.folder(&folder, &project)?;
            }
        }
        Ok(())
    }
}

struct Scopes<'a, 'w> {
    known: BTreeMap<(String, Option<String>), Arc<Scope>>,
    wanted: &'a Wanted<'w>,
    reporter: &'a mut Reporter,
}

impl Scopes<'_, '_> {
    fn of(
        &mut self,
        folder: &str,
        project: &Arc<Project>,
        environment: Option<&str>,
    ) -> Result<Arc<Scope>, Status> {
        let key = (folder.to_owned(), environment.map(str::to_owned));
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let settings = project.settings(environment);
        let mut sources = project.sources.clone();
        let targets = projects::selected(&settings, self.wanted, &mut sources, self.reporter)?;
        let base = settings.output.as_ref().map_or("", |output| output.folder.as_str());
        let relative = project::relative(folder, base).unwrap_or_default().to_owned();
        let levels = self.reporter.levels(&settings.levels);
        let scope = Scope {
            project: project.clone(),
            settings,
            targets,
            levels,
            sources,
            folder: relative,
        };
        let scope = Arc::new(scope);
        self.known.insert(key, scope.clone());
        Ok(scope)
    }
}
