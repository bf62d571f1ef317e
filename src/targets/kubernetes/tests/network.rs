//! Services, ports, and the addresses of references.

use serde_json::{Value, json};

use super::{appliance, compiled, compiled_with, container, one};

fn service(more: Value, options: &[(&str, &str)]) -> Value {
    compiled_with(&one(more), options).object("Service/a")["spec"].clone()
}

#[test]
fn ports_are_node_ports_or_what_the_option_says() {
    let ports =
        json!({"ports": [{"container_port": 80}, {"container_port": 53, "protocol": "udp"}]});
    let expected = json!([
        {"port": 80, "name": "tcp-80"},
        {"port": 53, "name": "udp-53", "protocol": "UDP"},
    ]);
    for (options, kind) in [
        (vec![], json!("NodePort")),
        (vec![("expose", "load-balancer")], json!("LoadBalancer")),
        (vec![("expose", "cluster-ip")], Value::Null),
    ] {
        let spec = service(ports.clone(), &options);
        assert_eq!((&spec["type"], &spec["ports"]), (&kind, &expected));
    }
}

#[test]
fn a_fixed_host_port_is_a_node_port_if_in_range_and_a_host_port_otherwise() {
    let fixed = |number: u16| json!({"ports": [{"container_port": 80, "host_port": number}]});
    let node = compiled(&one(fixed(30080)));
    assert_eq!(node.object("Service/a")["spec"]["ports"], json!([{"port": 80, "nodePort": 30080}]));
    assert_eq!(node.container("Deployment/a")["ports"], json!([{"containerPort": 80}]));
    assert_eq!(node.object("Deployment/a")["spec"]["strategy"]["type"], "RollingUpdate");

    for (number, options) in [(8080, vec![]), (30080, vec![("expose", "cluster-ip")])] {
        let pod = compiled_with(&one(fixed(number)), &options);
        assert_eq!(pod.object("Service/a"), Value::Null, "the host's port is enough");
        let ports = json!([{"containerPort": 80, "hostPort": number}]);
        assert_eq!(pod.container("Deployment/a")["ports"], ports);
        let strategy = &pod.object("Deployment/a")["spec"]["strategy"];
        assert_eq!(*strategy, json!({"type": "Recreate"}), "two pods cannot share the port");
    }
}

#[test]
fn a_node_port_of_two_hosts_is_used_once() {
    let on = |host: &str| {
        json!({
            "ports": [{"container_port": 80, "host_port": 30080}],
            "schedule_hints": {"placement": {"host": host}},
        })
    };
    let compiled = compiled(&appliance(&[container("a", on("h1")), container("b", on("h2"))]));
    assert_eq!(compiled.object("Service/a")["spec"]["ports"][0]["nodePort"], 30080);
    assert_eq!(compiled.object("Service/b")["spec"]["ports"][0]["nodePort"], Value::Null);
    assert_eq!(compiled.container("Deployment/b")["ports"][0]["hostPort"], 30080);
}

#[test]
fn a_node_port_is_used_once_for_both_protocols() {
    let ports = json!([
        {"container_port": 80, "host_port": 30080},
        {"container_port": 81, "host_port": 30080, "protocol": "udp"},
    ]);
    let compiled = compiled(&one(json!({"ports": ports})));
    assert_eq!(compiled.found(), []);
    assert_eq!(
        compiled.object("Service/a")["spec"]["ports"],
        json!([
            {"port": 80, "name": "tcp-80", "nodePort": 30080},
            {"port": 81, "name": "udp-81", "protocol": "UDP"},
        ])
    );
    assert_eq!(
        compiled.container("Deployment/a")["ports"],
        json!([
            {"containerPort": 80},
            {"containerPort": 81, "protocol": "UDP", "hostPort": 30080},
        ])
    );
}

