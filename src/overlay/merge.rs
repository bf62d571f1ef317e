//! Merges an overlay into the tree of an appliance. Each value keeps its place in the file that
//! wrote it.

use std::collections::HashMap;

use ecow::EcoString;

use super::key::{ListKey, modernize};
use super::shape::{Field, Shape};
use super::wording;
use crate::diag::{Diagnostic, Findings, nearest};
use crate::source::{Span, Spanned};
use crate::syntax::{Form, Kind, Member, Node, Object};

/// What became of a part of an overlay.
#[derive(Default)]
struct Outcome {
    /// Whether the appliance changed.
    changed: bool,
    /// Whether there is a finding about the part already, or cannot be one.
    said: bool,
    /// Warnings about values that change nothing. If the part as a whole changes nothing, one
    /// warning about it takes their place.
    idle: Vec<Diagnostic>,
}

impl Outcome {
    const CHANGED: Outcome = Outcome { changed: true, said: false, idle: Vec::new() };
    const SAID: Outcome = Outcome { changed: false, said: true, idle: Vec::new() };

    fn idle(finding: Diagnostic) -> Outcome {
        Outcome { changed: false, said: false, idle: vec![finding] }
    }

    fn add(&mut self, other: Outcome) {
        self.changed |= other.changed;
        self.said |= other.said;
        self.idle.extend(other.idle);
    }

    /// The outcome of a part: `whole` is the warning if nothing in it changes anything.
    fn of_part(self, whole: impl FnOnce() -> Diagnostic) -> Outcome {
        if self.changed || self.said { self } else { Outcome::idle(whole()) }
    }
}

/// An object that an overlay changes.
#[derive(Clone, Copy)]
struct Target<'o> {
    shape: Shape,
    /// Whether the appliance has it. The check of the merged tree judges objects that are new.
    exists: bool,
    /// Whether it is in an entry that the overlay adds, so that all in it is new.
    added: bool,
    /// The kind and the key of the entry that it is.
    entry: Option<(ListKey, &'o Spanned<EcoString>)>,
}

impl Target<'_> {
    /// Whether a field of the overlay says something about the entry, and is no field of it.
    fn is_about_entry(&self, field: &str) -> bool {
        self.entry.is_some_and(|(key, _)| field == "add" || key.holds(field))
    }
}

/// A container or a persistent volume that an overlay names as the key of an entry.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its id.
    pub id: EcoString,
    /// The key in the overlay.
    pub span: Span,
    /// Whether it is a container.
    pub is_container: bool,
    /// Whether the overlay removes it.
    pub is_removed: bool,
}

/// Merges an overlay into an appliance. `overlay` is `None` if the file contains no value; `start` is
/// the start of the file. Returns what it names.
pub fn merge(
    appliance: &mut Node,
    overlay: Option<&Node>,
    start: Span,
    findings: &mut Findings,
) -> Vec<Named> {
    let mut merger = Merger { complete: !is_broken(appliance), named: Vec::new(), findings };
    let Kind::Object(base) = &mut appliance.kind else { return Vec::new() };
    let outcome = match overlay.map(|node| (node, &node.kind)) {
        None => Outcome::default(),
        Some((_, Kind::Broken)) => Outcome::SAID,
        Some((_, Kind::Object(patch))) => merger.appliance(base, patch),
        Some((node, _)) => {
            merger.findings.push(wording::not_an_object(node, "an overlay"));
            Outcome::SAID
        }
    };
    merger.findings.extend(outcome.of_part(|| wording::idle_overlay(start)).idle);
    merger.named
}

/// Whether syntax errors may hide parts of a tree, so that what is not found may exist.
fn is_broken(node: &Node) -> bool {
    match &node.kind {
        Kind::Broken => true,
        Kind::Array(items) => items.iter().any(is_broken),
        Kind::Object(object) => {
            object.damaged || object.members.iter().any(|member| is_broken(&member.value))
        }
        _ => false,
    }
}

/// Whether two values are the same. Numbers are as they are written, which some fields keep.
fn is_same(one: &Node, other: &Node) -> bool {
    match (&one.kind, &other.kind) {
        (Kind::Array(one), Kind::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| is_same(a, b))
        }
        (Kind::Object(one), Kind::Object(other)) => {
            one.members.len() == other.members.len()
                && one
                    .members
                    .iter()
                    .zip(&other.members)
                    .all(|(a, b)| a.key.value == b.key.value && is_same(&a.value, &b.value))
        }
        (one, other) => one == other && *one != Kind::Broken,
    }
}

