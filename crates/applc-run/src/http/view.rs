//! What is shown of an appliance: PIVOT's shape, and what applc adds to it.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::answer::Problem;
use crate::state::{Instance, Observed, State};

/// Why the last run that brought an appliance up has failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The id of the container that is the cause, if one is.
    pub container: Option<String>,
    /// What is wrong.
    pub problem: Problem,
}

/// The containers of an appliance.
pub fn containers(appliance: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let containers = appliance.get("containers").and_then(Value::as_array);
    containers.into_iter().flatten().filter_map(Value::as_object)
}

fn containers_mut(appliance: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    let containers = appliance.get_mut("containers").and_then(Value::as_array_mut);
    containers.into_iter().flatten().filter_map(Value::as_object_mut)
}

/// A text field.
pub fn text<'a>(object: &'a Map<String, Value>, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Marks what has failed, in an appliance as it was rendered: the container that is the cause, or all that
/// were not started. One that came up in the meantime has not failed any more.
pub fn mark(appliance: &mut Value, observed: &Observed, failure: &Failure) {
    for container in containers_mut(appliance) {
        let id = text(container, "id").to_owned();
        let is_marked = match &failure.container {
            Some(cause) => *cause == id,
            None => observed.of(&id).next().is_none(),
        };
        let is_up = matches!(text(container, "state"), "running" | "success");
        if is_marked && !is_up {
            container.insert("state".into(), State::Failed.word().into());
        }
    }
}

/// An appliance with all that is known of its containers: `why` they are in their state, `times`, and
/// `tasks`, one for each instance; and the `failure` of the last run.
pub fn detailed(appliance: &Value, observed: &Observed, failure: Option<&Failure>) -> Value {
    let mut all = appliance.clone();
    for container in containers_mut(&mut all) {
        detail(container, observed, failure);
    }
    if let (Some(top), Some(failure)) = (all.as_object_mut(), failure) {
        let mut value = failure.problem.value();
        if let Some(value) = value.as_object_mut() {
            value.insert("container".into(), failure.container.clone().into());
        }
        top.insert("failure".into(), value);
    }
    all
}

/// Adds to a container what is known of it.
pub fn detail(container: &mut Map<String, Value>, observed: &Observed, failure: Option<&Failure>) {
    let id = text(container, "id").to_owned();
    let state = text(container, "state").to_owned();
    // The state of the container is that of one of its instances.
    let one = observed.of(&id).find(|one| one.state.word() == state);
    let of_failure = failure.filter(|failure| match &failure.container {
        Some(cause) => *cause == id,
        None => state == State::Failed.word(),
    });
    let why = one
        .and_then(|one| one.why.clone().or_else(|| one.fault.clone().map(|fault| fault.reason)))
        .or_else(|| of_failure.map(|failure| failure.problem.message.clone()));
    let one = one.or_else(|| observed.of(&id).next());
    container.insert("why".into(), why.into());
    container.insert("times".into(), one.map_or_else(|| json!({}), times));
    let tasks: Vec<Value> = observed.of(&id).map(task).collect();
    container.insert("tasks".into(), tasks.into());
}

fn task(one: &Instance) -> Value {
    json!({
        "name": one.name,
        "state": one.state.word(),
        "why": one.why,
        "restarts": one.restarts,
        "times": times(one),
    })
}

/// The times that are known.
fn times(one: &Instance) -> Value {
    let times = &one.times;
    let all = [
        ("created", times.created),
        ("pulling", times.pulling),
        ("starting", times.starting),
        ("started", times.started),
        ("ready", times.ready),
        ("ended", times.ended),
    ];
    let known = |(name, time): (&str, Option<Timestamp>)| {
        time.map(|time| (name.to_owned(), time.to_string().into()))
    };
    Value::Object(all.into_iter().filter_map(known).collect())
}
