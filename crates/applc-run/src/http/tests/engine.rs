//! An engine in memory. The image of a container decides what becomes of it: `fine` comes up, `slow` stays as
//! it is, `missing` cannot be pulled.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use applc::plan::Plan;

use crate::engine::{
    Desired, Engine, Failure, Handover, Host, Known, LogOptions, Outlook, Progress, Removed, Step,
    Volume,
};
use crate::error::{Error, ErrorKind};
use crate::state::{Endpoint, Fault, FaultKind, Instance, Observed, State};

use super::super::runs::locked;

#[derive(Default)]
pub struct Fake {
    pub running: Mutex<BTreeMap<String, Observed>>,
    pub volumes: Mutex<Vec<Volume>>,
    /// Number of looks.
    pub looks: AtomicUsize,
    /// Number of hand-overs that have not ended.
    pub handing: std::sync::Arc<AtomicUsize>,
    /// Whether it does not answer.
    pub is_gone: AtomicBool,
    /// Whether it cannot remove everything.
    pub is_stuck: AtomicBool,
    /// How long an answer takes, in milliseconds.
    pub delay: AtomicUsize,
    /// Number of logs that are followed.
    pub followed: AtomicUsize,
}

impl Fake {
    fn answers(&self) -> Result<(), Error> {
        thread::sleep(Duration::from_millis(self.delay.load(Ordering::Relaxed) as u64));
        if self.is_gone.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Unreachable, "the engine does not answer"));
        }
        Ok(())
    }

    /// Sets the state of all instances of an appliance.
    pub fn set(&self, id: &str, state: State) {
        for one in &mut locked(&self.running).get_mut(id).unwrap().instances {
            one.state = state;
            one.why = (state == State::Failed).then(|| "exit status 1".to_owned());
        }
    }
}

fn instances(plan: &Plan) -> Vec<Instance> {
    let mut all = Vec::new();
    for container in plan.containers.iter().filter(|one| one.image.value != "missing") {
        let id = &container.id.value;
        let state = match container.image.value.as_str() {
            "slow" => State::Staging,
            _ if container.job().is_some() => State::Success,
            _ => State::Running,
        };
        for number in 1..=container.instances.value {
            let endpoint = |port: &applc::plan::Port| Endpoint {
                host: "localhost".into(),
                host_port: 30_000,
                container_port: port.container_port.value,
                protocol: "tcp".into(),
                name: None,
            };
            all.push(Instance {
                checked: true,
                start: container.image.value.to_string(),
                endpoints: container.ports.iter().map(endpoint).collect(),
                ..Instance::plain(id, &format!("{}-{id}-{number}", plan.id.value), state)
            });
        }
    }
    all
}

struct Handing {
    failure: Option<Failure>,
    handing: std::sync::Arc<AtomicUsize>,
}

impl Handover for Handing {
    fn poll(&mut self, _: &mut dyn FnMut(Progress)) -> Result<Step, Error> {
        Ok(self.failure.clone().map_or(Step::Done, Step::Failed))
    }
}

impl Drop for Handing {
    fn drop(&mut self) {
        self.handing.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Engine for Fake {
    fn target(&self) -> &str {
        "compose"
    }

    fn outlook(&self, _: &Desired<'_>) -> Result<Outlook, Error> {
        Err(self.cannot("changes cannot be told"))
    }

    fn apply(&self, desired: &Desired<'_>) -> Result<Box<dyn Handover>, Error> {
        self.answers()?;
        let missing = desired.plan.containers.iter().find(|one| one.image.value == "missing");
        let failure = missing.map(|container| Failure {
            container: Some(container.id.value.to_string()),
            instance: None,
            fault: Fault { kind: FaultKind::Pull, reason: "`missing`: no such image".into() },
        });
        let observed = Observed { instances: instances(desired.plan) };
        locked(&self.running).insert(desired.id().to_owned(), observed);
        self.handing.fetch_add(1, Ordering::Relaxed);
        Ok(Box::new(Handing { failure, handing: self.handing.clone() }))
    }

    fn observe(&self, id: &str) -> Result<Observed, Error> {
        self.looks.fetch_add(1, Ordering::Relaxed);
        self.answers()?;
        assert_ne!(id, "panic", "an engine that panics");
        Ok(locked(&self.running).get(id).cloned().unwrap_or_default())
    }

    fn pause(&self, _: &str, limit: Duration) {
        thread::sleep(limit.min(Duration::from_millis(20)));
    }

    fn logs(
        &self,
        instances: &[String],
        options: LogOptions,
        out: &mut (dyn Write + Send),
    ) -> Result<(), Error> {
        let failed = |_: io::Error| Error::new(ErrorKind::Output, "nobody reads");
        let tail = options.tail.unwrap_or(u32::MAX);
        for name in instances {
            (0..tail.min(3))
                .try_for_each(|line| writeln!(out, "{name}: {line}"))
                .map_err(failed)?;
        }
        if options.follow {
            self.followed.fetch_add(1, Ordering::Relaxed);
            while out.flush().is_ok() {
                thread::sleep(Duration::from_millis(10));
            }
            self.followed.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn remove(&self, id: &str, purge: bool) -> Result<Removed, Error> {
        self.answers()?;
        if self.is_stuck.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Refused, "`web` cannot be removed"));
        }
        let removed = locked(&self.running).remove(id).unwrap_or_default();
        let mut volumes = locked(&self.volumes);
        let own = volumes.iter().filter(|one| one.appliance.as_deref() == Some(id));
        let names = own.map(|one| one.name.clone()).collect();
        if purge {
            volumes.retain(|one| one.appliance.as_deref() != Some(id));
        }
        Ok(Removed { instances: removed.instances.len(), volumes: names })
    }

    fn remove_container(&self, id: &str, container: &str) -> Result<Removed, Error> {
        let mut running = locked(&self.running);
        running.get_mut(id).unwrap().instances.retain(|one| one.container != container);
        Ok(Removed::default())
    }

    fn list(&self) -> Result<Vec<Known>, Error> {
        self.answers()?;
        let running = locked(&self.running).clone().into_iter();
        Ok(running.map(|(id, observed)| Known { id, observed }).collect())
    }

    fn volumes(&self, appliance: Option<&str>) -> Result<Vec<Volume>, Error> {
        let mut volumes = locked(&self.volumes).clone();
        volumes.retain(|one| one.appliance.as_deref() == appliance);
        Ok(volumes)
    }

    fn remove_volume(&self, volume: &Volume) -> Result<(), Error> {
        locked(&self.volumes).retain(|one| one.name != volume.name);
        Ok(())
    }

    fn hosts(&self) -> Result<Vec<Host>, Error> {
        Ok(vec![Host {
            name: "node-1".into(),
            address: None,
            cpus: 4.0,
            memory: 8192,
            is_ready: true,
            attributes: BTreeMap::new(),
        }])
    }
}
