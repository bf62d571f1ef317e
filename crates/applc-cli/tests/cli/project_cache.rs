//! The cache of a project: it is not seen but by the time that a run takes.

use std::fs;

use super::project::Repository;

/// A project with a warning in each appliance.
fn repository() -> Repository {
    let repository = Repository::new();
    for (name, folder) in [("a", "apps/a/a.appliance.json"), ("b", "apps/b/b.appliance.yaml")] {
        let text = repository.read(folder);
        let env = r#""env": { "PASSWORD": "hunter2hunter2" }, "network_mode""#;
        assert!(text.contains("\"network_mode\""), "{name}: {text}");
        repository.write(folder, &text.replacen("\"network_mode\"", env, 1));
    }
    repository
}

#[test]
fn findings_are_told_again_in_every_format() {
    let repository = repository();
    for format in ["human", "short", "json", "sarif", "github", "gitlab", "junit"] {
        for command in [&["compile", "--check"][..], &["compile"], &["check"]] {
            let arguments = [command, &["--format", format]].concat();
            let cold = repository.run(&[&arguments[..], &["--no-cache"]].concat());
            repository.run(&arguments);
            let warm = repository.run(&arguments);
            let again = repository.run(&[&arguments[..], &["--no-cache"]].concat());
            assert!(format!("{again:?}").contains("PASSWORD"), "{format}: {again:?}");
            assert!(!format!("{again:?}").contains("hunter2"), "{format}: {again:?}");
            assert_eq!(warm, again, "{arguments:?}");
            // The first compile makes what the next one leaves.
            if command != ["compile"] {
                assert_eq!(warm, cold, "{arguments:?}");
            }
        }
    }
}

#[test]
fn without_a_cache_none_is_written() {
    let repository = repository();
    assert_eq!(repository.run(&["compile", "--check", "--no-cache"]).0, 4);
    assert_eq!(repository.run(&["check", "--no-cache"]).0, 0);
    assert!(!repository.path(".applc-cache").exists());
    assert_eq!(repository.run(&["compile", "--no-cache"]).0, 0);
    assert!(!repository.path(".applc-cache/results").exists());
    assert_eq!(repository.run(&["compile", "--check"]).0, 0);
    assert!(repository.path(".applc-cache/results").exists());
    assert_eq!(repository.read(".applc-cache/.gitignore"), "*\n");
    let tag = repository.read(".applc-cache/CACHEDIR.TAG");
    assert!(tag.starts_with("Signature: 8a477f597d28d172789f06886806bc55\n"), "{tag}");
}

#[test]
fn what_is_gone_leaves_the_cache() {
    let repository = repository();
    assert_eq!(repository.run(&["compile"]).0, 0);
    let results = || fs::read(repository.path(".applc-cache/results")).unwrap();
    let names = |bytes: &[u8], name: &str| {
        bytes.windows(name.len()).any(|window| window == name.as_bytes())
    };
    assert!(names(&results(), "b.appliance.yaml"));
    fs::remove_file(repository.path("apps/b/b.appliance.yaml")).unwrap();
    assert_eq!(repository.run(&["compile"]).0, 0);
    assert!(names(&results(), "a.appliance.json") && !names(&results(), "b.appliance.yaml"));
    // Edits do not make it grow.
    let size = results().len();
    for at in 0..6 {
        let text = repository.read("apps/a/a.appliance.json");
        let text = text.replace("hunter2hunter2", &format!("hunter{at}hunter{at}"));
        repository.write("apps/a/a.appliance.json", &text.replace("1.27", &format!("1.2{at}")));
        assert_eq!(repository.run(&["compile"]).0, 0);
    }
    assert!(results().len() < 2 * size + 200, "{} and {size}", results().len());
}

