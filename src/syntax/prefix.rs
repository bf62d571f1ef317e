//! Numbers of lines, and marks of quotes and of changes, that were copied together with each line of a file.
//!
//! Where the lines of such a file start is only known without them, so that nothing else is said about it.

use super::{Keys, is_read};
use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span, Syntax};

/// The number of lines with a number, at least: fewer may be entries.
pub const FEWEST: usize = 3;

/// Signs that separate a number from its line.
const SIGNS: [char; 5] = [':', '.', ')', '|', '│'];

/// Starts of lines that are about a file of changes.
const HEADERS: [&str; 7] =
    ["diff --git ", "index ", "new file mode ", "--- ", "+++ ", "@@ ", "\\ No newline"];

/// A line: where it starts, and what is written in it.
type Line<'s> = (usize, &'s str);

/// When what is before lines is certainly no part of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certain {
    /// Nothing else starts lines in this way.
    Always,
    /// If the file is read without an error then.
    IfRead,
    /// If it is not read without an error as it is, either.
    IfOnlyRead,
}

/// What is before lines.
struct Prefix {
    /// What it is called.
    what: &'static str,
    /// Its length in each line.
    ends: Vec<usize>,
    certain: Certain,
    /// Whether some lines are left out with all that is in them.
    is_part: bool,
}

impl Prefix {
    fn new(what: &'static str, ends: Vec<usize>) -> Prefix {
        Prefix { what, ends, certain: Certain::Always, is_part: false }
    }

    /// The same before all lines but the first. It may be a part of a text over several lines.
    fn below_first(self) -> Prefix {
        let ends = std::iter::once(0).chain(self.ends).collect();
        Prefix { ends, certain: Certain::IfOnlyRead, ..self }
    }
}

/// The finding for the text before each line of a source.
pub fn find(source: &Source, syntax: Syntax, keys: Keys) -> Option<Diagnostic> {
    let start = source.content_start();
    let content = source.text().get(start..)?;
    // Most files start with something else, which is found at once.
    let mut first = content.lines().filter(|line| !line.trim().is_empty()).take(2);
    let may_have = |line: &str| {
        let is_mark = |c: char| c == '>' || c.is_ascii_digit();
        line.starts_with(['+', '-', 'd']) || line.trim_start().starts_with(is_mark)
    };
    if !first.any(may_have) && !content.starts_with(' ') {
        return None;
    }
    let all = source.content_lines();
    let all = all.map(|(from, line)| (from, line.trim_end_matches(['\n', '\r'])));
    let count = content.trim_end().split('\n').count();
    let lines: Vec<Line<'_>> =
        all.take(count).skip_while(|(_, line)| line.trim().is_empty()).collect();
    let below = lines.get(1..)?;
    let (first, last) = (lines.first()?.0, *lines.last()?);
    let whole = Span::new(first, last.0 + last.1.len());
    let kept = |ends: &[usize]| {
        let mut kept = String::with_capacity(whole.range().len());
        let mut at = whole.range().start;
        for ((from, _), end) in lines.iter().zip(ends) {
            kept.push_str(source.text().get(at..*from).unwrap_or_default());
            at = from + end;
        }
        kept.push_str(source.text().get(at..whole.range().end).unwrap_or_default());
        kept
    };
    // Whether a text is read without an error.
    let is_read = |kept: &str| is_read(source, kept, syntax, keys);
    let quotes = |lines| Some(Prefix::new("mark of a quote", quotes(lines)?));
    let numbers = |lines, gaps| Some(Prefix::new("line number", numbers(lines, gaps)?));
    let candidates: [&dyn Fn() -> Option<Prefix>; 6] = [
        &|| quotes(&lines),
        &|| numbers(&lines, false),
        &|| changes(&lines, syntax),
        &|| Some(quotes(below)?.below_first()),
        &|| Some(Prefix { certain: Certain::IfRead, ..numbers(&lines, true)? }),
        &|| Some(numbers(below, true)?.below_first()),
    ];
    let (prefix, kept) = candidates.iter().find_map(|candidate| {
        let prefix = candidate()?;
        let kept = kept(&prefix.ends);
        let is_certain = match prefix.certain {
            Certain::Always => true,
            Certain::IfRead => is_read(&kept),
            Certain::IfOnlyRead => is_read(&kept) && !is_read(source.text()),
        };
        is_certain.then_some((prefix, kept))
    })?;
    let mark = |((at, line), end): (&Line<'_>, &usize)| {
        let text = line.get(..*end).unwrap_or(line);
        let blank = text.len() - text.trim_start().len();
        Span::new(at + blank, at + text.trim_end().len().max(blank))
    };
    let marks = lines.iter().zip(&prefix.ends).filter(|(_, end)| **end > 0).map(mark);
    // A space is none that is seen.
    let mut marks = marks.filter(|mark| !mark.range().is_empty());
    let first = marks.next()?;
    let others = if prefix.ends.first() == Some(&0) { " but the first" } else { "" };
    let message = format!("{} at the start of each line{others}", prefix.what);
    let found = Diagnostic::new(&codes::UNEXPECTED_TOKEN, first, message)
        .also(marks.next_back().unwrap_or(first), "to the end of the file")
        .help("remove them, or copy the file without them");
    Some(match prefix.is_part {
        true => found.likely_edit(whole, kept),
        false => found.safe_edit(whole, kept),
    })
}

