//! Start order: what waits for what, and how.

use serde_json::{Value, json};

use super::{appliance, compiled, compiled_with, container};

fn script(pod: &Value, place: usize) -> String {
    // What the shell receives after Kubernetes' expansion.
    pod["initContainers"][place]["command"][2].as_str().unwrap().replace("$$", "$")
}

#[test]
fn a_service_is_waited_for_without_regard_to_the_number_of_its_instances() {
    let after = |instances: u32| {
        compiled(&appliance(&[
            container("web", json!({"ports": [{"container_port": 80}], "instances": instances})),
            container("a", json!({"dependencies": ["web"]})),
        ]))
    };
    let three = after(3);
    assert_eq!(three.found(), []);
    let pod = three.pod("Deployment/a");
    assert_eq!(pod["initContainers"][0]["name"], "wait-for-web");
    let script = script(&pod, 0);
    assert!(script.contains("/apis/apps/v1/namespaces/app/deployments/web "), "{script}");
    assert_eq!(
        three.object("Role/wait-for-dependencies")["rules"],
        json!([
            {"apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["web"], "verbs": ["get"]},
        ])
    );
    assert_eq!(three.object("Service/web-pods"), Value::Null, "nothing refers to it");
    // A change of the number does not restart what depends on it.
    assert_eq!(after(0).object("Deployment/a"), three.object("Deployment/a"));
}

#[test]
fn scripts_that_wait_end_when_their_pod_does() {
    let compiled = compiled(&appliance(&[
        container("web", json!({})),
        container("job", json!({"type": "job"})),
        container("daily", json!({"type": "job", "repeats": -1, "interval": "1D"})),
        container(
            "a",
            json!({
                "type": "job",
                "start_time": "2027-01-04T03:30:00+01:00",
                "dependencies": ["web", "job", "daily"],
            }),
        ),
    ]));
    for place in 0..4 {
        let script = script(&compiled.pod("Job/a"), place);
        assert!(script.starts_with("trap 'exit 1' TERM; "), "{script}");
    }
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
    let role = compiled.object("Role/wait-for-dependencies");
    assert_eq!(
        role["rules"],
        json!([
            {"apiGroups": ["batch"], "resources": ["jobs"], "resourceNames": ["once"], "verbs": ["get"]},
            {"apiGroups": ["batch"], "resources": ["cronjobs"], "resourceNames": ["daily"], "verbs": ["get"]},
        ])
    );
    let binding = compiled.object("RoleBinding/wait-for-dependencies");
    assert_eq!(
        binding["subjects"],
        json!([{"kind": "ServiceAccount", "name": "wait-for-dependencies", "namespace": "app"}])
    );
    let pod = compiled.pod("Deployment/a");
    assert_eq!(pod["serviceAccountName"], "wait-for-dependencies");
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
    assert_eq!(compiled.pod("Job/b")["serviceAccountName"], "wait-for-dependencies");
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
fn the_image_that_waits_is_an_option() {
    let document = appliance(&[
        container("a", json!({})),
        container("j", json!({"type": "job"})),
        container("b", json!({"dependencies": ["a", "j"]})),
    ]);
    let compiled = compiled_with(&document, &[("wait-image", "mirror/curl:8")]);
    let pod = compiled.pod("Deployment/b");
    assert_eq!(pod["initContainers"][0]["image"], "mirror/curl:8");
    assert_eq!(pod["initContainers"][1]["image"], "mirror/curl:8");
}
