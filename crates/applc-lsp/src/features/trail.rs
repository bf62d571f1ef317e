//! The way from a line of output to what the appliance says, and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use applc::analysis::{Analysis, Place};
use applc::source::Span;
use gen_lsp_types as lsp;

use super::{navigation, preview};
use crate::client::Client;
use crate::diagnostics::Places;
use crate::position::{Encoding, Lines};
use crate::previews::{Address, Made};
use crate::server::{Failure, Server};

/// Says that there are ways to the output.
pub fn announce(client: &Client, capabilities: &mut lsp::ServerCapabilities) {
    if client.shows_content {
        capabilities.implementation_provider = Some(true.into());
    }
}

/// In a preview, the places of the appliance, its overlays and its project that what is there comes from. Otherwise, where
/// a container or volume is defined.
///
/// # Errors
/// Never, in a document that the client has.
pub fn definition(
    server: &mut Server,
    params: lsp::DefinitionParams,
) -> Result<Option<lsp::DefinitionResponse>, Failure> {
    let place = &params.text_document_position_params;
    if Address::read(&place.text_document.uri).is_none() {
        return navigation::definition(server, params);
    }
    let address = preview::open(server, &place.text_document.uri)?;
    let shown = server.previews.shown.get(&address);
    let Some(made) = shown.and_then(|shown| shown.made.clone()) else { return Ok(None) };
    let Some(file) = made.index(&address.file) else { return Ok(None) };
    let text = made.artifacts.get(file).map_or("", |artifact| &artifact.text);
    let offset = Lines::of(text).index(text, place.position, server.client.encoding);
    let found = made.map.at(file, offset);
    let origins = found.iter().flat_map(|found| &found.from);
    let mut places = Places::new(&server.open, &server.client);
    let mut locations = Vec::new();
    for span in origins.flat_map(|origin| [origin.place(), origin.second()]).flatten() {
        let source = made.analysis.sources.of(span).unwrap_or(&made.analysis.source);
        let location = places.location(source, span);
        if !locations.contains(&location) {
            locations.push(location);
        }
    }
    Ok((!locations.is_empty()).then(|| lsp::Definition::LocationList(locations).into()))
}

/// The lines of output that a place of an appliance becomes: in the previews that are shown of it, or, if there are none, in
/// all that it has.
///
/// # Errors
/// Never.
pub fn implementation(
    server: &mut Server,
    params: lsp::ImplementationParams,
) -> Result<Option<lsp::ImplementationResponse>, Failure> {
    let (found, _) = server.at(&params.text_document_position_params);
    // The place in each appliance and environment.
    let mut places: BTreeMap<(String, Option<String>), Span> = BTreeMap::new();
    for at in &found {
        let Some(value) = value_at(&at.unit.analysis, at.offset) else { continue };
        let source = at.unit.analysis.source.name().to_owned();
        places.insert((source.clone(), at.unit.scope.environment.clone()), value);
        // A preview that names no environment is in the first one.
        places.entry((source, None)).or_insert(value);
    }
    let appliances: Vec<String> = places
        .keys()
        .filter(|(_, environment)| environment.is_none())
        .map(|(path, _)| path.clone())
        .collect();
    let is_meant = |address: &&Address| appliances.contains(&address.source);
    let mut wanted: Vec<Address> = server.previews.shown.keys().filter(is_meant).cloned().collect();
    let is_any_shown = !wanted.is_empty();
    if !is_any_shown {
        wanted = appliances.iter().flat_map(|path| preview::all_of(server, path)).collect();
    }
    let mut locations = Vec::new();
    for address in wanted {
        let place = places.get(&(address.source.clone(), address.environment.clone()));
        let (Some(place), Some((uri, made))) = (place, preview::made(server, &address)) else {
            continue;
        };
        locations.extend(reached(&made, &address.file, *place, &uri, server.client.encoding));
    }
    Ok((!locations.is_empty()).then(|| lsp::Definition::LocationList(locations).into()))
}

/// The value at an offset. `None` if an overlay replaces it, so that nothing comes of it.
fn value_at(analysis: &Analysis, offset: u32) -> Option<Span> {
    let value = analysis.at(offset)?.value.span;
    let kept = Place::of(analysis.tree.as_ref()?, value)?.value.span;
    (kept == value).then_some(value)
}

/// The ranges of a file of an output that come from a place.
fn reached(
    made: &Arc<Made>,
    file: &str,
    place: Span,
    uri: &lsp::Uri,
    encoding: Encoding,
) -> Vec<lsp::Location> {
    let Some(index) = made.index(file) else { return Vec::new() };
    let text = made.artifacts.get(index).map_or("", |artifact| &artifact.text);
    let lines = Lines::of(text);
    let ranges = made.map.from_source(place).into_iter().filter(|reached| reached.file == index);
    let location = |(start, end): (usize, usize)| {
        // A whole line starts with its text.
        let part = text.get(start..end).unwrap_or_default();
        let start = start + part.len() - part.trim_start().len();
        let range = lines.range(text, start.min(end)..end, encoding);
        lsp::Location { uri: uri.clone(), range }
    };
    ranges.map(|reached| location(reached.output)).collect()
}
