//! Numbers of lines and marks of quotes that were copied together with each line of a file.
//!
//! Where the lines of such a file start is only known without them, so that nothing else is said about it.

use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span};

/// The number of lines with a number, at least: fewer may be entries.
const FEWEST: usize = 3;

/// Signs that separate a number from its line.
const SIGNS: [char; 5] = [':', '.', ')', '|', '│'];

/// A line: where it starts, and what is written in it.
type Line<'s> = (usize, &'s str);

/// The finding for the text before each line of a source.
pub fn find(source: &Source) -> Option<Diagnostic> {
    let start = source.content_start();
    let content = source.text().get(start..)?;
    // Most files start with something else, which is found at once.
    let first = content.trim_start();
    if !first.starts_with(|c: char| c == '>' || c.is_ascii_digit()) {
        return None;
    }
    let all = source.content_lines();
    let all = all.map(|(from, line)| (from, line.trim_end_matches(['\n', '\r'])));
    let count = content.trim_end().split('\n').count();
    let lines: Vec<Line<'_>> =
        all.take(count).skip_while(|(_, line)| line.trim().is_empty()).collect();
    let (what, ends) = match quotes(&lines) {
        Some(ends) => ("mark of a quote", ends),
        None => ("line number", numbers(&lines)?),
    };
    let ((from, first), (last, line)) = (*lines.first()?, *lines.last()?);
    let mark = |at: usize, line: &str, end: usize| {
        let text = line.get(..end).unwrap_or_default();
        let blank = text.len() - text.trim_start().len();
        Span::new(at + blank, at + text.trim_end().len().max(blank))
    };
    let whole = Span::new(from, last + line.len());
    let mut kept = String::with_capacity(whole.range().len());
    let mut at = from;
    for ((from, _), end) in lines.iter().zip(&ends) {
        kept.push_str(source.text().get(at..*from)?);
        at = from + end;
    }
    kept.push_str(source.text().get(at..last + line.len())?);
    let message = format!("{what} at the start of each line");
    Some(
        Diagnostic::new(&codes::UNEXPECTED_TOKEN, mark(from, first, *ends.first()?), message)
            .also(mark(last, line, *ends.last()?), "to the end of the file")
            .help("remove them, or copy the file without them")
            .safe_edit(whole, kept),
    )
}

