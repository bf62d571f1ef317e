//! Handing an appliance over: what cannot be changed is deleted, and then the API server gets the rest.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::json;

use applc::plan::Plan;
use applc::targets::kubernetes_label as label;

use crate::engine::{Failure, Handover, Progress, Step};
use crate::error::{Error, ErrorKind};
use crate::state::{Fault, FaultKind};
use crate::tool::Running;

use super::change::{Comparison, is_held};
use super::kubectl::{Kubectl, MANAGER, Mode, Refusal, answered, succeeded, unlimited};
use super::model::{self, APPLC, INSTANCE, KEPT, MANAGED_BY, NAME, Object};
use super::states::{self, Found};

/// How long a new namespace may take to be ready for pods.
const NEW: Duration = Duration::from_secs(15);

/// A hand-over to Kubernetes.
pub struct Kubernetes {
    kubectl: Kubectl,
    comparison: Comparison,
    /// The names in labels of the containers, in the order in which they start.
    order: Vec<String>,
    /// Pods and ReplicaSets to delete, so that they are made anew.
    stuck: Vec<Object>,
    /// The ConfigMap with the ids, unless it is there.
    kept: Option<Object>,
    stage: Stage,
}

enum Stage {
    Namespaces,
    /// Waits until pods can be made in a new namespace, at most until this time.
    Account(String, Instant),
    Delete,
    Deleting(Running),
    Apply,
    Done,
}

impl Kubernetes {
    /// A hand-over of what has changed.
    pub fn new(
        kubectl: Kubectl,
        plan: &Plan,
        comparison: Comparison,
        found: &Found,
        place: &str,
    ) -> Self {
        let of = |id: &usize| plan.containers.get(*id).map(|one| label(&one.id.value));
        let order = plan.start_order.iter().filter_map(of).collect();
        let stuck = stuck(&comparison, found);
        let wanted = kept(plan, place, &comparison);
        let is_there = found.of_kind("ConfigMap").any(|one| {
            one.name() == wanted.name()
                && one.namespace() == place
                && ["id", "containers", "volumes"].iter().all(|key| {
                    let pointer = format!("/data/{key}");
                    one.text(&pointer) == wanted.text(&pointer)
                })
        });
        let kept = (!is_there).then_some(wanted);
        Kubernetes { kubectl, comparison, order, stuck, kept, stage: Stage::Namespaces }
    }

    fn namespaces(&mut self) -> Result<Stage, Error> {
        let parts = self.comparison.parts.iter().filter(|part| part.wanted.kind() == "Namespace");
        let missing: Vec<&Object> =
            parts.filter(|part| part.live.is_none()).map(|part| &part.wanted).collect();
        let Some(first) = missing.first() else { return Ok(Stage::Delete) };
        let name = first.name().to_owned();
        if let Err(refusals) = self.kubectl.apply(missing, MANAGER, Mode::Real)? {
            let reason = refusals.first().map(|refusal| refusal.reason.clone()).unwrap_or_default();
            let message = format!("Kubernetes: the namespace `{name}` cannot be made: {reason}");
            return Err(Error::new(ErrorKind::Refused, message));
        }
        Ok(Stage::Account(name, Instant::now() + NEW))
    }

    /// Starts deleting what is gone, and what cannot be changed in place.
    fn delete(&mut self) -> Result<Stage, Error> {
        let replaced = self.comparison.parts.iter().filter(|part| part.is_recreated());
        let doomed = replaced.filter_map(|part| part.live.as_ref()).chain(&self.comparison.gone);
        let doomed: Vec<Object> = doomed.map(reference).collect();
        if doomed.is_empty() {
            return Ok(Stage::Apply);
        }
        // Pods have ended before what replaces them starts.
        let arguments =
            ["delete", "--ignore-not-found", "--cascade=foreground", "--wait=true", "-f", "-"];
        Ok(Stage::Deleting(Running::start_with(&mut unlimited(&arguments), model::list(&doomed))?))
    }

    fn apply(&mut self) -> Result<Option<Failure>, Error> {
        let parts = self.comparison.parts.iter().filter(|part| part.is_applied());
        let mut all: Vec<&Object> = parts.map(|part| &part.wanted).collect();
        // First: it says whose the rest is.
        if let Some(kept) = &self.kept {
            let first = all.iter().take_while(|one| one.kind() == "Namespace").count();
            all.insert(first, kept);
        }
        if !all.is_empty()
            && let Err(refusals) = self.kubectl.apply(all, MANAGER, Mode::Real)?
        {
            return self.failure(&refusals).map(Some);
        }
        if !self.stuck.is_empty() {
            let mut command =
                unlimited(&["delete", "--ignore-not-found", "--wait=false", "-f", "-"]);
            let running = Running::start_with(&mut command, model::list(&self.stuck))?;
            succeeded(answered(running.wait(crate::tool::PATIENCE)?)?)?;
        }
        Ok(None)
    }

