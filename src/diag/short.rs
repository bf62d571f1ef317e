//! One line per finding, as compilers print them, for editors and `grep`.

use std::fmt::Write;

use super::Report;

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
                source.name(),
                position.line,
                position.column,
                diagnostic.level.name(),
                diagnostic.code.id,
                one_line(&diagnostic.text())
            );
        }
    }
    text
}

/// Replaces line breaks and other control characters with spaces.
fn one_line(message: &str) -> String {
    message.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
