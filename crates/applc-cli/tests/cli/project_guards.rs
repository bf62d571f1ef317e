//! What a project must not do without a word: remove, cut off, or leave out.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use crate::project::{Repository, appliance};
use crate::since::git;

/// A run that fails with a status and a message, and changes nothing.
fn assert_refused(repository: &Repository, arguments: &[&str], status: i32, message: &str) {
    let before = repository.paths();
    let (found, out, err) = repository.run(arguments);
    assert_eq!(found, status, "{out}{err}");
    assert!(out.contains(message) || err.contains(message), "{message} is not in {out}{err}");
    assert_eq!(repository.paths(), before);
}

#[test]
fn what_takes_the_place_of_an_appliance_keeps_its_output() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["compile"]).0, 0);
    let (source, away) =
        (repository.path("apps/b/b.appliance.yaml"), repository.path("apps/b.yaml"));
    fs::rename(&source, &away).unwrap();
    symlink("../b.yaml", &source).unwrap();
    let message = "cannot read `apps/b/b.appliance.yaml`: it is a link, which is not followed";
    for arguments in [&["compile"][..], &["compile", "--check"], &["check"]] {
        assert_refused(&repository, arguments, 3, message);
    }
    // One that is taken out is no appliance.
    let project = repository.read("applc.toml");
    let list = "appliances = [\"apps/**/*.appliance.*\", \"!apps/b/**\"]\n";
    repository.write("applc.toml", &format!("{list}{project}"));
    let (status, out, _) = repository.run(&["compile", "--check"]);
    assert!(status == 4 && out.contains("orphaned  manifests/test/apps/b/"), "{out}");
    repository.write("applc.toml", &project);
    fs::remove_file(&source).unwrap();
    let odd = repository.path("apps/b").join(OsStr::from_bytes(b"b\xff.appliance.yaml"));
    fs::rename(&away, &odd).unwrap();
    assert_refused(&repository, &["compile"], 3, "its name is not Unicode");
    fs::rename(&odd, &source).unwrap();
    assert_eq!(repository.run(&["compile", "--check"]).0, 0);
}

#[test]
fn a_folder_that_is_not_looked_into_keeps_the_output_of_what_is_in_it() {
    let repository = Repository::new();
    symlink("a", repository.path("apps/other")).unwrap();
    // A link to what is compiled anyway is no error.
    assert_eq!(repository.run(&["compile"]).0, 0);
    fs::remove_file(repository.path("apps/other")).unwrap();
    let folder = repository.path("apps/b");
    fs::rename(&folder, repository.path("elsewhere")).unwrap();
    fs::write(repository.path("elsewhere/c.appliance.yaml"), appliance("c", "redis:7")).unwrap();
    fs::create_dir(repository.path(".git")).unwrap();
    fs::rename(repository.path("elsewhere"), repository.path(".git/b")).unwrap();
    symlink("../.git/b", &folder).unwrap();
    assert_refused(&repository, &["compile"], 1, "its appliance may be in `apps/b`");
    fs::remove_file(&folder).unwrap();
    let odd = repository.path("apps").join(OsStr::from_bytes(b"b\xff"));
    fs::rename(repository.path(".git/b"), &odd).unwrap();
    for arguments in [&["compile", "--check"][..], &["compile", "--keep-going"]] {
        assert_refused(&repository, arguments, 3, "the name of one of its folders is not Unicode");
    }
    fs::remove_dir_all(&odd).unwrap();
    assert_eq!(repository.run(&["compile"]).0, 0);
    assert!(!repository.path("manifests/test/apps/b").exists());
}

#[test]
fn a_run_for_one_target_keeps_the_files_of_the_others() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["compile"]).0, 0);
    let before = repository.files();
    let only = ["--target", "compose", "--env", "test"];
    let (status, out, err) = repository.run(&[&["compile", "--check"], &only[..]].concat());
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    assert_eq!(repository.run(&["compile", "--target", "kubernetes"]).0, 0);
    assert!(repository.files() == before);
    // Of a target that the project no longer compiles for, nothing stays.
    let project = repository.read("applc.toml").replace("[\"compose\", ", "[");
    repository.write("applc.toml", &project);
    let (status, out, _) = repository.run(&["compile", "--check"]);
    assert_eq!((status, out.matches("orphaned").count()), (4, 2), "{out}");
}

