//! Unified diffs, as `patch -p1` and `git apply` take them.

use similar::TextDiff;

/// The diff of a file whose text was `before` and is `after`, each `None` if there is no such file. Empty if the
/// texts are equal.
pub fn unified(path: &str, before: Option<&str>, after: Option<&str>) -> String {
    let header = |text: Option<&str>, side: &str| match text {
        Some(_) => name(&format!("{side}/{path}")),
        None => "/dev/null".to_owned(),
    };
    let (old, new) = (lines(before), lines(after));
    TextDiff::configure()
        .newline_terminated(true)
        .diff_slices(&old, &new)
        .unified_diff()
        .header(&header(before, "a"), &header(after, "b"))
        .to_string()
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
