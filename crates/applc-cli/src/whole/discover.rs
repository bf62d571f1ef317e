//! Finds the appliances of a project, and what each is compiled for.

mod named;
mod walk;

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use applc::diag::{Diagnostic, Levels, Report, codes};
use applc::path::parent;
use applc::project::{self, Globs, Names, Output, Project, Settings};
use applc::scope::appliance_name;
use applc::source::{Sources, Span};
use applc::targets::TargetRef;
use applc::whole::Member;
use applc::{ReadError, Selected};

pub use self::named::{named_below, named_in};
use self::walk::Walk;
use super::digest::Digest;
use super::{Files, Kind, Rooted, hidden};
use crate::disk::{exists, present};
use crate::projects;
use crate::reporter::Reporter;
use crate::search::Refused;
use crate::select::Wanted;
use crate::terminal::fail;
use crate::{Status, search};

/// One appliance in one environment.
pub struct Unit {
    /// The file of the appliance.
    pub file: String,
    /// The environment; `None` in a project without any.
    pub environment: Option<String>,
    /// What the project says.
    pub settings: Arc<Scope>,
    /// The folder of the file, relative to the project file that says where output is written.
    pub folder: String,
    /// Whether the arguments ask for it. The others are only known, so that their output is kept.
    pub chosen: bool,
    /// Why the file must not be read as an appliance.
    fault: Option<String>,
}

/// The settings of all appliances of a project file in an environment.
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
    /// What all of it is made of.
    pub digest: Digest,
}

