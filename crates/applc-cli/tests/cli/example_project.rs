//! `examples/project`: its committed output is what the program makes of it.
//! `UPDATE_DOCS=1 cargo test example_project` makes it anew; review it.

use std::fs;
use std::path::Path;

/// Runs the program in the folder of the example: exit status, both outputs.
fn run(arguments: &[&str]) -> (i32, String) {
    let output = assert_cmd::Command::cargo_bin("applc")
        .unwrap()
        .current_dir(applc_testing::repository("examples/project"))
        .env_clear()
        .args(arguments)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(text).unwrap())
}

/// The paths of the files below a folder, without those of the cache.
fn paths(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            paths(&path, found);
        } else {
            found.push(path.display().to_string());
        }
    }
}

#[test]
fn the_output_is_current() {
    if applc_testing::updates(applc_testing::UPDATE_DOCS) {
        let (status, text) = run(&["compile"]);
        assert_eq!(status, 0, "{text}");
    }
    let (status, text) = run(&["compile", "--check", "--no-cache"]);
    assert_eq!(status, 0, "run `UPDATE_DOCS=1 cargo test example_project`:\n{text}");
    assert_eq!(run(&["check", "--deny", "warnings", "--no-cache"]).0, 0, "{text}");
}

#[test]
fn all_targets_are_used_in_three_environments() {
    let mut found = Vec::new();
    paths(&applc_testing::repository("examples/project/manifests"), &mut found);
    for part in
        ["/compose/", "/kubernetes/", "/nomad/", "/marathon/", "/dev/", "/staging/", "/prod/"]
    {
        assert!(found.iter().any(|path| path.contains(part)), "no file of {part}");
    }
}

#[test]
fn files_for_pipelines_name_the_version_of_the_program() {
    let version = env!("CARGO_PKG_VERSION");
    for (file, text) in [
        ("pre-commit/pyproject.toml", format!("version = \"{version}\"\n")),
        ("pre-commit/pyproject.toml", format!("dependencies = [\"applc=={version}\"]\n")),
        ("examples/project/.pre-commit-config.yaml", format!("rev: v{version}\n")),
        ("examples/project/.github/workflows/applc.yml", format!("/applc@v{version}\n")),
        ("examples/project/argocd/Containerfile", format!("/applc:{version} AS applc\n")),
        ("examples/project/argocd/repo-server.yaml", format!("/argocd-applc:{version}\n")),
    ] {
        assert!(applc_testing::read(file).contains(&text), "{file}: {text}");
    }
}
