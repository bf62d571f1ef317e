//! What `up` changes: what the API server has, and what it says it would have.

use std::collections::{BTreeMap, BTreeSet};

use applc::targets::kubernetes_label as label;

use crate::engine::{Action, Change, Desired};
use crate::error::{Error, ErrorKind};
use crate::state::{Instance, State};

use super::diff::{self, Difference};
use super::kubectl::{Kubectl, MANAGER, Mode, Refusal};
use super::model::{APPLC, INSTANCE, KEPT, MANAGED_BY, NAME, Object, items, text};
use super::states::{self, Found};

/// The kinds of objects that are removed when they are gone from the output. Claims are not: they have data.
const OWN: [&str; 7] =
    ["Deployment", "Job", "CronJob", "Service", "ServiceAccount", "Role", "RoleBinding"];

/// The kinds that run containers.
const WORKLOADS: [&str; 3] = ["Deployment", "Job", "CronJob"];

/// What the API server says about a change that is only possible by deleting the object.
const IMMUTABLE: [&str; 4] = [
    "immutable",
    "may not be specified when strategy type is",
    "cannot change roleRef",
    "clusterIP",
];

/// What the API server says if a webhook may have side effects.
const NO_DRY_RUN: &str = "does not support dry run";

/// What becomes of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It stays as it is.
    Same,
    /// It is created.
    Created,
    /// It is changed in place.
    Changed,
    /// It is deleted, and created anew.
    Replaced,
    /// The API server does not take it.
    Refused(Refusal),
}

/// An object of the output.
#[derive(Debug)]
pub struct Part {
    /// The object as it is to be.
    pub wanted: Object,
    /// The object that is there.
    pub live: Option<Object>,
    /// What becomes of it.
    pub fate: Fate,
    /// What differs, if it is there.
    pub differences: Vec<Difference>,
    /// Whether its instances are started anew although it stays as it is, and why.
    pub stuck: Option<String>,
}

impl Part {
    /// Whether applc has handed it over before, in the same way.
    fn is_owned(&self) -> bool {
        let Some(live) = &self.live else { return false };
        let mut managers = live.items("/metadata/managedFields");
        managers.any(|one| text(one, "/manager") == MANAGER && text(one, "/operation") == "Apply")
    }

    /// Whether it is handed over.
    pub fn is_applied(&self) -> bool {
        self.fate != Fate::Same || self.is_recreated() || !self.is_owned()
    }

    /// Whether it is deleted first.
    pub fn is_recreated(&self) -> bool {
        // A job that failed is run again as a whole.
        self.fate == Fate::Replaced || (self.stuck.is_some() && self.wanted.kind() == "Job")
    }

    /// Whether it runs containers.
    pub fn is_workload(&self) -> bool {
        WORKLOADS.contains(&self.wanted.kind())
    }
}

/// What becomes of all objects.
#[derive(Debug)]
pub struct Comparison {
    /// The objects of the output.
    pub parts: Vec<Part>,
    /// Objects that are gone from the output.
    pub gone: Vec<Object>,
    /// The ids of the containers by their names in labels.
    pub ids: BTreeMap<String, String>,
}

impl Comparison {
    /// Compares the files of an appliance with what the API server has.
    ///
    /// # Errors
    /// The API server does not answer or refuses, an object belongs to something else, or a volume would
    /// have to be replaced.
    pub fn new(
        kubectl: &Kubectl,
        desired: &Desired<'_>,
        found: &Found,
    ) -> Result<Comparison, Error> {
        let appliance = label(desired.id());
        let containers = desired.plan.containers.iter().map(|one| &one.id.value);
        let ids = containers.map(|id| (label(id), id.to_string())).collect();
        let wanted = kubectl.objects(desired.files)?;
        let live = kubectl.live(&wanted)?;
        let mut parts = Vec::new();
        for wanted in wanted {
            let live = live.iter().find(|live| is_same_object(live, &wanted)).cloned();
            match &live {
                Some(live) if live.kind() == "Namespace" && live.is_ending() => {
                    let message = format!("{} is being deleted", live.title());
                    return Err(
                        Error::new(ErrorKind::Refused, message).help("try again when it is gone")
                    );
                }
                Some(live) if live.label(MANAGED_BY) == APPLC => {}
                // It was there before, and belongs to whoever made it.
                Some(live) if live.kind() == "Namespace" => continue,
                Some(live) => return Err(stranger(live)),
                None => {}
            }
            if let Some(live) = &live
                && live.kind() != "Namespace"
                && live.label(INSTANCE) != appliance
            {
                return Err(stranger(live));
            }
            let fate = if live.is_some() { Fate::Same } else { Fate::Created };
            parts.push(Part { wanted, live, fate, differences: Vec::new(), stuck: None });
        }
        let gone = gone(&parts, found);
        let mut comparison = Comparison { parts, gone, ids };
        comparison.ask(kubectl)?;
        comparison.free_ports();
        comparison.find_stuck(found);
        Ok(comparison)
    }

