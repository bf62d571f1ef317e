//! Carries changes out on disk, so that a run that is killed at any point is repaired by the next one.
//!
//! 1. All new contents are written to the cache folder.
//! 2. The records name what is owned now and then.
//! 3. The files are moved to their places, and what is no longer made is removed.
//! 4. The records name what is owned then.
//!
//! What cannot be used as the cache folder does not matter: then there is another one beside it, or in the output where
//! the root is read-only, which goes with the run.
//!
//! Files on another file system than the cache folder cannot be moved there. They are first copied beside their
//! places, under names that the records have, so that the next run removes what a killed one leaves.
//!
//! A file is always whole, and every file that was made is in a record. One run at a time does this.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use applc::is_absent;

use super::changes::{Changes, Kind, Records, leads_astray, record_of};
use super::record;
use super::stats::Stat;
use super::{Rooted, folder};
use crate::disk::exists;
use crate::emit::{Staging, WriteError, take_over};
use crate::interrupt;
use crate::terminal::note;

/// Makes an error of a path.
fn at(path: &Path) -> impl Fn(io::Error) -> WriteError {
    move |cause| WriteError { path: path.to_owned(), cause }
}

/// The right to write, which one run has at a time.
pub struct Turn {
    /// The folder in the cache folder for what is prepared; `None` if that cannot be used.
    staging: Option<PathBuf>,
    _lock: Option<File>,
}

impl Turn {
    /// Waits for the turn, and creates the cache folder.
    pub fn take(world: &Rooted) -> Turn {
        match Turn::in_cache(world) {
            Ok(turn) => turn,
            Err(_) => Turn { staging: None, _lock: lock_of_root(world) },
        }
    }

    fn in_cache(world: &Rooted) -> Result<Turn, WriteError> {
        let cache = folder::create(world.root()).map_err(at(&world.on_disk(folder::NAME)))?;
        let path = cache.join("lock");
        // A link could lead anywhere, and a pipe would be waited for.
        if fs::symlink_metadata(&path).is_ok_and(|data| !data.is_file()) {
            let cause = io::Error::new(ErrorKind::InvalidInput, "it is not a regular file");
            return Err(at(&path)(cause));
        }
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(at(&path))?;
        wait_for(&lock).map_err(at(&path))?;
        let staging = cache.join("staging");
        // A run that was killed leaves it.
        match fs::remove_dir_all(&staging) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(&staging)(error)),
            _ => {}
        }
        Ok(Turn { staging: Some(staging), _lock: Some(lock) })
    }

    /// Carries the changes out, and returns the files that were written.
    ///
    /// # Errors
    /// A file cannot be written. Before the first file is moved, nothing is changed but the records.
    pub fn apply(self, world: &Rooted, changes: &Changes) -> Result<Vec<Written>, WriteError> {
        let Some(staging) = self.staging.filter(|folder| is_created(folder)) else {
            if changes.all().is_empty() {
                return Ok(Vec::new());
            }
            let staging = staging_without_cache(world, changes)?;
            return Work { staging: staging.folder() }.carry_out(world, changes);
        };
        let result = Work { staging: &staging }.carry_out(world, changes);
        interrupt::hold().remove(&staging);
        result
    }
}

/// Creates the folder for what is prepared, unless the cache folder takes nothing.
fn is_created(staging: &Path) -> bool {
    let mut held = interrupt::hold();
    held.add(staging);
    let is_created = fs::create_dir_all(staging).is_ok();
    if !is_created {
        held.remove(staging);
    }
    is_created
}

/// A folder for what is prepared, beside that of the cache, or where the first file is to be: the root may be read-only.
fn staging_without_cache(world: &Rooted, changes: &Changes) -> Result<Staging, WriteError> {
    let cause = match Staging::create(world.root()) {
        Ok(staging) => return Ok(staging),
        Err(cause) => cause,
    };
    let all = changes.all();
    let place = all.first().map_or_else(|| world.on_disk(""), |one| world.on_disk(&one.path));
    let folder = place.ancestors().skip(1).find(|folder| folder.is_dir());
    let folder = folder
        .filter(|folder| *folder != world.root() && !leads_astray(world.root(), folder))
        .map(Staging::create);
    folder.unwrap_or(Err(cause)).map_err(at(&place))
}

/// Waits for the lock of a file.
fn wait_for(lock: &File) -> io::Result<()> {
    match lock.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => {
            note("waiting for another run in this project");
            lock.lock()
        }
        Err(TryLockError::Error(cause)) => Err(cause),
    }
}

/// The lock of the folder of a project; `None` where folders have none.
fn lock_of_root(world: &Rooted) -> Option<File> {
    let lock = File::open(world.on_disk("")).ok()?;
    wait_for(&lock).ok().map(|()| lock)
}

/// Carries out changes.
struct Work<'s> {
    /// The folder for what is prepared.
    staging: &'s Path,
}

