//! The files that the server reads: open documents over the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Mutex, PoisonError};

use applc::World;
use applc::source::{Source, SourceError};

use crate::document::Document;

/// The files below the open documents: usually the disk. Paths are absolute, with `/` between parts.
pub trait Files: World {
    /// The files and folders in a folder, in any order, without links.
    ///
    /// # Errors
    /// The folder cannot be read.
    fn entries(&self, folder: &str) -> io::Result<Vec<Entry>>;

    /// Whether there is a file or a folder.
    fn exists(&self, path: &str) -> bool;
}

/// A file or folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without the folder.
    pub name: String,
    /// Whether it is a folder.
    pub is_folder: bool,
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

    /// The files and folders in a folder, also those of open documents that are not saved.
    pub fn names(&self, folder: &str) -> BTreeSet<String> {
        self.ask(folder);
        let saved = self.below.entries(folder).unwrap_or_default().into_iter();
        let saved = saved.filter(|entry| !entry.is_folder).map(|entry| entry.name);
        let open = self.documents.keys().filter_map(|path| {
            let (above, name) = path.rsplit_once('/')?;
            (above == folder).then(|| name.to_owned())
        });
        saved.chain(open).collect()
    }

    /// Whether there is a file or a folder, or an open document.
    pub fn exists(&self, path: &str) -> bool {
        self.ask(path);
        self.documents.contains_key(path) || self.below.exists(path)
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
