//! Jobs on Chronos.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::state::{Fault, FaultKind, Instance, State, Times};

use super::change::differing;
use super::http::{Server, encoded};

/// The description by which jobs of applc are told from others.
const DESCRIPTION: &str = "applc";

/// Fields of a job that change by themselves, or by which it is found.
const OTHER: [&str; 4] = ["name", "description", "schedule", "parents"];

/// A job as it is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its name.
    pub name: String,
    /// `iso8601` or `dependency`: where it is posted.
    pub endpoint: String,
    /// The document.
    pub document: Value,
    /// The text of the document.
    pub text: String,
}

/// A job on Chronos.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its name.
    pub name: String,
    /// Whether it is one of applc.
    pub is_own: bool,
    /// The jobs that must succeed first.
    pub parents: Vec<String>,
    /// How its last run ended: `fresh`, `success` or `failure`.
    pub status: String,
    /// `idle`, `queued`, or how many of its tasks run: `1 running`.
    pub state: String,
    /// When its last run succeeded.
    last_success: Option<Timestamp>,
    /// When its last run failed.
    last_error: Option<Timestamp>,
    retries: u64,
    document: Value,
}

/// The answer of `/v1/scheduler/jobs/summary`.
#[derive(Deserialize)]
pub struct Summary {
    #[serde(default)]
    jobs: Vec<Summarized>,
}

#[derive(Deserialize)]
struct Summarized {
    name: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    state: String,
}

/// The ids of the appliance and of the container in the name of a job: `APPLIANCE.CONTAINER`, or
/// `APPLIANCE.CONTAINER.NUMBER`. Ids contain no dot.
pub fn ids(name: &str) -> Option<(&str, &str)> {
    let (appliance, rest) = name.split_once('.')?;
    Some((appliance, rest.split('.').next().unwrap_or(rest)))
}

impl Job {
    /// The id of the container.
    pub fn container(&self) -> &str {
        ids(&self.name).map_or("", |(_, container)| container)
    }

    /// Reads the answers of `/v1/scheduler/jobs` and `/v1/scheduler/jobs/summary`.
    fn read(document: Value, states: &BTreeMap<String, (String, String)>) -> Option<Job> {
        let text = |name: &str| document.get(name).and_then(Value::as_str).unwrap_or_default();
        let name = text("name").to_owned();
        ids(&name)?;
        let (status, state) = states.get(&name).cloned().unwrap_or_default();
        let parents = document.get("parents").and_then(Value::as_array).into_iter().flatten();
        Some(Job {
            is_own: text("description") == DESCRIPTION,
            parents: parents.filter_map(Value::as_str).map(str::to_owned).collect(),
            status,
            state,
            last_success: text("lastSuccess").parse().ok(),
            last_error: text("lastError").parse().ok(),
            retries: document.get("retries").and_then(Value::as_u64).unwrap_or(0),
            name,
            document,
        })
    }

    /// Whether a task of it runs or is about to.
    pub fn is_active(&self) -> bool {
        self.state == "queued" || self.state.contains("running")
    }

    /// Whether its last run failed, with all its retries.
    pub fn has_failed(&self) -> bool {
        self.status == "failure" && !self.is_active()
    }

    /// What is known of it as an instance of a container. `is_mended` says that it was handed over again
    /// after it had failed, which Chronos may not know yet.
    pub fn instance(&self) -> Instance {
        let runs = match self.retries {
            0 => "its run failed".to_owned(),
            retries => format!("all {} runs failed", retries + 1),
        };
        let fault = self.has_failed().then_some(Fault { kind: FaultKind::Job, reason: runs });
        let (state, why) = match (self.status.as_str(), &fault) {
            _ if self.state.contains("running") => (State::Running, None),
            _ if self.state == "queued" => {
                (State::Staging, Some("waits for an offer of an agent".to_owned()))
            }
            (_, Some(fault)) => (State::Failed, Some(fault.reason.clone())),
            ("success", _) => (State::Success, None),
            _ if !self.parents.is_empty() => (State::Pending, None),
            _ => (State::Staging, None),
        };
        let ended = self.last_success.max(self.last_error);
        Instance {
            container: self.container().to_owned(),
            name: self.name.clone(),
            state,
            why,
            // Another run of the job is another start.
            start: ended.map(|time| time.to_string()).unwrap_or_default(),
            restarts: 0,
            often: false,
            checked: false,
            fault,
            times: Times { ended, ..Times::default() },
            endpoints: Vec::new(),
            on_host: None,
        }
    }

    /// The fields that are not as they are wanted. Of the schedule, Chronos counts down the runs and moves the
    /// start.
    pub fn differing(&self, wanted: &Wanted) -> Vec<String> {
        let mut fields = differing(&wanted.document, &self.document);
        fields.retain(|field| !OTHER.contains(&field.as_str()));
        let schedule = |document: &Value| {
            let text = document.get("schedule").and_then(Value::as_str).unwrap_or_default();
            let (runs, rest) = text.split_once('/').unwrap_or((text, ""));
            let period = rest.rsplit_once('/').map_or("", |(_, period)| period).to_owned();
            (runs.trim_start_matches('R').parse::<u64>().ok(), period)
        };
        let of = |document: &Value| {
            let parents = document.get("parents").and_then(Value::as_array).into_iter().flatten();
            let mut parents: Vec<&str> = parents.filter_map(Value::as_str).collect();
            parents.sort_unstable();
            parents.join(" ")
        };
        let is_waiting = |document: &Value| !of(document).is_empty();
        if of(&wanted.document) != of(&self.document) {
            fields.push("parents".to_owned());
        } else if !is_waiting(&wanted.document) {
            let (runs, period) = schedule(&wanted.document);
            let (left, current) = schedule(&self.document);
            let is_counted = match (runs, left) {
                (Some(runs), Some(left)) => left <= runs,
                (runs, left) => runs == left,
            };
            if period != current || !is_counted {
                fields.push("schedule".to_owned());
            }
        }
        fields
    }

