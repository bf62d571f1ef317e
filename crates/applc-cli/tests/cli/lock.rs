//! `applc lock`, and what a lock file does to everything else.

use applc_testing::registry::{Answer, Registry, manifest};
use serde_json::Value;

use crate::project::{Repository, appliance};

/// A project whose appliances have images of a registry: `web:1` in both environments, `cache:7` in `test`, and
/// `cache:8` in `prod`.
fn project(registry: &Registry) -> Repository {
    let repository = Repository(tempfile::tempdir().unwrap());
    let name = registry.name();
    repository.write(
        "applc.toml",
        &format!(
            "default-targets = [\"compose\", \"kubernetes\", \"nomad\", \"marathon\"]\n\
             output = \"out/{{environment}}/{{folder}}/{{target}}\"\n\
             [environments.test]\n[environments.prod.images]\n\"{name}/cache\" = \"8\"\n"
        ),
    );
    repository.write("a/a.appliance.json", &appliance("a", &format!("{name}/shop/web:1")));
    repository.write("b/b.appliance.json", &appliance("b", &format!("{name}/cache:7")));
    for (repository, tag) in [("shop/web", "1"), ("cache", "7"), ("cache", "8")] {
        registry.push(repository, tag, &format!("{repository} {tag}"));
    }
    repository
}

/// The digests of the lock file, by image without registry.
fn digest(repository: &Repository, registry: &Registry, image: &str) -> String {
    let text = repository.read("applc.lock");
    let start = format!("\"{}/{image}\" = \"", registry.name());
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("no {image} in {text}")).trim_end_matches('"').to_owned()
}

#[test]
fn every_image_of_every_environment_is_locked() {
    let registry = Registry::start();
    let repository = project(&registry);
    let (status, out, err) = repository.run(&["lock"]);
    assert_eq!(
        (status, out.as_str(), err.as_str()),
        (0, "", "applc: applc.lock: 3 images added\n")
    );
    let text = repository.read("applc.lock");
    let expected = |name: &str| applc_testing::registry::digest(&manifest(name));
    assert_eq!(digest(&repository, &registry, "shop/web:1"), expected("shop/web 1"));
    assert_eq!(digest(&repository, &registry, "cache:8"), expected("cache 8"));
    assert!(text.starts_with("# Made by `applc lock`"), "{text}");
    let images: Vec<&str> = text.lines().filter(|line| line.starts_with('"')).collect();
    assert!(images.len() == 3 && images.is_sorted(), "{text}");
    // Nothing is asked for what is known.
    registry.requests();
    let (status, _, err) = repository.run_in("a", &["lock"]);
    assert_eq!((status, err.as_str()), (0, "applc: applc.lock: 3 images unchanged\n"));
    assert_eq!(registry.requests().len(), 0);
    assert_eq!(repository.read("applc.lock"), text);
}

#[test]
fn all_targets_have_the_digests_of_a_tag_that_has_moved() {
    let registry = Registry::start();
    let repository = project(&registry);
    repository.run(&["lock"]);
    let old = digest(&repository, &registry, "shop/web:1");
    let new = registry.push("shop/web", "1", "moved");
    let (status, _, err) = repository.run(&["compile", "--locked"]);
    assert!(status == 0 && !err.contains("W12"), "{err}");
    let name = registry.name();
    for file in [
        "out/prod/a/compose/compose.yaml",
        "out/prod/a/kubernetes/kubernetes.yaml",
        "out/prod/a/nomad/a.nomad.hcl",
        "out/prod/a/marathon/marathon.json",
    ] {
        let text = repository.read(file);
        assert!(text.contains(&format!("{name}/shop/web@{old}")), "{file}: {text}");
        assert!(!text.contains(":1@"), "{file}: {text}");
    }
    // The version of the environment is what was locked.
    let cache = digest(&repository, &registry, "cache:8");
    let compose = repository.read("out/prod/b/compose/compose.yaml");
    assert!(compose.contains(&format!("{name}/cache@{cache}")), "{compose}");
    let (status, _, err) = repository.run(&["lock"]);
    assert!(status == 0 && err.contains("3 images unchanged"), "{err}");
    let update = ["lock", "--update", &format!("{name}/shop/web"), "--dry-run"];
    let (status, out, _) = repository.run(&update);
    assert_eq!(status, 4);
    assert!(out.contains(&old) && out.contains(&new), "{out}");
    assert_eq!(digest(&repository, &registry, "shop/web:1"), old);
    let (status, _, err) = repository.run(&update[..3]);
    assert_eq!(status, 0);
    assert_eq!(err, "applc: applc.lock: 1 image changed, 2 images unchanged\n");
    assert_eq!(digest(&repository, &registry, "shop/web:1"), new);
    let (status, out, _) = repository.run(&["compile", "--check"]);
    assert!(status == 4 && out.contains("stale     out/prod/a/compose/compose.yaml"), "{out}");
}

