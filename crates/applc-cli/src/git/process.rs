//! git as a process that runs nothing else, and does not answer for ever.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::Failure;
use crate::threads;

/// Settings that name programs, and what they are instead of what the repository says. None of the commands here needs
/// one of them.
const SETTINGS: [&str; 10] = [
    "core.alternateRefsCommand=",
    "core.askPass=",
    "core.fsmonitor=false",
    "core.gitProxy=",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "credential.helper=",
    "diff.external=",
    "protocol.allow=never",
];

/// Variables that let git use another repository than that of the folder, as in a hook, or start programs.
const REDIRECTIONS: [&str; 18] = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_ASKPASS",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_EXTERNAL_DIFF",
    "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PAGER",
    "GIT_PREFIX",
    "GIT_PROXY_COMMAND",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_WORK_TREE",
    "SSH_ASKPASS",
];

/// Size of the parts in which an answer is read, in bytes.
const PART: usize = 64 << 10;

/// Parts that are read ahead.
const AHEAD: usize = 16;

/// A command that runs git in a folder. Its messages do not depend on the locale.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("--no-pager");
    for setting in SETTINGS {
        command.args(["-c", setting]);
    }
    command.arg("-C").arg(folder).env("LC_ALL", "C").env("GIT_OPTIONAL_LOCKS", "0");
    for variable in REDIRECTIONS {
        command.env_remove(variable);
    }
    // A partial clone would fetch objects, with programs of its own. Versions before 2.45 know only the second one.
    command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_ALLOW_PROTOCOL", "none");
    command.env("GIT_TERMINAL_PROMPT", "0");
    command
}

/// A process that is ended when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a process prints, as it comes, until a time without any.
struct Answers {
    parts: Receiver<io::Result<Vec<u8>>>,
    part: io::Cursor<Vec<u8>>,
    limit: Duration,
    /// Whether an answer was late, so that what comes may be of another one.
    is_late: bool,
}

impl Answers {
    /// Reads a stream in a thread of its own.
    fn new(mut stream: impl Read + Send + 'static, limit: Duration) -> Answers {
        let (sender, parts) = sync_channel(AHEAD);
        let refused = sender.clone();
        let started = threads::helper().spawn(move || {
            loop {
                let mut part = vec![0; PART];
                let read = stream.read(&mut part).map(|length| {
                    part.truncate(length);
                    part
                });
                let is_last = !matches!(&read, Ok(part) if !part.is_empty());
                if sender.send(read).is_err() || is_last {
                    break;
                }
            }
        });
        if let Err(cause) = started {
            let _ = refused.send(Err(cause));
        }
        Answers { parts, part: io::Cursor::new(Vec::new()), limit, is_late: false }
    }
}

impl Read for Answers {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.is_late {
            return Err(late(self.limit));
        }
        if self.part.position() == self.part.get_ref().len() as u64 {
            self.part = io::Cursor::new(match self.parts.recv_timeout(self.limit) {
                Ok(part) => part?,
                Err(RecvTimeoutError::Timeout) => {
                    self.is_late = true;
                    return Err(late(self.limit));
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(0),
            });
        }
        self.part.read(into)
    }
}

fn late(limit: Duration) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, Failure::Late(limit).to_string())
}

/// Runs git and returns what it prints; an error is the first line of what it says.
pub fn run(
    folder: &Path,
    arguments: &[&str],
    limit: Duration,
) -> Result<Result<Vec<u8>, String>, Failure> {
    let mut command = git(folder);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = Running(command.spawn().map_err(Failure::NoGit)?);
    let (stdout, stderr) = (running.0.stdout.take(), running.0.stderr.take());
    let stderr = stderr.map(|stream| Answers::new(stream, limit));
    let all = |answers: Option<Answers>| {
        let mut bytes = Vec::new();
        let read = answers.map(|mut answers| answers.read_to_end(&mut bytes));
        match read.transpose() {
            Ok(_) => Ok(bytes),
            Err(error) if error.kind() == ErrorKind::TimedOut => Err(Failure::Late(limit)),
            Err(error) => Err(Failure::Git(error.to_string())),
        }
    };
    let printed = all(stdout.map(|stream| Answers::new(stream, limit)))?;
    let said = all(stderr)?;
    let deadline = Instant::now() + limit;
    let status = loop {
        match running.0.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(1)),
            Ok(None) => return Err(Failure::Late(limit)),
            Err(error) => return Err(Failure::Git(error.to_string())),
        }
    };
    if status.success() {
        return Ok(Ok(printed));
    }
    let said = String::from_utf8_lossy(&said).into_owned();
    let line = said.lines().next().unwrap_or("it failed without a message");
    Ok(Err(line.strip_prefix("fatal: ").unwrap_or(line).to_owned()))
}

/// A process of git that answers one request after another.
pub struct Server {
    _running: Running,
    requests: ChildStdin,
    answers: BufReader<Answers>,
}

impl Server {
    /// Starts it.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(folder: &Path, arguments: &[&str], limit: Duration) -> Result<Server, Failure> {
        let mut command = git(folder);
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut running = Running(command.spawn().map_err(Failure::NoGit)?);
        let (Some(requests), Some(answers)) = (running.0.stdin.take(), running.0.stdout.take())
        else {
            return Err(Failure::Git("it has no input or output".to_owned()));
        };
        let answers = BufReader::new(Answers::new(answers, limit));
        Ok(Server { _running: running, requests, answers })
    }

    /// Sends a request, and returns where its answer can be read, to its end before the next request. There is none if
    /// the process has ended.
    pub fn ask(&mut self, request: &str) -> &mut impl BufRead {
        let sent = writeln!(self.requests, "{request}").and_then(|()| self.requests.flush());
        // Then nothing can be read either.
        let _ = sent;
        &mut self.answers
    }
}
