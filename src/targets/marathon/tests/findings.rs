//! Findings that depend on several fields, and the options.

use serde_json::{Value, json};

use super::super::Marathon;
use super::{appliance, compile, compile_with, container, job, service, with_volumes};
use crate::targets::testing::check_rejected;

fn codes(appliance: &Value) -> Vec<&'static str> {
    compile(appliance).codes()
}

fn server(fields: &Value) -> Value {
    container("service", "db", fields)
}

#[test]
fn the_name_of_a_reference_depends_on_the_network_mode() {
    let host = |mode: &str, text: &str| {
        let ports = json!([{ "container_port": 5432 }]);
        let containers = [
            service(&json!({ "args": [text] })),
            server(&json!({ "network_mode": mode, "ports": ports })),
        ];
        let result = compile(&appliance(&containers));
        assert_eq!(result.codes(), [""; 0]);
        (result.app()["args"][0].clone(), result.group()["apps"][1].clone())
    };
    let (text, _) = host("container", "pg://@db:5432/x");
    assert_eq!(text, "pg://db-shop.marathon.containerip.dcos.thisdcos.directory:5432/x");
    let (text, _) = host("host", "@db");
    assert_eq!(text, "db-shop.marathon.agentip.dcos.thisdcos.directory");
    let (text, db) = host("bridge", "@db:5432 @db");
    let name = "db-shop.marathon.l4lb.thisdcos.directory";
    assert_eq!(text, format!("{name}:5432 {name}"));
    let label = &db["container"]["portMappings"][0]["labels"];
    assert_eq!(*label, json!({ "VIP_0": "/db-shop:5432" }));
}

#[test]
fn a_reference_of_a_container_to_itself_can_be_bound() {
    let own = |mode: &str, instances: u32| {
        let fields =
            json!({ "network_mode": mode, "args": ["@app:99 @app"], "instances": instances });
        let result = compile(&appliance(&[service(&fields)]));
        (result.app()["args"][0].clone(), result.codes())
    };
    for (mode, record) in
        [("bridge", "containerip"), ("container", "containerip"), ("host", "agentip")]
    {
        let name = format!("app-shop.marathon.{record}.dcos.thisdcos.directory");
        assert_eq!(own(mode, 1), (json!(format!("{name}:99 {name}")), vec![]));
        // The name has the addresses of all instances.
        assert_eq!(own(mode, 2).1, ["W0401"]);
    }
    let ports = json!([{ "container_port": 99 }]);
    let fields = json!({ "network_mode": "bridge", "args": ["@app"], "ports": ports });
    let result = compile(&appliance(&[service(&fields)]));
    assert_eq!(result.app()["container"]["portMappings"][0].get("labels"), None);
}

#[test]
fn a_bridged_container_without_referrers_has_no_virtual_address() {
    let alone = service(&json!({ "network_mode": "bridge", "ports": [{ "container_port": 80 }] }));
    let result = compile(&appliance(&[alone]));
    assert_eq!(result.app()["container"]["portMappings"][0].get("labels"), None);
}

#[test]
fn a_bridged_container_is_reached_only_at_listed_ports() {
    let refers = |text: &str, ports: Value| {
        let db = server(&json!({ "network_mode": "bridge", "ports": ports }));
        codes(&appliance(&[service(&json!({ "args": [text] })), db]))
    };
    assert_eq!(refers("@db:1", json!([{ "container_port": 2 }])), ["E0404"]);
    assert_eq!(refers("@db:1", json!([])), ["E0404"]);
    assert_eq!(refers("@db", json!([])), ["E0404"]);
    assert_eq!(refers("@db @db:2", json!([{ "container_port": 2 }])), [""; 0]);
}

#[test]
fn names_that_marathon_rejects_are_errors() {
    let ids = |id: &str, other: &str| {
        let mut one = service(&json!({}));
        one["id"] = json!(id);
        let mut two = server(&json!({}));
        two["id"] = json!(other);
        codes(&appliance(&[one, two]))
    };
    assert_eq!(ids("restart", "b"), ["E0402"]);
    assert_eq!(ids("Tasks", "b"), ["E0402", "H0401"]);
    assert_eq!(ids("Web", "web"), ["H0401", "E0403"]);
    assert_eq!(ids("--", "b"), ["E0402"]);
    // A DNS name can be too long if nothing refers to it.
    let long = "a".repeat(60);
    assert_eq!(ids(&long, "b"), [""; 0]);
    let mut one = service(&json!({ "args": [format!("@{long}")] }));
    one["id"] = json!(long);
    assert_eq!(codes(&appliance(&[one])), ["E0402"]);
    // Jobs have no DNS names.
    let mut one = job(&json!({}));
    one["id"] = json!("restart");
    assert_eq!(codes(&appliance(&[one])), [""; 0]);
}

