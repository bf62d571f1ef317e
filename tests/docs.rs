//! The documents that are made from the program's own tables say what the program says.
//!
//! `UPDATE_DOCS=1 cargo test --test docs` writes them anew.

mod common;

use std::fmt::Write;
use std::fs;

use applc::plan::Field;
use applc::target::{self, Target};

/// Compares a document with what it must be, or writes it where that is asked for.
fn hold(path: &str, expected: &str) {
    let file = common::repository(path);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, expected).unwrap();
        return;
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    // The first line that differs says more than two whole documents.
    let differs = found.lines().zip(expected.lines()).find(|(one, other)| one != other);
    assert!(
        found == expected,
        "{path} is stale, see {differs:?}: UPDATE_DOCS=1 cargo test --test docs"
    );
}

/// The README's extracts of files and of what the program prints.
#[test]
fn the_readme_shows_what_is() {
    let path = "README.md";
    let readme = fs::read_to_string(common::repository(path)).unwrap();
    let mut lines = readme.lines();
    let mut expected = String::new();
    let mut shown = 0;
    while let Some(line) = lines.next() {
        let _ = writeln!(expected, "{line}");
        let marker = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
        let Some((kind, what)) = marker.and_then(|marker| marker.split_once(": ")) else {
            continue;
        };
        let content = match kind {
            "file" => fs::read_to_string(common::repository(what)).unwrap(),
            "output" => output(what),
            _ => panic!("{path}: {line}"),
        };
        // The block below the marker is replaced.
        let fence = lines.next().unwrap();
        assert!(fence.starts_with("```"), "{path}: no block below {line}");
        let _ = writeln!(expected, "{fence}\n{}\n```", content.trim_end());
        while lines.next().unwrap() != "```" {}
        shown += 1;
    }
    assert!(shown > 0);
    hold(path, &expected);
}

/// What a command line prints, first on standard output, then on standard error.
fn output(command: &str) -> String {
    let arguments = command.strip_prefix("applc ").unwrap().split(' ');
    let output = assert_cmd::Command::cargo_bin("applc")
        .unwrap()
        .current_dir(common::repository("."))
        .env_clear()
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
}

/// Text in a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

#[test]
fn targets_and_what_becomes_of_each_field() {
    let mut text = String::from(
        "# Targets: what becomes of each field\n\n\
         Made from the program's tables; `applc targets NAME` prints the same.\n\n\
         - **carried**: the target does what the field asks for.\n\
         - **depends**: carried for some appliances; for others a warning or an error says what cannot be done.\n\
         - **approximated**: done only nearly; each use is a warning that says what differs.\n\
         - **rejected**: each use is an error; nothing is written.\n\n| field |",
    );
    for target in target::ALL {
        let _ = write!(text, " {} |", target.name());
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(target::ALL.len()));
    text.push('\n');
    for field in Field::ALL {
        let _ = write!(text, "| `{}` |", field.path());
        for target in target::ALL {
            let rows = target.capabilities();
            let row = rows.iter().find(|row| row.field == *field);
            let _ = write!(text, " {} |", row.map_or("", |row| row.fate.name()));
        }
        text.push('\n');
    }
    for target in target::ALL {
        describe(&mut text, *target);
    }
    hold("docs/targets.md", &text);
}

#[test]
fn the_reference_of_the_language() {
    hold("docs/language.md", &applc::reference::page());
}

fn describe(text: &mut String, target: &dyn Target) {
    let _ = write!(text, "\n## {}\n\n{}\n\n", target.name(), target.summary());
    text.push_str("| field | | how, or what differs |\n|---|---|---|\n");
    let rows = target.capabilities();
    for field in Field::ALL {
        let Some(row) = rows.iter().find(|row| row.field == *field) else {
            continue;
        };
        let _ =
            writeln!(text, "| `{}` | {} | {} |", row.field.path(), row.fate.name(), cell(row.note));
    }
    if target.options().is_empty() {
        return;
    }
    let _ = write!(
        text,
        "\nOptions, as `--option {0}.NAME=VALUE` or in `applc.toml` under `[targets.{0}]`:\n\n",
        target.name()
    );
    text.push_str("| option | takes | default | meaning |\n|---|---|---|---|\n");
    for option in target.options() {
        let default = match option.default {
            "" => "none".to_owned(),
            default => format!("`{default}`"),
        };
        let _ = writeln!(
            text,
            "| `{}` | {} | {default} | {} |",
            option.name,
            cell(&option.kind.wanted()),
            cell(option.meaning)
        );
    }
}
