//! A new field of the language reaches every target, every table, and the appliances of the
//! tests. Driven by the published schema and [`Field::ALL`], so that a new field is included.

use std::collections::BTreeSet;

use applc::analysis::Analysis;
use applc::diag::{Diagnostic, Phase, human};
use applc::plan::Field;
use applc::source::Source;
use applc::targets::{Options, TargetRef};
use applc::{Memory, Selected, samples};
use serde_json::{Map, Value, json};

use crate::common;

/// A base appliance: `app` with the given fields, next to the container that examples of the
/// schema refer to.
fn appliance(fields: Value) -> Value {
    let mut app = json!({
        "id": "app", "type": "service", "image": "app:1", "network_mode": "bridge",
        "resources": {"cpus": 1, "mem": 64},
    });
    merge(&mut app, fields);
    json!({
        "id": "fields",
        "containers": [
            app,
            {
                "id": "store", "type": "service", "image": "store:1", "network_mode": "bridge",
                "resources": {"cpus": 1, "mem": 64},
            },
        ],
    })
}

fn merge(object: &mut Value, fields: Value) {
    let (Some(object), Value::Object(fields)) = (object.as_object_mut(), fields) else { panic!() };
    object.extend(fields);
}

/// The appliances into which the fields of a definition are inserted, and where.
fn bases(definition: &str) -> Vec<(Value, &'static str)> {
    let ports = || json!([{"container_port": 80}, {"container_port": 81}]);
    let service = |fields: Value| appliance(fields);
    let job = |fields: Value| {
        let mut job = json!({"type": "job", "cmd": "run"});
        merge(&mut job, fields);
        appliance(job)
    };
    let with_volume = |fields: Value| {
        let mut appliance = appliance(fields);
        appliance["data_persistence"] = json!({"volumes": [{"id": "data"}]});
        appliance
    };
    let check = |check: Value| service(json!({"ports": ports(), "health_check": check}));
    let hints = "/containers/0/schedule_hints";
    match definition {
        "container" => vec![
            (service(json!({})), "/containers/0"),
            (service(json!({"ports": ports()})), "/containers/0"),
            (with_volume(json!({})), "/containers/0"),
            (job(json!({})), "/containers/0"),
            (job(json!({"repeats": -1, "interval": "T30M"})), "/containers/0"),
            (job(json!({"schedule": "0 3 * * *"})), "/containers/0"),
        ],
        "resources" => vec![(service(json!({})), "/containers/0/resources")],
        "build" => vec![(service(json!({"build": {"context": "."}})), "/containers/0/build")],
        "file" => vec![(
            service(json!({"files": [{"dest": "/f", "content": "x"}]})),
            "/containers/0/files/0",
        )],
        "secretValue" => vec![(
            service(json!({"secret_env": {"A": {"secret": "s", "key": "k"}}})),
            "/containers/0/secret_env/A",
        )],
        "secretFile" => vec![(
            service(json!({"secret_files": [{"dest": "/f", "secret": "s", "key": "k"}]})),
            "/containers/0/secret_files/0",
        )],
        "port" => vec![(service(json!({"ports": ports()})), "/containers/0/ports/0")],
        "volume" => vec![
            (
                with_volume(json!({"volumes": [{"src": "data", "dest": "/d"}]})),
                "/containers/0/volumes/0",
            ),
            (
                service(json!({"volumes": [{"src": "/h", "dest": "/d", "type": "host"}]})),
                "/containers/0/volumes/0",
            ),
        ],
        "healthCheck" => vec![
            (check(json!({})), "/containers/0/health_check"),
            (check(json!({"protocol": "HTTP"})), "/containers/0/health_check"),
            (
                check(json!({"protocol": "COMMAND", "command": "true"})),
                "/containers/0/health_check",
            ),
        ],
        "containerScheduleHints" => vec![(service(json!({"schedule_hints": {}})), hints)],
        "placement" => vec![(
            service(json!({"schedule_hints": {"placement": {}}})),
            "/containers/0/schedule_hints/placement",
        )],
        "dataPersistence" => vec![(
            with_volume(json!({"volumes": [{"src": "data", "dest": "/d"}]})),
            "/data_persistence",
        )],
        "persistentVolume" => vec![(
            with_volume(json!({"volumes": [{"src": "data", "dest": "/d"}]})),
            "/data_persistence/volumes/0",
        )],
        // The forms of a mount, the obsolete one, and what is part of a volume's hints.
        "mount" | "oldVolume" | "volumeScheduleHints" => Vec::new(),
        _ => panic!("add an appliance with a `{definition}` to `bases`"),
    }
}

/// What a target makes of an appliance.
struct Made {
    /// Whether it has an error, so that nothing is written.
    rejected: bool,
    /// The findings of the target, and the files.
    text: String,
}

/// Compiles an appliance. `None` if it is invalid.
fn result(document: &Value, target: &TargetRef) -> Option<Made> {
    let world = Memory::new().with("a.json", document.to_string());
    let selected = Selected { target: target.clone(), options: Options::of(&**target) };
    let compilation = applc::compile(&world, "a.json", &[selected]).unwrap();
    compilation.plan.as_ref()?;
    let mut text = String::new();
    // Not the findings that do not depend on the target.
    let of_target = |found: &&Diagnostic| found.code.phase == Phase::Target;
    for found in compilation.report.diagnostics.iter().filter(of_target) {
        text.push_str(&format!("{}: {}\n", found.code.id, found.message));
    }
    for artifact in compilation.outputs.iter().flat_map(|output| &output.artifacts) {
        text.push_str(&artifact.text);
    }
    Some(Made { rejected: compilation.report.has_errors(), text })
}