#[test]
fn tcp_and_udp_on_one_host_port_are_one_port() {
    let ports = json!([
        { "container_port": 2000, "name": "a" },
        { "container_port": 2053, "name": "dns" },
        { "container_port": 2053, "protocol": "udp", "name": "dns" },
        { "container_port": 2080 },
    ]);
    let fields = json!({
        "network_mode": "host",
        "ports": ports,
        "health_check": { "protocol": "TCP", "port_index": 3 },
    });
    let result = compile(&appliance(&[service(&fields)]));
    assert_eq!(result.codes(), [""; 0]);
    assert_eq!(
        result.app()["portDefinitions"],
        json!([
            { "port": 2000, "protocol": "tcp", "name": "a" },
            { "port": 2053, "protocol": "udp,tcp", "name": "dns" },
            { "port": 2080, "protocol": "tcp" },
        ])
    );
    assert_eq!(result.app()["healthChecks"][0]["portIndex"], 2);

    let mapped = |first: u16, second: u16| {
        codes(&appliance(&[service(&json!({ "ports": [
            { "container_port": first, "host_port": 31000 },
            { "container_port": second, "host_port": 31000, "protocol": "udp" },
        ] }))]))
    };
    assert_eq!(mapped(53, 53), [""; 0]);
    assert_eq!(mapped(53, 54), ["E0405"]);
}

#[test]
fn port_names_are_valid_and_unique() {
    let named = |first: &str, second: &str| {
        codes(&appliance(&[service(&json!({ "ports": [
            { "container_port": 80, "name": first },
            { "container_port": 81, "name": second },
        ] }))]))
    };
    assert_eq!(named("a", "b"), [""; 0]);
    assert_eq!(named("a", "a"), ["E0403"]);
    assert_eq!(named("a", "_"), ["E0402"]);
}

#[test]
fn jobs_can_wait_for_jobs_if_both_run_once() {
    let pair = |first: Value, mut second: Value| {
        second["dependencies"] = json!(["a"]);
        let one = container("job", "a", &first);
        compile(&appliance(&[container("job", "b", &second), one]))
    };
    let run = || json!({ "cmd": "date -u" });
    let result = pair(run(), run());
    assert_eq!(result.codes(), [""; 0]);
    let paths: Vec<_> = result.files.keys().collect();
    assert_eq!(paths, ["chronos/1-shop.a.iso8601.json", "chronos/2-shop.b.dependency.json"]);
    assert_eq!(result.files["chronos/2-shop.b.dependency.json"]["parents"], json!(["shop.a"]));

    let several = pair(json!({ "cmd": "date -u", "instances": 2 }), run());
    let child = &several.files["chronos/3-shop.b.dependency.json"];
    assert_eq!(child["parents"], json!(["shop.a.1", "shop.a.2"]));

    let repeating = || json!({ "cmd": "date -u", "repeats": -1, "interval": "1D" });
    assert_eq!(pair(repeating(), run()).codes(), ["E0406"]);
    assert_eq!(pair(run(), repeating()).codes(), ["E0406"]);
    let later = json!({ "cmd": "date -u", "start_time": "2027-01-01T00:00:00Z" });
    assert_eq!(pair(run(), later).codes(), ["E0406"]);
}

#[test]
fn a_dependency_between_a_service_and_a_job_is_rejected_or_ignored() {
    let job_waits = appliance(&[job(&json!({ "dependencies": ["db"] })), server(&json!({}))]);
    assert_eq!(codes(&job_waits), ["E0406"]);
    let ignored = compile_with(&job_waits, &[("order-across-jobs", "ignore")]);
    assert_eq!(ignored.codes(), ["W0401"]);
    assert_eq!(ignored.files.len(), 2);
    assert!(ignored.job().get("parents").is_none());

    let service_waits = appliance(&[
        service(&json!({ "dependencies": ["b"] })),
        container("job", "b", &json!({ "cmd": "date -u" })),
    ]);
    let ignored = compile_with(&service_waits, &[("order-across-jobs", "ignore")]);
    assert_eq!(ignored.codes(), ["W0401"]);
    assert!(ignored.app().get("dependencies").is_none());
}

