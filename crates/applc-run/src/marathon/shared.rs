//! The servers, and what is known about appliances that come up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::error::{Error, ErrorKind};
use crate::state::{Fault, FaultKind, Instance, State, Times};

use super::api::{
    APPLIANCE, App, Apps, CONTAINER, Deployed, Deployment, Group, Info, Locked, Queue, Queued,
    Steps,
};
use super::chronos::{self, Job};
use super::http::{Answer, Server, encoded};
use super::states::{self, Look};

/// After this time without a place, an app does not get one: agents offer what they have every few seconds.
const PLACE: Duration = Duration::from_secs(10);

/// How long the end of a removal is waited for.
const REMOVAL: Duration = Duration::from_secs(120);

/// Time between two looks at a deployment.
const LOOK: Duration = Duration::from_millis(200);

/// What to do with a deployment that locks the apps of an appliance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locks {
    /// One of the same appliance is cancelled if it does not get on by itself.
    IfStuck,
    /// One of the same appliance is cancelled.
    Cancelled,
}

/// What became of a request that starts a deployment.
pub enum Sent {
    /// The deployment with this id has begun.
    Started(String),
    /// An earlier one of the appliance gets on: the request has to be sent again later.
    Locked,
    /// An earlier one of the appliance is ended by the one with this id: the request has to be sent again
    /// after it.
    Unlocking(String),
}

/// The servers, as all engines and hand-overs of a program use them.
pub struct Shared {
    /// Marathon.
    pub marathon: Server,
    chronos: Option<Server>,
    mesos: Option<Server>,
    memory: Mutex<Memory>,
}

/// What is remembered between two looks.
#[derive(Default)]
struct Memory {
    /// The appliances that come up.
    watched: BTreeMap<String, Watched>,
    /// Since when apps have no place.
    without_place: BTreeMap<String, Instant>,
}

/// An appliance that comes up.
#[derive(Default)]
struct Watched {
    /// The failures of tasks from before.
    old: BTreeSet<String>,
    /// The failures of tasks since then, by app.
    failures: BTreeMap<String, BTreeSet<String>>,
    /// Whether Marathon was given what is wanted: until then, what fails is not that.
    is_given: bool,
    /// The apps that Marathon was given: container, app, and its version.
    given: Vec<(String, String, String)>,
}

/// An app, and the document that it was read from.
pub struct Found {
    /// The app.
    pub app: App,
    /// The document.
    pub document: Value,
}

impl Found {
    /// The id of the container.
    pub fn container(&self) -> &str {
        self.app.labels.get(CONTAINER).map_or("", String::as_str)
    }

    /// The names of the volumes that it mounts.
    pub fn volumes(&self) -> Vec<String> {
        let external = self.app.container.volumes.iter().filter_map(|one| one.external.as_ref());
        let mut names: Vec<String> = external.map(|one| one.name.clone()).collect();
        for option in &self.app.container.docker.parameters {
            let fields = option.value.split(',').map(|field| field.trim_matches('"'));
            let source = fields.clone().find_map(|field| field.strip_prefix("source="));
            if option.key == "mount" && fields.clone().any(|field| field == "type=volume") {
                names.extend(source.map(str::to_owned));
            }
        }
        names
    }
}

impl Shared {
    /// The servers of a cluster.
    pub fn new(marathon: Server, chronos: Option<Server>, mesos: Option<Server>) -> Shared {
        Shared { marathon, chronos, mesos, memory: Mutex::default() }
    }

