//! `applc import`.

use std::path::Path;

use applc::analysis::Analysis;
use applc::diag::Levels;
use applc::import::{self, Format, Imported, Options};
use applc::source::Source;

use crate::args::Import;
use crate::commands::refuse_inputs;
use crate::disk::{Named, STDIN, read_named};
use crate::emit::{self, OutputFile};
use crate::reporter::{Reporter, Stream};
use crate::terminal::{fail, print};
use crate::{Status, search};

/// Imports a file, and writes the appliance that it describes.
pub fn run(arguments: &Import) -> Status {
    let mut reporter = match Reporter::new(&arguments.findings, Stream::Stderr, true) {
        Ok(reporter) => reporter,
        Err(status) => return status,
    };
    let status = import(arguments, &mut reporter).unwrap_or_else(|status| status);
    reporter.finish();
    status
}

fn import(arguments: &Import, reporter: &mut Reporter) -> Result<Status, Status> {
    if arguments.output.as_ref().is_some_and(|path| path.as_os_str() == STDIN) {
        return Err(fail("omit `--output` to print to standard output", Status::Usage));
    }
    let line = line_of(arguments)?;
    let file = arguments.file.first().map_or(STDIN, String::as_str);
    let is_line = line.is_some();
    let bytes = line.map_or_else(|| read(file, reporter), |line| Ok(line.into_bytes()))?;
    let name = if is_line { "docker run" } else { file };
    let (source, error) = Source::from_bytes(name, bytes);
    if let Some(error) = error {
        let finding = applc::syntax::source_error(&source, error);
        return Ok(reporter.add(applc::diag::Report::of(source, finding)));
    }
    // A line is meant for the current folder.
    let path = if is_line { STDIN } else { file };
    let folder = Path::new(path).parent().map(|folder| folder.to_string_lossy().into_owned());
    let options = Options {
        id: arguments.id.clone().unwrap_or_else(|| id_of(path)),
        env_files: arguments.env_file.clone(),
        profiles: arguments.profile.clone(),
        repository: search::repository_of(folder.as_deref().unwrap_or_default()),
        folder: folder.unwrap_or_default(),
        world: &Named { file, others: &arguments.env_file, root: None },
    };
    let Imported { text, mut report } = import::import(&source, arguments.from, &options);
    let levels = reporter.levels(&Levels::default());
    levels.apply(&mut report.diagnostics);
    let status = reporter.add(report);
    // A finding that is denied is an error, after which nothing is written.
    let Some(text) = text.filter(|_| status == Status::Clean) else { return Ok(status) };
    // What the import could not decide is told at its place in the result, which is no file.
    let checked = Analysis::of(&Source::new("the imported appliance", text.clone()));
    let errors = checked.into_report();
    if errors.has_errors() {
        return Ok(status.max(reporter.add(errors)));
    }
    match &arguments.output {
        None => Ok(print(&text).max(status)),
        Some(path) => {
            refuse_inputs([path.as_path()])?;
            emit::write(&[OutputFile { path: path.clone(), text }])
                .map_err(|error| reporter.unwritable(&error))?;
            Ok(status)
        }
    }
}

/// The line that the arguments are, if they name no file: one argument with a space in it, or several.
fn line_of(arguments: &Import) -> Result<Option<String>, Status> {
    let is_line = arguments.from == Format::DockerRun;
    match arguments.file.as_slice() {
        [one] if is_line && one.contains(char::is_whitespace) => Ok(Some(one.clone())),
        [_] => Ok(None),
        words if is_line => Ok(Some(import::line_of(words))),
        _ => Err(fail("`import` takes one file", Status::Usage)),
    }
}

fn read(file: &str, reporter: &mut Reporter) -> Result<Vec<u8>, Status> {
    read_named(file).map_err(|cause| {
        let error = applc::ReadError { path: file.to_owned(), cause };
        reporter.fail(file, &error.into())
    })
}

/// The id of an appliance whose file does not say one: the name of its folder, as Compose names projects.
fn id_of(file: &str) -> String {
    let path = std::path::absolute(if file == STDIN { "x" } else { file }).unwrap_or_default();
    let folder = path.parent().and_then(Path::file_name).unwrap_or_default();
    import::id_of(&folder.to_string_lossy())
}
