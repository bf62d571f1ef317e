//! What is written for each field, and findings of values at the limits.

use serde_json::{Value, json};

use super::{appliance, compiled, compiled_with, container, one};

/// Compiles one container and compares the findings and the text they point to.
fn finds(more: Value, expected: &[(&str, &str)]) {
    let made = one(more.clone());
    assert_eq!(made.found(), expected, "{more}: {}", made.messages());
}

fn config(more: Value) -> Value {
    let made = one(more);
    let found = made.found();
    let other: Vec<_> = found.iter().filter(|(code, _)| *code != "W0404").collect();
    assert_eq!(other, Vec::<&(&str, &str)>::new(), "{}", made.messages());
    made.task("a")["config"].clone()
}

#[test]
fn the_smallest_container_has_no_findings() {
    let made = one(json!({}));
    assert_eq!(made.findings, []);
    assert_eq!(
        made.group("a"),
        json!({
            "count": 1,
            "task": {"a": {
                "driver": "docker",
                "config": {"image": "image:1", "force_pull": true},
                "resources": {"cpu": 1000, "memory": 64},
            }},
        })
    );
}

#[test]
fn resources() {
    let made = one(json!({"resources": {"cpus": 0.25, "mem": 4096, "disk": 500, "gpu": 2}}));
    assert_eq!(made.found(), [("W0404", "2")]);
    let device = json!({"nvidia/gpu": {"count": 2}});
    assert_eq!(made.task("a")["resources"], json!({"cpu": 250, "memory": 4096, "device": device}));
    assert_eq!(made.group("a")["ephemeral_disk"]["size"], 500);
    finds(json!({"resources": {"cpus": 1, "mem": 9}}), &[("W0401", "9")]);
    finds(json!({"resources": {"cpus": 1, "mem": 10, "disk": 100}}), &[("W0401", "100")]);
    finds(json!({"resources": {"cpus": 1, "mem": 10, "disk": 101}}), &[]);
}

#[test]
fn entrypoint_user_directory_and_stop_timeout() {
    let program = config(json!({"entrypoint": ["/run ${x}", 1], "args": ["a b"]}));
    assert_eq!(program["entrypoint"], json!(["/run $${x}", "1"]));
    assert_eq!(program["args"], json!(["a b"]));
    let made = one(json!({"user": 1000, "working_dir": "/a ${x}", "stop_timeout": 7}));
    let task = made.task("a");
    assert_eq!((&task["user"], &task["kill_timeout"]), (&json!("1000"), &json!("7s")));
    assert_eq!(task["config"]["work_dir"], json!("/a $${x}"));
    let labels = config(json!({"labels": {"a.${b}": "${x}", "n": 1}}));
    assert_eq!(labels["labels"], json!({"a.$${b}": "$${x}", "n": "1"}));
}

#[test]
fn files_are_templates_and_mounts() {
    let made = one(json!({"files": [{"dest": "/a:b", "content": "x\n", "mode": "0600"}]}));
    assert_eq!(made.found(), []);
    let task = made.task("a");
    let template = json!({
        "destination": "local/files/0", "perms": "0600", "change_mode": "noop", "data": "x\n",
    });
    assert_eq!(task["template"], template);
    let mount =
        json!({"type": "bind", "source": "local/files/0", "target": "/a:b", "readonly": true});
    assert_eq!(task["config"]["mount"], mount);
}

