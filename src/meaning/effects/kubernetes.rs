//! What Kubernetes runs. A Deployment replaces its pods if their template changes; a Job cannot change its template;
//! a CronJob uses another one from the next run on.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Output;
use super::state::{Run, State, Volume, Work};
use super::tree;
use crate::targets::kubernetes_label;

/// The label with the name of the container.
const NAME: &str = "app.kubernetes.io/name";

/// Reads what runs from objects of Kubernetes.
pub fn read(output: Output<'_>) -> Option<State> {
    let mut state = State::default();
    for (_, text) in output.files {
        for object in tree::yaml(text)? {
            read_object(output, &object, &mut state);
        }
    }
    Some(state)
}

fn read_object(output: Output<'_>, object: &Value, state: &mut State) {
    let (meta, spec) = (&object["metadata"], &object["spec"]);
    let kind = object["kind"].as_str().unwrap_or_default();
    let namespace = meta["namespace"].as_str().unwrap_or_default();
    let name = text(&meta["name"]);
    if kind == "PersistentVolumeClaim" {
        let fixed = tree::only(spec, &["accessModes", "storageClassName"]);
        let size = mebibytes(&spec["resources"]["requests"]["storage"]);
        state.volumes.insert(format!("{namespace}/{name}"), Volume { fixed, size });
        return;
    }
    if kind == "Namespace" {
        state.namespaces.insert(name);
        return;
    }
    let label = text(&meta["labels"][NAME]);
    let plan = &output.plan.containers;
    let Some(container) = plan.iter().find(|one| kubernetes_label(&one.id.value) == label) else {
        return;
    };
    let mut run = Run::new(&container.id.value, format!("{kind} {namespace}/{name}"));
    let template = match kind {
        "Deployment" => {
            run.definition = spec["template"].clone();
            run.fixed = spec["selector"].clone();
            run.instances = spec["replicas"].as_u64().unwrap_or(1);
            &spec["template"]
        }
        "Job" => {
            run.work = Work::Once;
            run.instances = spec["completions"].as_u64().unwrap_or(1);
            // What is indexed can have more completions, as long as all run at the same time.
            let elastic = match spec["completionMode"] == "Indexed" {
                true => &["parallelism", "completions", "backoffLimit"][..],
                false => &["parallelism", "backoffLimit"],
            };
            run.fixed = tree::without(spec, elastic);
            &spec["template"]
        }
        "CronJob" => {
            run.work = Work::Repeating;
            run.definition = spec.clone();
            &spec["jobTemplate"]["spec"]["template"]
        }
        _ => return,
    };
    run.mounts = mounts(&template["spec"], namespace);
    state.runs.push(run);
}

/// The claims that a pod mounts, by path.
fn mounts(pod: &Value, namespace: &str) -> BTreeMap<String, String> {
    let claims: BTreeMap<String, String> = tree::items(&pod["volumes"])
        .filter_map(|volume| {
            let claim = volume["persistentVolumeClaim"].get("claimName")?;
            Some((text(&volume["name"]), format!("{namespace}/{}", text(claim))))
        })
        .collect();
    let containers = tree::items(&pod["containers"]);
    let mounts = containers.flat_map(|container| tree::items(&container["volumeMounts"]));
    let mount = |mount: &Value| {
        let claim = claims.get(&text(&mount["name"]))?;
        Some((text(&mount["mountPath"]), claim.clone()))
    };
    mounts.filter_map(mount).collect()
}

/// A name, also one that looks like a number.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A quantity in mebibytes, as applc writes it: with a unit from `Mi` on.
fn mebibytes(quantity: &Value) -> Option<u64> {
    let text = quantity.as_str()?;
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let power = ["Mi", "Gi", "Ti", "Pi", "Ei"].iter().position(|known| *known == unit)?;
    number.parse::<u64>().ok()?.checked_mul(1 << (10 * power))
}