/// Whether a mount of an appliance is that of a path of the host.
fn is_host_volume(mount: &Node) -> bool {
    let Some(mount) = mount.as_object() else { return false };
    let kind = mount.get("type").and_then(Node::as_str);
    mount.get("host_path").is_some() || kind.is_some_and(|kind| kind.eq_ignore_ascii_case("host"))
}

struct Merger<'f> {
    /// Whether what is not found in the appliance does certainly not exist.
    complete: bool,
    named: Vec<Named>,
    findings: &'f mut Findings,
}

impl Merger<'_> {
    fn report(&mut self, finding: Diagnostic) -> Outcome {
        self.findings.push(finding);
        Outcome::SAID
    }

    /// Merges the top level of an overlay.
    fn appliance(&mut self, base: &mut Object, patch: &Object) -> Outcome {
        let mut outcome = Outcome::default();
        if let (Some(Member { key, value }), Some(known)) = (patch.member("id"), base.get("id"))
            && !is_same(value, known)
            && value.kind != Kind::Broken
        {
            outcome = self.report(match value.kind {
                Kind::Null => wording::required_field(key, "appliance"),
                _ => wording::changed_id(value, known),
            });
        }
        // What has no effect, and the id, which an overlay may repeat.
        let is_ignored = |member: &&Member| {
            let key = member.key.value.as_str();
            key == "$schema" || key == "id" || key.starts_with("x-")
        };
        let shape = Shape::appliance();
        let target = Target { shape, exists: true, added: false, entry: None };
        let mut fields = Fields::of(base, target);
        for member in patch.members.iter().filter(|member| !is_ignored(member)) {
            outcome.add(self.member(&mut fields, patch, member));
        }
        fields.finish(base);
        outcome
    }

    /// Merges an object.
    fn object(&mut self, target: Target<'_>, base: &mut Object, patch: &Object) -> Outcome {
        let mut fields = Fields::of(base, target);
        let mut outcome = Outcome::default();
        for member in &patch.members {
            if !target.is_about_entry(&member.key.value) {
                outcome.add(self.member(&mut fields, patch, member));
            }
        }
        fields.finish(base);
        outcome
    }

    /// Merges a member of an object of an overlay.
    fn member(&mut self, fields: &mut Fields<'_>, patch: &Object, member: &Member) -> Outcome {
        let target = fields.target;
        let Member { key, value } = member;
        let name = target.shape.canonical(&key.value);
        if let Some(first) = fields.written.get(name) {
            // A duplicate key has been reported.
            if first.value != key.value {
                self.findings.push(wording::two_names(key, first));
            }
            return Outcome::SAID;
        }
        fields.written.insert(name.into(), key.clone());
        let shape = match target.shape.field(name) {
            Field::Known(shape) => shape,
            Field::Unknown if target.exists || value.kind == Kind::Null => {
                let is_entry = target.entry.is_some();
                return self.report(wording::unknown_field(key, target.shape, is_entry, patch));
            }
            Field::Free | Field::Unknown => Shape::any(),
        };
        match (&value.kind, shape.list_key()) {
            (Kind::Null, _) => self.removal(fields, name, key, patch),
            (Kind::Object(patch), Some(list)) => {
                self.list(fields, name, member, patch, (shape, list))
            }
            (Kind::Broken, Some(_)) => Outcome::SAID,
            (_, Some(list)) => self.report(wording::not_a_map(key, value, list)),
            (Kind::Object(patch), None) => {
                let inner = Target { shape, entry: None, ..target };
                match fields.get_mut(name).map(|base| &mut base.kind) {
                    Some(Kind::Object(base)) => self
                        .object(Target { exists: true, ..inner }, base, patch)
                        .of_part(|| wording::idle_part(key)),
                    _ => {
                        let new =
                            self.new_object(Target { exists: false, ..inner }, patch, Vec::new());
                        let value = Node { span: value.span, kind: Kind::Object(new) };
                        fields.set(name, Member { key: key.clone(), value });
                        Outcome::CHANGED
                    }
                }
            }
            (_, None) => match fields.get_mut(name) {
                Some(base) if is_same(base, value) => {
                    Outcome::idle(wording::same_value(key, value.span, base.span))
                }
                _ => {
                    fields.set(name, member.clone());
                    Outcome::CHANGED
                }
            },
        }
    }

    /// Removes a member of an object.
    fn removal(
        &mut self,
        fields: &mut Fields<'_>,
        name: &str,
        key: &Spanned<EcoString>,
        patch: &Object,
    ) -> Outcome {
        let shape = fields.target.shape;
        if fields.get_mut(name).is_none() {
            if !fields.is_damaged {
                let known = fields.index.keys().map(EcoString::as_str);
                self.findings.push(wording::nothing_removed(key, nearest(name, known), patch));
            }
            return Outcome::SAID;
        }
        if shape.requires(name) {
            return self.report(wording::required_field(key, &shape.noun()));
        }
        fields.remove(name);
        Outcome::CHANGED
    }

    /// An object that the appliance does not have, from an overlay. `fields` come first in it.
    fn new_object(&mut self, target: Target<'_>, patch: &Object, fields: Vec<Member>) -> Object {
        let is_whole = fields.is_empty();
        let members = fields.into();
        let mut new = Object { members, damaged: patch.damaged, ..Object::default() };
        let _ = self.object(target, &mut new, patch);
        // Its text is well-formed for edits only if all of it is in one place.
        let is_whole = is_whole && new.members.len() == patch.members.len();
        new.form = if is_whole { patch.form } else { Form::Irregular };
        new
    }

    /// Merges a map into a list of entries.
    fn list(
        &mut self,
        fields: &mut Fields<'_>,
        name: &str,
        member: &Member,
        patch: &Object,
        (shape, key): (Shape, ListKey),
    ) -> Outcome {
        let existing = match fields.get_mut(name).map(|base| &mut base.kind) {
            Some(Kind::Array(items)) => Some(std::mem::take(items).into_vec()),
            // The check of the merged tree reports another type.
            Some(_) => return Outcome::SAID,
            None => None,
        };
        let is_new = existing.is_none();
        let mut entries = Entries::of(existing.unwrap_or_default(), key, shape.items());
        entries.is_containers = name == "containers";
        let mut outcome = Outcome::default();
        for member in &patch.members {
            let part = self.entry(&mut entries, fields.target, patch, member);
            outcome.add(part.of_part(|| wording::idle_part(&member.key)));
        }
        let items = Kind::Array(entries.items.into_iter().flatten().collect());
        match fields.get_mut(name) {
            Some(base) => base.kind = items,
            None if is_new && outcome.changed => {
                let value = Node { span: member.value.span, kind: items };
                fields.set(name, Member { key: member.key.clone(), value });
            }
            None => {}
        }
        outcome.of_part(|| wording::idle_part(&member.key))
    }

    /// Changes, removes or adds an entry of a list.
    fn entry<'o>(
        &mut self,
        entries: &mut Entries<'o>,
        around: Target<'_>,
        all: &Object,
        member: &'o Member,
    ) -> Outcome {
        let Member { key, value } = member;
        let (list, noun) = (entries.key, entries.shape.noun());
        let Some(normal) = list.read(&key.value) else {
            return self.report(wording::invalid_key(key, list));
        };
        if let Some(first) = entries.written.insert(normal.clone(), key) {
            if first.value != key.value {
                self.findings.push(wording::same_entry(key, first.span, &noun));
            }
            return Outcome::SAID;
        }
        let found = entries.index.get(&normal).copied();
        if list == ListKey::Id {
            self.named.push(Named {
                id: normal.clone(),
                span: key.span,
                is_container: entries.is_containers,
                is_removed: value.kind == Kind::Null,
            });
        }
        let patch = match &value.kind {
            Kind::Object(patch) => patch,
            Kind::Null => return self.removed_entry(entries, key, found, all),
            Kind::Broken => return Outcome::SAID,
            _ => {
                let finding = wording::not_an_object(value, &format!("`{}`", key.value));
                return self.report(finding.help(format!("`null` removes the {noun}")));
            }
        };
        let mut is_faulty = false;
        let add = patch.get("add");
        if let Some(add) = add.filter(|add| !matches!(add.kind, Kind::Bool(true) | Kind::Broken)) {
            is_faulty = true;
            self.findings.push(wording::invalid_add(add));
        }
        for field in &patch.members {
            let name = field.key.value.as_str();
            if list.holds(name) && !list.agrees(&normal, name, &field.value) {
                is_faulty = true;
                self.findings.push(wording::changed_key(&field.key, key, &noun));
            }
        }
        let shape = entries.shape;
        let exists = found.is_some();
        let target = Target { shape, exists, added: around.added, entry: Some((list, key)) };
        let base = found.and_then(|at| entries.items.get_mut(at)?.as_mut());
        let mut modern = None;
        if list == ListKey::Dest && patch.get("host_path").is_some() {
            let is_host = base.as_deref().is_some_and(is_host_volume);
            modernize(modern.insert(patch.clone()), is_host);
        }
        let patch = modern.as_ref().unwrap_or(patch);
        let Some(base) = found.and_then(|at| entries.items.get_mut(at)?.as_mut()) else {
            if add.is_none() && !around.added {
                if self.complete {
                    let known = &entries.index;
                    self.findings.push(wording::unknown_entry(key, list, &noun, known, all));
                }
                return Outcome::SAID;
            }
            let target = Target { added: true, ..target };
            let new = self.new_object(target, patch, list.fields(key));
            let span = key.span.to(value.span);
            entries.items.push(Some(Node { span, kind: Kind::Object(new) }));
            return Outcome::CHANGED;
        };
        if add.is_some() {
            self.findings.push(wording::existing_entry(key, &noun, list.place(base)));
        }
        let Kind::Object(base) = &mut base.kind else { return Outcome::SAID };
        if list == ListKey::Dest && !patch.members.is_empty() {
            modernize(base, false);
        }
        let mut outcome = self.object(target, base, patch);
        outcome.said |= add.is_some() || is_faulty;
        outcome
    }

    fn removed_entry(
        &mut self,
        entries: &mut Entries<'_>,
        key: &Spanned<EcoString>,
        found: Option<usize>,
        all: &Object,
    ) -> Outcome {
        let Some(item) = found.and_then(|at| entries.items.get_mut(at)) else {
            if self.complete {
                let normal = entries.key.read(&key.value).unwrap_or_default();
                let similar = entries.key.nearest(&normal, &entries.index);
                self.findings.push(wording::nothing_removed(key, similar, all));
            }
            return Outcome::SAID;
        };
        *item = None;
        Outcome::CHANGED
    }
}

