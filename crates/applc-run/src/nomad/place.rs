//! Why Nomad has no place for an instance, in words.

use super::model::{Group, Node, Unplaced};

/// Why no node has a place for an instance of a group.
pub fn reason(unplaced: &Unplaced, group: &Group, nodes: &[Node]) -> String {
    let mut reasons = Vec::new();
    for (dimension, count) in &unplaced.dimension_exhausted {
        reasons.push(exhausted(dimension, *count, group, nodes));
    }
    for (constraint, count) in &unplaced.constraint_filtered {
        reasons.push(filtered(constraint, *count));
    }
    for quota in &unplaced.quota_exhausted {
        reasons.push(format!("the quota is used up: {quota}"));
    }
    if reasons.is_empty() && unplaced.nodes_evaluated == 0 {
        let pool = match unplaced.node_pool.as_str() {
            "" | "default" => String::new(),
            pool => format!(" of the node pool `{pool}`"),
        };
        reasons.push(format!("no node{pool} in the datacenters of the job is ready"));
    }
    if reasons.is_empty() {
        reasons.push("no node has a place".to_owned());
    }
    reasons.join("; ")
}

/// Whether a place may become free: no node is too small, and none was left out by a constraint only.
pub fn is_temporary(unplaced: &Unplaced, group: &Group, nodes: &[Node]) -> bool {
    let needs = needs(group);
    let is_large = |node: &&Node| {
        let resources = &node.node_resources;
        resources.memory.memory >= needs.memory && resources.cpu.cpu_shares >= needs.cpu
    };
    unplaced.nodes_exhausted > 0 && nodes.iter().any(|node| is_large(&node))
}

struct Needs {
    cpu: u64,
    memory: u64,
}

/// What the task of the container needs.
fn needs(group: &Group) -> Needs {
    let resources = group.main().map(|task| task.resources).unwrap_or_default();
    Needs { cpu: resources.cpu, memory: resources.memory }
}

fn exhausted(dimension: &str, count: u64, group: &Group, nodes: &[Node]) -> String {
    let needs = needs(group);
    let largest = |of: fn(&Node) -> u64| nodes.iter().map(of).max().unwrap_or(0);
    let of = |amount: u64, most: u64, unit: &str| {
        let largest = match amount > most && most > 0 {
            true => format!(", the largest has {most}"),
            false => " free".to_owned(),
        };
        format!("no node has {amount} {unit}{largest}: {} exhausted", number(count))
    };
    match dimension {
        "memory" => {
            of(needs.memory, largest(|node| node.node_resources.memory.memory), "MB of memory")
        }
        "cpu" => of(needs.cpu, largest(|node| node.node_resources.cpu.cpu_shares), "MHz of CPU"),
        _ => match dimension.strip_prefix("network: reserved port collision ") {
            Some(port) => {
                let port = port.rsplit('=').next().unwrap_or(port);
                format!("no node has the port :{port} free: already allocated on {}", number(count))
            }
            None => format!("{dimension}: {} exhausted", number(count)),
        },
    }
}

fn filtered(constraint: &str, count: u64) -> String {
    let left_out = format!("{} left out", number(count));
    match constraint {
        "missing drivers" => format!("no node has a healthy docker driver: {left_out}"),
        "missing devices" => format!("no node has the devices: {left_out}"),
        "missing network" => format!("no node has the network: {left_out}"),
        _ if constraint.contains("volume") => {
            format!("no node has the volume ({constraint}): {left_out}")
        }
        _ => format!("no node satisfies `{constraint}`: {left_out}"),
    }
}

fn number(nodes: u64) -> String {
    if nodes == 1 { "1 node".to_owned() } else { format!("{nodes} nodes") }
}
