//! Where everything in a picture is: containers in layers by start order, edges between them.
//!
//! A level is a row of containers, or several rows if it is wide. The order of a row has few crossings
//! (`order`), and its containers are near what they are connected with (`place`). Lengths are in
//! pixels, `y` grows downwards.

mod order;
mod place;
mod route;
mod rows;
#[cfg(test)]
mod tests;

use super::label::{self, Label};
use super::{Graph, Node};
use route::Span;
use rows::{Rows, at};

/// Length of an arrowhead.
pub const HEAD: f64 = 8.0;

/// Height of the space between two rows without edges that go far to the side.
const SPACE: f64 = 44.0;

/// Depth of the arc between two containers in a row.
const ARC: f64 = 26.0;

/// Space between the rows and the edge of a band.
const BAND: f64 = 14.0;

/// Width of a row from which on a level may take several.
const NARROW: f64 = 1_280.0;

/// How much wider than high a picture with wide levels is to be.
const ASPECT: f64 = 1.7;

/// A picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// Width of everything.
    pub width: f64,
    /// Height of everything.
    pub height: f64,
    /// The place of each node of the graph, in its order.
    pub places: Vec<Place>,
    /// The text of each node of the graph, in its order.
    pub labels: Vec<Label>,
    /// The route of each edge of the graph, in its order.
    pub routes: Vec<Route>,
    /// The levels, from top to bottom.
    pub bands: Vec<Band>,
}

/// The place of a container.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Place {
    /// Its center.
    pub x: f64,
    /// Its center.
    pub y: f64,
    /// Width of the shape.
    pub width: f64,
    /// Height of the shape.
    pub height: f64,
}

/// The place of a level, over the whole width.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// The level.
    pub level: usize,
    /// Top of the band.
    pub top: f64,
    /// Bottom of the band.
    pub bottom: f64,
}

/// A point.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// Distance from the left.
    pub x: f64,
    /// Distance from the top.
    pub y: f64,
}

/// The line of an edge.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Where it starts.
    pub start: Point,
    /// How it continues. Edges that leave a container on the same side share this part, as far as they
    /// go the same way.
    pub trunk: Vec<Step>,
    /// The part that no other edge shares, to the base of the arrowhead.
    pub leg: Vec<Step>,
    /// The tip of the arrowhead, [`HEAD`] from its base in a straight line.
    pub tip: Point,
}

/// A part of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// A straight line to a point.
    Line(Point),
    /// A cubic Bézier curve: two control points and the end.
    Curve([Point; 3]),
}

impl Step {
    /// Where it ends.
    pub fn end(&self) -> Point {
        match self {
            Step::Line(end) | Step::Curve([_, _, end]) => *end,
        }
    }
}

impl Route {
    /// Each step with where it starts.
    pub fn steps(&self) -> impl Iterator<Item = (Point, Step)> {
        let steps = self.trunk.iter().chain(&self.leg);
        steps.scan(self.start, |pen, step| Some((std::mem::replace(pen, step.end()), *step)))
    }
}

/// The layout of a graph.
pub fn of(graph: &Graph) -> Layout {
    around(graph, graph.nodes.iter().map(label::of).collect())
}

/// The layout of a graph in which each container has an empty line for its state.
pub fn with_states(graph: &Graph) -> Layout {
    around(graph, graph.nodes.iter().map(label::with_state).collect())
}

/// The layout of containers with these labels.
fn around(graph: &Graph, labels: Vec<Label>) -> Layout {
    let widths: Vec<f64> = labels.iter().map(|label| label.width).collect();
    let levels = graph.levels();

    // First each level is a row, which gives an order to its containers.
    let ranks = ranks(graph);
    let mut nodes: Vec<Vec<usize>> = levels.values().cloned().collect();
    nodes.iter_mut().for_each(|row| row.sort_by_key(|node| at(&ranks, *node)));
    let mut rows = Rows::new(graph, nodes);
    order::improve(&mut rows);

    // Then wide levels are folded, and each row is ordered with what passes it.
    let folded = fold(&rows, &labels);
    if folded.len() > rows.order.len() {
        rows = Rows::new(graph, folded);
        order::improve(&mut rows);
    }
    let x = place::place(&rows, &widths);

    let spans = spans(graph, &rows, &x, &labels);
    let place = |(node, label): (usize, &Label)| {
        let span = at(&spans, at(&rows.row, node));
        let y = f64::midpoint(span.top, span.bottom).round();
        Place { x: at(&x, node), y, width: label.width, height: label.height }
    };
    let places: Vec<Place> = labels.iter().enumerate().map(place).collect();
    let edges = graph.edges.iter();
    let routes = edges.map(|edge| route::route(graph, &rows, &x, &spans, &places, edge)).collect();

    let mut bands: Vec<Band> = Vec::new();
    for (members, span) in rows.order.iter().zip(&spans) {
        let level =
            members.iter().find_map(|item| graph.nodes.get(*item)).map_or(0, |node| node.level);
        match bands.last_mut().filter(|band| band.level == level) {
            Some(band) => band.bottom = span.bottom + BAND,
            None => bands.push(Band { level, top: span.top - BAND, bottom: span.bottom + BAND }),
        }
    }
    if let (Some(band), true) =
        (bands.last_mut(), has_arcs(graph, &rows, rows.order.len().saturating_sub(1)))
    {
        band.bottom += ARC;
    }
    let right = places.iter().map(|place| place.x + place.width / 2.0);
    let passing = x.iter().copied();
    Layout {
        width: right.chain(passing).fold(0.0, f64::max),
        height: bands.last().map_or(0.0, |band| band.bottom),
        places,
        labels,
        routes,
        bands,
    }
}

