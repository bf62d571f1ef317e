//! What is kept of an appliance on this machine, for engines that have no place for it.
//!
//! ```text
//! APPLIANCE/TARGET/lock              held by the run that changes the appliance
//! APPLIANCE/TARGET/record.json       where it came from
//! APPLIANCE/TARGET/appliance.json    the appliance with all defaults
//! APPLIANCE/TARGET/request.json      what the service has accepted, until a run has taken it up
//! APPLIANCE/TARGET/warnings.txt      the warnings that were shown last
//! APPLIANCE/TARGET/times.json        what engines do not tell of when something happened
//! APPLIANCE/TARGET/output/           what the target wrote
//! ```
//!
//! The engine's own labels decide what runs: everything here can be lost without harm.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use applc::targets::Artifact;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, ErrorKind};

const LOCK: &str = "lock";
const RECORD: &str = "record.json";
const APPLIANCE: &str = "appliance.json";
const REQUEST: &str = "request.json";
const WARNINGS: &str = "warnings.txt";
const TIMES: &str = "times.json";
const OUTPUT: &str = "output";

/// How long somebody who looks whether a lock is taken may hold it, on a busy machine.
const LOOKING: Duration = Duration::from_millis(500);
/// The pause between two tries to take a lock.
const PAUSE: Duration = Duration::from_millis(5);

/// The state folder of a user.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
}

/// Where an appliance came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The id of the appliance.
    pub id: String,
    /// The target that it was compiled for.
    pub target: String,
    /// The appliance file, as it was named, or the name that the body of a request has in findings.
    pub file: String,
    /// The path of this file, if it is one of this machine.
    #[serde(default)]
    pub path: Option<PathBuf>,
    /// Whether it was submitted over HTTP.
    #[serde(default)]
    pub over_http: bool,
    /// Whether it was taken down, and its volumes were kept.
    #[serde(default)]
    pub down: bool,
    /// Whether all of its containers were started: one that is absent was removed from outside then.
    #[serde(default)]
    pub started: bool,
}

/// An appliance that was accepted, and that no run has taken up yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Where it came from.
    pub record: Record,
    /// The appliance with all defaults.
    pub appliance: Value,
}

/// What a run has seen of the starts of instances: those by their names and what names the start.
pub type Noted = BTreeMap<String, NotedTimes>;

/// What a run has seen of a start that engines do not tell later.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotedTimes {
    /// Its image began to be pulled.
    pub pulling: Option<Timestamp>,
    /// It was seen to be ready for the first time.
    pub ready: Option<Timestamp>,
}

/// The right to change an appliance, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    // Closing the file releases it, also if the process is killed.
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A program that is just being started has a copy of the open file: closing alone would
        // release the lock only when that has got its own program to run.
        let _ = self.file.unlock();
    }
}

impl Folder {
    /// The state folder at a path, which does not have to exist.
    pub fn at(root: impl Into<PathBuf>) -> Folder {
        Folder { root: root.into() }
    }

    /// The folder of an appliance on a target. Ids consist of letters, digits and hyphens; those that
    /// differ in case have folders that differ on every file system.
    fn of(&self, id: &str, target: &str) -> PathBuf {
        let mut name = String::new();
        for c in id.chars() {
            if c.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(if is_id_char(c) { c.to_ascii_lowercase() } else { '+' });
        }
        self.root.join(name).join(target)
    }

    /// The folder of the files that the target wrote.
    pub fn output(&self, id: &str, target: &str) -> PathBuf {
        self.of(id, target).join(OUTPUT)
    }

    /// Takes the right to change an appliance, and waits for those who only look whether it is
    /// taken ([`Folder::is_locked`]).
    ///
    /// # Errors
    /// Another run has it, or the folder cannot be written.
    pub fn lock(&self, id: &str, target: &str) -> Result<Lock, Error> {
        let folder = self.of(id, target);
        let path = folder.join(LOCK);
        let asked = Instant::now();
        loop {
            // Opened each time: whoever had the lock may have removed the folder.
            create(&folder)?;
            let file = File::create(&path).map_err(|cause| Error::file("write", &path, &cause))?;
            match file.try_lock() {
                Ok(()) => return Ok(Lock { file }),
                Err(TryLockError::WouldBlock) if asked.elapsed() < LOOKING => {
                    drop(file);
                    thread::sleep(PAUSE);
                }
                Err(TryLockError::WouldBlock) => return Err(busy(id)),
                Err(TryLockError::Error(cause)) => return Err(Error::file("lock", &path, &cause)),
            }
        }
    }

