//! The places that arguments ask about.

use std::path::Path;

use applc::source::{Source, Span};
use applc::syntax::{Kind, Node};
use applc::targets::TargetRef;

use super::traced::Traced;
use crate::Status;
use crate::disk::read_text;
use crate::terminal::{fail, note};

/// A line, and a column in it; both start at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column in characters, if only one place of the line is meant.
    pub column: Option<usize>,
}

/// A place of an output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Where {
    /// The file; empty if there is only one.
    pub file: String,
    /// The line and column.
    pub position: Position,
}

impl std::str::FromStr for Where {
    type Err = String;

    fn from_str(text: &str) -> Result<Where, String> {
        let (file, position) = split(text);
        let line_only = |line| Position { line, column: None };
        let place = match (position, text.parse()) {
            (Some(position), _) => Where { file: file.to_owned(), position },
            (None, Ok(line)) => Where { file: String::new(), position: line_only(line) },
            _ => {
                let forms = "`LINE`, `LINE:COLUMN`, `FILE:LINE` or `FILE:LINE:COLUMN`";
                return Err(format!("expected {forms}"));
            }
        };
        if place.position.exists() { Ok(place) } else { Err(FROM_ONE.to_owned()) }
    }
}

/// What is wrong with a line or column 0.
const FROM_ONE: &str = "lines and columns start at 1";

impl Position {
    /// Whether a text may have such a line and column.
    fn exists(self) -> bool {
        self.line > 0 && self.column != Some(0)
    }
}

/// Splits `FILE:LINE:COLUMN`, of which `FILE` may be a number too: `LINE:COLUMN`.
fn split(text: &str) -> (&str, Option<Position>) {
    let number = |text: &str| text.parse::<usize>().ok();
    let Some((before, last)) = text.rsplit_once(':') else { return (text, None) };
    let Some(last) = number(last) else { return (text, None) };
    let (file, line) = before.rsplit_once(':').unwrap_or(("", before));
    match number(line) {
        Some(line) => (file, Some(Position { line, column: Some(last) })),
        None => (before, Some(Position { line: last, column: None })),
    }
}

/// Splits the argument `FILE[:LINE[:COLUMN]]`. A file with such a name is preferred.
///
/// # Errors
/// The exit status if the line or the column is 0, which was reported.
pub fn of_argument(argument: &str) -> Result<(&str, Option<Position>), Status> {
    if Path::new(argument).exists() {
        return Ok((argument, None));
    }
    match split(argument) {
        ("", _) => Ok((argument, None)),
        (_, Some(position)) if !position.exists() => {
            Err(fail(&format!("`{argument}`: {FROM_ONE}"), Status::Usage))
        }
        split => Ok(split),
    }
}

/// The parts of the appliance that a position is about: that at the column, or what starts on the line.
pub fn parts(traced: &Traced, position: Position) -> Vec<Span> {
    let line = traced.source.line_range(position.line - 1);
    if let Some(column) = position.column {
        let at = traced.source.index(applc::source::Position { line: position.line, column });
        return vec![traced.source.span(at..at)];
    }
    let line = traced.source.span(line);
    let mut scalars = Vec::new();
    let mut outermost = None;
    let mut open = vec![&*traced.tree];
    while let Some(node) = open.pop() {
        let is_here = line.start <= node.span.start && node.span.start <= line.end;
        let inner: Vec<&Node> = match &node.kind {
            Kind::Object(object) => object.members.iter().map(|member| &member.value).collect(),
            Kind::Array(items) => items.iter().collect(),
            _ => {
                scalars.extend(is_here.then_some(node.span));
                continue;
            }
        };
        if is_here {
            outermost.get_or_insert(node.span);
        }
        let reaches = |node: &&Node| node.span.start <= line.end && line.start <= node.span.end;
        open.extend(inner.into_iter().rev().filter(reaches));
    }
    if scalars.is_empty() { outermost.into_iter().collect() } else { scalars }
}

/// Reports that a source has no such line.
pub fn check_line(source: &Source, line: usize) -> Result<(), Status> {
    match source.text().lines().count() {
        lines if line > lines => {
            Err(fail(&format!("`{}` has {lines} lines", source.name()), Status::Usage))
        }
        _ => Ok(()),
    }
}

