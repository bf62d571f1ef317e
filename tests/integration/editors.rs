//! The schemas for editors: their files, and that they agree with what applc says.
//! `UPDATE_DOCS=1 cargo test editors` writes the files.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use applc::diag::Findings;
use applc::editors::{Format, catalog};
use applc::source::Source;
use applc::syntax::{self, Kind, Node};
use applc::targets::custom;
use applc::{Memory, project};
use applc_testing::{hold, read, repository};
use jsonschema::Validator;
use regex::Regex;
use serde_json::{Map, Value, json};
use toml::de::{DeTable, DeValue};

use crate::common::{appliances, blocks};

/// A project file with every key.
const PROJECT: &str = r#"
required-version = ">=0.1"
appliances = ["apps/**/*.json", "!apps/old/*"]
default-targets = ["compose", "kubernetes"]
output = "manifests/{environment}/{folder}/{target}"
target-folders = []

[targets.compose]
start-interval = 5
[targets.kubernetes]
expose = "load-balancer"
restricted = true
volume-size = 1024
namespace = "shop"
[targets.nomad]
mhz-per-cpu = 2000
network = "bridge"
[targets.marathon]
offered-ports = "80,8000-8999"

[environments.test]
[environments.prod]
overlay = "{name}.prod.yaml"
compile-for = ["kubernetes"]
targets.kubernetes.namespace = "{id}-prod"
images = { "registry.example.org/shop/api" = "2.4.1" }

[diagnostics]
allow = ["W0301"]
warn = ["H0601"]
deny = ["warnings"]
"#;

/// A manifest with every key.
const TARGET: &str = r#"
applc = 1
name = "mine"
description = "My platform"

[[artifacts]]
for = "appliance"
template = "one.j2"
path = "one.txt"
format = "plain"

[references]
address = "{{ name }}"
address-with-port = "{{ name }}:{{ port }}"

[names]
clean = "dns-label"
longest = 63
pattern = "[a-z].*"

[escapes.exec]
"$" = "$$"

[options.registry]
type = "text"
default = "docker.io"
meaning = "registry"
[options.quick]
type = "flag"
default = true
meaning = "whether it is quick"
[options.size]
type = "integer"
default = 5
meaning = "size"
minimum = 1
maximum = 9
[options.share]
type = "number"
default = 0.5
meaning = "share"
[options.engine]
type = "choice"
default = "podman"
meaning = "engine"
values = ["docker", "podman"]

[run]
up = ["{target}/up", "{output}", "{{.Name}}"]
down = ["down", "{name}"]
status = ["status", "{id}"]
status-format = "json"
logs = ["logs", "{container}"]

[fields]
"id" = "carried"
"containers[].env" = { approximated = "a text" }
"*" = { rejected = "nothing like it" }
"#;

const EXTENDING: &str = r#"
applc = 1
name = "mine"
description = "Compose of mine"
extends = "compose"
run = { up = ["up"], down = ["down"] }
"#;

fn validator(format: Format) -> Validator {
    jsonschema::draft7::new(&format.schema()).unwrap()
}

fn of_toml(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => json!(text),
        DeValue::Integer(number) => {
            json!(i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).unwrap())
        }
        DeValue::Float(number) => json!(number.as_str().parse::<f64>().unwrap()),
        DeValue::Boolean(value) => json!(value),
        DeValue::Datetime(time) => json!(time.to_string()),
        DeValue::Array(items) => items.iter().map(|item| of_toml(item.get_ref())).collect(),
        DeValue::Table(table) => of_table(table),
    }
}

fn of_table(table: &DeTable<'_>) -> Value {
    let entries = table.iter();
    let entries = entries.map(|(key, value)| (key.get_ref().to_string(), of_toml(value.get_ref())));
    Value::Object(entries.collect::<Map<_, _>>())
}

/// A text in TOML as JSON. `None` if it is not TOML.
fn parsed(text: &str) -> Option<Value> {
    let (table, errors) = DeTable::parse_recoverable(text);
    errors.is_empty().then(|| of_table(table.get_ref()))
}

/// A value in TOML, on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members =
                members.iter().map(|(key, value)| format!("{} = {}", json!(key), inline(value)));
            format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        scalar => scalar.to_string(),
    }
}

/// A document in TOML.
fn document(value: &Value) -> String {
    let members = value.as_object().unwrap().iter();
    members.map(|(key, value)| format!("{} = {}\n", json!(key), inline(value))).collect()
}

/// The messages and the help of the errors that applc reports in a file.
fn errors(format: Format, text: &str) -> Vec<String> {
    let reports = match format {
        Format::Project => {
            let world = Memory::new().with("applc.toml", text);
            let project = project::find(&world, [""], &[], None).unwrap().unwrap();
            project.reports().map(|report| report.diagnostics.to_vec()).collect::<Vec<_>>()
        }
        _ => {
            let world = Memory::new().with("t/target.toml", text).with("t/one.j2", "x");
            let world = world.with("t/compose.yaml.j2", "x: 1");
            let loaded = custom::load(&world, "t", None).unwrap();
            loaded.reports.iter().map(|report| report.diagnostics.to_vec()).collect()
        }
    };
    let found = reports.into_iter().flatten();
    let found = found.filter(|found| ["E05", "E07"].contains(&&found.code.id[..3]));
    found.map(|found| format!("{}\n{}", found.message, found.help.join("\n"))).collect()
}

