//! What is at an offset of the source.

use std::fmt;

use super::Analysis;
use crate::source::Span;
use crate::syntax::{Kind, Node};

/// A step from a value to a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// To the member with this key.
    Key(&'a str),
    /// To the item with this index.
    Item(usize),
}

/// The innermost part of a document at an offset.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// The steps from the document to it.
    pub steps: Vec<Step<'a>>,
    /// The key, if it is the value of a member.
    pub key: Option<Span>,
    /// Whether the offset is in the key.
    pub on_key: bool,
    /// Its value.
    pub value: &'a Node,
}

impl Place<'_> {
    /// The path of the field as the documentation writes it, without indices:
    /// `containers[].ports[].host_port`. Empty for the document.
    pub fn field(&self) -> String {
        self.steps.iter().fold(String::new(), |mut path, step| {
            match step {
                Step::Item(_) => path.push_str("[]"),
                Step::Key(key) if path.is_empty() => path.push_str(key),
                Step::Key(key) => {
                    path.push('.');
                    path.push_str(key);
                }
            }
            path
        })
    }
}

/// The path with indices: `containers[2].ports[0].host_port`.
impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            match step {
                Step::Item(index) => write!(f, "[{index}]")?,
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

impl Analysis {
    /// The innermost part of the document that contains an offset. `None` outside of the document.
    pub fn at(&self, offset: u32) -> Option<Place<'_>> {
        Place::at(self.tree.as_ref()?, offset)
    }
}

impl<'a> Place<'a> {
    /// The innermost part of a tree that contains an offset. `None` outside of the tree.
    pub fn at(tree: &'a Node, offset: u32) -> Option<Place<'a>> {
        Place::of(tree, Span { start: offset, end: offset })
    }

    /// The innermost part of a tree that has a span, otherwise the innermost one that contains it. `None`
    /// outside of the tree.
    pub fn of(tree: &'a Node, span: Span) -> Option<Place<'a>> {
        let contains = |outer: Span| outer.start <= span.start && span.end <= outer.end;
        let mut value = Some(tree).filter(|tree| contains(tree.span))?;
        let mut place = Place { steps: Vec::new(), key: None, on_key: false, value };
        loop {
            let next = match &value.kind {
                Kind::Array(items) => items
                    .iter()
                    .enumerate()
                    .find(|(_, item)| contains(item.span))
                    .map(|(index, item)| (Step::Item(index), None, item)),
                Kind::Object(object) => object
                    .members
                    .iter()
                    .find(|member| contains(member.key.span.to(member.value.span)))
                    .map(|member| {
                        (Step::Key(&member.key.value), Some(member.key.span), &member.value)
                    }),
                _ => None,
            };
            let Some((step, key, inner)) = next else { return Some(place) };
            // An object of YAML starts where its first key does; a list where its first item does,
            // which may have the same span.
            if value.span == span && inner.span != span {
                return Some(place);
            }
            place.steps.push(step);
            place.value = inner;
            place.key = key;
            place.on_key = key.is_some_and(contains) && !contains(inner.span);
            // Between a key and its value, and in the key.
            if !contains(inner.span) {
                return Some(place);
            }
            value = inner;
        }
    }
}
