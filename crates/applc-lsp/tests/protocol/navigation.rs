//! From a mention of a container or volume to the others.

use serde_json::{Value, json};

use crate::client::{Client, SOUND, position, uri};

const APP: &str = "/p/a.appliance.json";

fn starts(locations: &Value) -> Vec<(String, Value)> {
    let one = |location: &Value| {
        (location["uri"].as_str().unwrap().to_owned(), location["range"]["start"].clone())
    };
    locations.as_array().unwrap().iter().map(one).collect()
}

#[test]
fn references_lead_to_the_definition_and_back() {
    let mut client = Client::with(&[]);
    client.open(APP, SOUND);
    let definition = position(SOUND, "\"db\"", 0);
    // In the string with the emoji, and in `dependencies`.
    for place in [position(SOUND, "@db", 2), position(SOUND, "[\"db\"]", 3)] {
        let found = client.at("textDocument/definition", APP, place);
        assert_eq!(starts(&found), [(uri(APP), definition.clone())]);
    }
    let ask = |client: &mut Client, declaration: bool| {
        let params = json!({
            "textDocument": { "uri": uri(APP) },
            "position": definition,
            "context": { "includeDeclaration": declaration },
        });
        starts(&client.request("textDocument/references", params).unwrap()).len()
    };
    assert_eq!((ask(&mut client, true), ask(&mut client, false)), (3, 2));
    let marked = client.at("textDocument/documentHighlight", APP, position(SOUND, "@db", 1));
    assert_eq!(marked.as_array().unwrap().len(), 3);
    let nothing = client.at("textDocument/definition", APP, position(SOUND, "nginx", 1));
    assert_eq!(nothing, Value::Null);
}

#[test]
fn overlays_have_mentions() {
    let overlay = r#"{"containers": {"db": {"image": "postgres:18"}}}"#;
    let files = [
        ("/p/applc.toml", "[environments.prod]\noverlay = \"a.prod.json\"\n"),
        (APP, SOUND),
        ("/p/a.prod.json", overlay),
    ];
    let mut client = Client::with(&files);
    client.open("/p/a.prod.json", overlay);
    let found = client.at("textDocument/definition", "/p/a.prod.json", position(overlay, "db", 1));
    assert_eq!(starts(&found), [(uri(APP), position(SOUND, "\"db\"", 0))]);
    let params = json!({
        "textDocument": { "uri": uri("/p/a.prod.json") },
        "position": position(overlay, "db", 1),
        "context": { "includeDeclaration": true },
    });
    let found = starts(&client.request("textDocument/references", params).unwrap());
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().any(|(file, _)| *file == uri("/p/a.prod.json")));
}
