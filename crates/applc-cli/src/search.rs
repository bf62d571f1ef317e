//! Where project files are looked for, and whose are used.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::{env, io};

use applc::import::Repository;
use applc::project::FILE_NAME;

use crate::Status;
use crate::args::ProjectArguments;
use crate::disk::{exists, shown};
use crate::terminal::fail;

/// The variable with the folders whose project files are used, whoever owns them, separated as in `PATH`; `*` stands for
/// all.
const TRUST: &str = "APPLC_TRUST";

/// Where the arguments say that project files are looked for.
static CHOSEN: OnceLock<Search> = OnceLock::new();

/// Where project files are looked for.
enum Search {
    /// In a folder and those above it.
    Upwards,
    /// Nowhere.
    Nowhere,
    /// In this folder and those below it.
    Below(PathBuf),
}

/// Takes over what the arguments say, before anything is looked for.
///
/// # Errors
/// The exit status if they name no project file, which was reported.
pub fn choose(arguments: &ProjectArguments) -> Result<(), Status> {
    let search = match &arguments.project {
        _ if arguments.no_project => Search::Nowhere,
        None => Search::Upwards,
        Some(path) => Search::Below(folder_of(path).ok_or_else(|| {
            let message =
                format!("`{}` is no `{FILE_NAME}`, and no folder with one", path.display());
            fail(&message, Status::Usage)
        })?),
    };
    // There is one command in a run.
    let _ = CHOSEN.set(search);
    Ok(())
}

/// The folder of a project file that is named by its path or by that of its folder.
fn folder_of(path: &Path) -> Option<PathBuf> {
    let file = if path.is_dir() { path.join(FILE_NAME) } else { path.to_owned() };
    let is_one = file.file_name().is_some_and(|name| name == FILE_NAME) && exists(&file);
    let file = std::path::absolute(file).ok().filter(|_| is_one)?;
    Some(without_parents(file.parent()?))
}

/// An absolute path without `..`.
fn without_parents(path: &Path) -> PathBuf {
    let has = |path: &Path| path.components().any(|part| part == std::path::Component::ParentDir);
    if has(path) {
        std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
    } else {
        path.to_owned()
    }
}

/// The folder whose project a command uses that names no file.
pub fn start() -> PathBuf {
    named_root().unwrap_or_else(|| PathBuf::from("."))
}

/// The root that the arguments name, if they do.
pub fn named_root() -> Option<PathBuf> {
    match CHOSEN.get() {
        Some(Search::Below(root)) => Some(root.clone()),
        Some(Search::Nowhere | Search::Upwards) | None => None,
    }
}

/// The absolute folders that may belong to the project of an absolute folder, the innermost one first: up to the root
/// of its repository or of its file system.
///
/// # Errors
/// One of them has a project file of another user, or the arguments name another project.
pub fn folders(folder: &Path) -> Result<Vec<&Path>, Refused> {
    let root = match CHOSEN.get() {
        Some(Search::Nowhere) => return Ok(Vec::new()),
        Some(Search::Below(root)) => Some(root.as_path()),
        Some(Search::Upwards) | None => None,
    };
    if let Some(root) = root
        && !folder.starts_with(root)
    {
        return Err(Refused::Outside { folder: folder.to_owned(), root: root.to_owned() });
    }
    let trust = Trust::of(folder);
    let mut folders = Vec::new();
    let mut below: Option<&Path> = None;
    for above in folder.ancestors() {
        if root.is_none() && below.is_some_and(|below| is_border(below, above)) {
            break;
        }
        trust.check(above)?;
        folders.push(above);
        let is_last = match root {
            Some(root) => above == root,
            None => above.join(".git").exists(),
        };
        if is_last {
            break;
        }
        below = Some(above);
    }
    Ok(folders)
}

