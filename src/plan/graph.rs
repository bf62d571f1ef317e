//! The graph of containers: strongly connected components and reachability.

use std::collections::HashSet;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Container, ContainerId};

/// The strongly connected components of the graph in which each container has an edge to
/// each of its `successors`. A component comes after those that it has edges to.
///
/// Kosaraju's algorithm, because petgraph's version of Tarjan's recurses: a long chain of
/// dependencies would overflow the stack.
pub fn components<'c, I: IntoIterator<Item = ContainerId>>(
    containers: &'c [Container],
    successors: impl Fn(&'c Container) -> I,
) -> Vec<Vec<ContainerId>> {
    let mut graph = DiGraph::<(), ()>::with_capacity(containers.len(), containers.len());
    for _ in containers {
        graph.add_node(());
    }
    for (from, container) in containers.iter().enumerate() {
        for to in successors(container) {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), ());
        }
    }
    let ids = |component: Vec<NodeIndex>| component.into_iter().map(NodeIndex::index).collect();
    kosaraju_scc(&graph).into_iter().map(ids).collect()
}

/// Whether a container depends on another, directly or through others. `steps` is the number
/// of dependencies that may still be followed; the answer is `true` when it runs out.
pub fn depends_on(
    containers: &[Container],
    from: ContainerId,
    on: ContainerId,
    steps: &mut usize,
) -> bool {
    let lowest = containers.get(on).map_or(0, |container| container.level);
    // Most are found among the direct dependencies, so that nothing is allocated.
    let mut seen = HashSet::new();
    let mut open = Vec::new();
    let mut next = Some(from);
    while let Some(id) = next {
        let dependencies = containers.get(id).map_or(&[][..], |c| &c.dependencies);
        for dependency in dependencies {
            *steps = steps.saturating_sub(1);
            if dependency.on == on || *steps == 0 {
                return true;
            }
            // A container depends only on containers of lower levels.
            let level = containers.get(dependency.on).map_or(0, |c| c.level);
            if level > lowest && seen.insert(dependency.on) {
                open.push(dependency.on);
            }
        }
        next = open.pop();
    }
    false
}
