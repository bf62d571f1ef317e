//! Kubernetes: the cluster of the user's current context, by `kubectl`.
//!
//! The controllers do the work. Objects are found by the constant labels that the target gives them, and
//! instances are pods. A ConfigMap beside them keeps the ids, and the complete appliance.

mod change;
mod diff;
mod drift;
mod endpoints;
mod events;
mod handover;
mod kubectl;
mod logs;
mod model;
mod pods;
mod states;
#[cfg(test)]
mod tests;
mod volumes;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use applc::targets::kubernetes_label as label;
use serde_json::{Value, json};

use crate::engine::{
    Change, Desired, Engine, Handover, Host, Known, LogOptions, Outlook, Removed, Volume,
};
use crate::error::{Error, ErrorKind};
use crate::events::Events as Told;
use crate::state::Observed;

use change::Comparison;
use events::Events;
use kubectl::{Kubectl, Mode};
use logs::Pod;
use model::{APPLC, INSTANCE, KEPT, MANAGED_BY, NAME, Object};
use states::Found;

/// The kinds that tell what runs.
const KINDS: &str = "deployments.apps,replicasets.apps,jobs.batch,cronjobs.batch,pods,services,persistentvolumeclaims,configmaps";

/// All kinds that the target writes, except Namespaces and claims.
const OWN: &str = "deployments.apps,jobs.batch,cronjobs.batch,services,configmaps,serviceaccounts,roles.rbac.authorization.k8s.io,rolebindings.rbac.authorization.k8s.io";

/// The field manager of the complete appliance in the ConfigMap.
const KEEPER: &str = "applc-keep";

/// Maximum number of namespaces that are watched by themselves. Those of others are looked at from time to time.
const WATCHES: usize = 8;

/// Largest appliance that is kept, in bytes: an object can have 1 MiB.
const LARGEST: usize = 900_000;

/// Kubernetes.
pub struct Kubernetes {
    kubectl: Kubectl,
    /// The namespaces of appliances that were handed over here, by their labels.
    places: Mutex<BTreeMap<String, String>>,
    /// The pods that were seen, by the labels of their appliances.
    pods: Mutex<BTreeMap<String, Vec<Pod>>>,
    /// What happens to pods: of the whole cluster, or by their namespaces.
    told: Mutex<BTreeMap<String, Arc<Told>>>,
    /// Whether the user may watch the pods of the whole cluster.
    watches_all: OnceLock<bool>,
    /// Whether the cluster makes nodes when pods need them.
    grows: OnceLock<bool>,
}

impl Kubernetes {
    /// The cluster of the current context of the user's kubeconfig.
    ///
    /// # Errors
    /// kubectl is not installed, or the API server does not answer.
    pub fn connect() -> Result<Kubernetes, Error> {
        let kubectl = Kubectl::connect()?;
        let (places, pods, told) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (watches_all, grows) = (OnceLock::new(), OnceLock::new());
        Ok(Kubernetes { kubectl, places, pods, told, watches_all, grows })
    }

