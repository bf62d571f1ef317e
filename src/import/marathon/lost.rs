//! Fields of Marathon and Chronos that the language has no like for.

use crate::diag::{Diagnostic, Findings, codes};
use crate::elsewhere::marathon::Table;
pub use crate::elsewhere::marathon::{APP, CONTAINER, DOCKER, GROUP, JOB, JOB_CONTAINER};
use crate::syntax::{Kind, Object};

/// Reports the fields of an object that are left out. Empty ones mean nothing.
pub fn report(object: &Object, table: Table, findings: &mut Findings) {
    for member in &object.members {
        let is_empty = match &member.value.kind {
            Kind::Null | Kind::Bool(false) => true,
            Kind::Array(items) => items.is_empty(),
            Kind::Object(inner) => inner.members.is_empty(),
            Kind::String(text) => text.is_empty(),
            _ => false,
        };
        if is_empty {
            continue;
        }
        let name = member.key.value.as_str();
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
