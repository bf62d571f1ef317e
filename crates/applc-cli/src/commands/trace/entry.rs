//! Pairs of a place in an output and a place in a source.

use std::ops::Range;

use applc::analysis::Place;
use applc::render::Origin;
use applc::source::{Source, Span};
use applc::trace::Known;
use serde::Serialize;

use super::traced::Traced;

/// A range of an output, and what it comes from.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// The target.
    pub target: String,
    /// The environment of the project, if it is made in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The range of the output.
    pub output: Location,
    /// The place of the source; `None` for the default of an option.
    pub source: Option<Location>,
    /// The path of the field, or the name of the option.
    pub field: String,
    /// What set the value: `appliance`, `overlay`, `images` of the project, its `lock` file, `default` or `option`.
    pub layer: &'static str,
    /// How the place is known: by a `value`, by the values of the `block`, or by what is `around`.
    pub known: &'static str,
}

/// A range of a file. Lines and columns start at 1; columns count characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Location {
    /// Path of the file.
    pub file: String,
    /// Line of the start.
    pub line: usize,
    /// Column of the start.
    pub column: usize,
    /// Line of the end.
    pub end_line: usize,
    /// Column after the end.
    pub end_column: usize,
}

impl Location {
    fn of(source: &Source, span: Span) -> Location {
        let (start, end) = (source.position(span.start), source.position(span.end));
        Location {
            file: source.name().to_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}

/// The entries as a JSON array.
pub fn json(entries: &[Entry]) -> String {
    // Serializing structs of strings and numbers cannot fail.
    let mut text = serde_json::to_string_pretty(entries).unwrap_or_default();
    text.push('\n');
    text
}

/// The origins of a byte of a file of the output.
pub fn at(traced: &Traced, file: usize, offset: usize) -> Vec<Entry> {
    let Some(found) = traced.map.at(file, offset) else { return Vec::new() };
    let entries = found.from.iter();
    entries.map(|from| entry(traced, file, &found.output, *from, found.known)).collect()
}

/// The origins of all values and lines of a target's output.
pub fn all(traced: &Traced) -> Vec<Entry> {
    (0..traced.map.files.len()).flat_map(|file| entries_of_file(traced, file)).collect()
}

/// The origins of all values and lines of a file of the output.
pub fn entries_of_file(traced: &Traced, file: usize) -> Vec<Entry> {
    let Some(map) = traced.map.files.get(file) else { return Vec::new() };
    let mut entries = Vec::new();
    for line in &map.lines {
        let marks = map.ranges.get(line.ranges.clone()).unwrap_or_default();
        if line.text.is_empty() {
            continue;
        }
        if line.known != Known::Value {
            let from = Origin::Place(line.place);
            entries.push(entry(traced, file, &line.text, from, line.known));
        }
        for mark in marks {
            entries.push(entry(traced, file, &mark.range, mark.from, Known::Value));
            if let Some(second) = mark.from.second() {
                entries.push(entry(traced, file, &mark.range, Origin::Place(second), Known::Value));
            }
        }
    }
    entries
}

/// The ranges of the output that come from a place of the appliance.
pub fn reached(traced: &Traced, place: Span) -> Vec<Entry> {
    let value = Place::of(&traced.tree, place).map_or(place, |place| place.value.span);
    let ranges = traced.map.from_source(place).into_iter();
    ranges
        .map(|reached| {
            let (start, end) = reached.output;
            entry(traced, reached.file, &(start..end), Origin::Place(value), Known::Value)
        })
        .collect()
}

fn entry(traced: &Traced, file: usize, range: &Range<usize>, from: Origin, known: Known) -> Entry {
    let output = traced.outputs.get(file);
    let output = output.map(|output| {
        // A whole line starts with its text.
        let text = output.text().get(range.clone()).unwrap_or_default();
        let start = range.start + text.len() - text.trim_start().len();
        Location::of(output, output.span(start.min(range.end)..range.end))
    });
    let source = from.place().map(|span| {
        let source = traced.sources.of(span).unwrap_or(&traced.source);
        Location::of(source, span)
    });
    let (field, layer) = match from {
        Origin::Default(path, _) => ((*path).to_owned(), "default"),
        Origin::Option(index, _) => {
            let options = traced.target.options();
            let name = options.get(usize::from(index)).map_or("", |option| option.name);
            (format!("{}.{name}", traced.target.name()), "option")
        }
        Origin::Place(span) | Origin::Places(span, _) => (path(traced, span), layer(traced, span)),
    };
    let nowhere = Location { file: String::new(), line: 0, column: 0, end_line: 0, end_column: 0 };
    Entry {
        target: traced.target.name().to_owned(),
        environment: traced.environment.clone(),
        output: output.unwrap_or(nowhere),
        source,
        field,
        layer,
        known: match known {
            Known::Value => "value",
            Known::Block => "block",
            Known::Around => "around",
        },
    }
}

/// The layer of a value that a file sets.
fn layer(traced: &Traced, span: Span) -> &'static str {
    match traced.overlays.iter().any(|overlay| overlay.contains(span.start)) {
        true => "overlay",
        false if traced.source.contains(span.start) => "appliance",
        // The only parts of the files of a project that are in the tree.
        false if traced.is_lock(span) => "lock",
        false => "images",
    }
}

/// The path of the part of the appliance that has a place, or of the innermost one that contains it.
fn path(traced: &Traced, span: Span) -> String {
    Place::of(&traced.tree, span).map(|place| place.to_string()).unwrap_or_default()
}
