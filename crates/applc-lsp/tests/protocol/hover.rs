//! What is said of fields and references.

use serde_json::{Value, json};

use crate::client::{Client, SOUND, position, uri};

const APP: &str = "/p/a.appliance.json";

fn text(hover: &Value) -> &str {
    hover["contents"]["value"].as_str().unwrap_or_else(|| panic!("{hover}"))
}

fn with_targets(targets: &str) -> Client {
    let file = format!("default-targets = [{targets}]\n");
    let markdown = json!({ "textDocument": { "hover": { "contentFormat": ["markdown"] } } });
    let mut client = Client::started(&[("/p/applc.toml", &file)], markdown, Value::Null);
    client.open(APP, SOUND);
    client
}

#[test]
fn a_field_has_its_text_its_default_and_its_fate_on_the_targets_of_the_project() {
    let mut client = with_targets("\"nomad\", \"marathon\"");
    let hover = client.at("textDocument/hover", APP, position(SOUND, "\"protocol\"", 3));
    let said = text(&hover);
    assert!(said.contains("**containers[].ports[].protocol**"), "{said}");
    assert!(said.contains("Default: `\"tcp\"`") || said.contains("Default: \"tcp\""), "{said}");
    assert!(said.contains("\n- nomad: **") && said.contains("\n- marathon: **"), "{said}");
    assert!(!said.contains("compose"), "{said}");
    assert_eq!(hover["range"]["start"], position(SOUND, "\"protocol\"", 0));
    // A project that names no targets may use any.
    let mut client = with_targets("");
    client.replace("/p/a.appliance.json", SOUND);
    let nothing = client.at("textDocument/hover", APP, json!({ "line": 9999, "character": 0 }));
    assert_eq!(nothing, Value::Null);
}

#[test]
fn a_reference_has_its_address_on_each_target() {
    let mut client = with_targets("\"compose\", \"nomad\"");
    let hover = client.at("textDocument/hover", APP, position(SOUND, "@db:5432", 2));
    let said = text(&hover);
    assert!(said.contains("service `db`, port 5432"), "{said}");
    assert!(said.contains("\n- compose: `db:5432`"), "{said}");
    assert!(said.contains("\n- nomad: `<address"), "{said}");
    assert_eq!(hover["range"]["start"], position(SOUND, "@db", 0));
}

#[test]
fn hints_show_addresses_behind_references() {
    let mut client = with_targets("\"compose\"");
    let hints = |client: &mut Client, end: u32| {
        let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": end, "character": 0 } });
        let params = json!({ "textDocument": { "uri": uri(APP) }, "range": range });
        client.request("textDocument/inlayHint", params).unwrap().as_array().unwrap().clone()
    };
    let all = hints(&mut client, 99);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["label"], "db:5432");
    assert_eq!(all[0]["tooltip"], Value::Null);
    assert_eq!(all[0]["position"], position(SOUND, "@db:5432", 8));
    assert!(hints(&mut client, 3).is_empty());
    // Without a plan, there are no addresses.
    client.replace(APP, &SOUND.replace("nginx:1.27", ""));
    assert!(hints(&mut client, 99).is_empty());
}

#[test]
fn hints_of_several_targets_are_short_and_have_all_in_a_tooltip() {
    let mut client = with_targets("\"compose\", \"marathon\", \"nomad\"");
    let range =
        json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
    let params = json!({ "textDocument": { "uri": uri(APP) }, "range": range });
    let all = client.request("textDocument/inlayHint", params).unwrap();
    assert_eq!(all[0]["label"], "compose: db:5432 (+2)");
    let tooltip: Vec<&str> = all[0]["tooltip"].as_str().unwrap().lines().collect();
    assert_eq!(tooltip.len(), 3, "{tooltip:?}");
    assert_eq!(tooltip[0], "compose: db:5432");
    assert!(tooltip[1].starts_with("marathon: "), "{tooltip:?}");
}

