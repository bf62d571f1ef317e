//! Builds the tree from the events of a document.

use std::borrow::Cow;

use ecow::EcoString;

use super::anchors::{Anchors, Resolved};
use super::events::{Event, Events, Properties, Scalar, Style};
use super::merge::Merged;
use super::plain::{self, Plain};
use super::spans::{column, visible};
use super::unsupported;
use crate::diag::{Diagnostic, Findings, codes};
use crate::source::{Source, Span, Spanned};
use crate::syntax::{
    Form, Keys, Kind, MAX_DEPTH, Member, Node, Object, colon_without_space, commas, ellipsis,
    is_ellipsis, quote, signs,
};

/// Builds the tree of a document. It is `None` if the document contains no value, or too many.
pub fn build(
    source: &Source,
    keys: Keys,
    events: &mut Events<'_>,
    findings: &mut Findings,
) -> Option<Node> {
    let anchors = Anchors::default();
    let mut builder = Builder { source, keys, events, depth: 0, anchors, findings };
    let mut tree = builder.root();
    let is_empty = match &tree {
        // What an error hid has been reported.
        None => !builder.events.has_errors(),
        Some(node) => node.kind == Kind::Null && node.span.range().is_empty(),
    };
    if is_empty {
        builder.report_empty();
        return None;
    }
    if let Some(tree) = &mut tree {
        events.lost().for_each(|span| damage(tree, span.start));
    }
    tree.filter(|_| events.is_whole())
}

/// Marks the objects that contain an offset, or the last one before it: members are missing.
fn damage(node: &mut Node, offset: u32) {
    match &mut node.kind {
        Kind::Array(items) => {
            if let Some(item) = items.iter_mut().rev().find(|item| item.span.start <= offset) {
                damage(item, offset);
            }
        }
        Kind::Object(object) => {
            object.damaged = true;
            let before = object.members.iter_mut().rev().find(|m| m.key.span.start <= offset);
            if let Some(member) = before {
                damage(&mut member.value, offset);
            }
        }
        _ => {}
    }
}

/// The key of an entry of an object.
enum Key {
    /// A member.
    Member(Spanned<EcoString>),
    /// A merge key.
    Merge(Span),
    /// Not a valid key, which is reported.
    Invalid,
}

struct Builder<'d, 'r> {
    source: &'r Source,
    keys: Keys,
    events: &'r mut Events<'d>,
    depth: usize,
    anchors: Anchors,
    findings: &'r mut Findings,
}

