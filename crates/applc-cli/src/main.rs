//! The program `applc`: arguments in, files and diagnostics out.
//!
//! Everything that touches the world is here: arguments, the terminal, the disk, the exit
//! status. What an appliance means is the library's.

mod args;
mod commands;
mod disk;
mod emit;
mod findings;
mod levels;
mod memory;
mod projects;
mod select;
mod terminal;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use args::{Arguments, Command, SchemaOf, Target};
use commands::{check, compile, explain, plan, target_check, target_new, targets};

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

fn main() -> ExitCode {
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
            SchemaOf::Appliance => applc::schema::TEXT,
            SchemaOf::Plan => applc::plan::published::SCHEMA,
            SchemaOf::Diagnostics => applc::diag::SCHEMA,
        }),
        Command::Targets(arguments) => targets::run(&arguments),
        Command::Target(Target::New(arguments)) => target_new::run(&arguments),
        Command::Target(Target::Check(arguments)) => target_check::run(&arguments),
    }
}
