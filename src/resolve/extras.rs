//! The settings that most containers do not have.

use ecow::EcoString;

use crate::diag::{Diagnostic, Findings, codes};
use crate::model::Container;
use crate::plan::{Extras, Label, user_numbers};
use crate::source::Spanned;
use crate::syntax::{Kind, Member, Node};

use super::text::{self, owned};

/// Maximum number of a user or a group that container engines accept (`maxID` of runc).
const MAX_USER: u64 = (1 << 31) - 1;

/// Resolves the settings of a container. `None` if it has none of them.
pub fn resolve(container: &Container<'_>, findings: &mut Findings) -> Option<Extras> {
    if let Some(path) = container.working_dir {
        text::check_nul(path.value, path.span, findings);
    }
    let extras = Extras {
        user: container.user.and_then(|user| self::user(user, findings)),
        working_dir: container.working_dir.map(owned),
        stop_timeout: container.stop_timeout,
        labels: container.labels.iter().filter_map(|label| self::label(label, findings)).collect(),
    };
    (!extras.is_none()).then_some(extras)
}

/// A label. The schema reports a value that is not a scalar.
fn label(member: &Member, findings: &mut Findings) -> Option<Label> {
    let node = &member.value;
    let value = match &node.kind {
        Kind::String(text) | Kind::Number(text) => text.clone(),
        Kind::Bool(value) => value.to_string().into(),
        _ => return None,
    };
    text::check_nul(&value, node.span, findings);
    Some(Label { name: member.key.clone(), value: Spanned::new(value, node.span) })
}

/// A user as written. The schema reports one that is neither a string nor a number.
fn user(node: &Node, findings: &mut Findings) -> Option<Spanned<EcoString>> {
    let text = match &node.kind {
        Kind::String(text) => text.clone(),
        // In the form of an integer, whichever way it is written.
        Kind::Number(_) => node.as_i64()?.to_string().into(),
        _ => return None,
    };
    let largest = user_numbers(&text).map(|(user, group)| user.max(group.unwrap_or(0)));
    // The schema reports a number that is not in a string.
    if largest.is_some_and(|largest| largest > MAX_USER) && node.as_str().is_some() {
        findings.add(&codes::OUT_OF_RANGE, |code| {
            let message = format!("user or group number is greater than {MAX_USER}");
            Diagnostic::new(code, node.span, message)
        });
    }
    Some(Spanned::new(text, node.span))
}
