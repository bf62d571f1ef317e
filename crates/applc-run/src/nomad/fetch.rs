//! Asking Nomad about appliances.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};

use super::client::{Nomad, encoded, is_forbidden};
use super::model::{Check, Evaluation, Job, Node, Spec};
use super::states::{Seen, was_healthy};

/// What was asked for before and does not change, or is not told again.
#[derive(Debug, Default)]
pub struct Memory {
    /// Specifications by namespace and id, with the index of their last change.
    specs: Mutex<BTreeMap<(String, String), (u64, Spec)>>,
    /// What the last failing check of an allocation said.
    outputs: Mutex<BTreeMap<String, String>>,
    /// The index of the last answer about allocations, and their namespace.
    index: Mutex<Option<(String, u64)>>,
}

/// Shortest time between two looks: what happens together is looked at together.
const TOGETHER: Duration = Duration::from_millis(150);

/// Waits until something may have happened to an allocation since they were asked for last, at most this
/// long.
pub fn wait(nomad: &Nomad, memory: &Memory, limit: Duration) {
    let began = Instant::now();
    let last = memory.index.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some((namespace, index)) = last {
        let space = encoded(&namespace);
        let wait = limit.as_millis();
        let path =
            format!("/v1/allocations?namespace={space}&per_page=1&index={index}&wait={wait}ms");
        // The next look tells what is wrong.
        let waited = nomad.get::<serde::de::IgnoredAny>(&path, "read jobs");
        if waited.is_ok() {
            return thread::sleep(TOGETHER.min(limit).saturating_sub(began.elapsed()));
        }
    }
    thread::sleep(limit.saturating_sub(began.elapsed()));
}

/// The path of something about a job.
pub fn job_path(namespace: &str, job: &str, part: &str) -> String {
    format!("/v1/job/{}{part}?namespace={}", encoded(job), encoded(namespace))
}

/// The jobs of appliances. With an id, only those of this one.
///
/// # Errors
/// The agent does not answer or refuses.
pub fn jobs(nomad: &Nomad, id: Option<&str>) -> Result<Vec<Job>, Error> {
    let mut jobs = named(nomad, id.unwrap_or_default())?;
    jobs.retain(|job| match id {
        Some(id) => job.appliance() == Some(id),
        None => job.appliance().is_some(),
    });
    Ok(jobs)
}

/// The jobs whose ids begin with a text, also those of others.
///
/// # Errors
/// The agent does not answer or refuses.
pub fn named(nomad: &Nomad, begin: &str) -> Result<Vec<Job>, Error> {
    let (space, begin) = (encoded(nomad.namespace()), encoded(begin));
    let path = format!("/v1/jobs?meta=true&namespace={space}&prefix={begin}");
    Ok(nomad.get(&path, "list jobs")?.unwrap_or_default())
}

/// The namespace of an appliance. `None` if it has no jobs.
///
/// # Errors
/// It runs in several namespaces.
pub fn namespace(id: &str, jobs: &[Job]) -> Result<Option<String>, Error> {
    let mut names: Vec<&str> = jobs.iter().map(|job| job.namespace.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some((*one).to_owned())),
        several => {
            let message = format!("`{id}` is in several namespaces: {}", several.join(", "));
            Err(Error::new(ErrorKind::Refused, message).help("choose one with `NOMAD_NAMESPACE`"))
        }
    }
}

