//! A picture of an appliance: its containers, what waits for what, and what refers to what.
//!
//! [`Graph::of`] takes from a plan what a picture shows. [`layout`] decides where everything is, and
//! each format has a writer of its own. Equal graphs give equal bytes.

mod dot;
pub mod label;
pub mod layout;
mod mermaid;
pub mod svg;
mod text;

use std::collections::BTreeMap;

use crate::plan::{self, ContainerId, Plan};

/// What a picture shows of an appliance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// Name of the appliance.
    pub id: String,
    /// The containers, in the order of the document.
    pub nodes: Vec<Node>,
    /// The edges, each pair at most once, sorted by their ends.
    pub edges: Vec<Edge>,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its id.
    pub id: String,
    /// Whether it is a service or a job.
    pub kind: Kind,
    /// The image reference as written.
    pub image: String,
    /// Number of instances; may be 0.
    pub instances: u32,
    /// The published ports, in the order of the document.
    pub ports: Vec<Port>,
    /// Length of the longest path to a container without dependencies.
    pub level: usize,
}

/// The kind of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Runs until it is stopped. A box.
    Service,
    /// Runs to completion. An ellipse.
    Job,
}

impl Kind {
    /// `service` or `job`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Service => "service",
            Kind::Job => "job",
        }
    }
}

/// A published port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// `CONTAINER` or `HOST:CONTAINER`, with `/udp` if it is not TCP.
    pub number: String,
}

/// An edge, from a container to one that waits for it or refers to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Index in [`Graph::nodes`] of the container that is waited for or referred to.
    pub from: usize,
    /// Index in [`Graph::nodes`] of the container that waits or refers.
    pub to: usize,
    /// Whether `to` depends on `from`.
    pub dependency: bool,
    /// Whether `to` refers to `from`.
    pub reference: bool,
}

/// A format of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A list by level, for terminals.
    #[default]
    Text,
    /// Graphviz.
    Dot,
    /// A Mermaid flowchart.
    Mermaid,
    /// An SVG image.
    Svg,
}

impl Format {
    /// All formats.
    pub const ALL: [Format; 4] = [Format::Text, Format::Dot, Format::Mermaid, Format::Svg];

    /// The value of `--format`.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Dot => "dot",
            Format::Mermaid => "mermaid",
            Format::Svg => "svg",
        }
    }

    /// A description in one line.
    pub fn meaning(self) -> &'static str {
        match self {
            Format::Text => "a list by level, for terminals",
            Format::Dot => "a graph for Graphviz",
            Format::Mermaid => "a flowchart for Mermaid, which GitHub and GitLab draw in Markdown",
            Format::Svg => "an image, for light and dark backgrounds",
        }
    }

    /// Returns the format with this name.
    pub fn find(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }
}

impl Graph {
    /// The graph of a plan. A container that refers to itself has no edge for it.
    pub fn of(plan: &Plan) -> Graph {
        let mut edges: BTreeMap<(ContainerId, ContainerId), Edge> = BTreeMap::new();
        let mut add = |from, to, dependency: bool| {
            if from != to {
                let new = Edge { from, to, dependency: false, reference: false };
                let edge = edges.entry((from, to)).or_insert(new);
                edge.dependency |= dependency;
                edge.reference |= !dependency;
            }
        };
        for (id, container) in plan.containers.iter().enumerate() {
            container.dependencies.iter().for_each(|dependency| add(dependency.on, id, true));
            container.referrers.iter().for_each(|referrer| add(id, referrer.from(), false));
        }
        Graph {
            id: plan.id.value.to_string(),
            nodes: plan.containers.iter().map(node).collect(),
            edges: edges.into_values().collect(),
        }
    }

    /// The picture in a format. Ends with a line break.
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Text => text::render(self),
            Format::Dot => dot::render(self),
            Format::Mermaid => mermaid::render(self),
            Format::Svg => svg::render(self, &layout::of(self)),
        }
    }

    /// The picture as SVG for a web page that has a style of its own and fills in states: each container is a
    /// `g` with its id in `data-id`, and has an empty `text` of the class `state`.
    pub fn render_for_states(&self) -> String {
        svg::render_bare(self, &layout::with_states(self))
    }

    /// The containers of each level, in the order of the document.
    fn levels(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut levels: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (id, node) in self.nodes.iter().enumerate() {
            levels.entry(node.level).or_default().push(id);
        }
        levels
    }

    /// How many containers and edges there are, as a phrase.
    fn summary(&self) -> String {
        let count = |count: usize, one: &str, many: &str| {
            (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
        };
        let dependencies = self.edges.iter().filter(|edge| edge.dependency).count();
        let references = self.edges.iter().filter(|edge| edge.reference).count();
        let parts = [
            count(self.nodes.len(), "container", "containers"),
            count(dependencies, "dependency", "dependencies"),
            count(references, "reference", "references"),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

fn node(container: &plan::Container) -> Node {
    let port = |port: &plan::Port| {
        let mut number = match port.host_port.value {
            0 => String::new(),
            host => format!("{host}:"),
        };
        number.push_str(&port.container_port.value.to_string());
        if port.transport.value != plan::Transport::Tcp {
            number.push('/');
            number.push_str(port.transport.value.name());
        }
        Port { name: port.name.as_ref().map(|name| name.value.to_string()), number }
    };
    Node {
        id: container.id.value.to_string(),
        kind: if container.job().is_some() { Kind::Job } else { Kind::Service },
        image: container.image.value.to_string(),
        instances: container.instances.value,
        ports: container.ports.iter().filter(|port| !port.internal.value).map(port).collect(),
        level: container.level,
    }
}
