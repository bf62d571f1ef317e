//! Lints: advice about an appliance that is valid but may not do what its author intends.
//! Each module covers one subject. All of them read the plan and change nothing.

mod containers;
mod env;
mod references;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use crate::diag::{Diagnostic, Level, has_errors};
use crate::plan::Plan;

/// Adds the findings of all lints. `diagnostics` contains the findings so far: after an error,
/// relations between containers are not checked.
pub fn check(plan: &Plan, diagnostics: &mut Vec<Diagnostic>) {
    let is_valid = !has_errors(diagnostics);
    for container in &plan.containers {
        containers::check(container, diagnostics);
        env::check(container, diagnostics);
        references::check_at_signs(container, plan, diagnostics);
    }
    if is_valid {
        references::check(plan, diagnostics);
    }
}

/// Removes advice, and warnings that apply to every target, at locations that also have an
/// error.
pub fn remove_covered(diagnostics: &mut Vec<Diagnostic>) {
    let is_error = |found: &Diagnostic| found.level == Level::Error;
    let faulty: HashSet<_> = diagnostics
        .iter()
        .filter(|found| is_error(found))
        .map(|found| found.primary.span)
        .collect();
    diagnostics.retain(|found| {
        let is_general = matches!(found.code.id.get(1..3), Some("03" | "06"));
        is_error(found) || !is_general || !faulty.contains(&found.primary.span)
    });
}
