//! The walk through the folders of a project: its project files, what is named as an appliance, and records.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use applc::ReadError;
use applc::project::{self, Project};
use applc::targets::TargetRef;
use rayon::prelude::*;

use crate::reporter::Reporter;
use crate::terminal::fail;
use crate::whole::digest::Digest;
use crate::whole::hidden::NAMELESS;
use crate::whole::seen::Recorder;
use crate::whole::{Entry, Files, Kind, record};
use crate::{Status, templates, threads};

/// What is in a folder, without folders that have no appliances.
#[derive(Default)]
pub struct Listed {
    pub files: Vec<String>,
    pub folders: Vec<String>,
    /// What is neither.
    pub odd: Vec<(String, Kind)>,
    /// Whether there is something with the name of a project file.
    has_project: bool,
    /// Whether there is a record of made files.
    has_record: bool,
    /// Whether it is the folder of a repository, as that of a submodule.
    is_repository: bool,
}

impl Listed {
    /// # Errors
    /// It cannot be read.
    pub fn of(world: &impl Files, folder: &str) -> io::Result<Listed> {
        let mut listed = Listed::default();
        for Entry { name, kind } in world.entries(folder)? {
            // Some file systems do not tell the names apart.
            listed.has_project |= name.eq_ignore_ascii_case(project::FILE_NAME);
            listed.has_record |= name == record::NAME && kind == Kind::File;
            listed.is_repository |= applc::path::VERSION_CONTROL.contains(&name.as_str());
            let path = || if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            match kind {
                Kind::File => listed.files.push(path()),
                Kind::Folder if !applc::path::is_reserved(&name) => listed.folders.push(path()),
                Kind::Folder => {}
                Kind::Other if applc::path::is_reserved(&name) => {}
                Kind::Other | Kind::Nameless => listed.odd.push((path(), kind)),
            }
        }
        Ok(listed)
    }
}

/// Reports a file or folder that cannot be read.
fn unreadable(world: &impl Files, path: &str, cause: io::Error, reporter: &mut Reporter) -> Status {
    reporter.unreadable(&ReadError { path: world.shown(path), cause }, None)
}

/// What is found in the folders of a project.
pub struct Walk<'w, W> {
    world: &'w W,
    given: Vec<TargetRef>,
    reporter: &'w mut Reporter,
    /// By the folders of their files.
    pub projects: BTreeMap<String, Arc<Project>>,
    /// What was read for the project files, by the folder of the file.
    pub digests: BTreeMap<String, Digest>,
    /// The appliances, with their projects.
    pub files: Vec<(String, Arc<Project>)>,
    /// Why some of the appliances must not be read.
    pub faults: BTreeMap<String, String>,
    /// As those of [`Found`](super::Found).
    pub odd: Vec<(String, Kind, Arc<Project>)>,
    /// The folders that were looked into.
    pub folders: HashSet<String>,
    /// As those of [`Found`](super::Found).
    pub records: Vec<String>,
    /// The folders of repositories in the project.
    repositories: Vec<String>,
}

