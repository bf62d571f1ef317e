//! What earlier runs have made, so that a run after an edit only makes anew what the edit changes.
//!
//! An entry has everything that was read for a result, with digests. It is used only if all of that is as it was, and
//! if the files that were made are on disk with the content that they had: otherwise the appliance is compiled, as
//! without a cache. Appliances with errors have no entries.
//!
//! A cache that cannot be used is as if it were not there. That there is something else in its place is said, as it is
//! never there by itself.

mod entry;
mod store;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;
use serde::Serialize;

use self::entry::Entry;
use self::store::{Content, Store};
use super::apply::Written;
use super::compile::Depth;
use super::digest::Digest;
use super::discover::{Found, Unit};
use super::outcome::Outcome;
use super::seen::{Access, Seen};
use super::stats::Stats;
use super::{Files as World, Rooted, folder};
use crate::disk::shown;
use crate::terminal::note;

/// How many entries a unit has at most: other arguments, and another version of the project file, have their own.
const ENTRIES: usize = 2;

/// One change in how many is worth writing all: fewer are found out again by the next run in less time.
const WORTH: usize = 200;

/// The entries of a project.
pub struct Cache {
    state: Option<State>,
}

struct State {
    store: Store,
    stats: Option<Arc<Stats>>,
    root: Rooted,
    /// By the file of the appliance, the entries that were used last first.
    known: HashMap<String, Vec<Known>>,
    new: Mutex<Vec<(String, Entry)>>,
}

struct Known {
    entry: Entry,
    is_used: AtomicBool,
}

impl Cache {
    /// No cache: nothing is known, and nothing is kept.
    pub fn none() -> Cache {
        Cache { state: None }
    }

    /// The cache of the project in a folder.
    pub fn open(root: &Path) -> Cache {
        if let Some(what) = folder::oddity(root) {
            let path = shown(&root.join(folder::NAME));
            note(&format!("`{}` is {what}, so that there is no cache", path.display()));
        }
        let state = Store::open(root).map(|store| {
            let Content { entries, disk } = store.read().unwrap_or_default();
            let known = entries.into_iter().map(|(file, entries)| {
                let known = |entry| Known { entry, is_used: AtomicBool::new(false) };
                (file, entries.into_iter().map(known).collect())
            });
            let stats = store.now().map(|now| Arc::new(Stats::new(now, disk)));
            let root = Rooted::new(root.to_owned()).with(stats.clone());
            State { known: known.collect(), store, stats, root, new: Mutex::default() }
        });
        Cache { state }
    }

    /// The files of the project in a folder, with what is known of them.
    pub fn world(&self, root: PathBuf) -> Rooted {
        let stats = self.state.as_ref().and_then(|state| state.stats.clone());
        Rooted::new(root).with(stats)
    }

    /// What is known of the units of one file, with their indices.
    pub fn find<'u>(
        &self,
        world: &dyn World,
        units: impl Iterator<Item = (usize, &'u Unit)>,
        depth: Depth,
    ) -> Vec<Option<Outcome>> {
        let Some(state) = &self.state else { return Vec::new() };
        // Environments mostly read the same.
        let mut seen = Seen::new();
        let find = |(index, unit): (usize, &Unit)| {
            let identity = identity(unit, depth);
            let all = state.known.get(&unit.file)?;
            let known = all.iter().find(|known| {
                let Known { entry, .. } = known;
                entry.identity == identity
                    && entry
                        .seen
                        .iter()
                        .all(|(access, digest)| digest_of(world, access, &mut seen) == *digest)
            })?;
            let outcome = known.entry.outcome(index, unit, world, &state.root)?;
            known.is_used.store(true, Ordering::Relaxed);
            Some(outcome)
        };
        units.map(find).collect()
    }

