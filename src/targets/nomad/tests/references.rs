//! References: between all network modes, to the container itself, with and without a port.

use serde_json::{Value, json};

use super::{Compiled, appliance, compiled, compiled_with, container};

/// Compiles a container `a` that refers to `b`, which is in this network mode.
fn refer(text: &str, mode: &str, more: Value) -> Compiled {
    let mut other = more;
    other["network_mode"] = json!(mode);
    compiled(&appliance(&[
        container("a", json!({"args": [text], "env": {"E": text}})),
        container("b", other),
    ]))
}

fn data(made: &Compiled, name: &str) -> String {
    made.task(name)["template"]["data"].as_str().unwrap_or_default().to_owned()
}

fn arg(made: &Compiled, name: &str) -> String {
    made.task(name)["config"]["args"][0].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_reference_with_a_port_is_the_registered_address_and_port() {
    for mode in ["bridge", "container"] {
        let made = refer("x://@b:80/y", mode, json!({"ports": [{"container_port": 80}]}));
        assert_eq!(made.found().len(), usize::from(mode == "container"));
        assert_eq!(arg(&made, "a"), "x://${addr_b_80}/y");
        let data = data(&made, "a");
        assert!(
            data.contains("addr_b_80=\"{{ template \"address\" \"app--b--tcp-80\" }}\""),
            "{data}"
        );
        assert!(
            data.contains("E=\"x://{{ template \"address\" \"app--b--tcp-80\" }}/y\""),
            "{data}"
        );
    }
}

#[test]
fn a_port_on_the_host_network_can_be_unlisted() {
    let made = refer("@b:99", "host", json!({}));
    assert_eq!(made.found(), []);
    assert_eq!(arg(&made, "a"), "${host_b}:99");
    assert!(data(&made, "a").contains("E=\"{{ template \"host\" \"app--b\" }}:99\""));
    assert_eq!(made.group("b")["service"]["address"], "${attr.unique.network.ip-address}");
}

#[test]
fn an_unlisted_port_on_another_network_is_an_error() {
    for mode in ["bridge", "container"] {
        let made = refer("@b:99", mode, json!({"ports": [{"container_port": 80}]}));
        let errors = [("E0404", "@b:99"); 2];
        assert!(made.found().starts_with(&errors), "{}", made.messages());
    }
}

#[test]
fn a_reference_without_a_port_fixes_the_ports() {
    let ports = json!([{"container_port": 80}, {"container_port": 22, "host_port": 2222}]);
    let made = refer("@b", "bridge", json!({"ports": ports}));
    assert_eq!(made.found(), [("W0403", "@b"), ("W0404", "@b")]);
    assert_eq!(arg(&made, "a"), "${host_b}");
    assert_eq!(
        made.group("b")["network"]["port"],
        json!({
            "tcp_80": {"static": 80},
            "tcp_22": {"static": 2222, "to": 22},
            "own_22": {"static": 22},
        })
    );
    // A container on the host network has its own port numbers anyway.
    assert_eq!(refer("@b", "host", json!({"ports": [{"container_port": 80}]})).found(), []);
}

#[test]
fn containers_with_their_own_addresses_keep_their_ports() {
    let document = appliance(&[
        container("a", json!({"network_mode": "container", "args": ["@b", "@b:99", "@a:1"]})),
        container("b", json!({"network_mode": "container", "ports": [{"container_port": 80}]})),
    ]);
    let made = compiled_with(&document, &[("network", "cni/overlay")]);
    assert_eq!(made.found(), []);
    assert_eq!(
        made.task("a")["config"]["args"],
        json!(["${host_b}", "${host_b}:99", "${host_a}:1"])
    );
    assert_eq!(made.group("b")["network"]["port"]["tcp_80"], json!({"to": 80}));
    let address = &made.group("b")["service"][1];
    assert_eq!(address["name"], "app--b");
    assert_eq!(address["address_mode"], "alloc");
    assert_eq!(made.task("b").get("service"), None);
}

/// Compiles a container `A-` that refers to itself, and returns its task.
fn refer_to_itself(mode: &str, given: &[(&str, &str)], found: &[(&str, &str)]) -> Value {
    let mut fields = json!({
        "ports": [{"container_port": 80}],
        "args": ["@A-b:80", "x$@A-b"],
        "env": {"E": "@A-b:99", "F": "@A-b"},
    });
    fields["network_mode"] = json!(mode);
    let document = appliance(&[container("A-b", fields)]);
    let made = compiled_with(&document, given);
    assert_eq!(made.found(), found, "{}", made.messages());
    assert_eq!(
        made.group("A-b")["network"]["port"]["tcp_80"].get("static").is_some(),
        mode == "host"
    );
    made.task("A-b")
}

#[test]
fn on_dockers_bridge_a_container_finds_itself_by_its_host_name() {
    let task = refer_to_itself("bridge", &[], &[("W0401", "@A-b:80")]);
    assert_eq!(task["config"]["hostname"], "a-b-${NOMAD_SHORT_ALLOC_ID}");
    let args = json!(["a-b-${NOMAD_SHORT_ALLOC_ID}:80", "x${\"$\"}a-b-${NOMAD_SHORT_ALLOC_ID}"]);
    assert_eq!(task["config"]["args"], args);
    assert_eq!(
        task["template"]["data"].as_str().unwrap().trim_end(),
        "E=\"a-b-{{ env \"NOMAD_SHORT_ALLOC_ID\" }}:99\"\nF=\"a-b-{{ env \"NOMAD_SHORT_ALLOC_ID\" }}\""
    );
}

#[test]
fn on_the_host_network_a_container_finds_itself_at_its_node() {
    let task = refer_to_itself("host", &[], &[]);
    let args = json!([
        "${attr.unique.network.ip-address}:80",
        "x${\"$\"}${attr.unique.network.ip-address}"
    ]);
    assert_eq!(task["config"]["args"], args);
    assert_eq!(task["config"].get("hostname"), None);
}

#[test]
fn with_its_own_address_a_container_finds_itself_by_its_registration() {
    let task = refer_to_itself("container", &[("network", "cni/own")], &[]);
    assert_eq!(task["config"]["args"], json!(["${host_A_b}:80", "x${\"$\"}${host_A_b}"]));
    assert_eq!(task["config"].get("hostname"), None);
    let data = task["template"]["data"].as_str().unwrap();
    assert!(data.contains("eq .AllocID (env \"NOMAD_ALLOC_ID\")"), "{data}");
    assert!(data.contains("F=\"{{ template \"own\" \"app--A-b\" }}\""), "{data}");
}

#[test]
fn the_host_name_of_a_container_is_not_too_long() {
    let id = "a".repeat(60);
    let made = compiled(&appliance(&[container(&id, json!({"args": [format!("@{id}")]}))]));
    let name = made.task(&id)["config"]["hostname"].as_str().unwrap().to_owned();
    assert_eq!(name, format!("{}-${{NOMAD_SHORT_ALLOC_ID}}", "a".repeat(54)));
}

#[test]
fn references_in_a_health_command_have_no_effect() {
    let check = json!({"protocol": "COMMAND", "command": "wget @b @b:99 @a"});
    let made = compiled(&appliance(&[
        container("a", json!({"health_check": check})),
        container("b", json!({"ports": [{"container_port": 22}]})),
    ]));
    assert_eq!(made.found(), [("W0401", "\"COMMAND\"")]);
    assert_eq!(made.group("b")["network"]["port"], json!({"tcp_22": {"to": 22}}));
    assert_eq!(made.group("b")["service"]["name"], "app--b--tcp-22");
    assert_eq!(made.task("a")["config"].get("hostname"), None);
}

#[test]
fn a_reference_that_fixes_no_free_port_is_reported() {
    // No port of the host is left for port 8080, as it leads to port 80.
    let taken = json!([{"container_port": 80, "host_port": 8080}, {"container_port": 8080}]);
    let made = refer("@b", "bridge", json!({"ports": taken}));
    assert_eq!(made.found(), [("E0405", "@b"), ("W0403", "@b")], "{}", made.messages());
    // An SSH server of the node answers at port 22.
    let made = refer("@b", "bridge", json!({"ports": [{"container_port": 22}]}));
    assert_eq!(made.found(), [("W0403", "@b"), ("W0404", "@b")], "{}", made.messages());
    // Nothing answers at the address of the node.
    let made = refer("@b", "bridge", json!({}));
    assert_eq!(made.found(), [("W0401", "@b")], "{}", made.messages());
    let made = refer("@b", "host", json!({}));
    assert_eq!(made.found(), [], "{}", made.messages());
}

#[test]
fn ports_that_two_references_fix_need_different_nodes() {
    let ports = || json!({"ports": [{"container_port": 80}]});
    let made = compiled(&appliance(&[
        container("a", json!({"args": ["@b", "@c"]})),
        container("b", ports()),
        container("c", ports()),
    ]));
    assert_eq!(made.found(), [("W0403", "@b"), ("W0403", "@c"), ("W0404", "@c")]);
}

#[test]
fn containers_of_the_cluster_network_can_be_on_the_host_network() {
    let document = appliance(&[
        container("a", json!({"args": ["@b:99"]})),
        container("b", json!({"network_mode": "container", "ports": [{"container_port": 80}]})),
    ]);
    let made = compiled_with(&document, &[("network", "host")]);
    assert_eq!(made.found(), []);
    assert_eq!(
        made.group("b")["network"],
        json!({"mode": "host", "port": {"tcp_80": {"static": 80}}})
    );
    assert_eq!(made.task("b")["config"]["network_mode"], "host");
    assert_eq!(arg(&made, "a"), "${host_b}:99");
}

#[test]
fn an_address_variable_does_not_replace_the_containers_own() {
    let made = compiled(&appliance(&[
        container("a", json!({"args": ["@b:80"], "env": {"addr_b_80": "mine"}})),
        container("b", json!({"ports": [{"container_port": 80}]})),
    ]));
    assert_eq!(arg(&made, "a"), "${addr_b_80_}");
    assert_eq!(made.task("a")["env"], json!({"addr_b_80": "mine"}));
}

#[test]
fn only_services_are_restarted_for_a_new_address() {
    let refers = |kind: &str| {
        let fields = json!({"type": kind, "args": ["@b:80"]});
        let b = container("b", json!({"ports": [{"container_port": 80}]}));
        appliance(&[container("a", fields), b])
    };
    let service = compiled(&refers("service"));
    assert_eq!(service.task("a")["template"].get("change_mode"), None);
    let still = compiled_with(&refers("service"), &[("follow-addresses", "false")]);
    assert_eq!(still.task("a")["template"]["change_mode"], "noop");
    let job = compiled(&refers("job"));
    assert_eq!(job.job("a")["group"]["a"]["task"]["a"]["template"]["change_mode"], "noop");
}

#[test]
fn a_job_that_has_ended_is_not_waited_for() {
    let refers = json!({"args": ["@b"], "env": {"E": "@b:80"}, "dependencies": ["between"]});
    let made = compiled(&appliance(&[
        container("a", refers),
        container("between", json!({"type": "job", "dependencies": ["b"]})),
        container("b", json!({"type": "job"})),
    ]));
    let found = [("W0401", "@b"), ("W0404", "\"between\""), ("W0401", "@b:80")];
    assert_eq!(made.found(), found, "{}", made.messages());
    assert_eq!(arg(&made, "a"), "${attr.unique.network.ip-address}");
    let written = data(&made, "a");
    assert!(written.contains("E=\"{{ env \"attr.unique.network.ip-address\" }}:80\""), "{written}");
    assert!(!written.contains("nomadService"), "{written}");
    assert!(made.job("b")["group"]["b"].get("service").is_none());
    // Without the dependency, both may run at the same time.
    let made = compiled(&appliance(&[
        container("a", json!({"args": ["@b:80", "@b:80"]})),
        container("b", json!({"type": "job", "ports": [{"container_port": 80}]})),
    ]));
    assert_eq!(made.found(), [("W0401", "@b:80")], "{}", made.messages());
    assert_eq!(arg(&made, "a"), "${addr_b_80}");
    // A job that waits for the container is placed when it first starts, and not when it is replaced.
    let waits = json!({"type": "job", "network_mode": "host", "dependencies": ["a"]});
    let made =
        compiled(&appliance(&[container("a", json!({"args": ["@b"]})), container("b", waits)]));
    assert_eq!(made.found(), [("W0401", "@b")], "{}", made.messages());
}

#[test]
fn a_reference_to_a_container_without_instances_is_reported() {
    let made = refer("@b:80", "bridge", json!({"instances": 0, "ports": [{"container_port": 80}]}));
    assert_eq!(made.found(), [("W0401", "@b:80"); 2]);
}