#[test]
fn environments_with_other_options_have_other_addresses() {
    let file = "default-targets = [\"marathon\"]\n[environments.a]\n[environments.b]\ntargets.marathon.dns-suffix = \"b.example\"\n[environments.c]\n";
    let mut client = Client::with(&[("/p/applc.toml", file)]);
    client.open(APP, SOUND);
    let hover = client.at("textDocument/hover", APP, position(SOUND, "@db", 1));
    let lines: Vec<&str> = text(&hover).lines().filter(|line| line.starts_with("- ")).collect();
    assert_eq!(lines.len(), 2, "{hover}");
    assert!(lines[0].starts_with("- marathon: `") && !lines[0].contains("example"), "{hover}");
    assert!(lines[1].starts_with("- marathon in b: `"), "{hover}");
    assert!(lines[1].ends_with("b.example:5432`"), "{hover}");
    // A client that does not say so shows no Markdown.
    let hover = client.at("textDocument/hover", APP, position(SOUND, "\"protocol\"", 3));
    assert_eq!(hover["contents"]["kind"], "plaintext");
    assert!(!text(&hover).contains("**"), "{hover}");
}

/// Asks for the field at the first place of a part of a text, and returns its name and the range.
fn field(client: &mut Client, path: &str, text: &str, part: &str) -> (String, u64) {
    let hover = client.at("textDocument/hover", path, position(text, part, 0));
    let said = hover["contents"]["value"].as_str().unwrap_or_else(|| panic!("{part}: {hover}"));
    let (title, rest) = said.split_once("\n\n").unwrap();
    assert!(rest.len() > 20, "{said}");
    let column = |end: &str| hover["range"][end]["character"].as_u64().unwrap();
    (title.trim_matches('*').to_owned(), column("end") - column("start"))
}

#[test]
fn entries_of_overlays_and_names_of_ones_own_are_said_of_what_they_are_in() {
    let overlay = "containers:\n  db:\n    image: postgres:18\n    env: { TABLES: y }\n    ports: { 5432: { protocol: udp } }\n  new:\n    add: true\n    type: service\n";
    let app = SOUND.replace("\"ports\"", "\"env\": { \"TABLES\": \"x\" }, \"ports\"");
    let files =
        [("/p/applc.toml", "[environments.prod]\noverlay = \"a.prod.yaml\"\n"), (APP, &*app)];
    let mut client = Client::with(&files);
    client.open("/p/a.prod.yaml", overlay);
    client.open(APP, &app);
    for (part, name, length) in [
        ("containers", "containers", 10),
        ("db", "containers.db", 2),
        ("image", "containers[].image", 5),
        ("TABLES", "containers[].env", 6),
        ("5432", "containers.db.ports.5432", 4),
        ("protocol", "containers[].ports[].protocol", 8),
        ("add", "containers.new.add", 3),
    ] {
        let found = field(&mut client, "/p/a.prod.yaml", overlay, part);
        assert_eq!(found, (name.to_owned(), length));
    }
    assert_eq!(field(&mut client, APP, &app, "\"TABLES\""), ("containers[].env".to_owned(), 8));
    let item = ("containers[].dependencies[]".to_owned(), 4);
    assert_eq!(field(&mut client, APP, &app, "\"db\"]"), item);
    let unknown = app.replace("\"image\"", "\"imge\"");
    client.replace(APP, &unknown);
    let nothing = client.at("textDocument/hover", APP, position(&unknown, "\"imge\"", 1));
    assert_eq!(nothing, Value::Null);
}

#[test]
fn what_an_anchor_names_is_what_its_alias_is() {
    let text = "id: shop\nx-common: &common\n  image: postgres:17\n  env: &env { A: '@db', B: c }\nx-none: &none { image: x }\ncontainers:\n- <<: *common\n  id: db\n- { id: web, env: *env }\n";
    let mut client = Client::with(&[]);
    let app = "/p/a.appliance.yaml";
    client.open(app, text);
    for (part, name, length) in [
        ("image", "containers[].image", 5),
        ("env: &", "containers[].env", 3),
        ("B: c", "containers[].env", 1),
        ("*env", "containers[].env", 3),
    ] {
        assert_eq!(field(&mut client, app, text, part), (name.to_owned(), length), "{part}");
    }
    let hover = client.at("textDocument/hover", app, position(text, "@db", 1));
    assert!(self::text(&hover).contains("`db`"), "{hover}");
    let nothing = client.at("textDocument/hover", app, position(text, "image: x", 1));
    assert_eq!(nothing, Value::Null);
}
