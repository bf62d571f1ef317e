//! What a document consists of: symbols, folds, selections, links, colors, and the order of the start.

use serde_json::{Value, json};

use crate::client::{Client, SOUND, position, uri};

const APP: &str = "/p/a.appliance.json";

fn ask(client: &mut Client, method: &str, path: &str) -> Vec<Value> {
    let params = json!({ "textDocument": { "uri": uri(path) } });
    client.request(method, params).unwrap().as_array().cloned().unwrap_or_default()
}

#[test]
fn symbols_are_containers_and_volumes() {
    let nests = json!({ "textDocument": { "documentSymbol": { "hierarchicalDocumentSymbolSupport": true } } });
    let text = SOUND.replace(
        "\"id\": \"shop\",",
        "\"id\": \"shop\", \"data_persistence\": { \"volumes\": [{ \"id\": \"d\" }] },",
    );
    let mut client = Client::started(&[], nests, Value::Null);
    client.open(APP, &text);
    let symbols = ask(&mut client, "textDocument/documentSymbol", APP);
    assert_eq!(symbols.len(), 1);
    assert_eq!(symbols[0]["name"], "shop");
    let inner = symbols[0]["children"].as_array().unwrap();
    let names: Vec<&str> = inner.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["d", "db", "web"]);
    assert_eq!(inner[1]["detail"], "service postgres:17");
    assert_eq!(inner[1]["selectionRange"]["start"], position(&text, "\"db\"", 0));
    assert_eq!(inner[1]["range"]["start"], position(&text, "{\n      \"id\": \"db\"", 0));
    // A client that knows no inner symbols has a list; a half-typed text has what is there.
    let mut client = Client::with(&[]);
    let half = text.split("\"dependencies\"").next().unwrap();
    client.open(APP, half);
    let symbols = ask(&mut client, "textDocument/documentSymbol", APP);
    let names: Vec<&str> = symbols.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["d", "db", "web"]);
    assert_eq!(symbols[0]["location"]["uri"], uri(APP));
}

#[test]
fn symbols_of_the_workspace_are_found_by_their_letters() {
    let mut client = Client::with(&[]);
    client.open(APP, SOUND);
    client.open("/p/b.appliance.json", &SOUND.replace("\"shop\"", "\"other\""));
    client.settle();
    let find = |client: &mut Client, query: &str| -> Vec<(String, String)> {
        let found = client.request("workspace/symbol", json!({ "query": query })).unwrap();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let one = |symbol: &Value| (word(&symbol["name"]), word(&symbol["containerName"]));
        found.as_array().unwrap().iter().map(one).collect()
    };
    let pair = |name: &str, of: &str| (name.to_owned(), of.to_owned());
    assert_eq!(find(&mut client, "WB"), [pair("web", "shop"), pair("web", "other")]);
    assert_eq!(find(&mut client, "").len(), 4);
    assert!(find(&mut client, "bw").is_empty());
    // Also right after a change.
    client.open(APP, &SOUND.replace("\"web\"", "\"front\""));
    assert_eq!(find(&mut client, "front"), [pair("front", "shop")]);
    client.open(APP, "web");
    assert_eq!(find(&mut client, ""), [pair("db", "other"), pair("web", "other")]);
}

#[test]
fn several_lines_fold_and_brackets_stay() {
    let folds = |path: &str, text: &str| -> Vec<(u64, u64)> {
        let mut client = Client::with(&[]);
        client.open(path, text);
        let line = |value: &Value| value.as_u64().unwrap();
        ask(&mut client, "textDocument/foldingRange", path)
            .iter()
            .map(|one| (line(&one["startLine"]), line(&one["endLine"])))
            .collect()
    };
    assert_eq!(folds(APP, SOUND), [(0, 14), (2, 13), (3, 6), (8, 12)]);
    let yaml = "id: a\ncontainers:\n  - id: w\n    env:\n      A: x\n      B: y\n  - id: v\n";
    assert_eq!(folds("/p/a.appliance.yaml", yaml), [(0, 6), (1, 6), (2, 5), (3, 5)]);
}

