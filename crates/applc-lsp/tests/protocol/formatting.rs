//! Formatting changes the layout alone.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use applc::diag::Findings;
use applc::source::Source;
use applc::syntax::{Kind, Member, Node};
use fastrand::Rng;
use serde_json::json;

use crate::client::{Client, SOUND, uri};

/// A client with a project, in which `a.prod.yaml` and `a.prod.json` are overlays.
fn client() -> Client {
    let project = "[environments.prod]\noverlay = [\"{name}.prod.yaml\", \"{name}.prod.json\"]\n";
    Client::with(&[("/p/applc.toml", project), ("/p/a.appliance.json", SOUND)])
}

/// The text of a document after it was formatted. `None` if it is not.
fn formatted(client: &mut Client, path: &str, text: &str) -> Option<String> {
    client.open(path, text);
    let params = json!({
        "textDocument": { "uri": uri(path) }, "options": { "tabSize": 8, "insertSpaces": false },
    });
    let answer = client.request("textDocument/formatting", params).unwrap();
    let edits = answer.as_array()?.clone();
    assert!(edits.len() < 2, "{edits:?}");
    for edit in edits {
        client.change(path, json!([{ "range": edit["range"], "text": edit["newText"] }]));
    }
    let after = client.server.text(path).map(str::to_owned);
    client.close(path);
    after
}

#[test]
fn comments_and_line_breaks_stay() {
    let json = "// é😀\r\n{\"id\":\"a\", /* b */\r\n    \"containers\":[ ]// c\r\n}";
    let after = "// é😀\r\n{\r\n  \"id\": \"a\", /* b */\r\n  \"containers\": [] // c\r\n}\r\n";
    assert_eq!(formatted(&mut client(), "/p/b.appliance.json", json).as_deref(), Some(after));
    let yaml = "# é😀\nid:   a\ncontainers:\n-   id: web   # one\n    resources: &r {cpus: 1,\n      mem: 2}\n    cmd: |\n        x\n          y\n\n-   {id: db, resources: *r}\n";
    let after = "# é😀\nid: a\ncontainers:\n  - id: web # one\n    resources: &r {\n      cpus: 1,\n      mem: 2,\n    }\n    cmd: |\n      x\n        y\n\n  - { id: db, resources: *r }\n";
    let found = formatted(&mut client(), "/p/b.appliance.yaml", yaml).unwrap();
    assert_eq!(formatted(&mut client(), "/p/b.appliance.yaml", &found).as_ref(), Some(&found));
    for part in ["# é😀\nid: a\n", "- id: web # one\n", "&r", "*r", "  - { id: db"] {
        assert!(found.contains(part), "{part} {found} {after}");
    }
}

#[test]
fn only_appliances_and_overlays_without_errors_are_formatted() {
    let overlay = formatted(
        &mut client(),
        "/p/a.prod.yaml",
        "containers: {web: {ports: {80: {host_port: 81}}}}\n",
    );
    assert_eq!(
        overlay.as_deref(),
        Some("containers: { web: { ports: { 80: { host_port: 81 } } } }\n")
    );
    assert!(formatted(&mut client(), "/p/a.prod.json", "{\"id\":1}").is_some());
    for (path, text) in [
        ("/p/b.appliance.json", "{ \"id\":  \"a\", }}"),
        ("/p/b.appliance.json", ""),
        ("/p/b.appliance.json", "{ \"id\":  \"a\", \"id\": \"b\" }"),
        ("/p/b.appliance.yaml", "id:  a\n b: c\n"),
        ("/p/b.appliance.yaml", "containers: {80:  a}\n"),
        ("/p/applc.toml", "default-targets  = []\n"),
        ("/p/b.json", "{\"id\":1}"),
    ] {
        assert_eq!(formatted(&mut client(), path, text), None, "{path}: {text}");
    }
    // What is too deep for the libraries.
    for depth in [13, 60, 127] {
        let text = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        assert_eq!(formatted(&mut client(), "/p/b.appliance.json", &text), None);
        assert_eq!(formatted(&mut client(), "/p/b.appliance.yaml", &text), None);
    }
    let wide = format!("a:\n{}b: 1\n", " ".repeat(70));
    assert_eq!(formatted(&mut client(), "/p/b.appliance.yaml", &wide), None);
}

/// The texts of a folder, with the paths that they are opened as.
fn texts(folder: &str) -> Vec<(String, String, String)> {
    let mut texts = Vec::new();
    for file in fs::read_dir(applc_testing::repository(folder)).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let Some((_, ending @ ("json" | "jsonc" | "yaml" | "yml"))) = name.rsplit_once('.') else {
            continue;
        };
        let text = fs::read(applc_testing::repository(&format!("{folder}/{name}"))).unwrap();
        let Ok(text) = String::from_utf8(text) else { continue };
        texts.push((name.clone(), format!("/p/b.appliance.{ending}"), text));
    }
    texts.sort();
    texts
}

