//! Findings as a GitLab code quality report. (GitLab documentation, "Code Quality report
//! format".)

use serde::Serialize;

use super::fingerprint::Fingerprints;
use super::{Level, Report};

#[derive(Serialize)]
struct Finding<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'a str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
    end: usize,
}

/// Renders one array for all reports.
pub fn render(reports: &[Report]) -> String {
    let mut fingerprints = Fingerprints::default();
    let mut findings = Vec::new();
    for report in reports {
        for diagnostic in &report.diagnostics {
            let span = diagnostic.primary.span;
            let source = report.source_of(span);
            findings.push(Finding {
                description: diagnostic.text().into_owned(),
                check_name: diagnostic.code.id,
                fingerprint: fingerprints.of(report, diagnostic),
                severity: match diagnostic.level {
                    Level::Error => "critical",
                    Level::Warning => "minor",
                    Level::Hint => "info",
                },
                location: Location {
                    // GitLab requires paths relative to the repository, without `./`.
                    path: source.name().trim_start_matches("./"),
                    lines: Lines {
                        begin: source.position(span.start).line,
                        end: source.position(span.end).line,
                    },
                },
            });
        }
    }
    // Serializing structs of strings and numbers cannot fail.
    let mut text = serde_json::to_string_pretty(&findings).unwrap_or_default();
    text.push('\n');
    text
}
