//! Which place of the source each line of an output belongs to.
//!
//! Blocks are found by indentation and brackets, which is the same in YAML, HCL and JSON as applc
//! writes them.

use std::collections::HashMap;
use std::ops::Range;

use super::nodes::{NodeId, Nodes};
use super::{Known, LineOrigin};
use crate::render::{Mark, Record};
use crate::source::Span;

/// What the marks of a block have in common.
#[derive(Debug, Clone, Copy, Default)]
enum Common {
    /// There are no marks.
    #[default]
    Nothing,
    /// The marks have one owner: its node, and the smallest node inside of it that contains the
    /// places that are inside of it, if there are any.
    Owner(NodeId, Option<NodeId>),
    /// The marks have several owners: the smallest node that contains all places.
    Several(NodeId),
}

impl Common {
    fn node(self) -> Option<NodeId> {
        match self {
            Common::Nothing => None,
            Common::Owner(owner, inner) => Some(inner.unwrap_or(owner)),
            Common::Several(node) => Some(node),
        }
    }

    fn with(self, other: Common, nodes: &Nodes) -> Common {
        match (self, other) {
            (Common::Nothing, any) | (any, Common::Nothing) => any,
            (Common::Owner(one, inner), Common::Owner(other, more)) if one == other => {
                let both = inner.zip(more).map(|(one, other)| nodes.common(one, other));
                Common::Owner(one, both.or(inner).or(more))
            }
            (one, other) => match (one.node(), other.node()) {
                (Some(one), Some(other)) => Common::Several(nodes.common(one, other)),
                _ => one,
            },
        }
    }
}

/// A line while the blocks are computed.
struct Line {
    text: Range<usize>,
    /// How far it is indented: a line belongs to the block of a line before it with a smaller
    /// number.
    depth: usize,
    /// Its marks, as a range of the list.
    marks: Range<usize>,
    /// What its own marks and those of the lines in its block have in common.
    common: Common,
    /// Whether it starts a part of the file.
    starts_part: Option<Span>,
}

/// The origin of each line of a file.
pub fn lines(text: &str, record: &Record, nodes: &Nodes) -> Vec<LineOrigin> {
    let mut lines = split(text, record);
    let mut owners = Owners { nodes, known: HashMap::new(), last: None };
    for line in &mut lines {
        let marks = record.marks.get(line.marks.clone()).unwrap_or_default();
        // A value counts with its main origin: a check of health that asks a port is still that of
        // the field `health_check`.
        for same in marks.chunk_by(|one, other| one.range == other.range) {
            let Some(main) = same.first() else { continue };
            line.common = line.common.with(owners.common_of(main), nodes);
        }
    }
    join_blocks(&mut lines, nodes);

    let mut origins: Vec<LineOrigin> = Vec::with_capacity(lines.len());
    // The blocks around a line: the depth of their first lines, and their nodes.
    let mut around: Vec<(usize, NodeId)> = Vec::new();
    let mut part = 0;
    for line in lines {
        if let Some(owner) = line.starts_part {
            part = owners.node(owner);
            around.clear();
        }
        while around.last().is_some_and(|(depth, _)| *depth >= line.depth) {
            around.pop();
        }
        let outer = around.last().map_or(part, |(_, node)| *node);
        let block = line.common.node();
        let marks = record.marks.get(line.marks.clone()).unwrap_or_default();
        let value = marks.iter().find_map(|mark| mark.from.place());
        let (place, known) = match (value, block) {
            (Some(place), _) => (place, Known::Value),
            // The default of an option has no place.
            (None, _) if !marks.is_empty() => (nodes.span(outer), Known::Value),
            (None, Some(node)) => (nodes.span(node), Known::Block),
            (None, None) => (nodes.span(outer), Known::Around),
        };
        origins.push(LineOrigin { text: line.text, place, known, ranges: line.marks });
        around.push((line.depth, block.unwrap_or(outer)));
    }
    origins
}

/// Splits a text into lines, each with its marks.
fn split(text: &str, record: &Record) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut parts = record.parts.iter().peekable();
    let (mut start, mut first) = (0, 0);
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        // A value of several lines has marks only on its first one.
        let on_line = record.marks.get(first..).unwrap_or_default();
        let last = first + on_line.iter().take_while(|mark| mark.range.start < end).count();
        let mut starts_part = None;
        while let Some((_, owner)) = parts.next_if(|(at, _)| *at < end) {
            starts_part = Some(*owner);
        }
        lines.push(Line {
            text: start..start + line.len(),
            depth: depth(line),
            marks: first..last,
            common: Common::Nothing,
            starts_part,
        });
        (start, first) = (end, last);
    }
    // A line without text is as deep as the next one.
    let mut next = 0;
    for line in lines.iter_mut().rev() {
        if line.text.is_empty() {
            line.depth = next;
        }
        next = line.depth;
    }
    lines
}

/// How far a line is indented. An item of a list and a closing bracket belong to the line before
/// them that has the same indentation.
fn depth(line: &str) -> usize {
    let text = line.trim_start_matches([' ', '\t']);
    let is_inner = text.starts_with(['}', ']', ')']) || text == "-" || text.starts_with("- ");
    let spaces = line.len() - text.len();
    // Spaces and one more, so that a separator of documents is above all lines.
    if text == "---" { 0 } else { 1 + 2 * spaces + usize::from(is_inner) }
}

/// Adds to each line what the lines of its block have in common.
fn join_blocks(lines: &mut [Line], nodes: &Nodes) {
    // The lines before the current one whose blocks are open.
    let mut open: Vec<usize> = Vec::new();
    let close = |lines: &mut [Line], open: &mut Vec<usize>, depth: usize| {
        while let Some(inner) = open.pop_if(|at| lines.get(*at).is_none_or(|l| l.depth >= depth)) {
            let common = lines.get(inner).map(|line| line.common).unwrap_or_default();
            if let Some(outer) = open.last().and_then(|at| lines.get_mut(*at)) {
                outer.common = outer.common.with(common, nodes);
            }
        }
    };
    for at in 0..lines.len() {
        let Some(line) = lines.get(at) else { continue };
        let depth = if line.starts_part.is_some() { 0 } else { line.depth };
        close(lines, &mut open, depth);
        open.push(at);
    }
    close(lines, &mut open, 0);
}

/// The nodes of owners.
struct Owners<'n> {
    nodes: &'n Nodes,
    known: HashMap<Span, NodeId>,
    /// The last one: most of the marks one after another have the same owner.
    last: Option<(Span, NodeId)>,
}

impl Owners<'_> {
    /// The node of the object with its id at this place.
    fn node(&mut self, owner: Span) -> NodeId {
        if let Some((_, node)) = self.last.filter(|(last, _)| *last == owner) {
            return node;
        }
        let nodes = self.nodes;
        let node = *self.known.entry(owner).or_insert_with(|| nodes.object_around(owner));
        self.last = Some((owner, node));
        node
    }

    fn common_of(&mut self, mark: &Mark) -> Common {
        let owner = self.node(mark.owner);
        let inner = mark.from.place().and_then(|place| self.nodes.inside(owner, place));
        Common::Owner(owner, inner)
    }
}
