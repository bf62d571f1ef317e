//! Making the safe edits of findings in the text.
//!
//! Edits of one round do not overlap; what an edit makes possible or leaves over is for
//! the next round. An edit after which the text would have more errors is not made.

use crate::diag::{Diagnostic, Edit, Level, Report};
use crate::source::Position;

/// Rounds of checking and editing. Each one mends something, so this is far more than any
/// document needs.
const MOST_ROUNDS: usize = 50;

/// What became of a text.
#[derive(Debug)]
pub struct Fixed {
    /// The text with all edits made.
    pub text: String,
    /// What was mended, in the order in which it was.
    pub mended: Vec<Mended>,
    /// The text, and what is left to be said of it.
    pub left: Report,
}

/// A finding that was mended.
#[derive(Debug)]
pub struct Mended {
    /// The finding.
    pub diagnostic: Diagnostic,
    /// Where it was, in the text as it was then.
    pub place: Position,
}

/// Makes the safe edits of all findings, again and again until nothing changes. `check`
/// finds what is wrong with a text.
///
/// # Errors
/// Those of `check`.
pub fn fix<E>(text: &str, mut check: impl FnMut(&str) -> Result<Report, E>) -> Result<Fixed, E> {
    let mut text = text.to_owned();
    let mut left = check(&text)?;
    let mut mended = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let candidates = apart(&left.diagnostics);
        let mut round = Round { text: &text, errors: errors(&left), made: Vec::new(), found: None };
        round.make(&candidates, &mut check)?;
        let Some((next, report)) = round.found.take() else { break };
        mended.extend(round.made.iter().map(|diagnostic| Mended {
            diagnostic: (*diagnostic).clone(),
            place: left.source.position(diagnostic.primary.span.start),
        }));
        text = next;
        left = report;
    }
    Ok(Fixed { text, mended, left })
}

/// How many errors a report has.
fn errors(report: &Report) -> usize {
    report.diagnostics.iter().filter(|found| found.level == Level::Error).count()
}

/// The findings with safe edits that do not touch each other, in the order of the text.
fn apart(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut candidates: Vec<(&Diagnostic, &Edit)> = diagnostics
        .iter()
        .filter_map(|found| Some((found, found.edit.as_ref().filter(|edit| edit.safe)?)))
        .collect();
    candidates.sort_by_key(|(_, edit)| edit.span);
    let mut end = None;
    candidates.retain(|(_, edit)| {
        let is_apart = end.is_none_or(|end| edit.span.start > end);
        if is_apart {
            end = Some(edit.span.end);
        }
        is_apart
    });
    candidates.into_iter().map(|(found, _)| found).collect()
}

/// One round of edits to a text.
struct Round<'a> {
    text: &'a str,
    /// The errors of the text with the edits made so far.
    errors: usize,
    made: Vec<&'a Diagnostic>,
    /// The text with the edits made so far, and what is found in it.
    found: Option<(String, Report)>,
}

impl<'a> Round<'a> {
    /// Makes the edits of these findings, all at once where that is well, else those of
    /// each half, down to single ones.
    fn make<E>(
        &mut self,
        candidates: &[&'a Diagnostic],
        check: &mut impl FnMut(&str) -> Result<Report, E>,
    ) -> Result<(), E> {
        if candidates.is_empty() {
            return Ok(());
        }
        let all: Vec<&Diagnostic> = self.made.iter().chain(candidates).copied().collect();
        let text = edited(self.text, &all);
        let report = check(&text)?;
        let count = errors(&report);
        if count <= self.errors {
            self.errors = count;
            self.made = all;
            self.found = Some((text, report));
        } else if candidates.len() > 1 {
            let (first, second) = candidates.split_at(candidates.len() / 2);
            self.make(first, check)?;
            self.make(second, check)?;
        }
        Ok(())
    }
}

/// A text with the edits of findings made, which come in its order and do not overlap.
fn edited(text: &str, findings: &[&Diagnostic]) -> String {
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for edit in findings.iter().filter_map(|found| found.edit.as_ref()) {
        let span = edit.span.range();
        result.push_str(text.get(at..span.start).unwrap_or_default());
        result.push_str(&edit.replacement);
        at = span.end;
    }
    result.push_str(text.get(at..).unwrap_or_default());
    result
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::diag::codes;
    use crate::source::Source;

    /// What becomes of a `.json` document, and the codes of what is left.
    fn fixed(text: &str) -> (String, Vec<&'static str>) {
        let check = |text: &str| -> Result<Report, Infallible> {
            let source = Source::new("a.json", text);
            let mut diagnostics = Vec::new();
            crate::plan(&source, &mut diagnostics);
            crate::diag::sort(&mut diagnostics);
            Ok(Report { source, diagnostics })
        };
        let fixed = fix(text, check).unwrap();
        let left = fixed.left.diagnostics.iter().map(|found| found.code.id).collect();
        (fixed.text, left)
    }

    #[test]
    fn what_is_safe_is_mended_in_as_many_rounds_as_it_takes() {
        let text = "\u{feff}{'id': \"x\", \"containers\": [{\"id\": \"a\", \"type\": \"Service\" \"image\": \"i:1\",
            \"netwrk_mode\": \"brige\", \"resources\": {\"cpus\": 1, \"mem\": 64,},,}]}";
        let mended = "\u{feff}{\"id\": \"x\", \"containers\": [{\"id\": \"a\", \"type\": \"service\", \"image\": \"i:1\",
            \"network_mode\": \"brige\", \"resources\": {\"cpus\": 1, \"mem\": 64}}]}";
        assert_eq!(fixed(text), (mended.to_owned(), vec!["E0204"]));
    }

    #[test]
    fn what_is_only_likely_stays() {
        let text = r#"{"id": "x", "containers": [{"id": "a", "type": "job", "image": "i:1",
            "resources": {"cpus": "1", "mem": 64}}]}"#;
        assert_eq!(fixed(text), (text.to_owned(), vec!["E0202"]));
    }

    #[test]
    fn an_edit_that_makes_more_errors_is_not_made() {
        // Every text with an `x` is worse.
        let check = |text: &str| -> Result<Report, Infallible> {
            let find = |at: usize, edit: &str| {
                let span = crate::source::Span::new(at, at + 1);
                Diagnostic::new(&codes::BAD_ENUM, span, "m").safe_edit(span, edit)
            };
            let mut diagnostics: Vec<Diagnostic> = text
                .match_indices('a')
                .map(|(at, _)| find(at, if at == 2 { "x" } else { "b" }))
                .collect();
            for (at, _) in text.match_indices('x') {
                diagnostics.extend(std::iter::repeat_n(find(at, "x"), 4));
            }
            Ok(Report { source: Source::new("t", text), diagnostics })
        };
        assert_eq!(fix("a a a", check).unwrap().text, "b a b");
    }
}
