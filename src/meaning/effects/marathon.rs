//! What Marathon and Chronos run. Marathon replaces the instances of an app if anything but their number changes
//! (`AppDefinition.isUpgrade`). A job that is posted to Chronos takes the place of the one before.

use serde_json::Value;

use super::Output;
use super::state::{Run, State, Volume, Work};
use super::tree;

/// The lists that Marathon reads as sets.
const SETS: [&str; 3] = ["constraints", "dependencies", "healthChecks"];

/// Reads what runs from a group and from jobs.
pub fn read(output: Output<'_>) -> Option<State> {
    let mut state = State::default();
    for (_, text) in output.files {
        let file: Value = serde_json::from_str(text).ok()?;
        tree::items(&file["apps"]).for_each(|app| read_app(app, &mut state));
        if let Some(name) = file["name"].as_str() {
            read_job(output, name, &file, &mut state);
        }
    }
    for run in &state.runs {
        // There is no list of volumes: those that are mounted are there.
        let volumes = run.mounts.values().map(|name| (name.clone(), Volume::default()));
        state.volumes.extend(volumes);
    }
    Some(state)
}

fn read_app(app: &Value, state: &mut State) {
    let container = app["labels"]["applc.container"].as_str();
    let (Some(container), Some(id)) = (container, app["id"].as_str()) else { return };
    let mut run = Run::new(container, id.to_owned());
    run.definition = tree::without(app, &["instances"]);
    tree::unordered(&mut run.definition, &SETS);
    run.instances = app["instances"].as_u64().unwrap_or(1);
    add_mounts(&mut run, &app["container"]["volumes"]);
    state.runs.push(run);
}

/// A job is named `APPLIANCE.CONTAINER`, each of several instances `APPLIANCE.CONTAINER.NUMBER`.
fn read_job(output: Output<'_>, name: &str, job: &Value, state: &mut State) {
    let id = name.split('.').nth(1).unwrap_or_default();
    let plan = &output.plan.containers;
    let named = |one: &&crate::plan::Container| {
        one.id.value == id || crate::targets::kubernetes_label(&one.id.value) == id
    };
    let Some(container) = plan.iter().find(named) else { return };
    let mut run = Run::new(&container.id.value, name.to_owned());
    let repeats = container.job().is_some_and(crate::plan::Job::is_repeating);
    run.work = if repeats { Work::Repeating } else { Work::Once };
    run.definition = job.clone();
    add_mounts(&mut run, &job["container"]["volumes"]);
    state.runs.push(run);
}

/// Adds the volumes of drivers, each of which has names of its own.
fn add_mounts(run: &mut Run, volumes: &Value) {
    for volume in tree::items(volumes) {
        let (path, external) = (&volume["containerPath"], &volume["external"]);
        // Chronos has the driver where Marathon has `dvdi`.
        let driver = external["options"]["dvdi/driver"].as_str().or(external["provider"].as_str());
        if let (Some(path), Some(name)) = (path.as_str(), external["name"].as_str()) {
            run.mounts.insert(path.to_owned(), format!("{}/{name}", driver.unwrap_or_default()));
        }
    }
}