#[test]
fn a_shared_volume_is_mounted_by_docker() {
    let mounts = |fields: Value| {
        let mut fields = fields;
        fields["volumes"] = json!([{ "src": "data", "dest": "/d" }]);
        fields
    };
    let data = json!([{ "id": "data" }]);
    let by_docker = json!([{
        "key": "mount",
        "value": "type=volume,source=shop.data,target=/d,volume-driver=cephfs",
    }]);

    let two = with_volumes(&[service(&mounts(json!({}))), server(&mounts(json!({})))], &data);
    let result = compile(&two);
    assert_eq!(result.codes(), ["W0401", "W0404"]);
    for app in result.group()["apps"].as_array().expect("apps") {
        assert_eq!(app["container"]["docker"]["parameters"], by_docker);
        assert_eq!(app["container"].get("volumes"), None);
    }

    let several = with_volumes(&[service(&mounts(json!({ "instances": 2 })))], &data);
    assert_eq!(compile(&several).app()["container"]["docker"]["parameters"], by_docker);

    let resources = json!({ "cpus": 1, "mem": 1, "gpu": 1 });
    let gpu = mounts(json!({ "instances": 2, "resources": resources }));
    assert!(codes(&with_volumes(&[service(&gpu)], &data)).contains(&"E0401"));
    let gpu = json!({
        "resources": resources,
        "volumes": [{ "src": "data", "dest": "/d", "mode": "RO" }],
    });
    assert!(codes(&with_volumes(&[service(&gpu)], &data)).contains(&"E0401"));
}

#[test]
fn names_of_volumes_and_drivers_are_checked() {
    let fields = json!({ "volumes": [{ "src": "-x", "dest": "/d" }] });
    let mut bad = with_volumes(&[service(&fields)], &json!([{ "id": "-x", "scope": "global" }]));
    assert_eq!(codes(&bad), ["E0402"]);
    bad["data_persistence"] = json!({ "volume_type": "a b", "volumes": [{ "id": "data" }] });
    bad["containers"][0]["volumes"][0]["src"] = json!("data");
    assert_eq!(codes(&bad), ["E0408", "W0401"]);
    let result = compile_with(&bad, &[("volume-driver", "nfs")]);
    let external = &result.app()["container"]["volumes"][0]["external"];
    assert_eq!(external["options"], json!({ "dvdi/driver": "nfs" }));
}

#[test]
fn no_extra_instance_during_an_update_with_fixed_ports() {
    let over = |fields: Value| {
        let result = compile(&appliance(&[service(&fields)]));
        result.app()["upgradeStrategy"]["maximumOverCapacity"].clone()
    };
    assert_eq!(over(json!({})), 1);
    assert_eq!(over(json!({ "ports": [{ "container_port": 80 }] })), 1);
    assert_eq!(over(json!({ "ports": [{ "container_port": 80, "host_port": 31080 }] })), 0);
    let host = json!({ "network_mode": "host", "ports": [{ "container_port": 2000 }] });
    assert_eq!(over(host), 0);
}

#[test]
fn an_update_with_fixed_ports_stops_an_instance_first() {
    let kept = |instances: u32, share: f64| {
        let result = compile_with(
            &appliance(&[service(&json!({
                "instances": instances,
                "minimum_capacity": share,
                "ports": [{ "container_port": 80, "host_port": 31080 }],
            }))]),
            &[("offered-ports", "31000-32000")],
        );
        let kept = &result.app()["upgradeStrategy"]["minimumHealthCapacity"];
        (kept.as_f64().expect("a number"), result.codes())
    };
    assert_eq!(kept(1, 0.0), (0.0, vec![]));
    assert_eq!(kept(1, 0.01), (0.0, vec!["W0401"]));
    assert_eq!(kept(2, 0.5), (0.5, vec![]));
    assert_eq!(kept(2, 0.51), (0.5, vec!["W0401"]));
    assert_eq!(kept(3, 0.7), (0.66, vec!["W0401"]));
    assert_eq!(kept(4, 0.75), (0.75, vec![]));
    assert_eq!(kept(0, 1.0), (1.0, vec![]));
    for instances in 1..300 {
        let (kept, _) = kept(instances, 1.0);
        assert!((f64::from(instances) * kept).ceil() < f64::from(instances), "{instances}");
    }
}

