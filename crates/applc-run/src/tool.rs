//! Other programs: run with a time limit, or beside this one.

use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::children::Started;
use crate::error::{Error, ErrorKind};
use crate::last::Last;

/// How long a question to an engine may take.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Time between two looks at a program that runs.
pub const LOOK: Duration = Duration::from_millis(5);

/// Size of the stacks of threads, in bytes: what Rust gives them without `RUST_MIN_STACK`.
pub const STACK: usize = 2 << 20;

/// A thread whose stack does not depend on the environment.
pub fn thread() -> thread::Builder {
    thread::Builder::new().stack_size(STACK)
}

/// What a program returned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// Whether it ended with status 0.
    pub success: bool,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    /// The last line of the standard error that is not empty.
    pub fn complaint(&self) -> &str {
        let mut lines = self.stderr.lines().map(str::trim);
        lines.rfind(|line| !line.is_empty()).unwrap_or("no reason given")
    }
}

/// A program that runs beside this one. It is ended when this is dropped.
pub struct Running {
    child: Started,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

impl Running {
    /// Starts a program without input.
    ///
    /// # Errors
    /// The program is missing or cannot be started.
    pub fn start(command: &mut Command) -> Result<Running, Error> {
        Running::with(command, Stdio::null(), None)
    }

    /// Starts a program that reads this text as its input.
    ///
    /// # Errors
    /// The program is missing or cannot be started.
    pub fn start_with(command: &mut Command, input: String) -> Result<Running, Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        let running = Running::with(command, Stdio::piped(), None)?;
        if let Some(mut stdin) = running.child.stdin() {
            // In a thread of its own, as a full pipe would stop both. A program that does not read
            // everything says why.
            let writer = self::thread().spawn(move || stdin.write_all(input.as_bytes()));
            writer.map_err(|cause| missing(&program, &cause))?;
        }
        Ok(running)
    }

    fn with(command: &mut Command, stdin: Stdio, most: Option<usize>) -> Result<Running, Error> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = Started::spawn(command).map_err(|cause| missing(&program, &cause))?;
        let stdout = child.stdout().map(|stream| collect(stream, most)).transpose();
        let stderr = child.stderr().map(|stream| collect(stream, most)).transpose();
        let refused = |cause| missing(&program, &cause);
        Ok(Running { child, stdout: stdout.map_err(refused)?, stderr: stderr.map_err(refused)? })
    }

    /// What it returned, if it has ended.
    pub fn poll(&mut self) -> Option<Output> {
        let success = match self.child.try_wait() {
            Ok(None) => return None,
            Ok(Some(status)) => status.success(),
            Err(_) => false,
        };
        let text = |thread: &mut Option<JoinHandle<String>>| {
            thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
        };
        let (stdout, stderr) = (text(&mut self.stdout), text(&mut self.stderr));
        Some(Output { success, stdout, stderr })
    }

    /// Waits for its end.
    ///
    /// # Errors
    /// It has not ended within this time; it is ended then.
    pub fn wait(mut self, limit: Duration) -> Result<Output, Error> {
        let end = Instant::now() + limit;
        loop {
            if let Some(output) = self.poll() {
                return Ok(output);
            }
            if Instant::now() >= end {
                let message = format!("no answer within {} seconds", limit.as_secs());
                return Err(Error::new(ErrorKind::Unreachable, message));
            }
            thread::sleep(LOOK);
        }
    }
}

/// Runs a program and returns what it returned, whatever its exit status.
///
/// # Errors
/// The program is missing, or does not end within this time.
pub fn run(command: &mut Command, limit: Duration) -> Result<Output, Error> {
    Running::start(command)?.wait(limit)
}

/// Runs a program as [`run`] does, and keeps only the last whole lines of each of its streams, up to a number of bytes:
/// what it prints may be long.
///
/// # Errors
/// The program is missing, or does not end within this time.
pub fn run_last(
    command: &mut Command,
    limit: Duration,
    most: Option<usize>,
) -> Result<Output, Error> {
    Running::with(command, Stdio::null(), most)?.wait(limit)
}

/// The error for a program that cannot be started.
pub fn missing(program: &str, cause: &std::io::Error) -> Error {
    let message = match cause.kind() {
        std::io::ErrorKind::NotFound => format!("`{program}` is not installed"),
        _ => format!("cannot start `{program}`: {cause}"),
    };
    Error::new(ErrorKind::Missing, message)
}

/// Reads a stream to its end in a thread of its own, so that a full pipe does not stop the program. At most this number
/// of its last bytes are kept.
///
/// # Errors
/// There is no thread.
fn collect(
    mut stream: impl Read + Send + 'static,
    most: Option<usize>,
) -> io::Result<JoinHandle<String>> {
    self::thread().spawn(move || {
        let mut kept = Last::new(most.unwrap_or(usize::MAX));
        // What was read before an error is kept.
        let _ = io::copy(&mut stream, &mut kept);
        String::from_utf8_lossy(&kept.end()).into_owned()
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_program_returns_its_streams_and_whether_it_succeeded() {
        let output = run(&mut shell("echo out; echo first >&2; echo last >&2; exit 3"), PATIENCE);
        let output = output.unwrap();
        assert!(!output.success);
        assert_eq!((output.stdout.as_str(), output.complaint()), ("out\n", "last"));
    }

    #[test]
    fn a_program_reads_its_input() {
        let text = "x".repeat(300_000);
        let running = Running::start_with(&mut shell("cat"), text.clone()).unwrap();
        assert_eq!(running.wait(PATIENCE).unwrap().stdout, text);
    }

    #[test]
    fn a_full_pipe_does_not_stop_a_program() {
        let output = run(&mut shell("head -c 300000 /dev/zero | tr '\\0' x"), PATIENCE).unwrap();
        assert_eq!(output.stdout.len(), 300_000);
    }

    #[test]
    fn the_last_lines_of_a_program_are_kept_while_it_prints() {
        let script =
            "head -c 40000 /dev/zero | tr '\\0' x; echo; for n in 1 2 3; do echo line $n; done";
        let output = run_last(&mut shell(script), PATIENCE, Some(16)).unwrap();
        assert_eq!(output.stdout, "line 2\nline 3\n");
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let before = Instant::now();
        let error = run(shell("exec sleep 60").env_clear(), Duration::from_millis(100));
        assert_eq!(error.unwrap_err().kind, ErrorKind::Unreachable);
        assert!(before.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = run(&mut Command::new("applc-no-such-program"), PATIENCE).unwrap_err();
        assert_eq!(error.message, "`applc-no-such-program` is not installed");
    }
}