#[test]
fn secrets_are_items_of_variables_or_of_vault() {
    let secrets = json!({
        "secret_env": {"P": {"secret": "db", "key": "pass.word"}},
        "secret_files": [{"dest": "/a:b", "secret": "db", "key": "p", "mode": "0400"}],
    });
    let missing = |key: &str| format!("{{{{ sprig_fail \"secret `db` has no key `{key}`\" }}}}");
    let made = one(secrets.clone());
    let task = made.task("a");
    let value = |key: &str, pipe: &str| {
        let missing = missing(key);
        format!(
            "{{{{ with nomadVar \"secrets/app/db\" }}}}{{{{ with index . \"{key}\" }}}}{{{{ if .Key }}}}{{{{ .Value{pipe} }}}}{{{{ else }}}}{missing}{{{{ end }}}}{{{{ end }}}}{{{{ end }}}}"
        )
    };
    assert_eq!(
        task["template"],
        json!([
            {
                "destination": "${NOMAD_SECRETS_DIR}/secrets.env", "env": true,
                "data": format!("P={}\n", value("pass.word", " | toJSON")),
            },
            {
                "destination": "secrets/files/0", "perms": "0400",
                "data": format!("{}{{{{ \"\" -}}}}\n", value("p", "")),
            },
        ])
    );
    let mount =
        json!({"type": "bind", "source": "secrets/files/0", "target": "/a:b", "readonly": true});
    assert_eq!(task["config"]["mount"], mount);
    assert!(task["vault"].is_null());
    let options = [("secret-store", "vault"), ("secret-path", "kv/data/x")];
    let made = compiled_with(&appliance(&[container("a", secrets)]), &options);
    let task = made.task("a");
    let value = format!(
        "P={{{{ with secret \"kv/data/x/db\" }}}}{{{{ with index .Data.data \"pass.word\" }}}}{{{{ . | toJSON }}}}{{{{ else }}}}{}{{{{ end }}}}{{{{ end }}}}\n",
        missing("pass.word")
    );
    assert_eq!(task["template"][0]["data"], json!(value));
    assert_eq!(task["vault"], json!({}));
    assert_eq!(made.found(), [("W0404", "\"db\"")]);
}

#[test]
fn a_job_goes_on_when_a_secret_changes() {
    let made = one(json!({
        "type": "job", "secret_env": {"P": {"secret": "db", "key": "p"}},
    }));
    assert_eq!(made.job("a")["group"]["a"]["task"]["a"]["template"]["change_mode"], json!("noop"));
}

#[test]
fn command_arguments_and_environment() {
    let shell = config(json!({"cmd": "echo $A"}));
    assert_eq!(shell["entrypoint"], json!(["/bin/sh", "-c"]));
    assert_eq!(shell["args"], json!(["echo $A"]));
    let args = config(json!({"args": ["", "a b", 1, true]}));
    assert_eq!(args["args"], json!(["", "a b", "1", "true"]));
    assert_eq!(args.get("entrypoint"), None);
    finds(json!({"cmd": "e\u{301}"}), &[("E0408", "\"e\u{301}\"")]);
    finds(json!({"args": ["é", "e\u{301}"]}), &[("E0408", "\"e\u{301}\"")]);
    let made = one(json!({"env": {"A": 1, "a.b": "x", "f-g": "y"}}));
    assert_eq!(made.found(), []);
    assert_eq!(made.task("a")["env"], json!({"A": "1", "a.b": "x", "f-g": "y"}));
    assert_eq!(made.task("a").get("template"), None);
    // Nomad would replace `${NOMAD_DC}` in `env`, but not in a template.
    let made = one(json!({"env": {"A": "${NOMAD_DC}", "B": "e\u{301}"}}));
    assert_eq!(made.found(), []);
    let data = made.task("a")["template"]["data"].as_str().unwrap().to_owned();
    assert!(data.contains("A=\"$\\u007bNOMAD_DC}\"") && data.contains("B=\"e\\u0301\""), "{data}");
    finds(json!({"env": {"a-b": "${NOMAD_DC}"}}), &[("E0408", "\"a-b\"")]);
    finds(json!({"env": {"e\u{301}": "x"}}), &[("E0408", "\"e\u{301}\"")]);
}

