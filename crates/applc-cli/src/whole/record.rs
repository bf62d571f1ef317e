//! The record of the files that applc owns below an output folder: `.applc-outputs`, one path a line, sorted.
//!
//! What is in it and no longer made is removed; a file that is not in it is never overwritten.

use std::collections::BTreeSet;
use std::io;

use super::Rooted;
use crate::disk::what;

/// Name of the file.
pub const NAME: &str = applc::project::RECORD_NAME;

const HEADER: &str =
    "# Files that applc has made. Commit this file; it is how applc knows what it may remove.\n";

/// Number of characters of an invalid line that are shown.
const SHOWN: usize = 100;

/// Why a record cannot be used.
#[derive(Debug)]
pub enum Invalid {
    /// It cannot be read.
    Unreadable(io::Error),
    /// A line is not the path of a file below its folder.
    Line(usize, String),
}

/// Reads the record in a folder: paths relative to the project. Empty if there is none.
///
/// # Errors
/// It cannot be read, or names a path that is not below its folder.
pub fn read(world: &Rooted, folder: &str) -> Result<BTreeSet<String>, Invalid> {
    let text = match world.read_own(&path(folder)) {
        Ok(Some(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
        // A link could lead anywhere, and a pipe would be waited for.
        Ok(None) => {
            let kind = std::fs::symlink_metadata(world.on_disk(&path(folder)));
            let what = kind.map_or("something else", |data| what(data.file_type()));
            let cause = format!("it is {what}, not a regular file");
            return Err(Invalid::Unreadable(io::Error::new(io::ErrorKind::InvalidInput, cause)));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(Invalid::Unreadable(error)),
    };
    parse(&text, folder)
}

/// The path of the record of a folder.
pub fn path(folder: &str) -> String {
    below(folder, NAME)
}

fn below(folder: &str, path: &str) -> String {
    if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") }
}

fn parse(text: &str, folder: &str) -> Result<BTreeSet<String>, Invalid> {
    let mut owned = BTreeSet::new();
    for (index, line) in text.lines().enumerate() {
        // Both sides of a merge are owned: the next run removes what is no longer made.
        let is_mark =
            ["<<<<<<< ", ">>>>>>> ", "||||||| "].iter().any(|mark| line.starts_with(mark));
        if line.is_empty() || line.starts_with('#') || line == "=======" || is_mark {
            continue;
        }
        if !is_path(line) {
            return Err(Invalid::Line(index + 1, line.chars().take(SHOWN).collect()));
        }
        owned.insert(below(folder, line));
    }
    Ok(owned)
}

/// Whether a line is the path of a file below the folder of the record, on every system.
fn is_path(line: &str) -> bool {
    let is_inside = line
        .split('/')
        .all(|part| !matches!(part, "" | "." | "..") && !applc::path::is_reserved(part))
        && !line.contains(['\\', ':', '\0']);
    is_inside && line != NAME
}

/// Whether a path can be in the record of a folder: reading it there gives the same path.
pub fn can_have(folder: &str, path: &str) -> bool {
    let line = applc::project::relative(path, folder).unwrap_or(path);
    parse(line, folder).is_ok_and(|owned| owned.iter().eq([path]))
}

/// The text of the record in a folder of these files.
pub fn text(folder: &str, owned: &BTreeSet<String>) -> String {
    let mut text = HEADER.to_owned();
    for path in owned {
        text += applc::project::relative(path, folder).unwrap_or(path);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written() {
        let owned: BTreeSet<String> = ["out/a/b.yaml", "out/c.json"].map(str::to_owned).into();
        let text = text("out", &owned);
        assert!(text.ends_with("\na/b.yaml\nc.json\n"));
        assert_eq!(parse(&text, "out").unwrap(), owned);
        let root: BTreeSet<String> = ["a/b.yaml".to_owned()].into();
        assert_eq!(parse(&super::text("", &root), "").unwrap(), root);
    }

    #[test]
    fn what_would_be_read_otherwise_cannot_be_in_a_record() {
        for path in ["out/a/b.yaml", "out/a/#b", "out/=======x", "out/é x"] {
            assert!(can_have("out", path), "{path}");
        }
        let others = ["a:b/c", "a\\b", "#a/b", "=======", "<<<<<<< a/b", "a\nb", ".git/a", NAME];
        for path in others {
            assert!(!can_have("out", &format!("out/{path}")), "{path}");
        }
    }

    #[test]
    fn both_sides_of_a_merge_are_owned() {
        let text = "a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> other\n";
        assert_eq!(parse(text, "").unwrap().len(), 3);
    }

    #[test]
    fn a_record_does_not_lead_out_of_its_folder() {
        for line in [
            "../x",
            "a/../../x",
            "/etc/passwd",
            "a//b",
            "c:\\x",
            ".git/config",
            "a/.GIT/config",
            ".applc-cache/seal",
            ".applc-outputs",
        ] {
            assert!(matches!(parse(line, "out"), Err(Invalid::Line(1, _))), "{line}");
        }
    }
}
