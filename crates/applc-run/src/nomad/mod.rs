//! Nomad: the cluster that the user's own environment names.
//!
//! An appliance is the jobs with its id in their meta entry; each of their groups is a container, each
//! allocation an instance.

mod change;
mod client;
mod fetch;
mod handover;
mod logs;
mod model;
mod place;
mod states;
#[cfg(test)]
mod tests;
mod variables;
mod volumes;
mod wanted;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::engine::{
    Change, Desired, Engine, Handover, Host, Known, LogOptions, Outlook, Removed, Volume,
};
use crate::error::{Error, ErrorKind};
use crate::logs::Later;
use crate::state::Observed;

use fetch::Memory;
use logs::Logged;
use model::{Allocation, Group, Job, Node, Spec};
use states::Seen;
use wanted::Wanted;

/// How long instances may take to end after they were told to.
const REMOVAL: Duration = Duration::from_secs(120);

/// Time between two looks at instances that end.
const LOOK: Duration = Duration::from_millis(300);

/// Nomad.
pub struct Nomad {
    client: client::Nomad,
    memory: Arc<Memory>,
}

impl Nomad {
    /// The cluster of the user's agent.
    ///
    /// # Errors
    /// `nomad` is not installed, or no agent or server answers.
    pub fn connect() -> Result<Nomad, Error> {
        Ok(Nomad { client: client::Nomad::connect()?, memory: Arc::default() })
    }

    fn seen(&self, id: &str) -> Result<Seen, Error> {
        let jobs = fetch::jobs(&self.client, Some(id))?;
        fetch::seen(&self.client, &self.memory, id, jobs)
    }

    /// The namespace of an appliance that runs, or where it would be.
    fn namespace(&self, seen: &Seen) -> String {
        let known = seen.jobs.first().map(|(job, _)| job.namespace.as_str());
        match (known, self.client.namespace()) {
            (Some(known), _) => known.to_owned(),
            (None, "*") => "default".to_owned(),
            (None, chosen) => chosen.to_owned(),
        }
    }

    /// The jobs that are to run, after checking that no others have their names.
    fn wanted(&self, desired: &Desired<'_>) -> Result<Vec<Wanted>, Error> {
        let wanted = wanted::jobs(&self.client, desired)?;
        let named = fetch::named(&self.client, desired.id())?;
        wanted::strangers(desired.id(), &wanted, &named).map_or(Ok(wanted), Err)
    }

    /// The current instances whose logs are wanted, of the appliances with such jobs.
    fn logged(
        &self,
        is_job: &dyn Fn(&Job) -> bool,
        is_wanted: &dyn Fn(&Logged) -> bool,
    ) -> Result<Vec<Logged>, Error> {
        let mut by_id: BTreeMap<String, Vec<Job>> = BTreeMap::new();
        for job in fetch::jobs(&self.client, None)? {
            if let Some(id) = job.appliance() {
                by_id.entry(id.to_owned()).or_default().push(job);
            }
        }
        by_id.retain(|_, jobs| jobs.iter().any(is_job));
        let mut logged = Vec::new();
        for (id, jobs) in by_id {
            let seen = fetch::seen(&self.client, &self.memory, &id, jobs)?;
            for (job, spec) in seen.jobs.iter().chain(seen.runs.values()) {
                let current = seen.current(job, spec);
                let all = current.iter().filter_map(|(group, one)| Logged::of(job, group, one));
                logged.extend(all.filter(is_wanted));
            }
        }
        Ok(logged)
    }

    /// Whether the task of an instance has ended and is not started again.
    fn has_ended(&self, one: &Logged) -> Result<bool, Error> {
        let space = client::encoded(&one.namespace);
        let path = format!("/v1/allocation/{}?namespace={space}", one.allocation);
        let now: Option<Allocation> = self.client.get(&path, "read jobs")?;
        let task = now.as_ref().and_then(|now| now.task_states.get(&one.task));
        Ok(now.is_none() || task.is_some_and(|task| task.state == "dead"))
    }

    /// Stops jobs, waits until their containers have ended, and removes them then: with a job, Nomad forgets its
    /// allocations at once, while the containers of those still run.
    fn end(&self, jobs: &[&(Job, Spec)]) -> Result<(), Error> {
        jobs.iter().try_for_each(|(job, _)| handover::stop(&self.client, job, false))?;
        jobs.iter().try_for_each(|(job, spec)| self.wait_for_end(job, &spec.task_groups))?;
        jobs.iter().try_for_each(|(job, _)| handover::remove(&self.client, job))
    }

