//! Edits of the server, as a client applies them.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::client::{Client, SOUND, position, uri};

const APP: &str = "/p/a.appliance.json";

/// The index of a position in UTF-16.
fn index(text: &str, position: &Value) -> usize {
    let line = position["line"].as_u64().unwrap() as usize;
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let mut units = position["character"].as_u64().unwrap();
    let mut at = start;
    for c in text[start..].chars() {
        if units == 0 {
            break;
        }
        units -= c.len_utf16() as u64;
        at += c.len_utf8();
    }
    at
}

/// A text with the edits of a workspace edit for a document.
fn applied(edit: &Value, path: &str, text: &str) -> String {
    let mut edits = edit["changes"][uri(path)].as_array().cloned().unwrap_or_default();
    edits.sort_by_key(|edit| std::cmp::Reverse(index(text, &edit["range"]["start"])));
    let mut text = text.to_owned();
    for edit in edits {
        let range = index(&text, &edit["range"]["start"])..index(&text, &edit["range"]["end"]);
        text.replace_range(range, edit["newText"].as_str().unwrap());
    }
    text
}

fn actions(client: &mut Client, path: &str, only: &str) -> Vec<Value> {
    let params = json!({
        "textDocument": { "uri": uri(path) },
        "range": { "start": { "line": 0, "character": 0 }, "end": { "line": 99999, "character": 0 } },
        "context": { "diagnostics": [], "only": [only] },
    });
    client.request("textDocument/codeAction", params).unwrap().as_array().unwrap().clone()
}

#[test]
fn each_quick_fix_removes_its_finding() {
    let mut count = 0;
    let mut failures = Vec::new();
    for folder in ["lint", "resolve", "schema", "syntax", "syntax-yaml"] {
        let folder = applc_testing::repository("tests/diagnostics").join(folder);
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = entry.unwrap().path();
            let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            let (Ok(text), true) = (
                std::fs::read_to_string(&file),
                ["json", "jsonc", "yaml", "yml"].contains(&ending),
            ) else {
                continue;
            };
            let path = format!("/p/a.appliance.{ending}");
            let mut client = Client::with(&[]);
            client.open(&path, &text);
            for action in actions(&mut client, &path, "quickfix") {
                count += 1;
                let finding = &action["diagnostics"][0];
                let fixed = applied(&action["edit"], &path, &text);
                client.replace(&path, &fixed);
                client.settle();
                let same = |found: &&Value| {
                    found["code"] == finding["code"] && found["message"] == finding["message"]
                };
                let before = |client: &mut Client| {
                    client
                        .findings
                        .get(&uri(&path))
                        .map_or(0, |all| all.iter().filter(same).count())
                };
                let left = before(&mut client);
                client.replace(&path, &text);
                client.settle();
                if left >= before(&mut client) {
                    failures.push(format!("{}: {action}", file.display()));
                }
            }
        }
    }
    assert!(count > 100, "{count}");
    assert!(failures.is_empty(), "{} of {count}:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_quick_fix_says_what_it_does() {
    let text = SOUND.replace("\"dependencies\": [\"db\"]", "\"dependencis\": [\"db\"]");
    let mut client = Client::with(&[]);
    client.open(APP, &text);
    let all = actions(&mut client, APP, "quickfix");
    let titles: Vec<&str> = all.iter().map(|action| action["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Replace `\"dependencis\"` with `\"dependencies\"`"]);
    assert_eq!(all[0]["isPreferred"], true);
    assert_eq!(applied(&all[0]["edit"], APP, &text), SOUND);
    assert!(actions(&mut client, APP, "refactor").is_empty());
}

#[test]
fn fix_all_mends_overlays() {
    let project = "[environments.dev]\n[environments.prod]\noverlay = \"all.prod.yaml\"\n";
    let other = "{\"id\": \"other\", \"containers\": []}";
    let files = [("/p/applc.toml", project), ("/p/0.appliance.json", other), (APP, SOUND)];
    let overlay = "/p/all.prod.yaml";
    let text = "containers:\n  web: # 😀\n    type: Service\n  db: { type: SERVICE }\n";
    let mended = "containers:\n  web: # 😀\n    type: service\n  db: { type: service }\n";
    let mut client = Client::with(&files);
    client.open(overlay, text);
    let all = actions(&mut client, overlay, "source.fixAll");
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(applied(&all[0]["edit"], overlay, text), mended);
    client.replace(overlay, mended);
    assert!(actions(&mut client, overlay, "source.fixAll").is_empty());
}

