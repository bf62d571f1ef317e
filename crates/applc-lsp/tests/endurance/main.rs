//! A long session: random edits of the documents of a project, which a model of plain texts follows. Nothing drifts, and
//! nothing is kept.
//!
//! A package of its own among the tests, because it counts all memory of the process.

#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../protocol/client.rs"]
mod client;
mod model;

use std::collections::BTreeMap;
use std::time::Instant;

use applc_testing::DEEP;
use fastrand::Rng;
use peak_alloc::PeakAlloc;
use serde_json::{Value, json};

use crate::client::{Client, SOUND, uri};
use crate::model::Model;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What memory may grow by from the first time that it is counted, in bytes: by what is made once for the process. One
/// text kept for each message would be more by far.
const MAY_GROW: usize = 256 << 10;

const PROJECT: &str = r#"# é😀
appliances = ["*.appliance.*"]
default-targets = ["compose", "kubernetes"]

[diagnostics]
allow = ["W0401"]

[environments.dev]
[environments.prod]
overlay = "{name}.prod.yaml"
compile-for = ["nomad", "marathon"]
"#;

const OVERLAY: &str = "# 😀 é
containers:
  web: { instances: 2, env: { SMILE: \"é😀 @db:5432\", MORE: '@db' } }
  db:
    resources: { mem: 1024 }
";

const COMMENTED: &str = r#"// 😀 é
{
  "id": "lab", /* 😀 */ "containers": [
    { "id": "notebook", "type": "service", "image": "jupyter/scipy-notebook:python-3.11", // é
      "resources": { "cpus": 2, "mem": 4096, },
      "ports": [{ "container_port": 8888 }], "volumes": [{ "src": "tables", "dest": "/t" }],
      "env": { "TOKEN": "😀", "ÄÖ": "@notebook:8888" } },
  ],
  "data_persistence": { "volumes": [{ "id": "tables" }] },
}
"#;

const ANCHORS: &str = "# 😀
id: data
containers:
- &base
  id: one
  type: service
  image: \"n:1\" # é😀
  resources: &small {cpus: 0.5, mem: 256}
  ports: [{container_port: 80, name: 'http'}]
  env: {A: '@one', B: \"é😀\\u00e9\"}
- id: two
  type: job
  image: n:1
  resources: *small
  dependencies: [one]
  cmd: |
    set -eu
    echo 😀 @one:80
";

/// The documents: path, language, text.
fn documents() -> Vec<(&'static str, &'static str, String)> {
    vec![
        ("/p/applc.toml", "toml", PROJECT.to_owned()),
        ("/p/shop.appliance.json", "json", SOUND.replace('\n', "\r\n")),
        ("/p/shop.prod.yaml", "yaml", OVERLAY.to_owned()),
        ("/p/lab.appliance.jsonc", "jsonc", COMMENTED.to_owned()),
        ("/p/data.appliance.yaml", "yaml", ANCHORS.to_owned()),
    ]
}

/// What is asked about a place.
const REQUESTS: [&str; 14] = [
    "hover",
    "completion",
    "definition",
    "references",
    "documentHighlight",
    "prepareRename",
    "documentSymbol",
    "foldingRange",
    "selectionRange",
    "documentLink",
    "codeLens",
    "inlayHint",
    "codeAction",
    "semanticTokens/full",
];

const PREVIEW: &str = "applc-preview:/compose/compose.yaml?source=file:///p/shop.appliance.json";

/// A client that shows documents of the server, and has everything open.
struct Session {
    client: Client,
    models: BTreeMap<&'static str, Model>,
}

impl Session {
    fn start(texts: &BTreeMap<&'static str, String>) -> Session {
        let capabilities = json!({
            "workspace": { "textDocumentContent": {}, "inlayHint": { "refreshSupport": true } },
            "textDocument": {
                "publishDiagnostics": { "relatedInformation": true, "codeDescriptionSupport": true },
                "hover": { "contentFormat": ["markdown"] },
            },
        });
        let saved = documents();
        let saved: Vec<(&str, &str)> =
            saved.iter().map(|(path, _, text)| (*path, text.as_str())).collect();
        let mut session = Session {
            client: Client::started(&saved, capabilities, Value::Null),
            models: BTreeMap::new(),
        };
        for (path, language, _) in documents() {
            session.client.open_as(path, language, &texts[path]);
            session.models.insert(path, Model::of(&texts[path]));
        }
        session.client.settle();
        session
    }

    fn texts(&self) -> BTreeMap<&'static str, String> {
        self.models.iter().map(|(path, model)| (*path, model.text.clone())).collect()
    }

    /// What the client has been told is wrong with the documents, a line for each finding.
    fn findings(&self) -> Vec<String> {
        let ours = |(path, _): &(&String, &Vec<Value>)| path.starts_with("file:");
        let all = self.client.findings.iter().filter(ours);
        all.flat_map(|(path, found)| found.iter().map(move |one| format!("{path} {one}"))).collect()
    }

    /// What the server answers about a place, whether it is an error or not.
    fn answers(&mut self, path: &str, position: &Value) -> Vec<String> {
        let context = json!({ "includeDeclaration": true, "triggerKind": 1, "diagnostics": [] });
        let params = json!({
            "textDocument": { "uri": uri(path) }, "position": position, "positions": [position],
            "range": { "start": position, "end": position }, "context": context,
        });
        let mut answers = Vec::new();
        for method in REQUESTS {
            let answer = self.client.request(&format!("textDocument/{method}"), params.clone());
            let mut answer = answer.unwrap_or_else(|error| json!({ "error": error.message }));
            if method == "codeLens" {
                // An appliance with errors has the previews from before.
                let lenses = answer.as_array_mut().unwrap();
                lenses.retain(|lens| lens["command"]["command"] != "applc.preview");
            }
            answers.push(format!("{method}: {answer}"));
        }
        answers
    }

    /// One message of edits, or a document that is closed and opened again; and some of the work that follows.
    fn step(&mut self, random: &mut Rng) {
        // An edit of the project makes all anew, and hides what is stale.
        let at = if random.usize(..30) == 0 { 0 } else { random.usize(1..self.models.len()) };
        let (path, language, _) = documents().swap_remove(at);
        let Some(model) = self.models.get_mut(path) else { return };
        if random.usize(..300) == 0 {
            self.client.close(path);
            (0..random.usize(..3)).for_each(|_| _ = self.client.step());
            self.client.open_as(path, language, &model.text);
        } else {
            let changes = model.changes(random);
            self.client.change(path, Value::Array(changes));
        }
        assert_eq!(self.client.server.text(path), Some(model.text.as_str()), "{path}");
        match random.usize(..12) {
            0 => self.client.settle(),
            // Part of it, before the next edit comes.
            1..4 => _ = self.client.step(),
            _ => {}
        }
        if random.usize(..40) == 0 {
            let position = model.anywhere(random);
            self.answers(path, &position);
            let _ = self.client.request("workspace/textDocumentContent", json!({ "uri": PREVIEW }));
        }
    }

    /// Puts most documents in order, as little is found in one while another one is broken.
    fn put_in_order(&mut self, random: &mut Rng) {
        for (path, model) in self.models.iter_mut().filter(|_| random.usize(..4) > 0) {
            self.client.change(path, Value::Array(model.take_all_back()));
        }
        self.client.settle();
    }

    /// The same texts in a server that starts now have the same findings, and the same answers.
    fn equals_a_fresh_one(&mut self, random: &mut Rng) {
        self.client.settle();
        let texts = self.texts();
        let mut fresh = Session::start(&texts);
        assert_eq!(self.findings(), fresh.findings(), "{texts:#?}");
        let (path, ..) = documents().swap_remove(random.usize(..self.models.len()));
        let position = self.models[path].anywhere(random);
        let answers = fresh.answers(path, &position);
        assert_eq!(self.answers(path, &position), answers, "{path} {position} {texts:#?}");
    }

    /// The bytes that are used when all documents are as they were at first.
    fn memory(&mut self) -> usize {
        for (path, model) in &mut self.models {
            let change = model.reset();
            self.client.change(path, json!([change]));
        }
        self.client.settle();
        // What a client keeps is not the server's.
        self.client.told = Vec::new();
        self.client.findings.retain(|_, found| !found.is_empty());
        MEMORY.current_usage()
    }
}

#[test]
fn a_long_session_neither_drifts_nor_leaks() {
    let is_deep = std::env::var_os(DEEP).is_some();
    let (early, last, every) = if is_deep { (10_000, 100_000, 50) } else { (500, 1000, 50) };
    let mut random = Rng::with_seed(20_261_127);
    let start = Instant::now();
    let texts = documents().into_iter().map(|(path, _, text)| (path, text)).collect();
    let mut session = Session::start(&texts);
    let mut before = usize::MAX;
    for edit in 1..=last {
        session.step(&mut random);
        if edit % every == every / 2 {
            session.put_in_order(&mut random);
        }
        if edit % every == 0 {
            session.equals_a_fresh_one(&mut random);
        }
        if edit % early == 0 {
            let bytes = session.memory();
            println!("{edit} messages: {bytes} bytes, {:.0?}", start.elapsed());
            before = before.min(bytes);
            assert!(bytes < before + MAY_GROW, "{bytes} bytes after {edit} messages");
        }
    }
}
