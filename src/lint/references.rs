//! References: to undeclared ports, to containers without a dependency on them, and `@` that
//! are read as references by mistake.

use std::collections::HashSet;

use crate::diag::{Diagnostic, Findings, Level, codes};
use crate::plan::{Container, ContainerId, Piece, Plan, Reference, Text, graph};
use crate::source::{Source, Span};

/// Checks the references between containers. All of them must be resolved.
pub fn check(plan: &Plan, findings: &mut Findings) {
    undeclared_ports(plan, findings);
    let components = components(plan);
    let mut steps = MAX_STEPS;
    for (from, container) in plan.containers.iter().enumerate() {
        unordered(from, container, plan, &components, &mut steps, findings);
    }
}

/// Maximum number of dependencies to follow in one appliance, in search of indirect
/// dependencies. It is far beyond any real appliance; the rest is not checked, so that the
/// time does not grow with the square of the number of containers.
const MAX_STEPS: usize = 1_000_000;

/// Maximum number of ports of a container that are searched one by one.
const FEW_PORTS: usize = 16;

/// Maximum number of ports that a label lists.
const MAX_LISTED_PORTS: usize = 10;

/// Reports `@id:port` where the other container does not list the port.
fn undeclared_ports(plan: &Plan, findings: &mut Findings) {
    // The ports of containers that list more than a few.
    let many: HashSet<(ContainerId, u16)> = plan
        .containers
        .iter()
        .enumerate()
        .filter(|(_, one)| one.ports.len() > FEW_PORTS)
        .flat_map(|(id, one)| one.ports.iter().map(move |port| (id, port.container_port.value)))
        .collect();
    for reference in plan.containers.iter().flat_map(Container::references) {
        let (Some(port), Some(other)) = (reference.port, plan.containers.get(reference.to()))
        else {
            continue;
        };
        let is_listed = match other.ports.len() <= FEW_PORTS {
            true => other.lists_port(port),
            false => many.contains(&(reference.to(), port)),
        };
        if is_listed {
            continue;
        }
        if findings.is_full(Level::Hint) {
            return;
        }
        let message = format!("`{}` does not list port {port}", other.id.value);
        let diagnostic = Diagnostic::new(&codes::UNDECLARED_PORT, reference.span, message);
        let ports = other.ports.iter().take(MAX_LISTED_PORTS);
        let ports: Vec<String> = ports.map(|port| port.container_port.value.to_string()).collect();
        let more = if other.ports.len() > MAX_LISTED_PORTS { ", ..." } else { "" };
        findings.push(match ports.as_slice() {
            [] => diagnostic.help(
                "add the port to the `ports` of that container; some targets only expose listed ports",
            ),
            ports => diagnostic
                .also(other.id.span, format!("lists {}{more}", ports.join(", ")))
                .help("some targets only expose listed ports"),
        });
    }
}

/// The component of each container in the graph of references and dependencies. Containers
/// that form a cycle have the same one.
fn components(plan: &Plan) -> Vec<usize> {
    let successors = |container: &Container| -> Vec<ContainerId> {
        let dependencies = container.dependencies.iter().map(|dependency| dependency.on);
        dependencies.chain(container.references().map(|reference| reference.to())).collect()
    };
    let mut components = vec![0; plan.containers.len()];
    for (number, members) in graph::components(&plan.containers, successors).iter().enumerate() {
        for member in members {
            if let Some(component) = components.get_mut(*member) {
                *component = number;
            }
        }
    }
    components
}

/// Reports references to containers that this one does not depend on, not even indirectly.
/// Containers that refer to each other in a cycle cannot all wait for each other.
fn unordered(
    from: ContainerId,
    container: &Container,
    plan: &Plan,
    components: &[usize],
    steps: &mut usize,
    findings: &mut Findings,
) {
    let mut reported: HashSet<ContainerId> = HashSet::new();
    for reference in container.references() {
        let to = reference.to();
        let Some(other) = plan.containers.get(to) else { continue };
        if components.get(from) == components.get(to)
            || !reported.insert(to)
            || graph::depends_on(&plan.containers, from, to, steps)
        {
            continue;
        }
        findings.add(&codes::UNORDERED_REFERENCE, |code| {
            let (id, other) = (&container.id.value, &other.id.value);
            let message = format!("`{id}` refers to `{other}` but does not depend on it");
            Diagnostic::new(code, reference.span, message).help(format!(
                "add `{other}` to the `dependencies` of `{id}` if it must be ready before `{id}` starts"
            ))
        });
    }
}

/// Reports `scheme://user:password@id`: the `@` starts the reference, so that none remains
/// between the password and the address.
pub fn check_at_signs(
    container: &Container,
    plan: &Plan,
    source: &Source,
    findings: &mut Findings,
) {
    for text in container.texts() {
        for (reference, other) in lost_at_signs(text, plan) {
            findings.add(&codes::LOST_AT_SIGN, |code| {
                let message = format!("missing `@` before the address of `{other}`");
                let found = Diagnostic::new(code, reference.span, message)
                    .label("this `@` starts the reference")
                    .help(format!(
                        "write the `@` after user and password as `\\@`, in a JSON string `\\\\@`: `\\\\@@{other}`"
                    ));
                // The place of a reference is known unless the string has escapes.
                if !source.slice(reference.span).starts_with('@') {
                    return found;
                }
                let is_escaped = source.slice(text.span).starts_with('"');
                let before = Span { end: reference.span.start, ..reference.span };
                found.likely_edit(before, if is_escaped { "\\\\@" } else { "\\@" })
            });
        }
    }
}

/// The references whose `@` is the only one after a user and a password, with the ids of their
/// containers.
fn lost_at_signs<'a>(
    text: &'a Text,
    plan: &'a Plan,
) -> impl Iterator<Item = (&'a Reference, &'a str)> {
    text.pieces.windows(2).filter_map(|pair| {
        let [Piece::Literal(before), Piece::Reference(reference)] = pair else { return None };
        let (_, user) = before.rsplit_once("://")?;
        let is_user = |c: char| c.is_ascii_alphanumeric() || "-._~%!$&'()*+;=:".contains(c);
        if user.is_empty() || !user.chars().all(is_user) {
            return None;
        }
        Some((reference, plan.containers.get(reference.to())?.id.value.as_str()))
    })
}
