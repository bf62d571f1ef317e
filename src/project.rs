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

use toml::de::{DeTable, DeValue};

use crate::diag::{Diagnostic, Levels, Report, Setting, Verb, codes};
use crate::source::{Source, Span, Spanned};
use crate::syntax::toml::{Places, parse, scalar};
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

/// Finds the project file of an appliance: the nearest one in its folder or the folders above.
/// `path` must be absolute to include the folders above the working directory. `given` are
/// known targets in addition to the built-in ones.
///
/// # Errors
/// The project file cannot be read.
pub fn find(
    world: &dyn World,
    path: &Path,
    given: &[TargetRef],
) -> Result<Option<Project>, ReadError> {
    for folder in path.ancestors().skip(1) {
        let candidate = folder.join(FILE_NAME);
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
    let mut diagnostics: Vec<Diagnostic> =
        error.map(crate::syntax::source_error).into_iter().collect();
    let mut settings = Settings {
        targets: targets::built_in().chain(given.iter().cloned()).collect(),
        ..Settings::default()
    };
    let (table, places) = parse(&source, &mut diagnostics);
    let folder = Path::new(source.name()).parent().unwrap_or(Path::new(""));
    if diagnostics.is_empty() {
        let reader = Reader { places, world, folder };
        reader.root(table.get_ref(), &mut settings, &mut diagnostics);
    }
    crate::diag::sort(&mut diagnostics);
    let Settings { targets, others, options, levels } = settings;
    let report = Report { source, diagnostics };
    Project { report, others, targets, options, levels: levels.levels() }
}

/// The settings read so far.
#[derive(Default)]
struct Settings {
    targets: Vec<TargetRef>,
    others: Vec<Report>,
    options: BTreeMap<String, Options>,
    levels: LevelLists,
}

type Entry<'a, 'i> = (&'a toml::Spanned<std::borrow::Cow<'i, str>>, &'a toml::Spanned<DeValue<'i>>);

struct Reader<'a> {
    places: Places,
    world: &'a dyn World,
    /// The folder of the project file.
    folder: &'a Path,
}

