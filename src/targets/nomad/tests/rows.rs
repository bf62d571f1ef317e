//! Each row of the capability table, with its findings: a case that is carried, and one that is
//! not if the row depends on the appliance. What is written is tested in `cells`.

use serde_json::{Value, json};

use super::{appliance, compiled_with, container};
use crate::plan::Field;
use crate::targets::nomad::Nomad;
use crate::targets::testing::{Outcome, check_rows};

/// An appliance that uses a field, and the findings of it.
struct Case {
    field: Field,
    document: Value,
    options: Vec<(&'static str, &'static str)>,
    found: Vec<(&'static str, &'static str)>,
}

impl Case {
    fn with(mut self, option: &'static str, value: &'static str) -> Case {
        self.options.push((option, value));
        self
    }

    fn finds(mut self, code: &'static str, text: &'static str) -> Case {
        self.found.push((code, text));
        self
    }
}

fn case(field: Field, document: Value) -> Case {
    Case { field, document, options: Vec::new(), found: Vec::new() }
}

/// A case of one container `a` with these fields.
fn one(field: Field, more: Value) -> Case {
    case(field, appliance(&[container("a", more)]))
}

/// A case of a job `a` with these fields.
fn job(field: Field, mut more: Value) -> Case {
    more["type"] = json!("job");
    one(field, more)
}

/// A case of a container `a` with these fields beside a container `b`.
fn two(field: Field, a: Value, b: Value) -> Case {
    case(field, appliance(&[container("a", a), container("b", b)]))
}

/// A case of a volume `v` with these fields that `a` mounts at this path.
fn volume(field: Field, more: Value, path: &str) -> Case {
    let mut volume = json!({"id": "v"});
    volume.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let mounts = json!({"volumes": [{"src": "v", "dest": path, "mode": "RO"}]});
    let mut document = appliance(&[container("a", mounts)]);
    document["data_persistence"] = json!({"volumes": [volume]});
    case(field, document)
}

/// A case of a health check on port 80.
fn health(field: Field, check: Value) -> Case {
    one(field, json!({"ports": [{"container_port": 80}], "health_check": check}))
}

/// The warning that every local volume has.
const LOCAL_VOLUME: (&str, &str) = ("W0401", "\"v\"");
const START: &str = "2027-01-31T04:30:00Z";
const QUOTED_START: &str = "\"2027-01-31T04:30:00Z\"";

