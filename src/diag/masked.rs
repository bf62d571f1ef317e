//! Findings as outputs show them, which end up in logs: without values that look like secrets.

use std::borrow::Cow;

use super::{Diagnostic, Report, codes};
use crate::secrets;
use crate::source::{Source, Span};

/// What is shown in place of a part of a secret in a message.
const MASK: &str = "***";

/// The minimum number of characters of what is taken for a part of a secret in a message.
const PART: usize = 3;

impl Report {
    /// The report with values masked that look like secrets: as its findings say, and as the names before them in
    /// the text say, also where the text has errors.
    pub(crate) fn masked(&self) -> Cow<'_, Report> {
        let found = self.diagnostics.iter().filter(|found| found.is_secret);
        let mut spans: Vec<Span> = found.map(|found| found.primary.span).collect();
        spans.extend(self.diagnostics.iter().filter_map(|found| found.hidden));
        for source in self.shown() {
            spans.extend(secrets::spans(source));
        }
        if spans.is_empty() {
            return Cow::Borrowed(self);
        }
        let places = merged(&spans);
        let diagnostics = self.diagnostics.iter().map(|found| self.without(found, &places));
        Cow::Owned(Report {
            source: self.source.masked(&spans),
            sources: self.sources.masked(&spans),
            diagnostics: diagnostics.collect(),
        })
    }

    /// The sources that the findings point into, each once.
    fn shown(&self) -> Vec<&Source> {
        let mut shown: Vec<&Source> = Vec::new();
        for found in &self.diagnostics {
            let labels = found.secondary.iter().map(|label| label.span);
            let edit = found.edit.as_ref().map(|edit| edit.span);
            for span in [found.primary.span].into_iter().chain(labels).chain(edit) {
                let source = self.source_of(span);
                if !shown.iter().any(|other| std::ptr::eq(*other, source)) {
                    shown.push(source);
                }
            }
        }
        shown
    }

    /// A finding whose texts have no part of the values in these spans, which are sorted and share no place.
    fn without(&self, found: &Diagnostic, spans: &[Span]) -> Diagnostic {
        let mut found = found.clone();
        if found.code == &codes::SECRET_IN_SIGHT {
            // It names the variable only, which the value may be a part of.
            return found;
        }
        let of = |place: Span| {
            let end = place.end.max(place.start + 1);
            let first = spans.partition_point(|span| span.end <= place.start);
            let inside = spans.iter().skip(first).take_while(move |span| span.start < end);
            inside.map(|span| self.source_of(*span).slice(*span).trim_matches(['"', '\'']))
        };
        let mut values: Vec<&str> = of(found.primary.span).collect();
        for label in &found.secondary {
            values.extend(of(label.span));
        }
        if let Some(edit) = &found.edit {
            let is_rewrite = !edit.span.range().is_empty() && !edit.replacement.is_empty();
            values.extend(of(edit.span));
            if is_rewrite && of(edit.span).next().is_some() {
                // It writes the value again.
                found.edit = None;
            }
        }
        values.retain(|value| value.chars().count() >= PART);
        let texts = [&mut found.message, &mut found.primary.text].into_iter();
        let labels = found.secondary.iter_mut().map(|label| &mut label.text);
        for text in texts.chain(labels).chain(&mut found.help) {
            // An address may be quoted whole by a finding about another part of it.
            if let Some(masked) = secrets::without_passwords(text) {
                *text = masked;
            }
            if !values.is_empty()
                && let Some(masked) = masked_text(text, &values)
            {
                *text = masked;
            }
        }
        found
    }
}

/// The spans, sorted, with those as one that share a place.
fn merged(spans: &[Span]) -> Vec<Span> {
    let mut sorted = spans.to_vec();
    sorted.sort_unstable_by_key(|span| (span.start, span.end));
    let mut merged: Vec<Span> = Vec::new();
    for span in sorted {
        match merged.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// A message without the parts in backticks or quotes that are in one of these values. `None` if there are none.
fn masked_text(text: &str, values: &[&str]) -> Option<String> {
    let is_of_value = |part: &str| {
        // An anchor of YAML is the name of an alias with another sign.
        let part = part.trim_end_matches("...").trim_start_matches('&');
        let is_long = part.chars().count() >= PART && part.contains(char::is_alphanumeric);
        is_long && values.iter().any(|value| value.contains(part) || part.contains(value))
    };
    let mut masked = text.to_owned();
    for quote in ['`', '"'] {
        let parts: Vec<&str> = masked.split(quote).collect();
        let last = parts.len() - 1;
        let inside = |at: usize| at % 2 == 1 && at < last;
        let parts: Vec<&str> = parts
            .iter()
            .enumerate()
            .map(|(at, part)| if inside(at) && is_of_value(part) { MASK } else { part })
            .collect();
        masked = parts.join(&quote.to_string());
    }
    (masked != text).then_some(masked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Findings, human};

    #[test]
    fn texts_and_edits_of_findings_have_no_secret() {
        let text = "A: b\nDB_PASSWORD: canary1: x\n";
        let source = Source::new("a.yaml", text);
        let at = |part: &str| {
            let start = text.find(part).unwrap();
            source.span(start..start + part.len())
        };
        let finding = Diagnostic::new(&codes::UNKNOWN_FIELD, at("canary1"), "unknown `canary1`")
            .help("write \"canary1: x\" in quotes")
            .likely_edit(at("canary1: x"), "\"canary1: x\"");
        let other =
            Diagnostic::new(&codes::UNKNOWN_FIELD, at("A"), "unknown `A`").safe_edit(at("b"), "c");
        let findings: Findings = [finding, other].into_iter().collect();
        let report = Report::new(source.clone(), findings);
        let masked = report.masked();
        let [other, finding] = masked.diagnostics.as_slice() else { panic!() };
        assert_eq!(finding.message, "unknown `***`");
        assert_eq!(finding.help, ["write \"***\" in quotes"]);
        assert_eq!(finding.edit, None);
        assert_eq!(other.message, "unknown `A`");
        assert!(other.edit.is_some());
        let shown = human::render(&report, false);
        assert!(shown.contains("DB_PASSWORD: **********"), "{shown}");
    }

    #[test]
    fn a_password_in_an_address_is_masked_in_findings_about_its_scheme() {
        let source = Source::new("a.yaml", "image: https://me:canary@host/x\n");
        let message = "invalid image `https://me:canary@host/x`: it has a scheme";
        let finding = Diagnostic::new(&codes::BAD_FORMAT, source.span(7..15), message);
        let report = Report::of(source, finding);
        let masked = report.masked();
        let [found] = masked.diagnostics.as_slice() else { panic!() };
        assert_eq!(found.message, "invalid image `https://me:***@host/x`: it has a scheme");
        let shown = human::render(&report, false);
        assert!(!shown.contains("canary"), "{shown}");
    }

    #[test]
    fn a_report_without_secrets_stays() {
        let source = Source::new("a.yaml", "A: b\n");
        let finding = Diagnostic::new(&codes::UNKNOWN_FIELD, source.span(0..1), "unknown `A`");
        assert!(matches!(Report::of(source, finding).masked(), Cow::Borrowed(_)));
    }

    #[test]
    fn an_anchor_is_masked_as_its_alias_is() {
        let masked = masked_text("define `&canary-1` or write \"*canary-1\"", &["*canary-1"]);
        assert_eq!(masked.as_deref(), Some("define `***` or write \"***\""));
    }
}
