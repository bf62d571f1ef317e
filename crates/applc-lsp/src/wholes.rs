//! The appliances of whole projects, also those that are not open: they are found folder by folder, and what is kept of
//! each is renewed when one of its files changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use applc::project::{self, FILE_NAME, Names, Project, Settings};
use applc::scope::appliance_name;
use applc::source::Span;

use crate::facts::Facts;
use crate::files::{Entries, Open};
use crate::projects::Projects;

/// The projects of open documents, by the folders of their outermost files.
#[derive(Default)]
pub struct Wholes(BTreeMap<String, Whole>);

/// A project.
pub struct Whole {
    /// The project of its outermost file.
    pub root: Arc<Project>,
    /// The folders that wait to be looked into, with the projects of the folders above.
    unlisted: BTreeMap<String, Arc<Project>>,
    /// The folders that were looked into.
    pub folders: BTreeMap<String, Folder>,
    /// The appliances, by path.
    pub members: BTreeMap<String, Member>,
    /// The appliances whose facts are old or missing.
    waiting: BTreeSet<String>,
    /// The appliances that asked for a file or folder.
    askers: BTreeMap<String, BTreeSet<String>>,
    is_compared: bool,
    has_clashes: bool,
}

/// A folder of a project.
#[derive(PartialEq, Eq)]
pub struct Folder {
    /// The paths of what is in it and no folder, if it has appliances.
    pub files: BTreeSet<String>,
    /// The paths of the folders in it.
    below: BTreeSet<String>,
    /// The folder of the project file of the folder above.
    above: String,
    /// The folder of its project file.
    of: String,
}

/// An appliance of a project.
pub struct Member {
    /// The project of its folder.
    pub project: Arc<Project>,
    /// What is known of it; nothing at first.
    pub facts: Facts,
    /// The paths of its output in each environment, if it shares a folder with another one.
    pub paths: Option<Vec<Vec<String>>>,
}

/// The overlays that exist for the entries of a project file, by the places of the entries.
pub type ByEntry = BTreeMap<Span, BTreeSet<String>>;

/// What waits. Each is of the project in a folder.
pub enum Work {
    /// To look into a folder.
    List(String, String),
    /// To find out what there is to know of an appliance.
    Look(String, String),
    /// To compare the appliances.
    Compare(String),
}

impl Wholes {
    /// Keeps the projects with these outermost files, and begins with those that are new.
    pub fn keep(&mut self, roots: &BTreeMap<String, Arc<Project>>) {
        self.0.retain(|folder, _| roots.contains_key(folder));
        for (folder, root) in roots {
            self.0.entry(folder.clone()).or_insert_with(|| Whole::of(root.clone()));
        }
    }

    /// Forgets all, and returns their folders.
    pub fn forget(&mut self) -> Vec<String> {
        std::mem::take(&mut self.0).into_keys().collect()
    }

    /// All projects.
    pub fn iter(&self) -> impl Iterator<Item = &Whole> {
        self.0.values()
    }

    /// The project in a folder.
    pub fn get(&self, folder: &str) -> Option<&Whole> {
        self.0.get(folder)
    }

    /// The same for changes.
    pub fn get_mut(&mut self, folder: &str) -> Option<&mut Whole> {
        self.0.get_mut(folder)
    }

    /// Whether there is a project in a folder.
    pub fn has(&self, folder: &str) -> bool {
        self.0.contains_key(folder)
    }

    /// Says that the text of a file changed.
    pub fn changed(&mut self, path: &str) {
        self.0.values_mut().for_each(|whole| whole.changed(path));
    }

    /// Says that a file may be new or gone.
    pub fn is_new_or_gone(&mut self, path: &str) {
        self.0.values_mut().for_each(|whole| whole.is_new_or_gone(path));
    }

    /// What waits next.
    pub fn next(&self) -> Option<Work> {
        self.0.iter().find_map(|(root, whole)| whole.next(root.clone()))
    }
}

impl Whole {
    fn of(root: Arc<Project>) -> Whole {
        let unlisted = BTreeMap::from([(root.file.folder.clone(), root.clone())]);
        Whole {
            root,
            unlisted,
            folders: BTreeMap::new(),
            members: BTreeMap::new(),
            waiting: BTreeSet::new(),
            askers: BTreeMap::new(),
            is_compared: false,
            has_clashes: false,
        }
    }

    fn next(&self, root: String) -> Option<Work> {
        if let Some(folder) = self.unlisted.keys().next() {
            return Some(Work::List(root, folder.clone()));
        }
        if let Some(file) = self.waiting.first() {
            return Some(Work::Look(root, file.clone()));
        }
        (!self.is_compared).then_some(Work::Compare(root))
    }

    fn changed(&mut self, path: &str) {
        let above = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
        let askers = above.chain([path]).filter_map(|asked| self.askers.get(asked));
        let askers: Vec<String> = askers.flatten().cloned().collect();
        self.waiting.extend(askers);
    }

    fn is_new_or_gone(&mut self, path: &str) {
        let mut folder = path;
        while let Some((above, _)) = folder.rsplit_once('/') {
            folder = above;
            if let Some(known) = self.folders.get(folder) {
                let project = self.projects().find(|project| project.file.folder == known.above);
                let project = project.unwrap_or(&self.root).clone();
                self.unlisted.insert(folder.to_owned(), project);
                return;
            }
        }
    }

