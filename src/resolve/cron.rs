//! Cron lines: parsing, and what is wrong with one, at the character.

mod fault;
mod field;
mod line;

use crate::diag::{Diagnostic, Findings, codes};
use crate::model;
use crate::plan::Schedule;
use crate::source::{Source, Spanned};
use crate::syntax::Places;

use super::lookup::Lookup;
use super::zone;
use fault::Fault;
use line::Line;

/// Resolves the schedule of a job. Reports an invalid one.
pub fn resolve(
    job: &model::Job<'_>,
    lookup: &Lookup<'_>,
    findings: &mut Findings,
) -> Option<Schedule> {
    let time_zone = job.time_zone.and_then(|zone| zone::resolve(zone, findings));
    let Some(written) = job.schedule else {
        if let Some(zone) = job.time_zone {
            findings.add(&codes::MISSING_FIELD, |code| {
                Diagnostic::new(code, zone.span, "`time_zone` requires a `schedule`")
                    .help("without a `schedule`, write the offset from UTC in `start_time`")
            });
        }
        return None;
    };
    let source = lookup.source_of(written.span);
    match line::parse(written.value) {
        Ok(line) => {
            advise(&line, written, source, findings);
            let cron = Spanned::new(line.cron, written.span);
            Some(Schedule { cron, time_zone })
        }
        Err(fault) => {
            findings.add(&codes::BAD_CRON, |_| diagnostic(fault, written, source));
            None
        }
    }
}

fn diagnostic(fault: Fault, written: Spanned<&str>, source: &Source) -> Diagnostic {
    let Fault { range, message, help, edit } = fault;
    let span = Places::new(source, written.span).span(range.clone());
    let mut diagnostic = Diagnostic::new(&codes::BAD_CRON, span, message);
    diagnostic.help.extend(help);
    let Some(fault::Edit { range, text, safe }) = edit else { return diagnostic };
    // The whole string is written again: the place in it may hold escapes.
    let before = written.value.get(..range.start).unwrap_or_default();
    let after = written.value.get(range.end..).unwrap_or_default();
    let line = format!("{before}{text}{after}");
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    // These would have to be escaped, and are in no valid line.
    if line.contains(|c: char| c.is_control() || "\"\\".contains(c)) {
        return diagnostic;
    }
    let line = format!("\"{line}\"");
    match safe {
        true => diagnostic.safe_edit(written.span, line),
        false => diagnostic.likely_edit(written.span, line),
    }
}

/// Reports a line that is valid, but possibly not what is intended.
fn advise(line: &Line, written: Spanned<&str>, source: &Source, findings: &mut Findings) {
    let Line { cron, days, weekdays, either } = line;
    let mut places = Places::new(source, written.span);
    let (days, weekdays) = (places.span(days.clone()), places.span(weekdays.clone()));
    if cron.is_never() {
        findings.add(&codes::NEVER_RUNS, |code| {
            Diagnostic::new(code, days, "the job never runs: no month of the schedule has this day")
        });
    }
    if *either {
        findings.add(&codes::EITHER_DAY, |code| {
            let message = "the job runs on days that match either of the two fields for days";
            Diagnostic::new(code, weekdays, message)
                .label("any of these days of the week")
                .also(days, "or any of these days of the month")
                .help("cron has no way to require both; set one of them to `*`")
        });
    }
}

/// Parses a cron line that is known to be valid.
#[cfg(test)]
pub fn parsed(text: &str) -> crate::plan::Cron {
    line::parse(text).unwrap().cron
}

#[cfg(test)]
mod tests;
