//! `cargo bench -p applc-lsp --bench projects` measures the server in a project of 1,000 appliances with overlays, on disk:
//! CPU time of the thread, and the most memory that the process had. Fails if a bar is missed. Linux only.

mod measure;

use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{fs, io};

use applc::World;
use applc_lsp::{Entry, EntryKind, Files, Message, Server};
use lsp_server::{Notification, Request, RequestId};
use measure::{median, now, peak};
use serde_json::{Value, json};

const APPLIANCES: usize = 1_000;

/// The disk.
struct Disk;

impl World for Disk {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn list(&self, _: &str) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

impl Files for Disk {
    fn entries(&self, folder: &str) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = match entry.file_type()?.is_dir() {
                true => EntryKind::Folder,
                false => EntryKind::File,
            };
            entries.push(Entry { name: entry.file_name().to_string_lossy().into_owned(), kind });
        }
        Ok(entries)
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).exists()
    }
}

/// An editor and its server.
struct Editor {
    server: Server,
    root: PathBuf,
    version: i32,
}

impl Editor {
    fn start(root: &Path) -> Editor {
        let mut server = Server::new(Box::new(Disk), None);
        let params = json!({ "processId": null, "rootUri": null, "capabilities": {} });
        let id = RequestId::from(1);
        server.handle(Request { id, method: "initialize".to_owned(), params }.into());
        let mut editor = Editor { server, root: root.to_owned(), version: 1 };
        editor.notify("initialized", json!({}));
        editor
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.server.handle(Notification { method: method.to_owned(), params }.into());
    }

    fn uri(&self, path: &str) -> String {
        format!("file://{}/{path}", self.root.display())
    }

    fn open(&mut self, path: &str) {
        let text = fs::read_to_string(self.root.join(path)).expect("it is there");
        let document =
            json!({ "uri": self.uri(path), "languageId": "json", "version": 1, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// A space comes, or goes.
    fn edit(&mut self, path: &str) {
        self.version += 1;
        let is_even = self.version % 2 == 0;
        let end = json!({ "line": 0, "character": if is_even { 1 } else { 2 } });
        let range = json!({ "start": { "line": 0, "character": 1 }, "end": end });
        let change = json!({ "range": range, "text": if is_even { " " } else { "" } });
        let params = json!({
            "textDocument": { "uri": self.uri(path), "version": self.version },
            "contentChanges": [change],
        });
        self.notify("textDocument/didChange", params);
    }

    fn settle(&mut self) {
        while self.server.step().is_some() {}
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        let id = RequestId::from(2);
        let said = self.server.handle(Request { id, method: method.to_owned(), params }.into());
        let answer = said.into_iter().find_map(|message| match message {
            Message::Response(answer) => Some(answer),
            _ => None,
        });
        answer.and_then(|answer| answer.response_result.ok()).expect("it is answered")
    }

    fn rename(&mut self, path: &str, line: u32, character: u32) -> usize {
        let params = json!({
            "textDocument": { "uri": self.uri(path) },
            "position": { "line": line, "character": character },
            "newName": "renamed",
        });
        let answer = self.request("textDocument/rename", params);
        answer["changes"].as_object().expect("it has edits").len()
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = now();
    let result = work();
    (result, now() - start)
}

/// The medians of edits, by the clock, as they take less than the CPU time is counted in: to the findings of the core, and
/// to all findings.
fn edits(editor: &mut Editor, path: &str) -> (f64, f64) {
    let (mut core, mut all) = (Vec::new(), Vec::new());
    for _ in 0..30 {
        let start = Instant::now();
        editor.edit(path);
        editor.server.step();
        core.push(start.elapsed().as_secs_f64() * 1e3);
        editor.settle();
        all.push(start.elapsed().as_secs_f64() * 1e3);
    }
    (median(core), median(all))
}

/// The median of an edit to all findings, of one of the appliances in a project of its own.
fn edits_alone() -> f64 {
    let folder = std::env::temp_dir().join(format!("applc-lsp-bench-one-{}", std::process::id()));
    let files = write(&folder, 1, false);
    let mut editor = Editor::start(&folder);
    let appliance = &files.last().expect("it has files").0;
    editor.open(appliance);
    editor.settle();
    let (_, all) = edits(&mut editor, appliance);
    fs::remove_dir_all(&folder).expect("it is removed");
    all
}

/// Writes the files of a project.
fn write(folder: &Path, appliances: usize, has_folders: bool) -> Vec<(String, String)> {
    let files = applc_testing::project_of(appliances, has_folders);
    for (path, text) in &files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("it is made");
        fs::write(path, text).expect("it is written");
    }
    files
}

/// A bar that is met or not.
struct Bars(bool);

impl Bars {
    fn hold(&mut self, what: &str, measured: f64, bar: f64) {
        let verdict = if measured <= bar { "" } else { "  MISSED" };
        self.0 &= measured <= bar;
        println!("{what:55} {measured:8.2}  bar {bar:6.1}{verdict}");
    }
}

fn measure(has_folders: bool, bars: &mut Bars) {
    let folder = std::env::temp_dir().join(format!("applc-lsp-bench-{}", std::process::id()));
    let files = write(&folder, APPLIANCES, has_folders);
    let find = |end: &str| files.iter().find(|(path, _)| path.ends_with(end)).unwrap().0.clone();
    let appliance = find("/app500.appliance.json");
    let alone = edits_alone();
    let overlay = find("/app500.prod.yaml");
    let mut editor = Editor::start(&folder);
    editor.open(&appliance);
    let (_, first) = timed(|| {
        editor.server.step();
        editor.server.step()
    });
    bars.hold("an appliance is opened: findings of the language, ms", first, 50.0);
    let (_, rest) = timed(|| editor.settle());
    println!("{:55} {rest:8.2}", "all that waits then, ms");
    let (core, all) = edits(&mut editor, &appliance);
    bars.hold("an edit: findings of the language, ms", core, 2.0);
    bars.hold("an edit: all that waits, ms", all, 5.0);
    println!("{:55} {:8.2}", "the same in a project without others, ms", alone);
    let (_, symbols) = timed(|| editor.request("workspace/symbol", json!({ "query": "web" })));
    println!("{:55} {symbols:8.2}", "symbols of the whole project, ms");
    let (_, opened) = timed(|| {
        editor.open(&overlay);
        editor.settle();
    });
    bars.hold("an overlay is opened: all findings, ms", opened, 100.0);
    let start = Instant::now();
    let count = editor.rename(&overlay, 2, 3);
    let rename = start.elapsed().as_secs_f64() * 1e3;
    assert_eq!(count, 3, "the appliance and both overlays");
    bars.hold("renaming in an appliance and its overlays, ms", rename, 200.0);
    bars.hold("memory, MB", peak(), 200.0);
    let (_, all) = timed(|| {
        for (path, _) in &files {
            editor.open(path);
        }
        editor.settle();
    });
    println!("{:55} {all:8.2}", format!("all {} files are opened, ms", files.len()));
    let (core, all) = edits(&mut editor, &appliance);
    println!("{:55} {core:8.2}", "an edit: findings of the language, ms");
    println!("{:55} {all:8.2}", "an edit: all that waits, ms");
    bars.hold("memory, MB", peak(), 200.0);
    fs::remove_dir_all(&folder).expect("it is removed");
}

fn main() {
    let mut bars = Bars(true);
    println!("{APPLIANCES} appliances, each in a folder of its own:");
    measure(true, &mut bars);
    println!("{APPLIANCES} appliances in one folder:");
    measure(false, &mut bars);
    if !bars.0 {
        std::process::exit(1);
    }
}