/// The marks of a diff at the start of lines: of those that were added or removed, and of others. `None` if not all have one.
/// What was removed is left out, if something was added.
fn changes(lines: &[Line<'_>], syntax: Syntax) -> Option<Prefix> {
    let is_header = |line: &str| HEADERS.iter().any(|header| line.starts_with(header));
    let headers = lines.iter().take_while(|(_, line)| is_header(line)).count();
    let has_end = lines.last().is_some_and(|(_, line)| line.starts_with("\\ "));
    let marked = lines.get(headers..lines.len() - usize::from(has_end))?;
    let (mut added, mut removed, mut others) = (0, 0, 0);
    for (_, line) in marked {
        match line.chars().next() {
            Some('+') => added += 1,
            Some('-') => removed += 1,
            Some(' ') => others += 1,
            None => {}
            Some(_) => return None,
        }
    }
    if added + removed < 2 && headers == 0 {
        return None;
    }
    let is_mixed = added > 0 && removed > 0;
    let is_out = |line: &str| is_mixed && line.starts_with('-');
    let left: Vec<Line<'_>> = marked.iter().filter(|(_, line)| !is_out(line)).copied().collect();
    let lengths = left.iter().map(|(_, line)| usize::from(!line.is_empty())).collect();
    let mut lengths = with_space(&left, lengths).into_iter();
    let mut ends = Vec::with_capacity(lines.len());
    for (at, (from, line)) in lines.iter().enumerate() {
        let is_line = at >= headers && at < headers + marked.len() && !is_out(line);
        let next = lines.get(at + 1).map_or(from + line.len(), |(next, _)| *next);
        ends.push(if is_line { lengths.next()? } else { next - from });
    }
    let is_json = syntax != Syntax::Yaml;
    let is_part = is_mixed || others > 0;
    // In YAML, a `-` starts the entries of a list.
    let is_list = !is_json && added == 0 && headers == 0;
    let (what, certain) = ("mark of a change", Certain::IfRead);
    (!is_list).then_some(Prefix { what, ends, certain, is_part })
}

/// The lengths of the marks of a quote of Markdown or a mail at the start of lines. `None` if not all have one.
fn quotes(lines: &[Line<'_>]) -> Option<Vec<usize>> {
    let written = || lines.iter().filter(|(_, line)| !line.trim().is_empty());
    if !written().all(|(_, line)| line.starts_with('>')) {
        return None;
    }
    let is_text = |line: &str| {
        let end = marks(line).last().unwrap_or_default();
        line.get(end..).is_some_and(|rest| !rest.trim().is_empty())
    };
    // Of a quote in a quote, the marks that all lines with a text have.
    let texts = written().filter(|(_, line)| is_text(line));
    let depth = texts.map(|(_, line)| marks(line).count()).min().unwrap_or(usize::MAX);
    let length = |line: &str| marks(line).take(depth).last().unwrap_or_default();
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

/// The lengths of numbers and signs at the start of lines. `None` if not all have them, one after the other. With gaps, lines
/// may be left out between them, and those without text may have none.
fn numbers(lines: &[Line<'_>], gaps: bool) -> Option<Vec<usize>> {
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
    let (mut next, mut count) = (start, 0);
    for (_, line) in lines {
        if gaps && line.trim().is_empty() {
            ends.push(0);
            continue;
        }
        let (found, end) = number(line)?;
        let rest = line.get(end..)?;
        let is_next = found == next || (gaps && found > next);
        let is_same = match separator {
            Some(_) => sign(line, end) == separator,
            None => rest.is_empty() || rest.starts_with([' ', '\t']),
        };
        if !is_next || !is_same {
            return None;
        }
        (next, count) = (found.checked_add(1)?, count + 1);
        let blank = rest.len() - rest.trim_start().len();
        ends.push(end + separator.map_or(0, |sign| blank + sign.len_utf8()));
    }
    let has_text = |(line, end): (&Line<'_>, &usize)| line.1.len() > *end;
    (count >= FEWEST && lines.iter().zip(&ends).any(has_text)).then(|| with_space(lines, ends))
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
    use super::*;
    use crate::diag::Findings;

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
        let prefixes: [Prefix; 14] = [
            |_, line| format!("> {line}"),
            |_, line| format!("> > {line}"),
            |_, line| format!("{} {line}", if line.trim().is_empty() { ">" } else { ">>>" }),
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
    fn what_is_before_all_lines_but_the_first_is_one_finding() {
        type Prefix = fn(usize, &str) -> String;
        let prefixes: [Prefix; 4] = [
            |_, line| format!("> {line}"),
            |_, line| format!(">{line}"),
            |at, line| format!("{at:3} {line}"),
            |at, line| format!("{at:3}: {line}"),
        ];
        for (name, file) in FILES {
            for prefix in prefixes {
                let (first, rest) = file.split_once('\n').unwrap();
                let lines = rest.split_inclusive('\n').enumerate();
                if lines.clone().count() < 3 && prefix(1, "").contains('1') {
                    continue;
                }
                let rest: String = lines.map(|(at, line)| prefix(at + 2, line)).collect();
                let text = format!("{first}\n{rest}");
                assert_eq!(fixed(name, &text).as_deref(), Some(file), "{text}");
            }
        }
        // A text over several lines.
        for text in ["{ a: \"b\n> c\n> d\" }\n", "a: 1\n> b: [\n> c: 1\n"] {
            assert_eq!(fixed("a.yaml", text), None, "{text}");
        }
    }

    #[test]
    fn numbers_of_lines_may_have_gaps() {
        for (name, file) in FILES {
            let lines = file.split_inclusive('\n').enumerate();
            let text: String = lines.map(|(at, line)| format!("{:4} {line}", at * at)).collect();
            assert_eq!(fixed(name, &text).as_deref(), Some(file), "{text}");
        }
        let text = "1 a:\n\n3   b: 1\n7   c: 1\n";
        assert_eq!(fixed("a.yaml", text).as_deref(), Some("a:\n\n  b: 1\n  c: 1\n"));
    }

    #[test]
    fn marks_of_changes_are_one_finding() {
        for (name, file) in FILES {
            for mark in ["+", "+ "] {
                let lines = file.split_inclusive('\n');
                let text: String = lines.map(|line| format!("{mark}{line}")).collect();
                assert_eq!(fixed(name, &text).as_deref(), Some(file), "{text}");
            }
        }
        let json = "-{\n-  \"a\": 1\n-}\n";
        assert_eq!(fixed("a.json", json).as_deref(), Some("{\n  \"a\": 1\n}\n"));
        let new = "diff --git a/a b/a\nnew file mode 100644\n--- /dev/null\n+++ b/a\n@@ -0,0 +1,2 @@\n+a: 1\n+b: 2\n\\ No newline at end of file\n";
        assert_eq!(fixed("a.yaml", new).as_deref(), Some("a: 1\nb: 2\n\n"));
        for text in ["-a: 1\n-b: 2\n", "- a: 1\n- b: 2\n", "+a: 1\nb: 2\n", "+1\n+2\n"] {
            assert_eq!(fixed("a.yaml", text), None, "{text}");
        }
    }

    #[test]
    fn what_was_removed_is_left_out_of_changes() {
        let text = " {\n-  \"a\": 1\n+  \"a\": 2\n }\n";
        let mut found = Findings::new();
        super::super::parse(&Source::new("a.json", text), &mut found);
        let edit = found.iter().next().unwrap().edit.clone().unwrap();
        assert!(found.len() == 1 && !edit.safe);
        assert_eq!(edit.applied_to(text), "{\n  \"a\": 2\n}\n");
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
