//! Lints: advice about an appliance that is valid but may not do what its author intends.
//! Each module covers one subject. All of them read the plan and change nothing.

mod characters;
mod containers;
mod env;
mod pasted;
mod references;
mod value_from;

#[cfg(test)]
mod tests;

pub use characters::check as check_characters;
pub use pasted::check_values;

use std::collections::{HashMap, HashSet};

use crate::diag::{Diagnostic, Findings, Level, Phase};
use crate::plan::{ContainerId, Plan};
use crate::source::Source;

/// Adds the findings of all lints. `source` is the text of the appliance. `findings` contains the findings so far: after an error,
/// relations between containers are not checked.
pub fn check(plan: &Plan, source: &Source, findings: &mut Findings) {
    let is_valid = !findings.has_errors();
    let ids: HashMap<&str, ContainerId> =
        plan.containers.iter().enumerate().map(|(at, one)| (one.id.value.as_str(), at)).collect();
    for (at, container) in plan.containers.iter().enumerate() {
        pasted::check(at, plan, &ids, source, findings);
        containers::check(container, findings);
        env::check(container, findings);
        references::check_at_signs(container, plan, source, findings);
    }
    if is_valid {
        references::check(plan, findings);
    }
}

/// Removes advice, and warnings that apply to every target, at locations that also have an
/// error.
pub fn remove_covered(findings: &mut Findings) {
    let is_error = |found: &Diagnostic| found.level == Level::Error;
    let faulty: HashSet<_> =
        findings.iter().filter(|found| is_error(found)).map(|found| found.primary.span).collect();
    findings.retain(|found| {
        let is_general = matches!(found.code.phase, Phase::Resolve | Phase::Lint);
        is_error(found) || !is_general || !faulty.contains(&found.primary.span)
    });
}
