//! Every line of output knows its source: from a place of an output to the place of the appliance
//! that it comes from, and back.
//!
//! A range that was printed from a value has the origin of that value. A line without such a
//! range, such as a key, a bracket, or a constant of the target, belongs to the smallest node of
//! the source that contains the places of the values in its block; if there are none, to what the
//! block around it belongs to.

mod annotate;
mod lines;
mod nodes;

pub use annotate::annotate;

use std::ops::Range;

use self::nodes::{Nodes, contains};
use crate::render::{Mark, Origin};
use crate::source::Span;
use crate::syntax::Node;
use crate::targets::Artifact;

/// How the place of a line is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// A value that is printed on the line has it.
    Value,
    /// The values of the line's block have it in common.
    Block,
    /// The block or the part of the file around the line has it.
    Around,
}

/// The origin of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOrigin {
    /// The line in the output, in bytes, without its line break.
    pub text: Range<usize>,
    /// The place in the source. If all values on the line are defaults of options, that of the
    /// block around it.
    pub place: Span,
    /// How the place is known.
    pub known: Known,
    /// The values that are printed on the line, as indices of [`FileMap::ranges`].
    pub ranges: Range<usize>,
}

/// The origins of the text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMap {
    /// Path of the file, as in [`Artifact::path`].
    pub path: String,
    /// The lines of the file, in order.
    pub lines: Vec<LineOrigin>,
    /// The ranges that were printed from values, in the order of their start. Of nested ranges,
    /// the outer one comes first; of several with the same range, the main origin.
    pub ranges: Vec<Mark>,
}

/// The origin of a place of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The range of the output that has the origin.
    pub output: Range<usize>,
    /// The origins: the main one first.
    pub from: Vec<Origin>,
    /// How the first is known.
    pub known: Known,
}

/// A range of an output that a place of the source reaches.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reached {
    /// Index of the file in [`SourceMap::files`].
    pub file: usize,
    /// The range of the output: that of a value, or a whole line.
    pub output: (usize, usize),
}

/// The origins of the files of one target.
#[derive(Debug)]
pub struct SourceMap {
    /// The files, in the order of the artifacts.
    pub files: Vec<FileMap>,
    nodes: Nodes,
}

impl SourceMap {
    /// The map of files that were rendered with origins recorded. `tree` is the tree of the source
    /// that they were compiled from.
    pub fn new(tree: &Node, artifacts: &[Artifact]) -> SourceMap {
        let nodes = Nodes::of(tree);
        let file = |artifact: &Artifact| FileMap {
            path: artifact.path.clone(),
            lines: lines::lines(&artifact.text, &artifact.record, &nodes),
            ranges: artifact.record.marks.clone(),
        };
        SourceMap { files: artifacts.iter().map(file).collect(), nodes }
    }

    /// The origin of a byte of a file: of the value that it is part of, otherwise of its line.
    /// `None` if the file has no such byte.
    pub fn at(&self, file: usize, offset: usize) -> Option<Found> {
        let file = self.files.get(file)?;
        let after = file.lines.partition_point(|line| line.text.start <= offset);
        let line = file.lines.get(after.checked_sub(1)?)?;
        let on_line = file.ranges.get(line.ranges.clone())?;
        let is_there = |mark: &&Mark| mark.range.start <= offset && offset < mark.range.end;
        // The innermost one comes last.
        if let Some(inner) = on_line.iter().rev().find(is_there) {
            let same = on_line.iter().filter(|mark| mark.range == inner.range);
            let from = same.map(|mark| mark.from).collect();
            return Some(Found { output: inner.range.clone(), from, known: Known::Value });
        }
        let from = vec![Origin::Place(line.place)];
        Some(Found { output: line.text.clone(), from, known: line.known })
    }

    /// The ranges of all files that come from a place of the source, in order: values that have
    /// the smallest part of the source around the place as one of their origins, or a part of it,
    /// and lines without values that belong to it.
    pub fn from_source(&self, place: Span) -> Vec<Reached> {
        let part = self.nodes.value_at(place);
        let mut reached = Vec::new();
        for (at, file) in self.files.iter().enumerate() {
            let ranges = file.ranges.iter().filter(|mark| comes_from(mark.from, part));
            let lines = file.lines.iter().filter(|line| {
                line.known != Known::Value && !line.text.is_empty() && contains(part, line.place)
            });
            let outputs = ranges.map(|mark| &mark.range).chain(lines.map(|line| &line.text));
            reached.extend(
                outputs.map(|range| Reached { file: at, output: (range.start, range.end) }),
            );
        }
        reached.sort();
        reached.dedup();
        reached
    }
}

/// Whether one of the places of an origin is in a part of the source, or contains it. A default
/// comes from the object that it belongs to, but not from the id of that object.
fn comes_from(from: Origin, part: Span) -> bool {
    let overlaps = |place: Span| contains(part, place) || contains(place, part);
    match from {
        Origin::Default(_, id) => contains(part, id) && part != id,
        _ => from.place().is_some_and(overlaps) || from.second().is_some_and(overlaps),
    }
}
