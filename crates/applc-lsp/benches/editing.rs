//! `cargo bench -p applc-lsp` measures what an edit costs: CPU time of the thread, from the message to the findings of the
//! core, and to those of all targets. Fails if a bar is missed. Linux only.

mod measure;

use std::io;

use applc::{Memory, World};
use applc_lsp::{Entry, Files, Message, Server};
use lsp_server::{Notification, Request, RequestId};
use measure::{median, now, peak};
use serde_json::{Value, json};

/// The project of the appliance.
struct Project(Memory);

impl World for Project {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        self.0.read(path)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.0.list(folder)
    }
}

impl Files for Project {
    fn entries(&self, _: &str) -> io::Result<Vec<Entry>> {
        Ok(Vec::new())
    }

    fn exists(&self, path: &str) -> bool {
        self.0.read(path).is_ok()
    }
}

const URI: &str = "file:///p/a.appliance.json";

fn notification(method: &str, params: Value) -> Message {
    Notification { method: method.to_owned(), params }.into()
}

fn started() -> Server {
    let file = "default-targets = [\"compose\", \"kubernetes\", \"nomad\", \"marathon\"]\n";
    let mut server =
        Server::new(Box::new(Project(Memory::new().with("/p/applc.toml", file))), None);
    let params = json!({ "processId": null, "rootUri": null, "capabilities": {} });
    let id = RequestId::from(1);
    server.handle(Request { id, method: "initialize".to_owned(), params }.into());
    server.handle(notification("initialized", json!({})));
    server
}

/// The medians for one size: of the findings of the core, and of all findings.
fn edits(containers: usize) -> (usize, f64, f64) {
    let text = applc_testing::many_containers(containers);
    let size = text.len();
    let mut server = started();
    // Behind the brace that the text begins with.
    let at = json!({ "line": 0, "character": 1 });
    let document = json!({ "uri": URI, "languageId": "json", "version": 0, "text": text });
    server.handle(notification("textDocument/didOpen", json!({ "textDocument": document })));
    while server.step().is_some() {}
    let (mut core, mut all) = (Vec::new(), Vec::new());
    for version in 1..=30 {
        // A space comes and goes.
        let end = json!({ "line": 0, "character": if version % 2 == 0 { 2 } else { 1 } });
        let text = if version % 2 == 0 { "" } else { " " };
        let change = json!({ "range": { "start": at, "end": end }, "text": text });
        let params = json!({
            "textDocument": { "uri": URI, "version": version },
            "contentChanges": [change],
        });
        let start = now();
        let mut said = server.handle(notification("textDocument/didChange", params));
        said.extend(server.step().expect("the analysis"));
        core.push(now() - start);
        while let Some(more) = server.step() {
            said.extend(more);
        }
        let written: usize = said.iter().map(|one| serde_json::to_string(one).unwrap().len()).sum();
        std::hint::black_box(written);
        all.push(now() - start);
    }
    (size, median(core), median(all))
}

fn main() {
    let mut is_met = true;
    let mut bar = |what: &str, measured: f64, bar: f64| {
        let verdict = if measured <= bar { "" } else { "  MISSED" };
        is_met &= measured <= bar;
        println!("{what:40} {measured:8.1}  bar {bar:6.1}{verdict}");
    };
    let start = now();
    let server = started();
    bar("ready, ms", now() - start, 50.0);
    drop(server);
    let (size, core, all) = edits(240);
    bar(&format!("{} KB: findings of the core, ms", size / 1000), core, 10.0);
    bar(&format!("{} KB: all findings, ms", size / 1000), all, 15.0);
    let (size, core, all) = edits(2400);
    println!("{:40} {core:8.1}", format!("{} KB: findings of the core, ms", size / 1000));
    bar(&format!("{} KB: all findings, ms", size / 1000), all, 110.0);
    bar("memory, MB", peak(), 100.0);
    if !is_met {
        std::process::exit(1);
    }
}
