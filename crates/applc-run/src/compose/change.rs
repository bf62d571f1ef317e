//! What `up` changes: what Compose compares, and what has to run again.

use std::collections::BTreeMap;

use crate::engine::{Action, Change};
use crate::state::{Instance, State};

use super::drift::altered;
use super::model::{Found, Wanted};
use super::states;

/// What becomes of each service, and of containers of services that are gone.
#[derive(Debug)]
pub struct Comparison {
    services: Vec<Service>,
}

/// What becomes of a service.
#[derive(Debug)]
struct Service {
    name: String,
    container: String,
    action: Action,
    why: String,
    /// The containers that run and do not get better by themselves: started anew, they get another chance.
    stuck: Vec<String>,
    /// The containers that could never be started.
    unborn: Vec<String>,
    /// The containers that were changed without Compose.
    altered: Vec<String>,
    /// Whether a container has the former value of a secret in a file.
    is_stale: bool,
    /// Whether it is a job that has succeeded: Compose would run it again.
    is_done: bool,
}

impl Comparison {
    /// Compares services with containers. `images` are the ids of the images that are present.
    pub fn new(
        wanted: &[Wanted],
        found: &[Found],
        images: &BTreeMap<String, String>,
    ) -> Comparison {
        let mut services: Vec<Service> = wanted
            .iter()
            .map(|wanted| {
                let own: Vec<&Found> =
                    found.iter().filter(|found| found.service == wanted.service).collect();
                service(wanted, &own, images.get(&wanted.image).map(String::as_str))
            })
            .collect();
        for one in found {
            let is_gone = wanted.iter().all(|wanted| wanted.service != one.service);
            if is_gone && services.iter().all(|service| service.name != one.service) {
                services.push(Service {
                    name: one.service.clone(),
                    container: one.container.clone(),
                    action: Action::Removed,
                    why: "not in the appliance".to_owned(),
                    stuck: Vec::new(),
                    unborn: Vec::new(),
                    altered: Vec::new(),
                    is_stale: false,
                    is_done: false,
                });
            }
        }
        Comparison { services }
    }

    /// Whether everything stays as it is.
    pub fn is_empty(&self) -> bool {
        self.services.iter().all(|service| service.action == Action::Kept)
    }

    /// The services that Compose is to look at: all except jobs that have succeeded and stay as they are.
    pub fn selected(&self) -> Vec<String> {
        let done = |service: &&Service| {
            service.action != Action::Removed
                && !(service.is_done && service.action == Action::Kept)
        };
        self.services.iter().filter(done).map(|service| service.name.clone()).collect()
    }

    /// The services whose containers are removed.
    pub fn removed(&self) -> impl Iterator<Item = &str> {
        let removed = self.services.iter().filter(|service| service.action == Action::Removed);
        removed.map(|service| service.name.as_str())
    }

    /// The containers to stop first, so that Compose starts them anew.
    pub fn stuck(&self) -> impl Iterator<Item = &str> {
        let services = self.services.iter();
        services
            .flat_map(|service| service.stuck.iter().chain(&service.altered))
            .map(String::as_str)
    }

    /// The containers to remove first, so that Compose creates them anew: they could never be started, or Compose
    /// does not see that they were changed. Nothing is lost with them.
    pub fn unborn(&self) -> impl Iterator<Item = &str> {
        let services = self.services.iter();
        services
            .flat_map(|service| service.unborn.iter().chain(&service.altered))
            .map(String::as_str)
    }

    /// The services that Compose is to create anew although it sees no change.
    pub fn recreated(&self) -> impl Iterator<Item = &str> {
        let stale = self.services.iter().filter(|service| service.is_stale);
        stale.map(|service| service.name.as_str())
    }

    /// What becomes of each container of the appliance: of several services of one, that which is
    /// changed most.
    pub fn changes(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        for service in &self.services {
            let change = Change {
                container: service.container.clone(),
                action: service.action,
                why: service.why.clone(),
            };
            match changes.iter_mut().find(|known| known.container == change.container) {
                // A service of a container that has others is an instance of it.
                Some(known) if known.action != change.action => {
                    let is_part = matches!(change.action, Action::Removed | Action::Created)
                        || matches!(known.action, Action::Removed | Action::Created);
                    if is_part {
                        known.action = Action::Changed;
                        known.why = "another number of instances".to_owned();
                    } else if change.action > known.action {
                        *known = change;
                    }
                }
                Some(_) => {}
                None => changes.push(change),
            }
        }
        changes
    }
}

fn service(wanted: &Wanted, found: &[&Found], image: Option<&str>) -> Service {
    let states: Vec<Instance> = {
        let own: Vec<Found> = found.iter().map(|one| (*one).clone()).collect();
        states::observed(&own, "").instances
    };
    let ended =
        |one: &Instance| matches!(one.state, State::Killed | State::Failed | State::Pending);
    let restarting = |one: &Found| one.state.status == "restarting";
    // Those that run and will not get better by themselves.
    let stuck: Vec<String> = found
        .iter()
        .zip(&states)
        .filter(|(raw, one)| {
            restarting(raw) || (one.fault.is_some() && raw.state.status == "running")
        })
        .map(|(raw, _)| raw.name.clone())
        .collect();
    let never = |one: &&&Found| {
        one.state.status == "created" && !one.state.error.is_empty() && !one.has_own_volume
    };
    let unborn = found.iter().filter(never).map(|one| one.name.clone()).collect();
    // Compose replaces those of another definition itself.
    let own = || found.iter().filter(|one| one.hash == wanted.hash && !one.has_own_volume);
    let differs = |one: &&&Found| !altered(wanted, one).is_empty() && one.state.status != "created";
    let changed: Vec<String> = own().filter(differs).map(|one| one.name.clone()).collect();
    let broken = states.iter().find(|one| ended(one) || stuck.contains(&one.name));
    let moved = image.filter(|id| found.iter().any(|one| one.image != *id));
    let stale = found.iter().find_map(|one| one.stale.first());
    let (action, why) = if found.is_empty() && wanted.count > 0 {
        (Action::Created, String::new())
    } else if found.iter().any(|one| one.hash != wanted.hash) {
        (Action::Replaced, "its definition has changed".to_owned())
    } else if moved.is_some() {
        (Action::Replaced, "its image has changed".to_owned())
    } else if let Some(one) = own().find(differs) {
        (Action::Replaced, altered(wanted, one).join(", "))
    } else if let Some(path) = stale {
        (Action::Replaced, format!("the secret in `{path}` has changed"))
    } else if found.len() != wanted.count {
        let instances = if wanted.count == 1 { "instance" } else { "instances" };
        (Action::Changed, format!("{} {instances} instead of {}", wanted.count, found.len()))
    } else if let Some(one) = broken {
        let why = one.why.clone().unwrap_or_else(|| "it is not running".to_owned());
        (Action::Restarted, why)
    } else {
        (Action::Kept, String::new())
    };
    let is_done = !states.is_empty() && states.iter().all(|one| one.state == State::Success);
    Service {
        name: wanted.service.clone(),
        container: wanted.container.clone(),
        action,
        why,
        stuck,
        unborn,
        altered: changed,
        is_stale: stale.is_some() && wanted.count > 0,
        is_done: is_done || wanted.count == 0,
    }
}
