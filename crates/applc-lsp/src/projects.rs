//! The projects of documents, each read once until one of its files changes.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

use applc::ReadError;
use applc::project::{self, Project};
use applc::targets::custom::Renderer;

use crate::files::{self, Open};

/// The projects that were asked for, by folder. Folders without a project file have that of the folder above.
pub struct Projects {
    known: BTreeMap<String, Option<Arc<Project>>>,
    asked: BTreeSet<String>,
    /// What the user is to know, such as why files are not used, and whether it was told.
    told: BTreeMap<String, bool>,
    /// Where the templates of custom targets run.
    renderer: Option<Arc<dyn Renderer>>,
}

impl Projects {
    /// None yet, with templates that run in this renderer.
    pub fn new(renderer: Option<Arc<dyn Renderer>>) -> Projects {
        let (known, asked, told) = Default::default();
        Projects { known, asked, told, renderer }
    }

    /// Where the templates of custom targets run.
    pub fn renderer(&self) -> Option<&Arc<dyn Renderer>> {
        self.renderer.as_ref()
    }

    /// The project of a file, if there is one.
    pub fn of(&mut self, open: &Open, file: &str) -> Option<Arc<Project>> {
        let (folder, _) = file.rsplit_once('/')?;
        if let Some(known) = self.known.get(folder) {
            return known.clone();
        }
        let (found, asked) = open.watched(|| self.read(open, folder));
        self.asked.extend(asked);
        found
    }

    /// Reads the project of a folder: its own file, over those of the folders above that may belong to it.
    fn read(&mut self, open: &Open, folder: &str) -> Option<Arc<Project>> {
        let Some(folders) = self.folders(open, folder) else {
            self.known.insert(folder.to_owned(), None);
            return None;
        };
        let mut outer = None;
        let mut unknown = Vec::new();
        for folder in folders {
            if let Some(known) = self.known.get(&folder) {
                outer = known.clone();
                break;
            }
            unknown.push(folder);
        }
        for folder in unknown.into_iter().rev() {
            let found = of_folder(open, &folder, outer.as_ref(), self.renderer());
            outer = self.used(found);
            self.known.insert(folder, outer.clone());
        }
        outer
    }

    /// The folders that may belong to the project of a folder, the innermost one first. `None` if one of their
    /// files must not be used, which is told once.
    fn folders(&mut self, open: &Open, folder: &str) -> Option<Vec<String>> {
        let folders = open.project_folders(folder);
        folders.map_err(|why| self.tell(why)).ok()
    }

    /// The project of a folder that is in the folder of another project, wherever the repository starts.
    pub fn within(
        &mut self,
        open: &Open,
        folder: &str,
        outer: &Arc<Project>,
    ) -> Option<Arc<Project>> {
        let own = self.of(open, &format!("{folder}/"));
        if let Some(own) = own.filter(|own| own.root() == outer.root()) {
            return Some(own);
        }
        self.folders(open, folder)?;
        let (found, asked) = open.watched(|| of_folder(open, folder, Some(outer), self.renderer()));
        self.asked.extend(asked);
        self.used(found)
    }

    /// A project, if its file can be read. Why not is told once.
    fn used(&mut self, found: Result<Option<Arc<Project>>, ReadError>) -> Option<Arc<Project>> {
        found.unwrap_or_else(|error| {
            self.refuse(&error);
            None
        })
    }

    /// Tells once that a file cannot be read. One that is not there says nothing.
    pub fn refuse(&mut self, error: &ReadError) {
        if error.cause.kind() != io::ErrorKind::NotFound {
            self.tell(error.to_string());
        }
    }

    /// Tells a message once.
    pub fn tell(&mut self, message: String) {
        self.told.entry(message).or_default();
    }

    /// Whether what is known depends on a file.
    pub fn depend_on(&self, path: &str) -> bool {
        files::is_among(&self.asked, path)
    }

    /// Forgets all, so that it is read anew.
    pub fn forget(&mut self) {
        let told = std::mem::take(&mut self.told);
        *self = Projects { told, ..Projects::new(self.renderer.take()) };
    }

    /// What the user is to know, each message once.
    pub fn take_untold(&mut self) -> Vec<String> {
        let untold = self.told.iter_mut().filter(|(_, is_told)| !**is_told);
        untold
            .map(|(why, is_told)| {
                *is_told = true;
                why.clone()
            })
            .collect()
    }

    /// Those that are known, once each.
    pub fn all(&self) -> Vec<Arc<Project>> {
        let known = self.known.values().flatten();
        let all: BTreeMap<&str, &Arc<Project>> =
            known.map(|project| (project.file.folder.as_str(), project)).collect();
        all.into_values().cloned().collect()
    }
}

/// The project of a folder below the folder of another one.
///
/// # Errors
/// Its file cannot be read.
fn of_folder(
    open: &Open,
    folder: &str,
    outer: Option<&Arc<Project>>,
    renderer: Option<&Arc<dyn Renderer>>,
) -> Result<Option<Arc<Project>>, ReadError> {
    let folder = if folder.is_empty() { "/" } else { folder };
    project::of_folder(open, Path::new(folder), outer, &[], renderer)
}
