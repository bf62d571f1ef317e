//! Documents are what the client says, whatever it sends.

use gen_lsp_types::{Position, Range};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::client::{Client, SOUND};

const PATH: &str = "/p/a.appliance.json";

/// What a client does to its own text: a range in UTF-16, and what replaces it.
fn apply(text: &mut String, range: Range, new: &str) {
    let index = |position: Position| -> usize {
        let lines: Vec<&str> = text.split('\n').collect();
        let before: usize = lines[..position.line as usize].iter().map(|line| line.len() + 1).sum();
        let mut units = 0;
        let line = lines[position.line as usize];
        let end = line.char_indices().find(|(_, c)| {
            let is_there = units >= position.character as usize;
            units += c.len_utf16();
            is_there
        });
        before + end.map_or(line.len(), |(at, _)| at)
    };
    let (start, end) = (index(range.start), index(range.end));
    text.replace_range(start..end, new);
}

fn places(text: &str) -> Vec<Position> {
    let mut places = Vec::new();
    for (line, content) in text.split('\n').enumerate() {
        let mut character = 0;
        for c in content.chars() {
            places.push(Position { line: line as u32, character });
            character += c.len_utf16() as u32;
        }
        places.push(Position { line: line as u32, character });
    }
    places
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn edits_equal_the_full_text(
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0usize..12, "[a-b\"{}:,\\né😀]{0,6}", any::<bool>()),
            1..8,
        ),
    ) {
        let mut client = Client::with(&[]);
        client.open(PATH, SOUND);
        let mut text = SOUND.to_owned();
        let mut changes = Vec::new();
        for (at, length, new, ends) in edits {
            let places = places(&text);
            let from = at.index(places.len());
            let to = (from + length).min(places.len() - 1);
            let range = Range { start: places[from], end: places[to] };
            apply(&mut text, range, &new);
            changes.push(json!({ "range": range, "text": new }));
            if ends {
                client.change(PATH, Value::Array(std::mem::take(&mut changes)));
            }
        }
        client.change(PATH, Value::Array(changes));
        client.settle();
        let mut other = Client::with(&[]);
        other.open(PATH, &text);
        other.settle();
        prop_assert_eq!(client.server.text(PATH), Some(text.as_str()));
        prop_assert_eq!(client.findings.get("file:///p/a.appliance.json"), other.findings.get("file:///p/a.appliance.json"));
    }
}

/// The documents of the examples: where they are opened, and their texts.
fn examples() -> Vec<(String, String)> {
    let mut examples = vec![
        ("/p/applc.toml".to_owned(), applc_testing::read("examples/project/applc.toml")),
        ("/t/target.toml".to_owned(), applc_testing::read("examples/targets/swarm/target.toml")),
    ];
    for folder in ["examples", "examples/project/apps/storefront"] {
        let files = std::fs::read_dir(applc_testing::repository(folder)).unwrap();
        for file in files.map(|file| file.unwrap().file_name().into_string().unwrap()) {
            let Some((name, ending @ ("json" | "yaml"))) = file.rsplit_once('.') else { continue };
            let text = applc_testing::read(&format!("{folder}/{file}"));
            let name =
                if folder == "examples" { format!("{name}.appliance") } else { name.to_owned() };
            examples.push((format!("/p/apps/{name}.{ending}"), text));
        }
    }
    assert!(examples.len() > 15, "{}", examples.len());
    examples
}

#[test]
fn no_truncated_document_is_too_much() {
    let yaml = "id: shop\ncontainers:\n- id: web\n  type: service\n  image: \"n:1\" # é😀\n  env: {A: '@web', B: \"é😀\"}\n";
    let is_deep = std::env::var_os(applc_testing::DEEP).is_some();
    let saved = examples();
    let saved: Vec<(&str, &str)> =
        saved.iter().map(|(p, text)| (p.as_str(), text.as_str())).collect();
    let small = [("/s/a.appliance.json", SOUND), ("/s/a.appliance.yaml", yaml)];
    let small = small.into_iter().map(|(path, text)| (path, text, 1));
    let examples = saved.iter().map(|(path, text)| (*path, *text, if is_deep { 1 } else { 61 }));
    for (path, text, every) in small.chain(examples) {
        let mut client = Client::with(&saved);
        client.open(path, "");
        let ends = (0..text.len()).filter(|end| text.is_char_boundary(*end));
        for end in ends.step_by(every) {
            client.replace(path, &text[..end]);
            client.settle();
            for method in
                ["definition", "references", "documentHighlight", "hover", "prepareRename"]
            {
                let params = json!({
                    "textDocument": { "uri": crate::client::uri(path) },
                    "position": { "line": 9999, "character": 9999 },
                    "context": { "includeDeclaration": true },
                });
                let _ = client.request(&format!("textDocument/{method}"), params);
            }
        }
        assert!(!client.findings.is_empty(), "{path}");
    }
}

#[test]
fn a_newer_edit_drops_the_work_of_an_older_one() {
    let files = [("/p/applc.toml", "default-targets = [\"compose\", \"nomad\"]\n")];
    let mut client = Client::with(&files);
    client.open(PATH, SOUND);
    // The document, its analysis, and two targets; then the folder, what is kept of the appliance, and the comparison.
    let mut steps = 0;
    while client.step() {
        steps += 1;
    }
    assert_eq!(steps, 7);
    client.replace(PATH, &SOUND.replace("shop", "one"));
    assert!(client.step());
    client.replace(PATH, &SOUND.replace("shop", "two"));
    client.replace(PATH, &SOUND.replace("shop", "three"));
    let mut steps = 0;
    while client.step() {
        steps += 1;
    }
    assert_eq!(steps, 5);
}

#[test]
fn names_that_are_not_utf_8_are_names_of_different_documents() {
    let (one, other) = ("file:///p/%ff.appliance.json", "file:///p/%FE.appliance.json");
    let mut client = Client::with(&[("/p/\u{fffd}.appliance.json", "{}")]);
    client.open(one, SOUND);
    client.open(other, "{");
    client.settle();
    assert_eq!((client.codes(one).len(), client.codes(other)), (0, vec!["E0105"]));
    client.replace(one, &SOUND.replace("\"image\"", "\"imge\""));
    client.close(other);
    client.settle();
    assert_eq!(client.codes(other), [""; 0]);
    assert!(client.codes(one).contains(&"E0201"), "{:?}", client.findings);
    let symbols = client
        .request("textDocument/documentSymbol", json!({ "textDocument": { "uri": one } }))
        .unwrap();
    assert!(symbols.to_string().contains("web"), "{symbols}");
    let preview = format!("applc-preview:/compose/compose.yaml?source={one}");
    let refused =
        client.request("workspace/textDocumentContent", json!({ "uri": preview })).unwrap_err();
    assert!(!refused.message.is_empty());
}
