//! Streams, exit statuses, and files of the program.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

const GOOD: &str = r#"{"id":"app","containers":[
  {"id":"web","type":"service","image":"nginx:1.27","resources":{"cpus":1,"mem":64},"network_mode":"bridge"}]}"#;

fn applc() -> Command {
    let mut command = Command::cargo_bin("applc").unwrap();
    // Independent of the environment of the machine.
    command.env_clear();
    command
}

/// Runs the program in a folder: exit status, standard output, standard error.
fn run_in(folder: &Path, arguments: &[&str], stdin: &str) -> (i32, String, String) {
    let output = applc().current_dir(folder).args(arguments).write_stdin(stdin).output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn run(arguments: &[&str], stdin: &str) -> (i32, String, String) {
    run_in(&applc_testing::repository("."), arguments, stdin)
}

fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            found.extend(files_below(&path).iter().map(|file| format!("{name}/{file}")));
        } else {
            found.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        }
    }
    found.sort();
    found
}

#[test]
fn a_compose_file_is_written_to_stdout() {
    let (status, out, err) =
        run(&["compile", "examples/spark-livy.json", "--target", "compose"], "");
    assert_eq!(status, 0, "{err}");
    assert!(out.starts_with("name: spark_livy\n"), "{out}");
    let (_, piped, _) = run(
        &["compile", "-", "-t", "compose"],
        &fs::read_to_string(applc_testing::repository("examples/spark-livy.json")).unwrap(),
    );
    assert_eq!(piped, out);
}

#[test]
fn several_files_require_a_folder() {
    let example = "examples/workflow-launcher.json";
    let targets = ["-t", "compose", "-t", "kubernetes"];
    let (status, out, err) = run(&[&["compile", example][..], &targets].concat(), "");
    assert_eq!((status, out.as_str()), (2, ""), "{err}");
    assert!(err.contains("-o DIR"), "{err}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let path = path.to_str().unwrap();
    let (status, out, err) = run(&[&["compile", example, "-o", path][..], &targets].concat(), "");
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    let files = files_below(folder.path());
    assert!(files.contains(&"out/compose/compose.yaml".to_owned()), "{files:?}");
    assert!(files.iter().any(|file| file.starts_with("out/kubernetes/")), "{files:?}");

    // What looks like a file is not made a folder.
    let nothing = tempfile::tempdir().unwrap();
    fs::write(nothing.path().join("there.yaml"), "old").unwrap();
    for (output, expected) in [
        ("new.yaml", "use `-o new.yaml/` if `new.yaml` is to be a folder"),
        ("-", "omit `--output`"),
        ("there.yaml/", "`there.yaml` is a file and not a folder"),
    ] {
        let arguments = ["compile", "-", "-o", output, "-t", "compose", "-t", "kubernetes"];
        let (status, _, err) = run_in(nothing.path(), &arguments, GOOD);
        assert!(status == 2 && err.contains(expected), "{err}");
        assert_eq!(files_below(nothing.path()), ["there.yaml"]);
    }
}

#[test]
fn one_file_is_written_to_the_given_path() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("there")).unwrap();
    for (output, expected) in [
        ("my.yaml", "my.yaml"),
        ("new/", "new/compose.yaml"),
        ("there", "there/compose.yaml"),
        ("deep/er/x.yaml", "deep/er/x.yaml"),
    ] {
        let (status, out, err) =
            run_in(folder.path(), &["compile", "-", "-t", "compose", "-o", output], GOOD);
        assert_eq!((status, out.as_str()), (0, ""), "{err}");
        assert!(folder.path().join(expected).is_file(), "{output}");
    }
}

#[test]
fn after_an_error_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("compose.yaml");
    fs::write(&file, "old").unwrap();
    let bad = GOOD.replace("\"web\"", "\"web\",").replace("nginx", "n\ninx");
    let (status, out, err) =
        run_in(folder.path(), &["compile", "-", "-t", "compose", "-o", "compose.yaml"], &bad);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("error[E0"), "{err}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    assert_eq!(files_below(folder.path()), ["compose.yaml"]);
    let (status, out, _) = run(&["compile", "-", "-t", "compose"], &bad);
    assert_eq!((status, out.as_str()), (1, ""));
}

