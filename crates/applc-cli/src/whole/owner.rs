//! Whose a file of the output of a project is.

use std::path::Path;

use applc::project::Names;
use applc::scope::{way, with_header};
use applc::targets::{Artifact, Rendering};

use super::compile::{self, start_of_paths, way_to_source};
use super::discover::{self, Found, Unit};
use super::{Rooted, joined, record};
use crate::Status;
use crate::disk::shown;
use crate::projects::Settings;
use crate::reporter::Reporter;
use crate::select::Wanted;

/// A file that applc has made, and what it is made from.
pub struct Owned {
    /// The file of the appliance, as it is found from the working directory.
    pub source: String,
    /// The environment.
    pub environment: Option<String>,
    /// The name of the target.
    pub target: String,
    /// Where it is.
    pub place: Place,
}

/// Where a project has the output of an appliance for a target.
#[derive(Clone)]
pub struct Place {
    /// The way from the folder of the output to that of the appliance.
    pub way: String,
    /// The folder of the output, as it is found from the working directory; empty, or it ends in `/`.
    folder: String,
    /// The appliance, as the comment at the start of a file names it.
    source: String,
}

/// Finds what a file is made from. `None` if it is not one that the record of a project names, or is no longer made.
///
/// # Errors
/// The exit status if the project is invalid, which was reported.
pub fn of(path: &str, reporter: &mut Reporter) -> Result<Option<Owned>, Status> {
    let on_disk = Path::new(path);
    let root = on_disk.parent().map(discover::root_of).transpose()?.flatten();
    let Some(root) = root else { return Ok(None) };
    let Ok(place) = std::path::absolute(on_disk) else { return Ok(None) };
    let Ok(place) = place.strip_prefix(&root) else { return Ok(None) };
    let place = place.to_string_lossy().replace('\\', "/");
    if !on_disk.is_file() || !is_recorded(&root, &place) {
        return Ok(None);
    }
    let found = discover::find(Rooted::new(root), &[], &[], &Wanted::none(), reporter)?;
    Ok(found.units.iter().find_map(|unit| of_unit(&found, unit, path, &place)))
}

/// Whether a record in a folder of a file names it. Most files are no output, and the project is not read for them.
fn is_recorded(root: &Path, place: &str) -> bool {
    let world = Rooted::new(root.to_owned());
    let folders = place.rmatch_indices('/').map(|(end, _)| &place[..end]).chain([""]);
    folders
        .into_iter()
        .any(|folder| record::read(&world, folder).is_ok_and(|owned| owned.contains(place)))
}

fn of_unit(found: &Found, unit: &Unit, path: &str, place: &str) -> Option<Owned> {
    let starts =
        |target: &str| start_of_paths(unit, target).is_some_and(|start| place.starts_with(&start));
    if !unit.settings.targets.iter().any(|one| starts(one.target.name())) {
        return None;
    }
    let rendering = Rendering { recorded: false };
    let compiled = compile::compiled(&found.world, unit, Some(rendering)).ok()?;
    for output in &compiled.compilation.outputs {
        let target = output.target.name();
        let folder = compile::folder_of(unit, &compiled.id, target)?;
        let is_this = |artifact: &Artifact| format!("{folder}/{}", artifact.path) == place;
        let Some(artifact) = output.artifacts.iter().find(|artifact| is_this(artifact)) else {
            continue;
        };
        return Some(Owned {
            source: shown(&found.world.on_disk(&unit.file)).to_string_lossy().into_owned(),
            environment: unit.environment.clone(),
            target: target.to_owned(),
            place: Place {
                way: way_to_source(&folder, &unit.file),
                folder: path.strip_suffix(&artifact.path).unwrap_or_default().to_owned(),
                source: unit.file.clone(),
            },
        });
    }
    None
}

impl Place {
    /// The place of the output for a target of the appliance with an id. `None` if no project lists it, or its
    /// project does not say where output is written.
    pub fn of(settings: &Settings, target: &str, id: &str) -> Option<Place> {
        let listed = settings.listed.as_ref()?;
        let output = listed.output.as_ref()?;
        let names = Names { target: Some(target), ..settings.names(Some(id)) };
        let below = joined("", &compile::filled(&output.pattern.value, &names));
        let on_disk = Path::new(&output.folder).join(&below);
        let folder = match shown(&on_disk).to_string_lossy().replace('\\', "/") {
            here if here.is_empty() => here,
            folder => format!("{}/", folder.trim_end_matches('/')),
        };
        Some(Place { way: way(&below, &settings.folder), folder, source: listed.source.clone() })
    }

    /// A file of the output as it is in the project: in its folder, and with the comment at its start.
    pub fn placed(&self, artifact: Artifact) -> Artifact {
        let artifact = with_header(artifact, &self.source);
        Artifact { path: format!("{}{}", self.folder, artifact.path), ..artifact }
    }
}
