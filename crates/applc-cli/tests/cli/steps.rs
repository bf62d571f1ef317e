//! Pages of the documentation whose steps are executed in order in an empty folder.
//! `UPDATE_DOCS=1 cargo test --test cli the_steps_of` writes the current output of the commands; review it.
//!
//! Blocks marked `write` and `append` are files, and blocks marked `file` show one of the repository. In a block
//! `console`, each line that begins with `$ ` is a command of a shell, and what follows is its output. Those marked
//! `engine` are run by the conformance tests.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// What was done in the steps of a page.
pub struct Followed {
    /// The folder as it is at the end.
    pub folder: tempfile::TempDir,
    /// How many files were written.
    pub files: usize,
    /// How many commands were run.
    pub commands: usize,
}

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
        .envs(["GIT_AUTHOR", "GIT_COMMITTER"].into_iter().flat_map(|who| {
            [(format!("{who}_NAME"), "Ada"), (format!("{who}_EMAIL"), "ada@example.org")]
        }))
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Executes the steps of a page, and compares the page with what they print.
pub fn follow(page: &str) -> Followed {
    let folder = tempfile::tempdir().unwrap();
    let text = applc_testing::read(page);
    let mut lines = text.lines();
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
        let shown = if let Some(name) = marked.strip_prefix("file: ") {
            applc_testing::read(name)
        } else if let Some((kind, name)) = marked.split_once(": ") {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(kind == "write").append(kind == "append");
            let text = block.join("\n") + "\n";
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let mut file = options.open(path).unwrap();
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
    applc_testing::hold(page, &expected);
    Followed { folder, files, commands }
}
