//! Start order: what waits for what, and how.

use serde_json::{Value, json};

use super::{Compiled, appliance, compiled, container};

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
    let check = json!({"protocol": "HTTP", "path": "/it's?a=b c", "timeout_seconds": 7});
    let made = compiled(&appliance(&[
        container("a", json!({"dependencies": ["b-c"]})),
        container(
            "b-c",
            json!({"instances": 3, "ports": [{"container_port": 80}], "health_check": check}),
        ),
    ]));
    assert_eq!(made.found(), []);
    let wait = &made.group("a")["task"]["wait_for"];
    assert_eq!(wait["lifecycle"]["hook"], "prestart");
    assert_eq!(wait["config"]["network_mode"], "host");
    assert_eq!(wait["config"]["image"], "busybox:1.36.1");
    let script = wait["config"]["args"][0].as_str().unwrap();
    assert!(
        script.contains(
            "look() { timeout 7 wget -q -O /dev/null \"http://$1:$2\"'/it'\\''s?a=b%20c'; }"
        ),
        "{script}"
    );
    assert!(script.ends_with("until all_healthy b-c 3; do sleep 2; done"), "{script}");
    let template = &wait["template"];
    assert_eq!(template["destination"], "${NOMAD_TASK_DIR}/addresses");
    assert_eq!(template["change_mode"], "noop");
    assert_eq!(
        template["data"],
        "{{ range nomadService \"app--b-c--tcp-80\" }}b-c {{ .Address }} {{ .Port }}{{ \"\\n\" }}{{ end -}}\n"
    );
    assert_eq!(made.task("a").get("template"), None);
    assert_eq!(made.group("a")["update"]["healthy_deadline"], "17m");
}

/// An appliance of a service `a` that waits for a job `j` with these fields.
fn after_job(more: Value) -> Compiled {
    let mut fields = more;
    fields["type"] = json!("job");
    compiled(&appliance(&[container("a", json!({"dependencies": ["j"]})), container("j", fields)]))
}

/// What every appliance with a wait for a job finds: tasks must be allowed to use variables.
const VARIABLES: (&str, &str) = ("W0404", "\"j\"");

/// The template with which `a` waits.
fn data(made: &Compiled) -> String {
    made.task("a")["template"]["data"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_job_that_is_waited_for_records_its_success() {
    let made = after_job(json!({}));
    assert_eq!(made.found(), [VARIABLES]);
    let tasks = made.job("j")["group"]["j"]["task"].clone();
    assert_eq!(tasks["j"]["lifecycle"]["hook"], "prestart");
    let record = &tasks["record_success"];
    assert_eq!(record.get("lifecycle"), None);
    assert_eq!(record["identity"]["env"], true);
    assert_eq!(record["config"]["image"], "curlimages/curl:8.11.1");
    let script = record["config"]["args"][0].as_str().unwrap();
    let version = script.split("\"version\": \"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(version.len(), 16, "{script}");
    assert!(script.contains("/v1/var/applc/app/j/succeeded/$NOMAD_ALLOC_INDEX?"), "{script}");
    let line = format!(
        "{{{{ with nomadVar \"applc/app/j/succeeded/0\" }}}}{{{{ if ne .version.Value \"{version}\" }}}}{{{{ template \"wait\" }}}}"
    );
    assert!(data(&made).contains(&line), "{}", data(&made));
    // The duration of a job is unknown.
    assert_eq!(made.group("a")["update"]["healthy_deadline"], "25h");
}

#[test]
fn all_instances_of_a_dependency_are_waited_for() {
    let data = data(&after_job(json!({"instances": 2})));
    let line = "{{ range loop 2 }}{{ with nomadVar (printf \"applc/app/j/succeeded/%d\" .) }}";
    assert!(data.contains(line), "{data}");
    let made = compiled(&appliance(&[
        container("a", json!({"dependencies": ["b"]})),
        container("b", json!({"instances": 3})),
    ]));
    let data = self::data(&made);
    assert!(data.contains("{{ if lt (len (nomadService \"app--b--started\")) 3 }}"), "{data}");
}

#[test]
fn the_success_of_a_job_counts_until_the_job_changes() {
    let chain = |first: &str, image: &str| {
        let job = |id: &str, more: Value| {
            let mut fields = more;
            fields["type"] = json!("job");
            container(id, fields)
        };
        data(&compiled(&appliance(&[
            container("a", json!({"image": image, "dependencies": ["second"]})),
            job("second", json!({"cmd": "true", "dependencies": ["first"]})),
            job("first", json!({"cmd": first})),
        ])))
    };
    assert_eq!(chain("x", "i:1"), chain("x", "i:2"));
    // The second job runs again after a new first one.
    assert_ne!(chain("x", "i:1"), chain("y", "i:1"));
}

#[test]
fn a_job_between_two_waits_before_it_starts() {
    let check = json!({"protocol": "TCP"});
    let made = compiled(&appliance(&[
        container("a", json!({"dependencies": ["j"]})),
        container("j", json!({"type": "job", "dependencies": ["db"]})),
        container("db", json!({"ports": [{"container_port": 80}], "health_check": check})),
    ]));
    assert_eq!(made.found(), [VARIABLES]);
    let tasks = made.job("j")["group"]["j"]["task"].clone();
    let wait = &tasks["wait_for"];
    assert_eq!(wait["lifecycle"]["hook"], "prestart");
    assert_eq!(wait["config"]["image"], "curlimages/curl:8.11.1");
    assert_eq!(wait["identity"]["env"], true);
    let script = wait["config"]["args"][0].as_str().unwrap();
    let last = script.lines().last().unwrap();
    assert!(last.starts_with("curl ") && last.contains("/applc/app/j/may_start/"), "{script}");
    let data = tasks["j"]["template"]["data"].as_str().unwrap().to_owned();
    let line = "{{ with nomadVar (printf \"applc/app/j/may_start/%s\" (env \"NOMAD_ALLOC_INDEX\")) }}{{ if ne .allocation.Value (env \"NOMAD_ALLOC_ID\") }}";
    assert!(data.contains(line), "{data}");
}

#[test]
fn a_task_waits_for_a_start_time() {
    let start = json!({"start_time": "2027-01-31T04:30:00+01:00"});
    let mut alone = start.clone();
    alone["type"] = json!("job");
    let made = compiled(&appliance(&[container("j", alone)]));
    assert_eq!(made.found(), []);
    assert_eq!(made.job("j").get("periodic"), None);
    let wait = made.job("j")["group"]["j"]["task"]["wait_for"].clone();
    assert_eq!(
        wait["config"]["args"][0],
        "echo waiting for 2027-01-31T04:30:00+01:00\nuntil [ \"$(date +%s)\" -ge 1801366200 ]; do sleep 1; done"
    );
    assert_eq!(wait["config"].get("network_mode"), None);
    let made = after_job(start);
    let tasks = made.job("j")["group"]["j"]["task"].clone();
    let script = tasks["wait_for"]["config"]["args"][0].as_str().unwrap().to_owned();
    assert!(script.contains("-ge 1801366200") && script.contains("/may_start/"), "{script}");
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
