//! Formatting: layout and comments by libraries, and a guard that nothing else changes.
//!
//! The style is that of the examples, whatever the settings of the editor are, so that a file looks the same to all who
//! work on it.

use std::path::Path;

use applc::diag::Findings;
use applc::source::{Source, Syntax};
use applc::syntax::{self, Kind, Node};
use dprint_plugin_json::configuration::ConfigurationBuilder;
use gen_lsp_types as lsp;
use pretty_yaml::config::{FormatOptions, LayoutOptions, LineBreak};

use super::tree::{Tree, parts};
use crate::client::Client;
use crate::server::{Failure, Server};
use crate::uri;

/// Says that documents can be formatted.
pub fn announce(_: &Client, capabilities: &mut lsp::ServerCapabilities) {
    capabilities.document_formatting_provider = Some(true.into());
}

/// The width of lines that containers in one line are broken at.
const WIDTH: u8 = 120;

/// The deepest nesting that is formatted. An appliance needs 6 levels. The library for JSON takes twice as long for each
/// two of them.
const MAX_NESTING: usize = 12;

/// The indentation from which on nothing is formatted. The library for YAML counts it in the bits of a word.
const MAX_INDENT: usize = 60;

/// The most bytes that are formatted: about a second of work.
const MAX_BYTES: usize = 1_000_000;

/// The edit that formats an appliance or an overlay: of the lines from the first that changes to the last. None if it has
/// errors of syntax, or if the libraries would change more than the layout.
///
/// # Errors
/// Never.
pub fn formatting(
    server: &mut Server,
    params: lsp::DocumentFormattingParams,
) -> Result<Option<Vec<lsp::TextEdit>>, Failure> {
    let Some(tree) = Tree::of(server, &params.text_document.uri) else { return Ok(None) };
    let path = uri::to_path(&params.text_document.uri);
    let Some(document) = server.open.documents().get(&path) else { return Ok(None) };
    if document.error().is_some() {
        return Ok(None);
    }
    let before = tree.source.text();
    if before.len() > MAX_BYTES {
        return Ok(None);
    }
    let Some(after) = formatted(&tree.source, tree.is_overlay) else { return Ok(None) };
    let Some((start, end, text)) = difference(before, &after) else { return Ok(Some(Vec::new())) };
    let range = document.lines().range(before, start..end, server.client.encoding);
    Ok(Some(vec![lsp::TextEdit { range, new_text: text.to_owned() }]))
}

/// A formatted text of the same value. `None` if there is none.
fn formatted(source: &Source, is_overlay: bool) -> Option<String> {
    let root = value(source, is_overlay)?;
    if nesting(&root) > MAX_NESTING {
        return None;
    }
    let (mark, text) = match source.text().strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => (BYTE_ORDER_MARK, text),
        None => ("", source.text()),
    };
    let made = match source.syntax() {
        Syntax::Json | Syntax::Jsonc => json(text)?,
        Syntax::Yaml => yaml(text)?,
    };
    let made = format!("{mark}{made}");
    let (after, error) = Source::from_bytes(source.name(), made.clone().into_bytes());
    let is_same = error.is_none()
        && essence(&made).eq(essence(source.text()))
        && is_equal(&value(&after, is_overlay)?, &root);
    is_same.then_some(made)
}

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// The value of a text without errors of syntax.
fn value(source: &Source, is_overlay: bool) -> Option<Node> {
    let mut findings = Findings::new();
    let root = match is_overlay {
        false => syntax::parse(source, &mut findings),
        true => syntax::parse_overlay(source, &mut findings),
    };
    root.filter(|_| !findings.has_errors())
}

fn json(text: &str) -> Option<String> {
    let style = ConfigurationBuilder::new().line_width(WIDTH.into()).indent_width(2).build();
    let file = Path::new("appliance.json");
    let made = dprint_plugin_json::format_text(file, text, &style).ok()?;
    let made = made.unwrap_or_else(|| text.to_owned());
    // Strings of JSON have no breaks.
    Some(match text.contains("\r\n") {
        true => made.replace("\r\n", "\n").replace('\n', "\r\n"),
        false => made,
    })
}

fn yaml(text: &str) -> Option<String> {
    let is_deep =
        |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len() >= MAX_INDENT;
    if text.lines().any(is_deep) {
        return None;
    }
    let line_break = if text.contains("\r\n") { LineBreak::Crlf } else { LineBreak::Lf };
    let layout = LayoutOptions { print_width: WIDTH.into(), indent_width: 2, line_break };
    pretty_yaml::format_text(text, &FormatOptions { layout, ..FormatOptions::default() }).ok()
}

/// The characters of a text without those that formatting adds and takes away: between them, all comments, anchors and
/// values stay in their order.
fn essence(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '"' | '\'' | '\\'))
}

/// How deep arrays and objects are inside each other.
fn nesting(node: &Node) -> usize {
    parts(node).map(|(_, part)| 1 + nesting(part)).max().unwrap_or(0)
}

/// Whether two trees are equal but for their places.
fn is_equal(one: &Node, other: &Node) -> bool {
    match (&one.kind, &other.kind) {
        (Kind::Array(one), Kind::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| is_equal(one, other))
        }
        (Kind::Object(one), Kind::Object(other)) => {
            one.members.len() == other.members.len()
                && one.members.iter().zip(&other.members).all(|(one, other)| {
                    one.key.value == other.key.value && is_equal(&one.value, &other.value)
                })
        }
        (one, other) => one == other,
    }
}

/// What differs between two texts, in whole lines: a range of the first, and what replaces it.
fn difference<'a>(before: &str, after: &'a str) -> Option<(usize, usize, &'a str)> {
    if before == after {
        return None;
    }
    let same = |(one, other): &(&str, &str)| one == other;
    let lines = before.split_inclusive('\n').zip(after.split_inclusive('\n'));
    let start: usize = lines.take_while(same).map(|(line, _)| line.len()).sum();
    let (old, new) = (before.get(start..)?, after.get(start..)?);
    let last = old.split_inclusive('\n').rev().zip(new.split_inclusive('\n').rev());
    let end: usize = last.take_while(same).map(|(line, _)| line.len()).sum();
    Some((start, before.len() - end, new.get(..new.len() - end)?))
}
