//! Finds what two appliances of one environment claim on a target.

use std::collections::{BTreeSet, HashMap};

use super::{Files, Member};
use crate::diag::{Diagnostic, Findings, Report, codes};
use crate::source::{Source, Sources, Span};
use crate::targets::Claim;

/// A claim of an appliance on a target.
#[derive(Clone, Copy)]
pub struct Claimed<'a> {
    /// What the caller knows it by.
    pub at: usize,
    /// The appliance.
    pub member: Member<'a>,
    /// The name of the target.
    pub target: &'a str,
    /// The claim.
    pub claim: &'a Claim,
}

/// Two appliances that claim the same thing on a target.
pub struct Clash<'a> {
    /// The one that comes first.
    pub first: Claimed<'a>,
    /// The other one.
    pub second: Claimed<'a>,
}

/// Finds the clashes. Two appliances are told once for each target.
pub fn clashes<'a>(all: impl IntoIterator<Item = Claimed<'a>>) -> Vec<Clash<'a>> {
    let mut first = HashMap::new();
    let mut told = BTreeSet::new();
    let mut clashes = Vec::new();
    for claimed in all {
        let Claimed { member, target, claim, .. } = claimed;
        let key = (member.environment, target, &claim.kind, &claim.within, &claim.name);
        let before = *first.entry(key).or_insert(claimed);
        let is_other = before.member.file != member.file;
        if is_other && told.insert((before.member.file, member.file, target)) {
            clashes.push(Clash { first: before, second: claimed });
        }
    }
    clashes
}

impl<'a> Clash<'a> {
    /// The same, as the first appliance sees it.
    pub fn turned(&self) -> Clash<'a> {
        Clash { first: self.second, second: self.first }
    }

    /// The finding, with the places of both claims: a source, and a span of it.
    pub fn report(
        &self,
        first: (&Source, Span),
        second: (&Source, Span),
        files: &dyn Files,
    ) -> Report {
        let mut sources = Sources::new();
        let mut moved = |(source, span): (&Source, Span)| {
            let range = source.range(span);
            let source = sources.add(source);
            (source.span(range), source)
        };
        let (place, source) = moved(second);
        let (other, _) = moved(first);
        let Claimed { member, target, claim, .. } = self.second;
        let Claim { kind, within, name, .. } = claim;
        let within = within.as_ref().map(|within| format!(" in `{within}`")).unwrap_or_default();
        let environment = member.environment;
        let environment =
            environment.map(|name| format!(" in environment `{name}`")).unwrap_or_default();
        let file = files.shown(self.first.member.file);
        let message = format!("{kind} `{name}`{within} is also that of `{file}`{environment}");
        let finding = Diagnostic::new(&codes::CLAIMED_TWICE, place, message);
        let mut findings = Findings::of_target(target);
        findings.push(finding.also(other, "the other one").help(way_out(kind)));
        Report::new(source, findings).within(sources)
    }
}

/// How two appliances can have different things of this kind.
fn way_out(kind: &str) -> &'static str {
    match kind {
        "host port" | "node port" => "give one of them another `host_port`, or none",
        "project" | "group" | "Chronos job" => "give one of them another `id`",
        _ => "give one of them another `id`, or another namespace in `applc.toml`",
    }
}
