//! `applc compile --diff --base REV`: what changes in meaning since a commit.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::schemas;

const PROJECT: &str = "default-targets = [\"compose\"]\noutput = \"out/{environment}/{folder}/{target}\"\n\
    [environments.test]\n[environments.prod]\nimages = { api = \"9\" }\n";

fn appliance(image: &str, rest: &str) -> String {
    format!(
        "{{\"id\": \"shop\", \"containers\": [{{\"id\": \"web\", \"type\": \"service\", \"image\": \"{image}\", \
         \"network_mode\": \"container\", \"resources\": {{\"cpus\": 1, \"mem\": 64}}{rest}}}]}}\n"
    )
}

/// An appliance with another id.
fn other() -> String {
    appliance("api:1", "").replace("shop", "blog")
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

pub fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(["-c", "user.name=a", "-c", "user.email=a@b"]);
    command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn commit(folder: &Path) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "-m", "one"]);
}

/// A repository with one commit, with a project in the folder `p q`.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "-q"]);
    write(folder.path(), "p q/applc.toml", PROJECT);
    let old =
        ", \"env\": {\"DB_PASSWORD\": \"hunter2-old\"}, \"ports\": [{\"container_port\": 8080}]";
    write(folder.path(), "p q/a/a.appliance.json", &appliance("api:1", old));
    write(folder.path(), "p q/b/b \"é\".appliance.json", &other());
    commit(folder.path());
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = assert_cmd::Command::cargo_bin("applc").unwrap();
    command.current_dir(folder.join("p q")).args(["compile", "--diff", "--base"]).args(arguments);
    let output = command.env("LANG", "de_DE.UTF-8").output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn nothing_changes_since_the_commit_itself() {
    let repository = repository();
    let (status, out, err) = run(repository.path(), &["HEAD"]);
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    // Another spelling means the same.
    let old = ", \"env\": {\"DB_PASSWORD\": \"hunter2-old\"}, \"instances\": 1, \"ports\": [{\"container_port\": 8080}]";
    write(repository.path(), "p q/a/a.appliance.json", &appliance("api:1", old));
    assert_eq!(run(repository.path(), &["HEAD"]).0, 0);
}

#[test]
fn changes_are_told_by_environment_in_each_format() {
    let repository = repository();
    let new = ", \"env\": {\"DB_PASSWORD\": \"hunter2-new\"}, \"instances\": 3";
    write(repository.path(), "p q/a/a.appliance.json", &appliance("api:2", new));
    let (status, out, err) = run(repository.path(), &["HEAD"]);
    assert_eq!(status, 4, "{err}");
    let expected = "test/shop (a/a.appliance.json)\n  `web` image 1 -> 2\n  `web` 1 -> 3 instances\n  \
        `web` env `DB_PASSWORD` changed (hidden)\n  `web` port 8080 is no longer published\n  \
        1 container restarts on compose: `web`\n\
        prod/shop (a/a.appliance.json)\n  `web` 1 -> 3 instances\n";
    assert!(out.starts_with(expected), "{out}");
    assert!(out.contains("--- a/out/test/a/compose/compose.yaml\n"), "{out}");
    assert!(!out.contains("hunter2"), "{out}");
    let (status, out, _) = run(repository.path(), &["HEAD", "--env", "prod", "--format", "json"]);
    assert_eq!(status, 4);
    let document = schemas::document("changes", &out);
    let change = &document["appliances"][0]["changes"][0];
    assert_eq!(
        (&change["field"], &change["after"]["value"]),
        (&"containers[].instances".into(), &"3".into())
    );
    assert_eq!(
        (&change["after"]["file"], &change["after"]["line"]),
        (&"a/a.appliance.json".into(), &1.into())
    );
    assert_eq!(document["files"].as_array().unwrap().len(), 1);
    let effect = json!({"effect": "restarts", "containers": ["web"]});
    assert_eq!(
        document["appliances"][0]["targets"],
        json!([{"target": "compose", "effects": [effect]}])
    );
    assert!(!out.contains("hunter2"), "{out}");
    let (_, out, _) = run(repository.path(), &["HEAD", "--format", "markdown"]);
    assert!(
        out.contains("**`test/shop`** in `a/a.appliance.json`\n\n- `web` image `1` -> `2`\n"),
        "{out}"
    );
    assert!(out.contains("- 1 container restarts on compose: `web`\n"), "{out}");
    assert!(!out.contains("hunter2"), "{out}");
}

