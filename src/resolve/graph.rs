//! The dependency graph: start order, levels, cycles.

use std::collections::{HashMap, VecDeque};

use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, ContainerId, graph};

/// Maximum number of dependencies of a cycle that are labeled. Nobody reads more of them.
const MAX_LABELS: usize = 100;

/// Sets the level of each container and returns the start order: dependencies first, then
/// the order of the document. Each cycle is reported once.
pub fn order(containers: &mut [Container], findings: &mut Findings) -> Vec<ContainerId> {
    let dependencies = |container: &Container| -> Vec<ContainerId> {
        container.dependencies.iter().map(|dependency| dependency.on).collect()
    };
    for mut component in graph::components(containers, dependencies) {
        if component.len() > 1 {
            component.sort_unstable();
            if !findings.is_full(codes::DEPENDENCY_CYCLE.level) {
                findings.extend(cycle(containers, &component));
            }
        }
        for id in component {
            let level = level(containers, id);
            if let Some(container) = containers.get_mut(id) {
                container.level = level;
            }
        }
    }
    let mut order: Vec<ContainerId> = (0..containers.len()).collect();
    order.sort_by_key(|id| containers.get(*id).map_or(0, |container| container.level));
    order
}

/// One more than the highest level among the dependencies.
fn level(containers: &[Container], id: ContainerId) -> usize {
    let dependencies = containers.get(id).map_or(&[][..], |container| &container.dependencies);
    dependencies
        .iter()
        .filter_map(|dependency| containers.get(dependency.on))
        .map(|container| container.level + 1)
        .max()
        .unwrap_or(0)
}

/// Reports the shortest cycle through the first container, in document order, of a strongly
/// connected component. `members` is sorted.
fn cycle(containers: &[Container], members: &[ContainerId]) -> Option<Diagnostic> {
    let start = *members.first()?;
    // Breadth-first search from `start` back to itself, within the component.
    let mut came_from: HashMap<ContainerId, (ContainerId, usize)> = HashMap::new();
    let mut queue = VecDeque::from([start]);
    let inside = |id: ContainerId| members.binary_search(&id).is_ok();
    'search: while let Some(id) = queue.pop_front() {
        for (at, dependency) in containers.get(id)?.dependencies.iter().enumerate() {
            if !inside(dependency.on) || came_from.contains_key(&dependency.on) {
                continue;
            }
            came_from.insert(dependency.on, (id, at));
            if dependency.on == start {
                break 'search;
            }
            queue.push_back(dependency.on);
        }
    }
    let mut edges = Vec::new();
    let mut id = start;
    loop {
        let (from, at) = *came_from.get(&id)?;
        edges.push((from, containers.get(from)?.dependencies.get(at)?.span));
        id = from;
        if id == start {
            break;
        }
    }
    edges.reverse();
    let name = |id: ContainerId| containers.get(id).map_or("", |c| c.id.value.as_str());
    let mut path: Vec<&str> = edges.iter().map(|(from, _)| name(*from)).collect();
    path.push(name(start));
    let (_, first_span) = *edges.first()?;
    let message = format!("dependency cycle: {}", path.join(" -> "));
    let mut diagnostic = Diagnostic::new(&codes::DEPENDENCY_CYCLE, first_span, message);
    for (at, (from, span)) in edges.iter().enumerate().take(MAX_LABELS) {
        let to = edges.get(at + 1).map_or(start, |(next, _)| *next);
        let words = format!("`{}` waits for `{}`", name(*from), name(to));
        diagnostic = match at {
            0 => diagnostic.label(words),
            _ => diagnostic.also(*span, words),
        };
    }
    if let Some(more) = edges.len().checked_sub(MAX_LABELS).filter(|more| *more > 0) {
        diagnostic =
            diagnostic.help(format!("{more} more dependencies of the cycle are not shown"));
    }
    Some(diagnostic.help(
        "remove one of these dependencies; references (`@id`) do not require one and may form cycles",
    ))
}
