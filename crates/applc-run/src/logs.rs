//! The logs of instances: merged in the order of time, or passed on while they are written.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::children::Started;
use crate::error::{Error, ErrorKind};
use crate::tool::{self, missing};

/// Time between two looks at whether what is followed has ended, and whether somebody reads.
const LOOK: Duration = Duration::from_secs(1);

/// Maximum length of a line, in bytes. The rest of a longer one is shown as lines of its own.
const LINE: usize = 64 << 10;

/// What an instance has logged, or how that is asked for.
pub struct Log<T> {
    /// The name of the instance.
    pub name: String,
    /// Its lines, or the program that prints them.
    pub of: T,
}

/// What stands before each line: nothing if there is one instance only.
fn prefixes<T>(logs: &[Log<T>]) -> Vec<String> {
    let (width, is_one) = (width(logs), is_one(logs));
    logs.iter().map(|log| if is_one { String::new() } else { prefix(&log.name, width) }).collect()
}

fn prefix(name: &str, width: usize) -> String {
    format!("{name:width$} | ")
}

/// The width of the longest name.
fn width<T>(logs: &[Log<T>]) -> usize {
    logs.iter().map(|log| log.name.chars().count()).max().unwrap_or(0)
}

/// Whether all are of one instance: each stream of it may be a log of its own.
fn is_one<T>(logs: &[Log<T>]) -> bool {
    logs.first().is_none_or(|first| logs.iter().all(|log| log.name == first.name))
}

/// Writes what was logged until now, in the order of time, at most this number of last lines of each
/// instance. Each line begins with its time: the two streams of a container come apart from each
/// other, so the engine's times bring them together again.
///
/// # Errors
/// `out` cannot be written. A reader that closed it is not an error.
pub fn past(
    logs: &[Log<String>],
    tail: Option<u32>,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let mut lines = Vec::new();
    for (log, prefix) in logs.iter().zip(prefixes(logs)) {
        let mut own: Vec<(&str, &str)> = log.of.lines().map(in_time).collect();
        own.sort_by_key(|(time, _)| *time);
        let skipped = tail.map_or(0, |tail| own.len().saturating_sub(tail as usize));
        let own = own.into_iter().skip(skipped);
        lines.extend(own.map(|(time, line)| (time.to_owned(), format!("{prefix}{line}"))));
    }
    lines.sort_by(|(one, _), (other, _)| one.cmp(other));
    lines.iter().try_for_each(|(_, line)| put(out, line)).or_else(unwritten)
}

/// A line and its time, which the engine writes before it.
fn in_time(line: &str) -> (&str, &str) {
    line.split_once(' ').unwrap_or((line, ""))
}

/// Time between two looks at instances that were started later.
const LATER: Duration = Duration::from_secs(3);

/// Whether it is time to look at instances that were started later.
pub struct Later(Mutex<Instant>);

impl Later {
    /// From now on.
    pub fn new() -> Later {
        Later(Mutex::new(Instant::now()))
    }

    /// Whether the last look was some time ago. The next one is from now on, then.
    pub fn is_due(&self) -> bool {
        let mut looked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = looked.elapsed() >= LATER;
        if is_due {
            *looked = Instant::now();
        }
        is_due
    }
}

/// What is asked from time to time while programs print.
pub struct Looks<'a> {
    /// Whether what they follow has ended, so that they are ended if they go on.
    pub is_over: &'a (dyn Fn() -> bool + Sync),
    /// The logs of instances that were started since it was asked last.
    pub more: &'a (dyn Fn() -> Vec<Log<Command>> + Sync),
}

impl Looks<'_> {
    /// Nothing but what the programs print.
    pub const NONE: Looks<'static> = Looks { is_over: &|| false, more: &Vec::new };
}

/// Writes what programs print, each line behind the name of its instance if there are several, until they end or
/// nobody reads it any more.
///
/// # Errors
/// A program cannot be started, or `out` cannot be written. A reader that closed it is not an error.
pub fn follow(
    logs: Vec<Log<Command>>,
    looks: &Looks<'_>,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let width = width(&logs);
    let is_named = AtomicBool::new(!is_one(&logs));
    let line = Lines { width, is_named: &is_named };
    pass_on_all(logs, line, looks, out)
}

/// How lines begin.
#[derive(Clone, Copy)]
struct Lines<'a> {
    /// The width of the names of instances.
    width: usize,
    /// Whether there are several instances.
    is_named: &'a AtomicBool,
}

