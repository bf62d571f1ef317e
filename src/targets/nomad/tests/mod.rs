//! Tests of the Nomad target: the capability table, references, start order, and strings.

mod cells;
mod order;
mod references;
mod strings;

use hcl::Body;
use serde_json::{Map, Value, json};

use super::Nomad;
use crate::diag::Diagnostic;
use crate::source::{Source, Span, Spanned};
use crate::targets::{self, Artifact, Options};

/// An appliance compiled to Nomad.
pub(super) struct Compiled {
    source: Source,
    /// The files; empty if there was an error.
    pub artifacts: Vec<Artifact>,
    pub findings: Vec<Diagnostic>,
}

impl Compiled {
    /// The codes of the findings and the text that they point to, without hints.
    pub fn found(&self) -> Vec<(&'static str, &str)> {
        self.findings
            .iter()
            .filter(|finding| !finding.code.id.starts_with('H'))
            .map(|finding| (finding.code.id, self.source.slice(finding.primary.span)))
            .collect()
    }

    /// A file, parsed as HCL, with blocks as maps by label.
    pub fn file(&self, path: &str) -> Value {
        let file = self.artifacts.iter().find(|artifact| artifact.path == path);
        let text = &file.unwrap_or_else(|| panic!("no {path}: {:?}", self.findings)).text;
        assert_eq!(super::layout::aligned(text), *text);
        let body: Body = hcl::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let value: Value = hcl::from_body(body).unwrap();
        value
    }

    /// A group of the job for all services.
    pub fn group(&self, name: &str) -> Value {
        self.file("app.nomad.hcl")["job"]["app"]["group"][name].clone()
    }

    /// The task of a service.
    pub fn task(&self, name: &str) -> Value {
        self.group(name)["task"][name].clone()
    }

    /// The batch job of a container.
    pub fn job(&self, name: &str) -> Value {
        self.file(&format!("app.{name}.nomad.hcl"))["job"][format!("app.{name}")].clone()
    }

    /// The messages of the findings, one per line.
    pub fn messages(&self) -> String {
        self.findings.iter().map(|finding| format!("{}\n", finding.message)).collect()
    }
}

/// Compiles a document with the default options.
pub(super) fn compiled(document: &Value) -> Compiled {
    compiled_with(document, &[])
}

/// Compiles a document with these options.
pub(super) fn compiled_with(document: &Value, given: &[(&str, &str)]) -> Compiled {
    let source = Source::new("appliance.json", document.to_string());
    let mut options = Options::of(&Nomad);
    let mut faults = Vec::new();
    for (name, value) in given {
        let nowhere = |text| Spanned::new(text, Span::at(0));
        options.set(&Nomad, nowhere(*name), nowhere(*value), &mut faults);
    }
    assert_eq!(faults, []);
    let mut findings = Vec::new();
    let plan = crate::plan(&source, &mut findings).unwrap();
    assert!(!crate::diag::has_errors(&findings), "{document}: {findings:?}");
    let artifacts = targets::compile(&Nomad, &plan, &options, &mut findings).unwrap();
    crate::diag::sort(&mut findings);
    Compiled { source, artifacts, findings }
}

/// A container on Docker's bridge network with the required fields, and `more`.
pub(super) fn container(id: &str, more: Value) -> Value {
    let mut fields = Map::from_iter([
        ("id".to_owned(), json!(id)),
        ("type".to_owned(), json!("service")),
        ("image".to_owned(), json!("image:1")),
        ("resources".to_owned(), json!({"cpus": 1, "mem": 64})),
        ("network_mode".to_owned(), json!("bridge")),
    ]);
    let Value::Object(more) = more else { panic!("more fields are an object") };
    fields.extend(more);
    Value::Object(fields)
}

/// An appliance of these containers.
pub(super) fn appliance(containers: &[Value]) -> Value {
    json!({"id": "app", "containers": containers})
}

/// Compiles one container `a`.
pub(super) fn one(more: Value) -> Compiled {
    compiled(&appliance(&[container("a", more)]))
}

#[test]
fn all_services_are_one_job_and_each_job_is_another() {
    let made = compiled(&appliance(&[
        container("a", json!({})),
        container("-b", json!({"type": "job"})),
        container("alloc", json!({})),
    ]));
    assert_eq!(made.found(), []);
    let paths: Vec<_> = made.artifacts.iter().map(|artifact| artifact.path.as_str()).collect();
    assert_eq!(paths, ["app.nomad.hcl", "app.-b.nomad.hcl"]);
    assert_eq!(made.file("app.nomad.hcl")["job"]["app"]["type"], "service");
    assert_eq!(made.job("-b")["type"], "batch");
    // Docker accepts no name that starts with a hyphen, Nomad no task `alloc`.
    assert!(made.job("-b")["group"]["-b"]["task"]["b"].is_object());
    assert!(made.group("alloc")["task"]["main_"].is_object());
}

#[test]
fn without_services_there_is_no_job_for_services() {
    let made = compiled(&appliance(&[container("a", json!({"type": "job"}))]));
    assert_eq!(made.artifacts.len(), 1);
    assert_eq!(made.artifacts[0].path, "app.a.nomad.hcl");
}

#[test]
fn options_reach_the_files() {
    let document = appliance(&[container("a", json!({"network_mode": "container"}))]);
    let given = [
        ("namespace", "teams"),
        ("region", "eu"),
        ("datacenters", "north, south"),
        ("node-pool", "gpu"),
        ("mhz-per-cpu", "2500"),
        ("network", "cni/overlay"),
    ];
    let made = compiled_with(&document, &given);
    let job = &made.file("app.nomad.hcl")["job"]["app"];
    assert_eq!(job["namespace"], "teams");
    assert_eq!(job["region"], "eu");
    assert_eq!(job["datacenters"], json!(["north", "south"]));
    assert_eq!(job["node_pool"], "gpu");
    assert_eq!(made.task("a")["resources"]["cpu"], 2500);
    assert_eq!(made.group("a")["network"]["mode"], "cni/overlay");
}
