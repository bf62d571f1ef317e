//! New ids of containers and volumes, wherever they are mentioned: in the appliance, and in its overlays.

use std::ops::Range;

use applc::analysis::{Analysis, Mention, Symbol};
use applc::schema::is_id_char;
use applc::source::{Source, Span};
use gen_lsp_types as lsp;

use super::edits::{self, Edit};
use crate::at::At;
use crate::client::Client;
use crate::server::{Failure, Server};

/// Says that there is renaming.
pub fn announce(_: &Client, capabilities: &mut lsp::ServerCapabilities) {
    let options =
        lsp::RenameOptions { prepare_provider: Some(true), ..lsp::RenameOptions::default() };
    capabilities.rename_provider = Some(options.into());
}

/// The id at a place, if it can be renamed.
///
/// # Errors
/// The file has errors, so that mentions may be missing.
pub fn prepare(
    server: &mut Server,
    params: lsp::PrepareRenameParams,
) -> Result<Option<lsp::PrepareRenameResult>, Failure> {
    let (found, mut places) = server.at(&params.text_document_position_params);
    let Some(at) = found.first() else { return Ok(None) };
    let analysis = &at.unit.analysis;
    let Some((symbol, span)) = analysis.symbol_at(at.offset) else { return Ok(None) };
    check(&found)?;
    let Some(source) = analysis.sources.of(span) else { return Ok(None) };
    let id = id(analysis, symbol);
    let Some(range) = inside(source, span, id) else { return Ok(None) };
    let range = places.range(source, source.span(range));
    Ok(Some(lsp::PrepareRenamePlaceholder { range, placeholder: id.to_owned() }.into()))
}

/// The edits that rename the container or volume at a place.
///
/// # Errors
/// The name is no id, or another one has it; the file has errors; or a mention is written in a way that has no simple edit.
pub fn rename(
    server: &mut Server,
    params: lsp::RenameParams,
) -> Result<Option<lsp::WorkspaceEdit>, Failure> {
    let new = params.new_name.as_str();
    if new.is_empty() || !new.chars().all(is_id_char) {
        return Err(Failure::refused(format!(
            "`{new}` is no id: it has letters, digits and hyphens"
        )));
    }
    let (found, mut places) = server.at(&params.text_document_position_params);
    check(&found)?;
    let mut all: Vec<Edit> = Vec::new();
    for at in &found {
        let analysis = &at.unit.analysis;
        let Some((symbol, _)) = analysis.symbol_at(at.offset) else { continue };
        if is_taken(analysis, symbol, new) {
            return Err(Failure::refused(format!("`{new}` is the id of another one")));
        }
        let old = id(analysis, symbol);
        for (mention, span) in analysis.mentions(symbol) {
            let source = analysis.sources.of(span).unwrap_or(&analysis.source);
            let Some(range) = inside(source, span, old) else {
                let place = source.position(span.start);
                let what = if mention == Mention::Reference { "reference" } else { "id" };
                return Err(Failure::refused(format!(
                    "cannot rename the {what} in line {} of {}, which has escapes",
                    place.line,
                    source.name()
                )));
            };
            let range = places.range(source, source.span(range));
            let edit = Edit { file: source.name().to_owned(), range, text: new.to_owned() };
            if !all.contains(&edit) {
                all.push(edit);
            }
        }
    }
    Ok((!all.is_empty()).then(|| edits::workspace(server, all)))
}

/// # Errors
/// There are errors, so that not all mentions are known.
fn check(found: &[At<'_>]) -> Result<(), Failure> {
    match found.iter().any(|at| at.unit.analysis.findings.has_errors()) {
        true => Err(Failure::refused("the file has errors; mentions may be missing")),
        false => Ok(()),
    }
}

fn id(analysis: &Analysis, symbol: Symbol) -> &str {
    let plan = analysis.plan.as_ref();
    let id = match symbol {
        Symbol::Container(id) => plan.and_then(|plan| plan.containers.get(id)).map(|one| &one.id),
        Symbol::Volume(id) => plan.and_then(|plan| plan.volumes.get(id)).map(|one| &one.id),
    };
    id.map_or("", |id| id.value.as_str())
}

/// Whether another container, or another volume, has an id.
fn is_taken(analysis: &Analysis, symbol: Symbol, new: &str) -> bool {
    let Some(plan) = &analysis.plan else { return false };
    match symbol {
        Symbol::Container(own) => plan
            .containers
            .iter()
            .enumerate()
            .any(|(at, one)| at != own && one.id.value.eq_ignore_ascii_case(new)),
        Symbol::Volume(own) => plan
            .volumes
            .iter()
            .enumerate()
            .any(|(at, one)| at != own && one.id.value.eq_ignore_ascii_case(new)),
    }
}

/// The range of an id in a mention: without quotes, `@`, and a port. `None` if it is written otherwise, such as with escapes.
fn inside(source: &Source, span: Span, id: &str) -> Option<Range<usize>> {
    let range = source.range(span);
    let text = source.slice(span);
    let skip = text.find(|c: char| !matches!(c, '"' | '\'' | '@'))?;
    let start = range.start + skip;
    let found = text.get(skip..skip + id.len())?;
    let after = text.get(skip + id.len()..)?.chars().next();
    let is_whole = after.is_none_or(|c| !is_id_char(c));
    (found.eq_ignore_ascii_case(id) && is_whole).then(|| start..start + id.len())
}
