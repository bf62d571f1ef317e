//! References: to ports nobody lists, to containers nobody waits for, and signs that were
//! read as references.

use std::collections::HashSet;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::diag::{Diagnostic, codes};
use crate::plan::{Container, ContainerId, Piece, Plan, Text};

/// Looks at the references between containers, in a plan where all could be resolved.
pub fn check(plan: &Plan, diagnostics: &mut Vec<Diagnostic>) {
    for container in &plan.containers {
        undeclared_ports(container, plan, diagnostics);
    }
    let circles = circles(plan);
    let mut steps = MAX_STEPS;
    for (from, container) in plan.containers.iter().enumerate() {
        unordered(from, container, plan, &circles, &mut steps, diagnostics);
    }
}

/// Dependencies that are followed in all, to find who waits for whom through others. No
/// appliance that people write comes near; beyond it no advice is given, so that the time
/// does not grow with the square of the containers.
const MAX_STEPS: usize = 1_000_000;

/// `@id:port` where the other container lists ports, but not this one.
fn undeclared_ports(container: &Container, plan: &Plan, diagnostics: &mut Vec<Diagnostic>) {
    for reference in container.references() {
        let (Some(port), Some(other)) = (reference.port, plan.containers.get(reference.to)) else {
            continue;
        };
        if other.lists_port(port) {
            continue;
        }
        let message = format!("`{}` does not list the port {port}", other.id.value);
        let diagnostic = Diagnostic::new(&codes::UNDECLARED_PORT, reference.span, message);
        let listed: Vec<String> =
            other.ports.iter().map(|port| port.container_port.value.to_string()).collect();
        diagnostics.push(match listed.as_slice() {
            [] => diagnostic.help(
                "ports that others use belong in its `ports`: some targets only let those through",
            ),
            ports => diagnostic
                .also(other.id.span, format!("lists {}", ports.join(", ")))
                .help("some targets only let the ports through that are listed"),
        });
    }
}

/// For each container a number: the same for those that refer to or wait for each other in
/// a circle.
fn circles(plan: &Plan) -> Vec<usize> {
    let mut graph = DiGraph::<(), ()>::new();
    for _ in &plan.containers {
        graph.add_node(());
    }
    for (from, container) in plan.containers.iter().enumerate() {
        let waits = container.dependencies.iter().map(|dependency| dependency.on);
        let refers = container.references().map(|reference| reference.to);
        for to in waits.chain(refers) {
            graph.add_edge(NodeIndex::new(from), NodeIndex::new(to), ());
        }
    }
    let mut circles = vec![0; plan.containers.len()];
    for (number, component) in tarjan_scc(&graph).into_iter().enumerate() {
        for node in component {
            if let Some(circle) = circles.get_mut(node.index()) {
                *circle = number;
            }
        }
    }
    circles
}

/// A reference to a container that this one does not wait for, not even through others.
/// In circles of references there is nothing to wait for first.
fn unordered(
    from: ContainerId,
    container: &Container,
    plan: &Plan,
    circles: &[usize],
    steps: &mut usize,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut said: HashSet<ContainerId> = HashSet::new();
    for reference in container.references() {
        let to = reference.to;
        let Some(other) = plan.containers.get(to) else { continue };
        if circles.get(from) == circles.get(to) || !said.insert(to) || waits(plan, from, to, steps)
        {
            continue;
        }
        let (id, other) = (&container.id.value, &other.id.value);
        let message = format!("`{id}` refers to `{other}` but does not wait for it");
        diagnostics.push(
            Diagnostic::new(&codes::UNORDERED_REFERENCE, reference.span, message).help(format!(
                "add `{other}` to its `dependencies` if it must be ready when `{id}` starts"
            )),
        );
    }
}

/// Whether a container depends on another, directly or through others; true also where
/// there are no `steps` left to find that out.
fn waits(plan: &Plan, from: ContainerId, on: ContainerId, steps: &mut usize) -> bool {
    let lowest = plan.containers.get(on).map_or(0, |container| container.level);
    let mut seen = HashSet::from([from]);
    let mut open = vec![from];
    while let Some(id) = open.pop() {
        let dependencies = plan.containers.get(id).map_or(&[][..], |c| &c.dependencies);
        for dependency in dependencies {
            *steps = steps.saturating_sub(1);
            if dependency.on == on || *steps == 0 {
                return true;
            }
            // What stands as low as the one looked for cannot depend on it.
            let level = plan.containers.get(dependency.on).map_or(0, |c| c.level);
            if level > lowest && seen.insert(dependency.on) {
                open.push(dependency.on);
            }
        }
    }
    false
}

/// `scheme://user:password@id`: the `@` is the mark of the reference, and none is left
/// between password and address.
pub fn check_marks(container: &Container, plan: &Plan, diagnostics: &mut Vec<Diagnostic>) {
    for text in container.texts() {
        diagnostics.extend(lost_at_signs(text, plan));
    }
}

fn lost_at_signs<'a>(text: &'a Text, plan: &'a Plan) -> impl Iterator<Item = Diagnostic> + 'a {
    text.pieces.windows(2).filter_map(|pair| {
        let [Piece::Literal(before), Piece::Reference(reference)] = pair else { return None };
        let (_, user) = before.rsplit_once("://")?;
        let is_user = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'()*+;=:".contains(c);
        if user.is_empty() || !user.chars().all(is_user) {
            return None;
        }
        let other = &plan.containers.get(reference.to)?.id.value;
        let message = format!("no `@` is left before the address of `{other}`");
        Some(
            Diagnostic::new(&codes::LOST_AT_SIGN, reference.span, message)
                .label("this `@` is the mark of the reference")
                .help(format!(
                    "write the `@` that ends user and password as `\\@`, in a JSON string `\\\\@`: `\\\\@@{other}`"
                )),
        )
    })
}
