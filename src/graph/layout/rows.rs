//! Rows of containers, and of what passes between them.
//!
//! A level is a row, or several if it is wide. All edges that leave a container downwards share one trunk,
//! which takes a place in each row that it passes, and so do all that leave it upwards. Therefore the
//! number of places grows with the containers and rows, not with the edges.

use std::collections::BTreeMap;

use crate::graph::{Edge, Graph};

/// Maximum number of places of trunks. Beyond it, edges pass behind containers.
const MAX_TRUNKS: usize = 200_000;

/// Index of what takes a place in a row: the nodes of the graph, then the trunks.
pub type Item = usize;

/// The rows of a picture.
#[derive(Debug)]
pub struct Rows {
    /// The items of each row, from left to right.
    pub order: Vec<Vec<Item>>,
    /// Number of nodes.
    pub nodes: usize,
    /// Neighbors of each item in the row above.
    pub up: Vec<Vec<Item>>,
    /// Neighbors of each item in the row below.
    pub down: Vec<Vec<Item>>,
    /// Neighbors of each item in its own row.
    pub beside: Vec<Vec<Item>>,
    /// The row of each item.
    pub row: Vec<usize>,
    /// The trunk of each node that leaves it downwards, by row, and the one that leaves it upwards.
    trunks: [Vec<Vec<Item>>; 2],
}

/// The direction of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To a row below.
    Down,
    /// To a row above.
    Up,
    /// To the same row.
    Beside,
}

/// The entry of a list, or a default.
pub fn at<T: Copy + Default>(list: &[T], index: usize) -> T {
    list.get(index).copied().unwrap_or_default()
}

/// The neighbors of an item.
pub fn of(lists: &[Vec<Item>], item: Item) -> &[Item] {
    lists.get(item).map_or(&[], Vec::as_slice)
}

fn push(lists: &mut [Vec<Item>], to: Item, item: Item) {
    if let Some(list) = lists.get_mut(to) {
        list.push(item);
    }
}

impl Rows {
    /// The rows of a graph whose nodes are already in rows, from left to right.
    pub fn new(graph: &Graph, nodes: Vec<Vec<usize>>) -> Rows {
        let count = graph.nodes.len();
        let mut row = vec![0; count];
        for (at, members) in nodes.iter().enumerate() {
            for node in members {
                if let Some(row) = row.get_mut(*node) {
                    *row = at;
                }
            }
        }
        let mut rows = Rows {
            order: nodes,
            nodes: count,
            up: vec![Vec::new(); count],
            down: vec![Vec::new(); count],
            beside: vec![Vec::new(); count],
            row,
            trunks: [vec![Vec::new(); count], vec![Vec::new(); count]],
        };
        rows.add_trunks(&graph.edges);
        graph.edges.iter().for_each(|edge| rows.join(edge));
        rows
    }

    /// Where an edge leads.
    pub fn direction(&self, edge: &Edge) -> Direction {
        match at(&self.row, edge.from).cmp(&at(&self.row, edge.to)) {
            std::cmp::Ordering::Less => Direction::Down,
            std::cmp::Ordering::Greater => Direction::Up,
            std::cmp::Ordering::Equal => Direction::Beside,
        }
    }

    /// The places that an edge passes, from its start.
    pub fn passed(&self, edge: &Edge) -> &[Item] {
        let [down, up] = &self.trunks;
        let trunk = match self.direction(edge) {
            Direction::Down => of(down, edge.from),
            Direction::Up => of(up, edge.from),
            Direction::Beside => &[],
        };
        let rows = at(&self.row, edge.from).abs_diff(at(&self.row, edge.to));
        trunk.get(..rows.saturating_sub(1)).unwrap_or_default()
    }

