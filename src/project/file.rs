//! One project file: reads an `applc.toml` over those of the folders above it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use semver::{Version, VersionReq};

use super::globs::Globs;
use super::pattern::{self, Pattern, Placeholder};
use crate::diag::{Diagnostic, Findings, Levels, Report, Setting, Verb, codes};
use crate::overlay::Images;
use crate::path::{self, Fault};
use crate::source::{Source, Span, Spanned};
use crate::syntax::toml::{self, Entry, Reader, Table};
use crate::targets::custom::Renderer;
use crate::targets::{self, Options, Target, TargetRef, custom};
use crate::world::World;

/// The content of a project file.
pub struct File {
    /// The file, and the findings in it.
    pub report: Report,
    /// The findings in the folders of custom targets that it lists, and in the lock file beside it.
    pub others: Vec<Report>,
    /// Its folder, as the caller named it.
    pub folder: String,
    /// What it says for all environments.
    pub values: Values,
    /// What it says of each environment, in the order of the file.
    pub environments: Vec<(Spanned<String>, Values)>,
    /// The levels of codes that it sets.
    pub levels: Levels,
    /// The versions of the program that it accepts.
    pub required_version: Option<Spanned<String>>,
    /// Which files below its folder are appliances, and where it says so.
    pub appliances: Option<Spanned<Globs>>,
    /// The folders of custom targets that it lists, relative to its own.
    pub target_folders: Vec<Spanned<String>>,
    /// Where output is written, relative to its folder.
    pub output: Option<Spanned<Pattern>>,
}

/// What a project file says for all environments, or for one.
#[derive(Default)]
pub struct Values {
    /// The names of the targets to compile for: `default-targets`, or `compile-for` of an environment.
    pub targets: Option<Spanned<Vec<Spanned<String>>>>,
    /// The options of targets, by the name of the target.
    pub options: BTreeMap<String, Options>,
    /// Names of overlays beside an appliance.
    pub overlays: Option<Spanned<Vec<Spanned<Pattern>>>>,
    /// The versions of images.
    pub images: Images,
}

/// The placeholders in `output`.
const OUTPUT: &[Placeholder] = &[
    Placeholder::Environment,
    Placeholder::Folder,
    Placeholder::Name,
    Placeholder::Id,
    Placeholder::Target,
];

/// The placeholders in the name of an overlay.
const OVERLAY: &[Placeholder] = &[Placeholder::Name, Placeholder::Environment];

/// Reads a project file. `targets` are the targets that it may name; those of the folders that it lists are added.
pub(super) fn read(
    world: &dyn World,
    source: &Source,
    before: Findings,
    targets: &mut Vec<TargetRef>,
    renderer: Option<&Arc<dyn Renderer>>,
) -> File {
    let mut findings = before;
    let folder = Path::new(source.name()).parent().unwrap_or(Path::new("")).to_string_lossy();
    let mut reading =
        Reading { targets, renderer, others: Vec::new(), folders: Vec::new(), incomplete: false };
    let read = toml::read_sound(source, &codes::BAD_OPTION, &mut findings, |root, reader| {
        reading.file(root, world, &folder, reader)
    });
    let Reading { others, folders: target_folders, .. } = reading;
    let read = read.unwrap_or_default();
    File {
        report: Report::new(source.clone(), findings),
        others,
        folder: folder.into_owned(),
        values: read.values,
        environments: read.environments,
        levels: read.levels.levels(),
        required_version: read.required_version,
        appliances: read.appliances,
        target_folders,
        output: read.output,
    }
}

/// The entries of a file.
#[derive(Default)]
struct Entries {
    values: Values,
    environments: Vec<(Spanned<String>, Values)>,
    levels: LevelLists,
    required_version: Option<Spanned<String>>,
    appliances: Option<Spanned<Globs>>,
    output: Option<Spanned<Pattern>>,
}