    /// Whether a run changes an appliance at the moment. Creates nothing.
    pub fn is_locked(&self, id: &str, target: &str) -> bool {
        let file = File::open(self.of(id, target).join(LOCK));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Keeps an appliance and what its target wrote.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn keep(
        &self,
        record: &Record,
        appliance: &Value,
        files: &[Artifact],
    ) -> Result<(), Error> {
        let output = self.output(&record.id, &record.target);
        match fs::remove_dir_all(&output) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                return Err(Error::file("remove", &output, &cause));
            }
            _ => {}
        }
        write_all(&output, files)?;
        let folder = self.of(&record.id, &record.target);
        write(&folder.join(APPLIANCE), &pretty(appliance))?;
        self.note(record)?;
        // A later one is left to its own run; but what a user brings up from a file counts more than all.
        let taken_up = |request: &Request| {
            request.appliance == *appliance || request.record.over_http != record.over_http
        };
        match self.request(&record.id, &record.target) {
            Some(request) if taken_up(&request) => self.drop_request(&record.id, &record.target),
            _ => Ok(()),
        }
    }

    /// Keeps what was accepted, until a run takes it up.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn accept(&self, request: &Request) -> Result<(), Error> {
        let Record { id, target, .. } = &request.record;
        write(&self.of(id, target).join(REQUEST), &pretty(request))
    }

    /// What was accepted for an appliance, and not taken up.
    pub fn request(&self, id: &str, target: &str) -> Option<Request> {
        request(&self.of(id, target)).filter(|request| request.record.id == id)
    }

    /// All that was accepted, and not taken up.
    pub fn requests(&self) -> Vec<Request> {
        let targets = folders(&self.root).into_iter().flat_map(|folder| folders(&folder));
        targets.filter_map(|folder| request(&folder)).collect()
    }

    /// Forgets what was accepted for an appliance.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn drop_request(&self, id: &str, target: &str) -> Result<(), Error> {
        let path = self.of(id, target).join(REQUEST);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                Err(Error::file("remove", &path, &cause))
            }
            _ => Ok(()),
        }
    }

    /// Keeps where an appliance came from.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn note(&self, record: &Record) -> Result<(), Error> {
        let path = self.of(&record.id, &record.target).join(RECORD);
        write(&path, &pretty(record))
    }

    /// Where an appliance came from, for each target that it was brought up on.
    pub fn records(&self, id: &str) -> Vec<Record> {
        let folder = self.of(id, "");
        let found = folders(&folder).into_iter().filter_map(|folder| record(&folder));
        found.filter(|record| record.id == id).collect()
    }

    /// Where an appliance on a target came from.
    pub fn record(&self, id: &str, target: &str) -> Option<Record> {
        record(&self.of(id, target)).filter(|record| record.id == id)
    }

    /// Where all appliances came from, sorted by id and target.
    pub fn all(&self) -> Vec<Record> {
        let targets = folders(&self.root).into_iter().flat_map(|folder| folders(&folder));
        let mut all: Vec<Record> = targets.filter_map(|folder| record(&folder)).collect();
        all.sort_by(|one, other| (&one.id, &one.target).cmp(&(&other.id, &other.target)));
        all
    }

    /// The appliance with all defaults, if it is kept here.
    pub fn appliance(&self, id: &str, target: &str) -> Option<Value> {
        let text = fs::read_to_string(self.of(id, target).join(APPLIANCE)).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// When things happened to the starts of instances, as far as a run on this machine has seen it.
    pub fn times(&self, id: &str, target: &str) -> Noted {
        let text = fs::read_to_string(self.of(id, target).join(TIMES)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Keeps when things happened to the starts of instances.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep_times(&self, id: &str, target: &str, times: &Noted) -> Result<(), Error> {
        write(&self.of(id, target).join(TIMES), &pretty(times))
    }

    /// The warnings that were shown last. Empty if there were none.
    pub fn warnings(&self, id: &str, target: &str) -> String {
        fs::read_to_string(self.of(id, target).join(WARNINGS)).unwrap_or_default()
    }

    /// Keeps the warnings that were shown.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep_warnings(&self, id: &str, target: &str, text: &str) -> Result<(), Error> {
        write(&self.of(id, target).join(WARNINGS), text)
    }

    /// Forgets an appliance.
    ///
    /// # Errors
    /// Its folder cannot be removed.
    pub fn forget(&self, id: &str, target: &str) -> Result<(), Error> {
        let folder = self.of(id, target);
        match fs::remove_dir_all(&folder) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                return Err(Error::file("remove", &folder, &cause));
            }
            _ => {}
        }
        // Stays if the appliance is up on another target.
        let _ = fs::remove_dir(self.of(id, ""));
        Ok(())
    }
}