/// A number for each node, which sorts connected nodes together and nodes without edges last. Otherwise
/// the order of the document is kept.
fn ranks(graph: &Graph) -> Vec<(bool, usize, usize)> {
    let count = graph.nodes.len();
    let mut near: Vec<Vec<usize>> = vec![Vec::new(); count];
    for edge in &graph.edges {
        for (one, other) in [(edge.from, edge.to), (edge.to, edge.from)] {
            if let Some(near) = near.get_mut(one) {
                near.push(other);
            }
        }
    }
    let mut group: Vec<Option<usize>> = vec![None; count];
    for start in 0..count {
        let mut open = vec![start];
        while let Some(node) = open.pop() {
            if let Some(group) = group.get_mut(node).filter(|group| group.is_none()) {
                *group = Some(start);
                open.extend(rows::of(&near, node));
            }
        }
    }
    let rank = |(node, group): (usize, &Option<usize>)| {
        (rows::of(&near, node).is_empty(), group.unwrap_or(node), node)
    };
    group.iter().enumerate().map(rank).collect()
}

/// The nodes of each row, after wide levels were folded into columns: neighbors in a level stay near.
fn fold(rows: &Rows, labels: &[Label]) -> Vec<Vec<usize>> {
    let width = |node: &usize| labels.get(*node).map_or(0.0, |label| label.width + place::GAP);
    let levels: Vec<Vec<usize>> = rows
        .order
        .iter()
        .map(|row| row.iter().copied().filter(|item| *item < rows.nodes).collect())
        .collect();
    let total: f64 = levels.iter().flatten().map(width).sum();
    let row_height = 60.0 + SPACE + BAND;
    let widest = (total * row_height * ASPECT).sqrt().max(NARROW);
    let mut folded = Vec::new();
    for level in levels {
        let taken: f64 = level.iter().map(width).sum();
        let depth = ((taken / widest).ceil() as usize).clamp(1, level.len().max(1));
        let mut new = vec![Vec::new(); depth];
        for (at, node) in level.into_iter().enumerate() {
            if let Some(row) = new.get_mut(at % depth) {
                row.push(node);
            }
        }
        folded.extend(new);
    }
    folded
}

/// The place of each row.
fn spans(graph: &Graph, rows: &Rows, x: &[f64], labels: &[Label]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut top = BAND;
    let level = |row: &[usize]| {
        row.iter().find_map(|item| graph.nodes.get(*item)).map(|node: &Node| node.level)
    };
    for (index, members) in rows.order.iter().enumerate() {
        let heights = members.iter().filter_map(|item| labels.get(*item)).map(|label| label.height);
        let bottom = top + heights.fold(0.0, f64::max);
        spans.push(Span { top, bottom });
        // Edges that go far to the side need height, or they are flat and hard to follow.
        let far = |item: &usize| {
            let near = rows::of(&rows.down, *item).iter();
            near.map(|other| (at(x, *other) - at(x, *item)).abs()).fold(0.0, f64::max)
        };
        let farthest = members.iter().map(far).fold(0.0, f64::max);
        let mut space = SPACE + (farthest / 14.0).round().min(60.0);
        if has_arcs(graph, rows, index) {
            space += ARC / 2.0;
        }
        let next = rows.order.get(index + 1).and_then(|row| level(row));
        if next != level(members) {
            space += BAND;
        }
        top = bottom + space;
    }
    spans
}

/// Whether two containers of a row are connected that are not next to each other.
fn has_arcs(graph: &Graph, rows: &Rows, row: usize) -> bool {
    let members = rows.order.get(row).map_or(&[][..], Vec::as_slice);
    let far = |(index, item): (usize, &usize)| {
        let is_next = |at: usize, other: usize| members.get(at) == Some(&other);
        rows::of(&rows.beside, *item)
            .iter()
            .any(|other| !is_next(index + 1, *other) && (index == 0 || !is_next(index - 1, *other)))
    };
    !graph.edges.is_empty() && members.iter().enumerate().any(far)
}
