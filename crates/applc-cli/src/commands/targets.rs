//! `applc targets`.

use std::fmt::Write;

use crate::args::{FindingsArguments, Targets};
use crate::projects::Projects;
use crate::reporter::{Reporter, Stream};
use crate::terminal::show as show_text;
use crate::{Status, search, select};
use applc::plan::Field;
use applc::printable;
use applc::targets::{self, Target, TargetRef};

/// Lists the targets, or describes one. The targets are the built-in ones, and those of the project
/// file of the working directory.
pub fn run(arguments: &Targets) -> Status {
    show(arguments).unwrap_or_else(|status| status)
}

fn show(arguments: &Targets) -> Result<Status, Status> {
    let mut reporter = Reporter::new(&FindingsArguments::default(), Stream::Stderr, false)?;
    if let Some(name) = &arguments.name
        && let Some(target) = select::load(name, &mut reporter)?
    {
        return Ok(show_text(&(describe(&*target) + &commands(&target))));
    }
    let mut projects = Projects::default();
    let project = projects.of(&search::start().join("stdin"), &[], &mut reporter)?;
    let known = project.map_or_else(|| targets::built_in().collect(), |it| it.targets.clone());
    match &arguments.name {
        None => Ok(show_text(&list(&known))),
        Some(name) => match targets::named(&known, name) {
            Some(target) => Ok(show_text(&(describe(&*target) + &commands(&target)))),
            None => Err(select::unknown_target(name, &known)),
        },
    }
}

fn list(targets: &[TargetRef]) -> String {
    let width = targets.iter().map(|target| target.name().len()).max().unwrap_or(0);
    targets.iter().fold(String::new(), |mut text, target| {
        let _ = writeln!(text, "{:width$}  {}", target.name(), printable::line(target.summary()));
        text
    })
}

/// The commands of a custom target, each word in quotes.
fn commands(target: &TargetRef) -> String {
    let Some(run) = target.custom().and_then(|custom| custom.run()) else { return String::new() };
    let mut text = String::from("\nCommands, which `applc up`, `status`, `logs` and `down` run:\n");
    let commands = [
        ("up", Some(&run.up)),
        ("status", run.status.as_ref()),
        ("logs", run.logs.as_ref()),
        ("down", Some(&run.down)),
    ];
    for (name, words) in commands {
        let Some(words) = words else { continue };
        let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
        let _ = writeln!(text, "  {name:6}  {}", words.join(" "));
    }
    text
}

fn describe(target: &dyn Target) -> String {
    let mut text = format!("{}: {}\n\nFields:\n", target.name(), printable::line(target.summary()));
    let capabilities = target.capabilities();
    for row in
        Field::ALL.iter().filter_map(|field| capabilities.iter().find(|row| row.field == *field))
    {
        let note = if row.note.is_empty() {
            String::new()
        } else {
            format!(": {}", printable::line(row.note))
        };
        let _ = writeln!(text, "  {}\n      {}{note}", row.field.path(), row.fate.name());
    }
    if !target.options().is_empty() {
        let _ = writeln!(text, "\nOptions, set with `--option {}.NAME=VALUE`:", target.name());
    }
    for option in target.options() {
        let default = option.default_in_words();
        let default = printable::line(&default);
        let _ = writeln!(
            text,
            "  {}\n      {}\n      value: {}; default: {default}",
            option.name,
            printable::line(option.meaning),
            printable::line(&option.kind.wanted())
        );
    }
    text
}
