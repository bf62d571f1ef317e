//! `--overlay`.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::project::{Repository, appliance};

const APPLIANCE: &str = r#"{
  "id": "shop",
  "containers": [
    {"id": "web", "type": "service", "image": "nginx:1.27", "resources": {"cpus": 1, "mem": 64}},
    {"id": "debug", "type": "service", "image": "busybox:1.37", "resources": {"cpus": 1, "mem": 64}}
  ]
}
"#;

/// A folder with an appliance and these overlays.
fn folder(overlays: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.json"), APPLIANCE).unwrap();
    for (name, text) in overlays {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn an_overlay_that_cannot_be_read_is_the_only_finding() {
    let folder = folder(&[]);
    let overlay = folder.path().join("over.yaml");
    fs::write(&overlay, b"id: \xff").unwrap();
    let arguments = ["check", "app.json", "--overlay", "over.yaml", "--format", "short"];
    let (status, out, _) = run(folder.path(), &arguments);
    assert_eq!((status, out.as_str()), (1, "over.yaml:1:5: error[E0001]: invalid UTF-8\n"));
    fs::remove_file(&overlay).unwrap();
    fs::create_dir(&overlay).unwrap();
    let message = "error[E0003]: cannot read `over.yaml`: Is a directory";
    let (status, out, err) = run(folder.path(), &arguments);
    assert!(status == 3 && out.contains(message) && err.is_empty(), "{out}{err}");
    let arguments = ["compile", "app.json", "-t", "compose", "--overlay", "over.yaml"];
    let (status, out, err) = run(folder.path(), &arguments);
    assert!(status == 3 && out.is_empty() && err.contains(message), "{out}{err}");
}

/// Runs the program: exit status, standard output, standard error.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = assert_cmd::Command::cargo_bin("applc").unwrap();
    let output = command.current_dir(folder).env_clear().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The overlays of an environment: the second one changes what the first one added.
const PROD: [(&str, &str); 2] = [
    ("prod.yaml", "containers:\n  web: { instances: 3, env: { LEVEL: warn } }\n  debug: null\n"),
    ("eu.json", "{\"containers\": {\"web\": {\"env\": {\"LEVEL\": \"error\"}}}}\n"),
];

const BOTH: [&str; 4] = ["--overlay", "prod.yaml", "--overlay", "eu.json"];

#[test]
fn overlays_are_applied_one_after_the_other() {
    let folder = folder(&PROD);
    let run = |arguments: &[&str]| run(folder.path(), &[arguments, &BOTH].concat());
    let (status, plan, err) = run(&["plan", "app.json"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let containers = plan["appliance"]["containers"].as_array().unwrap();
    assert_eq!(containers.len(), 1);
    assert_eq!(containers[0]["instances"], 3);
    let (status, out, err) = run(&["compile", "app.json", "-t", "compose"]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("LEVEL=error") && !out.contains("busybox"), "{out}");
    assert_eq!(run(&["check", "app.json", "--deny", "warnings"]).0, 0);
}

#[test]
fn findings_and_origins_are_in_the_file_that_wrote_the_value() {
    let faulty = ("faulty.yaml", "containers:\n  web: { instances: -1 }\n  wbe: null\n");
    let folder = folder(&[PROD[0], PROD[1], faulty]);
    let run = |arguments: &[&str]| run(folder.path(), arguments);
    let check = ["check", "app.json", "--overlay", "faulty.yaml", "--format", "short"];
    let (status, out, _) = run(&check);
    assert_eq!(status, 1);
    assert!(out.contains("faulty.yaml:2:21: error[E0205]"), "{out}");
    assert!(out.contains("faulty.yaml:3:3: warning[W1102]"), "{out}");

    let trace = ["trace", "app.json", "-t", "compose", "--format", "json"];
    let (status, out, err) = run(&[&trace[..], &BOTH].concat());
    assert_eq!(status, 0, "{err}");
    let entries: Vec<Value> = serde_json::from_str(&out).unwrap();
    let origin = |field: &str| {
        let entry = entries.iter().find(|entry| entry["field"] == field).unwrap();
        let layer = entry["layer"].as_str().unwrap().to_owned();
        (layer, entry["source"]["file"].as_str().unwrap().to_owned())
    };
    let expected = |layer: &str, file: &str| (layer.to_owned(), file.to_owned());
    assert_eq!(origin("containers[0].image"), expected("appliance", "app.json"));
    assert_eq!(origin("containers[0].instances"), expected("overlay", "prod.yaml"));
    assert_eq!(origin("containers[0].env.LEVEL"), expected("overlay", "eu.json"));
}

#[test]
fn fixes_of_the_appliance_are_applied_with_an_overlay() {
    let folder = folder(&PROD);
    let file = folder.path().join("app.json");
    let misspelled =
        fs::read_to_string(&file).unwrap().replace("\"cpus\": 1, \"mem\"", "\"cpuss\": 1, \"mem\"");
    fs::write(&file, misspelled).unwrap();
    let (status, _, err) =
        run(folder.path(), &[&["check", "app.json", "--fix"][..], &BOTH].concat());
    assert_eq!(status, 0, "{err}");
    // The other container is removed by the overlay, so its faults do not count.
    let fixed = fs::read_to_string(&file).unwrap();
    assert_eq!((fixed.matches("cpuss").count(), fixed.matches("\"cpus\"").count()), (1, 1));
}

#[test]
fn overlays_are_fixed_as_well() {
    let over = "containers:\n  web: {type: Service, instences: 2}\n";
    let folder = folder(&[("over.yaml", over), ("good.yaml", "containers: {}\n")]);
    let arguments = ["app.json", "--overlay", "over.yaml", "--overlay", "good.yaml"];
    let (status, diff, err) = run(folder.path(), &[&["check", "--diff"][..], &arguments].concat());
    assert_eq!(status, 1, "{err}");
    let fixed = over.replace("Service", "service");
    assert!(diff.starts_with("--- a/over.yaml\n+++ b/over.yaml\n"), "{diff}");
    assert!(diff.ends_with("+  web: {type: service, instences: 2}\n"), "{diff}");
    let (status, _, err) = run(folder.path(), &[&["check", "--fix"][..], &arguments].concat());
    assert_eq!(status, 1, "{err}");
    assert_eq!(fs::read_to_string(folder.path().join("over.yaml")).unwrap(), fixed);
    assert_eq!(fs::read_to_string(folder.path().join("app.json")).unwrap(), APPLIANCE);
    for note in [
        "applc: over.yaml:2:15: fixed E0204: ",
        "applc: over.yaml: 1 error, 1 warning\napplc: good.yaml: 1 warning\n",
        "applc: over.yaml: 1 suggested fix may not be what is meant, and is not applied\n",
    ] {
        assert!(err.contains(note), "{err}");
    }
}

#[cfg(unix)]
#[test]
fn no_fix_reads_an_overlay_that_leads_out_of_the_project() {
    let repository = Repository::new();
    let outside = tempfile::tempdir().unwrap();
    let canary = outside.path().join("canary");
    fs::write(&canary, "{\"canary\": 1,,}").unwrap();
    fs::remove_file(repository.path("apps/b/b.prod.yaml")).unwrap();
    std::os::unix::fs::symlink(&canary, repository.path("apps/b/b.prod.yaml")).unwrap();
    for mode in ["--fix", "--diff"] {
        let arguments = ["check", mode, "apps/b/b.appliance.yaml", "--env", "prod"];
        let (status, out, err) = repository.run(&arguments);
        assert!(status == 3 && err.contains("it is a link out of the project"), "{err}");
        assert!(!out.contains("canary") && !err.contains("canary"), "{out}{err}");
    }
    assert_eq!(fs::read_to_string(canary).unwrap(), "{\"canary\": 1,,}");
}

#[test]
fn an_overlay_that_cannot_be_read_is_an_error() {
    let folder = folder(&[]);
    let (status, _, err) = run(folder.path(), &["check", "app.json", "--overlay", "none.yaml"]);
    assert_eq!(status, 3);
    assert!(err.contains("cannot read `none.yaml`"), "{err}");
}

#[test]
fn overlays_of_no_appliance_are_reported() {
    let repository = Repository::new();
    repository.write("apps/a/b.prod.yaml", "{}\n");
    repository.write("apps/b/bb.prod.yaml", "{}\n");
    repository.write("apps/b/docs/c.prod.yaml", "{}\n");
    let run = |arguments: &[&str]| {
        let (status, _, err) = repository.run(arguments);
        assert_eq!(status, 0, "{err}");
        err
    };
    let err = run(&["check"]);
    assert_eq!(err.matches("warning[W1104]").count(), 2, "{err}");
    assert!(err.contains("`apps/a/b.prod.yaml` is an overlay of no appliance"), "{err}");
    assert!(err.contains("`apps/b/bb.prod.yaml` is an overlay of no appliance"), "{err}");
    assert!(run(&["compile"]).contains("W1104"));
    assert!(!run(&["check", "apps/b"]).contains("W1104"), "a part of a project");
    repository.write("apps/s/storefront.appliance.yaml", &appliance("front", "redis:8"));
    repository.write("apps/s/storefrnt.prod.yaml", "{}\n");
    assert!(run(&["check"]).contains("did you mean `storefront.prod.yaml`?"));
    // All files beside an appliance have this form: those with a similar name are reported.
    let text = repository.read("applc.toml");
    repository.write("applc.toml", &text.replace("{name}.prod.yaml", "{name}.yaml"));
    repository.write("apps/b/values.yaml", "{}\n");
    repository.write("apps/s/storefron.yaml", "{}\n");
    let err = run(&["check"]);
    assert!(err.contains("apps/s/storefron.yaml") && !err.contains("values.yaml"), "{err}");
    // An entry without any file, once for all folders.
    assert!(!err.contains("no appliance has an overlay"), "{err}");
    repository.write("apps/s/storefront.prd.yaml", "{}\n");
    for (entry, help) in [("prod.yaml", 0), ("{name}.prod.yaml", 1)] {
        repository.write("applc.toml", &text.replace("{name}.prod.yaml", entry));
        fs::remove_file(repository.path("apps/b/b.prod.yaml")).unwrap_or_default();
        let err = run(&["check"]);
        let expected = format!("no appliance has an overlay `{entry}`");
        assert_eq!(err.matches(&expected).count(), 1, "{err}");
        let similar = "similar name: `apps/s/storefront.prd.yaml`";
        assert_eq!(err.matches(similar).count(), help, "{err}");
    }
}

/// A folder in place of an overlay is an error of each appliance, and no overlay that is missing.
#[test]
fn a_folder_in_place_of_an_overlay_is_one_finding() {
    let repository = Repository::new();
    let text = repository.read("applc.toml").replace("{name}.prod.yaml", "prod.yaml");
    repository.write("applc.toml", &text);
    repository.write("apps/a/prod.yaml/x", "");
    let (status, _, err) = repository.run(&["check"]);
    assert_eq!(status, 3, "{err}");
    assert_eq!(err.matches("error[E0003]: cannot read `apps/a/prod.yaml`").count(), 1, "{err}");
    assert!(!err.contains("W1104"), "{err}");
}
