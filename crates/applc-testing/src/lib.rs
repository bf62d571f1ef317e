//! What the tests of several packages share: paths in the repository, and files that are
//! compared with what they must be.

pub mod registry;

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// The variable that makes [`hold`] write generated documents instead of comparing them.
pub const UPDATE_DOCS: &str = "UPDATE_DOCS";

/// The variable that makes tests write the expected findings instead of comparing them.
pub const UPDATE_EXPECTED: &str = "UPDATE_EXPECTED";

/// A path in the repository.
pub fn repository(path: &str) -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().nth(2).unwrap_or(package).join(path)
}

/// Reads a file of the repository.
///
/// # Panics
/// The file cannot be read.
pub fn read(path: &str) -> String {
    let file = repository(path);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// The variable that makes random tests try many times as many cases.
pub const DEEP: &str = "APPLC_DEEP";

/// How many cases a random test tries: this many, or twenty times as many if [`DEEP`] is set.
pub fn cases(usual: u32) -> u32 {
    if std::env::var_os(DEEP).is_some() { usual.saturating_mul(20) } else { usual }
}

/// Whether a variable asks tests to write what they otherwise compare.
pub fn updates(variable: &str) -> bool {
    std::env::var_os(variable).is_some()
}

/// Compares a generated document of the repository with its expected text, or writes it if
/// [`UPDATE_DOCS`] is set.
///
/// # Panics
/// The document differs, or cannot be written.
pub fn hold(path: &str, expected: &str) {
    let file = repository(path);
    if updates(UPDATE_DOCS) {
        let folder = file.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder).unwrap_or_else(|error| panic!("{path}: {error}"));
        fs::write(&file, expected).unwrap_or_else(|error| panic!("{path}: {error}"));
        return;
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    // The first line that differs says more than two whole documents.
    let differs = found.lines().zip(expected.lines()).find(|(one, other)| one != other);
    assert!(found == expected, "{path} is stale, run `{UPDATE_DOCS}=1 cargo test`: {differs:?}");
}

/// An appliance with this number of containers, for benchmarks. Each has a port, environment variables,
/// arguments, and references to another container, as in the examples.
pub fn many_containers(containers: usize) -> String {
    let mut text = String::from("{\"id\": \"bench\", \"containers\": [");
    for at in 0..containers {
        let before = at.saturating_sub(1);
        let comma = if at == 0 { "" } else { "," };
        // Chains of ten containers depend on each other.
        let depends = if at % 10 == 0 { String::new() } else { format!("\"worker-{before}\"") };
        let _ = write!(
            text,
            r#"{comma}
  {{
    "id": "worker-{at}",
    "type": "service",
    "image": "registry.example/team/worker:1.{at}",
    "resources": {{"cpus": 0.5, "mem": 256}},
    "network_mode": "container",
    "ports": [{{"container_port": 8080}}],
    "args": ["--listen", "0.0.0.0:8080", "--peer", "http://@worker-{before}:8080/api"],
    "env": {{"NAME": "worker {at}", "RETRIES": 3, "PEERS": "@worker-{before}:8080"}},
    "dependencies": [{depends}]
  }}"#
        );
    }
    text.push_str("]}\n");
    text
}

/// The files of a project of this many appliances, in three environments for two targets, by their paths: each appliance
/// has two overlays. Each is in a folder of its own, or all are in one.
pub fn project_of(appliances: usize, has_folders: bool) -> Vec<(String, String)> {
    let mut files = vec![("applc.toml".to_owned(), PROJECT.to_owned())];
    for at in 0..appliances {
        let folder = match has_folders {
            true => format!("apps/team{}/app{at}", at / 100),
            false => "apps".to_owned(),
        };
        for (ending, text) in [("test", TEST), ("prod", PROD)] {
            files.push((format!("{folder}/app{at}.{ending}.yaml"), text.to_owned()));
        }
        files.push((format!("{folder}/app{at}.appliance.json"), appliance(at)));
    }
    files
}

const PROJECT: &str = r#"default-targets = ["compose", "kubernetes"]
output = "manifests/{environment}/{folder}/{id}/{target}"

[environments.dev]

[environments.test]
overlay = "{name}.test.yaml"

[environments.prod]
overlay = "{name}.prod.yaml"
targets.kubernetes.namespace = "{id}-prod"
"#;

const TEST: &str = "containers:\n  api: { env: { LOG_LEVEL: debug, WEB: \"@web:8080\" } }\n";
const PROD: &str = "containers:\n  web: { instances: 3, env: { LOG_LEVEL: warn } }\n  api: { dependencies: [], instances: 2 }\ndata_persistence: { volumes: { data: { size: 20480 } } }\n";

/// One of the appliances of a project: two containers, of which one has a volume.
fn appliance(at: usize) -> String {
    format!(
        r#"{{
  "id": "app{at}",
  "containers": [
    {{
      "id": "web", "type": "service", "image": "registry.example.org/shop/web:1.{at}",
      "network_mode": "container", "ports": [{{ "container_port": 8080 }}],
      "env": {{ "API": "http://@api:8080", "N": "{at}" }},
      "resources": {{ "cpus": 0.5, "mem": 128 }}, "dependencies": ["api"]
    }},
    {{
      "id": "api", "type": "service", "image": "registry.example.org/shop/api:1.{at}",
      "network_mode": "container", "ports": [{{ "container_port": 8080 }}],
      "env": {{ "LOG_LEVEL": "info" }}, "resources": {{ "cpus": 1, "mem": 256 }},
      "volumes": [{{ "type": "persistent", "src": "data", "dest": "/data" }}]
    }}
  ],
  "data_persistence": {{ "volumes": [{{ "id": "data", "size": 10240 }}] }}
}}
"#
    )
}
