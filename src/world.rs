//! Access to files.
//!
//! The library never accesses the disk: its caller passes a [`World`]. The program passes the disk, an
//! editor an [`Overlay`] of unsaved buffers over the disk, and tests pass [`Memory`].

use std::collections::BTreeMap;
use std::{fmt, io};

use crate::source::{Source, SourceError};

/// A set of files to read.
///
/// Paths are opaque to the library, except that it joins folders and names with `/`.
pub trait World: Send + Sync {
    /// Returns the content of a file.
    ///
    /// # Errors
    /// The file cannot be read; [`io::ErrorKind::NotFound`] if it does not exist.
    fn read(&self, path: &str) -> io::Result<Vec<u8>>;

    /// Returns the content of a file below a folder, by its path relative to it without `..`. Such a file may come from
    /// someone else: no link leads out of the folder, and only regular files are read.
    ///
    /// # Errors
    /// The file cannot be read, or is not such a file; [`io::ErrorKind::NotFound`] if it does not exist.
    fn read_below(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        self.read(&joined(folder, path))
    }

    /// Returns the text of a file, with its path as its name, and why its bytes are not valid text. An editor returns
    /// texts that it has already.
    ///
    /// # Errors
    /// Those of [`read`](World::read).
    fn source(&self, path: &str) -> io::Result<(Source, Option<SourceError>)> {
        Ok(Source::from_bytes(path, self.read(path)?))
    }

    /// Returns the text of a file below a folder, as [`source`](World::source) and [`read_below`](World::read_below) do.
    ///
    /// # Errors
    /// Those of [`read_below`](World::read_below).
    fn source_below(&self, folder: &str, path: &str) -> io::Result<(Source, Option<SourceError>)> {
        Ok(Source::from_bytes(joined(folder, path), self.read_below(folder, path)?))
    }

    /// Returns the files below a folder, at any depth, sorted, as paths relative to it with
    /// `/` between parts.
    ///
    /// # Errors
    /// The folder cannot be read; [`io::ErrorKind::NotFound`] if it does not exist.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;
}

/// Whether an error of reading says that nothing is there: a folder above may be a file.
pub fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The path of a file below a folder; an empty folder is the current one.
fn joined(folder: &str, path: &str) -> String {
    match folder {
        "" => path.to_owned(),
        folder => format!("{}/{path}", folder.trim_end_matches('/')),
    }
}

/// A file or folder that cannot be read.
#[derive(Debug)]
pub struct ReadError {
    /// Its path.
    pub path: String,
    /// The reason.
    pub cause: io::Error,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read `{}`: {}", self.path, self.cause)
    }
}

impl std::error::Error for ReadError {}

/// Returns the text of a file, and why its bytes are not valid text.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn source(
    world: &dyn World,
    path: &str,
) -> Result<(Source, Option<SourceError>), ReadError> {
    world.source(path).map_err(|cause| ReadError { path: path.to_owned(), cause })
}

/// Files in memory, by path. A folder exists if a file is below it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Memory {
    files: BTreeMap<String, Vec<u8>>,
}

impl Memory {
    /// A world without files.
    pub fn new() -> Memory {
        Memory::default()
    }

    /// Adds a file, or replaces it.
    pub fn insert(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), content.into());
    }

    /// Adds a file, or replaces it, and returns the world.
    #[must_use]
    pub fn with(mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) -> Memory {
        self.insert(path, content);
        self
    }

    /// Removes a file, if it exists.
    pub fn remove(&mut self, path: &str) {
        self.files.remove(path);
    }

    fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a str> {
        let prefix = format!("{}/", folder.trim_end_matches('/'));
        self.files.keys().filter_map(move |path| path.strip_prefix(&prefix))
    }
}

impl World for Memory {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.files.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let found: Vec<String> = self.below(folder).map(str::to_owned).collect();
        if found.is_empty() { Err(io::ErrorKind::NotFound.into()) } else { Ok(found) }
    }
}

/// Files in memory over another world: an editor's unsaved buffers over the disk.
#[derive(Debug, Clone)]
pub struct Overlay<W> {
    below: W,
    buffers: Memory,
}

impl<W: World> Overlay<W> {
    /// An overlay of `buffers` over `below`.
    pub fn new(below: W, buffers: Memory) -> Overlay<W> {
        Overlay { below, buffers }
    }

    /// The files in memory, for changes.
    pub fn buffers(&mut self) -> &mut Memory {
        &mut self.buffers
    }
}

impl<W: World> World for Overlay<W> {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        match self.buffers.read(path) {
            Err(_) => self.below.read(path),
            found => found,
        }
    }

    fn read_below(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        match self.buffers.read(&joined(folder, path)) {
            Err(_) => self.below.read_below(folder, path),
            found => found,
        }
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let unsaved = self.buffers.below(folder).map(str::to_owned);
        match self.below.list(folder) {
            Ok(mut found) => {
                found.extend(unsaved);
                found.sort();
                found.dedup();
                Ok(found)
            }
            Err(error) => {
                let unsaved: Vec<String> = unsaved.collect();
                if unsaved.is_empty() { Err(error) } else { Ok(unsaved) }
            }
        }
    }
}

impl<W: World + ?Sized> World for &W {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        (**self).read(path)
    }

    fn read_below(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        (**self).read_below(folder, path)
    }

    fn source(&self, path: &str) -> io::Result<(Source, Option<SourceError>)> {
        (**self).source(path)
    }

    fn source_below(&self, folder: &str, path: &str) -> io::Result<(Source, Option<SourceError>)> {
        (**self).source_below(folder, path)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        (**self).list(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_lists_what_is_below_a_folder() {
        let world = Memory::new().with("t/b/x", "1").with("t/a", "2").with("tt/c", "3");
        assert_eq!(world.list("t").unwrap(), ["a", "b/x"]);
        assert_eq!(world.list("t/").unwrap(), ["a", "b/x"]);
        assert_eq!(world.list("u").unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(world.read("t").unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_buffer_hides_the_file_below() {
        let disk = Memory::new().with("t/a", "saved").with("t/b", "saved");
        let mut world = Overlay::new(&disk, Memory::new().with("t/a", "unsaved"));
        assert_eq!(world.read("t/a").unwrap(), b"unsaved");
        assert_eq!(world.read("t/b").unwrap(), b"saved");
        assert_eq!(world.read_below("t/", "a").unwrap(), b"unsaved");
        assert_eq!(world.read_below("t", "b").unwrap(), b"saved");
        assert_eq!(world.read_below("", "t/b").unwrap(), b"saved");
        world.buffers().insert("t/c", "new");
        assert_eq!(world.list("t").unwrap(), ["a", "b", "c"]);
        world.buffers().insert("new/x", "new");
        assert_eq!(world.list("new").unwrap(), ["x"]);
        world.buffers().remove("t/a");
        assert_eq!(world.read("t/a").unwrap(), b"saved");
    }
}
