//! Finding containers and volumes by id.

use std::cell::Cell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::diag::{Diagnostic, Findings, codes, nearest};
use crate::model::Appliance;
use crate::plan::{ContainerId, VolumeId};
use crate::source::{Source, Sources, Span, Spanned};

/// Maximum number of references in an appliance. Each takes far more memory than its text.
pub const MAX_REFERENCES: usize = 1_000_000;

/// Maximum number of comparisons between known ids and unknown ones in one appliance. It is
/// enough for hundreds of typos in a large appliance, and keeps the time from growing with
/// the product of typos and ids.
const MAX_COMPARISONS: usize = 200_000;

/// The ids of an appliance, and what is counted while they are looked up.
pub struct Lookup<'a> {
    /// The text of the appliance.
    source: &'a Source,
    /// All texts that its values may be in.
    sources: &'a Sources,
    /// The containers by id; the first one of a duplicate id.
    pub containers: HashMap<&'a str, ContainerId>,
    /// The volumes by id; the first one of a duplicate id.
    pub volumes: HashMap<&'a str, VolumeId>,
    /// Whether an id that is not found here certainly does not exist in the appliance.
    pub complete: bool,
    /// Whether no mount has an error, so that a volume without a mount certainly is unused.
    pub mounts_complete: Cell<bool>,
    /// The number of comparisons left.
    comparisons: Cell<usize>,
    /// The number of references seen.
    references: Cell<usize>,
}

impl<'a> Lookup<'a> {
    /// Indexes the ids of an appliance. Reports duplicates.
    pub fn new(
        appliance: &'a Appliance<'_>,
        source: &'a Source,
        sources: &'a Sources,
        findings: &mut Findings,
    ) -> Lookup<'a> {
        let id =
            |at: usize| appliance.ids.get(at).map(|id| Spanned::new(id.value.as_str(), id.span));
        let containers = index(appliance.ids.len(), id, |duplicate| {
            findings.add(&codes::DUPLICATE_ID, |code| {
                let message = format!("duplicate container id `{}`", duplicate.second.value);
                let diagnostic = Diagnostic::new(code, duplicate.second.span, message)
                    .help("give each container of an appliance a unique id");
                if duplicate.first.span == duplicate.second.span {
                    diagnostic.label("an alias repeats this container")
                } else {
                    diagnostic
                        .label("defined again here")
                        .also(duplicate.first.span, "first defined here")
                }
            });
        });
        let id = |at: usize| appliance.volumes.get(at).map(|volume| volume.id);
        let volumes = index(appliance.volumes.len(), id, |duplicate| {
            findings.add(&codes::DUPLICATE_VOLUME, |code| {
                let message = format!("duplicate volume id `{}`", duplicate.second.value);
                Diagnostic::new(code, duplicate.second.span, message)
                    .label("defined again here")
                    .also(duplicate.first.span, "first defined here")
                    .help("give each persistent volume a unique id")
            });
        });
        Lookup {
            source,
            sources,
            containers,
            volumes,
            complete: appliance.ids_complete,
            mounts_complete: Cell::new(appliance.ids_complete),
            comparisons: Cell::new(MAX_COMPARISONS),
            references: Cell::new(0),
        }
    }

    /// The text that a value is in.
    pub fn source_of(&self, span: Span) -> &'a Source {
        match self.source.contains(span.start) {
            true => self.source,
            false => self.sources.of(span).unwrap_or(self.source),
        }
    }

    /// Counts a reference. Returns `false` beyond the maximum; the first one beyond it is
    /// reported.
    pub fn count_reference(&self, span: Span, findings: &mut Findings) -> bool {
        let count = self.references.get();
        self.references.set(count + 1);
        if count == MAX_REFERENCES {
            let message = "more than 1,000,000 references in the appliance";
            let diagnostic = Diagnostic::new(&codes::TOO_LARGE, span, message);
            findings.push(diagnostic.label("references are ignored from here on"));
        }
        count < MAX_REFERENCES
    }

    /// The id among `ids` that is most similar to `word`, if one is similar enough.
    pub fn similar(&self, word: &str, ids: &HashMap<&'a str, usize>) -> Option<&'a str> {
        let left = self.comparisons.get().checked_sub(ids.len())?;
        self.comparisons.set(left);
        nearest(word, ids.keys().copied())
    }
}

/// Two definitions with the same id.
struct Duplicate<'a> {
    first: Spanned<&'a str>,
    second: Spanned<&'a str>,
}

/// Maps each of `count` ids to its first index. Duplicates are passed to `report`.
fn index<'a>(
    count: usize,
    id: impl Fn(usize) -> Option<Spanned<&'a str>>,
    mut report: impl FnMut(Duplicate<'a>),
) -> HashMap<&'a str, usize> {
    let mut first = HashMap::with_capacity(count);
    for (at, second) in (0..count).filter_map(|at| Some((at, id(at)?))) {
        match first.entry(second.value) {
            Entry::Vacant(entry) => {
                entry.insert(at);
            }
            Entry::Occupied(entry) => {
                if let Some(first) = id(*entry.get()) {
                    report(Duplicate { first, second });
                }
            }
        }
    }
    first
}
