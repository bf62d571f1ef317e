//! What stops a run as a whole: each is a finding, with its place, in every format.

use std::fs;

use crate::project::{Repository, appliance};

const FORMATS: [&str; 7] = ["human", "short", "json", "sarif", "github", "gitlab", "junit"];

/// Checks that a run fails with a finding at a place, as `short` shows it, that all formats have.
fn assert_found(repository: &Repository, command: &[&str], status: i32, place: &str) {
    let run = |format: &str| repository.run(&[command, &["--format", format]].concat());
    let (actual, out, err) = run("short");
    assert_eq!(actual, status, "{command:?}: {out}{err}");
    assert!(format!("{out}{err}").contains(place), "{place}: {out}{err}");
    let code = place.split_once("error[").and_then(|(_, rest)| rest.get(..5)).unwrap();
    for format in FORMATS {
        let (actual, out, err) = run(format);
        assert_eq!(actual, status, "{format}: {out}{err}");
        assert!(format!("{out}{err}").contains(code), "{format}: {out}{err}");
        assert!(!err.contains("applc: error"), "{format}: {err}");
    }
}

#[test]
fn a_folder_without_appliances_is_a_finding_and_stops_no_other() {
    let repository = Repository::new();
    fs::remove_file(repository.path("applc.toml")).unwrap();
    repository.write("x/shop.yaml", "id: x\n");
    assert_found(&repository, &["check", "x"], 1, "x:1:1: error[E0003]: no file in `x` is named");
    repository.write("apps/b/b.appliance.yaml", "id: b\ncontainers: 3\n");
    let found = "apps/b/b.appliance.yaml:2:13: error[E0202]";
    assert_found(&repository, &["check", "x", "apps/b"], 1, found);
}

#[test]
fn a_project_without_appliances_is_a_finding_where_it_lists_them() {
    let repository = Repository::new();
    let project = repository.read("applc.toml");
    repository.write("applc.toml", &format!("appliances = [\"none/*.json\"]\n{project}"));
    for command in ["check", "compile"] {
        let found = "applc.toml:1:14: error[E0501]: the project has no appliances";
        assert_found(&repository, &[command], 1, found);
    }
    repository.write("applc.toml", &project);
    repository.write("empty/file", "");
    let found = "empty:1:1: error[E0003]: no appliance of the project in `empty`";
    assert_found(&repository, &["check", "empty"], 1, found);
    fs::remove_dir_all(repository.path("apps")).unwrap();
    let found = "applc.toml:1:1: error[E0501]: the project has no appliances";
    assert_found(&repository, &["compile"], 1, found);
}

#[test]
fn what_a_project_does_not_say_is_a_finding() {
    let repository = Repository::new();
    let found = "applc.lock:1:1: error[E0003]: there is no `applc.lock`";
    assert_found(&repository, &["check", "--locked"], 1, found);
    repository.write("applc.toml", "default-targets = [\"compose\"]\n");
    let found = "applc.toml:1:1: error[E0501]: `output` is missing";
    assert_found(&repository, &["compile"], 1, found);
    repository.write("applc.toml", "default-targets = []\noutput = \"out/{folder}/{target}\"\n");
    let found = "applc.toml:1:19: error[E0501]: no target for apps/a/a.appliance.json";
    assert_found(&repository, &["compile"], 1, found);
}

#[test]
fn a_record_that_is_broken_is_a_finding_at_its_line() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["compile"]).0, 0);
    let path = "manifests/.applc-outputs";
    let record = repository.read(path);
    for (line, message) in [
        ("../applc.toml", "`../applc.toml` is not the path of a file in this folder"),
        ("applc.toml", "`manifests/applc.toml` is a source"),
    ] {
        repository.write(path, &format!("{record}{line}\n"));
        repository.write("manifests/applc.toml", "");
        let found = format!("{path}:8:1: error[E0003]: {message}");
        assert_found(&repository, &["compile", "--check"], 1, &found);
        assert_found(&repository, &["compile"], 1, &found);
    }
    fs::remove_file(repository.path(path)).unwrap();
    fs::create_dir(repository.path(path)).unwrap();
    assert_found(&repository, &["compile"], 3, &format!("{path}:1:1: error[E0003]: cannot read"));
}

#[test]
fn what_is_in_the_place_of_output_is_a_finding() {
    let path = "manifests/prod/apps/a/kubernetes/kubernetes.yaml";
    let repository = Repository::new();
    repository.write(path, "kind: Mine\n");
    let found = format!("{path}:1:1: error[E0506]: `{path}` exists, and was not made by applc");
    assert_found(&repository, &["compile"], 1, &found);
    fs::remove_file(repository.path(path)).unwrap();
    fs::create_dir(repository.path(path)).unwrap();
    let found = format!("{path}:1:1: error[E0506]: `{path}` is a folder, and output is");
    assert_found(&repository, &["compile"], 3, &found);
}