/// Values that a field can have: the examples and words of the schema, and another boolean or
/// string than the default.
fn values(schema: &Value, field: &Value) -> Vec<Value> {
    let target =
        field["$ref"].as_str().and_then(|path| schema.pointer(path.trim_start_matches('#')));
    let field = target.unwrap_or(field);
    let list = |key: &str| field[key].as_array().cloned().unwrap_or_default();
    let other = match &field["default"] {
        Value::String(text) => vec![json!(format!("{text}2"))],
        _ if field["type"] == "boolean" => vec![json!(true), json!(false)],
        _ => Vec::new(),
    };
    [list("examples"), list("enum"), other].concat()
}

/// What has no effect by design.
const WITHOUT_EFFECT: &[&str] = &[
    // Excludes `content`, which all of these have.
    "file.source",
    // Requires another `src`; `container.volumes` has both types.
    "volume.type",
    // The protocol is approximated: no command is run.
    "nomad healthCheck.command",
    // Repeated runs are approximated or rejected: no run starts after an interval.
    "compose container.interval",
    "quadlet container.interval",
    "swarm container.interval",
    // It is in the advice about the schedule.
    "compose container.time_zone",
    "quadlet container.time_zone",
    "swarm container.time_zone",
    // A schedule requires an option.
    "marathon container.time_zone",
    // They are in the commands of the advice.
    "kubernetes build.args",
    "kubernetes build.dockerfile",
    "kubernetes build.target",
    "nomad build.args",
    "nomad build.dockerfile",
    "nomad build.target",
    "marathon build.args",
    "marathon build.dockerfile",
    "marathon build.target",
    // Nothing finds a port by its name.
    "quadlet port.name",
];

#[test]
fn each_target_carries_or_reports_each_field() {
    let schema: Value = serde_json::from_str(applc::schema::TEXT).unwrap();
    let mut failures = Vec::new();
    for (definition, rules) in schema["definitions"].as_object().unwrap() {
        let bases = bases(definition);
        let fields = rules["properties"].as_object();
        for (name, field) in fields.into_iter().flatten().filter(|_| !bases.is_empty()) {
            // Every appliance has the required fields, so that all tests see their effect.
            let required = rules["required"].as_array();
            if required.is_some_and(|required| required.contains(&json!(name)))
                || field["readOnly"] == true
                || field["deprecated"] == true
            {
                continue;
            }
            for target in common::targets() {
                let path = format!("{definition}.{name}");
                let with_target = format!("{} {path}", target.name());
                if [path, with_target.clone()]
                    .iter()
                    .any(|one| WITHOUT_EFFECT.contains(&one.as_str()))
                {
                    continue;
                }
                // A finding for another field would hide that this one is ignored.
                let accepted = bases.iter().filter_map(|(base, place)| {
                    let without = result(base, &target).unwrap_or_else(|| panic!("{base}"));
                    (!without.rejected).then_some((base, place, without))
                });
                let accepted: Vec<_> = accepted.collect();
                let seen = accepted.iter().any(|(base, place, without)| {
                    values(&schema, field).into_iter().any(|value| {
                        let mut with = (*base).clone();
                        let object = with.pointer_mut(place).unwrap();
                        merge(object, Value::Object(Map::from_iter([(name.clone(), value)])));
                        result(&with, &target).is_some_and(|with| with.text != without.text)
                    })
                });
                // Of an object that the target rejects as a whole, no field is ignored.
                if accepted.is_empty() {
                    assert_ne!(definition, "container", "{} rejects everything", target.name());
                    continue;
                }
                if !seen {
                    failures.push(with_target);
                }
            }
        }
    }
    assert!(failures.is_empty(), "ignored by these targets: {failures:#?}");
}

#[test]
fn the_samples_use_every_field() {
    let used: BTreeSet<Field> = samples::all()
        .flat_map(|sample| {
            let (source, _) = Source::from_bytes(sample.name, sample.text.to_vec());
            let analysis = Analysis::of(&source);
            assert!(analysis.valid_plan().is_some(), "{} is invalid", sample.name);
            analysis.plan.map_or(Vec::new(), |plan| plan.uses)
        })
        .map(|used| used.field)
        .collect();
    let missing: Vec<&str> =
        Field::ALL.iter().filter(|field| !used.contains(field)).map(|field| field.path()).collect();
    assert!(
        missing.is_empty(),
        "no file of tests/corpus uses {missing:?}, or src/resolve/uses.rs does not list it"
    );
}

#[test]
fn the_custom_targets_in_examples_mention_every_field() {
    for target in common::targets() {
        let TargetRef::Custom(target) = target else { continue };
        let advice: Vec<String> =
            target.advice().iter().map(|report| human::render(report, false)).collect();
        assert!(advice.is_empty(), "{}", advice.join("\n"));
    }
}