/// What a schema does not know: what is elsewhere, what is said twice, and languages in strings.
static BEYOND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?x)
    ^(unknown\ target|duplicate|invalid\ pattern|the\ project\ requires|cannot\ read|the\ program\ of\ a\ command
    |template\ |no\ template\ of|invalid\ regular\ expression|invalid\ default)
    |^invalid\ value\ `[^`]*\{(environment|folder|name|id|target)\}
    |\ is\ not\ a\ custom\ target|not\ found|undefined|syntax\ error|\ both\ ").unwrap()
});

/// Reports where a schema and applc do not agree on a document.
fn compare(
    format: Format,
    validator: &Validator,
    value: &Value,
    what: &str,
    wrong: &mut Vec<String>,
) {
    let errors = errors(format, &document(value));
    let schema: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    match (schema.first(), errors.first()) {
        (Some(error), None) => wrong.push(format!("{what}: only the schema: {error}")),
        (None, Some(_)) => {
            if let Some(error) = errors.iter().find(|error| !BEYOND.is_match(error)) {
                wrong.push(format!("{what}: only applc: {error}"));
            }
        }
        _ => {}
    }
}

/// The document with each of its values removed, renamed, and replaced by others.
fn changed(value: &Value) -> Vec<(String, Value)> {
    let others = [
        json!(""),
        json!("a"),
        json!("A b"),
        json!("/x"),
        json!("../x"),
        json!("{id}"),
        json!("{"),
        json!("true"),
        json!("5"),
        json!("-5"),
        json!("0x1"),
        json!(0),
        json!(-1),
        json!(70_000),
        json!(1.5),
        json!(true),
        json!([]),
        json!(["a"]),
        json!([1]),
        json!({}),
        json!({ "a": "b" }),
        json!({ "a": {} }),
        json!("x/{target}/../y"),
        json!("x.{name}"),
        json!("a:b"),
    ];
    let mut made = Vec::new();
    let mut add = |path: &str, what: String, change: &dyn Fn(&mut Value)| {
        let mut copy = value.clone();
        change(copy.pointer_mut(path).unwrap());
        made.push((format!("{path} {what}"), copy));
    };
    let mut open = vec![String::new()];
    while let Some(path) = open.pop() {
        match value.pointer(&path).unwrap() {
            Value::Object(members) => {
                for key in members.keys() {
                    open.push(format!("{path}/{}", key.replace('~', "~0").replace('/', "~1")));
                    add(&path, format!("without {key}"), &|it| {
                        it.as_object_mut().unwrap().remove(key);
                    });
                    add(&path, format!("with {key} misspelled"), &|it| {
                        let members = it.as_object_mut().unwrap();
                        let value = members.remove(key).unwrap();
                        members.insert(format!("{key}Zz"), value);
                    });
                }
                for (key, value) in [("zzz", json!("a")), ("a b", json!({})), ("", json!([]))] {
                    add(&path, format!("with {key:?}"), &|it| it[key] = value.clone());
                }
            }
            Value::Array(items) => {
                open.extend((0..items.len()).map(|at| format!("{path}/{at}")));
                add(&path, "with its first item twice".to_owned(), &|it| {
                    let items = it.as_array_mut().unwrap();
                    items.extend(items.first().cloned());
                });
            }
            _ => {}
        }
        if !path.is_empty() {
            for other in &others {
                add(&path, format!("= {other}"), &|it| *it = other.clone());
            }
        }
    }
    made
}

#[test]
fn the_files_of_the_schemas_are_those_that_are_printed() {
    for format in Format::ALL {
        hold(&format!("editors/schemas/{}", format.file_name()), &format.text());
    }
    hold("editors/schemastore.json", &catalog());
}

