//! What references become on the targets of a project.

use applc::source::Span;

use crate::subject::Unit;

/// The address that a reference becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addressed {
    /// The reference.
    pub span: Span,
    /// The name of the target, and of the environment if there are several.
    pub target: String,
    /// What takes its place.
    pub text: String,
}

/// The addresses of all references on all targets, in all environments; nothing for an appliance with errors. What is the
/// same in several environments is there once.
pub fn all<'u>(units: impl IntoIterator<Item = &'u Unit>) -> Vec<Addressed> {
    let mut all: Vec<Addressed> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for unit in units {
        let Some(plan) = unit.analysis.valid_plan() else { continue };
        for one in &unit.selected {
            let name = one.target.name();
            for (span, text) in one.target.addresses(plan, &one.options) {
                if !seen.insert((span, name.to_owned(), text.clone())) {
                    continue;
                }
                let is_other = all.iter().any(|other| other.span == span && other.target == name);
                let target = match &unit.scope.environment {
                    Some(environment) if is_other => format!("{name} in {environment}"),
                    _ => name.to_owned(),
                };
                all.push(Addressed { span, target, text });
            }
        }
    }
    all
}
