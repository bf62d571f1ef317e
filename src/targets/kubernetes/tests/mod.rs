//! Tests of the Kubernetes target: the capability table, names, addresses, start order, and
//! strings.

mod cells;
mod names;
mod network;
mod order;
mod strings;
mod words;

use std::ops::Deref;

use serde_json::{Value, json};

use super::Kubernetes;
use crate::targets::testing::{self, check_rejected};

/// An appliance compiled to Kubernetes.
pub(super) struct Compiled(testing::Compiled);

impl Deref for Compiled {
    type Target = testing::Compiled;

    fn deref(&self) -> &testing::Compiled {
        &self.0
    }
}

impl Compiled {
    /// The objects, parsed as YAML. No scalar spans lines, so a document separator cannot be
    /// part of one.
    pub fn objects(&self) -> Vec<Value> {
        self.artifacts
            .iter()
            .flat_map(|artifact| artifact.text.split("---\n"))
            .map(|document| serde_saphyr::from_str(document).unwrap())
            .collect()
    }

    /// `Kind/name` of each object, in the order of the file.
    pub fn list(&self) -> Vec<String> {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        self.objects()
            .iter()
            .map(|object| {
                format!("{}/{}", word(&object["kind"]), word(&object["metadata"]["name"]))
            })
            .collect()
    }

    /// The object of this `Kind/name`; null if there is none.
    pub fn object(&self, path: &str) -> Value {
        let place = self.list().iter().position(|listed| listed == path);
        place.map_or(Value::Null, |place| self.objects()[place].clone())
    }

    /// The pod spec of the workload of this `Kind/name`.
    pub fn pod(&self, path: &str) -> Value {
        let object = self.object(path);
        let job = &object["spec"]["jobTemplate"];
        let owner = if job.is_null() { &object } else { job };
        owner["spec"]["template"]["spec"].clone()
    }

    /// The container of the workload of this `Kind/name`.
    pub fn container(&self, path: &str) -> Value {
        self.pod(path)["containers"][0].clone()
    }
}

/// Compiles a document with the default options.
pub(super) fn compiled(document: &Value) -> Compiled {
    compiled_with(document, &[])
}

/// Compiles a document with these options.
pub(super) fn compiled_with(document: &Value, given: &[(&str, &str)]) -> Compiled {
    Compiled(testing::Compiled::of(&Kubernetes, document, given))
}

/// A container on the cluster-wide network with the required fields, and `more`.
pub(super) fn container(id: &str, more: Value) -> Value {
    testing::container("container", id, &more)
}

/// An appliance of these containers.
pub(super) fn appliance(containers: &[Value]) -> Value {
    testing::appliance("app", containers)
}

/// An appliance of one container `a` with these fields.
pub(super) fn one(more: Value) -> Value {
    appliance(&[container("a", more)])
}

#[test]
fn an_appliance_is_a_namespace_with_objects_in_the_order_of_the_document() {
    let compiled = compiled(&appliance(&[
        container("b", json!({"ports": [{"container_port": 80}], "dependencies": ["a"]})),
        container(
            "a",
            json!({"volumes": [{"src": "/x", "dest": "/x", "type": "host"}], "args": ["@b"]}),
        ),
    ]));
    assert_eq!(compiled.found(), []);
    assert_eq!(
        compiled.list(),
        [
            "Namespace/app",
            "ServiceAccount/wait-for-dependencies",
            "Role/wait-for-dependencies",
            "RoleBinding/wait-for-dependencies",
            "Service/b",
            "Service/b-pods",
            "Deployment/b",
            "Deployment/a",
        ]
    );
    let labels = json!({
        "app.kubernetes.io/name": "b",
        "app.kubernetes.io/instance": "app",
        "app.kubernetes.io/part-of": "app",
        "app.kubernetes.io/managed-by": "applc",
    });
    assert_eq!(compiled.object("Deployment/b")["metadata"]["labels"], labels);
    let selector = json!({"app.kubernetes.io/name": "b", "app.kubernetes.io/instance": "app"});
    let deployment = compiled.object("Deployment/b");
    assert_eq!(deployment["spec"]["selector"]["matchLabels"], selector);
    assert_eq!(deployment["spec"]["template"]["metadata"]["labels"], selector);
    assert_eq!(compiled.object("Service/b")["spec"]["selector"], selector);
    assert_eq!(compiled.pod("Deployment/b")["enableServiceLinks"], false);
    assert_eq!(compiled.pod("Deployment/b")["automountServiceAccountToken"], false);
}