/// The value of a text without errors of syntax, as text.
fn value(path: &str, text: &str) -> Option<String> {
    fn shown(node: &Node) -> String {
        match &node.kind {
            Kind::Array(items) => format!("[{}]", items.iter().map(shown).collect::<String>()),
            Kind::Object(object) => {
                let member = |one: &Member| format!("{:?}{}", one.key.value, shown(&one.value));
                format!("{{{}}}", object.members.iter().map(member).collect::<String>())
            }
            kind => format!("{kind:?},"),
        }
    }
    let (source, error) = Source::from_bytes(path, text.as_bytes().to_vec());
    let mut findings = Findings::new();
    let root = applc::syntax::parse(&source, &mut findings)?;
    (error.is_none() && !findings.has_errors()).then(|| shown(&root))
}

#[test]
fn examples_have_the_style_already() {
    let mut client = client();
    let mut changed = Vec::new();
    for (name, path, text) in texts("examples") {
        let after = formatted(&mut client, &path, &text).unwrap_or_else(|| panic!("{name}"));
        if after != text {
            changed.push(name);
        }
    }
    // Spaces inside `[ ]`, lines with two arguments each, single quotes, and comments in a column.
    let known = [
        "data-lab.yaml",
        "slurm-cluster.json",
        "spark-livy.json",
        "web-stack.json",
        "workflow-launcher.json",
    ];
    assert_eq!(changed, known);
}

#[test]
fn what_is_valid_is_formatted_once() {
    let mut client = client();
    let (mut done, mut not_done) = (0, Vec::new());
    let syntax = texts("tests/diagnostics/syntax");
    for (name, path, text) in
        texts("examples").into_iter().chain(texts("tests/corpus")).chain(syntax)
    {
        match formatted(&mut client, &path, &text) {
            None if value(&path, &text).is_some() => not_done.push(name),
            None => {}
            Some(after) => {
                let again = formatted(&mut client, &path, &after);
                assert_eq!(again.as_ref(), Some(&after), "{name}");
                assert_eq!(value(&path, &after), value(&path, &text), "{name}");
                done += 1;
            }
        }
    }
    assert!(done > 50, "{done}");
    // `#` does not start a comment in JSON: a warning here, an error for the library.
    assert_eq!(not_done, ["comment-hash.json"]);
}

#[test]
fn no_text_is_too_much() {
    let mut random = Rng::with_seed(7);
    let mut client = client();
    let all: Vec<_> = texts("examples").into_iter().chain(texts("tests/corpus")).collect();
    let pieces = [
        " ", "\n", "\r\n", "  ", "# x\n", "// x\n", "/* x */", ",", "\"", "'", "{", "[", "- ",
        "&a ", "*a", "|\n", ">\n", "?", ": ", "é😀", "\t", "!t ", "---\n",
    ];
    let mut done = 0;
    for _ in 0..applc_testing::cases(400) {
        let (_, path, text) = &all[random.usize(..all.len())];
        let mut text = text.clone();
        for _ in 0..random.usize(1..4) {
            let mut at = random.usize(..=text.len());
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            text.insert_str(at, pieces[random.usize(..pieces.len())]);
        }
        let after = catch_unwind(AssertUnwindSafe(|| formatted(&mut client, path, &text)));
        let after = after.unwrap_or_else(|_| panic!("{path}:\n{text}"));
        let Some(after) = after else { continue };
        done += 1;
        assert_eq!(value(path, &after), value(path, &text), "{path}:\n{text}\n=\n{after}");
        let again = formatted(&mut client, path, &after);
        assert!(
            again.is_none() || again.as_ref() == Some(&after),
            "{path}:\n{text}\n=\n{after}\n=\n{again:?}"
        );
    }
    assert!(done > 50, "{done}");
}

#[test]
fn large_files_are_left_alone() {
    for (path, start) in
        [("/p/b.appliance.json", "{\"id\":   \"a\"}\n//"), ("/p/b.appliance.yaml", "id:   a\n# ")]
    {
        for (length, is_formatted) in [(1_000_000, true), (1_000_001, false)] {
            let text = format!("{start}{}\n", "x".repeat(length - start.len() - 1));
            assert_eq!(text.len(), length);
            let after = formatted(&mut client(), path, &text);
            assert_eq!(after.is_some_and(|after| after != text), is_formatted, "{path} {length}");
        }
    }
}
