//! `serve`, with a script in the place of Docker.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Answers as Docker does that has no container, and keeps the environment that it was run with.
const DOCKER: &str = r#"#!/bin/sh
/usr/bin/env >> "${0%/*}/environment"
case "$*" in
version*) echo 27.0.0 ;;
"compose version"*) echo 2.30.0 ;;
"context inspect"*) echo unix:///var/run/docker.sock ;;
esac
"#;

const TOKEN: &str = "a-token-of-some-length";

struct Serving {
    child: Child,
    address: String,
    folder: TempDir,
}

impl Serving {
    fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Serving {
        let folder = folder();
        let mut child =
            command(folder.path(), arguments, variables).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit("http://").next().unwrap().to_owned();
        assert!(line.starts_with("applc: compose on http://127.0.0.1:"), "{line}");
        Serving { child, address, folder }
    }

    /// The answer to a `GET`.
    fn get(&self, path: &str, more: &str) -> String {
        self.ask(&format!("GET {path}"), more, "")
    }

    /// The answer to a request.
    fn ask(&self, request: &str, more: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let head = format!(
            "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {length}\r\n{more}\r\n{body}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let docker = folder.path().join("docker");
    fs::write(&docker, DOCKER).unwrap();
    fs::set_permissions(docker, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn command(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_applc"));
    command.env_clear().env("PATH", folder).env("APPLC_STATE", folder.join("state"));
    command.envs(variables.iter().copied()).current_dir(folder).args(["serve"]).args(arguments);
    command
}

const ARGUMENTS: [&str; 4] = ["--engine", "compose", "--listen", "127.0.0.1:0"];

#[test]
fn programs_of_the_engine_see_nothing_of_the_environment() {
    let variables = [
        ("SECRET", "hidden"),
        ("APPLC_TOKEN", TOKEN),
        ("COMPOSE_FILE", "x"),
        ("DOCKER_HOST", "unix:///d"),
    ];
    let serving = Serving::start(&ARGUMENTS, &variables);
    assert!(serving.get("/appliance", "").starts_with("HTTP/1.1 401"));
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    let list = serving.get("/appliance", &bearer);
    assert!(list.starts_with("HTTP/1.1 200") && list.ends_with("\r\n\r\n[]\n"), "{list}");
    let seen = fs::read_to_string(serving.folder.path().join("environment")).unwrap();
    assert!(seen.contains("DOCKER_HOST=unix:///d"), "{seen}");
    for hidden in ["SECRET", TOKEN, "COMPOSE_FILE"] {
        assert!(!seen.contains(hidden), "{seen}");
    }
}

#[test]
fn values_of_secrets_come_from_the_folder_alone() {
    let variables = [("SECRET_DOCKER_HOST", "of-the-environment"), ("DOCKER_HOST", "unix:///d")];
    let secrets = tempfile::tempdir().unwrap();
    let folder = secrets.path().to_str().unwrap();
    let with_folder = [&ARGUMENTS[..], &["--secrets", folder]].concat();
    let appliance = r#"{"id":"app","containers":[{"id":"web","type":"service","image":"a:1",
        "resources":{"cpus":1,"mem":64},"network_mode":"bridge",
        "secret_env":{"P":{"secret":"docker","key":"host"}}}]}"#;
    for arguments in [&ARGUMENTS[..], &with_folder] {
        let serving = Serving::start(arguments, &variables);
        let answer = serving.ask("POST /appliance", "", appliance);
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert!(answer.contains("secret `docker` has no key `host`"), "{answer}");
    }
    fs::create_dir(secrets.path().join("docker")).unwrap();
    fs::write(secrets.path().join("docker/host"), "of-the-folder").unwrap();
    let serving = Serving::start(&with_folder, &variables);
    let answer = serving.ask("POST /appliance", "", appliance);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let environment = serving.folder.path().join("environment");
    let seen = || fs::read_to_string(&environment).unwrap_or_default();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !seen().contains("SECRET_DOCKER_HOST=of-the-folder") {
        assert!(std::time::Instant::now() < end, "{}", seen());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(seen().contains("\nDOCKER_HOST=unix:///d\n") && !seen().contains("of-the-environment"));
    for path in ["/appliance/app", "/appliance", "/appliance/app/container", "/appliance/app/ui"] {
        let answer = serving.get(path, "");
        assert!(!answer.contains("of-the-folder"), "{answer}");
    }
}

#[test]
fn a_variable_does_not_turn_the_token_off() {
    let variables = [("APPLC_CLEAR", "1"), ("APPLC_TOKEN", TOKEN), ("SECRET", "hidden")];
    let serving = Serving::start(&ARGUMENTS, &variables);
    assert!(serving.get("/appliance", "").starts_with("HTTP/1.1 401"));
    let seen = fs::read_to_string(serving.folder.path().join("environment")).unwrap();
    assert!(!seen.contains("SECRET") && !seen.contains(TOKEN), "{seen}");
}

#[test]
fn the_service_ends_when_it_is_told_to() {
    for signal in ["-TERM", "-INT"] {
        let mut serving = Serving::start(&ARGUMENTS, &[]);
        assert!(serving.get("/ping", "").ends_with("Pong!"));
        let id = serving.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        assert_eq!(serving.child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn beyond_loopback_it_does_not_start_without_a_token() {
    let folder = folder();
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        let output = command(folder.path(), arguments, variables).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let open = ["--engine", "compose", "--listen", "0.0.0.0:0"];
    let (status, err) = run(&open, &[]);
    assert_eq!(status, Some(2));
    assert!(err.contains("listening on 0.0.0.0 requires a token"), "{err}");
    let (status, err) = run(&open, &[("APPLC_TOKEN", "short")]);
    assert_eq!((status, err.contains("shorter than 16")), (Some(2), true), "{err}");
    let (status, err) = run(&[&open[..], &["--token-file", "none"]].concat(), &[]);
    assert_eq!((status, err.contains("cannot read the token in `none`")), (Some(3), true), "{err}");
    assert_eq!(run(&["--engine", "none"], &[]).0, Some(2));
}

#[test]
fn a_token_is_read_from_a_file() {
    let folder = folder();
    let file = folder.path().join("token");
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    let arguments = [&ARGUMENTS[..], &["--token-file", file.to_str().unwrap()]].concat();
    let serving = Serving::start(&arguments, &[]);
    assert!(serving.get("/cluster", "").starts_with("HTTP/1.1 401"));
    let bearer = format!("authorization: Bearer {TOKEN}\r\n");
    assert!(serving.get("/api", &bearer).starts_with("HTTP/1.1 200"));
}