/// The state of reading a file.
struct Reading<'t> {
    targets: &'t mut Vec<TargetRef>,
    /// Where templates run.
    renderer: Option<&'t Arc<dyn Renderer>>,
    others: Vec<Report>,
    folders: Vec<Spanned<String>>,
    /// Whether a folder has a target that could not be loaded, whose name is not known.
    incomplete: bool,
}

impl Values {
    /// Whether a value of these is at a place.
    fn has(&self, place: Span) -> bool {
        let targets = self
            .targets
            .iter()
            .flat_map(|targets| targets.value.iter().map(|name| name.span).chain([targets.span]));
        let options = self.options.values().flat_map(Options::given).map(|(_, value)| value.span);
        let overlays = self.overlays.iter().flat_map(|overlays| {
            overlays.value.iter().map(|overlay| overlay.span).chain([overlays.span])
        });
        let images = self.images.iter().map(|(_, version)| version.span);
        targets.chain(options).chain(overlays).chain(images).any(|span| span == place)
    }
}

impl File {
    /// The environment that a place of a value of this file belongs to; `None` for values of all environments.
    pub fn environment_of(&self, place: Span) -> Option<&str> {
        let mut environments = self.environments.iter();
        let found = environments.find(|(_, values)| values.has(place));
        found.map(|(name, _)| name.value.as_str())
    }
}