#[test]
fn options_and_templates_restart_containers_too() {
    let repository = repository();
    let project = |namespace: &str| {
        let targets = "default-targets = [\"kubernetes\", \"own\"]\ntarget-folders = [\"own\"]\n";
        PROJECT.replace("default-targets = [\"compose\"]\n", targets)
            + &format!("[targets.kubernetes]\nnamespace = \"{namespace}\"\n")
    };
    let fields = [
        "id",
        "containers[].id",
        "containers[].type: service",
        "containers[].image",
        "containers[].env",
    ];
    let more = ["containers[].resources.cpus", "containers[].resources.mem", "containers[].ports"];
    let last = ["containers[].network_mode: container", "containers[].force_pull_image"];
    let carried = |field: &&str| format!("\"{field}\" = \"carried\"\n");
    let fields: String = fields.iter().chain(&more).chain(&last).map(carried).collect();
    let own = format!(
        "applc = 1\nname = \"own\"\ndescription = \"a list\"\n[[artifacts]]\ntemplate = \"list.j2\"\n\
         path = \"list.txt\"\nformat = \"plain\"\n[references]\naddress = \"{{{{ name }}}}\"\n[fields]\n\
         \"*\" = {{ rejected = \"no\" }}\n{fields}"
    );
    write(repository.path(), "p q/applc.toml", &project("one"));
    write(repository.path(), "p q/own/target.toml", &own);
    write(repository.path(), "p q/own/list.j2", "one\n");
    commit(repository.path());
    write(repository.path(), "p q/applc.toml", &project("two"));
    let (status, out, err) = run(repository.path(), &["HEAD", "a", "--env", "test"]);
    assert_eq!(status, 4, "{err}");
    let expected = "test/shop (a/a.appliance.json)\n  \
        1 container is replaced under another name or kind on kubernetes: `web`\n  \
        the Namespace `one` is no longer in the output of kubernetes: a tool that prunes deletes it with everything in it\n  \
        nothing restarts on own\n\n--- a/";
    assert!(out.starts_with(expected), "{out}");
    write(repository.path(), "p q/applc.toml", &project("one"));
    write(repository.path(), "p q/own/list.j2", "two\n");
    write(repository.path(), "p q/a/a.appliance.json", &appliance("api:3", ""));
    let (status, out, err) = run(repository.path(), &["HEAD", "a", "--env", "test"]);
    assert_eq!(status, 4, "{err}");
    let expected =
        "  1 container restarts on kubernetes: `web`\n  what restarts on own is not known\n";
    assert!(out.contains(expected), "{out}");
}

#[test]
fn appliances_appear_and_disappear() {
    let repository = repository();
    fs::remove_dir_all(repository.path().join("p q/b")).unwrap();
    write(repository.path(), "p q/c/c.appliance.json", &other());
    let (status, out, _) = run(repository.path(), &["HEAD", "--env", "test"]);
    assert_eq!(status, 4);
    let expected = "test/blog (c/c.appliance.json)\n  moved from `b/b \"é\".appliance.json`\n  \
        nothing restarts on compose\n\n--- a/";
    assert!(out.starts_with(expected), "{out}");
    write(repository.path(), "p q/c/c.appliance.json", &other().replace("blog", "wiki"));
    let (status, out, _) = run(repository.path(), &["HEAD", "--env", "test"]);
    assert_eq!(status, 4);
    let expected = "test/wiki (c/c.appliance.json)\n  new appliance\n  1 container is new on compose: `web`\n\
        test/blog (b/b \"é\".appliance.json)\n  appliance removed\n  1 container is removed on compose: `web`\n";
    assert!(out.starts_with(expected), "{out}");
    // Errors come first.
    write(repository.path(), "p q/c/c.appliance.json", "{}");
    let (status, out, _) = run(repository.path(), &["HEAD"]);
    assert_eq!((status, out.as_str()), (1, ""));
}

