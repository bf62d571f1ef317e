//! Handing an appliance over: volumes are created, jobs registered, and those that are gone removed.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::engine::{Failure, Handover, Progress, Step};
use crate::error::{Error, ErrorKind};
use crate::state::{Fault, FaultKind, Observed};
use crate::tool::Running;

use super::change::{self, is_broken};
use super::client::{Nomad, complaint, encoded};
use super::fetch::{self, Memory, job_path};
use super::model::{Deployment, Job, Node, Planned, Spec};
use super::states::Seen;
use super::wanted::{Wanted, WantedVolume};

/// A priority is changed and changed back to make a new version of a job that is otherwise the same. No
/// instance is replaced because of it.
const PRIORITY: &str = "Priority";

/// A hand-over to Nomad.
pub struct Registration {
    nomad: Nomad,
    memory: Arc<Memory>,
    id: String,
    wanted: Vec<Wanted>,
    volumes: VecDeque<(WantedVolume, Option<String>)>,
    creating: Option<(WantedVolume, Option<String>, Running)>,
    is_done: bool,
}

/// What Nomad returns for a job that was registered.
#[derive(Deserialize)]
struct Ignored {}

impl Registration {
    /// A hand-over of these jobs. `volumes` are those that do not exist yet, each with the first container
    /// that uses it.
    pub fn new(
        nomad: Nomad,
        memory: Arc<Memory>,
        id: String,
        wanted: Vec<Wanted>,
        volumes: VecDeque<(WantedVolume, Option<String>)>,
    ) -> Registration {
        Registration { nomad, memory, id, wanted, volumes, creating: None, is_done: false }
    }

    /// Goes on with volumes. Returns a step if there is more to do, or if one could not be created.
    fn create_volumes(&mut self) -> Result<Option<Step>, Error> {
        if let Some((_, _, running)) = &mut self.creating {
            let Some(output) = running.poll() else { return Ok(Some(Step::Working)) };
            let created = self.creating.take();
            if let (false, Some((volume, container, _))) = (output.success, created) {
                let error = complaint(&output);
                if error.kind == ErrorKind::Unreachable {
                    return Err(error);
                }
                let reason = format!("volume `{}`: {}", volume.id, plain(&error));
                let fault = Fault { kind: FaultKind::Start, reason };
                return Ok(Some(Step::Failed(Failure { container, instance: None, fault })));
            }
        }
        let Some((volume, container)) = self.volumes.pop_front() else { return Ok(None) };
        let running = self.nomad.create_volume(&volume.file)?;
        self.creating = Some((volume, container, running));
        Ok(Some(Step::Working))
    }

    /// Registers what is changed, removes what is gone, and gives what failed another chance.
    fn register(&self) -> Result<Step, Error> {
        let jobs = fetch::jobs(&self.nomad, Some(&self.id))?;
        let seen = fetch::seen(&self.nomad, &self.memory, &self.id, jobs)?;
        let observed = seen.observed();
        for (job, _) in &seen.jobs {
            if self.wanted.iter().all(|wanted| wanted.id != job.id) {
                remove(&self.nomad, job)?;
            }
        }
        for wanted in &self.wanted {
            let registered = step(&self.nomad, wanted, &seen)
                .and_then(|step| register_one(&self.nomad, &step, &observed));
            match registered {
                Err(error) if error.kind == ErrorKind::Refused => {
                    return Ok(Step::Failed(failure(wanted, &error)));
                }
                other => other?,
            }
        }
        Ok(Step::Done)
    }
}

impl Handover for Registration {
    fn poll(&mut self, _: &mut dyn FnMut(Progress)) -> Result<Step, Error> {
        if self.is_done {
            return Ok(Step::Done);
        }
        if let Some(step) = self.create_volumes()? {
            return Ok(step);
        }
        let step = self.register()?;
        self.is_done = true;
        Ok(step)
    }
}

/// A message without the name of the engine, which stands before it.
fn plain(error: &Error) -> &str {
    error.message.strip_prefix("Nomad: ").unwrap_or(&error.message)
}

/// The failure of a job that Nomad refuses. Of a job for several services, Nomad's message may name one.
fn failure(wanted: &Wanted, error: &Error) -> Failure {
    let message = plain(error);
    let is_named = |group: &&String| {
        ["Task group", "group"].iter().any(|word| {
            message.contains(&format!("{word} {group} "))
                || message.contains(&format!("{word} \"{group}\""))
        })
    };
    let named = wanted.groups.iter().find(is_named);
    let container = named.or_else(|| wanted.groups.first().filter(|_| wanted.groups.len() == 1));
    let fault = Fault { kind: FaultKind::Start, reason: message.to_owned() };
    Failure { container: container.cloned(), instance: None, fault }
}

/// Asks Nomad what registering a job would do.
///
/// # Errors
/// The agent does not answer or refuses.
pub fn step<'a>(
    nomad: &Nomad,
    wanted: &'a Wanted,
    seen: &'a Seen,
) -> Result<change::Step<'a>, Error> {
    let existing = seen.jobs.iter().find(|(job, _)| job.id == wanted.id);
    let path = job_path(&wanted.namespace, &wanted.id, "/plan");
    let body = json!({ "Job": wanted.job, "Diff": true });
    let planned: Option<Planned> = nomad.send("POST", &path, &body, "plan jobs")?;
    let mut is_given_up = false;
    if let Some((job, spec)) = existing.filter(|_| !wanted.is_batch) {
        let path = job_path(&job.namespace, &job.id, "/deployment");
        let latest: Option<Option<Deployment>> = nomad.get(&path, "read jobs")?;
        let latest = latest.flatten().filter(|latest| latest.job_version == spec.version);
        is_given_up =
            latest.is_some_and(|latest| ["failed", "cancelled"].contains(&latest.status.as_str()));
    }
    Ok(change::Step { wanted, existing, planned: planned.unwrap_or_default(), is_given_up })
}