    /// Waits until the allocations of groups of a job have ended.
    fn wait_for_end(&self, job: &Job, groups: &[Group]) -> Result<(), Error> {
        let path = fetch::job_path(&job.namespace, &job.id, "/allocations") + "&all=true";
        let tasks = groups.iter().flat_map(|group| &group.tasks);
        let patience = tasks.map(|task| task.kill_timeout).max().unwrap_or_default();
        let patience = Duration::from_nanos(u64::try_from(patience).unwrap_or_default());
        let end = Instant::now() + REMOVAL.saturating_add(patience);
        loop {
            let all: Option<Vec<Allocation>> = self.client.get(&path, "read jobs")?;
            let all = all.unwrap_or_default();
            let of_groups =
                |one: &&Allocation| groups.iter().any(|group| group.name == one.task_group);
            let Some(left) = all.iter().filter(of_groups).find(|one| !one.has_ended()) else {
                return Ok(());
            };
            if Instant::now() >= end {
                let message = format!("`{}` does not end", left.name);
                return Err(Error::new(ErrorKind::Refused, message)
                    .help(format!("look at it with `nomad alloc status {}`", left.id)));
            }
            std::thread::sleep(LOOK);
        }
    }
}

impl Engine for Nomad {
    fn target(&self) -> &str {
        "nomad"
    }

    fn outlook(&self, desired: &Desired<'_>) -> Result<Outlook, Error> {
        let wanted = self.wanted(desired)?;
        let seen = self.seen(desired.id())?;
        let changes = handover::changes(&self.client, &wanted, &seen, |step, observed, nodes| {
            step.changes(observed, nodes)
        })?;
        let one = |(job, _): &(Job, _)| {
            format!("{} {} {}\n", job.namespace, job.id, job.job_modify_index)
        };
        let mut basis: Vec<String> = seen.jobs.iter().map(one).collect();
        basis.sort();
        Ok(Outlook { changes, basis: basis.concat() })
    }

    fn drift(&self, desired: &Desired<'_>) -> Result<Vec<Change>, Error> {
        let wanted = self.wanted(desired)?;
        let seen = self.seen(desired.id())?;
        handover::changes(&self.client, &wanted, &seen, |step, observed, nodes| {
            step.drift(observed, nodes)
        })
    }

    fn apply(&self, desired: &Desired<'_>) -> Result<Box<dyn Handover>, Error> {
        let wanted = self.wanted(desired)?;
        let mut missing = VecDeque::new();
        for volume in wanted::volumes(&self.client, desired)? {
            let stored = volumes::stored(&self.client, &volume.namespace)?;
            if volumes::exists(&volume.name, &volume.kind, &stored) {
                continue;
            }
            let plan = desired.plan;
            let of = plan.volumes.iter().find(|one| one.id.value == volume.id);
            let user = of.and_then(|one| plan.containers.get(*one.mounted_by.first()?));
            missing.push_back((volume, user.map(|one| one.id.value.to_string())));
        }
        let (client, memory) = (self.client.clone(), Arc::clone(&self.memory));
        let id = desired.id().to_owned();
        Ok(Box::new(handover::Registration::new(client, memory, id, wanted, missing)))
    }

    fn observe(&self, id: &str) -> Result<Observed, Error> {
        Ok(self.seen(id)?.observed())
    }

    fn pause(&self, _: &str, limit: Duration) {
        fetch::wait(&self.client, &self.memory, limit);
    }

    fn logs(
        &self,
        instances: &[String],
        options: LogOptions,
        out: &mut (dyn Write + Send),
    ) -> Result<(), Error> {
        let is_of = |job: &Job, name: &str| {
            let rest = name.strip_prefix(job.id.as_str()).and_then(|rest| rest.strip_prefix('.'));
            rest.is_some_and(|rest| !rest.contains('.'))
        };
        let is_job = |job: &Job| instances.iter().any(|name| is_of(job, name));
        let logged = self.logged(&is_job, &|one| instances.contains(&one.name))?;
        if !options.follow {
            return logs::past(&self.client, &logged, options, out);
        }
        let containers: BTreeSet<(String, String)> =
            logged.iter().map(|one| one.container.clone()).collect();
        let known = Mutex::new(logged.clone());
        let later = Later::new();
        let more = || {
            if !later.is_due() {
                return Vec::new();
            }
            // Asked again later.
            let is_own = |one: &Logged| one.is_started && containers.contains(&one.container);
            let is_job = |job: &Job| containers.iter().any(|(id, _)| *id == job.id);
            let mut found = self.logged(&is_job, &is_own).unwrap_or_default();
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            found.retain(|one| known.iter().all(|known| known.allocation != one.allocation));
            known.extend(found.iter().cloned());
            found
        };
        // Those that Nomad has forgotten have ended, too.
        let is_over = || {
            let known = known.lock().unwrap_or_else(PoisonError::into_inner).clone();
            known.iter().all(|one| self.has_ended(one).unwrap_or(false))
        };
        logs::follow(&self.client, &logged, options, &is_over, &more, out)
    }

    fn remove(&self, id: &str, purge: bool) -> Result<Removed, Error> {
        let seen = self.seen(id)?;
        let namespace = self.namespace(&seen);
        let observed = seen.observed();
        let stored = volumes::stored(&self.client, &namespace)?;
        let volumes = volumes::of_appliance(id, &stored, &seen.jobs, &observed);
        let jobs: Vec<&(Job, Spec)> = seen.jobs.iter().chain(seen.runs.values()).collect();
        self.end(&jobs)?;
        let specs = seen.jobs.iter().map(|(_, spec)| spec);
        variables::forget(&self.client, &namespace, id, specs)?;
        if purge {
            for (volume, _) in &volumes {
                volumes::remove(&self.client, &volume.name, &stored)?;
            }
        }
        let volumes = volumes.into_iter().map(|(volume, _)| volume.name).collect();
        Ok(Removed { instances: observed.instances.len(), volumes })
    }

