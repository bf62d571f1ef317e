//! A built-in target is complete: it is in the list, and has templates and tests.

use std::collections::BTreeSet;
use std::fs;

use applc::targets;

use crate::common::repository;

/// Folders in `templates` and `src/targets` that are not built-in targets.
const OTHERS: [&str; 2] = ["custom", "new-target"];

/// The folders in a folder of the repository.
fn folders(path: &str) -> BTreeSet<String> {
    fs::read_dir(repository(path))
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| !OTHERS.contains(&name.as_str()))
        .collect()
}

#[test]
fn each_folder_of_a_target_is_in_the_list() {
    let listed: BTreeSet<String> =
        targets::ALL.iter().map(|target| target.name().to_owned()).collect();
    assert_eq!(folders("src/targets"), listed, "src/targets, and ALL in src/targets/mod.rs");
    assert_eq!(folders("templates"), listed, "templates, and ALL in src/targets/mod.rs");
}

#[test]
fn each_target_has_tests() {
    let mut missing = Vec::new();
    for target in targets::ALL {
        let name = target.name();
        for path in [
            format!("src/targets/{name}/tests/cells.rs"),
            format!("src/targets/{name}/tests/strings.rs"),
            format!("tests/conformance/test_{name}.py"),
            format!("tests/diagnostics/targets-{name}"),
        ] {
            if !repository(&path).exists() {
                missing.push(path);
            }
        }
    }
    assert!(missing.is_empty(), "add {missing:#?}");
}
