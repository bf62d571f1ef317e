//! The model to the plan: ids to indices, strings to pieces, and all that one part of the
//! appliance says of another. What is wrong is reported, and the rest still resolved.

mod containers;
mod graph;
mod health;
mod ports;
mod schedule;
mod text;
mod uses;
mod volumes;

use std::cell::Cell;
use std::collections::HashMap;

use crate::diag::{Diagnostic, codes, nearest};
use crate::model::Appliance;
use crate::plan::{ContainerId, Plan, Referrer, VolumeId};
use crate::source::{Source, Span, Spanned};

/// What resolving looks things up in.
struct Scope<'a> {
    source: &'a Source,
    /// The containers by id; the first of two with the same id.
    containers: HashMap<&'a str, ContainerId>,
    /// The volumes by id; the first of two with the same id.
    volumes: HashMap<&'a str, VolumeId>,
    /// Whether an id that is not here is surely not in the appliance.
    complete: bool,
    /// How many more ids may be compared with a word in search of a near one.
    comparisons: Cell<usize>,
    /// How many references were met.
    references: Cell<usize>,
}

/// An appliance may have this many references. Each takes far more memory than its text.
const MAX_REFERENCES: usize = 1_000_000;

/// Ids compared with unknown words in one appliance. Enough for hundreds of slips in a large
/// one; without an end, many slips among many ids would take the product of both.
const MOST_COMPARISONS: usize = 200_000;

impl<'a> Scope<'a> {
    /// Counts a reference. False for one too many, the first of which is reported.
    fn count_reference(&self, place: Span, diagnostics: &mut Vec<Diagnostic>) -> bool {
        let count = self.references.get();
        self.references.set(count + 1);
        if count == MAX_REFERENCES {
            let message = "the appliance has more than a million references";
            let diagnostic = Diagnostic::new(&codes::TOO_LARGE, place, message);
            diagnostics.push(diagnostic.label("none is read from here on"));
        }
        count < MAX_REFERENCES
    }

    /// The one of these ids that a word probably was meant to be.
    fn near(&self, word: &str, ids: &HashMap<&'a str, usize>) -> Option<&'a str> {
        let left = self.comparisons.get().checked_sub(ids.len())?;
        self.comparisons.set(left);
        nearest(word, ids.keys().copied())
    }
}

/// Resolves an appliance. The plan is to be used only where no error was reported, now or
/// before.
pub fn resolve(
    appliance: &Appliance<'_>,
    source: &Source,
    diagnostics: &mut Vec<Diagnostic>,
) -> Plan {
    let scope = Scope {
        source,
        containers: index(appliance.containers.iter().map(|c| c.id), |clash| {
            let message = format!("the container id `{}` stands twice", clash.second.value);
            let diagnostic = Diagnostic::new(&codes::DUPLICATE_ID, clash.second.span, message)
                .help("give each container of an appliance its own id");
            diagnostics.push(if clash.first.span == clash.second.span {
                diagnostic.label("an alias repeats this container")
            } else {
                diagnostic.label("again here").also(clash.first.span, "first here")
            });
        }),
        volumes: index(appliance.volumes.iter().map(|v| v.id), |clash| {
            let message = format!("the volume id `{}` stands twice", clash.second.value);
            diagnostics.push(
                Diagnostic::new(&codes::DUPLICATE_VOLUME, clash.second.span, message)
                    .label("again here")
                    .also(clash.first.span, "first here")
                    .help("give each persistent volume its own id"),
            );
        }),
        complete: appliance.ids_complete,
        comparisons: Cell::new(MOST_COMPARISONS),
        references: Cell::new(0),
    };
    let mut containers: Vec<_> = appliance
        .containers
        .iter()
        .map(|container| containers::resolve(container, &scope, diagnostics))
        .collect();
    let start_order = graph::order(&mut containers, diagnostics);
    refer(&mut containers);
    ports::check(&containers, diagnostics);
    let volumes = volumes::resolve(&appliance.volumes, &containers, diagnostics);
    let mut plan =
        Plan { id: owned(appliance.id), containers, volumes, start_order, uses: Vec::new() };
    plan.uses = uses::of(&plan);
    plan
}

/// Two things with one id.
struct Clash<'a> {
    first: Spanned<&'a str>,
    second: Spanned<&'a str>,
}

/// Ids to indices; what stands twice is told to `clash`.
fn index<'a>(
    ids: impl Iterator<Item = Spanned<&'a str>>,
    mut clash: impl FnMut(Clash<'a>),
) -> HashMap<&'a str, usize> {
    let mut first: HashMap<&str, (usize, Spanned<&str>)> = HashMap::new();
    for (index, id) in ids.enumerate() {
        match first.get(id.value) {
            Some((_, first)) => clash(Clash { first: *first, second: id }),
            None => {
                first.insert(id.value, (index, id));
            }
        }
    }
    first.into_iter().map(|(id, (index, _))| (id, index)).collect()
}

/// Tells each container who refers to it.
fn refer(containers: &mut [crate::plan::Container]) {
    let found: Vec<(ContainerId, Referrer)> = containers
        .iter()
        .enumerate()
        .flat_map(|(from, container)| {
            container.references().map(move |reference| {
                (reference.to, Referrer { from, port: reference.port, span: reference.span })
            })
        })
        .collect();
    for (to, referrer) in found {
        if let Some(container) = containers.get_mut(to) {
            container.referrers.push(referrer);
        }
    }
}

fn owned(text: Spanned<&str>) -> Spanned<String> {
    Spanned::new(text.value.to_owned(), text.span)
}

#[cfg(test)]
mod tests;
