//! References between networks, and the host ports that they require.

use serde_json::{Value, json};

use super::{Compiled, appliance, compiled, container};

/// Compiles a container `from` that refers to `to` by this text, in these network modes; `to`
/// has these ports.
fn reference(from: &str, to: &str, text: &str, ports: Value) -> Compiled {
    compiled(&appliance(&[
        container("from", json!({"network_mode": from, "args": [text]})),
        container("to", json!({"network_mode": to, "ports": ports})),
    ]))
}

#[test]
fn references_work_between_all_network_modes() {
    for from in ["host", "bridge", "container"] {
        for to in ["host", "bridge", "container"] {
            let fixed = if to == "host" { 0 } else { 8000 };
            let ports = json!([{"container_port": 80, "host_port": fixed}]);
            let compiled = reference(from, to, "http://@to:80/", ports);
            let mapped = from == "host" && to != "host";
            let url = if mapped { "http://to:8000/" } else { "http://to:80/" };
            let hosts = match (from, to) {
                ("host", _) => json!(["to:127.0.0.1"]),
                (_, "host") => json!(["to:host-gateway"]),
                _ => Value::Null,
            };
            assert_eq!(compiled.found(), [], "{from} {to}");
            assert_eq!(compiled.service("from")["command"], json!([url]), "{from} {to}");
            assert_eq!(compiled.service("from")["extra_hosts"], hosts, "{from} {to}");
            assert_eq!(compiled.service("to")["extra_hosts"], Value::Null, "{from} {to}");
        }
    }
}

#[test]
fn a_port_that_a_reference_from_the_host_network_needs_is_published_at_its_own_number() {
    let compiled = reference("host", "bridge", "@to:80 @to:80", json!([{"container_port": 80}]));
    assert_eq!(compiled.found(), [("W0403", "@to:80")]);
    assert_eq!(compiled.service("from")["command"], json!(["to:80 to:80"]));
    let port = json!([{"target": 80, "published": "80"}]);
    assert_eq!(compiled.service("to")["ports"], port);
}

#[test]
fn a_reference_from_the_host_network_leads_to_no_internal_port() {
    let internal = json!({"container_port": 53, "protocol": "udp", "internal": true});
    let web = json!({"container_port": 53, "host_port": 53});
    for text in ["@to", "@to:53"] {
        let found = |from, ports| {
            let compiled = reference(from, "bridge", text, ports);
            compiled
                .found()
                .iter()
                .map(|(code, at)| ((*code).to_owned(), (*at).to_owned()))
                .collect::<Vec<_>>()
        };
        let warned = vec![("W0401".to_owned(), text.to_owned())];
        assert_eq!(found("host", json!([internal, web])), warned);
        assert_eq!(found("host", json!([web])), []);
        assert_eq!(found("bridge", json!([internal, web])), []);
        assert_eq!(found("host", json!([internal])), [("E0404".to_owned(), text.to_owned())]);
    }
}

#[test]
fn a_reference_without_a_port_publishes_every_port_at_its_own_number() {
    let ports = json!([
        {"container_port": 80, "host_port": 8000, "name": "http"},
        {"container_port": 53, "protocol": "udp"},
        {"container_port": 22, "host_port": 22},
    ]);
    let compiled = reference("host", "container", "@to", ports);
    assert_eq!(compiled.found(), [("W0403", "@to")]);
    let expected = json!([
        {"target": 80, "published": "8000", "name": "http"},
        {"target": 53, "published": "53", "protocol": "udp"},
        {"target": 22, "published": "22"},
        {"target": 80, "published": "80"},
    ]);
    assert_eq!(compiled.service("to")["ports"], expected);
}

#[test]
fn tcp_and_udp_on_one_port_get_one_host_port() {
    let ports = json!([
        {"container_port": 53, "protocol": "udp"},
        {"container_port": 53, "host_port": 5353},
    ]);
    let compiled = reference("host", "bridge", "@to:53", ports);
    assert_eq!(compiled.service("from")["command"], json!(["to:5353"]));
    let expected = json!([
        {"target": 53, "published": "5353", "protocol": "udp"},
        {"target": 53, "published": "5353"},
    ]);
    assert_eq!(compiled.service("to")["ports"], expected);
}

#[test]
fn references_that_the_host_network_cannot_reach_are_rejected() {
    assert_eq!(
        reference("host", "bridge", "@to:81", json!([{"container_port": 80}])).found(),
        [("E0404", "@to:81")]
    );
    assert_eq!(reference("host", "bridge", "@to", json!([])).found(), [("E0404", "@to")]);
    let several = compiled(&appliance(&[
        container("from", json!({"network_mode": "host", "args": ["@to:80"]})),
        container("to", json!({"instances": 2, "ports": [{"container_port": 80}]})),
    ]));
    assert_eq!(several.found(), [("E0404", "@to:80")]);
    let taken = compiled(&appliance(&[
        container(
            "from",
            json!({"network_mode": "host", "args": ["@to:80"], "ports": [{"container_port": 80}]}),
        ),
        container("to", json!({"ports": [{"container_port": 80}]})),
    ]));
    assert_eq!(taken.found(), [("E0404", "@to:80")]);
}

#[test]
fn a_container_can_refer_to_itself() {
    let own = json!({"network_mode": "host", "env": {"SELF": "@a:80 a"}, "ports": [{"container_port": 80}]});
    let compiled = compiled(&appliance(&[container("a", own)]));
    assert_eq!(compiled.found(), []);
    assert_eq!(compiled.service("a")["environment"], json!(["SELF=a:80 a"]));
    assert_eq!(compiled.service("a")["extra_hosts"], json!(["a:127.0.0.1"]));
}