/// The error while another run changes an appliance.
pub fn busy(id: &str) -> Error {
    let message = format!("another run of applc is changing `{id}`");
    Error::new(ErrorKind::Busy, message).help("wait until it has ended")
}

fn is_id_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-'
}

fn request(folder: &Path) -> Option<Request> {
    serde_json::from_str(&fs::read_to_string(folder.join(REQUEST)).ok()?).ok()
}

fn record(folder: &Path) -> Option<Record> {
    serde_json::from_str(&fs::read_to_string(folder.join(RECORD)).ok()?).ok()
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    found.sort();
    found
}

fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}

/// Writes files into a folder, which does not have to exist.
///
/// # Errors
/// A file cannot be written.
pub fn write_all(folder: &Path, files: &[Artifact]) -> Result<(), Error> {
    files.iter().try_for_each(|file| write(&folder.join(&file.path), &file.text))
}

/// Creates a folder that only the user can read: variables of containers may be secret.
fn create(folder: &Path) -> Result<(), Error> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|cause| Error::file("create", folder, &cause))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    create(folder)?;
    // A file that is written in part would be read as none.
    let beside = path.with_extension("new");
    fs::write(&beside, text)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|cause| Error::file("write", path, &cause))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(id: &str) -> Record {
        Record {
            id: id.into(),
            target: "compose".into(),
            file: "app.json".into(),
            path: None,
            over_http: false,
            down: false,
            started: false,
        }
    }

    #[test]
    fn what_is_kept_is_found_again() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path().join("state"));
        assert_eq!(folder.all(), []);
        folder.keep(&of("App"), &json!({"id": "App"}), &[]).unwrap();
        folder.keep(&of("app"), &json!({"id": "app"}), &[]).unwrap();
        assert_eq!(folder.records("App"), [of("App")]);
        assert_eq!(folder.appliance("App", "compose").unwrap()["id"], "App");
        assert_eq!(folder.all().len(), 2);
        folder.forget("App", "compose").unwrap();
        assert_eq!(folder.records("App"), []);
        assert_eq!(folder.all(), [of("app")]);
        folder.forget("App", "compose").unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_can_read_what_is_kept() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path().join("above/state"));
        let _lock = folder.lock("app", "compose").unwrap();
        folder.keep(&of("other"), &json!({}), &[]).unwrap();
        for path in ["above", "above/state", "above/state/app/compose", "above/state/other"] {
            let mode = fs::metadata(root.path().join(path)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{path}");
        }
    }

    #[test]
    fn an_id_does_not_lead_out_of_the_folder() {
        let folder = Folder::at("state");
        assert_eq!(folder.of("../../etc", "compose"), Path::new("state/++++++etc/compose"));
    }

    #[test]
    fn one_run_at_a_time_changes_an_appliance() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path());
        let held = folder.lock("app", "compose").unwrap();
        assert_eq!(folder.lock("app", "compose").unwrap_err().kind, ErrorKind::Busy);
        assert!(folder.lock("other", "compose").is_ok());
        drop(held);
        assert!(folder.lock("app", "compose").is_ok());
    }

    #[test]
    fn those_who_look_at_a_lock_keep_nobody_from_taking_it() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path());
        drop(folder.lock("app", "compose").unwrap());
        // As one who looks, and does not get on for a while.
        let looking = File::open(folder.of("app", "compose").join(LOCK)).unwrap();
        looking.lock_shared().unwrap();
        assert!(!folder.is_locked("app", "compose"));
        let looker = thread::spawn(move || {
            thread::sleep(LOOKING / 5);
            drop(looking);
        });
        assert!(folder.lock("app", "compose").is_ok());
        looker.join().unwrap();
    }

    #[test]
    fn a_copy_of_the_open_file_does_not_keep_a_lock() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path());
        let held = folder.lock("app", "compose").unwrap();
        // As a program that is being started has one.
        let _copy = held.file.try_clone().unwrap();
        drop(held);
        assert!(!folder.is_locked("app", "compose"));
        assert!(folder.lock("app", "compose").is_ok());
    }
}
