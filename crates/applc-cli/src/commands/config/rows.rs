//! The settings as rows: key, value, and where the value comes from.

use std::collections::BTreeMap;
use std::path::Path;

use applc::project::{File, Globs};
use applc::secrets;
use applc::source::{Span, Spanned};
use applc::targets::{Options, named};

use super::Outcome;
use crate::args::Config;

/// What is shown in place of a value that looks like a secret.
const HIDDEN: &str = "(hidden)";

/// Whether the value of an option looks like a secret.
fn is_secret(name: &str, value: &str) -> bool {
    !value.is_empty() && (secrets::names_a_secret(name) || secrets::has_secret(value))
}

/// A setting. Lists have a row for each item.
pub struct Row {
    /// The keys that lead to it in an `applc.toml`.
    pub key: Vec<String>,
    /// Its value; `None` if there is none.
    pub value: Option<String>,
    /// Where the value comes from.
    pub origin: Origin,
}

/// Where a value comes from.
pub enum Origin {
    /// The program.
    Default,
    /// A line of a project file.
    File {
        /// The file, as it is found from the working directory.
        file: String,
        /// The line, starting at 1.
        line: usize,
        /// The column, starting at 1.
        column: usize,
        /// The environment whose table has it.
        environment: Option<String>,
    },
    /// An argument, as it is written.
    Argument(String),
}

/// The rows of all settings, in the order in which the documentation lists them.
pub fn of(outcome: &Outcome<'_>, arguments: &Config) -> Vec<Row> {
    let mut rows = Rows { outcome, rows: Vec::new() };
    rows.project();
    rows.targets(arguments);
    rows.options();
    rows.levels();
    rows.environment(arguments);
    rows.rows
}

struct Rows<'a> {
    outcome: &'a Outcome<'a>,
    rows: Vec<Row>,
}

