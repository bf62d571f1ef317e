//! The sink that every phase adds its findings to.

use std::sync::Arc;

use super::{Code, Diagnostic, Level, MAX_FINDINGS, codes};
use crate::source::Span;

/// The findings of a run, as the phases make them.
///
/// The sink bounds their number where they are made: of millions of findings, only those are kept
/// that can be among the [`MAX_FINDINGS`] that are reported. Errors take precedence over
/// warnings, and warnings over hints, so that none of them hides that there is an error.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    all: Vec<Diagnostic>,
    /// The number of findings of each level: errors, warnings, hints.
    counts: [usize; 3],
    /// The target that makes the findings.
    target: Option<Arc<str>>,
}

impl Findings {
    /// A sink without findings.
    pub fn new() -> Findings {
        Findings::default()
    }

    /// A sink for the findings of one target.
    pub fn of_target(name: &str) -> Findings {
        Findings { target: Some(name.into()), ..Findings::default() }
    }

    /// Adds a finding, unless there are more than are reported.
    pub fn push(&mut self, mut finding: Diagnostic) {
        if self.is_full(finding.level) {
            return;
        }
        if finding.target.is_none() {
            finding.target.clone_from(&self.target);
        }
        count(&mut self.counts, finding.level);
        self.all.push(finding);
    }

    /// Adds the finding of this code that `make` returns, which is not called if the finding
    /// would not be kept.
    pub fn add(&mut self, code: &'static Code, make: impl FnOnce(&'static Code) -> Diagnostic) {
        if !self.is_full(code.level) {
            self.push(make(code));
        }
    }

    /// Whether another finding of this level would not be kept. Phases that may find millions
    /// of findings stop then.
    pub fn is_full(&self, level: Level) -> bool {
        self.counts.iter().take(level as usize + 1).sum::<usize>() > MAX_FINDINGS
    }

    /// Whether there is an error.
    pub fn has_errors(&self) -> bool {
        self.counts.first().is_some_and(|errors| *errors > 0)
    }

    /// Whether there are no findings.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The number of findings that are kept.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The findings, in the order in which they were added.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.all.iter()
    }

    /// The findings for changes of all but their levels.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Diagnostic> {
        self.all.iter_mut()
    }

    /// Moves all spans by this number of bytes.
    pub(crate) fn move_spans(&mut self, by: u32) {
        for finding in &mut self.all {
            let labels = std::iter::once(&mut finding.primary).chain(&mut finding.secondary);
            labels.for_each(|label| label.span = label.span.moved(by));
            finding.hidden = finding.hidden.map(|span| span.moved(by));
            if let Some(edit) = &mut finding.edit {
                edit.span = edit.span.moved(by);
            }
        }
    }

    /// Removes all findings.
    pub fn clear(&mut self) {
        self.retain(|_| false);
    }

    /// Removes the findings for which `keep` returns `false`.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.all.retain(keep);
        self.counts = [0; 3];
        self.all.iter().for_each(|finding| count(&mut self.counts, finding.level));
    }

    /// The findings as they are reported: sorted by location, without duplicates, at most
    /// [`MAX_FINDINGS`], and a last one that says so if there were more.
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut all = self.all;
        sort(&mut all);
        if all.len() > MAX_FINDINGS {
            // Findings of the highest severity are kept wherever they are in the file.
            all.sort_by_key(|finding| finding.level);
            all.truncate(MAX_FINDINGS);
            sort(&mut all);
            let span = all.last().map_or(Span::at(0), |last| last.primary.span);
            let message = format!("more than {MAX_FINDINGS} findings; the others are not shown");
            all.push(Diagnostic::new(&codes::TOO_MANY, span, message));
        }
        all
    }
}

impl Extend<Diagnostic> for Findings {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, findings: I) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }
}

impl FromIterator<Diagnostic> for Findings {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(findings: I) -> Findings {
        let mut sink = Findings::new();
        sink.extend(findings);
        sink
    }
}

impl IntoIterator for Findings {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}

/// Counts a finding of this level.
fn count(counts: &mut [usize; 3], level: Level) {
    if let Some(count) = counts.get_mut(level as usize) {
        *count += 1;
    }
}

/// Sorts findings by location and removes duplicates.
fn sort(findings: &mut Vec<Diagnostic>) {
    findings.sort_by(|a, b| {
        let key = |d: &Diagnostic| (d.primary.span, d.level, d.code.id);
        let by_text = || a.target.cmp(&b.target).then_with(|| a.message.cmp(&b.message));
        key(a).cmp(&key(b)).then_with(by_text)
    });
    findings.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(code: &'static Code, at: usize) -> Diagnostic {
        Diagnostic::new(code, Span::at(at), format!("m{at}"))
    }

    #[test]
    fn warnings_beyond_the_maximum_never_hide_an_error() {
        let mut findings = Findings::new();
        for at in 0..3 * MAX_FINDINGS {
            findings.push(finding(&codes::UNUSED_VOLUME, at));
        }
        assert_eq!(findings.len(), MAX_FINDINGS + 1);
        assert!(findings.is_full(Level::Warning) && !findings.is_full(Level::Error));
        findings.push(finding(&codes::BAD_ENUM, usize::MAX));
        assert!(findings.has_errors());
        let sorted = findings.into_sorted();
        assert_eq!(sorted.len(), MAX_FINDINGS + 1);
        assert!(sorted.iter().any(|found| found.code == &codes::BAD_ENUM));
        assert_eq!(sorted.last().map(|last| last.code), Some(&codes::TOO_MANY));
    }

    #[test]
    fn findings_beyond_the_maximum_are_not_made() {
        let mut findings = Findings::new();
        let mut made = 0;
        for at in 0..2 * MAX_FINDINGS {
            findings.add(&codes::BAD_ENUM, |code| {
                made += 1;
                finding(code, at)
            });
        }
        assert_eq!(made, MAX_FINDINGS + 1);
    }

    #[test]
    fn a_target_is_on_each_of_its_findings() {
        let mut findings = Findings::of_target("nomad");
        findings.push(finding(&codes::APPROXIMATED, 0));
        let mut all = Findings::new();
        all.push(finding(&codes::BAD_ENUM, 1));
        all.extend(findings);
        let targets: Vec<_> = all.iter().map(|found| found.target.as_deref()).collect();
        assert_eq!(targets, [None, Some("nomad")]);
    }

    #[test]
    fn removed_findings_do_not_count() {
        let mut findings: Findings = [finding(&codes::BAD_ENUM, 0)].into_iter().collect();
        findings.retain(|_| false);
        assert!(!findings.has_errors() && findings.is_empty());
    }
}