/// The index of the file of the output, and the offset in it, that a place means. Without a column,
/// the start of the text of the line. `other` finds the target that a file on disk is an output of.
///
/// # Errors
/// The exit status if there is no such place, which was reported.
pub fn in_output(
    traced: &Traced,
    place: &Where,
    other: impl FnOnce() -> Option<TargetRef>,
) -> Result<(usize, usize), Status> {
    let index = file(traced, &place.file, other)?;
    let source = traced.outputs.get(index);
    let empty = Source::new("", "");
    let source = source.unwrap_or(&empty);
    let Position { line, column } = place.position;
    check_stale(traced, index, source, &place.file, line)?;
    check_line(source, line)?;
    let range = source.line_range(line - 1);
    let text = source.text().get(range.clone()).unwrap_or_default();
    Ok((
        index,
        match column {
            Some(column) => source.index(applc::source::Position { line, column }),
            None => range.start + value_start(traced, index, &range, text),
        },
    ))
}

/// Where the first value of a line starts, relative to the line; without values, its text.
fn value_start(traced: &Traced, file: usize, line: &std::ops::Range<usize>, text: &str) -> usize {
    let ranges = traced.map.files.get(file).map(|file| file.ranges.as_slice()).unwrap_or_default();
    let on_line = ranges.iter().find(|mark| line.contains(&mark.range.start));
    match on_line {
        Some(mark) => mark.range.start - line.start,
        None => text.len() - text.trim_start().len(),
    }
}

/// The file of the output that a path on disk or the end of it names.
fn file(
    traced: &Traced,
    path: &str,
    other: impl FnOnce() -> Option<TargetRef>,
) -> Result<usize, Status> {
    let paths: Vec<&str> = traced.artifacts.iter().map(|file| file.path.as_str()).collect();
    if path.is_empty() {
        let message = format!("which file is meant: the output has {}", paths.join(", "));
        return if paths.len() == 1 { Ok(0) } else { Err(fail(&message, Status::Usage)) };
    }
    if let Some(found) = traced.written_as(path) {
        return Ok(found);
    }
    let other = other();
    // The only file may have been written under another name, and edited.
    if other.is_none() && paths.len() == 1 && Path::new(path).is_file() {
        return Ok(0);
    }
    let mut message = format!(
        "`{path}` is not an output of `{}`, which has {}",
        traced.target.name(),
        paths.join(", ")
    );
    if let Some(other) = other {
        message.push_str(&format!("; it is one of `{}`", other.name()));
    }
    Err(fail(&message, Status::Usage))
}

/// Reports that a file on disk is not what compiling results in. The answer is still right if the line
/// is the same.
fn check_stale(
    traced: &Traced,
    index: usize,
    source: &Source,
    path: &str,
    line: usize,
) -> Result<(), Status> {
    let Ok(text) = read_text(path) else { return Ok(()) };
    if path.is_empty() || traced.is_text_of(index, &text) {
        return Ok(());
    }
    let message = is_stale(path);
    if text.lines().nth(line - 1) == source.text().lines().nth(line - 1) {
        note(&format!("warning: {message}"));
        return Ok(());
    }
    Err(fail(&format!("{message}, and line {line} is different"), Status::Errors))
}

/// Says that a file is not what compiling results in.
pub fn is_stale(path: &str) -> String {
    format!("`{path}` is not what compiling results in: it is edited or stale")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_split_from_the_right() {
        let position = |line, column| Some(Position { line, column });
        assert_eq!(split("a.json"), ("a.json", None));
        assert_eq!(split("a.json:3"), ("a.json", position(3, None)));
        assert_eq!(split("a.json:3:7"), ("a.json", position(3, Some(7))));
        assert_eq!(split("3:7"), ("", position(3, Some(7))));
        assert_eq!(split("C:\\a.json:3"), ("C:\\a.json", position(3, None)));
        assert_eq!(split("a:0"), ("a", position(0, None)));
        let place = |text: &str| text.parse::<Where>().ok();
        let at = |file: &str, line, column| {
            Some(Where { file: file.to_owned(), position: Position { line, column } })
        };
        assert_eq!(place("12"), at("", 12, None));
        assert_eq!(place("12:3"), at("", 12, Some(3)));
        assert_eq!(place("out/x.yaml:12"), at("out/x.yaml", 12, None));
        assert_eq!(place("x"), None);
        for place in ["0", "0:1", "1:0", "a:0", "a:0:1", "a:1:0"] {
            assert_eq!(place.parse::<Where>(), Err(FROM_ONE.to_owned()), "{place}");
        }
    }
}
