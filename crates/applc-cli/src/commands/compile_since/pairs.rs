//! Which appliance of a commit is which appliance now.

use std::collections::HashMap;
use std::ptr;

use crate::whole::discover::Unit;
use crate::whole::outcome::Outcome;

/// An appliance in an environment, and what became of it.
#[derive(Clone, Copy)]
pub struct Version<'a> {
    pub unit: &'a Unit,
    pub outcome: &'a Outcome,
}

/// A version now, a version before, or both.
pub type Pair<'a> = (Option<Version<'a>>, Option<Version<'a>>);

impl<'a> Version<'a> {
    /// The id of the appliance. `None` if it has errors.
    pub fn id(&self) -> Option<&'a str> {
        self.outcome.plan.as_ref().map(|plan| plan.id.value.as_str())
    }

    fn has_same_id(&self, other: &Version<'_>) -> bool {
        self.unit.environment == other.unit.environment
            && self.id().is_some_and(|id| other.id() == Some(id))
    }

    /// Whether both are the same for an engine: one project, job or namespace. Ports can pass to another appliance.
    fn is_same_on_engine(&self, other: &Version<'_>) -> bool {
        let claims = |version: &Version<'a>| version.outcome.claims.iter();
        claims(self).any(|(target, own)| {
            let others = other.outcome.claims.iter().filter(|(name, _)| name == target);
            let others = others.flat_map(|(_, claims)| claims);
            let mut names = others.filter(|claim| !claim.kind.ends_with("port"));
            names.any(|claim| {
                let is_same = |one: &applc::targets::Claim| {
                    one.kind == claim.kind && one.within == claim.within && one.name == claim.name
                };
                own.iter().any(is_same)
            })
        })
    }
}

/// Finds the version before of each version now: that of the same file in the same environment; of the rest, the only
/// one with the same id in the environment, then the only one that is the same for an engine. Those that are only
/// before come last.
pub fn pairs<'a>(new: &[Version<'a>], old: &[Version<'a>]) -> Vec<Pair<'a>> {
    let place = |one: &Version<'a>| (&one.unit.environment, one.unit.file.as_str());
    let here: HashMap<_, Version<'a>> = new.iter().map(|one| (place(one), *one)).collect();
    let known: HashMap<_, Version<'a>> = old.iter().map(|one| (place(one), *one)).collect();
    let mut came: Vec<Version<'a>> =
        new.iter().filter(|one| !known.contains_key(&place(one))).copied().collect();
    let mut gone: Vec<Version<'a>> =
        old.iter().filter(|one| !here.contains_key(&place(one))).copied().collect();
    let mut moved = matched(&mut came, &mut gone, Version::has_same_id);
    moved.extend(matched(&mut came, &mut gone, Version::is_same_on_engine));
    let before = |one: &Version<'a>| {
        let moved = || moved.iter().find(|(now, _)| ptr::eq(now.unit, one.unit));
        known.get(&place(one)).copied().or_else(|| moved().map(|(_, before)| *before))
    };
    let now = new.iter().map(|one| (Some(*one), before(one)));
    now.chain(gone.into_iter().map(|one| (None, Some(one)))).collect()
}

/// Takes out the pairs that are alike, where it is clear which is which.
fn matched<'a>(
    came: &mut Vec<Version<'a>>,
    gone: &mut Vec<Version<'a>>,
    is_alike: impl Fn(&Version<'a>, &Version<'a>) -> bool,
) -> Vec<(Version<'a>, Version<'a>)> {
    let mut found = Vec::new();
    for now in came.iter() {
        let mut like = gone.iter().filter(|one| is_alike(now, one));
        let (Some(before), None) = (like.next(), like.next()) else { continue };
        if came.iter().filter(|one| is_alike(one, before)).count() == 1 {
            found.push((*now, *before));
        }
    }
    came.retain(|one| !found.iter().any(|(now, _)| ptr::eq(now.unit, one.unit)));
    gone.retain(|one| !found.iter().any(|(_, before)| ptr::eq(before.unit, one.unit)));
    found
}
