//! `applc check --fix` and `--diff`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::Status;
use crate::diff;
use crate::disk::{Named, STDIN};
use crate::emit::{self, OutputFile, WriteError};
use crate::projects::Settings;
use crate::reporter::Reporter;
use crate::terminal::{fail, note, print};
use applc::diag::Report;
use applc::fix::{AppliedFix, fix};
use applc::source::Source;
use applc::{Compilation, Error, Memory, Overlay, ReadError, World};

/// Maximum number of times that all files are fixed: a fix in one can bring out findings in another.
const MAX_PASSES: usize = 3;

/// What to do with the fixed text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Write it to the file.
    Write,
    /// Print a diff.
    Diff {
        /// Whether it has values that look like secrets.
        show_secrets: bool,
    },
}

/// Applies the safe fixes to a file and its overlays, and reports the remaining findings.
pub fn run(file: &str, mode: Mode, settings: &Settings, reporter: &mut Reporter) -> Status {
    if mode == Mode::Write && !can_be_fixed(file) && (file == STDIN || Path::new(file).exists()) {
        let what = if file == STDIN { "standard input".to_owned() } else { format!("`{file}`") };
        return fail(&format!("{what} cannot be fixed in place; use `--diff`"), Status::Usage);
    }
    let done = Files::read(file, mode, settings).and_then(|mut files| {
        files.fix()?;
        let status = files.finish(mode, reporter);
        // What could not be written is as it was.
        Ok((status, files.check()?))
    });
    let (status, left) = match done {
        Ok(done) => done,
        Err(error) => return reporter.fail(file, &error),
    };
    let to_review = to_review(&left.report);
    let status = status.max(reporter.add_all(left.report, left.others));
    for (file, count) in to_review {
        match count {
            1 => note(&format!(
                "{file}: 1 suggested fix may not be what is meant, and is not applied"
            )),
            count => note(&format!(
                "{file}: {count} suggested fixes may not be what is meant, and are not applied"
            )),
        }
    }
    status
}

/// Whether there is a file that can have another content.
fn can_be_fixed(path: &str) -> bool {
    path != STDIN && Path::new(path).is_file()
}

/// The number of fixes that are only likely, by file.
fn to_review(report: &Report) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let edits = report.diagnostics.iter().filter_map(|found| found.edit.as_ref());
    for edit in edits.filter(|edit| !edit.safe) {
        let name = report.source_of(edit.span).shown_name().into_owned();
        *counts.entry(name).or_default() += 1;
    }
    counts
}

/// An appliance and its overlays.
struct Files<'f> {
    file: &'f str,
    settings: &'f Settings,
    /// They, as they are fixed so far, over the disk. Each is read once: a pipe has no second time.
    world: Overlay<Named<'f>>,
    /// Those that can be fixed.
    texts: Vec<Text>,
}

/// A text that is fixed.
struct Text {
    path: String,
    old: String,
    new: String,
    applied: Vec<AppliedFix>,
}

impl<'f> Files<'f> {
    /// # Errors
    /// One of them cannot be read.
    fn read(file: &'f str, mode: Mode, settings: &'f Settings) -> Result<Files<'f>, Error> {
        let world = Overlay::new(settings.disk(file), Memory::new());
        let mut files = Files { file, settings, world, texts: Vec::new() };
        for path in settings.changes.overlays.iter().map(String::as_str).chain([file]) {
            if files.texts.iter().any(|text| text.path == path) {
                continue;
            }
            let unreadable = |cause| ReadError { path: path.to_owned(), cause };
            let bytes = files.world.read(path).map_err(unreadable)?;
            files.world.buffers().insert(path, bytes.clone());
            let (source, error) = Source::from_bytes(path, bytes);
            // An incomplete text cannot be written back.
            if error.is_none() && (mode != Mode::Write || can_be_fixed(path)) {
                let text = source.text().to_owned();
                let (path, applied) = (path.to_owned(), Vec::new());
                files.texts.push(Text { path, old: text.clone(), new: text, applied });
            }
        }
        Ok(files)
    }

    /// Fixes all of them, in memory.
    ///
    /// # Errors
    /// A file that one of them names cannot be read.
    fn fix(&mut self) -> Result<(), Error> {
        for _ in 0..MAX_PASSES {
            let mut is_changed = false;
            for text in &mut self.texts {
                let world = &self.world;
                let fixed = fix(&text.new, |new| {
                    let edited = Overlay::new(world, Memory::new().with(text.path.as_str(), new));
                    Ok::<_, Error>(about(&text.path, self.settings.check(&edited, self.file)?))
                })?;
                is_changed |= !fixed.applied.is_empty();
                text.applied.extend(fixed.applied);
                self.world.buffers().insert(text.path.as_str(), fixed.text.as_str());
                text.new = fixed.text;
            }
            if !is_changed || self.texts.len() < 2 {
                break;
            }
        }
        Ok(())
    }

    /// Writes what was fixed, or prints it, and says what was. A text that cannot be written is as it was.
    fn finish(&mut self, mode: Mode, reporter: &mut Reporter) -> Status {
        let mut status = Status::Clean;
        for text in self.texts.iter_mut().filter(|text| !text.applied.is_empty()) {
            let done = match mode {
                Mode::Diff { show_secrets } => text.print(show_secrets),
                Mode::Write => text.write(reporter),
            };
            status = status.max(done);
            if mode == Mode::Write && done != Status::Clean {
                self.world.buffers().insert(text.path.as_str(), text.old.as_str());
                continue;
            }
            for AppliedFix { diagnostic, place } in &text.applied {
                let (code, message) = (diagnostic.code.id, diagnostic.text());
                let verb = if mode == Mode::Write { "fixed" } else { "would fix" };
                let Text { path, .. } = text;
                note(&format!("{path}:{}:{}: {verb} {code}: {message}", place.line, place.column));
            }
        }
        status
    }

    /// The findings in the texts.
    ///
    /// # Errors
    /// A file that one of them names cannot be read.
    fn check(&self) -> Result<Compilation, Error> {
        self.settings.check_only(&self.world, self.file)
    }
}

impl Text {
    fn print(&self, show_secrets: bool) -> Status {
        if show_secrets {
            return print(&diff::unified(&self.path, Some(&self.old), Some(&self.new)));
        }
        let (diff, masked) = diff::masked(&self.path, Some(&self.old), Some(&self.new));
        diff::note_masked(masked);
        print(&diff)
    }

    fn write(&self, reporter: &mut Reporter) -> Status {
        let file = OutputFile { path: PathBuf::from(&self.path), text: self.new.clone() };
        let Err(WriteError { cause, .. }) = emit::edit(&[file]) else { return Status::Clean };
        let cause = format!("{cause}; nothing in it is fixed");
        reporter.unwritten(Path::new(&self.path), &cause)
    }
}

/// A report whose own source is that of a path, so that the edits in it are those of that text.
fn about(path: &str, report: Report) -> Report {
    let source = report.sources.iter().find(|source| source.name() == path).cloned();
    Report { source: source.unwrap_or_else(|| report.source.clone()), ..report }
}
