//! Doubts about edits: where a quote is missing or is one too many, what is text and what is not are the other way round, so
//! that no edit of the line is certain to be what its author meant.

use std::collections::HashSet;

use super::quotes;
use crate::diag::{Diagnostic, Findings, codes};
use crate::source::Source;

/// Offers the edits of such lines, in place of applying them.
pub fn doubt(source: &Source, found: &mut Findings) {
    let line = |found: &Diagnostic| source.line_of(found.primary.span.start);
    let is_doubtful = |found: &&Diagnostic| {
        touches(source, found) || keeps_quote(source, found) || may_be_flag(source, found)
    };
    let lines: HashSet<usize> = found.iter().filter(is_doubtful).map(line).collect();
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
    if found.code == &codes::MISSING_COLON && span.range().is_empty() {
        // The `:` may be there, before the quote or behind it.
        let inside = source.text().get(..span.start as usize).unwrap_or_default();
        let inside = inside.strip_suffix(['"', '\'']).unwrap_or_default().trim_end();
        return before.is_some_and(is_quote)
            && (inside.ends_with(':') || next.is_some_and(|c| !c.is_whitespace()));
    }
    found.code == &codes::BAD_STRING
        && source.slice(span).starts_with(['\'', '\u{2018}', '\u{201c}'])
        && next.is_some_and(char::is_alphanumeric)
}

/// Whether an edit makes a quote of another kind part of a text, or escapes between such quotes, which may not be meant to
/// be text.
fn keeps_quote(source: &Source, found: &Diagnostic) -> bool {
    let Some(edit) = &found.edit else { return false };
    let is_other = |c: char| c != '"' && quotes::is_quote(c);
    let (span, new) = (edit.span, edit.replacement.as_str());
    if new == "\"" && span.range().is_empty() {
        let before = source.text().get(..span.start as usize).unwrap_or_default();
        return before.ends_with(is_other);
    }
    let Some(inside) = new.strip_prefix('"').and_then(|new| new.strip_suffix('"')) else {
        return false;
    };
    let old = source.slice(span);
    let between = old.starts_with(is_other) && !old.starts_with('\'');
    inside.starts_with(is_other) || inside.ends_with(is_other) || (between && old.contains('\\'))
}

/// Whether an edit takes the `-` of what may be an argument of a command for that of an entry.
fn may_be_flag(source: &Source, found: &Diagnostic) -> bool {
    let Some(edit) = &found.edit else { return false };
    let at = edit.span.start as usize;
    let is_space = edit.replacement == " " && edit.span.range().is_empty();
    let Some(rest) = source.text().get(at..).filter(|_| is_space) else { return false };
    let before = source.text().get(..at).unwrap_or_default();
    let word = rest.lines().next().unwrap_or_default().trim_end();
    let is_entry = word.starts_with(['"', '\'']) || word.ends_with(':') || word.contains(": ");
    before.ends_with('-') && !is_entry
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
            r#"{"URL: "redis://store"}"#,
            r#"{"A': "x"}"#,
            r#"{"A:" [1]}"#,
            r#"{"E"": true, "F": 2}"#,
            r#"{"A": “a\nb”}"#,
            r#"{"A": «user\\@example.org»}"#,
            r#"{"A": "x“, "B": 1}"#,
            r#"{"A": "x', "B": 1}"#,
            r#"{`A`: "b"}"#,
        ] {
            assert!(!is_edited("a.json", text), "{text}");
        }
        for text in ["a:\n  - b\n  --save\n", "a:\n  - b\n  -v\n", "a: @b'\n"] {
            assert!(!is_edited("a.yaml", text), "{text}");
        }
    }

    #[test]
    fn other_lines_keep_their_edits() {
        for text in
            ["{id: 'a', b: [1 2]}", "{'id': \"x\", \"a\": \"b\" \"c\": 1}", r#"{"a": "b" "c": 1}"#]
        {
            assert!(is_edited("a.json", text), "{text}");
        }
        for text in [r#"{"a" 1}"#, r#"{"a": “b”}"#, r#"{"a": “it's”}"#] {
            assert!(is_edited("a.json", text), "{text}");
        }
        for text in ["a:\n  -b: 1\n   c: 2\n", "a:\n  - b\n  -\"c\"\n"] {
            assert!(is_edited("a.yaml", text), "{text}");
        }
    }
}