#[test]
fn schemas_of_toml_agree_with_what_applc_reads() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (format, text) in
        [(Format::Project, PROJECT), (Format::Target, TARGET), (Format::Target, EXTENDING)]
    {
        let validator = validator(format);
        let value = parsed(text).unwrap();
        assert_eq!(errors(format, text), [""; 0]);
        let found: Vec<String> = validator.iter_errors(&value).map(|e| e.to_string()).collect();
        assert_eq!(found, [""; 0]);
        for (what, changed) in changed(&value) {
            compare(format, &validator, &changed, &what, &mut wrong);
            count += 1;
        }
    }
    assert!(count > 1500, "{count}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn schemas_of_toml_agree_with_applc_on_files_of_the_repository() {
    let mut wrong = Vec::new();
    let mut count = 0;
    let mut all = |format: Format, name: &str, text: &str| {
        let Some(value) = parsed(text) else { return };
        let validator = validator(format);
        let is_valid = validator.is_valid(&value);
        let errors: Vec<String> =
            errors(format, text).into_iter().filter(|error| !BEYOND.is_match(error)).collect();
        if is_valid != errors.is_empty() {
            wrong.push(format!("{name}: {is_valid} {errors:?}"));
        }
        count += 1;
    };
    for entry in fs::read_dir(repository("tests/diagnostics/project")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            all(Format::Project, &path.display().to_string(), &fs::read_to_string(&path).unwrap());
        }
    }
    let targets = ["tests/custom/faulty", "examples/targets"].into_iter().flat_map(|folder| {
        fs::read_dir(repository(folder)).unwrap().map(|entry| entry.unwrap().path())
    });
    for folder in targets {
        let found = ["target.toml", "target/target.toml"].map(|name| folder.join(name));
        for file in found.iter().filter(|file| file.is_file()) {
            all(Format::Target, &file.display().to_string(), &fs::read_to_string(file).unwrap());
        }
    }
    all(Format::Project, "examples/project", &read("examples/project/applc.toml"));
    assert!(count > 40, "{count}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The keys that applc lists where it meets one that it does not know.
fn known(format: Format, text: &str) -> BTreeSet<String> {
    let errors = errors(format, text);
    let error = errors.iter().find(|error| error.contains("unknown key `????`"));
    let error = error.unwrap_or_else(|| panic!("{text}: {errors:?}"));
    let (_, help) = error.split_once("expected ").unwrap_or_else(|| panic!("{error}"));
    help.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn each_table_has_the_keys_that_its_reader_knows() {
    let target = |more: &str| format!("applc = 1\nname = \"x\"\ndescription = \"y\"\n{more}");
    let option = |kind: &str| target(&format!("[options.a]\ntype = \"{kind}\"\n\"????\" = 1\n"));
    let cases = [
        (Format::Project, "", "\"????\" = 1".to_owned()),
        (Format::Project, "/properties/diagnostics", "[diagnostics]\n\"????\" = 1".to_owned()),
        (Format::Project, "/definitions/environment", "[environments.x]\n\"????\" = 1".to_owned()),
        (Format::Target, "", target("\"????\" = 1")),
        (Format::Target, "/definitions/artifact", target("[[artifacts]]\n\"????\" = 1")),
        (Format::Target, "/properties/references", target("[references]\n\"????\" = 1")),
        (Format::Target, "/properties/names", target("[names]\n\"????\" = 1")),
        (Format::Target, "/definitions/run", target("[run]\n\"????\" = 1")),
        (Format::Target, "/definitions/support", target("[fields]\n\"id\" = { \"????\" = 1 }")),
    ];
    for (format, pointer, text) in cases {
        let schema = format.schema();
        let rule = schema.pointer(pointer).unwrap();
        let keys: BTreeSet<String> =
            rule["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(keys, known(format, &text), "{format:?} {pointer}");
        assert_eq!(rule["additionalProperties"], false, "{format:?} {pointer}");
    }
    let kinds = ["text", "flag", "integer", "number", "choice"];
    let keys: BTreeSet<String> =
        kinds.iter().flat_map(|kind| known(Format::Target, &option(kind))).collect();
    let schema = Format::Target.schema();
    let rule = &schema["definitions"]["option"];
    assert_eq!(keys, rule["properties"].as_object().unwrap().keys().cloned().collect());
    assert_eq!(rule["properties"]["type"]["enum"], json!(kinds));
}

/// A tree as JSON.
fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Null | Kind::Broken => Value::Null,
        Kind::Bool(value) => json!(value),
        Kind::Number(text) => serde_json::from_str(text).unwrap_or_default(),
        Kind::String(text) => json!(text.as_str()),
        Kind::Array(items) => items.iter().map(value).collect(),
        Kind::Object(object) => {
            let members = object.members.iter();
            members.map(|member| (member.key.value.to_string(), value(&member.value))).collect()
        }
    }
}

/// For editors, a schema has other texts, and the same rules.
#[test]
fn schemas_for_editors_allow_what_those_of_the_language_allow() {
    let definition = |text: &str| {
        jsonschema::draft7::new(&serde_json::from_str::<Value>(text).unwrap()).unwrap()
    };
    let appliance = (definition(applc::schema::TEXT), validator(Format::Appliance));
    let overlay = (definition(applc::overlay::SCHEMA), validator(Format::Overlay));
    let folders =
        ["tests/corpus", "examples", "tests/diagnostics/schema", "tests/diagnostics/resolve"];
    let mut counts = [0, 0];
    let mut check = |name: &Path, text: String, (own, shown): &(Validator, Validator)| {
        let source = Source::new(name.to_str().unwrap(), text);
        let Some(tree) = syntax::parse(&source, &mut Findings::new()) else { return };
        let tree = value(&tree);
        assert_eq!(own.is_valid(&tree), shown.is_valid(&tree), "{}", name.display());
        counts[usize::from(own.is_valid(&tree))] += 1;
    };
    for file in folders.into_iter().flat_map(appliances) {
        let text = fs::read_to_string(&file).unwrap();
        check(&file, text.clone(), &appliance);
        check(&file, text, &overlay);
    }
    for block in blocks(&read("docs/overlays.md")).iter().filter(|block| block.has("overlay")) {
        check(Path::new("o.yaml"), block.text.clone(), &overlay);
    }
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}
