//! What an appliance claims in a cluster. Host ports are not among it, as pods may be on several nodes.

use super::model::Object;
use super::options::Settings;
use crate::plan::Plan;
use crate::source::Span;
use crate::targets::Claim;

/// The claims of these objects, each with the place of the id of what it is made for.
pub fn of(plan: &Plan, settings: &Settings, objects: &[(Span, Object)]) -> Vec<Claim> {
    let namespace = &settings.namespace;
    let mut claims = Vec::new();
    if !settings.names.are_shared() {
        // All other objects are in it.
        let name = namespace.value.clone();
        claims.push(Claim { kind: "Namespace".into(), within: None, name, span: plan.id.span });
    }
    for (owner, object) in objects {
        let (kind, meta) = object.identity();
        // A namespace that appliances share is of none of them.
        if settings.names.are_shared() && meta.namespace.is_some() {
            claims.push(Claim {
                kind: kind.into(),
                within: Some(namespace.value.clone()),
                name: meta.name.value.clone(),
                span: *owner,
            });
        }
        if let Object::Service(service) = object {
            // A number is of one Service in the whole cluster, whatever the protocol.
            claims.extend(service.ports.iter().filter_map(|port| port.node_port).map(|number| {
                Claim {
                    kind: "node port".into(),
                    within: None,
                    name: number.value.to_string().into(),
                    span: number.from.place().unwrap_or(*owner),
                }
            }));
        }
    }
    claims
}
