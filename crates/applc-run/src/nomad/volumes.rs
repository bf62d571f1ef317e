//! Persistent volumes: dynamic host volumes and CSI volumes.
//!
//! Nomad keeps no labels of a volume. The name of a local one tells whose it is.

use crate::engine::Volume;
use crate::error::Error;
use crate::state::Observed;

use super::client::{Nomad, encoded, is_forbidden};
use super::model::{Job, Spec, Stored};

/// What stands between the id of an appliance and that of a volume.
const BETWEEN: &str = "--";

/// Kinds of volumes.
const KINDS: [&str; 2] = ["host", "csi"];

/// The volumes in a namespace. None of a kind that the user may not list.
///
/// # Errors
/// The agent does not answer or refuses.
pub fn stored(nomad: &Nomad, namespace: &str) -> Result<Vec<Stored>, Error> {
    let mut all = Vec::new();
    for kind in KINDS {
        let path = format!("/v1/volumes?type={kind}&namespace={}", encoded(namespace));
        let found: Vec<Stored> = match nomad.get(&path, "list volumes") {
            Err(error) if is_forbidden(&error) => continue,
            other => other?.unwrap_or_default(),
        };
        all.extend(found.into_iter().map(|one| Stored { kind, ..one }));
    }
    Ok(all)
}

/// The name that appliances know a volume by.
fn source(one: &Stored) -> &str {
    // A host volume has an id that Nomad made up.
    if one.kind == "host" { &one.name } else { &one.id }
}

/// The id of a local volume of an appliance, if its name is made of both ids. A name with a digest is not:
/// another appliance could have it.
fn id_in<'a>(name: &'a str, appliance: &str) -> Option<&'a str> {
    let is_clear = |part: &str| {
        !part.is_empty()
            && !part.contains(BETWEEN)
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let id = name.strip_prefix(appliance)?.strip_prefix(BETWEEN)?;
    (is_clear(id) && is_clear(appliance)).then_some(id)
}

/// The volumes of an appliance that exist: those that its jobs mount, and those with its name.
pub fn of_appliance(
    appliance: &str,
    stored: &[Stored],
    jobs: &[(Job, Spec)],
    observed: &Observed,
) -> Vec<(Volume, Stored)> {
    let mounted = mounted(jobs);
    let mut all = Vec::new();
    for one in stored {
        let name = source(one);
        let mount = mounted.iter().find(|(_, source, _)| *source == name);
        let id = match mount {
            // That of a global volume is its name.
            Some((label, source, _)) if label != source => label,
            Some(_) => continue,
            None => match id_in(name, appliance) {
                Some(id) => id,
                None => continue,
            },
        };
        let volume = volume(id, Some(appliance), name, &mounted, observed);
        all.push((volume, one.clone()));
    }
    all.sort_by(|(one, _), (other, _)| one.id.cmp(&other.id));
    all.dedup_by(|(one, _), (other, _)| one.name == other.name);
    all
}

/// The volumes with the scope `global` that jobs of appliances mount.
pub fn global(stored: &[Stored], jobs: &[(Job, Spec)], observed: &Observed) -> Vec<Volume> {
    let mounted = mounted(jobs);
    let is_global =
        |name: &str| mounted.iter().any(|(label, source, _)| *source == name && label == source);
    let names = stored.iter().map(source).filter(|name| is_global(name));
    let mut all: Vec<Volume> =
        names.map(|name| volume(name, None, name, &mounted, observed)).collect();
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all.dedup_by(|one, other| one.name == other.name);
    all
}

/// A mount: the label of the volume in its group, its name, and the container.
type Mount<'a> = (&'a str, &'a str, &'a str);

fn mounted(jobs: &[(Job, Spec)]) -> Vec<Mount<'_>> {
    let groups = jobs.iter().flat_map(|(_, spec)| &spec.task_groups);
    let mounts = groups.flat_map(|group| {
        group
            .volumes
            .iter()
            .map(|(label, volume)| (label.as_str(), volume.source.as_str(), group.name.as_str()))
    });
    mounts.collect()
}

fn volume(
    id: &str,
    appliance: Option<&str>,
    name: &str,
    mounted: &[Mount<'_>],
    observed: &Observed,
) -> Volume {
    let containers = mounted.iter().filter(|(_, source, _)| *source == name);
    let mut used_by: Vec<String> = containers
        .flat_map(|(_, _, container)| observed.of(container).map(|one| one.name.clone()))
        .collect();
    used_by.sort();
    used_by.dedup();
    Volume {
        id: id.to_owned(),
        appliance: appliance.map(str::to_owned),
        name: name.to_owned(),
        used_by,
    }
}

/// Removes all volumes with a name, of which a host volume may have several on different nodes.
///
/// # Errors
/// The agent does not answer, or a volume is in use.
pub fn remove(nomad: &Nomad, name: &str, stored: &[Stored]) -> Result<(), Error> {
    for one in stored.iter().filter(|one| source(one) == name) {
        nomad.delete_volume(one.kind, &one.id, &one.namespace)?;
    }
    Ok(())
}

/// Whether a volume exists.
pub fn exists(name: &str, kind: &str, stored: &[Stored]) -> bool {
    stored.iter().any(|one| one.kind == kind && source(one) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_is_made_of_two_clear_ids_tells_whose_a_volume_is() {
        assert_eq!(id_in("app--data", "app"), Some("data"));
        assert_eq!(id_in("app2--data", "app"), None);
        // That of the volume `c` of `a--b`, and that of the volume `b` of `a-`.
        assert_eq!(id_in("a--b--c-0123456789abcdef", "a"), None);
        assert_eq!(id_in("a---b-0123456789abcdef", "a"), None);
        assert_eq!(id_in("a--b--c-0123456789abcdef", "a--b"), None);
    }
}
