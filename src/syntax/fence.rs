//! Fences of Markdown around a file that was copied together with them: lines of three or more backticks or tildes.

use super::around::Around;
use super::is_name;
use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span, Syntax};

/// The signs of fences.
const SIGNS: [char; 2] = ['`', '~'];

/// The minimum number of signs of a fence.
const LENGTH: usize = 3;

/// Finds the fences of a source: in its first line, or behind prose, and in one below, or in one of the first and the last line.
pub fn find(source: &Source, syntax: Syntax) -> Option<Around> {
    SIGNS.into_iter().find_map(|sign| find_of(source, sign, syntax))
}

/// A line that is a fence.
#[derive(Clone, Copy)]
struct Fence {
    /// All of it, with its break.
    line: Span,
    /// What is written in it.
    mark: Span,
    indent: usize,
    length: usize,
    /// Whether it has no name of a language.
    is_bare: bool,
}

impl Fence {
    fn new(line: &str, from: usize, sign: char) -> Option<Fence> {
        let written = line.trim_start_matches(' ');
        let name = written.trim_start_matches(sign);
        let (indent, length) = (line.len() - written.len(), written.len() - name.len());
        let written = written.trim_end();
        let mark = Span::new(from + indent, from + indent + written.len());
        let line = Span::new(from, from + line.len());
        let is_bare = name.trim().is_empty();
        // What is between backticks is code in a line.
        let is_fence = length >= LENGTH && !name.contains('`');
        is_fence.then_some(Fence { line, mark, indent, length, is_bare })
    }

    /// Whether it closes another one.
    fn closes(&self, open: &Fence) -> bool {
        self.is_bare && self.indent <= open.indent && self.length >= open.length
    }
}

/// Finds the fences of a sign, which nothing of JSON or YAML can start with. What is not a fence is behind the closing one.
fn find_of(source: &Source, sign: char, syntax: Syntax) -> Option<Around> {
    let text = source.text();
    let start = source.content_start();
    let content = text.get(start..)?;
    // Most files have none, which is found at once.
    let signs = String::from_iter([sign; LENGTH]);
    if !content.contains(&signs) {
        return None;
    }
    let lines = source.content_lines().filter(|(_, line)| !line.trim().is_empty());
    let mut fences = lines.filter_map(|(from, line)| Fence::new(line, from, sign)).peekable();
    let first = *fences.peek()?;
    let before = Span::new(start, first.line.range().start);
    let has_prose = !source.slice(before).trim().is_empty();
    let is_open = match has_prose {
        true => first.indent == 0 && is_prose(source.slice(before), syntax),
        false => true,
    };
    let open = fences.next_if(|_| is_open);
    let close = fences.find(|fence| match &open {
        Some(open) => fence.closes(open),
        None => fence.is_bare && fence.indent == 0,
    });
    let has_others = fences.next().is_some();
    let end = |close: Fence| Span::new(close.line.range().end, text.len());
    let has_text = close.is_some_and(|close| !source.slice(end(close)).trim().is_empty());
    let found = |fence: Fence| {
        Diagnostic::new(&codes::UNEXPECTED_TOKEN, fence.mark, "fence of Markdown in the file")
    };
    Some(match (open, close) {
        (Some(open), Some(close)) => {
            let kept = source.slice(Span { start: open.line.end, end: close.line.start });
            let head = if has_prose { before.to(open.line) } else { open.line };
            let all = head.to(end(close));
            let found = found(open).also(close.mark, "closed here");
            let diagnostic = match (has_others, has_text || has_prose) {
                (true, _) => found.help("keep only the lines between two fences"),
                (_, true) => {
                    found.help("keep only the lines between the fences").likely_edit(all, kept)
                }
                _ => found.help("keep only the lines between the fences").safe_edit(all, kept),
            };
            Around { lines: vec![head, close.line.to(end(close))], diagnostic }
        }
        // In the middle of a file, one says nothing about the other lines.
        (None, Some(_)) if has_text => return None,
        (Some(open), None) if has_prose => {
            let head = before.to(open.line);
            let help = "keep only the lines below it";
            let diagnostic = found(open).help(help).likely_edit(head, "");
            Around { lines: vec![head], diagnostic }
        }
        _ => {
            let fence = open.or(close)?;
            let diagnostic = found(fence).help("remove this line").safe_edit(fence.line, "");
            Around { lines: vec![fence.line], diagnostic }
        }
    })
}