impl Reader<'_> {
    fn span(&self, range: std::ops::Range<usize>) -> Span {
        self.places.span(range)
    }

    fn root(
        &self,
        table: &DeTable<'_>,
        settings: &mut Settings,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        // First, because the options may be those of a target in one of these folders.
        if let Some(folders) = table.get("target-folders") {
            self.folders(folders, settings, diagnostics);
        }
        for (key, value) in table.iter() {
            let name = self.key(key);
            match (name.value, value.get_ref().as_table()) {
                ("targets", Some(targets)) => {
                    for entry in targets.iter() {
                        self.target(entry, settings, diagnostics);
                    }
                }
                ("targets", None) => diagnostics.push(self.not_a_table(name)),
                ("diagnostics", Some(lists)) => {
                    for entry in lists.iter() {
                        self.list(entry, &mut settings.levels, diagnostics);
                    }
                }
                ("diagnostics", None) => diagnostics.push(
                    Diagnostic::new(
                        &codes::BAD_OPTION,
                        name.span,
                        "`diagnostics` must be a table of lists of codes",
                    )
                    .help("for example `[diagnostics]`, followed by `deny = [\"warnings\"]`"),
                ),
                ("target-folders", _) => {}
                _ => {
                    let message = format!("unknown key `{}`", name.value);
                    let known = ["diagnostics", "target-folders", "targets"];
                    diagnostics.push(unknown_option(message, name, known.into_iter()));
                }
            }
        }
    }

    /// Loads the folders of custom targets, relative to the project file.
    fn folders(
        &self,
        value: &toml::Spanned<DeValue<'_>>,
        settings: &mut Settings,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let invalid = |span, message: &str| Diagnostic::new(&codes::BAD_OPTION, span, message);
        let Some(items) = value.get_ref().as_array() else {
            let span = self.span(value.span());
            let message =
                "`target-folders` must be a list of folders, for example `[\"deploy/quadlet\"]`";
            diagnostics.push(invalid(span, message));
            return;
        };
        for item in items {
            let span = self.span(item.span());
            let DeValue::String(folder) = item.get_ref() else {
                diagnostics.push(invalid(
                    span,
                    "a folder must be a string, for example `\"deploy/quadlet\"`",
                ));
                continue;
            };
            let path = self.folder.join(folder.as_ref());
            match custom::load(self.world, &path.to_string_lossy()) {
                Ok(loaded) => {
                    settings.others.extend(loaded.reports);
                    let Some(target) = loaded.target else { continue };
                    if targets::named(&settings.targets, target.name())
                        .is_some_and(|t| !t.is_same(&target))
                    {
                        let message = format!("duplicate target `{}`", target.name());
                        diagnostics.push(invalid(span, &message));
                        continue;
                    }
                    settings.targets.push(TargetRef::Custom(Arc::new(target)));
                }
                Err(error) => {
                    diagnostics.push(invalid(span, &error.to_string()).help(
                        "a custom target is a folder with a `target.toml`; the path is relative to this file",
                    ));
                }
            }
        }
    }

    /// Reads one of the lists of `[diagnostics]`.
    fn list(
        &self,
        (key, value): Entry<'_, '_>,
        levels: &mut LevelLists,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let name = self.key(key);
        let Some(verb) = Verb::ALL.into_iter().find(|verb| verb.name() == name.value) else {
            let message = format!("unknown key `{}` in `diagnostics`", name.value);
            let known = Verb::ALL.into_iter().map(Verb::name);
            diagnostics.push(unknown_option(message, name, known));
            return;
        };
        let items = value.get_ref().as_array().map(|items| items.iter());
        let Some(items) = items else {
            let message =
                format!("`{}` must be a list of codes, for example `[\"W0301\"]`", name.value);
            let span = self.span(value.span());
            diagnostics.push(Diagnostic::new(&codes::BAD_OPTION, span, message));
            return;
        };
        for item in items {
            let span = self.span(item.span());
            match item.get_ref() {
                DeValue::String(word) => {
                    levels.add(verb, Spanned::new(word, span), diagnostics);
                }
                _ => diagnostics.push(Diagnostic::new(
                    &codes::BAD_LEVEL,
                    span,
                    "a code must be a string, for example `\"W0301\"`",
                )),
            }
        }
    }

    /// Reads the options of a target.
    fn target(
        &self,
        (key, value): Entry<'_, '_>,
        settings: &mut Settings,
        diagnostics: &mut Vec<Diagnostic>,
    ) {
        let name = self.key(key);
        let Some(target) = targets::named(&settings.targets, name.value) else {
            let message = format!("unknown target `{}`", name.value);
            let known = settings.targets.iter().map(|target| target.name());
            diagnostics.push(unknown_option(message, name, known));
            return;
        };
        let Some(table) = value.get_ref().as_table() else {
            diagnostics.push(self.not_a_table(name));
            return;
        };
        let options = settings.options.entry(name.value.to_owned());
        let options = options.or_insert_with(|| Options::of(&*target));
        for (key, value) in table.iter() {
            let name = self.key(key);
            let span = self.span(value.span());
            match scalar(value.get_ref()) {
                Some(text) => options.set(&*target, name, Spanned::new(&text, span), diagnostics),
                None => {
                    let message =
                        format!("`{}` must be a string, a number or a boolean", name.value);
                    diagnostics.push(Diagnostic::new(&codes::BAD_OPTION, span, message));
                }
            }
        }
    }

    fn not_a_table(&self, name: Spanned<&str>) -> Diagnostic {
        let message = format!("`{}` must be a table", name.value);
        Diagnostic::new(&codes::BAD_OPTION, name.span, message)
            .help("for example `[targets.kubernetes]`, followed by `expose = \"load-balancer\"`")
    }

    fn key<'a>(&self, key: &'a toml::Spanned<std::borrow::Cow<'_, str>>) -> Spanned<&'a str> {
        Spanned::new(key.get_ref(), self.span(key.span()))
    }
}

/// The lists of `[diagnostics]` with the spans of their items.
#[derive(Default)]
struct LevelLists(Vec<(Setting, Span)>);

impl LevelLists {
    fn add(&mut self, verb: Verb, word: Spanned<&str>, diagnostics: &mut Vec<Diagnostic>) {
        let setting = match Setting::parse(verb, word) {
            Ok(setting) => setting,
            Err(fault) => {
                diagnostics.push(*fault);
                return;
            }
        };
        match self.0.iter().find(|(known, _)| known.same_subject(setting)) {
            Some((_, first)) => {
                // The toml crate returns tables in the order of their keys, not of the file.
                let (first, second) = (word.span.min(*first), word.span.max(*first));
                let message = format!("duplicate `{}` in `diagnostics`", word.value);
                diagnostics.push(
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
        assert_eq!(found("targets = 3")[0].0, "E0501");
        assert_eq!(found("[targets\nx = 1")[0].0, "E0115");
    }

    #[test]
    fn the_nearest_project_file_is_used() {
        let world = Memory::new().with("/a/applc.toml", "one").with("/a/b/applc.toml", "two");
        let name = |path: &str| {
            let project = find(&world, Path::new(path), &[]).unwrap();
            project.map(|project| project.report.source.name().to_owned())
        };
        assert_eq!(name("/a/b/app.json").as_deref(), Some("/a/b/applc.toml"));
        assert_eq!(name("/a/c/d/app.json").as_deref(), Some("/a/applc.toml"));
        assert_eq!(name("/x/app.json"), None);
    }
}
