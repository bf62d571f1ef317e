//! The project file `applc.toml`: settings of a repository for all runs of applc.
//!
//! ```toml
//! required-version = ">=0.1, <0.2"
//! appliances = ["apps/**/*.appliance.{json,yaml}"]
//! default-targets = ["kubernetes"]
//! output = "manifests/{environment}/{target}/{folder}/{id}"
//! target-folders = ["deploy/quadlet"]
//!
//! [targets.kubernetes]
//! expose = "load-balancer"
//!
//! [environments.prod]
//! overlay = "app.prod.yaml"
//! compile-for = ["kubernetes", "nomad"]
//! images = { "registry.example.org/shop/api" = "2.4.1" }
//! targets.kubernetes.namespace = "{id}-prod"
//!
//! [diagnostics]
//! deny = ["warnings"]
//! allow = ["W0301"]
//! ```
//!
//! A file in a folder below is merged over those of the folders above it, key by key; the values of an
//! environment are merged over the others, in the same order.

mod file;
mod globs;
mod pattern;
mod settings;

use std::path::Path;
use std::sync::Arc;

pub use file::{File, Values};
pub use globs::Globs;
pub use pattern::{Names, Pattern, Placeholder};
pub use settings::{Output, Settings, filled};

use crate::diag::{Findings, Levels, Report};
use crate::overlay::Lock;
use crate::source::{Source, Sources};
use crate::targets::custom::Renderer;
use crate::targets::{self, TargetRef};
use crate::world::{ReadError, World, is_absent};

/// Name of the project file.
pub const FILE_NAME: &str = "applc.toml";

/// The JSON Schema of the output of `applc config --format json`.
pub const CONFIG_SCHEMA: &str = include_str!("../../schema/config.schema.json");
/// Name of the lock file, which is beside the outermost project file.
pub const LOCK_NAME: &str = "applc.lock";

/// The project file of a folder, over those of the folders above it.
pub struct Project {
    /// The file.
    pub file: File,
    /// The files above it.
    pub outer: Option<Arc<Project>>,
    /// These files, the outermost one first.
    pub sources: Sources,
    /// The digests of images, from the lock file. Its source is one of `sources`.
    pub lock: Option<Arc<Lock>>,
    /// All known targets: the built-in targets, those that were given, and those of the folders that the
    /// files list.
    pub targets: Vec<TargetRef>,
}

/// Reads the project file of a folder. `outer` is the project of the folders above it, and the result if
/// the folder has no project file. `given` are known targets in addition to the built-in ones. The templates of
/// custom targets run where `renderer` says, see [`custom::load`](crate::targets::custom::load).
///
/// # Errors
/// The file cannot be read.
pub fn of_folder(
    world: &dyn World,
    folder: &Path,
    outer: Option<&Arc<Project>>,
    given: &[TargetRef],
    renderer: Option<&Arc<dyn Renderer>>,
) -> Result<Option<Arc<Project>>, ReadError> {
    // No link leads out of the project: findings show lines of these files.
    let root = outer
        .map_or_else(|| folder.to_string_lossy().into_owned(), |outer| outer.root().to_owned());
    let read_file = |name: &str| read_file(world, &root, &folder.join(name).to_string_lossy());
    let Some(bytes) = read_file(FILE_NAME)? else { return Ok(outer.cloned()) };
    let name = folder.join(FILE_NAME).to_string_lossy().into_owned();
    let mut project = read(world, name, bytes, outer, given, renderer);
    if outer.is_none()
        && let Some(bytes) = read_file(LOCK_NAME)?
    {
        project.read_lock(folder.join(LOCK_NAME).to_string_lossy().into_owned(), bytes);
    }
    Ok(Some(Arc::new(project)))
}

/// The content of a file in a folder or below it; `None` if it does not exist.
fn read_file(world: &dyn World, folder: &str, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
    let read = match relative(path, folder) {
        Some(below) => world.read_below(folder, below),
        None => world.read(path),
    };
    match read {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(cause) => Err(ReadError { path: path.to_owned(), cause }),
    }
}

/// Finds the project of a folder. `folders` are this folder and those above it that may belong to the project,
/// the innermost one first. The others are as for [`of_folder`].
///
/// # Errors
/// A project file cannot be read.
pub fn find(
    world: &dyn World,
    folders: impl IntoIterator<Item = impl AsRef<Path>>,
    given: &[TargetRef],
    renderer: Option<&Arc<dyn Renderer>>,
) -> Result<Option<Arc<Project>>, ReadError> {
    let folders: Vec<_> = folders.into_iter().collect();
    let outermost_first = folders.iter().rev();
    outermost_first.map(AsRef::as_ref).try_fold(None, |outer: Option<Arc<Project>>, folder| {
        of_folder(world, folder, outer.as_ref(), given, renderer)
    })
}

