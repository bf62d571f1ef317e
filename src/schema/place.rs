//! Finds the part of the tree that a path of the schema library refers to.

use std::collections::{HashMap, HashSet};

use ecow::EcoString;

use crate::elsewhere::Owner;
use crate::source::{Span, Spanned};
use crate::syntax::{Kind, Member, Node, Object};

/// A part of the tree and the path to it.
pub struct Place<'a> {
    /// The node.
    pub node: &'a Node,
    /// The steps from the root. Empty for the root itself.
    steps: Vec<Step<'a>>,
}

struct Step<'a> {
    from: &'a Node,
    /// The member, if `from` is an object.
    member: Option<&'a Member>,
}

/// Finds places in a tree by JSON pointer.
pub struct Finder<'a> {
    tree: &'a Node,
    /// The members of large objects by key, so that a search is cheap.
    large: HashMap<Span, HashMap<&'a str, &'a Member>>,
}

impl<'a> Finder<'a> {
    /// Maximum number of members of an object that is searched linearly.
    const SMALL: usize = 64;

    /// Creates a finder for a tree.
    pub fn new(tree: &'a Node) -> Self {
        Finder { tree, large: HashMap::new() }
    }

    /// Returns the place at a JSON pointer. `None` if it is a broken node or inside one.
    pub fn find(&mut self, pointer: &str) -> Option<Place<'a>> {
        let mut place = Place { node: self.tree, steps: Vec::new() };
        for segment in pointer.split('/').skip(1) {
            let from = place.node;
            let (member, node) = match &from.kind {
                Kind::Object(object) => {
                    let key = segment.replace("~1", "/").replace("~0", "~");
                    let member = self.member(from.span, object, &key)?;
                    (Some(member), &member.value)
                }
                Kind::Array(items) => (None, items.get(segment.parse::<usize>().ok()?)?),
                _ => return None,
            };
            place.node = node;
            place.steps.push(Step { from, member });
        }
        (place.node.kind != Kind::Broken).then_some(place)
    }

    fn member(&mut self, span: Span, object: &'a Object, key: &str) -> Option<&'a Member> {
        if object.members.len() <= Self::SMALL {
            return object.member(key);
        }
        let by_key = self.large.entry(span).or_insert_with(|| {
            // In reverse, so that the first of several members with the same key is kept.
            object.members.iter().rev().map(|m| (m.key.value.as_str(), m)).collect()
        });
        by_key.get(key).copied()
    }
}

