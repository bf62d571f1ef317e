//! Values that look like secrets are in no excerpt, diff, or table, as these end up in logs.

use std::fs;

use crate::project::Repository;

/// The formats of findings.
const FORMATS: [&str; 7] = ["human", "short", "json", "sarif", "github", "gitlab", "junit"];

const START: &str =
    r#"{"id": "app", "containers": [{"id": "web", "type": "service", "image": "nginx""#;
const END: &str = r#""resources": {"cpus": 1, "mem": 64}}]}"#;

#[test]
fn excerpts_have_no_secret_whatever_is_found_in_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let with = |fields: &str| format!("{START}, {fields}, {END}\n");
    for (name, text) in [
        // The finding that hides the value is taken out.
        ("allowed.json", with(r#""env": {"DB_PASSWORD": "canary-1"}"#)),
        // Nothing says that there is a secret.
        ("args.json", with(r#""args": ["--db-password=canary-1", "--api-token", "canary-2"]"#)),
        ("cmd.json", with(r#""cmd": "run --db-password canary-1""#)),
        ("labels.json", with(r#""labels": {"api_token": "canary-1"}"#)),
        ("unknown.json", with(r#""DB_PASSWORD": "canary-1", "bogus": 1"#)),
        ("type.json", with(r#""env": {"SMTP_PASS": ["canary-1"]}"#)),
        ("reference.json", with(r#""env": {"SMTP_PASS": "canary1@canary-2"}"#)),
        ("syntax.json", with(r#""env": {"DB_PASS": "canary-1" "X": 1}"#)),
        ("colon.yaml", "id: app\nenv:\n  DB_PASSWORD: canary-1: x\n".to_owned()),
        ("quote.yaml", "id: app\nenv:\n  DB_PASSWORD: \"canary-1\n  X: y\n".to_owned()),
        ("tag.yaml", "id: app\nenv:\n  DB_PASSWORD: !canary-1 x\n".to_owned()),
        ("anchor.yaml", "id: app\nenv:\n  DB_PASSWORD: *canary-1\n".to_owned()),
    ] {
        fs::write(folder.path().join(name), &text).unwrap();
        for format in FORMATS {
            let mut command = assert_cmd::Command::cargo_bin("applc").unwrap();
            command.current_dir(folder.path()).env_clear();
            command.args(["check", name, "--allow", "W0601", "--warn", "H0601"]);
            let output = command.args(["--format", format]).output().unwrap();
            let text = [output.stdout, output.stderr].concat();
            let text = String::from_utf8(text).unwrap();
            assert!(text.contains(name), "{name} {format}: {text}");
            assert!(!text.contains("canary"), "{name} {format}: {text}");
            if format == "human" {
                assert!(text.contains("***"), "{name}: {text}");
            }
        }
    }
}

/// A project with a secret in plain text, whose output is stale.
fn repository() -> Repository {
    let repository = Repository::new();
    let secret = format!(
        "{}, \"env\": {{\"DB_PASSWORD\": \"canary-1\", \"LEVEL\": \"1\"}}, \"network_mode\": \"container\", {END}\n",
        START.replace("\"app\"", "\"a\"")
    );
    repository.write("apps/a/a.appliance.json", &secret);
    let (status, _, err) = repository.run(&["compile"]);
    assert!(status == 0 && !err.contains("canary"), "{err}");
    let changed = secret.replace("canary-1", "canary-2").replace("\"1\"", "\"2\"");
    repository.write("apps/a/a.appliance.json", &changed);
    repository
}

#[test]
fn diffs_have_no_secret_unless_it_is_asked_for() {
    let repository = repository();
    let (status, out, err) = repository.run(&["compile", "--diff"]);
    assert!(status == 4 && !out.contains("canary"), "{out}");
    for line in
        ["-      - \"DB_PASSWORD=********\"", "+      - \"DB_PASSWORD=********\"", "LEVEL=2"]
    {
        assert!(out.contains(line), "{line} is not in {out}");
    }
    // On Kubernetes, name and value are on two lines.
    assert!(
        out.contains("+              value: \"********\"")
            || out.contains("+              value: ********"),
        "{out}"
    );
    assert!(err.contains("6 lines have asterisks") && err.contains("`--show-secrets`"), "{err}");
    let (status, out, err) = repository.run(&["compile", "--diff", "--show-secrets"]);
    assert!(
        status == 4 && out.contains("DB_PASSWORD=canary-2") && !err.contains("asterisks"),
        "{out}{err}"
    );
    let mut patch = assert_cmd::Command::new("patch");
    patch.current_dir(repository.0.path()).args(["-s", "-p1"]).write_stdin(out).assert().success();
    let (status, out, _) = repository.run(&["compile", "--check"]);
    assert_eq!((status, out.as_str()), (0, ""));
    // The lines around what is fixed.
    repository.write(
        "x.yaml",
        "id: x\ncontainers:\n- id: web\n  type: service\n  image: nginx:1\n  env:\n    DB_PASSWORD: canary-1\n  resources:\n    cpu: 1\n    mem: 64\n",
    );
    let (_, out, err) = repository.run(&["check", "x.yaml", "--diff"]);
    assert!(out.contains(" DB_PASSWORD: ********") && out.contains("cpus"), "{out}");
    assert!(!err.contains("canary"), "{err}");
    let (_, out, _) = repository.run(&["check", "x.yaml", "--diff", "--show-secrets"]);
    assert!(out.contains(" DB_PASSWORD: canary-1"), "{out}");
}

#[test]
fn traces_have_no_secret() {
    let repository = repository();
    assert_eq!(repository.run(&["compile"]).0, 0);
    let file = "apps/a/a.appliance.json";
    let made = "manifests/test/apps/a/kubernetes/kubernetes.yaml";
    let line = repository.read(made).lines().position(|line| line.contains("canary")).unwrap() + 1;
    for arguments in [
        vec!["trace", file],
        vec!["trace", "apps/a/a.appliance.json:1"],
        vec!["trace", made],
        vec!["trace", &format!("{made}:{line}")],
    ] {
        let (status, out, err) = repository.run(&arguments);
        assert_eq!(status, 0, "{arguments:?}: {err}");
        assert!(
            out.contains("env.DB_PASSWORD") && out.contains("********"),
            "{arguments:?}: {out}"
        );
        assert!(!out.contains("canary") && !err.contains("canary"), "{arguments:?}: {out}{err}");
    }
}

#[test]
fn settings_have_no_secret() {
    let repository = Repository::new();
    let (status, _, err) = repository.run(&["target", "new", "mine"]);
    assert_eq!(status, 0, "{err}");
    let manifest = repository.read("mine/target.toml");
    let option = "\n[options.api-token]\nmeaning = \"a token\"\ndefault = \"\"\n";
    repository.write("mine/target.toml", &format!("{manifest}{option}"));
    let project = repository.read("applc.toml");
    repository.write(
        "applc.toml",
        &format!(
            "target-folders = [\"mine\"]\n{project}[targets.mine]\napi-token = \"canary-1\"\n"
        ),
    );
    for arguments in [
        vec!["config"],
        vec!["config", "--format", "json"],
        vec!["config", "--target", "mine", "--option", "mine.api-token=canary-2"],
    ] {
        let (status, out, err) = repository.run(&arguments);
        assert_eq!(status, 0, "{err}");
        assert!(out.contains("(hidden)") && !out.contains("canary"), "{out}");
    }
}