/// The lengths of the marks of a quote of Markdown or a mail at the start of lines. `None` if not all have one.
fn quotes(lines: &[Line<'_>]) -> Option<Vec<usize>> {
    // Of a quote in a quote, the marks that all lines have.
    let written = || lines.iter().filter(|(_, line)| !line.trim().is_empty());
    let depth = written().map(|(_, line)| marks(line).count()).min().filter(|depth| *depth > 0)?;
    let length = |line: &str| marks(line).nth(depth - 1).unwrap_or_default();
    let ends = lines.iter().map(|(_, line)| length(line)).collect();
    (lines.len() > 1).then(|| with_space(lines, ends))
}

/// The ends of the marks at the start of a line, with a space between them at most.
fn marks(line: &str) -> impl Iterator<Item = usize> {
    let mut end = 0;
    std::iter::from_fn(move || {
        let rest = line.get(end..)?;
        let space = usize::from(end > 0 && rest.starts_with(' '));
        rest.get(space..)?.starts_with('>').then(|| {
            end += space + 1;
            end
        })
    })
}

/// The lengths of numbers and signs at the start of lines. `None` if not all have them, one after the other.
fn numbers(lines: &[Line<'_>]) -> Option<Vec<usize>> {
    let number = |line: &str| {
        let rest = line.trim_start();
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let end = line.len() - rest.len() + digits;
        Some((rest.get(..digits)?.parse::<usize>().ok()?, end))
    };
    let sign = |line: &str, end: usize| {
        let rest = line.get(end..)?;
        let sign = rest.trim_start().chars().next().filter(|first| SIGNS.contains(first))?;
        // Behind spaces, only a line separates the number.
        (rest.starts_with(sign) || "|│".contains(sign)).then_some(sign)
    };
    let (_, first) = lines.first()?;
    let (start, end) = number(first)?;
    let separator = sign(first, end);
    let mut ends = Vec::with_capacity(lines.len());
    for (at, (_, line)) in lines.iter().enumerate() {
        let (count, end) = number(line)?;
        let rest = line.get(end..)?;
        let is_next = start.checked_add(at) == Some(count);
        let is_same = match separator {
            Some(_) => sign(line, end) == separator,
            None => rest.is_empty() || rest.starts_with([' ', '\t']),
        };
        if !is_next || !is_same {
            return None;
        }
        let blank = rest.len() - rest.trim_start().len();
        ends.push(end + separator.map_or(0, |sign| blank + sign.len_utf8()));
    }
    let has_text = |(line, end): (&Line<'_>, &usize)| line.1.len() > *end;
    (lines.len() >= FEWEST && lines.iter().zip(&ends).any(has_text))
        .then(|| with_space(lines, ends))
}

/// The lengths together with the space or tab behind them, if all lines have one.
fn with_space(lines: &[Line<'_>], ends: Vec<usize>) -> Vec<usize> {
    let has_space = |line: &Line<'_>, end: usize| {
        let rest = line.1.get(end..).unwrap_or_default();
        rest.is_empty() || rest.starts_with([' ', '\t'])
    };
    let all = lines.iter().zip(&ends).all(|(line, end)| *end == 0 || has_space(line, *end));
    let more = |(line, end): (&Line<'_>, &usize)| {
        end + usize::from(all && *end > 0 && *end < line.1.len())
    };
    lines.iter().zip(&ends).map(more).collect()
}

#[cfg(test)]
mod tests {
    use super::super::testing;

    const FILES: [(&str, &str); 3] = [
        ("a.json", "{\n  \"a\": {\n    \"b\": 1\n  }\n}\n"),
        ("a.yaml", "a:\n  b: 1\n\n  c:\n    - d: 1\n      e: 2\nf: 3\ng: 4\nh: 5\ni: 6\nj: 7\n"),
        ("b.yaml", "a: 1\r\nb:\r\n  c: 1\r\n"),
    ];

    /// The text with the edit of its only finding.
    fn fixed(name: &str, text: &str) -> Option<String> {
        testing::fixed(name, text, "at the start of each line")
    }

    #[test]
    fn what_is_before_each_line_is_one_finding() {
        type Prefix = fn(usize, &str) -> String;
        let prefixes: [Prefix; 13] = [
            |_, line| format!("> {line}"),
            |_, line| format!("> > {line}"),
            |_, line| format!(">>{line}"),
            |_, line| format!(">{line}"),
            |_, line| format!("> {line}").trim_end_matches(' ').to_owned(),
            |at, line| format!("{at} {line}"),
            |at, line| format!("{at:3} {line}"),
            |at, line| format!("{at:6}\t{line}"),
            |at, line| format!("{at:3}: {line}"),
            |at, line| format!("{at}. {line}"),
            |at, line| format!("{at}|{line}"),
            |at, line| format!("{at:2} | {line}").trim_end_matches(' ').to_owned(),
            |at, line| format!("{at:4} │ {line}"),
        ];
        for (name, file) in FILES {
            for prefix in prefixes {
                for start in [1, 8] {
                    let lines = file.split_inclusive('\n').enumerate();
                    let text: String = lines.map(|(at, line)| prefix(start + at, line)).collect();
                    assert_eq!(fixed(name, &text).as_deref(), Some(file), "{text}");
                }
            }
        }
    }

    #[test]
    fn other_numbers_and_marks_are_not_of_lines() {
        for text in [
            "a: >\n  > b\n  > c\n",
            "> a\nb: 1\n",
            "1: a\n2: b\n",
            "1: a\n3: b\n4: c\n",
            "1: a\n2: b\nc: 1\n",
            "1\n2\n3\n",
            "- 1\n- 2\n- 3\n",
        ] {
            assert_eq!(fixed("a.yaml", text), None, "{text}");
        }
        assert_eq!(fixed("a.json", "1"), None);
    }
}
