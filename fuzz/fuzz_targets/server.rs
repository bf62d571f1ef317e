//! Sends messages to the language server: documents of each kind that are opened and edited, and every request about
//! places in them. Each request has one answer.

#![no_main]

use std::io;

use applc::{Memory, World};
use applc_fuzz::made::{self, Bytes};
use applc_lsp::{Entry, EntryKind, Files, Message, Server};
use libfuzzer_sys::fuzz_target;
use lsp_server::{Notification, Request};
use serde_json::{Value, json};

const DOCUMENTS: [&str; 4] =
    ["/p/a.appliance.json", "/p/b.appliance.yaml", "/p/a.prod.yaml", "/p/applc.toml"];

const REQUESTS: [&str; 20] = [
    "textDocument/codeAction",
    "textDocument/codeLens",
    "textDocument/completion",
    "textDocument/definition",
    "textDocument/documentHighlight",
    "textDocument/documentLink",
    "textDocument/documentSymbol",
    "textDocument/foldingRange",
    "textDocument/formatting",
    "textDocument/hover",
    "textDocument/implementation",
    "textDocument/inlayHint",
    "textDocument/prepareRename",
    "textDocument/references",
    "textDocument/rename",
    "textDocument/selectionRange",
    "textDocument/semanticTokens/full",
    "workspace/symbol",
    "workspace/textDocumentContent",
    "shutdown",
];

/// Most messages of a run.
const MOST: usize = 24;

struct Disk(Memory);

impl World for Disk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.0.read(path)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.0.list(folder)
    }
}

impl Files for Disk {
    fn entries(&self, folder: &str) -> io::Result<Vec<Entry>> {
        let names = self.0.list(folder)?.into_iter().filter(|name| !name.contains('/'));
        Ok(names.map(|name| Entry { name, kind: EntryKind::File }).collect())
    }

    fn exists(&self, path: &str) -> bool {
        self.0.read(path).is_ok()
    }
}

fn text(kind: usize, bytes: &mut Bytes<'_>) -> String {
    match (bytes.below(4), kind) {
        (0, _) => bytes.text(),
        (_, 0 | 1) => format!("{:#}", made::appliance(bytes)),
        (_, 2) => made::overlay(bytes).to_string(),
        _ => made::project(bytes),
    }
}

fn position(bytes: &mut Bytes<'_>) -> Value {
    json!({ "line": bytes.below(40), "character": bytes.below(60) })
}

fn notify(server: &mut Server, method: &str, params: Value) {
    server.handle(Notification { method: method.to_owned(), params }.into());
}

fn request(server: &mut Server, id: i32, method: &str, params: Value) {
    let request = Request { id: id.into(), method: method.to_owned(), params };
    let answers = server.handle(request.into());
    let is_answer =
        |message: &Message| matches!(message, Message::Response(answer) if answer.id == id.into());
    assert_eq!(answers.iter().filter(|answer| is_answer(answer)).count(), 1, "{method}");
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = Bytes::new(bytes);
    let disk = DOCUMENTS
        .iter()
        .enumerate()
        .fold(Memory::new(), |disk, (kind, path)| disk.with(*path, text(kind, &mut bytes)));
    let mut server = Server::new(Box::new(Disk(disk)), None);
    request(&mut server, 0, "initialize", json!({ "rootUri": "file:///p", "capabilities": {} }));
    notify(&mut server, "initialized", json!({}));
    for at in 1..MOST {
        if bytes.is_empty() {
            break;
        }
        let kind = bytes.below(DOCUMENTS.len());
        let uri = format!("file://{}", DOCUMENTS.get(kind).unwrap_or(&"/p/x"));
        let document = json!({ "uri": uri, "version": at });
        let place = position(&mut bytes);
        let range = json!({ "start": place, "end": position(&mut bytes) });
        match bytes.below(5) {
            0 => {
                let text = text(kind, &mut bytes);
                let document =
                    json!({ "uri": uri, "languageId": "x", "version": at, "text": text });
                notify(&mut server, "textDocument/didOpen", json!({ "textDocument": document }));
            }
            1 => {
                let change = json!({ "range": range, "text": bytes.text() });
                let params = json!({ "textDocument": document, "contentChanges": [change] });
                notify(&mut server, "textDocument/didChange", params);
            }
            2 if bytes.is_rare() => {
                notify(&mut server, "textDocument/didClose", json!({ "textDocument": document }));
            }
            _ => {
                let method = bytes.of(&REQUESTS).unwrap_or(&"x");
                let params = json!({
                    "textDocument": document, "position": place, "positions": [place], "range": range,
                    "context": { "includeDeclaration": true, "diagnostics": [] },
                    "options": { "tabSize": 2, "insertSpaces": true },
                    "newName": bytes.text(), "query": bytes.text(), "uri": uri,
                });
                request(&mut server, i32::try_from(at).unwrap_or(0), method, params);
            }
        }
        while server.step().is_some() {}
    }
});