fn containers() -> Vec<Case> {
    use Field::*;
    let resources = |more: Value| {
        let mut fields = json!({"cpus": 1, "mem": 64});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"resources": fields})
    };
    let ports = |port: Value| json!({"ports": [port]});
    vec![
        one(ApplianceId, json!({})),
        one(ContainerId, json!({})),
        one(Service, json!({})),
        one(Image, json!({})),
        one(ForcePull, json!({})),
        job(Job, json!({})),
        one(Cpus, resources(json!({"cpus": 0.5}))),
        one(Mem, resources(json!({"mem": 10}))),
        one(Mem, resources(json!({"mem": 9}))).finds("W0401", "9"),
        one(Disk, resources(json!({"disk": 101}))),
        one(Disk, resources(json!({"disk": 100}))).finds("W0401", "100"),
        one(Gpu, resources(json!({"gpu": 1}))).finds("W0404", "1"),
        one(Instances, json!({"instances": 3})),
        one(Cmd, json!({"cmd": "é"})),
        one(Cmd, json!({"cmd": "e\u{301}"})).finds("E0408", "\"e\u{301}\""),
        one(Args, json!({"args": ["é"]})),
        one(Args, json!({"args": ["e\u{301}"]})).finds("E0408", "\"e\u{301}\""),
        one(Entrypoint, json!({"entrypoint": ["é", 1], "args": ["${x}"]})),
        one(Entrypoint, json!({"entrypoint": ["e\u{301}"]})).finds("E0408", "\"e\u{301}\""),
        one(User, json!({"user": "www-data:33"})),
        one(WorkingDir, json!({"working_dir": "/a ${x}"})),
        one(WorkingDir, json!({"working_dir": "/e\u{301}"})).finds("E0408", "\"/e\u{301}\""),
        one(StopTimeout, json!({"stop_timeout": 30})),
        one(StopTimeout, json!({"stop_timeout": 31})).finds("W0404", "31"),
        one(Labels, json!({"labels": {"a.b[0]": "${x}"}})),
        one(Labels, json!({"labels": {"a": "e\u{301}"}})).finds("E0408", "\"e\u{301}\""),
        one(Labels, json!({"labels": {"com.hashicorp.nomad.x": 1}}))
            .finds("E0408", "\"com.hashicorp.nomad.x\""),
        one(Build, json!({"build": {"context": "./web"}})).finds("W0405", "\"./web\""),
        one(MountBeside, json!({"volumes": [{"src": ".", "dest": "/v", "type": "host"}]}))
            .finds("E0401", "\".\""),
        one(Files, json!({"files": [{"dest": "/é", "content": "e\u{301}"}]})),
        one(Files, json!({"files": [{"dest": "/e\u{301}", "content": ""}]}))
            .finds("E0408", "\"/e\u{301}\""),
        one(SecretEnv, json!({"secret_env": {"A": {"secret": "db", "key": "p"}}}))
            .finds("W0404", "\"db\""),
        one(SecretEnv, json!({"secret_env": {"a-b": {"secret": "db", "key": "p"}}}))
            .finds("W0404", "\"db\"")
            .finds("E0408", "\"a-b\""),
        one(SecretEnv, json!({"secret_env": {"A": {"secret": "db", "key": "p"}}}))
            .with("secret-path", "long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long/long")
            .finds("E0408", "\"db\"")
            .finds("W0404", "\"db\""),
        one(SecretFiles, json!({"secret_files": [{"dest": "/é", "secret": "db", "key": "p"}]}))
            .finds("W0404", "\"db\""),
        one(SecretFiles, json!({"secret_files": [{"dest": "/e\u{301}", "secret": "db", "key": "p"}]}))
            .finds("W0404", "\"db\"")
            .finds("E0408", "\"/e\u{301}\""),
        one(Env, json!({"env": {"A": "${NOMAD_DC}"}})),
        one(Env, json!({"env": {"a-b": "${NOMAD_DC}"}})).finds("E0408", "\"a-b\""),
        two(References, json!({"args": ["@b:80"]}), ports(json!({"container_port": 80}))),
        two(References, json!({"args": ["@b:80"]}), json!({})).finds("E0404", "@b:80"),
        two(References, json!({"args": ["@b"]}), ports(json!({"container_port": 80})))
            .finds("W0403", "@b"),
        two(References, json!({"args": ["@b"]}), json!({})).finds("W0401", "@b"),
        two(References, json!({"args": ["@b:80"]}), json!({"type": "job", "network_mode": "host"}))
            .finds("W0401", "@b:80"),
        one(References, json!({"args": ["@a"]})).finds("W0401", "@a"),
        one(NetworkHost, json!({"network_mode": "host"})),
        one(
            NetworkHost,
            json!({"network_mode": "host", "instances": 2, "ports": [{"container_port": 80}]}),
        )
        .finds("W0404", "2"),
        one(NetworkBridge, json!({"network_mode": "bridge"})),
        one(NetworkContainer, json!({"network_mode": "container"})).with("network", "cni/own"),
        one(NetworkContainer, json!({"network_mode": "container"})).with("network", "host"),
        one(NetworkContainer, json!({"network_mode": "container"}))
            .with("network", "bridge")
            .finds("W0404", "\"container\""),
        two(NetworkContainer, json!({"args": ["@b:80"]}), json!({"network_mode": "container"}))
            .finds("W0401", "\"container\"")
            .finds("E0404", "@b:80"),
        one(Ports, ports(json!({"container_port": 80}))),
        one(PortInternal, ports(json!({"container_port": 80, "internal": true})))
            .finds("W0401", "true"),
        one(HostPort, ports(json!({"container_port": 80, "host_port": 8080}))),
        one(HostPort, ports(json!({"container_port": 80, "host_port": 22}))).finds("W0404", "22"),
        one(PortUdp, ports(json!({"container_port": 53, "protocol": "udp"}))),
        one(PortName, ports(json!({"container_port": 80, "name": "http"}))),
        one(PortName, ports(json!({"container_port": 80, "name": "web-ui"})))
            .finds("H0401", "\"web-ui\""),
        one(Privileged, json!({"is_privileged": true})).finds("W0404", "true"),
        one(NoForcePull, json!({"image": "a:1", "force_pull_image": false})),
        one(NoForcePull, json!({"image": "a", "force_pull_image": false})).finds("W0401", "false"),
        two(Dependencies, json!({"dependencies": ["b"]}), json!({})),
        two(Dependencies, json!({"dependencies": ["b"]}), json!({"type": "job"}))
            .finds("W0404", "\"b\""),
        two(
            Dependencies,
            json!({"dependencies": ["b"]}),
            json!({"type": "job", "repeats": -1, "interval": "1D"}),
        )
        .finds("E0406", "\"b\"")
        .finds("W0401", "\"1D\""),
        one(MinimumCapacity, json!({"minimum_capacity": 1})),
        one(
            MinimumCapacity,
            json!({"minimum_capacity": 1, "ports": [{"container_port": 80, "host_port": 8080}]}),
        )
        .finds("W0404", "1"),
        health(HealthHttp, json!({"protocol": "HTTP"})),
        health(HealthHttp, json!({"protocol": "HTTP", "path": "//a/b"}))
            .finds("E0408", "\"//a/b\""),
        health(HealthHttps, json!({"protocol": "HTTPS"})),
        health(HealthHttps, json!({"protocol": "HTTPS", "path": "//a/b"}))
            .finds("E0408", "\"//a/b\""),
        health(HealthTcp, json!({"protocol": "TCP"})),
        health(HealthTiming, json!({"protocol": "TCP", "interval_seconds": 5})),
        // Without a check, the times have no effect either.
        health(HealthTiming, json!({"protocol": "COMMAND", "command": "x", "interval_seconds": 5}))
            .finds("W0401", "\"COMMAND\""),
        health(HealthCommand, json!({"protocol": "COMMAND", "command": "x"}))
            .finds("W0401", "\"COMMAND\""),
        one(
            DefaultHealthCheck,
            json!({"ports": [{"container_port": 80}], "default_health_check": true}),
        ),
    ]
}

