//! Claims, namespaces and nodes.

use std::collections::{BTreeMap, BTreeSet};

use applc::targets::kubernetes_label as label;

use crate::engine::{Host, Volume};
use crate::error::{Error, ErrorKind};

use super::kubectl::Kubectl;
use super::model::{APPLC, MANAGED_BY, Object, text};
use super::states::Found;

/// Objects that every namespace has, and those that come and go by themselves.
const OF_ANY: [&str; 10] = [
    "events",
    "events.events.k8s.io",
    "endpoints",
    "endpointslices.discovery.k8s.io",
    "controllerrevisions.apps",
    "leases.coordination.k8s.io",
    "pods.metrics.k8s.io",
    "bindings",
    "replicasets.apps",
    "pods",
];

/// The volumes of an appliance.
pub fn own(found: &Found, id: &str) -> Vec<Volume> {
    let appliance = label(id);
    // In a namespace of several appliances.
    let prefix = format!("{appliance}--");
    let claims = found.of_kind("PersistentVolumeClaim").filter(|one| one.is_of(&appliance));
    let id_of = |claim: &Object| {
        let name = claim.name().strip_prefix(&prefix).unwrap_or(claim.name());
        found.volumes.get(name).map_or_else(|| name.to_owned(), Clone::clone)
    };
    let volume = |claim: &Object| Volume {
        id: id_of(claim),
        appliance: Some(id.to_owned()),
        name: name(claim.namespace(), claim.name()),
        used_by: users(&found.objects, claim.namespace(), claim.name()),
    };
    let mut all: Vec<Volume> = claims.map(volume).collect();
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

/// The claims that appliances mount, but which belong to none: those of volumes with the scope `global`.
pub fn global(kubectl: &Kubectl, objects: &[Object]) -> Result<Vec<Volume>, Error> {
    let own: BTreeSet<(&str, &str)> = objects
        .iter()
        .filter(|one| one.kind() == "PersistentVolumeClaim")
        .map(|one| (one.namespace(), one.name()))
        .collect();
    let workloads = objects.iter().filter(|one| one.label(MANAGED_BY) == APPLC);
    let mut mounted: BTreeSet<(&str, &str)> = BTreeSet::new();
    for workload in workloads {
        for pointer in
            ["/spec/template/spec/volumes", "/spec/jobTemplate/spec/template/spec/volumes"]
        {
            let claims =
                workload.items(pointer).map(|one| text(one, "/persistentVolumeClaim/claimName"));
            mounted.extend(
                claims.filter(|name| !name.is_empty()).map(|name| (workload.namespace(), name)),
            );
        }
    }
    let mut all = Vec::new();
    for (namespace, claim) in mounted.difference(&own) {
        let question = ["persistentvolumeclaim", claim, "-n", namespace, "--ignore-not-found"];
        if kubectl.get(&question)?.is_empty() {
            continue;
        }
        all.push(Volume {
            id: (*claim).to_owned(),
            appliance: None,
            name: name(namespace, claim),
            used_by: users(objects, namespace, claim),
        });
    }
    all.sort_by(|one, other| (&one.id, &one.name).cmp(&(&other.id, &other.name)));
    Ok(all)
}

/// The name of a claim in the whole cluster.
fn name(namespace: &str, claim: &str) -> String {
    format!("{namespace}/{claim}")
}

/// The pods that mount a claim.
fn users(objects: &[Object], namespace: &str, claim: &str) -> Vec<String> {
    let mounts = |pod: &&Object| {
        pod.kind() == "Pod"
            && pod.namespace() == namespace
            && !matches!(pod.text("/status/phase"), "Succeeded" | "Failed")
            && pod
                .items("/spec/volumes")
                .any(|one| text(one, "/persistentVolumeClaim/claimName") == claim)
    };
    let mut names: Vec<String> =
        objects.iter().filter(mounts).map(|pod| pod.name().to_owned()).collect();
    names.sort();
    names
}

/// Removes a claim that no pod mounts.
pub fn remove(kubectl: &Kubectl, volume: &Volume) -> Result<(), Error> {
    let Some((namespace, claim)) = volume.name.split_once('/') else {
        let message = format!("`{}` is not the name of a volume on Kubernetes", volume.name);
        return Err(Error::new(ErrorKind::Unknown, message));
    };
    // All pods, also those of others.
    let users = users(&kubectl.get(&["pods", "-n", namespace])?, namespace, claim);
    if !users.is_empty() {
        let message = format!("the volume `{}` is in use by {}", volume.id, users.join(", "));
        return Err(Error::new(ErrorKind::Refused, message));
    }
    kubectl.delete(&["persistentvolumeclaim", claim, "-n", namespace]).map(drop)
}

/// Removes a namespace that was made for an appliance, if nothing of anyone else is in it.
pub fn remove_namespace(kubectl: &Kubectl, namespace: &str, appliance: &str) -> Result<(), Error> {
    let found = kubectl.get(&["namespace", namespace, "--ignore-not-found"]);
    // Whoever may not read it may not delete it either.
    let Ok(found) = found else { return Ok(()) };
    if !found.first().is_some_and(|one| one.is_of(appliance) && !one.is_ending()) {
        return Ok(());
    }
    if is_empty(kubectl, namespace, appliance)? {
        kubectl.delete(&["namespace", namespace])?;
    }
    Ok(())
}

/// Whether a namespace has nothing but what every one has.
fn is_empty(kubectl: &Kubectl, namespace: &str, appliance: &str) -> Result<bool, Error> {
    let kinds =
        kubectl.checked(&["api-resources", "--namespaced", "--verbs=list", "-o", "name"])?;
    let kinds: Vec<&str> = kinds.split_whitespace().filter(|kind| !OF_ANY.contains(kind)).collect();
    // A pod without a controller is someone's, too.
    let kinds = format!("{},pods", kinds.join(","));
    let Ok(objects) = kubectl.get(&[&kinds, "-n", namespace]) else { return Ok(false) };
    let is_foreign = |one: &Object| {
        let is_made = matches!(
            (one.kind(), one.name()),
            ("ConfigMap", "kube-root-ca.crt" | "openshift-service-ca.crt")
                | ("ServiceAccount", "default")
        ) || one.text("/type") == "kubernetes.io/service-account-token"
            || !one.owner().is_empty();
        !is_made && !one.is_of(appliance)
    };
    Ok(!objects.iter().any(is_foreign))
}

/// A node.
pub fn host(node: &Object) -> Host {
    let address = |kind: &str| {
        let found = node.items("/status/addresses").find(|one| text(one, "/type") == kind);
        found.map(|one| text(one, "/address").to_owned())
    };
    let quantity = |pointer: &str| quantity(node.text(pointer)).unwrap_or_default();
    let mut attributes: BTreeMap<String, String> = BTreeMap::new();
    for name in ["operatingSystem", "architecture", "osImage", "kernelVersion", "kubeletVersion"] {
        let value = node.text(&format!("/status/nodeInfo/{name}"));
        if !value.is_empty() {
            attributes.insert(name.to_owned(), value.to_owned());
        }
    }
    let labels = node.at("/metadata/labels").and_then(serde_json::Value::as_object);
    for (key, value) in labels.into_iter().flatten() {
        attributes.insert(key.clone(), value.as_str().unwrap_or_default().to_owned());
    }
    let is_closed = node.at("/spec/unschedulable") == Some(&serde_json::Value::Bool(true));
    Host {
        name: node.name().to_owned(),
        address: address("ExternalIP").or_else(|| address("InternalIP")),
        cpus: quantity("/status/allocatable/cpu"),
        memory: (quantity("/status/allocatable/memory") / f64::from(1 << 20)) as u64,
        is_ready: node.condition("Ready").is_some() && !is_closed,
        attributes,
    }
}

/// A quantity of the API as a number: `250m`, `16Gi`, `2`.
fn quantity(text: &str) -> Option<f64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text.get(digits.len()..)? {
        "" => 1.0,
        "m" => 1e-3,
        "k" => 1e3,
        "M" => 1e6,
        "G" => 1e9,
        "T" => 1e12,
        "Ki" => f64::from(1 << 10),
        "Mi" => f64::from(1 << 20),
        "Gi" => f64::from(1 << 30),
        "Ti" => f64::from(1 << 20) * f64::from(1 << 20),
        _ => return None,
    };
    digits.parse::<f64>().ok().map(|number| number * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_numbers() {
        for (text, number) in
            [("250m", 0.25), ("2", 2.0), ("16Gi", 17_179_869_184.0), ("1k", 1000.0)]
        {
            assert_eq!(quantity(text), Some(number), "{text}");
        }
        assert_eq!(quantity("x"), None);
    }
}
