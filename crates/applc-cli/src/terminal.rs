//! Standard output and error.

use std::io::{self, ErrorKind, Write};

use crate::Status;

/// Writes text to standard output. A reader that closed the pipe is not a failure.
pub fn print(text: &str) -> Status {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            fail(&format!("cannot write to standard output: {error}"), Status::Io)
        }
        _ => Status::Clean,
    }
}

/// Prints an error to standard error and returns the status that it means.
pub fn fail(message: &str, status: Status) -> Status {
    note(&format!("error: {message}"));
    status
}

/// Prints a line to standard error.
pub fn note(line: &str) {
    let _ = writeln!(io::stderr().lock(), "applc: {line}");
}
