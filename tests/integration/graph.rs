//! Pictures of appliances, in each format.

use std::path::Path;

use applc::analysis::Analysis;
use applc::graph::{Edge, Format, Graph, Kind, Node, Port, layout, svg};
use applc::source::Sources;
use roxmltree::Document;

use crate::common::{appliances, repository, stem, world};

/// The graph of a file, which must be valid.
fn graph(path: &Path) -> Graph {
    let name = path.to_str().unwrap();
    let analysis = Analysis::read(&world([path]), name, Sources::new()).unwrap();
    Graph::of(analysis.valid_plan().unwrap_or_else(|| panic!("{name}")))
}

#[test]
fn an_example_in_each_format() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots/graph");
    settings.bind(|| {
        for example in ["data-lab.yaml", "batch-pipeline.json"] {
            let path = repository("examples").join(example);
            for format in Format::ALL {
                let name = format!("{}@{}", stem(&path), format.name());
                insta::assert_snapshot!(name, graph(&path).render(format));
            }
        }
    });
}

#[test]
fn every_appliance_has_every_container_in_every_format() {
    for folder in ["examples", "tests/corpus"] {
        for path in appliances(folder) {
            let graph = graph(&path);
            for format in Format::ALL {
                let text = graph.render(format);
                assert_eq!(text, graph.render(format), "{}", path.display());
                assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{}", path.display());
                for node in &graph.nodes {
                    assert!(text.contains(&node.id), "{}: {}: {text}", path.display(), node.id);
                }
            }
            check_svg(&graph);
        }
    }
}

/// The id of each container and the ends of each edge are in the picture, as it is read by an XML parser,
/// and nothing in it comes from elsewhere.
fn check_svg(graph: &Graph) {
    check_svg_text(graph, &graph.render(Format::Svg), Some("img"));
    let for_states = graph.render_for_states();
    check_svg_text(graph, &for_states, None);
    assert_eq!(for_states.matches("class=\"state middle\"").count(), graph.nodes.len());
    // A policy of a page can forbid styles in it.
    assert!(!for_states.contains("<style") && !for_states.contains(" style="), "{for_states}");
}

fn check_svg_text(graph: &Graph, text: &str, role: Option<&str>) {
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let attribute = |name: &str| -> Vec<String> {
        let all = document.descendants().filter_map(|node| node.attribute(name));
        all.map(str::to_owned).collect()
    };
    let ids: Vec<&str> = graph.nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(attribute("data-id"), ids);
    let mut edges: Vec<(String, String)> =
        attribute("data-from").into_iter().zip(attribute("data-to")).collect();
    let id = |node: usize| graph.nodes[node].id.clone();
    let mut expected: Vec<(String, String)> =
        graph.edges.iter().map(|edge| (id(edge.from), id(edge.to))).collect();
    edges.sort();
    expected.sort();
    assert_eq!(edges, expected);
    let root = document.root_element();
    assert_eq!(root.attribute("role"), role);
    let first: Vec<&str> = root
        .children()
        .filter(|node| node.is_element())
        .map(|node| node.tag_name().name())
        .take(2)
        .collect();
    assert_eq!(first, ["title", "desc"]);
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        let name = node.tag_name().name();
        let known = ["svg", "title", "desc", "style", "g", "rect", "ellipse", "path", "text"];
        assert!(known.contains(&name), "{name}");
        assert!(
            node.attributes().all(|a| !a.name().contains("href") && !a.name().starts_with("on"))
        );
    }
    assert!(!text.contains("url(") && !text.contains("@import"));
}

/// Ids that the language does not allow, and ids that mean something in a format.
fn hostile() -> Graph {
    let ids = [
        "end",
        "graph",
        "subgraph",
        "style",
        "class",
        "default",
        "o--x",
        "-->",
        "a\"]",
        "<script>",
        "]]>",
        "&amp;",
        "a\\",
        "\\N",
        "#quot;",
        "`md`",
        "{x}",
        "%%",
        "-- >",
        "日本語",
        "👩‍🚀",
        "1",
    ];
    let node = |id: &&str| Node {
        id: (*id).to_owned(),
        kind: if id.len().is_multiple_of(2) { Kind::Service } else { Kind::Job },
        image: "\" onload=\"x".to_owned(),
        instances: 1,
        ports: vec![Port { name: Some(format!("\" {id} </text>")), number: "80".to_owned() }],
        level: usize::from(*id != "end"),
    };
    let edge = |to| Edge { from: 0, to, dependency: to.is_multiple_of(2), reference: true };
    Graph {
        id: "</style>".to_owned(),
        nodes: ids.iter().map(node).collect(),
        edges: (1..ids.len()).map(edge).collect(),
    }
}

