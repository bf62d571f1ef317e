//! Findings are those of `applc check`, in every file, and go away with their cause.

use applc::Memory;
use applc::analysis::Analysis;
use applc::diag::Report;
use serde_json::{Value, json};

use crate::client::{Client, SOUND, position, uri};

const APP: &str = "/p/a.appliance.json";

/// What the core says of a text, with the columns of UTF-16, sorted as it sorts.
fn expected(path: &str, text: &str) -> Vec<(String, Value)> {
    let world = Memory::new().with(path, text);
    let analysis = Analysis::read(&world, path, applc::source::Sources::new()).unwrap();
    let report = analysis.into_report();
    report
        .diagnostics
        .iter()
        .map(|found| (found.code.id.to_owned(), start(&report, found.primary.span.start)))
        .collect()
}

fn start(report: &Report, offset: u32) -> Value {
    let before = &report.source.text()[..offset as usize];
    let column = before.rsplit('\n').next().unwrap().encode_utf16().count();
    json!({ "line": before.matches('\n').count(), "character": column })
}

fn published(client: &Client, path: &str) -> Vec<(String, Value)> {
    let found = client.findings.get(&uri(path)).cloned().unwrap_or_default();
    let one = |found: &Value| {
        (found["code"].as_str().unwrap().to_owned(), found["range"]["start"].clone())
    };
    found.iter().map(one).collect()
}

#[test]
fn findings_are_those_of_the_core_behind_an_emoji_too() {
    let text = SOUND
        .replace(
            "\"SMILE\": \"😀 @db:5432\"",
            "\"SMILE\": \"😀 @dbx\", \"é😀\": \"@nobody\", \"A\": 1 2",
        )
        .replace("1.27", "latest");
    let mut client = Client::with(&[]);
    client.open(APP, &text);
    client.settle();
    let found = published(&client, APP);
    assert!(found.len() > 3, "{found:?}");
    assert_eq!(found, expected(APP, &text));
    assert!(found.iter().any(|(_, at)| *at == position(&text, "@nobody", 0)), "{found:?}");
    client.replace(APP, SOUND);
    client.settle();
    assert_eq!(client.codes(APP), [""; 0]);
}

#[test]
fn targets_of_the_project_find_after_the_core() {
    let files = [("/p/applc.toml", "default-targets = [\"nomad\"]\n[targets.compose]\n")];
    let mut client = Client::with(&files);
    let text = SOUND.replace("\"dependencies\"", "\"volumes\": [{ \"type\": \"host\", \"src\": \"./data\", \"dest\": \"/data\" }], \"dependencies\"");
    client.open(APP, &text);
    assert!(client.step() && client.step());
    let core = client.codes(APP).len();
    client.settle();
    let of_targets: Vec<&str> = client.findings[&uri(APP)]
        .iter()
        .map(|found| found["message"].as_str().unwrap())
        .filter(|message| message.starts_with("nomad: "))
        .collect();
    assert!(!of_targets.is_empty());
    assert_eq!(client.codes(APP).len(), core + of_targets.len());
}

#[test]
fn levels_of_the_project_apply() {
    let files = [("/p/applc.toml", "[diagnostics]\ndeny = [\"H0601\"]\n")];
    let text = SOUND.replace(":1.27", "");
    let severity = |files: &[(&str, &str)]| {
        let mut client = Client::with(files);
        client.open(APP, &text);
        client.settle();
        assert_eq!(client.codes(APP), ["H0601"]);
        client.findings[&uri(APP)][0]["severity"].clone()
    };
    assert_eq!(severity(&files), 1);
    assert_eq!(severity(&[]), 4);
    let files = [("/p/applc.toml", "[diagnostics]\nallow = [\"H0601\"]\n")];
    let mut client = Client::with(&files);
    client.open(APP, &text);
    client.settle();
    assert_eq!(client.codes(APP), [""; 0]);
}

