//! The files that the server reads: open documents over the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Mutex, PoisonError};

use applc::World;
use applc::source::{Source, SourceError};

use crate::document::Document;

/// The files below the open documents: usually the disk. Paths are absolute, with `/` between parts.
pub trait Files: World {
    /// What is in a folder, in any order.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn entries(&self, folder: &str) -> io::Result<Vec<Entry>>;

    /// Whether there is a file or a folder.
    fn exists(&self, path: &str) -> bool;

    /// The folders that may belong to the project of a folder, the innermost one first: up to the root of its
    /// repository.
    ///
    /// # Errors
    /// A message for people, if there is a project file that must not be used.
    fn project_folders(&self, folder: &str) -> Result<Vec<String>, String> {
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        let above: Vec<&str> = ends.filter_map(|end| folder.get(..end)).collect();
        let mut folders = Vec::new();
        for folder in above.into_iter().rev() {
            folders.push(if folder.is_empty() { "/" } else { folder }.to_owned());
            if self.exists(&format!("{folder}/.git")) {
                break;
            }
        }
        Ok(folders)
    }
}

/// Something in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without the folder.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// What something in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// A link, which is not followed, or something else.
    Other,
}

/// The names of what is in a folder.
#[derive(Debug, Default)]
pub struct Entries {
    /// Files, also those of open documents that are not saved.
    pub files: BTreeSet<String>,
    /// Folders.
    pub folders: BTreeSet<String>,
    /// Links and others.
    pub others: BTreeSet<String>,
}

/// Open documents over other files. It knows which files were asked for.
pub struct Open {
    documents: BTreeMap<String, Document>,
    below: Box<dyn Files>,
    asked: Mutex<BTreeSet<String>>,
}

impl Open {
    /// Other files without open documents.
    pub fn over(below: Box<dyn Files>) -> Open {
        Open { documents: BTreeMap::new(), below, asked: Mutex::default() }
    }

    /// The open documents, by path.
    pub fn documents(&self) -> &BTreeMap<String, Document> {
        &self.documents
    }

    /// The open documents for changes.
    pub fn documents_mut(&mut self) -> &mut BTreeMap<String, Document> {
        &mut self.documents
    }

    /// What is in a folder; nothing if it cannot be read.
    pub fn entries(&self, folder: &str) -> Entries {
        let mut entries = Entries::default();
        for Entry { name, kind } in self.below.entries(folder).unwrap_or_default() {
            let names = match kind {
                EntryKind::File => &mut entries.files,
                EntryKind::Folder => &mut entries.folders,
                EntryKind::Other => &mut entries.others,
            };
            names.insert(name);
        }
        let start = format!("{folder}/");
        let open = self.documents.range(start.clone()..).map(|(path, _)| path);
        let open = open.map_while(|path| path.strip_prefix(&start));
        entries.files.extend(open.filter(|name| !name.contains('/')).map(str::to_owned));
        entries
    }

    /// Whether there is a file or a folder, or an open document.
    pub fn exists(&self, path: &str) -> bool {
        self.ask(path);
        self.documents.contains_key(path) || self.below.exists(path)
    }

    /// The folders that may belong to the project of a folder, as [`Files::project_folders`].
    ///
    /// # Errors
    /// Those of [`Files::project_folders`].
    pub fn project_folders(&self, folder: &str) -> Result<Vec<String>, String> {
        let folders = self.below.project_folders(folder)?;
        // Where the search ends depends on them.
        folders.iter().for_each(|folder| self.ask(&format!("{folder}/.git")));
        Ok(folders)
    }

    /// Does something, and returns the files and folders that it asked for, whether they exist or not.
    pub fn watched<T>(&self, work: impl FnOnce() -> T) -> (T, BTreeSet<String>) {
        let take =
            || std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner));
        let before = take();
        let result = work();
        let asked = take();
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = before;
        (result, asked)
    }

    fn ask(&self, path: &str) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.contains(path) {
            asked.insert(path.to_owned());
        }
    }
}

/// Whether a file is among those that were asked for, or in a folder among them.
pub fn is_among(asked: &BTreeSet<String>, path: &str) -> bool {
    asked.contains(path)
        || path.match_indices('/').any(|(at, _)| path.get(..at).is_some_and(|f| asked.contains(f)))
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl World for Open {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.ask(path);
        match self.documents.get(path) {
            Some(document) => Ok(document.source().text().as_bytes().to_vec()),
            None => self.below.read(path),
        }
    }

    fn read_below(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        if folder.is_empty() {
            // A document that is not saved has no folder.
            return Err(not_found());
        }
        let file = format!("{}/{path}", folder.trim_end_matches('/'));
        self.ask(&file);
        match self.documents.get(&file) {
            Some(document) => Ok(document.source().text().as_bytes().to_vec()),
            None => self.below.read_below(folder, path),
        }
    }

    fn source(&self, path: &str) -> io::Result<(Source, Option<SourceError>)> {
        self.ask(path);
        match self.documents.get(path) {
            Some(document) => Ok((document.source().clone(), document.error())),
            None => self.below.source(path),
        }
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.ask(folder);
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        let open = self.documents.keys().filter_map(|path| path.strip_prefix(&prefix));
        let open: BTreeSet<String> = open.map(str::to_owned).collect();
        match self.below.list(folder) {
            Ok(saved) => {
                Ok(saved.into_iter().chain(open).collect::<BTreeSet<_>>().into_iter().collect())
            }
            Err(error) if open.is_empty() => Err(error),
            Err(_) => Ok(open.into_iter().collect()),
        }
    }
}
