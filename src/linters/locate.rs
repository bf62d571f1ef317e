//! Finding the place of a finding in a generated file.

use std::ops::Range;

use super::{ForeignFinding, ForeignPlace, Object};
use crate::diag::Findings;
use crate::source::{Position, Source};
use crate::syntax::{self, Kind, Node};
use crate::targets::Artifact;

/// The index of the file that a finding is about, and the range of its text. `None` if no file has
/// its name, or it is about something that is not in the file.
pub fn locate(finding: &ForeignFinding, files: &[Artifact]) -> Option<(usize, Range<usize>)> {
    let index = file(&finding.file, files)?;
    let artifact = files.get(index)?;
    let range = match &finding.place {
        ForeignPlace::Line(line, column) => {
            let range = line_range(&artifact.text, *line, *column)?;
            // The first line of an object stands for the object: kube-score gives no other.
            match starting(artifact, range.start) {
                Some((object, document)) => within(&document, &finding.message, &object),
                None => range,
            }
        }
        ForeignPlace::Object(wanted) => {
            within(&document(artifact, wanted)?, &finding.message, wanted)
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
    let path = path.strip_prefix("file://").unwrap_or(path);
    let found = files.iter().position(|artifact| artifact.is_named_by(path));
    let is_stream = path.is_empty() || path == "-" || path.to_ascii_lowercase().contains("stdin");
    found.or_else(|| (is_stream && files.len() == 1).then_some(0))
}

/// The text from a column of a line to its end, or the line without indentation.
fn line_range(text: &str, line: usize, column: usize) -> Option<Range<usize>> {
    let source = Source::new("", text);
    let mut range = source.line_range(line.checked_sub(1)?);
    let content = text.get(range.clone())?;
    range.start = match column {
        0 => range.start + content.len() - content.trim_start().len(),
        _ => source.index(Position { line, column }),
    };
    Some(range)
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

/// The documents of a file, each with its index in the text.
fn documents(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let parts = text.split_inclusive("\n---\n").scan(0, |start, part| {
        let here = *start;
        *start += part.len();
        Some((here, part))
    });
    parts.map(|(start, part)| (start, part.strip_suffix("---\n").unwrap_or(part)))
}

/// Parses a document of a Kubernetes object. `None` if it is something else.
fn parse(start: usize, text: &str) -> Option<(Object, Document)> {
    let source = Source::new("document.yaml", text);
    let tree = syntax::parse(&source, &mut Findings::new())?;
    let word = |node: Option<&Node>| Some(node?.as_str()?.to_owned());
    let object = Object {
        kind: word(child(&tree, "kind"))?,
        name: word(child(&tree, "metadata").and_then(|metadata| child(metadata, "name")))?,
    };
    Some((object, Document { start, source, tree }))
}

/// The document of a Kubernetes object in a file of several documents.
fn document(artifact: &Artifact, wanted: &Object) -> Option<Document> {
    // Parsing is slow, and most documents do not contain the name.
    let may_be = |text: &str| text.contains(&wanted.name) && text.contains(&wanted.kind);
    documents(&artifact.text)
        .filter(|(_, text)| may_be(text))
        .filter_map(|(start, text)| parse(start, text))
        .find_map(|(object, document)| (object == *wanted).then_some(document))
}

/// The Kubernetes object whose document starts here.
fn starting(artifact: &Artifact, start: usize) -> Option<(Object, Document)> {
    let (_, text) = documents(&artifact.text).find(|(here, _)| *here == start)?;
    parse(start, text)
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

/// The part of an object that a message means, or its name.
fn within(document: &Document, message: &str, object: &Object) -> Range<usize> {
    mentioned(document, message, object).unwrap_or_else(|| document.id())
}

/// Fields of Kubernetes that messages name when they speak of an object. Others, such as `name` or
/// `type`, are also words that mean something else.
const FIELDS: [&str; 14] = [
    "privileged",
    "image",
    "replicas",
    "strategy",
    "cpu",
    "memory",
    "hostNetwork",
    "hostPID",
    "hostIPC",
    "hostPort",
    "hostPath",
    "readinessProbe",
    "livenessProbe",
    "startupProbe",
];

/// The part of an object that the words of a message mean, for tools that name only the object: a
/// quoted value such as an image, an environment variable, a field, or a quoted container.
fn mentioned(document: &Document, message: &str, object: &Object) -> Option<Range<usize>> {
    let quoted = message.split(['"', '`', '\'']).skip(1).step_by(2).filter(|word| !word.is_empty());
    let part = quoted.clone().find_map(|word| named(&document.tree, word));
    let is_name = |word: &str| {
        word == object.name || part.is_some_and(|part| name(part).is_some_and(|name| name == word))
    };
    let values = quoted.filter(|word| !is_name(word));
    let mut values = values.filter_map(|word| scalar(&document.tree, word));
    let words = message.split(|c: char| !c.is_alphanumeric() && c != '_');
    // In one of several containers, what another one has is not meant.
    let within = part.unwrap_or(&document.tree);
    let mut variables =
        words.clone().filter(|word| is_variable(word)).filter_map(|word| scalar(within, word));
    let mut fields = words.filter_map(|word| {
        let field = FIELDS.iter().find(|field| field.eq_ignore_ascii_case(word))?;
        first(within, field)
    });
    let found = values.next().or_else(|| variables.next()).or_else(|| fields.next());
    found.or_else(|| part.and_then(|part| child(part, "name"))).map(|node| document.range(node))
}

/// Whether a word can only be the name of an environment variable.
fn is_variable(word: &str) -> bool {
    word.contains('_')
        && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn name(node: &Node) -> Option<&str> {
    child(node, "name").and_then(Node::as_str)
}

/// The first container with this name.
fn named<'n>(node: &'n Node, wanted: &str) -> Option<&'n Node> {
    match &node.kind {
        Kind::Array(items) => items.iter().find_map(|item| {
            let is_it = name(item) == Some(wanted) && child(item, "image").is_some();
            if is_it { Some(item) } else { named(item, wanted) }
        }),
        Kind::Object(object) => object.members.iter().find_map(|m| named(&m.value, wanted)),
        _ => None,
    }
}

/// The first value of this field.
fn first<'n>(node: &'n Node, field: &str) -> Option<&'n Node> {
    match &node.kind {
        Kind::Array(items) => items.iter().find_map(|item| first(item, field)),
        Kind::Object(object) => object
            .get(field)
            .or_else(|| object.members.iter().find_map(|member| first(&member.value, field))),
        _ => None,
    }
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
