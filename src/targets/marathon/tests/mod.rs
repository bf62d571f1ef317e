//! Tests of the Marathon target: the capability table, findings, and strings.

mod cells;
mod faults;
mod strings;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Marathon;
use crate::source::Source;
use crate::targets::{Options, TargetRef, parse_argument};
use crate::{Memory, Selected};

/// The result of a compilation.
struct Result {
    /// The files, parsed as JSON.
    files: BTreeMap<String, Value>,
    /// The code of each finding of the target, and the text that it points to.
    found: Vec<(&'static str, String)>,
}

impl Result {
    fn group(&self) -> &Value {
        self.files.get("marathon.json").expect("a group is written")
    }

    /// The first app.
    fn app(&self) -> &Value {
        &self.group()["apps"][0]
    }

    /// The first job in the order of posting.
    fn job(&self) -> &Value {
        let mut jobs = self.files.iter().filter(|(path, _)| path.starts_with("chronos/"));
        jobs.next().expect("a job is written").1
    }

    fn codes(&self) -> Vec<&'static str> {
        self.found.iter().map(|(code, _)| *code).collect()
    }
}

/// Compiles an appliance with options such as `marathon.network=x`.
fn compile_with(appliance: &Value, options: &[&str]) -> Result {
    let mut values = Options::of(&Marathon);
    let mut faults = Vec::new();
    for option in options {
        let source = Source::new("--option", *option);
        let known = [TargetRef::BuiltIn(&Marathon)];
        let given = parse_argument(&source, &known, &mut faults).expect("an option");
        values.set(&*given.target, given.name, given.value, &mut faults);
    }
    assert_eq!(faults, []);
    let selected = [Selected { target: TargetRef::BuiltIn(&Marathon), options: values }];
    let text = serde_json::to_string_pretty(appliance).expect("JSON");
    let world = Memory::new().with("appliance.json", text);
    let compilation = crate::compile(&world, "appliance.json", &selected).expect("no I/O");
    let report = compilation.report;
    let found = report.diagnostics.iter().filter(|d| d.message.starts_with("marathon: "));
    let found =
        found.map(|d| (d.code.id, report.source.slice(d.primary.span).to_owned())).collect();
    let artifacts = compilation.outputs.into_iter().flat_map(|output| output.artifacts);
    let files = artifacts
        .map(|artifact| {
            let value = serde_json::from_str(&artifact.text).expect(&artifact.text);
            (artifact.path, value)
        })
        .collect();
    let result = Result { files, found };
    let failed = result.found.iter().any(|(code, _)| code.starts_with('E'));
    assert_eq!(result.files.is_empty(), failed, "{:?}", report.diagnostics);
    result
}

fn compile(appliance: &Value) -> Result {
    compile_with(appliance, &[])
}

/// A container of a kind with the required fields, and these.
fn container(kind: &str, id: &str, fields: &Value) -> Value {
    let mut container = json!({
        "id": id,
        "type": kind,
        "image": "busybox",
        "resources": { "cpus": 1, "mem": 64 },
        "network_mode": "container",
    });
    for (name, value) in fields.as_object().expect("fields") {
        container[name] = value.clone();
    }
    container
}

fn service(fields: &Value) -> Value {
    container("service", "app", fields)
}

fn job(fields: &Value) -> Value {
    let mut job = container("job", "app", fields);
    if fields.get("args").is_none() && fields.get("cmd").is_none() {
        job["cmd"] = json!("true; date");
    }
    job
}

fn appliance(containers: &[Value]) -> Value {
    json!({ "id": "shop", "containers": containers })
}

/// An appliance of these containers with persistent volumes.
fn with_volumes(containers: &[Value], volumes: &Value) -> Value {
    json!({ "id": "shop", "containers": containers, "data_persistence": { "volumes": volumes } })
}