    /// Asks the API server what it would make of the objects that exist.
    fn ask(&mut self, kubectl: &Kubectl) -> Result<(), Error> {
        // Each round leaves out those that were refused in the one before.
        loop {
            let asked: Vec<&Object> = self
                .parts
                .iter()
                .filter(|part| part.live.is_some() && part.fate == Fate::Same)
                .map(|part| &part.wanted)
                .collect();
            if asked.is_empty() {
                return Ok(());
            }
            match kubectl.apply(asked, MANAGER, Mode::Dry)? {
                Ok(after) => {
                    for part in &mut self.parts {
                        let after = after.iter().find(|one| is_same_object(one, &part.wanted));
                        if let (Some(live), Some(after)) = (&part.live, after)
                            && part.fate == Fate::Same
                        {
                            part.differences = diff::differences(&live.0, &after.0);
                            if !part.differences.is_empty() {
                                part.fate = Fate::Changed;
                            }
                        }
                    }
                    return Ok(());
                }
                Err(refusals) if refusals.iter().any(|one| one.reason.contains(NO_DRY_RUN)) => {
                    self.compare();
                    return Ok(());
                }
                Err(refusals) => {
                    let mut is_known = false;
                    for refusal in refusals {
                        for part in &mut self.parts {
                            if part.fate == Fate::Same && refusal.is_about(&part.wanted) {
                                is_known = true;
                                part.refuse(refusal.clone())?;
                            }
                        }
                        if !is_known {
                            let message = format!("Kubernetes: {}", refusal.reason);
                            return Err(Error::new(ErrorKind::Refused, message));
                        }
                    }
                }
            }
        }
    }

    /// Compares the fields of the output with what is there, where the API server cannot be asked.
    fn compare(&mut self) {
        for part in self.parts.iter_mut().filter(|part| part.fate == Fate::Same) {
            let Some(live) = &part.live else { continue };
            part.differences = diff::missing(&live.0, &part.wanted.0);
            if !part.differences.is_empty() {
                let is_fixed = part.wanted.kind() == "Job"
                    && part.differences.iter().any(|one| one.is_in(&["spec", "template"]));
                part.fate = if is_fixed { Fate::Replaced } else { Fate::Changed };
            }
        }
    }

    /// A port of the nodes that one Service gives to another one is free only if the first is deleted:
    /// the API server keeps the port of a Service that no longer asks for it.
    fn free_ports(&mut self) {
        let ports = |object: &Object| -> BTreeSet<u64> {
            let ports = object.items("/spec/ports");
            ports.filter_map(|port| port.get("nodePort")?.as_u64()).collect()
        };
        let wanted: Vec<(String, BTreeSet<u64>)> = self
            .parts
            .iter()
            .filter(|part| part.wanted.kind() == "Service")
            .map(|part| (part.wanted.name().to_owned(), ports(&part.wanted)))
            .collect();
        let mut freed: BTreeSet<u64> = self.gone.iter().flat_map(&ports).collect();
        for part in self.parts.iter_mut().filter(|part| part.wanted.kind() == "Service") {
            let Some(live) = &part.live else { continue };
            let kept: BTreeSet<u64> = ports(live);
            let taken = wanted
                .iter()
                .any(|(name, ports)| name != part.wanted.name() && !ports.is_disjoint(&kept));
            if taken && part.fate != Fate::Replaced {
                part.fate = Fate::Replaced;
                part.differences = diff::missing(&live.0, &part.wanted.0);
            }
            if part.fate == Fate::Replaced {
                freed.extend(kept);
            }
        }
        for part in &mut self.parts {
            let is_free = !freed.is_disjoint(&ports(&part.wanted));
            if let Fate::Refused(refusal) = &part.fate
                && refusal.reason.contains("already allocated")
                && is_free
            {
                part.fate = Fate::Changed;
            }
        }
    }

