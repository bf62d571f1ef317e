//! The program `applc`: a command-line interface to the library.
//!
//! Arguments, the terminal, the disk, and the exit status are handled here, everything else in the
//! library.

mod args;
mod commands;
mod diff;
mod disk;
mod emit;
mod git;
mod interrupt;
mod kind;
mod levels;
mod projects;
mod reporter;
mod search;
mod select;
mod templates;
mod terminal;
mod threads;
mod whole;

use std::cmp::Ordering;
use std::process::ExitCode;
use std::thread;

use clap::Parser;
use clap::error::ErrorKind;

use applc::editors::Format;
use args::{Arguments, Command, SchemaOf, Target};
use commands::run::{down, logs, ls, serve, status, up};
use commands::{
    check, compile, completions, config, explain, graph, import, init, lock, lsp, man, plan,
    set_image, target_check, target_new, targets, trace,
};

/// Most of the time goes to small parts of trees and texts, which this allocator makes and frees in about
/// three quarters of the time of that of the system. The library leaves the choice to its user.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The exit status of a run. Of several, that counts which says most: changes the least, and a failure to read or write
/// the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Success; there may be warnings.
    Clean = 0,
    /// The input has errors.
    Errors = 1,
    /// The arguments are invalid.
    Usage = 2,
    /// A file cannot be read or written, or an engine does not answer.
    Io = 3,
    /// There is something to change.
    Changes = 4,
}

impl Ord for Status {
    fn cmp(&self, other: &Status) -> Ordering {
        // With errors, changes are told of a part.
        let rank = |status: &Status| match status {
            Status::Clean => 0,
            Status::Changes => 1,
            Status::Errors => 2,
            Status::Usage => 3,
            Status::Io => 4,
        };
        rank(self).cmp(&rank(other))
    }
}

impl PartialOrd for Status {
    fn partial_cmp(&self, other: &Status) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The exit status of a program that panics.
const PANICKED: u8 = 101;

fn main() -> ExitCode {
    if let Some(status) = applc_templates::run_if_asked() {
        return status;
    }
    // The main thread has the stack that the user gives it, which may be too small for the arguments alone.
    match thread::Builder::new().name("main".to_owned()).stack_size(threads::STACK).spawn(run) {
        Ok(work) => work.join().unwrap_or(ExitCode::from(PANICKED)),
        Err(_) => run(),
    }
}

fn run() -> ExitCode {
    interrupt::keep_on_a_limit_of_size();
    let status = match Arguments::try_parse() {
        Ok(arguments) => dispatch(arguments).max(terminal::untold()),
        Err(error) => {
            let printed = terminal::refuse(&error);
            match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => printed,
                _ => Status::Usage,
            }
        }
    };
    ExitCode::from(status as u8)
}

fn dispatch(arguments: Arguments) -> Status {
    if let Some(Err(status)) = arguments.command.project().map(search::choose) {
        return status;
    }
    match arguments.command {
        Command::Compile(arguments) => compile::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Trace(arguments) => trace::run(&arguments),
        Command::Up(arguments) => up::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Logs(arguments) => logs::run(&arguments),
        Command::Down(arguments) => down::run(&arguments),
        Command::Ls(arguments) => ls::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Graph(arguments) => graph::run(arguments),
        Command::Plan(arguments) => plan::run(&arguments),
        Command::Schema(arguments) => terminal::print(&match arguments.of {
            SchemaOf::Appliance => Format::Appliance.text(),
            SchemaOf::Overlay => Format::Overlay.text(),
            SchemaOf::Project => Format::Project.text(),
            SchemaOf::Target => Format::Target.text(),
            SchemaOf::Plan => applc::plan::published::SCHEMA.to_owned(),
            SchemaOf::Diagnostics => applc::diag::SCHEMA.to_owned(),
            SchemaOf::Changes => applc::meaning::SCHEMA.to_owned(),
            SchemaOf::Config => applc::project::CONFIG_SCHEMA.to_owned(),
        }),
        Command::Targets(arguments) => targets::run(&arguments),
        Command::Target(Target::New(arguments)) => target_new::run(&arguments),
        Command::Target(Target::Check(arguments)) => target_check::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Config(arguments) => config::run(&arguments),
        Command::SetImage(arguments) => set_image::run(&arguments),
        Command::Lock(arguments) => lock::run(&arguments),
        Command::Lsp(arguments) => lsp::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    }
}