#[test]
fn a_reference_of_one_of_several_instances_to_itself_is_reported() {
    let found = |instances: u32| {
        let fields = json!({"env": {"A": "@a", "B": "@a:1"}, "instances": instances});
        compiled(&appliance(&[container("a", fields)])).found().len()
    };
    assert_eq!((found(0), found(1), found(2)), (0, 0, 1));
}

#[test]
fn ids_that_are_not_host_names_are_rejected_where_they_are_referred_to() {
    for id in ["1", "0x1F", "-a", "a-"] {
        let text = format!("@{id}");
        let referring =
            appliance(&[container("from", json!({"args": [text]})), container(id, json!({}))]);
        assert_eq!(compiled(&referring).found(), [("E0404", text.as_str())]);
        assert_eq!(compiled(&appliance(&[container(id, json!({}))])).found(), [], "{id}");
    }
}

#[test]
fn ids_that_differ_in_case_are_one_host_name() {
    let pair = |first: &str, second: &str, text: &str| {
        compiled(&appliance(&[
            container("from", json!({"args": [text]})),
            container("web", json!({"network_mode": first})),
            container("Web", json!({"network_mode": second})),
        ]))
    };
    for (first, second) in [("bridge", "bridge"), ("bridge", "host"), ("host", "container")] {
        let found = pair(first, second, "@web @Web");
        assert_eq!(found.found(), [("E0404", "@web"), ("E0404", "@Web")], "{first} {second}");
    }
    assert_eq!(pair("bridge", "bridge", "@Web").found(), [("E0404", "@Web")]);
    assert_eq!(pair("bridge", "bridge", "nobody").found(), [], "nobody looks them up");
    assert_eq!(pair("host", "host", "@web @Web").found(), [], "both have the address of the host");
}

/// Whether a reference to a container with this id is rejected beside a job `work` that becomes two services.
fn is_unreachable_beside_a_job(id: &str) -> bool {
    let compiled = compiled(&appliance(&[
        container("work", json!({"type": "job", "instances": 2})),
        container("later", json!({"dependencies": ["work"]})),
        container(id, json!({})),
        container("from", json!({"args": [format!("@{id}")]})),
    ]));
    compiled.found().contains(&("E0404", &format!("@{id}")))
}

#[test]
fn a_service_of_a_job_is_no_host_name_in_another_case() {
    let found = is_unreachable_beside_a_job;
    assert!(found("Work-2"));
    assert!(!found("Work-3"), "there is no such instance");
}

#[test]
fn host_ports_of_several_instances_are_rejected() {
    let on_host =
        json!({"network_mode": "host", "instances": 2, "ports": [{"container_port": 80}]});
    assert_eq!(compiled(&appliance(&[container("a", on_host)])).found(), [("E0405", "80")]);
}

#[test]
fn udp_from_the_project_network_to_the_host_network_is_a_warning() {
    let found = |from: &str, to: &str, text: &str, protocol: &str| {
        let ports = json!([
            {"container_port": 53, "host_port": 53, "protocol": protocol},
            {"container_port": 80, "host_port": 80},
        ]);
        let compiled = reference(from, to, text, ports);
        let found: Vec<_> =
            compiled.found().iter().map(|(code, text)| format!("{code} {text}")).collect();
        found.join(", ")
    };
    assert_eq!(found("bridge", "host", "@to:53", "udp"), "W0401 @to:53");
    assert_eq!(found("container", "host", "@to", "udp"), "W0401 @to");
    assert_eq!(found("bridge", "host", "@to:80", "udp"), "");
    assert_eq!(found("bridge", "host", "@to:53", "tcp"), "");
    assert_eq!(found("host", "host", "@to:53", "udp"), "");
    assert_eq!(found("bridge", "bridge", "@to:53", "udp"), "");
}

#[test]
fn a_service_with_the_name_of_a_container_is_unreachable() {
    let found = |id: &str, instances: u32, network: &str| {
        let fields = json!({"args": [format!("@{id}")], "network_mode": network});
        let compiled = compiled(&appliance(&[
            container("a-b", json!({"instances": instances})),
            container(id, json!({})),
            container("from", fields),
        ]));
        !compiled.found().is_empty()
    };
    assert!(found("app-a-b-1", 1, "bridge"));
    assert!(found("app-a-b-12", 12, "container"));
    assert!(found("App-A-b-1", 1, "bridge"), "letter case does not count");
    assert!(!found("app-a-b-2", 1, "bridge"), "there is no such instance");
    assert!(!found("app-a-b-01", 1, "bridge"), "numbers have no leading zeros");
    assert!(!found("app-a-1", 1, "bridge"), "there is no such service");
    assert!(!found("xapp-a-b-1", 1, "bridge"), "it is the name of another project");
}

#[test]
fn each_service_of_a_job_that_others_wait_for_has_one_instance() {
    let found = is_unreachable_beside_a_job;
    assert!(found("app-work-2-1"));
    assert!(!found("app-work-2-2"), "there is no such instance");
}

#[test]
fn containers_of_two_appliances_have_different_names() {
    let name = |id: &str| {
        let mut document = appliance(&[container("c", json!({}))]);
        document["id"] = json!(id);
        let compiled = compiled(&document);
        assert_eq!(compiled.found_by_target(), []);
        compiled.file()["name"].clone()
    };
    assert_eq!(name("hunt"), "hunt");
    assert_eq!(name("hunt-b"), "hunt_b");
    assert_eq!(name("a--b"), "a__b");
}
