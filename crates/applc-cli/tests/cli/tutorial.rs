//! The steps of `docs/tutorial.md`, executed in order in an empty folder.
//! `UPDATE_DOCS=1 cargo test tutorial` writes the current output of the commands; review it.
//!
//! Blocks marked `write` and `append` are files. In a block `console`, each line that begins with `$ ` is a command
//! of a shell, and what follows is its output. Those marked `engine` are run by the conformance tests.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

const PAGE: &str = "docs/tutorial.md";

/// The output of a command of a shell: standard output and standard error, in the order in which they are written.
fn run(folder: &Path, command: &str) -> String {
    let program = assert_cmd::cargo::cargo_bin("applc");
    let path = format!("{}:/usr/bin:/bin", program.parent().unwrap().display());
    let output = Command::new("/bin/sh")
        .args(["-c", &format!("{command} 2>&1")])
        .current_dir(folder)
        .env_clear()
        .env("PATH", path)
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_steps_of_the_tutorial_work() {
    let folder = tempfile::tempdir().unwrap();
    let page = applc_testing::read(PAGE);
    let mut lines = page.lines();
    let mut expected = String::new();
    let mut marker = "";
    let (mut files, mut commands) = (0, 0);
    while let Some(line) = lines.next() {
        let _ = writeln!(expected, "{line}");
        if let Some(text) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            marker = text;
            continue;
        }
        if !line.starts_with("```") {
            continue;
        }
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let marked = std::mem::take(&mut marker);
        let shown = if let Some((kind, name)) = marked.split_once(": ") {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(kind == "write").append(kind == "append");
            let text = block.join("\n") + "\n";
            let mut file = options.open(folder.path().join(name)).unwrap();
            // Containers are apart from each other.
            file.write_all(if kind == "append" { b"\n" } else { b"" }).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            files += 1;
            text
        } else if marked == "engine" {
            block.join("\n") + "\n"
        } else {
            assert_eq!(line, "```console", "no marker for this block");
            let mut shown = String::new();
            for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
                let _ = write!(shown, "$ {command}\n{}", run(folder.path(), command));
                commands += 1;
            }
            shown
        };
        let _ = writeln!(expected, "{shown}```");
    }
    assert!(files >= 3 && commands >= 8, "{files} files, {commands} commands");
    for made in ["compose.yaml", "out/kubernetes.yaml", "next/kubernetes.yaml"] {
        assert!(folder.path().join(made).is_file(), "{made}");
    }
    applc_testing::hold(PAGE, &expected);
}