#[test]
fn findings_in_overlays_and_project_files_are_published_there() {
    let project = "[environments.prod]\noverlay = \"a.prod.json\"\n";
    let files = [
        ("/p/applc.toml", project),
        (APP, SOUND),
        ("/p/a.prod.json", r#"{"containers": {"nobody": {"image": "x:1"}}}"#),
    ];
    let mut client = Client::with(&files);
    client.open_saved(APP);
    client.settle();
    assert_eq!(client.codes("/p/a.prod.json"), ["E1101"]);
    // The overlay alone has the same findings.
    client.close(APP);
    client.settle();
    assert_eq!(client.codes("/p/a.prod.json"), [""; 0]);
    client.open_saved("/p/a.prod.json");
    client.settle();
    assert_eq!(client.codes("/p/a.prod.json"), ["E1101"]);
    client.replace("/p/a.prod.json", r#"{"containers": {"web": {"image": "x:1"}}}"#);
    client.settle();
    assert_eq!(client.codes("/p/a.prod.json"), [""; 0]);
    // A project file that is broken, and then mended.
    client.open("/p/applc.toml", "[environments.prod]\noverlays = 1\n");
    client.settle();
    assert_eq!(client.codes("/p/applc.toml").len(), 1);
    client.replace("/p/applc.toml", project);
    client.settle();
    assert_eq!(client.codes("/p/applc.toml"), [""; 0]);
}

#[test]
fn unsaved_files_that_an_appliance_reads_count() {
    let text = SOUND.replace(
        "\"dependencies\"",
        "\"files\": [{ \"source\": \"app.ini\", \"dest\": \"/app.ini\" }], \"dependencies\"",
    );
    let mut client = Client::with(&[]);
    client.open(APP, &text);
    client.settle();
    assert_eq!(client.codes(APP), ["E0318"]);
    client.open_as("/p/app.ini", "ini", "x = 1\n");
    client.settle();
    assert_eq!(client.codes(APP), [""; 0]);
    client.close("/p/app.ini");
    client.settle();
    assert_eq!(client.codes(APP), ["E0318"]);
    client.disk.write("/p/app.ini", "x = 1\n");
    let event = json!({ "changes": [{ "uri": "file:///p/app.ini", "type": 1 }] });
    client.notify("workspace/didChangeWatchedFiles", event);
    client.settle();
    assert_eq!(client.codes(APP), [""; 0]);
}

#[test]
fn only_files_of_the_project_have_findings() {
    let files = [("/p/applc.toml", "appliances = [\"apps/*.json\"]\n")];
    let mut client = Client::with(&files);
    for path in ["/p/apps/a.json", "/p/other.json", "/q/other.json", "untitled:1"] {
        client.open(path, "{}");
    }
    client.open_as("/q/b.json", "json.appliance", "{}");
    client.settle();
    let with: Vec<&String> = client.findings.keys().collect();
    assert_eq!(with, ["file:///p/apps/a.json", "file:///q/b.json"]);
}

#[test]
fn the_user_may_name_targets_where_no_project_does() {
    let options = json!({ "targets": ["nomad"] });
    let mut client = Client::started(&[], json!({}), options);
    let text = SOUND.replace("\"dependencies\"", "\"volumes\": [{ \"type\": \"host\", \"src\": \"./data\", \"dest\": \"/data\" }], \"dependencies\"");
    client.open(APP, &text);
    client.settle();
    let of_nomad = |client: &Client| {
        let found = client.findings.get(&uri(APP)).cloned().unwrap_or_default();
        found.iter().any(|found| found["message"].as_str().unwrap().starts_with("nomad: "))
    };
    assert!(of_nomad(&client));
    let settings = json!({ "settings": { "applc": { "targets": [] } } });
    client.notify("workspace/didChangeConfiguration", settings);
    client.settle();
    assert!(!of_nomad(&client));
}

#[test]
fn a_key_that_is_half_typed_means_the_only_field_that_it_starts() {
    let help = |text: String| {
        let mut client = Client::with(&[]);
        client.open(APP, &text);
        client.settle();
        let found = client.findings[&uri(APP)].clone();
        let found: Vec<&Value> = found.iter().filter(|found| found["code"] == "E0201").collect();
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        found[0]["message"].as_str().unwrap().to_owned()
    };
    let with =
        |fields: &str| SOUND.replace("\"dependencies\"", &format!("{fields}, \"dependencies\""));
    for start in ["net", "netw", "network_"] {
        let said = help(with(&format!("\"{start}\": \"bridge\"")));
        assert!(said.contains("did you mean `network_mode`?"), "{said}");
    }
    // Several fields start so, or one that nobody should write.
    let said = help(with("\"sch\": 1").replace("service", "job"));
    assert!(!said.contains("did you mean"), "{said}");
    let said = help(SOUND.replacen('{', "{\"sched\": 1,", 1));
    assert!(!said.contains("scheduler"), "{said}");
    let said = help(with("\"network_mode\": \"bridge\", \"netw\": \"bridge\""));
    assert!(said.contains("`network_mode` is already set"), "{said}");
    // The start of a field that is there is not that of another one.
    let volumes = r#"{"data_persistence": {"volumes": [], "volume": []},"#;
    let said = help(SOUND.replacen('{', volumes, 1));
    assert!(said.contains("`volumes` is already set"), "{said}");
}

/// The overlay sets a field, so that the help does not list it.
#[test]
fn a_finding_of_two_environments_with_other_help_shows_once() {
    let project = "[environments.dev]\n[environments.prod]\noverlay = \"a.prod.json\"\n";
    let files = [
        ("/p/applc.toml", project),
        ("/p/a.prod.json", r#"{"containers": {"web": {"instances": 3}}}"#),
    ];
    let text = SOUND.replace("\"dependencies\"", "\"netw\": \"bridge\", \"dependencies\"");
    let mut client = Client::with(&files);
    client.open(APP, &text);
    client.settle();
    assert_eq!(client.codes(APP), ["E0201"]);
}

#[test]
fn a_project_file_that_is_half_typed_keeps_the_findings_of_targets() {
    let sound = "default-targets = [\"nomad\"]\n[environments.prod]\ncompile-for = [\"nomad\"]\n";
    let mut client = Client::with(&[("/p/applc.toml", sound)]);
    let text = SOUND.replace("\"dependencies\"", "\"volumes\": [{ \"type\": \"host\", \"src\": \"./data\", \"dest\": \"/data\" }], \"dependencies\"");
    client.open(APP, &text);
    client.settle();
    let before = client.codes(APP).len();
    assert!(before > 0);
    for half in ["output = [\"compose\",\n", "outp\n", "output =\n", "output = \"out/{id}\n"] {
        client.open("/p/applc.toml", &format!("{half}{sound}"));
        client.settle();
        assert_eq!(client.codes("/p/applc.toml"), ["E0115"], "{half}");
        assert_eq!(client.codes(APP).len(), before, "{half}");
        client.close("/p/applc.toml");
    }
}