    /// The objects of an appliance with what happened to them, in its namespace.
    fn found(&self, id: &str) -> Result<Found, Error> {
        let appliance = label(id);
        let known = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&appliance).cloned();
        let selector = format!("{INSTANCE}={appliance}");
        let objects = match known {
            Some(namespace) => self.objects(&selector, Some(&namespace), KINDS)?,
            None => self.anywhere(&selector, Some(&appliance), KINDS)?,
        };
        // Not those of another program that has given them the same label.
        let places: BTreeSet<String> = objects
            .iter()
            .filter(|one| one.is_of(&appliance))
            .map(|one| one.namespace().to_owned())
            .collect();
        let mut found = found(objects.into_iter().filter(|one| places.contains(one.namespace())));
        stranger(id, &found)?;
        let mut events = Vec::new();
        for place in &places {
            events.extend(self.kubectl.raw(&format!("/api/v1/namespaces/{place}/events"))?);
        }
        found.events = Events::new(&events);
        found.grows = found.of_kind("Pod").any(pods::is_unplaced) && self.grows();
        self.remember(&appliance, &found);
        Ok(found)
    }

    /// The objects with a label: in the whole cluster, or, if the user may not read that, in the namespace
    /// of the appliance and in that of the current context.
    fn anywhere(
        &self,
        selector: &str,
        own: Option<&str>,
        kinds: &str,
    ) -> Result<Vec<Object>, Error> {
        match self.objects(selector, None, kinds) {
            Err(error) if kubectl::is_forbidden(&error) => {}
            other => return other,
        }
        if let Some(own) = own
            && let Ok(objects) = self.objects(selector, Some(own), kinds)
            && !objects.is_empty()
        {
            return Ok(objects);
        }
        self.objects(selector, Some(&self.kubectl.namespace()), kinds)
    }

    /// The objects of all appliances.
    fn all(&self) -> Result<Vec<Object>, Error> {
        let workloads = "deployments.apps,jobs.batch,cronjobs.batch";
        let own = self.anywhere(&format!("{MANAGED_BY}={APPLC},{INSTANCE}"), None, workloads)?;
        let appliances: BTreeSet<&str> = own.iter().map(|one| one.label(INSTANCE)).collect();
        if appliances.is_empty() {
            return Ok(Vec::new());
        }
        // Pods have no label of applc, and other programs label their own in the same way.
        let names = appliances.into_iter().collect::<Vec<_>>().join(",");
        self.anywhere(&format!("{INSTANCE} in ({names})"), None, KINDS)
    }

    fn objects(
        &self,
        selector: &str,
        namespace: Option<&str>,
        kinds: &str,
    ) -> Result<Vec<Object>, Error> {
        let place = namespace.map_or(vec!["-A"], |namespace| vec!["-n", namespace]);
        let mut arguments = vec![kinds, "-l", selector];
        arguments.extend(place);
        self.kubectl.get(&arguments)
    }

    /// Remembers where the pods of an appliance are: their logs are asked for by name.
    fn remember(&self, appliance: &str, found: &Found) {
        let pods = found.of_kind("Pod").map(Pod::of).collect();
        let mut all = self.pods.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(appliance.to_owned(), pods);
    }

    /// Whether the cluster makes nodes when pods need them: it has the state of the Cluster Autoscaler, or
    /// the objects of Karpenter. Whoever may not read that gets the answer of a cluster that does not.
    fn grows(&self) -> bool {
        *self.grows.get_or_init(|| {
            let status = "/api/v1/namespaces/kube-system/configmaps/cluster-autoscaler-status";
            let pools = "/apis/karpenter.sh";
            let is_there =
                |path| self.kubectl.run(&["get", "--raw", path]).is_ok_and(|output| output.success);
            is_there(status) || is_there(pools)
        })
    }

    /// Whether the user may watch the pods of the whole cluster. Otherwise, each namespace is watched by itself.
    fn watches_all(&self) -> bool {
        *self.watches_all.get_or_init(|| {
            let may = self.kubectl.run(&["auth", "can-i", "watch", "pods", "-A"]);
            may.is_ok_and(|output| output.success)
        })
    }

    /// The namespaces that have objects of an appliance.
    fn places(&self, id: &str) -> Result<BTreeSet<String>, Error> {
        let found = self.found(id)?;
        Ok(found
            .objects
            .iter()
            .filter(|one| one.is_of(&label(id)))
            .map(|one| one.namespace().to_owned())
            .collect())
    }

    fn comparison(&self, desired: &Desired<'_>, found: &Found) -> Result<Comparison, Error> {
        Comparison::new(&self.kubectl, desired, found)
    }

    /// Takes note of the namespace that an appliance is handed over to.
    fn settle(&self, desired: &Desired<'_>) -> Result<String, Error> {
        let objects = self.kubectl.objects(desired.files)?;
        let place = objects.iter().map(Object::namespace).find(|namespace| !namespace.is_empty());
        let place = place.map_or_else(|| label(desired.id()), str::to_owned);
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        places.insert(label(desired.id()), place.clone());
        Ok(place)
    }
}

/// Sorts objects into what is known of an appliance.
fn found(objects: impl Iterator<Item = Object>) -> Found {
    let objects: Vec<Object> = objects.collect();
    let ids = |pointer: &str| {
        let kept = objects.iter().filter(|one| is_kept(one));
        kept.filter_map(|one| serde_json::from_str(one.text(pointer)).ok())
            .next()
            .unwrap_or_default()
    };
    let (containers, volumes) = (ids("/data/containers"), ids("/data/volumes"));
    Found { objects, ids: containers, volumes, ..Found::default() }
}

