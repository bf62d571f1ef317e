//! DOT, the language of Graphviz.

use std::fmt::Write;

use super::{Graph, Kind, label};

/// Renders a graph. Containers of a level are on one rank; references do not move containers.
pub fn render(graph: &Graph) -> String {
    let name = quoted(&[label::clean(&graph.id)]);
    let mut dot = format!(
        "digraph {name} {{\n  label={name};\n  labelloc=t;\n  node [fontname=monospace, fontsize=12, style=filled];\n\n",
    );
    let id = |node: usize| {
        quoted(&[graph.nodes.get(node).map_or(String::new(), |node| label::clean(&node.id))])
    };
    for (index, node) in graph.nodes.iter().enumerate() {
        let (shape, fill, line) = match node.kind {
            Kind::Service => ("box", "#e3eefb", "#3b78b8"),
            Kind::Job => ("ellipse", "#fdf0d5", "#a8741a"),
        };
        let _ = writeln!(
            dot,
            "  {} [label={}, shape={shape}, fillcolor=\"{fill}\", color=\"{line}\"];",
            id(index),
            quoted(&label::all_lines(node)),
        );
    }
    let levels = graph.levels();
    if levels.len() > 1 {
        dot.push('\n');
        for nodes in levels.values() {
            let ids: Vec<String> = nodes.iter().map(|node| id(*node)).collect();
            let _ = writeln!(dot, "  {{ rank=same; {}; }}", ids.join("; "));
        }
    }
    if !graph.edges.is_empty() {
        dot.push('\n');
    }
    for edge in &graph.edges {
        let style = match edge.dependency {
            true => "",
            false => " [style=dashed, color=\"#7b8794\", constraint=false]",
        };
        let _ = writeln!(dot, "  {} -> {}{style};", id(edge.from), id(edge.to));
    }
    dot.push_str("}\n");
    dot
}

/// Lines as one string. Graphviz expands backslashes and entities in labels.
fn quoted(lines: &[String]) -> String {
    let escaped =
        |line: &String| line.replace('\\', "\\\\").replace('"', "\\\"").replace('&', "&amp;");
    let lines: Vec<String> = lines.iter().map(escaped).collect();
    format!("\"{}\"", lines.join("\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_graphviz_expands_is_escaped() {
        let lines = ["a\"b\\".to_owned(), "\\N &lt; <b>".to_owned()];
        assert_eq!(quoted(&lines), r#""a\"b\\\n\\N &amp;lt; <b>""#);
    }
}