impl Work<'_> {
    fn carry_out(&self, world: &Rooted, changes: &Changes) -> Result<Vec<Written>, WriteError> {
        check_folders(world, changes)?;
        check_places(world, changes)?;
        let mut staged = Vec::new();
        let mut written = Vec::new();
        for change in changes.files.iter().filter(|change| change.kind != Kind::Removed) {
            let place = world.on_disk(&change.path);
            let temporary = self.staged(staged.len(), change.new.as_bytes(), &place)?;
            let data = fs::symlink_metadata(&temporary).map_err(at(&place))?;
            written.extend(Stat::of(&data).map(|stat| Written { path: change.path.clone(), stat }));
            staged.push(Staged { temporary, place, path: &change.path });
        }
        // From here on, a signal waits for the end.
        let _held = interrupt::hold();
        for folder in changes.records.keys() {
            removed(&beside_record(&world.on_disk(&record::path(folder))))?;
        }
        self.write_records(world, &changes.records, |(now, then)| now | then)?;
        let mut elsewhere = Vec::new();
        let mut moved = 0;
        for one in staged {
            let folder = one.place.parent().unwrap_or(&one.place);
            let made = fs::create_dir_all(folder);
            match made.and_then(|()| fs::rename(&one.temporary, &one.place)) {
                Err(error) if error.kind() == ErrorKind::CrossesDevices => elsewhere.push(one),
                Err(error) => return Err(after(moved, at(&one.place)(error))),
                Ok(()) => moved += 1,
            }
        }
        if !elsewhere.is_empty() {
            self.move_elsewhere(world, changes, &elsewhere)?;
        }
        for change in changes.files.iter().filter(|change| change.kind == Kind::Removed) {
            removed(&world.on_disk(&change.path))?;
        }
        // Also the folders of files that a killed run has removed.
        let gone = changes.records.values().flat_map(|(now, then)| now.difference(then));
        for place in gone.map(|path| world.on_disk(path)) {
            let is_here = place.parent().is_some_and(|folder| !leads_astray(world.root(), folder));
            if is_here {
                remove_empty(world, &place);
            }
        }
        self.write_records(world, &changes.records, |(_, then)| then.clone())?;
        Ok(written)
    }

    /// Moves files to another file system: all contents are there before the first file is replaced.
    fn move_elsewhere(
        &self,
        world: &Rooted,
        changes: &Changes,
        files: &[Staged<'_>],
    ) -> Result<(), WriteError> {
        let beside = |index: usize, path: &str| match path.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/.applc-{index}"),
            None => format!(".applc-{index}"),
        };
        let copies: Vec<String> =
            files.iter().enumerate().map(|(index, one)| beside(index, one.path)).collect();
        let mut records = changes.records.clone();
        for copy in &copies {
            if let Some((now, _)) = record_of(&mut records, copy) {
                now.insert(copy.clone());
            }
        }
        self.write_records(world, &records, |(now, then)| now | then)?;
        let moved = || {
            for (one, copy) in files.iter().zip(&copies) {
                copy_to(&one.temporary, &world.on_disk(copy)).map_err(at(&one.place))?;
            }
            for (one, copy) in files.iter().zip(&copies) {
                fs::rename(world.on_disk(copy), &one.place).map_err(at(&one.place))?;
            }
            Ok(())
        };
        let result = moved();
        if result.is_err() {
            for copy in &copies {
                // The next run removes it.
                let _ = fs::remove_file(world.on_disk(copy));
            }
        }
        result
    }

    /// Writes a content beside the others, with the permissions and the owner of the file in its place.
    fn staged(&self, index: usize, content: &[u8], place: &Path) -> Result<PathBuf, WriteError> {
        let _held = interrupt::hold();
        let path = self.staging.join(index.to_string());
        fs::write(&path, content).map_err(at(place))?;
        if let Ok(known) = fs::metadata(place) {
            if known.permissions().readonly() {
                return Err(at(place)(ErrorKind::PermissionDenied.into()));
            }
            take_over(&known, &path).map_err(at(place))?;
        }
        Ok(path)
    }

    fn write_records(
        &self,
        world: &Rooted,
        records: &Records,
        owned: impl Fn(&(BTreeSet<String>, BTreeSet<String>)) -> BTreeSet<String>,
    ) -> Result<(), WriteError> {
        for (folder, both) in records {
            let owned = owned(both);
            let place = world.on_disk(&record::path(folder));
            if owned.is_empty() {
                removed(&place)?;
                remove_empty(world, &place);
                continue;
            }
            let text = record::text(folder, &owned);
            if fs::read(&place).is_ok_and(|known| known == text.as_bytes()) {
                continue;
            }
            let temporary = self.staging.join("record");
            fs::write(&temporary, text).map_err(at(&place))?;
            if let Ok(known) = fs::metadata(&place) {
                take_over(&known, &temporary).map_err(at(&place))?;
            }
            let parent = place.parent().unwrap_or(&place);
            fs::create_dir_all(parent).map_err(at(parent))?;
            move_record(&temporary, &place).map_err(at(&place))?;
        }
        Ok(())
    }
}

