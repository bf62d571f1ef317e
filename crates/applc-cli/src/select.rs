//! The selected targets and their options.

use std::sync::Arc;

use crate::args::TargetArguments;
use crate::disk::Disk;
use crate::reporter::Reporter;
use crate::terminal::fail;
use crate::{Status, templates};
use applc::Selected;
use applc::diag::{Diagnostic, Report, codes, list_or};
use applc::source::{Source, Sources, Span};
use applc::targets::custom::{self, CustomTarget};
use applc::targets::{self, Options, TargetRef};

/// The targets and options of the arguments.
pub struct Wanted<'a> {
    targets: Vec<WantedTarget<'a>>,
    options: &'a [String],
    /// The environment of the project.
    pub environment: Option<&'a str>,
}

#[derive(Clone)]
enum WantedTarget<'a> {
    /// The target with this name.
    Named(&'a str),
    /// The target of a folder.
    Loaded(TargetRef),
}

impl<'a> Wanted<'a> {
    /// Reads the arguments, and loads the folders in them.
    ///
    /// # Errors
    /// The exit status if a folder is invalid, which was reported.
    pub fn read(
        arguments: &'a TargetArguments,
        reporter: &mut Reporter,
    ) -> Result<Wanted<'a>, Status> {
        let wanted = arguments.names.iter().map(|name| {
            Ok(match load(name, reporter)? {
                Some(target) => WantedTarget::Loaded(target),
                None => WantedTarget::Named(name),
            })
        });
        let targets = wanted.collect::<Result<_, Status>>()?;
        Ok(Wanted { targets, options: &arguments.options, environment: None })
    }

    /// A selection without targets.
    pub fn none() -> Wanted<'static> {
        Wanted { targets: Vec::new(), options: &[], environment: None }
    }

    /// The targets with these names.
    pub fn named(names: &'a [String]) -> Wanted<'a> {
        let targets = names.iter().map(|name| WantedTarget::Named(name)).collect();
        Wanted { targets, ..Wanted::none() }
    }

    /// The same in an environment of the project.
    #[must_use]
    pub fn in_environment(mut self, environment: Option<&'a str>) -> Wanted<'a> {
        self.environment = environment;
        self
    }

    /// The same with more targets.
    #[must_use]
    pub fn with(&self, targets: Vec<TargetRef>) -> Wanted<'a> {
        let more = targets.into_iter().map(WantedTarget::Loaded);
        let targets = self.targets.iter().cloned().chain(more).collect();
        Wanted { targets, ..*self }
    }

    /// All built-in targets, if none is selected.
    pub fn or_built_in(mut self) -> Wanted<'a> {
        if self.is_empty() {
            self.targets =
                targets::ALL.iter().map(|target| WantedTarget::Named(target.name())).collect();
        }
        self
    }

    /// Whether no target is selected.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The targets that were loaded from folders.
    pub fn loaded(&self) -> Vec<TargetRef> {
        let loaded = |wanted: &WantedTarget<'_>| match wanted {
            WantedTarget::Loaded(target) => Some(target.clone()),
            WantedTarget::Named(_) => None,
        };
        self.targets.iter().filter_map(loaded).collect()
    }

    /// Looks up the selected targets among the known ones, and sets their options. Returns each
    /// target once, in the order of the arguments. The arguments that set options are added to
    /// `sources`.
    ///
    /// # Errors
    /// The exit status if a name or an option is invalid, which was reported.
    pub fn among(
        &self,
        known: &[TargetRef],
        sources: &mut Sources,
        reporter: &Reporter,
    ) -> Result<Vec<Selected>, Status> {
        let mut selected: Vec<Selected> = Vec::new();
        for wanted in &self.targets {
            let target = match wanted {
                WantedTarget::Loaded(target) => target.clone(),
                WantedTarget::Named(name) => {
                    targets::named(known, name).ok_or_else(|| unknown_target(name, known))?
                }
            };
            if selected.iter().all(|one| one.target.name() != target.name()) {
                let options = Options::of(&*target);
                selected.push(Selected { target, options });
            }
        }
        let mut status = Status::Clean;
        for argument in self.options {
            let source = sources.add(&Source::new("--option", argument.as_str()));
            let mut found = applc::diag::Findings::new();
            if let Some(given) = targets::parse_argument(&source, known, &mut found) {
                let mut unused = Options::of(&*given.target);
                let options = selected
                    .iter_mut()
                    .find(|one| one.target.name() == given.target.name())
                    // Options of other targets are checked, too.
                    .map_or(&mut unused, |one| &mut one.options);
                options.set(&*given.target, given.name, given.value, &mut found);
            }
            if !found.is_empty() {
                status = reporter.usage(&Report::new(source, found));
            }
        }
        if status == Status::Clean { Ok(selected) } else { Err(status) }
    }
}

/// Whether an argument is a folder: names of targets do not contain separators.
fn is_folder(argument: &str) -> bool {
    argument.contains(['/', std::path::MAIN_SEPARATOR]) || [".", ".."].contains(&argument)
}

/// Loads the target of a folder. `None` if the argument is not a folder.
///
/// # Errors
/// The exit status if the folder is invalid or cannot be read, which was reported.
pub fn load(argument: &str, reporter: &mut Reporter) -> Result<Option<TargetRef>, Status> {
    if !is_folder(argument) {
        return Ok(None);
    }
    let target = load_folder(argument, reporter)?;
    Ok(Some(TargetRef::Custom(Arc::new(target))))
}

/// Loads the target of a folder.
///
/// # Errors
/// Those of [`load`].
pub fn load_folder(folder: &str, reporter: &mut Reporter) -> Result<CustomTarget, Status> {
    let loaded = custom::load(&Disk, folder, templates::renderer()).map_err(|error| {
        let message = format!("cannot load target `{folder}`: {error}");
        let finding = Diagnostic::new(&codes::UNREADABLE, Span::at(0), message);
        reporter.of_file(&error.path, finding);
        Status::Io
    })?;
    let found = loaded.reports.into_iter().map(|report| reporter.add(report)).max();
    loaded.target.ok_or(found.unwrap_or(Status::Errors))
}

/// Reports an unknown target.
pub fn unknown_target(name: &str, targets: &[TargetRef]) -> Status {
    let known = || targets.iter().map(|target| target.name());
    let advice = match targets::meant(name, targets) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => format!("expected {}, or a folder such as `./{name}`", list_or(known())),
    };
    fail(&format!("unknown target `{name}`; {advice}"), Status::Usage)
}
