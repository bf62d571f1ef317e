//! Values of secrets are in no output, finding, plan, or state folder, whatever command comes across them.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// The value of a secret, in the environment of applc and in what the engine says.
const IN_ENVIRONMENT: &str = "canary-of-the-environment";
/// The value of another one, in the folder of secrets.
const IN_FOLDER: &str = "canary-of-the-folder";
/// What a file beside the appliance contains.
const BESIDE: &str = "canary-beside-the-appliance";

const APPLIANCE: &str = r#"{"id":"app","containers":[
  {"id":"web","type":"service","image":"nginx:1.27","resources":{"cpus":1,"mem":64},"network_mode":"bridge",
   "secret_env":{"P":{"secret":"db","key":"password"}},
   "secret_files":[{"dest":"/run/secrets/token","secret":"web","key":"token"}]}]}"#;

const COMPOSE: &str = "\
name: app
services:
  web:
    image: nginx:1.27
    environment: { PASSWORD: '${DB_PASSWORD:?}', OTHER_TOKEN: '${OTHER_TOKEN}' }
    secrets: [token]
secrets:
  token: { file: ./token.txt }
";

/// Answers as Docker does, which knows the values, too: Compose puts them into what it prints.
const DOCKER: &str = r#"#!/bin/sh
case "$*" in
version*) echo 27.0.0 ;;
"compose version"*) echo 2.30.0 ;;
"context inspect"*) echo unix:///var/run/docker.sock ;;
"ps "*) [ ! -e "${0%/*}/runs" ] || echo 1 ;;
"container inspect"*)
    echo '[{"Id": "1", "Name": "/app-web-1", "Image": "sha256:1",
      "State": {"Status": "running", "StartedAt": "2026-01-01T00:00:00Z"},
      "HostConfig": {"NetworkMode": "app_default", "RestartPolicy": {"Name": "unless-stopped"}},
      "Config": {"Env": ["P=canary-of-the-environment"],
        "Labels": {"applc.appliance": "app", "applc.container": "web",
        "com.docker.compose.service": "web", "com.docker.compose.config-hash": "hash"}}}]'
    ;;
"image inspect"*) echo sha256:1 ;;
"pull "*) ;;
"compose "*" config --format json")
    echo '{"services": {"web": {"image": "nginx:1.27", "restart": "unless-stopped",
      "environment": {"P": "'"$SECRET_DB_PASSWORD"'"}, "labels": {"applc.container": "web"}}},
      "secrets": {"web.token": {"environment": "SECRET_WEB_TOKEN", "x-required": "'"$SECRET_WEB_TOKEN"'"}}}'
    ;;
"compose "*" config --hash *") echo "web hash" ;;
"compose "*" up "*) echo "$SECRET_DB_PASSWORD $SECRET_WEB_TOKEN" >"${0%/*}/got" && : >"${0%/*}/runs" ;;
"volume ls"*) ;;
"events "*) ;;
*) echo "unknown: $*" >&2 && exit 1 ;;
esac
"#;

/// A folder with the appliance, the values, and the engine.
fn folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    for name in ["engine", "secrets", "secrets/web"] {
        fs::create_dir(folder.path().join(name)).unwrap();
    }
    write("app.json", APPLIANCE);
    write("compose.yaml", COMPOSE);
    write("token.txt", BESIDE);
    write("secrets/web/token", IN_FOLDER);
    write("engine/docker", DOCKER);
    let docker = folder.path().join("engine/docker");
    fs::set_permissions(docker, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Runs the program: exit status, standard output and standard error together.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_applc"));
    command.env_clear().env("PATH", folder.join("engine")).env("APPLC_STATE", folder.join("state"));
    // Those that an import could take, too.
    for name in ["SECRET_DB_PASSWORD", "DB_PASSWORD", "OTHER_TOKEN", "P"] {
        command.env(name, IN_ENVIRONMENT);
    }
    let output = command.current_dir(folder).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8_lossy(&text).into_owned())
}

fn has_none(what: &str, text: &str) {
    for value in [IN_ENVIRONMENT, IN_FOLDER, BESIDE] {
        assert!(!text.contains(value), "{what}: {text}");
    }
}

/// Checks all files below a folder.
fn has_none_below(folder: &Path) -> usize {
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += has_none_below(&path);
        } else {
            count += 1;
            has_none(
                &path.display().to_string(),
                &String::from_utf8_lossy(&fs::read(&path).unwrap()),
            );
        }
    }
    count
}

