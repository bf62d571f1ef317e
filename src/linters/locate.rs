//! Finding the place of a finding in a generated file.

use std::ops::Range;

use super::{ForeignFinding, ForeignPlace, Object};
use crate::diag::Findings;
use crate::source::Source;
use crate::syntax::{self, Kind, Node};
use crate::targets::Artifact;

/// The index of the file that a finding is about, and the range of its text. `None` if no file has
/// its name, or it is about something that is not in the file.
pub fn locate(finding: &ForeignFinding, files: &[Artifact]) -> Option<(usize, Range<usize>)> {
    let index = file(&finding.file, files)?;
    let artifact = files.get(index)?;
    let range = match &finding.place {
        ForeignPlace::Line(line, column) => line_range(&artifact.text, *line, *column)?,
        ForeignPlace::Object(wanted) => {
            let document = document(artifact, wanted)?;
            mentioned(&document, &finding.message, wanted).unwrap_or_else(|| document.id())
        }
        ForeignPlace::Value(wanted, keys) => {
            let document = document(artifact, wanted)?;
            value(&document, keys)
        }
    };
    Some((index, range))
}

/// The file with this path, or the one that the path ends with. A single file is also meant by a name
/// that tools use for standard input.
fn file(path: &str, files: &[Artifact]) -> Option<usize> {
    let path = path.strip_prefix("file://").unwrap_or(path).replace('\\', "/");
    let is_same = |artifact: &Artifact| {
        let before = path.strip_suffix(artifact.path.as_str());
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    };
    let found = files.iter().position(is_same);
    let is_stream = path.is_empty() || path == "-" || path.to_ascii_lowercase().contains("stdin");
    found.or_else(|| (is_stream && files.len() == 1).then_some(0))
}

/// The text from a column of a line to its end, or the line without indentation.
fn line_range(text: &str, line: usize, column: usize) -> Option<Range<usize>> {
    let source = Source::new("", text);
    let mut range = source.line_range(line.checked_sub(1)?);
    let content = text.get(range.clone())?;
    let skipped = match column.checked_sub(1) {
        Some(before) => content.chars().take(before).map(char::len_utf8).sum(),
        None => content.len() - content.trim_start().len(),
    };
    range.start += skipped;
    (range.start <= text.len()).then_some(range)
}

/// A document of a file.
struct Document {
    /// Its index in the text of the file.
    start: usize,
    source: Source,
    tree: Node,
}

impl Document {
    fn range(&self, node: &Node) -> Range<usize> {
        let range = self.source.range(node.span);
        self.start + range.start..self.start + range.end
    }

    /// The range of `metadata.name`.
    fn id(&self) -> Range<usize> {
        let name = child(&self.tree, "metadata").and_then(|metadata| child(metadata, "name"));
        self.range(name.unwrap_or(&self.tree))
    }
}

fn child<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    match &node.kind {
        Kind::Object(object) => object.get(key),
        Kind::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    }
}

/// The document of a Kubernetes object in a file of several documents.
fn document(artifact: &Artifact, wanted: &Object) -> Option<Document> {
    let mut start = 0;
    for text in artifact.text.split_inclusive("\n---\n") {
        let here = start;
        start += text.len();
        let text = text.strip_suffix("---\n").unwrap_or(text);
        // Parsing is slow, and most documents do not contain the name.
        if !text.contains(&wanted.name) || !text.contains(&wanted.kind) {
            continue;
        }
        let source = Source::new("document.yaml", text);
        let Some(tree) = syntax::parse(&source, &mut Findings::new()) else { continue };
        let word = |node: Option<&Node>| node.and_then(Node::as_str).unwrap_or_default().to_owned();
        let name = word(child(&tree, "metadata").and_then(|metadata| child(metadata, "name")));
        if word(child(&tree, "kind")) == wanted.kind && name == wanted.name {
            return Some(Document { start: here, source, tree });
        }
    }
    None
}

/// The value that keys and indices lead to, as far as they exist.
fn value(document: &Document, keys: &[String]) -> Range<usize> {
    let mut node = &document.tree;
    for key in keys {
        match child(node, key) {
            Some(inner) => node = inner,
            None => break,
        }
    }
    if std::ptr::eq(node, &document.tree) { document.id() } else { document.range(node) }
}

/// The first value of an object, other than its name, that the message quotes: a tool that only names
/// the object often says the image or the port in words.
fn mentioned(document: &Document, message: &str, object: &Object) -> Option<Range<usize>> {
    let quoted = message.split(['"', '`', '\'']).skip(1).step_by(2);
    let words = quoted.filter(|word| !word.is_empty() && *word != object.name);
    words.filter_map(|word| scalar(&document.tree, word)).map(|node| document.range(node)).next()
}

/// The first string with this text.
fn scalar<'n>(node: &'n Node, text: &str) -> Option<&'n Node> {
    match &node.kind {
        Kind::String(value) => (value == text).then_some(node),
        Kind::Array(items) => items.iter().find_map(|item| scalar(item, text)),
        Kind::Object(object) => object.members.iter().find_map(|m| scalar(&m.value, text)),
        _ => None,
    }
}