#[test]
fn data_that_a_removed_appliance_leaves_is_told_in_each_format() {
    let repository = repository();
    let targets = "default-targets = [\"compose\", \"kubernetes\"]\n";
    let project = PROJECT.replace("default-targets = [\"compose\"]\n", targets);
    write(repository.path(), "p q/applc.toml", &project);
    let mount = ", \"volumes\": [{\"src\": \"data\", \"dest\": \"/d\"}]";
    let data = "], \"data_persistence\": {\"volumes\": [{\"id\": \"data\", \"size\": 10}]}}";
    let text = appliance("api:1", mount).replace("shop", "gone").replace("]}\n", data);
    write(repository.path(), "p q/gone/x.appliance.json", &text);
    commit(repository.path());
    fs::remove_dir_all(repository.path().join("p q/gone")).unwrap();
    let (status, out, err) = run(repository.path(), &["HEAD", "--env", "test"]);
    assert_eq!(status, 4, "{err}");
    let lines = [
        "appliance removed",
        "1 container is removed on compose and kubernetes: `web`",
        "the Namespace `gone` is no longer in the output of kubernetes: a tool that prunes deletes it with everything in it",
        "1 volume with data is no longer used on compose: `gone_data`; its data stays unless a tool prunes it",
        "1 volume with data is no longer used on kubernetes: `gone/data`; its data stays unless a tool prunes it",
    ];
    let listed =
        |mark: &str| -> String { lines.iter().map(|line| format!("{mark}{line}\n")).collect() };
    let expected = format!("test/gone (gone/x.appliance.json)\n{}", listed("  "));
    assert!(out.starts_with(&expected), "{out}");
    let (_, out, _) = run(repository.path(), &["HEAD", "--env", "test", "--format", "markdown"]);
    assert!(out.contains(&listed("- ")), "{out}");
    let (_, out, _) = run(repository.path(), &["HEAD", "--env", "test", "--format", "json"]);
    let document = schemas::document("changes", &out);
    let effects = json!([
        {"effect": "removed", "containers": ["web"]},
        {"effect": "namespace-removed", "namespaces": ["gone"]},
        {"effect": "volume-unused", "volumes": ["gone/data"]},
    ]);
    assert_eq!(document["appliances"][0]["targets"][1]["effects"], effects, "{out}");
}

#[test]
fn a_namespace_that_is_no_longer_made_is_told_unless_another_appliance_makes_it() {
    let repository = repository();
    let project = |options: &str| {
        PROJECT.replace("compose", "kubernetes") + &format!("[targets.kubernetes]\n{options}")
    };
    write(repository.path(), "p q/applc.toml", &project(""));
    commit(repository.path());
    write(repository.path(), "p q/applc.toml", &project("create-namespace = false\n"));
    let (status, out, err) = run(repository.path(), &["HEAD", "a", "--env", "test"]);
    assert_eq!(status, 4, "{err}");
    let expected = "test/shop (a/a.appliance.json)\n  the Namespace `shop` is no longer in the output of kubernetes: \
        a tool that prunes deletes it with everything in it\n\n--- a/";
    assert!(out.starts_with(expected), "{out}");
    write(repository.path(), "p q/applc.toml", &project("namespace = \"all\"\n"));
    commit(repository.path());
    fs::remove_dir_all(repository.path().join("p q/b")).unwrap();
    let (status, out, err) = run(repository.path(), &["HEAD", "--env", "test"]);
    assert_eq!(status, 4, "{err}");
    let expected = "test/blog (b/b \"é\".appliance.json)\n  appliance removed\n  \
        1 container is removed on kubernetes: `web`\n\n--- a/";
    assert!(out.starts_with(expected), "{out}");
}

