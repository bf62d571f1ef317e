//! Marathon for services, and Chronos for jobs: both by their HTTP interfaces.
//!
//! Marathon starts the apps of a group in the order of their dependencies, and Chronos the jobs after
//! their parents. What runs is found by labels, or for jobs by names and a description.

mod api;
mod change;
mod chronos;
mod faults;
mod handover;
mod http;
mod mesos;
mod outlook;
mod shared;
mod states;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::engine::{Desired, Engine, Handover, Host, Known, LogOptions, Outlook, Removed, Volume};
use crate::error::{Error, ErrorKind};
use crate::state::{Instance, Observed};

use api::APPLIANCE;
use chronos::{Job, Wanted};
use http::{Server, encoded};
use shared::{Found, Locks, Sent, Shared};

/// The file with the group.
const GROUP: &str = "marathon.json";

/// The folder with the jobs.
const JOBS: &str = "chronos";

/// Marathon, with Chronos for jobs.
pub struct Marathon {
    shared: Arc<Shared>,
}

impl Marathon {
    /// The servers that the environment names: `MARATHON_URL`, `CHRONOS_URL` for jobs, `MESOS_URL` if Marathon
    /// does not know the address of Mesos, and `MARATHON_TOKEN`.
    ///
    /// # Errors
    /// `MARATHON_URL` is not set, or one of them is no URL.
    pub fn connect() -> Result<Marathon, Error> {
        let named = |name: &str| env::var(name).ok().filter(|value| !value.trim().is_empty());
        let token = named("MARATHON_TOKEN");
        let server = |name: &'static str, variable: &str| {
            let url = named(variable);
            url.map(|url| Server::at(name, &url, token.as_deref(), variable)).transpose()
        };
        let marathon = server("Marathon", "MARATHON_URL")?.ok_or_else(|| {
            Error::new(ErrorKind::Missing, "the address of Marathon is not known")
                .help("set `MARATHON_URL`, for example to `http://marathon:8080`")
        })?;
        let chronos = server("Chronos", "CHRONOS_URL")?;
        let mesos = server("Mesos", "MESOS_URL")?;
        Ok(Marathon { shared: Arc::new(Shared::new(marathon, chronos, mesos)) })
    }

    /// What is known of apps and jobs of an appliance.
    fn observed(&self, id: &str, apps: &[Found], jobs: &[Job]) -> Result<Observed, Error> {
        let queue = if apps.is_empty() { Vec::new() } else { self.shared.queue()? };
        let mut instances = self.shared.instances(id, apps, &queue);
        instances.extend(jobs.iter().map(Job::instance));
        let key = |one: &Instance| (one.container.clone(), one.name.clone());
        instances.sort_by_key(key);
        Ok(Observed { instances })
    }

    /// Deletes apps and waits until they are gone.
    fn delete(&self, id: &str, path: &str) -> Result<(), Error> {
        match self.shared.deploy(id, "DELETE", path, None, Locks::Cancelled)? {
            Sent::Started(deployment) => self.shared.finish(&deployment),
            Sent::Locked | Sent::Unlocking(_) => Ok(()),
        }
    }
}

/// Whether this may be the id of an appliance. Another text would be a query of its own for Marathon.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Reads what the target wrote.
fn wanted(desired: &Desired<'_>) -> Result<handover::Desired, Error> {
    let group = read(&desired.files.join(GROUP))?;
    let folder = desired.files.join(JOBS);
    let mut names = Vec::new();
    match fs::read_dir(&folder) {
        Ok(entries) => {
            let found = entries.flatten().map(|entry| entry.file_name());
            names.extend(found.filter_map(|name| name.into_string().ok()));
        }
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        Err(cause) => return Err(Error::file("read", &folder, &cause)),
    }
    // Their names sort in the order in which jobs are to be posted.
    names.sort();
    let mut jobs: Vec<Wanted> = Vec::new();
    for name in names {
        let text = read(&folder.join(&name))?.unwrap_or_default();
        jobs.push(chronos::wanted(&name, text)?);
    }
    Ok(handover::Desired { id: desired.id().to_owned(), group, jobs })
}