fn jobs() -> Vec<Case> {
    use Field::*;
    let counted = || json!({"repeats": 2, "interval": "1D", "start_time": START});
    vec![
        job(Retries, json!({"retries": 2})),
        job(Retries, json!({"retries": 2_000_000_000})).finds("E0408", "2000000000"),
        job(Repeats, json!({"repeats": 1})),
        job(Repeats, counted()).finds("W0401", QUOTED_START),
        job(Repeats, json!({"repeats": 2, "interval": "1D"})).finds("E0407", "2"),
        job(StartTime, json!({"start_time": START})),
        job(StartTime, counted()).finds("W0401", QUOTED_START),
        job(StartTime, json!({"repeats": -1, "interval": "1D", "start_time": START}))
            .finds("W0401", QUOTED_START),
        job(Interval, json!({"interval": "1D"})),
        job(Interval, counted()).finds("W0401", QUOTED_START),
        job(Interval, json!({"repeats": -1, "interval": "T7M"})).finds("E0407", "\"T7M\""),
        job(Schedule, json!({"schedule": "0 3 * * MON-FRI"})),
        job(TimeZone, json!({"schedule": "0 3 * * *", "time_zone": "Europe/Berlin"})),
    ]
}

fn volumes_and_placement() -> Vec<Case> {
    use Field::*;
    let (local, text) = LOCAL_VOLUME;
    let host = |path: &str| json!({"volumes": [{"src": path, "dest": "/d", "type": "host"}]});
    let at = |level: &str, name: &str| json!({"schedule_hints": {"placement": {level: name}}});
    let preemptible = || json!({"schedule_hints": {"preemptible": true}});
    let mut typed = volume(VolumeType, json!({}), "/v").finds(local, text);
    typed.document["data_persistence"]["volume_type"] = json!("nfs");
    vec![
        typed.finds("W0401", "\"nfs\""),
        volume(VolumeLocal, json!({}), "/v").finds(local, text),
        volume(VolumeGlobal, json!({"scope": "global"}), "/v"),
        volume(VolumeSize, json!({"size": 5}), "/v").finds(local, text),
        volume(VolumeHints, at("host", "h"), "/v").finds(local, text),
        volume(VolumeHints, at("host", "h"), "/v")
            .with("volumes", "csi")
            .finds(local, text)
            .finds("W0401", "\"h\""),
        volume(MountPersistent, json!({"scope": "global"}), "/v"),
        volume(MountPersistent, json!({"scope": "global"}), "/${NOMAD_DC}")
            .finds("E0408", "\"/${NOMAD_DC}\""),
        volume(MountReadOnly, json!({"scope": "global"}), "/v"),
        one(MountHost, host("/a:b")).finds("W0404", "\"/a:b\""),
        one(MountHost, host("/e\u{301}"))
            .finds("W0404", "\"/e\u{301}\"")
            .finds("E0408", "\"/e\u{301}\""),
        one(PlacementHost, at("host", "h")),
        one(PlacementHost, at("host", "${node.region}")).finds("E0408", "\"${node.region}\""),
        one(PlacementZone, at("zone", "z")).with("zone-attribute", "attr.z"),
        one(PlacementZone, at("zone", "z")).finds("W0404", "\"z\""),
        one(PlacementRegion, at("region", "r")).with("region-attribute", "attr.r"),
        one(PlacementRegion, at("region", "r")).finds("W0404", "\"r\""),
        one(PlacementCloud, at("cloud", "c")).with("cloud-attribute", "attr.c"),
        one(PlacementCloud, at("cloud", "c")).finds("W0404", "\"c\""),
        one(Preemptible, preemptible()).with("preemptible-attribute", "attr.p"),
        one(Preemptible, preemptible()).finds("W0404", "true"),
    ]
}

fn cases() -> Vec<Case> {
    [containers(), jobs(), volumes_and_placement()].into_iter().flatten().collect()
}

#[test]
fn every_case_has_its_findings() {
    for Case { field, document, options, found: mut expected } in cases() {
        let compiled = compiled_with(&document, &options);
        let mut found = compiled.found_by_target();
        // A value chosen for a volume.
        found.retain(|(code, _)| *code != "H0402");
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{}: {document}", field.path());
    }
}

#[test]
fn every_row_has_its_cases() {
    let mut outcomes = Vec::new();
    for Case { field, found, .. } in cases() {
        let of_row = found.iter().filter(|f| field == Field::VolumeLocal || **f != LOCAL_VOLUME);
        outcomes.push((field, Outcome::of(of_row.map(|(code, _)| *code))));
    }
    let always_reported = [
        Field::Build,
        Field::Gpu,
        Field::SecretEnv,
        Field::SecretFiles,
        Field::Privileged,
        Field::MountHost,
    ];
    check_rows(&Nomad, &outcomes, &always_reported);
}
