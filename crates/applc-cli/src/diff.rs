//! Unified diffs, as `patch -p1` and `git apply` take them.

use similar::TextDiff;

/// The diff of a file whose text was `before` and is `after`, each `None` if there is no such file. Empty if the
/// texts are equal.
pub fn unified(path: &str, before: Option<&str>, after: Option<&str>) -> String {
    let name = |text: Option<&str>, side: &str| match text {
        Some(_) => format!("{side}/{path}"),
        None => "/dev/null".to_owned(),
    };
    TextDiff::from_lines(before.unwrap_or_default(), after.unwrap_or_default())
        .unified_diff()
        .header(&name(before, "a"), &name(after, "b"))
        .to_string()
}
