//! New ids of containers and volumes, wherever they are mentioned: in the appliance, and in its overlays.

use std::collections::BTreeSet;
use std::ops::Range;

use applc::analysis::{Analysis, Mention, Symbol};
use applc::diag::Level;
use applc::render;
use applc::schema::is_id_char;
use applc::source::{Source, Span};
use gen_lsp_types as lsp;

use super::edits::{self, Edit};
use crate::at::At;
use crate::client::Client;
use crate::diagnostics::Places;
use crate::server::{Failure, Server};
use crate::uri;

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
    let (found, _) = server.at(&params.text_document_position_params);
    let old = found.iter().find_map(|at| {
        let (symbol, _) = at.unit.analysis.symbol_at(at.offset)?;
        Some(Old::of(&at.unit.analysis, symbol))
    });
    let Some(old) = old else { return check(&found).map(|()| None) };
    let path = uri::to_path(&params.text_document_position_params.text_document.uri);
    let mut waiting: Vec<String> =
        server.appliances_of(&path).into_iter().map(|(path, _)| path.to_owned()).collect();
    let mut done: BTreeSet<String> = BTreeSet::new();
    let mut all: Vec<Edit> = Vec::new();
    // Also in environments without the document; and an overlay may be of other appliances, which may be closed.
    while let Some(file) = waiting.pop() {
        if !done.insert(file.clone()) {
            continue;
        }
        let closed = match server.analysed().contains_key(&file) {
            true => None,
            false => server.analyse_closed(&file),
        };
        let appliance = closed.as_ref().or_else(|| server.analysed().get(&file));
        let mut places = Places::new(&server.open, &server.client);
        let before = all.len();
        for unit in appliance.into_iter().flat_map(|appliance| &appliance.units) {
            old.rename(&unit.analysis, new, &mut places, &mut all)?;
        }
        let files = all.get(before..).unwrap_or_default().iter().map(|edit| edit.file.clone());
        let files: BTreeSet<String> = files.filter(|edited| *edited != file).collect();
        waiting.extend(files.iter().flat_map(|overlay| server.bases_of(overlay)));
    }
    Ok((!all.is_empty()).then(|| edits::workspace(server, all)))
}

/// A container or volume, as it is named before.
struct Old {
    id: String,
    is_container: bool,
}

impl Old {
    fn of(analysis: &Analysis, symbol: Symbol) -> Old {
        let is_container = matches!(symbol, Symbol::Container(_));
        Old { id: id(analysis, symbol).to_owned(), is_container }
    }

    /// It in an appliance.
    fn symbol(&self, analysis: &Analysis) -> Option<Symbol> {
        let plan = analysis.plan.as_ref()?;
        let is_it = |id: &str| id.eq_ignore_ascii_case(&self.id);
        match self.is_container {
            true => {
                plan.containers.iter().position(|one| is_it(&one.id.value)).map(Symbol::Container)
            }
            false => plan.volumes.iter().position(|one| is_it(&one.id.value)).map(Symbol::Volume),
        }
    }

    /// Adds the edits in an appliance, each once.
    ///
    /// # Errors
    /// The appliance has errors or another one with the new name, or a mention has no simple edit.
    fn rename(
        &self,
        analysis: &Analysis,
        new: &str,
        places: &mut Places<'_>,
        all: &mut Vec<Edit>,
    ) -> Result<(), Failure> {
        check_analysis(analysis)?;
        let Some(symbol) = self.symbol(analysis) else { return Ok(()) };
        if is_taken(analysis, symbol, new) {
            return Err(Failure::refused(format!("`{new}` is the id of another one")));
        }
        for (mention, span) in analysis.mentions(symbol) {
            let source = analysis.sources.of(span).unwrap_or(&analysis.source);
            let Some(range) = inside(source, span, &self.id) else {
                let place = source.position(span.start);
                let what = if mention == Mention::Reference { "reference" } else { "id" };
                return Err(Failure::refused(format!(
                    "cannot rename the {what} in line {} of {}, which has escapes",
                    place.line,
                    source.name()
                )));
            };
            // Without quotes, which only YAML allows, a word such as `null` may be something else.
            let text = match range == source.range(span) {
                true => render::scalar(render::Format::Yaml, new),
                false => new.to_owned(),
            };
            let range = places.range(source, source.span(range));
            let edit = Edit { file: source.name().to_owned(), range, text };
            if !all.contains(&edit) {
                all.push(edit);
            }
        }
        Ok(())
    }
}

/// # Errors
/// There are errors, so that not all mentions are known.
fn check(found: &[At<'_>]) -> Result<(), Failure> {
    found.iter().try_for_each(|at| check_analysis(&at.unit.analysis))
}

/// # Errors
/// There are errors, so that not all mentions are known.
fn check_analysis(analysis: &Analysis) -> Result<(), Failure> {
    let mut findings = analysis.findings.iter();
    let Some(error) = findings.find(|found| found.level == Level::Error) else { return Ok(()) };
    let source = analysis.sources.of(error.primary.span).unwrap_or(&analysis.source);
    Err(Failure::refused(format!(
        "`{}` has errors; mentions may be missing",
        name_of(source.name())
    )))
}

/// The name of a file, without folders.
fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
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
