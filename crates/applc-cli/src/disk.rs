//! Files on disk, and standard input.

use std::collections::BTreeSet;
use std::fs::{File, FileType};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use applc::source::MAX_SOURCE_BYTES;
use applc::{World, is_absent};

/// The file name of standard input.
pub const STDIN: &str = "-";

/// A path as people name it: relative to the working directory if it is in it.
pub fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).to_owned()
}

/// Whether there is something at a path, also if it cannot be read, as a link to what does not exist.
pub fn exists(path: &Path) -> bool {
    !path.symlink_metadata().is_err_and(|cause| is_absent(&cause))
}

/// The disk. Only regular files are read: a pipe or a device would be waited for.
pub struct Disk;

impl World for Disk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        read_regular(Path::new(path))
    }

    fn read_below(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        let folder = if folder.is_empty() { "." } else { folder };
        let inside = std::fs::canonicalize(folder)?;
        let on_disk = inside.join(path);
        let real = std::fs::canonicalize(&on_disk).map_err(|cause| present(&on_disk, cause))?;
        if !real.starts_with(&inside) {
            let cause = "it is a link out of the folder";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, cause));
        }
        read_regular(&real)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        list_below(Path::new(folder), "", 0, &mut found)?;
        found.sort();
        Ok(found)
    }
}

/// The disk for a command that names one file: what the command line names may be a pipe or a link to anywhere,
/// what a project has beside it may not.
pub struct Named<'n> {
    /// The file, or `-` for standard input.
    pub file: &'n str,
    /// The other files that the command line names.
    pub others: &'n [String],
    /// The folder of the project, if there is one.
    pub root: Option<&'n str>,
}

impl World for Named<'_> {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let is_named = path == self.file || self.others.iter().any(|other| other == path);
        match self.root {
            _ if is_named => read_named(path),
            Some(root) => {
                // It may be reached through a link itself.
                let own = Path::new(self.file).parent().unwrap_or(Path::new(""));
                read_within(&[Path::new(root), own], Path::new(path))
            }
            None => Disk.read(path),
        }
    }

    fn read_below(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        Disk.read_below(folder, path)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        Disk.list(folder)
    }
}

/// The files that this process has read as input.
static READ: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// The first of these paths that is a file that was read as input, also by another name of it. Output must not replace
/// it.
pub fn first_read<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Option<&'p Path> {
    let read = READ.lock().unwrap_or_else(PoisonError::into_inner);
    let identities: Vec<_> = read.iter().filter_map(|path| identity(path)).collect();
    let is_read = |path: &&Path| identity(path).is_some_and(|one| identities.contains(&one));
    paths.into_iter().find(is_read)
}

/// What tells a file from others, whatever its names.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().filter(|data| data.is_file()).map(|data| (data.dev(), data.ino()))
}

/// What tells a file from others: its full path, without links.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}

/// Maximum number of bytes that are read: one more than the limit shows that a file exceeds it.
const LIMIT: u64 = MAX_SOURCE_BYTES as u64 + 1;

/// Reads a file that the command line names, which may be a pipe, or `-` for standard input.
///
/// # Errors
/// It cannot be read.
pub fn read_named(path: &str) -> io::Result<Vec<u8>> {
    if path == STDIN {
        let mut bytes = Vec::new();
        io::stdin().lock().take(LIMIT).read_to_end(&mut bytes)?;
        return Ok(bytes);
    }
    let path = Path::new(path);
    read_opened(File::open(path).map_err(|cause| present(path, cause))?, path)
}

/// Reads a file of a project. It may be a link, or in one, but not one out of the project, whose folder is the first of
/// `folders`, and out of the others.
///
/// # Errors
/// It cannot be read, or is not such a file.
pub fn read_within(folders: &[&Path], path: &Path) -> io::Result<Vec<u8>> {
    check_within(folders, path)?;
    read_regular(path)
}

/// Checks that no link leads out of the folders of a project, as for [`read_within`].
///
/// # Errors
/// One does, or leads nowhere.
pub fn check_within(folders: &[&Path], path: &Path) -> io::Result<()> {
    let root = folders.first().copied().unwrap_or(Path::new(""));
    if has_link(root, path) {
        let real = std::fs::canonicalize(path).map_err(|cause| present(path, cause))?;
        let is_in = |folder: &&Path| {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            std::fs::canonicalize(folder).is_ok_and(|folder| real.starts_with(folder))
        };
        if !folders.iter().any(is_in) {
            let cause = "it is a link out of the project";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, cause));
        }
    }
    Ok(())
}

/// Whether a part of a path below a folder is a link, or it is not below.
fn has_link(root: &Path, path: &Path) -> bool {
    let Ok(below) = path.strip_prefix(root) else { return true };
    let mut place = root.to_owned();
    below.components().any(|part| {
        place.push(part);
        part == Component::ParentDir || place.symlink_metadata().is_ok_and(|data| data.is_symlink())
    })
}

