//! SVG: an image with light and dark colors, without scripts, fonts, or links.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::label::{self, Label, Role};
use super::layout::{Band, HEAD, Layout, Place, Point, Route, Step};
use super::{Edge, Graph, Kind, Node};
use crate::diag::xml::escape;

/// The style of a picture. Every rule is for elements below `.applc-graph` only, so that pages can
/// contain the picture. Colors have a contrast of 4.5 (text) and 3 (lines) to what is behind them.
pub const STYLE: &str = "\
.applc-graph{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace}\
.applc-graph text{fill:#1f2933}\
.applc-graph .middle{text-anchor:middle}\
.applc-graph .name{font-size:16px;font-weight:600}\
.applc-graph .id{font-size:14px;font-weight:600}\
.applc-graph .kind,.applc-graph .ports,.applc-graph .small{font-size:12px}\
.applc-graph .kind,.applc-graph .small{fill:#52606d}\
.applc-graph .paper{fill:#fff}\
.applc-graph .band{fill:#f3f5f8}\
.applc-graph .shape{stroke-width:1.5}\
.applc-graph .service .shape{fill:#e3eefb;stroke:#3b78b8}\
.applc-graph .job .shape{fill:#fdf0d5;stroke:#a8741a}\
.applc-graph .line{fill:none;stroke-width:1.5;stroke:#52606d}\
.applc-graph .head{fill:#52606d}\
.applc-graph .reference .line{stroke:#7b8794;stroke-width:1.25;stroke-dasharray:5 4}\
.applc-graph .reference .head{fill:#7b8794}\
@media(prefers-color-scheme:dark){\
.applc-graph text{fill:#e4e9ef}\
.applc-graph .kind,.applc-graph .small{fill:#a3b0be}\
.applc-graph .paper{fill:#11161c}\
.applc-graph .band{fill:#1a212a}\
.applc-graph .service .shape{fill:#1c3552;stroke:#6ba6e8}\
.applc-graph .job .shape{fill:#433213;stroke:#d9a441}\
.applc-graph .line{stroke:#a3b0be}\
.applc-graph .head{fill:#a3b0be}\
.applc-graph .reference .line{stroke:#7d8b9a}\
.applc-graph .reference .head{fill:#7d8b9a}\
}";

/// Space around everything.
const MARGIN: f64 = 20.0;

/// Space beside and below a picture without header and legend: lines may go a little beyond the layout.
const EDGE: f64 = 6.0;

/// Height of the line with the name of the appliance.
const HEADER: f64 = 46.0;

/// Height of the line that explains the shapes.
const LEGEND: f64 = 36.0;

/// Font size of the legend.
const SMALL: f64 = 12.0;

/// Maximum number of cells of the name of the appliance.
const NAME_CELLS: usize = 60;

/// Renders a picture.
pub fn render(graph: &Graph, layout: &Layout) -> String {
    let levels = match layout.bands.last() {
        Some(last) if layout.bands.len() > 1 => label::width(&level(last), SMALL) + 24.0,
        _ => 0.0,
    };
    let name = label::shortened(&label::clean(&graph.id), NAME_CELLS);
    let legend = Legend::of(graph);
    let inner = (layout.width + levels + if levels > 0.0 { MARGIN } else { 0.0 })
        .max(label::width(&name, 16.0))
        .max(legend.width());
    let (width, height) = (inner + 2.0 * MARGIN, layout.height + HEADER + LEGEND + MARGIN);
    let (w, h) = (number(width.ceil()), number(height.ceil()));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"applc-graph\" role=\"img\" \
         width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\">\n\
         <title>{}</title>\n<desc>{}</desc>\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"{w}\" height=\"{h}\" rx=\"8\"/>\n\
         <text class=\"name\" x=\"{}\" y=\"32\">{}</text>\n",
        escape(&format!("The appliance {}", label::clean(&graph.id))),
        escape(&described(graph)),
        number(MARGIN),
        escape(&name),
    );
    // A picture without bands may be narrower than its header or legend.
    let left = MARGIN + levels + ((inner - levels - layout.width) / 2.0).floor().max(0.0);
    if layout.bands.len() > 1 {
        let _ = writeln!(svg, "<g transform=\"translate(0 {})\">", number(HEADER));
        bands(&mut svg, layout, inner);
        svg.push_str("</g>\n");
    }
    draw(&mut svg, graph, layout, Point { x: left, y: HEADER });
    legend.draw(&mut svg, MARGIN, height - MARGIN - 2.0);
    svg.push_str("</svg>\n");
    svg
}