#[test]
fn of_many_files_in_the_place_of_output_the_first_are_findings() {
    let repository = Repository::new();
    let write = |image: &str| {
        for name in 'c'..='p' {
            let file = format!("apps/{name}/{name}.appliance.json");
            repository.write(&file, &appliance(&name.to_string(), image));
        }
    };
    write("redis:7");
    assert_eq!(repository.run(&["compile", "--target", "compose"]).0, 0);
    fs::remove_file(repository.path("manifests/.applc-outputs")).unwrap();
    write("redis:8");
    let (status, _, err) = repository.run(&["compile", "--target", "compose"]);
    assert_eq!((status, err.matches("error[E0506]").count()), (1, 10), "{err}");
    assert!(err.contains("and was not made by applc; and 18 more\n"), "{err}");
}

#[test]
fn a_file_that_cannot_be_written_is_a_finding() {
    let repository = Repository::new();
    let file = "apps/a/a.appliance.json";
    let command = ["compile", file, "--env", "prod", "-o", "applc.toml/x.yaml"];
    assert_found(&repository, &command, 3, "error[E0506]: cannot write `applc.toml/x.yaml`: ");
}

/// What a pipeline reads from a stream is one document, whatever else there is to say.
#[test]
fn a_document_is_alone_in_its_stream() {
    let repository = Repository::new();
    let document = |err: &str| -> serde_json::Value { serde_json::from_str(err).unwrap() };
    let compile = |arguments: &[&str]| {
        let (status, out, err) = repository.run(&[&["compile"], arguments].concat());
        let json = [&["compile", "--format", "json"], arguments].concat();
        assert!(!err.is_empty() && serde_json::from_str::<serde_json::Value>(&err).is_err());
        (status, out, repository.run(&json))
    };
    // Made, changed, up to date, out of date, and not made because of errors.
    for (image, arguments) in
        [("nginx:1.27", &[][..]), ("nginx:1.28", &[]), ("nginx:1.28", &["--check"])]
    {
        repository.write("apps/a/a.appliance.json", &appliance("a", image));
        let (status, _, (again, _, err)) = compile(arguments);
        assert_eq!((status, again), (0, 0), "{err}");
        document(&err);
    }
    repository.write("apps/a/a.appliance.json", &appliance("a", "nginx:1.29"));
    let (status, list, (again, out, err)) = compile(&["--check"]);
    assert_eq!((status, again, out), (4, 4, list));
    document(&err);
    repository.write("apps/a/a.appliance.json", "{}");
    let (_, _, (status, _, err)) = compile(&[]);
    assert_eq!(status, 1);
    assert!(document(&err).to_string().contains("E0203"), "{err}");
    for format in ["sarif", "gitlab"] {
        let (status, _, err) = repository.run(&["compile", "--keep-going", "--format", format]);
        assert_eq!(status, 1);
        document(&err);
    }
    let (_, _, err) = repository.run(&["compile", "--format", "junit"]);
    assert!(err.starts_with("<?xml") && err.ends_with("</testsuites>\n"), "{err}");
    let (status, _, err) = repository.run(&["compile", "--format", "github"]);
    assert!(status == 1 && err.lines().all(|line| line.starts_with("::")), "{err}");
}

#[test]
fn a_fault_of_one_appliance_or_environment_leaves_the_others_with_keep_going() {
    let repository = Repository::new();
    let project = repository.read("applc.toml");
    let keep_going = |found: &str| {
        let before = repository.files();
        let (status, _, err) = repository.run(&["compile"]);
        assert_eq!((status, repository.files() == before), (1, true), "{err}");
        let (status, _, err) = repository.run(&["compile", "--keep-going", "--format", "short"]);
        assert_eq!(status, 1, "{err}");
        assert!(err.contains(found), "{err}");
        repository.paths().len()
    };
    // An environment without targets.
    let default = "default-targets = [\"compose\", \"kubernetes\"]\n";
    repository.write("applc.toml", &project.replace(default, ""));
    assert_eq!(keep_going("applc.toml:1:1: error[E0501]: no target for "), 3);
    // A path that no system can have: of one appliance.
    repository.write("applc.toml", &project.replace("{folder}/", "{id}/"));
    assert_eq!(repository.run(&["compile"]).0, 0);
    repository.write("apps/c/c.appliance.json", &appliance("aux", "redis:8"));
    repository.write("apps/a/a.appliance.json", &appliance("a", "nginx:1.29"));
    assert_eq!(keep_going("error[E0501]: apps/c/c.appliance.json in `test` would have a file"), 7);
    let made = repository.read("manifests/test/a/compose/compose.yaml");
    assert!(made.contains("nginx:1.29"), "{made}");
}

