//! The findings of a run: printed file by file for people, or as one document at the end.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use anstream::{AutoStream, ColorChoice};

use crate::Status;
use crate::args::{FindingsArguments, LockedArguments};
use crate::disk::shown;
use crate::emit::WriteError;
use crate::levels::LevelArguments;
use crate::terminal::{self, fail, note, print, print_findings};
use applc::diag::{
    self, Diagnostic, Findings, Format, Level, Levels, Report, Setting, codes, human,
};
use applc::project::{FILE_NAME, Project};
use applc::source::{Source, Span};
use applc::{Error, ReadError};

/// Where documents of machine-readable formats are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output: the findings are the result of the command.
    Stdout,
    /// Standard error: the command has another result.
    Stderr,
}

/// Collects the findings of a run, and reports them.
pub struct Reporter {
    format: Format,
    stream: Stream,
    /// Whether hints are shown. Hints that `--warn` turned into warnings are always shown.
    hints: bool,
    levels: Levels,
    /// Whether all images must be in the lock file.
    is_locked: bool,
    reports: Vec<Report>,
}

impl Reporter {
    /// Creates a reporter with the format and levels of the arguments.
    ///
    /// # Errors
    /// The exit status if a level is invalid, which was reported.
    pub fn new(
        arguments: &FindingsArguments,
        stream: Stream,
        hints: bool,
    ) -> Result<Reporter, Status> {
        let reporter = Reporter::with(arguments.format, &arguments.levels, stream, hints)?;
        Ok(reporter.alone())
    }

    /// The same, whose document has its stream for itself.
    pub fn alone(self) -> Reporter {
        if self.stream == Stream::Stderr && self.format != Format::Human {
            terminal::keep_for_document();
        }
        self
    }

    /// Creates a reporter with this format and these levels.
    ///
    /// # Errors
    /// The exit status if a level is invalid, which was reported.
    pub fn with(
        format: Format,
        levels: &LevelArguments,
        stream: Stream,
        hints: bool,
    ) -> Result<Reporter, Status> {
        let levels = levels.read().map_err(|errors| {
            errors.iter().for_each(show);
            Status::Usage
        })?;
        Ok(Reporter { format, stream, hints, levels, is_locked: false, reports: Vec::new() })
    }

    /// A reporter for people, of a command that has no format and no levels.
    pub fn for_people() -> Reporter {
        Reporter {
            format: Format::Human,
            stream: Stream::Stderr,
            hints: false,
            levels: Levels::default(),
            is_locked: false,
            reports: Vec::new(),
        }
    }

    /// Makes a lock file that is out of date an error, if wanted.
    pub fn lock(&mut self, arguments: &LockedArguments) {
        self.is_locked = arguments.locked;
        if arguments.locked {
            let levels = [&codes::NOT_LOCKED, &codes::UNUSED_LOCK].map(Setting::deny);
            self.levels = Levels::new(levels.to_vec()).over(&self.levels);
        }
    }

    /// Checks that there is a lock file, if it was made strict. `shown` names its path for people.
    ///
    /// # Errors
    /// The exit status if there is none, which was reported.
    pub fn check_lock(
        &mut self,
        project: Option<&Project>,
        shown: impl Fn(&str) -> String,
    ) -> Result<(), Status> {
        match project {
            _ if !self.is_locked => Ok(()),
            None => {
                let message = format!("`--locked` is for projects: there is no `{FILE_NAME}`");
                Err(fail(&message, Status::Usage))
            }
            Some(project) if project.lock.is_none() => {
                let path = shown(&project.lock_path());
                let missing = Diagnostic::new(
                    &codes::UNREADABLE,
                    Span::at(0),
                    format!("there is no `{path}`, which `--locked` requires"),
                );
                Err(self.of_file(&path, missing.help("`applc lock` makes it; commit it")))
            }
            Some(_) => Ok(()),
        }
    }

    /// Whether all images must be in the lock file.
    pub fn is_locked(&self) -> bool {
        self.is_locked
    }

    /// The levels of the arguments, which override those of a project file.
    pub fn levels(&self, project: &Levels) -> Levels {
        self.levels.over(project)
    }

    /// Adds the findings in a file and returns the exit status they mean.
    pub fn add(&mut self, mut report: Report) -> Status {
        let status = if report.has_errors() { Status::Errors } else { Status::Clean };
        if !self.hints {
            report.diagnostics.retain(|diagnostic| diagnostic.level != Level::Hint);
        }
        if self.format == Format::Human {
            show(&report);
        } else {
            self.reports.push(report);
        }
        status
    }

    /// Adds files that were checked, so that a document that lists files has those without findings, too.
    pub fn add_checked(&mut self, names: impl IntoIterator<Item = String>) {
        if self.format == Format::Human {
            return;
        }
        let known = self.reports.iter().map(|report| report.source.name().to_owned());
        let mut known: HashSet<String> = known.collect();
        for name in names {
            if known.insert(name.clone()) {
                self.reports.push(Report::new(Source::new(name, ""), Findings::new()));
            }
        }
    }

