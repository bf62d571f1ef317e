//! What a change does to what runs, on each target of an appliance.

use applc::meaning::effects::{self, Effects, Kind, Output};
use applc::plan::Plan;
use applc::targets::TargetRef;
use serde_json::{Value, json};

use crate::whole::outcome::Outcome;

/// What happens on each target, by name. `None` if it is not known.
pub type OnTargets = Vec<(String, Option<Effects>)>;

/// What is made for a target.
struct Side<'a> {
    target: &'a TargetRef,
    plan: &'a Plan,
    files: Vec<(&'a str, &'a str)>,
}

/// What happens on each target of an appliance, those of its later version first.
pub fn of(before: Option<&Outcome>, after: Option<&Outcome>) -> OnTargets {
    let (before, after) = (sides(before), sides(after));
    let mut all = OnTargets::new();
    for side in after.iter().chain(&before) {
        let name = side.target.name();
        if all.iter().any(|(known, _)| known == name) {
            continue;
        }
        let [old, new] = [&before, &after]
            .map(|sides| sides.iter().find(|other| other.target.name() == name).map(Side::output));
        all.push((name.to_owned(), effects::effects(side.target.built_in(), old, new)));
    }
    all
}

impl Side<'_> {
    fn output(&self) -> Output<'_> {
        Output { plan: self.plan, files: &self.files }
    }
}

/// What is made of an appliance, by target. Nothing if it has errors.
fn sides(outcome: Option<&Outcome>) -> Vec<Side<'_>> {
    let parts = outcome.and_then(|one| Some((one.plan.as_ref()?, one.files.as_ref()?)));
    let Some((plan, files)) = parts else { return Vec::new() };
    files
        .targets
        .iter()
        .map(|(target, range)| {
            let made = files.made.get(range.clone()).unwrap_or_default();
            let files = made
                .iter()
                .filter_map(|one| Some((one.path.as_str(), one.text.as_deref()?)))
                .collect();
            Side { target, plan, files }
        })
        .collect()
}

/// Whether nothing that runs is touched, as far as it is known.
pub fn is_nothing(targets: &OnTargets) -> bool {
    targets.iter().all(|(_, effects)| effects.as_ref().is_none_or(Vec::is_empty))
}

/// The namespaces that each target makes for an appliance.
pub fn namespaces(outcome: &Outcome) -> impl Iterator<Item = (String, String)> {
    let sides = sides(Some(outcome)).into_iter();
    sides.flat_map(|side| {
        let found = effects::namespaces(side.target.built_in(), side.output());
        found.into_iter().map(|one| (side.target.name().to_owned(), one)).collect::<Vec<_>>()
    })
}

/// Whether a namespace goes.
pub fn removes_namespaces(targets: &OnTargets) -> bool {
    let mut all = targets.iter().filter_map(|(_, effects)| effects.as_ref()).flatten();
    all.any(|effect| effect.kind == Kind::NamespaceRemoved)
}

/// Takes out the namespaces that other appliances still make, by target and name.
pub fn keep_namespaces(targets: &mut OnTargets, is_kept: impl Fn(&str, &str) -> bool) {
    for (target, effects) in targets {
        let Some(effects) = effects else { continue };
        for effect in effects.iter_mut().filter(|one| one.kind == Kind::NamespaceRemoved) {
            effect.names.retain(|name| !is_kept(target, name));
        }
        effects.retain(|one| !one.names.is_empty());
    }
}

/// The effects for programs.
pub fn json(targets: &OnTargets) -> Value {
    let effect = |one: &effects::Effect| json!({ "effect": one.kind.name(), one.kind.subjects(): one.names });
    let target = |(name, effects): &(String, Option<Effects>)| {
        let effects = effects.as_ref().map(|all| all.iter().map(effect).collect::<Vec<_>>());
        json!({ "target": name, "effects": effects })
    };
    targets.iter().map(target).collect()
}