#[cfg(unix)]
#[test]
fn a_link_is_not_followed() {
    use std::os::unix::fs::symlink;

    let repository = repository();
    let elsewhere = tempfile::tempdir().unwrap();
    let staging = elsewhere.path().join("staging");
    fs::create_dir(&staging).unwrap();
    symlink(elsewhere.path(), repository.path(".applc-cache")).unwrap();
    let note = "applc: `.applc-cache` is a link, so that there is no cache\n";
    for (arguments, expected) in [
        (&["compile", "--check"][..], 4),
        (&["compile"], 0),
        (&["compile"], 0),
        (&["check"], 0),
        (&["set-image", "--env", "prod", "nginx=1.29"], 0),
    ] {
        let (status, _, told) = repository.run(arguments);
        assert_eq!(status, expected, "{told}");
        let is_used = arguments[0] != "set-image";
        assert_eq!(told.matches(note).count(), usize::from(is_used), "{told}");
    }
    let (status, _, told) = repository.run(&["compile", "--no-cache"]);
    assert!(status == 0 && told.ends_with("applc: 1 file changed, 5 files unchanged\n"), "{told}");
    assert!(!told.contains("no cache"), "{told}");
    assert!(staging.exists());
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    fs::remove_file(repository.path(".applc-cache")).unwrap();
    // Neither are links in the folder.
    fs::create_dir(repository.path(".applc-cache")).unwrap();
    for name in ["results", "seal", ".gitignore", "CACHEDIR.TAG"] {
        symlink(
            repository.path("apps/a/a.appliance.json"),
            repository.path(".applc-cache").join(name),
        )
        .unwrap();
    }
    let before = repository.read("apps/a/a.appliance.json");
    assert_eq!(repository.run(&["compile"]).0, 0);
    assert_eq!(repository.run(&["compile", "--check"]).0, 0);
    assert_eq!(repository.read("apps/a/a.appliance.json"), before);
}

/// What is in the place of the cache, or of something in it, has no effect but on time.
#[cfg(unix)]
#[test]
fn what_is_no_cache_is_not_used() {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    for (name, what) in [
        ("", "a file"),
        ("", "a socket"),
        ("", "a link"),
        ("/lock", "a link"),
        ("/lock", "a folder"),
        ("/staging", "a file"),
        ("/results", "a folder"),
        ("/seal", "a socket"),
    ] {
        let repository = Repository::new();
        let place = repository.path(&format!(".applc-cache{name}"));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        match what {
            "a file" => fs::write(&place, "mine").unwrap(),
            "a socket" => drop(UnixListener::bind(&place).unwrap()),
            "a link" => symlink("nothing", &place).unwrap(),
            _ => fs::create_dir(&place).unwrap(),
        }
        let note = format!("applc: `.applc-cache` is {what}, so that there is no cache\n");
        let note = if name.is_empty() { note.as_str() } else { "" };
        for (more, note) in [(&[][..], note), (&["--no-cache"], "")] {
            let (status, _, told) = repository.run(&[&["compile"], more].concat());
            assert_eq!(status, 0, "{name} {what}: {told}");
            let done = if more.is_empty() { "6 files made" } else { "6 files unchanged" };
            assert_eq!(told, format!("{note}applc: {done}\n"), "{name} {what}");
        }
        assert_eq!(repository.run(&["compile", "--check", "--no-cache"]).0, 0);
        // It stays, and nothing is left over.
        assert!(place.symlink_metadata().is_ok() && !repository.path("nothing").exists());
        let names = fs::read_dir(repository.0.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert!(names.into_iter().all(|name| !name.starts_with(".applc-tmp")));
    }
}

/// A cache that comes with a repository says that files are as they should be, which are not.
#[test]
fn a_copy_of_a_cache_is_not_believed() {
    let repository = repository();
    assert_eq!(repository.run(&["compile"]).0, 0);
    assert_eq!(repository.run(&["compile", "--check"]).0, 0);
    let copy = Repository::new();
    fs::create_dir(copy.path(".applc-cache")).unwrap();
    for name in ["results", "seal"] {
        let from = repository.path(".applc-cache").join(name);
        fs::copy(from, copy.path(".applc-cache").join(name)).unwrap();
    }
    let stale = copy.run(&["compile", "--check"]);
    assert_eq!(stale, copy.run(&["compile", "--check", "--no-cache"]));
    assert_eq!(stale.0, 4);
}
