//! Standard input, output and error, and the disk.

use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;

use super::Status;
use crate::World;

/// The name that stands for standard input.
pub const STDIN: &str = "-";

/// Files of the disk, and standard input as `-`.
pub struct Disk;

impl World for Disk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        // One byte more than is accepted tells that there is too much.
        let limit = crate::source::MAX_SOURCE_BYTES as u64 + 1;
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

/// So deep folders are looked into.
const DEPTH: usize = 8;

/// The regular files below a folder; links are not followed, so that none leads out of it.
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
        } else if kind.is_dir() && depth < DEPTH {
            list_below(&entry.path(), &format!("{name}/"), depth + 1, found)?;
        }
    }
    Ok(())
}

/// Writes text to standard output. A reader that went away is not a failure.
pub fn print(text: &str) -> Status {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            fail(&format!("cannot write to standard output: {error}"), Status::Io)
        }
        _ => Status::Clean,
    }
}

/// Says on standard error what went wrong, and gives back the status it means.
pub fn fail(message: &str, status: Status) -> Status {
    note(&format!("error: {message}"));
    status
}

/// A line on standard error.
pub fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "applc: {line}");
}
