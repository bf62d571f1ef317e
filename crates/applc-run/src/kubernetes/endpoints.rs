//! Where the ports of instances are reached from outside the cluster.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::state::{Endpoint, Instance, State};

use super::model::{INSTANCE, NAME, Object, items, text};
use super::states::Found;

/// Fills in the endpoints of the instances of a workload that run. An address that leads to any of them is
/// that of the first.
pub fn give(found: &Found, workload: &Object, instances: &mut [Instance]) {
    let mut given: BTreeSet<Endpoint> = BTreeSet::new();
    let services: Vec<&Object> = found
        .of_kind("Service")
        .filter(|service| {
            service.namespace() == workload.namespace()
                && service.label(NAME) == workload.label(NAME)
                && service.label(INSTANCE) == workload.label(INSTANCE)
        })
        .collect();
    for instance in instances.iter_mut().filter(|one| one.state == State::Running) {
        let pod = found
            .of_kind("Pod")
            .find(|pod| pod.name() == instance.name && pod.namespace() == workload.namespace());
        let Some(pod) = pod else { continue };
        let mut own = Vec::new();
        if instance.on_host.is_none() {
            own.extend(host_ports(pod));
        }
        for service in &services {
            own.extend(node_ports(service, pod));
            own.extend(balanced(service));
        }
        own.retain(|endpoint| given.insert(endpoint.clone()));
        own.sort_by_key(|endpoint| (endpoint.container_port, endpoint.host_port));
        instance.endpoints = own;
    }
}

fn number(value: &Value, name: &str) -> Option<u16> {
    value.get(name).and_then(Value::as_u64).and_then(|number| u16::try_from(number).ok())
}

fn protocol(port: &Value) -> String {
    let word = text(port, "/protocol");
    if word.is_empty() { "tcp".to_owned() } else { word.to_ascii_lowercase() }
}

/// The port of the pods that a port of a Service leads to.
fn target(port: &Value) -> Option<u16> {
    number(port, "targetPort").or_else(|| number(port, "port"))
}

/// The ports of the node that lead to a pod.
fn host_ports(pod: &Object) -> Vec<Endpoint> {
    let ports = pod.items("/spec/containers").flat_map(|container| items(container, "/ports"));
    let endpoint = |port: &Value| {
        Some(Endpoint {
            host: pod.text("/status/hostIP").to_owned(),
            host_port: number(port, "hostPort")?,
            container_port: number(port, "containerPort")?,
            protocol: protocol(port),
            name: None,
        })
    };
    ports.filter_map(endpoint).collect()
}

/// The ports of every node that lead to a Service: on the node of the pod, which is one of them.
fn node_ports(service: &Object, pod: &Object) -> Vec<Endpoint> {
    if service.text("/spec/type") != "NodePort" {
        return Vec::new();
    }
    let endpoint = |port: &Value| {
        Some(Endpoint {
            host: pod.text("/status/hostIP").to_owned(),
            host_port: number(port, "nodePort")?,
            container_port: target(port)?,
            protocol: protocol(port),
            name: None,
        })
    };
    service.items("/spec/ports").filter_map(endpoint).collect()
}

/// The addresses of the load balancer of a Service.
fn balanced(service: &Object) -> Vec<Endpoint> {
    let mut all = Vec::new();
    for address in service.items("/status/loadBalancer/ingress") {
        let host = match text(address, "/hostname") {
            "" => text(address, "/ip"),
            name => name,
        };
        let endpoint = |port: &Value| {
            Some(Endpoint {
                host: host.to_owned(),
                host_port: number(port, "port")?,
                container_port: target(port)?,
                protocol: protocol(port),
                name: None,
            })
        };
        all.extend(service.items("/spec/ports").filter_map(endpoint));
    }
    all
}