#[test]
fn network_modes_and_ports() {
    let ports = json!([
        {"container_port": 80, "name": "Web-UI"},
        {"container_port": 81, "host_port": 8081},
        {"container_port": 53, "protocol": "udp"},
        {"container_port": 53, "protocol": "tcp"},
    ]);
    for (mode, found) in [("bridge", vec![]), ("container", vec![("W0401", "\"container\"")])] {
        let made = one(json!({"network_mode": mode, "ports": ports}));
        assert_eq!(made.found(), found);
        assert_eq!(
            made.group("a")["network"],
            json!({"port": {
                "web_ui": {"to": 80},
                "tcp_81": {"static": 8081, "to": 81},
                // Docker publishes it for both protocols.
                "udp_53": {"to": 53},
            }})
        );
        let config = &made.task("a")["config"];
        assert_eq!(config["ports"], json!(["web_ui", "tcp_81", "udp_53"]));
        let services = made.group("a")["service"].clone();
        assert_eq!(services[0]["name"], "app--a--web-ui");
        assert_eq!(services[0]["provider"], "nomad");
        assert_eq!(services[2]["port"], "udp_53");
    }
    let made = one(json!({"network_mode": "host", "ports": [{"container_port": 80}]}));
    assert_eq!(made.found(), []);
    assert_eq!(
        made.group("a")["network"],
        json!({"mode": "host", "port": {"tcp_80": {"static": 80}}})
    );
    let config = &made.task("a")["config"];
    assert_eq!(config["network_mode"], "host");
    assert_eq!(config.get("ports"), None);
}

