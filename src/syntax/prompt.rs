//! The command that showed a file, which was copied together with it: `$ cat app.yaml`.

use super::around::Around;
use crate::diag::{Diagnostic, codes};
use crate::source::{Source, Span, Syntax};

/// The ends of prompts of shells.
const ENDS: [&str; 4] = ["$ ", "% ", "# ", "> "];

/// Finds a command with its prompt in the first line of a source, and the next prompt in the last one, or only that.
pub fn find(source: &Source, syntax: Syntax) -> Option<Around> {
    at_start(source).or_else(|| at_end(source, syntax))
}

/// Finds a prompt in the last line, perhaps with a command.
fn at_end(source: &Source, syntax: Syntax) -> Option<Around> {
    let text = source.text();
    let end = text.trim_end().len();
    let start = text.get(..end)?.rfind('\n').map_or(0, |at| at + 1);
    let from = start.max(source.content_start());
    let line = text.get(from..end)?;
    if !is_prompt(line) {
        return None;
    }
    let first = first_of_last(text.get(..from)?, source.content_start()).unwrap_or(from);
    let before = text.get(..first)?;
    let is_whole = match syntax {
        Syntax::Json | Syntax::Jsonc => before.trim_end().ends_with(['}', ']']),
        Syntax::Yaml => !before.trim().is_empty(),
    };
    // A line that is further in is a part of a text.
    if line.starts_with([' ', '\t']) || !is_whole {
        return None;
    }
    let what = if prompt(line).is_some() { "command" } else { "prompt" };
    let behind = Span::new(first, text.len());
    let message = format!("{what} of a shell in the file");
    let diagnostic = Diagnostic::new(&codes::UNEXPECTED_TOKEN, Span::new(first, end), message)
        .help(removal(first == from))
        .safe_edit(behind, "");
    Some(Around { lines: vec![behind], diagnostic })
}

/// Where the first of the commands starts that end a text, one after the other, if there are any.
fn first_of_last(text: &str, start: usize) -> Option<usize> {
    let mut first = None;
    let mut rest = text.get(start..)?;
    loop {
        let written = rest.trim_end();
        let (above, line) = written.split_at(written.rfind('\n').map_or(0, |at| at + 1));
        if !is_prompt(line) {
            return first;
        }
        first = Some(start + above.len());
        rest = above;
    }
}

fn removal(is_one: bool) -> &'static str {
    if is_one { "remove this line" } else { "remove these lines" }
}

/// Whether a line is a prompt, perhaps with a command.
fn is_prompt(line: &str) -> bool {
    prompt(line).is_some() || is_bare(line)
}

/// Whether a line is a prompt alone.
fn is_bare(line: &str) -> bool {
    let named =
        |end: &str| prompt(&format!("{line}{end}")).is_some_and(|found| found.len() > line.len());
    line == "$" || (line.contains(['@', ' ']) && named(" ls"))
}

/// Finds a command with its prompt in the first line, and the next prompt in the last one.
fn at_start(source: &Source) -> Option<Around> {
    let start = source.content_start();
    let content = source.text().get(start..)?;
    let from = start + content.len() - content.trim_start().len();
    let line = source.line_range(source.line_of(Span::at(from).start));
    let written = source.text().get(from..line.end)?.trim_end();
    let prompt = prompt(written)?;
    let (end, next) = end_of_first(source.text(), from + written.len());
    let mark = Span::new(from, end);
    let first = Span::new(line.start.max(start), next);
    let diagnostic =
        Diagnostic::new(&codes::UNEXPECTED_TOKEN, mark, "command of a shell in the file");
    let end = source.text().trim_end().len();
    let last = source.line_range(source.line_of(Span::at(end).start)).start;
    let is_next = |line: &str| {
        line == prompt.trim_end() || self::prompt(line).is_some_and(|next| next == prompt)
    };
    let has_next = last >= next && source.text().get(last..end).is_some_and(is_next);
    if !has_next {
        let is_one = mark.range().len() == written.len();
        let diagnostic = diagnostic.help(removal(is_one)).safe_edit(first, "");
        return Some(Around { lines: vec![first], diagnostic });
    }
    let last =
        source.text().get(..last).and_then(|above| first_of_last(above, next)).unwrap_or(last);
    let behind = Span::new(last, source.text().len());
    let kept = source.slice(Span { start: first.end, end: behind.start });
    let diagnostic = diagnostic
        .also(Span::new(last, end), "and another prompt")
        .help("keep only the lines between them")
        .safe_edit(first.to(behind), kept);
    Some(Around { lines: vec![first, behind], diagnostic })
}

