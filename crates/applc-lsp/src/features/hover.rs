//! What a field means, and what becomes of it on each target; what a reference becomes.

use applc::analysis::{Layer, Place, Step};
use applc::editors::Format;
use applc::reference::{self, FieldHelp};
use applc::source::Span;
use applc::targets::{self, TargetRef};
use gen_lsp_types as lsp;

use super::addresses::{self, Addressed};
use super::completion;
use crate::at::At;
use crate::client::Client;
use crate::server::{Failure, Server};
use crate::uri;

/// Says that there are hovers.
pub fn announce(_: &Client, capabilities: &mut lsp::ServerCapabilities) {
    capabilities.hover_provider = Some(true.into());
}

/// What there is to say of a place.
///
/// # Errors
/// Never.
pub fn hover(server: &mut Server, params: lsp::HoverParams) -> Result<Option<lsp::Hover>, Failure> {
    let is_markdown = server.client.markdown;
    if let Some(hover) = of_table(server, &params.text_document_position_params) {
        return Ok(Some(hover));
    }
    let (found, mut places) = server.at(&params.text_document_position_params);
    let Some(first) = found.first() else { return Ok(None) };
    let analysis = &first.unit.analysis;
    let said = of_reference(&found).or_else(|| of_field(&found, is_markdown));
    let Some((span, text)) = said else { return Ok(None) };
    let range = analysis.sources.of(span).map(|source| places.range(source, span));
    Ok(Some(shown_as(is_markdown, text, range)))
}

/// A text in Markdown as the client shows it.
fn shown_as(is_markdown: bool, text: String, range: Option<lsp::Range>) -> lsp::Hover {
    let (kind, value) = match is_markdown {
        true => (lsp::MarkupKind::Markdown, text),
        false => (lsp::MarkupKind::PlainText, text.replace("**", "")),
    };
    let contents = lsp::MarkupContent { kind, value };
    lsp::Hover { contents: contents.into(), range }
}

/// The key at a place of `applc.toml` or `target.toml`: what its schema says.
fn of_table(server: &mut Server, place: &lsp::TextDocumentPositionParams) -> Option<lsp::Hover> {
    let path = uri::to_path(&place.text_document.uri);
    let format = server.kind(&path).format(&path)?;
    if !matches!(format, Format::Project | Format::Target) {
        return None;
    }
    let (is_markdown, encoding) = (server.client.markdown, server.client.encoding);
    let document = server.open.documents().get(&path)?;
    let text = document.source().text();
    let caret = document.lines().index(text, place.position, encoding);
    let (range, key, said) = completion::about(format, text, caret, is_markdown)?;
    let range = document.lines().range(text, range, encoding);
    Some(shown_as(is_markdown, format!("**{key}**\n\n{said}\n"), Some(range)))
}

