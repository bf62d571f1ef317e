//! `applc man`.

use std::io;

use applc::diag::{list_or, nearest};
use clap::{Command, CommandFactory};
use roff::{Roff, roman};

use crate::Status;
use crate::args::{Arguments, Man};
use crate::terminal::{fail, print};

/// Prints the page of a command.
pub fn run(arguments: &Man) -> Status {
    let mut root = Arguments::command();
    // Gives each command its full name.
    root.build();
    let mut command = &root;
    for word in &arguments.command {
        command = match command.find_subcommand(word) {
            Some(found) => found,
            None => return unknown(command, word),
        };
    }
    match page(command) {
        Ok(page) => print(&page),
        Err(error) => fail(&format!("cannot write the page: {error}"), Status::Io),
    }
}

fn unknown(command: &Command, word: &str) -> Status {
    let names: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let advice = match nearest(word, names.iter().copied()) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None if names.is_empty() => format!("`{name}` has no commands"),
        None => format!("expected {}", list_or(names)),
    };
    fail(&format!("unknown command `{name} {word}`; {advice}"), Status::Usage)
}

/// The page, in the format of `man`.
fn page(command: &Command) -> io::Result<String> {
    let version = Arguments::command().get_version().unwrap_or_default().to_owned();
    let man = clap_mangen::Man::new(command.clone()).source(format!("applc {version}"));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(notes) = command.get_after_help() {
        // The lines of examples stay lines.
        let mut section = Roff::new();
        section.control("SH", ["NOTES"]).control("nf", []);
        section.text(
            notes.to_string().lines().map(|line| roman(format!("{line}\n"))).collect::<Vec<_>>(),
        );
        section.control("fi", []);
        section.to_writer(&mut page)?;
    }
    Ok(String::from_utf8_lossy(&page).into_owned())
}