/// Renders a picture for a web page that shows states: without style, header, and legend, which the page
/// has itself. Each container has an empty `text` of the class `state`, if the layout has room for it.
pub fn render_bare(graph: &Graph, layout: &Layout) -> String {
    let (w, h) =
        (number((layout.width + 2.0 * EDGE).ceil()), number((layout.height + EDGE).ceil()));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"applc-graph\" viewBox=\"0 0 {w} {h}\">\n\
         <title>{}</title>\n<desc>{}</desc>\n",
        escape(&format!("The appliance {}", label::clean(&graph.id))),
        escape(&described(graph)),
    );
    draw(&mut svg, graph, layout, Point { x: EDGE, y: 0.0 });
    svg.push_str("</svg>\n");
    svg
}

/// The edges and the containers.
fn draw(svg: &mut String, graph: &Graph, layout: &Layout, at: Point) {
    let _ = writeln!(svg, "<g transform=\"translate({} {})\">", number(at.x), number(at.y));
    draw_edges(svg, graph, layout);
    for ((node, place), label) in graph.nodes.iter().zip(&layout.places).zip(&layout.labels) {
        draw_node(svg, node, place, label);
    }
    svg.push_str("</g>\n");
}

/// The levels behind the containers, with their numbers.
fn bands(svg: &mut String, layout: &Layout, width: f64) {
    for band in &layout.bands {
        let _ = writeln!(
            svg,
            "<rect class=\"band\" x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\
             <text class=\"small\" x=\"{}\" y=\"{}\">{}</text>",
            number(width),
            number(band.bottom - band.top),
            number(MARGIN + 12.0),
            number(band.top + 20.0),
            level(band),
            x = number(MARGIN),
            y = number(band.top),
        );
    }
}

fn level(band: &Band) -> String {
    format!("level {}", band.level)
}

fn draw_node(svg: &mut String, node: &Node, place: &Place, label: &Label) {
    let Place { x, y, width, height } = *place;
    let _ = write!(
        svg,
        "<g class=\"node {}\" data-id=\"{}\"><title>{}</title>",
        node.kind.name(),
        escape(&label::clean(&node.id)),
        escape(&label::description(node)),
    );
    svg.push_str(&shape(node.kind, Point { x, y }, width, height));
    for line in &label.lines {
        let class = match line.role {
            Role::Id => "id",
            Role::Kind => "kind",
            Role::Ports => "ports",
            Role::State => "state",
        };
        let _ = write!(
            svg,
            "<text class=\"{class} middle\" x=\"{}\" y=\"{}\">{}</text>",
            number(x),
            number(y + line.baseline),
            escape(&line.text),
        );
    }
    svg.push_str("</g>\n");
}

/// A box for a service, an ellipse for a job.
fn shape(kind: Kind, center: Point, width: f64, height: f64) -> String {
    let (half_width, half_height) = (width / 2.0, height / 2.0);
    match kind {
        Kind::Service => format!(
            "<rect class=\"shape\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"4\"/>",
            number(center.x - half_width),
            number(center.y - half_height),
            number(width),
            number(height),
        ),
        Kind::Job => format!(
            "<ellipse class=\"shape\" cx=\"{}\" cy=\"{}\" rx=\"{}\" ry=\"{}\"/>",
            number(center.x),
            number(center.y),
            number(half_width),
            number(half_height),
        ),
    }
}

/// The edges. What several share is drawn once: dashes over dashes would not be dashed.
fn draw_edges(svg: &mut String, graph: &Graph, layout: &Layout) {
    let edges = || graph.edges.iter().zip(&layout.routes);
    let mut drawn = BTreeSet::new();
    // What dependencies and references share is drawn as a dependency.
    let mut trunks = [true, false].map(|dependency| {
        let mut trunk = String::new();
        for (_, route) in edges().filter(|(edge, _)| edge.dependency == dependency) {
            let mut pen = None;
            for (start, step) in route.steps().take(route.trunk.len()) {
                if drawn.insert(format!("{} {}", point(start), point(step.end()))) {
                    trunk.push_str(&path(start, step, &mut pen));
                }
            }
        }
        trunk
    });
    // References are behind dependencies.
    trunks.reverse();
    for (trunk, dependency) in trunks.iter().zip([false, true]) {
        if !trunk.is_empty() {
            let class = class(dependency);
            let _ = writeln!(svg, "<g class=\"{class}\"><path class=\"line\" d=\"{trunk}\"/></g>");
        }
        edges()
            .filter(|(edge, _)| edge.dependency == dependency)
            .for_each(|(edge, route)| draw_edge(svg, graph, edge, route));
    }
}

