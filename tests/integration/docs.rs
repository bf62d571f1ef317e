//! Documents that are generated from the tables of the program.
//!
//! `UPDATE_DOCS=1 cargo test docs` writes them.

use std::fmt::Write;

use applc::diag::Format;
use applc::plan::Field;
use applc::targets::{self, Target};
use applc_testing::hold;

/// Text as a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

#[test]
fn support_of_each_target_for_each_field() {
    let mut text = String::from(
        "# Targets: support for each field\n\n\
         Generated from the tables of the program; `applc targets NAME` prints the same.\n\n\
         - **carried**: the target does what the field requests.\n\
         - **depends**: carried for some appliances; for others, a warning or an error describes what is not supported.\n\
         - **approximated**: only approximated; each use is a warning that describes what differs.\n\
         - **rejected**: not supported; each use is an error, and nothing is written.\n\n| field |",
    );
    for target in targets::ALL {
        let _ = write!(text, " {} |", target.name());
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(targets::ALL.len()));
    text.push('\n');
    for field in Field::ALL {
        let _ = write!(text, "| `{}` |", field.path());
        for target in targets::ALL {
            let rows = target.capabilities();
            let row = rows.iter().find(|row| row.field == *field);
            let _ = write!(text, " {} |", row.map_or("", |row| row.fate.name()));
        }
        text.push('\n');
    }
    for target in targets::ALL {
        describe(&mut text, *target);
    }
    hold("docs/targets.md", &text);
}

#[test]
fn each_format_of_findings_is_described() {
    let page = applc_testing::read("docs/diagnostics.md");
    for format in Format::ALL {
        let row = format!("\n| `{}` |", format.name());
        assert!(page.contains(&row), "docs/diagnostics.md does not describe `{}`", format.name());
    }
}

#[test]
fn the_reference_of_the_language() {
    hold("docs/language.md", &applc::reference::page());
}

fn describe(text: &mut String, target: &dyn Target) {
    let _ = write!(text, "\n## {}\n\n{}\n\n", target.name(), target.summary());
    text.push_str("| field | support | how, or what differs |\n|---|---|---|\n");
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
    text.push_str("| option | value | default | meaning |\n|---|---|---|---|\n");
    for option in target.options() {
        let default = option.default_in_words();
        let _ = writeln!(
            text,
            "| `{}` | {} | {default} | {} |",
            option.name,
            cell(&option.kind.wanted()),
            cell(option.meaning)
        );
    }
}
