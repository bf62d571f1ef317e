//! `applc config`.

use serde_json::{Value, json};

use crate::project::Repository;
use crate::schemas;

const OUTER: &str = r#"required-version = ">=0.1"
default-targets = ["compose", "kubernetes"]
output = "manifests/{environment}/{folder}/{target}"

[targets.kubernetes]
expose = "load-balancer"
namespace = "all"

[diagnostics]
deny = ["warnings"]
allow = ["W0301"]

[environments.test]

[environments.prod]
overlay = ["{name}.prod.yaml", "none.yaml"]
compile-for = ["kubernetes"]
targets.kubernetes.namespace = "{id}-prod"
images = { "nginx" = "1.28", "x.org/api" = "2" }
"#;

const INNER: &str = r#"appliances = ["*.yaml"]

[targets.kubernetes]
expose = "node-port"

[diagnostics]
warn = ["W0301"]

[environments.prod]
images = { "docker.io/nginx" = "1.29" }
"#;

/// A project with a second file in `apps/b`.
fn nested() -> Repository {
    let repository = Repository::new();
    repository.write("applc.toml", OUTER);
    repository.write("apps/b/applc.toml", INNER);
    repository
}

/// What is printed as JSON, which must match the published schema.
fn document(repository: &Repository, folder: &str, arguments: &[&str]) -> Value {
    let arguments = [&["config", "--format", "json"][..], arguments].concat();
    let (status, out, err) = repository.run_in(folder, &arguments);
    assert_eq!((status, err.as_str()), (0, ""));
    schemas::document("config", &out)
}

/// The values of a key, and where they come from.
fn of(document: &Value, key: &[&str]) -> Vec<(Value, String)> {
    let settings = document["settings"].as_array().unwrap().iter();
    let found = settings.filter(|one| one["key"] == json!(key));
    found.map(|one| (one["value"].clone(), origin(&one["from"]))).collect()
}

fn origin(from: &Value) -> String {
    match from["kind"].as_str().unwrap() {
        "default" => "default".to_owned(),
        "argument" => from["argument"].as_str().unwrap().to_owned(),
        _ => {
            let environment = from["environment"].as_str();
            let environment = environment.map(|name| format!(" {name}")).unwrap_or_default();
            let file = from["file"].as_str().unwrap();
            format!("{file}:{}:{}{environment}", from["line"], from["column"])
        }
    }
}

fn one(document: &Value, key: &[&str]) -> (String, String) {
    let found = of(document, key);
    assert_eq!(found.len(), 1, "{key:?} {found:?}");
    (found[0].0.as_str().unwrap_or("none").to_owned(), found[0].1.clone())
}

fn pair(value: &str, origin: &str) -> (String, String) {
    (value.to_owned(), origin.to_owned())
}

