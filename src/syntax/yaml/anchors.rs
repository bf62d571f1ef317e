//! The values of anchors, and a limit to what aliases repeat.

use std::collections::HashMap;

use crate::diag::{Diagnostic, codes};
use crate::source::Span;
use crate::syntax::{Kind, MAX_DEPTH, Node};

/// Maximum total number of values repeated by aliases; each 64 bytes of text count as one value.
/// It keeps a small file from expanding without bound.
pub const MAX_ALIASED: usize = 100_000;

/// The values of the anchors that aliases refer to.
#[derive(Default)]
pub struct Anchors {
    values: HashMap<usize, Anchor>,
    /// Number of values repeated so far.
    repeated: usize,
}

struct Anchor {
    node: Node,
    /// The number of values it counts as towards [`MAX_ALIASED`].
    weight: usize,
    /// Its nesting depth.
    depth: usize,
}

/// A result whose error is `None` if the same error has been returned before.
pub type Resolved<T> = Result<T, Option<Box<Diagnostic>>>;

impl Anchors {
    /// Stores the value of an anchor. Storing counts as repeating, because it makes a copy.
    pub fn store(&mut self, id: usize, node: &Node) -> Resolved<()> {
        let weight = weight(node);
        self.count(weight, node.span)?;
        self.values.insert(id, Anchor { depth: depth(node), weight, node: node.clone() });
        Ok(())
    }

    /// The value of an alias at `span`, which is nested `depth` levels deep.
    pub fn resolve(&mut self, id: usize, span: Span, depth: usize) -> Resolved<Kind> {
        let Some(anchor) = self.values.get(&id) else {
            // Either the limit is exceeded, or the alias is inside the value it refers to.
            let message = "alias inside the value that it refers to";
            let inside = Diagnostic::new(&codes::BAD_YAML, span, message);
            return Err((self.repeated <= MAX_ALIASED).then(|| Box::new(inside)));
        };
        if depth + anchor.depth > MAX_DEPTH {
            let message =
                format!("brackets nested more than {MAX_DEPTH} levels deep in this alias");
            return Err(Some(Box::new(Diagnostic::new(&codes::TOO_DEEP, span, message))));
        }
        self.count(anchor.weight, span)?;
        Ok(self.values.get(&id).map_or(Kind::Broken, |anchor| anchor.node.kind.clone()))
    }

    /// Counts repeated values. Only the first time that the limit is exceeded has a diagnostic.
    fn count(&mut self, weight: usize, span: Span) -> Resolved<()> {
        let before = self.repeated;
        self.repeated = before.saturating_add(weight);
        if self.repeated <= MAX_ALIASED {
            return Ok(());
        }
        let message = format!("aliases expand to more than {MAX_ALIASED} values");
        let diagnostic = Diagnostic::new(&codes::BAD_YAML, span, message)
            .label("limit exceeded here")
            .help("the limit keeps a small file from expanding without bound");
        Err((before <= MAX_ALIASED).then(|| Box::new(diagnostic)))
    }
}

/// The number of values in a value. Each 64 bytes of text count as one more.
fn weight(node: &Node) -> usize {
    match &node.kind {
        Kind::String(text) | Kind::Number(text) => 1 + text.len() / 64,
        Kind::Array(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Kind::Object(object) => object
            .members
            .iter()
            .map(|member| 1 + member.key.value.len() / 64 + weight(&member.value))
            .sum::<usize>()
            .saturating_add(1),
        _ => 1,
    }
}

/// The nesting depth of a value.
fn depth(node: &Node) -> usize {
    match &node.kind {
        Kind::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Kind::Object(object) => {
            1 + object.members.iter().map(|member| depth(&member.value)).max().unwrap_or(0)
        }
        _ => 0,
    }
}