    /// The failure of the container that starts first.
    fn failure(&self, refusals: &[Refusal]) -> Result<Failure, Error> {
        let part = |refusal: &Refusal| {
            self.comparison.parts.iter().find(|part| refusal.is_about(&part.wanted))
        };
        let place = |refusal: &&Refusal| {
            let name = part(refusal).map(|part| part.wanted.label(NAME));
            self.order.iter().position(|one| Some(one.as_str()) == name).unwrap_or(usize::MAX)
        };
        let Some(first) = refusals.iter().min_by_key(place) else {
            return Err(Error::new(ErrorKind::Refused, "Kubernetes: no reason given"));
        };
        let container = part(first).and_then(|part| self.comparison.container(&part.wanted));
        if container.is_none() && first.word == "NotFound" && first.reason.contains("namespaces") {
            let message = format!("Kubernetes: {}", first.reason);
            return Err(Error::new(ErrorKind::Refused, message)
                .help("make it with `kubectl create namespace`"));
        }
        let fault = Fault { kind: FaultKind::Start, reason: words(first, part(first)) };
        Ok(Failure { container, instance: None, fault })
    }
}

/// Why an object is not taken, in words that name a port as others do.
fn words(refusal: &Refusal, part: Option<&super::change::Part>) -> String {
    let reason = &refusal.reason;
    if let Some((path, rest)) = reason.split_once(": Invalid value: ")
        && path.ends_with("nodePort")
        && let Some((port, why)) = rest.split_once(": ")
    {
        let why = why.trim_start_matches("provided port ");
        return format!("the port *:{port} of the nodes {why} by another Service");
    }
    match part {
        Some(part) => format!("{}: {reason}", part.wanted.title()),
        None => reason.clone(),
    }
}

/// An object without anything but what names it.
fn reference(object: &Object) -> Object {
    let mut metadata = json!({ "name": object.name() });
    if !object.namespace().is_empty() {
        metadata["namespace"] = object.namespace().into();
    }
    Object(json!({
        "apiVersion": object.text("/apiVersion"), "kind": object.kind(), "metadata": metadata,
    }))
}

/// The pods that do not come up by themselves, and the ReplicaSets that could not make any.
fn stuck(comparison: &Comparison, found: &Found) -> Vec<Object> {
    let observed = states::observed(found);
    let mut all = Vec::new();
    for part in &comparison.parts {
        if part.stuck.is_none() || part.is_recreated() {
            continue;
        }
        for one in observed.of(&found.id(part.wanted.label(NAME))) {
            if one.fault.is_none() && !is_held(found, &one.name) {
                continue;
            }
            let object = found.objects.iter().find(|object| {
                (object.kind() == "Pod" && object.name() == one.name)
                    || (object.kind() == "ReplicaSet" && object.uid() == one.start)
            });
            all.extend(object.map(reference));
        }
    }
    all
}

/// The ConfigMap with the ids of an appliance, in its namespace.
fn kept(plan: &Plan, namespace: &str, comparison: &Comparison) -> Object {
    let id = &*plan.id.value;
    let volumes = plan.volumes.iter().map(|volume| &*volume.id.value);
    let volumes: BTreeMap<String, &str> = volumes.map(|id| (label(id), id)).collect();
    let label = label(id);
    Object(json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": format!("{KEPT}{label}"),
            "namespace": namespace,
            "labels": { INSTANCE: label, MANAGED_BY: APPLC },
        },
        "data": {
            "id": id,
            "containers": json!(comparison.ids).to_string(),
            "volumes": json!(volumes).to_string(),
        },
    }))
}

impl Handover for Kubernetes {
    fn poll(&mut self, _: &mut dyn FnMut(Progress)) -> Result<Step, Error> {
        let next = match &mut self.stage {
            Stage::Namespaces => self.namespaces()?,
            Stage::Account(namespace, end) => {
                let question = ["get", "serviceaccount", "default", "-n", namespace, "-o", "name"];
                let is_there = self.kubectl.run(&question)?.success;
                if !is_there && Instant::now() < *end {
                    return Ok(Step::Working);
                }
                Stage::Delete
            }
            Stage::Delete => self.delete()?,
            Stage::Deleting(running) => {
                let Some(output) = running.poll() else { return Ok(Step::Working) };
                succeeded(answered(output)?)?;
                Stage::Apply
            }
            Stage::Apply => {
                let failure = self.apply()?;
                self.stage = Stage::Done;
                return Ok(failure.map_or(Step::Done, Step::Failed));
            }
            Stage::Done => return Ok(Step::Done),
        };
        self.stage = next;
        // Only what takes time is waited for.
        match self.stage {
            Stage::Account(..) | Stage::Deleting(_) => Ok(Step::Working),
            _ => self.poll(&mut |_| {}),
        }
    }
}
