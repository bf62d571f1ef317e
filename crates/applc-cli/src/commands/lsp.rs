//! `applc lsp`: the language server on standard input and output.

use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use applc::World;
use applc_lsp::{Entry, Files, Inbox, Message, Server};
use lsp_server::{Connection, ErrorCode, Response};

use crate::args::Lsp;
use crate::disk::Disk;
use crate::terminal::fail;
use crate::{Status, memory};

/// Serves one client until it says that it ends, or is gone.
pub fn run(_: &Lsp) -> Status {
    // Projects have templates of others.
    memory::limit();
    let (connection, threads) = Connection::stdio();
    let status = serve(&connection, &mut Server::new(Box::new(Saved)));
    // The threads end when nobody can send to them.
    drop(connection);
    match threads.join() {
        Ok(()) => status,
        Err(error) => fail(&format!("cannot talk to the editor: {error}"), Status::Io),
    }
}

/// Handles messages, and does what waits whenever there are none.
fn serve(connection: &Connection, server: &mut Server) -> Status {
    let mut inbox = Inbox::default();
    loop {
        while let Ok(message) = connection.receiver.try_recv() {
            send(connection, inbox.push(message));
        }
        if let Some(message) = inbox.pop() {
            send(connection, handle(server, message));
        } else if let Some(said) = step(server) {
            send(connection, said);
        } else {
            // A client that is gone without a word is no error of the server.
            let Ok(message) = connection.receiver.recv() else { return Status::Clean };
            send(connection, inbox.push(message));
        }
        match server.exit_status() {
            Some(0) => return Status::Clean,
            Some(_) => return Status::Errors,
            None => {}
        }
    }
}

fn send(connection: &Connection, messages: impl IntoIterator<Item = Message>) {
    for message in messages {
        // Without a client, reading ends, too.
        let _ = connection.sender.send(message);
    }
}

/// Handles a message. A bug that is found on the way ends the request, not the server.
fn handle(server: &mut Server, message: Message) -> Vec<Message> {
    let id = match &message {
        Message::Request(request) => Some(request.id.clone()),
        Message::Response(_) | Message::Notification(_) => None,
    };
    let handled = panic::catch_unwind(AssertUnwindSafe(|| server.handle(message)));
    handled.unwrap_or_else(|_| {
        let answer = id.map(|id| {
            Response::new_err(id, ErrorCode::InternalError as i32, BUG.to_owned()).into()
        });
        answer.into_iter().chain([applc_lsp::logged(BUG)]).collect()
    })
}

/// Does a step. A bug that is found on the way ends the step.
fn step(server: &mut Server) -> Option<Vec<Message>> {
    let done = panic::catch_unwind(AssertUnwindSafe(|| server.step()));
    done.unwrap_or_else(|_| Some(vec![applc_lsp::logged(BUG)]))
}

const BUG: &str = "a bug in applc; standard error has the details";

/// What is saved: the disk, without standard input.
struct Saved;

/// The disk, for the path of a file.
fn disk(path: &str) -> io::Result<Disk> {
    match Path::new(path).is_absolute() {
        true => Ok(Disk),
        false => Err(io::ErrorKind::NotFound.into()),
    }
}

impl World for Saved {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        disk(path)?.read(path)
    }

    fn read_below(&self, folder: &str, path: &str) -> io::Result<Vec<u8>> {
        disk(folder)?.read_below(folder, path)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        disk(folder)?.list(folder)
    }
}

impl Files for Saved {
    fn entries(&self, folder: &str) -> io::Result<Vec<Entry>> {
        disk(folder)?;
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if let Ok(name) = entry.file_name().into_string()
                && (kind.is_dir() || kind.is_file())
            {
                entries.push(Entry { name, is_folder: kind.is_dir() });
            }
        }
        Ok(entries)
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).is_absolute() && Path::new(path).exists()
    }
}
