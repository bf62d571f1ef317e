//! What documents are: that follows from the project and from their names, otherwise from their language.

use std::collections::BTreeMap;

use applc::editors::Format;
use applc::kind::{self, Base, Reserved};
use applc::project::{Globs, Project};
use applc::targets::custom;

use crate::files::Open;
use crate::projects::Projects;

/// What a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// An appliance.
    Appliance,
    /// An overlay of these appliances.
    Overlay(Vec<String>),
    /// The settings of a project.
    Project,
    /// A file of the custom target in this folder: `target.toml`, or a template.
    Target(String),
    /// Something else, of which the server says nothing.
    Other,
}

impl Kind {
    /// The format of a document of this kind. `None` without one that the server knows, as that of templates.
    pub fn format(&self, path: &str) -> Option<Format> {
        let name = path.rsplit('/').next().unwrap_or_default();
        match self {
            Kind::Appliance => Some(Format::Appliance),
            Kind::Overlay(_) => Some(Format::Overlay),
            Kind::Project => Some(Format::Project),
            Kind::Target(_) if name == custom::FILE_NAME => Some(Format::Target),
            Kind::Target(_) | Kind::Other => None,
        }
    }
}

/// What is known of documents, and of the overlays in their folders.
#[derive(Default)]
pub struct Kinds {
    documents: BTreeMap<String, Kind>,
    /// The overlays of the appliances in a folder.
    overlays: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

impl Kinds {
    /// Forgets what may be another one as a file is new or gone; without one, all.
    pub fn forget(&mut self, changed: Option<&str>) {
        let Some((folder, _)) = changed.and_then(|path| path.rsplit_once('/')) else {
            *self = Kinds::default();
            return;
        };
        self.overlays.remove(folder);
        let is_below =
            |path: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
        self.documents.retain(|path, _| !is_below(path));
    }

    /// Finds out what the open documents are.
    pub fn look(&mut self, open: &Open, projects: &mut Projects) {
        self.documents.retain(|path, _| open.documents().contains_key(path));
        for path in open.documents().keys() {
            if !self.documents.contains_key(path) {
                let kind = self.find(open, projects, path);
                self.documents.insert(path.clone(), kind);
            }
        }
    }

    /// What an open document is, as it was when it was looked at.
    pub fn get(&self, path: &str) -> Option<&Kind> {
        self.documents.get(path)
    }

    /// The open documents.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Kind)> {
        self.documents.iter()
    }

    fn find(&mut self, open: &Open, projects: &mut Projects, path: &str) -> Kind {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        match Reserved::of_name(name) {
            Some(Reserved::Project) => return Kind::Project,
            Some(Reserved::Lock | Reserved::Record) => return Kind::Other,
            Some(Reserved::Target) | None => {}
        }
        let project = projects.of(open, path);
        if is_appliance(open, project.as_deref(), path) {
            return Kind::Appliance;
        }
        if let Some(folder) = target_of(open, folder) {
            return Kind::Target(folder);
        }
        match self.bases(open, projects, path) {
            none if none.is_empty() => Kind::Other,
            bases => Kind::Overlay(bases),
        }
    }

    /// The appliances that have a file as an overlay in some environment: they are in its folder, or in one above it.
    pub fn bases(&mut self, open: &Open, projects: &mut Projects, path: &str) -> Vec<String> {
        let Some(project) = projects.of(open, path) else { return Vec::new() };
        let mut folder = path;
        while let Some((above, _)) = folder.rsplit_once('/') {
            folder = above;
            let overlays = self.overlays.entry(folder.to_owned());
            let overlays = overlays.or_insert_with(|| overlays_in(open, projects, folder));
            if let Some(bases) = overlays.get(path) {
                return bases.clone();
            }
            if folder == project.root() {
                break;
            }
        }
        Vec::new()
    }
}

/// The overlays of the appliances in a folder, and whose they are.
fn overlays_in(
    open: &Open,
    projects: &mut Projects,
    folder: &str,
) -> BTreeMap<String, Vec<String>> {
    let files: Vec<String> =
        open.entries(folder).files.into_iter().map(|name| format!("{folder}/{name}")).collect();
    let any = files.first().and_then(|file| projects.of(open, file));
    let Some(project) = any else { return BTreeMap::new() };
    let appliances = files.iter().filter(|file| is_appliance(open, Some(&project), file));
    let overlays = kind::overlays(&project, appliances.map(String::as_str));
    let of_files = |bases: Vec<Base>| {
        let mut files: Vec<String> = bases.into_iter().map(|base| base.file).collect();
        files.dedup();
        files
    };
    overlays.into_iter().map(|(overlay, bases)| (overlay, of_files(bases))).collect()
}

/// Whether a file is an appliance: its project lists it, or its name or language says so.
fn is_appliance(open: &Open, project: Option<&Project>, path: &str) -> bool {
    let is_listed = match project {
        Some(project) => project.has_appliance(path),
        None => Globs::usual().matches(path.trim_start_matches('/')),
    };
    // Several editors have names such as `yaml.appliance`.
    is_listed
        || open.documents().get(path).is_some_and(|document| {
            document.language.split(|c: char| !c.is_alphanumeric()).any(|word| word == "appliance")
        })
}

/// The folder of the custom target that a file in a folder belongs to.
fn target_of(open: &Open, folder: &str) -> Option<String> {
    let mut above = folder;
    // Templates may be in folders of their own.
    for _ in 0..MAX_DEPTH {
        if open.exists(&format!("{above}/{}", custom::FILE_NAME)) {
            return Some(above.to_owned());
        }
        above = above.rsplit_once('/')?.0;
    }
    None
}

/// The number of folders between a template and its `target.toml` that are looked at.
const MAX_DEPTH: usize = 4;
