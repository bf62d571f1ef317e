//! Fields of Marathon and Chronos that the language has no like for.

use crate::diag::{Diagnostic, Findings, codes};
pub use crate::elsewhere::marathon::*;
use crate::elsewhere::scalars::text;
use crate::syntax::{Kind, Node, Object};

/// Values that are the same as no value: of a field that stands in no two tables with different meanings.
const DEFAULTS: &[(&str, &str)] = &[
    ("acceptedResourceRoles", "*"),
    ("delaySeconds", "15"),
    ("ipProtocol", "IPv4"),
    ("maxSize", "0"),
    ("maximumOverCapacity", "1"),
    ("provider", "dvdi"),
    ("servicePort", "0"),
    ("type", "root"),
];

/// Whether a value is the default of its field.
fn is_default(name: &str, value: &Node) -> bool {
    let one = match value.as_array() {
        Some([one]) => one,
        _ => value,
    };
    let Some(written) = text(one) else { return false };
    let number = |text: &str| text.parse::<f64>().ok();
    DEFAULTS.iter().any(|(known, default)| {
        *known == name
            && (written == *default
                || number(default).is_some_and(|one| number(&written) == Some(one)))
    })
}

/// Reports the fields of an object that are left out. Empty ones and defaults mean nothing.
pub fn report(object: &Object, table: Table, findings: &mut Findings) {
    for member in &object.members {
        let is_empty = match &member.value.kind {
            Kind::Null | Kind::Bool(false) => true,
            Kind::Array(items) => items.is_empty(),
            Kind::Object(inner) => inner.members.is_empty(),
            Kind::String(text) => text.is_empty(),
            _ => false,
        };
        let name = member.key.value.as_str();
        if is_empty || is_default(name, &member.value) {
            continue;
        }
        let (message, help) = match table.iter().find(|(known, _)| *known == name) {
            Some((_, None)) => continue,
            Some((_, Some((what, help)))) => (format!("`{name}` is left out: {what}"), *help),
            None => {
                (format!("unknown field `{name}` is left out"), "look whether its name is right")
            }
        };
        findings.push(Diagnostic::new(&codes::NOT_LIKE, member.key.span, message).help(help));
    }
}
