//! Each row of the capability table, with cases that are carried and cases that are not.

use serde_json::{Value, json};

use super::{Compiled, appliance, compiled, container};
use crate::plan::Field;
use crate::targets::compose::Compose;
use crate::targets::testing::{Outcome, check_rows};

/// An appliance that uses a field, and what must become of it.
struct Case {
    field: Field,
    document: Value,
    expected: Expected,
}

enum Expected {
    /// The file has this value at this JSON pointer (`null`: none), and there are no findings.
    Carried(&'static str, Value),
    /// The file has this value, and there are these findings.
    Reported(&'static str, Value, Vec<(&'static str, &'static str)>),
    /// There are these findings, with an error among them, and no file.
    Rejected(Vec<(&'static str, &'static str)>),
}

use Expected::{Carried, Rejected, Reported};

/// A case of one container `a` with these fields.
fn one(field: Field, more: Value, expected: Expected) -> Case {
    Case { field, document: appliance(&[container("a", more)]), expected }
}

/// A case of two containers `a` and `b` with these fields.
fn two(field: Field, a: Value, b: Value, expected: Expected) -> Case {
    Case { field, document: appliance(&[container("a", a), container("b", b)]), expected }
}

/// A case of a volume with these fields that `a` mounts with this mount.
fn volume(field: Field, volume: Value, mount: Value, expected: Expected) -> Case {
    let mut document = appliance(&[container("a", json!({"volumes": [mount]}))]);
    document["data_persistence"] = json!({"volumes": [volume]});
    Case { field, document, expected }
}

fn health(field: Field, check: Value, ports: Value, expected: Expected) -> Case {
    one(field, json!({"ports": ports, "health_check": check}), expected)
}

/// The warning that every health check has.
const NOT_REPLACED: &str = "W0401";
/// The warning of a check that runs a program of the image.
const IMAGE_NEEDS: &str = "W0402";

fn cases() -> Vec<Case> {
    let on_v = || json!({"src": "v1", "dest": "/v"});
    let at = |place: Value| json!({"schedule_hints": {"placement": place}});
    let job = |more: Value| {
        let mut fields = json!({"type": "job"});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        fields
    };
    let a = "/services/a";
    let plain = || compiled(&appliance(&[container("a", json!({}))])).service("a");
    let mut cases = vec![
        one(Field::ApplianceId, json!({}), Carried("/name", json!("app"))),
        volume(Field::VolumeLocal, json!({"id": "v1"}), on_v(), Carried("/volumes/v1", json!({}))),
        volume(
            Field::VolumeGlobal,
            json!({"id": "v1", "scope": "global"}),
            on_v(),
            Carried("/volumes/v1", json!({"name": "v1", "external": true})),
        ),
        volume(
            Field::VolumeHints,
            json!({"id": "v1", "schedule_hints": {"placement": {"zone": "z"}}}),
            on_v(),
            Reported("/volumes/v1", json!({}), vec![("W0401", "\"z\"")]),
        ),
        volume(
            Field::VolumeSize,
            json!({"id": "v1", "size": 7}),
            on_v(),
            Reported("/volumes/v1", json!({}), vec![("W0401", "7")]),
        ),
        volume(
            Field::VolumeSize,
            json!({"id": "v1", "size": 7, "scope": "global"}),
            on_v(),
            Carried("/volumes/v1/external", json!(true)),
        ),
        volume(
            Field::MountPersistent,
            json!({"id": "v1"}),
            on_v(),
            Carried(
                "/services/a/volumes",
                json!([{"type": "volume", "source": "v1", "target": "/v"}]),
            ),
        ),
        volume(
            Field::MountPersistent,
            json!({"id": "v1"}),
            json!({"src": "v1", "dest": "/a:b"}),
            Rejected(vec![("E0408", "\"/a:b\"")]),
        ),
        volume(
            Field::MountReadOnly,
            json!({"id": "v1"}),
            json!({"src": "v1", "dest": "/v", "mode": "RO"}),
            Carried("/services/a/volumes/0/read_only", json!(true)),
        ),
        one(
            Field::MountHost,
            json!({"volumes": [{"src": "/srv/$x", "dest": "/d", "type": "host"}]}),
            Carried(
                "/services/a/volumes",
                json!([{"type": "bind", "source": "/srv/$$x", "target": "/d"}]),
            ),
        ),
        one(
            Field::MountHost,
            json!({"volumes": [{"src": "/a:b", "dest": "/d", "type": "host"}]}),
            Rejected(vec![("E0408", "\"/a:b\"")]),
        ),
        one(Field::ContainerId, json!({}), Carried("/services/a/image", json!("image:1"))),
        Case {
            field: Field::ContainerId,
            document: appliance(&[container(LONG, json!({}))]),
            expected: Rejected(vec![("E0402", QUOTED_LONG)]),
        },
        one(Field::Service, json!({}), Carried("/services/a/restart", json!("unless-stopped"))),
        one(Field::Job, job(json!({"retries": 0})), Carried("/services/a/restart", Value::Null)),
        one(
            Field::Retries,
            job(json!({"retries": 4})),
            Carried("/services/a/restart", json!("on-failure:4")),
        ),
        one(Field::Repeats, job(json!({"repeats": 0})), Carried("/services/a/scale", json!(0))),
        one(
            Field::Repeats,
            job(json!({"repeats": 5})),
            Reported("/services/a/deploy", Value::Null, vec![("W0401", "5")]),
        ),
        one(
            Field::Schedule,
            job(json!({"schedule": "0 3 * * *"})),
            Reported("/services/a/deploy", Value::Null, vec![("W0401", "\"0 3 * * *\"")]),
        ),
        one(
            Field::TimeZone,
            job(json!({"schedule": "0 3 * * *", "time_zone": "Europe/Berlin"})),
            Reported("/services/a/deploy", Value::Null, vec![("W0401", "\"0 3 * * *\"")]),
        ),
        one(
            Field::Interval,
            job(json!({"repeats": -1, "interval": "T5M"})),
            Reported("/services/a/deploy", Value::Null, vec![("W0401", "-1")]),
        ),
        one(
            Field::Interval,
            job(json!({"interval": "T5M"})),
            Carried("/services/a/deploy", Value::Null),
        ),
        one(
            Field::StartTime,
            job(json!({"start_time": "2030-01-01T00:00:00Z"})),
            Reported(
                "/services/a/deploy",
                Value::Null,
                vec![("W0401", "\"2030-01-01T00:00:00Z\"")],
            ),
        ),
        one(
            Field::Image,
            json!({"image": "r.example.org:5000/x/y:1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}),
            Carried(
                "/services/a/image",
                json!(
                    "r.example.org:5000/x/y:1.0@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                ),
            ),
        ),
        one(
            Field::Cpus,
            json!({"resources": {"cpus": 0.5, "mem": 64}}),
            Carried("/services/a/cpu_shares", json!(512)),
        ),
        one(
            Field::Cpus,
            json!({"resources": {"cpus": 0.0001, "mem": 64}}),
            Reported("/services/a/cpu_shares", json!(2), vec![("W0401", "0.0001")]),
        ),
        one(
            Field::Cpus,
            json!({"resources": {"cpus": 257, "mem": 64}}),
            Reported("/services/a/cpu_shares", json!(262_144), vec![("W0401", "257")]),
        ),
        one(
            Field::Mem,
            json!({"resources": {"cpus": 1, "mem": 6}}),
            Carried("/services/a/mem_limit", json!("6M")),
        ),
        one(
            Field::Mem,
            json!({"resources": {"cpus": 1, "mem": 6}}),
            Carried("/services/a/memswap_limit", json!("6M")),
        ),
        one(
            Field::Mem,
            json!({"resources": {"cpus": 1, "mem": 5}}),
            Rejected(vec![("E0408", "5")]),
        ),
        one(
            Field::Disk,
            json!({"resources": {"cpus": 1, "mem": 64, "disk": 9}}),
            Reported("/services/a/storage_opt", Value::Null, vec![("W0401", "9")]),
        ),
        one(
            Field::Gpu,
            json!({"resources": {"cpus": 1, "mem": 64, "gpu": 2}}),
            Carried(
                "/services/a/deploy/resources/reservations/devices",
                json!([{"driver": "nvidia", "count": 2, "capabilities": ["gpu"]}]),
            ),
        ),
        one(Field::Instances, json!({"instances": 3}), Carried("/services/a/scale", json!(3))),
        one(Field::Instances, json!({"instances": 0}), Carried("/services/a/scale", json!(0))),
        two(
            Field::Instances,
            json!({"type": "job", "instances": 2, "network_mode": "bridge"}),
            json!({"dependencies": ["a"]}),
            Carried("/services/a-2/networks/default/aliases", json!(["a"])),
        ),
        two(
            Field::Dependencies,
            json!({"type": "job", "instances": 2}),
            json!({"dependencies": ["a"]}),
            Carried(
                "/services/b/depends_on/a-2/condition",
                json!("service_completed_successfully"),
            ),
        ),
        two(
            Field::Instances,
            json!({"type": "job", "instances": 1001}),
            json!({"dependencies": ["a"]}),
            Rejected(vec![("E0408", "1001")]),
        ),
        one(
            Field::Cmd,
            json!({"cmd": "echo $X | cat"}),
            Carried("/services/a/entrypoint", json!(["/bin/sh", "-c"])),
        ),
        one(
            Field::Cmd,
            json!({"cmd": "echo $X | cat"}),
            Carried("/services/a/command", json!(["echo $$X | cat"])),
        ),
        one(
            Field::Args,
            json!({"args": ["a b", "", 1.50, true]}),
            Carried("/services/a/command", json!(["a b", "", "1.5", "true"])),
        ),
        one(
            Field::Entrypoint,
            json!({"entrypoint": ["/run $x", 1], "args": ["a b"]}),
            Carried("/services/a/entrypoint", json!(["/run $$x", "1"])),
        ),
        one(
            Field::Entrypoint,
            json!({"entrypoint": ["/run"], "args": ["a b"]}),
            Carried("/services/a/command", json!(["a b"])),
        ),
        one(Field::User, json!({"user": 1000}), Carried("/services/a/user", json!("1000"))),
        one(
            Field::User,
            json!({"user": "www-data:33"}),
            Carried("/services/a/user", json!("www-data:33")),
        ),
        one(
            Field::WorkingDir,
            json!({"working_dir": "/a $x"}),
            Carried("/services/a/working_dir", json!("/a $$x")),
        ),
        one(
            Field::StopTimeout,
            json!({"stop_timeout": 0}),
            Carried("/services/a/stop_grace_period", json!("0s")),
        ),
        one(
            Field::Labels,
            json!({"labels": {"x-a": "$x", "n": 1, "b": true, "e": ""}}),
            Carried(
                "/services/a/labels",
                json!([
                    "applc.appliance=app",
                    "applc.container=a",
                    "b=true",
                    "e=",
                    "n=1",
                    "x-a=$$x"
                ]),
            ),
        ),
        one(
            Field::Labels,
            json!({"labels": {"com.docker.compose.project": "x"}}),
            Rejected(vec![("E0408", "\"com.docker.compose.project\"")]),
        ),
        one(
            Field::PortInternal,
            json!({"ports": [{"container_port": 80}, {"container_port": 81, "internal": true}]}),
            Carried("/services/a/ports", json!([{"target": 80}])),
        ),
        two(
            Field::PortInternal,
            json!({"ports": [{"container_port": 81, "internal": true}]}),
            json!({"network_mode": "host", "args": ["@a:81"]}),
            Rejected(vec![("E0404", "@a:81")]),
        ),
        one(
            Field::Build,
            json!({"build": {
                "context": "web", "dockerfile": "b/D", "args": {"A": 1, "B": "$b @c"}, "target": "t",
            }, "force_pull_image": false}),
            Reported(
                "/services/a/build",
                json!({"context": "./web", "dockerfile": "b/D", "args": ["A=1", "B=$$b @c"], "target": "t"}),
                vec![("W0404", "\"web\"")],
            ),
        ),
        one(
            Field::Build,
            json!({"build": {"context": ".."}}),
            Reported("/services/a/pull_policy", json!("build"), vec![("W0404", "\"..\"")]),
        ),
        one(
            Field::MountBeside,
            json!({"volumes": [{"src": "./$x", "dest": "/d", "type": "host"}]}),
            Reported(
                "/services/a/volumes",
                json!([{"type": "bind", "source": "./$$x", "target": "/d"}]),
                vec![("W0404", "\"./$x\"")],
            ),
        ),
        one(
            Field::MountBeside,
            json!({"volumes": [{"src": "./a:b", "dest": "/d", "type": "host"}]}),
            Rejected(vec![("W0404", "\"./a:b\""), ("E0408", "\"./a:b\"")]),
        ),
        one(
            Field::Files,
            json!({"files": [{"dest": "/a b", "content": "$x\n"}, {"dest": "/c", "content": "c", "mode": "600"}]}),
            Carried(
                "/services/a/configs",
                json!([
                    {"source": "a_0_dc86e752", "target": "/a b"},
                    {"source": "a_1_af63de4c", "target": "/c", "mode": "0600"},
                ]),
            ),
        ),
        one(
            Field::Files,
            json!({"files": [{"dest": "/a", "content": "$x\n"}]}),
            Carried("/configs", json!({"a_0_dc86e752": {"content": "$$x\n"}})),
        ),
        one(
            Field::Files,
            json!({"files": [{"dest": "/a", "content": ""}]}),
            Rejected(vec![("E0408", "\"\"")]),
        ),
        one(
            Field::Files,
            json!({
                "files": [{"dest": "/data/a/b", "content": "x"}, {"dest": "/database", "content": "x"}],
                "volumes": [{"type": "host", "src": "/h", "dest": "//data/", "mode": "RO"}],
            }),
            Rejected(vec![("E0408", "\"/data/a/b\"")]),
        ),
        one(
            Field::Files,
            json!({"files": [{"dest": "/dev/shm/a", "content": "x"}, {"dest": "//etc/hosts", "content": "x"}, {"dest": "/etc/hosts.allow", "content": "x"}]}),
            Rejected(vec![("E0408", "\"/dev/shm/a\""), ("E0408", "\"//etc/hosts\"")]),
        ),
        one(
            Field::Files,
            json!({"files": [{"dest": "/a:b", "content": "x"}]}),
            Rejected(vec![("E0408", "\"/a:b\"")]),
        ),
        one(
            Field::SecretEnv,
            json!({"secret_env": {"$P": {"secret": "db-1", "key": "pass.word"}}}),
            Carried(
                "/services/a/environment",
                json!(["$$P=${SECRET_DB_1_PASS_WORD:?the key pass.word of the secret db-1}"]),
            ),
        ),
        one(
            Field::SecretEnv,
            json!({"secret_env": {"P ": {"secret": "db", "key": "p"}}}),
            Rejected(vec![("E0408", "\"P \"")]),
        ),
        one(
            Field::SecretFiles,
            json!({"secret_files": [
                {"dest": "/a $b", "secret": "db", "key": "p"},
                {"dest": "/c", "secret": "db", "key": "p", "mode": "440"},
            ]}),
            Carried(
                "/services/a/secrets",
                json!([
                    {"source": "db.p", "target": "/a $$b"},
                    {"source": "db.p", "target": "/c", "mode": "0440"},
                ]),
            ),
        ),
        one(
            Field::SecretFiles,
            json!({"secret_files": [{"dest": "/a", "secret": "db", "key": "p"}]}),
            Carried(
                "/secrets",
                json!({"db.p": {
                    "environment": "SECRET_DB_P", "x-required": "${SECRET_DB_P:?the key p of the secret db}",
                }}),
            ),
        ),
        one(
            Field::SecretFiles,
            json!({
                "secret_files": [{"dest": "/data/a/b", "secret": "db", "key": "p"}, {"dest": "/database", "secret": "db", "key": "p"}],
                "volumes": [{"type": "host", "src": "/h", "dest": "//data/", "mode": "RO"}],
            }),
            Rejected(vec![("E0408", "\"/data/a/b\"")]),
        ),
        one(
            Field::SecretFiles,
            json!({"secret_files": [{"dest": "/dev/shm/a", "secret": "db", "key": "p"}, {"dest": "//etc/hosts", "secret": "db", "key": "p"}, {"dest": "/etc/hosts.allow", "secret": "db", "key": "p"}]}),
            Rejected(vec![("E0408", "\"/dev/shm/a\""), ("E0408", "\"//etc/hosts\"")]),
        ),
        one(
            Field::SecretFiles,
            json!({"secret_files": [{"dest": "/a:b", "secret": "db", "key": "p"}]}),
            Rejected(vec![("E0408", "\"/a:b\"")]),
        ),
        one(
            Field::Env,
            json!({"env": {"x-a": "1", "B": null}}),
            Carried("/services/a/environment", json!(["B=null", "x-a=1"])),
        ),
        one(Field::Env, json!({"env": {"A ": "1"}}), Rejected(vec![("E0408", "\"A \"")])),
        // The last byte of `à` is A0, of `\u{85}` it is 85, of an ideographic space 80.
        one(Field::Env, json!({"env": {"déjà": "1"}}), Rejected(vec![("E0408", "\"déjà\"")])),
        one(
            Field::Env,
            json!({"env": {"A\u{3000}": "1", "é": "2"}}),
            Carried("/services/a/environment", json!(["A\u{3000}=1", "é=2"])),
        ),
        one(
            Field::References,
            json!({"args": ["@a:80"]}),
            Carried("/services/a/command", json!(["a:80"])),
        ),
        two(
            Field::References,
            json!({"network_mode": "host", "args": ["@b"]}),
            json!({}),
            Rejected(vec![("E0404", "@b")]),
        ),
        one(
            Field::NetworkHost,
            json!({"network_mode": "host"}),
            Carried("/services/a/network_mode", json!("host")),
        ),
        one(Field::NetworkBridge, json!({}), Carried("/services/a/network_mode", Value::Null)),
        one(
            Field::NetworkContainer,
            json!({"network_mode": "container"}),
            Carried("/services/a/network_mode", Value::Null),
        ),
        one(
            Field::Ports,
            json!({"ports": [{"container_port": 80}]}),
            Carried("/services/a/ports", json!([{"target": 80}])),
        ),
        one(
            Field::Ports,
            json!({"network_mode": "host", "ports": [{"container_port": 80}]}),
            Carried("/services/a/ports", Value::Null),
        ),
        one(
            Field::HostPort,
            json!({"ports": [{"container_port": 80, "host_port": 8080}]}),
            Carried("/services/a/ports/0/published", json!("8080")),
        ),
        two(
            Field::HostPort,
            json!({"ports": [{"container_port": 80, "host_port": 8080}], "schedule_hints": {"placement": {"host": "h1"}}}),
            json!({"ports": [{"container_port": 81, "host_port": 8080}], "schedule_hints": {"placement": {"host": "h2"}}}),
            Rejected(vec![("W0401", "\"h1\""), ("E0405", "8080")]),
        ),
        one(
            Field::HostPort,
            json!({"instances": 2, "ports": [{"container_port": 80, "host_port": 8080}]}),
            Rejected(vec![("E0405", "8080"), ("W0303", "8080")]),
        ),
        one(
            Field::PortUdp,
            json!({"ports": [{"container_port": 53, "protocol": "udp"}]}),
            Carried("/services/a/ports/0/protocol", json!("udp")),
        ),
        one(
            Field::PortName,
            json!({"ports": [{"container_port": 53, "name": "dns"}]}),
            Carried("/services/a/ports/0/name", json!("dns")),
        ),
        one(
            Field::Privileged,
            json!({"is_privileged": true}),
            Carried("/services/a/privileged", json!(true)),
        ),
        one(
            Field::ForcePull,
            json!({"force_pull_image": true}),
            Carried("/services/a/pull_policy", json!("always")),
        ),
        one(
            Field::NoForcePull,
            json!({"force_pull_image": false}),
            Carried("/services/a/pull_policy", Value::Null),
        ),
        two(
            Field::Dependencies,
            json!({"dependencies": ["b"]}),
            json!({}),
            Carried("/services/a/depends_on", json!({"b": {"condition": "service_started"}})),
        ),
        two(
            Field::Dependencies,
            json!({"dependencies": ["b"]}),
            json!({"type": "job"}),
            Carried(
                "/services/a/depends_on",
                json!({"b": {"condition": "service_completed_successfully"}}),
            ),
        ),
        two(
            Field::Dependencies,
            json!({"dependencies": ["b"]}),
            json!({"health_check": {"protocol": "COMMAND", "command": "true"}}),
            Reported(
                "/services/a/depends_on",
                json!({"b": {"condition": "service_healthy"}}),
                vec![(NOT_REPLACED, CHECK)],
            ),
        ),
        one(
            Field::PlacementCloud,
            at(json!({"cloud": "c"})),
            Reported(a, plain(), vec![("W0401", "\"c\"")]),
        ),
        one(
            Field::PlacementRegion,
            at(json!({"region": "r"})),
            Reported(a, plain(), vec![("W0401", "\"r\"")]),
        ),
        one(
            Field::PlacementZone,
            at(json!({"zone": "z"})),
            Reported(a, plain(), vec![("W0401", "\"z\"")]),
        ),
        one(
            Field::PlacementHost,
            at(json!({"host": "h"})),
            Reported(a, plain(), vec![("W0401", "\"h\"")]),
        ),
        one(
            Field::Preemptible,
            json!({"schedule_hints": {"preemptible": false}}),
            Reported(a, plain(), vec![("W0401", "false")]),
        ),
        one(
            Field::MinimumCapacity,
            json!({"minimum_capacity": 0.5}),
            Reported(a, plain(), vec![("W0401", "0.5")]),
        ),
    ];
    let tcp = || json!([{"container_port": 80}]);
    let both = |check| vec![(NOT_REPLACED, check), (IMAGE_NEEDS, check)];
    cases.extend([
        health(
            Field::HealthHttp,
            json!({"protocol": "HTTP"}),
            tcp(),
            Reported("/services/a/healthcheck/retries", json!(3), both(CHECK)),
        ),
        health(
            Field::HealthHttps,
            json!({"protocol": "MESOS_HTTPS"}),
            tcp(),
            Reported("/services/a/healthcheck/retries", json!(3), both(CHECK)),
        ),
        health(
            Field::HealthTcp,
            json!({"protocol": "TCP"}),
            tcp(),
            Reported("/services/a/healthcheck/retries", json!(3), both(CHECK)),
        ),
        one(
            Field::DefaultHealthCheck,
            json!({"default_health_check": true, "ports": tcp()}),
            Reported("/services/a/healthcheck/start_period", json!("300s"), both(DEFAULT_CHECK)),
        ),
        health(
            Field::HealthCommand,
            json!({"protocol": "COMMAND", "command": "true"}),
            json!([]),
            Reported(
                "/services/a/healthcheck/test",
                json!(["CMD", "/bin/sh", "-c", "true"]),
                vec![(NOT_REPLACED, CHECK)],
            ),
        ),
        health(
            Field::HealthTiming,
            json!({"protocol": "COMMAND", "command": "$x", "interval_seconds": 1, "timeout_seconds": 2,
                "max_consecutive_failures": 4, "grace_period_seconds": 0}),
            json!([]),
            Reported(
                "/services/a/healthcheck",
                json!({"test": ["CMD", "/bin/sh", "-c", "$$x"], "interval": "1s", "timeout": "2s",
                    "retries": 4, "start_period": "0s"}),
                vec![(NOT_REPLACED, CHECK)],
            ),
        ),
    ]);
    let mut typed = appliance(&[container("a", json!({"volumes": [on_v()]}))]);
    typed["data_persistence"] = json!({"volume_type": "cephfs", "volumes": [{"id": "v1"}]});
    let expected = Reported("/volumes/v1", json!({}), vec![("W0401", "\"cephfs\"")]);
    cases.push(Case { field: Field::VolumeType, document: typed.clone(), expected });
    typed["data_persistence"]["volumes"] = json!([{"id": "v1", "scope": "global"}]);
    let expected = Carried("/volumes/v1/external", json!(true));
    cases.push(Case { field: Field::VolumeType, document: typed, expected });
    cases
}

/// The key that the findings of a health check point to.
const CHECK: &str = "\"health_check\"";
/// The value that the findings of a default health check point to.
const DEFAULT_CHECK: &str = "true";
const LONG: &str = "a234567890123456789012345678901234567890123456789012345678901234";
const QUOTED_LONG: &str = "\"a234567890123456789012345678901234567890123456789012345678901234\"";

fn check(case: &Case, compiled: &Compiled) {
    let context = format!("{}: {}", case.field.path(), case.document);
    let (pointer, value, mut findings) = match &case.expected {
        Carried(pointer, value) => (*pointer, value, Vec::new()),
        Reported(pointer, value, findings) => (*pointer, value, findings.clone()),
        Rejected(findings) => {
            let mut expected = findings.clone();
            let mut found = compiled.found();
            expected.sort_unstable();
            found.sort_unstable();
            assert_eq!(found, expected, "{context}");
            assert_eq!(compiled.text(), "", "{context}");
            return;
        }
    };
    findings.sort_unstable();
    let mut found = compiled.found();
    found.sort_unstable();
    assert_eq!(found, findings, "{context}");
    let file = compiled.file();
    // The parent exists, so that no case passes because a pointer is wrong.
    let (parent, _) = pointer.rsplit_once('/').unwrap();
    assert!(file.pointer(parent).is_some(), "{context}");
    assert_eq!(file.pointer(pointer).unwrap_or(&Value::Null), value, "{context}");
}

/// Whether a finding of a case belongs to another row than that of the field: every health check
/// has the warning of `HealthTiming`, and some have that of their protocol.
fn is_of_another_row(field: Field, (code, text): (&str, &str)) -> bool {
    let runs_a_program = [Field::HealthHttp, Field::HealthHttps, Field::HealthTcp];
    match code {
        _ if text != CHECK && text != DEFAULT_CHECK => false,
        NOT_REPLACED => field != Field::HealthTiming,
        IMAGE_NEEDS => !runs_a_program.contains(&field),
        _ => false,
    }
}

fn outcome(case: &Case) -> Outcome {
    match &case.expected {
        Carried(..) => Outcome::Carried,
        Rejected(..) => Outcome::Rejected,
        Reported(_, _, findings) => {
            let own = findings.iter().filter(|finding| !is_of_another_row(case.field, **finding));
            Outcome::of(own.map(|(code, _)| *code))
        }
    }
}

#[test]
fn every_case_is_as_the_table_says() {
    for case in cases() {
        check(&case, &compiled(&case.document));
    }
}

#[test]
fn every_row_has_its_cases() {
    let outcomes: Vec<_> = cases().iter().map(|case| (case.field, outcome(case))).collect();
    // These checks run a program of the image.
    let always_reported = [
        Field::HealthHttp,
        Field::HealthHttps,
        Field::HealthTcp,
        // Without an option.
        Field::Build,
        Field::MountBeside,
        Field::Schedule,
        Field::TimeZone,
    ];
    check_rows(&Compose, &outcomes, &always_reported);
}

#[test]
fn a_hint_tells_another_user_than_root_who_can_write_to_a_new_volume() {
    let found = |user: Value, mode: &str, scope: &str| {
        let mount = json!({"src": "v1", "dest": "/v", "mode": mode});
        let mut document = appliance(&[container("a", json!({"user": user, "volumes": [mount]}))]);
        document["data_persistence"] = json!({"volumes": [{"id": "v1", "scope": scope}]});
        compiled(&document).found_by_target() == [("H0402", "\"/v\"")]
    };
    assert!(found(json!(1001), "RW", "local"));
    assert!(found(json!("web:0"), "RW", "local"));
    assert!(!found(json!("0:5"), "RW", "local"));
    assert!(!found(json!("root"), "RW", "local"));
    assert!(!found(json!(1001), "RO", "local"));
    assert!(!found(json!(1001), "RW", "global"));
}
