//! What differs between what is wanted and what Marathon or Chronos has.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::engine::{Action, Change};

/// Fields that applc leaves out if they are empty. A value that is not empty comes from someone else or from an
/// earlier definition. All other fields that applc does not write are filled in by the engine.
const OPTIONAL: &[&str] = &[
    "args",
    "cmd",
    "command",
    "constraints",
    "container",
    "dependencies",
    "disk",
    "env",
    "environmentVariables",
    "external",
    "gpus",
    "healthChecks",
    "hostPath",
    "labels",
    "networkName",
    "parameters",
    "path",
    "portDefinitions",
    "portMappings",
    "privileged",
    "requirePorts",
    "taskKillGracePeriodSeconds",
    "volumes",
];

/// Fields that are sets: the engine returns them in any order.
const SETS: &[&str] = &["constraints", "dependencies", "healthChecks", "parents"];

/// Fields whose keys the user chooses: the engine fills in none.
const MAPS: &[&str] = &["env", "labels"];

/// The fields of a document that are not as they are wanted, except for those that are filled in.
pub fn differing(wanted: &Value, found: &Value) -> Vec<String> {
    let fields = |value: &'_ Value| value.as_object().cloned().unwrap_or_default();
    let (wanted, found) = (fields(wanted), fields(found));
    let mut names: Vec<&String> = wanted.keys().chain(found.keys()).collect();
    names.sort();
    names.dedup();
    let differs = |name: &&&String| !is_same(name, wanted.get(**name), found.get(**name));
    names.iter().filter(differs).map(|name| (**name).clone()).collect()
}

/// Whether a field is as it is wanted.
fn is_same(name: &str, wanted: Option<&Value>, found: Option<&Value>) -> bool {
    match (wanted, found) {
        (Some(wanted), Some(found)) => is_same_value(name, wanted, found),
        (Some(wanted), None) => is_empty(wanted),
        (None, Some(found)) => !OPTIONAL.contains(&name) || is_empty(found),
        (None, None) => true,
    }
}

fn is_same_value(name: &str, wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        _ if is_empty(wanted) && is_empty(found) => true,
        (Value::Object(wanted), Value::Object(found)) if MAPS.contains(&name) => wanted == found,
        (Value::Object(wanted), Value::Object(found)) => {
            let mut names = wanted.keys().chain(found.keys());
            names.all(|name| is_same(name, wanted.get(name), found.get(name)))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            let same = |one: &Value, other: &Value| is_same_value("", one, other);
            wanted.len() == found.len()
                && if SETS.contains(&name) {
                    wanted.iter().all(|one| found.iter().any(|other| same(one, other)))
                } else {
                    wanted.iter().zip(found).all(|(one, other)| same(one, other))
                }
        }
        (Value::Number(wanted), Value::Number(found)) => wanted.as_f64() == found.as_f64(),
        _ => wanted == found,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// Why something is replaced.
pub fn why(fields: &[String]) -> String {
    match fields {
        [] => "its definition has changed".to_owned(),
        fields => format!("its definition has changed: {}", fields.join(", ")),
    }
}

/// What becomes of each container, from what becomes of its parts: a job has one for each instance.
#[derive(Debug, Default)]
pub struct Changes {
    all: BTreeMap<String, (Action, String)>,
}

impl Changes {
    /// Adds what becomes of a part of a container.
    pub fn add(&mut self, container: &str, action: Action, why: impl Into<String>) {
        let why = why.into();
        let Some(known) = self.all.get_mut(container) else {
            self.all.insert(container.to_owned(), (action, why));
            return;
        };
        let is_part = |action: Action| matches!(action, Action::Created | Action::Removed);
        if known.0 != action && (is_part(known.0) || is_part(action)) {
            *known = (Action::Changed, "another number of instances".to_owned());
        } else if action > known.0 {
            *known = (action, why);
        }
    }

    /// What becomes of each container, sorted by id.
    pub fn all(self) -> Vec<Change> {
        let change = |(container, (action, why))| Change { container, action, why };
        self.all.into_iter().map(change).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_filled_in_is_no_difference() {
        let wanted = json!({
            "id": "/a/b", "cpus": 1, "mem": 64, "networks": [{"mode": "host"}], "portDefinitions": [],
            "container": {"type": "DOCKER", "docker": {"image": "a:1", "forcePullImage": false}},
            "dependencies": ["/a/c", "/a/d"],
            "healthChecks": [{"protocol": "MESOS_TCP", "portIndex": 0}],
        });
        let found = json!({
            "id": "/a/b", "cmd": null, "args": [], "cpus": 1.0, "mem": 64.0, "disk": 0, "executor": "",
            "networks": [{"mode": "host"}], "env": {}, "requirePorts": false, "backoffSeconds": 1,
            "container": {
                "type": "DOCKER", "portMappings": [], "volumes": [],
                "docker": {"image": "a:1", "forcePullImage": false, "privileged": false, "parameters": []},
            },
            "dependencies": ["/a/d", "/a/c"],
            "healthChecks": [{"protocol": "MESOS_TCP", "portIndex": 0, "delaySeconds": 15}],
        });
        assert_eq!(differing(&wanted, &found), Vec::<String>::new());
    }

    #[test]
    fn what_was_changed_added_or_left_out_is_a_difference() {
        let wanted = json!({"id": "/a/b", "cpus": 1, "env": {"A": "1"}, "constraints": [["hostname", "IS", "x"]]});
        let found = |field: &str, value: Value| {
            let mut found = wanted.clone();
            found[field] = value;
            differing(&wanted, &found)
        };
        assert_eq!(found("cpus", json!(2)), ["cpus"]);
        assert_eq!(found("env", json!({"A": "1", "B": ""})), ["env"]);
        assert_eq!(found("cmd", json!("sleep 1")), ["cmd"]);
        assert_eq!(found("constraints", json!([])), ["constraints"]);
        assert_eq!(found("container", json!({"volumes": [{"hostPath": "/x"}]})), ["container"]);
        assert_eq!(found("taskKillGracePeriodSeconds", json!(5)), ["taskKillGracePeriodSeconds"]);
        assert_eq!(found("backoffSeconds", json!(5)), Vec::<String>::new());
    }

    #[test]
    fn the_parts_of_a_container_are_told_together() {
        let mut changes = Changes::default();
        changes.add("job", Action::Kept, "");
        changes.add("job", Action::Created, "");
        changes.add("web", Action::Kept, "");
        changes.add("web", Action::Replaced, "why");
        let all: Vec<(String, Action)> =
            changes.all().into_iter().map(|one| (one.container, one.action)).collect();
        assert_eq!(
            all,
            [("job".to_owned(), Action::Changed), ("web".to_owned(), Action::Replaced)]
        );
    }
}