#[test]
fn a_selection_grows_to_what_is_around() {
    let mut client = Client::with(&[]);
    client.open(APP, SOUND);
    let params = json!({
        "textDocument": { "uri": uri(APP) },
        "positions": [position(SOUND, "@db", 1), position(SOUND, "SMILE", 2)],
    });
    let found = client.request("textDocument/selectionRange", params).unwrap();
    let texts = |mut range: &Value| {
        let mut starts = Vec::new();
        while !range.is_null() {
            starts.push((range["range"]["start"].clone(), range["range"]["end"].clone()));
            range = &range["parent"];
        }
        starts
    };
    let line = SOUND.lines().position(|line| line.contains("SMILE")).unwrap();
    let on_line = |from: &Value, to: u64| (from.clone(), json!({ "line": line, "character": to }));
    let value = texts(&found[0]);
    // Two units for the emoji.
    let end = position(SOUND, "@db:5432", 8)["character"].as_u64().unwrap();
    assert_eq!(value[0], on_line(&position(SOUND, "😀", 0), end));
    assert_eq!(value[1], on_line(&position(SOUND, "\"😀", 0), end + 1));
    assert_eq!(value[2], on_line(&position(SOUND, "\"SMILE", 0), end + 1));
    let key = texts(&found[1]);
    assert_eq!(key[0].0, position(SOUND, "SMILE", 0));
    assert_eq!(key[1].0, position(SOUND, "\"SMILE", 0));
    assert_eq!(key[2], value[2]);
    assert_eq!(key.last(), value.last());
}

#[test]
fn a_selection_is_inside_of_the_document() {
    let mut client = Client::with(&[]);
    client.open(APP, "{}\n\n");
    let far = json!({ "line": 9, "character": 9 });
    let params = json!({ "textDocument": { "uri": uri(APP) }, "positions": [far] });
    let found = client.request("textDocument/selectionRange", params).unwrap();
    let end = json!({ "line": 2, "character": 0 });
    assert_eq!(found, json!([{ "range": { "start": end, "end": end } }]));
}

#[test]
fn files_that_are_there_have_links() {
    let text = r#"{"$schema": "https://example.org/s.json", "id": "a", "containers": [{"id": "w", "files": [
        {"source": "😀/../conf/a b.ini", "dest": "/a"}, {"source": "none.ini", "dest": "/b"}],
        "build": {"context": "../web", "dockerfile": "D"}}]}"#;
    let mut client =
        Client::with(&[("/p/conf/a b.ini", ""), ("/web/D", ""), ("/web/Dockerfile", "")]);
    client.open(APP, text);
    let links = ask(&mut client, "textDocument/documentLink", APP);
    let targets: Vec<&str> = links.iter().map(|link| link["target"].as_str().unwrap()).collect();
    let expected = [
        "https://example.org/s.json",
        "file:///p/conf/a%20b.ini",
        "file:///web/Dockerfile",
        "file:///web/D",
    ];
    assert_eq!(targets, expected);
    assert_eq!(links[1]["range"]["start"], position(text, "\"😀", 0));
}

#[test]
fn references_have_colors_in_units_of_the_client() {
    let text = SOUND.replace("😀 @db:5432", "😀 @db:5432 é @db");
    for (encoding, places) in [("utf-16", [28, 11]), ("utf-8", [30, 12]), ("utf-32", [27, 11])] {
        let general = json!({ "general": { "positionEncodings": [encoding] } });
        let mut client = Client::started(&[], general, Value::Null);
        client.open(APP, &text);
        let params = json!({ "textDocument": { "uri": uri(APP) } });
        let tokens = client.request("textDocument/semanticTokens/full", params).unwrap();
        let line = text.lines().position(|line| line.contains("SMILE")).unwrap();
        let expected = json!([line, places[0], 3, 0, 0, 0, places[1], 3, 0, 0]);
        assert_eq!(tokens["data"], expected, "{encoding}");
    }
}

#[test]
fn lenses_say_who_waits_for_whom() {
    let mut client = Client::with(&[]);
    client.open(APP, SOUND);
    let lenses = ask(&mut client, "textDocument/codeLens", APP);
    let told: Vec<(&str, &Value)> = lenses
        .iter()
        .map(|lens| (lens["command"]["title"].as_str().unwrap(), &lens["range"]["start"]))
        .collect();
    assert_eq!(
        told,
        [
            ("1 waits for this: web", &position(SOUND, "\"db\"", 0)),
            ("waits for db", &position(SOUND, "\"web\"", 0)),
        ]
    );
}
