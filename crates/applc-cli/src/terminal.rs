//! Standard output and error.

use std::env;
use std::ffi::OsStr;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::Status;
use crate::args::Arguments;
use applc::printable;
use clap::Parser;
use serde_json::Value;

/// Writes text to standard output. A reader that closed the pipe is not a failure.
pub fn print(text: &str) -> Status {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_or_else(|cause| cannot_print(&cause), |()| Status::Clean)
}

/// Writes text for people to standard output. Nothing in it acts on the terminal.
pub fn show(text: &str) -> Status {
    print(&printable::lines(text))
}

/// Writes a JSON document to standard output. Nothing in it acts on the terminal.
pub fn show_json(document: &Value) -> Status {
    print(&printable::json(&format!("{document:#}\n")))
}

/// Prints an error to standard error and returns the status that it means.
pub fn fail(message: &str, status: Status) -> Status {
    tell(&format!("error: {message}"));
    status
}

/// Prints what is wrong with the arguments, or the help that they ask for. Names of files are among them, and an error
/// quotes them as they are; it is found again in arguments that do not act on the terminal.
///
/// Returns the status of printing: help that cannot be printed is a failure.
pub fn refuse(error: &clap::Error) -> Status {
    let given: Vec<String> = env::args_os().map(|it| it.to_string_lossy().into_owned()).collect();
    let shown: Vec<_> = given.iter().map(|argument| printable::line(argument)).collect();
    let print = |error: &clap::Error| match error.print() {
        // Nobody would see what is wrong with standard error.
        Err(cause) if !error.use_stderr() => cannot_print(&cause),
        _ => Status::Clean,
    };
    if shown == given {
        return print(error);
    }
    match Arguments::try_parse_from(shown.iter().map(|argument| &**argument)) {
        Err(again) => print(&again),
        Ok(_) => {
            tell(error.to_string().trim_end());
            Status::Clean
        }
    }
}

/// The status of a failure to write to standard output, which is told, or kept for the document. A reader that closed the
/// pipe is none.
fn cannot_print(cause: &io::Error) -> Status {
    if cause.kind() == ErrorKind::BrokenPipe {
        return Status::Clean;
    }
    let message = format!("cannot write to standard output: {cause}");
    if !HAS_DOCUMENT.load(Ordering::Relaxed) {
        return fail(&message, Status::Io);
    }
    *UNPRINTED.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
    Status::Io
}

/// Why standard output could not be written to, for the document.
static UNPRINTED: Mutex<Option<String>> = Mutex::new(None);

/// Takes the message that something could not be printed, which the document is to have.
pub fn take_unprinted() -> Option<String> {
    UNPRINTED.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// Whether findings could not be written to standard error.
static IS_UNTOLD: AtomicBool = AtomicBool::new(false);

/// Writes findings to standard error. If they cannot be written, that is the status of the run ([`untold`]); a reader that
/// closed the pipe is not a failure.
pub fn print_findings(text: &str) {
    let written = io::stderr().lock().write_all(text.as_bytes());
    if written.is_err_and(|cause| cause.kind() != ErrorKind::BrokenPipe) {
        IS_UNTOLD.store(true, Ordering::Relaxed);
    }
}

/// The status that findings mean which could not be written to standard error, where nobody could be told so.
pub fn untold() -> Status {
    if IS_UNTOLD.load(Ordering::Relaxed) { Status::Io } else { Status::Clean }
}

/// Whether standard error is for a document.
static HAS_DOCUMENT: AtomicBool = AtomicBool::new(false);

/// Keeps standard error for a document for programs: lines for people, which are none of its findings, are left out.
pub fn keep_for_document() {
    HAS_DOCUMENT.store(true, Ordering::Relaxed);
}

/// Prints a line for people to standard error, unless that is for a document.
pub fn note(line: &str) {
    if !HAS_DOCUMENT.load(Ordering::Relaxed) {
        tell(line);
    }
}

/// Prints a line to standard error. Nothing in it acts on the terminal, and what it quotes starts no line of
/// its own, which a CI service could take for a command.
fn tell(line: &str) {
    let line = printable::lines(line).replace('\n', "\n  | ");
    let _ = writeln!(io::stderr().lock(), "applc: {line}");
}

/// Whether lines on standard error can be drawn anew: it is a terminal that can move its cursor.
pub fn is_live() -> bool {
    can_redraw(io::stderr().is_terminal(), std::env::var_os("TERM").as_deref())
}

fn can_redraw(is_terminal: bool, term: Option<&OsStr>) -> bool {
    is_terminal && term.is_none_or(|term| term != "dumb")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_and_plain_terminals_are_not_live() {
        let of = |is_terminal, term: Option<&str>| can_redraw(is_terminal, term.map(OsStr::new));
        assert!(of(true, Some("xterm-256color")) && of(true, None));
        assert!(!of(true, Some("dumb")));
        assert!(!of(false, Some("xterm-256color")) && !of(false, None));
    }
}
