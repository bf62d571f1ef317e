//! What differs between two versions of an object, in words.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Fields that the API server and the controllers fill in.
const FILLED_IN: [&str; 8] = [
    "managedFields",
    "resourceVersion",
    "generation",
    "uid",
    "creationTimestamp",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// The beginnings of annotations of Kubernetes and its tools.
const ANNOTATIONS: [&str; 5] = [
    "deployment.kubernetes.io/",
    "kubectl.kubernetes.io/",
    "batch.kubernetes.io/",
    "pv.kubernetes.io/",
    "volume.",
];

/// A field that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The names of the fields from the top; the items of a list by their names, if they have any.
    pub path: Vec<String>,
    /// The value that is there.
    pub before: Value,
    /// The value that is to be there.
    pub after: Value,
}

/// What differs between an object that is there and the one that is to be there, except for the status and
/// what the API server and the controllers fill in.
pub fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut all = Vec::new();
    collect(&mut Vec::new(), before, after, false, &mut all);
    all
}

/// What differs in the fields that the second object has; the first may have others.
pub fn missing(before: &Value, after: &Value) -> Vec<Difference> {
    let mut all = Vec::new();
    collect(&mut Vec::new(), before, after, true, &mut all);
    all
}

fn collect(
    path: &mut Vec<String>,
    before: &Value,
    after: &Value,
    only_after: bool,
    all: &mut Vec<Difference>,
) {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            let keys: BTreeSet<&String> = one.keys().chain(other.keys()).collect();
            for key in keys {
                if is_filled_in(path, key) || (only_after && !other.contains_key(key)) {
                    continue;
                }
                let of = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or(Value::Null);
                path.push(key.clone());
                collect(path, &of(one), &of(other), only_after, all);
                path.pop();
            }
        }
        (Value::Array(one), Value::Array(other)) => {
            let names = |items: &[Value]| -> Option<Vec<String>> {
                items.iter().map(|item| Some(item.get("name")?.as_str()?.to_owned())).collect()
            };
            if let (Some(names), Some(others)) = (names(one), names(other)) {
                let keys: BTreeSet<&String> = names.iter().chain(&others).collect();
                for key in keys {
                    let of = |names: &[String], items: &[Value]| {
                        let at = names.iter().position(|name| name == key);
                        at.and_then(|at| items.get(at)).cloned().unwrap_or(Value::Null)
                    };
                    path.push(key.clone());
                    collect(path, &of(&names, one), &of(&others, other), only_after, all);
                    path.pop();
                }
            } else if one.len() == other.len() {
                for (at, (one, other)) in one.iter().zip(other).enumerate() {
                    path.push(at.to_string());
                    collect(path, one, other, only_after, all);
                    path.pop();
                }
            } else {
                push(path, before, after, all);
            }
        }
        (Value::Null, Value::Object(_)) if is_named(path, "annotations") => {
            collect(path, &Value::Object(Map::new()), after, only_after, all);
        }
        (Value::Object(_), Value::Null) if is_named(path, "annotations") => {
            collect(path, before, &Value::Object(Map::new()), only_after, all);
        }
        _ if before == after || (is_nothing(before) && is_nothing(after)) => {}
        _ => push(path, before, after, all),
    }
}

fn is_named(path: &[String], name: &str) -> bool {
    path.last().is_some_and(|last| last == name)
}

