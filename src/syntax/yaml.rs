//! Parses YAML 1.2 into the same tree as JSON. A library splits the text into events; this module
//! builds the tree from them.
//!
//! An appliance in YAML has the data model of JSON: keys are strings, values are JSON values.
//! Anchors and aliases are supported; tags, merge keys and several documents are not.

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

/// Maximum total number of values repeated by aliases; each 64 bytes of text count as one value.
/// It keeps a small file from expanding without bound.
pub const MAX_ALIASED: usize = 100_000;

/// Parses a YAML document. The tree is `None` if the document contains no value.
///
/// After an error the text around it is blanked out and the document is parsed again, so that one
/// run reports all errors.
pub fn parse(source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Option<Node> {
    let mut found = Vec::new();
    let tree = read(source, &mut found).unwrap_or_else(|tab| {
        found.clear();
        tabs::parse(source, tab, &mut found)
    });
    diagnostics.append(&mut found);
    tree
}

/// Parses a document without tabs at the start of lines. If there is such a tab, returns its
/// location as the error.
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
                None => repairs.repair(&fault, &context, diagnostics),
            },
            None => false,
        };
        if !again {
            diagnostics.append(&mut found);
            return Ok(tree.filter(|_| is_whole).map(|tree| repairs.mark(tree)));
        }
    }
}

/// The state of the parser at an error.
struct Context {
    /// The location of the last scalar.
    scalar: Span,
    /// Offset of the outermost open flow collection.
    flow: Option<usize>,
    /// Whether the document was complete.
    complete: bool,
}

/// A value that aliases refer to.
struct Anchor {
    node: Node,
    /// The number of values it counts as towards [`MAX_ALIASED`].
    weight: usize,
    /// Its nesting depth.
    depth: usize,
}

type Item<'t> = (Event<'t>, Span);

struct Builder<'t, 'd> {
    source: &'t Source,
    text: &'t str,
    repairs: &'t Repairs<'t>,
    events: Parser<'t, StrInput<'t>>,
    /// The error that ended the events.
    fault: Option<ScanError>,
    depth: usize,
    /// Number of entries of sequences and mappings so far.
    entries: usize,
    /// Offset of the outermost open flow collection.
    flow: Option<usize>,
    last_scalar: Span,
    /// The end of the last event.
    previous_end: usize,
    complete: bool,
    /// The anchors that any alias refers to.
    aliased: HashSet<usize>,
    anchors: HashMap<usize, Anchor>,
    /// Number of values repeated by aliases so far.
    repeated: usize,
    diagnostics: &'d mut Vec<Diagnostic>,
}

fn options() -> granit_parser::Options {
    granit_parser::options! { emit_comments: false, emit_unresolved_aliases: true }
}