/// What only this edge has, with what it means.
fn draw_edge(svg: &mut String, graph: &Graph, edge: &Edge, route: &Route) {
    let id = |node: usize| graph.nodes.get(node).map_or("", |node| node.id.as_str());
    let (from, to) = (label::clean(id(edge.from)), label::clean(id(edge.to)));
    let meaning = match (edge.dependency, edge.reference) {
        (true, true) => format!("{to} waits for {from} and refers to it"),
        (true, false) => format!("{to} waits for {from}"),
        (false, _) => format!("{to} refers to {from}"),
    };
    let _ = writeln!(
        svg,
        "<g class=\"edge {}\" data-from=\"{}\" data-to=\"{}\"><title>{}</title>{}</g>",
        class(edge.dependency),
        escape(&from),
        escape(&to),
        escape(&meaning),
        arrow(route),
    );
}

fn class(dependency: bool) -> &'static str {
    if dependency { "dependency" } else { "reference" }
}

/// The leg of a route with its head.
fn arrow(route: &Route) -> String {
    let mut line = String::new();
    let mut pen = None;
    for (start, step) in route.steps().skip(route.trunk.len()) {
        line.push_str(&path(start, step, &mut pen));
    }
    let base = pen.unwrap_or(route.start);
    let (x, y) = ((route.tip.x - base.x) / HEAD, (route.tip.y - base.y) / HEAD);
    let side = |sign: f64| Point { x: base.x - y * 4.0 * sign, y: base.y + x * 4.0 * sign };
    format!(
        "<path class=\"line\" d=\"{line}\"/><path class=\"head\" d=\"M{}L{}L{}z\"/>",
        point(side(1.0)),
        point(route.tip),
        point(side(-1.0)),
    )
}

/// A step in the language of paths, after a move if the pen is not at its start.
fn path(start: Point, step: Step, pen: &mut Option<Point>) -> String {
    let from = if *pen == Some(start) { String::new() } else { format!("M{}", point(start)) };
    *pen = Some(step.end());
    match step {
        Step::Line(end) => format!("{from}L{}", point(end)),
        Step::Curve([one, other, end]) => {
            format!("{from}C{} {} {}", point(one), point(other), point(end))
        }
    }
}

/// The shapes and lines that a picture has, with what they mean.
struct Legend {
    entries: Vec<Sample>,
}

/// An entry of a legend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sample {
    Node(Kind),
    Edge { dependency: bool },
}

impl Sample {
    /// Width of what is drawn.
    const WIDTH: f64 = 30.0;

    fn text(self) -> &'static str {
        match self {
            Sample::Node(kind) => kind.name(),
            Sample::Edge { dependency: true } => "starts before",
            Sample::Edge { dependency: false } => "is referred to by",
        }
    }

    /// Width with the text and the space behind it.
    fn width(self) -> f64 {
        Sample::WIDTH + 8.0 + label::width(self.text(), SMALL) + 18.0
    }
}

impl Legend {
    fn of(graph: &Graph) -> Legend {
        let node =
            |kind| graph.nodes.iter().any(|node| node.kind == kind).then_some(Sample::Node(kind));
        let edge = |dependency| {
            let some = graph.edges.iter().any(|edge| edge.dependency == dependency);
            some.then_some(Sample::Edge { dependency })
        };
        let entries = [node(Kind::Service), node(Kind::Job), edge(true), edge(false)];
        Legend { entries: entries.into_iter().flatten().collect() }
    }

    fn width(&self) -> f64 {
        self.entries.iter().map(|entry| entry.width()).sum()
    }

    fn draw(&self, svg: &mut String, left: f64, baseline: f64) {
        let y = baseline - 4.0;
        let mut x = left;
        for entry in &self.entries {
            let (class, drawn) = match entry {
                Sample::Node(kind) => {
                    let center = Point { x: x + Sample::WIDTH / 2.0, y };
                    (kind.name(), shape(*kind, center, 24.0, 14.0))
                }
                Sample::Edge { dependency } => {
                    let tip = Point { x: x + Sample::WIDTH, y };
                    let leg = vec![Step::Line(Point { x: tip.x - HEAD, y })];
                    (
                        class(*dependency),
                        arrow(&Route { start: Point { x, y }, trunk: Vec::new(), leg, tip }),
                    )
                }
            };
            let _ = writeln!(
                svg,
                "<g class=\"{class}\">{drawn}<text class=\"small\" x=\"{}\" y=\"{}\">{}</text></g>",
                number(x + Sample::WIDTH + 8.0),
                number(baseline),
                entry.text(),
            );
            x += entry.width();
        }
    }
}

/// The picture in words.
fn described(graph: &Graph) -> String {
    let levels = graph.levels().len();
    let levels = if levels == 1 { "1 level".to_owned() } else { format!("{levels} levels") };
    format!("{} in {levels} of start order.", graph.summary())
}

fn point(point: Point) -> String {
    format!("{} {}", number(point.x), number(point.y))
}

/// A number with one digit behind the point at most.
fn number(number: f64) -> String {
    let text = format!("{number:.1}");
    let text = text.strip_suffix(".0").unwrap_or(&text);
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}