fn read(
    world: &dyn World,
    name: impl Into<String>,
    bytes: Vec<u8>,
    outer: Option<&Arc<Project>>,
    given: &[TargetRef],
    renderer: Option<&Arc<dyn Renderer>>,
) -> Project {
    let (source, error) = Source::from_bytes(name, bytes);
    let mut sources = outer.map_or_else(Sources::new, |outer| outer.sources.clone());
    let source = sources.add(&source);
    let findings: Findings =
        error.map(|error| crate::syntax::source_error(&source, error)).into_iter().collect();
    let mut targets = outer.map_or_else(
        || targets::built_in().chain(given.iter().cloned()).collect(),
        |outer| outer.targets.clone(),
    );
    let mut file = file::read(world, &source, findings, &mut targets, renderer);
    file.report = file.report.within(sources.clone());
    let lock = outer.and_then(|outer| outer.lock.clone());
    Project { file, outer: outer.cloned(), sources, lock, targets }
}

impl Project {
    /// Reads the lock file. What is wrong in it is reported beside the project file.
    fn read_lock(&mut self, name: String, bytes: Vec<u8>) {
        let (source, error) = Source::from_bytes(name, bytes);
        let source = self.sources.add(&source);
        let mut findings = Findings::new();
        findings.extend(error.map(|error| crate::syntax::source_error(&source, error)));
        self.lock = Some(Arc::new(Lock::read(&source, &mut findings)));
        if !findings.is_empty() {
            self.file.others.push(Report::new(source, findings).within(self.sources.clone()));
        }
    }

    /// The path of the lock file, as the caller named the folder of the outermost file.
    pub fn lock_path(&self) -> String {
        Path::new(self.root()).join(LOCK_NAME).to_string_lossy().into_owned()
    }

    /// The files, the outermost one first.
    pub fn files(&self) -> impl DoubleEndedIterator<Item = &File> {
        let mut files: Vec<&File> =
            std::iter::successors(Some(self), |project| project.outer.as_deref())
                .map(|project| &project.file)
                .collect();
        files.reverse();
        files.into_iter()
    }

    /// The folder of the outermost file.
    pub fn root(&self) -> &str {
        self.files().next().map_or("", |file| file.folder.as_str())
    }

    /// The findings in the files and in the folders of custom targets that they list.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.files().flat_map(|file| file.others.iter().chain([&file.report]))
    }

    /// The levels of codes: those of inner files override those of outer ones.
    pub fn levels(&self) -> Levels {
        self.files().fold(Levels::default(), |outer, file| file.levels.over(&outer))
    }

    /// The names of all environments, each once, in the order of the files.
    pub fn environments(&self) -> Vec<&str> {
        let mut names = Vec::new();
        let all = self.files().flat_map(|file| &file.environments);
        for (name, _) in all {
            if !names.contains(&name.value.as_str()) {
                names.push(name.value.as_str());
            }
        }
        names
    }

    /// Whether a file is an appliance of the project: as the innermost file says that lists any.
    /// `path` starts with the folder of that file, as all paths of the project do.
    pub fn has_appliance(&self, path: &str) -> bool {
        let listing = self.files().rev().find(|file| file.appliances.is_some());
        let (folder, globs) = match listing {
            Some(file) => {
                (file.folder.as_str(), file.appliances.as_ref().map(|globs| &globs.value))
            }
            None => (self.root(), None),
        };
        let globs = globs.unwrap_or_else(|| Globs::usual());
        relative(path, folder).is_some_and(|path| globs.matches(path))
    }

    /// Whether a folder is named as an appliance, and likely meant as one: its name is a usual one, and the project lists it.
    /// Other patterns may match any folder.
    pub fn mistakes_folder(&self, path: &str) -> bool {
        Globs::usual().matches(path) && self.has_appliance(path)
    }
}

/// What there is to say of a folder that is [named as an appliance](Project::mistakes_folder). `shown` is its path.
pub fn named_folder(shown: &str) -> String {
    format!("`{shown}` is named as an appliance, but is a folder")
}

