//! How containers differ from what was handed over.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{Action, Change};

use super::change::Comparison;
use super::model::{Definition, Found, Limits, RESTART, Wanted};

/// What was changed of a container that goes on running, behind the back of Compose, which would not notice:
/// limits and networks.
pub fn altered(wanted: &Wanted, found: &Found) -> Vec<String> {
    let mut reasons = limits(&wanted.limits, &found.limits);
    if let Some(networks) = &wanted.networks
        // One that was never started has none yet.
        && found.state.status != "created"
    {
        let missing = networks.difference(&found.networks);
        reasons.extend(missing.map(|network| format!("not in the network `{network}`")));
        let more = found.networks.difference(networks);
        reasons.extend(more.map(|network| format!("also in the network `{network}`")));
    }
    reasons
}

fn limits(wanted: &Limits, found: &Limits) -> Vec<String> {
    let names: BTreeSet<&str> = wanted.keys().chain(found.keys()).copied().collect();
    // An engine drops a limit that its kernel does not know; a restart policy it always keeps.
    let differs = |name: &&str| {
        let is_dropped = !found.contains_key(name) && *name != RESTART;
        !is_dropped && wanted.get(name) != found.get(name)
    };
    let text = |limits: &Limits, name: &str| {
        limits.get(name).cloned().unwrap_or_else(|| "none".to_owned())
    };
    let reason =
        |name: &str| format!("{name} is {} instead of {}", text(found, name), text(wanted, name));
    names.into_iter().filter(differs).map(reason).collect()
}

/// How what runs differs from the services of a file. `images` are the ids of the images that are present.
pub fn drift(wanted: &[Wanted], found: &[Found], images: &BTreeMap<String, String>) -> Vec<Change> {
    let repairs = Comparison::new(wanted, found, images).changes();
    let mut drift: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for service in wanted {
        let own: Vec<&Found> = found.iter().filter(|one| one.service == service.service).collect();
        let reasons = of_service(service, &own, images.get(&service.image).map(String::as_str));
        let known = drift.entry(&service.container).or_default();
        for reason in reasons {
            if !known.contains(&reason) {
                known.push(reason);
            }
        }
    }
    for one in found {
        if wanted.iter().all(|service| service.service != one.service) {
            drift
                .entry(&one.container)
                .or_default()
                .push(format!("`{}` is not in the appliance", one.name));
        }
    }
    let change = |(container, reasons): (&str, Vec<String>)| {
        let repair = repairs.iter().find(|change| change.container == container);
        Change {
            container: container.to_owned(),
            action: repair.map_or(Action::Kept, |change| change.action),
            why: reasons.join("; "),
        }
    };
    drift.into_iter().filter(|(_, reasons)| !reasons.is_empty()).map(change).collect()
}

fn of_service(wanted: &Wanted, found: &[&Found], image: Option<&str>) -> Vec<String> {
    let mut reasons = Vec::new();
    match (wanted.count, found.len()) {
        (wanted, found) if wanted == found => {}
        (1, 0) => reasons.push("was removed".to_owned()),
        (wanted, found) if found < wanted => {
            reasons.push(format!("{} of {wanted} instances were removed", wanted - found));
        }
        (wanted, found) => reasons.push(format!("{found} instances instead of {wanted}")),
    }
    for one in found {
        let mut own = Vec::new();
        if one.hash != wanted.hash {
            let fields = fields(&wanted.definition, &one.definition);
            own.push(match fields.as_slice() {
                [] => "another definition".to_owned(),
                fields => format!("another definition: {}", fields.join(", ")),
            });
        } else {
            own.extend(altered(wanted, one));
        }
        if image.is_some_and(|image| image != one.image) {
            own.push(format!("image: `{}` is another one now", wanted.image));
        }
        own.extend(stopped(one).map(str::to_owned));
        if !own.is_empty() {
            let own = own.join(", ");
            reasons.push(if wanted.count == 1 { own } else { format!("`{}`: {own}", one.name) });
        }
    }
    reasons
}

/// The fields of a Compose file that differ.
fn fields(wanted: &Definition, found: &Definition) -> Vec<&'static str> {
    // What is not in the file is that of the image.
    let words = |wanted: &[String], found: &[String]| !wanted.is_empty() && wanted != found;
    let differs = [
        ("image", wanted.image != found.image),
        ("entrypoint", words(&wanted.entrypoint, &found.entrypoint)),
        ("command", words(&wanted.command, &found.command)),
        ("environment", !wanted.environment.is_subset(&found.environment)),
        ("volumes", !wanted.mounts.is_subset(&found.mounts)),
        ("ports", wanted.ports != found.ports),
        ("privileged", wanted.privileged != found.privileged),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

/// What someone did to the program of a container. The engine starts services again, unless they are stopped;
/// a job that has ended may have done so by itself.
fn stopped(found: &Found) -> Option<&'static str> {
    match found.state.status.as_str() {
        "paused" => Some("was paused"),
        "exited" if found.is_service => Some("was stopped"),
        _ => None,
    }
}
