//! `applc trace`, and what `applc compile` writes of origins.

use std::fs;
use std::path::Path;

use serde_json::Value;

const APPLIANCE: &str = r#"{
  "id": "shop",
  "containers": [
    {
      "id": "web", "type": "service", "image": "nginx:latest",
      "resources": {"cpus": 1, "mem": 64},
      "network_mode": "container",
      "args": ["--db", "@db:5432"],
      "ports": [{"container_port": 80, "protocol": "tcp"}]
    },
    {
      "id": "db", "type": "service", "image": "postgres:17.2",
      "resources": {"cpus": 1, "mem": 64},
      "network_mode": "container",
      "ports": [{"container_port": 5432, "protocol": "tcp"}]
    }
  ]
}
"#;

/// A folder with the appliance and a project file.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("app.json"), APPLIANCE).unwrap();
    let project = "[targets.kubernetes]\nnamespace = \"mine\"\n";
    fs::write(folder.path().join("applc.toml"), project).unwrap();
    folder
}

/// Runs the program: exit status, standard output, standard error.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = assert_cmd::Command::cargo_bin("applc").unwrap();
    let output = command.current_dir(folder).env_clear().args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn json(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let (status, out, err) = run(folder, &[arguments, &["--format", "json"]].concat());
    assert_eq!(status, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

/// The text of a line of the output that contains `part`, and its number.
fn line_with(text: &str, part: &str) -> usize {
    text.lines().position(|line| line.contains(part)).unwrap() + 1
}

#[test]
fn every_line_of_the_output_is_listed_with_its_origin() {
    let folder = folder();
    let (status, out, err) = run(folder.path(), &["trace", "app.json", "-t", "compose"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let row = |part: &str| out.lines().find(|line| line.contains(part)).unwrap();
    assert!(out.starts_with("compose: compose.yaml, from app.json\n"), "{out}");
    assert!(row("image: nginx").ends_with("  containers[0].image at 5:48"), "{out}");
    assert!(row("restart:").ends_with("  containers[0].type at 5:28"), "{out}");
    assert!(row("pull_policy").contains("default of containers[].force_pull_image for 5:13"));
    let (_, text, _) = run(folder.path(), &["compile", "app.json", "-t", "compose"]);
    for line in text.lines().filter(|line| !line.is_empty()) {
        assert!(row(line).len() > 60, "{line} has no origin");
    }
}

#[test]
fn a_field_is_named_once_for_a_line_and_a_block_has_its_field() {
    let folder = folder();
    let appliance = "id: shop\n\
        containers:\n\
        - id: web\n  type: service\n  image: nginx:1.27\n  resources: {cpus: 1, mem: 64}\n  \
          network_mode: container\n  ports: [{container_port: 80, protocol: tcp}]\n  \
          env: {API_URL: x, B: y}\n  health_check: {protocol: HTTP, path: /up}\n";
    fs::write(folder.path().join("app.yaml"), appliance).unwrap();
    let (status, out, err) = run(folder.path(), &["trace", "app.yaml", "-t", "compose"]);
    assert_eq!(status, 0, "{err}");
    let row = |part: &str| out.lines().find(|line| line.contains(part)).unwrap();
    // The port that the check asks is of another field.
    assert!(row("test: [").contains("containers[0].ports[0].container_port at"), "{out}");
    assert!(row("healthcheck:").ends_with("  containers[0].health_check at 10:3"), "{out}");
    assert!(row("API_URL=x").ends_with("  containers[0].env.API_URL at 9:18"), "{out}");

    // An object of YAML starts where its id does, but is not the id.
    let (_, out, _) = run(folder.path(), &["trace", "app.yaml", "-t", "kubernetes"]);
    let row = |part: &str| out.lines().find(|line| line.contains(part)).unwrap();
    assert!(row("containers:").ends_with("  containers[0] at 3:3"), "{out}");
}

#[test]
fn a_line_of_the_output_leads_to_its_place_in_the_appliance() {
    let folder = folder();
    let (_, text, _) = run(folder.path(), &["compile", "app.json", "-t", "kubernetes"]);
    let line = line_with(&text, "image: nginx").to_string();
    let (status, out, err) =
        run(folder.path(), &["trace", "app.json", "-t", "kubernetes", "--at", &line]);
    assert_eq!((status, err.as_str()), (0, ""));
    let excerpt = "containers[0].image at app.json:5:48\n\
                   5 |       \"id\": \"web\", \"type\": \"service\", \"image\": \"nginx:latest\",\n  \
                     |                                                ^^^^^^^^^^^^^^\n";
    assert!(out.contains(excerpt), "{out}");

    // The address of a reference also comes from the container that it refers to.
    let line = line_with(&text, "db:5432").to_string();
    let found = json(folder.path(), &["trace", "app.json", "-t", "kubernetes", "--at", &line]);
    let fields: Vec<&Value> = found.iter().map(|entry| &entry["field"]).collect();
    assert_eq!(fields.first(), Some(&&Value::from("containers[0].args[1]")), "{fields:?}");
    assert_eq!(found[0]["source"]["file"], "app.json");
    assert_eq!(found[0]["output"]["line"].to_string(), line);

    // An option is found where it is set.
    let line = line_with(&text, "namespace: mine").to_string();
    let found = json(folder.path(), &["trace", "app.json", "-t", "kubernetes", "--at", &line]);
    assert_eq!(
        (&found[0]["layer"], &found[0]["field"]),
        (&"option".into(), &"kubernetes.namespace".into())
    );
    let source = &found[0]["source"];
    assert_eq!(
        (&source["file"], &source["line"], &source["column"]),
        (&"applc.toml".into(), &2.into(), &13.into())
    );
}

#[test]
fn a_place_of_the_appliance_leads_to_lines_of_all_outputs() {
    let folder = folder();
    let (status, out, err) = run(folder.path(), &["trace", "app.json:5:50"]);
    assert_eq!(status, 0, "{err}");
    assert!(out.starts_with("containers[0].image at app.json:5:48\n"), "{out}");
    for target in ["compose", "kubernetes", "nomad", "marathon"] {
        let row = out.lines().find(|line| line.starts_with(&format!("  {target}: ")));
        assert!(row.is_some_and(|row| row.contains("nginx:latest")), "{target}\n{out}");
    }
    // A whole line: its three values.
    let found = json(folder.path(), &["trace", "app.json:5", "-t", "compose"]);
    let fields: std::collections::BTreeSet<&str> =
        found.iter().map(|entry| entry["field"].as_str().unwrap()).collect();
    let expected = ["containers[0].id", "containers[0].image", "containers[0].type"];
    assert_eq!(fields.into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_file_that_is_edited_or_stale_is_told() {
    let folder = folder();
    let compile = ["compile", "app.json", "-t", "compose", "-o", "out/compose.yaml"];
    assert_eq!(run(folder.path(), &compile).0, 0);
    let path = folder.path().join("out/compose.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let place = format!("out/compose.yaml:{}", line_with(&text, "image: nginx"));
    let trace = ["trace", "app.json", "-t", "compose", "--at", &place];
    let (status, out, err) = run(folder.path(), &trace);
    assert_eq!((status, err.as_str()), (0, ""));

    fs::write(&path, format!("{text}# mine\n")).unwrap();
    let (status, same, err) = run(folder.path(), &trace);
    assert_eq!((status, &same), (0, &out));
    assert!(err.contains("`out/compose.yaml` is not what compiling results in"), "{err}");

    fs::write(&path, text.replace("nginx", "httpd")).unwrap();
    let (status, out, err) = run(folder.path(), &trace);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("edited or stale, and line"), "{err}");
}

#[test]
fn a_file_with_comments_is_traced_as_the_one_without() {
    let folder = folder();
    for (target, name) in [("compose", "compose.yaml"), ("kubernetes", "kubernetes.yaml")] {
        let path = format!("ann/{name}");
        let compile = ["compile", "app.json", "-t", target, "--annotate", "-o", &path];
        assert_eq!(run(folder.path(), &compile).0, 0);
        let text = fs::read_to_string(folder.path().join(&path)).unwrap();
        let line = line_with(&text, "  # app.json:12:13");
        let plain = run(
            folder.path(),
            &["trace", "app.json", "-t", target, "--at", &format!("{name}:{line}")],
        );
        assert_eq!((plain.0, plain.2.as_str()), (0, ""));
        let at = |at: String| run(folder.path(), &["trace", "app.json", "-t", target, "--at", &at]);
        assert_eq!(at(format!("{path}:{line}")), plain);
        // The comment belongs to the line.
        let (status, out, err) = at(format!("{path}:{line}:200"));
        assert_eq!((status, err.as_str()), (0, ""));
        assert!(out.contains(&format!("{name}:{line}:")), "{out}");
        // From another folder, comments have another path to the appliance.
        let place = format!("{name}:{line}");
        let trace = ["trace", "../app.json", "-t", target, "--at", &place];
        let (status, _, err) = run(&folder.path().join("ann"), &trace);
        assert_eq!((status, err.as_str()), (0, ""));

        for edited in [text.replace("app.json:12:13", "app.json:12:14"), text + "# mine\n"] {
            fs::write(folder.path().join(&path), edited).unwrap();
            let (_, _, err) = at(format!("{path}:{line}"));
            assert!(err.contains("edited or stale"), "{err}");
        }
    }
}

#[test]
fn a_file_of_another_target_is_told() {
    let folder = folder();
    for path in ["out/kubernetes.yaml", "out/other.yaml"] {
        let compile = ["compile", "app.json", "-t", "kubernetes", "-o", path];
        assert_eq!(run(folder.path(), &compile).0, 0);
        let place = format!("{path}:3");
        let (status, out, err) =
            run(folder.path(), &["trace", "app.json", "-t", "compose", "--at", &place]);
        assert_eq!((status, out.as_str()), (2, ""));
        let message = format!(
            "`{path}` is not an output of `compose`, which has compose.yaml; it is one of `kubernetes`"
        );
        assert!(err.contains(&message), "{err}");
    }
    // The output under another name is still known, also if it is edited.
    let compile = ["compile", "app.json", "-t", "compose", "-o", "out/mine.yaml"];
    assert_eq!(run(folder.path(), &compile).0, 0);
    let trace = ["trace", "app.json", "-t", "compose", "--at", "out/mine.yaml:3"];
    let (status, _, err) = run(folder.path(), &trace);
    assert_eq!((status, err.as_str()), (0, ""));
    let path = folder.path().join("out/mine.yaml");
    fs::write(&path, fs::read_to_string(&path).unwrap() + "# mine\n").unwrap();
    let (status, _, err) = run(folder.path(), &trace);
    assert_eq!(status, 0);
    assert!(err.contains("`out/mine.yaml` is not what compiling results in"), "{err}");
}

#[test]
fn questions_without_an_answer_are_errors() {
    let folder = folder();
    for (arguments, status, message) in [
        (&["trace", "app.json", "--at", "3"][..], 2, "`--at` requires one `--target`"),
        (&["trace", "app.json:500", "-t", "compose"], 2, "`app.json` has 18 lines"),
        (&["trace", "app.json", "-t", "compose", "--at", "500"], 2, "lines"),
        (&["trace", "app.json", "-t", "compose", "--at", "x"], 2, "expected `LINE`"),
        (
            &["trace", "app.json", "-t", "compose", "--at", "other.yaml:1"],
            2,
            "`other.yaml` is not an output of `compose`, which has compose.yaml\n",
        ),
        (&["trace", "app.json:0"], 2, "`app.json:0`: lines and columns start at 1"),
        (&["trace", "app.json:3:0"], 2, "`app.json:3:0`: lines and columns start at 1"),
        (&["trace", "app.json", "-t", "compose", "--at", "0"], 2, "start at 1"),
        (&["trace", "app.json:1", "-t", "compose", "--at", "1"], 2, "cannot be used with `--at`"),
        (&["trace", "app.json", "-t", "compose", "--format", "sarif"], 2, "for `--findings`"),
        (&["trace", "missing.json", "-t", "compose"], 3, "missing.json"),
        (&["trace", "app.json", "-t", "nothing"], 2, "unknown target"),
    ] {
        let (found, out, err) = run(folder.path(), arguments);
        assert_eq!((found, out.as_str()), (status, ""), "{arguments:?}: {err}");
        assert!(err.contains(message), "{arguments:?}: {err}");
    }
    fs::write(folder.path().join("bad.json"), APPLIANCE.replace("@db", "@bd")).unwrap();
    let (status, out, err) = run(folder.path(), &["trace", "bad.json"]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("E0301"), "{err}");
}

#[test]
fn comments_name_the_place_of_each_object() {
    let folder = folder();
    for target in ["compose", "kubernetes", "nomad"] {
        let (_, plain, _) = run(folder.path(), &["compile", "app.json", "-t", target]);
        let arguments = ["compile", "app.json", "-t", target, "--annotate"];
        let (status, annotated, err) = run(folder.path(), &arguments);
        assert_eq!(status, 0, "{err}");
        for place in ["  # app.json:5:13\n", "  # app.json:12:13\n"] {
            assert!(annotated.contains(place), "{annotated}");
        }
        let without: String = annotated
            .lines()
            .map(|line| {
                line.split_once("  # app.json").map_or(line, |(line, _)| line).to_owned() + "\n"
            })
            .collect();
        assert_eq!(without, plain, "{target}");
    }
    let arguments = ["compile", "app.json", "-t", "marathon", "--annotate"];
    let (status, out, err) = run(folder.path(), &arguments);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("cannot annotate `marathon.json`"), "{err}");
}

#[test]
fn maps_are_written_beside_the_files() {
    let folder = folder();
    let arguments = ["compile", "app.json", "-t", "compose", "--source-map", "-o", "x.yaml"];
    assert_eq!(run(folder.path(), &arguments).0, 0);
    let map = fs::read_to_string(folder.path().join("x.yaml.map.json")).unwrap();
    let map: Vec<Value> = serde_json::from_str(&map).unwrap();
    assert_eq!(map, json(folder.path(), &["trace", "app.json", "-t", "compose"]));
    let text = fs::read_to_string(folder.path().join("x.yaml")).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty()).count();
    let known: std::collections::BTreeSet<String> =
        map.iter().map(|entry| entry["output"]["line"].to_string()).collect();
    assert_eq!(known.len(), lines);
    let without = ["compile", "app.json", "-t", "compose", "--source-map"];
    assert_eq!(run(folder.path(), &without).0, 2);
}

#[test]
fn findings_of_other_tools_are_shown_at_the_appliance() {
    let folder = folder();
    let report = |check: &str, message: &str, kind: &str, name: &str| {
        format!(
            r#"{{"Diagnostic": {{"Message": "{message}"}}, "Check": "{check}", "Remediation": "Use a tag.",
                "Object": {{"Metadata": {{"FilePath": "out/kubernetes.yaml"}}, "K8sObject": {{"Namespace": "mine",
                "Name": "{name}", "GroupVersionKind": {{"Kind": "{kind}"}}}}}}}}"#
        )
    };
    let reports = [
        report(
            "latest-tag",
            r#"The container \"web\" uses \"nginx:latest\""#,
            "Deployment",
            "shop--web",
        ),
        report("no-such", "gone", "Deployment", "nothing"),
    ];
    let document = format!(r#"{{"Checks": [], "Reports": [{}]}}"#, reports.join(","));
    fs::write(folder.path().join("found.json"), document).unwrap();
    let trace = |format: &str| {
        let arguments = ["trace", "app.json", "-t", "kubernetes", "--findings", "found.json"];
        run(folder.path(), &[&arguments[..], &["--format", format]].concat())
    };
    let (status, out, err) = trace("short");
    assert_eq!(status, 1, "{err}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(
        lines,
        [
            "app.json:1:1: error[E0801]: kube-linter no-such: gone",
            "app.json:5:48: error[E0801]: kube-linter latest-tag: The container \"web\" uses \"nginx:latest\"",
        ]
    );
    assert!(err.contains("no place for a finding in `out/kubernetes.yaml`: gone"), "{err}");
    let (_, out, _) = trace("sarif");
    let sarif: Value = serde_json::from_str(&out).unwrap();
    let related = &sarif["runs"][0]["results"][1]["relatedLocations"][0]["physicalLocation"];
    assert_eq!(related["artifactLocation"]["uri"], "kubernetes.yaml");
    let (_, _, err) = trace("human");
    assert!(err.contains("::: kubernetes.yaml:") && err.contains("help: Use a tag."), "{err}");

    fs::write(folder.path().join("found.json"), "{}").unwrap();
    let (status, _, err) = trace("short");
    assert!(status == 2 && err.contains("expected SARIF, or the JSON of kubeconform"), "{err}");
}

#[test]
fn the_text_of_a_file_tells_which_output_other_tools_read() {
    let folder = folder();
    let compile = ["compile", "app.json", "-t", "kubernetes", "-o", "shop.yaml"];
    assert_eq!(run(folder.path(), &compile).0, 0);
    let path = folder.path().join("shop.yaml");
    let text = fs::read_to_string(&path).unwrap();
    let line = line_with(&text, "image: nginx");
    let document = format!(
        r#"{{"runs": [{{"tool": {{"driver": {{"name": "t"}}}}, "results": [{{"ruleId": "r", "message": {{"text": "m"}},
            "locations": [{{"physicalLocation": {{"artifactLocation": {{"uri": "shop.yaml"}},
                "region": {{"startLine": {line}}}}}}}]}}]}}]}}"#
    );
    fs::write(folder.path().join("found.json"), document).unwrap();
    let trace = || {
        let arguments = ["trace", "app.json", "-t", "kubernetes", "--findings", "found.json"];
        run(folder.path(), &[&arguments[..], &["--format", "short"]].concat())
    };
    let found = (0, "app.json:5:48: warning[W0801]: t r: m\n".to_owned(), String::new());
    assert_eq!(trace(), found);

    // A file that is edited is not known by its text, nor, with another name, by its name.
    fs::write(&path, format!("{text}# mine\n")).unwrap();
    let (status, out, err) = trace();
    assert_eq!((status, out.as_str()), (0, "app.json:1:1: warning[W0801]: t r: m\n"));
    assert!(err.contains("`shop.yaml` is not what compiling results in"), "{err}");
}

