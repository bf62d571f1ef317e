//! The appliance with all defaults, and the shape of `status --format json`: that of PIVOT's API.

use std::sync::LazyLock;

use applc::syntax::{Kind, Node};
use serde_json::{Map, Value, json};

use crate::state::{Endpoint, Instance, Observed, State, container_state};

/// The published schema, which holds the defaults.
static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(applc::schema::TEXT).unwrap_or_default());

/// Fields of a running appliance, and fields without effect: they are not part of what is kept.
const LEFT_OUT: &[&str] = &[
    "$schema",
    "appliance",
    "state",
    "endpoints",
    "deployment",
    "last_update",
    "sys_schedule_hints",
    "tasks",
    "rack",
    "host",
    "cloud",
    "data",
    "cluster_type",
];

/// Fields whose words may be written in any case, and whether they are kept in upper case.
const WORDS: &[(&str, bool)] = &[("network_mode", false), ("type", false), ("mode", true)];

/// An appliance without errors as a document: all defaults are filled in, and each field has its current
/// name and form.
pub fn complete(tree: &Node) -> Value {
    let mut appliance = value(tree);
    if let Some(top) = appliance.as_object_mut() {
        LEFT_OUT.iter().for_each(|name| {
            top.remove(*name);
        });
        top.entry("data_persistence").or_insert_with(|| json!({}));
        top.entry("scheduler").or_insert_with(|| json!({}));
        for container in items(top.get_mut("containers")) {
            modernize(container);
        }
    }
    fill(&mut appliance, &SCHEMA);
    items(appliance.get_mut("containers")).for_each(without_port_of_command);
    appliance
}

/// A check by a command uses no port: that of the default may not even exist.
fn without_port_of_command(container: &mut Map<String, Value>) {
    let check = container.get_mut("health_check").and_then(Value::as_object_mut);
    if let Some(check) = check
        && check.get("protocol").is_some_and(|protocol| protocol == "COMMAND")
        && check.get("port_index").is_some_and(|index| *index == 0)
    {
        check.remove("port_index");
    }
}

/// The objects of an array.
fn items(array: Option<&mut Value>) -> impl Iterator<Item = &mut Map<String, Value>> {
    let items = array.and_then(Value::as_array_mut).into_iter().flatten();
    items.filter_map(Value::as_object_mut)
}

/// Gives the fields of a container their current names and forms.
fn modernize(container: &mut Map<String, Value>) {
    LEFT_OUT.iter().for_each(|name| {
        container.remove(*name);
    });
    rename(container, "user_schedule_hints", "schedule_hints");
    if let Some(resources) = container.get_mut("resources").and_then(Value::as_object_mut) {
        rename(resources, "gpus", "gpu");
    }
    spell(container);
    for mount in items(container.get_mut("volumes")) {
        if mount.contains_key("host_path") {
            rename(mount, "host_path", "src");
            rename(mount, "container_path", "dest");
            mount.insert("type".into(), "host".into());
        }
        spell(mount);
    }
}

fn rename(object: &mut Map<String, Value>, old: &str, new: &str) {
    if let Some(value) = object.remove(old) {
        object.entry(new).or_insert(value);
    }
}

fn spell(object: &mut Map<String, Value>) {
    for (name, upper) in WORDS {
        if let Some(Value::String(word)) = object.get_mut(*name) {
            *word = if *upper { word.to_ascii_uppercase() } else { word.to_ascii_lowercase() };
        }
    }
}

/// Fills in the defaults that the schema has for the parts of a value.
fn fill(value: &mut Value, rule: &Value) {
    let rule = follow(rule);
    match value {
        Value::Array(items) => {
            let of_items = rule.get("items").unwrap_or(&Value::Null);
            items.iter_mut().for_each(|item| fill(item, of_items));
        }
        Value::Object(object) => {
            // A rule with two forms: the current one is the second.
            let rule = rule.get("else").map_or(rule, follow);
            let Some(properties) = rule.get("properties").and_then(Value::as_object) else {
                return;
            };
            let beside = excluded_beside(object, rule);
            for (name, rule) in properties {
                let has_effect = name != "gpus" && !beside.contains(name);
                let default = rule.get("default").filter(|_| has_effect);
                if let (None, Some(default)) = (object.get(name), default) {
                    object.insert(name.clone(), default.clone());
                }
                if let Some(part) = object.get_mut(name) {
                    fill(part, rule);
                }
            }
            for name in excluded(object, rule) {
                object.remove(&name);
            }
        }
        _ => {}
    }
}

