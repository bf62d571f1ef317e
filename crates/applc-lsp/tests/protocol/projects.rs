//! Whole projects: also the appliances that are not open.

use serde_json::{Value, json};

use crate::client::{Client, SOUND, position, uri};

const APP: &str = "/p/a.appliance.json";

/// An appliance with another id, and a fixed host port.
fn with_port(id: &str, port: u32) -> String {
    let fixed = format!("\"container_port\": 5432, \"host_port\": {port}");
    SOUND
        .replace("\"shop\"", &format!("\"{id}\""))
        .replace("\"ports\"", "\"network_mode\": \"bridge\", \"ports\"")
        .replace("\"container_port\": 5432", &fixed)
}

fn changed(client: &mut Client, path: &str) {
    let event = json!({ "changes": [{ "uri": uri(path), "type": 2 }] });
    client.notify("workspace/didChangeWatchedFiles", event);
    client.settle();
}

#[test]
fn what_two_appliances_claim_shows_also_if_one_is_closed() {
    let files = [
        ("/p/applc.toml", "default-targets = [\"compose\"]\n"),
        ("/p/sub/b.appliance.json", &with_port("other", 6000)),
        ("/p/.git/c.appliance.json", &with_port("none", 5000)),
    ];
    let mut client = Client::with(&files);
    client.open(APP, &with_port("shop", 5000));
    client.settle();
    assert_eq!(client.codes(APP), [""; 0]);
    // As one edits, at both.
    client.replace(APP, &with_port("shop", 6000));
    client.settle();
    let other = "/p/sub/b.appliance.json";
    assert_eq!((client.codes(APP), client.codes(other)), (vec!["E0505"], vec!["E0505"]));
    let found = &client.findings[&uri(APP)][0];
    let message = found["message"].as_str().unwrap();
    assert!(message.contains("is also that of `sub/b.appliance.json`"), "{message}");
    assert_eq!(found["range"]["start"], position(&with_port("shop", 6000), "6000", 0));
    let found = &client.findings[&uri(other)][0];
    let message = found["message"].as_str().unwrap();
    assert!(message.starts_with("compose: host port `6000/tcp`"), "{message}");
    assert!(message.contains("is also that of `a.appliance.json`"), "{message}");
    assert_eq!(found["range"]["start"], position(&with_port("other", 6000), "6000", 0));
    // It moves with its place.
    client.open(other, &format!("\n\n{}", with_port("other", 6000)));
    client.settle();
    assert_eq!(client.codes(other), ["E0505"]);
    assert_eq!(client.findings[&uri(other)][0]["range"]["start"]["line"], 8);
    client.close(other);
    client.settle();
    // The other one is mended on disk.
    client.disk.write(other, &with_port("other", 7000));
    changed(&mut client, other);
    assert_eq!((client.codes(APP), client.codes(other)), (vec![], vec![]));
    client.disk.write("/p/new/c.appliance.json", &with_port("third", 7000));
    changed(&mut client, "/p/new/c.appliance.json");
    assert_eq!(client.codes(other), ["E0505"]);
    client.disk.remove("/p/new/c.appliance.json");
    changed(&mut client, "/p/new/c.appliance.json");
    assert_eq!(client.codes(other), [""; 0]);
    // Nothing of the project is open.
    client.disk.write(other, &with_port("shop", 6000));
    changed(&mut client, other);
    assert!(client.codes(other).contains(&"E0505"));
    client.close(APP);
    client.settle();
    assert_eq!(client.codes(other), [""; 0]);
}

#[test]
fn what_no_appliance_uses_shows_in_the_project_file() {
    let project = "[environments.prod]\noverlay = \"{name}.prod.yaml\"\n[environments.prod.images]\nnginx = \"1.28\"\nngnix = \"1\"\n";
    let files = [("/p/applc.toml", project), (APP, SOUND), ("/p/b.prod.yaml", "{}\n")];
    let mut client = Client::with(&files);
    client.open_saved("/p/applc.toml");
    client.settle();
    assert_eq!(client.codes("/p/applc.toml"), ["W1103", "W1104"]);
    let messages: Vec<&str> = client.findings[&uri("/p/applc.toml")]
        .iter()
        .map(|found| found["message"].as_str().unwrap())
        .collect();
    assert!(messages[1].starts_with("`b.prod.yaml` is an overlay of no appliance"), "{messages:?}");
    // The appliance of the overlay is made, and has the other image.
    let text = SOUND.replace("nginx:1.27", "ngnix").replace("\"shop\"", "\"b\"");
    client.disk.write("/p/b.appliance.json", &text);
    changed(&mut client, "/p/b.appliance.json");
    assert_eq!(client.codes("/p/applc.toml"), [""; 0]);
    // An error hides what would follow from it.
    client.disk.write("/p/b.appliance.json", "{");
    changed(&mut client, "/p/b.appliance.json");
    assert_eq!(client.codes("/p/applc.toml"), [""; 0]);
}

#[test]
fn a_project_file_that_changes_has_no_old_findings() {
    let project = |key: &str| {
        format!("{key} = \"out/{{target}}/{{id}}\"\n[environments.a]\n[environments.b]\n")
    };
    let inner = "colour = 1\n";
    let files = [
        ("/p/applc.toml", "default-targets = [\"compose\"]\n"),
        ("/p/x/applc.toml", inner),
        ("/p/x/b.appliance.json", SOUND),
    ];
    let mut client = Client::with(&files);
    client.open(APP, SOUND);
    client.settle();
    // It is not open, and in no folder above one that is.
    assert_eq!(client.codes("/p/x/applc.toml"), ["E0501"]);
    client.disk.write("/p/x/applc.toml", "");
    changed(&mut client, "/p/x/applc.toml");
    assert_eq!(client.codes("/p/x/applc.toml"), [""; 0]);
    client
        .open("/p/applc.toml", &format!("default-targets = [\"compose\"]\n{}", project("output")));
    client.settle();
    assert_eq!(client.codes("/p/applc.toml"), ["E0504"]);
    client.replace("/p/applc.toml", &project("outputs"));
    assert_eq!(client.codes("/p/applc.toml"), [""; 0]);
    client.settle();
    assert_eq!(client.codes("/p/applc.toml"), ["E0501"]);
}

