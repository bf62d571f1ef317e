//! Fences of Markdown around a file that was copied together with them: lines of three or more backticks or tildes.

use super::around::Around;
use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span};

/// The signs of fences.
const SIGNS: [char; 2] = ['`', '~'];

/// The minimum number of signs of a fence.
const LENGTH: usize = 3;

/// Finds the fences of a source: in its first line and in one below, or in one of the first and the last line.
pub fn find(source: &Source) -> Option<Around> {
    SIGNS.into_iter().find_map(|sign| find_of(source, sign))
}

/// Finds the fences of a sign, which nothing of JSON or YAML can start with. What is not a fence is behind the closing one.
fn find_of(source: &Source, sign: char) -> Option<Around> {
    let text = source.text();
    let start = source.content_start();
    let content = text.get(start..)?;
    // Most files have none, which is found at once.
    let (first, last) = (content.trim_start(), content.trim_end());
    let opens = first.starts_with(sign);
    if !opens && !last.ends_with(sign) {
        return None;
    }
    let mut written = source.content_lines().filter(|(_, line)| !line.trim().is_empty());
    let span = |(from, line): (usize, &str)| Span::new(from, from + line.len());
    let open = written.next().filter(|(_, line)| is_fence(line, sign, true)).map(span);
    let close = written.find(|(_, line)| is_fence(line, sign, false)).map(span);
    let mark = |fence: Span| {
        let written = source.slice(fence).trim_end();
        Span::new(fence.start as usize, fence.start as usize + written.len())
    };
    let end = |close: Span| Span::new(close.end as usize, text.len());
    let has_text = close.is_some_and(|close| !source.slice(end(close)).trim().is_empty());
    let found = |fence: Span| {
        Diagnostic::new(&codes::UNEXPECTED_TOKEN, mark(fence), "fence of Markdown in the file")
    };
    Some(match (open, close) {
        (Some(open), Some(close)) => {
            let kept = source.slice(Span { start: open.end, end: close.start });
            let all = open.to(end(close));
            let found = found(open)
                .also(mark(close), "closed here")
                .help("keep only the lines between the fences");
            let diagnostic = match has_text {
                false => found.safe_edit(all, kept),
                true => found.likely_edit(all, kept),
            };
            Around { lines: vec![open, close.to(end(close))], diagnostic }
        }
        // In the middle of a file, one says nothing about the other lines.
        (None, Some(_)) if has_text => return None,
        _ => {
            let fence = open.or(close)?;
            let diagnostic = found(fence).help("remove this line").safe_edit(fence, "");
            Around { lines: vec![fence], diagnostic }
        }
    })
}

/// Whether a line is a fence, which may name a language where it opens.
fn is_fence(line: &str, sign: char, opens: bool) -> bool {
    let line = line.trim_end();
    let name = line.trim_start_matches(sign);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "+-_.".contains(c);
    let is_allowed = if opens { name.trim().chars().all(is_name) } else { name.is_empty() };
    line.len() - name.len() >= LENGTH && is_allowed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Findings;

    /// The text with the fences removed, and whether that is certain.
    fn fixed(text: &str) -> Option<(String, bool)> {
        let source = Source::new("a.yaml", text);
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
    fn backticks_in_texts_are_no_fences() {
        assert_eq!(fixed("a: |\n  ```\n  b\n  ```\n"), None);
        assert_eq!(fixed("a: 1\n# ```\n"), None);
        assert_eq!(fixed("a: ~\n"), None);
    }
}