/// Whether no line of a text is one of a file.
fn is_prose(text: &str, syntax: Syntax) -> bool {
    text.lines().map(str::trim).all(|line| {
        let is_entry = line.split_once(':').is_some_and(|(key, value)| {
            let is_value = value.starts_with(' ') && !value.trim().is_empty();
            is_name(key) && is_value
        });
        let is_data = line.starts_with(['{', '}', '[', ']', '"', '\'', '%']);
        let is_yaml =
            syntax == Syntax::Yaml && (is_entry || line.starts_with("- ") || line == "---");
        !is_data && !is_yaml
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Findings;

    /// The text with the fences removed, and whether that is certain.
    fn fixed(text: &str) -> Option<(String, bool)> {
        fixed_as("a.yaml", text)
    }

    fn fixed_as(name: &str, text: &str) -> Option<(String, bool)> {
        let source = Source::new(name, text);
        let mut found = Findings::new();
        let tree = super::super::parse(&source, &mut found);
        assert!(tree.is_some_and(|tree| tree.as_object().is_some()), "{text}");
        let edit = found.iter().next()?.edit.clone()?;
        assert_eq!(found.len(), 1, "{text}");
        Some((edit.applied_to(text), edit.safe))
    }

    #[test]
    fn fences_are_one_finding_and_what_is_between_them_is_read() {
        let all = |text: &str| Some((text.to_owned(), true));
        assert_eq!(fixed("```yaml\na: 1\nb: 2\n```\n"), all("a: 1\nb: 2\n"));
        assert_eq!(fixed("```\r\na: 1\r\n```\r\n"), all("a: 1\r\n"));
        assert_eq!(fixed("\n```json\n{\"a\": 1}\n```"), all("\n{\"a\": 1}\n"));
        assert_eq!(fixed("````\na: |\n  ```\n````\n\n"), all("a: |\n  ```\n"));
        assert_eq!(fixed("~~~ yaml\na: 1\n~~~\n"), all("a: 1\n"));
        assert_eq!(fixed("```\na: |\n  ~~~\n```\n"), all("a: |\n  ~~~\n"));
        // One of them was removed.
        assert_eq!(fixed("```yaml\na: 1\n"), all("a: 1\n"));
        assert_eq!(fixed("a: 1\n```\n"), all("a: 1\n"));
        // The text may be a part of the file.
        let before = "```\na: 1\n```\nThis is all.\n";
        assert_eq!(fixed(before), Some(("a: 1\n".to_owned(), false)));
    }

    #[test]
    fn fences_are_found_with_attributes_in_lists_and_behind_prose() {
        let all = |text: &str| Some((text.to_owned(), true));
        let some = |text: &str| Some((text.to_owned(), false));
        assert_eq!(fixed("```yaml title=\"a.yaml\" {1,3}\na: 1\n```\n"), all("a: 1\n"));
        assert_eq!(fixed("  ```yaml\n  a: 1\n  b: 2\n  ```\n"), all("  a: 1\n  b: 2\n"));
        assert_eq!(fixed("# A file\n\n```yaml\na: 1\n```\n"), some("a: 1\n"));
        assert_eq!(fixed("Here is the file:\n```\na: 1\n```\nThat is all.\n"), some("a: 1\n"));
        let json = "{\n  \"a\": 1\n}\n";
        for before in ["Save this as `a.json`:\n", "# A\n\nNote: it has no `b`.\n\n- one\n"] {
            let text = format!("{before}```json\n{json}```\n");
            assert_eq!(fixed_as("a.json", &text), some(json));
            assert_eq!(fixed_as("a.json", &format!("{before}```json\n{json}")), some(json));
        }
    }

    #[test]
    fn of_several_files_between_fences_none_is_chosen() {
        let text = "```\na: 1\n```\n\nor\n\n```\na: 2\n```\n";
        let mut found = Findings::new();
        super::super::parse(&Source::new("a.yaml", text), &mut found);
        assert!(found.len() == 1 && found.iter().all(|found| found.edit.is_none()));
    }

    #[test]
    fn backticks_in_texts_are_no_fences() {
        assert_eq!(fixed("a: |\n  ```\n  b\n  ```\n"), None);
        assert_eq!(fixed("a: 1\n# ```\n"), None);
        assert_eq!(fixed("a: ~\n"), None);
    }
}