/// The repository that a folder is in; the current one, if it is empty. None if the repository belongs to someone else,
/// who would decide by it which files are read.
pub fn repository_of(folder: &str) -> Option<Repository> {
    let folder = if folder.is_empty() { "." } else { folder };
    let folder = std::fs::canonicalize(folder).ok()?;
    let mut below: Option<&Path> = None;
    for root in folder.ancestors() {
        if below.is_some_and(|below| is_border(below, root)) {
            return None;
        }
        let mark = root.join(".git");
        if mark.exists() {
            let trust = Trust::of(&folder);
            if !trust.is_all && trust.other_owner(root, &mark).is_some() {
                return None;
            }
            let folder = folder.strip_prefix(root).ok()?.to_str()?.replace('\\', "/");
            return Some(Repository { root: root.to_str()?.to_owned(), folder });
        }
        below = Some(root);
    }
    None
}

/// Why no project is used.
#[derive(Debug)]
pub enum Refused {
    /// The project file belongs to someone else.
    Untrusted {
        /// The folder of the file.
        folder: PathBuf,
        /// What belongs to someone else: the file or its folder.
        path: PathBuf,
        /// The number of the user whom it belongs to.
        owner: u32,
        /// An entry of the variable that is no folder.
        unknown: Option<PathBuf>,
    },
    /// The arguments name a project that a folder is not in.
    Outside {
        /// The folder.
        folder: PathBuf,
        /// That of the project.
        root: PathBuf,
    },
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refused::Untrusted { folder, path, owner, unknown } => {
                write!(
                    f,
                    "`{}` is not used, as `{}` belongs to another user ({owner}); if you trust it, ",
                    shown(&folder.join(FILE_NAME)).display(),
                    shown(path).display(),
                )?;
                // A folder with a separator in its name has no place in a list.
                if env::join_paths([folder]).is_ok() {
                    write!(f, "set `{TRUST}={}`, or ", folder.display())?;
                }
                write!(f, "name it with `--project`; `--no-project` goes without it")?;
                match unknown {
                    Some(unknown) => {
                        write!(f, "; `{TRUST}` has `{}`, which is no folder", unknown.display())
                    }
                    None => Ok(()),
                }
            }
            Refused::Outside { folder, root } => {
                write!(f, "`{}` is not in the project of `{}`", folder.display(), root.display())
            }
        }
    }
}

/// Whose project files are used.
pub struct Trust {
    /// The numbers of users.
    users: HashSet<u32>,
    /// Folders whose files are used, whoever owns them.
    folders: Vec<PathBuf>,
    /// What the variable has that is no folder.
    unknown: Option<PathBuf>,
    /// Whether all are used.
    is_all: bool,
}

impl Trust {
    /// Those of the user who runs this, of root, and of the owner of `start`, the folder with what the command works
    /// on: who can write there decides about its appliances anyway.
    pub fn of(start: &Path) -> Trust {
        let named = env::var_os(TRUST).unwrap_or_default();
        let named: Vec<PathBuf> =
            env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
        let is_all = named.iter().any(|path| path.as_os_str() == "*");
        // As `--project`, it may name the file.
        let folder = |path: PathBuf| match path.file_name().is_some_and(|name| name == FILE_NAME) {
            true => path.parent().map(|folder| Path::new(".").join(folder)).unwrap_or_default(),
            false => path,
        };
        let named: Vec<PathBuf> = named.into_iter().map(folder).collect();
        let unknown = named.iter().find(|path| !path.is_dir()).cloned();
        let real = |path: PathBuf| std::fs::canonicalize(&path).unwrap_or(path);
        let folders = named.into_iter().chain(named_root()).map(real).collect();
        Trust { users: users(start), folders, unknown, is_all }
    }

    /// Checks the project file of a folder, if there is one.
    ///
    /// # Errors
    /// It belongs to someone else.
    pub fn check(&self, folder: &Path) -> Result<(), Refused> {
        let file = folder.join(FILE_NAME);
        if self.is_all || !exists(&file) {
            return Ok(());
        }
        let Some((path, owner)) = self.other_owner(folder, &file) else { return Ok(()) };
        let real = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        if self.folders.iter().any(|trusted| real.starts_with(trusted)) {
            return Ok(());
        }
        let unknown = self.unknown.clone();
        Err(Refused::Untrusted { folder: folder.to_owned(), path, owner, unknown })
    }

