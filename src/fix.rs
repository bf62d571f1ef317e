//! Applies the safe fixes of findings to a text.
//!
//! The edits of one round do not overlap; edits that overlap, and findings that appear only
//! after an edit, are left to the next round. An edit that would increase the number of errors
//! is not applied, and neither is one that adds text but leaves its finding.

use std::collections::HashSet;

use crate::diag::{Diagnostic, Edit, Level, Report};
use crate::source::{Position, Source};

/// Maximum number of rounds of checking and editing. Each round fixes something, so this is far
/// more than any document requires.
const MAX_ROUNDS: usize = 50;

/// Maximum number of checks of the text. Searching for single edits that add errors takes two for
/// each of them; with more of them, the rest of the edits is not applied, so that the time does
/// not grow with the square of the file.
const MAX_CHECKS: usize = 200;

/// Maximum size of the text of all checks after the first, in bytes, so that the time grows with
/// the file. One check is always done.
const MAX_CHECKED: usize = 16 << 20;

/// The result of [`fix`].
#[derive(Debug)]
pub struct Fixed {
    /// The text with all edits applied.
    pub text: String,
    /// The findings that were fixed, in the order of the fixes.
    pub applied: Vec<AppliedFix>,
    /// The remaining findings, with the fixed text.
    pub left: Report,
}

/// A finding that was fixed.
#[derive(Debug)]
pub struct AppliedFix {
    /// The finding.
    pub diagnostic: Diagnostic,
    /// Its position in the text before the fix.
    pub place: Position,
}

/// Applies the safe fixes of all findings, in rounds, until nothing changes. `check` returns
/// the findings of a text.
///
/// # Errors
/// Those of `check`.
pub fn fix<E>(text: &str, mut check: impl FnMut(&str) -> Result<Report, E>) -> Result<Fixed, E> {
    let mut text = text.to_owned();
    let mut left = check(&text)?;
    let mut applied = Vec::new();
    let mut budget = Budget { checks: MAX_CHECKS, bytes: MAX_CHECKED.max(text.len()) };
    for _ in 0..MAX_ROUNDS {
        let candidates = non_overlapping(&left);
        let mut round = Round {
            source: &left.source,
            errors: errors(&left),
            applied: Vec::new(),
            result: None,
            budget: &mut budget,
        };
        round.apply(&candidates, &mut check)?;
        let Some((next, report)) = round.result.take() else { break };
        applied.extend(round.applied.iter().map(|diagnostic| AppliedFix {
            diagnostic: (*diagnostic).clone(),
            place: left.source.position(diagnostic.primary.span.start),
        }));
        text = next;
        left = report;
    }
    Ok(Fixed { text, applied, left })
}

/// Number of errors in a report.
fn errors(report: &Report) -> usize {
    report.diagnostics.iter().filter(|found| found.level == Level::Error).count()
}

/// The findings with safe edits of the source that do not touch each other, in text order.
fn non_overlapping(report: &Report) -> Vec<&Diagnostic> {
    let is_applicable = |edit: &&Edit| edit.safe && report.source.contains(edit.span.start);
    let mut candidates: Vec<(&Diagnostic, &Edit)> = report
        .diagnostics
        .iter()
        .filter_map(|found| Some((found, found.edit.as_ref().filter(is_applicable)?)))
        .collect();
    candidates.sort_by_key(|(_, edit)| edit.span);
    let mut end = None;
    candidates.retain(|(_, edit)| {
        let is_separate = end.is_none_or(|end| edit.span.start > end);
        if is_separate {
            end = Some(edit.span.end);
        }
        is_separate
    });
    candidates.into_iter().map(|(found, _)| found).collect()
}

/// One round of edits.
struct Round<'a> {
    /// The text before the edits.
    source: &'a Source,
    /// Number of errors with the edits applied so far.
    errors: usize,
    /// The findings whose edits are applied so far.
    applied: Vec<&'a Diagnostic>,
    /// The text with the edits applied so far, and its findings.
    result: Option<(String, Report)>,
    /// What is left for checks.
    budget: &'a mut Budget,
}

/// The number and the total size of the checks that are left.
struct Budget {
    checks: usize,
    bytes: usize,
}

