//! YAML 1.2 to the same tree as JSON. A library cuts the text into events; what they mean
//! for an appliance is decided here.
//!
//! An appliance is JSON in another dress: keys are strings, values are what JSON has.
//! Anchors and aliases are understood; tags, merge keys and several documents are not.

mod faults;
mod plain;
mod repair;
mod scalar;
mod tabs;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, StructureStyle, Tag};

use self::plain::Plain;
use self::repair::Repairs;
use super::{Form, Kind, MAX_DEPTH, MAX_ENTRIES, Member, Node, Object, quote, too_many_entries};
use crate::diag::{Diagnostic, codes, is_full};
use crate::source::{Source, Span, Spanned};

pub use plain::respell;
pub use scalar::segments;

/// Aliases may repeat this many values in all; of a text, each 64 bytes count as one. It
/// keeps a small file from growing without bound.
pub const MAX_ALIASED: usize = 100_000;

/// Parses a YAML document. The tree is `None` where the document has no value.
///
/// After a fault the text around it is blanked out and the rest read again, so that one
/// run finds what else is wrong.
pub fn parse(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut found = Vec::new();
    let tree = read(source, &mut found).unwrap_or_else(|tab| {
        found.clear();
        tabs::parse(source, tab, &mut found)
    });
    diagnostics.append(&mut found);
    tree
}

/// Reads a document up to the first tab that indents a line; the error is its place.
fn read(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Result<Option<Node>, Span> {
    let mut repairs = Repairs::new(source);
    loop {
        let text = repairs.text().to_owned();
        let mut found = Vec::new();
        let mut builder = Builder::new(source, &text, &repairs, &mut found);
        let tree = builder.document();
        let fault = builder.fault.take();
        let context = builder.context();
        let is_whole = builder.entries <= MAX_ENTRIES;
        let again = match fault {
            Some(fault) => match tabs::indents(source, &fault, context.scalar) {
                Some(tab) => return Err(tab),
                None => repairs.mend(&fault, &context, diagnostics),
            },
            None => false,
        };
        if !again {
            diagnostics.append(&mut found);
            return Ok(tree.filter(|_| is_whole).map(|tree| repairs.mark(tree)));
        }
    }
}

/// What was being read when a fault was met.
struct Context {
    /// The place of the last scalar.
    scalar: Span,
    /// Where the outermost flow collection that is open begins.
    flow: Option<usize>,
    /// Whether a whole document had been read.
    complete: bool,
}

/// A value that aliases repeat.
struct Anchor {
    node: Node,
    /// What it counts towards [`MAX_ALIASED`].
    weight: usize,
    /// How deep its brackets are nested.
    depth: usize,
}

type Item<'t> = (Event<'t>, Span);

struct Builder<'t, 'd> {
    source: &'t Source,
    text: &'t str,
    repairs: &'t Repairs<'t>,
    events: Parser<'t, StrInput<'t>>,
    /// The fault that ended the events.
    fault: Option<ScanError>,
    depth: usize,
    /// How many entries of sequences and mappings were read.
    entries: usize,
    /// Where the outermost flow collection that is open begins.
    flow: Option<usize>,
    last_scalar: Span,
    /// Where the last event ended.
    previous_end: usize,
    complete: bool,
    /// The anchors that aliases name at all.
    aliased: HashSet<usize>,
    anchors: HashMap<usize, Anchor>,
    /// What aliases have repeated so far.
    repeated: usize,
    diagnostics: &'d mut Vec<Diagnostic>,
}

fn options() -> granit_parser::Options {
    granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true }
}

/// The anchors that aliases name. Only they need to be kept.
fn aliased(text: &str) -> HashSet<usize> {
    if !text.contains('*') || !text.contains('&') {
        return HashSet::new();
    }
    Parser::new_from_str_with_options(text, options())
        .map_while(Result::ok)
        .filter_map(|(event, _)| event.alias_id())
        .collect()
}

impl<'t, 'd> Builder<'t, 'd> {
    fn new(
        source: &'t Source,
        text: &'t str,
        repairs: &'t Repairs<'t>,
        diagnostics: &'d mut Vec<Diagnostic>,
    ) -> Self {
        Builder {
            source,
            text,
            repairs,
            events: Parser::new_from_str_with_options(text, options()),
            fault: None,
            depth: 0,
            entries: 0,
            flow: None,
            last_scalar: Span::at(source.content_start()),
            previous_end: source.content_start(),
            complete: false,
            aliased: aliased(text),
            anchors: HashMap::new(),
            repeated: 0,
            diagnostics,
        }
    }

