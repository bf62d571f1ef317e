//! Names of objects, and several appliances in one namespace.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Compiled, appliance, compiled_with, container};
use crate::targets::testing;

/// An appliance with every kind of object.
fn full(id: &str) -> Value {
    let job = json!({"type": "job"});
    let cron = json!({"type": "job", "repeats": -1, "interval": "1D", "start_time": "2027-01-01T00:00:00Z"});
    let web = json!({
        "ports": [{"container_port": 80}],
        "dependencies": ["job", "cron", "db"],
        "volumes": [{"src": "data", "dest": "/d"}, {"src": "shared", "dest": "/s"}],
        "args": ["@db", "@db:5432", "@db:80"],
    });
    let mut document = testing::appliance(
        id,
        &[
            container("web", web),
            container("db", json!({"ports": [{"container_port": 5432}]})),
            container("job", job),
            container("cron", cron),
        ],
    );
    document["data_persistence"] =
        json!({"volumes": [{"id": "data", "size": 5}, {"id": "shared", "scope": "global"}]});
    document
}

fn in_team(document: &Value) -> Compiled {
    compiled_with(document, &[("namespace", "team"), ("create-namespace", "false")])
}

fn names(compiled: &Compiled) -> BTreeSet<String> {
    compiled.list().into_iter().collect()
}

#[test]
fn objects_of_two_appliances_in_one_namespace_have_different_names() {
    // With one hyphen between, the names of the first would be those of the second.
    let pairs = [("a", "b"), ("a-b", "a")];
    for (one, other) in pairs {
        let (one, other) = (in_team(&full(one)), in_team(&full(other)));
        assert_eq!((one.found(), other.found()), (vec![], vec![]));
        assert!(names(&one).is_disjoint(&names(&other)), "{:?}", names(&one));
    }
    let b_c = in_team(&appliance(&[container("b-c", json!({}))]));
    let mut c = appliance(&[container("c", json!({}))]);
    c["id"] = json!("app-b");
    assert!(names(&b_c).is_disjoint(&names(&in_team(&c))));
}

#[test]
fn names_in_a_shared_namespace_are_used_wherever_an_object_is_meant() {
    let own = compiled_with(&full("app"), &[]);
    let shared = in_team(&full("app"));
    let pod = shared.pod("Deployment/app--web");
    let container = &pod["containers"][0];
    assert_eq!(container["name"], "web");
    // References are those in a namespace of its own, with other names.
    let references = |compiled: &Compiled, web: &str| {
        let args = compiled.container(web)["args"].clone();
        args.as_array().unwrap().iter().map(|arg| arg.as_str().unwrap().to_owned()).collect()
    };
    let short: Vec<String> = references(&own, "Deployment/web");
    let full: Vec<String> = references(&shared, "Deployment/app--web");
    let expected: Vec<_> = short.iter().map(|arg| format!("app--{arg}")).collect();
    assert_eq!(full, expected);
    for arg in full {
        let service = arg.split(':').next().unwrap();
        assert_ne!(shared.object(&format!("Service/{service}")), Value::Null, "{service}");
    }
    let account = pod["serviceAccountName"].as_str().unwrap();
    assert!(account.starts_with("app--"), "{account}");
    for kind in ["ServiceAccount", "Role", "RoleBinding"] {
        assert_ne!(shared.object(&format!("{kind}/{account}")), Value::Null, "{kind}");
    }
    let binding = shared.object(&format!("RoleBinding/{account}"));
    assert_eq!(binding["roleRef"]["name"], account);
    assert_eq!(binding["subjects"][0]["name"], account);
    let role = shared.object(&format!("Role/{account}"));
    let rules = role["rules"].as_array().unwrap();
    for name in ["app--job", "app--cron"] {
        assert!(rules.iter().any(|rule| rule["resourceNames"] == json!([name])), "{role}");
    }
    let init = pod["initContainers"].as_array().unwrap();
    assert!(init.iter().any(|wait| wait["name"] == "wait-for-job"));
    let script = init[0]["command"][2].as_str().unwrap();
    assert!(script.contains("/namespaces/team/jobs/app--job "), "{script}");
    // A global volume is of no appliance.
    let claims = ["app--data", "shared"];
    for (volume, claim) in pod["volumes"].as_array().unwrap().iter().zip(claims) {
        assert_eq!(volume["persistentVolumeClaim"]["claimName"], claim);
    }
    assert_ne!(shared.object("PersistentVolumeClaim/app--data"), Value::Null);
    let selector = json!({"app.kubernetes.io/name": "web", "app.kubernetes.io/instance": "app"});
    assert_eq!(shared.object("Service/app--web")["spec"]["selector"], selector);
}

#[test]
fn a_shared_namespace_has_no_labels_of_one_appliance() {
    let compiled = compiled_with(&full("app"), &[("namespace", "team")]);
    let labels = json!({"app.kubernetes.io/managed-by": "applc"});
    assert_eq!(compiled.object("Namespace/team")["metadata"]["labels"], labels);
    let own = compiled_with(&full("app"), &[("namespace", "app")]);
    assert_eq!(
        own.object("Namespace/app")["metadata"]["labels"]["app.kubernetes.io/instance"],
        "app"
    );
    assert_ne!(own.object("Deployment/web"), Value::Null);
}

#[test]
fn ids_with_which_names_could_meet_are_errors_in_a_shared_namespace() {
    let long = "x".repeat(60);
    let mut document = appliance(&[container("a--b", json!({})), container(&long, json!({}))]);
    document["data_persistence"] = json!({"volumes": [{"id": "app--v", "scope": "global"}]});
    document["containers"][0]["volumes"] = json!([{"src": "app--v", "dest": "/v"}]);
    assert_eq!(compiled_with(&document, &[("create-namespace", "false")]).found(), []);
    let quoted = format!("\"{long}\"");
    let mut expected =
        vec![("E0402", "\"a--b\""), ("E0402", quoted.as_str()), ("E0403", "\"app--v\"")];
    let compiled = in_team(&document);
    let mut found = compiled.found();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}
