//! `applc targets`.

use std::fmt::Write;

use super::args::Targets;
use super::terminal::print;
use super::{Status, select};
use crate::plan::Field;
use crate::target::{self, Target};

/// Lists the targets, or tells all of one.
pub fn run(arguments: &Targets) -> Status {
    match &arguments.name {
        None => print(&list()),
        Some(name) => match target::find(name) {
            Some(target) => print(&describe(target)),
            None => select::unknown_target(name),
        },
    }
}

fn list() -> String {
    let width = target::ALL.iter().map(|target| target.name().len()).max().unwrap_or(0);
    target::ALL.iter().fold(String::new(), |mut text, target| {
        let _ = writeln!(text, "{:width$}  {}", target.name(), target.summary());
        text
    })
}

fn describe(target: &dyn Target) -> String {
    let mut text = format!("{}: {}\n\nFields:\n", target.name(), target.summary());
    for row in Field::ALL
        .iter()
        .filter_map(|field| target.capabilities().iter().find(|row| row.field == *field))
    {
        let _ = writeln!(text, "  {}\n      {}: {}", row.field.path(), row.fate.name(), row.note);
    }
    if !target.options().is_empty() {
        text.push_str("\nOptions, as `--option ");
        let _ = writeln!(text, "{}.NAME=VALUE`:", target.name());
    }
    for option in target.options() {
        let default = match option.default {
            "" => "none".to_owned(),
            default => format!("`{default}`"),
        };
        let _ = writeln!(
            text,
            "  {}\n      {}\n      takes {}; default {default}",
            option.name,
            option.meaning,
            option.kind.wanted()
        );
    }
    text
}