/// As on file systems that tell neither upper and lower case nor the forms of Unicode apart.
#[test]
fn files_that_are_one_on_some_systems_are_those_of_two_appliances() {
    let project = "default-targets = [\"compose\"]\noutput = \"out/{folder}/{target}\"\n";
    let (one, other) = ("/p/x/\u{c9}/a.appliance.json", "/p/x/e\u{301}/b.appliance.json");
    let mut client = Client::with(&[
        ("/p/applc.toml", project),
        (one, SOUND),
        (other, &SOUND.replacen("\"id\": \"", "\"id\": \"b", 1)),
    ]);
    client.open(one, SOUND);
    client.settle();
    assert_eq!(client.codes("/p/applc.toml"), ["E0504"]);
}

#[test]
fn files_that_two_environments_write_show_at_the_output() {
    let project = "default-targets = [\"compose\"]\noutput = \"out/{target}/{id}\"\n[environments.dev]\n[environments.prod]\n";
    let mut client = Client::with(&[("/p/applc.toml", project)]);
    client.open(APP, SOUND);
    client.settle();
    assert_eq!(client.codes("/p/applc.toml"), ["E0504"]);
    let found = &client.findings[&uri("/p/applc.toml")][0];
    let message = found["message"].as_str().unwrap();
    assert!(message.contains("both write `out/compose/shop/compose.yaml`"), "{message}");
    assert!(message.ends_with("help: add `{environment}` to `output`"), "{message}");
    client.open("/p/applc.toml", &project.replace("{id}", "{environment}/{id}"));
    client.settle();
    assert_eq!(client.codes("/p/applc.toml"), [""; 0]);
}

#[test]
fn symbols_and_images_are_those_of_the_whole_project() {
    let other = SOUND.replace("\"web\"", "\"frontend\"").replace("nginx:1.27", "caddy:2");
    let files = [
        ("/p/applc.toml", ""),
        ("/p/x/b.appliance.json", &other.replace("\"shop\"", "\"other\"")),
        ("/p/README.json", "{}"),
    ];
    let mut client = Client::with(&files);
    client.open(APP, SOUND);
    let asked = client.request("workspace/symbol", json!({ "query": "end" })).unwrap();
    let asked = asked.as_array().unwrap();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0]["name"], "frontend");
    assert_eq!(asked[0]["containerName"], "other");
    assert_eq!(asked[0]["location"]["uri"], uri("/p/x/b.appliance.json"));
    let all = client.request("workspace/symbol", json!({ "query": "" })).unwrap();
    assert_eq!(all.as_array().unwrap().len(), 4, "each once");
    client.settle();
    let offered = client.at("textDocument/completion", APP, position(SOUND, "nginx", 0));
    let labels: Vec<&Value> = offered.as_array().unwrap().iter().map(|one| &one["label"]).collect();
    assert!(labels.contains(&&json!("caddy:2")), "{labels:?}");
}

#[test]
fn an_overlay_may_be_in_a_folder_below() {
    let project = "[environments.prod]\noverlay = \"{environment}/{name}.yaml\"\n";
    let files = [("/p/applc.toml", project), (APP, SOUND)];
    let mut client = Client::with(&files);
    client.open("/p/prod/a.yaml", "containers:\n  nobody: {}\n");
    client.settle();
    assert_eq!(client.codes("/p/prod/a.yaml"), ["E1101"]);
}

/// A repository inside that of the project has appliances of both.
#[test]
fn a_project_goes_on_in_a_repository_inside() {
    let files = [
        ("/p/applc.toml", "default-targets = [\"compose\"]\n"),
        ("/p/.git/HEAD", ""),
        ("/p/inner/.git", ""),
        ("/p/inner/applc.toml", "default-targets = [\"nomad\"]\n"),
        ("/p/inner/b.appliance.json", &with_port("shop", 1)),
        ("/p/c.appliance.json", &with_port("shop", 2)),
    ];
    let mut client = Client::with(&files);
    client.open(APP, &with_port("shop", 3));
    client.settle();
    assert_eq!(client.codes("/p/inner/b.appliance.json"), [""; 0]);
    assert_eq!(client.codes("/p/c.appliance.json"), ["E0505"]);
    client.open_saved("/p/inner/b.appliance.json");
    client.settle();
    assert!(!client.codes("/p/inner/b.appliance.json").contains(&"E0505"));
}

#[test]
fn a_folder_that_is_named_as_an_appliance_is_told_once() {
    let files = [
        ("/p/applc.toml", ""),
        ("/p/sub/b.appliance.yaml/c.appliance.json", SOUND),
        ("/p/.git/d.appliance.yaml/x", ""),
    ];
    let mut client = Client::with(&files);
    client.open(APP, SOUND);
    client.settle();
    changed(&mut client, "/p/applc.toml");
    let shown = client.told.iter().filter_map(|message| match message {
        applc_lsp::Message::Notification(told) if told.method == "window/showMessage" => {
            Some(told.params["message"].as_str().unwrap().to_owned())
        }
        _ => None,
    });
    let expected = "`sub/b.appliance.yaml` is named as an appliance, but is a folder";
    assert_eq!(shown.collect::<Vec<_>>(), [expected]);
}
