//! What Docker Compose runs. It recreates a container if the hash of its service changes, which leaves some keys out
//! (`ServiceHash` of docker/compose), or if a volume of it has another name.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Output;
use super::state::{Run, State, Volume, Work};
use super::tree;
use crate::plan::{Container, Plan};

/// The keys that the hash leaves out, as far as they do not make another image.
const NOT_HASHED: [&str; 5] = ["build", "pull_policy", "scale", "depends_on", "profiles"];

/// Lists of `NAME=value` and of `NAME:address`, which Compose reads as maps.
const MAPS: [&str; 3] = ["environment", "labels", "extra_hosts"];

/// Reads what runs from a Compose file.
pub fn read(output: Output<'_>) -> Option<State> {
    let mut state = State::default();
    for (_, text) in output.files {
        for file in tree::yaml(text)? {
            read_file(output, &file, &mut state);
        }
    }
    Some(state)
}

fn read_file(output: Output<'_>, file: &Value, state: &mut State) {
    let project = file["name"].as_str().unwrap_or_default();
    let mut names = BTreeMap::new();
    for (key, volume) in tree::members(&file["volumes"]) {
        let name = match volume["name"].as_str() {
            Some(name) => name.to_owned(),
            None => format!("{project}_{key}"),
        };
        let fixed = tree::without(volume, &["name"]);
        // The data of a volume with another driver are not its own: Compose asks before it replaces them.
        state.volumes.insert(name.clone(), Volume { fixed, size: None });
        names.insert(key.as_str(), name);
    }
    for (name, service) in tree::members(&file["services"]) {
        let id = label(service, "applc.container");
        let plan = &output.plan.containers;
        let Some(container) = plan.iter().find(|one| Some(one.id.value.as_str()) == id.as_deref())
        else {
            continue;
        };
        let mut run = Run::new(&container.id.value, format!("{project}/{name}"));
        if container.job().is_some() {
            run.work = Work::Once;
            run.timing = timing(container);
        }
        run.instances = service["scale"].as_u64().unwrap_or(1);
        for mount in tree::items(&service["volumes"]).filter(|mount| mount["type"] == "volume") {
            let (source, target) = (mount["source"].as_str(), mount["target"].as_str());
            if let (Some(source), Some(target)) = (source, target) {
                let name = names.get(source).map_or(source, String::as_str);
                run.mounts.insert(target.to_owned(), name.to_owned());
            }
        }
        let mut hashed = tree::without(service, &NOT_HASHED);
        tree::unordered(&mut hashed, &MAPS);
        // Another way to build makes another image, if the image is built at each `up`.
        let builds = service["pull_policy"] == "build";
        let build = if builds { service["build"].clone() } else { Value::Null };
        let volumes = run.mounts.values().map(|name| Value::from(name.as_str())).collect();
        run.definition = Value::Array(vec![hashed, build, volumes]);
        state.runs.push(run);
    }
}

/// When a job runs. Compose has no schedules, so the crontab of the machine has it, and no file.
fn timing(container: &Container) -> Value {
    let schedule = container.job().and_then(|job| job.schedule.as_ref());
    schedule.map_or(Value::Null, |schedule| json!([schedule.cron.value.line(), schedule.zone()]))
}

/// When each container runs that has a time.
pub fn timings(plan: &Plan) -> Vec<(&str, Value)> {
    let timed = plan.containers.iter().map(|one| (one.id.value.as_str(), timing(one)));
    timed.filter(|(_, timing)| !timing.is_null()).collect()
}

/// The value of a label, which is in a map or in a list.
fn label(service: &Value, name: &str) -> Option<String> {
    let labels = &service["labels"];
    let listed = || {
        let mut labels = tree::items(labels).filter_map(Value::as_str);
        labels.find_map(|label| label.strip_prefix(name)?.strip_prefix('='))
    };
    // An id that looks like a number is one in YAML.
    let written = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    labels.get(name).map(written).or_else(|| listed().map(str::to_owned))
}
