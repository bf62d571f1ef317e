//! Code lenses: what the output of an appliance is, and who waits for whom.

use gen_lsp_types as lsp;

use super::preview;
use crate::at::In;
use crate::client::Client;
use crate::server::{Failure, Server};
use crate::uri;

/// Says that there are code lenses.
pub fn announce(_: &Client, capabilities: &mut lsp::ServerCapabilities) {
    let lenses =
        lsp::CodeLensOptions { resolve_provider: Some(false), ..lsp::CodeLensOptions::default() };
    capabilities.code_lens_provider = Some(lenses);
}

/// The lenses of a document.
///
/// # Errors
/// Never.
pub fn lenses(
    server: &mut Server,
    params: lsp::CodeLensParams,
) -> Result<Option<Vec<lsp::CodeLens>>, Failure> {
    let path = uri::to_path(&params.text_document.uri);
    let mut lenses = preview::lenses(server, &path);
    lenses.extend(order(server, &params.text_document.uri));
    Ok(Some(lenses))
}

/// The number of names in a title.
const SHOWN: usize = 5;

/// At each container that the document defines, which ones it waits for, and which ones wait for it.
fn order(server: &mut Server, document: &lsp::Uri) -> Vec<lsp::CodeLens> {
    let (within, mut places) = server.within(document);
    let mut lenses: Vec<lsp::CodeLens> = Vec::new();
    for In { unit, source } in &within {
        let Some(plan) = &unit.analysis.plan else { continue };
        let id = |at: usize| plan.containers.get(at).map_or("", |one| one.id.value.as_str());
        let mut waiting: Vec<Vec<&str>> = vec![Vec::new(); plan.containers.len()];
        for (at, container) in plan.containers.iter().enumerate() {
            for dependency in &container.dependencies {
                waiting.get_mut(dependency.on).into_iter().for_each(|all| all.push(id(at)));
            }
        }
        for (container, waiting) in plan.containers.iter().zip(waiting) {
            if !source.contains(container.id.span.start) {
                continue;
            }
            let for_them: Vec<&str> = container.dependencies.iter().map(|one| id(one.on)).collect();
            let mut titles = Vec::new();
            if !for_them.is_empty() {
                titles.push(format!("waits for {}", listed(&for_them)));
            }
            if !waiting.is_empty() {
                let verb = if waiting.len() == 1 { "waits" } else { "wait" };
                titles.push(format!("{} {verb} for this: {}", waiting.len(), listed(&waiting)));
            }
            let range = places.range(source, container.id.span);
            for title in titles {
                // Without a command, an editor only shows it.
                let command =
                    lsp::Command { title, tooltip: None, command: String::new(), arguments: None };
                let lens = lsp::CodeLens { range, command: Some(command), data: None };
                if !lenses.contains(&lens) {
                    lenses.push(lens);
                }
            }
        }
    }
    lenses
}

/// Names, the first ones if there are many.
fn listed(names: &[&str]) -> String {
    let mut text = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(", ...");
    }
    text
}
