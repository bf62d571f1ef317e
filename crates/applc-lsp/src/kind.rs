//! What a document is: that follows from the project and from its name, otherwise from its language.

use applc::project::{FILE_NAME, Globs};
use applc::scope::Scope;
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
    /// The kind of an open document.
    pub fn of(open: &Open, projects: &mut Projects, path: &str) -> Kind {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name == FILE_NAME {
            return Kind::Project;
        }
        if is_appliance(open, projects, path) {
            return Kind::Appliance;
        }
        if let Some(folder) = target_of(open, folder) {
            return Kind::Target(folder);
        }
        match appliances_of(open, projects, folder, path) {
            none if none.is_empty() => Kind::Other,
            bases => Kind::Overlay(bases),
        }
    }
}

/// Whether a file is an appliance: its project lists it, or its name or language says so.
pub fn is_appliance(open: &Open, projects: &mut Projects, path: &str) -> bool {
    let is_listed = match projects.of(open, path) {
        Some(project) => project.has_appliance(path),
        None => Globs::default().matches(path.trim_start_matches('/')),
    };
    // Several editors have names such as `yaml.appliance`.
    is_listed
        || open.documents().get(path).is_some_and(|document| {
            document.language.split(|c: char| !c.is_alphanumeric()).any(|word| word == "appliance")
        })
}

/// The appliances in a folder that have a file as an overlay in some environment.
fn appliances_of(open: &Open, projects: &mut Projects, folder: &str, path: &str) -> Vec<String> {
    let Some(project) = projects.of(open, path) else { return Vec::new() };
    let beside: Vec<String> =
        open.names(folder).into_iter().map(|name| format!("{folder}/{name}")).collect();
    let has = |file: &String| {
        let scopes = Scope::all(Some(&project), file, &[], |overlay| overlay == path);
        scopes.iter().any(|scope| !scope.changes.overlays.is_empty())
    };
    let mut bases = Vec::new();
    for file in beside {
        if file != path && is_appliance(open, projects, &file) && has(&file) {
            bases.push(file);
        }
    }
    bases
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
