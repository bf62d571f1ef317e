//! The colors of `@id` inside strings, which grammars of JSON and YAML do not know.

use std::collections::BTreeSet;

use applc::plan::Reference;
use applc::source::{Source, Span};
use gen_lsp_types as lsp;

use crate::at::In;
use crate::client::Client;
use crate::server::{Failure, Server};

/// Says that there are colors.
pub fn announce(_: &Client, capabilities: &mut lsp::ServerCapabilities) {
    let legend = lsp::SemanticTokensLegend {
        token_types: vec!["variable".to_owned()],
        token_modifiers: Vec::new(),
    };
    let options = lsp::SemanticTokensOptions {
        legend,
        full: Some(true.into()),
        ..lsp::SemanticTokensOptions::default()
    };
    capabilities.semantic_tokens_provider = Some(options.into());
}

/// The references in a document.
///
/// # Errors
/// Never.
pub fn tokens(
    server: &mut Server,
    params: lsp::SemanticTokensParams,
) -> Result<Option<lsp::SemanticTokens>, Failure> {
    let (within, mut places) = server.within(&params.text_document.uri);
    let mut ranges = BTreeSet::new();
    for In { unit, source } in &within {
        let plan = unit.analysis.plan.iter();
        let containers = plan.flat_map(|plan| &plan.containers);
        let references = containers.flat_map(|container| container.references());
        let spans = references.filter(|reference| source.contains(reference.span.start));
        for span in spans.map(|reference| name(source, reference)) {
            let range = places.range(source, span);
            // An escape may have a line break in it.
            if range.start.line == range.end.line {
                ranges.insert((range.start.line, range.start.character, range.end.character));
            }
        }
    }
    Ok(Some(lsp::SemanticTokens { result_id: None, data: encoded(ranges) }))
}

/// The `@` and the id of a reference: the grammars of editors color the same part.
fn name(source: &Source, reference: &Reference) -> Span {
    let span = reference.span;
    let port = reference.port.and_then(|_| source.slice(span).rfind(':'));
    port.map_or(span, |at| Span::new(0, at).moved(span.start))
}

/// Ranges of one line each, in the numbers of the protocol: each counts from the one before.
fn encoded(ranges: BTreeSet<(u32, u32, u32)>) -> Vec<lsp::SemanticToken> {
    let (mut line, mut start) = (0, 0);
    let mut data = Vec::new();
    for (at, from, to) in ranges {
        let delta_line = at - line;
        let delta_start = if delta_line == 0 { from - start } else { from };
        let length = to.saturating_sub(from);
        data.push(lsp::SemanticToken {
            delta_line,
            delta_start,
            length,
            token_type: 0,
            token_modifiers_bitset: 0,
        });
        (line, start) = (at, from);
    }
    data
}
