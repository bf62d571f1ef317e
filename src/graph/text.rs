//! Text for terminals: the containers by level, each with what it waits for and refers to.

use std::fmt::Write;

use super::{Edge, Graph, Kind, Node, label};

/// Renders a graph. The width depends on the containers alone.
pub fn render(graph: &Graph) -> String {
    let mut text = format!("{}: {}\n", label::clean(&graph.id), graph.summary());
    let mut incoming: Vec<Vec<&Edge>> = vec![Vec::new(); graph.nodes.len()];
    for edge in &graph.edges {
        if let Some(list) = incoming.get_mut(edge.to) {
            list.push(edge);
        }
    }
    for (level, nodes) in graph.levels() {
        let _ = writeln!(text, "\nlevel {level}");
        for node in nodes {
            let Some(container) = graph.nodes.get(node) else { continue };
            let _ = writeln!(text, "  {}", title(container));
            let edges = incoming.get(node).map_or(&[][..], Vec::as_slice);
            let from = |wanted: fn(&Edge) -> bool| -> Vec<String> {
                let edges = edges.iter().filter(|edge| wanted(edge));
                let nodes = edges.filter_map(|edge| graph.nodes.get(edge.from));
                nodes.map(|node| label::clean(&node.id)).collect()
            };
            for (verb, ids) in [
                ("waits for", from(|edge| edge.dependency)),
                ("refers to", from(|edge| edge.reference)),
            ] {
                if !ids.is_empty() {
                    let _ = writeln!(text, "      {verb} {}", ids.join(", "));
                }
            }
        }
    }
    text
}

/// A container in one line, in the shape that it has in pictures.
fn title(node: &Node) -> String {
    let (open, close) = match node.kind {
        Kind::Service => ('[', ']'),
        Kind::Job => ('(', ')'),
    };
    let mut title = format!("{open}{}{close} {}", label::clean(&node.id), label::kind(node));
    if let Some(ports) = label::ports_in_words(node) {
        title.push_str(", ");
        title.push_str(&ports);
    }
    title
}
