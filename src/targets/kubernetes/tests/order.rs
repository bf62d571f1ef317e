//! Start order: what waits for what, and how.

use serde_json::{Value, json};

use super::{appliance, compiled, compiled_with, container};

fn script(pod: &Value, place: usize) -> String {
    // What the shell receives after Kubernetes' expansion.
    pod["initContainers"][place]["command"][2].as_str().unwrap().replace("$$", "$")
}

#[test]
fn a_service_is_waited_for_by_the_name_of_its_ready_pods() {
    let compiled = compiled(&appliance(&[
        container("plain", json!({})),
        container("served", json!({"ports": [{"container_port": 80}]})),
        container("a", json!({"dependencies": ["served", "plain"]})),
    ]));
    assert_eq!(compiled.found(), []);
    let pod = compiled.pod("Deployment/a");
    let names: Vec<_> =
        pod["initContainers"].as_array().unwrap().iter().map(|init| &init["name"]).collect();
    assert_eq!(names, ["wait-for-served", "wait-for-plain"]);
    assert!(script(&pod, 0).contains("getent hosts served-pods "), "{}", script(&pod, 0));
    assert!(script(&pod, 1).contains("getent hosts plain "), "{}", script(&pod, 1));
    assert_eq!(compiled.object("Service/served-pods")["spec"]["clusterIP"], "None");
    assert_eq!(compiled.object("Service/plain")["spec"]["clusterIP"], "None");
    assert_eq!(compiled.object("Service/plain-pods"), Value::Null);
    assert_eq!(pod["serviceAccountName"], "default", "no access to the API");
}

#[test]
fn a_job_is_waited_for_with_the_permission_to_read_only_that_job() {
    let compiled = compiled(&appliance(&[
        container("once", json!({"type": "job"})),
        container("daily", json!({"type": "job", "repeats": -1, "interval": "1D", "start_time": "2027-01-01T00:00:00Z"})),
        container("other", json!({"type": "job"})),
        container("a", json!({
            "dependencies": ["once", "daily"],
            "volumes": [{"src": "api-access", "dest": "/v"}],
        })),
        container("b", json!({"type": "job", "dependencies": ["once"]})),
    ]).as_object().cloned().map(|mut document| {
        document.insert("data_persistence".into(), json!({"volumes": [{"id": "api-access", "size": 1}]}));
        Value::Object(document)
    }).unwrap());
    assert_eq!(compiled.found(), []);
    let role = compiled.object("Role/wait-for-jobs");
    assert_eq!(
        role["rules"],
        json!([
            {"apiGroups": ["batch"], "resources": ["jobs"], "resourceNames": ["once"], "verbs": ["get"]},
            {"apiGroups": ["batch"], "resources": ["cronjobs"], "resourceNames": ["daily"], "verbs": ["get"]},
        ])
    );
    let binding = compiled.object("RoleBinding/wait-for-jobs");
    assert_eq!(
        binding["subjects"],
        json!([{"kind": "ServiceAccount", "name": "wait-for-jobs", "namespace": "app"}])
    );
    let pod = compiled.pod("Deployment/a");
    assert_eq!(pod["serviceAccountName"], "wait-for-jobs");
    assert_eq!(pod["automountServiceAccountToken"], false);
    assert!(script(&pod, 0).contains("/namespaces/app/jobs/once "), "{}", script(&pod, 0));
    assert!(script(&pod, 1).contains("/namespaces/app/cronjobs/daily "), "{}", script(&pod, 1));
    // Only the init containers that wait get the token, beside a claim of the same name.
    assert_eq!(pod["initContainers"][0]["volumeMounts"][0]["name"], "api-access-2");
    assert_eq!(
        pod["containers"][0]["volumeMounts"],
        json!([{"name": "api-access", "mountPath": "/v"}])
    );
    assert_eq!(pod["volumes"][1]["name"], "api-access-2");
    assert_eq!(compiled.pod("Job/b")["serviceAccountName"], "wait-for-jobs");
    assert_eq!(compiled.pod("Job/other")["serviceAccountName"], "default");
}

#[test]
fn a_start_time_is_waited_for_in_the_pod() {
    let start = json!({"type": "job", "start_time": "2027-01-04T03:30:00+01:00"});
    let compiled = compiled(&appliance(&[container("a", start)]));
    assert_eq!(compiled.found(), []);
    let script = script(&compiled.pod("Job/a"), 0);
    assert!(script.contains("\"$(date +%s)\" -ge 1799029800 "), "{script}");
}

#[test]
fn the_names_of_init_containers_are_unique() {
    let compiled = compiled(&appliance(&[
        container("b", json!({})),
        container("wait-for-b", json!({"dependencies": ["b"]})),
    ]));
    let pod = compiled.pod("Deployment/wait-for-b");
    assert_eq!(pod["initContainers"][0]["name"], "wait-for-b-2");
}

#[test]
fn the_images_that_wait_are_options() {
    let document = appliance(&[
        container("a", json!({})),
        container("j", json!({"type": "job"})),
        container("b", json!({"dependencies": ["a", "j"]})),
    ]);
    let given = [("wait-image", "mirror/busybox:1"), ("job-wait-image", "mirror/curl:8")];
    let compiled = compiled_with(&document, &given);
    let pod = compiled.pod("Deployment/b");
    assert_eq!(pod["initContainers"][0]["image"], "mirror/busybox:1");
    assert_eq!(pod["initContainers"][1]["image"], "mirror/curl:8");
}
