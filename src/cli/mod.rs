//! The command line: arguments in, files and diagnostics out. The only place that prints
//! and exits.

mod args;
mod check;
mod check_target;
mod compile;
mod explain;
mod findings;
mod fix;
mod levels;
mod memory;
mod new_target;
mod plan;
mod projects;
mod select;
mod targets;
mod terminal;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Arguments, Command, SchemaOf, Target};
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
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Schema(arguments) => terminal::print(match arguments.of {
            SchemaOf::Appliance => crate::schema::TEXT,
            SchemaOf::Plan => crate::plan::published::SCHEMA,
            SchemaOf::Diagnostics => crate::diag::SCHEMA,
        }),
        Command::Targets(arguments) => targets::run(&arguments),
        Command::Target(Target::New(arguments)) => new_target::run(&arguments),
        Command::Target(Target::Check(arguments)) => check_target::run(&arguments),
    }
}