    /// Adds the findings in a file and in the other files that were read for it.
    pub fn add_all(&mut self, report: Report, others: Vec<Report>) -> Status {
        let others = others.into_iter().map(|report| self.add(report)).max();
        self.add(report).max(others.unwrap_or(Status::Clean))
    }

    /// Adds a failure: a file that cannot be read, or an internal error. `name` is the file that was to be read first.
    pub fn fail(&mut self, name: &str, error: &Error) -> Status {
        match error {
            Error::Read(read) => {
                let help = expected(Path::new(name)).filter(|_| read.path == name);
                self.unreadable(read, help)
            }
            Error::Render(_) => fail(&error.to_string(), Status::Io),
        }
    }

    /// Adds that a file cannot be read, at that file: a document without it would say that nothing is wrong.
    pub fn unreadable(&mut self, error: &ReadError, help: Option<String>) -> Status {
        let unreadable = Diagnostic::new(&codes::UNREADABLE, Span::at(0), error.to_string());
        let unreadable = help.into_iter().fold(unreadable, Diagnostic::help);
        self.of_file(&error.path, unreadable);
        Status::Io
    }

    /// Adds that a file cannot be written, at that file.
    pub fn unwritable(&mut self, WriteError { path, cause }: &WriteError) -> Status {
        self.unwritten(path, &cause.to_string())
    }

    /// The same with a cause in words.
    pub fn unwritten(&mut self, path: &Path, cause: &str) -> Status {
        let path = shown(path).display().to_string();
        let message = format!("cannot write `{path}`: {cause}");
        self.of_file(&path, Diagnostic::new(&codes::IN_THE_WAY, Span::at(0), message));
        Status::Io
    }

    /// Adds a finding about a file or a folder as a whole, of which no text is shown.
    pub fn of_file(&mut self, path: &str, finding: Diagnostic) -> Status {
        self.add(Report::of(Source::new(path, ""), finding))
    }

    /// Adds such a finding with the level that a project and the arguments give it, unless they allow it.
    pub fn of_file_at_level(
        &mut self,
        path: &str,
        finding: Diagnostic,
        project: &Levels,
    ) -> Status {
        let mut findings = vec![finding];
        self.levels(project).apply(&mut findings);
        let left = findings.pop().map(|finding| self.of_file(path, finding));
        left.unwrap_or(Status::Clean)
    }

    /// Reports an invalid argument, in the format for people whatever the chosen format.
    pub fn usage(&self, report: &Report) -> Status {
        show(report);
        Status::Usage
    }

    /// The document, if the format has one.
    pub fn document(&self) -> Option<String> {
        diag::document(self.format, &self.reports)
    }

    /// Writes the document, if the format has one. It has what could not be printed, too.
    pub fn finish(mut self) -> Status {
        if let Some(message) = terminal::take_unprinted() {
            let finding = Diagnostic::new(&codes::IN_THE_WAY, Span::at(0), message);
            self.of_file("standard output", finding);
        }
        let Some(document) = self.document() else { return Status::Clean };
        match self.stream {
            Stream::Stdout => print(&document),
            Stream::Stderr => {
                print_findings(&document);
                Status::Clean
            }
        }
    }
}

/// What an argument may be, if it is no file.
fn expected(path: &Path) -> Option<String> {
    if path.is_dir() {
        // The first word is that of the command, unless an option is before it.
        let first = std::env::args_os().nth(1).and_then(|word| word.into_string().ok());
        let command = match first.filter(|word| !word.starts_with('-')) {
            Some(command) => format!("`{command}`"),
            None => "this command".to_owned(),
        };
        return Some(format!(
            "{command} takes one file; `applc check` and `applc compile` take folders"
        ));
    }
    let is_pattern = path.to_string_lossy().contains(['*', '?', '[']);
    (is_pattern && !path.exists()).then(|| {
        "the shell found no file for this pattern; `applc check` without arguments, or with a folder, finds appliances"
            .to_owned()
    })
}

/// Prints findings for people to standard error.
fn show(report: &Report) {
    let colour = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
    let text = human::render(report, colour);
    print_findings(&text);
    // Findings may be in other files than the one that was checked.
    let mut by_file: Vec<(&Source, Vec<&Diagnostic>)> = Vec::new();
    for one in &report.diagnostics {
        let source = report.source_of(one.primary.span);
        match by_file.iter_mut().find(|(known, _)| known.name() == source.name()) {
            Some((_, all)) => all.push(one),
            None => by_file.push((source, vec![one])),
        }
    }
    for (source, all) in by_file {
        if let Some(summary) = human::summary(all) {
            note(&format!("{}: {summary}", source.shown_name()));
        }
    }
}