/// A file that was written.
pub struct Written {
    /// Its path in the project.
    pub path: String,
    /// What it was before it was moved to its place.
    pub stat: Stat,
}

/// A content that is ready to be moved.
struct Staged<'c> {
    temporary: PathBuf,
    place: PathBuf,
    /// The path of the place, in the project.
    path: &'c str,
}

/// Checks that the folders of the files that change can be written to, as far as their permissions say.
fn check_folders(world: &Rooted, changes: &Changes) -> Result<(), WriteError> {
    let places = changes.files.iter().map(|change| world.on_disk(&change.path));
    let folders: BTreeSet<PathBuf> =
        places.filter_map(|place| place.parent().map(Path::to_owned)).collect();
    for folder in folders {
        let known =
            folder.ancestors().find_map(|folder| Some((folder, fs::metadata(folder).ok()?)));
        // On Windows, the attribute of a folder does not say this.
        if let Some((folder, data)) = known
            && cfg!(unix)
            && data.permissions().readonly()
        {
            return Err(at(folder)(ErrorKind::PermissionDenied.into()));
        }
    }
    Ok(())
}

/// Checks that no folder has come in the place of a file since it was looked at.
fn check_places(world: &Rooted, changes: &Changes) -> Result<(), WriteError> {
    let places = changes.files.iter().map(|change| world.on_disk(&change.path));
    let is_folder = |place: &PathBuf| fs::symlink_metadata(place).is_ok_and(|data| data.is_dir());
    match places.into_iter().find(is_folder) {
        Some(place) => Err(at(&place)(ErrorKind::IsADirectory.into())),
        None => Ok(()),
    }
}

/// Tells in an error that files were written before it.
fn after(moved: usize, error: WriteError) -> WriteError {
    let WriteError { path, cause } = error;
    if moved == 0 {
        return WriteError { path, cause };
    }
    let files = if moved == 1 { "1 file was".to_owned() } else { format!("{moved} files were") };
    let message = format!("{cause}; {files} written before it, and the next run writes the rest");
    WriteError { path, cause: io::Error::new(cause.kind(), message) }
}

/// Moves a record to its place, which may be on another file system.
fn move_record(temporary: &Path, place: &Path) -> io::Result<()> {
    match fs::rename(temporary, place) {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {}
        moved => return moved,
    }
    let beside = beside_record(place);
    let moved = copy_to(temporary, &beside).and_then(|()| fs::rename(&beside, place));
    if moved.is_err() {
        // The next run removes it.
        let _ = fs::remove_file(&beside);
    }
    moved
}

/// Copies a file to a place of another file system. What is there, as a killed run may have left it, is replaced and not
/// written to: a link would lead elsewhere, and a pipe would be waited for.
fn copy_to(temporary: &Path, beside: &Path) -> io::Result<()> {
    let left = fs::remove_file(beside);
    left.or_else(|error| if is_absent(&error) { Ok(()) } else { Err(error) })?;
    let mut file = File::create_new(beside)?;
    io::copy(&mut File::open(temporary)?, &mut file)?;
    take_over(&fs::metadata(temporary)?, beside)
}

/// Where a record on another file system is prepared.
fn beside_record(place: &Path) -> PathBuf {
    place.with_extension("new")
}

/// Removes a file, if it is there.
fn removed(place: &Path) -> Result<(), WriteError> {
    match fs::remove_file(place) {
        // A folder above may be a file now, and a file system that is read-only says so first.
        Err(error) if is_absent(&error) || !exists(place) => Ok(()),
        result => result.map_err(at(place)),
    }
}

/// Removes the folders of a file that was removed, as far as they are empty.
fn remove_empty(world: &Rooted, file: &Path) {
    let folders = file.ancestors().skip(1).take_while(|folder| *folder != world.root());
    // Those that are missing have been removed.
    for folder in folders.skip_while(|folder| !folder.exists()) {
        // A folder with other files stays.
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_copy_replaces_a_link_and_does_not_follow_it() {
        let folder = tempfile::tempdir().unwrap();
        let [outside, new, copy] = ["outside", "new", "copy"].map(|name| folder.path().join(name));
        fs::write(&outside, "mine").unwrap();
        fs::write(&new, "new").unwrap();
        std::os::unix::fs::symlink(&outside, &copy).unwrap();
        copy_to(&new, &copy).unwrap();
        assert_eq!(fs::read(&outside).unwrap(), b"mine");
        assert_eq!(fs::read(&copy).unwrap(), b"new");
        assert!(!copy.is_symlink());
        // What a killed run has left.
        fs::write(&new, "newer").unwrap();
        copy_to(&new, &copy).unwrap();
        assert_eq!(fs::read(&copy).unwrap(), b"newer");
    }
}