    /// Finds what does not come up by itself: started anew, it gets another chance.
    fn find_stuck(&mut self, found: &Found) {
        let observed = states::observed(found);
        for part in self.parts.iter_mut().filter(|part| part.fate == Fate::Same) {
            if !part.is_workload() || part.wanted.kind() == "CronJob" {
                continue;
            }
            let id = found.id(part.wanted.label(NAME));
            let is_stuck = |one: &&Instance| {
                one.fault.is_some() || one.state == State::Failed || is_held(found, &one.name)
            };
            part.stuck = observed
                .of(&id)
                .find(is_stuck)
                .map(|one| one.why.clone().unwrap_or_else(|| "it is not running".to_owned()));
        }
    }

    /// The part of the workload of a container, by its name in labels.
    pub fn workload(&self, name: &str) -> Option<&Part> {
        self.parts.iter().find(|part| part.is_workload() && part.wanted.label(NAME) == name)
    }

    /// The names in labels of the containers that an object is for: its own, or those that mount it.
    fn names(&self, object: &Object) -> Vec<String> {
        if object.kind() == "PersistentVolumeClaim" {
            let users = self.parts.iter().filter(|part| {
                let pod = pod_spec(&part.wanted);
                pod.is_some_and(|pod| {
                    items(pod, "/volumes")
                        .any(|one| text(one, "/persistentVolumeClaim/claimName") == object.name())
                })
            });
            return users.map(|part| part.wanted.label(NAME).to_owned()).collect();
        }
        let name = object.label(NAME);
        if name.is_empty() { Vec::new() } else { vec![name.to_owned()] }
    }

    /// Whether an object is for the container with this name in labels.
    pub fn is_for(&self, part: &Part, name: &str) -> bool {
        self.names(&part.wanted).iter().any(|one| one == name)
    }

    /// The id of the first container that an object is for.
    pub fn container(&self, object: &Object) -> Option<String> {
        self.names(object).iter().find_map(|name| self.ids.get(name)).cloned()
    }

    /// What becomes of each container.
    pub fn changes(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        for (name, id) in &self.ids {
            let Some(part) = self.workload(name) else { continue };
            let (mut action, mut why) = self.of_workload(part, name);
            if action == Action::Kept {
                let others = self.parts.iter().filter(|other| {
                    other.fate != Fate::Same
                        && !other.is_workload()
                        && self.names(&other.wanted).contains(name)
                });
                for other in others {
                    (action, why) = of_other(other);
                }
            }
            changes.push(Change { container: id.clone(), action, why });
        }
        for object in &self.gone {
            let name = object.label(NAME);
            let is_new = WORKLOADS.contains(&object.kind()) && !self.ids.contains_key(name);
            if is_new && changes.iter().all(|change| change.container != name) {
                changes.push(Change {
                    container: name.to_owned(),
                    action: Action::Removed,
                    why: "not in the appliance".to_owned(),
                });
            }
        }
        changes
    }

    fn of_workload(&self, part: &Part, name: &str) -> (Action, String) {
        let why = diff::words(&part.differences);
        match &part.fate {
            Fate::Created => {
                let other = self
                    .gone
                    .iter()
                    .find(|gone| WORKLOADS.contains(&gone.kind()) && gone.label(NAME) == name);
                match other {
                    Some(other) => {
                        let kind = part.wanted.kind();
                        (Action::Replaced, format!("a {kind} instead of a {}", other.kind()))
                    }
                    None => (Action::Created, String::new()),
                }
            }
            Fate::Replaced => (Action::Replaced, why),
            Fate::Changed if part.wanted.kind() == "Deployment" => {
                let is_new = part.differences.iter().any(|one| one.is_in(&["spec", "template"]));
                (if is_new { Action::Replaced } else { Action::Changed }, why)
            }
            Fate::Changed => (Action::Changed, why),
            Fate::Refused(refusal) => (Action::Unplaceable, refusal.reason.clone()),
            Fate::Same => match &part.stuck {
                Some(why) => (Action::Restarted, why.clone()),
                None => (Action::Kept, String::new()),
            },
        }
    }
}

