//! Unified diffs, as `patch -p1` and `git apply` take them.

use std::fmt::Write;

use applc::secrets;
use applc::source::Source;
use similar::{ChangeTag, TextDiff};

use crate::terminal::note;

/// The same as [`unified`], with asterisks in place of values that look like secrets, as outputs end up in logs.
/// Returns the number of lines with such values, too.
pub fn masked(path: &str, before: Option<&str>, after: Option<&str>) -> (String, usize) {
    let mask = |text: Option<&str>| text.map(|text| secrets::masked(&Source::new("", text)));
    let (old, new) = (mask(before), mask(after));
    let shown = |of: &Option<Source>| {
        let lines = lines(of.as_ref().map(Source::text)).into_iter();
        lines.map(str::to_owned).collect::<Vec<String>>()
    };
    let (old, new) = (shown(&old), shown(&new));
    let (old_lines, new_lines) = (lines(before), lines(after));
    let diff = TextDiff::configure().newline_terminated(true).diff_slices(&old_lines, &new_lines);
    let (mut text, mut count) = (String::new(), 0);
    for hunk in diff.unified_diff().iter_hunks() {
        if text.is_empty() {
            let _ = writeln!(
                text,
                "--- {}\n+++ {}",
                header(path, before, "a"),
                header(path, after, "b")
            );
        }
        let _ = writeln!(text, "{}", hunk.header());
        for change in hunk.iter_changes() {
            let (sign, line) = match change.tag() {
                ChangeTag::Equal => (' ', change.new_index().and_then(|at| new.get(at))),
                ChangeTag::Insert => ('+', change.new_index().and_then(|at| new.get(at))),
                ChangeTag::Delete => ('-', change.old_index().and_then(|at| old.get(at))),
            };
            let line = line.map_or("", String::as_str);
            count += usize::from(line != *change.value_ref());
            text.push(sign);
            text.push_str(line);
            if !line.ends_with('\n') {
                text.push_str("\n\\ No newline at end of file\n");
            }
        }
    }
    (text, count)
}

/// Says how many lines of a diff are [`masked`], if there are any.
pub fn note_masked(count: usize) {
    if count > 0 {
        let lines =
            if count == 1 { "1 line has".to_owned() } else { format!("{count} lines have") };
        note(&format!(
            "{lines} asterisks in place of what looks like a secret; `--show-secrets` prints a diff that can be applied"
        ));
    }
}

/// The diff of a file whose text was `before` and is `after`, each `None` if there is no such file. Empty if the
/// texts are equal.
pub fn unified(path: &str, before: Option<&str>, after: Option<&str>) -> String {
    let (old, new) = (lines(before), lines(after));
    TextDiff::configure()
        .newline_terminated(true)
        .diff_slices(&old, &new)
        .unified_diff()
        .header(&header(path, before, "a"), &header(path, after, "b"))
        .to_string()
}

/// The name of a side of a diff, which is that of nothing without a text.
fn header(path: &str, text: Option<&str>, side: &str) -> String {
    match text {
        Some(_) => name(&format!("{side}/{path}")),
        None => "/dev/null".to_owned(),
    }
}

/// The lines of a text, with their ends. A carriage return is a part of its line, as it is for `patch`.
fn lines(text: Option<&str>) -> Vec<&str> {
    text.unwrap_or_default().split_inclusive('\n').collect()
}

/// A name in the head of a diff, as git writes it: `patch` reads one without quotes up to a tab or, if there is none,
/// up to a space.
fn name(path: &str) -> String {
    let is_special = |c: char| c.is_control() || c == '"' || c == '\\';
    if !path.contains(is_special) {
        let end = if path.contains(' ') { "\t" } else { "" };
        return format!("{path}{end}");
    }
    let mut quoted = String::from("\"");
    for c in path.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() => {
                let mut bytes = [0; 4];
                let bytes = c.encode_utf8(&mut bytes).bytes();
                quoted.extend(bytes.map(|byte| format!("\\{byte:03o}")));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_git_writes_them() {
        let head = |path| unified(path, None, Some("x")).lines().nth(1).unwrap().to_owned();
        assert_eq!(head("a/b.yaml"), "+++ b/a/b.yaml");
        assert_eq!(head("a b.yaml"), "+++ b/a b.yaml\t");
        assert_eq!(head("a \"b\\\u{1}é\n"), "+++ \"b/a \\\"b\\\\\\001é\\n\"");
    }

    #[test]
    fn masked_diffs_say_what_changes() {
        let before = "a: b\nDB_PASSWORD: one\nc: d\nend";
        for (before, after) in [
            (Some(before), Some("a: b\nDB_PASSWORD: two\nc: e\nend\n")),
            (Some(before), None),
            (None, Some(before)),
            (Some("a: b\n"), Some("a: c\n")),
            (Some("a\n"), Some("a\n")),
        ] {
            let (text, count) = masked("f", before, after);
            let expected = unified("f", before, after);
            let expected = expected.replace(": one", ": ***").replace(": two", ": ***");
            assert_eq!(text, expected);
            assert_eq!(count, text.matches("***").count());
        }
    }

    #[test]
    fn lines_end_with_a_line_feed_only() {
        let diff = unified("f", Some("a\rb\nc"), Some("a\rB\nc"));
        let expected =
            "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-a\rb\n+a\rB\n c\n\\ No newline at end of file\n";
        assert_eq!(diff, expected);
        assert_eq!(unified("f", Some("a\n"), Some("a\n")), "");
        let gone = unified("f", Some("a\n"), None);
        assert_eq!(gone, "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n");
    }
}