#[test]
fn updates_are_of_one_tag_of_all_tags_or_of_all_images() {
    let registry = Registry::start();
    let repository = project(&registry);
    repository.run(&["lock"]);
    let name = registry.name();
    let asked = |arguments: &[&str]| {
        registry.requests();
        let (status, _, err) = repository.run(&[&["lock"], arguments].concat());
        assert_eq!(status, 0, "{err}");
        let mut paths: Vec<String> =
            registry.requests().into_iter().map(|request| request.path).collect();
        paths.sort();
        paths
    };
    let one = format!("{name}/cache:8");
    assert_eq!(asked(&["--update", &one]), ["/v2/cache/manifests/8"]);
    let all_tags = format!("{name}/cache");
    let both = ["/v2/cache/manifests/7", "/v2/cache/manifests/8"];
    assert_eq!(asked(&["--update", &all_tags]), both);
    assert_eq!(asked(&["--update-all"]).len(), 3);
    for (argument, expected) in [
        (format!("{name}/caches"), format!("did you mean `{name}/cache`?")),
        ("nginx:1".to_owned(), "no container of the project has the image `nginx:1`".to_owned()),
        (format!("x@sha256:{}", "0".repeat(64)), "invalid image".to_owned()),
    ] {
        let (status, _, err) = repository.run(&["lock", "--update", &argument]);
        assert!(status == 2 && err.contains(&expected), "{err}");
    }
}

#[test]
fn a_failure_is_at_the_place_of_the_image_and_nothing_is_written() {
    let registry = Registry::start();
    let repository = project(&registry);
    let name = registry.name();
    repository.write("a/a.appliance.json", &appliance("a", &format!("{name}/shop/web:1.0")));
    let toml = repository.read("applc.toml").replace("\"8\"", "\"9\"");
    repository.write("applc.toml", &toml);
    registry.push("shop/web", "1.1", "x");
    let (status, _, err) = repository.run(&["lock"]);
    assert_eq!(status, 1, "{err}");
    let message = format!("error[E1201]: `{name}` has no image `shop/web:1.0`");
    assert!(err.contains(&message), "{err}");
    assert!(err.contains("a/a.appliance.json:1:"), "{err}");
    assert!(err.contains("did you mean `1.1`?"), "{err}");
    // What the environment sets is wrong there.
    assert!(err.contains("has no image `cache:9`") && err.contains("applc.toml:5:"), "{err}");
    assert!(!repository.path("applc.lock").exists());
    // Files are named as they can be opened.
    let (_, _, err) = repository.run_in("a", &["lock"]);
    assert!(err.contains("--> a.appliance.json:1:"), "{err}");
    // An appliance with an error, too.
    repository.write("b/b.appliance.json", "{\"id\": \"b\"}");
    let (status, _, err) = repository.run(&["lock"]);
    assert!(status == 1 && err.contains("missing field `containers`"), "{err}");
    assert!(!repository.path("applc.lock").exists());
}

