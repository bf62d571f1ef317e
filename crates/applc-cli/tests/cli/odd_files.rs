//! Files that are not read: each is a finding at its place in every format, and none stops the others.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use crate::project::{Repository, appliance};

/// What is in the place of a file, and what is said of it.
const ODD: [(&str, &str); 7] = [
    ("nowhere", "it is a link to what does not exist"),
    ("outside", "it is a link out of the project"),
    ("inside", "it is a link, which is not followed"),
    ("device", "it is a link out of the project"),
    ("pipe", "it is a named pipe"),
    ("socket", "it is a socket"),
    ("loop", "Too many levels of symbolic links"),
];

fn make(repository: &Repository, kind: &str, path: &Path) {
    match kind {
        "nowhere" => symlink("nothing", path).unwrap(),
        "outside" => symlink("/etc/passwd", path).unwrap(),
        "inside" => symlink(repository.path("apps/a/a.appliance.json"), path).unwrap(),
        "device" => symlink("/dev/zero", path).unwrap(),
        "pipe" => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        "socket" => drop(UnixListener::bind(path).unwrap()),
        _ => symlink(path.file_name().unwrap(), path).unwrap(),
    }
}

/// The findings with `E0003` in documents of every format.
fn assert_in_every_format(repository: &Repository, file: &str, uri: &str, cause: &str) {
    for (format, place) in [
        ("human", format!("--> {file}\n")),
        ("short", format!("{file}:1:1: error[E0003]: ")),
        ("json", file.to_owned()),
        ("sarif", format!("\"uri\": \"{uri}\"")),
        ("github", format!("::error file={file},")),
        ("gitlab", file.to_owned()),
        ("junit", file.to_owned()),
    ] {
        let (status, out, err) = repository.run(&["check", "--format", format]);
        let document = if format == "human" { err } else { out };
        let has =
            |text: &str| document.contains(text) || document.contains(&text.replace('\\', "\\\\"));
        assert_eq!(status, 3, "{format}: {document}");
        assert!(has(&place) && has("E0003") && has(cause), "{format}: {place}\n{document}");
        assert!(!document.contains('\u{1b}'), "{document}");
    }
}

#[test]
fn an_appliance_that_is_no_regular_file_is_a_finding_and_stops_no_other() {
    for (kind, cause) in ODD {
        let repository = Repository::new();
        assert_eq!(repository.run(&["compile"]).0, 0);
        let file = "apps/b/b.appliance.yaml";
        fs::remove_file(repository.path(file)).unwrap();
        make(&repository, kind, &repository.path(file));
        assert_in_every_format(&repository, file, file, cause);
        repository.write("apps/a/a.appliance.json", &appliance("a", "httpd:2.4"));
        let made = || repository.read("manifests/test/apps/a/compose/compose.yaml");
        for arguments in [&["compile"][..], &["compile", "--check"], &["lock"]] {
            let (status, _, err) = repository.run(arguments);
            assert_eq!(status, 3, "{arguments:?}: {err}");
            // That of the other environment is the same.
            assert_eq!(err.matches(cause).count(), 1, "{arguments:?}: {err}");
            assert!(made().contains("nginx:1.27"), "{arguments:?}");
        }
        for arguments in
            [&["compile", "--keep-going"][..], &["compile", "--keep-going", "apps", file]]
        {
            let (status, _, err) = repository.run(arguments);
            assert!(status == 3 || kind == "inside", "{err}");
            assert!(err.contains(cause), "{err}");
            assert!(made().contains("httpd:2.4"), "{arguments:?}");
            // What it was made to before may be asked for again.
            assert!(repository.path("manifests/test/apps/b/compose/compose.yaml").is_file());
        }
        // Others are compiled alone.
        assert_eq!(repository.run(&["compile", "apps/a"]).0, 0);
    }
}

