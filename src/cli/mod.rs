//! The command line: arguments in, files and diagnostics out. The only place that prints
//! and exits.

mod args;
mod check;
mod compile;
mod explain;
mod findings;
mod fix;
mod levels;
mod projects;
mod select;
mod targets;
mod terminal;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Arguments, Command};
pub use terminal::Disk;

/// How a run ended, as an exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// All went well; there may be warnings.
    Clean = 0,
    /// The input has faults.
    Faults = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// Something could not be read or written.
    Io = 3,
}

/// Runs the program with the arguments of the process.
pub fn run() -> ExitCode {
    let status = match Arguments::try_parse() {
        Ok(arguments) => dispatch(arguments),
        Err(error) => {
            // Help and version are asked for; a closed pipe is nobody's fault.
            let _ = error.print();
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Status::Clean,
                _ => Status::Usage,
            }
        }
    };
    ExitCode::from(status as u8)
}

fn dispatch(arguments: Arguments) -> Status {
    match arguments.command {
        Command::Compile(arguments) => compile::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Schema => terminal::print(crate::schema::TEXT),
        Command::Targets(arguments) => targets::run(&arguments),
    }
}
