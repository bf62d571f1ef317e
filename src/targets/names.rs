//! Names that targets take: cleaning ids to labels, and finding those that then meet.

use std::collections::HashMap;

use crate::diag::{Diagnostic, codes};
use crate::source::Spanned;

/// The longest DNS label.
pub const MAX_LABEL: usize = 63;

/// An id as a DNS label of RFC 1123: lower case, no hyphen at either end. An id has only
/// letters, digits and hyphens, so nothing else can be in the way. Empty where nothing is
/// left.
pub fn dns_label(id: &str) -> String {
    id.trim_matches('-').to_ascii_lowercase()
}

/// An id as a DNS label of RFC 1035, which starts with a letter: `x` is put before any
/// other.
pub fn rfc1035_label(id: &str) -> String {
    let label = dns_label(id);
    match label.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => label,
        _ => format!("x{label}"),
    }
}

/// Checks the names that a target makes from ids: none empty or longer than `longest`, no
/// two the same. A changed name is a hint. `what` is what the target calls the thing.
pub fn check<'a>(
    target: &str,
    what: &str,
    longest: usize,
    names: impl IntoIterator<Item = (&'a Spanned<String>, String)>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut first: HashMap<String, &Spanned<String>> = HashMap::new();
    // Several names made from one id are mentioned once.
    let mut mentioned = None;
    for (id, name) in names {
        if name.is_empty() || name.len() > longest {
            let message = match name.len() {
                0 => format!("{target}: nothing of `{}` can be the name of a {what}", id.value),
                length => format!(
                    "{target}: the name of a {what} has at most {longest} characters, `{name}` has {length}"
                ),
            };
            diagnostics.push(
                Diagnostic::new(&codes::BAD_NAME, id.span, message).help("choose another id"),
            );
            continue;
        }
        if let Some(other) = first.get(&name) {
            let message =
                format!("{target}: `{}` and `{}` both become `{name}`", other.value, id.value);
            diagnostics.push(
                Diagnostic::new(&codes::NAME_CLASH, id.span, message)
                    .also(other.span, "the other one")
                    .help("choose ids that differ in more than letter case and outer hyphens"),
            );
            continue;
        }
        if name != id.value && mentioned != Some(id.span) {
            mentioned = Some(id.span);
            let message = format!("{target}: `{}` becomes `{name}`", id.value);
            diagnostics.push(
                Diagnostic::new(&codes::NAME_CHANGED, id.span, message)
                    .help(format!("the name of a {what} is written so there; references follow")),
            );
        }
        first.insert(name, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn labels_are_what_dns_takes() {
        assert_eq!(dns_label("-Spark-Master-"), "spark-master");
        assert_eq!(rfc1035_label("1st"), "x1st");
        assert_eq!(dns_label("--"), "");
    }

    #[test]
    fn names_that_meet_are_found() {
        let id = |text: &str| Spanned::new(text.to_owned(), Span::at(0));
        let ids = [id("Web"), id("web"), id("ok"), id(&"a".repeat(64)), id("--")];
        let mut found = Vec::new();
        let names = ids.iter().map(|id| (id, dns_label(&id.value)));
        check("t", "service", MAX_LABEL, names, &mut found);
        let ids: Vec<_> = found.iter().map(|d| d.code.id).collect();
        assert_eq!(ids, ["H0401", "E0403", "E0402", "E0402"]);
    }
}
