//! What can be written at a place: the caret is at `¦`.

use serde_json::{Value, json};

use crate::client::{Client, SOUND, position};

/// Opens a text without its caret, and asks what can be there.
fn offered(client: &mut Client, path: &str, text: &str) -> (String, Vec<Value>) {
    let at = position(text, "¦", 0);
    let text = text.replacen('¦', "", 1);
    client.open(path, &text);
    let answer = client.at("textDocument/completion", path, at);
    client.close(path);
    (text, answer.as_array().cloned().unwrap_or_default())
}

fn labels(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["label"].as_str().unwrap()).collect()
}

/// The index of a position in UTF-16.
fn index(text: &str, position: &Value) -> usize {
    let line = usize::try_from(position["line"].as_u64().unwrap()).unwrap();
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let column = usize::try_from(position["character"].as_u64().unwrap()).unwrap();
    let mut units = 0;
    let rest = text[start..].chars().take_while(|c| {
        units += c.len_utf16();
        units <= column
    });
    start + rest.map(char::len_utf8).sum::<usize>()
}

/// The text after a choice.
fn chosen(text: &str, items: &[Value], label: &str) -> String {
    let item = items.iter().find(|item| item["label"] == label);
    let item = item.unwrap_or_else(|| panic!("no {label} in {:?}", labels(items)));
    let more = item["additionalTextEdits"].as_array().cloned().unwrap_or_default();
    let mut edits: Vec<Value> = std::iter::once(item["textEdit"].clone()).chain(more).collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(index(text, &edit["range"]["start"])));
    let mut text = text.to_owned();
    for edit in edits {
        let range = index(&text, &edit["range"]["start"])..index(&text, &edit["range"]["end"]);
        text.replace_range(range, edit["newText"].as_str().unwrap());
    }
    text
}

/// What is made of a text by a choice.
fn made(path: &str, text: &str, label: &str) -> String {
    let mut client = Client::with(&[]);
    let (text, items) = offered(&mut client, path, text);
    chosen(&text, &items, label)
}

const JSON: &str = "/p/a.appliance.json";
const YAML: &str = "/p/a.appliance.yaml";

#[test]
fn an_empty_file_gets_a_whole_appliance() {
    let snippets = json!({ "textDocument": { "completion": { "completionItem": {
        "snippetSupport": true, "documentationFormat": ["markdown"],
        "insertTextModeSupport": { "valueSet": [1, 2] } } } } });
    let mut client = Client::started(&[], snippets, Value::Null);
    let (text, items) = offered(&mut client, JSON, "¦");
    let item = &items[0];
    assert_eq!(
        (item["insertTextFormat"].as_u64(), item["insertTextMode"].as_u64()),
        (Some(2), Some(2))
    );
    assert_eq!(item["documentation"]["kind"], "markdown");
    let expected = r#"{
  "id": "$1",
  "containers": [
    {
      "id": "$2",
      "type": "${3|service,job|}",
      "image": "$4",
      "resources": { "cpus": ${5:0.5}, "mem": ${6:1024} \}
    \}
  ]
\}"#
    .replace("\\}", "}");
    assert_eq!(chosen(&text, &items, "New appliance"), expected);
    assert_eq!(
        made(YAML, "¦", "New appliance"),
        "id: \ncontainers:\n  - id: \n    type: service\n    image: \n    resources:\n      cpus: 0.5\n      mem: 1024"
    );
}

#[test]
fn keys_are_those_that_are_missing_the_required_ones_first() {
    let mut client = Client::with(&[]);
    let text =
        r#"{"id": "a", "containers": [{"id": "b", "type": "service", "¦", "image": "i:1"}]}"#;
    let (_, mut items) = offered(&mut client, JSON, text);
    items.sort_by_key(|item| item["sortText"].as_str().unwrap().to_owned());
    let names = labels(&items);
    assert_eq!(names[0], "resources");
    assert_eq!(items[0]["detail"], "required");
    for (name, is_there) in [
        ("env", true),
        ("health_check", true),
        // It is there already, or only for jobs.
        ("image", false),
        ("schedule", false),
        ("scheduler", false),
    ] {
        assert_eq!(names.contains(&name), is_there, "{name}");
    }
    // A condition that does not hold excludes nothing.
    let job = text.replace("service", "job");
    let (_, items) = offered(&mut client, JSON, &job);
    assert!(labels(&items).contains(&"schedule") && !labels(&items).contains(&"health_check"));
}

