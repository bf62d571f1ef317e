//! File systems that do not tell names apart by case, or not the forms of Unicode, as those of Windows and macOS: a file
//! whose path changes only in these is the same file.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use applc::path::folded;

use super::Rooted;
use super::outcome::Made;

/// Paths that change only in case or in the form of Unicode.
#[derive(Debug, Default)]
pub struct Renamed<'p> {
    /// Those that are owned and no longer made.
    pub before: BTreeSet<&'p str>,
    /// Those that are made in their place.
    pub after: BTreeSet<&'p str>,
}

impl<'p> Renamed<'p> {
    /// Finds the owned files that are also files to be made, under another name.
    pub fn find(world: &Rooted, owned: &HashSet<&'p str>, made: &'p [Made]) -> Renamed<'p> {
        let paths: BTreeSet<&str> = made.iter().map(|one| one.path.as_str()).collect();
        let gone = owned.iter().copied().filter(|path| !paths.contains(path));
        let gone: BTreeMap<String, &str> = gone.map(|path| (folded(path), path)).collect();
        let mut found = Renamed::default();
        // Nearly always, nothing is gone.
        if gone.is_empty() {
            return found;
        }
        for path in paths {
            if let Some(before) = gone.get(&folded(path))
                && is_one_file(&world.on_disk(before), &world.on_disk(path))
            {
                found.before.insert(before);
                found.after.insert(path);
            }
        }
        found
    }
}

/// Whether two paths lead to one file.
#[cfg(unix)]
fn is_one_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let identity = |path| std::fs::symlink_metadata(path).map(|data| (data.dev(), data.ino()));
    matches!((identity(one), identity(other)), (Ok(one), Ok(other)) if one == other)
}

/// Whether two paths lead to one file, whose full path has the names of the disk.
#[cfg(not(unix))]
fn is_one_file(one: &Path, other: &Path) -> bool {
    let real = std::fs::canonicalize;
    matches!((real(one), real(other)), (Ok(one), Ok(other)) if one == other)
}
