//! A client for tests: it sends what editors send, and keeps the findings that it was told.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};

use applc::{Memory, World};
use applc_lsp::{Entry, EntryKind, Files, Message, Server};
use lsp_server::{Notification, Request, RequestId, Response};
use serde_json::{Value, json};

/// Files in memory, which tests may change.
#[derive(Clone, Default)]
pub struct Disk(Arc<Mutex<Memory>>);

impl Disk {
    pub fn write(&self, path: &str, text: &str) {
        self.0.lock().unwrap().insert(path, text);
    }

    pub fn remove(&self, path: &str) {
        self.0.lock().unwrap().remove(path);
    }

    pub fn files(&self) -> Memory {
        self.0.lock().unwrap().clone()
    }
}

impl World for Disk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.files().read(path)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.files().list(folder)
    }
}

impl Files for Disk {
    fn entries(&self, folder: &str) -> io::Result<Vec<Entry>> {
        let all = self.list(folder)?;
        let first = |path: &String| match path.split_once('/') {
            Some((name, _)) => (name.to_owned(), true),
            None => (path.clone(), false),
        };
        let entries: BTreeSet<(String, bool)> = all.iter().map(first).collect();
        let kind = |is_folder| if is_folder { EntryKind::Folder } else { EntryKind::File };
        let entry = |(name, is_folder)| Entry { name, kind: kind(is_folder) };
        Ok(entries.into_iter().map(entry).collect())
    }

    fn exists(&self, path: &str) -> bool {
        self.read(path).is_ok() || self.list(path).is_ok()
    }
}

/// A client and its server.
pub struct Client {
    pub server: Server,
    pub disk: Disk,
    /// The findings of each document, by URI, as the server published them last.
    pub findings: BTreeMap<String, Vec<Value>>,
    /// All other messages from the server that are no answers.
    pub told: Vec<Message>,
    requests: i32,
    versions: BTreeMap<String, i32>,
}

impl Client {
    /// A client that has started, with files on disk.
    pub fn with(files: &[(&str, &str)]) -> Client {
        Client::started(files, json!({}), Value::Null)
    }

    /// The same, with capabilities and options.
    pub fn started(files: &[(&str, &str)], capabilities: Value, options: Value) -> Client {
        let disk = Disk::default();
        files.iter().for_each(|(path, text)| disk.write(path, text));
        let mut client = Client {
            server: Server::new(Box::new(disk.clone()), None),
            disk,
            findings: BTreeMap::new(),
            told: Vec::new(),
            requests: 0,
            versions: BTreeMap::new(),
        };
        let start = json!({ "processId": null, "rootUri": null, "capabilities": capabilities, "initializationOptions": options });
        client.request("initialize", start).unwrap();
        client.notify("initialized", json!({}));
        client
    }

    pub fn send(&mut self, message: impl Into<Message>) -> Vec<Message> {
        let said = self.server.handle(message.into());
        self.hear(&said);
        said
    }

    /// Sends a request, and returns its answer.
    pub fn request(
        &mut self,
        method: &str,
        params: Value,
    ) -> Result<Value, lsp_server::ResponseError> {
        self.requests += 1;
        let id = RequestId::from(self.requests);
        let said = self.send(Request { id: id.clone(), method: method.to_owned(), params });
        let answer = said.into_iter().find_map(|message| match message {
            Message::Response(Response { id: of, response_result }) if of == id => {
                Some(response_result)
            }
            _ => None,
        });
        answer.expect("each request is answered at once")
    }

    pub fn notify(&mut self, method: &str, params: Value) {
        self.send(Notification { method: method.to_owned(), params });
    }

    /// Lets the server do one step. Returns whether there was one.
    pub fn step(&mut self) -> bool {
        let said = self.server.step();
        self.hear(said.as_deref().unwrap_or_default());
        said.is_some()
    }

