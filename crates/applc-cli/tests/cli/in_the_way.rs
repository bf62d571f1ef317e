//! What is in the way of output: whose it is, what it is, and what goes on all the same.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};

use crate::project::{Repository, appliance};

const RECORD: &str = "manifests/.applc-outputs";
const OF_A: &str = "manifests/test/apps/a/compose/compose.yaml";
const OF_B: &str = "manifests/test/apps/b/compose/compose.yaml";

fn mode(repository: &Repository, path: &str, mode: u32) {
    fs::set_permissions(repository.path(path), fs::Permissions::from_mode(mode)).unwrap();
}

/// Edits both appliances, so that their output changes.
fn edit(repository: &Repository, version: &str) {
    repository.write("apps/a/a.appliance.json", &appliance("a", &format!("nginx:{version}")));
    repository.write("apps/b/b.appliance.yaml", &appliance("b", &format!("redis:{version}")));
}

#[test]
fn a_run_of_a_part_does_not_write_over_the_output_of_the_rest() {
    let repository = Repository::compiled();
    repository.write("apps/a/c.appliance.json", &appliance("c", "httpd:2"));
    repository.write("apps/b/b.appliance.yaml", &appliance("b", "redis:8"));
    let before = repository.files();
    let (_, _, whole) = repository.run(&["compile", "--format", "json"]);
    assert!(whole.contains("E0504"), "{whole}");
    let part = ["apps/a/c.appliance.json", "apps/b"];
    for command in [&["compile"][..], &["compile", "--check"], &["compile", "--adopt"]] {
        let arguments = [command, &part, &["--format", "json"]].concat();
        let (status, out, err) = repository.run(&arguments);
        // The same finding.
        let message = "apps/a/a.appliance.json in `test` and apps/a/c.appliance.json in `test` both write \
                       `manifests/test/apps/a/compose/compose.yaml`, and 1 more";
        assert_eq!((status, out.as_str()), (1, ""), "{err}");
        assert!(err.contains(message) && whole.contains(message), "{err}");
        assert!(repository.files() == before, "{command:?}");
    }
    let (status, _, err) = repository.run(&[&["check"], &part[..]].concat());
    assert_eq!((status, err.matches("error[E0504]").count()), (1, 1), "{err}");
    let (status, _, err) = repository.run(&[&["compile", "--keep-going"], &part[..]].concat());
    assert_eq!((status, err.matches("error[E0504]").count()), (1, 1), "{err}");
    assert!(repository.read(OF_A).contains("nginx:1.27"));
    assert!(repository.read(OF_B).contains("redis:8"));
    // What two others share is not the matter of a third.
    for command in ["compile", "check"] {
        let (status, _, err) = repository.run(&[command, "apps/b"]);
        assert!(status == 0 && !err.contains("E0504"), "{err}");
    }
}

#[test]
fn a_run_of_an_environment_does_not_write_over_the_output_of_the_rest() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["compile", "--env", "test"]).0, 0);
    let project = repository.read("applc.toml");
    repository.write("applc.toml", &project.replace("{environment}/", ""));
    assert_eq!(repository.run(&["compile", "apps/a", "--env", "test"]).0, 1);
    let (status, _, err) = repository.run(&["compile", "--env", "prod"]);
    assert!(status == 1 && err.contains("add `{environment}` to `output`"), "{err}");
    assert!(!repository.path("manifests/apps").exists());
}

#[test]
fn what_an_appliance_with_errors_has_made_is_not_overwritten() {
    let repository = Repository::compiled();
    repository.write("apps/a/c.appliance.json", &appliance("c", "httpd:2"));
    repository.write("apps/a/a.appliance.json", "{}");
    edit_b(&repository);
    for arguments in
        [&["compile", "--keep-going"][..], &["compile", "apps/a/c.appliance.json", "apps/b"]]
    {
        let (status, _, err) = repository.run(arguments);
        assert_eq!(status, 1, "{err}");
        let message = format!("error[E0506]: `{OF_A}` was made from `apps/a/a.appliance.json`");
        assert!(err.contains(&message), "{err}");
        assert!(repository.read(OF_A).contains("nginx:1.27"));
    }
    assert!(repository.read(OF_B).contains("redis:8"));
    // Once it is gone, its place is free.
    fs::remove_file(repository.path("apps/a/a.appliance.json")).unwrap();
    let (status, _, err) = repository.run(&["compile"]);
    assert!(status == 0 && repository.read(OF_A).contains("httpd:2"), "{err}");
}