#[test]
fn warnings_do_not_fail() {
    let with_comment = GOOD.replace("\"id\":\"app\"", "\"id\":\"app\" // why\n");
    let (status, out, err) = run(&["check", "-"], &with_comment);
    assert_eq!((status, out.as_str()), (0, ""));
    assert!(err.contains("warning[W0101]"), "{err}");
    assert!(err.ends_with("applc: -: 1 warning\n"), "{err}");
}

#[test]
fn a_check_without_findings_prints_nothing() {
    let (status, out, err) = run(&["check", "-"], GOOD);
    assert_eq!((status, out.as_str(), err.as_str()), (0, "", ""));
}

#[test]
fn check_reads_every_file_and_returns_the_most_severe_status() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("good.json"), GOOD).unwrap();
    fs::write(folder.path().join("bad.json"), "{").unwrap();
    let check = |files: &[&str]| {
        let (status, _, err) = run_in(folder.path(), &[&["check"][..], files].concat(), "");
        (status, err)
    };
    assert_eq!(check(&["good.json", "good.json"]).0, 0);
    let (status, err) = check(&["bad.json", "good.json"]);
    assert_eq!(status, 1);
    assert!(err.contains("bad.json:1:1"), "{err}");
    let (status, err) = check(&["bad.json", "none.json", "good.json"]);
    assert_eq!(status, 3);
    assert!(err.contains("cannot read `none.json`") && err.contains("bad.json:1:1"), "{err}");
}

#[test]
fn check_for_a_target_reports_what_the_target_does_not_support() {
    let two = GOOD.replace(
        "\"bridge\"",
        "\"bridge\",\"instances\":2,\"ports\":[{\"container_port\":80,\"host_port\":8080}]",
    );
    assert_eq!(run(&["check", "-"], &two).0, 0);
    let (status, _, err) = run(&["check", "-", "-t", "compose"], &two);
    assert_eq!(status, 1, "{err}");
    assert!(err.contains("compose: "), "{err}");
}

#[test]
fn invalid_usage_is_status_2() {
    let cases: [(&[&str], &str); 11] = [
        (&["compile", "-"], "no target given"),
        (&["compile", "-", "-t", "kubernets"], "did you mean `kubernetes`?"),
        (&["compile", "-", "-t", "compose", "--option", "kubernetes"], "target.option=value"),
        (&["compile", "-", "-t", "compose", "--option", "compos.x=1"], "did you mean `compose`?"),
        (&["check", "-", "--option", "kubernetes.expos=nodeport"], "did you mean `expose`?"),
        (&["frobnicate"], "unrecognized subcommand"),
        (&["targets", "swarm"], "unknown target `swarm`; did you mean `compose`?"),
        (&["targets", "podman"], "unknown target `podman`; did you mean `compose`?"),
        (&["targets", "K8s"], "unknown target `K8s`; did you mean `kubernetes`?"),
        (&["targets", "docker-compose"], "did you mean `compose`?"),
        (
            &["targets", "xyz"],
            "unknown target `xyz`; expected `compose`, `kubernetes`, `nomad` or `marathon`",
        ),
    ];
    for (arguments, words) in cases {
        let (status, out, err) = run(arguments, GOOD);
        assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}: {err}");
        assert!(err.contains(words), "{arguments:?}: {err}");
    }
}

#[test]
fn a_write_error_is_status_3() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let (status, _, err) =
        run_in(folder.path(), &["compile", "-", "-t", "compose", "-o", "file/x.yaml"], GOOD);
    assert_eq!(status, 3, "{err}");
    assert!(err.contains("cannot write `file/x.yaml`"), "{err}");
}

#[test]
fn the_schema_is_printed() {
    let (status, out, _) = run(&["schema"], "");
    assert_eq!(status, 0);
    let file = applc_testing::repository("editors/schemas/applc-appliance.json");
    assert_eq!(out, fs::read_to_string(file).unwrap());
}