    /// Lets the server do all that waits.
    pub fn settle(&mut self) {
        for _ in 0..1000 {
            if !self.step() {
                return;
            }
        }
        panic!("the server is never done");
    }

    fn hear(&mut self, said: &[Message]) {
        for message in said {
            match message {
                Message::Notification(said) if said.method == "textDocument/publishDiagnostics" => {
                    let uri = said.params["uri"].as_str().unwrap().to_owned();
                    let found = said.params["diagnostics"].as_array().unwrap().clone();
                    if let (Some(version), Some(open)) =
                        (said.params["version"].as_i64(), self.versions.get(&uri))
                    {
                        assert_eq!(
                            version,
                            i64::from(*open),
                            "findings of an old version of {uri}"
                        );
                    }
                    self.findings.insert(uri, found);
                }
                Message::Response(_) => {}
                other => self.told.push(other.clone()),
            }
        }
    }

    /// Opens a document.
    pub fn open(&mut self, path: &str, text: &str) {
        self.open_as(path, "json", text);
    }

    /// Opens a document of a language.
    pub fn open_as(&mut self, path: &str, language: &str, text: &str) {
        let uri = uri(path);
        self.versions.insert(uri.clone(), 1);
        let document = json!({ "uri": uri, "languageId": language, "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Opens a document that is on disk.
    pub fn open_saved(&mut self, path: &str) {
        let text = String::from_utf8(self.disk.read(path).unwrap()).unwrap();
        self.open(path, &text);
    }

    /// Changes a document.
    pub fn change(&mut self, path: &str, changes: Value) {
        let uri = uri(path);
        let version = self.versions.get_mut(&uri).unwrap();
        *version += 1;
        let document = json!({ "uri": uri, "version": version });
        let params = json!({ "textDocument": document, "contentChanges": changes });
        self.notify("textDocument/didChange", params);
    }

    /// Replaces the text of a document.
    pub fn replace(&mut self, path: &str, text: &str) {
        self.change(path, json!([{ "text": text }]));
    }

    /// Closes a document.
    pub fn close(&mut self, path: &str) {
        self.versions.remove(&uri(path));
        self.notify("textDocument/didClose", json!({ "textDocument": { "uri": uri(path) } }));
    }

    /// The codes of the findings in a document.
    pub fn codes(&self, path: &str) -> Vec<&str> {
        let found = self.findings.get(&uri(path)).map_or(&[][..], Vec::as_slice);
        found.iter().map(|found| found["code"].as_str().unwrap()).collect()
    }

    /// Asks about a place of a document.
    pub fn at(&mut self, method: &str, path: &str, position: Value) -> Value {
        let params = json!({ "textDocument": { "uri": uri(path) }, "position": position });
        self.request(method, params).unwrap()
    }
}

/// The URI of a path without characters that would have to be encoded.
pub fn uri(path: &str) -> String {
    match path.starts_with('/') {
        true => format!("file://{path}"),
        false => path.to_owned(),
    }
}

/// The position of the first place of a part of a text, `skip` bytes into it, in UTF-16.
pub fn position(text: &str, part: &str, skip: usize) -> Value {
    let at = text.find(part).unwrap_or_else(|| panic!("no `{part}`")) + skip;
    let before = &text[..at];
    let line = before.matches('\n').count();
    let column = before.rsplit('\n').next().unwrap().encode_utf16().count();
    json!({ "line": line, "character": column })
}

/// An appliance without findings of the core.
pub const SOUND: &str = r#"{
  "id": "shop",
  "containers": [
    {
      "id": "db", "type": "service", "image": "postgres:17",
      "resources": { "cpus": 1, "mem": 512 },
      "ports": [{ "container_port": 5432, "protocol": "tcp" }]
    },
    {
      "id": "web", "type": "service", "image": "nginx:1.27",
      "resources": { "cpus": 1, "mem": 512 },
      "dependencies": ["db"],
      "env": { "SMILE": "😀 @db:5432" }
    }
  ]
}
"#;