#[test]
fn a_changed_port_name_is_a_hint() {
    let hints = |ports: Value| {
        let made = one(json!({"ports": ports}));
        assert!(made.findings.iter().all(|found| found.code.id == "H0401"));
        made.messages().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    for (name, label) in [
        ("HTTP_Main", "http_main"),
        ("012", "tcp_80"),
        ("a\"b'c\\", "a_b_c"),
        ("port-80", "port_80"),
        ("started", "tcp_80"),
        ("name_with_more_than_30_characters", "tcp_80"),
    ] {
        let found = hints(json!([{"container_port": 80, "name": name}]));
        assert_eq!(found, [format!("port name `{name}` becomes `{label}`")]);
    }
    assert_eq!(hints(json!([{"container_port": 80, "name": "http_2"}])), [""; 0]);
    let twice = json!([
        {"container_port": 80, "name": "web"},
        {"container_port": 81, "name": "Web"},
        // Docker publishes it with the first one.
        {"container_port": 80, "protocol": "udp", "name": "quic"},
        {"container_port": 81, "protocol": "udp"},
    ]);
    let expected = ["port name `Web` becomes `tcp_81`", "port name `quic` becomes `web`"];
    assert_eq!(hints(twice), expected);
}

#[test]
fn a_duplicate_port_label_is_replaced_by_the_number() {
    let ports = json!([{"container_port": 1, "name": "a b"}, {"container_port": 2, "name": "a-b"}]);
    let made = one(json!({"ports": ports}));
    assert_eq!(made.group("a")["network"]["port"], json!({"a_b": {"to": 1}, "tcp_2": {"to": 2}}));
}

#[test]
fn labels_of_ports_differ() {
    let labels = |ports: Value| {
        let made = one(json!({"ports": ports}));
        assert_eq!(made.found(), [], "{}", made.messages());
        made.group("a")["network"]["port"].clone()
    };
    let named = json!({"container_port": 1, "name": "tcp_80"});
    let unnamed = json!({"container_port": 80});
    let expected = json!({"tcp_80": {"to": 1}, "tcp_80_2": {"to": 80}});
    assert_eq!(labels(json!([named, unnamed])), expected);
    // The name has precedence over the number of an earlier port.
    assert_eq!(labels(json!([unnamed, named])), expected);
    let twice = json!([unnamed, {"container_port": 80, "protocol": "udp", "host_port": 81}]);
    assert_eq!(labels(twice), json!({"tcp_80": {"to": 80}, "udp_80": {"static": 81, "to": 80}}));
}

#[test]
fn a_host_port_of_two_ports_is_an_error() {
    let ports = json!([
        {"container_port": 80, "host_port": 8080},
        {"container_port": 81, "host_port": 8080, "protocol": "udp"},
    ]);
    finds(json!({"ports": ports}), &[("E0405", "8080")]);
    let same = json!([
        {"container_port": 80, "host_port": 8080},
        {"container_port": 80, "host_port": 8080, "protocol": "udp"},
    ]);
    finds(json!({"ports": same}), &[]);
}

#[test]
fn containers_with_the_same_host_port_need_different_nodes() {
    let ports = |port: u16, protocol: &str| json!([{"container_port": 53, "host_port": port, "protocol": protocol}]);
    let found = |fields: [Value; 3]| {
        let [a, b, c] = fields;
        let made = compiled(&appliance(&[container("a", a), container("b", b), container("c", c)]));
        made.found().len()
    };
    let at = |port, protocol, host: &str| json!({"ports": ports(port, protocol), "schedule_hints": {"placement": {"host": host}}});
    let plain = |port, protocol| json!({"ports": ports(port, protocol)});
    assert_eq!(found([plain(53, "tcp"), plain(53, "udp"), plain(54, "tcp")]), 1);
    assert_eq!(found([at(53, "tcp", "x"), at(53, "udp", "y"), plain(54, "tcp")]), 0);
    // The third meets only the second.
    assert_eq!(found([at(53, "tcp", "x"), at(53, "tcp", "y"), at(53, "udp", "y")]), 1);
}

#[test]
fn ports_that_nodes_use_are_reported() {
    finds(json!({"ports": [{"container_port": 80, "host_port": 4646}]}), &[("W0404", "4646")]);
    finds(json!({"network_mode": "host", "ports": [{"container_port": 22}]}), &[("W0404", "22")]);
    finds(json!({"ports": [{"container_port": 22}]}), &[]);
}

#[test]
fn what_nodes_must_allow_is_reported_once_for_a_container() {
    let host = |path: &str| json!({"src": path, "dest": path, "type": "host"});
    finds(
        json!({"is_privileged": true, "volumes": [host("/a"), host("/b:c")]}),
        &[("W0404", "true"), ("W0404", "\"/a\"")],
    );
}

#[test]
fn images_and_privileges() {
    assert_eq!(config(json!({"is_privileged": true}))["privileged"], true);
    assert_eq!(config(json!({}))["force_pull"], true);
    assert_eq!(config(json!({"force_pull_image": false})).get("force_pull"), None);
    for image in ["a", "a:latest", "host:5000/a"] {
        finds(json!({"image": image, "force_pull_image": false}), &[("W0401", "false")]);
        finds(json!({"image": image}), &[]);
    }
    let digest = format!("a@sha256:{}", "0".repeat(64));
    for image in ["a:1", "host:5000/a:1", &digest] {
        finds(json!({"image": image, "force_pull_image": false}), &[]);
    }
}

#[test]
fn instances_and_updates() {
    let update = |instances: u32, capacity: f64| {
        let made = one(json!({"instances": instances, "minimum_capacity": capacity}));
        assert_eq!(made.found(), []);
        assert_eq!(made.group("a")["count"], instances);
        made.group("a")["update"].clone()
    };
    assert_eq!(update(0, 0.0), Value::Null);
    assert_eq!(update(1, 0.0), Value::Null);
    assert_eq!(update(4, 0.0), json!({"max_parallel": 4}));
    assert_eq!(update(4, 0.5), json!({"max_parallel": 2}));
    // One at a time is Nomad's default.
    assert_eq!(update(4, 0.7), Value::Null);
    let all = json!({"max_parallel": 4, "canary": 4, "auto_promote": true});
    assert_eq!(update(4, 1.0), all);
    let fixed = json!([{"container_port": 80, "host_port": 8080}]);
    finds(json!({"minimum_capacity": 1, "ports": fixed}), &[("W0404", "1")]);
    finds(json!({"minimum_capacity": 0, "ports": fixed}), &[]);
}

#[test]
fn health_checks() {
    let checked = |check: Value| {
        let made = one(json!({
            "ports": [{"container_port": 80}, {"container_port": 81}],
            "health_check": check,
        }));
        assert_eq!(made.found(), [], "{}", made.messages());
        made.task("a")["service"].clone()
    };
    let http = checked(json!({"protocol": "HTTP", "path": "/x?y=%20&z=a b%", "port_index": 1}));
    assert_eq!(http["name"], "app--a--started");
    assert_eq!(http["port"], "tcp_81");
    assert_eq!(
        http["check"],
        json!({
            "type": "http", "path": "/x?y=%20&z=a%20b%25", "interval": "60s", "timeout": "20s",
            "check_restart": {"limit": 3, "grace": "300s"},
        })
    );
    let https = checked(json!({"protocol": "MESOS_HTTPS"}));
    assert_eq!(https["check"]["protocol"], "https");
    assert_eq!(https["check"]["tls_skip_verify"], true);
    let tcp = checked(json!({"protocol": "TCP", "grace_period_seconds": 0}));
    assert_eq!(tcp["check"]["type"], "tcp");
    assert_eq!(tcp["check"]["check_restart"], json!({"limit": 3, "grace": "0s"}));
    let by_default = one(json!({"ports": [{"container_port": 80}], "default_health_check": true}));
    assert_eq!(by_default.found(), []);
    assert_eq!(by_default.task("a")["service"]["check"]["type"], "tcp");
    let bad = json!({"protocol": "HTTP", "path": "//a/b"});
    let made = one(json!({"ports": [{"container_port": 80}], "health_check": bad}));
    assert_eq!(made.found(), [("E0408", "\"//a/b\"")]);
}

#[test]
fn a_command_is_not_a_check() {
    let check = json!({"protocol": "COMMAND", "command": "true"});
    let made = one(json!({"health_check": check}));
    assert_eq!(made.found(), [("W0401", "\"COMMAND\"")]);
    assert_eq!(made.task("a").get("service"), None);
}

#[test]
fn host_volumes() {
    let volume = |src: &str, dest: &str, mode: &str| json!({"volumes": [{"src": src, "dest": dest, "type": "host", "mode": mode}]});
    assert_eq!(config(volume("/a", "/b", "RW"))["volumes"], json!(["/a:/b"]));
    assert_eq!(config(volume("/a", "/b", "RO"))["volumes"], json!(["/a:/b:ro"]));
    assert_eq!(
        config(volume("/a:b", "/c", "RO"))["mount"],
        json!({"type": "bind", "source": "/a:b", "target": "/c", "readonly": true})
    );
    let changed = "\"/e\u{301}\"";
    finds(volume("/e\u{301}", "/b", "RW"), &[("E0408", changed), ("W0404", changed)]);
}

#[test]
fn persistent_volumes() {
    let mut document = appliance(&[container(
        "a",
        json!({"volumes": [{"src": "v", "dest": "/v", "mode": "RO"}, {"src": "w", "dest": "/w"}]}),
    )]);
    document["data_persistence"] = json!({"volumes": [
        {"id": "v", "size": 20, "schedule_hints": {"placement": {"host": "h"}}},
        {"id": "w", "scope": "global"},
    ]});
    let made = compiled(&document);
    let expected = [("W0404", "\"w\""), ("W0401", "\"v\"")];
    assert_eq!(made.found(), expected, "{}", made.messages());
    let volumes = &made.group("a")["volume"];
    assert_eq!(volumes["v"]["source"], "app--v");
    assert_eq!(volumes["w"]["source"], "w");
    let mounts = &made.task("a")["volume_mount"];
    assert_eq!(mounts[0], json!({"volume": "v", "destination": "/v", "read_only": true}));
    assert_eq!(mounts[1], json!({"volume": "w", "destination": "/w"}));
    let file = made.file("app.v.volume.hcl");
    assert_eq!(file["type"], "host");
    assert_eq!(file["plugin_id"], "mkdir");
    assert_eq!(file["capacity_min"], "20MiB");
    let host = json!({"attribute": "${attr.unique.hostname}", "value": "h"});
    assert_eq!(file["constraint"], host);
    assert_eq!(made.artifacts.len(), 2, "no file creates a global volume");

    let made = compiled_with(&document, &[("volumes", "csi")]);
    assert_eq!(made.group("a")["volume"]["w"]["access_mode"], "multi-node-multi-writer");
    let file = made.file("app.v.volume.hcl");
    assert_eq!(file["plugin_id"], "cephfs");
    assert_eq!(file.get("constraint"), None);
    let codes: Vec<_> = made.found().into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["W0401", "W0401"], "{}", made.messages());
    document["data_persistence"]["volume_type"] = json!("nfs");
    let made = compiled_with(&document, &[("volumes", "csi")]);
    assert!(made.found().contains(&("W0401", "\"nfs\"")));
    assert_eq!(made.file("app.v.volume.hcl")["plugin_id"], "nfs");
}