    fn context(&self) -> Context {
        Context { scalar: self.last_scalar, flow: self.flow, complete: self.complete }
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if !is_full(self.diagnostics) {
            self.diagnostics.push(diagnostic);
        }
    }

    /// The next event; `None` at the end and after a fault.
    fn next(&mut self) -> Option<Item<'t>> {
        if self.fault.is_some() || self.entries > MAX_ENTRIES {
            return None;
        }
        match self.events.next_event()? {
            Ok((event, place)) => {
                let range = place.byte_range().unwrap_or(self.previous_end..self.previous_end);
                self.previous_end = range.end.max(self.previous_end);
                Some((event, Span::new(range.start, range.end)))
            }
            Err(fault) => {
                self.fault = Some(fault);
                None
            }
        }
    }

    fn document(&mut self) -> Option<Node> {
        let mut tree = None;
        while let Some((event, span)) = self.next() {
            match event {
                Event::DocumentStart(_, version) if tree.is_none() => {
                    let other = version.filter(|version| (version.major, version.minor) != (1, 2));
                    self.diagnostics.extend(other.map(|_| faults::version(self.source, span)));
                }
                Event::DocumentStart(..) => {
                    let diagnostic = faults::second_document(self.source, span);
                    self.report(diagnostic);
                    break;
                }
                Event::DocumentEnd => self.complete = true,
                event if event.is_node() && tree.is_none() => tree = Some(self.node(event, span)),
                _ => {}
            }
        }
        let nothing = match &tree {
            // What was blanked out has been reported.
            None => self.fault.is_none() && self.repairs.is_untouched(),
            Some(node) => node.kind == Kind::Null && node.span.range().is_empty(),
        };
        if nothing {
            let place = Span::at(self.source.content_start());
            self.report(
                Diagnostic::new(&codes::EMPTY_DOCUMENT, place, "the document is empty")
                    .help("an appliance is an object with `id` and `containers`"),
            );
            return None;
        }
        tree
    }

    /// The value that begins with an event.
    fn node(&mut self, event: Event<'t>, span: Span) -> Node {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let node = self.scalar(text, style, span, tag.as_deref());
                self.keep(anchor, node)
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span);
                let node = self.nested(style, span, |builder| builder.sequence(span));
                self.keep(anchor, node)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.refuse_tag(tag.as_deref(), span);
                let node = self.nested(style, span, |builder| builder.mapping(style, span));
                self.keep(anchor, node)
            }
            Event::Alias(id) => self.alias(id, span),
            Event::UnresolvedAlias(name) => {
                let message = format!("nothing before this has the anchor `&{name}`");
                self.report(
                    Diagnostic::new(&codes::BAD_YAML, span, message)
                        .help(format!("an alias repeats the value that stands behind its anchor; if text is meant, write {}", quote(self.source.slice(span))))
                        .likely_edit(span, quote(self.source.slice(span))),
                );
                Node::broken(span)
            }
            _ => Node::broken(span),
        }
    }

    /// A collection, one level deeper.
    fn nested(
        &mut self,
        style: StructureStyle,
        span: Span,
        read: impl FnOnce(&mut Self) -> Node,
    ) -> Node {
        if self.depth >= MAX_DEPTH {
            let message = format!("brackets are nested more than {MAX_DEPTH} deep");
            let place = faults::visible(self.source.text(), span);
            self.report(Diagnostic::new(&codes::TOO_DEEP, place, message));
            return self.skip(span);
        }
        let outermost = style == StructureStyle::Flow && self.flow.is_none();
        if outermost {
            self.flow = Some(span.start as usize);
        }
        self.depth += 1;
        let node = read(self);
        self.depth -= 1;
        if outermost && self.fault.is_none() {
            self.flow = None;
        }
        node
    }

    /// Passes over a collection that has begun, without recursion.
    fn skip(&mut self, span: Span) -> Node {
        let mut depth = 1usize;
        while depth > 0 {
            match self.next() {
                Some((Event::SequenceStart(..) | Event::MappingStart(..), _)) => depth += 1,
                Some((Event::SequenceEnd | Event::MappingEnd, _)) => depth -= 1,
                Some(_) => {}
                None => break,
            }
        }
        Node::broken(span)
    }

    /// Counts an entry. Of one too many no more is read.
    fn count_entry(&mut self, place: Span) {
        self.entries += 1;
        if self.entries == MAX_ENTRIES + 1 {
            // It is told whatever else has been.
            let place = faults::visible(self.source.text(), place);
            self.diagnostics.push(too_many_entries(place));
        }
    }

    fn sequence(&mut self, open: Span) -> Node {
        let mut items: Vec<Node> = Vec::new();
        let mut span = open;
        while let Some((event, place)) = self.next() {
            if matches!(event, Event::SequenceEnd) {
                if !place.range().is_empty() {
                    span = span.to(place);
                }
                break;
            }
            self.count_entry(place);
            let item = self.node(event, place);
            let end = item.span.end.max(place.end);
            span.end = span.end.max(end);
            items.push(item);
        }
        Node { span, kind: Kind::Array(items) }
    }

    fn mapping(&mut self, style: StructureStyle, open: Span) -> Node {
        let column = self.column(open.start);
        let mut object = Object {
            form: match style {
                StructureStyle::Flow => Form::Flow,
                _ => Form::Block { indent: column },
            },
            ..Object::default()
        };
        let mut span = open;
        loop {
            let Some((event, place)) = self.next() else {
                object.damaged = true;
                break;
            };
            if matches!(event, Event::MappingEnd) {
                if !place.range().is_empty() {
                    span = span.to(place);
                }
                break;
            }
            self.count_entry(place);
            let key = self.key(event, place);
            let Some((event, place)) = self.next() else {
                object.damaged = true;
                let end = Span::at(self.previous_end);
                object.members.extend(key.map(|key| Member { key, value: Node::broken(end) }));
                break;
            };
            let value = self.node(event, place);
            span.end = span.end.max(place.end).max(value.span.end);
            let Some(key) = key else {
                object.damaged = true;
                continue;
            };
            if matches!(object.form, Form::Block { .. }) && self.column(key.span.start) != column {
                object.form = Form::Irregular;
            }
            object.damaged |= value.kind == Kind::Broken;
            object.members.push(Member { key, value });
        }
        Node { span, kind: Kind::Object(object) }
    }

    /// How many bytes stand before an offset in its line.
    fn column(&self, offset: u32) -> usize {
        let line = self.source.line_range(self.source.line_of(offset));
        offset as usize - line.start.max(self.source.content_start()).min(offset as usize)
    }

    /// The key that begins with an event; `None` where it cannot be one, which is reported.
    fn key(&mut self, event: Event<'t>, span: Span) -> Option<Spanned<String>> {
        let Event::Scalar(text, style, anchor, tag) = event else {
            return self.other_key(event, span);
        };
        self.refuse_tag(tag.as_deref(), span);
        self.last_scalar = span;
        if style != ScalarStyle::Plain {
            return Some(Spanned::new(text.into_owned(), span));
        }
        let (text, span) = match self.repairs.whole_key(span) {
            Some(key) => (Cow::Owned(self.source.slice(key).to_owned()), key),
            None => (self.plain_text(text, span), span),
        };
        if text == "<<" {
            self.report(
                Diagnostic::new(&codes::BAD_YAML, span, "merge keys are not YAML 1.2")
                    .label("nothing is merged")
                    .help("write the fields out, or give single values an anchor (`&name`) and repeat them with `*name`"),
            );
            return None;
        }
        let kind = match plain::resolve(&text) {
            Plain::Value(Kind::String(text)) => {
                if anchor != 0 {
                    self.keep(anchor, Node { span, kind: Kind::String(text.clone()) });
                }
                return Some(Spanned::new(text, span));
            }
            Plain::Value(Kind::Null) if text.is_empty() => {
                if !self.repairs.is_blanked(self.text, span.start) {
                    let message = "a key is missing before this `:`";
                    let place = faults::visible(self.source.text(), Span::at(span.start as usize));
                    self.report(Diagnostic::new(&codes::BAD_YAML, place, message));
                }
                return None;
            }
            Plain::Value(Kind::Null) => "null",
            Plain::Value(Kind::Bool(_)) => "a boolean",
            _ => "a number",
        };
        let message = format!("a key must be a string, and `{text}` is {kind}");
        self.report(
            Diagnostic::new(&codes::BAD_YAML, span, message)
                .help("put it in quotes")
                .safe_edit(span, quote(&text)),
        );
        Some(Spanned::new(text.into_owned(), span))
    }

    /// A key that is not a scalar.
    fn other_key(&mut self, event: Event<'t>, span: Span) -> Option<Spanned<String>> {
        let node = self.node(event, span);
        match node.kind {
            Kind::String(text) => return Some(Spanned::new(text, span)),
            Kind::Broken => {}
            _ => {
                let message = format!("a key must be a string, not {}", node.kind_name());
                let place = Span { end: node.span.end.max(span.end), ..span };
                self.report(Diagnostic::new(&codes::BAD_YAML, place, message));
            }
        }
        None
    }

    /// The text of a plain scalar. Its first character may have been replaced to make the
    /// rest readable.
    fn plain_text<'x>(&self, text: Cow<'x, str>, span: Span) -> Cow<'x, str> {
        match self.repairs.replaced(span.start) {
            Some(first) => Cow::Owned(format!("{first}{}", text.get(1..).unwrap_or_default())),
            // The library gives an empty scalar as `~`.
            None if span.range().is_empty() => Cow::Borrowed(""),
            None => text,
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: ScalarStyle,
        span: Span,
        tag: Option<&Tag>,
    ) -> Node {
        let after = self.last_scalar.end;
        self.last_scalar = span;
        if tag.is_some() {
            self.refuse_tag(tag, span);
            return Node::broken(span);
        }
        let kind = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                Kind::String(text.into_owned())
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let span = self.with_header(span, after as usize);
                return Node { span, kind: Kind::String(text.into_owned()) };
            }
            _ => {
                let text = self.plain_text(text, span);
                if text.is_empty() && self.repairs.is_blanked(self.text, span.start) {
                    return Node::broken(span);
                }
                match plain::resolve(&text) {
                    Plain::Value(kind) => kind,
                    other => {
                        self.report(faults::number(&other, &text, span));
                        Kind::Broken
                    }
                }
            }
        };
        Node { span, kind }
    }

    /// The place of a block scalar, which the library gives without its header. `after` is
    /// an offset before the header, with nothing but marks and comments between.
    fn with_header(&self, content: Span, after: usize) -> Span {
        let mut start = after;
        while let Some(rest) = self.text.get(start..content.end as usize) {
            let length = match rest.chars().next() {
                Some('|' | '>') | None => break,
                Some('#') => rest.find('\n').unwrap_or(rest.len()),
                Some('&' | '!') => rest.find(char::is_whitespace).unwrap_or(rest.len()),
                Some(other) => other.len_utf8(),
            };
            start += length;
        }
        let start = start.min(content.start as usize);
        let written = self.text.get(start..content.end as usize).unwrap_or_default();
        Span::new(start, start + written.trim_end().len())
    }

    fn refuse_tag(&mut self, tag: Option<&Tag>, span: Span) {
        if let Some(tag) = tag {
            let diagnostic = faults::tag(self.source, &tag.original(), span);
            self.report(diagnostic);
        }
    }

    /// Keeps a value for the aliases that will repeat it.
    fn keep(&mut self, id: usize, node: Node) -> Node {
        if id != 0 && self.aliased.contains(&id) {
            let weight = weight(&node);
            if self.repeats(weight, node.span) {
                let anchor = Anchor { depth: depth(&node), weight, node: node.clone() };
                self.anchors.insert(id, anchor);
            }
        }
        node
    }

    /// The value that an alias repeats. It stands where the alias does; what is in it
    /// stands where it was written.
    fn alias(&mut self, id: usize, span: Span) -> Node {
        self.last_scalar = span;
        let Some(anchor) = self.anchors.get(&id) else {
            // Either the limit was reached, or the alias stands in the value it repeats.
            if self.repeated <= MAX_ALIASED {
                let message = "this alias repeats the value that it stands in";
                self.report(Diagnostic::new(&codes::BAD_YAML, span, message));
            }
            return Node::broken(span);
        };
        if self.depth + anchor.depth > MAX_DEPTH {
            let message = format!("with this alias brackets are nested more than {MAX_DEPTH} deep");
            self.report(Diagnostic::new(&codes::TOO_DEEP, span, message));
            return Node::broken(span);
        }
        let weight = anchor.weight;
        if !self.repeats(weight, span) {
            return Node::broken(span);
        }
        let kind = self.anchors.get(&id).map_or(Kind::Broken, |anchor| anchor.node.kind.clone());
        Node { span, kind }
    }

    /// Counts what an alias repeats. False where that is too much, which is reported once.
    fn repeats(&mut self, weight: usize, span: Span) -> bool {
        let before = self.repeated;
        self.repeated = before.saturating_add(weight);
        if self.repeated > MAX_ALIASED && before <= MAX_ALIASED {
            let message = format!("aliases repeat more than {MAX_ALIASED} values");
            self.report(
                Diagnostic::new(&codes::BAD_YAML, span, message)
                    .label("up to here")
                    .help("applc stops here, so that a small file cannot grow without bound"),
            );
        }
        self.repeated <= MAX_ALIASED
    }
}

/// How many values a value consists of; each 64 bytes of text count as one more.
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

/// How deep brackets are nested in a value.
fn depth(node: &Node) -> usize {
    match &node.kind {
        Kind::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Kind::Object(object) => {
            1 + object.members.iter().map(|member| depth(&member.value)).max().unwrap_or(0)
        }
        _ => 0,
    }
}
