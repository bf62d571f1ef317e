//! What a user can have changed: the edits of findings, and all that are certain at once.

use applc::diag::{Diagnostic, Report};
use applc::source::{Source, Span};
use gen_lsp_types as lsp;

use super::edits::{self, Edit};
use crate::client::Client;
use crate::diagnostics::Places;
use crate::server::{Failure, Server};
use crate::uri;

/// The kind of action that applies all certain edits: editors run it when they save.
const FIX_ALL: &str = "source.fixAll.applc";

/// Says that there are actions.
pub fn announce(_: &Client, capabilities: &mut lsp::ServerCapabilities) {
    let options = lsp::CodeActionOptions {
        code_action_kinds: Some(vec![
            lsp::CodeActionKind::QuickFix,
            lsp::CodeActionKind::from(FIX_ALL.to_owned()),
        ]),
        ..lsp::CodeActionOptions::default()
    };
    capabilities.code_action_provider = Some(options.into());
}

/// The actions for a range of a document.
///
/// # Errors
/// Never.
pub fn actions(
    server: &mut Server,
    params: lsp::CodeActionParams,
) -> Result<Option<Vec<lsp::CodeActionResponse>>, Failure> {
    let path = uri::to_path(&params.text_document.uri);
    let mut actions = Vec::new();
    let only = params.context.only.as_deref();
    if wants(only, "quickfix") {
        actions.extend(quick_fixes(server, &path, params.range));
    }
    // All edits are tried one after the other, so that they are only made when they are asked for.
    if only.is_some() && wants(only, FIX_ALL) {
        actions.extend(fix_all(server, &path));
    }
    Ok(Some(actions.into_iter().map(Into::into).collect()))
}