#[test]
fn the_name_of_an_appliance_with_hyphens_is_unambiguous() {
    let mut document = appliance(&[service(&json!({ "args": ["@app @web:80"] })), {
        let ports = json!([{ "container_port": 80 }]);
        container("service", "web", &json!({ "network_mode": "bridge", "ports": ports }))
    }]);
    document["id"] = json!("my-shop");
    let result = compile(&document);
    assert_eq!(result.codes(), [""; 0]);
    assert_eq!(result.group()["id"], "/my--shop");
    assert_eq!(result.app()["id"], "/my--shop/app");
    let suffix = "dcos.thisdcos.directory";
    assert_eq!(
        result.app()["args"][0],
        format!(
            "app-my--shop.marathon.containerip.{suffix} web-my--shop.marathon.l4lb.thisdcos.directory:80"
        )
    );
    let mapping = &result.group()["apps"][1]["container"]["portMappings"][0];
    assert_eq!(mapping["labels"], json!({ "VIP_0": "/web-my--shop:80" }));
}

#[test]
fn options_describe_the_cluster() {
    let containers = [
        service(&json!({
            "args": ["@app:80", "@db:80"],
            "schedule_hints": { "placement": { "zone": "z" }, "preemptible": true },
        })),
        server(&json!({ "network_mode": "bridge", "ports": [{ "container_port": 80 }] })),
    ];
    let options = [
        ("network", "overlay"),
        ("framework", "mom"),
        ("dns-suffix", "example"),
        ("zone-attribute", "rack"),
        ("preemptible-attribute", "spot"),
    ];
    let result = compile_with(&appliance(&containers), &options);
    assert_eq!(result.codes(), ["W0404", "W0404"]);
    let app = result.app();
    assert_eq!(app["networks"][0]["name"], "overlay");
    assert_eq!(app["args"][0], "app-shop.mom.containerip.dcos.example:80");
    assert_eq!(app["args"][1], "db-shop.mom.l4lb.example:80");
    assert_eq!(app["constraints"], json!([["rack", "IS", "z"], ["spot", "IS", "true"]]));

    let fixed = json!({ "ports": [{ "container_port": 80, "host_port": 80 }] });
    let fixed = appliance(&[service(&fixed)]);
    assert_eq!(compile_with(&fixed, &[("offered-ports", "1-100")]).codes(), [""; 0]);
}

#[test]
fn option_values_that_are_no_dns_names_are_errors() {
    let long = "a".repeat(64);
    let mut given = Vec::new();
    for option in ["framework", "dns-suffix"] {
        for value in ["", "A b", "a\"b", "a..b", "-a", "a.", "a_b", &long] {
            given.push((option, value));
        }
    }
    check_rejected(&Marathon, &given);
}

#[test]
fn an_appliance_without_apps_and_jobs_is_an_empty_group() {
    let none = appliance(&[job(&json!({ "instances": 0 }))]);
    let result = compile(&none);
    assert_eq!(*result.group(), json!({ "id": "/shop", "apps": [] }));
    assert_eq!(result.files.len(), 1);
}

#[test]
fn a_schedule_counts_from_a_day() {
    let made = |line: &str, zone: &str| {
        let fields = json!({ "schedule": line, "time_zone": zone });
        let result = compile_with(&appliance(&[job(&fields)]), &[("schedule-from", "2026-11-26")]);
        let codes = result.codes();
        let job = if codes.contains(&"E0407") { json!({}) } else { result.job().clone() };
        (job["schedule"].clone(), job["scheduleTimeZone"].clone(), codes)
    };
    assert_eq!(
        made("0 4 * * 1", "Europe/Berlin"),
        (json!("R/2026-11-30T04:00:00Z/P7D"), json!("Europe/Berlin"), vec![])
    );
    assert_eq!(
        made("0 3 * * *", "Europe/Berlin"),
        (json!("R/2026-11-26T03:00:00Z/P1D"), json!("Europe/Berlin"), vec!["W0401"])
    );
    assert_eq!(
        made("*/15 * * * *", "Etc/UTC"),
        (json!("R/2026-11-26T00:00:00Z/PT15M"), Value::Null, vec![])
    );
    assert_eq!(codes(&appliance(&[job(&json!({ "schedule": "0 3 * * *" }))])), ["E0407"]);
    assert_eq!(made("*/15 * * * *", "Europe/Berlin").2, ["E0407"]);
    assert_eq!(made("0 3 * * MON-FRI", "UTC").2, ["E0407"]);
    let values = ["tomorrow", "2026-02-30", "2026-11-26T00:00"];
    check_rejected(&Marathon, &values.map(|value| ("schedule-from", value)));
}
