//! How many pods of a container there are while an update replaces them.

use crate::plan::{Container, ContainerId, Kind, Plan, Service};

/// How many instances can be missing during an update, if the appliance says so.
pub fn may_be_missing(container: &Container) -> Option<u32> {
    let Kind::Service(service) = &container.kind else { return None };
    // The health check is lowered to probes.
    let Service { health: _, minimum_capacity } = service;
    if minimum_capacity.value <= 0.0 || container.instances.value == 0 {
        return None;
    }
    let instances = f64::from(container.instances.value);
    // In binary, a share such as 0.9 of 10 is slightly more than 9.
    let kept = (instances * minimum_capacity.value - 1e-9).ceil().clamp(0.0, instances);
    Some((instances - kept) as u32)
}

/// Maximum number of pods of a container at a time, for the volumes that they share.
pub fn pods_at_a_time(plan: &Plan, id: ContainerId) -> u64 {
    let Some(container) = plan.containers.get(id) else { return 0 };
    let instances = u64::from(container.instances.value);
    // An extra instance starts first where none can be missing.
    let surges = may_be_missing(container) == Some(0);
    instances + u64::from(surges)
}