impl Rows<'_> {
    fn add(&mut self, key: &[&str], value: Option<String>, origin: Origin) {
        let key = key.iter().map(|part| (*part).to_owned()).collect();
        self.rows.push(Row { key, value, origin });
    }

    /// A row of a value with a place.
    fn add_at(&mut self, key: &[&str], value: &str, place: Span) {
        let origin = self.origin(place);
        self.add(key, Some(value.to_owned()), origin);
    }

    /// The rows of a list; of an empty one, a row without a value.
    fn add_list(&mut self, key: &[&str], items: &[(String, Span)], place: Span) {
        if items.is_empty() {
            let origin = self.origin(place);
            self.add(key, None, origin);
        }
        items.iter().for_each(|(item, place)| self.add_at(key, item, *place));
    }

    fn origin(&self, place: Span) -> Origin {
        let Some(source) = self.outcome.sources.of(place) else { return Origin::Default };
        if source.name().starts_with("--") {
            return Origin::Argument(format!("{} {}", source.name(), source.text()));
        }
        let position = source.position(place.start);
        let environment = self.files().find_map(|file| file.environment_of(place));
        Origin::File {
            file: source.name().to_owned(),
            line: position.line,
            column: position.column,
            environment: environment.map(str::to_owned),
        }
    }

    /// The project files, the outermost one first.
    fn files(&self) -> impl DoubleEndedIterator<Item = &File> {
        self.outcome.project.iter().flat_map(|project| project.files())
    }

    /// What is for all targets and environments.
    fn project(&mut self) {
        let versions: Vec<Spanned<String>> =
            self.files().filter_map(|file| file.required_version.clone()).collect();
        // All of them must be met.
        versions.iter().for_each(|one| self.add_at(&["required-version"], &one.value, one.span));
        if versions.is_empty() {
            self.add(&["required-version"], None, Origin::Default);
        }
        let globs = self.files().rev().find_map(|file| file.appliances.clone());
        match globs {
            Some(globs) => {
                let written = globs.value.written();
                let written: Vec<_> = written.map(|one| (one.value.clone(), one.span)).collect();
                self.add_list(&["appliances"], &written, globs.span);
            }
            None => self.add(&["appliances"], Some(Globs::DEFAULT.to_owned()), Origin::Default),
        }
        match (&self.outcome.settings.output, &self.outcome.output) {
            (Some(output), Some(text)) => {
                let path = Path::new(&output.folder).join(text);
                self.add_at(&["output"], &path.to_string_lossy(), output.pattern.span);
            }
            _ => self.add(&["output"], None, Origin::Default),
        }
        let folders = self.files().flat_map(|file| {
            file.target_folders.iter().map(|path| {
                (
                    Path::new(&file.folder).join(&path.value).to_string_lossy().into_owned(),
                    path.span,
                )
            })
        });
        let folders: Vec<(String, Span)> = folders.collect();
        folders.iter().for_each(|(path, place)| self.add_at(&["target-folders"], path, *place));
        if folders.is_empty() {
            self.add(&["target-folders"], None, Origin::Default);
        }
    }

    /// The targets to compile for.
    fn targets(&mut self, arguments: &Config) {
        let key = ["default-targets"];
        if !arguments.targets.names.is_empty() {
            for one in &self.outcome.targets {
                let name = one.target.name();
                // That of a folder has another name.
                let is_named = arguments.targets.names.iter().any(|wanted| wanted == name);
                let argument =
                    if is_named { format!("--target {name}") } else { "--target".to_owned() };
                self.add(&key, Some(name.to_owned()), Origin::Argument(argument));
            }
            return;
        }
        match &self.outcome.settings.targets {
            Some(targets) => {
                let names = targets.value.iter().map(|name| (name.value.clone(), name.span));
                self.add_list(&key, &names.collect::<Vec<_>>(), targets.span);
            }
            None => self.add(&key, None, Origin::Default),
        }
    }

    /// All options of the targets to compile for, and those of others that are set.
    fn options(&mut self) {
        let outcome = self.outcome;
        for one in &outcome.targets {
            for spec in one.target.options() {
                self.option(one.target.name(), spec.name, &one.options);
            }
        }
        let is_chosen = |name: &str| outcome.targets.iter().any(|one| one.target.name() == name);
        let others: BTreeMap<&String, &Options> =
            outcome.settings.options.iter().filter(|(name, _)| !is_chosen(name)).collect();
        for (target, options) in others {
            // In the order of the target's list of options.
            let found = named(&outcome.settings.known, target);
            let specs = found.iter().flat_map(|target| target.options());
            let set = specs.filter(|spec| options.place(spec.name).is_some());
            let set: Vec<String> = set.map(|spec| spec.name.to_owned()).collect();
            set.iter().for_each(|name| self.option(target, name, options));
        }
    }

    fn option(&mut self, target: &str, name: &str, options: &Options) {
        let key = ["targets", target, name];
        match options.place(name) {
            Some(place) if is_secret(name, options.text(name)) => {
                let origin = match self.origin(place) {
                    Origin::Argument(_) => {
                        Origin::Argument(format!("--option {target}.{name}={HIDDEN}"))
                    }
                    origin => origin,
                };
                self.add(&key, Some(HIDDEN.to_owned()), origin);
            }
            Some(place) => self.add_at(&key, options.text(name), place),
            None => self.add(&key, options.some(name).map(str::to_owned), Origin::Default),
        }
    }

    /// The levels of codes, in the order in which they are applied.
    fn levels(&mut self) {
        let outcome = self.outcome;
        let is_over = |subject: &str| outcome.levels.iter().any(|one| one.subject() == subject);
        for one in outcome.settings.levels.iter().filter(|one| !is_over(one.subject())) {
            self.add_at(&["diagnostics", one.subject()], one.verb().name(), one.place());
        }
        for one in outcome.levels.iter() {
            let argument = format!("--{} {}", one.verb().name(), one.subject());
            let key = ["diagnostics", one.subject()];
            self.add(&key, Some(one.verb().name().to_owned()), Origin::Argument(argument));
        }
    }

    /// What differs between environments.
    fn environment(&mut self, arguments: &Config) {
        let outcome = self.outcome;
        let mut known: Vec<&Spanned<String>> = Vec::new();
        let project = outcome.project.as_deref();
        let files: Vec<&File> = project.iter().flat_map(|project| project.files()).collect();
        for (name, _) in files.iter().flat_map(|file| &file.environments) {
            if !known.iter().any(|other| other.value == name.value) {
                known.push(name);
            }
        }
        known.into_iter().for_each(|name| self.add_at(&["environments"], &name.value, name.span));
        match &outcome.settings.overlays {
            Some(overlays) => {
                let applied = outcome.overlays.iter().map(|one| (one.value.clone(), one.span));
                let named = overlays.value.iter();
                let named = named.map(|one| (one.value.text().to_owned(), one.span));
                let all: Vec<_> =
                    if outcome.file.is_some() { applied.collect() } else { named.collect() };
                self.add_list(&["overlay"], &all, overlays.span);
            }
            None if arguments.overlays.overlays.is_empty() => {
                self.add(&["overlay"], None, Origin::Default);
            }
            None => {}
        }
        for overlay in &arguments.overlays.overlays {
            let origin = Origin::Argument(format!("--overlay {overlay}"));
            self.add(&["overlay"], Some(overlay.clone()), origin);
        }
        for (repository, version) in outcome.settings.images.iter() {
            // It starts with `:` or `@`.
            let shown = version.value.get(1..).unwrap_or_default();
            self.add_at(&["images", &repository.value], shown, version.span);
        }
    }
}