#[test]
fn files_of_ids_that_differ_in_case_have_different_paths() {
    let job = |id| container(id, json!({"type": "job"}));
    let mut document = appliance(&[job("a"), job("A"), job("a-2")]);
    document["data_persistence"] = json!({"volumes": [{"id": "v"}, {"id": "V"}]});
    document["containers"][0]["volumes"] =
        json!([{"src": "v", "dest": "/v"}, {"src": "V", "dest": "/w"}]);
    let made = compiled(&document);
    let paths: Vec<_> = made.artifacts.iter().map(|file| file.path.as_str()).collect();
    let expected = [
        "app.a.nomad.hcl",
        "app.A-2.nomad.hcl",
        "app.a-2-2.nomad.hcl",
        "app.v.volume.hcl",
        "app.V-2.volume.hcl",
    ];
    assert_eq!(paths, expected);
}

#[test]
fn other_users_can_write_to_a_local_volume() {
    let folder = |users: &[Option<&str>], given: &[(&str, &str)]| {
        let containers = users.iter().enumerate().map(|(at, user)| {
            let mut extra = json!({"volumes": [{"src": "v", "dest": "/v"}]});
            if let Some(user) = user {
                extra["user"] = json!(user);
            }
            container(&format!("c{at}"), extra)
        });
        let mut document = appliance(&containers.collect::<Vec<_>>());
        document["data_persistence"] = json!({"volumes": [{"id": "v"}]});
        let made = compiled_with(&document, given);
        made.file("app.v.volume.hcl").get("parameters").cloned()
    };
    let owned = |users: &[Option<&str>]| folder(users, &[]);
    let anybody = Some(json!({"mode": "0777"}));
    assert_eq!(owned(&[Some("1001")]), Some(json!({"mode": "0777", "uid": "1001"})));
    let both = Some(json!({"mode": "0777", "uid": "1001", "gid": "5"}));
    assert_eq!(owned(&[Some("1001:5"), Some("1001:5")]), both);
    assert_eq!(owned(&[None]), anybody);
    assert_eq!(owned(&[Some("web")]), anybody);
    assert_eq!(owned(&[Some("1001"), None]), anybody);
    assert_eq!(owned(&[None, Some("1001")]), anybody);
    assert_eq!(owned(&[Some("1001"), Some("1002")]), anybody);
    // The parameters of other plugins are their own.
    assert_eq!(folder(&[Some("1001")], &[("volume-plugin", "disks")]), None);
    assert_eq!(folder(&[Some("1001")], &[("volumes", "csi")]), None);
}

