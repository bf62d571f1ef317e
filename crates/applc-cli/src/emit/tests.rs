use super::*;

fn file(path: impl Into<PathBuf>, text: &str) -> OutputFile {
    OutputFile { path: path.into(), text: text.to_owned() }
}

/// The names below a folder, with `/` after those of folders.
fn names(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && !path.is_symlink() {
            found.extend(names(&path).iter().map(|below| format!("{name}/{below}")));
            found.push(format!("{name}/"));
        } else {
            found.push(name);
        }
    }
    found.sort();
    found
}

#[test]
fn only_changed_files_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/deep/a.yaml");
    let files = [file(&path, "one")];
    assert_eq!(write(&files).unwrap(), Written { changed: 1, unchanged: 0 });
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    assert_eq!(write(&files).unwrap(), Written { changed: 0, unchanged: 1 });
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    assert_eq!(write(&[file(&path, "two")]).unwrap().changed, 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), "two");
    assert_eq!(names(folder.path()), ["new/", "new/deep/", "new/deep/a.yaml"]);
}

#[test]
fn nothing_is_written_if_one_file_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    fs::write(at("a.yaml"), "old").unwrap();
    fs::write(at("file"), "").unwrap();
    fs::create_dir(at("folder")).unwrap();
    let before = names(folder.path());
    let long = format!("{}/x", "n".repeat(256));
    for (bad, why) in [("file/b.yaml", "not a folder"), ("folder", "it is a folder"), (&long, "")] {
        for how in [How::Named, How::Below(folder.path()), How::Edited] {
            let files = [file(at("a.yaml"), "new"), file(at("new/x"), "new"), file(at(bad), "new")];
            let error = write_as(&files, how).unwrap_err();
            assert!(error.path.ends_with(bad), "{error:?}");
            assert!(error.cause.to_string().contains(why), "{error:?}");
            assert_eq!(fs::read_to_string(at("a.yaml")).unwrap(), "old");
            assert_eq!(names(folder.path()), before, "{bad} {how:?}");
        }
    }
}

#[test]
fn files_that_are_one_file_somewhere_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (one, other) in
        [("a/b", "a//b"), ("a", "./a"), ("a", "A"), ("é", "E\u{301}"), ("a/b", "a"), ("A", "a/b")]
    {
        let files = [file(folder.path().join(one), "1"), file(folder.path().join(other), "2")];
        let error = write_below(folder.path(), &files).unwrap_err();
        let told = format!("{} {}", error.path.display(), error.cause);
        assert!(told.contains(one) && told.contains(other), "{told}");
        assert_eq!(names(folder.path()), [""; 0]);
    }
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    #[test]
    fn what_was_written_is_put_back_if_a_later_file_cannot_be_moved() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::write(at("a"), "old").unwrap();
        let files = [file(at("a"), "new"), file(at("deep/b"), "new"), file(at("c"), "new")];
        let place = |file: &OutputFile| Place::of(file, How::Named).unwrap();
        let places: Vec<_> = files.iter().map(|file| (file, place(file))).collect();
        // What comes between the look at a place and the move.
        fs::create_dir(at("c")).unwrap();
        for common in [None, Some(folder.path())] {
            let error = Run::new(&places, common).write().unwrap_err();
            assert!(error.path.ends_with("c") && !error.cause.to_string().contains("put back"));
            assert_eq!(names(folder.path()), ["a", "c/"]);
            assert_eq!(fs::read_to_string(at("a")).unwrap(), "old");
        }
    }

    #[test]
    fn links_and_permissions_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real.yaml");
        let link = folder.path().join("link.yaml");
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        for (write, text) in [(write as fn(&[_]) -> _, "new"), (edit, "newer")] {
            write(&[file(&link, text)]).unwrap();
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert_eq!(fs::read_to_string(&real).unwrap(), text);
            assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
        }
        fs::remove_file(&real).unwrap();
        let error = write(&[file(&link, "new")]).unwrap_err();
        assert!(error.cause.to_string().contains("does not exist"), "{error:?}");
        assert!(!real.exists());
    }

    #[test]
    fn links_below_a_folder_are_not_followed() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("x"), "mine").unwrap();
        symlink(outside.path().join("x"), folder.path().join("file")).unwrap();
        symlink(outside.path(), folder.path().join("folder")).unwrap();
        for path in ["file", "folder/x", "folder/new"] {
            let files = [file(folder.path().join("a"), "1"), file(folder.path().join(path), "2")];
            let error = write_below(folder.path(), &files).unwrap_err();
            assert!(error.cause.to_string().contains("it is a link"), "{error:?}");
            assert_eq!(names(folder.path()), ["file", "folder"]);
        }
        assert_eq!(names(outside.path()), ["x"]);
        // The folder itself is named by the user.
        write_below(&folder.path().join("folder"), &[file(folder.path().join("folder/y"), "1")])
            .unwrap();
        assert_eq!(names(outside.path()), ["x", "y"]);
    }

    #[test]
    fn a_file_with_other_names_keeps_them_when_it_is_edited() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::write(at("a"), "old and longer").unwrap();
        fs::hard_link(at("a"), at("b")).unwrap();
        edit(&[file(at("a"), "new")]).unwrap();
        assert_eq!(fs::read_to_string(at("b")).unwrap(), "new");
        assert_eq!(fs::metadata(at("a")).unwrap().nlink(), 2);
        // What is made anew leaves a copy of before, such as that of a backup, as it is.
        write(&[file(at("a"), "made")]).unwrap();
        assert_eq!(fs::read_to_string(at("b")).unwrap(), "new");
        assert_eq!(names(folder.path()), ["a", "b"]);
    }

    #[test]
    fn what_is_read_only_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
        for how in [How::Named, How::Below(folder.path()), How::Edited] {
            let error = write_as(&[file(&path, "new")], how).unwrap_err();
            assert_eq!(error.cause.kind(), ErrorKind::PermissionDenied, "{how:?}");
            assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        }
    }

    #[test]
    fn the_owner_of_a_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        // Only root can give a file away.
        if std::os::unix::fs::chown(&path, Some(12345), Some(54321)).is_err() {
            return;
        }
        for (write, text) in [(write as fn(&[_]) -> _, "new"), (edit, "newer")] {
            write(&[file(&path, text)]).unwrap();
            let data = fs::metadata(&path).unwrap();
            assert_eq!((data.uid(), data.gid()), (12345, 54321));
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }
}
