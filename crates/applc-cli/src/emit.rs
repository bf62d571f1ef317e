//! Writes artifacts to files, atomically, and only those that change.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputFile {
    /// Path of the file.
    pub path: PathBuf,
    /// Content of the file.
    pub text: String,
}

/// The result of [`write`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    /// Number of files that were written.
    pub changed: usize,
    /// Number of files that had the same content already and were not written.
    pub unchanged: usize,
}

/// A file that cannot be written, or not be removed.
#[derive(Debug)]
pub struct WriteError {
    /// Path of the file.
    pub path: PathBuf,
    /// The reason.
    pub cause: io::Error,
}

/// Writes files and creates the folders for them. All contents are first written to temporary
/// files in the same folders and then moved, so that a full disk leaves every old file
/// unchanged.
///
/// # Errors
/// The first file that cannot be written.
pub fn write(files: &[OutputFile]) -> Result<Written, WriteError> {
    let mut staged = Vec::new();
    let mut written = Written::default();
    for file in files {
        let fail = |cause| WriteError { path: file.path.clone(), cause };
        match stage(file).map_err(fail)? {
            Staged::Unchanged => written.unchanged += 1,
            Staged::InPlace => written.changed += 1,
            Staged::Beside(temporary, path) => staged.push((file, temporary, path)),
        }
    }
    for (file, temporary, path) in staged {
        temporary
            .persist(path)
            .map_err(|error| WriteError { path: file.path.clone(), cause: error.error })?;
        written.changed += 1;
    }
    Ok(written)
}

/// A file that is ready to be moved, or does not have to be.
enum Staged {
    /// The file has this content already.
    Unchanged,
    /// Written directly, because the path is not a regular file but, for example, a pipe.
    InPlace,
    /// Written to a temporary file that is to be moved to this path.
    Beside(NamedTempFile, PathBuf),
}

/// Writes the content of a file to a temporary file.
fn stage(file: &OutputFile) -> io::Result<Staged> {
    // A link is kept; the file that it points to is replaced.
    let path = fs::canonicalize(&file.path).unwrap_or_else(|_| file.path.clone());
    let known = fs::metadata(&path).ok();
    if known.as_ref().is_some_and(|known| !known.is_file() && !known.is_dir()) {
        fs::OpenOptions::new().write(true).open(&path)?.write_all(file.text.as_bytes())?;
        return Ok(Staged::InPlace);
    }
    if fs::read(&path).is_ok_and(|old| old == file.text.as_bytes()) {
        return Ok(Staged::Unchanged);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut temporary = temporary_in(folder)?;
    temporary.write_all(file.text.as_bytes())?;
    temporary.as_file().sync_all()?;
    if let Some(known) = known.filter(fs::Metadata::is_file) {
        temporary.as_file().set_permissions(known.permissions())?;
    }
    Ok(Staged::Beside(temporary, path))
}

/// Creates a temporary file with the permissions of a new file.
fn temporary_in(folder: &Path) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".applc-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // The umask of the process applies, as to every new file.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: PathBuf, text: &str) -> OutputFile {
        OutputFile { path, text: text.to_owned() }
    }

    #[test]
    fn only_changed_files_are_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/deep/a.yaml");
        let files = [file(path.clone(), "one")];
        assert_eq!(write(&files).unwrap(), Written { changed: 1, unchanged: 0 });
        let before = fs::metadata(&path).unwrap().modified().unwrap();
        assert_eq!(write(&files).unwrap(), Written { changed: 0, unchanged: 1 });
        assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
        assert_eq!(write(&[file(path.clone(), "two")]).unwrap().changed, 1);
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    }

    #[test]
    fn nothing_is_written_if_one_file_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("a.yaml");
        fs::write(&good, "old").unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let bad = folder.path().join("file/b.yaml");
        let error = write(&[file(good.clone(), "new"), file(bad.clone(), "new")]).unwrap_err();
        assert_eq!(error.path, bad);
        assert_eq!(fs::read_to_string(&good).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "no temporary file is left");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_are_kept() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real.yaml");
        let link = folder.path().join("link.yaml");
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&[file(link.clone(), "new")]).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
