//! Handing an appliance over: the group to Marathon, then the jobs to Chronos.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::engine::{Handover, Progress, Step};
use crate::error::{Error, ErrorKind};

use super::chronos::{self, Job, Wanted};
use super::shared::{Locks, Sent, Shared};

/// How long Chronos may take to read a job that was posted.
const READING: Duration = Duration::from_secs(20);

/// What is wanted of an appliance.
pub struct Desired {
    /// The id of the appliance.
    pub id: String,
    /// The body of the request that changes its group. `None` if it has no services.
    pub group: Option<String>,
    /// Its jobs, each after those that it waits for.
    pub jobs: Vec<Wanted>,
}

/// A hand-over to Marathon and Chronos.
pub struct Marathon {
    shared: Arc<Shared>,
    desired: Desired,
    /// The jobs that are there.
    found: Vec<Job>,
    stage: Stage,
}

enum Stage {
    /// The group is changed.
    Group,
    /// This deployment ends an earlier one.
    Unlocking(String),
    /// The jobs are posted.
    Jobs,
    /// These jobs are run, when Chronos has read them.
    Running(Vec<String>, Instant),
    /// Both have everything.
    Done,
}

impl Marathon {
    /// A hand-over. `is_changed` says whether the group has to be changed; `found` are the jobs that are there.
    pub fn new(
        shared: Arc<Shared>,
        desired: Desired,
        is_changed: bool,
        found: Vec<Job>,
    ) -> Marathon {
        let stage = if is_changed { Stage::Group } else { Stage::Jobs };
        if !is_changed {
            shared.judge(&desired.id);
        }
        Marathon { shared, desired, found, stage }
    }

    /// Changes the group, or removes it.
    fn change(&self) -> Result<Stage, Error> {
        let id = &self.desired.id;
        let sent = match &self.desired.group {
            Some(group) => {
                let body = Some(group.clone());
                self.shared.deploy(id, "PUT", "/v2/groups", body, Locks::IfStuck)?
            }
            None => {
                let path = format!("/v2/groups{}", applc::targets::marathon_group(id));
                self.shared.deploy(id, "DELETE", &path, None, Locks::IfStuck)?
            }
        };
        Ok(match sent {
            Sent::Started(_) => {
                self.shared.expect(id)?;
                Stage::Jobs
            }
            Sent::Locked => Stage::Group,
            Sent::Unlocking(deployment) => Stage::Unlocking(deployment),
        })
    }

    /// Posts the jobs that are new, changed, or have failed, and removes those that are gone. The names of those
    /// that nothing else runs are returned.
    fn post(&self) -> Result<Vec<String>, Error> {
        let found = |name: &str| self.found.iter().find(|job| job.name == name);
        let gone = |job: &&Job| self.desired.jobs.iter().all(|wanted| wanted.name != job.name);
        let gone: Vec<&Job> = self.found.iter().filter(gone).collect();
        if self.desired.jobs.is_empty() && gone.is_empty() {
            return Ok(Vec::new());
        }
        let server = self.shared.chronos()?;
        let mut posted: Vec<&str> = Vec::new();
        let mut to_run = Vec::new();
        for job in &self.desired.jobs {
            let is_same = found(&job.name)
                .is_some_and(|found| !found.has_failed() && found.differing(job).is_empty());
            if is_same {
                continue;
            }
            chronos::post(server, job)?;
            let parents: Vec<&str> = job.parents().collect();
            // It runs after the next run of its parents; those that have run already do not run again.
            let are_done = parents.iter().all(|parent| {
                !posted.contains(parent)
                    && found(parent).is_some_and(|parent| parent.status == "success")
            });
            if !parents.is_empty() && are_done {
                to_run.push(job.name.clone());
            }
            posted.push(&job.name);
        }
        chronos::remove(server, &gone)?;
        Ok(to_run)
    }
}

impl Handover for Marathon {
    fn poll(&mut self, _: &mut dyn FnMut(Progress)) -> Result<Step, Error> {
        match &mut self.stage {
            Stage::Group => self.stage = self.change()?,
            Stage::Unlocking(deployment) => {
                if !self.shared.goes_on(deployment)? {
                    self.stage = Stage::Group;
                }
            }
            Stage::Jobs => {
                let names = self.post()?;
                self.stage = match names.is_empty() {
                    true => Stage::Done,
                    false => Stage::Running(names, Instant::now() + READING),
                };
            }
            Stage::Running(names, end) => {
                let server = self.shared.chronos()?;
                let mut left = Vec::new();
                for name in names.drain(..) {
                    if !chronos::run(server, &name)? {
                        left.push(name);
                    }
                }
                if left.is_empty() {
                    self.stage = Stage::Done;
                } else if Instant::now() >= *end {
                    let message = format!("Chronos does not take the job `{}`", left.join("`, `"));
                    return Err(Error::new(ErrorKind::Refused, message));
                } else {
                    *names = left;
                }
            }
            Stage::Done => {}
        }
        Ok(if matches!(self.stage, Stage::Done) { Step::Done } else { Step::Working })
    }
}

impl Drop for Marathon {
    fn drop(&mut self) {
        self.shared.forget(&self.desired.id);
    }
}
