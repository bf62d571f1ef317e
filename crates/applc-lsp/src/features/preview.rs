//! The output of a target as a document, renewed while its appliance is edited.
//!
//! While the appliance has errors, the last output without them stays, and a finding at its start says so.

use std::sync::Arc;

use applc::Selected;
use applc::diag::Findings;
use applc::trace::SourceMap;
use gen_lsp_types as lsp;

use crate::diagnostics::SOURCE;
use crate::previews::{Address, Made, Shown};
use crate::server::{Failure, Server};
use crate::subject::{Appliance, Unit};

/// The command that shows a preview; its argument is the URI. The client has it.
const SHOW: &str = "applc.preview";

/// The text of a preview.
///
/// # Errors
/// The URI is not that of a preview.
pub fn content(server: &mut Server, uri: &lsp::Uri) -> Result<String, Failure> {
    let address = open(server, uri)?;
    let shown = server.previews.shown.get_mut(&address);
    let shown = shown.ok_or_else(|| Failure::refused("no preview"))?;
    shown.is_told = false;
    Ok(shown.text(&address.file))
}

/// Keeps the preview with a URI, and makes its output, unless it is known.
///
/// # Errors
/// The URI is not that of a preview.
pub fn open(server: &mut Server, uri: &lsp::Uri) -> Result<Address, Failure> {
    let unknown = || Failure::refused(format!("no document `{}`", uri.0));
    let address = Address::read(uri).ok_or_else(unknown)?;
    // What waits for its analysis is analysed.
    server.appliances_of(&address.source);
    let is_new = match server.previews.shown.get(&address) {
        Some(shown) => is_old(server, &address, shown),
        None => true,
    };
    server.previews.shown.entry(address.clone()).or_insert_with(|| Shown {
        uri: uri.clone(),
        made: None,
        problem: None,
        seen: None,
        is_told: true,
    });
    if is_new {
        renew_output(server, &address);
    }
    Ok(address)
}

/// Makes the output anew of an appliance that has changed. Returns whether there was one.
pub fn renew(server: &mut Server) -> bool {
    let mut shown = server.previews.shown.iter();
    let next = shown.find(|(address, shown)| !shown.is_told && is_old(server, address, shown));
    let Some((address, _)) = next else { return false };
    let address = address.clone();
    renew_output(server, &address);
    true
}

/// Whether the appliance of a preview was analysed anew.
fn is_old(server: &Server, address: &Address, shown: &Shown) -> bool {
    let appliance = server.analysed().get(&address.source);
    let unit = appliance.and_then(|appliance| unit_of(appliance, address));
    match (unit, &shown.seen) {
        (Some(unit), Some(seen)) => !Arc::ptr_eq(&unit.analysis, seen),
        (None, None) => false,
        _ => true,
    }
}

/// The appliance in the environment of a preview: in the first one, if it names none.
fn unit_of<'a>(appliance: &'a Appliance, address: &Address) -> Option<&'a Unit> {
    let mut units = appliance.units.iter();
    match &address.environment {
        Some(name) => units.find(|unit| unit.scope.environment.as_ref() == Some(name)),
        None => units.next(),
    }
}

/// Makes the output of a preview, for all previews of its files.
fn renew_output(server: &mut Server, address: &Address) {
    let opened = server.analysed().get(&address.source);
    let closed = match opened {
        Some(_) => None,
        None => server.analyse_closed(&address.source),
    };
    let opened = server.analysed().get(&address.source);
    let unit = opened.or(closed.as_ref()).and_then(|appliance| unit_of(appliance, address));
    let made = make(unit, address).map(Arc::new);
    let seen = opened.and(unit).map(|unit| unit.analysis.clone());
    let files = server.previews.shown.iter_mut().filter(|(other, _)| other.is_beside(address));
    let (mut renewed, mut findings) = (Vec::new(), Vec::new());
    for (file, shown) in files {
        let before = (shown.text(&file.file), shown.problem.take());
        shown.problem = problem(&made, &file.file);
        if shown.problem.is_none() {
            shown.made = made.as_ref().ok().cloned();
        }
        shown.seen.clone_from(&seen);
        if !shown.is_told && before.0 != shown.text(&file.file) {
            shown.is_told = true;
            renewed.push(shown.uri.clone());
        }
        if before.1 != shown.problem {
            let problem = shown.problem.as_ref().filter(|_| shown.made.is_some());
            findings.push((shown.uri.clone(), problem.cloned()));
        }
    }
    for uri in renewed {
        let params = lsp::TextDocumentContentRefreshParams { uri };
        server.ask::<lsp::TextDocumentContentRefreshRequest>(params);
    }
    for (uri, problem) in findings {
        let diagnostics = problem.map(|problem| finding(&problem)).into_iter().collect();
        server.notify::<lsp::PublishDiagnosticsNotification>(lsp::PublishDiagnosticsParams {
            uri,
            version: None,
            diagnostics,
        });
    }
}

/// Why an output does not have a file.
fn problem(made: &Result<Arc<Made>, String>, file: &str) -> Option<String> {
    match made {
        Err(problem) => Some(problem.clone()),
        Ok(made) if made.index(file).is_some() => None,
        Ok(made) => {
            let files: Vec<String> =
                made.artifacts.iter().map(|artifact| format!("`{}`", artifact.path)).collect();
            Some(format!("the output has no file `{file}`, but {}", files.join(", ")))
        }
    }
}

