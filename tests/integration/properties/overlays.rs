//! Merging an overlay is a JSON Merge Patch of the appliance with maps for lists, whatever it changes.

use applc::diag::Report;
use applc::overlay::Changes;
use applc::plan::published;
use applc::{Compilation, Memory};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// An appliance with an entry in each list that overlays see as a map.
fn base() -> Value {
    json!({
        "id": "app",
        "containers": [
            {
                "id": "web", "type": "service", "image": "nginx:1.27", "instances": 2,
                "resources": { "cpus": 1, "mem": 64 }, "network_mode": "container",
                "env": { "A": "@db:80", "B": 1, "C": { "x": 1, "y": [1] } },
                "args": ["--db", "@db"],
                "ports": [{ "container_port": 80 }, { "container_port": 53, "protocol": "udp" }],
                "volumes": [{ "src": "data", "dest": "/d" }, { "type": "host", "src": "/s", "dest": "/h" }],
                "files": [{ "dest": "/f", "content": "x" }],
                "secret_env": { "S": { "secret": "s", "key": "k" } },
                "secret_files": [{ "dest": "/s", "secret": "s", "key": "k" }],
                "health_check": { "protocol": "HTTP", "path": "/up" }
            },
            {
                "id": "db", "type": "service", "image": "postgres:17.2",
                "resources": { "cpus": 1, "mem": 64, "gpu": 1 }, "network_mode": "container",
                "ports": [{ "container_port": 80 }], "dependencies": []
            },
            {
                "id": "once", "type": "job", "image": "busybox:1.37", "dependencies": ["db"],
                "resources": { "cpus": 1, "mem": 64 }
            }
        ],
        "data_persistence": { "volumes": [{ "id": "data", "size": 10 }, { "id": "more" }] }
    })
}

/// The lists that are maps, as the names of their fields, and their keys.
const LISTS: [(&str, &str); 5] = [
    ("containers", "id"),
    ("ports", "container_port"),
    ("volumes", "dest"),
    ("files", "dest"),
    ("secret_files", "dest"),
];

/// The key of an entry, as overlays write it.
fn key(entry: &Value, field: &str) -> String {
    // A persistent volume has an id, a mount of the old form another name.
    let value = ["container_path", "id"].map(|other| &entry[other]);
    let value = entry.get(field).or(value.into_iter().find(|value| !value.is_null())).unwrap();
    let number = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match entry["protocol"].as_str() {
        Some("udp") => format!("{number}/udp"),
        _ => number,
    }
}

/// A value with maps in place of lists. With `places`, the entries remember their places in the list.
pub fn to_maps(value: &Value, places: bool) -> Value {
    let Value::Object(object) = value else { return value.clone() };
    let member = |(name, value): (&String, &Value)| {
        let items = value.as_array().filter(|items| items.iter().all(Value::is_object));
        let list = LISTS.iter().find(|(list, _)| list == name).zip(items);
        let Some(((_, field), items)) = list else { return (name.clone(), to_maps(value, places)) };
        let entry = |(at, item): (usize, &Value)| {
            let mut entry = to_maps(item, places);
            if places {
                entry["place"] = json!(at);
            }
            (key(item, field), entry)
        };
        (name.clone(), Value::Object(items.iter().enumerate().map(entry).collect()))
    };
    Value::Object(object.iter().map(member).collect())
}

/// The appliance of a value with maps.
fn to_lists(value: &Value, is_persistence: bool) -> Value {
    let Value::Object(object) = value else { return value.clone() };
    let mut lists = Map::new();
    for (name, value) in object {
        let list = LISTS.iter().find(|(list, _)| list == name).zip(value.as_object());
        let Some(((_, field), entries)) = list else {
            let value = match name.as_str() {
                // Free of the names of lists.
                "env" | "secret_env" => value.clone(),
                name => to_lists(value, name == "data_persistence"),
            };
            lists.insert(name.clone(), value);
            continue;
        };
        let mut items: Vec<(u64, Value)> = Vec::new();
        for (key, entry) in entries {
            let mut entry = to_lists(entry, false);
            let object = entry.as_object_mut().unwrap();
            let place = object.remove("place").and_then(|place| place.as_u64());
            object.remove("add");
            match *field {
                "container_port" => {
                    let (port, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
                    object.insert("container_port".into(), json!(port.parse::<u16>().unwrap()));
                    object.insert("protocol".into(), json!(protocol));
                }
                "dest" if is_persistence => {
                    object.insert("id".into(), json!(key));
                }
                field => {
                    object.insert(field.into(), json!(key));
                }
            }
            items.push((place.unwrap_or(u64::MAX), entry));
        }
        items.sort_by_key(|(place, _)| *place);
        lists.insert(name.clone(), items.into_iter().map(|(_, item)| item).collect());
    }
    Value::Object(lists)
}

/// RFC 7396, section 2, word for word.
fn merge_patch(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in patch {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(name);
        } else {
            merge_patch(&mut target[name.as_str()], value);
        }
    }
}