    /// Adds the trunks, each to the right of its container's place.
    fn add_trunks(&mut self, edges: &[Edge]) {
        // How many rows the edges of each container pass, downwards and upwards.
        let mut reach: [BTreeMap<usize, usize>; 2] = [BTreeMap::new(), BTreeMap::new()];
        for edge in edges {
            let side = usize::from(self.direction(edge) == Direction::Up);
            let passed =
                at(&self.row, edge.from).abs_diff(at(&self.row, edge.to)).saturating_sub(1);
            if let Some(reach) = reach.get_mut(side).filter(|_| passed > 0) {
                let longest = reach.entry(edge.from).or_default();
                *longest = passed.max(*longest);
            }
        }
        if reach.iter().flat_map(BTreeMap::values).sum::<usize>() > MAX_TRUNKS {
            return;
        }
        // The place of a trunk is first that of its container, as a share of the width of the row.
        let share = |(at, length): (usize, usize)| (at as f64 + 0.5) / length as f64;
        let mut places: Vec<f64> = vec![0.0; self.nodes];
        for members in &self.order {
            for (at, node) in members.iter().enumerate() {
                if let Some(place) = places.get_mut(*node) {
                    *place = share((at, members.len()));
                }
            }
        }
        for (side, reach) in reach.into_iter().enumerate() {
            for (node, length) in reach {
                let start = at(&self.row, node);
                for step in 1..=length {
                    let row = if side == 0 { start + step } else { start.saturating_sub(step) };
                    let item = self.row.len();
                    self.row.push(row);
                    places.push(at(&places, node));
                    if let Some(members) = self.order.get_mut(row) {
                        members.push(item);
                    }
                    if let Some(trunks) = self.trunks.get_mut(side) {
                        push(trunks, node, item);
                    }
                }
            }
        }
        for members in &mut self.order {
            members.sort_by(|one, other| at(&places, *one).total_cmp(&at(&places, *other)));
        }
        let items = self.row.len();
        for lists in [&mut self.up, &mut self.down, &mut self.beside] {
            lists.resize(items, Vec::new());
        }
        for (side, trunks) in self.trunks.clone().iter().enumerate() {
            for (node, trunk) in trunks.iter().enumerate() {
                let mut before = node;
                for item in trunk {
                    if side == 0 {
                        self.link(before, *item)
                    } else {
                        self.link(*item, before)
                    }
                    before = *item;
                }
            }
        }
    }

    /// Joins the ends of an edge, or the end of what it passes and its own end.
    fn join(&mut self, edge: &Edge) {
        let last = self.passed(edge).last().copied().unwrap_or(edge.from);
        let far = at(&self.row, last).abs_diff(at(&self.row, edge.to)) > 1;
        match self.direction(edge) {
            _ if far => {}
            Direction::Down => self.link(last, edge.to),
            Direction::Up => self.link(edge.to, last),
            Direction::Beside => {
                push(&mut self.beside, edge.from, edge.to);
                push(&mut self.beside, edge.to, edge.from);
            }
        }
    }

    fn link(&mut self, upper: Item, lower: Item) {
        push(&mut self.down, upper, lower);
        push(&mut self.up, lower, upper);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Kind, Node};

    /// Beyond the limit, an edge is no neighborhood of what is far from it: it passes behind what is between.
    #[test]
    fn without_trunks_only_rows_beside_each_other_are_joined() {
        let node = |level: usize| Node {
            id: format!("n{level}"),
            kind: Kind::Service,
            image: "i".to_owned(),
            instances: 1,
            ports: Vec::new(),
            level,
        };
        let edge = |from, to| Edge { from, to, dependency: true, reference: false };
        // Each container leads to the next one and to the last one.
        let rows = |count: usize| {
            let mut edges = Vec::new();
            for from in 0..count - 1 {
                edges.push(edge(from, from + 1));
                if from + 2 < count {
                    edges.push(edge(from, count - 1));
                }
            }
            let graph = Graph { id: "x".to_owned(), nodes: (0..count).map(node).collect(), edges };
            Rows::new(&graph, (0..count).map(|node| vec![node]).collect())
        };
        let few = rows(10);
        assert!(few.row.len() > 10, "with trunks");
        assert_eq!(of(&few.down, 0).len(), 2);
        let many = rows(700);
        assert_eq!(many.row.len(), 700, "without trunks");
        assert_eq!(of(&many.down, 0), [1]);
        assert_eq!(of(&many.up, 699), [698]);
        assert_eq!(of(&many.beside, 0), [0_usize; 0]);
    }
}
