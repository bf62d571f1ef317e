//! The nodes of the tree of a source, by their place.

use std::cmp::Reverse;

use crate::source::Span;
use crate::syntax::{Kind, Node};

/// Index of a node in [`Nodes`].
pub type NodeId = usize;

/// A value of the tree, or a member: a key and its value.
#[derive(Debug)]
struct Entry {
    span: Span,
    parent: NodeId,
    depth: u32,
    /// The number of nodes inside.
    inside: usize,
    is_object: bool,
    /// Whether it is a key with its value.
    is_member: bool,
}

/// All nodes of a tree. The first is the root.
#[derive(Debug)]
pub struct Nodes {
    /// In the order of the tree: a node comes before those inside.
    entries: Vec<Entry>,
    /// By start; of those with the same start, the outer one first. `None` if that is the order of
    /// the tree, as it is unless parts of the tree come from several sources.
    by_start: Option<Vec<NodeId>>,
}

impl Nodes {
    /// The nodes of a tree.
    pub fn of(tree: &Node) -> Nodes {
        let mut entries = Vec::new();
        // A stack of its own, because the depth of a tree is not limited here.
        let mut open: Vec<(Option<Span>, &Node, NodeId, u32)> = vec![(None, tree, 0, 0)];
        while let Some((key, node, parent, depth)) = open.pop() {
            let mut inner = (parent, depth);
            if let Some(key) = key {
                let span = key.to(node.span);
                inner = (entries.len(), depth + 1);
                entries.push(Entry {
                    span,
                    parent,
                    depth,
                    inside: 0,
                    is_object: false,
                    is_member: true,
                });
            }
            let (parent, depth) = inner;
            let is_object = matches!(node.kind, Kind::Object(_));
            let id = entries.len();
            entries.push(Entry {
                span: node.span,
                parent,
                depth,
                inside: 0,
                is_object,
                is_member: false,
            });
            match &node.kind {
                Kind::Object(object) => {
                    let members = object.members.iter().rev();
                    open.extend(members.map(|m| (Some(m.key.span), &m.value, id, depth + 1)));
                }
                Kind::Array(items) => {
                    open.extend(items.iter().rev().map(|item| (None, item, id, depth + 1)));
                }
                _ => {}
            }
        }
        for id in (1..entries.len()).rev() {
            let Some(&Entry { parent, inside, .. }) = entries.get(id) else { continue };
            if let Some(parent) = entries.get_mut(parent) {
                parent.inside += inside + 1;
            }
        }
        let key = |entry: &Entry| (entry.span.start, Reverse(entry.span.end));
        let by_start = (!entries.is_sorted_by_key(key)).then(|| {
            let mut by_start: Vec<NodeId> = (0..entries.len()).collect();
            by_start.sort_by_key(|id| entries.get(*id).map(key));
            by_start
        });
        Nodes { entries, by_start }
    }

    /// The place of a node.
    pub fn span(&self, id: NodeId) -> Span {
        self.entries.get(id).map_or(Span::at(0), |entry| entry.span)
    }

    /// The smallest node that contains a place; the root if there is none.
    pub fn at(&self, place: Span) -> NodeId {
        let Some(by_start) = &self.by_start else { return self.inside(0, place).unwrap_or(0) };
        let after = by_start.partition_point(|id| self.span(*id).start <= place.start);
        let last = after.checked_sub(1).and_then(|at| by_start.get(at)).copied();
        self.containing(last.unwrap_or(0), place)
    }

    /// The smallest node that contains a place, if it is in this node.
    pub fn inside(&self, outer: NodeId, place: Span) -> Option<NodeId> {
        if self.by_start.is_some() {
            let node = self.at(place);
            return (self.common(node, outer) == outer).then_some(node);
        }
        let inside = self.entries.get(outer)?.inside;
        let nodes = self.entries.get(outer..=outer + inside)?;
        if !contains(self.span(outer), place) {
            return None;
        }
        let after = nodes.partition_point(|entry| entry.span.start <= place.start);
        Some(self.containing(outer + after.checked_sub(1)?, place))
    }

    /// The smallest node around a node, itself included, that contains a place.
    fn containing(&self, mut id: NodeId, place: Span) -> NodeId {
        while id != 0 && !contains(self.span(id), place) {
            id = self.parent(id);
        }
        id
    }

    /// The place of the smallest node that contains a place; of a member, that of its value.
    pub fn value_at(&self, place: Span) -> Span {
        let id = self.at(place);
        // The value of a member follows it.
        let is_member = self.entries.get(id).is_some_and(|entry| entry.is_member);
        self.span(if is_member { id + 1 } else { id })
    }

    /// The smallest object around a place, not counting the place itself.
    pub fn object_around(&self, place: Span) -> NodeId {
        let mut id = self.at(place);
        while id != 0 && !self.entries.get(id).is_some_and(|entry| entry.is_object) {
            id = self.parent(id);
        }
        id
    }

    /// The smallest node that contains two nodes.
    pub fn common(&self, one: NodeId, other: NodeId) -> NodeId {
        let (mut one, mut other) = (one, other);
        while one != other {
            if self.depth(one) >= self.depth(other) {
                one = self.parent(one);
            } else {
                other = self.parent(other);
            }
        }
        one
    }

    fn parent(&self, id: NodeId) -> NodeId {
        self.entries.get(id).map_or(0, |entry| entry.parent)
    }

    fn depth(&self, id: NodeId) -> u32 {
        self.entries.get(id).map_or(0, |entry| entry.depth)
    }
}

/// Whether a span contains another one.
pub fn contains(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Findings;
    use crate::source::Source;
    use crate::syntax;

    #[test]
    fn places_have_nodes_and_nodes_have_a_common_one() {
        let text = r#"{"a": [{"b": 1, "c": "xyz"}, {"b": 2}], "d": 3}"#;
        let source = Source::new("a.json", text);
        let tree = syntax::parse(&source, &mut Findings::new()).unwrap();
        let nodes = Nodes::of(&tree);
        let place = |part: &str| {
            let at = text.find(part).unwrap();
            Span::new(at, at + part.len())
        };
        let at = |part: &str| nodes.at(place(part));
        let shown = |id| source.slice(nodes.span(id));
        assert_eq!(shown(at("y")), "\"xyz\"");
        assert_eq!(shown(at("\"c\"")), "\"c\": \"xyz\"");
        assert_eq!(shown(nodes.common(at("1"), at("y"))), "{\"b\": 1, \"c\": \"xyz\"}");
        assert_eq!(
            shown(nodes.common(at("1"), at("2"))),
            "[{\"b\": 1, \"c\": \"xyz\"}, {\"b\": 2}]"
        );
        assert_eq!(nodes.common(at("1"), at("3")), 0);
        assert_eq!(shown(nodes.object_around(place("xyz"))), "{\"b\": 1, \"c\": \"xyz\"}");
        assert_eq!(nodes.at(Span::new(0, 1000)), 0);
    }
}
