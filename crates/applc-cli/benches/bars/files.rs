//! The files that are measured.

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, ExitCode};

use applc_testing::many_containers;

/// The argument that makes this program write the files.
pub const ROLE: &str = "--files";

/// Bytes of a large file that is edited.
const EDITED: usize = 944_000;

/// Bytes of each file of [`extreme`].
const EXTREME: usize = 10_000_000;

/// Writes the files to a folder. Another process does so, as the peak memory of a process counts for
/// those that it starts.
pub fn write(folder: &Path) {
    let this = std::env::current_exe().expect("this program has a path");
    let status = Command::new(this).arg(ROLE).arg(folder).status().expect("this program starts");
    assert!(status.success(), "files are written");
}

/// Writes the files to the folder that is the argument.
pub fn run(arguments: &[String]) -> ExitCode {
    let [folder] = arguments else { return ExitCode::FAILURE };
    let write = |name: &str, text: &str| {
        std::fs::write(Path::new(folder).join(name), text).expect("a file is written");
    };
    write("1000.json", &many_containers(1_000));
    write("10000.json", &many_containers(10_000));
    let size = many_containers(1_000).len() / 1_000;
    write("edited.json", &many_containers(EDITED / size));
    for (name, _, text) in extreme() {
        write(name, &text());
    }
    ExitCode::SUCCESS
}

/// A file: its name, what it contains, and the function that makes it.
type File = (&'static str, &'static str, fn() -> String);

/// Large and hostile files, each of about 10 MB.
pub fn extreme() -> Vec<File> {
    vec![
        ("valid.json", "valid", || many_containers(EXTREME / 440)),
        ("small.json", "small containers", || containers(EXTREME / 115, "")),
        ("errors.json", "five errors each", || containers(EXTREME / 190, ERRORS)),
        ("warnings.json", "five warnings each", || containers(EXTREME / 190, WARNINGS)),
        ("unknown.json", "unknown references", || one("@no ".repeat(EXTREME / 4))),
        ("references.json", "references", || one("@c0 ".repeat(EXTREME / 4))),
        ("text.json", "one string", || one("x".repeat(EXTREME))),
        ("escapes.json", "escapes", || one("\\n".repeat(EXTREME / 2))),
        ("zeros.json", "zeros", || format!("[{}0]", "0,".repeat(EXTREME / 2))),
        ("numbers.json", "a million numbers", || format!("[{}0]", "12345678,".repeat(999_999))),
        ("objects.json", "empty objects", || format!("[{}{{}}]", "{},".repeat(EXTREME / 3))),
        ("keys.json", "keys", keys),
        ("variables.json", "variables", variables),
        ("brackets.json", "open brackets", || "[".repeat(EXTREME)),
        ("commas.json", "commas", || format!("[{}", ",".repeat(EXTREME))),
        ("words.json", "words on a line", || "word ".repeat(EXTREME / 5)),
        ("quotes.json", "quotes", || "\"\n".repeat(EXTREME / 2)),
        ("comments.json", "comments", || "/*".repeat(EXTREME / 2)),
        ("lines.json", "empty lines", || "\n".repeat(EXTREME)),
        ("valid.yaml", "the same in YAML", yaml),
        ("zeros.yaml", "zeros in YAML", || format!("[{}0]", "0,".repeat(EXTREME / 2))),
        ("tabs.yaml", "tabs in YAML", || "\ta: b\n".repeat(EXTREME / 6)),
        ("colons.yaml", "colons in YAML", || "a: b: c\n".repeat(EXTREME / 8)),
    ]
}

const ERRORS: &str =
    r#", "argz": ["x"], "cmd": 1, "instances": "1", "mem": 64, "env": {"A": "@nobody"}"#;

const WARNINGS: &str =
    r#", "rack": "a", "host": "b", "cloud": "c", "data": "d", "cluster_type": "e""#;

/// Containers without what is optional, each with these fields in addition.
fn containers(count: usize, more: &str) -> String {
    let mut text = String::from(r#"{"id": "app", "containers": ["#);
    for at in 0..count {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(
            text,
            r#"{comma}{{"id":"c{at}","type":"service","image":"nginx:1.27","resources":{{"cpus":1,"mem":64}},"args":["@c{at}"]{more}}}"#
        );
    }
    text.push_str("]}");
    text
}

/// One container with a command.
fn one(command: String) -> String {
    containers(1, &format!(r#","env":{{"A":"{command}"}}"#))
}

/// One object with many keys that no object has.
fn keys() -> String {
    let mut text = String::from("{");
    for at in 0..EXTREME / 15 {
        let _ = write!(text, r#""key{at:06}":1,"#);
    }
    text.push_str("\"id\": 1}");
    text
}

/// One container with many variables.
fn variables() -> String {
    let mut members = String::from("\"FIRST\": 1");
    for at in 0..EXTREME / 23 {
        let _ = write!(members, r#","NAME{at:06}":"x{at}""#);
    }
    containers(1, &format!(r#","env":{{{members}}}"#))
}

/// The containers of [`many_containers`] in YAML.
fn yaml() -> String {
    let mut text = String::from("id: bench\ncontainers:\n");
    for at in 0..EXTREME / 400 {
        let before = usize::saturating_sub(at, 1);
        let _ = write!(
            text,
            "- id: worker-{at}
  type: service
  image: registry.example/team/worker:1.{at}
  resources:
    cpus: 0.5
    mem: 256
  network_mode: container
  ports:
  - container_port: 8080
  args: [--listen, \"0.0.0.0:8080\", --peer, \"http://@worker-{before}:8080/api\"]
  env:
    NAME: worker {at}
    RETRIES: 3
    PEERS: \"@worker-{before}:8080\"
  dependencies: []
"
        );
    }
    text
}