/// Compiles a project as a user who is not root, and who is given these of its paths: exit status, standard error. `None` if
/// that user cannot run the program.
#[cfg(unix)]
fn compile_as_other(
    repository: &Repository,
    given: &[&str],
) -> impl Fn(&[&str]) -> Option<(Option<i32>, String)> {
    use std::os::unix::fs::chown;
    use std::os::unix::process::CommandExt;

    const OTHER: u32 = 65_534;
    let is_root = rustix::process::geteuid().is_root();
    for path in given.iter().filter(|_| is_root) {
        chown(repository.path(path), Some(OTHER), Some(OTHER)).unwrap();
    }
    let root = repository.path("");
    move |arguments| {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("applc"));
        command.current_dir(&root).env_clear().arg("compile").args(arguments);
        if is_root {
            command.uid(OTHER).gid(OTHER);
        }
        let output = command.output().ok()?;
        Some((output.status.code(), String::from_utf8(output.stderr).unwrap()))
    }
}

#[cfg(unix)]
#[test]
fn a_root_that_is_read_only_stops_no_output_below_it() {
    use std::os::unix::fs::PermissionsExt;

    let repository = Repository::new();
    fs::create_dir(repository.path("manifests")).unwrap();
    let compile = compile_as_other(&repository, &["", "manifests", "applc.toml"]);
    let mode = |path: &str, mode| {
        fs::set_permissions(repository.path(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("", 0o555);
    for arguments in [&[][..], &["--no-cache"]] {
        let Some((status, err)) = compile(arguments) else {
            return eprintln!("not checked: no other user can run the program");
        };
        assert_eq!(status, Some(0), "{err}");
        // Nothing that is temporary is left.
        assert_eq!(repository.paths().len(), 7, "{:?}", repository.paths());
        assert!(!repository.path(".applc-cache").exists());
    }
    // What cannot be written is what is named.
    fs::remove_dir_all(repository.path("manifests/prod")).unwrap();
    mode("manifests", 0o555);
    let (status, err) = compile(&["--no-cache"]).unwrap();
    assert_eq!(status, Some(3), "{err}");
    let found = "error[E0506]: cannot write `manifests/prod/apps/a/kubernetes/kubernetes.yaml`: ";
    assert!(err.contains(found) && !err.contains(".applc-cache"), "{err}");
    mode("manifests", 0o755);
    mode("", 0o755);
}

#[cfg(unix)]
#[test]
fn a_cache_that_is_read_only_stops_no_output() {
    use std::os::unix::fs::PermissionsExt;

    let repository = Repository::new();
    let compile = compile_as_other(&repository, &["", "applc.toml"]);
    let Some((status, err)) = compile(&[]) else {
        return eprintln!("not checked: no other user can run the program");
    };
    assert_eq!(status, Some(0), "{err}");
    let cache = repository.path(".applc-cache");
    let entries = || fs::read_dir(repository.path("")).unwrap().count();
    let before = entries();
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o555)).unwrap();
    for arguments in [&[][..], &["--no-cache"]] {
        fs::remove_dir_all(repository.path("manifests/prod")).unwrap();
        let (status, err) = compile(arguments).unwrap();
        assert_eq!(status, Some(0), "{err}");
        assert!(repository.path("manifests/prod/apps/a/kubernetes/kubernetes.yaml").is_file());
        assert!(!err.contains(".applc-cache"), "{err}");
        assert_eq!(entries(), before);
    }
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_document_has_all_appliances_that_were_checked() {
    let repository = Repository::new();
    repository.write("apps/c/c.appliance.yaml", "id: c\ncontainers: 3\n");
    for _known in [false, true] {
        let (_, out, _) = repository.run(&["check", "--format", "junit"]);
        for (file, tests, failures) in [
            ("applc.toml", 1, 0),
            ("apps/a/a.appliance.json", 1, 0),
            ("apps/b/b.appliance.yaml", 1, 0),
            ("apps/c/c.appliance.yaml", 1, 1),
        ] {
            let suite =
                format!("<testsuite name=\"{file}\" tests=\"{tests}\" failures=\"{failures}\"");
            assert_eq!(out.matches(&suite).count(), 1, "{file}: {out}");
        }
    }
    let (_, out, _) = repository.run(&["check", "apps/b", "--format", "junit"]);
    assert!(out.contains("apps/b/b.appliance.yaml") && !out.contains("apps/a/"), "{out}");
}

#[test]
fn errors_count_more_than_changes() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["compile"]).0, 0);
    repository.write("apps/a/a.appliance.json", "{");
    repository.write("apps/b/b.appliance.yaml", &appliance("b", "redis:8"));
    for how in ["--check", "--diff"] {
        let (status, out, err) = repository.run(&["compile", how, "--keep-going"]);
        assert_eq!(status, 1, "{how}: {out}{err}");
        assert!(out.contains("/b/compose/compose.yaml"), "{how}: {out}{err}");
    }
}
