//! Tests of the Compose target: the capability table, references, and strings.

mod cells;
mod references;
mod strings;

use serde_json::{Map, Value, json};

use super::Compose;
use crate::diag::Diagnostic;
use crate::source::{Source, Span, Spanned};
use crate::targets::{self, Options, Target};

/// An appliance compiled to Compose.
pub(super) struct Compiled {
    source: Source,
    /// The Compose file as text; empty if there was an error.
    pub text: String,
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

    /// The Compose file, parsed as YAML.
    pub fn file(&self) -> Value {
        serde_saphyr::from_str(&self.text).unwrap()
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
    let source = Source::new("appliance.json", document.to_string());
    let mut options = Options::of(&Compose);
    let mut faults = Vec::new();
    for (name, value) in given {
        let nowhere = |text| Spanned::new(text, Span::at(0));
        options.set(&Compose, nowhere(*name), nowhere(*value), &mut faults);
    }
    assert_eq!(faults, []);
    let mut findings = Vec::new();
    let plan = crate::plan(&source, &mut findings).unwrap();
    assert!(!crate::diag::has_errors(&findings), "{document}: {findings:?}");
    let artifacts = targets::compile(&Compose, &plan, &options, &mut findings).unwrap();
    let text = artifacts.into_iter().next().map(|artifact| artifact.text).unwrap_or_default();
    crate::diag::sort(&mut findings);
    Compiled { source, text, findings }
}

/// A container on the project network with the required fields, and `more`.
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

#[test]
fn the_artifact_is_one_compose_file() {
    let compiled = compiled(&appliance(&[container("a", json!({}))]));
    assert_eq!(compiled.found(), []);
    assert_eq!(
        compiled.text,
        "name: app\n\nservices:\n  a:\n    image: image:1\n    pull_policy: always\n    restart: unless-stopped\n    cpu_shares: 1024\n    mem_limit: \"64M\"\n    memswap_limit: \"64M\"\n"
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
