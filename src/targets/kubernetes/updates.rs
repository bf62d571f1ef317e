//! How an update replaces the pods of a container, and how many there are meanwhile.

use super::model::{Rolling, Share, Strategy};
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId, Kind, Plan, Service};
use crate::render::{Composed, Origin};
use crate::source::Span;
use crate::targets::origins;

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

/// How a Deployment replaces its pods. The default of Kubernetes is written too: a server-side
/// apply cannot remove values that it has not written, and they are not valid beside `Recreate`.
///
/// `volumes` are the places that decide whether its claims can be mounted on several nodes, `alone` is why a new pod cannot start beside the old one, if so, and `on_host` whether that is a
/// port of the host.
pub fn strategy(
    container: &Container,
    service: &Service,
    on_host: bool,
    alone: Option<Origin>,
    volumes: &[Span],
    findings: &mut Findings,
) -> Strategy {
    let from = origins::minimum_capacity(container, &service.minimum_capacity)
        .and(container.instances.span);
    let rolling = |max_unavailable, max_surge| Strategy {
        kind: Composed::new("RollingUpdate", from, volumes.to_vec()),
        rolling: Some(Rolling {
            max_unavailable: Composed::new(max_unavailable, from, volumes.to_vec()),
            max_surge: Composed::new(max_surge, from, volumes.to_vec()),
        }),
    };
    let Some(max_unavailable) = may_be_missing(container) else {
        return match alone {
            Some(why) => {
                Strategy { kind: Composed::new("Recreate", why, volumes.to_vec()), rolling: None }
            }
            None => rolling(Share::Quarter, Share::Quarter),
        };
    };
    if max_unavailable == 0 && on_host {
        let message = "an update needs an extra node with free host ports, because no instance can be missing";
        let span = service.minimum_capacity.span;
        findings.push(Diagnostic::new(&codes::CLUSTER_NEEDS, span, message));
    }
    let max_surge = if max_unavailable == 0 || !on_host { 1 } else { 0 };
    rolling(Share::Pods(max_unavailable), Share::Pods(max_surge))
}
