//! Files on disk, and standard input.

use std::io::{self, Read};
use std::path::Path;

use applc::source::MAX_SOURCE_BYTES;
use applc::{Memory, Overlay, ReadError, World};

/// The file name of standard input.
pub const STDIN: &str = "-";

/// The disk, with standard input as the file `-`.
pub struct Disk;

impl World for Disk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        // One byte more than the limit shows that a file exceeds it.
        let limit = MAX_SOURCE_BYTES as u64 + 1;
        let mut bytes = Vec::new();
        if path == STDIN {
            io::stdin().lock().take(limit).read_to_end(&mut bytes)?;
        } else {
            let file = std::fs::File::open(path)?;
            let size = file.metadata().map_or(0, |data| data.len().min(limit));
            bytes.reserve(usize::try_from(size).unwrap_or(0));
            file.take(limit).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        list_below(Path::new(folder), "", 0, &mut found)?;
        found.sort();
        Ok(found)
    }
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
