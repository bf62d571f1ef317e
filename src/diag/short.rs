//! Findings as compilers write them, one a line: what editors and `grep` read.

use std::fmt::Write;

use super::Report;

/// `file:line:column: level[code]: message`, for each finding.
pub fn render(reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        for diagnostic in &report.diagnostics {
            let place = report.source.position(diagnostic.primary.span.start);
            let _ = writeln!(
                text,
                "{}:{}:{}: {}[{}]: {}",
                report.source.name(),
                place.line,
                place.column,
                diagnostic.level.name(),
                diagnostic.code.id,
                one_line(&diagnostic.message)
            );
        }
    }
    text
}

/// A message without line breaks and other control characters.
fn one_line(message: &str) -> String {
    message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
