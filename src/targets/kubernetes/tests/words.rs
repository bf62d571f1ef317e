//! What findings give as the reason.

use serde_json::{Value, json};

use super::{appliance, compiled, compiled_with, container, one};

#[test]
fn an_object_that_client_side_apply_cannot_store_is_a_warning() {
    let with = |length: usize| {
        let part = "x".repeat(length / 4);
        let env = json!({"A": part, "B": part, "C": part, "D": part});
        compiled(&one(json!({ "env": env }))).found_by_target().len()
    };
    // With the names of the variables.
    assert_eq!(with(256 * 1024 - 4), 0);
    assert_eq!(with(256 * 1024), 1);
}

#[test]
fn a_name_of_a_port_is_omitted_for_the_reason_that_is_given() {
    let why = |name: &str| {
        let ports = json!([{"container_port": 81, "name": name}]);
        let fields = json!({"network_mode": "host", "ports": ports});
        compiled(&appliance(&[container("a", fields)])).messages()
    };
    assert!(why("web--ui").contains("two hyphens"), "{}", why("web--ui"));
    assert!(why("8080").contains("a letter"), "{}", why("8080"));
    assert!(why("a-name-with-many").contains("15 characters"), "{}", why("a-name-with-many"));
}

#[test]
fn a_long_id_is_too_long_for_a_label_if_the_namespace_is_another() {
    let messages = |options: &[(&str, &str)]| {
        let mut document = one(json!({}));
        document["id"] = json!("a".repeat(64));
        compiled_with(&document, options).messages()
    };
    assert!(messages(&[]).contains("Namespace"), "{}", messages(&[]));
    let other = messages(&[("namespace", "prod")]);
    assert!(other.contains("the value of labels") && !other.contains("amespace"), "{other}");
}

#[test]
fn a_day_that_not_all_months_have_is_given_in_utc() {
    let job = |start: &str| -> Value {
        json!({"type": "job", "cmd": "true", "repeats": -1, "interval": "1M", "start_time": start})
    };
    let compiled = |start: &str| compiled(&appliance(&[container("a", job(start))]));
    let late = compiled("2031-02-01T00:30:00+02:00");
    let finding = late.findings.iter().find(|found| found.code.id == "E0407").unwrap();
    assert!(finding.message.contains("in UTC"), "{}", finding.message);
    let labels: Vec<_> = finding.secondary.iter().map(|label| label.text.as_str()).collect();
    assert_eq!(labels, ["day 31 in UTC"]);
    assert!(
        !compiled("2031-02-01T02:30:00+02:00").found_by_target().iter().any(|f| f.0 == "E0407")
    );
}
