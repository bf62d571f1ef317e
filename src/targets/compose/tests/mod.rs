//! Tests of the Compose target: the capability table, references, and strings.

mod cells;
mod references;
mod size;
mod strings;

use std::ops::Deref;

use serde_json::{Value, json};

use super::Compose;
use crate::targets::{Target, testing};

/// An appliance compiled to Compose.
pub(super) struct Compiled(testing::Compiled);

impl Deref for Compiled {
    type Target = testing::Compiled;

    fn deref(&self) -> &testing::Compiled {
        &self.0
    }
}

impl Compiled {
    /// The Compose file as text; empty if there was an error.
    pub fn text(&self) -> &str {
        self.text_of("compose.yaml").unwrap_or_default()
    }

    /// The Compose file, parsed as YAML.
    pub fn file(&self) -> Value {
        serde_saphyr::from_str(self.text()).unwrap()
    }

    /// A service of the Compose file.
    pub fn service(&self, name: &str) -> Value {
        self.file()["services"][name].clone()
    }
}

/// Compiles a document with the default options.
pub(super) fn compiled(document: &Value) -> Compiled {
    compiled_with(document, &[])
}

/// Compiles a document with these options.
pub(super) fn compiled_with(document: &Value, given: &[(&str, &str)]) -> Compiled {
    Compiled(testing::Compiled::of(&Compose, document, given))
}

/// A container on the project network with the required fields, and `more`.
pub(super) fn container(id: &str, more: Value) -> Value {
    testing::container("bridge", id, &more)
}

/// An appliance of these containers.
pub(super) fn appliance(containers: &[Value]) -> Value {
    testing::appliance("app", containers)
}

#[test]
fn the_artifact_is_one_compose_file() {
    let compiled = compiled(&appliance(&[container("a", json!({}))]));
    assert_eq!(compiled.found(), []);
    assert_eq!(
        compiled.text(),
        "name: app\n\nservices:\n  a:\n    image: image:1\n    pull_policy: always\n    restart: unless-stopped\n    labels:\n      applc.appliance: app\n      applc.container: a\n    cpu_shares: 1024\n    mem_limit: \"64M\"\n    memswap_limit: \"64M\"\n"
    );
    assert_eq!(Compose.name(), "compose");
}

#[test]
fn options_reach_the_file() {
    let checked = json!({
        "ports": [{"container_port": 80}],
        "health_check": {"protocol": "TCP"},
        "resources": {"cpus": 1, "mem": 64, "gpu": 2},
        "volumes": [{"src": "v", "dest": "/v"}],
    });
    let mut document = appliance(&[container("a", checked)]);
    document["data_persistence"] = json!({"volume_type": "nfs", "volumes": [{"id": "v"}]});
    let given = [("gpu-driver", "amd"), ("start-interval", "2"), ("volume-driver", "nfs")];
    let with = compiled_with(&document, &given);
    assert_eq!(with.service("a")["healthcheck"]["start_interval"], "2s");
    let devices = &with.service("a")["deploy"]["resources"]["reservations"]["devices"];
    assert_eq!(*devices, json!([{"driver": "amd", "count": 2, "capabilities": ["gpu"]}]));
    assert_eq!(with.file()["volumes"]["v"], json!({"driver": "nfs"}));
    let codes: Vec<_> = with.found().into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["W0401", "W0402"], "only the warnings of every health check");
}

#[test]
fn an_image_is_built_once() {
    let build = json!({ "build": { "context": "b" }, "image": "x:1" });
    let with = |id: &str, more: Value| {
        let mut container = container(id, build.clone());
        container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        container
    };
    let policies = |containers: &[Value]| {
        let compiled = compiled(&appliance(containers));
        let of = |container: &Value| {
            let service = compiled.service(container["id"].as_str().unwrap());
            (service["build"]["context"].clone(), service["pull_policy"].clone())
        };
        containers.iter().map(of).collect::<Vec<_>>()
    };
    let kept = json!({ "force_pull_image": false });
    // Before the one that builds it, and without a build.
    let plain = container("p", json!({ "image": "docker.io/library/x:1" }));
    let other = container("o", json!({ "image": "x:2" }));
    let built = |policy: Value| (json!("./b"), policy);
    let not = |policy: &str| (Value::Null, json!(policy));
    assert_eq!(
        policies(&[plain, with("a", kept.clone()), with("b", kept.clone()), other]),
        [not("never"), built(Value::Null), not("never"), not("always")]
    );
    // If one of them is built at every start, all are.
    assert_eq!(
        policies(&[with("a", kept), with("b", json!({}))]),
        [built(json!("build")), not("never")]
    );
    // The services of the instances of a job.
    let job = json!({ "id": "j", "type": "job", "instances": 2, "image": "x:1", "build": { "context": "b" } });
    let job = with("j", job);
    let after = container("after", json!({ "image": "x:2", "dependencies": ["j"] }));
    let file = compiled(&appliance(&[job, after])).file();
    let one = |name: &str| file["services"][name]["pull_policy"].clone();
    assert_eq!((one("j-1"), one("j-2")), (json!("build"), json!("never")));
    assert!(file["services"]["j-2"].get("build").is_none());
}
