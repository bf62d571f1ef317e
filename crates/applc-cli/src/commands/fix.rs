//! `applc check --fix` and `--diff`.

use std::path::PathBuf;

use crate::Status;
use crate::diff;
use crate::disk::{self, Disk, STDIN};
use crate::emit::{self, OutputFile};
use crate::projects::Settings;
use crate::reporter::Reporter;
use crate::terminal::{fail, note, print};
use applc::fix::{Fixed, fix};
use applc::source::Source;
use applc::{Error, Memory, Overlay, ReadError, World};

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

/// Applies the safe fixes to a file, and reports the remaining findings.
pub fn run(file: &str, mode: Mode, settings: &Settings, reporter: &mut Reporter) -> Status {
    if file == STDIN && mode == Mode::Write {
        return fail("standard input cannot be fixed in place; use `--diff`", Status::Usage);
    }
    let (text, fixed) = match fixed(file, settings) {
        Ok(fixed) => fixed,
        Err(error) => return reporter.fail(file, &error),
    };
    for applied in &fixed.applied {
        let (code, message) = (applied.diagnostic.code.id, applied.diagnostic.text());
        let verb = if mode == Mode::Write { "fixed" } else { "would fix" };
        let place = applied.place;
        note(&format!("{file}:{}:{}: {verb} {code}: {message}", place.line, place.column));
    }
    let status = match mode {
        Mode::Diff { show_secrets: true } => {
            print(&diff::unified(file, Some(&text), Some(&fixed.text)))
        }
        Mode::Diff { show_secrets: false } => {
            let (diff, masked) = diff::masked(file, Some(&text), Some(&fixed.text));
            diff::note_masked(masked);
            print(&diff)
        }
        Mode::Write if fixed.applied.is_empty() => Status::Clean,
        Mode::Write => {
            match emit::edit(&[OutputFile { path: PathBuf::from(file), text: fixed.text }]) {
                Ok(_) => Status::Clean,
                Err(error) => fail(&format!("cannot write `{file}`: {}", error.cause), Status::Io),
            }
        }
    };
    let unsafe_edits = fixed.left.diagnostics.iter().filter_map(|found| found.edit.as_ref());
    let to_review = unsafe_edits.filter(|edit| !edit.safe).count();
    let status = status.max(reporter.add(fixed.left));
    match to_review {
        0 => {}
        1 => note(&format!("{file}: 1 suggested fix may not be what is meant, and is not applied")),
        count => note(&format!(
            "{file}: {count} suggested fixes may not be what is meant, and are not applied"
        )),
    }
    status
}

/// The text of a file, and the result of fixing it.
fn fixed(file: &str, settings: &Settings) -> Result<(String, Fixed), Error> {
    let unreadable = |cause| ReadError { path: file.to_owned(), cause };
    let world = disk::holding(file)?;
    let (source, error) = Source::from_bytes(file, world.read(file).map_err(unreadable)?);
    if error.is_some() {
        // The text is incomplete and cannot be written back.
        let report = settings.check(&world, file)?;
        let fixed = Fixed { text: source.text().to_owned(), applied: Vec::new(), left: report };
        return Ok((source.text().to_owned(), fixed));
    }
    // The files that the appliance names are those on the disk.
    let edited = |text: &str| Overlay::new(Disk, Memory::new().with(file, text));
    let fixed = fix(source.text(), |text| settings.check(&edited(text), file))?;
    Ok((source.text().to_owned(), fixed))
}
