//! Custom targets and the plan on the command line.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

const APPLIANCE: &str = r#"{"id":"app","containers":[
  {"id":"web","type":"service","image":"nginx:1.27","resources":{"cpus":1,"mem":64},
   "network_mode":"bridge","args":["it's @web"]}]}"#;

/// Runs the program in a folder: exit status, standard output, standard error.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("applc")
        .unwrap()
        .env_clear()
        .current_dir(folder)
        .args(arguments)
        .write_stdin(APPLIANCE)
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

/// A folder with the new target `mine` and an appliance.
fn with_a_new_target() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.json"), APPLIANCE).unwrap();
    let (status, _, err) = run(folder.path(), &["target", "new", "mine"]);
    assert_eq!(status, 0, "{err}");
    folder
}

/// Changes a file.
fn replace(path: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(old), "{old} is not in {}", path.display());
    fs::write(path, text.replace(old, new)).unwrap();
}

#[test]
fn a_new_target_is_valid_and_works() {
    let folder = with_a_new_target();
    let (status, out, err) = run(folder.path(), &["compile", "app.json", "-t", "./mine"]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("  'nginx:1.27' 'it'\\''s app-web'\n"), "{out}");
    let (status, out, err) = run(folder.path(), &["target", "check", "mine"]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    assert!(out.starts_with("mine: "), "{out}");
    assert!(out.contains(" 0 failed because of errors in the target\n"), "{out}");
    let (status, out, _) = run(folder.path(), &["targets", "./mine"]);
    assert_eq!(status, 0);
    assert!(out.contains("value: `docker` or `podman`; default: `docker`"), "{out}");
}

#[test]
fn a_new_target_requires_a_valid_name_and_no_existing_folder() {
    let folder = with_a_new_target();
    for (name, message) in
        [("mine", "already exists"), ("My Target", "lower-case"), ("compose", "lower-case")]
    {
        let (status, out, err) = run(folder.path(), &["target", "new", name]);
        assert_eq!((status, out.as_str()), (2, ""));
        assert!(err.contains(message), "{err}");
    }
}

#[test]
fn a_target_in_the_project_file_is_known_by_name() {
    let folder = with_a_new_target();
    let (status, _, err) = run(folder.path(), &["compile", "app.json", "-t", "mine"]);
    assert_eq!(status, 2);
    assert!(err.contains("unknown target `mine`"), "{err}");
    let project = folder.path().join("applc.toml");
    fs::write(&project, "target-folders = [\"mine\"]\n[targets.mine]\nengine = \"podman\"\n")
        .unwrap();
    let (status, out, err) = run(folder.path(), &["compile", "app.json", "-t", "mine"]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("\npodman run "), "{out}");
    let given = ["compile", "app.json", "-t", "mine", "--option", "mine.engine=docker"];
    assert!(run(folder.path(), &given).1.contains("\ndocker run "));
    let (status, out, _) = run(folder.path(), &["targets"]);
    assert_eq!(status, 0);
    assert!(out.contains("\nmine        a shell script"), "{out}");
    let wrong = ["compile", "app.json", "-t", "mine", "--option", "mine.engin=docker"];
    let (status, out, err) = run(folder.path(), &wrong);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("did you mean `engine`?"), "{err}");
    fs::write(&project, "target-folders = [\"mien\", 3]\n").unwrap();
    let (status, _, err) = run(folder.path(), &["compile", "app.json", "-t", "compose"]);
    assert_eq!(status, 1);
    assert!(err.contains("applc.toml:1:19") && err.contains("applc.toml:1:27"), "{err}");
}

#[test]
fn a_custom_target_next_to_a_built_in_one_has_its_own_folder() {
    let folder = with_a_new_target();
    let (status, _, err) =
        run(folder.path(), &["compile", "app.json", "-t", "compose", "-t", "./mine/", "-o", "out"]);
    assert_eq!(status, 0, "{err}");
    assert!(folder.path().join("out/compose/compose.yaml").is_file());
    assert!(folder.path().join("out/mine/app.sh").is_file());
}

#[test]
fn an_invalid_target_is_status_1_and_writes_nothing() {
    let folder = with_a_new_target();
    let template = folder.path().join("mine/run.sh.j2");
    let compile = ["compile", "app.json", "-t", "./mine", "-o", "out/app.sh"];
    replace(&template, "container.image", "container.imge");
    for arguments in
        [&compile[..], &["check", "app.json", "-t", "./mine"], &["target", "check", "mine"]]
    {
        let (status, _, err) = run(folder.path(), arguments);
        assert_eq!(status, 1, "{err}");
        assert!(err.contains("run.sh.j2:") && err.contains("did you mean `image`?"), "{err}");
    }
    let short = [&compile[..], &["--format", "short"]].concat();
    let (_, _, err) = run(folder.path(), &short);
    assert_eq!(err, "./mine/run.sh.j2:28:6: error[E0702]: `container.imge` is undefined\n");
    replace(&folder.path().join("mine/target.toml"), "applc = 1", "applc = 7");
    let (status, out, err) = run(folder.path(), &compile);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("unsupported version 7"), "{err}");
    assert!(!folder.path().join("out").exists());
}