#[test]
fn a_registry_that_denies_access_or_is_silent_says_what_to_do() {
    let registry = Registry::behind(|request, _| {
        let is_known = request.headers.get("authorization").map(String::as_str);
        let challenge = || Answer::new(401, "").header("WWW-Authenticate", "Basic realm=\"r\"");
        (is_known != Some("Basic dXNlcjpzZWNyZXQ=")).then(challenge)
    });
    let repository = project(&registry);
    let name = registry.name();
    let (status, _, err) = repository.run(&["lock"]);
    assert_eq!(status, 1);
    assert!(err.contains("error[E1202]: no digest of `shop/web:1`"), "{err}");
    assert!(err.contains(&format!("`docker login {name}`")), "{err}");
    let lock = |auth: &str| {
        let config = format!("{{\"auths\": {{\"{name}\": {{\"auth\": \"{auth}\"}}}}}}");
        repository.write("docker/config.json", &config);
        let mut command = assert_cmd::Command::cargo_bin("applc").unwrap();
        command.current_dir(repository.path("")).env_clear().env("DOCKER_CONFIG", "docker");
        let output = command.arg("lock").output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    // `user:wrong`, and `user:secret`.
    let (status, err) = lock("dXNlcjp3cm9uZw==");
    assert!(status == 1 && err.contains("does not accept the credentials of Docker"), "{err}");
    let (status, err) = lock("dXNlcjpzZWNyZXQ=");
    assert!(status == 0 && err.contains("3 images added"), "{err}");

    let limited = Registry::behind(|_, _| Some(Answer::new(429, "").header("Retry-After", "60")));
    let repository = project(&limited);
    let (status, _, err) = repository.run(&["lock"]);
    assert_eq!(status, 3);
    assert!(err.contains("E1203") && err.contains("takes more in 60 s"), "{err}");
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    repository.write("a/a.appliance.json", &appliance("a", &format!("{closed}/a:1")));
    let (status, _, err) = repository.run(&["lock"]);
    assert!(status == 3 && err.contains("connection refused"), "{err}");
    assert!(err.contains("see whether the name of the registry is right"), "{err}");
    // One finding for both images of the registry.
    repository.write("b/b.appliance.json", &appliance("b", &format!("{closed}/b:1")));
    let (status, _, err) = repository.run(&["lock"]);
    let message = format!("no digests of `a:1` and 1 other image: `{closed}` does not answer");
    assert!(status == 3 && err.contains(&message), "{err}");
    assert_eq!(err.matches("E1203").count(), 1, "{err}");
}

#[cfg(unix)]
#[test]
fn a_helper_that_prints_no_credentials_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let registry = Registry::behind(|_, _| {
        Some(Answer::new(401, "").header("WWW-Authenticate", "Basic realm=\"r\""))
    });
    let repository = project(&registry);
    let config = format!("{{\"credHelpers\": {{\"{}\": \"odd\"}}}}", registry.name());
    repository.write("docker/config.json", &config);
    // Each run of it adds a line.
    repository.write(
        "bin/docker-credential-odd",
        "#!/bin/sh\nread -r of\necho \"$of\" >>asked\necho no\n",
    );
    let helper = repository.path("bin/docker-credential-odd");
    std::fs::set_permissions(&helper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let lock = || {
        let mut command = assert_cmd::Command::cargo_bin("applc").unwrap();
        command.current_dir(repository.path("")).env_clear().env("DOCKER_CONFIG", "docker");
        let output = command.env("PATH", repository.path("bin")).arg("lock").output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, err) = lock();
    assert!(status == 1 && err.contains("error[E1202]"), "{err}");
    let cause =
        "wants credentials: `docker-credential-odd` prints no JSON with `Username` and `Secret`";
    assert!(err.contains(cause) && err.contains("| docker-credential-odd get`"), "{err}");
    assert!(!err.contains("these credentials may not read it"), "{err}");
    // Three images of one registry.
    assert_eq!(repository.read("asked"), format!("{}\n", registry.name()));
    repository.write("docker/config.json", "{\"auths\": {");
    let (status, err) = lock();
    assert!(status == 1 && err.contains("docker/config.json` is no JSON: EOF"), "{err}");
    assert!(err.contains("help: correct the file"), "{err}");
}

#[test]
fn a_lock_that_is_out_of_date_is_a_warning_or_an_error() {
    let registry = Registry::start();
    let repository = project(&registry);
    let name = registry.name();
    let (status, _, err) = repository.run(&["compile", "--locked"]);
    assert!(status == 1 && err.contains("`applc lock` makes it"), "{err}");
    let (status, _, err) = repository.run(&["compile"]);
    assert!(status == 0 && !err.contains("W12"), "{err}");
    repository.run(&["lock"]);
    registry.requests();
    repository.write("a/a.appliance.json", &appliance("a", &format!("{name}/shop/web:2")));
    let (status, _, err) = repository.run(&["compile"]);
    assert_eq!(status, 0, "{err}");
    // Once for both environments.
    assert_eq!(err.matches("warning[W1201]").count(), 1, "{err}");
    assert!(err.contains(&format!("`{name}/shop/web:2` is not in `applc.lock`")), "{err}");
    assert!(err.contains("warning[W1202]") && err.contains("applc.lock:"), "{err}");
    let made = repository.read("out/test/a/compose/compose.yaml");
    assert!(made.contains(&format!("{name}/shop/web:2")), "{made}");
    for arguments in [
        &["compile", "--locked"][..],
        &["compile", "--check", "--locked"],
        &["check", "--locked"],
        &["compile", "--diff", "--locked"],
    ] {
        let (status, _, err) = repository.run(arguments);
        assert_eq!(status, 1, "{arguments:?}: {err}");
        assert!(err.contains("error[W1201]") && err.contains("error[W1202]"), "{err}");
    }
    // A part of the project does not say what is unused.
    let (status, _, err) = repository.run(&["check", "b", "--locked"]);
    assert!(status == 0 && !err.contains("W1202"), "{err}");
    let up = ["up", "a/a.appliance.json", "-t", "compose", "--env", "test", "--locked"];
    let (status, _, err) = repository.run(&up);
    assert!(status == 1 && err.contains("error[W1201]"), "{err}");
    // Nothing but `applc lock` asks a registry.
    assert_eq!(registry.requests().len(), 0);
    registry.push("shop/web", "2", "two");
    let (status, _, err) = repository.run(&["lock"]);
    assert_eq!(status, 0);
    assert_eq!(err, "applc: applc.lock: 1 image added, 1 image removed, 2 images unchanged\n");
    let (status, _, err) = repository.run(&["compile", "--locked"]);
    assert_eq!(status, 0, "{err}");
}

#[test]
fn a_single_file_has_the_digests_of_its_environment() {
    let registry = Registry::start();
    let repository = project(&registry);
    let name = registry.name();
    repository.run(&["lock"]);
    let cache = digest(&repository, &registry, "cache:8");
    let (status, plan, err) = repository.run(&["plan", "b/b.appliance.json", "--env", "prod"]);
    assert!(status == 0 && plan.contains(&format!("{name}/cache@{cache}")), "{plan} {err}");
    // The appliance has another image without its environment.
    repository.write("b/b.appliance.json", &appliance("b", &format!("{name}/cache:6")));
    let (status, _, err) = repository.run(&["check", "b/b.appliance.json"]);
    assert!(status == 0 && !err.contains("W1201"), "{err}");
    let (status, _, err) = repository.run(&["check", "b/b.appliance.json", "--env", "test"]);
    assert!(status == 0 && err.contains("W1201"), "{err}");
    // So it is for files in the folders below.
    let (_, _, err) = repository.run_in("b", &["check", "b.appliance.json", "--env", "test"]);
    assert!(err.contains("W1201"), "{err}");
    let (status, _, err) = repository.run(&["check", "b/b.appliance.json", "--locked"]);
    assert!(status == 1 && err.contains("W1201"), "{err}");
    // No appliance of the project.
    repository.write("other.json", &appliance("o", "redis:7"));
    let (status, _, err) = repository.run(&["check", "other.json", "--env", "test"]);
    assert!(status == 0 && !err.contains("W1201"), "{err}");
    let outside = Repository(tempfile::tempdir().unwrap());
    outside.write("a.json", &appliance("a", "redis:7"));
    let (status, _, err) = outside.run(&["check", "a.json", "--locked"]);
    assert!(status == 2 && err.contains("`--locked` is for projects"), "{err}");
}

#[test]
fn a_digest_is_traced_to_the_lock_file() {
    let registry = Registry::start();
    let repository = project(&registry);
    repository.run(&["lock"]);
    repository.run(&["compile"]);
    let path = "out/prod/a/kubernetes/kubernetes.yaml";
    let line = repository.read(path).lines().position(|line| line.contains("shop/web@")).unwrap();
    let lock = repository.read("applc.lock");
    let locked = lock.lines().position(|line| line.contains("/shop/web:1")).unwrap() + 1;
    let (status, out, err) = repository.run(&["trace", &format!("{path}:{}", line + 1)]);
    assert!(status == 0 && out.contains(&format!("applc.lock:{locked}")), "{out} {err}");
    let place = format!("{path}:{}", line + 1);
    let (_, out, _) = repository.run(&["trace", &place, "--format", "json"]);
    let entries: Vec<Value> = serde_json::from_str(&out).unwrap();
    let entry = entries.iter().find(|entry| entry["layer"] == "lock").unwrap();
    assert_eq!(entry["field"], "containers[0].image");
    assert_eq!(
        (&entry["source"]["file"], &entry["source"]["line"]),
        (&"applc.lock".into(), &locked.into())
    );
}

#[test]
fn changes_since_a_commit_name_tags_and_digests() {
    use crate::since::git;
    let registry = Registry::start();
    let repository = project(&registry);
    let folder = repository.path("");
    let since = || {
        let mut command = assert_cmd::Command::cargo_bin("applc").unwrap();
        let command = command.current_dir(&folder).args(["compile", "--diff", "--base", "HEAD"]);
        let output = command.output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap() + &err)
    };
    let commit = || {
        git(&folder, &["add", "-A"]);
        git(&folder, &["commit", "-q", "-m", "one"]);
    };
    git(&folder, &["init", "-q"]);
    commit();
    repository.run(&["lock"]);
    let short = |image: &str| digest(&repository, &registry, image)[7..19].to_owned();
    let old = short("shop/web:1");
    let (status, out) = since();
    assert!(status == 4 && out.contains(&format!("  `web` image 1 -> 1 ({old})\n")), "{out}");
    commit();
    registry.push("shop/web", "1", "moved");
    repository.run(&["lock", "--update-all"]);
    let new = short("shop/web:1");
    let (status, out) = since();
    assert_eq!(status, 4);
    let expected = format!("  `web` image digest changed at 1: {old} -> {new}\n");
    assert_eq!(out.matches(&expected).count(), 2, "{out}");
    assert!(!out.contains("(b/b.appliance.json)"), "{out}");
    commit();
    // The lock file of the commit is read, not that on disk.
    registry.push("shop/web", "2", "two");
    let name = registry.name();
    repository.write("a/a.appliance.json", &appliance("a", &format!("{name}/shop/web:2")));
    repository.run(&["lock"]);
    let (status, out) = since();
    assert!(status == 4 && out.contains("  `web` image 1 -> 2\n"), "{out}");
}

