//! Finds what two appliances of one environment claim on a target.

use std::collections::{BTreeSet, HashMap};

use applc::diag::{Diagnostic, Findings, Report, codes};
use applc::source::{Source, Sources, Span};
use applc::targets::Claim;

use super::Files;
use super::discover::{Found, Unit};
use super::outcome::Outcome;

/// A claim of a unit.
#[derive(Clone, Copy)]
struct Claimed<'o> {
    /// The index of the outcome.
    at: usize,
    outcome: &'o Outcome,
    unit: &'o Unit,
    claim: &'o Claim,
}

/// Two units that claim the same thing on a target.
struct Clash<'o> {
    target: &'o str,
    first: Claimed<'o>,
    second: Claimed<'o>,
}

/// The findings about claims of two units, of those that [`mark`] has marked.
pub fn clashes(found: &Found, outcomes: &[Outcome]) -> Vec<Report> {
    let clashes = find(found, outcomes, |outcome| outcome.is_clashing).into_iter();
    let told = |Clash { target, first, second }| report(found, first, second, target);
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

/// Finds the clashes. Two appliances are told once for each target.
fn find<'o, W>(
    found: &'o Found<W>,
    outcomes: &'o [Outcome],
    is_wanted: impl Fn(&Outcome) -> bool,
) -> Vec<Clash<'o>> {
    let mut first = HashMap::new();
    let mut told = BTreeSet::new();
    let mut clashes = Vec::new();
    for (at, outcome) in outcomes.iter().enumerate().filter(|(_, outcome)| is_wanted(outcome)) {
        let Some(unit) = found.units.get(outcome.unit) else { continue };
        for (target, claims) in &outcome.claims {
            for claim in claims {
                let claimed = Claimed { at, outcome, unit, claim };
                let key = (&unit.environment, target, &claim.kind, &claim.within, &claim.name);
                let before = *first.entry(key).or_insert(claimed);
                let is_other = before.outcome.unit != outcome.unit;
                if is_other && told.insert((&before.unit.file, &unit.file, target)) {
                    clashes.push(Clash { target, first: before, second: claimed });
                }
            }
        }
    }
    clashes
}

/// The finding about two claims, whose places are in two appliances.
fn report(found: &Found, first: Claimed<'_>, second: Claimed<'_>, target: &str) -> Option<Report> {
    let mut sources = Sources::new();
    let (place, source) = second.place(&mut sources)?;
    let (other, _) = first.place(&mut sources)?;
    let Claim { kind, within, name, .. } = second.claim;
    let within = within.as_ref().map(|within| format!(" in `{within}`")).unwrap_or_default();
    let environment = second.unit.environment.as_ref();
    let environment =
        environment.map(|name| format!(" in environment `{name}`")).unwrap_or_default();
    let file = found.world.shown(&first.unit.file);
    let message = format!("{kind} `{name}`{within} is also that of `{file}`{environment}");
    let finding = Diagnostic::new(&codes::CLAIMED_TWICE, place, message);
    let mut findings = Findings::of_target(target);
    findings.push(finding.also(other, "the other one").help(way_out(kind)));
    Some(Report::new(source, findings).within(sources))
}

/// How two appliances can have different things of this kind.
fn way_out(kind: &str) -> &'static str {
    match kind {
        "host port" | "node port" => "give one of them another `host_port`, or none",
        "project" | "group" | "Chronos job" => "give one of them another `id`",
        _ => "give one of them another `id`, or another namespace in `applc.toml`",
    }
}

impl Claimed<'_> {
    /// The place of the claim, and its source, in the space of these sources, to which the source is added.
    /// `None` if it is unknown.
    fn place(&self, sources: &mut Sources) -> Option<(Span, Source)> {
        let (report, _) = self.outcome.findings.as_ref().ok()?;
        let source = report.source_of(self.claim.span);
        let range = source.range(self.claim.span);
        let moved = sources.add(source);
        Some((moved.span(range), moved))
    }
}
