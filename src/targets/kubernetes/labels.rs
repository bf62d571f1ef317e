//! The labels of the appliance, as Kubernetes accepts them (`IsQualifiedName` and
//! `IsValidLabelValue` of Kubernetes).

use super::model::Pairs;
use crate::diag::{Diagnostic, Findings, codes};
use crate::plan::{Container, Label};
use crate::targets::names::MAX_LABEL;

/// The longest prefix of the name of a label: a DNS name.
const MAX_PREFIX: usize = 253;

/// How the names of labels start that applc sets.
const OWN: &str = "app.kubernetes.io/";

/// The labels of a container.
pub fn of(container: &Container, findings: &mut Findings) -> Pairs {
    let labels = &container.extras().labels;
    for Label { name, value } in labels {
        if name.value.starts_with(OWN) {
            let message = format!("labels that start with `{OWN}` are set by applc");
            findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message));
        } else if !is_name(&name.value) {
            let message = format!("`{}` is not a valid name of a label", name.value);
            findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, name.span, message).help(
                "a name has at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends; a DNS name and `/` can precede it",
            ).help(without(container, &name.value)));
        }
        if !value.value.is_empty() && !is_word(&value.value) {
            let message = format!("`{}` is not a valid value of a label", value.value);
            findings.push(Diagnostic::new(&codes::BAD_TARGET_VALUE, value.span, message).help(
                "a value has at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends",
            ).help(without(container, &name.value)));
        }
    }
    labels.iter().map(|Label { name, value }| (name.into(), value.into())).collect()
}

/// How to leave a label out where the appliance runs on Kubernetes: other targets may need it.
fn without(container: &Container, name: &str) -> String {
    let overlay = serde_json::json!({
        "containers": { container.id.value.as_str(): { "labels": { name: null } } }
    });
    format!("for Kubernetes alone, an overlay (`--overlay FILE`) can remove the label: `{overlay}`")
}

fn is_name(name: &str) -> bool {
    match name.split_once('/') {
        None => is_word(name),
        Some((prefix, name)) => {
            let part = |part: &str| {
                is_word(part)
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            };
            prefix.len() <= MAX_PREFIX && prefix.split('.').all(part) && is_word(name)
        }
    }
}

/// Letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
fn is_word(text: &str) -> bool {
    let is_inner = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    let is_edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric());
    text.len() <= MAX_LABEL
        && text.bytes().all(is_inner)
        && is_edge(text.bytes().next())
        && is_edge(text.bytes().next_back())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words() {
        for name in ["a", "A.b_c-9", "example.org/team", "a-1.b/X"] {
            assert!(is_name(name), "{name}");
        }
        for name in ["", "a/", "/a", "a/b/c", "A.org/b", "-a", "a[0]", "a..b/c"] {
            assert!(!is_name(name), "{name}");
        }
        assert!(is_word(&"a".repeat(63)) && !is_word(&"a".repeat(64)));
    }
}