/// The anchors that aliases refer to. Only their values need to be kept.
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

    /// Returns the next event. `None` at the end and after an error.
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
            // Blanked out text has been reported.
            None => self.fault.is_none() && self.repairs.is_untouched(),
            Some(node) => node.kind == Kind::Null && node.span.range().is_empty(),
        };
        if nothing {
            let place = Span::at(self.source.content_start());
            self.report(
                Diagnostic::new(&codes::EMPTY_DOCUMENT, place, "empty document")
                    .help("an appliance is an object with `id` and `containers`"),
            );
            return None;
        }
        tree
    }

    /// Builds the value that starts with an event.
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
                let message = format!("unknown anchor `{name}`");
                self.report(
                    Diagnostic::new(&codes::BAD_YAML, span, message)
                        .help(format!(
                            "define the anchor `&{name}` before this alias, or write the text {}",
                            quote(self.source.slice(span))
                        ))
                        .likely_edit(span, quote(self.source.slice(span))),
                );
                Node::broken(span)
            }
            _ => Node::broken(span),
        }
    }

    /// Builds a collection one level deeper.
    fn nested(
        &mut self,
        style: StructureStyle,
        span: Span,
        read: impl FnOnce(&mut Self) -> Node,
    ) -> Node {
        if self.depth >= MAX_DEPTH {
            let message = format!("brackets nested more than {MAX_DEPTH} levels deep");
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

    /// Skips a collection after its start event, without recursion.
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

    /// Counts an entry. Stops reading after [`MAX_ENTRIES`].
    fn count_entry(&mut self, place: Span) {
        self.entries += 1;
        if self.entries == MAX_ENTRIES + 1 {
            // Reported even if the number of findings is at its maximum.
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

    /// Number of bytes before an offset in its line.
    fn column(&self, offset: u32) -> usize {
        let line = self.source.line_range(self.source.line_of(offset));
        offset as usize - line.start.max(self.source.content_start()).min(offset as usize)
    }

    /// Builds the key that starts with an event. `None` if it is not a valid key, which is
    /// reported.
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
                Diagnostic::new(&codes::BAD_YAML, span, "unsupported merge key")
                    .label("not part of YAML 1.2")
                    .help("write out the fields, or define anchors for single values (`&name`) and repeat them with `*name`"),
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
                    let message = "expected a key before `:`";
                    let place = faults::visible(self.source.text(), Span::at(span.start as usize));
                    self.report(Diagnostic::new(&codes::BAD_YAML, place, message));
                }
                return None;
            }
            Plain::Value(Kind::Null) => "null",
            Plain::Value(Kind::Bool(_)) => "a boolean",
            _ => "a number",
        };
        let message = format!("expected a string as key, found {kind}");
        self.report(
            Diagnostic::new(&codes::BAD_YAML, span, message)
                .help("put the key in quotes")
                .safe_edit(span, quote(&text)),
        );
        Some(Spanned::new(text.into_owned(), span))
    }

    /// Builds a key that is not a scalar.
    fn other_key(&mut self, event: Event<'t>, span: Span) -> Option<Spanned<String>> {
        let node = self.node(event, span);
        match node.kind {
            Kind::String(text) => return Some(Spanned::new(text, span)),
            Kind::Broken => {}
            _ => {
                let message = format!("expected a string as key, found {}", node.kind_name());
                let place = Span { end: node.span.end.max(span.end), ..span };
                self.report(Diagnostic::new(&codes::BAD_YAML, place, message));
            }
        }
        None
    }

    /// The text of a plain scalar. Its first character may have been replaced in a repair.
    fn plain_text<'x>(&self, text: Cow<'x, str>, span: Span) -> Cow<'x, str> {
        match self.repairs.replaced(span.start) {
            Some(first) => Cow::Owned(format!("{first}{}", text.get(1..).unwrap_or_default())),
            // The library returns an empty scalar as `~`.
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

    /// The location of a block scalar including its header, which the library omits. Between
    /// the offset `after` and the header there are only indicators and comments.
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

    /// Stores the value of an anchor for aliases that refer to it.
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

    /// Builds the value of an alias. It has the location of the alias; values inside it have
    /// their original locations.
    fn alias(&mut self, id: usize, span: Span) -> Node {
        self.last_scalar = span;
        let Some(anchor) = self.anchors.get(&id) else {
            // Either the limit is exceeded, or the alias is inside the value it refers to.
            if self.repeated <= MAX_ALIASED {
                let message = "alias inside the value that it refers to";
                self.report(Diagnostic::new(&codes::BAD_YAML, span, message));
            }
            return Node::broken(span);
        };
        if self.depth + anchor.depth > MAX_DEPTH {
            let message =
                format!("brackets nested more than {MAX_DEPTH} levels deep in this alias");
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

    /// Counts the values that an alias repeats. Returns false if the limit is exceeded, which is
    /// reported once.
    fn repeats(&mut self, weight: usize, span: Span) -> bool {
        let before = self.repeated;
        self.repeated = before.saturating_add(weight);
        if self.repeated > MAX_ALIASED && before <= MAX_ALIASED {
            let message = format!("aliases expand to more than {MAX_ALIASED} values");
            self.report(
                Diagnostic::new(&codes::BAD_YAML, span, message)
                    .label("limit exceeded here")
                    .help("the limit keeps a small file from expanding without bound"),
            );
        }
        self.repeated <= MAX_ALIASED
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