/// The members of an object while an overlay changes them.
struct Fields<'o> {
    target: Target<'o>,
    /// `None` for those that were removed.
    members: Vec<Option<Member>>,
    /// The first member of each name, without regard to aliases.
    index: HashMap<EcoString, usize>,
    /// The keys of the overlay, by the names that they are aliases of.
    written: HashMap<EcoString, Spanned<EcoString>>,
    is_damaged: bool,
    /// Whether members were added, replaced or removed.
    is_edited: bool,
}

impl<'o> Fields<'o> {
    fn of(object: &mut Object, target: Target<'o>) -> Fields<'o> {
        let members = std::mem::take(&mut object.members).into_vec();
        let mut index = HashMap::with_capacity(members.len());
        for (at, member) in members.iter().enumerate() {
            index.entry(target.shape.canonical(&member.key.value).into()).or_insert(at);
        }
        Fields {
            target,
            members: members.into_iter().map(Some).collect(),
            index,
            written: HashMap::new(),
            is_damaged: object.damaged,
            is_edited: false,
        }
    }

    /// The value with a name.
    fn get_mut(&mut self, name: &str) -> Option<&mut Node> {
        let at = self.index.get(name)?;
        self.members.get_mut(*at)?.as_mut().map(|member| &mut member.value)
    }

    /// Replaces the member with a name, or adds it at the end.
    fn set(&mut self, name: &str, member: Member) {
        self.is_edited = true;
        match self.index.get(name).and_then(|at| self.members.get_mut(*at)) {
            Some(place) => *place = Some(member),
            None => {
                self.index.insert(name.into(), self.members.len());
                self.members.push(Some(member));
            }
        }
    }

    fn remove(&mut self, name: &str) {
        self.is_edited = true;
        if let Some(place) = self.index.remove(name).and_then(|at| self.members.get_mut(at)) {
            *place = None;
        }
    }

    /// Puts the members back.
    fn finish(self, object: &mut Object) {
        object.members = self.members.into_iter().flatten().collect();
        if self.is_edited && self.target.exists {
            // Some members are in another file.
            object.form = Form::Irregular;
        }
    }
}

/// The entries of a list while an overlay changes them.
struct Entries<'o> {
    key: ListKey,
    /// The shape of an entry.
    shape: Shape,
    /// `None` for those that were removed.
    items: Vec<Option<Node>>,
    /// The first entry of each key.
    index: HashMap<EcoString, usize>,
    /// The keys of the overlay, by their normal form.
    written: HashMap<EcoString, &'o Spanned<EcoString>>,
    /// Whether they are the containers of the appliance.
    is_containers: bool,
}

impl Entries<'_> {
    fn of(items: Vec<Node>, key: ListKey, shape: Shape) -> Self {
        let mut index = HashMap::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            if let Some(key) = key.of_entry(item) {
                index.entry(key).or_insert(at);
            }
        }
        let items = items.into_iter().map(Some).collect();
        Entries { key, shape, items, index, written: HashMap::new(), is_containers: false }
    }
}