/// Compiles the appliance with an overlay in a file.
fn overlaid(appliance: &Value, name: &str, overlay: &str) -> Compilation {
    let world = Memory::new().with("a.json", appliance.to_string()).with(name, overlay);
    let changes = Changes { overlays: vec![name.to_owned()], ..Changes::none() };
    applc::compile_changed(&world, "a.json", &changes, &[]).unwrap()
}

/// The plan as a document, with variables in the order of their names: that of the two ways differs.
fn document(compilation: &Compilation) -> Option<Value> {
    let plan = compilation.plan.as_ref()?;
    let mut document = serde_json::to_value(published::neutral(plan)).unwrap();
    for container in document["appliance"]["containers"].as_array_mut().unwrap() {
        let env = container["env"].as_array_mut().unwrap();
        env.sort_by_key(|variable| variable["name"].to_string());
    }
    Some(document)
}

/// A member of an object with a random value.
type Member = (&'static str, BoxedStrategy<Value>);

/// Some of the members of an object, each with a value or with none.
fn some(members: Vec<Member>) -> BoxedStrategy<Value> {
    let member =
        |(name, value): Member| proptest::option::of(value).prop_map(move |value| (name, value));
    let all: Vec<_> = members.into_iter().map(member).collect();
    all.prop_map(|members| {
        let set = members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(set.collect())
    })
    .boxed()
}

fn one_of(values: Value) -> BoxedStrategy<Value> {
    proptest::sample::select(values.as_array().unwrap().clone()).boxed()
}

/// A new entry with these fields, changed by the members of another object.
fn added(fields: Value, changes: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    changes
        .prop_map(move |changes| {
            let mut entry = fields.clone();
            merge_patch(&mut entry, &changes);
            entry["add"] = json!(true);
            entry
        })
        .boxed()
}

/// An entry that is changed or removed.
fn changed(changes: BoxedStrategy<Value>) -> BoxedStrategy<Value> {
    prop_oneof![4 => changes, 1 => Just(Value::Null)].boxed()
}

/// What an overlay can say of a container. `is_web`: it has the entries of that of [`base`].
fn container(is_web: bool) -> BoxedStrategy<Value> {
    let entries = move |old: Vec<Member>, new: Vec<Member>| {
        some(old.into_iter().filter(|_| is_web).chain(new).collect())
    };
    let port = || {
        some(vec![
            ("host_port", one_of(json!([0, 8080, null]))),
            ("name", one_of(json!(["p", null]))),
        ])
    };
    let mount = || some(vec![("mode", one_of(json!(["RO", "RW", null])))]);
    let file = || {
        some(vec![
            ("content", one_of(json!(["y", "@db"]))),
            ("mode", one_of(json!(["0600", null]))),
        ])
    };
    some(vec![
        ("instances", one_of(json!([0, 2, 3, null]))),
        ("image", one_of(json!(["x:1", "y:2"]))),
        ("args", one_of(json!([[], ["a", "@web"], null]))),
        ("network_mode", one_of(json!(["bridge", "container"]))),
        (
            "env",
            some(vec![
                ("A", one_of(json!(["x", "@once", "null", null]))),
                ("B", one_of(json!([1, 2, true, null]))),
                ("C", one_of(json!([{ "x": null, "z": 2 }, { "y": [] }, [1, null], "x", null]))),
                ("D", one_of(json!([{ "x": null, "z": {} }, "x"]))),
            ]),
        ),
        (
            "resources",
            some(vec![
                ("cpus", one_of(json!([0.5, 2]))),
                ("gpu", one_of(json!([1, 2, null]))),
                ("disk", one_of(json!([7, null]))),
            ]),
        ),
        (
            "secret_env",
            some(vec![
                ("S", some(vec![("key", one_of(json!(["k", "l"])))])),
                ("T", one_of(json!([{ "secret": "t", "key": "k" }, null]))),
            ])
            .prop_filter("only what the container has", move |all| is_web || all.get("S").is_none())
            .boxed(),
        ),
        (
            "secret_files",
            entries(
                vec![("/s", changed(some(vec![("key", one_of(json!(["k", "l"])))])))],
                vec![("/t", added(json!({ "secret": "t", "key": "k" }), some(vec![])))],
            ),
        ),
        (
            "ports",
            entries(
                vec![("80", changed(port())), ("53/udp", changed(port()))],
                vec![("90", added(json!({}), port())), ("80/udp", added(json!({}), port()))],
            ),
        ),
        (
            "volumes",
            entries(
                vec![("/d", changed(mount())), ("/h", changed(mount()))],
                vec![("/n", added(json!({ "src": "more" }), mount()))],
            ),
        ),
        (
            "files",
            entries(
                vec![("/f", changed(file()))],
                vec![("/g", added(json!({ "content": "z" }), file()))],
            ),
        ),
        ("dependencies", one_of(json!([[], ["once"], ["db"], null]))),
    ])
}

/// An overlay of [`base`]. Some of what it changes or removes is in none of the lists.
fn overlay() -> BoxedStrategy<Value> {
    let new = json!({ "type": "service", "image": "n:1", "resources": { "cpus": 1, "mem": 64 } });
    let size = || some(vec![("size", one_of(json!([1, 20, null])))]);
    some(vec![
        (
            "containers",
            some(vec![
                ("web", changed(container(true))),
                ("db", container(false)),
                ("once", changed(container(false))),
                ("new", added(new.clone(), container(false))),
                ("newer", added(new, container(false))),
            ]),
        ),
        (
            "data_persistence",
            some(vec![(
                "volumes",
                some(vec![
                    ("data", changed(size())),
                    ("more", size()),
                    ("third", added(json!({}), size())),
                ]),
            )]),
        ),
    ])
}

/// Any JSON value, with the names of the language.
fn anything() -> BoxedStrategy<Value> {
    let scalar = one_of(json!([null, true, 0, -1, 80, 1.5, "", "web", "@db", "x:1", "add"]));
    let names = [
        "containers",
        "web",
        "db",
        "wbe",
        "id",
        "add",
        "ports",
        "80",
        "80/tcp",
        "80/udp",
        "0",
        "files",
        "/f",
        "volumes",
        "/d",
        "/h",
        "dest",
        "src",
        "host_path",
        "container_path",
        "protocol",
        "env",
        "resources",
        "gpu",
        "gpus",
        "image",
        "data_persistence",
        "data",
        "x-y",
        "$schema",
        "schedule_hints",
        "user_schedule_hints",
        "container_port",
        "",
    ];
    scalar
        .prop_recursive(6, 48, 6, move |inner| {
            let name = proptest::sample::select(names.to_vec());
            prop_oneof![
                5 => proptest::collection::btree_map(name, inner.clone(), 0..6).prop_map(|members| {
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
                }),
                1 => proptest::collection::vec(inner, 0..3).prop_map(Value::from),
            ]
        })
        .boxed()
}

fn messages(report: &Report) -> Vec<&str> {
    report.diagnostics.iter().map(|found| found.message.as_str()).collect()
}

/// Whether all places of the findings are in their files.
fn is_placed(report: &Report) -> bool {
    report.diagnostics.iter().all(|found| {
        let labels = std::iter::once(&found.primary).chain(&found.secondary);
        let spans = labels.map(|label| label.span).chain(found.edit.iter().map(|edit| edit.span));
        spans.into_iter().all(|span| {
            let source = report.source_of(span);
            source.text().get(source.range(span)).is_some()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(applc_testing::cases(400)))]

    #[test]
    fn merging_is_a_merge_patch_of_the_appliance_with_maps(overlay in overlay()) {
        let mut expected = to_maps(&base(), true);
        merge_patch(&mut expected, &overlay);
        let expected = to_lists(&expected, false);
        let world = Memory::new().with("a.json", expected.to_string());
        let edited = applc::compile(&world, "a.json", &[]).unwrap();
        let merged = overlaid(&base(), "o.json", &overlay.to_string());
        prop_assert_eq!(
            document(&merged), document(&edited),
            "{}\n{:?}", expected, messages(&merged.report)
        );
        prop_assert!(is_placed(&merged.report));
    }

    #[test]
    fn any_overlay_has_findings_at_places_of_its_file(overlay in anything(), is_yaml: bool) {
        let name = if is_yaml { "o.yaml" } else { "o.json" };
        let merged = overlaid(&base(), name, &overlay.to_string());
        prop_assert!(is_placed(&merged.report), "{:?}", messages(&merged.report));
    }
}

#[test]
fn an_empty_overlay_changes_nothing_and_says_so() {
    let plain = applc::compile(&Memory::new().with("a.json", base().to_string()), "a.json", &[]);
    let plain = plain.unwrap();
    for (name, text) in [("o.json", "{}"), ("o.yaml", ""), ("o.json", ""), ("o.yaml", "# x\n")] {
        let merged = overlaid(&base(), name, text);
        assert_eq!(document(&merged), document(&plain));
        let new: Vec<_> = merged
            .report
            .diagnostics
            .iter()
            .filter(|found| !plain.report.diagnostics.contains(found))
            .map(|found| found.code.id)
            .collect();
        assert_eq!(new, ["W1101"], "{name}: {text:?}");
    }
}