#[test]
fn a_port_of_both_protocols_has_a_service_for_each() {
    let ports = |tcp: u16, udp: u16| {
        json!({"ports": [
            {"container_port": 53, "protocol": "udp", "host_port": udp},
            {"container_port": 53, "host_port": tcp},
            {"container_port": 54, "protocol": "udp"},
        ]})
    };
    let refers = container("b", json!({"args": ["@a:53", "@a:54"], "dependencies": ["a"]}));
    let all = compiled(&appliance(&[container("a", ports(0, 0)), refers]));
    assert_eq!(all.found(), []);
    assert_eq!(
        all.object("Service/a")["spec"]["ports"],
        json!([{"port": 53, "name": "tcp-53"}, {"port": 54, "name": "udp-54", "protocol": "UDP"}])
    );
    let udp = all.object("Service/a-udp")["spec"].clone();
    assert_eq!(udp["ports"], json!([{"port": 53, "name": "udp-53", "protocol": "UDP"}]));
    assert_eq!(udp["type"], "NodePort");
    // Only the pods have both.
    assert_eq!(all.container("Deployment/b")["args"], json!(["a-pods:53", "a:54"]));

    let listed = |tcp, udp| {
        let compiled = compiled(&one(ports(tcp, udp)));
        (compiled.container("Deployment/a")["ports"].clone(), compiled.found().len())
    };
    let other = json!({"containerPort": 54, "protocol": "UDP"});
    let udp =
        |host_port: u16| json!({"containerPort": 53, "protocol": "UDP", "hostPort": host_port});
    let tcp = json!({"containerPort": 53, "hostPort": 5353});
    assert_eq!(listed(0, 0).0[0], json!({"containerPort": 53, "protocol": "UDP"}));
    assert_eq!(listed(0, 0).0[1], other);
    assert_eq!(listed(0, 5300), (json!([udp(5300), other]), 0));
    assert_eq!(listed(5353, 0), (json!([tcp, other]), 0));
    assert_eq!(listed(5353, 5300), (json!([udp(5300), tcp, other]), 1));
}

#[test]
fn services_have_pods_that_are_not_ready_if_who_refers_does_not_wait() {
    let early = |containers: &[Value]| {
        let compiled = compiled(&appliance(containers));
        ["Service/a", "Service/a-pods"]
            .map(|name| compiled.object(name)["spec"]["publishNotReadyAddresses"].clone())
    };
    let ports = json!({"ports": [{"container_port": 80}]});
    let a = container("a", ports);
    let none = [Value::Null, Value::Null];
    assert_eq!(early(std::slice::from_ref(&a)), none);
    let refers =
        |id: &str, to: &str, on: &[&str]| container(id, json!({"args": [to], "dependencies": on}));
    assert_eq!(early(&[a.clone(), refers("b", "@a:80 @a", &["a"])]), none);
    let indirect = [a.clone(), refers("b", "x", &["a"]), refers("c", "@a:80 @a", &["b"])];
    assert_eq!(early(&indirect), none);
    assert_eq!(early(&[a.clone(), refers("b", "@a:80", &[])]), [json!(true), Value::Null]);
    assert_eq!(early(&[a, refers("b", "@a", &[])]), [Value::Null, json!(true)]);
}

#[test]
fn ports_on_the_host_network_need_no_service() {
    let host = |ports: Value| json!({"network_mode": "host", "ports": ports});
    let ports = json!([{"container_port": 80, "host_port": 80, "name": "http"}]);
    let alone = compiled(&one(host(ports.clone())));
    assert_eq!(alone.list(), ["Namespace/app", "Deployment/a"]);
    let pod = alone.pod("Deployment/a");
    assert_eq!(
        (&pod["hostNetwork"], &pod["dnsPolicy"]),
        (&json!(true), &json!("ClusterFirstWithHostNet"))
    );
    assert_eq!(pod["containers"][0]["ports"], json!([{"containerPort": 80, "name": "http"}]));
    let referred = compiled(&appliance(&[
        container("a", host(ports)),
        container("b", json!({"args": ["@a:80"]})),
    ]));
    assert_eq!(referred.object("Service/a")["spec"]["type"], Value::Null);
    assert_eq!(
        referred.object("Service/a")["spec"]["ports"],
        json!([{"port": 80, "name": "http"}])
    );
}

#[test]
fn a_reference_is_the_name_of_a_service_between_all_network_modes() {
    for from in ["host", "bridge", "container"] {
        for to in ["host", "bridge", "container"] {
            let compiled = compiled(&appliance(&[
                container("Db", json!({"network_mode": to, "ports": [{"container_port": 5432}]})),
                container(
                    "b",
                    json!({"network_mode": from, "env": {"A": "@Db", "B": "x://@Db:5432/y"}}),
                ),
            ]));
            assert_eq!(compiled.found(), []);
            let env = compiled.container("Deployment/b")["env"].clone();
            assert_eq!(
                env,
                json!([{"name": "A", "value": "db-pods"}, {"name": "B", "value": "x://db:5432/y"}])
            );
            assert_eq!(compiled.object("Service/db")["spec"]["ports"][0]["port"], 5432);
        }
    }
}