#[test]
fn split_writes_each_object_to_a_file_named_after_it() {
    let a = container("a", json!({"ports": [{"container_port": 80}], "dependencies": ["j"]}));
    let job = container("j", json!({"type": "job"}));
    let split = |containers: &[Value]| {
        let compiled = compiled_with(&appliance(containers), &[("split", "true")]);
        compiled.paths().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let mut paths = split(&[a.clone(), job.clone()]);
    // As a file system lists them, and kubectl applies them.
    paths.sort();
    assert_eq!(
        paths,
        [
            "00-namespace-app.yaml",
            "01-serviceaccount-wait-for-dependencies.yaml",
            "02-role-wait-for-dependencies.yaml",
            "03-rolebinding-wait-for-dependencies.yaml",
            "deployment-a.yaml",
            "job-j.yaml",
            "service-a.yaml",
        ]
    );
    // One more container leaves the other names as they are.
    let more = split(&[container("b", json!({})), a, job]);
    assert!(paths.iter().all(|path| more.contains(path)), "{more:?}");
}

#[test]
fn the_namespace_is_an_option() {
    let named = compiled_with(&one(json!({})), &[("namespace", "team")]);
    assert_eq!(named.list(), ["Namespace/team", "Deployment/app--a"]);
    assert_eq!(named.object("Deployment/app--a")["metadata"]["namespace"], "team");
    let existing =
        compiled_with(&one(json!({})), &[("namespace", "default"), ("create-namespace", "false")]);
    assert_eq!(existing.list(), ["Deployment/app--a"]);
    let mut own = one(json!({}));
    own["id"] = json!("Kube-System");
    assert_eq!(compiled(&own).found(), [("E0402", "\"Kube-System\"")]);
    assert_eq!(compiled_with(&own, &[("namespace", "team")]).found(), []);
}

#[test]
fn option_values_that_kubernetes_rejects_are_errors() {
    let given = [
        ("namespace", "Team"),
        ("namespace", "a.b"),
        ("wait-image", ""),
        ("wait-image", "a b"),
        ("storage-class", "Fast!"),
        ("gpu-resource", "gpu"),
        ("cloud-label", "a b"),
        ("preemptible-label", "spot"),
        ("preemptible-label", "spot="),
    ];
    check_rejected(&Kubernetes, &given);
}

#[test]
fn sync_waves_are_the_levels_of_the_start_order() {
    let document =
        appliance(&[container("b", json!({"dependencies": ["a"]})), container("a", json!({}))]);
    let wave = |compiled: &Compiled, path: &str| {
        compiled.object(path)["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"].clone()
    };
    let with = compiled_with(&document, &[("sync-waves", "true")]);
    assert_eq!(
        (wave(&with, "Deployment/a"), wave(&with, "Deployment/b")),
        (json!("0"), json!("1"))
    );
    assert_eq!(wave(&compiled(&document), "Deployment/b"), Value::Null);
}

/// What Pod Security `restricted` demands of a container beside the seccomp profile.
fn restricted() -> Value {
    json!({
        "allowPrivilegeEscalation": false,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": true,
    })
}

#[test]
fn all_files_of_a_container_have_a_mebibyte() {
    let is_too_much = |size: usize| {
        let file = |dest: &str| json!({"dest": dest, "content": "x".repeat(size)});
        let compiled = compiled(&one(json!({"files": [file("/a"), file("/b")]})));
        compiled.found().iter().any(|(code, _)| *code == "E0408")
    };
    assert!(!is_too_much(500_000));
    assert!(is_too_much(600_000));
}

#[test]
fn containers_that_wait_have_no_privileges_and_few_resources() {
    let compiled = compiled(&appliance(&[
        container("a", json!({})),
        container("j", json!({"type": "job", "start_time": "2027-01-04T03:30:00Z"})),
        container("b", json!({"dependencies": ["a", "j"]})),
    ]));
    let pods = [compiled.pod("Deployment/b"), compiled.pod("Job/j")];
    let waits = pods.iter().flat_map(|pod| pod["initContainers"].as_array().unwrap());
    let quantities = json!({"cpu": "100m", "memory": "32Mi"});
    let mut expected = restricted();
    expected["runAsUser"] = json!(65534);
    let mut count = 0;
    for wait in waits {
        count += 1;
        assert_eq!(wait["securityContext"], expected);
        assert_eq!(wait["resources"]["limits"], quantities);
        assert_eq!(wait["resources"]["requests"], json!({"cpu": "10m", "memory": "32Mi"}));
    }
    assert_eq!(count, 3);
}

#[test]
fn containers_keep_their_privileges_unless_an_option_says_otherwise() {
    let document = appliance(&[
        container("a", json!({})),
        container("p", json!({"is_privileged": true})),
        container("j", json!({"type": "job", "repeats": -1, "interval": "1D"})),
    ]);
    let plain = compiled(&document);
    let strict = compiled_with(&document, &[("restricted", "true")]);
    for workload in ["Deployment/a", "CronJob/j"] {
        assert_eq!(plain.container(workload)["securityContext"], Value::Null);
        assert_eq!(strict.container(workload)["securityContext"], restricted());
    }
    for compiled in [&plain, &strict] {
        let privileged = json!({"privileged": true});
        assert_eq!(compiled.container("Deployment/p")["securityContext"], privileged);
        // As Docker runs every container that is not privileged.
        let profile = json!({"seccompProfile": {"type": "RuntimeDefault"}});
        assert_eq!(compiled.pod("Deployment/a")["securityContext"], profile);
        assert_eq!(compiled.pod("CronJob/j")["securityContext"], profile);
    }
}