    /// The projects of the appliances, and the outermost one.
    pub fn projects(&self) -> impl Iterator<Item = &Arc<Project>> {
        let of_members = self.members.values().map(|member| &member.project);
        [&self.root].into_iter().chain(of_members)
    }

    /// The overlays that exist for each entry of a project file, by the place of the entry in that file.
    pub fn overlays_by_entry(&self, file: &str, exists: impl Fn(&str) -> bool) -> ByEntry {
        let mut found = ByEntry::new();
        let mut known: BTreeMap<(&str, Option<String>), Settings> = BTreeMap::new();
        for (path, Member { project, .. }) in &self.members {
            let environments = project.environments().into_iter().map(Some);
            for environment in environments.chain([None]) {
                let key = (project.file.folder.as_str(), environment.map(str::to_owned));
                let settings = known.entry(key).or_insert_with(|| project.settings(environment));
                let name = Some(appliance_name(path));
                let names = Names { environment, name, ..Names::default() };
                for overlay in settings.overlays_of(path, &names, &exists) {
                    if project.sources.of(overlay.span).is_some_and(|one| one.name() == file) {
                        found.entry(overlay.span).or_default().insert(overlay.value);
                    }
                }
            }
        }
        found
    }

    /// Looks into a folder.
    pub fn list(&mut self, open: &Open, projects: &mut Projects, folder: &str) {
        let Some(outer) = self.unlisted.remove(folder) else { return };
        let Entries { files, folders, others } = open.entries(folder);
        let path = |name: &String| format!("{folder}/{name}");
        // Some file systems do not tell the names apart.
        let mut names = files.iter().chain(&folders).chain(&others);
        let has_project = names.any(|name| name.eq_ignore_ascii_case(FILE_NAME));
        let own = (has_project && folder != self.root.file.folder)
            .then(|| projects.within(open, folder, &outer))
            .flatten();
        let above = outer.file.folder.clone();
        let project = own.unwrap_or(outer);
        let below = folders.iter().filter(|name| !applc::path::is_reserved(name));
        let below: BTreeSet<String> = below.map(path).collect();
        for path in below.iter().filter(|path| project.mistakes_folder(path)) {
            let shown = project::relative(path, self.root.root()).unwrap_or(path);
            projects.tell(project::named_folder(shown));
        }
        let appliances = files.iter().map(path);
        let is_one =
            |file: &String| project.has_appliance(file) && !file.contains(char::is_control);
        let appliances: BTreeSet<String> = appliances.filter(is_one).collect();
        let files: BTreeSet<String> = match appliances.is_empty() {
            true => BTreeSet::new(),
            false => files.iter().chain(&others).map(path).collect(),
        };
        let of = project.file.folder.clone();
        let now = Folder { files, below, above, of };
        if self.folders.get(folder) == Some(&now) {
            return;
        }
        self.is_compared = false;
        let is_beside =
            |file: &String| file.rsplit_once('/').is_some_and(|(above, _)| above == folder);
        self.members.retain(|file, _| !is_beside(file) || appliances.contains(file));
        for file in appliances {
            if !self.members.contains_key(&file) {
                self.waiting.insert(file.clone());
                let (project, facts) = (project.clone(), Facts::default());
                self.members.insert(file, Member { project, facts, paths: None });
            }
        }
        for one in &now.below {
            if !self.folders.contains_key(one) {
                self.unlisted.insert(one.clone(), project.clone());
            }
        }
        if let Some(before) = self.folders.insert(folder.to_owned(), now) {
            self.remove_gone(folder, &before);
        }
        let members = &self.members;
        self.waiting.retain(|file| members.contains_key(file));
    }

    /// Removes what was in folders that are gone from a folder.
    fn remove_gone(&mut self, folder: &str, before: &Folder) {
        let Some(now) = self.folders.get(folder) else { return };
        let gone: Vec<String> = before.below.difference(&now.below).cloned().collect();
        let is_gone = |path: &str| {
            let is_in = |folder: &str| path == folder || project::relative(path, folder).is_some();
            gone.iter().any(|folder| is_in(folder))
        };
        self.folders.retain(|path, _| !is_gone(path));
        self.unlisted.retain(|path, _| !is_gone(path));
        self.members.retain(|path, _| !is_gone(path));
    }

    /// Keeps what is known of an appliance now.
    pub fn learn(&mut self, file: &str, facts: Facts) {
        self.waiting.remove(file);
        let Some(member) = self.members.get_mut(file) else { return };
        for asked in member.facts.asked.difference(&facts.asked) {
            if let Some(askers) = self.askers.get_mut(asked) {
                askers.remove(file);
            }
        }
        for asked in facts.asked.difference(&member.facts.asked) {
            self.askers.entry(asked.clone()).or_default().insert(file.to_owned());
        }
        if member.facts.units != facts.units {
            member.paths = None;
            self.is_compared = false;
        }
        // The places of claims move.
        self.is_compared &= !self.has_clashes;
        member.facts = facts;
    }

    /// Says that the appliances are compared, and whether two of them claim the same.
    pub fn compared(&mut self, has_clashes: bool) {
        self.is_compared = true;
        self.has_clashes = has_clashes;
    }
}
