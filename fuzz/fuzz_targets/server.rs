//! Sends messages to the language server: documents of each kind that are opened and edited, and every request about
//! places in them. Each request has one answer, and all places that the server tells are in their documents.

#![no_main]

use std::io;

use applc::{Memory, World};
use applc_fuzz::made::{self, Bytes};
use applc_fuzz::places::{self, Encoding};
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
    TOKENS,
    "workspace/symbol",
    "workspace/textDocumentContent",
    "shutdown",
];

const TOKENS: &str = "textDocument/semanticTokens/full";

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
    json!({ "line": bytes.next(), "character": bytes.below(60) })
}

/// A client that knows all that the server uses, or nothing.
fn capabilities(knows_all: bool, encoding: Encoding) -> Value {
    if !knows_all {
        return json!({ "general": { "positionEncodings": [encoding.name()] } });
    }
    let markdown = json!(["markdown"]);
    json!({
        "general": { "positionEncodings": [encoding.name()] },
        "workspace": {
            "didChangeWatchedFiles": { "dynamicRegistration": true },
            "workspaceEdit": { "documentChanges": true },
            "inlayHint": { "refreshSupport": true },
            "textDocumentContent": {},
        },
        "textDocument": {
            "hover": { "contentFormat": markdown },
            "publishDiagnostics": {
                "relatedInformation": true, "codeDescriptionSupport": true, "tagSupport": { "valueSet": [1, 2] },
            },
            "completion": { "completionItem": {
                "snippetSupport": true, "documentationFormat": markdown,
                "insertTextModeSupport": { "valueSet": [1, 2] },
            } },
            "documentSymbol": { "hierarchicalDocumentSymbolSupport": true },
        },
    })
}

/// A server and what it reads.
struct Session {
    server: Server,
    disk: Memory,
    encoding: Encoding,
}

impl Session {
    fn text(&self, uri: &str) -> Option<String> {
        let path = uri.strip_prefix("file://")?;
        if let Some(text) = self.server.text(path) {
            return Some(text.to_owned());
        }
        String::from_utf8(self.disk.read(path).ok()?).ok()
    }

    fn are_inside(&self, value: &Value, uri: &str) {
        places::are_inside(value, uri, &|uri| self.text(uri), self.encoding);
    }

    fn told(&self, messages: &[Message]) {
        for message in messages {
            if let Message::Notification(told) = message {
                self.are_inside(&told.params, "");
            }
        }
    }

    fn notify(&mut self, method: &str, params: Value) {
        let told = self.server.handle(Notification { method: method.to_owned(), params }.into());
        self.told(&told);
    }

    fn request(&mut self, id: i32, method: &str, uri: &str, params: Value) {
        let request = Request { id: id.into(), method: method.to_owned(), params };
        let messages = self.server.handle(request.into());
        self.told(&messages);
        let of_this = |message: &Message| match message {
            Message::Response(answer) if answer.id == id.into() => Some(answer.clone()),
            _ => None,
        };
        let answers: Vec<_> = messages.iter().filter_map(of_this).collect();
        assert_eq!(answers.len(), 1, "{method}");
        let result =
            answers.into_iter().find_map(|answer| answer.response_result.ok()).unwrap_or_default();
        self.are_inside(&result, uri);
        if let Some(text) = self.text(uri).filter(|_| method == TOKENS) {
            places::are_tokens(&result, &text, self.encoding);
        }
    }

    fn settle(&mut self) {
        while let Some(messages) = self.server.step() {
            self.told(&messages);
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = Bytes::new(bytes);
    let client = bytes.next();
    let encoding = Encoding::ALL[usize::from(client) % Encoding::ALL.len()];
    let disk = DOCUMENTS
        .iter()
        .enumerate()
        .fold(Memory::new(), |disk, (kind, path)| disk.with(*path, text(kind, &mut bytes)));
    let server = Server::new(Box::new(Disk(disk.clone())), None);
    let mut session = Session { server, disk, encoding };
    let capabilities = capabilities(client < 128, encoding);
    let start = json!({ "rootUri": "file:///p", "capabilities": capabilities });
    session.request(0, "initialize", "", start);
    session.notify("initialized", json!({}));
    let open = |session: &mut Session, uri: &str, version: usize, text: String| {
        let document = json!({ "uri": uri, "languageId": "x", "version": version, "text": text });
        session.notify("textDocument/didOpen", json!({ "textDocument": document }));
    };
    // What is not open has no answers.
    for path in DOCUMENTS {
        let uri = format!("file://{path}");
        if let Some(text) = session.text(&uri).filter(|_| bytes.below(8) < 7) {
            open(&mut session, &uri, 0, text);
        }
    }
    session.settle();
    for at in 1..MOST {
        if bytes.is_empty() {
            break;
        }
        let kind = bytes.below(DOCUMENTS.len());
        let uri = format!("file://{}", DOCUMENTS.get(kind).unwrap_or(&"/p/x"));
        let document = json!({ "uri": uri, "version": at });
        let place = position(&mut bytes);
        let range = json!({ "start": place, "end": position(&mut bytes) });
        match bytes.below(8) {
            0 => open(&mut session, &uri, at, text(kind, &mut bytes)),
            1 | 2 => {
                let change = json!({ "range": range, "text": bytes.text() });
                let params = json!({ "textDocument": document, "contentChanges": [change] });
                session.notify("textDocument/didChange", params);
            }
            3 if bytes.is_rare() => {
                session.notify("textDocument/didClose", json!({ "textDocument": document }));
            }
            _ => {
                let method = bytes.of(&REQUESTS).unwrap_or(&"x");
                let params = json!({
                    "textDocument": document, "position": place, "positions": [place], "range": range,
                    "context": { "includeDeclaration": true, "diagnostics": [] },
                    "options": { "tabSize": 2, "insertSpaces": true },
                    "newName": bytes.text(), "query": bytes.text(), "uri": uri,
                });
                session.request(i32::try_from(at).unwrap_or(0), method, &uri, params);
            }
        }
        // Requests also come before all is done.
        if bytes.below(4) > 0 {
            session.settle();
        }
    }
});
