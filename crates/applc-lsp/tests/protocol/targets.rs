//! Custom targets, and the files of TOML: findings, hovers, completion and links.

use serde_json::{Value, json};

use crate::client::{Client, SOUND, position, uri};

const TARGET: &str = "/p/own/target.toml";
const TEMPLATE: &str = "/p/own/parts/a.j2";

const MANIFEST: &str = r#"applc = 1
name = "own"
description = "A file"
[[artifacts]]
template = "parts/a.j2"
path = "{{ appliance.name }}.ini"
format = "ini"
[references]
address = "{{ name }}"
[fields]
"containers[].image" = "carried"
"*" = { rejected = "none" }
"#;

fn place(client: &Client, path: &str) -> Value {
    client.findings[&uri(path)][0]["range"]["start"].clone()
}

#[test]
fn a_custom_target_has_findings_at_their_places() {
    let template = "[a]\nx = {{ appliance.id }}\n";
    let mut client = Client::with(&[(TARGET, MANIFEST), (TEMPLATE, template)]);
    client.open_saved(TARGET);
    client.settle();
    assert_eq!(client.codes(TARGET), [""; 0], "{:?}", client.findings);
    let wrong = MANIFEST.replace("format = \"ini\"", "formaat = \"ini\"");
    client.replace(TARGET, &wrong);
    client.settle();
    assert_eq!(client.codes(TARGET).len(), 1);
    assert_eq!(place(&client, TARGET), position(&wrong, "formaat", 0));
    client.replace(TARGET, MANIFEST);
    client.settle();
    assert_eq!(client.codes(TARGET), [""; 0]);
    // A template alone, and behind characters of two units.
    client.close(TARGET);
    let wrong = "[a]\n😀 = {{ appliance.id }\n";
    client.open(TEMPLATE, wrong);
    client.settle();
    assert_eq!(client.codes(TEMPLATE), ["E0702"], "{:?}", client.findings);
    assert_eq!(place(&client, TEMPLATE), position(wrong, "}", 0));
    client.replace(TEMPLATE, template);
    client.settle();
    assert_eq!(client.codes(TEMPLATE), [""; 0]);
}

#[test]
fn a_template_that_fails_for_an_appliance_has_the_finding() {
    let project = "target-folders = [\"own\"]\ndefault-targets = [\"own\"]\n";
    let mut client = Client::with(&[("/p/applc.toml", project)]);
    let mut template = (String::new(), String::new());
    for (name, text) in applc::targets::custom::starter("own").unwrap() {
        let path = format!("/p/own/{name}");
        client.disk.write(&path, &text);
        if name.ends_with(".j2") {
            template = (path, text);
        }
    }
    let (path, text) = template;
    let app = "/p/a.appliance.json";
    let other = "\"network_mode\": \"container\", \"resources\"";
    client.open(app, &SOUND.replace("\"resources\"", other));
    client.settle();
    assert_eq!(client.codes(app), ["W0401"]);
    assert_eq!(client.codes(&path), [""; 0]);
    // The template is not saved.
    let wrong = format!("# é😀 {{{{ nothing }}}}\n{text}");
    client.open(&path, &wrong);
    client.settle();
    assert_eq!(client.codes(&path).len(), 1, "{:?}", client.findings);
    assert_eq!(place(&client, &path), position(&wrong, "nothing", 0));
    client.replace(&path, &text);
    client.settle();
    assert_eq!(client.codes(&path), [""; 0]);
}

