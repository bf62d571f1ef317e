//! The process that templates run in.

use std::io::{self, BufReader, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use applc::render::Watch;
use applc::targets::custom::{Local, Work};

use crate::Limits;
use crate::frame::{Frame, Request, TextsOf, read_bytes};

/// Does what the process is asked to, until nobody asks any more, if the arguments of the program are those of
/// `Limits::arguments`. A program calls it before anything else.
pub fn run_if_asked() -> Option<ExitCode> {
    let arguments = std::env::args_os().skip(1).map_while(|word| word.into_string().ok());
    let limits = Limits::of_arguments(arguments)?;
    let stack = usize::try_from(limits.stack << 20).unwrap_or(usize::MAX);
    // The main thread has the stack that the user gives it. Its guard pages are known before files are limited.
    let templates = thread::Builder::new().name("templates".to_owned()).stack_size(stack);
    let ended = templates.spawn(move || {
        limits.begin();
        answer_all(limits)
    });
    let ended = ended.map(thread::JoinHandle::join);
    Some(match ended {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Answers requests until there are no more.
fn answer_all(limits: Limits) -> io::Result<()> {
    let out = Arc::new(Mutex::new(io::stdout()));
    let say = |frame: &Frame<'_>| {
        let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
        frame.write(&mut *out)
    };
    say(&Frame::Ready(env!("CARGO_PKG_VERSION").into()))?;
    let mut input = BufReader::new(io::stdin());
    let mut local: Option<Local> = None;
    while let Ok(request) = read_bytes(&mut input, u64::MAX) {
        limits.begin_task();
        let invalid = |_| io::Error::from(io::ErrorKind::InvalidData);
        let Request::<'_, Work<'_>> { texts, work } =
            postcard::from_bytes(&request).map_err(invalid)?;
        drop(request);
        if let Some(TextsOf::Own(texts)) = texts {
            local = Some(Local::new(*texts, watch(&out)));
        }
        let local = local.as_ref().ok_or(io::ErrorKind::InvalidData)?;
        let done = local.run(&work);
        let answer = postcard::to_stdvec(&done).map_err(invalid)?;
        drop((done, work));
        say(&Frame::Done(answer.into()))?;
    }
    Ok(())
}

/// Tells which template runs, when it is another one.
fn watch<W: Write + Send + 'static>(out: &Arc<Mutex<W>>) -> Watch {
    let out = Arc::clone(out);
    let last = Mutex::new(String::new());
    Watch::new(move |name| {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != name {
            name.clone_into(&mut last);
            let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
            // Without anyone who reads, the answer fails, too.
            let _ = Frame::Begun(name.into()).write(&mut *out);
        }
    })
}