/// Name of the record of the files that applc has made, in a folder with output.
pub const RECORD_NAME: &str = ".applc-outputs";

/// A path relative to a folder that it is in.
pub fn relative<'p>(path: &'p str, folder: &str) -> Option<&'p str> {
    match folder {
        "" => Some(path),
        "/" => path.strip_prefix('/'),
        folder => path.strip_prefix(folder)?.strip_prefix('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    fn of(text: &str) -> Project {
        read(&Memory::new(), "applc.toml", text.as_bytes().to_vec(), None, &[], None)
    }

    fn found(text: &str) -> Vec<(&'static str, String)> {
        let project = of(text);
        let source = &project.file.report.source;
        let place =
            |d: &crate::diag::Diagnostic| (d.code.id, source.slice(d.primary.span).to_owned());
        project.file.report.diagnostics.iter().map(place).collect()
    }

    #[test]
    fn numbers_of_options_are_read_in_their_base() {
        for (text, number) in [("0x400", "1024"), ("1_024", "1024"), ("0b11", "3"), ("+7", "7")] {
            let project = of(&format!("[targets.kubernetes]\nvolume-size = {text}\n"));
            assert!(project.file.report.diagnostics.is_empty());
            assert_eq!(project.file.values.options["kubernetes"].text("volume-size"), number);
        }
    }

    #[test]
    fn names_that_are_none_are_found_at_their_places() {
        for name in ["", ".", "./", "a/", "a/.", "{name}/", "a\\u0000"] {
            let text = format!("[environments.prod]\noverlay = [\"x.yaml\", \"{name}\"]\n");
            assert_eq!(found(&text), [("E0501", format!("\"{name}\""))]);
        }
        assert_eq!(found("[environments.prod]\noverlay = \"\"\n"), [("E0501", "\"\"".to_owned())]);
        assert_eq!(found("target-folders = [\"\"]\n"), [("E0501", "\"\"".to_owned())]);
        let fine = ["{name}", "a/.b", "a..b"].map(|name| format!("\"{name}\"")).join(", ");
        assert_eq!(found(&format!("[environments.prod]\noverlay = [{fine}]\n")), []);
    }

    #[test]
    fn all_errors_are_reported_at_their_locations() {
        let text =
            "\u{feff}colour = 1\n[targets.kubernets]\nx = 1\n[targets.compose]\nnothing = true\n";
        let expected = [("E0501", "colour"), ("E0501", "kubernets"), ("E0501", "nothing")];
        assert_eq!(found(text), expected.map(|(code, place)| (code, place.to_owned())));
        let unreadable = "target-folders = [\"x\"]\n[targets.x]\ny = 1\n";
        assert_eq!(found(unreadable), [("E0501", "\"x\"".to_owned())]);
        assert_eq!(found("targets = 3")[0].0, "E0501");
        assert_eq!(found("[targets\nx = 1")[0].0, "E0115");
    }

    #[test]
    fn a_statement_that_is_half_typed_leaves_the_others() {
        let rest = "output = \"out/{environment}/{target}/{id}\"\ntarget-folders = [\n]\n[targets.nomad]\n[environments.prod]\nimages = {\n  x = \"1\",\n}\n";
        for (broken, at) in [
            ("default-targets = [\"compose\",\n", 28),
            ("appliances = [\n  \"a/*.json\",\n  \"b/*.json,\n]\n", 41),
            ("exp\n", 3),
            ("appliances =\n", 12),
        ] {
            let project = of(&format!("default-targets = [\"nomad\"]\n{broken}{rest}"));
            let found = &project.file.report.diagnostics;
            let codes: Vec<&str> = found.iter().map(|found| found.code.id).collect();
            assert_eq!(codes, ["E0115"], "{broken}");
            let start = "default-targets = [\"nomad\"]\n".len() + at;
            let range = project.file.report.source.range(found[0].primary.span);
            assert!(range.start.abs_diff(start) <= 10, "{broken}: {range:?}");
            let names = project.file.values.targets.as_ref().unwrap();
            assert_eq!(names.value[0].value, "nomad");
            assert_eq!(project.environments(), ["prod"]);
            assert_eq!(project.file.environments[0].1.images.iter().count(), 1);
            assert!(project.file.output.is_some());
        }
        // The entries of a table without a header are in no other one.
        let project = of("[targets.nomad]\n[targets\nx = 1\n[environments.prod]\n");
        assert_eq!(project.file.report.diagnostics.len(), 1);
        assert_eq!(project.environments(), ["prod"]);
        // Only what is broken is reported: what names a folder may be missing.
        assert_eq!(found("target-folders = [\"x\"\ndefault-targets = [\"x\"]\n").len(), 1);
    }

    #[test]
    fn a_merge_that_is_left_is_one_finding() {
        let conflict = "<<<<<<< HEAD\ndefault-targets = [\"nomad\"]\n=======\ndefault-targets = [\"compose\"]\n>>>>>>> other\n";
        for before in ["", "\u{feff}", "output = \"out/{target}/{id}\"\n"] {
            let text = format!("{before}{conflict}[environments.prod]\n");
            assert_eq!(found(&text), [("E0116", "<<<<<<< HEAD".to_owned())]);
            assert_eq!(of(&text).environments(), ["prod"]);
        }
        // Both sides of a list.
        let list = format!("appliances = [\n  \"a\",\n{conflict}]\n");
        assert_eq!(found(&list), [("E0116", "<<<<<<< HEAD".to_owned())]);
        let text = format!("[targets.compose]\nproject-directory = \"\"\"\n{conflict}\"\"\"\n");
        assert_eq!(found(&text), [], "it is the text of a value");
    }

    #[test]
    fn errors_of_environments_are_reported_at_their_locations() {
        let text = r#"
            output = "out/{environment}/{folder}"
            default-targets = ["compose", "kubernets", "compose"]
            [environments."a/b"]
            [environments.prod]
            overlay = ["../x.yaml", "{nmae}.yaml"]
            compile-for = "nomad"
            color = 1
            targets.nomad.datacentre = "x"
            images.api = 3
        "#;
        let places: Vec<String> = found(text).into_iter().map(|(_, place)| place).collect();
        let expected = [
            "\"out/{environment}/{folder}\"",
            "\"kubernets\"",
            "\"compose\"",
            "\"a/b\"",
            "color",
            "\"../x.yaml\"",
            "\"{nmae}.yaml\"",
            "\"nomad\"",
            "datacentre",
            "3",
        ];
        let mut sorted = (places.clone(), expected.map(str::to_owned).to_vec());
        sorted.0.sort();
        sorted.1.sort();
        assert_eq!(sorted.0, sorted.1);
    }

    #[test]
    fn another_version_is_the_only_finding() {
        let text = "required-version = \">=99\"\nnew-key = true\n";
        assert_eq!(found(text), [("E0503", "\">=99\"".to_owned())]);
        assert_eq!(found("required-version = \">=0.1\""), []);
        assert_eq!(found("required-version = \"new\"")[0].0, "E0501");
    }

    #[test]
    fn files_of_folders_below_are_over_those_above() {
        let world = Memory::new().with("/a/applc.toml", "one = 1").with("/a/b/applc.toml", "");
        let names = |path: &str| {
            let project = find(&world, Path::new(path).ancestors().skip(1), &[], None).unwrap();
            project.map(|project| {
                project.files().map(|file| file.report.source.name().to_owned()).collect::<Vec<_>>()
            })
        };
        assert_eq!(names("/a/b/app.json").unwrap(), ["/a/applc.toml", "/a/b/applc.toml"]);
        assert_eq!(names("/a/c/d/app.json").unwrap(), ["/a/applc.toml"]);
        assert_eq!(names("/x/app.json"), None);
    }

    #[test]
    fn the_lock_file_is_beside_the_outermost_project_file() {
        let world = Memory::new().with("r/applc.toml", "").with("r/apps/applc.toml", "");
        let folders = Path::new("r/apps/x").ancestors();
        let project = find(&world, folders, &[], None).unwrap().unwrap();
        assert_eq!(project.lock_path(), "r/applc.lock");
    }

    #[test]
    fn the_innermost_list_of_appliances_decides() {
        let world = Memory::new()
            .with("r/applc.toml", "appliances = [\"apps/**/*.json\"]")
            .with("r/apps/x/applc.toml", "appliances = [\"*.yaml\"]")
            .with("r/apps/y/applc.toml", "");
        let has = |folder: &str, path: &str| {
            let folders = Path::new(folder).ancestors();
            find(&world, folders, &[], None).unwrap().unwrap().has_appliance(path)
        };
        assert!(has("r/apps/x", "r/apps/x/a.yaml"));
        assert!(!has("r/apps/x", "r/apps/x/a.json"));
        assert!(has("r/apps/y", "r/apps/y/a.json"));
        assert!(!has("r", "r/other/a.json"));
    }
}