impl Unit {
    /// It as the appliances of a project are compared.
    pub fn member(&self) -> Member<'_> {
        let Scope { project, settings, levels, .. } = &*self.settings;
        let environment = self.environment.as_deref();
        Member { file: &self.file, environment, project, settings, levels }
    }

    /// Checks that the file may be read. Another one must not take its place without a word.
    ///
    /// # Errors
    /// It is a link, is no regular file, or has a name that output cannot tell.
    pub fn check(&self) -> Result<(), ReadError> {
        let Some(fault) = &self.fault else { return Ok(()) };
        Err(ReadError { path: self.file.clone(), cause: refused(fault.clone()) })
    }

    /// What placeholders stand for, as far as it is known without reading the appliance.
    pub fn names(&self) -> Names<'_> {
        Names {
            environment: self.environment.as_deref(),
            folder: Some(&self.folder),
            name: Some(appliance_name(&self.file)),
            ..Names::default()
        }
    }

    /// The targets that the project compiles it for, and that the arguments do not ask for.
    pub fn unasked(&self) -> impl Iterator<Item = TargetRef> {
        let Scope { settings, targets, .. } = &*self.settings;
        let is_asked = |it: &TargetRef| targets.iter().any(|one| one.target.name() == it.name());
        settings.selected().into_iter().filter(move |target| !is_asked(target))
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
    /// The folders of the project that were looked into, with the root: none of them is a link.
    pub folders: HashSet<String>,
    /// The folders with a record of made files that may be those of this project: without those of other projects and
    /// repositories in it.
    pub records: Vec<String>,
    /// What is not looked into, as it is a link or has no name that can be written, and folders that are named as
    /// appliances, with their project.
    pub odd: Vec<(String, Kind, Arc<Project>)>,
    /// What was found to be wrong, and stops no appliance.
    pub status: Status,
    /// The projects by the folders of their files.
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
///
/// # Errors
/// The exit status if there is one of another user, which was reported.
pub fn root_of(folder: &Path) -> Result<Option<PathBuf>, Status> {
    root_above(folder).map_err(|refused| fail(&refused.to_string(), Status::Usage))
}

/// The same, without a report.
///
/// # Errors
/// There is a project file of another user.
pub fn root_above(folder: &Path) -> Result<Option<PathBuf>, Refused> {
    if let Some(root) = search::named_root() {
        return Ok(Some(root));
    }
    // That of a file without folders is empty.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(folder) = std::path::absolute(folder) else { return Ok(None) };
    let folders = search::folders(&folder)?;
    let with_file = |folder: &&&Path| exists(&folder.join(project::FILE_NAME));
    Ok(folders.iter().rev().find(with_file).map(|folder| folder.to_path_buf()))
}

/// The root of the project that the arguments ask for: that of the first path, or of the working directory.
/// `None` if they name a file. An error is the exit status if there is no project, which was reported.
pub fn root(paths: &[String]) -> Option<Result<PathBuf, Status>> {
    let folder = match paths.first() {
        None => Path::new("."),
        Some(path) if Path::new(path).is_dir() => Path::new(path),
        Some(_) => return None,
    };
    Some(root_of(folder).transpose().unwrap_or_else(|| {
        let place = match paths.first() {
            None => "this folder".to_owned(),
            Some(path) => format!("`{path}`"),
        };
        let file = project::FILE_NAME;
        let message = format!("no `{file}` in {place} or above; name an appliance file");
        Err(fail(&message, Status::Usage))
    }))
}

/// Finds the appliances of a project: those that `paths` name, which are files and folders of
/// it; without paths, all.
///
/// # Errors
/// The exit status if a project file is invalid or there is nothing to find, which was reported.
pub fn find(
    world: Rooted,
    paths: &[String],
    environments: &[String],
    wanted: &Wanted<'_>,
    reporter: &mut Reporter,
) -> Result<Found, Status> {
    let selection = selection(world.root(), paths, reporter)?;
    let asked = Asked { selection: &selection, environments, wanted };
    let mut found = find_all(world, &asked, reporter)?;
    let known = |name: &String| check_environment_of(found.projects.values(), name);
    environments.iter().try_for_each(known)?;
    found.status = hidden::report_folders(&found, reporter);
    reporter.check_lock(found.root_project(), |path| found.world.shown(path))?;
    let files: Vec<&str> = found.units.iter().map(|unit| unit.file.as_str()).collect();
    if let Some(unknown) = selection.iter().find(|path| {
        !files.iter().any(|file| file == path || project::relative(file, path).is_some())
    }) {
        let shown = found.world.shown(unknown);
        let message = format!("no appliance of the project in `{shown}`");
        let help = format!("`appliances` in `{}` lists them", project::FILE_NAME);
        let finding = Diagnostic::new(&codes::UNREADABLE, Span::at(0), message).help(help);
        return Err(reporter.of_file(&shown, finding));
    }
    if files.is_empty() {
        return Err(report_empty(&found, reporter));
    }
    Ok(found)
}

/// Reports a project without appliances, where it lists them.
fn report_empty(found: &Found, reporter: &mut Reporter) -> Status {
    let Some(project) = found.root_project() else { return Status::Io };
    let source = &project.file.report.source;
    let (place, message, help) = match &project.file.appliances {
        Some(patterns) => (
            patterns.span,
            "the project has no appliances: these patterns match no file".to_owned(),
            "they are relative to the folder of this file; change them, or the names of the files"
                .to_owned(),
        ),
        None => (
            Span::at(source.start().start as usize),
            format!("the project has no appliances: no file is named `{}`", Globs::DEFAULT),
            "name the files of appliances so, or list others: `appliances = [\"apps/**/*.yaml\"]`"
                .to_owned(),
        ),
    };
    let finding = Diagnostic::new(&codes::BAD_OPTION, place, message).help(help);
    let report = Report::of(source.clone(), finding).within(project.sources.clone());
    reporter.add(found.world.named(report))
}

/// The paths of the command line, relative to the root of the project.
///
/// # Errors
/// The exit status if one does not exist or is outside, which was reported.
pub fn selection(
    root: &Path,
    paths: &[String],
    reporter: &mut Reporter,
) -> Result<Vec<String>, Status> {
    paths.iter().map(|path| relative_to(root, path, reporter)).collect()
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
    let walk = Walk::of(&world, wanted.loaded(), reporter)?;
    let Walk { projects, digests, mut files, mut faults, odd, folders, records, .. } = walk;
    for project in projects.values() {
        report_file(&world, &project.file, reporter)?;
    }
    files.sort_by(|(a, _), (b, _)| a.cmp(b));
    // Names that are not Unicode may be similar to each other, and to one that is.
    files.dedup_by(|(a, _), (b, _)| a == b);
    let is_chosen = |file: &str| {
        selection.is_empty()
            || selection.iter().any(|path| file == path || project::relative(file, path).is_some())
    };
    let mut scopes = Scopes { known: BTreeMap::new(), digests, wanted, reporter };
    let mut units = Vec::new();
    for (file, project) in &files {
        let folder = parent(file);
        let fault = faults.remove(file);
        let all = project.environments();
        let all: Vec<Option<&str>> =
            if all.is_empty() { vec![None] } else { all.into_iter().map(Some).collect() };
        for environment in all {
            let is_wanted = environments.is_empty()
                || environment.is_some_and(|name| environments.iter().any(|wanted| wanted == name));
            let settings = scopes.of(project, environment)?;
            let output = settings.settings.output.as_ref();
            let base = output.map_or("", |output| output.folder.as_str());
            units.push(Unit {
                file: file.clone(),
                environment: environment.map(str::to_owned),
                folder: project::relative(folder, base).unwrap_or_default().to_owned(),
                settings,
                chosen: is_wanted && is_chosen(file),
                fault: fault.clone(),
            });
        }
    }
    let is_whole = units.iter().all(|unit| unit.chosen);
    let status = Status::Clean;
    Ok(Found { world, units, is_whole, folders, records, odd, status, projects })
}

/// The project files in the root of a project and below it, sorted by their folders.
///
/// # Errors
/// The exit status if one is invalid or cannot be read, which was reported.
pub fn project_files(world: &Rooted, reporter: &mut Reporter) -> Result<Vec<Arc<Project>>, Status> {
    let walk = Walk::of(world, Vec::new(), reporter)?;
    let own: Vec<Arc<Project>> = walk.projects.into_values().collect();
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

/// Why a file that is there is not read.
fn refused(fault: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, fault)
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
fn relative_to(root: &Path, path: &str, reporter: &mut Reporter) -> Result<String, Status> {
    let root = std::fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let real = std::fs::canonicalize(path).map_err(|cause| present(Path::new(path), cause));
    let real = match (real, place_of_link(Path::new(path))) {
        (Ok(real), _) if real.starts_with(&root) => real,
        // What is wrong with it is said where it is, and does not stop the others.
        (_, Some(link)) => link,
        (Ok(real), None) => real,
        (Err(cause), None) => {
            return Err(reporter.unreadable(&ReadError { path: path.to_owned(), cause }, None));
        }
    };
    let Ok(relative) = real.strip_prefix(&root) else {
        let message = format!("`{path}` is not in the project of `{}`", root.display());
        return Err(fail(&message, Status::Usage));
    };
    Ok(relative.to_string_lossy().replace('\\', "/"))
}

/// Where a link is, without other links on the way. `None` if the path is not that of a link.
fn place_of_link(path: &Path) -> Option<PathBuf> {
    path.symlink_metadata().ok().filter(|data| data.is_symlink())?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = std::fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
    Some(folder.join(path.file_name()?))
}

struct Scopes<'a, 'w> {
    known: BTreeMap<(String, Option<String>), Arc<Scope>>,
    digests: BTreeMap<String, Digest>,
    wanted: &'a Wanted<'w>,
    reporter: &'a mut Reporter,
}

impl Scopes<'_, '_> {
    fn of(
        &mut self,
        project: &Arc<Project>,
        environment: Option<&str>,
    ) -> Result<Arc<Scope>, Status> {
        let file = &project.file.folder;
        let key = (file.clone(), environment.map(str::to_owned));
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let settings = project.settings(environment);
        let mut sources = project.sources.clone();
        let targets = projects::selected(&settings, self.wanted, &mut sources, self.reporter)?;
        let levels = self.reporter.levels(&settings.levels);
        let options: Vec<_> = targets.iter().map(|one| (one.target.name(), &one.options)).collect();
        let said = format!(
            "{:?}",
            (&settings.overlays, &settings.images, &settings.output, options, &levels)
        );
        let texts: Vec<_> = sources.iter().map(|source| (source.name(), source.text())).collect();
        let digest = Digest::of(&(self.digests.get(file), environment, said, texts));
        let project = project.clone();
        let scope = Arc::new(Scope { project, settings, targets, levels, sources, digest });
        self.known.insert(key, scope.clone());
        Ok(scope)
    }
}
