//! `applc lsp`: the language server on standard input and output.

mod frames;

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};

use applc::World;
use applc_lsp::{Entry, EntryKind, Files, Inbox, Message, Server};
use lsp_server::{ErrorCode, Response};

use self::frames::Heard;
use crate::args::Lsp;
use crate::disk::{self, Disk};
use crate::search;
use crate::terminal::fail;
use crate::{Status, templates, threads};

/// Serves one client until it says that it ends, or is gone.
pub fn run(_: &Lsp) -> Status {
    let mut server = Server::new(Box::new(Saved), Some(templates::for_editor()));
    let (to, messages) = mpsc::sync_channel(0);
    let reader = threads::helper().spawn(move || frames::read_all(&mut io::stdin().lock(), &to));
    let reader = match reader {
        Ok(reader) => reader,
        Err(cause) => return fail(&format!("cannot start a thread: {cause}"), Status::Io),
    };
    let ended = serve(&messages, &mut io::stdout().lock(), &mut server).and_then(|status| {
        // A client that ended the server may still be there, and is not waited for.
        if let Some(status) = status {
            return Ok(status);
        }
        let read = reader.join().map_err(|_| io::Error::other(BUG))?;
        // A client that is gone without a word is no error of the server.
        read.map(|()| Status::Clean)
    });
    ended.unwrap_or_else(|error| fail(&format!("cannot talk to the editor: {error}"), Status::Io))
}

/// Handles messages, and does what waits whenever there are none. Returns how the client wants it to end; `None` if the
/// client is gone.
///
/// # Errors
/// An answer cannot be written.
fn serve(
    messages: &Receiver<Heard>,
    out: &mut impl Write,
    server: &mut Server,
) -> io::Result<Option<Status>> {
    let mut inbox = Inbox::default();
    loop {
        while let Ok(heard) = messages.try_recv() {
            take(heard, &mut inbox, out)?;
        }
        if let Some(message) = inbox.pop() {
            send(out, handle(server, message))?;
        } else if let Some(said) = step(server) {
            send(out, said)?;
        } else {
            let Ok(heard) = messages.recv() else { return Ok(None) };
            take(heard, &mut inbox, out)?;
        }
        match server.exit_status() {
            Some(0) => return Ok(Some(Status::Clean)),
            Some(_) => return Ok(Some(Status::Errors)),
            None => {}
        }
    }
}

/// Lets a message wait, and answers what needs no waiting.
fn take(heard: Heard, inbox: &mut Inbox, out: &mut impl Write) -> io::Result<()> {
    match heard {
        Ok(message) => send(out, inbox.push(message)),
        Err(refused) => refused.write(out),
    }
}

fn send(out: &mut impl Write, messages: impl IntoIterator<Item = Message>) -> io::Result<()> {
    messages.into_iter().try_for_each(|message| message.write(out))
}

/// Handles a message. A bug that is found on the way ends the request, not the server.
fn handle(server: &mut Server, message: Message) -> Vec<Message> {
    let id = match &message {
        Message::Request(request) => Some(request.id.clone()),
        Message::Response(_) | Message::Notification(_) => None,
    };
    guarded(|| server.handle(message)).unwrap_or_else(|logged| {
        let code = ErrorCode::InternalError as i32;
        let answer = id.map(|id| Response::new_err(id, code, BUG.to_owned()).into());
        answer.into_iter().chain([logged]).collect()
    })
}

/// Does a step. A bug that is found on the way ends the step.
fn step(server: &mut Server) -> Option<Vec<Message>> {
    guarded(|| server.step()).unwrap_or_else(|logged| Some(vec![logged]))
}

/// Does something.
///
/// # Errors
/// A message for the log of the client, if there is a bug on the way.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, Message> {
    panic::catch_unwind(AssertUnwindSafe(work)).map_err(|_| applc_lsp::logged(BUG))
}

const BUG: &str = "a bug in applc; standard error has the details";

/// What is saved: the disk, without standard input.
struct Saved;

/// The disk, for the path of a file.
fn of(path: &str) -> io::Result<Disk> {
    match Path::new(path).is_absolute() {
        true => Ok(Disk),
        false => Err(io::ErrorKind::NotFound.into()),
    }
}

impl World for Saved {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        of(path)?.read(path)
    }

    fn read_below(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        of(folder)?.read_below(folder, path)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        of(folder)?.list(folder)
    }
}

impl Files for Saved {
    fn entries(&self, folder: &str) -> io::Result<Vec<Entry>> {
        of(folder)?;
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let kind = match entry.file_type()? {
                kind if kind.is_file() => EntryKind::File,
                kind if kind.is_dir() => EntryKind::Folder,
                _ => EntryKind::Other,
            };
            if let Ok(name) = entry.file_name().into_string() {
                entries.push(Entry { name, kind });
            }
        }
        Ok(entries)
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).is_absolute() && disk::exists(Path::new(path))
    }

    fn project_folders(&self, folder: &str) -> Result<Vec<String>, String> {
        let folders = search::folders(Path::new(folder)).map_err(|refused| refused.to_string())?;
        // Paths have `/` between parts on all systems.
        let shown = |folder: &Path| folder.to_string_lossy().replace('\\', "/");
        Ok(folders.into_iter().map(shown).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files that cannot be read without a bug.
    struct Broken;

    impl World for Broken {
        fn read(&self, _: &str) -> io::Result<Vec<u8>> {
            panic!("for a test")
        }

        fn list(&self, _: &str) -> io::Result<Vec<String>> {
            panic!("for a test")
        }
    }

    impl Files for Broken {
        fn entries(&self, _: &str) -> io::Result<Vec<Entry>> {
            panic!("for a test")
        }

        fn exists(&self, _: &str) -> bool {
            panic!("for a test")
        }
    }

    #[test]
    fn a_bug_ends_the_request_and_not_the_server() {
        use serde_json::json;

        let mut server = Server::new(Box::new(Broken), None);
        let request = |id: i32, method: &str, params| {
            let id = lsp_server::RequestId::from(id);
            lsp_server::Request { id, method: method.to_owned(), params }
        };
        let start = json!({ "processId": null, "rootUri": null, "capabilities": {} });
        assert_eq!(handle(&mut server, request(1, "initialize", start).into()).len(), 1);
        let document = json!({
            "uri": "file:///p/a.appliance.json", "languageId": "json", "version": 1, "text": "{}",
        });
        let method = "textDocument/didOpen".to_owned();
        let params = json!({ "textDocument": document });
        let opened = lsp_server::Notification { method, params };
        assert!(handle(&mut server, opened.into()).is_empty());
        let place = json!({
            "textDocument": { "uri": "file:///p/a.appliance.json" },
            "position": { "line": 0, "character": 0 },
        });
        let said = handle(&mut server, request(2, "textDocument/hover", place).into());
        let [Message::Response(answer), Message::Notification(log)] = said.as_slice() else {
            panic!("{said:?}")
        };
        let error = answer.response_result.as_ref().unwrap_err();
        assert_eq!(error.code, ErrorCode::InternalError as i32);
        assert_eq!(log.method, "window/logMessage");
        // Steps end, whatever is wrong.
        assert!((0..10).any(|_| step(&mut server).is_none()));
        let ended = handle(&mut server, request(3, "shutdown", serde_json::Value::Null).into());
        assert!(
            matches!(ended.as_slice(), [Message::Response(answer)] if answer.response_result.is_ok())
        );
    }
}
