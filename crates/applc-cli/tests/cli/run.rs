//! `up`, `status`, `logs`, `down` and `ls` without an engine: what they say before they reach one.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const GOOD: &str = r#"{"id":"app","containers":[
  {"id":"web","type":"service","image":"nginx:1.27","resources":{"cpus":1,"mem":64},"network_mode":"bridge"}]}"#;

/// Runs the program in a folder, without any other program: exit status, standard output, standard error.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("applc").unwrap();
    command.env_clear().env("PATH", folder).env("APPLC_STATE", folder.join("state"));
    let output = command.current_dir(folder).args(arguments).output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A folder with an appliance.
fn folder(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.json"), text).unwrap();
    folder
}

#[test]
fn a_missing_engine_is_an_error_of_its_own() {
    let folder = folder(GOOD);
    for arguments in [
        &["up", "app.json", "-t", "compose"][..],
        &["up", "app.json", "-t", "compose", "--dry-run"],
        &["status", "app"],
        &["status", "app", "--format", "json"],
        &["logs", "app"],
        &["down", "app"],
        &["ls"],
    ] {
        let (status, out, err) = run(folder.path(), arguments);
        assert_eq!((status, out.as_str()), (3, ""), "{arguments:?}");
        assert_eq!(err, "applc: error: `docker` is not installed\n", "{arguments:?}");
    }
    assert!(!folder.path().join("state").exists(), "nothing is kept of what was not handed over");
}

#[test]
fn errors_in_the_appliance_come_first() {
    let folder = folder(&GOOD.replace("nginx:1.27", "a b"));
    let (status, _, err) = run(folder.path(), &["up", "app.json", "-t", "compose"]);
    assert_eq!(status, 1);
    assert!(err.contains("error[") && !err.contains("docker"), "{err}");
}

#[test]
fn targets_that_nothing_can_be_run_on_say_so() {
    let folder = folder(GOOD);
    for target in ["kubernetes", "nomad", "marathon", "./mine"] {
        let (status, out, err) = run(folder.path(), &["up", "app.json", "-t", target]);
        assert_eq!((status, out.as_str()), (2, ""), "{target}");
        assert!(
            err.starts_with(&format!("applc: error: running on `{target}` is not supported yet")),
            "{err}"
        );
        let (status, _, err) = run(folder.path(), &["status", "app", "--target", target]);
        assert_eq!(status, 2, "{target}");
        assert!(err.contains(&format!("running on `{target}` is not supported yet")), "{err}");
    }
}

#[test]
fn up_takes_one_target() {
    let folder = folder(GOOD);
    let (status, _, err) = run(folder.path(), &["up", "app.json"]);
    assert_eq!((status, err.as_str()), (2, "applc: error: no target given; use `--target NAME`\n"));
    let (status, _, err) = run(folder.path(), &["up", "app.json", "-t", "compose", "-t", "nomad"]);
    assert_eq!(status, 2);
    assert_eq!(err, "applc: error: an appliance is brought up on one target at a time\n");
    let (status, _, err) = run(folder.path(), &["up", "app.json", "-t", "composr"]);
    assert_eq!(status, 2);
    assert!(err.contains("did you mean `compose`?"), "{err}");
}