/// Whether an object is the ConfigMap that keeps an appliance.
fn is_kept(object: &Object) -> bool {
    object.kind() == "ConfigMap"
        && object.name().starts_with(KEPT)
        && object.label(MANAGED_BY) == APPLC
}

/// The id of the appliance that objects belong to, as it was written.
fn id_of(found: &Found) -> Option<String> {
    let kept = found.objects.iter().find(|one| is_kept(one));
    kept.map(|one| one.text("/data/id").to_owned()).filter(|id| !id.is_empty())
}

/// The error if objects belong to an appliance whose id differs in case.
fn stranger(id: &str, found: &Found) -> Result<(), Error> {
    match id_of(found) {
        Some(other) if other != id => {
            let message = format!(
                "the objects with the label `{INSTANCE}={}` belong to the appliance `{other}`",
                label(id)
            );
            let help = format!("choose another id, or remove it with `applc down {other}`");
            Err(Error::new(ErrorKind::Refused, message).help(help))
        }
        _ => Ok(()),
    }
}

impl Engine for Kubernetes {
    fn target(&self) -> &str {
        "kubernetes"
    }

    fn outlook(&self, desired: &Desired<'_>) -> Result<Outlook, Error> {
        self.settle(desired)?;
        let found = self.found(desired.id())?;
        let basis = change::basis(&found);
        Ok(Outlook { changes: self.comparison(desired, &found)?.changes(), basis })
    }

    fn drift(&self, desired: &Desired<'_>) -> Result<Vec<Change>, Error> {
        self.settle(desired)?;
        let found = self.found(desired.id())?;
        Ok(drift::drift(&self.comparison(desired, &found)?))
    }

    fn apply(&self, desired: &Desired<'_>) -> Result<Box<dyn Handover>, Error> {
        let place = self.settle(desired)?;
        let found = self.found(desired.id())?;
        let comparison = self.comparison(desired, &found)?;
        let kubectl = self.kubectl.clone();
        Ok(Box::new(handover::Kubernetes::new(kubectl, desired.plan, comparison, &found, &place)))
    }

    fn observe(&self, id: &str) -> Result<Observed, Error> {
        Ok(states::observed(&self.found(id)?))
    }

    fn pause(&self, id: &str, limit: Duration) {
        let appliance = label(id);
        let place = {
            let pods = self.pods.lock().unwrap_or_else(PoisonError::into_inner);
            let pod = pods.get(&appliance).and_then(|pods| pods.first());
            pod.map(|pod| pod.namespace.clone())
        };
        // Nothing is known of it yet.
        let Some(place) = place else { return std::thread::sleep(limit) };
        let place = Some(place).filter(|_| !self.watches_all());
        let told = {
            let mut all = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            let key = place.clone().unwrap_or_default();
            // Each is a program that goes on running.
            (all.contains_key(&key) || all.len() < WATCHES)
                .then(|| Arc::clone(all.entry(key).or_default()))
        };
        match told {
            Some(told) => told.wait(&appliance, limit, || kubectl::watch(place.as_deref())),
            None => std::thread::sleep(limit),
        }
    }

    fn logs(
        &self,
        instances: &[String],
        options: LogOptions,
        out: &mut (dyn Write + Send),
    ) -> Result<(), Error> {
        let known = self.pods.lock().unwrap_or_else(PoisonError::into_inner).clone();
        // Others stand for containers without pods.
        let find = |name: &String| known.values().flatten().find(|pod| pod.name == *name);
        let pods: Vec<Pod> = instances.iter().filter_map(find).cloned().collect();
        logs::write(&self.kubectl, &pods, options, out)
    }

