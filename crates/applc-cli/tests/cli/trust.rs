//! Files of others: whose project files are used, and what is never read.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::Path;
use std::process::Command as Other;
use std::time::Duration;

use assert_cmd::Command;

use crate::project::{Repository, appliance};

/// A run in a folder: exit status, and all output. One that waits is killed.
fn run(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> (i32, String) {
    let mut command = Command::cargo_bin("applc").unwrap();
    command.current_dir(folder).env_clear().envs(variables.iter().copied()).args(arguments);
    let output = command.timeout(Duration::from_secs(60)).output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.code().unwrap_or_else(|| panic!("{arguments:?} waits")), text.concat())
}

/// A project file that makes all findings of `bare.json` disappear, above a folder of the user.
fn planted() -> (tempfile::TempDir, std::path::PathBuf) {
    let above = tempfile::tempdir().unwrap();
    fs::write(above.path().join("applc.toml"), "[diagnostics]\nallow = [\"hints\"]\n").unwrap();
    let own = above.path().join("own");
    fs::create_dir(&own).unwrap();
    fs::write(own.join("bare.json"), appliance("bare", "nginx")).unwrap();
    (above, own)
}

#[test]
fn a_project_file_of_another_user_is_not_used() {
    let (above, own) = planted();
    let check = ["check", "bare.json", "--warn", "H0601"];
    let settled = |variables: &[(&str, &str)], more: &[&str]| {
        run(&own, variables, &[&["check", "bare.json"], more].concat())
    };
    assert_eq!(settled(&[], &[]).1, "", "that of the same user is used");
    assert!(run(&own, &[], &check).1.contains("H0601"));
    let file = above.path().join("applc.toml");
    let is_root = fs::metadata(&own).unwrap().uid() == 0;
    if !is_root || chown(&file, Some(12_345), None).is_err() {
        // Only root can give files away; the rules are tested without that, too.
        return;
    }
    let refused = "applc.toml` belongs to another user (12345); if you trust it, set `APPLC_TRUST=";
    for arguments in [
        &["check", "bare.json"][..],
        &["check"],
        &["check", "bare.json", "--fix"],
        &["compile"],
        &["compile", "bare.json", "-t", "compose"],
        &["plan", "bare.json"],
        &["graph", "bare.json"],
        &["trace", "bare.json", "-t", "compose"],
        &["config"],
        &["config", "bare.json"],
        &["targets"],
        &["lock"],
        &["set-image", "--env", "prod", "nginx=1"],
        &["up", "bare.json", "-t", "compose", "--dry-run"],
    ] {
        let (status, text) = run(&own, &[], arguments);
        assert!(status == 2 && text.contains(refused), "{arguments:?}: {status} {text}");
    }
    // What to do.
    let folder = above.path().to_str().unwrap();
    assert_eq!(settled(&[("APPLC_TRUST", &format!("/nothing:{folder}"))], &[]), (0, String::new()));
    assert_eq!(settled(&[("APPLC_TRUST", "*")], &[]), (0, String::new()));
    let named = format!("{folder}/applc.toml:/nothing");
    assert_eq!(settled(&[("APPLC_TRUST", &named)], &[]), (0, String::new()));
    let (_, text) = settled(&[("APPLC_TRUST", &format!("{folder},/nothing"))], &[]);
    assert!(
        text.contains(&format!("`APPLC_TRUST` has `{folder},/nothing`, which is no folder")),
        "{text}"
    );
    assert_eq!(settled(&[("SUDO_UID", "12345")], &[]), (0, String::new()));
    assert_eq!(settled(&[], &["--project", ".."]), (0, String::new()));
    let (status, text) = settled(&[], &["--no-project"]);
    assert!(status == 0 && text.contains("hint[H0601]"), "{text}");
    let (status, text) = settled(&[("APPLC_TRUST", "/nothing"), ("SUDO_UID", "1")], &[]);
    assert!(status == 2 && text.contains(refused), "{text}");
    // A folder of someone else can have any file in it.
    chown(&file, Some(0), None).unwrap();
    chown(above.path(), Some(12_345), None).unwrap();
    assert_eq!(settled(&[], &[]).0, 2);
    // As in a container that has a checkout of someone else: all of it is of one user.
    for path in [file.as_path(), &own, &own.join("bare.json")] {
        chown(path, Some(12_345), None).unwrap();
    }
    assert_eq!(settled(&[], &[]), (0, String::new()));
    // `applc init` makes a project beside that of someone else.
    chown(&own, Some(0), None).unwrap();
    assert_eq!(run(&own, &[], &["init"]).0, 0);
}

