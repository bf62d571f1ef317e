//! The address that each reference becomes, behind it.

use std::collections::BTreeMap;

use applc::source::Span;
use gen_lsp_types as lsp;

use super::addresses::{self, Addressed};
use crate::at::In;
use crate::client::Client;
use crate::server::{Failure, Server};

/// Says that there are inlay hints.
pub fn announce(_: &Client, capabilities: &mut lsp::ServerCapabilities) {
    capabilities.inlay_hint_provider = Some(true.into());
}

/// The hints in a range of a document.
///
/// # Errors
/// Never.
pub fn hints(
    server: &mut Server,
    params: lsp::InlayHintParams,
) -> Result<Option<Vec<lsp::InlayHint>>, Failure> {
    let (within, mut places) = server.within(&params.text_document.uri);
    let Some(In { source, .. }) = within.first() else { return Ok(None) };
    let mut by_span: BTreeMap<Span, Vec<Addressed>> = BTreeMap::new();
    for one in addresses::all(within.iter().map(|within| within.unit)) {
        if source.contains(one.span.start) {
            by_span.entry(one.span).or_default().push(one);
        }
    }
    let hints = by_span.into_iter().filter_map(|(span, addresses)| {
        let position = places.range(source, span).end;
        let is_inside = params.range.start <= position && position <= params.range.end;
        is_inside.then(|| hint(position, &addresses))
    });
    Ok(Some(hints.collect()))
}

/// One address if all targets have the same, otherwise that of each.
fn hint(position: lsp::Position, addresses: &[Addressed]) -> lsp::InlayHint {
    let first = addresses.first().map_or("", |one| &one.text);
    let label = match addresses.iter().all(|one| one.text == first) {
        true => first.to_owned(),
        false => {
            let all: Vec<String> =
                addresses.iter().map(|one| format!("{}: {}", one.target, one.text)).collect();
            all.join(", ")
        }
    };
    lsp::InlayHint {
        position,
        label: label.into(),
        kind: None,
        text_edits: None,
        tooltip: None,
        padding_left: Some(true),
        padding_right: Some(true),
        data: None,
    }
}