#[test]
fn output_by_environment_needs_one() {
    let repository = Repository::new();
    let project =
        "default-targets = [\"compose\"]\noutput = \"out/{environment}/{folder}/{target}\"\n";
    repository.write("applc.toml", project);
    for command in ["compile", "check"] {
        let arguments = [command, "--format", "short"];
        assert_refused(
            &repository,
            &arguments,
            1,
            "applc.toml:2:15: error[E0501]: `{environment}`",
        );
        assert!(!repository.path("out").exists());
    }
    repository.write("top.appliance.json", &appliance("top", "nginx:1.27"));
    let (_, out, _) = repository.run(&["config", "top.appliance.json"]);
    assert!(out.contains("out/{environment}/{target}"), "{out}");
}

#[test]
fn output_is_not_written_to_folders_of_version_control() {
    let repository = Repository::new();
    for output in [".git/hooks/{target}", "out/.applc-cache/{target}", ".GIT/{target}"] {
        repository.write("applc.toml", &format!("output = \"{output}/{{environment}}\"\n"));
        assert_refused(&repository, &["check"], 1, "error[E0501]: output cannot be written to `.");
    }
    let project = "default-targets = [\"compose\"]\noutput = \".{id}/hooks/{target}\"\n";
    repository.write("applc.toml", project);
    fs::remove_dir_all(repository.path("apps/b")).unwrap();
    repository.write("apps/a/a.appliance.json", &appliance("git", "nginx:1.27"));
    assert_refused(&repository, &["compile"], 1, "a.appliance.json would be written to `.git`");
    assert!(!repository.path(".git").exists());
}

#[test]
fn output_has_paths_that_all_systems_can_have() {
    let repository = Repository::new();
    for output in
        ["out/nul/{target}", "{target}./x", "out/{target} ", "a?/{target}", "git~1/{target}"]
    {
        repository.write("applc.toml", &format!("output = \"{output}\"\n"));
        assert_refused(&repository, &["check"], 1, "error[E0501]: ");
    }
    fs::remove_dir_all(repository.path("apps/b")).unwrap();
    let with = |id: &str, output: &str| {
        let project = format!("default-targets = [\"compose\"]\noutput = \"{output}\"\n");
        repository.write("applc.toml", &project);
        repository.write("apps/a/a.appliance.json", &appliance(id, "nginx:1.27"));
    };
    with("aux", "out/{id}/{target}");
    assert_refused(&repository, &["compile"], 1, "has a part `aux`, which Windows cannot have");
    with("long", &format!("{{target}}{}", "/{id}".repeat(820)));
    assert_refused(&repository, &["compile"], 1, "bytes; at most 4095 are possible");
    with("same", "out/{id}/{target}");
    repository.write("apps/a/other.appliance.json", &appliance("SAME", "httpd:2"));
    let message =
        "writes `out/SAME/compose/compose.yaml`, which some file systems do not tell apart";
    assert_refused(&repository, &["compile"], 1, message);
    assert_refused(&repository, &["check"], 1, message);
}

#[test]
fn output_never_takes_the_place_of_a_source() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["target", "new", "mine"]).0, 0);
    let project = |settings: &str, output: &str| {
        let text = format!("output = \"{output}\"\n{settings}");
        repository.write("applc.toml", &text);
    };
    fs::remove_dir_all(repository.path("apps/b")).unwrap();
    // An overlay where the output is to be, and a file in the folder of a target.
    project(
        "default-targets = [\"compose\"]\n[environments.prod]\noverlay = \"compose/compose.yaml\"\n",
        "{folder}/{target}",
    );
    repository.write("apps/a/compose/compose.yaml", "containers: {}\n");
    for arguments in [&["compile"][..], &["compile", "--adopt"], &["compile", "--check"]] {
        assert_refused(&repository, arguments, 1, "is a source of the project");
    }
    project("default-targets = [\"mine\"]\ntarget-folders = [\"mine\"]\n", "{target}");
    let made = repository.run(&["compile", "--diff"]).1;
    let made = made.lines().filter_map(|line| line.strip_prefix("+++ b/"));
    let path = made.map(str::to_owned).find(|path| path.starts_with("mine/")).unwrap();
    repository.write(&path, "a template\n");
    assert_refused(&repository, &["compile", "--adopt"], 1, "is a source of the project");
    assert_eq!(repository.read(&path), "a template\n");
}

