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
        assert_eq!(made.found(), []);
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
        assert_eq!(made.found(), [("E0404", "@b:99"); 2], "{}", made.messages());
    }
}

#[test]
fn a_reference_without_a_port_fixes_the_ports() {
    let ports = json!([{"container_port": 80}, {"container_port": 22, "host_port": 2222}]);
    let made = refer("@b", "bridge", json!({"ports": ports}));
    assert_eq!(made.found(), [("W0403", "@b")]);
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

#[test]
fn a_reference_to_the_container_itself_needs_no_lookup() {
    let made = compiled(&appliance(&[container(
        "a",
        json!({
            "ports": [{"container_port": 80}],
            "args": ["@a:80", "@a"],
            "env": {"E": "@a:80", "F": "@a"},
        }),
    )]));
    assert_eq!(
        made.task("a")["config"]["args"],
        json!(["${NOMAD_HOST_ADDR_tcp_80}", "${attr.unique.network.ip-address}"])
    );
    let data = data(&made, "a");
    assert_eq!(
        data.trim_end(),
        "E=\"{{ env \"NOMAD_HOST_ADDR_tcp_80\" }}\"\nF=\"{{ env \"attr.unique.network.ip-address\" }}\""
    );
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
fn a_reference_to_a_container_without_instances_is_reported() {
    let made = refer("@b:80", "bridge", json!({"instances": 0, "ports": [{"container_port": 80}]}));
    assert_eq!(made.found(), [("W0401", "@b:80"); 2]);
}