/// The text of a file, if it exists.
fn read(path: &Path) -> Result<Option<String>, Error> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(Error::file("read", path, &cause)),
    }
}

impl Engine for Marathon {
    fn target(&self) -> &str {
        "marathon"
    }

    fn outlook(&self, desired: &Desired<'_>) -> Result<Outlook, Error> {
        let wanted = wanted(desired)?;
        self.shared.strangers(desired.id(), &wanted.jobs)?;
        let apps = self.shared.apps(Some(desired.id()))?;
        let jobs = self.shared.jobs(Some(desired.id()))?;
        outlook::outlook(&self.shared, &wanted, &apps, &jobs)
    }

    fn apply(&self, desired: &Desired<'_>) -> Result<Box<dyn Handover>, Error> {
        let wanted = wanted(desired)?;
        let id = desired.id();
        self.shared.strangers(id, &wanted.jobs)?;
        let apps = self.shared.apps(Some(id))?;
        let jobs = self.shared.jobs(Some(id))?;
        let is_changed = match &wanted.group {
            Some(group) => !self.shared.steps(group.clone())?.is_empty(),
            None => !apps.is_empty(),
        };
        self.shared.watch(id, &apps)?;
        Ok(Box::new(handover::Marathon::new(Arc::clone(&self.shared), wanted, is_changed, jobs)))
    }

    fn observe(&self, id: &str) -> Result<Observed, Error> {
        if !is_id(id) {
            return Ok(Observed::default());
        }
        let (apps, jobs) = (self.shared.apps(Some(id))?, self.shared.jobs(Some(id))?);
        if apps.is_empty() && jobs.is_empty() {
            self.shared.strangers(id, &[])?;
        }
        self.observed(id, &apps, &jobs)
    }

    fn pause(&self, _: &str, limit: Duration) {
        thread::sleep(limit);
    }

    fn logs(
        &self,
        instances: &[String],
        options: LogOptions,
        out: &mut (dyn Write + Send),
    ) -> Result<(), Error> {
        mesos::logs(&self.shared, instances, options, out)
    }

    fn remove(&self, id: &str, purge: bool) -> Result<Removed, Error> {
        if !is_id(id) {
            return Ok(Removed::default());
        }
        let (apps, jobs) = (self.shared.apps(Some(id))?, self.shared.jobs(Some(id))?);
        let volumes = volumes(&apps, &jobs);
        let names: Vec<String> = volumes.values().map(|volume| volume.name.clone()).collect();
        let own: Vec<&String> = names.iter().filter(|name| name.contains('.')).collect();
        if let (true, [first, ..]) = (purge, own.as_slice()) {
            let message = format!("volumes cannot be removed on Marathon: `{first}`");
            return Err(Error::new(ErrorKind::Unsupported, message).help(format!(
                "take `{id}` down without `--purge`, and remove them with the tool of their volume driver"
            )));
        }
        let removed = self.observed(id, &apps, &jobs)?.instances.len();
        let group = applc::targets::marathon_group(id);
        if self.shared.strangers(id, &[]).is_ok() {
            if !apps.is_empty() {
                self.delete(id, &format!("/v2/groups{}", encoded(&group)))?;
            }
        } else {
            for found in &apps {
                self.delete(id, &format!("/v2/apps{}", encoded(&found.app.id)))?;
            }
        }
        if !jobs.is_empty() {
            chronos::remove(self.shared.chronos()?, &jobs.iter().collect::<Vec<_>>())?;
        }
        Ok(Removed { instances: removed, volumes: own.into_iter().cloned().collect() })
    }