#[test]
fn hostile_names_are_text_in_an_image() {
    check_svg(&hostile());
    let control = "\u{0}\u{1b}\u{ffff}\u{202e}";
    let mut graph = hostile();
    graph.nodes[0].id = control.to_owned();
    let text = graph.render(Format::Svg);
    assert!(control.chars().all(|c| !text.contains(c)), "{text}");
    Document::parse(&text).unwrap();
}

/// Without strings, only what the writer itself writes is left.
#[test]
fn hostile_names_are_strings_for_graphviz() {
    let string = regex::Regex::new(r#""([^"\\]|\\.)*""#).unwrap();
    let left = hostile().render(Format::Dot);
    let left = string.replace_all(&left, "S");
    let node = r"^  S \[label=S, shape=(box|ellipse), fillcolor=S, color=S\];$";
    let node = regex::Regex::new(node).unwrap();
    for line in left.lines().filter(|line| line.contains("shape=")) {
        assert!(node.is_match(line), "{line}");
    }
    assert!(!left.contains('"') && !left.contains('\\'), "{left}");
    assert_eq!(left.matches("shape=").count(), hostile().nodes.len());
}

/// The grammar of what Mermaid is given is so small that it can be held here.
#[test]
fn hostile_names_are_numbers_and_words_for_mermaid() {
    let text = hostile().render(Format::Mermaid);
    let name = "c_[A-Za-z0-9_]+";
    let label = r#""(?:[\p{Alphabetic}\p{N} ,./+×…_-]|#[0-9]+;|<br/>)+""#;
    let line =
        format!(r"^  (?:{name}(?:\[{label}\]|\(\[{label}\]\))|{name} (?:-->|-\.->) {name})$");
    let line = regex::Regex::new(&line).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("flowchart TB"));
    let mut names = std::collections::BTreeSet::new();
    for found in lines {
        assert!(line.is_match(found), "{found}");
        if found.contains('"') {
            let end = found.find(['[', '(']).unwrap();
            assert!(names.insert(found[..end].to_owned()), "{found}");
        }
    }
    assert_eq!(names.len(), hostile().nodes.len());
}

#[test]
fn where_both_exist_there_is_one_edge() {
    let path = Path::new("a.json");
    let container = |id: &str, rest: &str| {
        format!(
            r#"{{"id":"{id}","type":"service","image":"i","resources":{{"cpus":1,"mem":64}},{rest}"args":["@{id}"]}}"#
        )
    };
    let db = container("db", "");
    let web = container("web", r#""dependencies":["db"],"env":{"A":"@db","B":"@db"},"#);
    let peer = container("peer", r#""env":{"A":"@web"},"#);
    let text = format!(r#"{{"id":"app","containers":[{db},{web},{peer}]}}"#);
    let world = applc::Memory::new().with("a.json", text);
    let analysis = Analysis::read(&world, path.to_str().unwrap(), Sources::new()).unwrap();
    let graph = Graph::of(analysis.valid_plan().unwrap());
    let edge = |from, to, dependency| Edge { from, to, dependency, reference: true };
    assert_eq!(graph.edges, [edge(0, 1, true), edge(1, 2, false)]);
}

/// The shared part of edges is drawn once, as it would not be dashed otherwise.
#[test]
fn no_line_is_drawn_twice() {
    for example in ["workflow-launcher.json", "web-stack.json", "slurm-cluster.json"] {
        let graph = graph(&repository("examples").join(example));
        let text = svg::render(&graph, &layout::of(&graph));
        let document = Document::parse(&text).unwrap();
        let mut drawn = std::collections::BTreeSet::new();
        for path in document.descendants().filter(|node| node.attribute("class") == Some("line")) {
            let path = path.attribute("d").unwrap();
            assert!(drawn.insert(path.to_owned()), "{example}: {path}");
        }
    }
}
