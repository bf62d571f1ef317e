//! What can be folded, and what is selected next.

use applc::source::Span;
use applc::syntax::{Kind, Node};
use gen_lsp_types as lsp;

use super::tree::{Tree, parts};
use crate::client::Client;
use crate::server::{Failure, Server};

/// Says that there are folding and selection ranges.
pub fn announce(_: &Client, capabilities: &mut lsp::ServerCapabilities) {
    capabilities.folding_range_provider = Some(true.into());
    capabilities.selection_range_provider = Some(true.into());
}

/// The objects and lists that have several lines. The line of a closing bracket stays.
///
/// # Errors
/// Never.
pub fn folding(
    server: &mut Server,
    params: lsp::FoldingRangeParams,
) -> Result<Option<Vec<lsp::FoldingRange>>, Failure> {
    let Some(tree) = Tree::of(server, &params.text_document.uri) else { return Ok(None) };
    let mut ranges: Vec<lsp::FoldingRange> = Vec::new();
    let mut open: Vec<(Option<Span>, &Node)> = vec![(None, &tree.root)];
    while let Some((key, node)) = open.pop() {
        if !matches!(node.kind, Kind::Array(_) | Kind::Object(_)) {
            continue;
        }
        open.extend(parts(node));
        let range = tree.range(server, key.map_or(node.span, |key| key.to(node.span)));
        let has_brackets = tree.source.slice(node.span).ends_with(['}', ']']);
        let end_line = range.end.line.saturating_sub(u32::from(has_brackets));
        if range.start.line < end_line {
            let start_line = range.start.line;
            ranges.push(lsp::FoldingRange { start_line, end_line, ..lsp::FoldingRange::default() });
        }
    }
    ranges.sort_by_key(|range| (range.start_line, std::cmp::Reverse(range.end_line)));
    ranges.dedup();
    Ok(Some(ranges))
}

/// For each position, the parts around it: the text of a string, the value, its member, the object, and so on.
///
/// # Errors
/// Never.
pub fn selection(
    server: &mut Server,
    params: lsp::SelectionRangeParams,
) -> Result<Option<Vec<lsp::SelectionRange>>, Failure> {
    let Some(tree) = Tree::of(server, &params.text_document.uri) else { return Ok(None) };
    let Some(document) = server.open.documents().get(&tree.path) else { return Ok(None) };
    let encoding = server.client.encoding;
    let mut all = Vec::new();
    for position in params.positions {
        let index = document.lines().index(tree.source.text(), position, encoding);
        let place = tree.source.span(index..index);
        // The outermost one first. Where there is none, the place itself: in the document, unlike that of the client.
        let mut outer: Option<lsp::SelectionRange> = None;
        let mut spans = around(&tree, place);
        if spans.is_empty() {
            spans.push(place);
        }
        for span in spans {
            let range = tree.range(server, span);
            if outer.as_ref().is_some_and(|outer| outer.range == range) {
                continue;
            }
            outer = Some(lsp::SelectionRange { range, parent: outer.map(Box::new) });
        }
        all.extend(outer);
    }
    Ok(Some(all))
}

/// The spans around a place, the outermost one first.
fn around(tree: &Tree, place: Span) -> Vec<Span> {
    let contains = |span: Span| span.start <= place.start && place.end <= span.end;
    let mut spans = Vec::new();
    let mut value = Some(&tree.root).filter(|root| contains(root.span));
    while let Some(node) = value.take() {
        spans.push(node.span);
        let inner = parts(node)
            .find(|(key, part)| contains(key.map_or(part.span, |key| key.to(part.span))));
        let Some((key, part)) = inner else {
            if matches!(node.kind, Kind::String(_)) {
                spans.extend(
                    inside_quotes(tree, node.span).into_iter().filter(|span| contains(*span)),
                );
            }
            break;
        };
        spans.extend(key.map(|key| key.to(part.span)));
        match key.filter(|key| contains(*key) && !contains(part.span)) {
            Some(key) => {
                spans.push(key);
                spans.extend(inside_quotes(tree, key).into_iter().filter(|span| contains(*span)));
            }
            None => value = Some(part).filter(|part| contains(part.span)),
        }
    }
    spans
}

/// A span without the quotes around it.
fn inside_quotes(tree: &Tree, span: Span) -> Option<Span> {
    let text = tree.source.slice(span);
    let has_quotes = text.len() > 1 && text.starts_with(['"', '\'']) && text.ends_with(['"', '\'']);
    let range = tree.source.range(span);
    has_quotes.then(|| tree.source.span(range.start + 1..range.end - 1))
}