#[test]
fn what_is_moved_is_compared_with_what_it_was() {
    let repository = repository();
    let path = |path: &str| repository.path().join("p q").join(path);
    let project = |from: &str, to: &str| fs::write(path("applc.toml"), PROJECT.replace(from, to));
    // An environment has another name, and the project of Compose that of before.
    project("environments.test", "environments.stage").unwrap();
    fs::create_dir(path("c")).unwrap();
    fs::rename(path("b/b \"é\".appliance.json"), path("c/c.appliance.json")).unwrap();
    let text = other().replace("cpus\": 1", "cpus\": 2");
    fs::write(path("c/c.appliance.json"), text).unwrap();
    let (status, out, err) = run(repository.path(), &["HEAD", "--format", "json"]);
    assert_eq!(status, 4, "{err}");
    let document = schemas::document("changes", &out);
    let from = |one: &Value| {
        let names = ["environment", "id", "state", "from"].map(|name| one[name].clone());
        let [environment, id, state, from] = names;
        json!([environment, id, state, from["environment"], from["file"]])
    };
    let found: Vec<Value> = document["appliances"].as_array().unwrap().iter().map(from).collect();
    let (shop, blog) = ("a/a.appliance.json", "b/b \"é\".appliance.json");
    let expected = json!([
        ["prod", "blog", "changed", "prod", blog],
        ["stage", "shop", "changed", "test", shop],
        ["stage", "blog", "changed", "test", blog],
    ]);
    for one in expected.as_array().unwrap() {
        assert!(found.contains(one), "{one}: {found:?}");
    }
    assert_eq!(found.len(), 3, "{found:?}");
    let (_, out, _) = run(repository.path(), &["HEAD", "--format", "markdown"]);
    let shop = "**`stage/shop`** in `a/a.appliance.json`\n\n- moved from environment `test`\n- nothing restarts on compose\n";
    assert!(out.contains(shop), "{out}");
    let blog = "- moved from `b/b \"é\".appliance.json` in environment `test`\n- `web` resources.cpus `1` -> `2`\n\
        - 1 container restarts on compose: `web`\n";
    assert!(out.contains(blog), "{out}");
    assert!(
        out.contains("<summary><code>out/stage/a/compose/compose.yaml</code></summary>"),
        "{out}"
    );
    // It is not known which of two environments is which.
    project("environments.", "environments.new-").unwrap();
    let (_, out, _) = run(repository.path(), &["HEAD", "a"]);
    assert!(out.contains("new-test/shop (a/a.appliance.json)\n  new appliance\n"), "{out}");
    assert!(out.contains("prod/shop (a/a.appliance.json)\n  appliance removed\n"), "{out}");
}

#[test]
fn sources_with_errors_in_the_commit_are_not_compared() {
    let repository = repository();
    write(repository.path(), "p q/b/b \"é\".appliance.json", "{");
    commit(repository.path());
    write(repository.path(), "p q/b/b \"é\".appliance.json", &other());
    let (status, out, err) = run(repository.path(), &["HEAD", "--env", "test"]);
    assert_eq!(status, 4, "{err}");
    assert!(out.contains("not compared: it had errors before"), "{out}");
    let (_, out, _) = run(repository.path(), &["HEAD", "--env", "test", "--format", "json"]);
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["appliances"][0]["targets"], json!([]));
}

#[test]
fn every_state_matches_the_schema() {
    let repository = repository();
    let write = |path: &str, text: &str| write(repository.path(), path, text);
    write("p q/gone/x.appliance.json", &other().replace("blog", "gone"));
    write("p q/broken/x.appliance.json", "{");
    commit(repository.path());
    fs::remove_dir_all(repository.path().join("p q/gone")).unwrap();
    write("p q/broken/x.appliance.json", &other().replace("blog", "broken"));
    write("p q/new/x.appliance.json", &other().replace("blog", "new"));
    let text = appliance("api:2", ", \"env\": {\"DB_PASSWORD\": \"hunter2-new\"}");
    let text = text.replace("]}", "], \"data_persistence\": {\"volumes\": [{\"id\": \"data\"}]}}");
    write("p q/a/a.appliance.json", &text);
    let (status, out, err) = run(repository.path(), &["HEAD", "--format", "json"]);
    assert_eq!(status, 4, "{err}");
    let document = schemas::document("changes", &out);
    let appliances = document["appliances"].as_array().unwrap();
    let states: BTreeSet<&str> =
        appliances.iter().filter_map(|one| one["state"].as_str()).collect();
    assert_eq!(states, BTreeSet::from(["added", "changed", "removed", "unknown"]));
    let changes = || appliances.iter().flat_map(|one| one["changes"].as_array().unwrap());
    assert!(changes().any(|one| one["volume"] == "data" && one["before"].is_null()), "{out}");
    assert!(changes().any(|one| one["key"] == "DB_PASSWORD"), "{out}");
    assert!(changes().any(|one| one["after"].is_null() && one["container"] == "web"), "{out}");
}