#[test]
fn placement() {
    let placed = |level: &str, given: &[(&str, &str)]| {
        let hints = json!({"placement": {level: "p"}});
        let document = appliance(&[container("a", json!({"schedule_hints": hints}))]);
        let made = compiled_with(&document, given);
        let codes: Vec<_> = made.found().into_iter().map(|(code, _)| code).collect();
        (made.group("a")["constraint"]["attribute"].clone(), codes)
    };
    assert_eq!(placed("host", &[]), (json!("${attr.unique.hostname}"), vec![]));
    for level in ["zone", "region", "cloud"] {
        assert_eq!(placed(level, &[]), (json!(format!("${{meta.{level}}}")), vec!["W0404"]));
        let option = format!("{level}-attribute");
        assert_eq!(placed(level, &[(&option, "attr.x")]), (json!("${attr.x}"), vec![]));
    }
    let preemptible = |wanted: bool| {
        let made = one(json!({"schedule_hints": {"preemptible": wanted}}));
        assert_eq!(made.found(), [("W0404", wanted.to_string().as_str())]);
        made.group("a")["constraint"].clone()
    };
    let attribute = "${meta.preemptible}";
    assert_eq!(preemptible(true), json!({"attribute": attribute, "value": "true"}));
    assert_eq!(
        preemptible(false),
        json!({"attribute": attribute, "operator": "!=", "value": "true"})
    );
    let hints = json!({"placement": {"host": "${node.region}"}});
    finds(json!({"schedule_hints": hints}), &[("E0408", "\"${node.region}\"")]);
    let document =
        appliance(&[container("a", json!({"schedule_hints": {"placement": {"host": "h"}}}))]);
    let made = compiled_with(&document, &[("host-attribute", "${x}")]);
    assert_eq!(made.found(), [("E0501", "\"h\"")]);
}

