//! Advice about an appliance that is not wrong but may not be what its author wants. Each
//! file looks at one subject; all of them read the plan and change nothing.

mod containers;
mod env;
mod references;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use crate::diag::{Diagnostic, Level, has_errors};
use crate::plan::Plan;

/// Adds what there is to say. `diagnostics` holds what was found so far: where something
/// could not be resolved, nothing is said of how containers hang together.
pub fn check(plan: &Plan, diagnostics: &mut Vec<Diagnostic>) {
    let is_whole = !has_errors(diagnostics);
    for container in &plan.containers {
        containers::check(container, diagnostics);
        env::check(container, diagnostics);
        references::check_marks(container, plan, diagnostics);
    }
    if is_whole {
        references::check(plan, diagnostics);
    }
}

/// Takes out advice, and warnings that hold for any target, at places where an error was
/// found: that says it better.
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
