//! Arguments that are no appliances.

use super::project::Repository;

#[test]
fn another_file_of_a_project_is_told_by_what_it_is() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["compile"]).0, 0);
    let overlay =
        "this is an overlay of `b.appliance.yaml` in `prod`; check that file with `--env prod`";
    for (file, message) in [
        ("apps/b/b.prod.yaml", overlay),
        ("applc.toml", "this is the project file; run `applc check` in its folder"),
        ("manifests/.applc-outputs", "this is applc's record of its outputs"),
    ] {
        let finding = format!("{file}:1:1: error[E0003]: {message}\n");
        let short = ["check", file, "--format", "short"];
        assert_eq!(repository.run(&short).1, finding);
        for command in [
            &["check", file, "--fix"][..],
            &["compile", file, "-t", "compose"],
            &["plan", file],
            &["trace", file],
            &["config", file],
        ] {
            let (status, out, err) = repository.run(command);
            assert_eq!((status, out.as_str()), (1, ""), "{command:?}");
            let expected = format!("error[E0003]: {message}\n--> {file}\n");
            let trimmed: Vec<&str> = err.lines().map(str::trim).collect();
            assert!(trimmed.join("\n").starts_with(&expected), "{command:?}\n{err}");
            assert_eq!(err.matches("error[").count(), 1, "{err}");
        }
    }
    // From another folder of the project.
    let (_, out, _) = repository.run_in("apps/b", &["check", "b.prod.yaml", "--format", "short"]);
    assert!(out.contains(overlay), "{out}");
    // A file that no environment has as its overlay is read.
    repository.write("apps/b/b.other.yaml", "containers: []\n");
    let (_, out, _) = repository.run(&["check", "apps/b/b.other.yaml", "--format", "short"]);
    assert!(!out.contains("E0003"), "{out}");
}

#[test]
fn what_cannot_be_read_says_what_an_argument_may_be() {
    let repository = Repository::new();
    let (status, _, err) = repository.run(&["plan", "apps"]);
    assert_eq!(status, 3);
    assert!(err.contains("help: `plan` takes one file"), "{err}");
    let (status, _, err) = repository.run(&["check", "apps/*.appliance.*"]);
    assert_eq!(status, 3);
    assert!(err.contains("help: the shell found no file for this pattern"), "{err}");
    let (status, _, err) = repository.run(&["check", "none.json"]);
    assert_eq!(status, 3);
    // No line of a file that was not read.
    assert!(err.contains("--> none.json") && !err.contains(" | "), "{err}");
    assert!(!err.contains("^"), "{err}");
}