/// What Nomad has of an appliance with these jobs.
///
/// # Errors
/// The agent does not answer or refuses.
pub fn seen(nomad: &Nomad, memory: &Memory, id: &str, jobs: Vec<Job>) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    let Some(namespace) = namespace(id, &jobs)? else { return Ok(seen) };
    for job in jobs {
        // It was removed in the meantime.
        let Some(spec) = spec(nomad, memory, &job)? else { continue };
        match job.parent.as_str() {
            "" => seen.jobs.push((job, spec)),
            parent => {
                let known = seen.runs.get(parent).map_or(0, |(known, _)| known.create_index);
                if known < job.create_index {
                    seen.runs.insert(parent.to_owned(), (job, spec));
                }
            }
        }
    }
    let space = encoded(&namespace);
    let of = encoded(&format!("JobID matches \"^{id}([.].*)?$\""));
    let path =
        format!("/v1/allocations?namespace={space}&task_states=true&resources=true&filter={of}");
    let (allocations, index) = nomad.get_with_index(&path, "read jobs")?;
    seen.allocations = allocations.unwrap_or_default();
    *memory.index.lock().unwrap_or_else(PoisonError::into_inner) =
        index.map(|index| (namespace.clone(), index));
    let blocked = encoded(&format!("Status == \"blocked\" and JobID matches \"^{id}([.].*)?$\""));
    let path = format!("/v1/evaluations?namespace={space}&filter={blocked}");
    let blocked: Vec<Evaluation> = nomad.get(&path, "read jobs")?.unwrap_or_default();
    seen.blocked = blocked.into_iter().filter(|one| !one.failed.is_empty()).collect();
    if !seen.blocked.is_empty() {
        seen.nodes = nodes(nomad)?;
    }
    look_at_checks(nomad, memory, &mut seen)?;
    Ok(seen)
}

fn spec(nomad: &Nomad, memory: &Memory, job: &Job) -> Result<Option<Spec>, Error> {
    let key = (job.namespace.clone(), job.id.clone());
    let known = memory.specs.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    if let Some((_, spec)) = known.filter(|(index, _)| *index == job.job_modify_index) {
        return Ok(Some(spec));
    }
    let path = job_path(&job.namespace, &job.id, "");
    let spec: Option<Spec> = nomad.get(&path, "read jobs")?;
    if let Some(spec) = &spec {
        let mut specs = memory.specs.lock().unwrap_or_else(PoisonError::into_inner);
        specs.insert(key, (job.job_modify_index, spec.clone()));
    }
    Ok(spec)
}

/// Asks for the checks of instances that run and were not healthy yet.
fn look_at_checks(nomad: &Nomad, memory: &Memory, seen: &mut Seen) -> Result<(), Error> {
    let mut wanted = Vec::new();
    for (job, spec) in &seen.jobs {
        for (group, one) in seen.current(job, spec) {
            let main = group.main().and_then(|task| one.task_states.get(&task.name));
            let runs = main.is_some_and(|task| task.state == "running");
            if runs && group.is_checked() && !was_healthy(one, group) {
                wanted.push((one.id.clone(), one.namespace.clone()));
            }
        }
    }
    for (id, namespace) in wanted {
        let path = format!("/v1/client/allocation/{id}/checks?namespace={}", encoded(&namespace));
        let found: Result<Option<BTreeMap<String, Check>>, Error> = nomad.get(&path, "read jobs");
        // Its node may not answer at the moment: that is told by its state.
        let checks = match found {
            Ok(checks) => checks.unwrap_or_default(),
            Err(error) if error.kind == ErrorKind::Refused && !is_forbidden(&error) => continue,
            Err(error) => return Err(error),
        };
        let checks: Vec<Check> = checks.into_values().collect();
        if let Some(failing) = checks.iter().find(|check| check.status == "failure") {
            let said = failing.output.trim_start_matches("nomad: ").to_owned();
            let mut outputs = memory.outputs.lock().unwrap_or_else(PoisonError::into_inner);
            outputs.insert(id.clone(), said);
        }
        seen.checks.insert(id, checks);
    }
    seen.outputs = memory.outputs.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Ok(())
}

/// The nodes of the cluster. None if the user may not see them.
///
/// # Errors
/// The agent does not answer or refuses.
pub fn nodes(nomad: &Nomad) -> Result<Vec<Node>, Error> {
    match nomad.get("/v1/nodes?resources=true&os=true", "list nodes") {
        Ok(nodes) => Ok(nodes.unwrap_or_default()),
        Err(error) if is_forbidden(&error) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