#[test]
fn project_files_of_other_users_in_folders_below_are_not_used() {
    let repository = Repository::new();
    repository.write("apps/a/applc.toml", "");
    assert_eq!(repository.run(&["check"]).0, 0);
    if chown(repository.path("apps/a/applc.toml"), Some(12_345), None).is_ok() {
        let (status, _, err) = repository.run(&["check"]);
        assert!(status == 2 && err.contains("another user (12345)"), "{err}");
    }
}

#[test]
fn the_search_ends_at_the_root_of_the_repository() {
    let (_above, own) = planted();
    assert_eq!(run(&own, &[], &["check", "bare.json"]).1, "");
    // In a work tree, it is a file.
    fs::write(own.join(".git"), "gitdir: /nothing\n").unwrap();
    assert!(run(&own, &[], &["check", "bare.json"]).1.contains("H0601"));
}

#[test]
fn a_project_is_named_by_an_argument() {
    let repository = Repository::new();
    let other = tempfile::tempdir().unwrap();
    let root = repository.0.path().to_str().unwrap();
    let file = repository.path("applc.toml");
    for named in [root, file.to_str().unwrap()] {
        let (status, text) = run(other.path(), &[], &["config", "--project", named]);
        assert!(status == 0 && text.contains("manifests/{environment}"), "{text}");
    }
    let (status, text) = run(other.path(), &[], &["compile", "--project", root]);
    assert!(status == 0 && text.contains("6 files made"), "{text}");
    // One below is the outermost one then.
    repository.write("apps/applc.toml", "default-targets = [\"nomad\"]\n");
    let (status, text) = run(other.path(), &[], &["config", "--project", &format!("{root}/apps")]);
    assert!(status == 0 && !text.contains("manifests"), "{text}");
    fs::write(other.path().join("x.json"), appliance("x", "nginx:1")).unwrap();
    for (arguments, message) in [
        (["check", "x.json", "--project", root], "is not in the project of"),
        (["check", ".", "--project", root], "is not in the project of"),
        (["check", "x.json", "--project", "x.json"], "`x.json` is no `applc.toml`"),
        (["check", "x.json", "--project", "."], "`.` is no `applc.toml`"),
    ] {
        let (status, text) = run(other.path(), &[], &arguments);
        assert!(status == 2 && text.contains(message), "{arguments:?}: {text}");
    }
    let (status, text) = run(repository.0.path(), &[], &["compile", "--no-project"]);
    assert!(status == 2 && text.contains("no `applc.toml`"), "{text}");
}