impl Budget {
    /// Takes one check of a text. `None` if it exceeds what is left.
    fn take(&mut self, text: &str) -> Option<()> {
        self.checks = self.checks.checked_sub(1)?;
        self.bytes = self.bytes.checked_sub(text.len())?;
        Some(())
    }
}

impl<'a> Round<'a> {
    /// Applies the edits of these findings: all at once if that does not add errors, otherwise
    /// those of each half, down to single edits.
    fn apply<E>(
        &mut self,
        candidates: &[&'a Diagnostic],
        check: &mut impl FnMut(&str) -> Result<Report, E>,
    ) -> Result<(), E> {
        if candidates.is_empty() || self.budget.take(self.source.text()).is_none() {
            return Ok(());
        }
        let all: Vec<&Diagnostic> = self.applied.iter().chain(candidates).copied().collect();
        let text = edited(self.source, &all);
        let report = check(&text)?;
        let count = errors(&report);
        if count <= self.errors && !leaves_finding(&all, &report) {
            self.errors = count;
            self.applied = all;
            self.result = Some((text, report));
        } else if candidates.len() > 1 {
            let (first, second) = candidates.split_at(candidates.len() / 2);
            self.apply(first, check)?;
            self.apply(second, check)?;
        }
        Ok(())
    }
}

/// Whether a finding whose edit added text is still there. Its edit does not fix it, and would be
/// applied again and again. `applied` are the findings whose edits resulted in the text of the
/// report, in text order.
fn leaves_finding(applied: &[&Diagnostic], report: &Report) -> bool {
    // The message may quote the added text.
    let key = |found: &Diagnostic, start: usize, edit: &Edit| {
        (start, found.code.id, edit.replacement.clone())
    };
    let left: HashSet<_> = report
        .diagnostics
        .iter()
        .filter_map(|found| {
            Some(key(found, found.primary.span.start as usize, found.edit.as_ref()?))
        })
        .collect();
    if left.is_empty() {
        return false;
    }
    let edits: Vec<&Edit> = applied.iter().filter_map(|found| found.edit.as_ref()).collect();
    // By number of edits: the bytes that they remove, and those that they add.
    let mut sizes = vec![(0, 0)];
    let (mut removed, mut added) = (0, 0);
    for edit in &edits {
        removed += edit.span.range().len();
        added += edit.replacement.len();
        sizes.push((removed, added));
    }
    applied.iter().zip(&edits).any(|(found, edit)| {
        let start = found.primary.span.start;
        let before = edits.partition_point(|other| other.span.end <= start);
        let (removed, added) = sizes.get(before).copied().unwrap_or_default();
        let moved = (start as usize + added).saturating_sub(removed);
        edit.replacement.len() > edit.span.range().len() && left.contains(&key(found, moved, edit))
    })
}

/// Applies the edits of findings, which are in text order and do not overlap.
fn edited(source: &Source, findings: &[&Diagnostic]) -> String {
    let text = source.text();
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for edit in findings.iter().filter_map(|found| found.edit.as_ref()) {
        let range = source.range(edit.span);
        result.push_str(text.get(at..range.start).unwrap_or_default());
        result.push_str(&edit.replacement);
        at = range.end;
    }
    result.push_str(text.get(at..).unwrap_or_default());
    result
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::analysis::Analysis;
    use crate::diag::codes;
    use crate::source::Sources;

    /// Fixes a `.json` document. Returns the text and the codes of the remaining findings.
    fn fixed(text: &str) -> (String, Vec<&'static str>) {
        let check = |text: &str| -> Result<Report, Infallible> {
            let source = Source::new("a.json", text);
            Ok(Analysis::of(&source).into_report())
        };
        let fixed = fix(text, check).unwrap();
        let left = fixed.left.diagnostics.iter().map(|found| found.code.id).collect();
        (fixed.text, left)
    }

    #[test]
    fn safe_fixes_are_applied_in_as_many_rounds_as_needed() {
        let text = "\u{feff}{'id': \"x\", \"containers\": [{\"id\": \"a\", \"type\": \"Service\" \"image\": \"i:1\",
            \"netwrk_mode\": \"brige\", \"resources\": {\"cpus\": 1, \"mem\": 64,},,}]}";
        let expected = "\u{feff}{\"id\": \"x\", \"containers\": [{\"id\": \"a\", \"type\": \"service\", \"image\": \"i:1\",
            \"network_mode\": \"brige\", \"resources\": {\"cpus\": 1, \"mem\": 64}}]}";
        assert_eq!(fixed(text), (expected.to_owned(), vec!["E0204"]));
    }

    #[test]
    fn likely_fixes_are_not_applied() {
        let text = r#"{"id": "x", "containers": [{"id": "a", "type": "job", "image": "i:1",
            "resources": {"cpus": "1", "mem": 64}}]}"#;
        assert_eq!(fixed(text), (text.to_owned(), vec!["E0202"]));
    }

    #[test]
    fn the_number_of_checks_is_bounded() {
        // Every edit adds an error.
        let mut checks = 0;
        let check = |text: &str| -> Result<Report, Infallible> {
            checks += 1;
            let span = |at: usize| crate::source::Span::new(at, at + 1);
            let errors = |at: usize, word: &str| {
                let one = || Diagnostic::new(&codes::BAD_ENUM, span(at), "m");
                if word == "a" { vec![one().safe_edit(span(at), "x")] } else { vec![one(), one()] }
            };
            let words = text.split(' ').enumerate();
            let findings = words.flat_map(|(at, word)| errors(2 * at, word)).collect();
            Ok(Report {
                source: Source::new("t", text),
                sources: Sources::new(),
                diagnostics: findings,
            })
        };
        let text = vec!["a"; 10_000].join(" ");
        assert_eq!(fix(&text, check).unwrap().text, text);
        assert_eq!(checks, MAX_CHECKS + 1);
    }

    #[test]
    fn a_fix_that_leaves_its_finding_is_not_applied() {
        // The edit of `x` does not remove its finding; that of the first `y` leaves another `y`.
        let check = |text: &str| -> Result<Report, Infallible> {
            let find = |letter: char, edit: &str| {
                text.find(letter).map(|at| {
                    let span = crate::source::Span::new(at, at + 1);
                    Diagnostic::new(&codes::BAD_ENUM, span, letter).safe_edit(span, edit)
                })
            };
            let found = [find('a', "bcd"), find('x', "x "), find('y', "")];
            let findings = found.into_iter().flatten().collect();
            Ok(Report {
                source: Source::new("t", text),
                sources: Sources::new(),
                diagnostics: findings,
            })
        };
        assert_eq!(fix("a x yy", check).unwrap().text, "bcd x ");
    }

    #[test]
    fn the_size_of_what_is_checked_is_bounded() {
        // Every edit makes room for another one.
        let mut checks = 0;
        let check = |text: &str| -> Result<Report, Infallible> {
            checks += 1;
            let other = if text.starts_with('a') { "b" } else { "a" };
            let span = crate::source::Span::new(0, 1);
            let found = Diagnostic::new(&codes::BAD_ENUM, span, "m").safe_edit(span, other);
            Ok(Report::of(Source::new("t", text), found))
        };
        let text = format!("a{}", " ".repeat(MAX_CHECKED * 2 / 5));
        assert_eq!(fix(&text, check).unwrap().applied.len(), 2);
        assert_eq!(checks, 3);
    }

    #[test]
    fn a_fix_that_adds_errors_is_not_applied() {
        // Each `x` adds errors.
        let check = |text: &str| -> Result<Report, Infallible> {
            let find = |at: usize, edit: &str| {
                let span = crate::source::Span::new(at, at + 1);
                Diagnostic::new(&codes::BAD_ENUM, span, "m").safe_edit(span, edit)
            };
            let mut findings: Vec<Diagnostic> = text
                .match_indices('a')
                .map(|(at, _)| find(at, if at == 2 { "x" } else { "b" }))
                .collect();
            for (at, _) in text.match_indices('x') {
                findings.extend(std::iter::repeat_n(find(at, "x"), 4));
            }
            Ok(Report {
                source: Source::new("t", text),
                sources: Sources::new(),
                diagnostics: findings,
            })
        };
        assert_eq!(fix("a a a", check).unwrap().text, "b a b");
    }
}