/// The fields without which an object is, because of another one that is written. A time zone is only
/// one of a schedule.
fn excluded_beside(object: &Map<String, Value>, rule: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for case in rule.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        let required = case.pointer("/if/required").and_then(Value::as_array);
        let forbidden = case.pointer("/then/properties").and_then(Value::as_object);
        let (Some(required), Some(forbidden)) = (required, forbidden) else { continue };
        let mut others = required.iter().filter_map(Value::as_str);
        let names_of = || forbidden.keys().filter(|name| required.contains(&json!(name)));
        if others.any(|name| !forbidden.contains_key(name) && object.contains_key(name)) {
            names.extend(names_of().cloned());
        }
    }
    if !object.contains_key("schedule") {
        names.push("time_zone".to_owned());
    }
    names
}

/// The fields that an object cannot have, because of the value of another one.
fn excluded(object: &Map<String, Value>, rule: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for case in rule.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        let conditions = case.pointer("/if/properties").and_then(Value::as_object);
        // A condition on several fields is about what is written, not about defaults.
        let Some((field, condition)) =
            conditions.filter(|all| all.len() == 1).and_then(|all| all.iter().next())
        else {
            continue;
        };
        let Some(found) = object.get(field) else { continue };
        let is_met = condition.get("const") == Some(found)
            || condition
                .get("enum")
                .and_then(Value::as_array)
                .is_some_and(|all| all.contains(found));
        let forbidden = case.pointer("/then/properties").and_then(Value::as_object);
        if is_met && let Some(forbidden) = forbidden {
            let names_of = forbidden.iter().filter(|(_, rule)| **rule == Value::Bool(false));
            names.extend(names_of.map(|(name, _)| name.clone()));
        }
    }
    names
}

/// The rule that a rule refers to.
fn follow(rule: &Value) -> &Value {
    let path = rule.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
    path.and_then(|path| SCHEMA.pointer(path)).unwrap_or(rule)
}

/// A node as a value. Of members with the same key, the first counts.
fn value(node: &Node) -> Value {
    match &node.kind {
        Kind::Null | Kind::Broken => Value::Null,
        Kind::Bool(value) => Value::Bool(*value),
        Kind::Number(text) => serde_json::from_str(text).unwrap_or(Value::Null),
        Kind::String(text) => Value::String(text.to_string()),
        Kind::Array(items) => Value::Array(items.iter().map(value).collect()),
        Kind::Object(object) => {
            let mut members = Map::new();
            for member in &object.members {
                members.entry(member.key.value.to_string()).or_insert_with(|| value(&member.value));
            }
            Value::Object(members)
        }
    }
}

/// An appliance with the state and the endpoints of each container, as `GET /appliance/ID` of PIVOT has
/// it. `kept` is the complete appliance, if this machine has it; without it, the result has only ids,
/// states and endpoints. `absent` is the state of a container without instances.
pub fn render(id: &str, kept: Option<&Value>, observed: &Observed, absent: State) -> Value {
    let mut appliance = kept.cloned().unwrap_or_else(|| bare(id, observed));
    for container in items(appliance.get_mut("containers")) {
        let own = container.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let state = container_state(observed.of(&own), absent);
        let endpoints: Vec<Endpoint> =
            observed.of(&own).flat_map(|instance| endpoints(container, instance)).collect();
        container.insert("appliance".into(), id.into());
        container.insert("state".into(), state.word().into());
        container.insert("endpoints".into(), serde_json::to_value(endpoints).unwrap_or_default());
    }
    appliance
}

/// What is known of an appliance without its source.
fn bare(id: &str, observed: &Observed) -> Value {
    let mut ids: Vec<&str> = observed.instances.iter().map(|one| one.container.as_str()).collect();
    ids.dedup();
    let containers: Vec<Value> = ids.into_iter().map(|id| json!({ "id": id })).collect();
    json!({ "id": id, "containers": containers })
}