impl<'a> Place<'a> {
    /// The key of the value, if it is the value of a member.
    pub fn key(&self) -> Option<&'a Spanned<EcoString>> {
        self.steps.last()?.member.map(|member| &member.key)
    }

    /// The key of the array that contains the value, if it is an item.
    pub fn list(&self) -> Option<&'a str> {
        match self.steps.as_slice() {
            [.., list, item] if item.member.is_none() => {
                list.member.map(|member| member.key.value.as_str())
            }
            _ => None,
        }
    }

    /// Whether the value is one of the field with this name.
    pub fn is_of(&self, field: &str) -> bool {
        match self.steps.as_slice() {
            [.., outer, inner] if inner.member.is_some() => {
                outer.member.is_some_and(|member| member.key.value == field)
            }
            _ => false,
        }
    }

    /// Whether the appliance has a persistent volume with this id.
    pub fn declares_volume(&self, id: &str) -> bool {
        let root = self.steps.first().map_or(self.node, |step| step.from).as_object();
        let persistence = root.and_then(|root| root.get("data_persistence"));
        let persistence = persistence.and_then(Node::as_object);
        let volumes = persistence.and_then(|all| all.get("volumes")).and_then(Node::as_array);
        let ids = volumes.into_iter().flatten().filter_map(|volume| volume.as_object()?.get("id"));
        ids.filter_map(Node::as_str).any(|known| known == id)
    }

    /// Whether the value is inside a value of a secret store, and not one of the fields that are about the file.
    pub fn is_of_secret(&self) -> bool {
        let names = self.steps.iter().filter_map(|step| step.member);
        let names: Vec<&str> = names.map(|member| member.key.value.as_str()).collect();
        let is_secret = names.iter().any(|name| matches!(*name, "secret_env" | "secret_files"));
        is_secret && !names.last().is_some_and(|name| matches!(*name, "dest" | "mode"))
    }

    /// The object that contains the value, if it is the value of a member.
    pub fn parent(&self) -> Option<&'a Object> {
        self.steps.last()?.from.as_object()
    }

    /// Whether the value or one that contains it has one of these locations.
    pub fn is_inside(&self, spans: &HashSet<Span>) -> bool {
        spans.contains(&self.node.span)
            || self.steps.iter().any(|step| spans.contains(&step.from.span))
    }

    /// Whether a syntax error may have hidden members of the object or of one that contains it.
    pub fn is_damaged(&self) -> bool {
        let damaged = |node: &Node| node.as_object().is_some_and(|object| object.damaged);
        damaged(self.node) || self.steps.iter().any(|step| damaged(step.from))
    }

    /// The name of the value in messages, such as `` `mem` `` or `` an item of `args` ``.
    pub fn name(&self) -> String {
        let key = |step: &Step| step.member.map(|member| format!("`{}`", member.key.value));
        match self.steps.as_slice() {
            [] => "the appliance".to_owned(),
            [.., last] if last.member.is_some() => key(last).unwrap_or_default(),
            [.., list, _] => match key(list) {
                Some(list) => format!("an item of {list}"),
                None => "an item".to_owned(),
            },
            [_] => "an item".to_owned(),
        }
    }

    /// Whether the value is in a container on the host network.
    pub fn is_on_host(&self) -> bool {
        self.steps.get(2).and_then(|step| step.from.as_object()).is_some_and(is_on_host)
    }

    /// The name in messages of the container that the value is or belongs to. `None` if there is
    /// none.
    pub fn container(&self) -> Option<String> {
        let is_list =
            |step: &Step| step.member.is_some_and(|member| member.key.value == "containers");
        if !self.steps.first().is_some_and(is_list) || self.steps.len() < 2 {
            return None;
        }
        let container = self.steps.get(2).map_or(self.node, |step| step.from);
        let id = container.as_object().and_then(|object| object.get("id")).and_then(Node::as_str);
        Some(match id {
            Some(id) => format!("container `{id}`"),
            None => "this container".to_owned(),
        })
    }

    /// Whether the value is a field of a container.
    pub fn parent_is_container(&self) -> bool {
        self.steps.len() == 3 && self.container().is_some()
    }

    /// What kind of object the value is, for fields that it may have in other languages.
    pub fn owner(&self) -> Option<Owner> {
        if self.steps.is_empty() {
            return Some(Owner::Appliance);
        }
        if self.is_container() {
            return Some(Owner::Container);
        }
        match self.key()?.value.as_str() {
            "resources" if self.parent_is_container() => Some(Owner::Resources),
            "health_check" if self.parent_is_container() => Some(Owner::HealthCheck),
            _ => None,
        }
    }

    /// Whether the value is a container.
    pub fn is_container(&self) -> bool {
        self.steps.len() == 2 && self.container().is_some()
    }
}

/// Whether a container is on the host network, which is the default.
pub fn is_on_host(container: &Object) -> bool {
    let mode = container.get("network_mode").and_then(Node::as_str);
    mode.is_none_or(|mode| mode.eq_ignore_ascii_case("host"))
}

/// The start of a value: its bracket, or the first key of an object without braces.
pub fn opening(node: &Node) -> Span {
    let start = node.span.start as usize;
    let first = node.as_object().and_then(|object| object.members.first());
    match first {
        Some(first) if first.key.span.start == node.span.start => first.key.span,
        _ => Span::new(start, start + 1),
    }
}