#[test]
fn nobody_waits_for_a_pipe_in_place_of_a_file() {
    let repository = Repository::new();
    repository.write("mine/target.toml", "");
    let list = "target-folders = [\"mine\"]\n";
    let project = format!("{list}{}", repository.read("applc.toml"));
    let with_file = appliance("a", "nginx:1.27").replace(
        "\"network_mode\"",
        "\"files\": [{\"dest\": \"/x\", \"source\": \"x.conf\"}], \"network_mode\"",
    );
    repository.write("apps/a/a.appliance.json", &with_file);
    repository.write("apps/a/x.conf", "x");
    assert_eq!(repository.run(&["compile"]).0, 0);
    repository.write("applc.toml", &project);
    for path in [
        "applc.toml",
        "apps/applc.toml",
        "applc.lock",
        "apps/b/b.prod.yaml",
        "apps/a/x.conf",
        "mine/target.toml",
        "manifests/.applc-outputs",
    ] {
        if path != "mine/target.toml" {
            repository.write("applc.toml", &project.replace(list, ""));
        }
        let on_disk = repository.path(path);
        let before = fs::read(&on_disk).ok();
        let _ = fs::remove_file(&on_disk);
        assert!(Other::new("mkfifo").arg(&on_disk).status().unwrap().success());
        for arguments in [
            &["check"][..],
            &["compile", "--check"],
            &["check", "apps/b/b.appliance.yaml", "--env", "prod"],
        ] {
            let (status, text) = run(repository.0.path(), &[], arguments);
            let is_read = match path {
                "apps/a/x.conf" => arguments.len() < 3,
                "manifests/.applc-outputs" => arguments.contains(&"--check"),
                _ => true,
            };
            assert!(
                !is_read || (status != 0 && text.contains("not a regular file")),
                "{path} {arguments:?}: {status} {text}"
            );
        }
        fs::remove_file(&on_disk).unwrap();
        if let Some(before) = before {
            fs::write(&on_disk, before).unwrap();
        }
        repository.write("applc.toml", &project);
    }
}

#[test]
fn what_the_command_line_names_may_be_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let text = appliance("piped", "nginx:1.27");
    let overlay = "containers: { web: { instances: 3 } }";
    fs::write(folder.path().join("app.json"), &text).unwrap();
    fs::write(folder.path().join("over.yaml"), overlay).unwrap();
    let applc = assert_cmd::cargo::cargo_bin("applc");
    let shell = |line: &str| {
        let output = Other::new("bash")
            .args(["-c", &line.replace("applc", applc.to_str().unwrap())])
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
        text
    };
    for line in [
        "cat app.json | applc plan -",
        "cat app.json | applc plan /dev/stdin",
        "applc plan <(cat app.json)",
        "applc plan app.json --overlay <(cat over.yaml)",
    ] {
        let plan = shell(line);
        assert!(plan.contains("\"piped\""), "{line}: {plan}");
        let instances = if line.contains("over") { 3 } else { 1 };
        assert!(plan.contains(&format!("\"instances\": {instances}")), "{line}: {plan}");
    }
    shell("applc check <(cat app.json)");
    shell("applc compile <(cat app.json) -t compose");
    shell("applc graph <(cat app.json)");
    shell("echo 'services: { web: { image: \"nginx:1\" } }' | applc import /dev/stdin");
}