    fn remove_container(&self, id: &str, container: &str) -> Result<Removed, Error> {
        let mut apps = if is_id(id) { self.shared.apps(Some(id))? } else { Vec::new() };
        apps.retain(|found| found.container() == container);
        let mut jobs = if is_id(id) { self.shared.jobs(Some(id))? } else { Vec::new() };
        jobs.retain(|job| job.container() == container);
        let removed = self.observed(id, &apps, &jobs)?.instances.len();
        if removed == 0 {
            let message = format!("`{id}` has no container `{container}`");
            return Err(Error::new(ErrorKind::Unknown, message));
        }
        for found in &apps {
            self.delete(id, &format!("/v2/apps{}", encoded(&found.app.id)))?;
        }
        if !jobs.is_empty() {
            chronos::remove(self.shared.chronos()?, &jobs.iter().collect::<Vec<_>>())?;
        }
        Ok(Removed { instances: removed, volumes: Vec::new() })
    }

    fn list(&self) -> Result<Vec<Known>, Error> {
        let mut by_id: BTreeMap<String, (Vec<Found>, Vec<Job>)> = BTreeMap::new();
        for found in self.shared.apps(None)? {
            if let Some(id) = found.app.labels.get(APPLIANCE) {
                by_id.entry(id.clone()).or_default().0.push(found);
            }
        }
        for job in self.shared.jobs(None)? {
            if let Some((id, _)) = chronos::ids(&job.name) {
                by_id.entry(id.to_owned()).or_default().1.push(job);
            }
        }
        let queue = self.shared.queue()?;
        let known = |(id, (apps, jobs)): (String, (Vec<Found>, Vec<Job>))| {
            let mut instances = self.shared.instances(&id, &apps, &queue);
            instances.extend(jobs.iter().map(Job::instance));
            instances.sort_by_key(|one| (one.container.clone(), one.name.clone()));
            Known { id, observed: Observed { instances } }
        };
        Ok(by_id.into_iter().map(known).collect())
    }

    fn volumes(&self, appliance: Option<&str>) -> Result<Vec<Volume>, Error> {
        if appliance.is_some_and(|id| !is_id(id)) {
            return Ok(Vec::new());
        }
        let found = volumes(&self.shared.apps(appliance)?, &self.shared.jobs(appliance)?);
        let mut found: Vec<Volume> = found.into_values().collect();
        found.retain(|volume| volume.appliance.is_some() == appliance.is_some());
        found.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(found)
    }

    fn hosts(&self) -> Result<Vec<Host>, Error> {
        mesos::hosts(&self.shared.mesos()?)
    }
}

/// The volumes that apps and jobs mount, by name: Marathon does not know of others. The name of a volume of an
/// appliance is `APPLIANCE.VOLUME`; that of one with the scope `global` has no dot.
fn volumes(apps: &[Found], jobs: &[Job]) -> BTreeMap<String, Volume> {
    let mut all: BTreeMap<String, Volume> = BTreeMap::new();
    let mut add = |appliance: &str, name: String, users: &[String]| {
        let volume = all.entry(name.clone()).or_insert_with(|| match name.split_once('.') {
            Some((_, id)) => Volume {
                id: id.to_owned(),
                appliance: Some(appliance.to_owned()),
                name: name.clone(),
                used_by: Vec::new(),
            },
            None => Volume {
                id: name.clone(),
                appliance: None,
                name: name.clone(),
                used_by: Vec::new(),
            },
        });
        volume.used_by.extend_from_slice(users);
        volume.used_by.sort();
        volume.used_by.dedup();
    };
    for found in apps {
        let id = found.app.labels.get(APPLIANCE).map_or("", String::as_str);
        let tasks: Vec<String> = found.app.tasks.iter().map(|task| task.id.clone()).collect();
        found.volumes().into_iter().for_each(|name| add(id, name, &tasks));
    }
    for job in jobs {
        let id = chronos::ids(&job.name).map_or("", |(id, _)| id);
        let users = if job.is_active() { vec![job.name.clone()] } else { Vec::new() };
        job.volumes().into_iter().for_each(|name| add(id, name, &users));
    }
    all
}
