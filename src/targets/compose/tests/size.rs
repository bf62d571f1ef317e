//! The number of YAML nodes.

use serde_json::{Value, json};

use super::{Compiled, appliance, compiled, container};

/// The nodes of a value, without the keys of mappings.
fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(nodes).sum(),
        Value::Object(fields) => fields.values().map(nodes).sum(),
        _ => 0,
    }
}

/// An appliance with everything that a Compose file can have, and with this many arguments.
fn with_arguments(count: usize) -> Value {
    let ports = json!([
        {"container_port": 80, "host_port": 80, "name": "http"},
        {"container_port": 53, "protocol": "udp"},
    ]);
    let mounts = json!([
        {"src": "v", "dest": "/v", "mode": "RO"},
        {"src": "w1", "dest": "/w"},
        {"src": "/x", "dest": "/x", "type": "host"},
    ]);
    let full = json!({
        "cmd": "true", "env": {"A": "1", "B": "@host"}, "ports": ports, "volumes": mounts,
        "is_privileged": true, "dependencies": ["job", "host"], "instances": 1,
        "files": [
            {"dest": "/f", "content": "x"},
            {"dest": "/g", "content": "x", "mode": "400"},
        ],
        "secret_files": [
            {"dest": "/k", "secret": "s", "key": "k"},
            {"dest": "/l", "secret": "s", "key": "l", "mode": "400"},
        ],
        "health_check": {"protocol": "TCP"}, "resources": {"cpus": 1, "mem": 64, "gpu": 2},
    });
    let mut document = appliance(&[
        container("full", full),
        container("host", json!({"network_mode": "host", "args": vec!["a"; count]})),
        container("job", json!({"type": "job", "instances": 2, "retries": 1})),
        container("done", json!({"type": "job", "retries": 0, "force_pull_image": false})),
        container("many", json!({"instances": 3})),
    ]);
    document["data_persistence"] =
        json!({"volumes": [{"id": "v"}, {"id": "w1", "scope": "global"}]});
    document
}

/// The number of nodes that a warning states, if there is one.
fn stated(compiled: &Compiled) -> Option<usize> {
    let messages = compiled.messages();
    let line = messages.lines().find(|line| line.contains("YAML nodes"))?;
    line.split(' ').find_map(|word| word.parse().ok())
}

#[test]
fn a_file_with_more_nodes_than_docker_compose_reads_is_a_warning() {
    let small = compiled(&with_arguments(1));
    assert_eq!(stated(&small), None);
    let most = 100_000 - nodes(&small.file()) + 1;
    assert_eq!(stated(&compiled(&with_arguments(most))), None);
    assert_eq!(stated(&compiled(&with_arguments(most + 1))), Some(100_001));
}