fn edit_b(repository: &Repository) {
    repository.write("apps/b/b.appliance.yaml", &appliance("b", "redis:8"));
}

#[test]
fn a_record_that_is_read_only_is_not_replaced() {
    let repository = Repository::compiled();
    mode(&repository, RECORD, 0o444);
    // Nothing of it changes.
    edit(&repository, "2");
    assert_eq!(repository.run(&["compile"]).0, 0);
    repository.write("apps/c/c.appliance.json", &appliance("c", "httpd:2"));
    edit(&repository, "3");
    let before = repository.files();
    for arguments in [&["compile"][..], &["compile", "--keep-going"], &["compile", "apps/c"]] {
        let (status, _, err) = repository.run(&[arguments, &["--format", "short"]].concat());
        let found = format!("{RECORD}:1:1: error[E0506]: cannot write `{RECORD}`: it is read-only");
        assert!(status == 3 && err.contains(&found), "{err}");
        assert!(repository.files() == before, "{arguments:?}");
    }
    // To compare writes nothing.
    assert_eq!(repository.run(&["compile", "--check"]).0, 4);
    mode(&repository, RECORD, 0o644);
    assert_eq!(repository.run(&["compile"]).0, 0);
}

#[test]
fn what_is_read_only_stays_and_stops_no_other() {
    let repository = Repository::compiled();
    fs::remove_file(repository.path("apps/a/a.appliance.json")).unwrap();
    edit_b(&repository);
    mode(&repository, OF_A, 0o444);
    let before = repository.files();
    let (status, _, err) = repository.run(&["compile"]);
    let found =
        format!("error[E0506]: cannot remove `{OF_A}`, which is no longer made: it is read");
    assert!(status == 3 && err.contains(&found), "{err}");
    assert!(repository.files() == before);
    let (status, _, err) = repository.run(&["compile", "--keep-going"]);
    assert!(status == 3 && err.contains(&found), "{err}");
    assert!(repository.read(OF_B).contains("redis:8"));
    assert!(
        repository.path(OF_A).exists() && repository.read(RECORD).contains("test/apps/a/compose")
    );
    mode(&repository, OF_A, 0o644);
    assert_eq!(repository.run(&["compile"]).0, 0);
    assert!(!repository.path(OF_A).exists());
    // A file that is to change, and a folder.
    repository.write("apps/a/a.appliance.json", &appliance("a", "nginx:1.27"));
    assert_eq!(repository.run(&["compile"]).0, 0);
    for (version, path, rights) in
        [("4", OF_A, 0o644), ("5", "manifests/test/apps/a/compose", 0o755)]
    {
        edit(&repository, version);
        mode(&repository, path, 0o555);
        let before = repository.files();
        let (status, _, err) = repository.run(&["compile"]);
        assert!(status == 3 && repository.files() == before, "{err}");
        let (status, _, err) = repository.run(&["compile", "--keep-going"]);
        mode(&repository, path, rights);
        assert!(status == 3 && err.contains(&format!("cannot write `{OF_A}`: ")), "{err}");
        assert!(!repository.read(OF_A).contains(&format!("nginx:{version}")));
        assert!(repository.read(OF_B).contains(&format!("redis:{version}")));
    }
}

