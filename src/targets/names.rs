//! Names on targets: ids as DNS labels, and conflicts between the resulting names.

use std::collections::HashMap;

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::path::{MAX_NAME, MAX_PATH};
use crate::source::{Span, Spanned};

/// Maximum length of a DNS label.
pub const MAX_LABEL: usize = 63;

/// An id as a DNS label of RFC 1123: lower case, without leading and trailing hyphens. An id
/// contains only letters, digits and hyphens, so nothing else has to be replaced. Empty if
/// nothing remains.
pub fn dns_label(id: &str) -> String {
    id.trim_matches('-').to_ascii_lowercase()
}

/// An id as a DNS label of RFC 1035, which starts with a letter: `x` is prepended to any other
/// character.
pub fn rfc1035_label(id: &str) -> String {
    let label = dns_label(id);
    match label.chars().next() {
        Some(first) if first.is_ascii_alphabetic() => label,
        _ => format!("x{label}"),
    }
}

/// The 64-bit FNV-1a hash in hexadecimal digits, which is the same on every machine and in every
/// version.
pub fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Whether the text is one or more labels of a DNS name, separated by dots. DNS ignores letter
/// case.
pub fn is_domain(text: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    let is_label = |label: &str| {
        (1..=MAX_LABEL).contains(&label.len())
            && label.bytes().all(is_inner)
            && label.trim_matches('-') == label
    };
    text.split('.').all(is_label)
}

/// Checks the names that a target makes of ids: none may be empty or longer than `longest`, and
/// all must be unique. A changed name is a hint. `what` is the target's term for the object.
pub fn check<'a>(
    what: &str,
    longest: usize,
    names: impl IntoIterator<Item = (&'a Spanned<EcoString>, String)>,
    findings: &mut Findings,
) {
    let mut first: HashMap<String, &Spanned<EcoString>> = HashMap::new();
    // Several names that are made of one id are reported once.
    let mut reported = None;
    for (id, name) in names {
        if name.is_empty() || name.len() > longest {
            let message = match name.len() {
                0 => format!("no {what} can have the name `{}`, which has only hyphens", id.value),
                length => format!(
                    "the {what} name `{name}` is too long: {length} characters, at most {longest}"
                ),
            };
            findings.push(
                Diagnostic::new(&codes::BAD_NAME, id.span, message).help("choose a different id"),
            );
            continue;
        }
        if let Some(other) = first.get(&name) {
            let message = format!("`{}` and `{}` both become `{name}`", other.value, id.value);
            findings.push(
                Diagnostic::new(&codes::NAME_CLASH, id.span, message)
                    .also(other.span, "the other id")
                    .help("choose ids that differ in more than letter case and leading or trailing hyphens"),
            );
            continue;
        }
        if name != id.value && reported != Some(id.span) {
            reported = Some(id.span);
            let message = format!("`{}` is renamed to `{name}`", id.value);
            findings.push(
                Diagnostic::new(&codes::NAME_CHANGED, id.span, message)
                    .help(format!("`{name}` is a valid {what} name; references use it too")),
            );
        }
        first.insert(name, id);
    }
}

/// Reports a path that is too long for a file system, or has a name that is. `owner` is the place of the id of
/// the object that the file is for.
pub fn check_file(path: &str, owner: Span) -> Option<Diagnostic> {
    let message = match path.split('/').find(|name| name.len() > MAX_NAME) {
        Some(name) => {
            format!("the file name `{name}` is too long: {} bytes, at most {MAX_NAME}", name.len())
        }
        None if path.len() > MAX_PATH => {
            format!("the file path is too long: {} bytes, at most {MAX_PATH}", path.len())
        }
        None => return None,
    };
    Some(Diagnostic::new(&codes::BAD_NAME, owner, message).help("choose shorter ids"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_valid_in_dns() {
        assert_eq!(dns_label("-Spark-Master-"), "spark-master");
        assert_eq!(rfc1035_label("1st"), "x1st");
        assert_eq!(dns_label("--"), "");
    }

    #[test]
    fn invalid_and_conflicting_names_are_reported() {
        let id = |text: &str| Spanned::new(EcoString::from(text), Span::at(0));
        let ids = [id("Web"), id("web"), id("ok"), id(&"a".repeat(64)), id("--")];
        let mut found = Findings::new();
        let names = ids.iter().map(|id| (id, dns_label(&id.value)));
        check("service", MAX_LABEL, names, &mut found);
        let ids: Vec<_> = found.iter().map(|d| d.code.id).collect();
        assert_eq!(ids, ["H0401", "E0403", "E0402", "E0402"]);
    }

    #[test]
    fn file_names_that_are_too_long_are_reported() {
        let name = |length: usize| format!("folder/{}", "a".repeat(length));
        assert_eq!(check_file(&name(255), Span::at(0)), None);
        let found = check_file(&name(256), Span::at(0));
        assert_eq!(found.map(|found| found.code.id), Some("E0402"));
        let found = check_file(&"ab/".repeat(1366), Span::at(0)).unwrap();
        assert!(found.text().contains("4098 bytes, at most 4095"));
    }
}