impl Lines<'_> {
    fn put(self, out: &mut (dyn Write + Send), name: &str, line: &str) -> io::Result<()> {
        if self.is_named.load(Ordering::Relaxed) {
            put(out, &format!("{}{line}", prefix(name, self.width)))
        } else {
            put(out, line)
        }
    }
}

/// Programs whose output is passed on. They are ended when this is dropped.
#[derive(Default)]
struct Followers(Mutex<Vec<Started>>);

impl Followers {
    /// Ends all. Their streams end with them, and so do the threads that read these.
    fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(Started::end);
    }
}

impl Drop for Followers {
    fn drop(&mut self) {
        self.end();
    }
}

/// A stream of a program, and the name of its instance.
type Stream = (String, Box<dyn Read + Send>);

/// Starts a program whose output is passed on.
fn started(log: Log<Command>, followers: &Followers) -> Result<Vec<Stream>, Error> {
    let Log { name, of: mut command } = log;
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = command.get_program().to_string_lossy().into_owned();
    let child = Started::spawn(&mut command).map_err(|cause| missing(&program, &cause))?;
    let mut streams: Vec<Stream> = Vec::new();
    streams.extend(child.stdout().map(|stream| (name.clone(), Box::new(stream) as _)));
    streams.extend(child.stderr().map(|stream| (name, Box::new(stream) as _)));
    followers.0.lock().unwrap_or_else(PoisonError::into_inner).push(child);
    Ok(streams)
}

/// Writes each line of programs. The first line that cannot be written ends all: a program that prints nothing
/// would never notice that nobody reads it.
fn pass_on_all(
    logs: Vec<Log<Command>>,
    lines: Lines<'_>,
    looks: &Looks<'_>,
    out: &mut (dyn Write + Send),
) -> Result<(), Error> {
    let followers = &Followers::default();
    let mut streams = Vec::new();
    for log in logs {
        streams.extend(started(log, followers)?);
    }
    let (out, failure) = (&Mutex::new(out), &Mutex::new(None));
    let left = &AtomicUsize::new(0);
    thread::scope(|scope| {
        let read = move |(name, stream): Stream| {
            left.fetch_add(1, Ordering::Relaxed);
            let started = tool::thread().spawn_scoped(scope, move || {
                if let Err(cause) = pass_on(stream, &name, lines, out) {
                    let mut first = failure.lock().unwrap_or_else(PoisonError::into_inner);
                    first.get_or_insert(cause);
                    followers.end();
                }
                left.fetch_sub(1, Ordering::Relaxed);
            });
            if let Err(cause) = started {
                let cause = io::Error::other(format!("cannot start a thread: {cause}"));
                failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(cause);
                followers.end();
                left.fetch_sub(1, Ordering::Relaxed);
            }
        };
        streams.into_iter().for_each(read);
        while left.load(Ordering::Relaxed) > 0 {
            // Looked at before the pause: what was written last is passed on meanwhile.
            let ended = (looks.is_over)();
            pause(left);
            // Nobody may read any more while nothing is printed.
            if ended || out.lock().unwrap_or_else(PoisonError::into_inner).flush().is_err() {
                followers.end();
                return;
            }
            for log in (looks.more)() {
                lines.is_named.store(true, Ordering::Relaxed);
                // One that cannot be followed does not end the others.
                started(log, followers).unwrap_or_default().into_iter().for_each(read);
            }
        }
    });
    let failure = failure.lock().unwrap_or_else(PoisonError::into_inner).take();
    failure.map_or(Ok(()), unwritten)
}

/// Waits for the next look, or until nothing is left.
fn pause(left: &AtomicUsize) {
    let end = Instant::now() + LOOK;
    while left.load(Ordering::Relaxed) > 0 && Instant::now() < end {
        thread::sleep(LOOK / 50);
    }
}

fn pass_on(
    stream: impl Read,
    name: &str,
    lines: Lines<'_>,
    out: &Mutex<&mut (dyn Write + Send)>,
) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        let room = LINE.saturating_sub(line.len()) as u64;
        // A stream that breaks off has ended.
        let read = (&mut stream).take(room).read_until(b'\n', &mut line).unwrap_or(0);
        let rest = match line.pop_if(|last| *last == b'\n') {
            Some(_) => Vec::new(),
            None if read == 0 && line.is_empty() => return Ok(()),
            None if read == 0 => Vec::new(),
            // It may go on for ever.
            None if line.len() >= LINE => line.split_off(whole(&line)),
            None => continue,
        };
        let text = String::from_utf8_lossy(&line);
        lines.put(&mut **out.lock().unwrap_or_else(PoisonError::into_inner), name, &text)?;
        line = rest;
    }
}