/// What there is, in words.
pub fn what(kind: FileType) -> &'static str {
    match kind {
        _ if kind.is_symlink() => "a link",
        _ if kind.is_file() => "a file",
        _ => special(kind),
    }
}

/// What is in the place of a regular file, in words.
pub fn special(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a named pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    if kind.is_dir() { "a folder" } else { "something else" }
}

/// Reads a regular file: opening a pipe would wait for someone who writes, and opening a device may do anything.
fn read_regular(path: &Path) -> io::Result<Vec<u8>> {
    let refused = |kind| {
        let cause = format!("it is {}, not a regular file", special(kind));
        io::Error::new(io::ErrorKind::InvalidInput, cause)
    };
    let data = std::fs::metadata(path).map_err(|cause| present(path, cause))?;
    if data.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !data.is_file() {
        return Err(refused(data.file_type()));
    }
    let mut options = File::options();
    options.read(true);
    // Something else may be there by now.
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    let file = options.open(path)?;
    let kind = file.metadata()?.file_type();
    if !kind.is_file() {
        return Err(refused(kind));
    }
    read_opened(file, path)
}

/// Reads a regular file as text.
///
/// # Errors
/// It cannot be read, or is not Unicode.
pub fn read_text(path: &str) -> io::Result<String> {
    String::from_utf8(Disk.read(path)?).map_err(io::Error::other)
}

fn read_opened(file: File, path: &Path) -> io::Result<Vec<u8>> {
    READ.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
    let size = file.metadata().map_or(0, |data| data.len().min(LIMIT));
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.take(LIMIT).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Why a path cannot be read: what is there does not count as absent.
pub fn present(path: &Path, cause: io::Error) -> io::Error {
    if cause.kind() == io::ErrorKind::NotFound && path.symlink_metadata().is_ok() {
        return io::Error::other("it is a link to what does not exist");
    }
    match path.metadata().map(|data| data.file_type()) {
        // What the system says of a socket is of no use.
        Ok(kind) if !kind.is_file() && !kind.is_dir() => {
            io::Error::new(cause.kind(), format!("it is {}: {cause}", special(kind)))
        }
        _ => cause,
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
        let outside = "it is a link out of the folder".to_owned();
        for path in ["link", "up/outside"] {
            assert_eq!(refused(path), (io::ErrorKind::InvalidInput, outside.clone()), "{path}");
        }
        assert_eq!(refused("socket").1, "it is a socket, not a regular file");
        assert_eq!(read("conf").unwrap_err().kind(), io::ErrorKind::IsADirectory);
    }

    #[test]
    fn folders_are_listed_to_a_depth_of_8() {
        let root = tempfile::tempdir().unwrap();
        let mut folder = root.path().to_owned();
        for depth in 0..10 {
            std::fs::write(folder.join("file"), "").unwrap();
            folder.push(depth.to_string());
            std::fs::create_dir(&folder).unwrap();
        }
        symlink(root.path(), root.path().join("again")).unwrap();
        let found = Disk.list(root.path().to_str().unwrap()).unwrap();
        let deepest = found.iter().map(|path| path.matches('/').count()).max();
        assert_eq!((found.len(), deepest), (9, Some(8)), "{found:?}");
    }

    #[test]
    fn files_of_a_project_are_regular_and_not_outside() {
        let root = tempfile::tempdir().unwrap();
        let project = root.path().join("project");
        std::fs::create_dir_all(project.join("app")).unwrap();
        std::fs::write(root.path().join("outside"), "secret").unwrap();
        std::fs::write(project.join("common"), "x").unwrap();
        symlink("../common", project.join("app/common")).unwrap();
        symlink("../../outside", project.join("app/outside")).unwrap();
        symlink("absent", project.join("app/nothing")).unwrap();
        symlink("../..", project.join("app/up")).unwrap();
        symlink("app", project.join("again")).unwrap();
        let _socket = UnixListener::bind(project.join("app/socket")).unwrap();
        let file = project.join("app/file").to_string_lossy().into_owned();
        let world = Named { file: &file, others: &[], root: project.to_str() };
        let read = |path: &str| {
            let path = project.join("app").join(path);
            world.read(&path.to_string_lossy()).map_err(|cause| cause.to_string())
        };
        assert_eq!(read("common").unwrap(), b"x");
        assert_eq!(read("outside").unwrap_err(), "it is a link out of the project");
        assert_eq!(read("up/outside").unwrap_err(), "it is a link out of the project");
        assert_eq!(read("../again/common").unwrap(), b"x");
        assert_eq!(read("nothing").unwrap_err(), "it is a link to what does not exist");
        assert_eq!(read("socket").unwrap_err(), "it is a socket, not a regular file");
        let outside = [project.join("app/outside").to_string_lossy().into_owned()];
        let world = Named { others: &outside, ..world };
        assert_eq!(world.read(&outside[0]).unwrap(), b"secret");
    }
}