#[test]
fn names_that_output_cannot_tell_are_findings_and_stop_no_other() {
    for (name, shown, uri, cause) in [
        (
            &b"x\x1b[2J\n.appliance.json"[..],
            r"x\u{1b}[2J\n.appliance.json",
            "x%1B%5B2J%0A.appliance.json",
            "a control character",
        ),
        (
            b"x\xff.appliance.json",
            "x\u{fffd}.appliance.json",
            "x%EF%BF%BD.appliance.json",
            "its name is not Unicode",
        ),
    ] {
        let repository = Repository::new();
        let file = repository.path("apps").join(OsStr::from_bytes(name));
        fs::write(file, appliance("x", "redis:7")).unwrap();
        let (status, out, _) = repository.run(&["check", "--format", "sarif"]);
        assert!(
            status == 3 && out.contains(&format!("apps/{uri}")) && out.contains(cause),
            "{out}"
        );
        let (status, _, err) = repository.run(&["compile", "--keep-going"]);
        assert_eq!(status, 3, "{err}");
        assert!(err.contains(&format!("cannot read `apps/{shown}`: ")), "{err}");
        assert!(err.ends_with("applc: 6 files made\n"), "{err}");
    }
}

#[test]
fn an_overlay_that_is_no_regular_file_is_a_finding_and_stops_no_other() {
    for (kind, cause) in ODD {
        if kind == "inside" {
            continue;
        }
        let repository = Repository::new();
        let file = "apps/b/b.prod.yaml";
        fs::remove_file(repository.path(file)).unwrap();
        make(&repository, kind, &repository.path(file));
        assert_in_every_format(&repository, file, file, cause);
        let single = ["check", "apps/b/b.appliance.yaml", "--env", "prod", "--format", "github"];
        let (status, out, _) = repository.run(&single);
        assert!(status == 3 && out.contains(&format!("::error file={file},")), "{out}");
        let (status, _, err) = repository.run(&["compile", "--keep-going"]);
        assert_eq!(status, 3, "{err}");
        assert!(err.ends_with("applc: 5 files made\n"), "{err}");
    }
}

#[test]
fn files_of_a_project_that_cannot_be_read_are_findings() {
    for path in ["apps/applc.toml", "applc.lock", "applc.toml"] {
        let repository = Repository::new();
        let _ = fs::remove_file(repository.path(path));
        symlink("nothing", repository.path(path)).unwrap();
        let (status, out, err) = repository.run(&["check", "--format", "github"]);
        assert!(status == 3 && out.contains(&format!("::error file={path},")), "{out}{err}");
        let file = ["check", "apps/a/a.appliance.json", "--format", "github"];
        let (status, out, err) = repository.run(&file);
        assert!(status == 3 && out.contains(&format!("::error file={path},")), "{out}{err}");
    }
}

#[test]
fn a_link_to_a_folder_elsewhere_with_appliances_is_pointed_out() {
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(elsewhere.path().join("x")).unwrap();
    fs::write(elsewhere.path().join("x/x.appliance.json"), appliance("x", "redis:7")).unwrap();
    let repository = Repository::new();
    symlink(elsewhere.path(), repository.path("apps/linked")).unwrap();
    // What is in the project is found where it is; others have none.
    symlink("b", repository.path("apps/again")).unwrap();
    symlink(".", repository.path("apps/up")).unwrap();
    symlink("/proc/self/fd", repository.path("apps/other")).unwrap();
    let found =
        "apps/linked:1:1: warning[W0501]: `apps/linked` is a link to a folder with appliances";
    for path in [&[][..], &["apps"]] {
        for no_project in [&[][..], &["--no-project"]] {
            let short = [&["check", "--format", "short"], path, no_project].concat();
            let (status, out, _) = repository.run(&short);
            assert_eq!((status, out.matches("W0501").count()), (0, 1), "{out}");
            assert!(out.contains(found), "{out}");
            assert_eq!(repository.run(&[&short[..], &["--deny", "warnings"]].concat()).0, 1);
            let (_, out, _) = repository.run(&[&short[..], &["--allow", "W0501"]].concat());
            assert!(!out.contains("W0501"), "{out}");
        }
    }
    let (status, _, err) = repository.run(&["compile", "--format", "short"]);
    assert!(status == 0 && err.contains(found), "{err}");
    let project = repository.read("applc.toml");
    let list = "appliances = [\"**/*.appliance.*\", \"!apps/linked/**\"]\n";
    repository.write("applc.toml", &format!("{list}{project}"));
    let (_, out, _) = repository.run(&["check", "--format", "short"]);
    assert!(!out.contains("W0501"), "{out}");
}