#[test]
fn lines_of_a_custom_target_belong_to_a_string_or_an_object() {
    for (target, printed, origin) in [
        ("quadlet", "Image=registry.example.org/shop/web", "containers[0].image at "),
        ("quadlet", "WantedBy=default.target", "containers[0] at "),
        ("swarm", "image: redis:7.4", "containers[1].image at "),
        ("swarm", "cpus: \"0.25\"", "containers[1] at "),
    ] {
        let target = format!("./examples/targets/{target}");
        let arguments = ["trace", "examples/first-steps.json", "-t", &target];
        let (status, out, err) = run(&applc_testing::repository("."), &arguments);
        assert_eq!(status, 0, "{err}");
        let line = out.lines().find(|line| line.contains(printed)).unwrap();
        assert!(line.contains(origin), "{line}");
    }
}

#[test]
fn standard_input_is_read_once() {
    let folder = folder();
    let piped = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("applc").unwrap();
        let command = command.current_dir(folder.path()).env_clear().args(arguments);
        let output = command.write_stdin(APPLIANCE).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let annotated = piped(&["compile", "-", "-t", "compose", "--annotate"]);
    assert!(annotated.contains("  web:  # -:5:13\n"), "{annotated}");
    let all = piped(&["trace", "-"]);
    assert!(all.contains("compose: compose.yaml, from -\n") && all.contains("marathon: "), "{all}");
}

#[test]
fn options_are_those_of_the_targets_that_are_not_named() {
    let folder = folder();
    let arguments = ["trace", "app.json", "--option", "kubernetes.namespace=other"];
    let (status, out, err) = run(folder.path(), &arguments);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("namespace: other"), "{out}");
}