/// Says what is there, and where; the status is the same wherever it is.
#[test]
fn what_is_in_the_way_is_named_and_stops_no_other() {
    let repository = Repository::compiled();
    let elsewhere = tempfile::tempdir().unwrap();
    for (index, path) in
        [OF_A, "manifests/test/apps/a/compose", "manifests/test"].iter().enumerate()
    {
        for what in ["a file", "a folder", "a link", "a named pipe"] {
            if what == if index == 0 { "a file" } else { "a folder" } {
                continue;
            }
            let place = repository.path(path);
            let aside = repository.path("aside");
            fs::rename(&place, &aside).unwrap();
            match what {
                "a file" => fs::write(&place, "mine").unwrap(),
                "a folder" => fs::create_dir(&place).unwrap(),
                "a link" => symlink(elsewhere.path(), &place).unwrap(),
                _ => assert!(Command::new("mkfifo").arg(&place).status().unwrap().success()),
            }
            let below = if index == 0 { "there" } else { "below it" };
            let found = format!(
                "{path}:1:1: error[E0506]: `{path}` is {what}, and output is to be written {below}\n"
            );
            let version = format!("{index}-{}", what.len());
            edit(&repository, &version);
            let (status, _, err) = repository.run(&["compile", "--format", "short"]);
            assert_eq!((status, err), (3, found.clone()));
            let arguments = ["compile", "--keep-going", "--format", "short"];
            let (status, _, err) = repository.run(&arguments);
            assert_eq!((status, err), (3, found));
            match what {
                "a folder" => fs::remove_dir(&place).unwrap(),
                _ => fs::remove_file(&place).unwrap(),
            }
            fs::rename(&aside, &place).unwrap();
            // That of others is written.
            let of_b = "manifests/prod/apps/b/kubernetes/kubernetes.yaml";
            assert!(repository.read(of_b).contains(&format!("redis:{version}")), "{path} {what}");
        }
    }
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    fs::remove_file(repository.path(OF_A)).unwrap();
    // Where no output is any more, too.
    fs::remove_dir_all(repository.path("apps/a")).unwrap();
    symlink("nothing", repository.path(OF_A)).unwrap();
    let found = format!("`{OF_A}` is a link, in place of a file that is no longer made");
    let (status, _, err) = repository.run(&["compile", "--keep-going"]);
    assert!(status == 3 && err.contains(&found), "{err}");
    assert!(!repository.path("manifests/test/apps/a/kubernetes").exists());
    assert!(repository.path(OF_A).is_symlink());
}

#[test]
fn a_record_is_not_read_through_a_link() {
    let repository = Repository::compiled();
    fs::rename(repository.path("manifests"), repository.path("elsewhere")).unwrap();
    symlink("elsewhere", repository.path("manifests")).unwrap();
    fs::remove_dir_all(repository.path("apps/b")).unwrap();
    let before = repository.files();
    let (status, _, err) = repository.run(&["compile", "--keep-going"]);
    assert!(status == 3 && err.contains("error[E0506]: `manifests` is a link, and"), "{err}");
    assert!(repository.files() == before);
}

#[test]
fn a_foreign_file_stops_no_other_appliance() {
    let repository = Repository::new();
    repository.write(OF_A, "mine\n");
    let (status, _, err) = repository.run(&["compile", "--keep-going"]);
    let found = format!("error[E0506]: `{OF_A}` exists, and was not made by applc");
    assert!(status == 1 && err.contains(&found), "{err}");
    assert_eq!(repository.read(OF_A), "mine\n");
    assert!(repository.path(OF_B).is_file());
    let record = repository.read(RECORD);
    assert!(record.contains("test/apps/b/") && !record.contains("test/apps/a/compose"), "{record}");
    let (status, out, _) = repository.run(&["compile", "--check", "--keep-going"]);
    assert_eq!((status, out.as_str()), (1, ""));
}

#[test]
fn what_a_record_does_not_name_is_a_finding_in_every_format() {
    for format in ["short", "json", "sarif", "github", "gitlab", "junit"] {
        let repository = Repository::compiled();
        repository.write("manifests/mine.yaml", "kind: List\n");
        fs::remove_dir_all(repository.path("apps/a")).unwrap();
        fs::remove_file(repository.path(RECORD)).unwrap();
        let (status, _, err) = repository.run(&["compile", "--check", "--format", format]);
        assert!(status == 4 && err.matches("W0502").count() >= 3, "{format}: {err}");
        let before = repository.files();
        let denied = ["compile", "--format", format, "--deny", "W0502"];
        assert_eq!(repository.run(&denied).0, 1);
        assert!(repository.files() == before, "{format}");
        assert_eq!(repository.run(&["compile"]).0, 0);
        repository.write(RECORD, &(repository.read(RECORD) + "mine.yaml\n"));
        let (status, _, err) = repository.run(&["compile", "--format", format]);
        assert!(status == 0 && err.contains("W0502"), "{format}: {err}");
        assert!(repository.path("manifests/mine.yaml").exists());
    }
}