/// Registers a job if it has changed, or if it has to run again.
fn register_one(nomad: &Nomad, step: &change::Step<'_>, observed: &Observed) -> Result<(), Error> {
    let wanted = step.wanted;
    let mut own = wanted.groups.iter().flat_map(|group| observed.of(group));
    let is_broken = own.any(|one| is_broken(one.state));
    let index = step.planned.job_modify_index;
    if step.is_changed() {
        register(nomad, wanted, &wanted.job, Some(index))?;
    } else if wanted.is_batch && is_broken {
        let Some((job, _)) = step.existing.filter(|(job, _)| !job.periodic) else { return Ok(()) };
        // Nomad does not run a batch job again that has failed, unless it was stopped in between.
        stop(nomad, job, false)?;
        register(nomad, wanted, &wanted.job, None)?;
    } else if step.is_given_up {
        let mut other = wanted.job.clone();
        if let Some(other) = other.as_object_mut() {
            let own = other.get(PRIORITY).and_then(Value::as_u64).unwrap_or(50);
            other.insert(PRIORITY.to_owned(), json!(if own > 1 { own - 1 } else { own + 1 }));
        }
        register(nomad, wanted, &other, Some(index))?;
        register(nomad, wanted, &wanted.job, None)?;
    }
    if is_broken && !wanted.is_batch && step.existing.is_some() {
        let path = job_path(&wanted.namespace, &wanted.id, "/evaluate");
        let body = json!({
            "JobID": wanted.id, "Namespace": wanted.namespace, "EvalOptions": {"ForceReschedule": true},
        });
        let _: Option<Ignored> = nomad.send("PUT", &path, &body, "submit jobs")?;
    }
    Ok(())
}

/// Registers a job. With an index, only if the registered one is in this state.
fn register(nomad: &Nomad, wanted: &Wanted, job: &Value, index: Option<u64>) -> Result<(), Error> {
    let mut body = json!({
        "Job": job,
        "Submission": { "Source": wanted.text, "Format": "hcl2" },
    });
    if let (Some(index), Some(body)) = (index, body.as_object_mut()) {
        body.insert("EnforceIndex".to_owned(), json!(true));
        body.insert("JobModifyIndex".to_owned(), json!(index));
    }
    let path = format!("/v1/jobs?namespace={}", encoded(&wanted.namespace));
    let _: Option<Ignored> = nomad.send("POST", &path, &body, "submit jobs")?;
    Ok(())
}

/// Registers a job that is registered without one of its groups.
///
/// # Errors
/// The agent does not answer or refuses.
pub fn without_group(nomad: &Nomad, job: &Job, group: &str) -> Result<(), Error> {
    let path = job_path(&job.namespace, &job.id, "");
    let Some(mut whole) = nomad.get::<Value>(&path, "read jobs")? else { return Ok(()) };
    if let Some(groups) = whole.get_mut("TaskGroups").and_then(Value::as_array_mut) {
        groups.retain(|one| one.get("Name").and_then(Value::as_str) != Some(group));
    }
    let body = json!({
        "Job": whole, "EnforceIndex": true, "JobModifyIndex": job.job_modify_index,
    });
    let path = format!("/v1/jobs?namespace={}", encoded(&job.namespace));
    let _: Option<Ignored> = nomad.send("POST", &path, &body, "submit jobs")?;
    Ok(())
}

/// Removes a job, and with it what Nomad knows of its allocations, also of those that still run.
///
/// # Errors
/// The agent does not answer or refuses.
pub fn remove(nomad: &Nomad, job: &Job) -> Result<(), Error> {
    stop(nomad, job, true)
}

/// Stops a job, or removes it with `purge`.
///
/// # Errors
/// The agent does not answer or refuses.
pub fn stop(nomad: &Nomad, job: &Job, purge: bool) -> Result<(), Error> {
    let path = format!("{}&purge={purge}", job_path(&job.namespace, &job.id, ""));
    nomad.delete(&path, "stop jobs").map(drop)
}

/// Tells what becomes of the groups of a job.
type OfStep = fn(&change::Step<'_>, &Observed, &[Node]) -> Vec<crate::engine::Change>;

/// The changes of a whole output. `of_step` tells those of one job.
///
/// # Errors
/// The agent does not answer or refuses.
pub fn changes(
    nomad: &Nomad,
    wanted: &[Wanted],
    seen: &Seen,
    of_step: OfStep,
) -> Result<Vec<crate::engine::Change>, Error> {
    let observed = seen.observed();
    let mut steps = Vec::new();
    for one in wanted {
        steps.push(step(nomad, one, seen)?);
    }
    let nodes = match steps.iter().any(|step| !step.planned.failed.is_empty()) {
        true => fetch::nodes(nomad)?,
        false => seen.nodes.clone(),
    };
    let mut changes: Vec<_> =
        steps.iter().flat_map(|step| of_step(step, &observed, &nodes)).collect();
    let jobs: &[(Job, Spec)] = &seen.jobs;
    changes.extend(change::removed(jobs, wanted));
    // A container that is now a job, or was one, is in two jobs.
    let mut unique: Vec<crate::engine::Change> = Vec::new();
    for change in changes {
        match unique.iter_mut().find(|known| known.container == change.container) {
            Some(known) => {
                known.action = crate::engine::Action::Replaced;
                known.why = "its type has changed".to_owned();
            }
            None => unique.push(change),
        }
    }
    Ok(unique)
}
