//! Findings as GitHub Actions workflow commands, which annotate the lines of a change. (GitHub
//! documentation, "Workflow commands for GitHub Actions".)

use std::fmt::Write;

use super::{Level, Report};
use crate::printable;

/// Renders one command per finding.
pub fn render(reports: &[Report]) -> String {
    let mut text = String::new();
    for report in reports {
        for diagnostic in &report.diagnostics {
            let command = match diagnostic.level {
                Level::Error => "error",
                Level::Warning => "warning",
                Level::Hint => "notice",
            };
            let span = diagnostic.primary.span;
            let source = report.source_of(span);
            let (start, end) = (source.position(span.start), source.position(span.end));
            let _ = write!(
                text,
                "::{command} file={},line={},endLine={}",
                property(&source.shown_name()),
                start.line,
                end.line
            );
            // Columns are valid only if both lines are the same.
            if start.line == end.line {
                let _ = write!(text, ",col={},endColumn={}", start.column, end.column);
            }
            let mut message = diagnostic.text().into_owned();
            for help in &diagnostic.help {
                let _ = write!(message, "\nhelp: {help}");
            }
            let _ = writeln!(
                text,
                ",title={}::{}",
                diagnostic.code.id,
                data(&printable::lines(&message))
            );
        }
    }
    text
}

/// Escapes the message of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::{Diagnostic, codes};
    use crate::source::{Source, Span};

    #[test]
    fn special_characters_are_escaped() {
        let diagnostic = Diagnostic::new(&codes::UNKNOWN_FIELD, Span::new(1, 2), "50 %\r\n::x");
        let source = Source::new("a,b:c%.json", "{x}");
        let report = Report::of(source, diagnostic.help("y"));
        assert_eq!(
            render(&[report]),
            "::error file=a%2Cb%3Ac%25.json,line=1,endLine=1,col=2,endColumn=3,title=E0201\
             ::50 %25\\r\\n::x%0Ahelp: y\n"
        );
    }

    #[test]
    fn columns_are_omitted_for_several_lines() {
        let diagnostic = Diagnostic::new(&codes::UNUSED_VOLUME, Span::new(0, 3), "m");
        let report = Report::of(Source::new("a", "{\n}"), diagnostic);
        assert_eq!(render(&[report]), "::warning file=a,line=1,endLine=2,title=W0301::m\n");
    }
}