#[test]
fn a_folder_without_a_manifest_is_status_3() {
    let folder = with_a_new_target();
    for name in ["./nothing", ".", "../"] {
        let (status, out, err) = run(folder.path(), &["compile", "app.json", "-t", name]);
        assert_eq!((status, out.as_str()), (3, ""));
        assert!(err.contains("cannot load target"), "{err}");
    }
}

#[test]
fn target_check_gives_advice() {
    let folder = with_a_new_target();
    replace(
        &folder.path().join("mine/target.toml"),
        "\"*\" = { rejected = \"not implemented by this example\" }\n",
        "",
    );
    fs::write(folder.path().join("mine/old.j2"), "x").unwrap();
    let (status, _, err) = run(folder.path(), &["target", "check", "mine"]);
    assert_eq!(status, 0);
    assert!(err.contains("hint[H0701]") && err.contains("warning[W0701]"), "{err}");
    let (_, _, err) = run(folder.path(), &["compile", "app.json", "-t", "./mine"]);
    assert_eq!(err, "");
}

#[cfg(unix)]
#[test]
fn templates_cannot_leave_their_folder_through_a_link() {
    let folder = with_a_new_target();
    fs::write(folder.path().join("secret.j2"), "secret").unwrap();
    std::os::unix::fs::symlink("../secret.j2", folder.path().join("mine/inner.j2")).unwrap();
    fs::write(folder.path().join("mine/run.sh.j2"), "{% include 'inner.j2' %}\n").unwrap();
    let (status, out, err) = run(folder.path(), &["compile", "app.json", "-t", "./mine"]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("inner.j2"), "{err}");
}

/// The engine counts the values that filters and operators create, in addition to the steps.
#[test]
fn values_of_a_template_are_bounded() {
    let folder = with_a_new_target();
    let bombs = [
        format!("{{% set a = 'x' * 1000 %}}{}{{{{ a }}}}", "{% set a = a ~ a %}".repeat(60)),
        "{% set a = 'x' %}".to_owned() + &"{% set a = a | replace('x', 'xx') %}".repeat(60),
        "{{ 'x' * 3000000000 }}".to_owned(),
        "{{ 'x' | indent(3000000000, true) }}".to_owned(),
        "{{ range(99999) | batch(90000000000, 'x') | list | length }}".to_owned(),
        "{{ range(99999) | map('string') | list | join('x' * 9000) | length }}".to_owned(),
    ];
    for bomb in bombs {
        fs::write(folder.path().join("mine/run.sh.j2"), &bomb).unwrap();
        let arguments = ["compile", "app.json", "-t", "./mine", "-o", "out/app.sh"];
        let (status, out, err) = run(folder.path(), &arguments);
        assert_eq!((status, out.as_str()), (1, ""), "{bomb}: {err}");
        assert!(err.contains("error[E0702]"), "{bomb}: {err}");
        assert!(!folder.path().join("out").exists(), "{bomb}");
    }
}

#[test]
fn the_plan_is_json_and_empty_after_an_error() {
    let folder = with_a_new_target();
    let (status, out, err) = run(folder.path(), &["plan", "app.json"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let plan: serde_json::Value = serde_json::from_str(&out).unwrap();
    let args = &plan["appliance"]["containers"][0]["args"];
    assert_eq!(*args, serde_json::json!([["it's ", {"id": "web", "port": null}]]));
    assert_eq!(run(folder.path(), &["plan", "-"]).1, out);
    replace(&folder.path().join("app.json"), "@web", "@wbe");
    let (status, out, err) = run(folder.path(), &["plan", "app.json"]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("did you mean `@web`?"), "{err}");
}

#[test]
fn each_schema_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    for (of, file) in [
        ("appliance", "editors/schemas/applc-appliance.json"),
        ("overlay", "editors/schemas/applc-overlay.json"),
        ("project", "editors/schemas/applc-project.json"),
        ("target", "editors/schemas/applc-target.json"),
        ("plan", "schema/plan.schema.json"),
        ("diagnostics", "schema/diagnostics.schema.json"),
        ("config", "schema/config.schema.json"),
        ("changes", "schema/changes.schema.json"),
    ] {
        let (status, out, _) = run(folder.path(), &["schema", of]);
        assert_eq!(status, 0);
        assert_eq!(out, fs::read_to_string(applc_testing::repository(file)).unwrap());
    }
}
