//! Tests of the Nomad target: the capability table, references, start order, and strings.

mod cells;
mod order;
mod references;
mod rows;
mod strings;

use std::ops::Deref;

use hcl::Body;
use serde_json::{Value, json};

use super::Nomad;
use crate::targets::testing::{self, check_rejected};

/// An appliance compiled to Nomad.
pub(super) struct Compiled(testing::Compiled);

impl Deref for Compiled {
    type Target = testing::Compiled;

    fn deref(&self) -> &testing::Compiled {
        &self.0
    }
}

impl Compiled {
    /// A file, parsed as HCL, with blocks as maps by label.
    pub fn file(&self, path: &str) -> Value {
        let text = self.text_of(path);
        let text = text.unwrap_or_else(|| panic!("no {path}: {:?}", self.findings));
        assert_eq!(super::layout::alignment(text), []);
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
}

/// Compiles a document with the default options.
pub(super) fn compiled(document: &Value) -> Compiled {
    compiled_with(document, &[])
}

/// Compiles a document with these options.
pub(super) fn compiled_with(document: &Value, given: &[(&str, &str)]) -> Compiled {
    Compiled(testing::Compiled::of(&Nomad, document, given))
}

/// A container on Docker's bridge network with the required fields, and `more`.
pub(super) fn container(id: &str, more: Value) -> Value {
    testing::container("bridge", id, &more)
}

/// An appliance of these containers.
pub(super) fn appliance(containers: &[Value]) -> Value {
    testing::appliance("app", containers)
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
    assert_eq!(made.paths(), ["app.nomad.hcl", "app.-b.nomad.hcl"]);
    assert_eq!(made.file("app.nomad.hcl")["job"]["app"]["type"], "service");
    assert_eq!(made.job("-b")["type"], "batch");
    for job in [made.job("-b"), made.file("app.nomad.hcl")["job"]["app"].clone()] {
        assert_eq!(job["meta"], json!({"applc.appliance": "app"}));
    }
    // Docker accepts no name that starts with a hyphen, Nomad no task `alloc`.
    assert!(made.job("-b")["group"]["-b"]["task"]["b"].is_object());
    assert!(made.group("alloc")["task"]["main_"].is_object());
}

#[test]
fn without_services_there_is_no_job_for_services() {
    let made = compiled(&appliance(&[container("a", json!({"type": "job"}))]));
    assert_eq!(made.paths(), ["app.a.nomad.hcl"]);
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

#[test]
fn option_values_that_nomad_rejects_are_errors() {
    let given = [
        ("mhz-per-cpu", "1e300"),
        ("mhz-per-cpu", "0"),
        ("mhz-per-cpu", "NaN"),
        ("datacenters", ","),
        ("datacenters", "a,,b"),
        ("datacenters", "e\u{301}"),
        ("namespace", "a\"b${x}"),
        ("namespace", "a_b"),
        ("node-pool", "%{x}"),
        ("node-pool", &"a".repeat(129)),
        ("wait-image", ""),
        ("wait-image", "a b"),
        ("record-image", ""),
        ("record-image", "a\nb"),
    ];
    check_rejected(&Nomad, &given);
}

#[test]
fn option_values_that_nomad_accepts() {
    let document = appliance(&[container("a", json!({}))]);
    let given =
        [("namespace", "Team-1"), ("node-pool", "gpu_1-a"), ("datacenters", "eu-*,us_[a-c]")];
    let made = compiled_with(&document, &given);
    let job = &made.file("app.nomad.hcl")["job"]["app"];
    assert_eq!(job["namespace"], "Team-1");
    assert_eq!(job["node_pool"], "gpu_1-a");
    assert_eq!(job["datacenters"], json!(["eu-*", "us_[a-c]"]));
    compiled_with(&document, &[("namespace", ""), ("node-pool", ""), ("datacenters", "")]);
}
