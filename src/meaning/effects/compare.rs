//! Compares what an engine runs before and after.

use std::collections::{BTreeMap, BTreeSet};

use super::state::{Run, State, Work};

/// What happens to a container or a volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Its instances are replaced by others.
    Restarts,
    /// Another one takes its place, with another name or of another kind. The one before runs until it is removed.
    Replaced,
    /// A job that has run, or runs, starts anew.
    RunsAgain,
    /// A job that cannot be changed until it is deleted.
    Refused,
    /// Its instances on machines that no longer fit are replaced.
    MayMove,
    /// It was not there before.
    New,
    /// It is no longer in the output.
    Removed,
    /// More or fewer instances run, and those that are in both go on running.
    Scaled,
    /// A repeating job that is another one from its next run on.
    NextRun,
    /// Another volume is mounted where one was before.
    OtherData,
    /// A namespace that is no longer in the output. What deletes it deletes everything in it.
    NamespaceRemoved,
    /// A volume that is no longer in the output, with its data.
    VolumeUnused,
    /// A volume that cannot be changed as it is written.
    VolumeRefused,
}

impl Kind {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Restarts => "restarts",
            Kind::Replaced => "replaced",
            Kind::RunsAgain => "runs-again",
            Kind::Refused => "refused",
            Kind::MayMove => "may-move",
            Kind::New => "new",
            Kind::Removed => "removed",
            Kind::Scaled => "scaled",
            Kind::NextRun => "next-run",
            Kind::OtherData => "other-data",
            Kind::NamespaceRemoved => "namespace-removed",
            Kind::VolumeUnused => "volume-unused",
            Kind::VolumeRefused => "volume-refused",
        }
    }

    /// What it is about, in JSON: containers by their ids, all else by the names that the engine has for it.
    pub fn subjects(self) -> &'static str {
        match self {
            Kind::VolumeUnused | Kind::VolumeRefused => "volumes",
            Kind::NamespaceRemoved => "namespaces",
            _ => "containers",
        }
    }
}

/// One kind of effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// What happens.
    pub kind: Kind,
    /// The ids of the containers, or the names of the volumes or namespaces, that it happens to, sorted: the order of
    /// an output is another one on each target.
    pub names: Vec<String>,
}

/// All that happens, each kind once, in the order of the kinds. Empty if nothing that runs is touched.
pub type Effects = Vec<Effect>;

/// What happens if `after` takes the place of `before`.
pub fn effects(before: State, after: State) -> Effects {
    let mut found: BTreeMap<Kind, BTreeSet<String>> = BTreeMap::new();
    let mut push = |kind, name: &str| {
        found.entry(kind).or_default().insert(name.to_owned());
    };
    let runs = after.runs.iter().chain(&before.runs);
    let ids: BTreeSet<&str> = runs.map(|run| run.container.as_str()).collect();
    for id in ids {
        let was: Vec<&Run> = before.runs.iter().filter(|run| run.container == id).collect();
        let is: Vec<&Run> = after.runs.iter().filter(|run| run.container == id).collect();
        if let Some(kind) = container(&was, &is) {
            push(kind, id);
        }
        if finds_other_data(&was, &is) {
            push(Kind::OtherData, id);
        }
    }
    for name in before.namespaces.difference(&after.namespaces) {
        push(Kind::NamespaceRemoved, name);
    }
    for (name, volume) in &before.volumes {
        match after.volumes.get(name) {
            None => push(Kind::VolumeUnused, name),
            Some(now) if now.fixed != volume.fixed || now.size < volume.size => {
                push(Kind::VolumeRefused, name);
            }
            Some(_) => {}
        }
    }
    let effect = |(kind, names): (Kind, BTreeSet<String>)| Effect {
        kind,
        names: names.into_iter().collect(),
    };
    found.into_iter().map(effect).collect()
}

/// What happens to a container, by what runs for it.
fn container(was: &[&Run], is: &[&Run]) -> Option<Kind> {
    let instances = |runs: &[&Run]| runs.iter().map(|run| run.instances).sum::<u64>();
    let scaled = (instances(was) != instances(is)).then_some(Kind::Scaled);
    match (was, is) {
        ([], _) => return Some(Kind::New),
        (_, []) => return Some(Kind::Removed),
        _ => {}
    }
    let mut pairs: Vec<(&Run, &Run)> = Vec::new();
    for run in is {
        pairs.extend(was.iter().find(|other| other.key == run.key).map(|other| (*other, *run)));
    }
    if pairs.is_empty() {
        return Some(Kind::Replaced);
    }
    // The first of them counts: the kinds are in the order of what they interrupt.
    let kind = pairs.iter().filter_map(|(was, is)| run(was, is)).min();
    match kind {
        // Nothing ran, or nothing will.
        Some(Kind::Restarts | Kind::MayMove) if instances(was) == 0 || instances(is) == 0 => scaled,
        kind => kind.or(scaled),
    }
}

/// What happens to something that runs.
fn run(was: &Run, is: &Run) -> Option<Kind> {
    if was.fixed != is.fixed {
        return Some(Kind::Refused);
    }
    if was.definition != is.definition {
        return Some(match (was.work, is.work) {
            (Work::Service, _) | (_, Work::Service) => Kind::Restarts,
            (_, Work::Once) => Kind::RunsAgain,
            (_, Work::Repeating) => Kind::NextRun,
        });
    }
    if was.machines != is.machines {
        return Some(Kind::MayMove);
    }
    (was.timing != is.timing).then_some(Kind::NextRun)
}

/// Whether a container has another volume at a path than before.
fn finds_other_data(was: &[&Run], is: &[&Run]) -> bool {
    let mounts = |runs: &[&'_ Run]| -> BTreeMap<String, String> {
        runs.iter().flat_map(|run| run.mounts.clone()).collect()
    };
    let (was, is) = (mounts(was), mounts(is));
    is.iter().any(|(path, name)| was.get(path).is_some_and(|other| other != name))
}
