//! Findings of other tools, at the places of the appliance.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use applc::World;
use applc::diag::{Diagnostic, Findings, Level, Report, codes};
use applc::linters::{self, ForeignFinding};
use applc::render::Origin;
use applc::source::Source;

use super::question::is_stale;
use super::traced::Traced;
use crate::Status;
use crate::disk::{Disk, read_named};
use crate::reporter::Reporter;
use crate::terminal::{fail, note};

/// Reads a document of findings and reports each at the place of the appliance that its text comes
/// from. What cannot be placed stays at the generated file.
///
/// # Errors
/// The exit status if the document cannot be read, which was reported.
pub fn report(traced: Traced, path: &Path, reporter: &mut Reporter) -> Result<Status, Status> {
    let shown = path.display();
    let bytes = read_named(&path.to_string_lossy())
        .map_err(|error| fail(&format!("cannot read `{shown}`: {error}"), Status::Io))?;
    let Some(mut found) = linters::read(&String::from_utf8_lossy(&bytes)) else {
        let message = format!("`{shown}` has no known format; expected {}", linters::FORMATS);
        return Err(fail(&message, Status::Usage));
    };
    let paths = found.iter().map(|one| on_disk(&one.file));
    let traced = &traced.matching(paths);
    let mut sources = traced.sources.clone();
    let outputs: Vec<Source> = traced.outputs.iter().map(|output| sources.add(output)).collect();
    name_outputs(traced, &mut found);
    let mut findings = Findings::new();
    for finding in &found {
        match linters::locate(finding, &traced.artifacts) {
            Some((file, range)) => {
                if let Some(output) = outputs.get(file) {
                    findings.push(placed(traced, finding, file, range, output));
                }
            }
            None => {
                let file = &finding.file;
                note(&format!("warning: no place for a finding in `{file}`: {}", finding.message));
                findings.push(new(finding, traced.source.start()));
            }
        }
    }
    let mut report = Report::new(traced.source.clone(), findings).within(sources);
    traced.levels.apply(&mut report.diagnostics);
    Ok(reporter.add(report))
}

/// Gives findings the path of the output that their file is a copy of, whatever it is called. Warns of
/// files whose text is another one.
fn name_outputs(traced: &Traced, found: &mut [ForeignFinding]) {
    let mut files: BTreeMap<String, Option<String>> = BTreeMap::new();
    for finding in found {
        let output = files.entry(finding.file.clone()).or_insert_with_key(|file| {
            // A file that is gone is found by its name.
            let path = on_disk(file);
            let same = match Disk.read(path) {
                Ok(bytes) => {
                    let same = traced.with_text(&String::from_utf8_lossy(&bytes));
                    if same.is_none() {
                        note(&format!("warning: {}", is_stale(path)));
                    }
                    same
                }
                Err(_) => None,
            };
            let index = same.or_else(|| traced.named_below(path))?;
            traced.artifacts.get(index).map(|output| output.path.clone())
        });
        if let Some(output) = output {
            finding.file.clone_from(output);
        }
    }
}

/// The path of a file that another tool has read.
fn on_disk(file: &str) -> &str {
    file.strip_prefix("file://").unwrap_or(file)
}

/// A finding at the place that a range of the output comes from, or at the range.
fn placed(
    traced: &Traced,
    finding: &ForeignFinding,
    file: usize,
    range: Range<usize>,
    output: &Source,
) -> Diagnostic {
    let span = output.span(range.clone());
    // A line may have its value anywhere.
    let marks = traced.map.files.get(file).map(|file| file.ranges.as_slice()).unwrap_or_default();
    let value = marks.iter().find(|mark| range.contains(&mark.range.start));
    let start = value.map_or(range.start, |mark| mark.range.start);
    let found = traced.map.at(file, start);
    let origin = found.and_then(|found| found.from.first().copied());
    if let Some(place) = origin.and_then(|from| from.place()) {
        return new(finding, place).also(span, "generated from this");
    }
    let Some(Origin::Option(index, _)) = origin else { return new(finding, span) };
    match traced.target.options().get(usize::from(index)) {
        Some(option) => new(finding, span).help(format!(
            "this is the default of the option `{}`, which `applc targets {}` describes",
            option.name,
            traced.target.name()
        )),
        None => new(finding, span),
    }
}

fn new(finding: &ForeignFinding, span: applc::source::Span) -> Diagnostic {
    let code = match finding.level {
        Level::Error => &codes::FOREIGN_ERROR,
        Level::Warning => &codes::FOREIGN_WARNING,
        Level::Hint => &codes::FOREIGN_HINT,
    };
    let mut name = finding.tool.clone();
    if !finding.rule.is_empty() {
        name.push(' ');
        name.push_str(&finding.rule);
    }
    let message: Vec<&str> = finding.message.split_whitespace().collect();
    let diagnostic = Diagnostic::new(code, span, format!("{name}: {}", message.join(" ")));
    match finding.help.split_whitespace().collect::<Vec<_>>().join(" ") {
        help if help.is_empty() => diagnostic,
        help => diagnostic.help(help),
    }
}