#[test]
fn no_command_shows_a_value() {
    let folder = folder();
    let folder = folder.path();
    let done = |expected: i32, line: &str| {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let (status, text) = run(folder, &arguments);
        assert_eq!(status, expected, "{line}: {text}");
        has_none(line, &text);
        text
    };
    done(0, "check app.json");
    for format in ["human", "short", "json", "sarif", "github", "gitlab", "junit"] {
        done(1, &format!("check app.json -t marathon --format {format}"));
        done(0, &format!("check app.json -t nomad --format {format}"));
    }
    for target in ["compose", "kubernetes", "nomad"] {
        assert!(done(0, &format!("compile app.json -t {target}")).contains("password"));
        done(0, &format!("compile app.json -t {target} --annotate -o out/{target}/ --source-map"));
        done(0, &format!("trace app.json:3 -t {target}"));
    }
    done(1, "compile app.json -t marathon --option marathon.secrets=dcos -o out/marathon/");
    has_none_below(&folder.join("out"));
    assert!(done(0, "plan app.json").contains("\"secret_env\""));
    for format in ["text", "svg", "mermaid", "dot"] {
        done(0, &format!("graph app.json --format {format}"));
    }
    done(0, "check app.json --diff");
    let imported = done(0, "import compose.yaml");
    assert!(imported.contains("PASSWORD: { secret: app, key: DB_PASSWORD }"), "{imported}");
    done(0, "import compose.yaml -o imported.yaml --format json");
    has_none("imported.yaml", &fs::read_to_string(folder.join("imported.yaml")).unwrap());
    // Without the folder, one value is missing.
    let missing = done(1, "up app.json -t compose");
    assert!(missing.contains("error[E0907]: secret `web` has no key `token`"), "{missing}");
    assert!(missing.contains("`SECRET_WEB_TOKEN`"), "{missing}");
    assert!(!folder.join("state").exists(), "nothing was started");
    done(4, "up app.json -t compose --secrets secrets --dry-run");
    done(4, "up app.json -t compose --secrets secrets --dry-run --format json");
    done(4, "up app.json -t compose --secrets secrets --plan app.plan");
    has_none("app.plan", &fs::read_to_string(folder.join("app.plan")).unwrap());
    done(0, "up app.plan --secrets secrets");
    let got = fs::read_to_string(folder.join("engine/got")).unwrap();
    assert_eq!(got, format!("{IN_ENVIRONMENT} {IN_FOLDER}\n"));
    done(0, "up app.json -t compose --secrets secrets");
    for more in ["", " --format json", " --timeline"] {
        done(0, &format!("status app{more}"));
    }
    // A value is missing for the comparison.
    let drift = done(3, "status app --drift");
    assert!(drift.contains("secret `web` has no key `token`"), "{drift}");
    assert!(done(0, "status app --drift --secrets secrets").contains("no drift"));
    done(0, "ls");
    done(0, "ls --format json");
    assert!(has_none_below(&folder.join("state")) > 2);
}

#[test]
fn a_folder_of_secrets_is_for_compose_alone() {
    let folder = folder();
    let (status, text) =
        run(folder.path(), &["up", "app.json", "-t", "nomad", "--secrets", "secrets"]);
    assert_eq!(status, 2);
    assert!(
        text.contains("`nomad` reads secrets from a store of its own, not from a folder"),
        "{text}"
    );
}

#[test]
fn a_finding_masks_what_looks_like_a_secret() {
    let folder = folder();
    let written = APPLIANCE.replace(
        "\"secret_env\"",
        "\"env\":{\"SMTP_PASS\":\"canary-in-plain\",\"URL\":\"http://me:canary-in-plain\\\\@h\"},\"secret_env\"",
    );
    fs::write(folder.path().join("app.json"), &written).unwrap();
    // Findings of other places in the same line, and of a target.
    for faulty in [
        written.clone(),
        written.replace("nginx:1.27", "nginx").replace("/run/secrets/token", "/:"),
    ] {
        fs::write(folder.path().join("app.json"), &faulty).unwrap();
        for format in ["human", "short", "json", "sarif", "github", "gitlab", "junit"] {
            let arguments = ["check", "app.json", "-t", "compose", "--format", format];
            let (_, text) = run(folder.path(), &arguments);
            assert!(text.contains("W0601"), "{format}: {text}");
            assert!(format != "human" || text.contains("name it in `secret_env`"), "{text}");
            assert!(!text.contains("canary-in-plain"), "{format}: {text}");
        }
    }
}

#[test]
fn a_value_in_place_of_its_name_is_not_shown() {
    let folder = folder();
    let canary = "\"value\":\"canary-in-plain\"";
    for (name, with) in [
        ("\"key\":\"password\"}", format!("\"key\":\"password\",{canary}}}")),
        ("\"secret\":\"db\"", canary.to_owned()),
        ("\"secret\":\"db\"", format!("\"secret\":{{{canary}}}")),
        ("\"secret\":\"web\"", format!("\"secret\":\"web\",{canary}")),
        ("\"secret\":\"web\"", format!("\"secret\":[{{{canary}}}]")),
    ] {
        fs::write(folder.path().join("app.json"), APPLIANCE.replace(name, &with)).unwrap();
        for format in ["human", "json", "sarif"] {
            let (status, text) = run(folder.path(), &["check", "app.json", "--format", format]);
            assert_eq!(status, 1, "{text}");
            assert!(!text.contains("canary-in-plain"), "{with} {format}: {text}");
        }
    }
}

#[test]
fn an_import_masks_what_looks_like_a_secret() {
    let folder = folder();
    let compose = "services: { db: { image: mysql, environment: { MYSQL_ROOT_PASSWORD: canary-in-plain }, restart: never, shm_size: 1g } }\n";
    let list = "services:\n  db:\n    image: mysql\n    environment:\n      - DB_PASSWORD=canary-in-plain and more\n    shm_size: 1g\n";
    let line = "docker run --shm-size 1g -e MYSQL_ROOT_PASSWORD=canary-in-plain -e URL=http://me:canary-in-plain@h mysql\n";
    let marathon = r#"{"id": "/db", "container": {"docker": {"image": "mysql"}}, "env": {"DB_PASSWORD": "canary-in-plain"}, "backoffFactor": 3, "unknown": 1}"#;
    for (name, from, text) in [
        ("a.yaml", "compose", compose),
        ("b.yaml", "compose", list),
        ("c.sh", "docker-run", line),
        ("d.json", "marathon", marathon),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
        for format in ["human", "json", "sarif"] {
            let arguments = ["import", name, "--from", from, "-o", "out.yaml", "--format", format];
            let (_, text) = run(folder.path(), &arguments);
            assert!(text.contains("W100"), "{name} {format}: {text}");
            assert!(!text.contains("canary-in-plain"), "{name} {format}: {text}");
        }
    }
}
