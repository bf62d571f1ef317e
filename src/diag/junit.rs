//! Findings as JUnit XML: one test suite per file, one test case per finding. Errors are failed
//! cases; warnings and hints are passed cases with output.

use std::fmt::Write;

use super::xml::escape;
use super::{Diagnostic, Level, Report};
use crate::source::Source;

/// Renders one document for all reports.
pub fn render(reports: &[Report]) -> String {
    let mut suites = String::new();
    let (mut tests, mut failures) = (0, 0);
    for report in reports {
        let cases: Vec<&Diagnostic> = report.diagnostics.iter().collect();
        let failed = cases.iter().filter(|case| case.level == Level::Error).count();
        // A file without findings is one passed case.
        let count = cases.len().max(1);
        tests += count;
        failures += failed;
        let name = escape(report.source.name());
        let _ = writeln!(
            suites,
            "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\">"
        );
        if cases.is_empty() {
            let _ = writeln!(suites, "    <testcase name=\"no findings\" classname=\"{name}\"/>");
        }
        for diagnostic in cases {
            suites.push_str(&case(report.source_of(diagnostic.primary.span), diagnostic));
        }
        suites.push_str("  </testsuite>\n");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"applc\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n\
         {suites}</testsuites>\n"
    )
}

fn case(source: &Source, diagnostic: &Diagnostic) -> String {
    let file = escape(source.name());
    let place = source.position(diagnostic.primary.span.start);
    let (line, column) = (place.line, place.column);
    let code = diagnostic.code.id;
    let message = escape(&diagnostic.text());
    let level = diagnostic.level.name();
    let mut details = format!("{}:{line}:{column}: {}", source.name(), diagnostic.text());
    for help in &diagnostic.help {
        let _ = write!(details, "\nhelp: {help}");
    }
    let details = escape(&details);
    let start = format!(
        "    <testcase name=\"{code} at {line}:{column}\" classname=\"{file}\" file=\"{file}\" line=\"{line}\">\n"
    );
    let body = match diagnostic.level {
        Level::Error => {
            format!("      <failure type=\"{code}\" message=\"{message}\">{details}</failure>\n")
        }
        _ => format!("      <system-out>{level}[{code}]: {details}</system-out>\n"),
    };
    format!("{start}{body}    </testcase>\n")
}
