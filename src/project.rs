//! The project file `applc.toml`: settings of a repository for all runs of applc.
//!
//! ```toml
//! target-folders = ["deploy/quadlet"]
//!
//! [targets.kubernetes]
//! expose = "load-balancer"
//!
//! [diagnostics]
//! deny = ["warnings"]
//! allow = ["W0301"]
//! ```

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use crate::diag::{Diagnostic, Findings, Levels, Report, Setting, Verb, codes};
use crate::source::{Source, Span, Spanned};
use crate::syntax::toml::{self, Entry, Reader, Table};
use crate::targets::{self, Options, Target, TargetRef, custom, unknown_option};
use crate::world::{ReadError, World};

/// Name of the project file.
pub const FILE_NAME: &str = "applc.toml";

/// The content of a project file.
pub struct Project {
    /// The project file and its findings.
    pub report: Report,
    /// The findings in the folders of custom targets that it lists.
    pub others: Vec<Report>,
    /// All known targets: the built-in targets, those that were given, and those of the
    /// folders that it lists.
    pub targets: Vec<TargetRef>,
    /// The options of targets that it sets, by the name of the target.
    pub options: BTreeMap<String, Options>,
    /// The levels of codes that it sets.
    pub levels: Levels,
}

/// Finds the project file of an appliance: the first one in `folders`, which are its folder and the
/// folders above. `given` are known targets in addition to the built-in ones.
///
/// # Errors
/// The project file cannot be read.
pub fn find(
    world: &dyn World,
    folders: impl IntoIterator<Item = impl AsRef<Path>>,
    given: &[TargetRef],
) -> Result<Option<Project>, ReadError> {
    for folder in folders {
        let candidate = folder.as_ref().join(FILE_NAME);
        let candidate = candidate.to_string_lossy();
        match world.read(&candidate) {
            Ok(bytes) => return Ok(Some(read(world, candidate, bytes, given))),
            Err(error) if is_absent(&error) => {}
            Err(cause) => return Err(ReadError { path: candidate.into_owned(), cause }),
        }
    }
    Ok(None)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn read(
    world: &dyn World,
    name: impl Into<String>,
    bytes: Vec<u8>,
    given: &[TargetRef],
) -> Project {
    let (source, error) = Source::from_bytes(name, bytes);
    let mut findings: Findings =
        error.map(|error| crate::syntax::source_error(&source, error)).into_iter().collect();
    let mut settings = Settings {
        targets: targets::built_in().chain(given.iter().cloned()).collect(),
        ..Settings::default()
    };
    let folder = Path::new(source.name()).parent().unwrap_or(Path::new(""));
    toml::read(&source, &codes::BAD_OPTION, &mut findings, |root, reader| {
        settings.read(root, world, folder, reader);
    });
    let Settings { targets, others, incomplete: _, options, levels } = settings;
    let report = Report::new(source, findings);
    Project { report, others, targets, options, levels: levels.levels() }
}

/// The settings read so far.
#[derive(Default)]
struct Settings {
    targets: Vec<TargetRef>,
    others: Vec<Report>,
    /// Whether a folder has a target that could not be loaded, whose name is not known.
    incomplete: bool,
    options: BTreeMap<String, Options>,
    levels: LevelLists,
}

impl Settings {
    /// Reads the top level of a project file in `folder`.
    fn read(
        &mut self,
        mut root: Table<'_>,
        world: &dyn World,
        folder: &Path,
        reader: &mut Reader<'_>,
    ) {
        let lists = root.take("diagnostics");
        let folders = root.take("target-folders");
        let tables = root.take("targets");
        root.finish(reader);
        if let Some(lists) = lists {
            self.levels(lists, reader);
        }
        // Before the options, which may be those of a target in one of these folders.
        if let Some(folders) = folders {
            self.folders(folders, world, folder, reader);
        }
        if let Some(tables) = tables {
            let tables = options_table(tables, reader).map_or_else(Vec::new, Table::rest);
            tables.into_iter().for_each(|table| self.options(table, reader));
        }
    }

    /// Loads the folders of custom targets, relative to the project file.
    fn folders(
        &mut self,
        entry: Entry<'_>,
        world: &dyn World,
        folder: &Path,
        reader: &mut Reader<'_>,
    ) {
        let expected = "an array of folders, such as `[\"deploy/quadlet\"]`,";
        for item in entry.items(expected, reader).unwrap_or_default() {
            let Some(path) = item.string(reader) else { continue };
            let path = folder.join(path.value);
            match custom::load(world, &path.to_string_lossy()) {
                Ok(loaded) => {
                    self.others.extend(loaded.reports);
                    let Some(target) = loaded.target else {
                        self.incomplete = true;
                        continue;
                    };
                    if targets::named(&self.targets, target.name())
                        .is_some_and(|t| !t.is_same(&target))
                    {
                        reader.report(item.span(), format!("duplicate target `{}`", target.name()));
                        continue;
                    }
                    self.targets.push(TargetRef::Custom(Arc::new(target)));
                }
                Err(error) => {
                    self.incomplete = true;
                    reader.report_with(
                        item.span(),
                        error.to_string(),
                        "a custom target is a folder with a `target.toml`; the path is relative to this file",
                    );
                }
            }
        }
    }

    /// Reads the lists of `[diagnostics]`.
    fn levels(&mut self, entry: Entry<'_>, reader: &mut Reader<'_>) {
        let Some(mut table) = entry.as_table(reader) else {
            reader.report_with(
                entry.key.span,
                "`diagnostics` must be a table of lists of codes",
                "for example `[diagnostics]`, followed by `deny = [\"warnings\"]`",
            );
            return;
        };
        for verb in Verb::ALL {
            let list = table.take(verb.name());
            let items = list
                .and_then(|list| list.items("an array of codes, such as `[\"W0301\"]`,", reader));
            for item in items.unwrap_or_default() {
                match item.as_str() {
                    Some(word) => {
                        let word = Spanned::new(word, item.span());
                        self.levels.add(verb, word, reader.findings);
                    }
                    None => reader.findings.push(Diagnostic::new(
                        &codes::BAD_LEVEL,
                        item.span(),
                        "a code must be a string, for example `\"W0301\"`",
                    )),
                }
            }
        }
        table.finish(reader);
    }

    /// Reads the options of a target.
    fn options(&mut self, entry: Entry<'_>, reader: &mut Reader<'_>) {
        let name = entry.key;
        let Some(target) = targets::named(&self.targets, name.value) else {
            if self.incomplete {
                return;
            }
            let message = format!("unknown target `{}`", name.value);
            let known = self.targets.iter().map(|target| target.name());
            reader.findings.push(unknown_option(message, name, known));
            return;
        };
        let Some(table) = options_table(entry, reader) else { return };
        let options = self.options.entry(name.value.to_owned());
        let options = options.or_insert_with(|| Options::of(&*target));
        for entry in table.rest() {
            if let Some(text) = entry.scalar(reader) {
                let value = Spanned::new(text.value.as_str(), text.span);
                options.set(&*target, entry.key, value, reader.findings);
            }
        }
    }
}

/// The value as a table of options, or of such tables; another type is an error.
fn options_table<'t>(entry: Entry<'t>, reader: &mut Reader<'_>) -> Option<Table<'t>> {
    let table = entry.as_table(reader);
    if table.is_none() {
        reader.report_with(
            entry.key.span,
            format!("`{}` must be a table", entry.key.value),
            "for example `[targets.kubernetes]`, followed by `expose = \"load-balancer\"`",
        );
    }
    table
}

/// The lists of `[diagnostics]` with the spans of their items.
#[derive(Default)]
struct LevelLists(Vec<(Setting, Span)>);

impl LevelLists {
    fn add(&mut self, verb: Verb, word: Spanned<&str>, findings: &mut Findings) {
        let setting = match Setting::parse(verb, word) {
            Ok(setting) => setting,
            Err(error) => {
                findings.push(*error);
                return;
            }
        };
        match self.0.iter().find(|(known, _)| known.same_subject(setting)) {
            Some((_, first)) => {
                // The lists are read in the order of `Verb::ALL`, not of the file.
                let (first, second) = (word.span.min(*first), word.span.max(*first));
                let message = format!("duplicate `{}` in `diagnostics`", word.value);
                findings.push(
                    Diagnostic::new(&codes::BAD_LEVEL, second, message)
                        .label("listed again here")
                        .also(first, "first listed here"),
                );
            }
            None => self.0.push((setting, word.span)),
        }
    }

    /// Lists have no order: a code overrides its group.
    fn levels(&self) -> Levels {
        let (codes, groups): (Vec<Setting>, Vec<Setting>) =
            self.0.iter().map(|(setting, _)| *setting).partition(|s| s.names_a_code());
        Levels::new(groups.into_iter().chain(codes).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Memory;

    fn found(text: &str) -> Vec<(&'static str, String)> {
        let nothing = Memory::new();
        let project = read(&nothing, "applc.toml", text.as_bytes().to_vec(), &[]);
        let source = &project.report.source;
        let place = |d: &Diagnostic| (d.code.id, source.slice(d.primary.span).to_owned());
        project.report.diagnostics.iter().map(place).collect()
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
    fn the_nearest_project_file_is_used() {
        let world = Memory::new().with("/a/applc.toml", "one").with("/a/b/applc.toml", "two");
        let name = |path: &str| {
            let project = find(&world, Path::new(path).ancestors().skip(1), &[]).unwrap();
            project.map(|project| project.report.source.name().to_owned())
        };
        assert_eq!(name("/a/b/app.json").as_deref(), Some("/a/b/applc.toml"));
        assert_eq!(name("/a/c/d/app.json").as_deref(), Some("/a/applc.toml"));
        assert_eq!(name("/x/app.json"), None);
    }
}