#[test]
fn a_port_that_is_not_listed_is_reached_at_the_pods() {
    let compiled = compiled(&appliance(&[
        container("a", json!({"ports": [{"container_port": 80}], "args": ["@b:1"]})),
        container("b", json!({"args": ["@a:9999", "@a:80"]})),
    ]));
    assert_eq!(compiled.container("Deployment/a")["args"], json!(["b-pods:1"]));
    assert_eq!(compiled.container("Deployment/b")["args"], json!(["a-pods:9999", "a:80"]));
    for name in ["Service/a-pods", "Service/b-pods"] {
        let spec = compiled.object(name)["spec"].clone();
        assert_eq!((&spec["clusterIP"], &spec["ports"]), (&json!("None"), &Value::Null), "{name}");
    }
    let selector = |name: &str| compiled.object(name)["spec"]["selector"].clone();
    assert_eq!(selector("Service/a-pods"), selector("Service/a"));
}

#[test]
fn a_reference_of_a_container_to_itself_is_the_address_of_its_pod() {
    let own = |name: &str| {
        let field = json!({"fieldRef": {"fieldPath": "status.podIP"}});
        json!({"name": name, "valueFrom": field})
    };
    for (mode, kind) in
        [("container", "Deployment/a"), ("host", "Deployment/a"), ("bridge", "Job/a")]
    {
        let mut fields = json!({
            "network_mode": mode,
            "ports": [{"container_port": 80}],
            "args": ["--host", "@a", "http://@a:80/$(X)", "@a:81"],
            "env": {"A": "@a:80,@b:1"},
        });
        if kind == "Job/a" {
            fields["type"] = json!("job");
        }
        let compiled = compiled_with(
            &appliance(&[container("a", fields), container("b", json!({}))]),
            &[("expose", "cluster-ip")],
        );
        assert_eq!(compiled.found(), []);
        let lowered = compiled.container(kind);
        let address = "$(APPLC_OWN_ADDRESS)";
        assert_eq!(
            lowered["args"],
            json!([
                "--host",
                address,
                format!("http://{address}:80/$$(X)"),
                format!("{address}:81"),
            ])
        );
        // Kubernetes expands only variables that are listed before.
        let value = format!("{address}:80,b-pods:1");
        assert_eq!(
            lowered["env"],
            json!([own("APPLC_OWN_ADDRESS"), {"name": "A", "value": value}])
        );
        // It needs no Service for itself.
        assert_eq!(compiled.object("Service/a-pods"), Value::Null);
    }

    let taken = json!({"APPLC_OWN_ADDRESS": "mine", "APPLC_OWN_ADDRESS_": "mine, too"});
    let script = compiled(&one(json!({"cmd": "serve '@a' $A", "env": taken})));
    let lowered = script.container("Deployment/a");
    let command = json!(["/bin/sh", "-c", "serve '$(APPLC_OWN_ADDRESS__)' $$A"]);
    assert_eq!(lowered["command"], command);
    assert_eq!(lowered["env"][0], own("APPLC_OWN_ADDRESS__"));
    assert_eq!(lowered["env"].as_array().unwrap().len(), 3);

    let to_others = [container("a", json!({"args": ["@b"]})), container("b", json!({}))];
    assert_eq!(compiled(&appliance(&to_others)).container("Deployment/a")["env"], Value::Null);
}

#[test]
fn a_health_check_asks_its_own_pod() {
    let check = json!({"protocol": "COMMAND", "command": "ask '@a:80' $A @a @b"});
    let document =
        appliance(&[container("a", json!({"health_check": check})), container("b", json!({}))]);
    let compiled = compiled(&document);
    let lowered = compiled.container("Deployment/a");
    assert_eq!(lowered["env"][0]["valueFrom"]["fieldRef"]["fieldPath"], "status.podIP");
    // As Kubernetes expands it.
    let command = lowered["livenessProbe"]["exec"]["command"].as_array().unwrap();
    let command: Vec<_> =
        command.iter().map(|word| word.as_str().unwrap().replace("$$", "$")).collect();
    assert_eq!(
        command,
        [
            "/bin/sh",
            "-c",
            "exec /bin/sh -c \"${0}${APPLC_OWN_ADDRESS}${1}${APPLC_OWN_ADDRESS}${2}\"",
            "ask '",
            ":80' $A ",
            " b-pods",
        ]
    );
    assert_eq!(
        compiled.list(),
        ["Namespace/app", "Deployment/a", "Service/b-pods", "Deployment/b"]
    );
}