/// What is said of a preview that is not what the appliance becomes now.
fn finding(problem: &str) -> lsp::Diagnostic {
    let start = lsp::Position { line: 0, character: 0 };
    let end = lsp::Position { line: 1, character: 0 };
    lsp::Diagnostic {
        range: lsp::Range { start, end },
        severity: Some(lsp::DiagnosticSeverity::Information),
        source: Some(SOURCE.to_owned()),
        message: format!("this is the last output: {problem}").into(),
        ..lsp::Diagnostic::default()
    }
}

/// Makes the output of a target.
///
/// # Errors
/// Why there is none.
fn make(unit: Option<&Unit>, address: &Address) -> Result<Made, String> {
    let unit = unit.ok_or_else(|| match &address.environment {
        Some(name) => {
            format!("the appliance cannot be read, or is not in the environment `{name}`")
        }
        None => "the appliance cannot be read".to_owned(),
    })?;
    let selected = targets_of(unit);
    let selected = selected.iter().find(|one| one.target.name() == address.target);
    let Some(selected) = selected else {
        return Err(format!("the project does not compile for `{}`", address.target));
    };
    if unit.analysis.valid_plan().is_none() {
        return Err("the appliance has errors".to_owned());
    }
    let artifacts = unit.render(selected);
    let artifacts =
        artifacts.ok_or_else(|| format!("the appliance has errors on `{}`", address.target))?;
    let tree = unit.analysis.tree.as_ref().ok_or("the appliance is empty")?;
    let map = SourceMap::new(tree, &artifacts);
    Ok(Made { analysis: unit.analysis.clone(), artifacts, map })
}

/// The targets that an appliance has previews of: those it is compiled for, or else all that are built in.
fn targets_of(unit: &Unit) -> Vec<Selected> {
    if !unit.selected.is_empty() {
        return unit.selected.clone();
    }
    let id = unit.analysis.plan.as_ref().map(|plan| plan.id.value.to_string());
    unit.scope.clone().or_built_in().selected(id.as_deref(), &mut Findings::new())
}

/// The previews of an appliance: the files of each target in each environment. Where it has errors, those from before; if
/// there were none, the whole output, so that its text says why there is none.
pub fn all_of(server: &mut Server, path: &str) -> Vec<Address> {
    server.appliances_of(path);
    let Some(appliance) = server.analysed().get(path) else { return Vec::new() };
    let before = server.previews.offered.get(path).map(Vec::as_slice).unwrap_or_default();
    let is_any_valid = appliance.units.iter().any(|unit| unit.analysis.valid_plan().is_some());
    if !is_any_valid && !before.is_empty() {
        return before.to_vec();
    }
    let mut all = Vec::new();
    for unit in &appliance.units {
        for one in targets_of(unit) {
            let address = |file| Address {
                source: path.to_owned(),
                environment: unit.scope.environment.clone(),
                target: one.target.name().to_owned(),
                file,
            };
            let plan = unit.analysis.valid_plan();
            let files =
                plan.and_then(|plan| applc::targets::paths(&*one.target, plan, &one.options));
            let whole = address(String::new());
            match files {
                Some(files) => all.extend(files.into_iter().map(address)),
                None if before.iter().any(|other| other.is_beside(&whole)) => {
                    all.extend(before.iter().filter(|other| other.is_beside(&whole)).cloned());
                }
                None => all.push(whole),
            }
        }
    }
    server.previews.offered.insert(path.to_owned(), all.clone());
    all
}

/// A code lens for each preview, at the start of the document.
pub fn lenses(server: &mut Server, path: &str) -> Vec<lsp::CodeLens> {
    if !server.client.shows_content {
        return Vec::new();
    }
    let all = all_of(server, path);
    let is_only = |one: &Address| all.iter().filter(|other| one.is_beside(other)).count() == 1;
    let lens = |one: &Address| {
        let mut title = format!("Preview {}", one.target);
        if let Some(environment) = &one.environment {
            title.push_str(&format!(" in {environment}"));
        }
        if !is_only(one) {
            title.push_str(&format!(": {}", one.file));
        }
        let command = lsp::Command {
            title,
            tooltip: None,
            command: SHOW.to_owned(),
            arguments: Some(vec![one.uri(&server.open).0.into()]),
        };
        lsp::CodeLens { range: lsp::Range::default(), command: Some(command), data: None }
    };
    all.iter().map(lens).collect()
}

/// The URI of a preview, and its output, if the appliance has no errors now. It is not kept unless it is shown.
pub fn made(server: &mut Server, address: &Address) -> Option<(lsp::Uri, Arc<Made>)> {
    if let Some(shown) = server.previews.shown.get(address) {
        let uri = shown.uri.clone();
        if is_old(server, address, shown) {
            renew_output(server, address);
        }
        let shown = server.previews.shown.get(address)?;
        return (shown.problem.is_none())
            .then(|| shown.made.clone())
            .flatten()
            .map(|made| (uri, made));
    }
    let unit = unit_of(server.analysed().get(&address.source)?, address);
    let made = make(unit, address).ok()?;
    Some((address.uri(&server.open), Arc::new(made)))
}