/// What becomes of a container because of another object than its workload.
fn of_other(part: &Part) -> (Action, String) {
    let object = part.wanted.title();
    let words = diff::words(&part.differences);
    match &part.fate {
        Fate::Refused(refusal) => (Action::Unplaceable, refusal.reason.clone()),
        Fate::Created => (Action::Changed, format!("{object} is added")),
        Fate::Replaced => (Action::Changed, format!("{object} is made anew: {words}")),
        _ => (Action::Changed, format!("{object}: {words}")),
    }
}

impl Part {
    /// What a refusal of the API server to change an object means.
    fn refuse(&mut self, refusal: Refusal) -> Result<(), Error> {
        let is_fixed = IMMUTABLE.iter().any(|words| refusal.reason.contains(words));
        let Some(live) = &self.live else { return Ok(()) };
        self.differences = diff::missing(&live.0, &self.wanted.0);
        if self.wanted.kind() == "PersistentVolumeClaim" {
            let why = diff::words(&self.differences);
            let message = format!("{} cannot be changed ({why})", self.wanted.title());
            return Err(Error::new(ErrorKind::Refused, message).help(
                "copy its data to a volume with another id, or remove the volume, with all data in it",
            ));
        }
        self.fate = if is_fixed { Fate::Replaced } else { Fate::Refused(refusal) };
        Ok(())
    }
}

/// The specification of the pods of a workload.
fn pod_spec(workload: &Object) -> Option<&serde_json::Value> {
    workload
        .at("/spec/template/spec")
        .or_else(|| workload.at("/spec/jobTemplate/spec/template/spec"))
}

/// Whether an init container of a pod is kept from starting again.
pub fn is_held(found: &Found, pod: &str) -> bool {
    found.of_kind("Pod").filter(|one| one.name() == pod).any(|pod| {
        pod.items("/status/initContainerStatuses")
            .any(|status| text(status, "/state/waiting/reason") == "CrashLoopBackOff")
    })
}

fn is_same_object(one: &Object, other: &Object) -> bool {
    let group = |object: &Object| {
        let version = object.text("/apiVersion");
        version.rsplit_once('/').map_or("", |(group, _)| group).to_owned()
    };
    one.kind() == other.kind()
        && one.name() == other.name()
        && one.namespace() == other.namespace()
        && group(one) == group(other)
}

/// The objects of the appliance that are no longer in the output.
fn gone(parts: &[Part], found: &Found) -> Vec<Object> {
    let is_wanted = |one: &Object| parts.iter().any(|part| is_same_object(&part.wanted, one));
    let own = found.objects.iter().filter(|one| {
        OWN.contains(&one.kind())
            && one.label(MANAGED_BY) == APPLC
            && !one.name().starts_with(KEPT)
            && !one.is_ending()
    });
    own.filter(|one| !is_wanted(one)).cloned().collect()
}

fn stranger(live: &Object) -> Error {
    let whose = match (live.label(MANAGED_BY), live.label(INSTANCE)) {
        (APPLC, other) => format!("the appliance `{other}`"),
        _ => "something else".to_owned(),
    };
    let message =
        format!("{} in the namespace `{}` belongs to {whose}", live.title(), live.namespace());
    Error::new(ErrorKind::Refused, message)
        .help("choose another id, or another namespace with the option `kubernetes.namespace`")
}

/// What names the objects of an appliance as they are: another text means that someone has changed them.
pub fn basis(found: &Found) -> String {
    let mut lines: Vec<String> = found
        .objects
        .iter()
        .filter(|one| one.label(MANAGED_BY) == APPLC && !one.name().starts_with(KEPT))
        .map(|one| {
            let own = match one.number("/metadata/generation") {
                // The address of a Service, and the volume of a claim, come by themselves.
                0 => match one.kind() {
                    "PersistentVolumeClaim" => {
                        one.text("/spec/resources/requests/storage").to_owned()
                    }
                    "Service" => ["/spec/type", "/spec/ports", "/spec/selector"]
                        .iter()
                        .filter_map(|pointer| one.at(pointer))
                        .map(ToString::to_string)
                        .collect::<Vec<_>>()
                        .join(" "),
                    _ => one.text("/metadata/resourceVersion").to_owned(),
                },
                generation => generation.to_string(),
            };
            format!("{} {} {} {own}\n", one.kind(), one.name(), one.uid())
        })
        .collect();
    lines.sort();
    lines.concat()
}