/// The endpoints of an instance: those of the engine, with the names that the appliance gives its ports.
fn endpoints(container: &Map<String, Value>, instance: &Instance) -> Vec<Endpoint> {
    let ports = || container.get("ports").and_then(Value::as_array).into_iter().flatten();
    let number = |port: &Value| port.get("container_port").and_then(Value::as_u64);
    let word = |port: &Value, name: &str| port.get(name).and_then(Value::as_str).map(str::to_owned);
    let protocol = |port: &Value| word(port, "protocol").unwrap_or_else(|| "tcp".to_owned());
    if let Some(host) = &instance.on_host {
        if instance.state != State::Running {
            return Vec::new();
        }
        let endpoint = |port: &Value| {
            let number = u16::try_from(number(port)?).ok()?;
            Some(Endpoint {
                host: host.clone(),
                host_port: number,
                container_port: number,
                protocol: protocol(port),
                name: word(port, "name"),
            })
        };
        return ports().filter_map(endpoint).collect();
    }
    let is_of = |endpoint: &Endpoint, port: &Value| {
        number(port) == Some(endpoint.container_port.into()) && protocol(port) == endpoint.protocol
    };
    let named = |endpoint: &Endpoint| {
        let name = ports().find(|port| is_of(endpoint, port)).and_then(|port| word(port, "name"));
        Endpoint { name, ..endpoint.clone() }
    };
    let mut endpoints: Vec<Endpoint> = instance.endpoints.iter().map(named).collect();
    // In the order of the appliance, as PIVOT lists them; those that it does not list come last.
    let place = |endpoint: &Endpoint| ports().position(|port| is_of(endpoint, port));
    endpoints.sort_by_key(|endpoint| place(endpoint).unwrap_or(usize::MAX));
    endpoints
}

#[cfg(test)]
mod tests {
    use applc::analysis::Analysis;
    use applc::source::Source;

    use super::*;

    fn completed(text: &str) -> Value {
        complete(&Analysis::of(&Source::new("app.json", text)).tree.unwrap())
    }