#[test]
fn fix_all_is_that_of_check() {
    let text = SOUND
        .replace("\"dependencies\"", "\"dependencis\"")
        .replace("\"service\", \"image\": \"nginx", "\"Service\", \"image\": \"nginx");
    let mut client = Client::with(&[]);
    client.open(APP, &text);
    let all = actions(&mut client, APP, "source.fixAll");
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0]["kind"], "source.fixAll.applc");
    assert_eq!(applied(&all[0]["edit"], APP, &text), SOUND);
    client.replace(APP, SOUND);
    assert!(actions(&mut client, APP, "source.fixAll.applc").is_empty());
}

/// The Compose file of an appliance.
fn compiled(text: &str) -> String {
    let target = applc::targets::find("compose").unwrap();
    let options = applc::targets::Options::of(target);
    let selected = [applc::Selected { target: target.into(), options }];
    let world = applc::Memory::new().with(APP, text);
    let mut done = applc::compile(&world, APP, &selected).unwrap();
    done.outputs.remove(0).artifacts.remove(0).text
}

fn rename(client: &mut Client, path: &str, at: Value, name: &str) -> Result<Value, String> {
    let params = json!({ "textDocument": { "uri": uri(path) }, "position": at, "newName": name });
    client.request("textDocument/rename", params).map_err(|error| error.message)
}

#[test]
fn a_container_is_renamed_everywhere_and_back() {
    let overlay = "containers:\n  db: # 😀\n    image: postgres:18\n";
    let files = [
        ("/p/applc.toml", "[environments.prod]\noverlay = \"a.prod.yaml\"\n[environments.test]\n"),
        (APP, SOUND),
        ("/p/a.prod.yaml", overlay),
    ];
    let mut client = Client::with(&files);
    client.open(APP, SOUND);
    let at = position(SOUND, "@db", 1);
    let ready = client.at("textDocument/prepareRename", APP, at.clone());
    assert_eq!(ready["placeholder"], "db");
    assert_eq!(ready["range"]["start"], at);
    let edit = rename(&mut client, APP, at.clone(), "data-base").unwrap();
    let app = applied(&edit, APP, SOUND);
    let expected = SOUND.replace("\"db\"", "\"data-base\"").replace("@db:", "@data-base:");
    assert_eq!(app, expected);
    assert_eq!(compiled(&app).replace("data-base", "db"), compiled(SOUND));
    let changed = applied(&edit, "/p/a.prod.yaml", overlay);
    assert_eq!(changed, overlay.replace("db:", "data-base:"));
    // And back, from the overlay.
    client.replace(APP, &app);
    client.open("/p/a.prod.yaml", &changed);
    let at = position(&changed, "data-base", 2);
    let edit = rename(&mut client, "/p/a.prod.yaml", at, "db").unwrap();
    assert_eq!(applied(&edit, APP, &app), SOUND);
    assert_eq!(applied(&edit, "/p/a.prod.yaml", &changed), overlay);
}

/// An overlay of one environment is renamed from one of another one, with all appliances that share it.
#[test]
fn renaming_reaches_all_environments_and_appliances() {
    let project = "[environments.dev]\noverlay = \"{name}.dev.yaml\"\n[environments.prod]\noverlay = \"all.yaml\"\n";
    let overlay = "containers:\n  db:\n    image: postgres:18\n";
    let other = SOUND.replace("\"shop\"", "\"other\"");
    let dev = "/p/a.dev.yaml";
    let files = [
        ("/p/applc.toml", project),
        (APP, SOUND),
        (dev, overlay),
        ("/p/all.yaml", overlay),
        ("/p/b.appliance.json", &other),
    ];
    let mut client = Client::with(&files);
    client.open(dev, overlay);
    let edit = rename(&mut client, dev, position(overlay, "db", 1), "store").unwrap();
    let renamed = |text: &str| {
        text.replace("\"db\"", "\"store\"").replace("@db:", "@store:").replace("db:\n", "store:\n")
    };
    for (path, text) in &files[1..] {
        assert_eq!(applied(&edit, path, text), renamed(text), "{path}");
    }
    // One of them cannot be renamed.
    client.disk.write("/p/b.appliance.json", &other.replace("\"web\"", "\"store\""));
    let refused = rename(&mut client, dev, position(overlay, "db", 1), "store").unwrap_err();
    assert!(refused.contains("another one"), "{refused}");
}