    fn remove(&self, id: &str, purge: bool) -> Result<Removed, Error> {
        let found = self.found(id)?;
        let instances = states::observed(&found).instances;
        let instances = instances.iter().filter(|one| !one.name.contains('/')).count();
        let appliance = label(id);
        let selector = format!("{INSTANCE}={appliance},{MANAGED_BY}={APPLC}");
        let claims: Vec<&Object> =
            found.of_kind("PersistentVolumeClaim").filter(|one| one.is_of(&appliance)).collect();
        let volumes = claims.iter().map(|one| one.name().to_owned()).collect();
        let mut places = self.places(id)?;
        // One that is empty may have been left.
        places.extend(purge.then(|| appliance.clone()));
        for place in &places {
            self.kubectl.delete(&[OWN, "-n", place, "-l", &selector, "--cascade=foreground"])?;
            if purge {
                self.kubectl.delete(&["persistentvolumeclaims", "-n", place, "-l", &selector])?;
                volumes::remove_namespace(&self.kubectl, place, &appliance)?;
            }
        }
        // It may come back elsewhere.
        self.places.lock().unwrap_or_else(PoisonError::into_inner).remove(&appliance);
        self.pods.lock().unwrap_or_else(PoisonError::into_inner).remove(&appliance);
        Ok(Removed { instances, volumes })
    }

    fn remove_container(&self, id: &str, container: &str) -> Result<Removed, Error> {
        let found = self.found(id)?;
        let instances =
            states::observed(&found).of(container).filter(|one| !one.name.contains('/')).count();
        let appliance = label(id);
        let name = label(container);
        let own = found.workloads().find(|one| one.label(NAME) == name);
        let Some(own) = own else {
            return Err(Error::new(
                ErrorKind::Unknown,
                format!("`{id}` has no container `{container}`"),
            ));
        };
        let selector = format!("{INSTANCE}={appliance},{NAME}={name},{MANAGED_BY}={APPLC}");
        let kinds = "deployments.apps,jobs.batch,cronjobs.batch,services";
        self.kubectl.delete(&[
            kinds,
            "-n",
            own.namespace(),
            "-l",
            &selector,
            "--cascade=foreground",
        ])?;
        Ok(Removed { instances, volumes: Vec::new() })
    }

    fn list(&self) -> Result<Vec<Known>, Error> {
        let mut by: BTreeMap<(String, String), Vec<Object>> = BTreeMap::new();
        for object in self.all()? {
            let key = (object.label(INSTANCE).to_owned(), object.namespace().to_owned());
            by.entry(key).or_default().push(object);
        }
        let known = |((appliance, _), objects): ((String, String), Vec<Object>)| {
            let found = found(objects.into_iter());
            found.workloads().next()?;
            self.remember(&appliance, &found);
            let id = id_of(&found).unwrap_or(appliance);
            Some(Known { id, observed: states::observed(&found) })
        };
        Ok(by.into_iter().filter_map(known).collect())
    }

    fn keep(&self, id: &str, appliance: &Value) -> Result<bool, Error> {
        let text = appliance.to_string();
        let found = self.found(id)?;
        let Some(kept) = found.objects.iter().find(|one| is_kept(one)) else { return Ok(false) };
        if text.len() > LARGEST {
            return Ok(false);
        }
        let object = Object(json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": { "name": kept.name(), "namespace": kept.namespace() },
            "data": { "appliance": text },
        }));
        let taken = self.kubectl.apply([&object], KEEPER, Mode::Real)?;
        Ok(taken.is_ok())
    }

    fn kept(&self, id: &str) -> Result<Option<Value>, Error> {
        let found = self.found(id)?;
        let kept = found.objects.iter().find(|one| is_kept(one));
        Ok(kept.and_then(|one| serde_json::from_str(one.text("/data/appliance")).ok()))
    }

    fn volumes(&self, appliance: Option<&str>) -> Result<Vec<Volume>, Error> {
        match appliance {
            Some(id) => Ok(volumes::own(&self.found(id)?, id)),
            None => volumes::global(&self.kubectl, &self.all()?),
        }
    }

    fn remove_volume(&self, volume: &Volume) -> Result<(), Error> {
        volumes::remove(&self.kubectl, volume)
    }

    fn hosts(&self) -> Result<Vec<Host>, Error> {
        let nodes = self.kubectl.get(&["nodes"])?;
        let mut hosts: Vec<Host> = nodes.iter().map(volumes::host).collect();
        hosts.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(hosts)
    }
}