#[test]
fn two_that_write_one_file_have_no_difference_to_a_commit() {
    let repository = Repository::new();
    git(repository.0.path(), &["init", "-q"]);
    repository.write("apps/a/other.appliance.json", &appliance("other", "httpd:2"));
    git(repository.0.path(), &["add", "-A"]);
    git(repository.0.path(), &["commit", "-q", "-m", "one"]);
    let mut command = assert_cmd::Command::cargo_bin("applc").unwrap();
    command.current_dir(repository.0.path()).args(["compile", "--diff", "--base", "HEAD"]);
    let output = command.output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.contains("error[E0504]"), "{err}");
}

#[test]
fn what_exists_and_cannot_be_read_is_not_absent() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["compile"]).0, 0);
    for path in ["apps/b/b.prod.yaml", "applc.lock", "apps/applc.toml"] {
        let on_disk = repository.path(path);
        let old = fs::read(&on_disk).ok();
        let _ = fs::remove_file(&on_disk);
        for is_folder in [false, true] {
            match is_folder {
                false => symlink("nothing", &on_disk).unwrap(),
                true => fs::create_dir(&on_disk).unwrap(),
            }
            assert_refused(&repository, &["compile"], 3, path);
            assert_refused(&repository, &["check"], 3, path);
            match is_folder {
                false => fs::remove_file(&on_disk).unwrap(),
                true => fs::remove_dir(&on_disk).unwrap(),
            }
        }
        if let Some(old) = old {
            fs::write(&on_disk, old).unwrap();
        }
    }
    assert_eq!(repository.run(&["compile", "--check"]).0, 0);
}