    /// What of a file belongs to someone else: its folder, the file, or what it is a link to.
    fn other_owner(&self, folder: &Path, file: &Path) -> Option<(PathBuf, u32)> {
        let data =
            [(folder, folder.metadata()), (file, file.symlink_metadata()), (file, file.metadata())];
        data.into_iter().find_map(|(path, data): (_, io::Result<_>)| {
            let owner = owner(&data.ok()?)?;
            (!self.users.contains(&owner)).then(|| (path.to_owned(), owner))
        })
    }
}

/// The users whose files are used for what is in a folder.
#[cfg(unix)]
fn users(start: &Path) -> HashSet<u32> {
    let own = rustix::process::geteuid().as_raw();
    let mut users = HashSet::from([0, own]);
    if own == 0 {
        // The user who has become root by `sudo`.
        users.extend(env::var("SUDO_UID").ok().and_then(|user| user.parse::<u32>().ok()));
    }
    users.extend(start.metadata().ok().as_ref().and_then(owner));
    users
}

#[cfg(not(unix))]
fn users(_: &Path) -> HashSet<u32> {
    HashSet::new()
}

/// The number of the user whom a file belongs to, on systems with such numbers.
#[cfg(unix)]
fn owner(data: &std::fs::Metadata) -> Option<u32> {
    Some(std::os::unix::fs::MetadataExt::uid(data))
}

#[cfg(not(unix))]
fn owner(_: &std::fs::Metadata) -> Option<u32> {
    None
}

/// Whether a folder and the one above it are on different file systems.
#[cfg(unix)]
fn is_border(below: &Path, above: &Path) -> bool {
    let device =
        |path: &Path| path.metadata().ok().map(|data| std::os::unix::fs::MetadataExt::dev(&data));
    match (device(below), device(above)) {
        (Some(below), Some(above)) => below != above,
        // What does not exist has no border.
        _ => false,
    }
}

#[cfg(not(unix))]
fn is_border(_: &Path, _: &Path) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn what_belongs_to_nobody_who_counts_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().canonicalize().unwrap();
        let own = owner(&folder.metadata().unwrap()).unwrap();
        let trust = |users: &[u32], folders: &[&Path], is_all| Trust {
            users: users.iter().copied().collect(),
            folders: folders.iter().map(|folder| folder.to_path_buf()).collect(),
            unknown: Some(PathBuf::from("/nothing")),
            is_all,
        };
        // Without a project file, there is nothing to trust.
        assert!(trust(&[], &[], false).check(&folder).is_ok());
        std::fs::write(folder.join(FILE_NAME), "").unwrap();
        assert!(trust(&[own], &[], false).check(&folder).is_ok());
        assert!(trust(&[], &[], true).check(&folder).is_ok());
        assert!(trust(&[], &[&folder], false).check(&folder).is_ok());
        assert!(trust(&[], &[folder.parent().unwrap()], false).check(&folder).is_ok());
        let refused = trust(&[own + 1], &[&folder.join("below")], false).check(&folder);
        let refused = refused.unwrap_err().to_string();
        let words = format!(
            "belongs to another user ({own}); if you trust it, set `APPLC_TRUST={}`",
            folder.display()
        );
        assert!(refused.contains(&words), "{refused}");
        assert!(
            refused.ends_with("; `APPLC_TRUST` has `/nothing`, which is no folder"),
            "{refused}"
        );
        let trust = Trust::of(&folder);
        assert!(trust.users.contains(&0) && trust.users.contains(&own));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn file_systems_have_borders() {
        assert!(is_border(Path::new("/proc"), Path::new("/")));
        assert!(!is_border(Path::new("/proc/self"), Path::new("/proc")));
        assert!(!is_border(Path::new("/nothing/at/all"), Path::new("/nothing/at")));
        let folders = folders(Path::new("/proc/self/fd")).unwrap();
        assert_eq!(folders.last(), Some(&Path::new("/proc")));
    }
}
