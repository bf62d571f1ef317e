//! Doubts about edits: where a quote is missing or is one too many, what is text and what is not are the other way round, so
//! that no edit of the line is certain to be what its author meant.

use std::collections::HashSet;

use crate::diag::{Diagnostic, Findings, codes};
use crate::source::Source;

/// Offers the edits of such lines, in place of applying them.
pub fn doubt(source: &Source, found: &mut Findings) {
    let line = |found: &Diagnostic| source.line_of(found.primary.span.start);
    let lines: HashSet<usize> =
        found.iter().filter(|found| touches(source, found)).map(line).collect();
    if lines.is_empty() {
        return;
    }
    for found in found.iter_mut().filter(|found| lines.contains(&line(found))) {
        if let Some(edit) = &mut found.edit {
            edit.safe = false;
        }
    }
}

/// Whether a comma is missing between a quote and text that it touches, or text touches the end of a string in other quotes.
fn touches(source: &Source, found: &Diagnostic) -> bool {
    let span = found.primary.span;
    let before = source.text().get(..span.start as usize).unwrap_or_default().chars().next_back();
    let next = source.text().get(span.end as usize..).unwrap_or_default().chars().next();
    let is_quote = |c: char| matches!(c, '"' | '\'');
    let is_apart = |c: char| c.is_whitespace() || "[]{},".contains(c);
    if found.code == &codes::MISSING_COMMA {
        return (before.is_some_and(is_quote) && next.is_some_and(|c| !is_apart(c)))
            || (next.is_some_and(is_quote) && before.is_some_and(|c| !is_apart(c)));
    }
    found.code == &codes::BAD_STRING
        && source.slice(span).starts_with(['\'', '\u{2018}', '\u{201c}'])
        && next.is_some_and(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether some edit of a text is applied without a question.
    fn is_edited(name: &str, text: &str) -> bool {
        let mut found = Findings::new();
        super::super::parse(&Source::new(name, text), &mut found);
        assert!(found.has_errors(), "{text}");
        found.iter().any(|found| found.edit.as_ref().is_some_and(|edit| edit.safe))
    }

    #[test]
    fn no_edit_is_certain_where_quotes_are_out_of_step() {
        for text in [
            r#"{"P": "C:\\dir\","Q": "x"}"#,
            r#"{"A": "say "hi" you"}"#,
            r#"{"A": ""service""}"#,
            "{\"A\": \"\"\"x\ny\"\"\"}",
            r#"{"A": r"C:\\dir"}"#,
            "{'A':'a,'B':'b'}",
            "{'A': 'it's me'}",
        ] {
            assert!(!is_edited("a.json", text), "{text}");
        }
    }

    #[test]
    fn other_lines_keep_their_edits() {
        for text in
            ["{id: 'a', b: [1 2]}", "{'id': \"x\", \"a\": \"b\" \"c\": 1}", r#"{"a": "b" "c": 1}"#]
        {
            assert!(is_edited("a.json", text), "{text}");
        }
    }
}
