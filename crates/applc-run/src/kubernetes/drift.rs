//! How what runs differs from what was handed over.

use crate::engine::{Action, Change};

use super::change::{Comparison, Fate, Part};
use super::diff;
use super::model::NAME;

/// Number of fields of an object that are named.
const NAMED: usize = 5;

/// How what runs differs from what was handed over, behind the back of applc. What fails by itself is no
/// drift.
pub fn drift(comparison: &Comparison) -> Vec<Change> {
    let repairs = comparison.changes();
    let action = |container: &str| {
        let repair = repairs.iter().find(|change| change.container == container);
        repair.map_or(Action::Kept, |change| change.action)
    };
    let mut drift = Vec::new();
    for (name, id) in &comparison.ids {
        let own = comparison.parts.iter().filter(|part| comparison.is_for(part, name));
        let reasons: Vec<String> = own.flat_map(of_part).collect();
        if !reasons.is_empty() {
            let why = reasons.join("; ");
            drift.push(Change { container: id.clone(), action: action(id), why });
        }
    }
    for object in &comparison.gone {
        let name = object.label(NAME);
        if action(name) == Action::Removed && drift.iter().all(|change| change.container != name) {
            let why = format!("{} is not in the appliance", object.title());
            let container = name.to_owned();
            drift.push(Change { container, action: Action::Removed, why });
        }
    }
    drift
}

/// What has become of an object.
fn of_part(part: &Part) -> Vec<String> {
    let mut reasons = Vec::new();
    if part.fate == Fate::Created {
        reasons.push("was removed".to_owned());
    }
    let found = part.differences.iter().map(|one| one.reversed().words());
    reasons.extend(found);
    // What others have added stays.
    if let Some(managed) = part.live.as_ref().and_then(|live| live.at("/metadata/managedFields")) {
        let is_known = |field: &str| part.differences.iter().any(|one| one.place() == field);
        let added = diff::foreign(managed).into_iter().filter(|(field, _)| !is_known(field));
        let words = |(field, manager)| format!("`{field}` was set by `{manager}`");
        reasons.extend(added.map(words));
    }
    if reasons.len() > NAMED {
        let more = reasons.len() - NAMED;
        reasons.truncate(NAMED);
        reasons.push(format!("{more} more"));
    }
    if part.is_workload() || reasons.is_empty() {
        return reasons;
    }
    vec![format!("{}: {}", part.wanted.title(), reasons.join(", "))]
}