impl<'d> Builder<'d, '_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.findings.push(diagnostic);
    }

    fn report_empty(&mut self) {
        let place = Span::at(self.source.content_start());
        self.report(
            Diagnostic::new(&codes::EMPTY_DOCUMENT, place, "empty document")
                .help("an appliance is an object with `id` and `containers`"),
        );
    }

    /// Builds the value of the first document. A second one is reported.
    fn root(&mut self) -> Option<Node> {
        let mut tree = None;
        while let Some((event, span)) = self.events.next() {
            match event {
                Event::DocumentStart(version) if tree.is_none() => {
                    if version.is_some_and(|version| version != (1, 2)) {
                        self.findings.push(unsupported::version(self.source, span));
                    }
                }
                Event::DocumentStart(_) => {
                    self.report(unsupported::second_document(self.source, span));
                }
                event => tree = Some(self.node(event, span)),
            }
        }
        tree
    }

    /// Builds the value that starts with an event.
    fn node(&mut self, event: Event<'d>, span: Span) -> Node {
        match event {
            Event::Scalar(scalar) => self.scalar(scalar, span),
            Event::SequenceStart(properties) => {
                self.refuse_tag(&properties, span);
                let node = self.nested(span, |builder| builder.sequence(span));
                self.keep(&properties, node)
            }
            Event::MappingStart(form, properties) => {
                self.refuse_tag(&properties, span);
                let node = self.nested(span, |builder| builder.mapping(form, span));
                self.keep(&properties, node)
            }
            Event::Alias(id) => self.alias(id, span),
            Event::UnknownAlias(name) => {
                let message = format!("unknown anchor `{name}`");
                let text = quote(self.source.slice(span));
                self.report(
                    Diagnostic::new(&codes::BAD_YAML, span, message)
                        .help(format!("define the anchor `&{name}` before this alias, or write the text {text}"))
                        .likely_edit(span, text),
                );
                Node::broken(span)
            }
            Event::DocumentStart(_) | Event::SequenceEnd | Event::MappingEnd => Node::broken(span),
        }
    }

    /// Builds a collection one level deeper.
    fn nested(&mut self, span: Span, build: impl FnOnce(&mut Self) -> Node) -> Node {
        if self.depth >= MAX_DEPTH {
            let message = format!("values nested more than {MAX_DEPTH} levels deep");
            let place = visible(self.source.text(), span);
            self.report(Diagnostic::new(&codes::TOO_DEEP, place, message));
            self.skip();
            return Node::broken(span);
        }
        self.depth += 1;
        let node = build(self);
        self.depth -= 1;
        node
    }

    /// Skips a collection after its start event, without recursion.
    fn skip(&mut self) {
        let mut depth = 1usize;
        while depth > 0 {
            match self.events.next() {
                Some((Event::SequenceStart(_) | Event::MappingStart(..), _)) => depth += 1,
                Some((Event::SequenceEnd | Event::MappingEnd, _)) => depth -= 1,
                Some(_) => {}
                None => break,
            }
        }
    }

    fn sequence(&mut self, open: Span) -> Node {
        let mut items: Vec<Node> = Vec::new();
        let mut span = open;
        while let Some((event, place)) = self.events.next() {
            if matches!(event, Event::SequenceEnd) {
                if !place.range().is_empty() {
                    span = span.to(place);
                }
                break;
            }
            let item = self.node(event, place);
            span.end = span.end.max(item.span.end).max(place.end);
            items.push(item);
        }
        Node { span, kind: Kind::Array(items.into()) }
    }

    fn mapping(&mut self, form: Form, open: Span) -> Node {
        let mut object = Object { form, ..Object::default() };
        let mut members: Vec<Member> = Vec::new();
        let mut merged = Merged::default();
        let mut span = open;
        loop {
            let Some((event, place)) = self.events.next() else {
                object.damaged = true;
                break;
            };
            if matches!(event, Event::MappingEnd) {
                if !place.range().is_empty() {
                    span = span.to(place);
                }
                break;
            }
            if form == Form::Flow
                && let Some(is_damaged) = self.without_value(&mut members, &event, place)
            {
                // The value, which is none.
                let _ = self.events.next();
                span.end = span.end.max(place.end);
                object.damaged |= is_damaged;
                continue;
            }
            let key = self.key(event, place);
            let Some((event, place)) = self.events.next() else {
                object.damaged = true;
                let end = Span::at(self.events.end());
                if let Key::Member(key) = key {
                    members.push(Member { key, value: Node::broken(end) });
                }
                break;
            };
            let value = self.node(event, place);
            span.end = span.end.max(place.end).max(value.span.end);
            let key = match key {
                Key::Member(key) => key,
                Key::Merge(key) => {
                    object.damaged |= value.kind == Kind::Broken;
                    if let Err(diagnostic) = merged.add(members.len(), key, value) {
                        object.damaged = true;
                        self.report(*diagnostic);
                    }
                    continue;
                }
                Key::Invalid => {
                    object.damaged = true;
                    continue;
                }
            };
            if let Form::Block { indent } = object.form
                && column(self.source, key.span.start) != usize::from(indent)
            {
                object.form = Form::Irregular;
            }
            object.damaged |= value.kind == Kind::Broken;
            members.push(Member { key, value });
        }
        if !merged.is_empty() {
            // Some members stand elsewhere.
            object.form = Form::Irregular;
            members = merged.into_members(members);
        }
        object.members = members.into();
        Node { span, kind: Kind::Object(object) }
    }

    /// Reads a key between brackets that is none: a part of the value before it, or an entry without a space. `None` if it is a
    /// key, otherwise whether it may hide members.
    fn without_value(
        &mut self,
        members: &mut Vec<Member>,
        event: &Event<'d>,
        place: Span,
    ) -> Option<bool> {
        if self.read_decimal_comma(members.last_mut(), place) {
            return Some(false);
        }
        let member = self.without_space(event).or_else(|| self.with_sign(event))?;
        let is_damaged = member.value.kind == Kind::Broken;
        members.push(member);
        Some(is_damaged)
    }

    /// Reads a key between brackets as the digits after a comma of the number before it, as in `{a: 0,5}`. Returns
    /// whether it is that.
    fn read_decimal_comma(&mut self, before: Option<&mut Member>, key: Span) -> bool {
        let Some(Member { value, .. }) = before else { return false };
        // The next of several commas.
        if value.span.end >= key.end {
            return value.kind == Kind::Broken;
        }
        let end = value.span.end as usize;
        if !matches!(value.kind, Kind::Number(_)) || key.start as usize != end + 1 {
            return false;
        }
        let Some(end) = commas::number_end(self.source.text(), end) else { return false };
        let span = Span::new(value.span.start as usize, end);
        let (diagnostic, kind) = commas::diagnostic(self.source.slice(span), span);
        self.report(diagnostic);
        *value = Node { span, kind };
        true
    }

    /// Reads a key between brackets that has no value but a `:` as an entry without the space, as in `{a:1}`.
    fn without_space(&mut self, event: &Event<'d>) -> Option<Member> {
        let Event::Scalar(Scalar { text, style: Style::Plain, span, .. }) = event else {
            return None;
        };
        let (name, value) = text.split_once(':')?;
        let after = self.source.text().get(span.end as usize..)?.trim_start();
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        // What follows the colon is neither part of a URL nor of a path.
        let is_entry = !name.is_empty()
            && name.chars().all(is_name)
            && value.starts_with(|c: char| c.is_alphanumeric() || "@+-.~".contains(c))
            && after.starts_with([',', '}'])
            && self.source.slice(*span) == text.as_ref();
        if !is_entry {
            return None;
        }
        let colon = span.start as usize + name.len();
        let place = Span::new(span.start as usize, colon + 1);
        let found = colon_without_space(name, place);
        let key = Spanned::new(name.into(), Span::new(span.start as usize, colon));
        let span = Span { start: place.end, ..*span };
        let space = Span::at(colon + 1);
        if value.contains(char::is_whitespace) {
            // A comma may be missing in it.
            self.report(found.likely_edit(space, " "));
            return Some(Member { key, value: Node::broken(span) });
        }
        self.report(found.safe_edit(space, " "));
        let properties = Properties { anchor: None, tag: None };
        let text = Cow::Owned(value.to_owned());
        let value = self.scalar(Scalar { text, style: Style::Plain, span, properties }, span);
        Some(Member { key, value })
    }

    /// Reads a key between brackets that has no value but a sign in the place of a `:` as an entry, as in `{a=1}`.
    fn with_sign(&mut self, event: &Event<'d>) -> Option<Member> {
        let Event::Scalar(Scalar { text, style: Style::Plain, span, .. }) = event else {
            return None;
        };
        let entry = signs::split(text)?;
        if entry.value.is_empty() || self.source.slice(*span) != text.as_ref() {
            return None;
        }
        let start = span.start as usize;
        let key = Spanned::new(entry.key.into(), Span::new(start, start + entry.key.len()));
        let span = Span::new(span.range().end - entry.value.len(), span.range().end);
        // A comma may be missing in it.
        let is_certain = !entry.value.contains(char::is_whitespace) && entry.is_same();
        self.report(entry.edited(start, is_certain));
        if !is_certain {
            return Some(Member { key, value: Node::broken(span) });
        }
        let value = entry.value;
        let properties = Properties { anchor: None, tag: None };
        let text = Cow::Owned(value.to_owned());
        let value = self.scalar(Scalar { text, style: Style::Plain, span, properties }, span);
        Some(Member { key, value })
    }

    /// Builds the key that starts with an event.
    fn key(&mut self, event: Event<'d>, place: Span) -> Key {
        let Event::Scalar(Scalar { text, style, span, properties }) = event else {
            return self.other_key(event, place);
        };
        self.refuse_tag(&properties, place);
        match style {
            Style::Plain => {}
            Style::Quoted | Style::Block => {
                return Key::Member(Spanned::new(text.as_ref().into(), span));
            }
            Style::Lost => return Key::Invalid,
        }
        if text == "<<" {
            return Key::Merge(span);
        }
        if is_ellipsis(&text) {
            self.report(ellipsis(&text, span));
            return Key::Invalid;
        }
        let kind = match plain::resolve(&text) {
            Plain::Value(Kind::String(text)) => {
                if properties.anchor.is_some() {
                    self.keep(&properties, Node { span, kind: Kind::String(text.clone()) });
                }
                return Key::Member(Spanned::new(text, span));
            }
            Plain::Value(Kind::Null) if text.is_empty() => {
                let message = "expected a key before `:`";
                let place = visible(self.source.text(), Span::at(span.start as usize));
                self.report(Diagnostic::new(&codes::BAD_YAML, place, message));
                return Key::Invalid;
            }
            Plain::Value(Kind::Null) => "null",
            Plain::Value(Kind::Bool(_)) => "a boolean",
            Plain::Value(Kind::Number(digits))
                if self.keys == Keys::OrNumbers && digits.bytes().all(|b| b.is_ascii_digit()) =>
            {
                return Key::Member(Spanned::new(digits, span));
            }
            _ => "a number",
        };
        self.report(
            unsupported::key(kind, span)
                .help("put the key in quotes")
                .safe_edit(span, quote(&text)),
        );
        Key::Member(Spanned::new(text.as_ref().into(), span))
    }

    /// Builds a key that is not a scalar.
    fn other_key(&mut self, event: Event<'d>, span: Span) -> Key {
        let node = self.node(event, span);
        match node.kind {
            Kind::String(text) => return Key::Member(Spanned::new(text, span)),
            Kind::Broken => {}
            _ => {
                let place = Span { end: node.span.end.max(span.end), ..span };
                self.report(unsupported::key(node.kind_name(), place));
            }
        }
        Key::Invalid
    }

    fn scalar(&mut self, scalar: Scalar<'d>, place: Span) -> Node {
        let Scalar { text, style, span, properties } = scalar;
        if properties.tag.is_some() {
            self.refuse_tag(&properties, place);
            return self.keep(&properties, Node::broken(place));
        }
        let kind = match style {
            Style::Lost => Kind::Broken,
            Style::Quoted | Style::Block => Kind::String(text.as_ref().into()),
            Style::Plain if is_ellipsis(&text) => {
                self.report(ellipsis(&text, span));
                Kind::Broken
            }
            Style::Plain => match plain::resolve(&text) {
                Plain::Value(kind) => kind,
                other => {
                    self.report(unsupported::number(&other, &text, span));
                    Kind::Broken
                }
            },
        };
        self.keep(&properties, Node { span, kind })
    }

    fn refuse_tag(&mut self, properties: &Properties, span: Span) {
        if let Some(tag) = &properties.tag {
            self.report(unsupported::tag(self.source, tag, span));
        }
    }

    /// Stores the value of an anchor for the aliases that refer to it.
    fn keep(&mut self, properties: &Properties, node: Node) -> Node {
        if let Some(id) = properties.anchor {
            let stored = self.anchors.store(id, &node);
            self.resolved(stored);
        }
        node
    }

    /// Builds the value of an alias. It has the location of the alias; values inside it have
    /// their original locations.
    fn alias(&mut self, id: usize, span: Span) -> Node {
        let value = self.anchors.resolve(id, span, self.depth);
        Node { span, kind: self.resolved(value).unwrap_or(Kind::Broken) }
    }

    /// Reports the error of an alias.
    fn resolved<T>(&mut self, result: Resolved<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                if let Some(diagnostic) = error {
                    self.report(*diagnostic);
                }
                None
            }
        }
    }
}