#[test]
fn an_empty_file_of_a_custom_target_is_an_error() {
    let repository = Repository::new();
    let (status, _, err) = repository.run(&["target", "new", "mine"]);
    assert_eq!(status, 0, "{err}");
    let manifest = repository.read("mine/target.toml");
    let (_, template) = manifest.split_once("template = \"").unwrap();
    let (template, _) = template.split_once('"').unwrap();
    repository.write(&format!("mine/{template}"), "{% if false %}x{% endif %}\n \n");
    let file = ["compile", "apps/a/a.appliance.json", "--target", "./mine"];
    let message = "error[E0702]: the file `";
    assert_refused(&repository, &file, 1, message);
    assert_refused(&repository, &["compile", "--target", "./mine"], 1, message);
    // Why there is no content says the author of the target.
    for more in ["", "{{ approximate(appliance, \"almost\") }}", "{\n"] {
        let text = format!("{{{{ reject(appliance, \"it has no place here\") }}}}{more}");
        repository.write(&format!("mine/{template}"), &text);
        let (status, _, err) = repository.run(&file);
        assert!(status == 1 && err.contains("error[E0401]: mine: it has no place here"), "{err}");
        assert!(!err.contains("E0702"), "{err}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_printed_is_no_result() {
    let repository = Repository::new();
    for option in ["--check", "--diff"] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let status = Command::new(assert_cmd::cargo::cargo_bin("applc"))
            .current_dir(repository.0.path())
            .args(["compile", option])
            .stdout(full)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(3), "{option}");
    }
    // Nor are help and a summary.
    assert_eq!(repository.run(&["target", "new", "mine"]).0, 0);
    for arguments in
        [&["--help"][..], &["--version"], &["help", "check"], &["target", "check", "mine"]]
    {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = Command::new(assert_cmd::cargo::cargo_bin("applc"));
        command.current_dir(repository.0.path()).args(arguments).stdout(full);
        let output = command.output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{arguments:?}: {err}");
        assert_eq!(err.matches("cannot write to standard output").count(), 1, "{err}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn findings_that_cannot_be_printed_are_no_success() {
    let repository = Repository::new();
    // A comma behind the last member is a warning.
    let text = appliance("a", "nginx:1.27");
    let text = text.trim_end().strip_suffix('}').map(|text| format!("{text},}}")).unwrap();
    repository.write("apps/a/a.appliance.json", &text);
    for format in ["json", "sarif", "github", "gitlab", "junit", "short", "human"] {
        let run = |arguments: &[&str]| {
            let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
            let mut command = Command::new(assert_cmd::cargo::cargo_bin("applc"));
            command.current_dir(repository.0.path()).args(arguments).args(["--format", format]);
            command.stdout(Stdio::null()).stderr(full).status().unwrap().code()
        };
        let file = "apps/a/a.appliance.json";
        let compile = ["compile", file, "--target", "nomad", "--env", "test"];
        assert_eq!(run(&compile), Some(3), "{format}");
    }
}

#[cfg(unix)]
#[test]
fn threads_have_stacks_of_their_own() {
    let repository = Repository::new();
    for (name, value) in [("RUST_MIN_STACK", "0"), ("RAYON_NUM_THREADS", "100000")] {
        for arguments in [&["compile"][..], &["check"], &["compile", "--check"]] {
            let mut command = Command::new(assert_cmd::cargo::cargo_bin("applc"));
            command.current_dir(repository.0.path()).args(arguments).env(name, value);
            let output = command.output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{name}: {output:?}");
        }
        fs::remove_dir_all(repository.path(".applc-cache")).unwrap();
    }
}

#[test]
fn a_file_that_is_too_large_for_output_is_not_read() {
    let repository = Repository::new();
    assert_eq!(repository.run(&["compile"]).0, 0);
    for path in ["manifests/prod/apps/a/kubernetes/kubernetes.yaml", "manifests/.applc-outputs"] {
        let before = repository.read(path);
        fs::File::create(repository.path(path)).unwrap().set_len(16 << 30).unwrap();
        let (status, _, err) = repository.run(&["compile"]);
        assert_eq!(status, 3, "{err}");
        assert!(err.contains(&format!("`{path}`: it is larger than 256 MiB")), "{err}");
        repository.write(path, &before);
    }
}

#[test]
fn a_folder_that_is_named_as_an_appliance_is_pointed_out() {
    let repository = Repository::new();
    let source = "apps/c/c.appliance.json";
    repository.write(&format!("{source}/in.appliance.json"), &appliance("in", "redis:7"));
    let warning = format!("warning[W0501]: `{source}` is named as an appliance, but is a folder\n");
    for command in [&["compile"][..], &["check"], &["compile", "--check"]] {
        let (status, out, err) = repository.run(command);
        assert_eq!(status, 0, "{out}{err}");
        assert_eq!(err.matches(&warning).count(), 1, "{err}");
    }
    let output = "manifests/test/apps/c/c.appliance.json/compose/compose.yaml";
    assert!(repository.path(output).is_file());
    // One that is taken out, or that only patterns for any name match, is a folder as others.
    let project = repository.read("applc.toml");
    for (list, now) in [
        ("\"**/*.appliance.*\", \"!**/c.appliance.json\"", source),
        ("\"apps/**/*.appliance.json\", \"apps/*\"", "apps/c.d"),
    ] {
        if now != source {
            fs::rename(repository.path(source), repository.path(now)).unwrap();
        }
        repository.write("applc.toml", &format!("appliances = [{list}]\n{project}"));
        let (status, _, err) = repository.run(&["check"]);
        assert!(status == 0 && !err.contains("is a folder"), "{err}");
    }
}

#[test]
fn output_below_an_appliance_is_found_by_each_command() {
    let repository = Repository::new();
    let project = repository.read("applc.toml");
    let output = project.lines().find(|line| line.starts_with("output")).unwrap();
    for place in ["apps/a/a.appliance.json", "{folder}/{name}.appliance.json", "apps/b/b.prod.yaml"]
    {
        let line = format!("output = \"{place}/{{environment}}/{{target}}/{{id}}\"");
        repository.write("applc.toml", &project.replace(output, &line));
        for command in [&["check"][..], &["compile"], &["compile", "--check"]] {
            assert_refused(&repository, command, 1, "error[E0501]: output would be below `apps/");
        }
    }
    // A folder that is only named so.
    let line = "output = \"a.appliance.json/{environment}/{target}/{id}\"";
    repository.write("applc.toml", &project.replace(output, line));
    assert_eq!(repository.run(&["compile"]).0, 0);
}