    /// Chronos.
    ///
    /// # Errors
    /// This machine has no address of it.
    pub fn chronos(&self) -> Result<&Server, Error> {
        self.chronos.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::Missing, "jobs run on Chronos, whose address is not known")
                .help("set `CHRONOS_URL`, for example to `http://chronos:4400`")
        })
    }

    /// The leading master of Mesos: at the address that was set, or at that which Marathon knows.
    ///
    /// # Errors
    /// Marathon does not answer, or knows no address.
    pub fn mesos(&self) -> Result<Server, Error> {
        if let Some(mesos) = &self.mesos {
            return Ok(mesos.clone());
        }
        let info: Info = self.marathon.get("/v2/info")?;
        match info.marathon_config.mesos_leader_ui_url.filter(|url| !url.is_empty()) {
            Some(url) => Server::at("Mesos", &url, None, "mesos_leader_ui_url"),
            None => Err(Error::new(ErrorKind::Missing, "Marathon does not know the page of Mesos")
                .help("set `MESOS_URL`, for example to `http://leader.mesos:5050`")),
        }
    }

    /// The apps with the labels of applc: of one appliance, or of all.
    pub fn apps(&self, id: Option<&str>) -> Result<Vec<Found>, Error> {
        let label = match id {
            Some(id) => encoded(&format!("{APPLIANCE}=={id}")),
            None => encoded(APPLIANCE),
        };
        let path = format!(
            "/v2/apps?label={label}&embed=apps.tasks&embed=apps.lastTaskFailure&embed=apps.deployments"
        );
        let apps: Apps = self.marathon.get(&path)?;
        let mut found = Vec::new();
        for document in apps.apps {
            let app: App = self.marathon.read(&document.to_string())?;
            found.push(Found { app, document });
        }
        found.sort_by(|one, other| one.app.id.cmp(&other.app.id));
        Ok(found)
    }

    /// What waits for a place.
    pub fn queue(&self) -> Result<Vec<Queued>, Error> {
        Ok(self.marathon.get::<Queue>("/v2/queue")?.queue)
    }

    /// The jobs of applc: of one appliance, or of all. None without an address of Chronos.
    pub fn jobs(&self, id: Option<&str>) -> Result<Vec<Job>, Error> {
        let Some(chronos) = &self.chronos else { return Ok(Vec::new()) };
        let mut jobs = chronos::jobs(chronos)?;
        let is_of = |job: &Job| {
            let ids = chronos::ids(&job.name);
            job.is_own && id.is_none_or(|id| ids.is_some_and(|(of, _)| of == id))
        };
        jobs.retain(is_of);
        Ok(jobs)
    }

    /// The error if the group of an appliance has apps of something else, or Chronos has a job of
    /// something else with the name of one of it.
    pub fn strangers(&self, id: &str, jobs: &[chronos::Wanted]) -> Result<(), Error> {
        let group = applc::targets::marathon_group(id);
        let path = format!("/v2/groups{}?embed=group.groups&embed=group.apps", encoded(&group));
        let found: Group = self.marathon.find(&path)?.unwrap_or_default();
        let label = |app: &App| app.labels.get(APPLIANCE).cloned();
        let apps = found.all();
        let mut others = apps.iter().filter(|app| label(app).as_deref() != Some(id));
        if let Some(other) = others.next() {
            let (whose, help) = match label(other) {
                Some(other) => (
                    format!("the appliance `{other}`"),
                    format!("choose another id, or remove it with `applc down {other}`"),
                ),
                None => (
                    format!("something else than the appliance `{id}`"),
                    "choose another id, or remove the group".to_owned(),
                ),
            };
            let message = format!("the group `{group}` has the app `{}` of {whose}", other.id);
            return Err(Error::new(ErrorKind::Refused, message).help(help));
        }
        if jobs.is_empty() {
            return Ok(());
        }
        let all = chronos::jobs(self.chronos()?)?;
        let is_taken = |job: &&Job| !job.is_own && jobs.iter().any(|own| own.name == job.name);
        match all.iter().find(is_taken) {
            Some(job) => {
                let message = format!("Chronos has a job `{}` of something else", job.name);
                Err(Error::new(ErrorKind::Refused, message)
                    .help("choose another id, or remove the job"))
            }
            None => Ok(()),
        }
    }

    /// What a change of a group would do with each app, in the words of Marathon.
    pub fn steps(&self, group: String) -> Result<BTreeMap<String, Vec<String>>, Error> {
        let answer = self.marathon.call("PUT", "/v2/groups?dryRun=true", Some(group))?;
        let steps: Steps = self.marathon.read(&answer)?;
        let mut by_app: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for action in steps.steps.into_iter().flat_map(|step| step.actions) {
            if let Some(app) = action.app {
                by_app.entry(app).or_default().push(action.action);
            }
        }
        Ok(by_app)
    }

    /// Sends a request that starts a deployment.
    ///
    /// # Errors
    /// Marathon does not answer or refuses, or others change the same apps.
    pub fn deploy(
        &self,
        id: &str,
        method: &str,
        path: &str,
        body: Option<String>,
        locks: Locks,
    ) -> Result<Sent, Error> {
        let mut answer = self.marathon.send(method, path, body.clone())?;
        if answer.status == 409 {
            let locked: Locked = serde_json::from_str(&answer.body).unwrap_or_default();
            if locked.deployments.is_empty() {
                return Err(self.marathon.refused(&answer));
            }
            let all: Vec<Deployment> = self.marathon.get("/v2/deployments")?;
            let locking = |one: &&Deployment| locked.deployments.iter().any(|by| by.id == one.id);
            let group = applc::targets::marathon_group(id) + "/";
            for other in all.iter().filter(locking) {
                if let Some(app) = other.affected_apps.iter().find(|app| !app.starts_with(&group)) {
                    let message = format!(
                        "another deployment, `{}`, changes apps of `{id}` and `{app}`",
                        other.id
                    );
                    return Err(Error::new(ErrorKind::Busy, message)
                        .help("wait until it has ended, or cancel it in Marathon"));
                }
            }
            if locks == Locks::IfStuck {
                return self.unlock(id);
            }
            answer = self.marathon.send(method, &format!("{path}?force=true"), body)?;
        }
        self.deployment(&answer).map(Sent::Started)
    }

    /// The id of the deployment that an answer is about.
    fn deployment(&self, answer: &Answer) -> Result<String, Error> {
        if !answer.is_success() {
            return Err(self.marathon.refused(answer));
        }
        Ok(self.marathon.read::<Deployed>(&answer.body)?.deployment_id)
    }

    /// Ends a deployment of the appliance that does not get on by itself, so that another one can begin.
    ///
    /// A deployment that another one takes the place of leaves apps behind that it has not started, and that
    /// one does not start them either: for it they have not changed. So apps are first given the number of
    /// instances that they have, and get those that they lack from the next deployment, in order.
    fn unlock(&self, id: &str) -> Result<Sent, Error> {
        let queue = self.queue()?;
        let apps = self.apps(Some(id))?;
        if !apps.iter().any(|found| is_stuck(&found.app, queued(&queue, &found.app))) {
            return Ok(Sent::Locked);
        }
        let lacking = apps.iter().filter_map(|found| {
            let ready = ready(&found.app, queued(&queue, &found.app));
            (ready < found.app.instances).then(|| json!({ "id": found.app.id, "instances": ready }))
        });
        let body = Value::Array(lacking.collect());
        let answer = self.marathon.send("PATCH", "/v2/apps?force=true", Some(body.to_string()))?;
        self.deployment(&answer).map(Sent::Unlocking)
    }

    /// Whether a deployment goes on.
    pub fn goes_on(&self, deployment: &str) -> Result<bool, Error> {
        let all: Vec<Deployment> = self.marathon.get("/v2/deployments")?;
        Ok(all.iter().any(|one| one.id == deployment))
    }

    /// Waits until a deployment has ended.
    ///
    /// # Errors
    /// Marathon does not answer, or it takes too long.
    pub fn finish(&self, deployment: &str) -> Result<(), Error> {
        let end = Instant::now() + REMOVAL;
        loop {
            if !self.goes_on(deployment)? {
                return Ok(());
            }
            if Instant::now() >= end {
                let message = format!(
                    "the deployment `{deployment}` has not ended within {} seconds",
                    REMOVAL.as_secs()
                );
                return Err(Error::new(ErrorKind::Busy, message).help("Marathon goes on with it"));
            }
            thread::sleep(LOOK);
        }
    }

    /// Begins to watch an appliance that comes up. What has failed before does not count, and what waits because
    /// of that is started now.
    pub fn watch(&self, id: &str, found: &[Found]) -> Result<(), Error> {
        let failures = found.iter().filter_map(|found| found.app.last_task_failure.as_ref());
        let old = failures.map(|failure| failure.task_id.clone()).collect();
        self.memory().watched.insert(id.to_owned(), Watched { old, ..Watched::default() });
        if found.is_empty() {
            return Ok(());
        }
        let queue = self.queue()?;
        for found in found {
            let waits =
                queued(&queue, &found.app).is_some_and(|queued| queued.delay.time_left_seconds > 0);
            if waits {
                let path = format!("/v2/queue{}/delay", encoded(&found.app.id));
                // It may have been started in the meantime.
                self.marathon.send("DELETE", &path, None)?;
            }
        }
        Ok(())
    }

    /// Begins to judge what fails: Marathon has what is wanted already.
    pub fn judge(&self, id: &str) {
        if let Some(watched) = self.memory().watched.get_mut(id) {
            watched.is_given = true;
        }
    }

    /// Remembers the apps that Marathon has been given, and begins to judge what fails.
    pub fn expect(&self, id: &str) -> Result<(), Error> {
        let found = self.apps(Some(id))?;
        let given = |found: &Found| {
            (found.container().to_owned(), found.app.id.clone(), found.app.version.clone())
        };
        if let Some(watched) = self.memory().watched.get_mut(id) {
            watched.given = found.iter().map(given).collect();
            watched.is_given = true;
        }
        Ok(())
    }

    /// Ends watching an appliance.
    pub fn forget(&self, id: &str) {
        self.memory().watched.remove(id);
    }

    /// What is known of the apps of an appliance.
    pub fn instances(&self, id: &str, apps: &[Found], queue: &[Queued]) -> Vec<Instance> {
        let mut memory = self.memory();
        let Memory { watched, without_place } = &mut *memory;
        let mut watched = watched.get_mut(id);
        let mut all = Vec::new();
        for Found { app, .. } in apps {
            let queued = queued(queue, app);
            let has_place = queued.and_then(states::no_place).is_none();
            if has_place {
                without_place.remove(&app.id);
            }
            let mut look = Look { queued, ..Look::default() };
            if let Some(watched) = &mut watched {
                if !has_place && watched.is_given {
                    let since = without_place.entry(app.id.clone()).or_insert_with(Instant::now);
                    look.is_unplaceable = since.elapsed() >= PLACE;
                }
                if let Some(failure) = states::failure(app) {
                    if !watched.is_given {
                        watched.old.insert(failure.task_id.clone());
                    }
                    look.is_mended = watched.old.contains(&failure.task_id);
                    if !look.is_mended {
                        let failures = watched.failures.entry(app.id.clone()).or_default();
                        failures.insert(failure.task_id.clone());
                    }
                }
                let failures = watched.failures.get(&app.id).map_or(0, BTreeSet::len);
                look.restarts = u32::try_from(failures).unwrap_or(u32::MAX);
            }
            all.extend(states::instances(app, look));
        }
        if watched.as_ref().is_some_and(|watched| !watched.is_given) {
            all.iter_mut().for_each(|one| one.fault = None);
        }
        for (container, app, version) in watched.iter().flat_map(|watched| &watched.given) {
            let found = apps.iter().find(|found| found.app.id == *app);
            let reason = match found {
                Some(found) if found.app.version == *version => continue,
                Some(_) => "its app was changed by someone else while it came up",
                None => "its app was removed by someone else while it came up",
            };
            let fault = Fault { kind: FaultKind::Start, reason: reason.to_owned() };
            all.retain(|one| one.container != *container);
            all.push(Instance {
                container: container.clone(),
                name: app.clone(),
                state: State::Killed,
                why: Some(fault.reason.clone()),
                start: String::new(),
                restarts: 0,
                often: false,
                checked: false,
                fault: Some(fault),
                times: Times::default(),
                endpoints: Vec::new(),
                on_host: None,
            });
        }
        all
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What waits of an app.
pub fn queued<'q>(queue: &'q [Queued], app: &App) -> Option<&'q Queued> {
    queue.iter().find(|queued| queued.app.as_ref().is_some_and(|waiting| waiting.id == app.id))
}

/// The number of instances of an app that are ready.
fn ready(app: &App, queued: Option<&Queued>) -> u32 {
    let instances = states::instances(app, Look { queued, ..Look::default() });
    let ready = instances.iter().filter(|one| one.state == State::Running).count();
    u32::try_from(ready).unwrap_or(u32::MAX)
}

/// Whether an app does not come up by itself.
fn is_stuck(app: &App, queued: Option<&Queued>) -> bool {
    let has_no_place = queued.is_some_and(|queued| states::no_place(queued).is_some());
    let fails = states::failure(app).is_some() && ready(app, queued) < app.instances;
    let mut instances = states::instances(app, Look { queued, ..Look::default() }).into_iter();
    has_no_place || fails || instances.any(|one| one.fault.is_some())
}
