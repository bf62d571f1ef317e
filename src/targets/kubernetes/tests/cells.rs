//! Each row of the capability table: seen in the output, warned about, or rejected, and without
//! findings otherwise.

use serde_json::{Value, json};

use super::{appliance, compiled, compiled_with, container, one};
use crate::plan::Field;
use crate::targets::kubernetes::Kubernetes;
use crate::targets::testing::{Outcome, check_rows};

type Findings = Vec<(&'static str, &'static str)>;

/// An appliance that uses a field, and what must become of it.
struct Case {
    field: Field,
    document: Value,
    options: Vec<(&'static str, &'static str)>,
    /// `Kind/name`, a JSON pointer in that object, and the value there (null: none); not
    /// checked if there is an error.
    seen: (&'static str, &'static str, Value),
    found: Findings,
}

impl Case {
    fn with(mut self, option: &'static str, value: &'static str) -> Case {
        self.options.push((option, value));
        self
    }

    fn found(mut self, code: &'static str, text: &'static str) -> Case {
        self.found.push((code, text));
        self
    }
}

/// A case with a value at a pointer in an object.
fn case(
    field: Field,
    document: Value,
    object: &'static str,
    pointer: &'static str,
    value: Value,
) -> Case {
    Case { field, document, options: Vec::new(), seen: (object, pointer, value), found: Vec::new() }
}

/// A container with a port for everyone and an internal one.
fn mixed() -> Value {
    json!({"ports": [{"container_port": 80}, {"container_port": 81, "internal": true}]})
}

/// A Deployment `a` with these fields; `pointer` is in its container.
fn in_container(field: Field, more: Value, pointer: &'static str, value: Value) -> Case {
    case(field, one(more), "container Deployment/a", pointer, value)
}

/// A Deployment `a` with these fields; `pointer` is in its pod.
fn in_pod(field: Field, more: Value, pointer: &'static str, value: Value) -> Case {
    case(field, one(more), "pod Deployment/a", pointer, value)
}

/// A Deployment `a` with these fields; `pointer` is in the Deployment.
fn in_spec(field: Field, more: Value, pointer: &'static str, value: Value) -> Case {
    case(field, one(more), "Deployment/a", pointer, value)
}

/// A Job `a` with these fields.
fn job(
    field: Field,
    mut more: Value,
    object: &'static str,
    pointer: &'static str,
    value: Value,
) -> Case {
    more["type"] = json!("job");
    case(field, one(more), object, pointer, value)
}

/// A job that repeats forever, with these fields.
fn cron(field: Field, mut more: Value, schedule: Value) -> Case {
    more["repeats"] = json!(more.get("repeats").cloned().unwrap_or(json!(-1)));
    job(field, more, "CronJob/a", "/spec/schedule", schedule)
}

/// A volume `v` with these fields, mounted by containers with these fields.
fn volume(
    field: Field,
    volume: Value,
    mounts: &[Value],
    object: &'static str,
    pointer: &'static str,
    value: Value,
) -> Case {
    let ids = ["a", "b"];
    let containers: Vec<_> = ids
        .iter()
        .zip(mounts)
        .map(|(id, more)| {
            let mut more = more.clone();
            if more.get("volumes").is_none() {
                more["volumes"] = json!([{"src": "v", "dest": "/v"}]);
            }
            container(id, more)
        })
        .collect();
    let mut document = appliance(&containers);
    document["data_persistence"] = json!({"volumes": [volume]});
    case(field, document, object, pointer, value)
}

fn placed(place: Value) -> Value {
    json!({"schedule_hints": {"placement": place}})
}

fn checked(check: Value) -> Value {
    json!({"ports": [{"container_port": 53, "protocol": "udp"}, {"container_port": 80}], "health_check": check})
}

/// JSON pointers of the nodes that a pod prefers, and of those that it requires.
const PREFERRED: &str = "/affinity/nodeAffinity/preferredDuringSchedulingIgnoredDuringExecution/0/preference/matchExpressions";
const REQUIRED: &str = "/affinity/nodeAffinity/requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms/0/matchExpressions";

