//! One line per finding, as compilers print them, for editors and `grep`.

use std::fmt::Write;

use super::Report;
use crate::printable;

/// Renders `file:line:column: level[code]: message` for each finding.
pub fn render(reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        for diagnostic in &report.diagnostics {
            let source = report.source_of(diagnostic.primary.span);
            let position = source.position(diagnostic.primary.span.start);
            let _ = writeln!(
                text,
                "{}:{}:{}: {}[{}]: {}",
                source.shown_name(),
                position.line,
                position.column,
                diagnostic.level.name(),
                diagnostic.code.id,
                printable::line(&diagnostic.text())
            );
        }
    }
    text
}
