//! Start order: what waits for what, and how.

use serde_json::json;

use super::{appliance, compiled, container};

#[test]
fn a_template_waits_until_a_service_has_started() {
    let made = compiled(&appliance(&[
        container("a", json!({"dependencies": ["b"]})),
        container("b", json!({})),
    ]));
    assert_eq!(made.found(), []);
    assert_eq!(made.task("b")["service"]["name"], "app--b--started");
    let template = &made.task("a")["template"];
    let data = template["data"].as_str().unwrap();
    assert!(data.contains("(nomadService \"app--b--started\")) 1"), "{data}");
    assert!(data.contains("nomadVar \"nomad/jobs/app/a/a\""), "{data}");
    // No other container waits for `a`.
    assert_eq!(made.task("a").get("service"), None);
}

#[test]
fn a_prestart_task_polls_a_service_with_a_check() {
    let check = json!({"protocol": "HTTP", "path": "/it's", "timeout_seconds": 7});
    let made = compiled(&appliance(&[
        container("a", json!({"dependencies": ["b-c"]})),
        container("b-c", json!({"ports": [{"container_port": 80}], "health_check": check})),
    ]));
    assert_eq!(made.found(), []);
    let wait = &made.group("a")["task"]["wait_for"];
    assert_eq!(wait["lifecycle"]["hook"], "prestart");
    assert_eq!(wait["config"]["network_mode"], "host");
    assert_eq!(wait["config"]["image"], "busybox:1.36.1");
    let script = wait["config"]["args"][0].as_str().unwrap();
    assert!(script.contains("set -- $addr_b_c"), "{script}");
    assert!(
        script.contains("timeout 7 wget -q -O /dev/null \"http://$1:$2\"'/it'\\''s'"),
        "{script}"
    );
    let data = wait["template"]["data"].as_str().unwrap();
    assert!(data.contains("addr_b_c=\"{{ template \"words\" \"app--b-c--tcp-80\" }}\""), "{data}");
    assert_eq!(made.task("a").get("template"), None);
    assert_eq!(made.group("a")["update"]["healthy_deadline"], "17m");
}

#[test]
fn a_job_that_is_waited_for_has_a_marker_task() {
    let made = compiled(&appliance(&[
        container("a", json!({"dependencies": ["j"]})),
        container("j", json!({"type": "job", "instances": 2})),
    ]));
    assert_eq!(made.found(), []);
    let tasks = made.job("j")["group"]["j"]["task"].clone();
    assert_eq!(tasks["j"]["lifecycle"]["hook"], "prestart");
    assert_eq!(tasks["has_succeeded"]["service"]["name"], "app--j--succeeded");
    let template = made.task("a")["template"]["data"].clone();
    assert!(template.as_str().unwrap().contains("(nomadService \"app--j--succeeded\")) 2"));
    // The duration of a job is unknown.
    assert_eq!(made.group("a")["update"]["healthy_deadline"], "25h");
}

#[test]
fn a_job_between_two_has_a_gate() {
    let check = json!({"protocol": "TCP"});
    let made = compiled(&appliance(&[
        container("a", json!({"dependencies": ["j"]})),
        container("j", json!({"type": "job", "dependencies": ["db"]})),
        container("db", json!({"ports": [{"container_port": 80}], "health_check": check})),
    ]));
    assert_eq!(made.found(), []);
    let groups = made.job("j")["group"].clone();
    let gate = &groups["j_may_start"]["task"];
    assert_eq!(gate["wait_for"]["lifecycle"]["hook"], "prestart");
    assert_eq!(gate["may_start"]["service"]["name"], "app--j--ready");
    let data = groups["j"]["task"]["j"]["template"]["data"].as_str().unwrap().to_owned();
    assert!(data.contains("(nomadService \"app--j--ready\")) 1"), "{data}");
    assert_eq!(groups["j"]["task"].get("wait_for"), None);
}

#[test]
fn a_repeating_job_cannot_be_waited_for() {
    let made = compiled(&appliance(&[
        container("a", json!({"dependencies": ["j"]})),
        container("j", json!({"type": "job", "repeats": -1, "interval": "1D"})),
    ]));
    assert_eq!(made.found(), [("E0406", "\"j\""), ("W0401", "\"1D\"")], "{}", made.messages());
}

#[test]
fn a_dependency_without_instances_is_ready() {
    let made = compiled(&appliance(&[
        container("a", json!({"dependencies": ["b"]})),
        container("b", json!({"instances": 0})),
    ]));
    assert_eq!(made.found(), []);
    assert_eq!(made.task("a").get("template"), None);
}

#[test]
fn a_job_that_never_runs_is_not_called_repeating() {
    let made = compiled(&appliance(&[
        container("a", json!({"dependencies": ["b"]})),
        container("b", json!({"type": "job", "repeats": 0})),
    ]));
    assert_eq!(made.found(), [("E0407", "0")], "{}", made.messages());
}
