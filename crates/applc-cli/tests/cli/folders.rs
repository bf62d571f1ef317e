//! `applc check` of folders, in a project and without one.

use std::fs;

use crate::project::{Repository, appliance};

/// A folder with two appliances, one of which has an error, and other files.
fn without_a_project() -> Repository {
    let folder = Repository::new();
    fs::remove_file(folder.path("applc.toml")).unwrap();
    folder.write("apps/b/b.appliance.yaml", "id: b\ncontainers: 3\n");
    folder.write("apps/other.yaml", "containers: 4\n");
    folder.write(".git/old.appliance.yaml", "containers: 5\n");
    folder
}

#[test]
fn a_folder_without_a_project_stands_for_its_appliances() {
    let folder = without_a_project();
    let found = |path| format!("{path}:2:13: error[E0202]");
    for (arguments, path) in [
        (&["check", "--format", "short"][..], "apps/b/b.appliance.yaml"),
        (&["check", "--format", "short", "apps"], "apps/b/b.appliance.yaml"),
        (&["check", "--format", "short", "apps/a/", "./apps/b/"], "./apps/b/b.appliance.yaml"),
    ] {
        let (status, out, err) = folder.run(arguments);
        assert_eq!((status, err.as_str()), (1, ""), "{arguments:?}");
        assert!(out.starts_with(&found(path)) && out.lines().count() == 1, "{arguments:?}: {out}");
    }
    assert_eq!(folder.run(&["check", "apps/a"]).0, 0);
}

#[test]
fn the_appliances_of_a_folder_are_fixed() {
    let folder = without_a_project();
    let text = appliance("a", "nginx:1.27").replace("}}]}", "}}],}");
    folder.write("apps/a/a.appliance.json", &text);
    assert_eq!(folder.run(&["check", "apps/a", "--deny", "warnings"]).0, 1);
    assert_eq!(folder.run(&["check", "apps/a", "--fix"]).0, 0);
    assert_eq!(folder.read("apps/a/a.appliance.json"), appliance("a", "nginx:1.27"));
    folder.write("applc.toml", "");
    let (status, _, err) = folder.run(&["check", "apps/a", "--fix"]);
    assert_eq!(status, 2);
    assert!(err.contains("`--fix` and `--diff` are for files, not for projects"), "{err}");
}

#[test]
fn a_folder_without_appliances_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let folder = Repository(folder);
    folder.write("x/shop.yaml", "id: x\n");
    let (status, _, err) = folder.run(&["check", "x"]);
    assert_eq!(status, 1);
    let expected = "no file in `x` is named `**/*.appliance.{json,jsonc,yaml,yml}`";
    assert!(err.contains(expected), "{err}");
}

#[test]
fn a_folder_after_a_file_stands_for_the_appliances_of_the_project() {
    let repository = Repository::new();
    repository.write("apps/c/c.appliance.yaml", "id: c\ncontainers: 3\n");
    let arguments = ["check", "--format", "short", "apps/a/a.appliance.json", "apps/c"];
    let (status, out, err) = repository.run(&arguments);
    assert_eq!(status, 1, "{err}");
    assert!(out.starts_with("apps/c/c.appliance.yaml:2:13: error[E0202]"), "{out}");
}