/// Where the last of the commands ends that start a text, one after the other, and where the next line starts. The first
/// one ends at `end`.
fn end_of_first(text: &str, end: usize) -> (usize, usize) {
    let mut end = end;
    loop {
        let rest = text.get(end..).unwrap_or_default();
        let next = rest.find('\n').map_or(text.len(), |at| end + at + 1);
        let below = text.get(next..).unwrap_or_default();
        let blank = below.len() - below.trim_start().len();
        let line = below.trim_start().lines().next().unwrap_or_default().trim_end();
        if prompt(line).is_none() {
            return (end, next);
        }
        end = next + blank + line.len();
    }
}

/// The prompt of a line with a command.
fn prompt(line: &str) -> Option<&str> {
    let end = ENDS.iter().filter_map(|end| Some((line.find(end)?, end))).min()?;
    let (before, end) = (line.get(..end.0)?, *end.1);
    let command = line.get(before.len() + end.len()..)?;
    let is_inside = |c: char| c.is_ascii_alphanumeric() || "@:~/\\._-[]() ".contains(c);
    let is_machine = before.contains('@') && !before.contains(": ");
    let is_prompt = match end {
        "$ " | "% " => before.is_empty() || is_machine,
        "# " => is_machine,
        _ => before.starts_with("PS "),
    };
    let is_command = command.starts_with(|c: char| c.is_ascii_alphabetic() || "./~".contains(c))
        && !command.contains(": ")
        && !command.ends_with(':')
        && !command.contains(['{', '}']);
    (is_prompt && is_command && before.chars().all(is_inside))
        .then(|| line.get(..before.len() + end.len()))?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Findings;

    /// The text without the finding, if there is only one.
    fn fixed(name: &str, text: &str) -> Option<String> {
        let source = Source::new(name, text);
        let mut found = Findings::new();
        let tree = super::super::parse(&source, &mut found);
        assert!(tree.is_some_and(|tree| tree.as_object().is_some()), "{text}");
        let edit = found.iter().next()?.edit.clone()?;
        assert!(found.len() == 1 && edit.safe, "{text}");
        Some(edit.applied_to(text))
    }

    #[test]
    fn a_command_is_one_finding_and_the_file_is_read() {
        for line in [
            "$ cat app.json",
            "root@host:~# cat /etc/app.json",
            "[me@host dir]$ cat app.json",
            "me@mac dir % less app.json",
            "PS C:\\Users\\me> type app.json",
        ] {
            for (name, file) in [("a.json", "{\"a\": 1}\n"), ("a.yaml", "a: 1\n")] {
                assert_eq!(fixed(name, &format!("{line}\n{file}")).as_deref(), Some(file));
                assert_eq!(fixed(name, &format!("\n{line}\r\n{file}")), Some(format!("\n{file}")));
                let several = format!("{line}\n{line} -v\n\n{line}\n{file}");
                assert_eq!(fixed(name, &several).as_deref(), Some(file));
                let prompt = prompt(line).unwrap();
                let text = format!("{line}\n{file}{prompt}\n");
                assert_eq!(fixed(name, &text).as_deref(), Some(file));
            }
        }
    }

    #[test]
    fn a_prompt_behind_the_file_is_one_finding() {
        for line in [
            "$ cat app.json",
            "$",
            "root@host:~# cat /etc/app.json",
            "root@host:~#",
            "me@mac dir % less app.json",
            "me@mac dir %",
            "PS C:\\Users\\me> type app.json",
        ] {
            for (name, file) in [("a.json", "{\"a\": 1}\n"), ("a.yaml", "a: 1\nb:\n  c: d\n")] {
                for text in [format!("{file}{line}\n"), format!("{file}{line}\n\n{line}\n{line}\n")]
                {
                    assert_eq!(fixed(name, &text).as_deref(), Some(file), "{line}");
                }
            }
        }
        for text in [
            "$ cat a.yaml\na: 1\n$ cat b.yaml\n",
            "$ cd a\n$ cat a.yaml\na: 1\n$ cat b.yaml\n$ ls\n$\n",
        ] {
            assert_eq!(fixed("a.yaml", text).as_deref(), Some("a: 1\n"));
        }
    }

    #[test]
    fn other_lines_are_no_commands() {
        for text in [
            "$ a: 1\n",
            "# a\nb: 1\n",
            "a@b: 1\nc: \"$ cat\"\n",
            "{ a: 1 }\n",
            "a: \"$ b\"\n",
            "a: b\n# c d\n",
        ] {
            assert_eq!(fixed("a.yaml", text), None, "{text}");
        }
    }
}
