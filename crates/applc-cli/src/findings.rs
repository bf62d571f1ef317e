//! What was found in a run: shown file by file to a person, or as one document at its end.

use std::io::{self, Write};

use anstream::{AutoStream, ColorChoice};

use crate::Status;
use crate::args::FindingsArguments;
use crate::terminal::{note, print};
use applc::Error;
use applc::diag::{self, Diagnostic, Format, Level, Levels, Report, codes, human};
use applc::source::{Source, Span};

/// Where documents for programs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// They are the result of the command.
    Stdout,
    /// The result of the command is something else.
    Stderr,
}

/// The findings of a run.
pub struct Findings {
    format: Format,
    stream: Stream,
    /// Whether advice is shown; what `--warn` makes of it always is.
    hints: bool,
    levels: Levels,
    reports: Vec<Report>,
}

impl Findings {
    /// Findings in the form that the arguments ask for.
    ///
    /// # Errors
    /// The status to end with, where a level is wrong; that has been said.
    pub fn new(
        arguments: &FindingsArguments,
        stream: Stream,
        hints: bool,
    ) -> Result<Findings, Status> {
        let levels = arguments.levels.read().map_err(|faults| {
            faults.iter().for_each(show);
            Status::Usage
        })?;
        let format = arguments.format;
        Ok(Findings { format, stream, hints, levels, reports: Vec::new() })
    }

    /// The levels that the arguments set, over those of a project file.
    pub fn levels(&self, project: &Levels) -> Levels {
        self.levels.over(project)
    }

    /// Takes in what was found in a file.
    pub fn add(&mut self, mut report: Report) -> Status {
        let status = if report.has_errors() { Status::Faults } else { Status::Clean };
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

    /// Takes in what was found in a file, and in others on the way.
    pub fn add_all(&mut self, report: Report, others: Vec<Report>) -> Status {
        let others = others.into_iter().map(|report| self.add(report)).max();
        self.add(report).max(others.unwrap_or(Status::Clean))
    }

    /// Takes in that a file could not be read, or that applc itself is at fault.
    pub fn fail(&mut self, name: &str, error: &Error) -> Status {
        match error {
            Error::Read(read) if read.path == name => {
                let fault = Diagnostic::new(&codes::UNREADABLE, Span::at(0), error.to_string());
                self.add(Report { source: Source::new(name, ""), diagnostics: vec![fault] });
            }
            _ => {
                crate::terminal::fail(&error.to_string(), Status::Io);
            }
        }
        Status::Io
    }

    /// Says what is wrong with an argument. That is for the person who wrote it, whatever
    /// the format.
    pub fn usage(&self, report: &Report) -> Status {
        show(report);
        Status::Usage
    }

    /// Writes the document, where the format has one.
    pub fn finish(self) -> Status {
        let Some(document) = diag::document(self.format, &self.reports) else {
            return Status::Clean;
        };
        match self.stream {
            Stream::Stdout => print(&document),
            Stream::Stderr => {
                let _ = io::stderr().lock().write_all(document.as_bytes());
                Status::Clean
            }
        }
    }
}

/// Shows findings to a person, on standard error.
fn show(report: &Report) {
    let colour = AutoStream::choice(&io::stderr()) != ColorChoice::Never;
    let text = human::render(report, colour);
    let _ = io::stderr().lock().write_all(text.as_bytes());
    if let Some(summary) = human::summary(&report.diagnostics) {
        note(&format!("{}: {summary}", report.source.name()));
    }
}