#[test]
fn a_folder_without_a_project_leaves_nothing_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.appliance.json"), appliance("a", "redis:7")).unwrap();
    symlink("nothing", folder.path().join("b.appliance.json")).unwrap();
    symlink("/etc", folder.path().join("c.appliance.json")).unwrap();
    let mut command = assert_cmd::Command::cargo_bin("applc").unwrap();
    command.current_dir(folder.path()).args(["check", "--no-project", "--format", "short"]);
    let output = command.output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{out}");
    assert!(out.contains("b.appliance.json:1:1: error[E0003]: "), "{out}");
    assert!(out.contains("c.appliance.json:1:1: error[E0003]: "), "{out}");
    let odd = folder.path().join(OsStr::from_bytes(b"x\xff"));
    fs::create_dir_all(odd.join("deep")).unwrap();
    fs::write(odd.join("deep/d.appliance.json"), appliance("d", "redis:7")).unwrap();
    let output = command.output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(out.contains("x\u{fffd}/deep/d.appliance.json:1:1: error[E0003]: "), "{out}");
}

#[test]
fn an_appliance_in_a_folder_whose_name_is_not_unicode_is_a_finding() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["compile"]).0, 0);
    let odd = repository.path("apps").join(OsStr::from_bytes(b"\xff"));
    fs::create_dir_all(odd.join("deep")).unwrap();
    fs::write(odd.join("notes.txt"), "none").unwrap();
    // Without an appliance, there is nothing to say, and it hides none.
    assert_eq!(repository.run(&["check", "--deny", "warnings"]).0, 0);
    fs::rename(repository.path("apps/b"), repository.path("b")).unwrap();
    let (status, out, _) = repository.run(&["compile", "--check"]);
    assert!(status == 4 && out.contains("orphaned"), "{out}");
    fs::rename(repository.path("b"), repository.path("apps/b")).unwrap();
    fs::write(odd.join("deep/y.appliance.json"), appliance("y", "redis:7")).unwrap();
    let file = "apps/\u{fffd}/deep/y.appliance.json";
    assert_in_every_format(
        &repository,
        file,
        "apps/%EF%BF%BD/deep/y.appliance.json",
        "the name of one of its folders is not Unicode",
    );
    for arguments in [&["compile"][..], &["compile", "--check"], &["compile", "--keep-going"]] {
        let (status, _, err) = repository.run(arguments);
        assert!(status == 3 && err.contains(&format!("cannot read `{file}`")), "{err}");
    }
}

#[test]
fn a_link_to_a_folder_with_the_name_of_an_appliance_is_a_finding_and_keeps_its_output() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["compile"]).0, 0);
    let file = "apps/b/b.appliance.yaml";
    fs::remove_file(repository.path(file)).unwrap();
    fs::create_dir(repository.path("e")).unwrap();
    symlink("../../e", repository.path(file)).unwrap();
    assert_in_every_format(&repository, file, file, "it is a link to a folder");
    for arguments in [&["compile"][..], &["compile", "--check"], &["compile", "--keep-going"]] {
        let (status, _, err) = repository.run(arguments);
        assert!(status == 3 && err.contains("it is a link to a folder"), "{arguments:?}: {err}");
        assert!(repository.path("manifests/test/apps/b/compose/compose.yaml").is_file());
    }
}

#[test]
fn a_target_that_cannot_be_loaded_is_a_finding() {
    let repository = Repository::new();
    fs::create_dir(repository.path("folder")).unwrap();
    for kind in ["nothing", "pipe", "outside", "folder"] {
        let path = repository.path(&format!("{kind}/target.toml"));
        match kind {
            "nothing" => {}
            "folder" => fs::create_dir(path).unwrap(),
            _ => {
                fs::create_dir(repository.path(kind)).unwrap();
                make(&repository, kind, &path);
            }
        }
        let target = format!("./{kind}");
        for format in ["human", "short", "json", "sarif", "github", "gitlab", "junit"] {
            for file in [&["apps/a/a.appliance.json"][..], &[]] {
                for command in ["compile", "check"] {
                    let arguments = [&[command, "-t", &target, "--format", format], file].concat();
                    let (status, out, err) = repository.run(&arguments);
                    let document = if command == "check" && format != "human" { out } else { err };
                    assert_eq!(status, 3, "{arguments:?}: {document}");
                    for text in ["E0003", "annot load target", "target.toml"] {
                        assert!(document.contains(text), "{arguments:?}: {document}");
                    }
                    if format == "json" {
                        serde_json::from_str::<serde_json::Value>(&document).unwrap();
                    }
                }
            }
        }
    }
}
