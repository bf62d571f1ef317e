//! What Nomad runs. It replaces the allocations of a group, with all its tasks, if `tasksUpdated` of its scheduler
//! finds a difference; all else it changes in place. A new version of a batch job runs again.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Output;
use super::state::{Run, State, Volume, Work};
use super::tree;

/// The parts of a task that are changed in place.
const TASK_IN_PLACE: [&str; 5] = ["service", "kill_timeout", "restart", "lifecycle", "constraint"];

/// Reads what runs from job specifications.
pub fn read(output: Output<'_>) -> Option<State> {
    let mut state = State::default();
    for (_, text) in output.files {
        let file = tree::hcl(text)?;
        let mut is_volume = true;
        for (name, blocks) in tree::members(&file) {
            if let Some(id) = name.strip_prefix("job ") {
                is_volume = false;
                tree::items(blocks).for_each(|job| read_job(output, id, job, &mut state));
            }
        }
        if let (true, Some(name)) = (is_volume, file["name"].as_str()) {
            let volume = volume(&file["namespace"], &file["type"], name);
            state.volumes.insert(volume, Volume::default());
        }
    }
    Some(state)
}

fn read_job(output: Output<'_>, id: &str, job: &Value, state: &mut State) {
    let work = match (job["type"].as_str(), &job["periodic"]) {
        (_, Value::Array(_)) => Work::Repeating,
        (Some("batch"), _) => Work::Once,
        _ => Work::Service,
    };
    for (name, groups) in tree::members(job) {
        let Some(name) = name.strip_prefix("group ") else { continue };
        let plan = &output.plan.containers;
        let Some(container) = plan.iter().find(|one| one.id.value == name) else { continue };
        for group in tree::items(groups) {
            let place = json!([job["region"], job["namespace"], id, name]);
            let mut run = Run::new(&container.id.value, place.to_string());
            run.work = work;
            run.instances = group["count"].as_u64().unwrap_or(1);
            // The whole job: with another number of instances, it runs again with all of them.
            run.definition =
                if work == Work::Service { definition(job, group) } else { job.clone() };
            if work == Work::Service {
                run.machines =
                    json!([job["datacenters"], job["node_pool"], constraints(job, group)]);
            }
            run.mounts = mounts(&job["namespace"], group);
            state.runs.push(run);
        }
    }
}

/// The part of a group that cannot change in place.
fn definition(job: &Value, group: &Value) -> Value {
    let members = tree::members(group).filter_map(|(name, value)| {
        let kept = match name.split(' ').next().unwrap_or_default() {
            "meta" | "ephemeral_disk" | "volume" | "network" => value.clone(),
            "task" => tree::items(value).map(|task| tree::without(task, &TASK_IN_PLACE)).collect(),
            _ => return None,
        };
        Some((name.clone(), kept))
    });
    json!([job["meta"], members.collect::<serde_json::Map<_, _>>()])
}

/// The constraints of a group: those of its job, its own, and those of its tasks.
fn constraints(job: &Value, group: &Value) -> Value {
    let tasks = tree::members(group).filter(|(name, _)| name.starts_with("task "));
    let tasks = tasks.flat_map(|(_, tasks)| tree::items(tasks)).map(|task| &task["constraint"]);
    [&job["constraint"], &group["constraint"]].into_iter().chain(tasks).cloned().collect()
}

/// The volumes that the tasks of a group mount, by path.
fn mounts(namespace: &Value, group: &Value) -> BTreeMap<String, String> {
    let source = |label: &str| {
        let volume_block = group[format!("volume {label}")].get(0)?;
        Some(volume(namespace, &volume_block["type"], volume_block["source"].as_str()?))
    };
    let tasks = tree::members(group).filter(|(name, _)| name.starts_with("task "));
    let mounts = tasks
        .flat_map(|(_, tasks)| tree::items(tasks))
        .flat_map(|task| tree::items(&task["volume_mount"]));
    let mount = |mount: &Value| {
        let volume = source(mount["volume"].as_str()?)?;
        Some((mount["destination"].as_str()?.to_owned(), volume))
    };
    mounts.filter_map(mount).collect()
}

/// The name of a volume: kinds have names of their own, and so have namespaces.
fn volume(namespace: &Value, kind: &Value, name: &str) -> String {
    let parts = [namespace.as_str(), kind.as_str(), Some(name)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("/")
}
