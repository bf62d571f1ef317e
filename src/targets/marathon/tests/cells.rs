//! A case for each row of the capability table: what is carried is seen in the output, what is
//! approximated or rejected is reported in that case and in no other.

use serde_json::{Value, json};

use super::{appliance, compile_with, container, job, service, with_volumes};
use crate::plan::Field;
use crate::targets::marathon::Marathon;
use crate::targets::testing::{Outcome, check_rows};

/// What the case must show.
enum Seen {
    /// A value in the group, by its JSON pointer.
    InGroup(&'static str, Value),
    /// A value in the first job, by its JSON pointer.
    InJob(&'static str, Value),
    /// A finding: its code, and the text that it points to.
    Found(&'static str, &'static str),
}

use Seen::{Found, InGroup, InJob};

/// The Docker parameters of the first app.
const PARAMETERS: &str = "/apps/0/container/docker/parameters";

/// The warning that every local volume has, which is called `data` in these cases.
const LOCAL_VOLUME: Seen = Found("W0401", "\"data\"");

/// An appliance that uses some fields, and what must become of them.
struct Case {
    fields: Vec<Field>,
    appliance: Value,
    seen: Vec<Seen>,
}

fn case(fields: &[Field], appliance: Value, seen: Vec<Seen>) -> Case {
    Case { fields: fields.to_vec(), appliance, seen }
}

fn of_service(fields: &[Field], written: &Value, seen: Vec<Seen>) -> Case {
    case(fields, appliance(&[service(written)]), seen)
}

fn of_job(fields: &[Field], written: &Value, seen: Vec<Seen>) -> Case {
    case(fields, appliance(&[job(written)]), seen)
}

fn containers() -> Vec<Case> {
    use Field::*;
    let with_id = |id: &str| {
        let mut document = appliance(&[service(&json!({}))]);
        document["id"] = json!(id);
        document
    };
    vec![
        of_service(
            &[ApplianceId, ContainerId, Service, Image, Mem],
            &json!({}),
            vec![
                InGroup("/id", json!("/shop")),
                InGroup("/apps/0/id", json!("/shop/app")),
                InGroup("/apps/0/container/docker/image", json!("image:1")),
                InGroup("/apps/0/mem", json!(64)),
            ],
        ),
        case(&[ApplianceId], with_id("restart"), vec![Found("E0402", "\"restart\"")]),
        case(
            &[ContainerId],
            appliance(&[container("service", "tasks", &json!({}))]),
            vec![Found("E0402", "\"tasks\"")],
        ),
        of_job(
            &[Job, Retries],
            &json!({ "retries": 4 }),
            vec![
                InJob("/name", json!("shop.app")),
                InJob("/schedule", json!("R1//P2M")),
                InJob("/retries", json!(4)),
                InJob("/mem", json!(64)),
                InJob("/disk", json!(256)),
            ],
        ),
        of_service(
            &[Cpus],
            &json!({ "resources": { "cpus": 0.5, "mem": 1 } }),
            vec![InGroup("/apps/0/cpus", json!(0.5))],
        ),
        of_service(
            &[Cpus],
            &json!({ "resources": { "cpus": 0.0001, "mem": 1 } }),
            vec![Found("E0408", "0.0001")],
        ),
        of_service(
            &[Disk],
            &json!({ "resources": { "cpus": 1, "mem": 1, "disk": 9 } }),
            vec![InGroup("/apps/0/disk", json!(9))],
        ),
        of_job(
            &[Disk],
            &json!({ "resources": { "cpus": 1, "mem": 1, "disk": 9 } }),
            vec![InJob("/disk", json!(9))],
        ),
        of_job(
            &[Disk],
            &json!({ "resources": { "cpus": 1, "mem": 1, "disk": 0 } }),
            vec![InJob("/disk", json!(256)), Found("W0401", "0")],
        ),
        of_service(
            &[Gpu],
            &json!({ "resources": { "cpus": 1, "mem": 1, "gpu": 2 } }),
            vec![
                InGroup("/apps/0/gpus", json!(2)),
                InGroup("/apps/0/container/type", json!("MESOS")),
            ],
        ),
        of_job(
            &[Gpu],
            &json!({ "resources": { "cpus": 1, "mem": 1, "gpu": 2 } }),
            vec![Found("E0401", "2")],
        ),
        of_service(
            &[Instances],
            &json!({ "instances": 3 }),
            vec![InGroup("/apps/0/instances", json!(3))],
        ),
        of_job(&[Instances], &json!({ "instances": 1001 }), vec![Found("E0401", "1001")]),
        of_service(&[Cmd], &json!({ "cmd": "a $b" }), vec![InGroup("/apps/0/cmd", json!("a $b"))]),
        of_service(&[Cmd], &json!({ "cmd": ":" }), vec![Found("E0408", "\":\"")]),
        of_job(
            &[Cmd],
            &json!({ "cmd": "a b" }),
            vec![InJob("/command", json!("a b")), InJob("/shell", json!(true))],
        ),
        of_job(&[Cmd], &json!({ "cmd": "httpd -f" }), vec![Found("E0408", "\"httpd -f\"")]),
        of_service(
            &[Args],
            &json!({ "args": ["", 1] }),
            vec![InGroup("/apps/0/args", json!(["", "1"]))],
        ),
        of_job(
            &[Args],
            &json!({ "args": ["a b"] }),
            vec![InJob("/command", json!("a b")), InJob("/shell", json!(false))],
        ),
        of_job(&[Args], &json!({ "args": ["-x", "/a"] }), vec![Found("E0401", "\"/a\"")]),
        of_service(
            &[Args],
            &json!({ "args": ["-x"], "resources": { "cpus": 1, "mem": 1, "gpu": 1 } }),
            vec![Found("W0402", "\"-x\""), InGroup("/apps/0/args", json!(["-x"]))],
        ),
        of_job(&[Args], &json!({ "args": ["ftp://x"] }), vec![Found("E0408", "\"ftp://x\"")]),
        of_job(&[Args], &json!({ "args": [] }), vec![Found("E0401", "\"app\"")]),
        of_service(
            &[Entrypoint],
            &json!({ "entrypoint": ["/run x", 1], "args": ["a"] }),
            vec![
                InGroup(PARAMETERS, json!([{ "key": "entrypoint", "value": "/run x" }])),
                InGroup("/apps/0/args", json!(["1", "a"])),
            ],
        ),
        of_service(
            &[Entrypoint],
            &json!({ "entrypoint": ["/x"], "resources": { "cpus": 1, "mem": 1, "gpu": 1 } }),
            vec![Found("E0401", "\"/x\"")],
        ),
        of_job(
            &[Entrypoint],
            &json!({ "entrypoint": ["/run"], "args": ["a b"] }),
            vec![
                InJob("/container/parameters", json!([{ "key": "entrypoint", "value": "/run" }])),
                InJob("/command", json!("a b")),
                InJob("/shell", json!(false)),
            ],
        ),
        of_job(
            &[Entrypoint],
            &json!({ "entrypoint": ["/run"], "args": ["a", "b"] }),
            vec![Found("E0401", "\"b\"")],
        ),
        of_job(
            &[Entrypoint],
            &json!({ "entrypoint": ["/run"], "args": [] }),
            vec![Found("E0401", "\"/run\"")],
        ),
        of_service(
            &[User, WorkingDir, StopTimeout],
            &json!({ "user": "a:1", "working_dir": "/w $x", "stop_timeout": 9 }),
            vec![
                InGroup(
                    PARAMETERS,
                    json!([
                        { "key": "user", "value": "a:1" },
                        { "key": "workdir", "value": "/w $x" },
                    ]),
                ),
                InGroup("/apps/0/taskKillGracePeriodSeconds", json!(9)),
            ],
        ),
        of_job(
            &[User, WorkingDir],
            &json!({ "user": 7, "working_dir": "/w" }),
            vec![InJob(
                "/container/parameters",
                json!([{ "key": "user", "value": "7" }, { "key": "workdir", "value": "/w" }]),
            )],
        ),
        of_service(
            &[User],
            &json!({ "user": 7, "resources": { "cpus": 1, "mem": 1, "gpu": 1 } }),
            vec![Found("E0401", "7")],
        ),
        of_service(
            &[WorkingDir],
            &json!({ "working_dir": "/w", "resources": { "cpus": 1, "mem": 1, "gpu": 1 } }),
            vec![Found("E0401", "\"/w\"")],
        ),
        of_job(&[StopTimeout], &json!({ "stop_timeout": 9 }), vec![Found("W0401", "9")]),
        of_service(
            &[Labels],
            &json!({ "labels": { "B": true, "A/b": "x y" } }),
            vec![
                InGroup("/apps/0/labels/B", json!("true")),
                InGroup("/apps/0/labels/A~1b", json!("x y")),
            ],
        ),
        of_job(
            &[Labels],
            &json!({ "labels": { "B": 1 } }),
            vec![InJob("/container/parameters", json!([{ "key": "label", "value": "B=1" }]))],
        ),
        of_service(
            &[PortInternal],
            &json!({ "ports": [{ "container_port": 80, "internal": true }] }),
            vec![InGroup(
                "/apps/0/container/portMappings",
                json!([{ "containerPort": 80, "protocol": "tcp" }]),
            )],
        ),
        of_service(
            &[PortInternal],
            &json!({ "network_mode": "bridge", "ports": [{ "container_port": 80, "internal": true }] }),
            vec![
                Found("W0401", "true"),
                InGroup("/apps/0/container/portMappings/0/hostPort", json!(0)),
            ],
        ),
        of_job(
            &[PortInternal],
            &json!({ "ports": [{ "container_port": 80, "internal": true }] }),
            vec![InJob("/container/network", json!("USER"))],
        ),
        of_service(
            &[Build],
            &json!({ "build": { "context": "./web" } }),
            vec![Found("W0405", "\"./web\"")],
        ),
        of_service(
            &[MountBeside],
            &json!({ "volumes": [{ "src": "./h", "dest": "/v", "type": "host" }] }),
            vec![Found("E0401", "\"./h\"")],
        ),
        of_service(
            &[Files],
            &json!({ "files": [{ "dest": "/x", "content": "" }] }),
            vec![Found("E0401", "\"/x\"")],
        ),
        of_service(
            &[SecretEnv],
            &json!({ "secret_env": { "P": { "secret": "db", "key": "p" } } }),
            vec![Found("E0401", "\"P\"")],
        ),
        of_service(
            &[SecretFiles],
            &json!({ "secret_files": [{ "dest": "/x", "secret": "db", "key": "p" }] }),
            vec![Found("E0401", "\"/x\"")],
        ),
        of_service(
            &[Env],
            &json!({ "env": { "B": true, "A": "" } }),
            vec![InGroup("/apps/0/env", json!({ "B": "true", "A": "" }))],
        ),
        of_job(
            &[Env],
            &json!({ "env": { "B": 1 } }),
            vec![InJob("/environmentVariables", json!([{ "name": "B", "value": "1" }]))],
        ),
        of_job(&[Env], &json!({ "env": { "HOST": 1 } }), vec![Found("E0408", "\"HOST\"")]),
        of_job(
            &[Env],
            &json!({ "env": { "MESOS_TASK_ID": 1 } }),
            vec![Found("E0408", "\"MESOS_TASK_ID\"")],
        ),
        of_service(
            &[References],
            &json!({ "args": ["@app:80"] }),
            vec![InGroup(
                "/apps/0/args/0",
                json!("app-shop.marathon.containerip.dcos.thisdcos.directory:80"),
            )],
        ),
        of_job(&[References], &json!({ "args": ["@app"] }), vec![Found("E0404", "@app")]),
        of_service(
            &[Privileged],
            &json!({ "is_privileged": true }),
            vec![InGroup("/apps/0/container/docker/privileged", json!(true))],
        ),
        of_job(
            &[Privileged],
            &json!({ "is_privileged": true }),
            vec![InJob("/container/parameters", json!([{ "key": "privileged", "value": "true" }]))],
        ),
        of_service(
            &[Privileged],
            &json!({ "is_privileged": true, "resources": { "cpus": 1, "mem": 1, "gpu": 1 } }),
            vec![Found("E0401", "true")],
        ),
        of_service(
            &[ForcePull],
            &json!({}),
            vec![InGroup("/apps/0/container/docker/forcePullImage", json!(true))],
        ),
        of_service(
            &[NoForcePull],
            &json!({ "force_pull_image": false }),
            vec![InGroup("/apps/0/container/docker/forcePullImage", json!(false))],
        ),
        case(
            &[Dependencies],
            appliance(&[
                service(&json!({ "dependencies": ["db"] })),
                container("service", "db", &json!({})),
            ]),
            vec![InGroup("/apps/0/dependencies", json!(["/shop/db"]))],
        ),
        case(
            &[Dependencies],
            appliance(&[
                service(&json!({ "dependencies": ["db"] })),
                container("job", "db", &json!({ "cmd": "date -u" })),
            ]),
            vec![Found("E0406", "\"db\"")],
        ),
    ]
}

fn networks() -> Vec<Case> {
    use Field::*;
    vec![
        of_service(
            &[NetworkHost, Ports],
            &json!({ "network_mode": "host", "ports": [{ "container_port": 2000 }] }),
            vec![
                InGroup("/apps/0/networks", json!([{ "mode": "host" }])),
                InGroup("/apps/0/portDefinitions", json!([{ "port": 2000, "protocol": "tcp" }])),
                InGroup("/apps/0/requirePorts", json!(true)),
            ],
        ),
        of_service(
            &[NetworkBridge],
            &json!({ "network_mode": "bridge" }),
            vec![
                InGroup("/apps/0/networks", json!([{ "mode": "container/bridge" }])),
                InGroup("/apps/0/container/portMappings", json!([])),
            ],
        ),
        of_service(
            &[NetworkContainer],
            &json!({}),
            vec![
                InGroup("/apps/0/networks", json!([{ "mode": "container", "name": "dcos" }])),
                InGroup("/apps/0/container/portMappings", json!([])),
            ],
        ),
        of_service(
            &[Ports, HostPort, PortUdp, PortName],
            &json!({ "ports": [
                { "container_port": 80, "host_port": 31080, "protocol": "udp", "name": "web" },
            ] }),
            vec![InGroup(
                "/apps/0/container/portMappings",
                json!([{
                    "containerPort": 80,
                    "hostPort": 31080,
                    "protocol": "udp",
                    "name": "web",
                }]),
            )],
        ),
        of_job(
            &[Ports],
            &json!({ "network_mode": "bridge", "ports": [{ "container_port": 81 }] }),
            vec![Found("W0401", "81"), InJob("/container/network", json!("BRIDGE"))],
        ),
        of_service(
            &[HostPort],
            &json!({ "ports": [{ "container_port": 80, "host_port": 80 }] }),
            vec![Found("W0404", "80")],
        ),
        of_service(
            &[PortName],
            &json!({ "ports": [{ "container_port": 80, "name": "Web_1" }] }),
            vec![
                Found("H0401", "\"Web_1\""),
                InGroup("/apps/0/container/portMappings/0/name", json!("web-1")),
            ],
        ),
        of_service(
            &[PortName],
            &json!({ "ports": [{ "container_port": 80, "name": "_" }] }),
            vec![Found("E0402", "\"_\"")],
        ),
    ]
}

fn volumes() -> Vec<Case> {
    use Field::*;
    let data = |fields: Value| {
        let mut volume = json!({ "id": "data" });
        for (name, value) in fields.as_object().expect("fields") {
            volume[name] = value.clone();
        }
        json!([volume])
    };
    let mounts = |mode: &str| json!({ "volumes": [{ "src": "data", "dest": "/d", "mode": mode }] });
    let mut with_gpu = mounts("RO");
    with_gpu["resources"] = json!({ "cpus": 1, "mem": 1, "gpu": 1 });
    let external = json!([{
        "containerPath": "/d",
        "external": { "name": "shop.data", "provider": "dvdi", "options": { "dvdi/driver": "cephfs" } },
        "mode": "RW",
    }]);
    let typed = json!({
        "id": "shop",
        "containers": [service(&mounts("RW"))],
        "data_persistence": { "volume_type": "rexray", "volumes": data(json!({})) },
    });
    vec![
        case(
            &[VolumeLocal, MountPersistent],
            with_volumes(&[service(&mounts("RW"))], &data(json!({}))),
            vec![LOCAL_VOLUME, InGroup("/apps/0/container/volumes", external)],
        ),
        case(
            &[VolumeType],
            typed,
            vec![
                LOCAL_VOLUME,
                InGroup(
                    "/apps/0/container/volumes/0/external/options",
                    json!({ "dvdi/driver": "rexray" }),
                ),
            ],
        ),
        case(
            &[VolumeType],
            json!({
                "id": "shop",
                "containers": [service(&mounts("RW"))],
                "data_persistence": { "volume_type": "CephFS", "volumes": data(json!({})) },
            }),
            vec![LOCAL_VOLUME, Found("E0408", "\"CephFS\"")],
        ),
        // Docker, which mounts a volume that others mount too, accepts it.
        case(
            &[VolumeType],
            json!({
                "id": "shop",
                "containers": [service(&mounts("RW"))],
                "data_persistence": {
                    "volume_type": "CephFS",
                    "volumes": data(json!({ "scope": "global" })),
                },
            }),
            vec![InGroup(
                "/apps/0/container/docker/parameters/0/value",
                json!("type=volume,source=data,target=/d,volume-driver=CephFS"),
            )],
        ),
        case(
            &[VolumeGlobal, MountReadOnly],
            with_volumes(&[service(&mounts("RO"))], &data(json!({ "scope": "global" }))),
            vec![InGroup(
                "/apps/0/container/docker/parameters",
                json!([{
                    "key": "mount",
                    "value": "type=volume,source=data,target=/d,volume-driver=cephfs,readonly",
                }]),
            )],
        ),
        case(
            &[VolumeHints],
            with_volumes(
                &[service(&mounts("RW"))],
                &data(json!({ "schedule_hints": { "placement": { "zone": "z1" } } })),
            ),
            vec![LOCAL_VOLUME, Found("W0401", "\"z1\"")],
        ),
        case(
            &[VolumeSize],
            with_volumes(&[service(&mounts("RW"))], &data(json!({ "size": 77 }))),
            vec![LOCAL_VOLUME, Found("W0401", "77")],
        ),
        case(
            &[MountPersistent],
            with_volumes(&[job(&mounts("RO"))], &data(json!({}))),
            vec![
                LOCAL_VOLUME,
                InJob(
                    "/container/volumes",
                    json!([{
                        "containerPath": "/d",
                        "external": { "name": "shop.data", "provider": "cephfs" },
                        "mode": "RO",
                    }]),
                ),
            ],
        ),
        case(
            &[MountPersistent],
            with_volumes(
                &[job(&json!({ "volumes": [{ "src": "data", "dest": "/a:b" }] }))],
                &data(json!({})),
            ),
            vec![LOCAL_VOLUME, Found("E0408", "\"/a:b\"")],
        ),
        case(
            &[MountReadOnly],
            with_volumes(&[service(&with_gpu)], &data(json!({}))),
            vec![LOCAL_VOLUME, Found("E0401", "\"RO\"")],
        ),
        of_service(
            &[MountHost, MountReadOnly],
            &json!({ "volumes": [
                { "src": "/a b", "dest": "/c", "type": "host", "mode": "RO" },
            ] }),
            vec![InGroup(
                "/apps/0/container/volumes",
                json!([{ "containerPath": "/c", "hostPath": "/a b", "mode": "RO" }]),
            )],
        ),
        of_service(
            &[MountHost],
            &json!({ "volumes": [{ "src": "/a:b", "dest": "/c", "type": "host" }] }),
            vec![Found("E0408", "\"/a:b\"")],
        ),
    ]
}

fn placement() -> Vec<Case> {
    use Field::*;
    let at =
        |level: &str, name: &str| json!({ "schedule_hints": { "placement": { level: name } } });
    let constraint = |field: &str, value: &str| json!([[field, "IS", value]]);
    vec![
        of_service(
            &[PlacementCloud],
            &at("cloud", "aws"),
            vec![
                Found("W0404", "\"aws\""),
                InGroup("/apps/0/constraints", constraint("cloud", "aws")),
            ],
        ),
        of_service(
            &[PlacementRegion],
            &at("region", "r1"),
            vec![InGroup("/apps/0/constraints", constraint("@region", "r1"))],
        ),
        of_job(
            &[PlacementRegion],
            &at("region", "r1"),
            vec![
                Found("W0404", "\"r1\""),
                InJob("/constraints", json!([["region", "EQUALS", "r1"]])),
            ],
        ),
        of_service(
            &[PlacementZone],
            &at("zone", "z1"),
            vec![InGroup("/apps/0/constraints", constraint("@zone", "z1"))],
        ),
        of_service(
            &[PlacementHost],
            &at("host", "10.0.0.7"),
            vec![InGroup("/apps/0/constraints", constraint("hostname", "10.0.0.7"))],
        ),
        of_service(
            &[PlacementHost],
            &at("host", "a b"),
            vec![InGroup("/apps/0/constraints", json!([["hostname", "LIKE", r"\Qa b\E"]]))],
        ),
        of_job(
            &[PlacementZone],
            &at("zone", "z1"),
            vec![
                Found("W0404", "\"z1\""),
                InJob("/constraints", json!([["zone", "EQUALS", "z1"]])),
            ],
        ),
        of_service(
            &[Preemptible],
            &json!({ "schedule_hints": { "preemptible": false } }),
            vec![
                Found("W0404", "false"),
                InGroup("/apps/0/constraints", constraint("preemptible", "false")),
            ],
        ),
    ]
}

fn health() -> Vec<Case> {
    use Field::*;
    let check =
        |check: Value| json!({ "ports": [{ "container_port": 80 }], "health_check": check });
    let times = |mut check: Value| {
        check["gracePeriodSeconds"] = json!(300);
        check["intervalSeconds"] = json!(60);
        check["timeoutSeconds"] = json!(20);
        check["maxConsecutiveFailures"] = json!(3);
        json!([check])
    };
    let seen = |check: Value| vec![InGroup("/apps/0/healthChecks", check)];
    let mut cases = vec![
        of_service(
            &[HealthTiming],
            &check(json!({
                "protocol": "TCP",
                "interval_seconds": 5,
                "timeout_seconds": 6,
                "max_consecutive_failures": 7,
                "grace_period_seconds": 8,
            })),
            seen(json!([{
                "protocol": "TCP",
                "portIndex": 0,
                "gracePeriodSeconds": 8,
                "intervalSeconds": 5,
                "timeoutSeconds": 6,
                "maxConsecutiveFailures": 7,
            }])),
        ),
        of_service(
            &[HealthCommand],
            &check(json!({ "protocol": "COMMAND", "command": "a \"$b\"" })),
            seen(times(json!({ "protocol": "COMMAND", "command": { "value": "a \"$b\"" } }))),
        ),
        of_service(
            &[DefaultHealthCheck],
            &json!({
                "ports": [
                    { "container_port": 53, "protocol": "udp" },
                    { "container_port": 80 },
                ],
                "default_health_check": true,
            }),
            seen(times(json!({ "protocol": "MESOS_TCP", "portIndex": 1 }))),
        ),
    ];
    for (field, protocol) in [
        (HealthHttp, "HTTP"),
        (HealthHttp, "MESOS_HTTP"),
        (HealthHttps, "HTTPS"),
        (HealthHttps, "MESOS_HTTPS"),
        (HealthTcp, "TCP"),
        (HealthTcp, "MESOS_TCP"),
    ] {
        let mut written = json!({ "protocol": protocol });
        let mut wanted = json!({ "protocol": protocol, "portIndex": 0 });
        if protocol.contains("HTTP") {
            written["path"] = json!("/up?a=$b c");
            wanted["path"] = json!("/up?a=$b%20c");
        }
        cases.push(of_service(&[field], &check(written), seen(times(wanted))));
    }
    cases
}

fn updates_and_schedules() -> Vec<Case> {
    use Field::*;
    vec![
        of_service(
            &[MinimumCapacity],
            &json!({ "minimum_capacity": 0.75, "instances": 4 }),
            vec![InGroup(
                "/apps/0/upgradeStrategy",
                json!({ "minimumHealthCapacity": 0.75, "maximumOverCapacity": 1 }),
            )],
        ),
        case(
            &[MinimumCapacity],
            with_volumes(
                &[service(&json!({
                    "minimum_capacity": 0.75,
                    "volumes": [{ "src": "data", "dest": "/d" }],
                }))],
                &json!([{ "id": "data" }]),
            ),
            vec![
                LOCAL_VOLUME,
                Found("W0401", "0.75"),
                InGroup(
                    "/apps/0/upgradeStrategy",
                    json!({ "minimumHealthCapacity": 0, "maximumOverCapacity": 0 }),
                ),
            ],
        ),
        case(
            &[MinimumCapacity],
            with_volumes(
                &[service(&json!({ "volumes": [{ "src": "data", "dest": "/d" }] }))],
                &json!([{ "id": "data" }]),
            ),
            vec![LOCAL_VOLUME, InGroup("/apps/0/upgradeStrategy/minimumHealthCapacity", json!(0))],
        ),
        of_job(
            &[Repeats, StartTime, Interval],
            &json!({ "repeats": 5, "start_time": "2027-01-01T00:00:00+01:00", "interval": "1DT6H" }),
            vec![InJob("/schedule", json!("R5/2027-01-01T00:00:00+01:00/P1DT6H"))],
        ),
        of_job(
            &[Repeats, Interval],
            &json!({ "repeats": -1, "interval": "T10M" }),
            vec![InJob("/schedule", json!("R//PT10M"))],
        ),
        of_job(
            &[Schedule],
            &json!({ "schedule": "0 3 * * *" }),
            vec![InJob("/schedule", json!("R/2026-11-26T03:00:00Z/P1D"))],
        ),
        of_job(
            &[TimeZone],
            &json!({ "schedule": "0 4 * * *", "time_zone": "Europe/Berlin" }),
            vec![InJob("/scheduleTimeZone", json!("Europe/Berlin"))],
        ),
        of_job(
            &[TimeZone],
            &json!({ "schedule": "0 3 * * *", "time_zone": "Europe/Berlin" }),
            vec![Found("W0401", "\"0 3 * * *\"")],
        ),
        of_job(
            &[Schedule],
            &json!({ "schedule": "0 3 * * MON-FRI" }),
            vec![Found("E0407", "\"0 3 * * MON-FRI\"")],
        ),
        of_job(&[Repeats], &json!({ "repeats": 0, "interval": "1D" }), vec![Found("E0407", "0")]),
    ]
}

fn cases() -> Vec<Case> {
    [containers(), networks(), volumes(), placement(), health(), updates_and_schedules()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn every_case_is_as_the_table_says() {
    for Case { fields, appliance, seen } in cases() {
        let names: Vec<_> = fields.iter().map(|field| field.path()).collect();
        let result = compile_with(&appliance, &[("schedule-from", "2026-11-26")]);
        let mut expected = Vec::new();
        for seen in &seen {
            match seen {
                InGroup(pointer, value) => {
                    assert_eq!(result.group().pointer(pointer), Some(value), "{names:?}");
                }
                InJob(pointer, value) => {
                    assert_eq!(result.job().pointer(pointer), Some(value), "{names:?}");
                }
                Found(code, text) => expected.push((*code, (*text).to_owned())),
            }
        }
        let mut found = result.found;
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{names:?}");
    }
}

#[test]
fn secrets_of_dcos_are_named_by_their_paths() {
    let secret = |key: &str| json!({ "secret": "my-db", "key": key });
    let written =
        json!({ "env": { "A": "1" }, "secret_env": { "P": secret("p"), "Q": secret("p") } });
    let made = compile_with(&appliance(&[service(&written)]), &[("secrets", "dcos")]);
    assert_eq!(made.found, []);
    let app = &made.group()["apps"][0];
    let reference = json!({ "secret": "my-db_p" });
    assert_eq!(app["env"], json!({ "A": "1", "P": reference, "Q": reference }));
    assert_eq!(app["secrets"], json!({ "my-db_p": { "source": "shop/my-db_p" } }));
    let dotted = service(&json!({ "secret_env": { "P": secret("a.b") } }));
    let made = compile_with(&appliance(&[dotted]), &[("secrets", "dcos")]);
    assert_eq!(made.found, [("E0408", "\"a.b\"".to_owned())]);
    let work = job(&json!({ "secret_env": { "P": secret("p") } }));
    let made = compile_with(&appliance(&[work]), &[("secrets", "dcos")]);
    assert_eq!(made.found, [("E0401", "\"P\"".to_owned())]);
}

/// The findings of a case that belong to the row of the field: every local volume has the
/// warning of `VolumeLocal`, and hints are not of the fate.
fn outcome(field: Field, seen: &[Seen]) -> Outcome {
    let codes = seen.iter().filter_map(|seen| match seen {
        Found("W0401", "\"data\"") if field != Field::VolumeLocal => None,
        Found(code, _) if !code.starts_with('H') => Some(*code),
        _ => None,
    });
    Outcome::of(codes)
}

#[test]
fn every_row_has_its_cases() {
    let mut outcomes = Vec::new();
    for case in cases() {
        let of_case = |field: &Field| (*field, outcome(*field, &case.seen));
        outcomes.extend(case.fields.iter().map(of_case));
    }
    // With an option, in `secrets_of_dcos_are_named_by_their_paths`.
    outcomes.push((Field::SecretEnv, Outcome::Carried));
    // Agents have these attributes only if operators set them.
    let always_reported = [Field::Build, Field::PlacementCloud, Field::Preemptible];
    check_rows(&Marathon, &outcomes, &always_reported);
}
