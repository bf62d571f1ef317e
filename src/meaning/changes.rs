//! Compares the facts of two plans.

use std::collections::{HashMap, HashSet};

use super::change::{CONTAINER, Change, Subject, VOLUME};
use super::fact::{Fact, Facts};
use super::{containers, volumes};
use crate::plan::Plan;

/// The differences between two versions of an appliance: those of the appliance, then those of its containers and
/// volumes, in the order of the later version; what was removed comes last.
pub fn changes(before: &Plan, after: &Plan) -> Vec<Change> {
    let (old, new) = (facts(before), facts(after));
    let subjects = |facts: &[Fact]| -> Vec<Subject> {
        let mut seen = HashSet::new();
        facts.iter().map(|one| one.subject.clone()).filter(|one| seen.insert(one.clone())).collect()
    };
    let (was, is) = (subjects(&old), subjects(&new));
    let mut all = Vec::new();
    for subject in is.iter().chain(was.iter().filter(|one| !is.contains(one))) {
        let own = |facts: &'_ [Fact]| -> Vec<usize> {
            let own = facts.iter().enumerate().filter(|(_, one)| one.subject == *subject);
            own.map(|(at, _)| at).collect()
        };
        let of =
            |facts: &'_ [Fact], at: usize| facts.get(at).map(|one| (one.value.clone(), one.span));
        match (was.contains(subject), is.contains(subject)) {
            (true, true) => compare(subject, &old, &own(&old), &new, &own(&new), &mut all),
            (existed, _) => {
                let facts = if existed { &old } else { &new };
                // The first fact is what it is.
                let Some(value) = own(facts).first().and_then(|at| of(facts, *at)) else {
                    continue;
                };
                let (before, after) =
                    if existed { (Some(value), None) } else { (None, Some(value)) };
                let field = match subject {
                    Subject::Volume(_) => VOLUME,
                    _ => CONTAINER,
                };
                all.push(Change { subject: subject.clone(), field, key: None, before, after });
            }
        }
    }
    all
}

/// Compares the facts of one subject.
fn compare(
    subject: &Subject,
    old: &[Fact],
    own_old: &[usize],
    new: &[Fact],
    own_new: &[usize],
    all: &mut Vec<Change>,
) {
    let of = |facts: &'_ [Fact], own: &[usize]| -> Vec<usize> {
        own.iter().copied().filter(|at| facts.get(*at).is_some()).collect()
    };
    let old: Vec<&Fact> = of(old, own_old).into_iter().filter_map(|at| old.get(at)).collect();
    let new: Vec<&Fact> = of(new, own_new).into_iter().filter_map(|at| new.get(at)).collect();
    let place = |fact: &&Fact| (fact.field, fact.key.clone());
    let known: HashMap<_, &Fact> = old.iter().map(|fact| (place(fact), *fact)).collect();
    let present: HashSet<_> = new.iter().map(place).collect();
    let value = |fact: &Fact| Some((fact.value.clone(), fact.span));
    let means_nothing = |fact: &Fact| fact.absent.is_some() && fact.value.shown() == fact.absent;
    let mut push = |fact: &Fact, before, after| {
        let key = fact.key.clone();
        all.push(Change { subject: subject.clone(), field: fact.field, key, before, after });
    };
    for fact in new {
        match known.get(&place(&fact)) {
            Some(was) if was.value == fact.value => {}
            Some(was) => push(fact, value(was), value(fact)),
            None if means_nothing(fact) => {}
            None => push(fact, None, value(fact)),
        }
    }
    for fact in old.iter().filter(|fact| !present.contains(&place(fact)) && !means_nothing(fact)) {
        push(fact, value(fact), None);
    }
}

/// All facts of a plan.
fn facts(plan: &Plan) -> Vec<Fact> {
    // What is derived from the rest is no fact of its own.
    let Plan { id, containers, volumes, start_order: _, uses: _ } = plan;
    let mut facts = Facts::new();
    facts.add("id", id.value.to_string(), id.span);
    for container in containers {
        facts.subject = Subject::Container(container.id.value.clone());
        containers::add(plan, container, &mut facts);
    }
    for volume in volumes {
        facts.subject = Subject::Volume(volume.id.value.clone());
        volumes::add(volume, &mut facts);
    }
    facts.all
}