fn push(path: &[String], before: &Value, after: &Value, all: &mut Vec<Difference>) {
    all.push(Difference { path: path.to_vec(), before: before.clone(), after: after.clone() });
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn is_filled_in(path: &[String], key: &str) -> bool {
    match path {
        [] => key == "status",
        [top] if top == "metadata" => FILLED_IN.contains(&key),
        [.., last] if last == "annotations" => {
            ANNOTATIONS.iter().any(|start| key.starts_with(start))
        }
        [.., last] if last == "metadata" => key == "creationTimestamp",
        _ => false,
    }
}

impl Difference {
    /// Whether it is a part of what these fields lead to.
    pub fn is_in(&self, path: &[&str]) -> bool {
        self.path.len() >= path.len() && self.path.iter().zip(path).all(|(one, other)| one == other)
    }

    /// The difference as seen from what is to be there.
    pub fn reversed(&self) -> Difference {
        let Difference { path, before, after } = self.clone();
        Difference { path, before: after, after: before }
    }

    /// The field, without the way to the container of a pod.
    pub fn place(&self) -> String {
        place(&self.path)
    }

    /// What differs, in a few words: without values that may be secret.
    pub fn words(&self) -> String {
        let scalar = |value: &Value| match value {
            Value::String(text) if text.len() <= 60 => Some(format!("`{text}`")),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let last = self.path.last().map(String::as_str).unwrap_or_default();
        if last == "replicas"
            && let (Some(before), Some(after)) = (scalar(&self.before), scalar(&self.after))
        {
            let word = if after == "1" { "instance" } else { "instances" };
            return format!("{after} {word} instead of {before}");
        }
        let place = self.place();
        let is_open = !place.starts_with("env") && !matches!(last, "command" | "args");
        match (scalar(&self.before), scalar(&self.after)) {
            (Some(before), Some(after)) if is_open && self.path.len() > 1 => {
                format!("`{place}` is {after} instead of {before}")
            }
            _ if is_nothing(&self.before) => format!("`{place}` is added"),
            _ if is_nothing(&self.after) => format!("`{place}` is removed"),
            _ => format!("`{place}` has changed"),
        }
    }
}

/// A field, without the way to the container of a pod.
fn place(path: &[String]) -> String {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let rest = match path.as_slice() {
        ["spec", "jobTemplate", "spec", "template", "spec", "containers", _, rest @ ..]
        | ["spec", "template", "spec", "containers", _, rest @ ..] => rest,
        ["spec", "jobTemplate", "spec", "template", "spec", rest @ ..]
        | ["spec", "template", "spec", rest @ ..] => rest,
        ["spec" | "metadata", rest @ ..] => rest,
        rest => rest,
    };
    if rest.is_empty() { path.join(".") } else { rest.join(".") }
}

/// What differs, in a few words.
pub fn words(differences: &[Difference]) -> String {
    let Some(first) = differences.first() else { return String::new() };
    let first = first.words();
    match differences.len() {
        1 => first,
        2 => format!("{first}, and 1 more field"),
        all => format!("{first}, and {} more fields", all - 1),
    }
}

/// The fields of a specification that other programs have set, but applc has not, and these programs.
/// `managed` is `metadata.managedFields`.
pub fn foreign(managed: &Value) -> Vec<(String, String)> {
    let (mut own, mut others) = (BTreeSet::new(), Vec::new());
    for entry in managed.as_array().into_iter().flatten() {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let Some(fields) = entry.get("fieldsV1").and_then(|fields| fields.get("f:spec")) else {
            continue;
        };
        let mut leaves = Vec::new();
        leaves_of(fields, &mut vec!["f:spec".to_owned()], &mut leaves);
        let manager = text("manager");
        if manager == super::model::APPLC {
            own.extend(leaves);
        } else if !manager.starts_with("kube-") && text("subresource") != "status" {
            // Controllers fill in what belongs to them.
            others.extend(leaves.into_iter().map(|path| (path, manager.to_owned())));
        }
    }
    others.retain(|(path, _)| !own.contains(path));
    let others = others.into_iter().map(|(path, manager)| (plain(&path), manager));
    // A restart by hand is no change.
    let changes = others.filter(|(path, _)| path.iter().all(|step| step != "annotations"));
    changes.map(|(path, manager)| (place(&path), manager)).collect()
}

/// The paths of the leaves of a set of fields (`FieldsV1`).
fn leaves_of(fields: &Value, path: &mut Vec<String>, leaves: &mut Vec<Vec<String>>) {
    let members: Vec<(&String, &Value)> =
        fields.as_object().into_iter().flatten().filter(|(key, _)| *key != ".").collect();
    // An item of a list that the program has added, as a whole.
    let is_item =
        path.last().is_some_and(|step| step.starts_with("k:")) && fields.get(".").is_some();
    if is_item || (members.is_empty() && !path.is_empty()) {
        return leaves.push(path.clone());
    }
    for (key, below) in members {
        path.push(key.clone());
        leaves_of(below, path, leaves);
        path.pop();
    }
}

/// The path of a set of fields in words: `f:spec`, `k:{"name":"web"}`.
fn plain(path: &[String]) -> Vec<String> {
    let name = |step: &String| {
        if let Some(name) = step.strip_prefix("f:") {
            return name.to_owned();
        }
        let Some(key) = step.strip_prefix("k:") else { return step.clone() };
        let key: Value = serde_json::from_str(key).unwrap_or_default();
        let value = key.get("name").or_else(|| key.as_object()?.values().next());
        match value {
            Some(Value::String(name)) => name.clone(),
            Some(other) => other.to_string(),
            None => step.clone(),
        }
    };
    path.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn all(before: &Value, after: &Value) -> Vec<String> {
        differences(before, after).iter().map(Difference::words).collect()
    }

    #[test]
    fn what_kubernetes_fills_in_is_no_difference() {
        let before = json!({"metadata": {"uid": "1", "generation": 2,
            "annotations": {"deployment.kubernetes.io/revision": "1"}}, "spec": {}, "status": {"a": 1}});
        let after = json!({"metadata": {"uid": "1", "generation": 3, "labels": {}}, "status": {}});
        assert_eq!(all(&before, &after), [""; 0]);
    }

    #[test]
    fn a_difference_is_named_without_what_may_be_secret() {
        let pod = |image: &str, value: &str, memory: &str| {
            json!({"spec": {"replicas": 1, "template": {"spec": {"containers": [
                {"name": "web", "image": image, "env": [{"name": "A", "value": value}],
                 "resources": {"limits": {"memory": memory}}}]}}}})
        };
        assert_eq!(
            all(&pod("a:1", "secret", "1Gi"), &pod("a:2", "other", "2Gi")),
            [
                "`env.A.value` has changed",
                "`image` is `a:2` instead of `a:1`",
                "`resources.limits.memory` is `2Gi` instead of `1Gi`"
            ]
        );
        let scaled = json!({"spec": {"replicas": 3}});
        assert_eq!(all(&scaled, &json!({"spec": {"replicas": 1}})), ["1 instance instead of 3"]);
        let none = json!({"spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}});
        assert_eq!(all(&none, &json!({"spec": {}})), ["`template` is removed"]);
    }

    #[test]
    fn items_of_a_list_are_compared_by_name() {
        let before =
            json!({"spec": {"ports": [{"name": "a", "port": 1}, {"name": "b", "port": 2}]}});
        let after = json!({"spec": {"ports": [{"name": "b", "port": 2}]}});
        assert_eq!(all(&before, &after), ["`ports.a` is removed"]);
    }

    #[test]
    fn defaults_are_not_missing() {
        let live = json!({"spec": {"a": 1, "b": 2}});
        assert_eq!(missing(&live, &json!({"spec": {"a": 1}})), []);
        assert_eq!(missing(&live, &json!({"spec": {"a": 2}})).len(), 1);
    }

    #[test]
    fn fields_of_other_programs_are_found() {
        let managed = json!([
            {"manager": "applc", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "kube-controller-manager", "subresource": "status", "fieldsV1": {"f:status": {}}},
            {"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {
                "k:{\"name\":\"web\"}": {"f:env": {".": {}, "k:{\"name\":\"B\"}": {".": {}, "f:value": {}}}}}}}}}},
        ]);
        assert_eq!(foreign(&managed), [("env.B".to_owned(), "kubectl-edit".to_owned())]);
    }
}