#[test]
fn keys_fit_what_is_written_around_them() {
    let resources = r#""resources": { "cpus": 0.5, "mem": 1024 }"#;
    for (before, after) in [
        (r#""¦""#, format!("{resources},")),
        // Without the other quote, and without any.
        ("\"res¦\n", format!("{resources},\n")),
        ("res¦\n", format!("{resources},\n")),
        (r#""r¦" : 1,"#, r#""resources" : 1,"#.to_owned()),
        ("// a {\n ¦", format!("// a {{\n {resources},")),
    ] {
        let around = |part: &str| {
            format!(
                "{{\"id\": \"a\", \"containers\": [\n{{ \"id\": \"é😀\", {part} \"image\": \"i\" }}]}}"
            )
        };
        assert_eq!(made(JSON, &around(before), "resources"), around(&after), "{before}");
    }
    // The comma behind the last member.
    let text = "{\"containers\": [{\"id\": \"b\"\n ¦}]}";
    let expected = format!("{{\"containers\": [{{\"id\": \"b\",\n {resources}}}]}}");
    assert_eq!(made(JSON, text, "resources"), expected);
    // In a comment, there is nothing.
    let mut client = Client::with(&[]);
    assert!(offered(&mut client, JSON, "{ // ¦\n}").1.is_empty());
    assert!(offered(&mut client, JSON, "{} ¦").1.is_empty());
}

#[test]
fn values_are_those_of_the_schema_and_of_the_appliance() {
    let with = |part: &str| SOUND.replace("\"dependencies\": [\"db\"]", part);
    for (part, expected) in [
        ("\"dependencies\": [¦]", "\"dependencies\": [\"db\"]"),
        ("\"dependencies\": [\"¦\"]", "\"dependencies\": [\"db\"]"),
        ("\"dependencies\": [\"d¦\n]", "\"dependencies\": [\"db\"\n]"),
    ] {
        assert_eq!(made(JSON, &with(part), "db"), with(expected), "{part}");
    }
    let mut client = Client::with(&[]);
    // A container does not wait for itself.
    assert_eq!(labels(&offered(&mut client, JSON, &with("\"dependencies\": [¦]")).1), ["db"]);
    let (_, items) = offered(&mut client, JSON, &with("\"network_mode\": ¦"));
    assert_eq!(labels(&items), ["host", "bridge", "container"]);
    assert_eq!(
        chosen(&with("\"network_mode\": "), &items, "bridge"),
        with("\"network_mode\": \"bridge\"")
    );
    let (_, items) = offered(&mut client, JSON, &with("\"force_pull_image\": ¦"));
    assert_eq!(labels(&items), ["true", "false"]);
    let (_, items) = offered(&mut client, JSON, r#"{"containers": [¦]}"#);
    assert_eq!(labels(&items), ["service", "job"]);
    let text = r#"{"data_persistence": {"volumes": [{"id": "data"}]}, "containers": [{"volumes": [{"src": "¦"}]}]}"#;
    assert_eq!(labels(&offered(&mut client, JSON, text).1), ["data"]);
    // An image of another appliance that is open.
    client.open("/p/b.appliance.json", SOUND);
    client.settle();
    let (_, items) = offered(&mut client, JSON, r#"{"containers": [{"image": "¦"}]}"#);
    assert_eq!(labels(&items), ["nginx:1.27", "postgres:17"]);
}

#[test]
fn references_and_their_ports_are_completed_inside_texts() {
    for (part, label, expected) in [
        ("😀 @¦", "db", "😀 @db"),
        ("😀 @d¦:5432/x", "db", "😀 @db:5432/x"),
        ("😀 @db:¦/x", "5432", "😀 @db:5432/x"),
        ("😀 @db:54¦", "5432", "😀 @db:5432"),
    ] {
        let with = |part: &str| SOUND.replace("😀 @db:5432", part);
        assert_eq!(made(JSON, &with(part), label), with(expected), "{part}");
    }
    let yaml = |env: &str| {
        format!(
            "id: a\ncontainers:\n  - id: db\n    ports: [{{ container_port: 5432 }}]\n  - id: web\n    env:\n      A: {env}\n    cmd: x\n"
        )
    };
    for (part, label, expected) in [
        ("\"😀 @¦\"", "db", "\"😀 @db\""),
        // A text that starts with `@` needs quotes.
        ("@¦", "db", "\"@db\""),
        ("x @d¦", "db", "x @db"),
        ("|\n        one\n        😀 @¦", "db", "|\n        one\n        😀 @db"),
    ] {
        assert_eq!(made(YAML, &yaml(part), label), yaml(expected), "{part}");
    }
    let mut client = Client::with(&[]);
    for part in ["😀 \\\\@¦", "😀 x@y z¦", "😀 ¦"] {
        let text = SOUND.replace("😀 @db:5432", part);
        assert!(offered(&mut client, JSON, &text).1.is_empty(), "{part}");
    }
}

#[test]
fn yaml_is_completed_by_its_indentation() {
    let base = "id: shop\ncontainers:\n  - id: web\n    type: service\n";
    for (more, label, expected) in [
        ("    ¦", "image", "    image: "),
        ("    im¦\n    cmd: x\n", "image", "    image: \n    cmd: x\n"),
        ("    resources:\n      ¦", "mem", "    resources:\n      mem: 1024"),
        (
            "    ¦\n    cmd: x\n",
            "resources",
            "    resources:\n      cpus: 0.5\n      mem: 1024\n    cmd: x\n",
        ),
        ("    resources: { cpus: 1, ¦ }", "mem", "    resources: { cpus: 1, mem: 1024 }"),
        ("    network_mode: ¦", "bridge", "    network_mode: bridge"),
        ("    network_mode: br¦ # why\n", "bridge", "    network_mode: bridge # why\n"),
        ("    ports:\n      - ¦", "container_port", "    ports:\n      - container_port: 8080"),
        ("    ports:\n      ¦", "New port", "    ports:\n      - container_port: 8080"),
        (
            "  - id: db\n    dependencies:\n      - ¦",
            "web",
            "  - id: db\n    dependencies:\n      - web",
        ),
        ("  - id: db\n    dependencies: [¦]", "web", "  - id: db\n    dependencies: [web]"),
        (
            "  ¦",
            "job",
            "  - id: \n    type: job\n    image: \n    resources:\n      cpus: 0.5\n      mem: 1024",
        ),
        (
            "  - ¦",
            "job",
            "  - id: \n    type: job\n    image: \n    resources:\n      cpus: 0.5\n      mem: 1024",
        ),
        ("¦", "data_persistence", "data_persistence:\n  "),
    ] {
        assert_eq!(
            made(YAML, &format!("{base}{more}"), label),
            format!("{base}{expected}"),
            "{more}"
        );
    }
    let mut client = Client::with(&[]);
    let (_, items) =
        offered(&mut client, YAML, &format!("{base}    ¦\n    cmd: x\n  - id: db\n    image: i\n"));
    let names = labels(&items);
    assert!(names.contains(&"image") && !names.contains(&"cmd") && !names.contains(&"schedule"));
    for nothing in ["    cmd: |\n      ¦", "    # ¦", "    type:¦", "    cmd: x¦"] {
        let (_, items) = offered(&mut client, YAML, &format!("{base}{nothing}"));
        assert!(items.is_empty(), "{nothing}: {:?}", labels(&items));
    }
}

#[test]
fn yaml_goes_on_behind_values_in_brackets() {
    let base = "id: shop\ncontainers:\n  - id: db\n    type: service\n    image: a:1\n    ports: [{ container_port: 5432 }]\n  - id: web\n    type: service\n";
    let mut client = Client::with(&[]);
    for value in [
        "resources: { cpus: 1, mem: 5 }\n",
        "resources: { cpus: 1, mem: 5 } # }\n\n    # {\n",
        "args: [\"a\"]\n",
        "dependencies: [db]\n",
        "env: { URL: http://x:80/y, NOTE: it's }\n",
        "ports:\n      - { container_port: 80 }\n",
        "resources: {\n      cpus: 1,\n      mem: 5\n    }\n",
    ] {
        let more = |rest: &str| format!("{base}    {value}{rest}");
        let (_, items) = offered(&mut client, YAML, &more("    net¦"));
        assert!(labels(&items).contains(&"network_mode"), "{value}");
        let (_, items) = offered(&mut client, YAML, &more("    network_mode: ¦"));
        assert_eq!(labels(&items), ["host", "bridge", "container"], "{value}");
        let (_, items) = offered(&mut client, YAML, &more("  - ¦"));
        assert_eq!(labels(&items)[..2], ["service", "job"], "{value}");
        let (_, items) = offered(&mut client, YAML, &more("  ¦"));
        assert_eq!(labels(&items), ["service", "job"], "{value}");
        // The next container is another one.
        let (_, items) =
            offered(&mut client, YAML, &more("  - id: j\n    type: job\n    image: a:1\n    ¦"));
        let names = labels(&items);
        assert!(names.contains(&"schedule") && names.contains(&"env"), "{value}: {names:?}");
        assert!(!names.contains(&"health_check"), "{value}");
        if !value.starts_with("env") {
            let (_, items) = offered(&mut client, YAML, &more("    env:\n      A: @¦"));
            assert!(labels(&items).contains(&"db"), "{value}");
        }
    }
}

#[test]
fn overlays_offer_the_entries_of_the_appliance() {
    let appliance = SOUND.replace(
        "\"dependencies\"",
        "\"ports\": [{ \"container_port\": 53, \"protocol\": \"udp\" }], \"volumes\": [{ \"src\": \"/a\", \"dest\": \"/var/lib/a\", \"type\": \"host\" }], \"dependencies\"",
    );
    let project = "[environments.prod]\noverlay = \"a.prod.yaml\"\n[environments.test]\noverlay = \"a.test.json\"\n";
    let files = [("/p/applc.toml", project), (JSON, appliance.as_str())];
    let mut client = Client::with(&files);
    for (field, keys) in
        [("ports", &["53/udp"][..]), ("volumes", &["/var/lib/a"]), ("env", &["SMILE"])]
    {
        let text = format!("containers:\n  db: {{ instances: 2 }}\n  web:\n    {field}:\n      ¦");
        let (text, items) = offered(&mut client, "/p/a.prod.yaml", &text);
        assert_eq!(labels(&items), keys, "{field}");
        let start = format!("      {}:", keys[0]);
        assert!(chosen(&text, &items, keys[0]).lines().any(|line| line.starts_with(&start)));
        let text = format!(r#"{{"containers": {{"web": {{"{field}": {{"¦"}}}}}}}}"#);
        let (_, items) = offered(&mut client, "/p/a.test.json", &text);
        assert_eq!(labels(&items), keys, "{field}");
    }
    // A choice that inserts nothing is none.
    for text in ["¦", "containers:\n  ¦", "containers:\n  web:\n    ¦", "data_persistence:\n  ¦"]
    {
        let (_, items) = offered(&mut client, "/p/a.prod.yaml", text);
        assert!(!items.is_empty(), "{text}");
        for item in &items {
            assert_ne!(item["textEdit"]["newText"], "", "{text}: {item}");
        }
    }
    for text in ["    health_check:\n      ¦", "    schedule_hints:\n      ¦", "    env:\n      ¦"]
    {
        let text = format!("id: a\ncontainers:\n  - id: b\n    type: service\n{text}");
        let (_, items) = offered(&mut client, YAML, &text);
        let is_empty = |item: &&Value| item["textEdit"]["newText"] == "";
        assert!(!items.iter().any(|item| is_empty(&item)), "{text}");
    }
}

#[test]
fn overlays_and_projects_are_completed() {
    let files =
        [("/p/applc.toml", "[environments.prod]\noverlay = \"a.prod.json\"\n"), (JSON, SOUND)];
    let mut client = Client::with(&files);
    let overlay = "/p/a.prod.json";
    let (text, items) = offered(&mut client, overlay, r#"{"containers": {"db": {}, "¦"}}"#);
    assert_eq!(labels(&items), ["web"]);
    assert!(chosen(&text, &items, "web").starts_with(r#"{"containers": {"db": {}, "web": {"#));
    let (_, items) = offered(&mut client, overlay, r#"{"containers": {"db": {"¦"}}}"#);
    assert!(labels(&items).contains(&"image"));
    let (_, items) = offered(&mut client, "/p/applc.toml", "out¦\n[environments.prod]\n");
    assert!(labels(&items).contains(&"output"), "{:?}", labels(&items));
    let (text, items) =
        offered(&mut client, "/p/applc.toml", "[environments.prod]\ntargets.kubernetes.na¦\n");
    assert!(chosen(&text, &items, "namespace").contains("targets.kubernetes.namespace = \"\""));
}

#[test]
fn names_of_tables_and_targets_are_completed_in_projects() {
    let path = "/p/applc.toml";
    let files = [(path, "[environments.prod]\n"), (JSON, SOUND)];
    let mut client = Client::with(&files);
    for (text, label, expected) in [
        ("[¦", "environments", "[environments"),
        ("[env¦]", "environments", "[environments]"),
        ("[targets.¦]", "kubernetes", "[targets.kubernetes]"),
        ("[tar¦.kubernetes]", "targets", "[targets.kubernetes]"),
        ("[environments.prod.¦]", "images", "[environments.prod.images]"),
        ("[environments.p¦]", "prod", "[environments.prod]"),
        ("default-targets = [\"¦\"]", "nomad", "default-targets = [\"nomad\"]"),
        (
            "[environments.prod]\ncompile-for = [\"¦\"]",
            "nomad",
            "[environments.prod]\ncompile-for = [\"nomad\"]",
        ),
    ] {
        let text = format!("{text}\n# [environments.prod]\n[environments.prod.targets]\n");
        let (given, items) = offered(&mut client, path, &text);
        assert!(chosen(&given, &items, label).starts_with(expected), "{text}");
        // A value that is no table has no line of its own.
        assert!(!labels(&items).contains(&"output"), "{text}");
    }
    assert!(offered(&mut client, path, "[environments.prod] ¦").1.is_empty());
}