#[test]
fn a_lock_file_that_is_invalid_is_an_error_of_every_command() {
    let registry = Registry::start();
    let repository = project(&registry);
    let text = "version = 1\n<<<<<<< HEAD\n[images]\n";
    repository.write("applc.lock", text);
    for command in ["compile", "check", "lock"] {
        let (status, _, err) = repository.run(&[command]);
        assert!(status == 1 && err.contains("applc.lock:2:"), "{command}: {err}");
        assert!(err.contains("take one side"), "{err}");
    }
    assert_eq!(repository.read("applc.lock"), text);
    let entry = |digit: &str| {
        let digest = digit.repeat(64);
        format!("\"{}/cache:7\" = \"sha256:{digest}\"\n", registry.name())
    };
    let (ours, theirs) = (entry("0"), entry("1"));
    let text =
        format!("version = 1\n[images]\n<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> other\n");
    repository.write("applc.lock", &text);
    let (status, _, err) = repository.run(&["check"]);
    assert!(status == 1 && err.contains("conflict of a merge") && err.contains("lock:3:"), "{err}");
    assert_eq!(err.matches("take one side").count(), 1, "{err}");
    assert_eq!(err.matches("error[").count(), 1, "{err}");
    repository.write("applc.lock", "version = 2\n");
    let (status, _, err) = repository.run(&["check"]);
    assert!(status == 1 && err.contains("version 2 of the lock file is not known"), "{err}");
}

#[test]
fn what_needs_no_digest_is_not_asked_for() {
    let registry = Registry::start();
    let repository = project(&registry);
    let pinned = format!("{}/a:1@sha256:{}", registry.name(), "1".repeat(64));
    repository.write("a/a.appliance.json", &appliance("a", &pinned));
    let built =
        appliance("b", "mine:1").replace("\"image\"", "\"build\": {\"context\": \".\"}, \"image\"");
    repository.write("b/b.appliance.json", &built);
    let (status, _, err) = repository.run(&["lock"]);
    assert_eq!((status, err.as_str()), (0, "applc: applc.lock: no images\n"));
    assert_eq!(registry.requests().len(), 0);
    let (status, _, err) =
        repository.run(&["compile", "--locked", "--env", "test", "-t", "compose"]);
    assert_eq!(status, 0, "{err}");
    assert!(repository.read("out/test/a/compose/compose.yaml").contains(&pinned));
    assert!(repository.read("out/test/b/compose/compose.yaml").contains("mine:1"));
}
