//! The containers and volumes of an appliance, with their places.

use std::collections::HashSet;

use applc::analysis::Symbol;
use gen_lsp_types as lsp;

use crate::diagnostics::Places;
use crate::subject::Appliance;

/// The containers and volumes of an appliance, in all its environments, each once.
pub fn of(appliance: &Appliance, places: &mut Places<'_>) -> Vec<lsp::SymbolInformation> {
    let mut symbols: Vec<lsp::SymbolInformation> = Vec::new();
    let mut seen: HashSet<(&str, usize)> = HashSet::new();
    for unit in &appliance.units {
        let analysis = &unit.analysis;
        let Some(plan) = &analysis.plan else { continue };
        let containers = plan.containers.iter().enumerate().map(|(at, container)| {
            let kind = match container.job() {
                Some(_) => lsp::SymbolKind::Function,
                None => lsp::SymbolKind::Class,
            };
            (Symbol::Container(at), container.id.value.as_str(), kind)
        });
        let volumes = plan.volumes.iter().enumerate();
        let volumes = volumes
            .map(|(at, one)| (Symbol::Volume(at), one.id.value.as_str(), lsp::SymbolKind::Struct));
        for (symbol, name, kind) in containers.chain(volumes) {
            let Some(span) = analysis.definition(symbol) else { continue };
            let source = analysis.sources.of(span).unwrap_or(&analysis.source);
            if !seen.insert((source.name(), source.range(span).start)) {
                continue;
            }
            let location = places.location(source, span);
            let appliance = plan.id.value.to_string();
            symbols.push(information(name.to_owned(), kind, location, Some(appliance)));
        }
    }
    symbols
}

/// A symbol that is not inside another one.
pub fn information(
    name: String,
    kind: lsp::SymbolKind,
    location: lsp::Location,
    container_name: Option<String>,
) -> lsp::SymbolInformation {
    let base = lsp::BaseSymbolInformation { name, kind, tags: None, container_name };
    lsp::SymbolInformation::new(None, location, base)
}
