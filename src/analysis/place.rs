//! What is at an offset of the source.

use std::fmt;

use super::{Analysis, Layer};
use crate::overlay;
use crate::source::Span;
use crate::syntax::{Kind, Node};

/// A step from a value to a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// To the member with this key.
    Key(&'a str),
    /// To the item with this index.
    Item(usize),
    /// In an overlay, to the entry of a list with this key.
    Entry(&'a str),
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
                Step::Item(_) | Step::Entry(_) => path.push_str("[]"),
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

/// The path with indices, `containers[2].ports[0].host_port`, or with the keys of an overlay,
/// `containers.web.ports.8080.host_port`.
impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            match step {
                Step::Item(index) => write!(f, "[{index}]")?,
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) | Step::Entry(key) => write!(f, ".{key}")?,
            }
        }
        Ok(())
    }
}

impl Analysis {
    /// The innermost part of a document that contains an offset: of the appliance file, or of an
    /// overlay. `None` outside of them.
    pub fn at(&self, offset: u32) -> Option<Place<'_>> {
        if self.overlays.is_empty() {
            return Place::at(self.tree.as_ref()?, offset);
        }
        let place = self.written.iter().find_map(|tree| Place::at(tree, offset))?;
        Some(self.named(place, offset))
    }

    /// What else is at an offset of YAML behind an anchor: its places where aliases are.
    pub fn elsewhere(&self, offset: u32) -> Vec<Place<'_>> {
        let trees = match self.overlays.is_empty() {
            true => self.tree.as_slice(),
            false => &self.written,
        };
        let found = trees.iter().flat_map(|tree| Place::outside(tree, offset));
        found.map(|place| self.named(place, offset)).collect()
    }

    fn named<'a>(&self, place: Place<'a>, offset: u32) -> Place<'a> {
        match self.layer(Span { start: offset, end: offset }) {
            Layer::Overlay(_) => place.in_overlay(),
            Layer::Appliance | Layer::Settings => place,
        }
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
        if contains(tree.span) {
            return Place::below(
                Place { steps: Vec::new(), key: None, on_key: false, value: tree },
                span,
            );
        }
        // Parts of a tree that overlays changed are in other files than those around them.
        let mut open = vec![Place { steps: Vec::new(), key: None, on_key: false, value: tree }];
        while let Some(place) = open.pop() {
            for (step, key, value) in parts(place.value) {
                let mut steps = place.steps.clone();
                steps.push(step);
                let inner = Place { steps, key, on_key: false, value };
                if contains(value.span) {
                    return Place::below(inner, span);
                }
                if key.is_some_and(|key| contains(key.to(value.span))) {
                    return Some(Place { on_key: key.is_some_and(contains), ..inner });
                }
                if matches!(value.kind, Kind::Array(_) | Kind::Object(_)) {
                    open.push(inner);
                }
            }
        }
        None
    }

    /// The innermost parts of a tree that contain an offset that what is around them does not contain.
    fn outside(tree: &'a Node, offset: u32) -> Vec<Place<'a>> {
        let contains = |span: Span| span.start <= offset && offset <= span.end;
        let mut found = Vec::new();
        let mut open = vec![Place { steps: Vec::new(), key: None, on_key: false, value: tree }];
        while let Some(place) = open.pop() {
            let is_around = contains(place.value.span);
            for (step, key, value) in parts(place.value) {
                let is_inside = contains(key.map_or(value.span, |key| key.to(value.span)));
                let mut steps = place.steps.clone();
                steps.push(step);
                let inner = Place { steps, key, on_key: key.is_some_and(contains), value };
                match is_inside && !is_around {
                    true if contains(value.span) => {
                        found.extend(Place::below(inner, Span { start: offset, end: offset }));
                    }
                    true => found.push(inner),
                    false if matches!(value.kind, Kind::Array(_) | Kind::Object(_)) => {
                        open.push(inner);
                    }
                    false => {}
                }
            }
        }
        // As they are in the document.
        found.reverse();
        found
    }

    /// The same place with steps of an overlay.
    fn in_overlay(mut self) -> Place<'a> {
        let keys = self.steps.iter().map(|step| match step {
            Step::Key(key) => *key,
            Step::Item(_) | Step::Entry(_) => "",
        });
        let are_entries = overlay::entries(keys);
        for (step, is_entry) in self.steps.iter_mut().zip(are_entries) {
            if let (Step::Key(key), true) = (*step, is_entry) {
                *step = Step::Entry(key);
            }
        }
        self
    }

    /// The innermost part of a value that has a span, otherwise the innermost one that contains it.
    fn below(mut place: Place<'a>, span: Span) -> Option<Place<'a>> {
        let contains = |outer: Span| outer.start <= span.start && span.end <= outer.end;
        let mut value = place.value;
        loop {
            let next = parts(value)
                .find(|(_, key, part)| contains(key.map_or(part.span, |key| key.to(part.span))));
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

/// The parts of a value, with the steps to them and the spans of their keys.
fn parts(value: &Node) -> impl Iterator<Item = (Step<'_>, Option<Span>, &Node)> {
    let items = value.as_array().unwrap_or_default().iter().enumerate();
    let members = value.as_object().map_or(&[][..], |object| &object.members);
    let items = items.map(|(index, item)| (Step::Item(index), None, item));
    items.chain(
        members
            .iter()
            .map(|member| (Step::Key(&member.key.value), Some(member.key.span), &member.value)),
    )
}