#[test]
fn udp_ports_on_the_host_network_are_warned_of() {
    let found = |from: &str, argument: &str| {
        let ports = json!([{"container_port": 53, "protocol": "udp"}, {"container_port": 80}]);
        let document = appliance(&[
            container("a", json!({"network_mode": "host", "ports": ports})),
            container("b", json!({"network_mode": from, "args": [argument]})),
        ]);
        compiled(&document).found().len()
    };
    assert_eq!(found("bridge", "@a:53 @a:53"), 1);
    assert_eq!(found("container", "@a"), 1);
    assert_eq!(found("container", "@a:80"), 0);
    assert_eq!(found("host", "@a:53"), 0);
}

#[test]
fn names_of_headless_services_are_unique_and_short_enough() {
    let long = "a".repeat(63);
    let compiled = compiled(&appliance(&[
        container(&long, json!({"ports": [{"container_port": 80}]})),
        container(&format!("{}-pods", "a".repeat(58)), json!({})),
        container("c", json!({"args": [format!("@{long}")], "dependencies": [long]})),
    ]));
    assert_eq!(compiled.found(), []);
    let name = format!("{}-pods-2", "a".repeat(56));
    assert_eq!(compiled.object(&format!("Service/{name}"))["spec"]["clusterIP"], "None");
    assert_eq!(compiled.container("Deployment/c")["args"], json!([name]));
    let wait = compiled.pod("Deployment/c")["initContainers"][0].clone();
    assert!(wait["name"].as_str().unwrap().len() <= 63);
}

#[test]
fn port_names_are_normalized_and_unique() {
    let named = |ports: Value, more: Value| {
        let mut fields = json!({"ports": ports});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        compiled(&one(fields))
    };
    let dns = json!([
        {"container_port": 53, "name": "DNS"},
        {"container_port": 53, "name": "dns", "protocol": "udp"},
        {"container_port": 80, "name": "web_ui of the cluster"},
        {"container_port": 81, "name": "__"},
        {"container_port": 82},
    ]);
    let compiled = named(dns, json!({}));
    assert_eq!(compiled.found(), []);
    let names = |value: Value| -> Vec<Value> {
        value.as_array().unwrap().iter().map(|port| port["name"].clone()).collect()
    };
    assert_eq!(
        names(compiled.object("Service/a")["spec"]["ports"].clone()),
        ["dns", "web-ui-of-the-cluster", "tcp-81", "tcp-82"]
    );
    assert_eq!(names(compiled.object("Service/a-udp")["spec"]["ports"].clone()), ["dns-udp"]);
    let of_pod = names(compiled.container("Deployment/a")["ports"].clone());
    assert_eq!(of_pod, [json!("dns"), Value::Null, json!("tcp-81"), Value::Null]);
    let changed = compiled.findings.iter().filter(|f| f.code.id == "H0401").count();
    assert_eq!(changed, 4);

    let long = json!([{"container_port": 80, "name": "a-name-that-is-long"}]);
    let host = named(long, json!({"network_mode": "host"}));
    assert_eq!(host.found(), [("W0401", "\"a-name-that-is-long\"")]);
    assert_eq!(host.container("Deployment/a")["ports"], json!([{"containerPort": 80}]));
}

#[test]
fn names_that_kubernetes_rejects_are_errors() {
    let two = appliance(&[container("Web", json!({})), container("web", json!({}))]);
    assert_eq!(compiled(&two).found(), [("E0403", "\"web\"")]);
    let long = "a".repeat(64);
    let quoted = format!("\"{long}\"");
    assert_eq!(compiled(&appliance(&[container(&long, json!({}))])).found(), [("E0402", &*quoted)]);
    let digit = [container("1st", json!({})), container("b", json!({"args": ["@1st"]}))];
    let digit = compiled(&appliance(&digit));
    assert_eq!(digit.container("Deployment/b")["args"], json!(["x1st-pods"]));
    assert_ne!(digit.object("Deployment/x1st"), Value::Null);

    let long = "a".repeat(53);
    let quoted = format!("\"{long}\"");
    let cron = json!({"type": "job", "repeats": -1, "interval": "1D", "start_time": "2027-01-01T00:00:00Z"});
    assert_eq!(compiled(&appliance(&[container(&long, cron)])).found(), [("E0402", &*quoted)]);
    let long = "a".repeat(62);
    let quoted = format!("\"{long}\"");
    let copies = json!({"type": "job", "instances": 2});
    assert_eq!(compiled(&appliance(&[container(&long, copies)])).found(), [("E0402", &*quoted)]);
}