fn cases() -> Vec<Case> {
    let http = [("httpGet", json!({"path": "/x?y=z", "port": 80}))];
    let probe = |handler: &str, value: Value| json!({handler: value, "periodSeconds": 60, "timeoutSeconds": 20, "failureThreshold": 3});
    let weekly = json!({"interval": "7D", "start_time": "2027-01-04T02:30:00Z"});
    let mut cased = one(json!({}));
    cased["id"] = json!("My-App");
    let mut of_type = one(json!({"volumes": [{"src": "v", "dest": "/v"}]}));
    of_type["data_persistence"] =
        json!({"volume_type": "cephfs", "volumes": [{"id": "v", "size": 5}]});
    let sized = json!({"id": "v", "size": 5});
    let global = json!({"id": "v", "scope": "global"});
    vec![
        case(Field::ApplianceId, cased, "Namespace/my-app", "/metadata/name", json!("my-app")),
        case(Field::VolumeType, of_type.clone(), "PersistentVolumeClaim/v", "/spec/storageClassName", Value::Null)
            .found("W0404", "\"cephfs\""),
        case(Field::VolumeType, of_type, "PersistentVolumeClaim/v", "/spec/storageClassName", json!("ceph"))
            .with("storage-class", "ceph"),
        volume(Field::VolumeLocal, sized.clone(), &[json!({})], "PersistentVolumeClaim/v", "/spec/accessModes", json!(["ReadWriteOnce"])),
        volume(Field::VolumeLocal, sized.clone(), &[json!({})], "Deployment/a", "/spec/strategy/type", json!("Recreate")),
        volume(Field::VolumeLocal, sized.clone(), &[json!({"instances": 2})], "PersistentVolumeClaim/v", "/spec/accessModes", json!(["ReadWriteMany"]))
            .found("W0404", "\"v\""),
        volume(Field::VolumeLocal, sized.clone(), &[json!({}), json!({})], "Deployment/a", "/spec/strategy/rollingUpdate", json!({"maxUnavailable": "25%", "maxSurge": "25%"}))
            .found("W0404", "\"v\""),
        volume(Field::VolumeLocal, sized.clone(), &[json!({"minimum_capacity": 1})], "PersistentVolumeClaim/v", "/spec/accessModes", json!(["ReadWriteMany"]))
            .found("W0404", "\"v\""),
        volume(Field::VolumeGlobal, global.clone(), &[json!({})], "pod Deployment/a", "/volumes/0", json!({"name": "v", "persistentVolumeClaim": {"claimName": "v"}}))
            .found("W0404", "\"v\""),
        volume(Field::VolumeGlobal, global, &[json!({})], "PersistentVolumeClaim/v", "", Value::Null)
            .found("W0404", "\"v\""),
        volume(
            Field::VolumeGlobal,
            json!({"id": "v", "scope": "global"}),
            &[json!({})],
            "container Deployment/a",
            "/volumeMounts",
            json!([{"name": "v", "mountPath": "/v"}]),
        )
        .with("create-namespace", "false"),
        volume(Field::VolumeHints, json!({"id": "v", "size": 5, "schedule_hints": {"placement": {"zone": "z"}}}), &[json!({})], "PersistentVolumeClaim/v", "/metadata/name", json!("v"))
            .found("W0401", "\"z\""),
        volume(Field::VolumeSize, sized.clone(), &[json!({})], "PersistentVolumeClaim/v", "/spec/resources/requests/storage", json!("5Mi")),
        volume(Field::VolumeSize, json!({"id": "v"}), &[json!({})], "PersistentVolumeClaim/v", "/spec/resources/requests/storage", json!("7Mi"))
            .with("volume-size", "7"),
        volume(Field::VolumeSize, json!({"id": "v", "scope": "global", "size": 5}), &[json!({})], "PersistentVolumeClaim/v", "", Value::Null)
            .found("W0404", "\"v\"").found("W0401", "5"),
        case(Field::ContainerId, appliance(&[container("A-b", json!({}))]), "Deployment/a-b", "/metadata/name", json!("a-b")),
        case(Field::ContainerId, appliance(&[container("A", json!({})), container("a", json!({}))]), "", "", Value::Null)
            .found("E0403", "\"a\""),
        in_spec(Field::Service, json!({}), "/kind", json!("Deployment")),
        job(Field::Job, json!({}), "pod Job/a", "/restartPolicy", json!("Never")),
        job(Field::Job, json!({}), "Job/a", "/spec/completions", Value::Null),
        in_container(Field::Image, json!({"image": "r.example.org:5000/a/b:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}), "/image", json!("r.example.org:5000/a/b:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")),
        in_container(Field::Cpus, json!({"resources": {"cpus": 0.25, "mem": 1}}), "/resources", json!({"requests": {"cpu": "250m", "memory": "1Mi"}, "limits": {"memory": "1Mi"}})),
        in_container(Field::Cpus, json!({"resources": {"cpus": 2, "mem": 1}}), "/resources/requests/cpu", json!("2")),
        in_container(Field::Cpus, json!({"resources": {"cpus": 0.0001, "mem": 1}}), "/resources/requests/cpu", json!("1m")),
        in_container(Field::Mem, json!({"resources": {"cpus": 1, "mem": 2048}}), "/resources/limits", json!({"memory": "2Gi"})),
        in_container(Field::Disk, json!({"resources": {"cpus": 1, "mem": 1, "disk": 100}}), "/resources/requests/ephemeral-storage", json!("100Mi")),
        in_container(Field::Gpu, json!({"resources": {"cpus": 1, "mem": 1, "gpu": 2}}), "/resources/limits", json!({"memory": "1Mi", "nvidia.com/gpu": "2"})),
        in_container(Field::Gpu, json!({"resources": {"cpus": 1, "mem": 1, "gpus": 2}}), "/resources/limits", json!({"memory": "1Mi", "amd.com/gpu": "2"}))
            .with("gpu-resource", "amd.com/gpu"),
        in_spec(Field::Instances, json!({"instances": 3}), "/spec/replicas", json!(3)),
        in_spec(Field::Instances, json!({"instances": 0}), "/spec/replicas", json!(0)),
        job(Field::Instances, json!({"instances": 3}), "Job/a", "/spec/completions", json!(3)),
        job(Field::Instances, json!({"instances": 3}), "Job/a", "/spec/parallelism", json!(3)),
        job(Field::Instances, json!({"instances": 100_001}), "", "", Value::Null).found("E0408", "100001"),
        in_container(Field::Cmd, json!({"cmd": "a && b $X"}), "/command", json!(["/bin/sh", "-c", "a && b $$X"])),
        in_container(Field::Cmd, json!({"cmd": "a"}), "/args", Value::Null),
        in_container(Field::Args, json!({"args": ["a b", "", 1]}), "/args", json!(["a b", "", "1"])),
        in_container(Field::Args, json!({"args": ["a"]}), "/command", Value::Null),
        in_container(Field::Entrypoint, json!({"entrypoint": ["/run $(A)", 1], "args": ["x"]}), "/command", json!(["/run $$(A)", "1"])),
        in_container(Field::Entrypoint, json!({"entrypoint": ["/run"], "args": ["x"]}), "/args", json!(["x"])),
        in_container(Field::User, json!({"user": 1000}), "/securityContext", json!({"runAsUser": 1000})),
        in_container(Field::User, json!({"user": "0:100", "is_privileged": true}), "/securityContext", json!({"privileged": true, "runAsUser": 0, "runAsGroup": 100})),
        in_container(Field::User, json!({"user": "www-data"}), "", Value::Null).found("E0408", "\"www-data\""),
        in_container(Field::User, json!({"user": "0"}), "", Value::Null).with("restricted", "true").found("E0408", "\"0\""),
        in_container(Field::WorkingDir, json!({"working_dir": "/a $(A)"}), "/workingDir", json!("/a $(A)")),
        in_pod(Field::StopTimeout, json!({"stop_timeout": 60}), "/terminationGracePeriodSeconds", json!(60)),
        case(Field::Labels, one(json!({"labels": {"example.org/team": "shop", "n": 1}})), "Deployment/a", "/metadata/labels/example.org~1team", json!("shop")),
        in_spec(Field::Labels, json!({"labels": {"n": true}}), "/spec/template/metadata/labels/n", json!("true")),
        in_spec(Field::Labels, json!({"labels": {"n": ""}}), "/spec/selector/matchLabels/n", Value::Null),
        in_spec(Field::Labels, json!({"labels": {"a[0]": "x"}}), "", Value::Null).found("E0408", "\"a[0]\""),
        in_spec(Field::Labels, json!({"labels": {"a": "x y"}}), "", Value::Null).found("E0408", "\"x y\""),
        in_spec(Field::Labels, json!({"labels": {"app.kubernetes.io/name": "x"}}), "", Value::Null).found("E0408", "\"app.kubernetes.io/name\""),
        in_container(Field::Build, json!({"build": {"context": "./web"}}), "/image", json!("image:1")).found("W0405", "\"./web\""),
        in_spec(Field::MountBeside, json!({"volumes": [{"src": "../h", "dest": "/v", "type": "host"}]}), "", Value::Null).found("E0401", "\"../h\""),
        case(Field::Files, one(json!({"files": [{"dest": "/etc/x.conf", "content": "$(A)\n"}]})), "ConfigMap/a-files", "/data", json!({"x.conf": "$(A)\n"})),
        case(Field::Files, one(json!({"files": [{"dest": "/x", "content": "\u{85}"}]})), "ConfigMap/a-files", "/binaryData", json!({"x": "woU="})),
        in_container(Field::Files, json!({"files": [{"dest": "/etc/x", "content": ""}]}), "/volumeMounts", json!([{"name": "files", "mountPath": "/etc/x", "subPath": "x", "readOnly": true}])),
        in_pod(Field::Files, json!({"files": [{"dest": "/etc/x", "content": "", "mode": "0755"}]}), "/volumes", json!([{"name": "files", "configMap": {"name": "a-files", "items": [{"key": "x", "path": "x", "mode": 0o755}]}}])),
        in_spec(Field::Files, json!({"files": [{"dest": "/x", "content": ""}]}), "/spec/template/metadata/annotations", json!({"applc/files": "af63bd4c8601b7df"})),
        in_spec(Field::Files, json!({"files": [{"dest": "/x", "content": "@a"}]}), "", Value::Null).found("E0404", "@a"),
        in_container(Field::SecretEnv, json!({"env": {"A": "$"}, "secret_env": {"B": {"secret": "db", "key": "p.w"}}}), "/env", json!([{"name": "A", "value": "$$"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p.w"}}}])).found("W0404", "\"db\""),
        in_container(Field::SecretEnv, json!({"secret_env": {"ä": {"secret": "db", "key": "p"}}}), "", Value::Null).found("W0404", "\"db\"").found("E0408", "\"ä\""),
        in_container(Field::SecretFiles, json!({"secret_files": [{"dest": "/r/x", "secret": "db", "key": "p"}, {"dest": "/s/x", "secret": "db", "key": "p"}]}), "/volumeMounts", json!([{"name": "secret", "mountPath": "/r/x", "subPath": "x", "readOnly": true}, {"name": "secret", "mountPath": "/s/x", "subPath": "file-2", "readOnly": true}])).found("W0404", "\"db\""),
        in_pod(Field::SecretFiles, json!({"secret_files": [{"dest": "/r/x", "secret": "db", "key": "p", "mode": "0400"}, {"dest": "/s", "secret": "other", "key": "q"}]}), "/volumes", json!([{"name": "secret", "secret": {"secretName": "db", "items": [{"key": "p", "path": "x", "mode": 0o400}]}}, {"name": "secret-2", "secret": {"secretName": "other", "items": [{"key": "q", "path": "s", "mode": 0o444}]}}])).found("W0404", "\"db\"").found("W0404", "\"other\""),
        in_container(Field::SecretFiles, json!({"secret_files": [{"dest": "/a:b", "secret": "db", "key": "p"}]}), "", Value::Null).found("W0404", "\"db\"").found("E0408", "\"/a:b\""),
        in_container(Field::SecretEnv, json!({"secret_env": {"B": {"secret": "db", "key": "p"}}}), "/env/0/valueFrom/secretKeyRef/name", json!("db")).with("create-namespace", "false"),
        in_pod(Field::SecretFiles, json!({"secret_files": [{"dest": "/x", "secret": "db", "key": "p"}]}), "/volumes/0/secret/secretName", json!("db")).with("create-namespace", "false"),
        in_container(Field::Env, json!({"env": {"A.b-c": "x"}}), "/env", json!([{"name": "A.b-c", "value": "x"}])),
        in_container(Field::Env, json!({"env": {"1a": "x"}}), "/env/0/name", json!("1a")).found("W0404", "\"1a\""),
        in_container(Field::Env, json!({"env": {"a b": "x"}}), "/env/0/name", json!("a b")).found("W0404", "\"a b\""),
        in_container(Field::Env, json!({"env": {"ä": "x"}}), "", Value::Null).found("E0408", "\"ä\""),
        in_container(Field::Cmd, json!({"cmd": "\u{7f}"}), "/command/2", json!("\u{7f}")).found("W0404", "\"\u{7f}\""),
        in_container(Field::Args, json!({"args": ["\u{85}"]}), "/args", json!(["\u{85}"])).found("W0404", "\"\u{85}\""),
        in_container(Field::Env, json!({"env": {"A": "\u{ffff}"}}), "/env/0/value", json!("\u{ffff}")).found("W0404", "\"\u{ffff}\""),
        in_container(Field::HealthCommand, json!({"health_check": {"protocol": "COMMAND", "command": "\u{80}"}}), "/livenessProbe/exec/command/2", json!("\u{80}"))
            .found("W0404", "\"\u{80}\""),
        in_container(Field::References, json!({"args": ["<@a>"]}), "/args", json!(["<$(APPLC_OWN_ADDRESS)>"])),
        case(Field::References, appliance(&[container("a", json!({"args": ["<@b>"]})), container("b", json!({}))]), "container Deployment/a", "/args", json!(["<b-pods>"])),
        volume(Field::MountPersistent, sized.clone(), &[json!({})], "container Deployment/a", "/volumeMounts", json!([{"name": "v", "mountPath": "/v"}])),
        volume(Field::MountPersistent, sized.clone(), &[json!({"user": "1001"})], "container Deployment/a", "/volumeMounts", json!([{"name": "v", "mountPath": "/v"}])).found("W0404", "\"/v\""),
        volume(Field::MountPersistent, sized.clone(), &[json!({"user": "0:5"})], "container Deployment/a", "/volumeMounts", json!([{"name": "v", "mountPath": "/v"}])),
        volume(Field::MountPersistent, sized.clone(), &[json!({"volumes": [{"src": "v", "dest": "/v:x"}]})], "", "", Value::Null)
            .found("E0408", "\"/v:x\""),
        in_pod(Field::MountHost, json!({"volumes": [{"src": "/h", "dest": "/v", "type": "host"}]}), "/volumes", json!([{"name": "host", "hostPath": {"path": "/h"}}])),
        in_pod(Field::MountHost, json!({"volumes": [{"src": "/h", "dest": "/v", "type": "host"}, {"src": "/h", "dest": "/w", "type": "host"}]}), "/volumes", json!([{"name": "host", "hostPath": {"path": "/h"}}])),
        in_pod(Field::MountHost, json!({"volumes": [{"src": "/h", "dest": "/v", "type": "host"}, {"src": "/i", "dest": "/w", "type": "host"}, {"src": "/h", "dest": "/x", "type": "host"}, {"src": "/j", "dest": "/y", "type": "host"}]}), "/volumes", json!([{"name": "host", "hostPath": {"path": "/h"}}, {"name": "host-2", "hostPath": {"path": "/i"}}, {"name": "host-3", "hostPath": {"path": "/j"}}])),
        in_pod(Field::MountHost, json!({"volumes": [{"src": "/h/../i", "dest": "/v", "type": "host"}]}), "", Value::Null)
            .found("E0408", "\"/h/../i\""),
        in_container(Field::MountReadOnly, json!({"volumes": [{"src": "/h", "dest": "/v", "type": "host", "mode": "RO"}]}), "/volumeMounts/0/readOnly", json!(true)),
        in_pod(Field::NetworkHost, json!({"network_mode": "host"}), "/hostNetwork", json!(true)),
        in_spec(Field::NetworkHost, json!({"network_mode": "host"}), "/spec/strategy/type", json!("Recreate")),
        in_pod(Field::NetworkHost, json!({"network_mode": "host", "instances": 2, "ports": [{"container_port": 80}]}), "/hostNetwork", json!(true))
            .found("W0404", "2"),
        in_pod(Field::NetworkBridge, json!({"network_mode": "bridge"}), "/hostNetwork", Value::Null),
        in_pod(Field::NetworkContainer, json!({"network_mode": "container"}), "/hostNetwork", Value::Null),
        case(Field::PortInternal, one(json!({"ports": [{"container_port": 80, "internal": true}]})), "Service/a", "/spec", json!({"selector": {"app.kubernetes.io/name": "a", "app.kubernetes.io/instance": "app"}, "ports": [{"port": 80}]})),
        case(Field::PortInternal, one(mixed()), "Service/a", "/spec/ports", json!([{"name": "tcp-80", "port": 80}])),
        case(Field::PortInternal, one(mixed()), "Service/a-internal", "/spec/ports", json!([{"name": "tcp-81", "port": 81}])),
        case(Field::PortInternal, one(mixed()), "Service/a-internal", "/spec/type", Value::Null),
        case(Field::PortInternal, one(mixed()), "Service/a", "/spec/ports/1", Value::Null).with("expose", "load-balancer"),
        case(Field::PortInternal, one(mixed()), "Service/a", "/spec/ports/1/port", json!(81)).with("expose", "cluster-ip"),
        case(Field::PortInternal, appliance(&[container("a", mixed()), container("b", json!({"args": ["@a:80", "@a:81"]}))]), "container Deployment/b", "/args", json!(["a:80", "a-internal:81"])),
        case(Field::PortInternal, one(json!({"ports": [{"container_port": 80}, {"container_port": 80, "protocol": "udp", "internal": true}]})), "", "", Value::Null).found("E0408", "true"),
        case(Field::Ports, one(json!({"ports": [{"container_port": 80}]})), "Service/a", "/spec/ports", json!([{"port": 80}])),
        case(Field::HostPort, one(json!({"ports": [{"container_port": 80, "host_port": 30080}]})), "Service/a", "/spec/ports/0/nodePort", json!(30080)),
        in_container(Field::HostPort, json!({"ports": [{"container_port": 80, "host_port": 8080}]}), "/ports/0/hostPort", json!(8080)),
        in_container(Field::HostPort, json!({"ports": [{"container_port": 53, "host_port": 53}, {"container_port": 53, "host_port": 54, "protocol": "udp"}]}), "/ports/1/hostPort", json!(54))
            .found("W0404", "53"),
        in_container(Field::PortUdp, json!({"ports": [{"container_port": 53, "protocol": "udp"}]}), "/ports/0/protocol", json!("UDP")),
        case(Field::PortName, one(json!({"ports": [{"container_port": 80, "name": "http"}]})), "Service/a", "/spec/ports/0/name", json!("http")),
        in_container(Field::PortName, json!({"network_mode": "host", "ports": [{"container_port": 80, "name": "sixteen-letters-"}]}), "/ports/0/name", json!("sixteen-letters")),
        in_container(Field::PortName, json!({"network_mode": "host", "ports": [{"container_port": 80, "name": "seventeen-letters"}]}), "/ports/0/name", Value::Null)
            .found("W0401", "\"seventeen-letters\""),
        in_container(Field::Privileged, json!({"is_privileged": true}), "/securityContext/privileged", json!(true)),
        in_container(Field::ForcePull, json!({"force_pull_image": true}), "/imagePullPolicy", json!("Always")),
        in_container(Field::NoForcePull, json!({"force_pull_image": false}), "/imagePullPolicy", json!("IfNotPresent")),
        case(Field::Dependencies, appliance(&[container("a", json!({})), container("b", json!({"dependencies": ["a"]}))]), "pod Deployment/b", "/initContainers/0/name", json!("wait-for-a")),
        in_pod(Field::PlacementCloud, placed(json!({"cloud": "gce"})), "/nodeSelector", Value::Null).found("W0401", "\"gce\""),
        in_pod(Field::PlacementCloud, placed(json!({"cloud": "gce"})), "/nodeSelector", json!({"cloud": "gce"})).with("cloud-label", "cloud"),
        in_pod(Field::PlacementRegion, placed(json!({"region": "r", "cloud": "gce"})), "/nodeSelector", json!({"topology.kubernetes.io/region": "r"})),
        in_pod(Field::PlacementRegion, placed(json!({"region": "r 1"})), "", Value::Null).found("E0408", "\"r 1\""),
        in_pod(Field::PlacementZone, placed(json!({"zone": "true", "region": "r"})), "/nodeSelector", json!({"topology.kubernetes.io/zone": "true"})),
        in_pod(Field::PlacementZone, placed(json!({"zone": "-z"})), "", Value::Null).found("E0408", "\"-z\""),
        in_pod(Field::PlacementHost, placed(json!({"host": "h.example.org", "zone": "z"})), "/nodeSelector", json!({"kubernetes.io/hostname": "h.example.org"})),
        in_pod(Field::PlacementHost, placed(json!({"host": "h/1"})), "", Value::Null).found("E0408", "\"h/1\""),
        in_pod(Field::Preemptible, json!({"schedule_hints": {"preemptible": true}}), "/affinity", Value::Null).found("W0401", "true"),
        in_pod(Field::Preemptible, json!({"schedule_hints": {"preemptible": false}}), "/affinity", Value::Null).found("W0401", "false"),
        in_pod(Field::Preemptible, json!({"schedule_hints": {"preemptible": true}}), PREFERRED, json!([{"key": "spot", "operator": "In", "values": ["true"]}]))
            .with("preemptible-label", "spot=true"),
        in_pod(Field::Preemptible, json!({"schedule_hints": {"preemptible": true}}), "/tolerations", json!([{"key": "spot", "value": "true", "effect": "NoSchedule"}]))
            .with("preemptible-label", "spot=true"),
        in_pod(Field::Preemptible, json!({"schedule_hints": {"preemptible": false}}), REQUIRED, json!([{"key": "spot", "operator": "NotIn", "values": ["true"]}]))
            .with("preemptible-label", "spot=true"),
        in_container(Field::HealthHttp, checked(json!({"protocol": "HTTP", "path": "/x?y=z", "port_index": 1})), "/livenessProbe", probe(http[0].0, http[0].1.clone())),
        in_container(Field::HealthHttp, checked(json!({"protocol": "MESOS_HTTP", "path": "/x?y=z", "port_index": 1})), "/livenessProbe", probe(http[0].0, http[0].1.clone())),
        // The startup probe says when it is ready.
        in_container(Field::HealthHttp, checked(json!({"protocol": "HTTP", "port_index": 1})), "/readinessProbe", Value::Null),
        in_container(Field::HealthHttp, checked(json!({"protocol": "HTTP", "path": "/a b?c=d e%", "port_index": 1})), "/livenessProbe/httpGet/path", json!("/a%20b?c=d%20e%25")),
        in_container(Field::HealthHttp, checked(json!({"protocol": "HTTP", "path": "//a/b", "port_index": 1})), "/livenessProbe/httpGet/path", json!("//a/b")).found("E0408", "\"//a/b\""),
        in_container(Field::HealthHttps, checked(json!({"protocol": "HTTPS", "path": "//a/b", "port_index": 1})), "/livenessProbe/httpGet/path", json!("//a/b")).found("E0408", "\"//a/b\""),
        in_container(Field::HealthHttps, checked(json!({"protocol": "HTTPS", "port_index": 1})), "/livenessProbe/httpGet", json!({"path": "/", "port": 80, "scheme": "HTTPS"})),
        in_container(Field::HealthTcp, checked(json!({"protocol": "TCP", "port_index": 1})), "/livenessProbe", probe("tcpSocket", json!({"port": 80}))),
        in_container(Field::HealthCommand, json!({"health_check": {"protocol": "COMMAND", "command": "test $$ && @a"}}), "/livenessProbe/exec/command", json!(["/bin/sh", "-c", "exec /bin/sh -c \"$${0}$${APPLC_OWN_ADDRESS}$${1}\"", "test $$$$ && ", ""])),
        // Three failures a minute apart after five minutes, probed every ten seconds.
        in_container(Field::HealthTiming, checked(json!({"protocol": "TCP", "port_index": 1})), "/startupProbe", json!({"tcpSocket": {"port": 80}, "periodSeconds": 10, "timeoutSeconds": 20, "failureThreshold": 48})),
        in_container(Field::HealthTiming, checked(json!({"protocol": "TCP", "port_index": 1, "interval_seconds": 7, "timeout_seconds": 2, "max_consecutive_failures": 1, "grace_period_seconds": 1})), "/startupProbe", json!({"tcpSocket": {"port": 80}, "periodSeconds": 7, "timeoutSeconds": 2, "failureThreshold": 2})),
        in_container(Field::HealthTiming, checked(json!({"protocol": "TCP", "port_index": 1, "grace_period_seconds": 0})), "/startupProbe", json!({"tcpSocket": {"port": 80}, "periodSeconds": 10, "timeoutSeconds": 20, "failureThreshold": 18})),
        in_container(Field::HealthTiming, checked(json!({"protocol": "TCP", "port_index": 1, "grace_period_seconds": 2147483647, "interval_seconds": 1, "max_consecutive_failures": 9})), "/startupProbe/failureThreshold", json!(2147483647)),
        in_container(Field::DefaultHealthCheck, json!({"ports": [{"container_port": 53, "protocol": "udp"}, {"container_port": 80}], "default_health_check": true}), "/livenessProbe/tcpSocket", json!({"port": 80})),
        in_spec(Field::MinimumCapacity, json!({"instances": 10, "minimum_capacity": 0.9}), "/spec/strategy/rollingUpdate", json!({"maxUnavailable": 1, "maxSurge": 1})),
        in_spec(Field::MinimumCapacity, json!({"instances": 3, "minimum_capacity": 0.5, "network_mode": "host"}), "/spec/strategy/rollingUpdate", json!({"maxUnavailable": 1, "maxSurge": 0})),
        in_spec(Field::MinimumCapacity, json!({"minimum_capacity": 0.5, "network_mode": "host"}), "/spec/strategy/rollingUpdate", json!({"maxUnavailable": 0, "maxSurge": 1}))
            .found("W0404", "0.5"),
        job(Field::Retries, json!({"retries": 4}), "Job/a", "/spec/backoffLimit", json!(4)),
        job(Field::Retries, json!({"retries": 0}), "Job/a", "/spec/backoffLimit", json!(0)),
        job(Field::Retries, json!({"retries": 4, "instances": 2}), "Job/a", "/spec/backoffLimitPerIndex", json!(4)),
        cron(Field::Repeats, weekly.clone(), json!("30 2 * * 1")),
        cron(Field::Repeats, json!({"repeats": 5, "interval": "T10M"}), Value::Null).found("E0407", "5"),
        cron(Field::Repeats, json!({"repeats": 0, "interval": "T10M"}), Value::Null).found("E0407", "0"),
        job(Field::StartTime, json!({"start_time": "2027-01-04T02:30:00Z"}), "pod Job/a", "/initContainers/0/name", json!("wait-for-start")),
        cron(Field::StartTime, json!({"interval": "T10M"}), json!("*/10 * * * *")).found("W0401", "-1"),
        cron(Field::StartTime, json!({"interval": "T10M", "start_time": "2027-01-04T02:33:09Z"}), json!("3-59/10 * * * *"))
            .found("W0401", "\"2027-01-04T02:33:09Z\""),
        cron(Field::Interval, json!({"interval": "1D", "start_time": "2027-01-04T02:30:00+02:00"}), json!("30 0 * * *")),
        cron(Field::Interval, json!({"interval": "T7M", "start_time": "2027-01-04T02:30:00Z"}), Value::Null).found("E0407", "\"T7M\""),
        job(Field::Schedule, json!({"schedule": "0 3 * * MON-FRI"}), "CronJob/a", "/spec/schedule", json!("0 3 * * 1-5")),
        job(Field::Schedule, json!({"schedule": "0 3 * * *"}), "CronJob/a", "/spec/timeZone", json!("Etc/UTC")),
        job(Field::TimeZone, json!({"schedule": "0 3 * * *", "time_zone": "Europe/Berlin"}), "CronJob/a", "/spec/timeZone", json!("Europe/Berlin")),
    ]
}

#[test]
fn each_case_is_as_the_table_says() {
    for case in cases() {
        let compiled = compiled_with(&case.document, &case.options);
        let context = format!("{}: {}", case.field.path(), case.document);
        let mut expected = case.found.clone();
        let mut found = compiled.found();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{context}");
        if case.found.iter().any(|(code, _)| code.starts_with('E')) {
            assert!(compiled.artifacts.is_empty(), "{context}");
            continue;
        }
        let (object, pointer, value) = &case.seen;
        let seen = match object.split_once(' ') {
            Some(("container", path)) => compiled.container(path),
            Some(("pod", path)) => compiled.pod(path),
            _ => compiled.object(object),
        };
        // The object exists, so that no case passes because its name is wrong; an empty pointer
        // says that it must not.
        assert!(pointer.is_empty() || !seen.is_null(), "{context}");
        assert_eq!(seen.pointer(pointer).cloned().unwrap_or_default(), *value, "{context}");
    }
}

#[test]
fn every_row_has_its_cases() {
    let outcome = |case: &Case| Outcome::of(case.found.iter().map(|(code, _)| *code));
    let outcomes: Vec<_> = cases().iter().map(|case| (case.field, outcome(case))).collect();
    check_rows(&Kubernetes, &outcomes, &[Field::Build]);
}

#[test]
fn hints_say_what_was_chosen_or_changed() {
    let mut document = one(json!({"volumes": [{"src": "V", "dest": "/v"}]}));
    document["data_persistence"] = json!({"volumes": [{"id": "V"}]});
    let compiled = compiled(&document);
    let hints: Vec<_> = compiled.findings.iter().map(|finding| finding.code.id).collect();
    assert_eq!(hints, ["H0401", "H0402"]);
}