/// What is left of an output that was moved stays in its record.
#[test]
fn what_stays_of_an_output_that_was_moved_stays_in_its_record() {
    let repository = Repository::compiled();
    mode(&repository, OF_A, 0o444);
    let project = repository.read("applc.toml");
    repository.write("applc.toml", &project.replace("manifests/", "out/"));
    let before = repository.files();
    assert_eq!(repository.run(&["compile"]).0, 3);
    assert!(repository.files() == before);
    assert_eq!(repository.run(&["compile", "--keep-going"]).0, 3);
    assert_eq!(repository.paths(), [RECORD, OF_A]);
    assert!(repository.read(RECORD).ends_with("\ntest/apps/a/compose/compose.yaml\n"));
    mode(&repository, OF_A, 0o644);
    assert_eq!(repository.run(&["compile"]).0, 0);
    assert!(!repository.path("manifests").exists());
}

#[test]
fn what_cannot_be_written_is_a_finding_of_each_command() {
    let repository = Repository::new();
    let file = "apps/a/a.appliance.json";
    repository.write("compose.yaml", "services:\n  web:\n    image: nginx:1\n");
    repository.write("closed/file", "");
    mode(&repository, "closed", 0o555);
    mode(&repository, "applc.toml", 0o444);
    let closed = |path: &str| format!("cannot write `{path}`: the folder `closed` is read-only");
    for format in ["human", "short", "json", "github", "sarif"] {
        let arguments = ["import", "compose.yaml", "-o", "closed/a.yaml", "--format", format];
        let (status, _, err) = repository.run(&arguments);
        assert!(status == 3 && err.contains("E0506"), "{format}: {err}");
        assert!(err.contains(&closed("closed/a.yaml")[1..]), "{format}: {err}");
        assert!(!err.contains("applc: error"), "{format}: {err}");
    }
    let read_only = "cannot write `applc.toml`: it is read-only".to_owned();
    for (arguments, message) in [
        (&["graph", file, "-o", "closed/a.svg"][..], closed("closed/a.svg")),
        (&["target", "new", "closed/mine"], closed("closed/mine/target.toml")),
        (&["set-image", "--env", "prod", "nginx=9"], read_only),
    ] {
        let (status, _, err) = repository.run(arguments);
        assert_eq!(status, 3, "{err}");
        assert!(err.contains(&format!("error[E0506]: {message}")), "{err}");
    }
    fs::remove_file(repository.path("applc.toml")).unwrap();
    let (status, _, err) = repository.run(&["init", "closed"]);
    let message = format!("error[E0506]: {}", closed("closed/applc.toml"));
    assert!(status == 3 && err.contains(&message), "{err}");
    // Also what is fixed.
    repository.write("b.json", &appliance("b", "redis:7").replace("service", "Service"));
    mode(&repository, "b.json", 0o444);
    let (status, out, err) = repository.run(&["check", "--fix", "b.json", "--format", "json"]);
    let message = "cannot write `b.json`: it is read-only; nothing in it is fixed";
    assert!(status == 3 && out.contains(message) && err.is_empty(), "{out}{err}");
    mode(&repository, "closed", 0o755);
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_in_the_document() {
    let repository = Repository::new();
    repository.write("compose.yaml", "services:\n  web:\n    image: nginx:1\n");
    let file = "apps/a/a.appliance.json";
    for arguments in [
        &["compile", "--check"][..],
        &["compile", "--diff"],
        &["compile", file, "--target", "compose"],
        &["plan", file],
        &["import", "compose.yaml"],
        &["check", "--diff", "bad.json"],
    ] {
        repository.write("bad.json", &appliance("b", "redis:7").replace("service", "Service"));
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("applc"));
        command.current_dir(repository.0.path()).args(arguments).args(["--format", "json"]);
        let output = command.stdout(full).stderr(Stdio::piped()).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {err}");
        let document: serde_json::Value = serde_json::from_str(&err).unwrap();
        let text = document.to_string();
        assert!(
            text.contains("E0506") && text.contains("cannot write to standard output"),
            "{err}"
        );
    }
}
