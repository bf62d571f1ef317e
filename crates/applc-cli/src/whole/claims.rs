//! Finds what two appliances of one environment claim on a target.

use std::collections::BTreeSet;

use applc::diag::Report;
use applc::source::{Source, Span};
use applc::whole::{self, Claimed, Clash};

use super::Compared;
use super::discover::Found;
use super::outcome::Outcome;

/// The findings about claims of two units, of those that [`mark`] has marked.
pub fn clashes(found: &Found, outcomes: &[Outcome]) -> Vec<Report> {
    let clashes = find(found, outcomes, |outcome| outcome.is_clashing).into_iter();
    let told = |clash: Clash<'_>| {
        let (first, second) = (place(outcomes, &clash.first)?, place(outcomes, &clash.second)?);
        Some(clash.report(first, second, &Compared(&found.world)))
    };
    clashes.filter_map(told).collect()
}

/// Marks the outcomes of units that claim what another one claims, and returns their indices.
pub fn mark<W>(found: &Found<W>, outcomes: &mut [Outcome]) -> BTreeSet<usize> {
    let clashes = find(found, outcomes, |_| true).into_iter();
    let all: BTreeSet<usize> =
        clashes.flat_map(|Clash { first, second, .. }| [first.at, second.at]).collect();
    for at in &all {
        if let Some(outcome) = outcomes.get_mut(*at) {
            outcome.is_clashing = true;
        }
    }
    all
}

/// Finds the clashes of some outcomes, which are known by their indices.
fn find<'o, W>(
    found: &'o Found<W>,
    outcomes: &'o [Outcome],
    is_wanted: impl Fn(&Outcome) -> bool,
) -> Vec<Clash<'o>> {
    let outcomes = outcomes.iter().enumerate().filter(|(_, outcome)| is_wanted(outcome));
    whole::clashes(outcomes.flat_map(|(at, outcome)| {
        let member = found.units.get(outcome.unit).map(|unit| unit.member());
        let claims = outcome.claims.iter();
        let claims = claims.flat_map(|(target, all)| all.iter().map(move |claim| (target, claim)));
        claims
            .filter_map(move |(target, claim)| Some(Claimed { at, member: member?, target, claim }))
    }))
}

/// The place of a claim, and its source. `None` if it is unknown.
fn place<'o>(outcomes: &'o [Outcome], claimed: &Claimed<'_>) -> Option<(&'o Source, Span)> {
    let (report, _) = outcomes.get(claimed.at)?.findings.as_ref().ok()?;
    Some((report.source_of(claimed.claim.span), claimed.claim.span))
}