#[test]
fn unknown_commits_are_errors() {
    let repository = repository();
    for revision in ["nothing", "", "HEAD:p q"] {
        let (status, out, err) = run(repository.path(), &[revision]);
        assert_eq!((status, out.as_str()), (2, ""), "{err}");
    }
    let clone = tempfile::tempdir().unwrap();
    commit_again(repository.path());
    let from = format!("file://{}", repository.path().display());
    git(clone.path(), &["clone", "-q", "--depth=1", &from, "."]);
    let (status, _, err) = run(clone.path(), &["HEAD~1"]);
    assert_eq!(status, 2);
    assert!(err.contains("shallow clone; fetch it with `git fetch"), "{err}");
}

/// What is configured in a repository that comes as an archive starts no program.
#[cfg(unix)]
#[test]
fn a_repository_starts_no_program() {
    let repository = repository();
    let folder = repository.path();
    let mark = folder.join("started");
    let program = folder.join("program");
    fs::write(&program, format!("#!/bin/sh\ntouch '{}'\n", mark.display())).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(&program, executable).unwrap();
    let shown = program.display().to_string();
    for name in ["post-index-change", "reference-transaction", "pre-auto-gc"] {
        fs::create_dir_all(folder.join(".git/hooks")).unwrap();
        fs::copy(&program, folder.join(".git/hooks").join(name)).unwrap();
    }
    let mut object = Command::new("git");
    object.arg("-C").arg(folder).args(["rev-parse", "HEAD:p q/a/a.appliance.json"]);
    let object = String::from_utf8(object.output().unwrap().stdout).unwrap();
    let (start, rest) = object.trim().split_at(2);
    for (name, value) in [
        ("core.fsmonitor", shown.as_str()),
        ("core.sshCommand", &shown),
        ("core.pager", &shown),
        ("core.alternateRefsCommand", &shown),
        ("diff.external", &shown),
        ("filter.x.clean", &shown),
        ("filter.x.smudge", &shown),
        ("diff.x.textconv", &shown),
        ("credential.helper", &shown),
        ("alias.cat-file", &format!("!{shown}")),
        // A partial clone fetches what is absent.
        ("core.repositoryFormatVersion", "1"),
        ("extensions.partialClone", "origin"),
        ("remote.origin.promisor", "true"),
        ("remote.origin.url", &format!("ext::{shown}")),
        ("protocol.ext.allow", "always"),
    ] {
        git(folder, &["config", name, value]);
    }
    fs::write(folder.join(".git/info/attributes"), "* filter=x diff=x\n").unwrap();
    write(folder, "p q/a/a.appliance.json", &appliance("api:2", ""));
    let (status, out, err) = run(folder, &["HEAD"]);
    assert_eq!(status, 4, "{out}{err}");
    fs::remove_file(folder.join(".git/objects").join(start).join(rest)).unwrap();
    let (status, out, err) = run(folder, &["HEAD"]);
    assert_eq!((status, out.as_str()), (3, ""), "{err}");
    assert!(err.contains("git has no object"), "{err}");
    let (status, _, err) = run(folder, &["nothing"]);
    assert_eq!(status, 2);
    assert!(err.contains("`nothing` is not a commit of this repository"), "{err}");
    assert!(!mark.exists(), "{err}");
}

fn commit_again(folder: &Path) {
    write(folder, "other", "x");
    commit(folder);
}

#[test]
fn markdown_is_for_changes_only() {
    let repository = repository();
    let mut command = assert_cmd::Command::cargo_bin("applc").unwrap();
    command.current_dir(repository.path().join("p q")).args(["compile", "--format", "markdown"]);
    assert_eq!(command.output().unwrap().status.code(), Some(2));
}