    fn remove_container(&self, id: &str, container: &str) -> Result<Removed, Error> {
        let seen = self.seen(id)?;
        let has =
            |job: &&(Job, Spec)| job.1.task_groups.iter().any(|group| group.name == container);
        let Some(found) = seen.jobs.iter().find(has) else {
            let message = format!("`{id}` has no container `{container}`");
            return Err(Error::new(ErrorKind::Unknown, message)
                .help(format!("`applc status {id}` lists its containers")));
        };
        let (job, spec) = found;
        let instances = seen.observed().of(container).count();
        if spec.task_groups.len() == 1 {
            let run = seen.runs.get(&job.id);
            self.end(&[found].into_iter().chain(run).collect::<Vec<_>>())?;
        } else {
            handover::without_group(&self.client, job, container)?;
            let own = spec.task_groups.iter().filter(|group| group.name == container);
            self.wait_for_end(job, &own.cloned().collect::<Vec<_>>())?;
        }
        if spec.kind == "batch" {
            variables::forget_container(&self.client, &job.namespace, spec)?;
        }
        Ok(Removed { instances, volumes: Vec::new() })
    }

    fn list(&self) -> Result<Vec<Known>, Error> {
        let mut by_id: BTreeMap<String, Vec<Job>> = BTreeMap::new();
        for job in fetch::jobs(&self.client, None)? {
            if let Some(id) = job.appliance() {
                by_id.entry(id.to_owned()).or_default().push(job);
            }
        }
        let known = |(id, jobs): (String, Vec<Job>)| {
            let observed = fetch::seen(&self.client, &self.memory, &id, jobs)?.observed();
            Ok(Known { id, observed })
        };
        by_id.into_iter().map(known).collect()
    }

    fn keep(&self, id: &str, appliance: &Value) -> Result<bool, Error> {
        let jobs = fetch::jobs(&self.client, Some(id))?;
        // Where it runs: without jobs, that is not known yet.
        let Some(namespace) = fetch::namespace(id, &jobs)? else { return Ok(false) };
        variables::keep(&self.client, &namespace, id, appliance)
    }

    fn kept(&self, id: &str) -> Result<Option<Value>, Error> {
        let jobs = fetch::jobs(&self.client, Some(id))?;
        let Some(namespace) = fetch::namespace(id, &jobs)? else { return Ok(None) };
        variables::kept(&self.client, &namespace, id)
    }

    fn volumes(&self, appliance: Option<&str>) -> Result<Vec<Volume>, Error> {
        let Some(id) = appliance else {
            let mut jobs = Vec::new();
            let mut observed = Observed::default();
            for known in self.list()? {
                jobs.extend(self.seen(&known.id)?.jobs);
                observed.instances.extend(known.observed.instances);
            }
            let stored = volumes::stored(&self.client, self.client.namespace())?;
            return Ok(volumes::global(&stored, &jobs, &observed));
        };
        let seen = self.seen(id)?;
        let stored = volumes::stored(&self.client, &self.namespace(&seen))?;
        let all = volumes::of_appliance(id, &stored, &seen.jobs, &seen.observed());
        Ok(all.into_iter().map(|(volume, _)| volume).collect())
    }

    fn remove_volume(&self, volume: &Volume) -> Result<(), Error> {
        let namespace = match &volume.appliance {
            Some(id) => self.namespace(&self.seen(id)?),
            None => self.client.namespace().to_owned(),
        };
        let stored = volumes::stored(&self.client, &namespace)?;
        volumes::remove(&self.client, &volume.name, &stored)
    }

    fn hosts(&self) -> Result<Vec<Host>, Error> {
        let nodes: Vec<Node> =
            self.client.get("/v1/nodes?resources=true&os=true", "list nodes")?.unwrap_or_default();
        let mut hosts: Vec<Host> = nodes.into_iter().map(host).collect();
        hosts.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(hosts)
    }
}

fn host(node: Node) -> Host {
    let resources = node.node_resources;
    let mut attributes = node.attributes;
    for (name, value) in [
        ("datacenter", node.datacenter),
        ("node pool", node.node_pool),
        ("class", node.node_class),
        ("nomad", node.version),
    ] {
        if !value.is_empty() {
            attributes.insert(name.to_owned(), value);
        }
    }
    Host {
        name: node.name,
        address: Some(node.address).filter(|address| !address.is_empty()),
        cpus: f64::from(resources.cpu.total_cpu_cores),
        memory: resources.memory.memory,
        is_ready: node.status == "ready" && node.scheduling_eligibility == "eligible",
        attributes,
    }
}
