//! `applc completions`.

use clap::CommandFactory;

use crate::Status;
use crate::args::{Arguments, Completions};
use crate::terminal::print;

/// Prints the completions of a shell.
pub fn run(arguments: &Completions) -> Status {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "applc", &mut script);
    print(&String::from_utf8_lossy(&script))
}
