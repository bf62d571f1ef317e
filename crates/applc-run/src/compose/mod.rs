//! Docker Compose on one machine: the user's Docker context, and Compose as a plug-in or as a program.
//!
//! Compose starts the containers, in order. What runs is read from the engine itself, because Compose
//! only returns when everything has started, and then with one line about what failed.

mod change;
mod docker;
mod drift;
mod handover;
mod logs;
mod machine;
mod model;
mod stale;
mod states;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Duration;

use crate::engine::{
    Change, Desired, Engine, Handover, Host, Known, LogOptions, Outlook, Removed, Volume,
};
use crate::error::{Error, ErrorKind};
use crate::events::Events;
use crate::secrets::Secrets;
use crate::state::Observed;

use applc::targets::compose_project as project;
use change::Comparison;
use docker::{Docker, File};
use model::{APPLIANCE, Found, Wanted};

/// Docker Compose.
pub struct Compose {
    docker: Docker,
    /// What happens to appliances that are waited for.
    events: Events,
    /// Where the values of secrets are.
    secrets: Secrets,
}

impl Compose {
    /// The engine of the user's Docker context, with values of secrets from there.
    ///
    /// # Errors
    /// Docker or Compose is not installed, or the engine does not answer.
    pub fn connect(secrets: Secrets) -> Result<Compose, Error> {
        Ok(Compose { docker: Docker::connect()?, events: Events::default(), secrets })
    }

    /// The Compose file of an appliance.
    fn file(&self, desired: &Desired<'_>) -> Result<File, Error> {
        Ok(File {
            project: project(desired.id()),
            path: desired.files.join(model::FILE),
            secrets: self.secrets.values(desired.plan)?,
        })
    }

    /// The containers of a project, after checking that they are those of the appliance.
    fn found(&self, id: &str) -> Result<Vec<Found>, Error> {
        let found = self.docker.project(&project(id))?;
        strangers(id, &found).map_or(Ok(found), Err)
    }

    /// The same, after looking for files with secrets that have changed.
    fn compared(&self, desired: &Desired<'_>) -> Result<Vec<Found>, Error> {
        let mut found = self.found(desired.id())?;
        stale::mark(&self.docker, desired.plan, &self.secrets, &mut found)?;
        Ok(found)
    }

    fn comparison(&self, desired: &Desired<'_>) -> Result<Comparison, Error> {
        let found = self.compared(desired)?;
        let (wanted, images) = self.wanted(desired)?;
        Ok(Comparison::new(&wanted, &found, &images))
    }

    /// The services of an appliance, and the ids of those of their images that are present.
    fn wanted(
        &self,
        desired: &Desired<'_>,
    ) -> Result<(Vec<Wanted>, BTreeMap<String, String>), Error> {
        let wanted = self.docker.services(&self.file(desired)?)?;
        let images = self.docker.images(wanted.iter().map(|service| service.image.as_str()))?;
        Ok((wanted, images))
    }
}

/// The names of the containers that mount a volume, sorted.
fn users(found: &[Found], volume: &str) -> Vec<String> {
    let users = found.iter().filter(|one| one.volumes.iter().any(|name| name == volume));
    let mut names: Vec<String> = users.map(|one| one.name.clone()).collect();
    names.sort();
    names
}

/// The error if a project has containers of something else than the appliance with this id: of another
/// appliance whose id differs in case, or not of applc.
fn strangers(id: &str, found: &[Found]) -> Option<Error> {
    let strangers = || found.iter().filter(|one| one.appliance.as_deref() != Some(id));
    let first = strangers().next()?;
    let names: Vec<&str> = strangers().map(|one| one.name.as_str()).collect();
    let names = names.join(", ");
    let project = project(id);
    let other = first.appliance.as_deref();
    let (whose, down) = match other {
        Some(other) if found.iter().all(|one| one.appliance.as_deref() == Some(other)) => {
            (format!("the appliance `{other}`"), format!("it with `applc down {other}`"))
        }
        _ => (
            format!("something else than the appliance `{id}`"),
            format!("them with `docker compose -p {project} down`"),
        ),
    };
    let message = format!("the Compose project `{project}` has containers of {whose}: {names}");
    let help = format!("choose another id, or remove {down}");
    Some(Error::new(ErrorKind::Refused, message).help(help))
}

/// The containers, and what they were made of. Whether they run changes by itself.
fn basis(found: &[Found]) -> String {
    let one = |found: &Found| {
        let Found { name, id, hash, image, limits, networks, .. } = found;
        let limits: Vec<String> =
            limits.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let networks: Vec<&str> = networks.iter().map(String::as_str).collect();
        format!("{name} {id} {hash} {image} {} {}\n", limits.join(","), networks.join(","))
    };
    found.iter().map(one).collect()
}