#[test]
fn no_link_leads_out_of_a_project() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("canary"), "canary: [canary\n").unwrap();
    let repository = Repository::new();
    repository.write("mine/target.toml", "");
    let project = format!("target-folders = [\"mine\"]\n{}", repository.read("applc.toml"));
    for path in
        ["apps/applc.toml", "applc.lock", "apps/b/b.prod.yaml", "mine/target.toml", "applc.toml"]
    {
        let is_target = path.starts_with("mine");
        repository.write(
            "applc.toml",
            if is_target { &project } else { project.split_once('\n').unwrap().1 },
        );
        let on_disk = repository.path(path);
        let before = fs::read(&on_disk).ok();
        let _ = fs::remove_file(&on_disk);
        symlink(root.path().join("canary"), &on_disk).unwrap();
        for arguments in [
            &["check"][..],
            &["compile"],
            &["check", "apps/b/b.appliance.yaml", "--env", "prod"],
            &["config"],
            &["lock"],
        ] {
            let (status, text) = run(repository.0.path(), &[], arguments);
            // Settings of the root are in no other folder.
            let is_read = arguments[0] != "config" || !path.starts_with("apps/");
            assert!(
                !is_read || (status != 0 && text.contains("link out of the")),
                "{path} {arguments:?}: {text}"
            );
            assert!(!text.contains("[canary"), "{path} {arguments:?}: {text}");
        }
        fs::remove_file(&on_disk).unwrap();
        if let Some(before) = before {
            fs::write(&on_disk, before).unwrap();
        }
    }
    // A folder that leads out is one, too.
    repository
        .write("applc.toml", &project.split_once('\n').unwrap().1.replace("{name}.prod", "sub/c"));
    fs::rename(root.path().join("canary"), root.path().join("c.yaml")).unwrap();
    symlink(root.path(), repository.path("apps/b/sub")).unwrap();
    for arguments in [&["check"][..], &["check", "apps/b/b.appliance.yaml", "--env", "prod"]] {
        let (status, text) = run(repository.0.path(), &[], arguments);
        assert!(status != 0 && text.contains("link out of the project"), "{text}");
    }
    // Within the project, links are followed.
    repository.write("applc.toml", project.split_once('\n').unwrap().1);
    fs::rename(repository.path("apps/b/b.prod.yaml"), repository.path("common.yaml")).unwrap();
    symlink("../../common.yaml", repository.path("apps/b/b.prod.yaml")).unwrap();
    let (status, text) =
        run(repository.0.path(), &[], &["plan", "apps/b/b.appliance.yaml", "--env", "prod"]);
    assert!(status == 0 && text.contains("\"instances\": 3"), "{text}");
    assert_eq!(run(repository.0.path(), &[], &["compile"]).0, 0);
    assert!(
        repository.read("manifests/prod/apps/b/kubernetes/kubernetes.yaml").contains("replicas: 3")
    );
}

#[test]
fn an_import_reads_nothing_outside_of_its_folder() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("secret.env"), "CANARY=1\n").unwrap();
    let folder = root.path().join("shop");
    fs::create_dir(&folder).unwrap();
    symlink("../secret.env", folder.join("link.env")).unwrap();
    let absolute = root.path().join("secret.env");
    for path in ["../secret.env", "x/../../secret.env", "link.env", absolute.to_str().unwrap()] {
        let compose = format!("services: {{ web: {{ image: 'nginx:1', env_file: '{path}' }} }}\n");
        fs::write(folder.join("compose.yaml"), compose).unwrap();
        for (from, named) in
            [(&folder, "compose.yaml"), (&root.path().to_owned(), "shop/compose.yaml")]
        {
            let (status, text) = run(from, &[], &["import", named]);
            assert!(status == 1 && !text.contains("CANARY"), "{path}: {text}");
            assert!(text.contains("it is outside") || text.contains("link out of"), "{text}");
            assert!(text.contains("docker compose config"), "{text}");
        }
    }
    // A repository is the border, where there is one.
    let compose = "services: { web: { image: 'nginx:1', env_file: '../secret.env' } }\n";
    fs::write(folder.join("compose.yaml"), compose).unwrap();
    for (repository, expected) in [("shop/.git", 1), (".git", 0)] {
        let repository = root.path().join(repository);
        fs::create_dir(&repository).unwrap();
        for (from, named) in
            [(&folder, "compose.yaml"), (&root.path().to_owned(), "shop/compose.yaml")]
        {
            let (status, text) = run(from, &[], &["import", named]);
            assert_eq!(status, expected, "{text}");
            assert_eq!(text.contains("CANARY"), expected == 0, "{text}");
        }
        fs::remove_dir(&repository).unwrap();
    }
    // What the command line names is read.
    let compose = "services: { web: { image: 'nginx:${CANARY}' } }\n";
    fs::write(folder.join("compose.yaml"), compose).unwrap();
    let (status, text) =
        run(&folder, &[], &["import", "compose.yaml", "--env-file", "../secret.env"]);
    assert!(status == 0 && text.contains("nginx:1"), "{text}");
}