    /// Keeps what became of a unit, and what was read for it.
    pub fn add(
        &self,
        unit: &Unit,
        depth: Depth,
        seen: impl Iterator<Item = (Access, Digest)>,
        outcome: &Outcome,
    ) {
        let Some(state) = &self.state else { return };
        if let Some(entry) = Entry::of(identity(unit, depth), seen.collect(), outcome) {
            let new = state.new.lock();
            let mut new = new.unwrap_or_else(std::sync::PoisonError::into_inner);
            new.push((unit.file.clone(), entry));
        }
    }

    /// Writes what is known of a project, of which these files were written.
    pub fn write(self, found: &Found, written: &[Written]) {
        let Some(State { store, known, stats, new, root }) = self.state else { return };
        let new = new.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(stats) = &stats {
            add_written(&store, stats, &root, &new, written);
        }
        let mut count: HashMap<&str, usize> = HashMap::new();
        for unit in &found.units {
            *count.entry(&unit.file).or_default() += ENTRIES;
        }
        let gone = known.keys().filter(|file| !count.contains_key(file.as_str())).count();
        let (known_files, new_files) = stats.as_ref().map_or((0, 0), |stats| stats.counts());
        let changes = new.len() + gone + new_files;
        let all = known.values().map(Vec::len).sum::<usize>() + known_files;
        if changes == 0 || changes * WORTH < all {
            return;
        }
        let entries = merged(known, new, &count);
        let files = entries.iter().flat_map(|(_, all)| all).flat_map(Entry::read_or_made).collect();
        let new = stats.as_ref().map(|stats| stats.take_new()).unwrap_or_default();
        let disk = stats.as_ref().map(|stats| stats.all(&new, &files, &found.folders));
        store.write(&entries, &disk.unwrap_or_default());
    }
}

/// Adds the files that were written to what is known of the disk.
fn add_written(
    store: &Store,
    stats: &Stats,
    root: &Rooted,
    new: &[(String, Entry)],
    written: &[Written],
) {
    let Some(later) = store.now().filter(|_| !written.is_empty()) else { return };
    let digests: HashMap<&str, Digest> =
        new.iter().flat_map(|(_, entry)| entry.made()).map(|(path, it)| (path, *it)).collect();
    written.par_iter().for_each(|Written { path, stat }| {
        if let Some(digest) = digests.get(path.as_str())
            && let Ok(placed) = std::fs::symlink_metadata(root.on_disk(path))
        {
            stats.wrote(path, stat, &placed, &later, *digest);
        }
    });
}

/// The entries that are kept, by the files of appliances: of each file, this number.
fn merged(
    known: HashMap<String, Vec<Known>>,
    new: Vec<(String, Entry)>,
    count: &HashMap<&str, usize>,
) -> Vec<(String, Vec<Entry>)> {
    let mut entries: HashMap<String, Vec<Entry>> = HashMap::new();
    for (file, entry) in new {
        entries.entry(file).or_default().push(entry);
    }
    for (file, mut all) in known {
        let Some(limit) = count.get(file.as_str()) else { continue };
        let kept = entries.entry(file).or_default();
        all.retain(|known| kept.iter().all(|new| new.identity != known.entry.identity));
        // The others keep their order.
        all.sort_by_key(|known| !known.is_used.load(Ordering::Relaxed));
        kept.extend(all.into_iter().map(|known| known.entry));
        kept.truncate(*limit);
    }
    let mut entries: Vec<(String, Vec<Entry>)> = entries.into_iter().collect();
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    entries
}

/// What a result is of: with the same one, it depends on nothing but on what was read.
fn identity(unit: &Unit, depth: Depth) -> Digest {
    #[derive(Serialize)]
    struct Identity<'u>(&'u str, &'u Option<String>, Digest, Depth);
    let Unit { file, environment, settings, .. } = unit;
    Digest::of(&Identity(file, environment, settings.digest, depth))
}

fn digest_of(world: &dyn World, access: &Access, seen: &mut Seen) -> Digest {
    match seen.iter().find(|(known, _)| known == access) {
        Some((_, digest)) => *digest,
        None => {
            let digest = access.digest(world);
            seen.push((access.clone(), digest));
            digest
        }
    }
}