/// The length without a character at the end that is there in part.
fn whole(text: &[u8]) -> usize {
    match std::str::from_utf8(text) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => text.len(),
    }
}

fn put(out: &mut (dyn Write + Send), line: &str) -> io::Result<()> {
    writeln!(out, "{line}")?;
    out.flush()
}

/// What a line means that cannot be written: a reader that closed the pipe has read enough.
fn unwritten(cause: io::Error) -> Result<(), Error> {
    match cause.kind() {
        io::ErrorKind::BrokenPipe => Ok(()),
        _ => Err(Error::new(ErrorKind::Output, format!("cannot write the logs: {cause}"))),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Takes nothing.
    struct Closed(io::ErrorKind);

    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shell(script: &str) -> Log<Command> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        Log { name: script.to_owned(), of: command }
    }

    #[test]
    fn programs_that_print_nothing_end_with_the_reader() {
        let began = Instant::now();
        let all = ["exec sleep 60", "echo one; exec sleep 60"];
        let mut out = Closed(io::ErrorKind::BrokenPipe);
        assert_eq!(follow(all.map(shell).into(), &Looks::NONE, &mut out), Ok(()));
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    /// Takes lines, until it is closed.
    struct Closing(usize);

    impl Write for Closing {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            self.0 = self.0.saturating_sub(1);
            if self.0 == 0 { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(()) }
        }
    }

    #[test]
    fn a_reader_that_leaves_while_nothing_is_printed_is_noticed() {
        let began = Instant::now();
        // The first line is read, and nothing after it.
        let mut out = Closing(2);
        let all = [shell("echo one; exec sleep 60")];
        assert_eq!(follow(all.into(), &Looks::NONE, &mut out), Ok(()));
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn programs_that_go_on_are_ended_when_it_is_over() {
        let began = Instant::now();
        let mut out = Vec::new();
        let all = [shell("echo one; exec sleep 60")];
        follow(all.into(), &Looks { is_over: &|| true, ..Looks::NONE }, &mut out).unwrap();
        assert!(String::from_utf8(out).unwrap().ends_with("one\n"));
        assert!(began.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn lines_that_cannot_be_written_are_an_error() {
        let mut out = Closed(io::ErrorKind::StorageFull);
        let error = follow(vec![shell("echo one")], &Looks::NONE, &mut out).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Output);
        assert!(error.message.starts_with("cannot write the logs: "), "{error}");
    }

    #[test]
    fn lines_of_both_streams_have_the_name_of_their_program() {
        let mut out = Vec::new();
        let all = vec![shell("echo one >&2"), shell("echo two")];
        follow(all, &Looks::NONE, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let mut lines: Vec<&str> = text.lines().collect();
        lines.sort_unstable();
        assert_eq!(lines, ["echo one >&2 | one", "echo two     | two"]);
    }

    #[test]
    fn a_line_without_an_end_is_passed_on_in_parts() {
        let mut out = Vec::new();
        let endless = "x".to_owned() + &"é".repeat(LINE / 2) + "\n\nlast";
        let writer: &mut (dyn Write + Send) = &mut out;
        let named = AtomicBool::new(false);
        let lines = Lines { width: 0, is_named: &named };
        pass_on(endless.as_bytes(), "web", lines, &Mutex::new(writer)).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0].len(), LINE - 1);
        assert_eq!(lines[1..], ["é", "", "last"]);
    }

    #[test]
    fn an_instance_that_is_started_later_is_followed_too() {
        let mut out = Vec::new();
        let later = Mutex::new(vec![shell("echo two")]);
        let more = || std::mem::take(&mut *later.lock().unwrap());
        let looks = Looks { more: &more, ..Looks::NONE };
        follow(vec![shell("echo one; sleep 3; echo three")], &looks, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let first = "echo one; sleep 3; echo three";
        let (two, three) = (
            format!("{:width$} | two", "echo two", width = first.len()),
            format!("{first} | three"),
        );
        assert_eq!(lines, ["one", &two, &three]);
    }
}