impl Engine for Compose {
    fn target(&self) -> &str {
        "compose"
    }

    fn outlook(&self, desired: &Desired<'_>) -> Result<Outlook, Error> {
        let basis = basis(&self.found(desired.id())?);
        Ok(Outlook { changes: self.comparison(desired)?.changes(), basis })
    }

    fn drift(&self, desired: &Desired<'_>) -> Result<Vec<Change>, Error> {
        let found = self.found(desired.id())?;
        let (wanted, images) = self.wanted(desired)?;
        Ok(drift::drift(&wanted, &found, &images))
    }

    fn apply(&self, desired: &Desired<'_>) -> Result<Box<dyn Handover>, Error> {
        let file = self.file(desired)?;
        let found = self.compared(desired)?;
        let wanted = self.docker.services(&file)?;
        Ok(Box::new(handover::Compose::new(self.docker.clone(), file, wanted, found)?))
    }

    fn observe(&self, id: &str) -> Result<Observed, Error> {
        let found = self.found(id)?;
        Ok(states::observed(&found, self.docker.host()))
    }

    fn pause(&self, id: &str, limit: Duration) {
        self.events.wait(id, limit, || self.docker.events());
    }

    fn logs(
        &self,
        instances: &[String],
        options: LogOptions,
        out: &mut (dyn Write + Send),
    ) -> Result<(), Error> {
        logs::write(&self.docker, instances, options, out)
    }

    fn remove(&self, id: &str, purge: bool) -> Result<Removed, Error> {
        let found = self.found(id)?;
        let project = project(id);
        let volumes = self.docker.volumes(&project)?;
        self.docker.down(&project, purge)?;
        if purge {
            // Compose removes volumes only if it finds something else of the project.
            self.docker.remove_volumes(&self.docker.volumes(&project)?)?;
        }
        Ok(Removed { instances: found.len(), volumes })
    }

    fn remove_container(&self, id: &str, container: &str) -> Result<Removed, Error> {
        let found = self.found(id)?;
        let own = found.iter().filter(|one| one.container == container);
        let names: Vec<&str> = own.map(|one| one.name.as_str()).collect();
        if names.is_empty() {
            return Ok(Removed::default());
        }
        for words in [&["stop", "--time", "10"][..], &["rm", "--force", "--volumes"]] {
            self.docker.checked_slowly(&[words, &names].concat())?;
        }
        Ok(Removed { instances: names.len(), volumes: Vec::new() })
    }

    fn volumes(&self, appliance: Option<&str>) -> Result<Vec<Volume>, Error> {
        let (found, names) = match appliance {
            Some(id) => (self.found(id)?, self.docker.volumes(&project(id))?),
            // Those with the scope `global` have no label: they are known by who mounts them.
            None => {
                let found = self.docker.labelled(APPLIANCE)?;
                let names = found.iter().flat_map(|one| one.volumes.clone());
                let names: BTreeSet<String> = names.collect();
                (found, names.into_iter().collect())
            }
        };
        let volumes = self.docker.inspect_volumes(&names)?;
        let of = |volume: &machine::FoundVolume| Volume {
            id: volume.key.clone().unwrap_or_else(|| volume.name.clone()),
            appliance: appliance.map(str::to_owned),
            name: volume.name.clone(),
            used_by: users(&found, &volume.name),
        };
        let is_asked =
            |volume: &&machine::FoundVolume| volume.project.is_some() == appliance.is_some();
        let mut volumes: Vec<Volume> = volumes.iter().filter(is_asked).map(of).collect();
        volumes.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(volumes)
    }

    fn remove_volume(&self, volume: &Volume) -> Result<(), Error> {
        self.docker.remove_volumes(std::slice::from_ref(&volume.name))
    }

    fn hosts(&self) -> Result<Vec<Host>, Error> {
        Ok(vec![self.docker.machine()?])
    }

    fn list(&self) -> Result<Vec<Known>, Error> {
        let mut by_id: BTreeMap<String, Vec<Found>> = BTreeMap::new();
        for found in self.docker.labelled(APPLIANCE)? {
            if let Some(id) = &found.appliance {
                by_id.entry(id.clone()).or_default().push(found);
            }
        }
        let host = self.docker.host();
        let known = |(id, found): (String, Vec<Found>)| Known {
            id,
            observed: states::observed(&found, host),
        };
        Ok(by_id.into_iter().map(known).collect())
    }
}
