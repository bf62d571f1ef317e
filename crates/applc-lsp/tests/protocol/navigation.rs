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

const ANCHORS: &str = "id: shop
x-common: &common # &other *common
  type: service
  image: postgres:17
  resources: &small { cpus: 1, mem: 512 }
containers:
- <<: *common
  id: db
  env: { TEXT: '*common' }
- { id: web, type: service, image: nginx, resources: *small, env: { A: &a '@db', B: *a } }
";

#[test]
fn aliases_lead_to_their_anchors_and_back() {
    let mut client = Client::with(&[]);
    let app = "/p/a.appliance.yaml";
    client.open(app, ANCHORS);
    for (alias, anchor) in [("<<: *common", "&common"), ("resources: *small", "&small")] {
        let at = position(ANCHORS, alias, alias.find('*').unwrap() + 2);
        let found = client.at("textDocument/definition", app, at.clone());
        assert_eq!(starts(&found), [(uri(app), position(ANCHORS, anchor, 0))], "{alias}");
        for place in [at, position(ANCHORS, anchor, 1)] {
            let marked = client.at("textDocument/documentHighlight", app, place);
            assert_eq!(marked.as_array().unwrap().len(), 2, "{marked}");
        }
    }
    // Not in a text or a comment, and not to what is aliased.
    for nothing in ["'*common'", "*common\n  type", "&other"] {
        let found = client.at("textDocument/definition", app, position(ANCHORS, nothing, 2));
        assert_eq!(found, Value::Null, "{nothing}");
    }
    let found = client.at("textDocument/definition", app, position(ANCHORS, "@db", 1));
    assert_eq!(starts(&found), [(uri(app), position(ANCHORS, "db\n", 0))]);
}
