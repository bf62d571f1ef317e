//! From a mention of a container or volume to its definition and the other mentions, also in overlays.

use applc::analysis::Mention;
use applc::source::Span;
use applc::syntax;
use gen_lsp_types as lsp;

use crate::at::At;
use crate::client::Client;
use crate::diagnostics::Places;
use crate::server::{Failure, Server};

/// Says that there are definitions, references and highlights.
pub fn announce(_: &Client, capabilities: &mut lsp::ServerCapabilities) {
    capabilities.definition_provider = Some(true.into());
    capabilities.references_provider = Some(true.into());
    capabilities.document_highlight_provider = Some(true.into());
}

/// Where the container or volume at a place is defined, or the anchor of an alias.
///
/// # Errors
/// Never.
pub fn definition(
    server: &mut Server,
    params: lsp::DefinitionParams,
) -> Result<Option<lsp::DefinitionResponse>, Failure> {
    let (found, mut places) = server.at(&params.text_document_position_params);
    let spans = found.iter().filter_map(|at| {
        let analysis = &at.unit.analysis;
        let symbol = analysis.symbol_at(at.offset).map(|(symbol, _)| symbol);
        let span = symbol.and_then(|symbol| analysis.definition(symbol));
        Some((at, span.or_else(|| anchored(at).first().copied())?))
    });
    let locations = locations(spans, &mut places);
    let some = (!locations.is_empty()).then_some(locations);
    Ok(some.map(|all| lsp::Definition::LocationList(all).into()))
}

/// Where the container or volume at a place is mentioned.
///
/// # Errors
/// Never.
pub fn references(
    server: &mut Server,
    params: lsp::ReferenceParams,
) -> Result<Option<Vec<lsp::Location>>, Failure> {
    let (found, mut places) = server.at(&params.text_document_position_params);
    let is_wanted =
        |mention: &Mention| params.context.include_declaration || *mention != Mention::Definition;
    let spans = found.iter().flat_map(|at| {
        let mentions = mentions(at).into_iter().filter(|(mention, _)| is_wanted(mention));
        mentions.map(move |(_, span)| (at, span))
    });
    let locations = locations(spans, &mut places);
    Ok((!locations.is_empty()).then_some(locations))
}

/// The mentions, in the same document, of the container or volume at a place.
///
/// # Errors
/// Never.
pub fn highlight(
    server: &mut Server,
    params: lsp::DocumentHighlightParams,
) -> Result<Option<Vec<lsp::DocumentHighlight>>, Failure> {
    let place = params.text_document_position_params;
    let (found, mut places) = server.at(&place);
    let mut marked: Vec<lsp::DocumentHighlight> = Vec::new();
    for at in &found {
        for (mention, span) in mentions(at) {
            let Some(location) = locations([(at, span)], &mut places).pop() else { continue };
            if location.uri != place.text_document.uri
                || marked.iter().any(|other| other.range == location.range)
            {
                continue;
            }
            let kind = match mention {
                Mention::Definition => lsp::DocumentHighlightKind::Write,
                _ => lsp::DocumentHighlightKind::Read,
            };
            marked.push(lsp::DocumentHighlight { range: location.range, kind: Some(kind) });
        }
    }
    Ok((!marked.is_empty()).then_some(marked))
}

/// All mentions of what is at a place: a container or volume, or an anchor.
fn mentions(at: &At<'_>) -> Vec<(Mention, Span)> {
    if let Some((symbol, _)) = at.unit.analysis.symbol_at(at.offset) {
        return at.unit.analysis.mentions(symbol);
    }
    let mut spans = anchored(at).into_iter();
    let anchor = spans.next().map(|anchor| (Mention::Definition, anchor));
    anchor.into_iter().chain(spans.map(|alias| (Mention::Reference, alias))).collect()
}

/// The anchor that is at a place, or whose alias is, and its aliases.
fn anchored(at: &At<'_>) -> Vec<Span> {
    let place = Span { start: at.offset, end: at.offset };
    let source = at.unit.analysis.sources.of(place);
    let aliases = source.map(syntax::aliases).unwrap_or_default();
    let contains = |span: Span| span.start <= at.offset && at.offset <= span.end;
    let found = aliases.iter().find(|alias| contains(alias.span) || contains(alias.anchor));
    let Some(found) = found else { return Vec::new() };
    let same = aliases.iter().filter(|alias| alias.anchor == found.anchor);
    std::iter::once(found.anchor).chain(same.map(|alias| alias.span)).collect()
}

/// The places of spans, each once: environments share files.
fn locations<'s>(
    spans: impl IntoIterator<Item = (&'s At<'s>, Span)>,
    places: &mut Places<'_>,
) -> Vec<lsp::Location> {
    let mut all = Vec::new();
    for (at, span) in spans {
        let analysis = &at.unit.analysis;
        let source = analysis.sources.of(span).unwrap_or(&analysis.source);
        let location = places.location(source, span);
        if !all.contains(&location) {
            all.push(location);
        }
    }
    all
}
