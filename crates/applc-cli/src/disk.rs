//! Files on disk, and standard input.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use applc::source::MAX_SOURCE_BYTES;
use applc::{Memory, Overlay, ReadError, World};

/// The file name of standard input.
pub const STDIN: &str = "-";

/// A path as people name it: relative to the working directory if it is in it.
pub fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_owned()
}

/// Whether there is something at a path, also if it cannot be read, as a link to what does not exist.
pub fn exists(path: &Path) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound};
    let data = path.symlink_metadata();
    !data.is_err_and(|cause| matches!(cause.kind(), NotFound | NotADirectory))
}

/// The disk, with standard input as the file `-`.
pub struct Disk;

impl World for Disk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        if path != STDIN {
            return read_file(Path::new(path));
        }
        let mut bytes = Vec::new();
        io::stdin().lock().take(LIMIT).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn read_below(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        let folder = if folder.is_empty() { "." } else { folder };
        let inside = std::fs::canonicalize(folder)?;
        let real = std::fs::canonicalize(inside.join(path))?;
        let refused = |why| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        if !real.starts_with(&inside) {
            return refused("is a link out of the folder of the appliance");
        }
        // A pipe would be waited for.
        if !std::fs::metadata(&real)?.is_file() {
            return refused("is not a regular file");
        }
        read_file(&real)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        list_below(Path::new(folder), "", 0, &mut found)?;
        found.sort();
        Ok(found)
    }
}

/// Maximum number of bytes that are read: one more than the limit shows that a file exceeds it.
const LIMIT: u64 = MAX_SOURCE_BYTES as u64 + 1;

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let file = std::fs::File::open(path).map_err(|cause| match cause.kind() {
        // What is there does not count as absent.
        io::ErrorKind::NotFound if path.symlink_metadata().is_ok() => {
            io::Error::other("it is a link to what does not exist")
        }
        _ => cause,
    })?;
    let size = file.metadata().map_or(0, |data| data.len().min(LIMIT));
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The disk with a file that is read once and held, for commands that need it several times:
/// standard input has no second time.
///
/// # Errors
/// The file cannot be read.
pub fn holding(path: &str) -> Result<Overlay<Disk>, ReadError> {
    match Disk.read(path) {
        Ok(bytes) => Ok(Overlay::new(Disk, Memory::new().with(path, bytes))),
        Err(cause) => Err(ReadError { path: path.to_owned(), cause }),
    }
}

/// Maximum depth of nested folders that are listed.
const MAX_DEPTH: usize = 8;

/// Lists the regular files below a folder. Links are not followed, so that a folder cannot
/// lead out of itself.
fn list_below(
    folder: &Path,
    prefix: &str,
    depth: usize,
    found: &mut Vec<String>,
) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if kind.is_file() {
            found.push(name);
        } else if kind.is_dir() && depth < MAX_DEPTH {
            list_below(&entry.path(), &format!("{name}/"), depth + 1, found)?;
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn files_below_a_folder_are_regular_and_not_outside() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("app");
        std::fs::create_dir_all(folder.join("conf")).unwrap();
        std::fs::write(root.path().join("outside"), "secret").unwrap();
        std::fs::write(folder.join("conf/real"), "x").unwrap();
        symlink("conf/real", folder.join("inside")).unwrap();
        symlink("../outside", folder.join("link")).unwrap();
        symlink("..", folder.join("up")).unwrap();
        let _socket = UnixListener::bind(folder.join("socket")).unwrap();
        let read = |path: &str| Disk.read_below(folder.to_str().unwrap(), path);
        assert_eq!(read("conf/real").unwrap(), b"x");
        assert_eq!(read("inside").unwrap(), b"x");
        assert_eq!(read("conf/none").unwrap_err().kind(), io::ErrorKind::NotFound);
        let refused = |path: &str| {
            let error = read(path).unwrap_err();
            (error.kind(), error.to_string())
        };
        let outside = "is a link out of the folder of the appliance".to_owned();
        for path in ["link", "up/outside"] {
            assert_eq!(refused(path), (io::ErrorKind::InvalidInput, outside.clone()), "{path}");
        }
        for path in ["conf", "socket"] {
            assert_eq!(refused(path).1, "is not a regular file", "{path}");
        }
    }
}