/// The reference at a place: its container, and the addresses that it becomes.
fn of_reference(found: &[At<'_>]) -> Option<(Span, String)> {
    let first = found.first()?;
    let plan = first.unit.analysis.plan.as_ref()?;
    let references = plan.containers.iter().flat_map(|container| container.references());
    let contains = |span: Span| span.start <= first.offset && first.offset <= span.end;
    let reference = references.into_iter().find(|reference| contains(reference.span))?;
    let to = plan.containers.get(reference.to())?;
    let kind = if to.job().is_some() { "job" } else { "service" };
    let port = reference.port.map(|port| format!(", port {port}")).unwrap_or_default();
    let mut text = format!("The address of the {kind} `{}`{port}.\n", to.id.value);
    let rows: Vec<(String, String)> = addresses::all(found.iter().map(|at| at.unit))
        .into_iter()
        .filter(|one| one.span == reference.span)
        .map(|Addressed { target, text, .. }| (target, format!("`{text}`")))
        .collect();
    text.push_str(&table(&rows));
    Some((reference.span, text))
}

/// The field at a place: its text in the schema, and its support on targets. What an anchor names may be a field only
/// where an alias is.
fn of_field(found: &[At<'_>], is_markdown: bool) -> Option<(Span, String)> {
    let first = found.first()?;
    let analysis = &first.unit.analysis;
    let place = analysis.at(first.offset)?;
    let layer = analysis.layer(Span { start: first.offset, end: first.offset });
    let format = match layer {
        Layer::Overlay(_) => Format::Overlay,
        Layer::Appliance | Layer::Settings => Format::Appliance,
    };
    let places = std::iter::once(place).chain(analysis.elsewhere(first.offset));
    places.into_iter().find_map(|place| {
        let text = of_place(found, &place, format, is_markdown)?;
        Some((shown(&place), text))
    })
}

/// What there is to say of a place: of its field, otherwise of what it is an entry of.
fn of_place(
    found: &[At<'_>],
    place: &Place<'_>,
    format: Format,
    is_markdown: bool,
) -> Option<String> {
    let path = place.field();
    if let Some(help) = reference::field(&path) {
        return Some(of_help(found, help));
    }
    let steps: Vec<completion::Step> = place
        .steps
        .iter()
        .map(|step| match step {
            Step::Key(key) | Step::Entry(key) => completion::Step::Key((*key).to_owned()),
            Step::Item(index) => completion::Step::Item(*index),
        })
        .collect();
    if let Some(said) = completion::said(format, &steps, is_markdown) {
        // Items have numbers, which say nothing; entries of an overlay have names.
        let name = if format == Format::Overlay { place.to_string() } else { path };
        return Some(format!("**{name}**\n\n{said}\n"));
    }
    // A variable has no text of its own.
    let (last, above) = steps.split_last()?;
    let own = last.key().filter(|_| completion::has_own_names(format, above))?;
    let help = reference::field(path.strip_suffix(own)?.strip_suffix('.')?)?;
    Some(of_help(found, help))
}

fn of_help(found: &[At<'_>], help: FieldHelp) -> String {
    let FieldHelp { path, description, value, presence, rows } = help;
    let mut text = format!("**{path}**\n\n{description}\n\n- Type: {value}\n- {presence}\n");
    text.push_str(&table(&support(found, &rows)));
    text
}

/// The part of a field that a hover is about: its key, and otherwise its value.
fn shown(place: &Place<'_>) -> Span {
    place.key.unwrap_or(place.value.span)
}

/// The support for a field by target: for the value at the place if there are rows for it, otherwise for all values.
fn support(found: &[At<'_>], rows: &[(applc::plan::Field, String)]) -> Vec<(String, String)> {
    let mut targets: Vec<TargetRef> = Vec::new();
    for one in found.iter().flat_map(|at| &at.unit.selected) {
        if targets.iter().all(|target| target.name() != one.target.name()) {
            targets.push(one.target.clone());
        }
    }
    // A project that names none may use any.
    if targets.is_empty() {
        targets.extend(targets::built_in());
    }
    let mut lines = Vec::new();
    for target in &targets {
        let own = found.first().map(|at| at.unit.analysis.support_at(at.offset, &**target));
        let own = own.unwrap_or_default();
        for (_, row) in &own {
            lines.push((target.name().to_owned(), told(row.fate.name(), row.note, "")));
        }
        if !own.is_empty() {
            continue;
        }
        let capabilities = target.capabilities();
        for (field, value) in rows {
            if let Some(row) = capabilities.iter().find(|row| row.field == *field) {
                lines.push((target.name().to_owned(), told(row.fate.name(), row.note, value)));
            }
        }
    }
    lines.dedup();
    lines
}

fn told(fate: &str, note: &str, value: &str) -> String {
    match value {
        "" => format!("**{fate}**: {note}"),
        value => format!("**{fate}** for {value}: {note}"),
    }
}

/// A list of what is said for each target.
fn table(rows: &[(String, String)]) -> String {
    let mut text = String::new();
    for (target, said) in rows {
        text.push_str(&format!("\n- {target}: {said}"));
    }
    text
}