#[test]
fn keys_of_toml_say_what_they_mean() {
    let project = "default-targets = [\"compose\"]\n[environments.prod]\noverlay = \"a.json\"\n[environments]\n";
    let files = [(TARGET, MANIFEST), ("/p/applc.toml", project)];
    let markdown = json!({ "textDocument": { "hover": { "contentFormat": ["markdown"] } } });
    let mut client = Client::started(&files, markdown, Value::Null);
    client.open_saved(TARGET);
    client.open_saved("/p/applc.toml");
    for (path, text, part, skip, key, range) in [
        (TARGET, MANIFEST, "description", 3, "description", 11),
        (TARGET, MANIFEST, "artifacts", 2, "artifacts", 9),
        (TARGET, MANIFEST, "format", 2, "artifacts.format", 6),
        (TARGET, MANIFEST, "containers", 1, "fields.containers[].image", 20),
        ("/p/applc.toml", project, "default-t", 0, "default-targets", 15),
        ("/p/applc.toml", project, "overlay", 0, "environments.prod.overlay", 7),
        ("/p/applc.toml", project, "a.json", 1, "environments.prod.overlay", 8),
    ] {
        let hover = client.at("textDocument/hover", path, position(text, part, skip));
        let said = hover["contents"]["value"].as_str().unwrap_or_else(|| panic!("{part}: {hover}"));
        let (title, text) = said.split_once("\n\n").unwrap();
        assert_eq!(title, format!("**{key}**"));
        assert!(text.len() > 20, "{said}");
        let column = |end: &str| hover["range"][end]["character"].as_u64().unwrap();
        assert_eq!(column("end") - column("start"), range, "{key}: {hover}");
    }
    for nothing in ["= [\"compose\"", "environments]"] {
        let at = position(project, nothing, 0);
        let hover = client.at("textDocument/hover", "/p/applc.toml", at);
        assert!(hover.is_null() || !nothing.starts_with('='), "{hover}");
    }
}

#[test]
fn keys_of_a_custom_target_are_completed() {
    let mut client = Client::with(&[(TARGET, MANIFEST)]);
    let mut offered = |text: &str| {
        let at = position(text, "¦", 0);
        client.open(TARGET, &text.replacen('¦', "", 1));
        let answer = client.at("textDocument/completion", TARGET, at);
        client.close(TARGET);
        let items = answer.as_array().cloned().unwrap_or_default();
        let item = |item: &Value| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (text(&item["label"]), text(&item["textEdit"]["newText"]))
        };
        items.iter().map(item).collect::<Vec<_>>()
    };
    let has = |items: &[(String, String)], label: &str| items.iter().any(|(one, _)| one == label);
    let top = offered("applc = 1\n¦\n[names]\n");
    assert!(has(&top, "extends") && has(&top, "description") && !has(&top, "applc"), "{top:?}");
    let inner = offered("[[artifacts]]\ntemplate = \"a.j2\"\n¦\n");
    assert!(has(&inner, "format") && !has(&inner, "template"), "{inner:?}");
    let values = offered("[[artifacts]]\nformat = \"¦\"\n");
    assert!(has(&values, "yaml") && has(&values, "ini"), "{values:?}");
    let fields = offered("[fields]\ncon¦\n");
    let image = fields.iter().find(|(label, _)| label == "containers[].image").unwrap();
    assert!(image.1.starts_with("\"containers[].image\""), "{image:?}");
}

#[test]
fn a_project_file_links_to_overlays_and_targets() {
    let project = "target-folders = [\"own\", \"none\"]\n[environments.prod]\noverlay = [\"{name}.prod.json\", \"all.json\", \"none.json\"]\n";
    let files = [
        ("/p/applc.toml", project),
        (TARGET, MANIFEST),
        ("/p/x/a.appliance.json", SOUND),
        ("/p/x/b.appliance.json", SOUND),
        ("/p/x/a.prod.json", "{}"),
        ("/p/x/b.prod.json", "{}"),
        ("/p/x/all.json", "{}"),
    ];
    let mut client = Client::with(&files);
    client.open_saved("/p/applc.toml");
    let params = json!({ "textDocument": { "uri": uri("/p/applc.toml") } });
    let links = client.request("textDocument/documentLink", params).unwrap();
    let links: Vec<(&Value, &str)> = links
        .as_array()
        .unwrap()
        .iter()
        .map(|link| (&link["range"]["start"], link["target"].as_str().unwrap()))
        .collect();
    assert_eq!(
        links,
        [
            (&position(project, "\"own\"", 0), "file:///p/own/target.toml"),
            (&position(project, "\"{name}", 0), "file:///p/x/a.prod.json"),
            (&position(project, "\"all", 0), "file:///p/x/all.json"),
        ]
    );
}