#[test]
fn renaming_is_refused_where_it_would_break_something() {
    let mut client = Client::with(&[]);
    client.open(APP, SOUND);
    let at = position(SOUND, "@db", 1);
    for (name, why) in [("web", "another one"), ("a b", "is no id"), ("", "is no id")] {
        let refused = rename(&mut client, APP, at.clone(), name).unwrap_err();
        assert!(refused.contains(why), "{refused}");
    }
    let nothing = client.at("textDocument/prepareRename", APP, position(SOUND, "nginx", 1));
    assert_eq!(nothing, Value::Null);
    let escaped = SOUND.replace("\"dependencies\": [\"db\"]", "\"dependencies\": [\"\\u0064b\"]");
    client.replace(APP, &escaped);
    let refused = rename(&mut client, APP, position(&escaped, "@db", 1), "x").unwrap_err();
    assert!(refused.contains("escapes"), "{refused}");
    client.replace(APP, &SOUND.replace("\"mem\": 512 }", "\"mem\": 512, }"));
    client.replace(APP, &SOUND.replace("\"mem\": 512 }", "\"mem\": true }"));
    let refused = rename(&mut client, APP, at, "x").unwrap_err();
    assert!(refused.contains("has errors"), "{refused}");
}

/// An appliance and its overlay, whose container and volume have ids as they are written in YAML, in all ways to mention them.
fn shop(id: &str, plain: &str, volume: &str) -> [(&'static str, String); 2] {
    let appliance = format!(
        "id: shop
data_persistence:
  volumes:
  - {{ id: {volume}, size: 100 }}
containers:
- id: {id} # 😀
  type: service
  image: postgres:17
  resources: {{ cpus: 1, mem: 512 }}
  ports: [{{ container_port: 5432, protocol: tcp }}]
  volumes:
  - {{src: {volume}, dest: /var/lib/postgresql/data}}
- id: web
  type: service
  image: nginx:1.27
  resources: {{ cpus: 1, mem: 512 }}
  dependencies: [{id}]
  env:
    A: '@{plain}:5432'
    B: x@{plain}:5432
"
    );
    let overlay = format!("containers:\n  {id}:\n    image: postgres:18\n");
    [("/p/a.appliance.yaml", appliance), ("/p/a.prod.yaml", overlay)]
}

/// A client with an open appliance and its overlay.
fn with_shop(files: &[(&str, String); 2]) -> Client {
    let project = "default-targets = [\"compose\"]\n[environments.dev]\n[environments.prod]\noverlay = \"a.prod.yaml\"\n";
    let mut client = Client::with(&[("/p/applc.toml", project)]);
    for (path, text) in files {
        client.open(path, text);
    }
    client.settle();
    client
}

/// The codes and texts of all findings.
fn messages(client: &Client) -> Vec<(String, String)> {
    let all = client.findings.iter().flat_map(|(uri, all)| all.iter().map(move |one| (uri, one)));
    all.map(|(uri, one)| (uri.clone(), format!("{} {}", one["code"], one["message"]))).collect()
}

/// Renames a container, or a volume, in YAML: what is written is the id in quotes.
fn renaming_in_yaml_keeps_ids(is_volume: bool, quote: &str, new: &str) {
    let db = format!("{quote}db{quote}");
    let before = match is_volume {
        false => shop(&db, "db", "data"),
        true => shop("db", "db", &db),
    };
    let quoted = format!("\"{new}\"");
    let expected = match is_volume {
        false => shop(&quoted, new, "data"),
        true => shop("db", "db", &quoted),
    };
    let mut client = with_shop(&before);
    assert_eq!(messages(&client), messages(&with_shop(&shop("db", "db", "data"))));
    let (path, text) = &before[0];
    let start = if is_volume { "volumes:\n  - { id: " } else { "containers:\n- id: " };
    let place = position(text, start, start.chars().count() + quote.len());
    let edit = rename(&mut client, path, place, new).unwrap();
    let after = [0, 1].map(|at| (before[at].0, applied(&edit, before[at].0, &before[at].1)));
    let unquoted =
        |files: &[(&str, String); 2]| files.clone().map(|(_, text)| text.replace(['"', '\''], ""));
    assert_eq!(unquoted(&after), unquoted(&expected));
    if !quote.is_empty() {
        // Nothing but the id differs.
        let with = |text: &str| {
            text.replace(&format!("{quote}{new}{quote}"), &db).replace(&format!("@{new}"), "@db")
        };
        assert_eq!(
            after.clone().map(|(_, text)| with(&text)),
            before.clone().map(|(_, text)| with(&text))
        );
    }
    assert_eq!(messages(&with_shop(&after)), messages(&with_shop(&expected)), "{after:#?}");
}

#[test]
fn words_that_are_no_strings_in_yaml_are_renamed_to_strings() {
    for new in [
        "null",
        "TRUE",
        "no",
        "y",
        "1",
        "1e5",
        "0x1",
        "0o7",
        "-",
        "---",
        "-1",
        "2001-01-01",
        "store",
    ] {
        for quote in ["", "'", "\""] {
            renaming_in_yaml_keeps_ids(false, quote, new);
        }
        renaming_in_yaml_keeps_ids(true, "", new);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn renaming_in_yaml_writes_strings(is_volume: bool, quote in "['\"]?", new in "[a-zA-Z0-9-]{1,6}") {
        prop_assume!(!["db", "web", "data"].iter().any(|id| new.eq_ignore_ascii_case(id)));
        renaming_in_yaml_keeps_ids(is_volume, &quote, &new);
    }
}

#[test]
fn renaming_names_the_file_that_has_errors() {
    let files = [
        ("/p/applc.toml", "[environments.prod]\noverlay = \"a.prod.json\"\n"),
        ("/p/a.prod.json", r#"{"containers": {"web": {"imge": 3}}}"#),
    ];
    let mut client = Client::with(&files);
    client.open(APP, SOUND);
    let refused = rename(&mut client, APP, position(SOUND, "@db", 1), "x").unwrap_err();
    assert!(refused.starts_with("`a.prod.json` has errors"), "{refused}");
}

#[test]
fn files_of_toml_have_quick_fixes() {
    let project = "default-targets = [\"compsoe\"]\nlevls = 1\n[targets.kubernetes]\nnamspace = \"a\"\nexpose = \"load-balncer\"\n[environments.prod]\ncompile-for = [\"nomda\"]\n[diagnostics]\ndeny = []\n";
    let mended = [
        ("\"compsoe\"", "\"compose\""),
        ("namspace", "namespace"),
        ("\"load-balncer\"", "\"load-balancer\""),
        ("\"nomda\"", "\"nomad\""),
    ];
    let target = "applc = 1\nname = \"own\"\ndescription = \"A file\"\n[[artifacts]]\ntemplate = \"a.j2\"\npath = \"a.ini\"\nformaat = \"inni\"\n[references]\naddress = \"{{ name }}\"\n[fields]\n\"containers[].imag\" = \"caried\"\n\"*\" = { rejected = \"none\" }\n";
    let of_target = [("formaat", "format"), ("\"containers[].imag\"", "\"containers[].image\"")];
    let mut client = Client::with(&[("/p/own/a.j2", "x")]);
    for (path, text, mended) in
        [("/p/applc.toml", project, &mended[..]), ("/p/own/target.toml", target, &of_target)]
    {
        client.open(path, text);
        client.settle();
        let all = actions(&mut client, path, "quickfix");
        for (written, meant) in mended {
            let title = format!("Replace `{written}` with `{meant}`");
            let action = all.iter().find(|action| action["title"] == *title);
            let action = action.unwrap_or_else(|| panic!("{title}: {all:#?}"));
            let expected = text.replacen(written, meant, 1);
            assert_eq!(applied(&action["edit"], path, text), expected);
            // They are not certain.
            assert_eq!(action["isPreferred"], false);
            assert_eq!(action["diagnostics"].as_array().unwrap().len(), 1);
        }
        assert!(actions(&mut client, path, "source.fixAll").is_empty());
    }
}
