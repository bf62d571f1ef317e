//! One process, seen from the program that started it.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use applc::targets::custom::{Cause, Done, Stopped, Texts, Work};

use crate::Limits;
use crate::frame::{Broken, Frame, Request, TextsOf, write_bytes};

/// A process that waits for a request.
pub struct Worker {
    child: Child,
    limits: Limits,
    requests: Sender<Vec<u8>>,
    said: Receiver<Result<Frame<'static>, Broken>>,
    errors: Option<JoinHandle<String>>,
    /// The files of the last request.
    texts: Option<Arc<Texts>>,
    /// Whether it has rendered something.
    pub has_rendered: bool,
}

/// Size of the stacks of the threads that move bytes: what Rust gives them without `RUST_MIN_STACK`.
const STACK: usize = 2 << 20;

/// How much of what a process writes to standard error is kept, in bytes.
const ERRORS: usize = 8 << 10;

/// How long a process may take to end that has closed its output.
const ENDING: Duration = Duration::from_secs(1);

impl Worker {
    /// Starts a process.
    ///
    /// # Errors
    /// The reason, in words.
    pub fn start(program: &Path, limits: Limits) -> Result<Worker, String> {
        let mut command = Command::new(program);
        command.args(limits.arguments()).env_clear();
        // The allocator reserves 1 GiB otherwise, which counts.
        command.env("MIMALLOC_ARENA_RESERVE", "32MiB");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        detach(&mut command);
        let shown = program.display();
        let mut child = command.spawn().map_err(|error| format!("`{shown}`: {error}"))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            return Err(format!("`{shown}` has no pipes"));
        };
        let (requests, asked) = mpsc::channel();
        let (says, said) = mpsc::channel();
        let largest = limits.output << 20;
        let threads = || -> io::Result<JoinHandle<String>> {
            let builder = || thread::Builder::new().name("templates".to_owned()).stack_size(STACK);
            builder().spawn(move || write_all(stdin, &asked))?;
            builder().spawn(move || {
                let mut stdout = BufReader::new(stdout);
                loop {
                    let frame = Frame::read(&mut stdout, largest);
                    let is_last = frame.is_err();
                    if says.send(frame).is_err() || is_last {
                        break;
                    }
                }
            })?;
            builder().spawn(move || last_of(stderr))
        };
        let errors = threads().map_err(|error| {
            end(&mut child);
            format!("no thread for `{shown}`: {error}")
        })?;
        let errors = Some(errors);
        let mut worker =
            Worker { child, limits, requests, said, errors, texts: None, has_rendered: false };
        match worker.said.recv_timeout(Limits::COMMAND.wall) {
            Ok(Ok(Frame::Ready(version))) if version == env!("CARGO_PKG_VERSION") => Ok(worker),
            Ok(Ok(Frame::Ready(version))) => {
                let own = env!("CARGO_PKG_VERSION");
                Err(format!("`{shown}` is version {version} now, and this one is {own}"))
            }
            Ok(Err(Broken::End)) => {
                let (status, errors) = worker.ended();
                let status = status.map_or_else(|| "it was ended".to_owned(), |s| s.to_string());
                let line = errors.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
                Err(format!("`{shown}`: {status}: {line}").trim_end_matches([':', ' ']).to_owned())
            }
            Ok(_) => Err(format!("`{shown}` is another program")),
            Err(_) => Err(format!("`{shown}` does not answer")),
        }
    }

    /// Does something with the templates of a folder.
    ///
    /// # Errors
    /// They passed a limit: the process has ended, or must be.
    pub fn run(&mut self, texts: &Arc<Texts>, work: &Work<'_>) -> Result<Done, Stopped> {
        let deadline = Instant::now() + self.limits.wall;
        let is_known = self.texts.as_ref().is_some_and(|known| {
            // Files are loaded again and again.
            Arc::ptr_eq(known, texts) || **known == **texts
        });
        let mut template = None;
        let asked = (!is_known).then_some(TextsOf::Asked(texts));
        let request = postcard::to_stdvec(&Request { texts: asked, work }).unwrap_or_default();
        if self.requests.send(request).is_err() {
            return Err(Stopped { template, cause: self.cause() });
        }
        self.texts = Some(Arc::clone(texts));
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let cause = match self.said.recv_timeout(left) {
                Ok(Ok(Frame::Begun(name))) => {
                    template = Some(name.into_owned());
                    continue;
                }
                Ok(Ok(Frame::Done(answer))) => match postcard::from_bytes(&answer) {
                    Ok(done) => {
                        self.has_rendered |= matches!(work, Work::Render { .. });
                        return Ok(done);
                    }
                    Err(error) => Cause::Other(format!("invalid answer: {error}")),
                },
                Ok(Ok(Frame::Ready(_)) | Err(Broken::Foreign)) => {
                    Cause::Other("the process for templates says something else".to_owned())
                }
                Ok(Err(Broken::TooLarge)) => Cause::Output(self.limits.output),
                Ok(Err(Broken::End)) | Err(RecvTimeoutError::Disconnected) => self.cause(),
                Err(RecvTimeoutError::Timeout) => {
                    let limit = self.limits.wall.as_millis();
                    Cause::Time(u64::try_from(limit).unwrap_or(u64::MAX))
                }
            };
            return Err(Stopped { template, cause });
        }
    }

    /// Ends the process. Returns how it had ended before, if it had, and the end of what it said.
    fn ended(&mut self) -> (Option<ExitStatus>, String) {
        let deadline = Instant::now() + ENDING;
        let mut status = None;
        while status.is_none() && Instant::now() < deadline {
            status = self.child.try_wait().ok().flatten();
            if status.is_none() {
                thread::sleep(Duration::from_millis(1));
            }
        }
        end(&mut self.child);
        let errors = self.errors.take().and_then(|errors| errors.join().ok());
        (status, errors.unwrap_or_default())
    }

    /// Why the process has ended.
    fn cause(&mut self) -> Cause {
        let (status, errors) = self.ended();
        let Limits { cpu, memory, stack, .. } = self.limits;
        if is_out_of_time(status) {
            Cause::Time(cpu * 1000)
        } else if errors.contains("has overflowed its stack") {
            Cause::Stack(stack)
        } else if errors.contains("memory allocation of") || errors.contains("capacity overflow") {
            Cause::Memory(memory)
        } else {
            let panicked = errors.lines().skip_while(|line| !line.contains("panicked at")).nth(1);
            let status = status.map(|status| status.to_string());
            let why = panicked.map(str::to_owned).or(status).unwrap_or_default();
            Cause::Other(format!("its process ended: {why}"))
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Ends a process, if it has not ended.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Writes requests, until there are no more or nobody reads them.
fn write_all(mut stdin: ChildStdin, asked: &Receiver<Vec<u8>>) {
    while let Ok(request) = asked.recv() {
        if write_bytes(&mut stdin, &request).is_err() {
            break;
        }
    }
}

/// Reads all, and returns the end of it.
fn last_of(mut stderr: ChildStderr) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0; ERRORS];
    while let Ok(count @ 1..) = stderr.read(&mut buffer) {
        kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
        let surplus = kept.len().saturating_sub(ERRORS);
        kept.drain(..surplus);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

/// Signals of the terminal are for the program that started the process; so is its name.
#[cfg(unix)]
fn detach(command: &mut Command) {
    use std::os::unix::process::CommandExt;

    command.arg0("applc").process_group(0).current_dir("/");
}

/// No window is opened for it. Its system libraries need to know where they are.
#[cfg(windows)]
fn detach(command: &mut Command) {
    use std::os::windows::process::CommandExt;

    const CREATE_NO_WINDOW: u32 = 0x0800_0000;
    command.creation_flags(CREATE_NO_WINDOW);
    if let Some(root) = std::env::var_os("SystemRoot") {
        command.env("SystemRoot", root);
    }
}

#[cfg(unix)]
fn is_out_of_time(status: Option<ExitStatus>) -> bool {
    use std::os::unix::process::ExitStatusExt;

    let signal = status.and_then(|status| status.signal());
    signal == Some(rustix::process::Signal::XCPU.as_raw())
}

#[cfg(not(unix))]
fn is_out_of_time(_: Option<ExitStatus>) -> bool {
    false
}

/// The file of this program. On Linux, it is known also after it was replaced.
///
/// # Errors
/// The reason, in words.
pub fn program() -> Result<PathBuf, String> {
    #[cfg(target_os = "linux")]
    {
        let own = Path::new("/proc/self/exe");
        if own.exists() {
            return Ok(own.to_owned());
        }
    }
    std::env::current_exe().map_err(|error| format!("the file of the program is unknown: {error}"))
}
