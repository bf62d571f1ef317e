//! A Mermaid flowchart.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{Graph, Kind, label};

/// Renders a graph.
pub fn render(graph: &Graph) -> String {
    let names = names(graph);
    let name = |node: usize| names.get(node).map_or("", String::as_str);
    let mut mermaid = String::from("flowchart TB\n");
    for (node, name) in graph.nodes.iter().zip(&names) {
        let (open, close) = match node.kind {
            Kind::Service => ("[", "]"),
            Kind::Job => ("([", "])"),
        };
        let lines: Vec<String> = label::all_lines(node).iter().map(|line| escaped(line)).collect();
        let _ = writeln!(mermaid, "  {name}{open}\"{}\"{close}", lines.join("<br/>"));
    }
    for edge in &graph.edges {
        let arrow = if edge.dependency { "-->" } else { "-.->" };
        let _ = writeln!(mermaid, "  {} {arrow} {}", name(edge.from), name(edge.to));
    }
    mermaid
}

/// A name for each node: its id with a prefix, because ids can be keywords such as `end`, and without
/// hyphens, which are part of arrows.
fn names(graph: &Graph) -> Vec<String> {
    let mut known = BTreeSet::new();
    let name = |(index, id): (usize, &String)| {
        let word: String =
            id.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let mut name = format!("c_{word}");
        while !known.insert(name.clone()) {
            name = format!("{name}_{index}");
        }
        name
    };
    graph.nodes.iter().map(|node| &node.id).enumerate().map(name).collect()
}

/// Text for a quoted label. What could be markup is written as the number of its character.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | ',' | '/' | '+' | '×' | '…' | '_')
        {
            escaped.push(c);
        } else {
            let _ = write!(escaped, "#{};", u32::from(c));
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped() {
        assert_eq!(escaped("a-1 \"]<b>`#é"), "a-1 #34;#93;#60;b#62;#96;#35;é");
        assert_eq!(escaped("80:8080/udp"), "80#58;8080/udp");
    }
}
