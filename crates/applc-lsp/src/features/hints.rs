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

/// How many characters a hint has, at most.
const MAX_LABEL: usize = 40;

/// The address if all targets have the same, otherwise that of the first one, and how many others there are. What does not
/// fit is in the tooltip.
fn hint(position: lsp::Position, addresses: &[Addressed]) -> lsp::InlayHint {
    let of_target = |one: &Addressed| format!("{}: {}", one.target, one.text);
    let mut all = addresses.iter();
    let (first, text) =
        all.next().map_or_else(Default::default, |one| (of_target(one), &*one.text));
    let others = addresses.iter().filter(|one| one.text != text).count();
    let (label, more) = match others {
        0 => (shortened(text, MAX_LABEL), String::new()),
        _ => {
            let more = format!(" (+{others})");
            (shortened(&first, MAX_LABEL.saturating_sub(more.len())), more)
        }
    };
    let is_all = others == 0 && label == text;
    let label = label + &more;
    let tooltip = addresses.iter().map(of_target).collect::<Vec<_>>().join("\n");
    lsp::InlayHint {
        position,
        label: label.into(),
        kind: None,
        text_edits: None,
        tooltip: (!is_all).then(|| tooltip.into()),
        padding_left: Some(true),
        padding_right: Some(true),
        data: None,
    }
}

/// The start of a text that is longer than a number of characters.
fn shortened(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        None => text.to_owned(),
        Some(_) => text.chars().take(length.saturating_sub(1)).chain(['…']).collect(),
    }
}