    /// What names its definition, and not how far it is.
    pub fn basis(&self) -> String {
        let mut document = self.document.clone();
        if let Some(members) = document.as_object_mut() {
            for name in [
                "schedule",
                "successCount",
                "errorCount",
                "lastSuccess",
                "lastError",
                "disabled",
                "errorsSinceLastSuccess",
            ] {
                members.remove(name);
            }
        }
        document.to_string()
    }

    /// The names of the volumes that it mounts.
    pub fn volumes(&self) -> Vec<String> {
        let volumes = self.document.pointer("/container/volumes").and_then(Value::as_array);
        let name = |volume: &Value| Some(volume.pointer("/external/name")?.as_str()?.to_owned());
        volumes.into_iter().flatten().filter_map(name).collect()
    }
}

/// All jobs that may be of an appliance.
///
/// # Errors
/// Chronos does not answer.
pub fn jobs(server: &Server) -> Result<Vec<Job>, Error> {
    let documents: Vec<Value> = server.get("/v1/scheduler/jobs")?;
    let summary: Summary = server.get("/v1/scheduler/jobs/summary")?;
    Ok(read(documents, summary))
}

/// Reads the answers of Chronos. Jobs whose names have no ids are left out.
pub fn read(documents: Vec<Value>, summary: Summary) -> Vec<Job> {
    let states = summary.jobs.into_iter().map(|one| (one.name, (one.status, one.state))).collect();
    let jobs = documents.into_iter().filter_map(|document| Job::read(document, &states));
    let mut jobs: Vec<Job> = jobs.collect();
    jobs.sort_by(|one, other| one.name.cmp(&other.name));
    jobs
}

/// Posts a job: a new one, or in place of the one of this name.
///
/// # Errors
/// Chronos does not answer or refuses.
pub fn post(server: &Server, job: &Wanted) -> Result<(), Error> {
    let path = format!("/v1/scheduler/{}", job.endpoint);
    server.call("POST", &path, Some(job.text.clone())).map(drop)
}

/// Runs a job now. `false` if Chronos does not know it yet.
///
/// # Errors
/// Chronos does not answer.
pub fn run(server: &Server, name: &str) -> Result<bool, Error> {
    let answer = server.send("PUT", &format!("/v1/scheduler/job/{}", encoded(name)), None)?;
    match answer.status {
        400 | 404 => Ok(false),
        _ if answer.is_success() => Ok(true),
        _ => Err(server.refused(&answer)),
    }
}

/// Removes jobs and ends their tasks, those first that wait for others: Chronos gives a job that waits for a
/// removed one the schedule of that.
///
/// # Errors
/// Chronos does not answer, or refuses one.
pub fn remove(server: &Server, jobs: &[&Job]) -> Result<(), Error> {
    let mut left: Vec<&Job> = jobs.to_vec();
    while !left.is_empty() {
        let is_waited_for = |job: &Job| left.iter().any(|other| other.parents.contains(&job.name));
        let (mut next, mut rest): (Vec<&Job>, Vec<&Job>) =
            left.iter().partition(|job| !is_waited_for(job));
        if next.is_empty() {
            // A cycle, which Chronos does not accept.
            next = std::mem::take(&mut rest);
        }
        for job in next {
            let path = format!("/v1/scheduler/job/{}", encoded(&job.name));
            let answer = server.send("DELETE", &path, None)?;
            let is_gone = matches!(answer.status, 400 | 404) && answer.body.contains("not found");
            if !answer.is_success() && !is_gone {
                return Err(server.refused(&answer));
            }
        }
        left = rest;
    }
    Ok(())
}

/// Reads a job that the target wrote: `chronos/POSITION-NAME.ENDPOINT.json`.
///
/// # Errors
/// It is not one.
pub fn wanted(file: &str, text: String) -> Result<Wanted, Error> {
    let broken = || Error::new(ErrorKind::Folder, format!("`{file}` is not a job of Chronos"));
    let document: Value = serde_json::from_str(&text).map_err(|_| broken())?;
    let name = document.get("name").and_then(Value::as_str).ok_or_else(broken)?.to_owned();
    let stem = file.strip_suffix(".json").unwrap_or(file);
    let endpoint = stem.rsplit_once('.').map(|(_, endpoint)| endpoint.to_owned());
    Ok(Wanted { name, endpoint: endpoint.ok_or_else(broken)?, document, text })
}

impl Wanted {
    /// The names of the jobs that it waits for.
    pub fn parents(&self) -> impl Iterator<Item = &str> {
        let parents = self.document.get("parents").and_then(Value::as_array).into_iter().flatten();
        parents.filter_map(Value::as_str)
    }

    /// The id of its container.
    pub fn container(&self) -> &str {
        ids(&self.name).map_or("", |(_, container)| container)
    }
}
