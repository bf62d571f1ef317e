//! The projects of documents, each read once until one of its files changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use applc::project::{self, Project};

use crate::files::{self, Open};

/// The projects that were asked for, by folder.
#[derive(Default)]
pub struct Projects {
    known: BTreeMap<String, Option<Arc<Project>>>,
    asked: BTreeSet<String>,
}

impl Projects {
    /// The project of a file, if there is one.
    pub fn of(&mut self, open: &Open, file: &str) -> Option<Arc<Project>> {
        let (folder, _) = file.rsplit_once('/')?;
        if let Some(known) = self.known.get(folder) {
            return known.clone();
        }
        let (found, asked) = open.watched(|| {
            // A project file that cannot be read says nothing.
            project::find(open, folders(open, folder), &[]).ok().flatten()
        });
        self.asked.extend(asked);
        self.known.insert(folder.to_owned(), found.clone());
        found
    }

    /// Whether what is known depends on a file.
    pub fn depend_on(&self, path: &str) -> bool {
        files::is_among(&self.asked, path)
    }

    /// Forgets all, so that it is read anew.
    pub fn forget(&mut self) {
        *self = Projects::default();
    }

    /// Those that are known, once each.
    pub fn all(&self) -> Vec<Arc<Project>> {
        let mut all: Vec<Arc<Project>> = Vec::new();
        for project in self.known.values().flatten() {
            if !all.iter().any(|known| known.file.folder == project.file.folder) {
                all.push(project.clone());
            }
        }
        all
    }
}

/// The folders that may belong to the project of a folder, the innermost one first: up to the root of its repository.
fn folders<'p>(open: &Open, folder: &'p str) -> Vec<&'p str> {
    let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
    let above: Vec<&str> = ends.filter_map(|end| folder.get(..end)).collect();
    let mut folders = Vec::new();
    for folder in above.into_iter().rev() {
        folders.push(if folder.is_empty() { "/" } else { folder });
        if open.exists(&format!("{folder}/.git")) {
            break;
        }
    }
    folders
}