#[test]
fn targets_are_listed_and_described() {
    let (status, out, _) = run(&["targets"], "");
    assert_eq!(status, 0);
    let names: Vec<_> = out.lines().map(|line| line.split(' ').next().unwrap()).collect();
    let all: Vec<&str> = applc::targets::ALL.iter().map(|target| target.name()).collect();
    assert_eq!(names, all);
    let (status, out, _) = run(&["targets", "kubernetes"], "");
    assert_eq!(status, 0);
    assert!(out.contains("containers[].health_check.protocol: COMMAND"), "{out}");
}

#[test]
fn help_names_every_command_and_status() {
    let (status, out, err) = run(&["--help"], "");
    assert_eq!((status, err.as_str()), (0, ""));
    for word in ["compile", "check", "up", "status", "schema", "targets", "Exit status"] {
        assert!(out.contains(word), "{word}");
    }
    let (status, out, _) = run(&["--version"], "");
    assert_eq!((status, out), (0, format!("applc {}\n", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn output_has_no_colors_without_a_terminal() {
    let (_, _, err) = run(&["check", "-"], "{");
    assert!(!err.contains('\u{1b}'), "{err}");
}

#[test]
fn a_project_file_sets_options() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("apps")).unwrap();
    fs::write(folder.path().join("apps/web.json"), GOOD).unwrap();
    let project = folder.path().join("applc.toml");
    let compile = |more: &[&str]| {
        let arguments = [&["compile", "apps/web.json", "-t", "kubernetes"][..], more].concat();
        run_in(folder.path(), &arguments, "")
    };
    fs::write(&project, "[targets.kubernetes]\nnamespace = \"mine\"\n").unwrap();
    let (status, out, err) = compile(&[]);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("namespace: mine\n"), "{out}");
    let (_, out, _) = compile(&["--option", "kubernetes.namespace=other"]);
    assert!(out.contains("namespace: other\n"), "{out}");

    fs::write(&project, "[targets.kubernetes]\nnamespac = \"mine\"\n[targets.compos]\n").unwrap();
    let (status, out, err) = compile(&[]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("did you mean `namespace`?") && err.contains("applc.toml:2:1"), "{err}");
    assert!(err.contains("did you mean `compose`?"), "{err}");

    // A value that the target rejects is reported where it is set.
    fs::write(&project, "[targets.kubernetes]\nnamespace = \"My Team\"\n").unwrap();
    let (status, out, err) = compile(&[]);
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(err.contains("--> applc.toml:2:13"), "{err}");
    assert!(err.contains("expected at most 63 lower-case letters"), "{err}");
}

#[test]
fn yaml_on_standard_input_is_recognized() {
    let good = "# shop\nid: app\ncontainers:\n- id: web\n  type: job\n  image: a:1\n  resources: {cpus: 1, mem: 64}\n";
    assert_eq!(run(&["check", "-"], good), (0, String::new(), String::new()));
    let (status, out, err) = run(&["compile", "-", "-t", "compose"], good);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("a:1"), "{out}");
    let (status, out, err) = run(&["check", "--diff", "-"], &good.replace("job", "Job"));
    assert_eq!(status, 0, "{err}");
    assert!(out.contains("-  type: Job\n+  type: job\n"), "{out}");
}

#[test]
fn what_a_target_approximates_is_told_once() {
    let one = GOOD.replace("\"mem\":64", "\"mem\":64,\"disk\":9");
    let two = one.replace("]}", ",{\"id\":\"b\",\"type\":\"job\",\"image\":\"a:1\",\"resources\":{\"cpus\":1,\"mem\":64,\"disk\":9}}]}");
    let disks = |text: &str| {
        let (status, _, err) = run(&["check", "-", "-t", "compose"], text);
        assert_eq!(status, 0, "{err}");
        (err.matches("disk space is neither").count(), err.contains("first of 2"))
    };
    assert_eq!(disks(&one), (1, false));
    assert_eq!(disks(&two), (1, true));
}
