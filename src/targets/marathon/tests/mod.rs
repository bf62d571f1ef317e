//! Tests of the Marathon target: the capability table, findings, and strings.

mod cells;
mod findings;
mod strings;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Marathon;
use crate::targets::Artifact;
use crate::targets::testing::{self, Compiled};

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

/// Compiles an appliance with these options.
fn compile_with(appliance: &Value, options: &[(&str, &str)]) -> Result {
    let compiled = Compiled::of(&Marathon, appliance, options);
    let found = compiled.found_by_target().into_iter();
    let file = |artifact: &Artifact| {
        let value = serde_json::from_str(&artifact.text).expect(&artifact.text);
        (artifact.path.clone(), value)
    };
    Result {
        files: compiled.artifacts.iter().map(file).collect(),
        found: found.map(|(code, text)| (code, text.to_owned())).collect(),
    }
}

fn compile(appliance: &Value) -> Result {
    compile_with(appliance, &[])
}

/// A container of a kind on the cluster-wide network with the required fields, and these.
fn container(kind: &str, id: &str, fields: &Value) -> Value {
    let mut container = testing::container("container", id, fields);
    container["type"] = json!(kind);
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
    testing::appliance("shop", containers)
}

/// An appliance of these containers with persistent volumes.
fn with_volumes(containers: &[Value], volumes: &Value) -> Value {
    let mut document = appliance(containers);
    document["data_persistence"] = json!({ "volumes": volumes });
    document
}