#[test]
fn each_setting_has_the_line_that_sets_it() {
    let repository = nested();
    let (status, out, err) = repository.run(&["config", "--env", "prod"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let kubernetes = out.lines().filter(|line| line.contains("applc.toml"));
    let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = kubernetes.map(squeezed).collect();
    assert_eq!(
        lines,
        [
            "required-version >=0.1 applc.toml:1",
            "output manifests/{environment}/{folder}/{target} applc.toml:3",
            "default-targets kubernetes applc.toml:17 (environments.prod)",
            "targets.kubernetes.namespace {id}-prod applc.toml:18 (environments.prod)",
            "targets.kubernetes.expose load-balancer applc.toml:6",
            "diagnostics.warnings deny applc.toml:10",
            "diagnostics.W0301 allow applc.toml:11",
            "environments test applc.toml:13",
            "environments prod applc.toml:15",
            "overlay {name}.prod.yaml applc.toml:16 (environments.prod)",
            "overlay none.yaml applc.toml:16 (environments.prod)",
            "images.\"docker.io/library/nginx\" 1.28 applc.toml:19 (environments.prod)",
            "images.\"x.org/api\" 2 applc.toml:19 (environments.prod)",
        ]
    );
    // The columns are aligned.
    let at = |line: &str| line.find("applc.toml");
    assert_eq!(at(out.lines().next().unwrap()), at(out.lines().nth(4).unwrap()), "{out}");
}

#[test]
fn files_of_folders_and_environments_override_others() {
    let repository = nested();
    let file = "apps/b/b.appliance.yaml";
    let all = document(&repository, "", &[file]);
    assert_eq!(all["files"], json!(["applc.toml", "apps/b/applc.toml"]));
    assert_eq!((&all["file"], &all["environment"]), (&json!(file), &Value::Null));
    assert_eq!(one(&all, &["appliances"]), pair("*.yaml", "apps/b/applc.toml:1:15"));
    let expose = ["targets", "kubernetes", "expose"];
    assert_eq!(one(&all, &expose), pair("node-port", "apps/b/applc.toml:4:10"));
    let namespace = ["targets", "kubernetes", "namespace"];
    assert_eq!(one(&all, &namespace), pair("all", "applc.toml:7:13"));
    assert_eq!(one(&all, &["diagnostics", "W0301"]), pair("warn", "apps/b/applc.toml:7:9"));
    let targets = of(&all, &["default-targets"]);
    assert_eq!(targets.len(), 2);
    assert_eq!(targets[1], (json!("kubernetes"), "applc.toml:2:31".to_owned()));
    assert_eq!(one(&all, &["overlay"]), pair("none", "default"));
    assert_eq!(of(&all, &["images", "x.org/api"]), []);
    // Without an environment, its part of the path is not known.
    let output = pair("manifests/{environment}/apps/b/{target}", "applc.toml:3:10");
    assert_eq!(one(&all, &["output"]), output);

    let prod = document(&repository, "", &[file, "--env", "prod"]);
    assert_eq!(prod["environment"], "prod");
    assert_eq!(one(&prod, &expose), pair("node-port", "apps/b/applc.toml:4:10"));
    assert_eq!(one(&prod, &namespace), pair("b-prod", "applc.toml:18:32 prod"));
    assert_eq!(one(&prod, &["default-targets"]), pair("kubernetes", "applc.toml:17:16 prod"));
    assert_eq!(one(&prod, &["output"]).0, "manifests/prod/apps/b/{target}");
    let overlay = pair("apps/b/b.prod.yaml", "applc.toml:16:12 prod");
    assert_eq!(one(&prod, &["overlay"]), overlay);
    let nginx = ["images", "docker.io/library/nginx"];
    assert_eq!(one(&prod, &nginx), pair("1.29", "apps/b/applc.toml:10:32 prod"));
    assert_eq!(one(&prod, &["images", "x.org/api"]).0, "2");
    // Another file of the project has the settings of the outer file only.
    let other = document(&repository, "", &["apps/a/a.appliance.json", "--env", "prod"]);
    assert_eq!(one(&other, &expose), pair("load-balancer", "applc.toml:6:10"));
    assert_eq!(one(&other, &nginx).0, "1.28");
    // No file has the name of an overlay.
    assert_eq!(one(&other, &["overlay"]), pair("none", "applc.toml:16:11 prod"));
    // Of targets that are not compiled for, there are no defaults.
    assert_eq!(of(&other, &["targets", "compose", "project-directory"]), []);
    let test = document(&repository, "", &["apps/a/a.appliance.json", "--env", "test"]);
    let way = one(&test, &["targets", "compose", "project-directory"]);
    assert_eq!(way, pair("../../../../../apps/a", "default"));
}

#[test]
fn arguments_override_the_project() {
    let repository = nested();
    let arguments = [
        "apps/b/b.appliance.yaml",
        "--env",
        "prod",
        "--target",
        "nomad",
        "--option",
        "kubernetes.expose=cluster-ip",
        "--option",
        "nomad.region=eu",
        "--overlay",
        "apps/b/b.prod.yaml",
        "--deny",
        "W0301",
    ];
    let found = document(&repository, "", &arguments);
    assert_eq!(one(&found, &["default-targets"]), pair("nomad", "--target nomad"));
    let region = ["targets", "nomad", "region"];
    assert_eq!(one(&found, &region), pair("eu", "--option nomad.region=eu"));
    let overlays = of(&found, &["overlay"]);
    assert_eq!(overlays.len(), 2);
    assert_eq!(overlays[1].1, "--overlay apps/b/b.prod.yaml");
    assert_eq!(one(&found, &["diagnostics", "W0301"]), pair("deny", "--deny W0301"));
    let (status, _, err) = repository.run(&["config", "--option", "nomad.regin=eu"]);
    assert_eq!(status, 2);
    assert!(err.contains("did you mean `region`?"), "{err}");
}

#[test]
fn paths_lead_from_the_working_directory() {
    let repository = nested();
    let root = std::fs::canonicalize(repository.path("")).unwrap();
    let found = document(&repository, "apps/b", &["--env", "prod"]);
    let outer = root.join("applc.toml").to_string_lossy().into_owned();
    assert_eq!(found["files"], json!([outer, "applc.toml"]));
    let expose = ["targets", "kubernetes", "expose"];
    assert_eq!(one(&found, &expose), pair("node-port", "applc.toml:4:10"));
    let (path, _) = one(&found, &["output"]);
    assert!(path.starts_with(&*root.to_string_lossy()), "{path}");
    let from_above = document(&repository, "", &["apps/b"]);
    assert_eq!(one(&from_above, &expose), pair("node-port", "apps/b/applc.toml:4:10"));
}

#[test]
fn without_a_project_there_are_defaults() {
    let repository = Repository::new();
    std::fs::remove_file(repository.path("applc.toml")).unwrap();
    std::fs::create_dir(repository.path(".git")).unwrap();
    let (status, out, err) = repository.run(&["config"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("no `applc.toml` in this folder or above; name an appliance"), "{err}");
    let found = document(&repository, "", &["apps/a/a.appliance.json", "--target", "compose"]);
    assert_eq!(found["files"], json!([]));
    assert_eq!(one(&found, &["output"]), pair("none", "default"));
    assert_eq!(one(&found, &["required-version"]), pair("none", "default"));
    assert_eq!(one(&found, &["appliances"]).0, "**/*.appliance.{json,jsonc,yaml,yml}");
    let interval = ["targets", "compose", "start-interval"];
    assert_eq!(one(&found, &interval), pair("0", "default"));
    let file = "apps/a/a.appliance.json";
    let (status, _, err) = repository.run(&["config", file, "--env", "prod"]);
    assert_eq!(status, 2);
    assert!(err.contains("unknown environment `prod`"), "{err}");
}

#[test]
fn faults_are_findings() {
    let repository = nested();
    let (status, out, err) = repository.run(&["config", "--env", "pord"]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("did you mean `prod`?"), "{err}");
    let (status, _, err) = repository.run(&["config", "apps/none.json"]);
    assert_eq!(status, 3);
    assert!(err.contains("cannot read `apps/none.json`"), "{err}");
    // A value that is invalid only with the id of the appliance.
    let long = repository
        .read("apps/b/b.appliance.yaml")
        .replace("\"b\"", &format!("\"{}\"", "b".repeat(70)));
    repository.write("apps/b/b.appliance.yaml", &long);
    let (status, out, err) =
        repository.run(&["config", "apps/b/b.appliance.yaml", "--env", "prod"]);
    assert_eq!(status, 1);
    assert!(err.contains("E0501") && err.contains("applc.toml:18"), "{err}");
    assert!(out.contains("expose"), "{out}");
    repository.write("apps/b/applc.toml", "colour = 1\n");
    let (status, out, err) = repository.run(&["config", "apps/b/b.appliance.yaml"]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("unknown key `colour`") && err.contains("apps/b/applc.toml:1"), "{err}");
}