impl Reading<'_> {
    /// Reads the top level of a project file in `folder`.
    fn file(
        &mut self,
        mut root: Table<'_>,
        world: &dyn World,
        folder: &str,
        reader: &mut Reader<'_>,
    ) -> Entries {
        let mut entries = Entries::default();
        let version = root.take("required-version");
        let appliances = root.take("appliances");
        let output = root.take("output");
        let names = root.take("default-targets");
        let lists = root.take("diagnostics");
        let folders = root.take("target-folders");
        let tables = root.take("targets");
        let environments = root.take("environments");
        // Another version may have other keys.
        if let Some(version) = version.and_then(|version| version.string(reader)) {
            if !is_required(&version, reader) {
                return entries;
            }
            entries.required_version = Some(version);
        }
        root.finish(reader);
        if let Some(lists) = lists {
            entries.levels.read(lists, reader);
        }
        // Before what names targets, which may be in one of these folders.
        if let Some(folders) = folders {
            self.folders(folders, world, folder, reader);
        }
        entries.appliances = appliances.and_then(|entry| {
            let texts = entry.strings(reader)?;
            Some(Spanned::new(Globs::read(&texts, reader.findings), entry.span()))
        });
        entries.output = output.and_then(|entry| output_pattern(entry, reader));
        entries.values.targets = names.and_then(|entry| self.names(entry, reader));
        if let Some(tables) = tables {
            self.all_options(tables, &mut entries.values, reader);
        }
        if let Some(environments) = environments {
            entries.environments = self.environments(environments, reader);
        }
        entries
    }

    /// Reads the tables of environments.
    fn environments(
        &mut self,
        entry: Entry<'_>,
        reader: &mut Reader<'_>,
    ) -> Vec<(Spanned<String>, Values)> {
        let Some(table) = entry.table(reader) else { return Vec::new() };
        let mut environments = Vec::new();
        for entry in table.rest() {
            let name = entry.key;
            if !is_environment(name.value) {
                reader.report_with(
                    name.span,
                    format!("invalid name `{}` of an environment", name.value),
                    "a name has letters, digits, `-` and `_`, and is part of paths",
                );
                continue;
            }
            let Some(mut table) = entry.table(reader) else { continue };
            let mut values = Values::default();
            let overlay = table.take("overlay");
            let names = table.take("compile-for");
            let tables = table.take("targets");
            let images = table.take("images");
            table.finish(reader);
            values.overlays = overlay.and_then(|entry| overlays(entry, reader));
            values.targets = names.and_then(|entry| self.names(entry, reader));
            if let Some(tables) = tables {
                self.all_options(tables, &mut values, reader);
            }
            if let Some(images) = images {
                values.images = read_images(images, reader);
            }
            environments.push((Spanned::new(name.value.to_owned(), name.span), values));
        }
        environments
    }

    /// Reads a list of names of targets.
    fn names(
        &self,
        entry: Entry<'_>,
        reader: &mut Reader<'_>,
    ) -> Option<Spanned<Vec<Spanned<String>>>> {
        let mut names: Vec<Spanned<String>> = Vec::new();
        for name in entry.strings(reader)? {
            if targets::named(self.targets, &name.value).is_none() {
                if !self.incomplete {
                    let known = self.targets.iter().map(|target| target.name());
                    let message = format!("unknown target `{}`", name.value);
                    reader.report_value(Spanned::new(&name.value, name.span), message, known);
                }
            } else if names.iter().any(|other| other.value == name.value) {
                reader.report(name.span, format!("duplicate target `{}`", name.value));
            } else {
                names.push(name);
            }
        }
        Some(Spanned::new(names, entry.span()))
    }

    /// Loads the folders of custom targets, relative to the project file.
    fn folders(
        &mut self,
        entry: Entry<'_>,
        world: &dyn World,
        folder: &str,
        reader: &mut Reader<'_>,
    ) {
        let expected = "an array of folders, such as `[\"deploy/quadlet\"]`,";
        for item in entry.items(expected, reader).unwrap_or_default() {
            let Some(written) = item.string(reader) else { continue };
            // It would be the root of the file system.
            if written.value.is_empty() {
                self.incomplete = true;
                reader.report_with(
                    item.span(),
                    "empty path",
                    "a custom target is a folder with a `target.toml`; that of this file is `.`",
                );
                continue;
            }
            let path = Path::new(folder).join(&written.value);
            self.folders.push(written);
            match custom::load(world, &path.to_string_lossy(), self.renderer) {
                Ok(loaded) => {
                    self.others.extend(loaded.reports);
                    let Some(target) = loaded.target else {
                        self.incomplete = true;
                        continue;
                    };
                    if targets::named(self.targets, target.name())
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

    /// Reads the tables of options of targets.
    fn all_options(&mut self, entry: Entry<'_>, values: &mut Values, reader: &mut Reader<'_>) {
        let tables = options_table(entry, reader).map_or_else(Vec::new, Table::rest);
        tables.into_iter().for_each(|table| self.options(table, values, reader));
    }

    /// Reads the options of a target.
    fn options(&mut self, entry: Entry<'_>, values: &mut Values, reader: &mut Reader<'_>) {
        let name = entry.key;
        let Some(target) = targets::named(self.targets, name.value) else {
            if self.incomplete {
                return;
            }
            let message = format!("unknown target `{}`", name.value);
            let known = self.targets.iter().map(|target| target.name());
            reader.report_key(name, message, known);
            return;
        };
        let Some(table) = options_table(entry, reader) else { return };
        let options = values.options.entry(name.value.to_owned());
        let options = options.or_insert_with(|| Options::of(&*target));
        for entry in table.rest() {
            if let Some(text) = entry.scalar(reader) {
                let value = Spanned::new(text.value.as_str(), text.span);
                let sample = pattern::sample(&text.value);
                options.set_in_file(&*target, entry.key, value, &sample, reader.findings);
            }
        }
    }
}

/// Whether a name of an environment is safe in paths.
fn is_environment(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !name.is_empty() && name.chars().all(inner)
}

/// Whether this version of the program is one that the file requires, or the requirement is invalid.
fn is_required(text: &Spanned<String>, reader: &mut Reader<'_>) -> bool {
    let own = env!("CARGO_PKG_VERSION");
    match (VersionReq::parse(&text.value), Version::parse(own)) {
        (Err(error), _) => reader.report_with(
            text.span,
            format!("invalid version requirement: {error}"),
            "for example `\">=0.3, <0.4\"`",
        ),
        (Ok(required), Ok(version)) if !required.matches(&version) => {
            let message = format!("the project requires applc {}, and this is {own}", text.value);
            reader.findings.push(
                Diagnostic::new(&codes::OTHER_VERSION, text.span, message).help(
                    "install a version that the project requires, or change `required-version`",
                ),
            );
            return false;
        }
        _ => {}
    }
    true
}

/// Reads where output is written.
fn output_pattern(entry: Entry<'_>, reader: &mut Reader<'_>) -> Option<Spanned<Pattern>> {
    let text = entry.string(reader)?;
    let found = pattern::read(&text, OUTPUT, reader.findings)?;
    let leads_out = text.value.starts_with(['/', '\\'])
        || text.value.contains([':', '\\'])
        || text.value.split('/').any(|part| part == "..");
    if leads_out {
        reader.report_with(
            text.span,
            format!("`{}` leads out of the folder of this file", text.value),
            "output is written below the folder of `applc.toml`; use `/` between folders",
        );
        return None;
    }
    // A name that a placeholder is part of is checked when it is known.
    let names = pattern::sample(&text.value);
    let names: Vec<&str> = names.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    match path::fault(&names.join("/")).filter(|_| !names.is_empty()) {
        Some(fault @ Fault::Reserved(_)) => {
            let part = text.value.split('/').find(|part| path::is_reserved(part));
            let message = format!("output cannot be written to `{}`", part.unwrap_or_default());
            reader.report_with(text.span, message, fault.help());
            return None;
        }
        Some(fault) => {
            reader.report_with(text.span, format!("`output` {fault}"), fault.help());
            return None;
        }
        None => {}
    }
    if !found.has(Placeholder::Target) {
        reader.report_with(
            text.span,
            "`{target}` is missing in `output`",
            "files of different targets have the same names; for example `manifests/{environment}/{target}/{folder}/{id}`",
        );
        return None;
    }
    Some(Spanned::new(found, text.span))
}

/// Reads the name of an overlay, or a list of names.
fn overlays(entry: Entry<'_>, reader: &mut Reader<'_>) -> Option<Spanned<Vec<Spanned<Pattern>>>> {
    let texts = match entry.as_str() {
        Some(text) => vec![Spanned::new(text.to_owned(), entry.span())],
        None => entry.strings(reader)?,
    };
    let mut found = Vec::new();
    for text in texts {
        let Some(pattern) = pattern::read(&text, OVERLAY, reader.findings) else { continue };
        if text.value.starts_with('/') || text.value.split('/').any(|part| part == "..") {
            reader.report_with(
                text.span,
                format!("`{}` is not beside the appliance", text.value),
                "an overlay is in the folder of the appliance or below it",
            );
            continue;
        }
        // A name that a placeholder is part of is checked when it is known.
        let name = pattern::sample(&text.value);
        let is_file = !matches!(name.rsplit('/').next(), None | Some("" | "."));
        if !is_file || name.contains(char::is_control) {
            reader.report_with(
                text.span,
                format!("`{}` is no name of a file", text.value),
                "an overlay is a file beside the appliance, for example `\"{name}.prod.yaml\"`",
            );
            continue;
        }
        found.push(Spanned::new(pattern, text.span));
    }
    Some(Spanned::new(found, entry.span()))
}

/// Reads the table of images.
fn read_images(entry: Entry<'_>, reader: &mut Reader<'_>) -> Images {
    let mut images = Images::default();
    let Some(table) = entry.table(reader) else { return images };
    for entry in table.rest() {
        if let Some(version) = entry.string(reader) {
            let version = Spanned::new(version.value.as_str(), version.span);
            images.add(entry.key, version, reader.findings);
        }
    }
    images
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
    /// Reads the lists of `[diagnostics]`.
    fn read(&mut self, entry: Entry<'_>, reader: &mut Reader<'_>) {
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
                        self.add(verb, word, reader.findings);
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