#[test]
fn jobs() {
    let made = one(json!({"type": "job", "retries": 2, "instances": 3}));
    assert_eq!(made.found(), []);
    let group = &made.job("a")["group"]["a"];
    assert_eq!(group["count"], 3);
    assert_eq!(
        group["restart"],
        json!({"attempts": 2, "interval": "8760h", "delay": "15s", "mode": "fail"})
    );
    assert_eq!(group["reschedule"], json!({"attempts": 0, "unlimited": false}));
    assert_eq!(made.job("a").get("periodic"), None);
    let most = one(json!({"type": "job", "retries": 600_000_000}));
    assert_eq!(most.found(), []);
    assert_eq!(most.job("a")["group"]["a"]["restart"]["interval"], "2500000h");
    finds(json!({"type": "job", "retries": 2_000_000_000}), &[("E0408", "2000000000")]);
}

#[test]
fn schedules() {
    let start = "2027-01-31T04:30:00Z";
    let job = |more: Value| {
        let mut fields = more;
        fields["type"] = json!("job");
        one(fields)
    };
    let crons = |made: &super::Compiled| made.job("a")["periodic"]["crons"].clone();
    let counted = job(json!({"start_time": start, "repeats": 2, "interval": "1D"}));
    assert_eq!(counted.found(), [("W0401", format!("\"{start}\"").as_str())]);
    assert_eq!(crons(&counted), json!(["0 30 4 31 1 * 2027", "0 30 4 1 2 * 2027"]));
    let forever = job(json!({"repeats": -1, "interval": "T10M"}));
    assert_eq!(forever.found(), [("W0401", "\"T10M\"")]);
    assert_eq!(crons(&forever), json!(["0,10,20,30,40,50 * * * *"]));
    let from = job(json!({"repeats": -1, "interval": "1D", "start_time": start}));
    assert_eq!(from.found(), [("W0401", format!("\"{start}\"").as_str())]);
    let nightly = job(json!({"schedule": "0 3 * * MON-FRI", "time_zone": "Europe/Berlin"}));
    assert_eq!(nightly.found(), []);
    let periodic =
        json!({"crons": ["0 3 * * 1-5"], "time_zone": "Europe/Berlin", "prohibit_overlap": true});
    assert_eq!(nightly.job("a")["periodic"], periodic);
    assert_eq!(job(json!({"schedule": "0 3 * * *"})).job("a")["periodic"]["time_zone"], "UTC");
    for (fields, at) in [
        (json!({"repeats": 2, "interval": "1D"}), "2"),
        (json!({"repeats": 101, "interval": "1D", "start_time": start}), "101"),
        (json!({"repeats": -1, "interval": "T7M"}), "\"T7M\""),
        (json!({"repeats": -1, "interval": "1M", "start_time": start}), "\"1M\""),
    ] {
        assert_eq!(job(fields).found(), [("E0407", at)]);
    }
}

#[test]
fn service_names_of_appliances_differ() {
    let names = |id: &str, container_id: &str| {
        let mut document =
            appliance(&[container(container_id, json!({"ports": [{"container_port": 1}]}))]);
        document["id"] = json!(id);
        let made = compiled(&document);
        let group = made.file(&format!("{id}.nomad.hcl"))["job"][id]["group"].clone();
        group[container_id]["service"]["name"].clone()
    };
    assert_ne!(names("a", "b-c"), names("a-b", "c"));
    assert_ne!(names("a", "b--c"), names("a--b", "c"));
}
