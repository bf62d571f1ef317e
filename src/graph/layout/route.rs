//! The lines of edges. They bend only between rows, so that none crosses a container.

use super::rows::{Direction, Rows, at};
use super::{HEAD, Place, Point, Route, Step};
use crate::graph::{Edge, Graph, Kind};

/// Where rows are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// Top of the row.
    pub top: f64,
    /// Bottom of the row.
    pub bottom: f64,
}

/// The route of an edge. `x` is the center of each item, `spans` the place of each row.
pub fn route(
    graph: &Graph,
    rows: &Rows,
    x: &[f64],
    spans: &[Span],
    places: &[Place],
    edge: &Edge,
) -> Route {
    let end = |node: usize| End {
        place: places.get(node).copied().unwrap_or_default(),
        kind: graph.nodes.get(node).map_or(Kind::Service, |node| node.kind),
        span: at(spans, at(&rows.row, node)),
    };
    let (from, to) = (end(edge.from), end(edge.to));
    let passed =
        rows.passed(edge).iter().map(|item| (at(x, *item), at(spans, at(&rows.row, *item))));
    match rows.direction(edge) {
        Direction::Down => down(&from, &to, passed),
        Direction::Up => up(&from, &to, passed),
        Direction::Beside => {
            let members = rows.order.get(at(&rows.row, edge.from)).map_or(&[][..], Vec::as_slice);
            let place = |node| members.iter().position(|item| *item == node).unwrap_or_default();
            if place(edge.from).abs_diff(place(edge.to)) == 1 {
                beside(&from, &to)
            } else {
                below(&from, &to)
            }
        }
    }
}

/// An end of an edge.
struct End {
    place: Place,
    kind: Kind,
    /// Its row.
    span: Span,
}

impl End {
    /// Half the height of the shape at a distance from its center.
    fn half_height(&self, from_center: f64) -> f64 {
        let Place { width, height, .. } = self.place;
        match self.kind {
            Kind::Service => height / 2.0,
            Kind::Job => {
                let share = (from_center / (width / 2.0)).clamp(-1.0, 1.0);
                height / 2.0 * (1.0 - share * share).sqrt()
            }
        }
    }

    fn top(&self, from_center: f64) -> Point {
        let y = self.place.y - self.half_height(from_center);
        Point { x: self.place.x + from_center, y }
    }

    fn bottom(&self, from_center: f64) -> Point {
        let y = self.place.y + self.half_height(from_center);
        Point { x: self.place.x + from_center, y }
    }

    /// How far from the center the second edge on a side is.
    fn aside(&self) -> f64 {
        (self.place.width / 4.0).min(24.0)
    }
}

/// A curve that starts and ends vertically.
fn curve(from: Point, to: Point) -> Step {
    let y = f64::midpoint(from.y, to.y);
    Step::Curve([Point { x: from.x, y }, Point { x: to.x, y }, to])
}

/// Adds a line, unless it has no length.
fn line(steps: &mut Vec<Step>, from: Point, to: Point) {
    if from != to {
        steps.push(Step::Line(to));
    }
}

fn down(from: &End, to: &End, passed: impl Iterator<Item = (f64, Span)>) -> Route {
    let start = from.bottom(0.0);
    let tip = to.top(0.0);
    let mut trunk = Vec::new();
    let mut pen = Point { y: from.span.bottom, ..start };
    line(&mut trunk, start, pen);
    for (x, span) in passed {
        trunk.push(curve(pen, Point { x, y: span.top }));
        pen = Point { x, y: span.bottom };
        trunk.push(Step::Line(pen));
    }
    let arrival = Point { y: to.span.top - HEAD, ..tip };
    let mut leg = vec![curve(pen, arrival)];
    line(&mut leg, arrival, Point { y: tip.y - HEAD, ..tip });
    Route { start, trunk, leg, tip }
}

fn up(from: &End, to: &End, passed: impl Iterator<Item = (f64, Span)>) -> Route {
    let start = from.top(from.aside());
    let tip = to.bottom(to.aside());
    let mut trunk = Vec::new();
    let mut pen = Point { y: from.span.top, ..start };
    line(&mut trunk, start, pen);
    for (x, span) in passed {
        trunk.push(curve(pen, Point { x, y: span.bottom }));
        pen = Point { x, y: span.top };
        trunk.push(Step::Line(pen));
    }
    let arrival = Point { y: to.span.bottom + HEAD, ..tip };
    let mut leg = vec![curve(pen, arrival)];
    line(&mut leg, arrival, Point { y: tip.y + HEAD, ..tip });
    Route { start, trunk, leg, tip }
}

/// A line to the container next to it.
fn beside(from: &End, to: &End) -> Route {
    let sign = if from.place.x < to.place.x { 1.0 } else { -1.0 };
    let start = Point { x: from.place.x + sign * from.place.width / 2.0, y: from.place.y };
    let tip = Point { x: to.place.x - sign * to.place.width / 2.0, y: to.place.y };
    let leg = vec![Step::Line(Point { x: tip.x - sign * HEAD, ..tip })];
    Route { start, trunk: Vec::new(), leg, tip }
}

/// An arc below the row.
fn below(from: &End, to: &End) -> Route {
    let sign = if from.place.x < to.place.x { 1.0 } else { -1.0 };
    let start = from.bottom(sign * from.aside());
    let tip = to.bottom(-sign * to.aside());
    let bottom = from.span.bottom;
    let mut trunk = Vec::new();
    let pen = Point { y: bottom, ..start };
    line(&mut trunk, start, pen);
    let arrival = Point { y: bottom + HEAD, ..tip };
    // The curve reaches three quarters of the depth of its control points.
    let y = bottom + super::ARC / 0.75;
    let mut leg = vec![Step::Curve([Point { y, ..pen }, Point { y, ..arrival }, arrival])];
    line(&mut leg, arrival, Point { y: tip.y + HEAD, ..tip });
    Route { start, trunk, leg, tip }
}