impl<'w, W: Files> Walk<'w, W> {
    /// What is found in the root of a project and below it.
    ///
    /// # Errors
    /// The exit status if there is no project file, or one or a folder cannot be read, which was reported.
    pub fn of(
        world: &'w W,
        given: Vec<TargetRef>,
        reporter: &'w mut Reporter,
    ) -> Result<Walk<'w, W>, Status> {
        threads::start()?;
        let mut walk = Walk {
            world,
            given,
            reporter,
            projects: BTreeMap::new(),
            digests: BTreeMap::new(),
            files: Vec::new(),
            faults: BTreeMap::new(),
            odd: Vec::new(),
            folders: HashSet::new(),
            records: Vec::new(),
            repositories: Vec::new(),
        };
        let root = walk.project_of("", None)?.ok_or(Status::Io)?;
        walk.below(&root)?;
        Ok(walk)
    }

    /// The project of a folder, whose folder above has `outer`.
    fn project_of(
        &mut self,
        folder: &str,
        outer: Option<&Arc<Project>>,
    ) -> Result<Option<Arc<Project>>, Status> {
        let recorder = Recorder::new(self.world);
        let renderer = templates::renderer();
        let found = project::of_folder(&recorder, Path::new(folder), outer, &self.given, renderer);
        let found = found.map_err(|ReadError { path, cause }| {
            unreadable(self.world, &path, cause, self.reporter)
        })?;
        if let Some(project) = found.as_ref().filter(|project| project.file.folder == folder) {
            let outer = outer.and_then(|outer| self.digests.get(&outer.file.folder));
            let digest = Digest::of(&(outer, recorder.into_seen()));
            self.digests.insert(folder.to_owned(), digest);
            self.projects.insert(folder.to_owned(), project.clone());
        }
        Ok(found)
    }

    /// Collects the appliances, level by level: the folders of one are read at once.
    fn below(&mut self, root: &Arc<Project>) -> Result<(), Status> {
        let world = self.world;
        let mut level = vec![(String::new(), root.clone())];
        while !level.is_empty() {
            let listed: Vec<io::Result<Listed>> =
                level.par_iter().map(|(folder, _)| Listed::of(world, folder)).collect();
            let mut within = Vec::new();
            let mut next = Vec::new();
            for ((folder, mut project), listed) in level.into_iter().zip(listed) {
                let listed =
                    listed.map_err(|cause| unreadable(world, &folder, cause, self.reporter))?;
                if listed.has_project && !folder.is_empty() {
                    world
                        .check_project(&folder)
                        .map_err(|refused| fail(&refused.to_string(), Status::Usage))?;
                    project = self.project_of(&folder, Some(&project))?.unwrap_or(project);
                }
                if listed.is_repository && !folder.is_empty() {
                    self.repositories.push(folder.clone());
                }
                if listed.has_record && project.file.folder.is_empty() {
                    self.records.push(folder.clone());
                }
                let named = listed.folders.iter().filter(|path| project.mistakes_folder(path));
                self.odd.extend(named.map(|path| (path.clone(), Kind::Folder, project.clone())));
                next.extend(listed.folders.into_iter().map(|path| (path, project.clone())));
                for (path, kind) in listed.odd {
                    let is_one = |path: &str| project.has_appliance(path);
                    if kind == Kind::Nameless {
                        for file in world.nameless(&path, &is_one) {
                            self.faults.insert(file.clone(), NAMELESS.to_owned());
                            self.files.push((file, project.clone()));
                        }
                    }
                    let is_named = kind == Kind::Other && is_one(&path);
                    match is_named.then(|| world.fault(&path)).flatten() {
                        Some(fault) => {
                            self.faults.insert(path.clone(), fault);
                            self.files.push((path, project.clone()));
                        }
                        None => self.odd.push((path, kind, project.clone())),
                    }
                }
                within.extend(listed.files.into_iter().map(|path| (path, project.clone())));
                self.folders.insert(folder);
            }
            let is_one = |(file, project): &(String, Arc<Project>)| project.has_appliance(file);
            self.files.par_extend(within.into_par_iter().filter(is_one));
            // The record has a path in each line, and generated files name their source.
            let is_odd = |(file, _): &&(String, Arc<Project>)| file.contains(char::is_control);
            for (file, _) in self.files.iter().filter(is_odd) {
                let fault = || "its path contains a control character".to_owned();
                self.faults.entry(file.clone()).or_insert_with(fault);
            }
            level = next;
        }
        let repositories = &self.repositories;
        let is_below =
            |path: &str, folder: &str| path == folder || project::relative(path, folder).is_some();
        self.records.retain(|record| !repositories.iter().any(|one| is_below(record, one)));
        Ok(())
    }
}