/// Whether actions of a kind are asked for: those of its own name, and of the names that it is below.
fn wants(only: Option<&[lsp::CodeActionKind]>, kind: &str) -> bool {
    only.is_none_or(|only| {
        only.iter().any(|wanted| {
            let wanted = wanted.as_str();
            let rest = kind.strip_prefix(wanted);
            wanted.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    })
}

/// An edit of a finding, before it is an action.
struct Fix {
    title: String,
    is_safe: bool,
    finding: lsp::Diagnostic,
    edit: Edit,
}

/// The edits of the findings in a range of a document.
fn quick_fixes(server: &mut Server, path: &str, range: lsp::Range) -> Vec<lsp::CodeAction> {
    server.finish(path);
    let appliances = server.appliances_of(path);
    let reports: Vec<Report> =
        appliances.iter().flat_map(|(_, appliance)| appliance.reports()).collect();
    let reports = match reports.is_empty() {
        true => server.other_reports(path),
        false => reports,
    };
    let mut places = Places::new(&server.open, &server.client);
    let mut fixes: Vec<Fix> = Vec::new();
    for report in &reports {
        for found in &report.diagnostics {
            let source = report.source_of(found.primary.span);
            if source.name() != path {
                continue;
            }
            let place = places.range(source, found.primary.span);
            if place.end < range.start || range.end < place.start {
                continue;
            }
            let Some(fix) = fix(report, found, &mut places) else { continue };
            if fixes.iter().all(|other| other.edit != fix.edit) {
                fixes.push(fix);
            }
        }
    }
    let action = |fix: Fix| lsp::CodeAction {
        title: fix.title,
        kind: Some(lsp::CodeActionKind::QuickFix),
        diagnostics: Some(vec![fix.finding]),
        is_preferred: Some(fix.is_safe),
        edit: Some(edits::workspace(server, vec![fix.edit])),
        ..lsp::CodeAction::default()
    };
    fixes.into_iter().map(action).collect()
}

fn fix(report: &Report, found: &Diagnostic, places: &mut Places<'_>) -> Option<Fix> {
    let edit = found.edit.as_ref()?;
    let source = report.source_of(edit.span);
    Some(Fix {
        title: title(source, edit.span, &edit.replacement),
        is_safe: edit.safe,
        finding: places.diagnostic(report, found),
        edit: Edit {
            file: source.name().to_owned(),
            range: places.range(source, edit.span),
            text: edit.replacement.clone(),
        },
    })
}

/// What an edit does, in a line.
fn title(source: &Source, span: Span, replacement: &str) -> String {
    let (old, new) = (shown(source.slice(span)), shown(replacement));
    match (old.is_empty(), new.is_empty()) {
        (_, true) => format!("Remove `{old}`"),
        (true, false) => format!("Insert `{new}`"),
        (false, false) => format!("Replace `{old}` with `{new}`"),
    }
}

/// The number of characters of a text in a title.
const SHOWN: usize = 40;

/// A text in one line, shortened.
fn shown(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

/// All certain edits of an appliance, as `applc check --fix` applies them, or of an overlay.
fn fix_all(server: &mut Server, path: &str) -> Option<lsp::CodeAction> {
    let appliances = server.appliances_of(path).into_iter().map(|(file, _)| file.to_owned());
    let appliances: Vec<String> = appliances.collect();
    let known = appliances.iter().filter_map(|file| server.analysed().get(file));
    // An appliance has the same findings in all its environments, but for those of targets. An overlay is in some of them,
    // and may be of several appliances.
    let units = known.filter_map(|one| one.units.iter().find(|unit| unit.source(path).is_some()));
    let document = server.open.documents().get(path)?;
    let text = document.source().text();
    let (mut new, mut count) = (text.to_owned(), 0);
    for unit in units {
        let fixed = applc::fix::fix(&new, |text| unit.check(&server.open, path, text)).ok()?;
        (new, count) = (fixed.text, count + fixed.applied.len());
    }
    if new == text {
        return None;
    }
    let (kept, new) = difference(text, &new);
    let encoding = server.client.encoding;
    let edit = Edit {
        file: path.to_owned(),
        range: document.lines().range(text, kept, encoding),
        text: new.to_owned(),
    };
    Some(lsp::CodeAction {
        title: format!("Apply all safe fixes ({count})"),
        kind: Some(lsp::CodeActionKind::from(FIX_ALL.to_owned())),
        edit: Some(edits::workspace(server, vec![edit])),
        ..lsp::CodeAction::default()
    })
}

/// The range in which a text differs from a new one, and the new text there.
fn difference<'n>(old: &str, new: &'n str) -> (std::ops::Range<usize>, &'n str) {
    let same = |(a, b): (char, char)| (a == b).then(|| a.len_utf8());
    let start: usize = old.chars().zip(new.chars()).map_while(same).sum();
    let (old_rest, new_rest) =
        (old.get(start..).unwrap_or_default(), new.get(start..).unwrap_or_default());
    let end: usize = old_rest.chars().rev().zip(new_rest.chars().rev()).map_while(same).sum();
    let new = new_rest.get(..new_rest.len() - end).unwrap_or_default();
    (start..old.len() - end, new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_replaced() {
        for (old, new) in
            [("aXb", "aYb"), ("aa", "a"), ("", "x"), ("é😀x", "é😀😀x"), ("a\r\n", "a\n")]
        {
            let (range, text) = difference(old, new);
            let mut made = old.to_owned();
            made.replace_range(range, text);
            assert_eq!(made, new);
        }
    }

    #[test]
    fn kinds_are_asked_for_by_the_start_of_their_names() {
        let kind = |name: &str| lsp::CodeActionKind::from(name.to_owned());
        for (name, wanted) in [
            ("source", true),
            ("source.fixAll", true),
            (FIX_ALL, true),
            ("source.fix", false),
            ("quickfix", false),
            ("", true),
        ] {
            assert_eq!(wants(Some(&[kind(name)]), FIX_ALL), wanted, "{name}");
        }
        assert!(wants(None, "quickfix"));
    }
}