    #[test]
    fn a_service_has_the_defaults_of_a_service_and_a_job_those_of_a_job() {
        let appliance = completed(
            r#"{"id": "app", "containers": [
              {"id": "web", "type": "service", "image": "a:1", "resources": {"cpus": 0.5, "mem": 64},
               "network_mode": "BRIDGE", "ports": [{"container_port": 80}],
               "health_check": {}, "volumes": [{"host_path": "/a", "container_path": "/b", "mode": "ro"}]},
              {"id": "job", "type": "job", "image": "a:1", "resources": {"cpus": 1, "mem": 64, "gpus": 2}}]}"#,
        );
        assert_eq!(
            appliance["containers"][0],
            json!({
                "id": "web", "type": "service", "image": "a:1",
                "resources": {"cpus": 0.5, "mem": 64, "disk": 0, "gpu": 0},
                "network_mode": "bridge",
                "ports": [
                    {"container_port": 80, "host_port": 0, "protocol": "tcp", "internal": false},
                ],
                "health_check": {
                    "protocol": "MESOS_TCP", "port_index": 0, "interval_seconds": 60, "timeout_seconds": 20,
                    "max_consecutive_failures": 3, "grace_period_seconds": 300,
                },
                "volumes": [{"mode": "RO", "src": "/a", "dest": "/b", "type": "host"}],
                "instances": 1, "args": [], "labels": {}, "files": [], "env": {}, "secret_env": {},
                "secret_files": [], "is_privileged": false,
                "force_pull_image": true, "dependencies": [], "default_health_check": false,
                "minimum_capacity": 0,
            })
        );
        let job = &appliance["containers"][1];
        assert_eq!(
            (&job["retries"], &job["repeats"], &job["interval"]),
            (&json!(1), &json!(1), &json!("2M"))
        );
        assert_eq!((&job["start_time"], job.get("minimum_capacity")), (&json!(""), None));
        assert_eq!(job["resources"]["gpu"], 2);
        assert_eq!(job["resources"].get("gpus"), None);
        assert_eq!(appliance["data_persistence"], json!({"volume_type": "cephfs", "volumes": []}));
        assert_eq!(appliance["scheduler"], json!({}));
    }

    #[test]
    fn a_schedule_has_no_defaults_of_other_repeating_jobs() {
        let rule = SCHEMA.pointer("/definitions/container").unwrap();
        let filled = |mut job: Value| {
            fill(&mut job, rule);
            ["repeats", "start_time", "interval", "time_zone"].map(|name| job.get(name).cloned())
        };
        let scheduled = filled(json!({"type": "job", "schedule": "0 3 * * *"}));
        assert_eq!(scheduled, [None, None, None, Some(json!("UTC"))]);
        let counted = filled(json!({"type": "job"}));
        assert_eq!(counted, [Some(json!(1)), Some(json!("")), Some(json!("2M")), None]);
    }

    #[test]
    fn a_completed_appliance_is_complete() {
        let text = std::fs::read_to_string(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../examples/web-stack.json"
        ));
        let once = completed(&text.unwrap());
        assert_eq!(completed(&once.to_string()), once);
    }

    #[test]
    fn a_completed_appliance_has_no_errors_of_its_own() {
        let appliance = completed(
            r#"{"id": "app", "containers": [{"id": "db", "type": "service", "image": "a:1",
              "resources": {"cpus": 1, "mem": 64}, "network_mode": "bridge",
              "health_check": {"protocol": "COMMAND", "command": "true"}}]}"#,
        );
        let analysis = Analysis::of(&Source::new("app.json", appliance.to_string()));
        assert!(analysis.valid_plan().is_some(), "{appliance}");
    }

    #[test]
    fn numbers_keep_their_digits_as_far_as_json_has_them() {
        let appliance = completed(
            r#"{"id": "a", "containers": [{"id": "b", "type": "service", "image": "a:1",
              "resources": {"cpus": 1.50, "mem": 64}, "env": {"A": 1.10, "B": {"c": [null, true]}}}]}"#,
        );
        assert_eq!(appliance["containers"][0]["resources"]["cpus"], 1.5);
        assert_eq!(appliance["containers"][0]["env"], json!({"A": 1.1, "B": {"c": [null, true]}}));
    }

    #[test]
    fn endpoints_are_in_the_order_of_the_appliance() {
        let kept = json!({"id": "app", "containers": [
            {"id": "web", "ports": [
                {"container_port": 8080, "protocol": "tcp"}, {"container_port": 7077, "protocol": "tcp"},
            ]},
        ]});
        let endpoint = |container_port| Endpoint {
            host: "localhost".into(),
            host_port: 32768,
            container_port,
            protocol: "tcp".into(),
            name: None,
        };
        let instance = Instance {
            endpoints: vec![endpoint(7077), endpoint(8080), endpoint(9000)],
            ..Instance::plain("web", "app-web-1", State::Running)
        };
        let observed = Observed { instances: vec![instance] };
        let shown = render("app", Some(&kept), &observed, State::Submitted);
        let ports = shown.pointer("/containers/0/endpoints").and_then(Value::as_array).unwrap();
        let ports: Vec<_> =
            ports.iter().map(|one| one["container_port"].as_u64().unwrap()).collect();
        assert_eq!(ports, [8080, 7077, 9000]);
    }

    #[test]
    fn states_and_endpoints_are_added_to_the_kept_appliance() {
        let kept = json!({"id": "app", "containers": [
            {"id": "web", "ports": [{"container_port": 80, "protocol": "tcp", "name": "http"}]},
            {"id": "later", "ports": []},
        ]});
        let instance = Instance {
            endpoints: vec![Endpoint {
                host: "localhost".into(),
                host_port: 32768,
                container_port: 80,
                protocol: "tcp".into(),
                name: None,
            }],
            ..Instance::plain("web", "app-web-1", State::Running)
        };
        let on_host =
            Instance { endpoints: Vec::new(), on_host: Some("node".into()), ..instance.clone() };
        let rendered = |instance: &Instance| {
            let observed = Observed { instances: vec![instance.clone()] };
            render("app", Some(&kept), &observed, State::Submitted)
        };
        let found = rendered(&instance);
        assert_eq!(
            found["containers"][0]["endpoints"],
            json!([{"host": "localhost", "host_port": 32768, "container_port": 80, "protocol": "tcp", "name": "http"}])
        );
        assert_eq!(found["containers"][0]["state"], "running");
        assert_eq!(found["containers"][0]["appliance"], "app");
        assert_eq!(found["containers"][1]["state"], "submitted");
        assert_eq!(found["containers"][1]["endpoints"], json!([]));
        assert_eq!(
            rendered(&on_host)["containers"][0]["endpoints"],
            json!([{"host": "node", "host_port": 80, "container_port": 80, "protocol": "tcp", "name": "http"}])
        );
        let without =
            render("app", None, &Observed { instances: vec![instance] }, State::Submitted);
        assert_eq!(without["containers"].as_array().unwrap().len(), 1);
        assert_eq!(without["containers"][0]["id"], "web");
    }
}
