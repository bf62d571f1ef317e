//! `applc check`.

use crate::Status;
use crate::args::Check;
use crate::commands::fix::{self, Mode};
use crate::disk::Disk;
use crate::projects::{Projects, Settings};
use crate::reporter::{Reporter, Stream};
use crate::select::Wanted;

/// Checks each file. Returns the most severe status.
pub fn run(arguments: &Check) -> Status {
    // The diff is printed to standard output.
    let stream = if arguments.diff { Stream::Stderr } else { Stream::Stdout };
    let mut reporter = match Reporter::new(&arguments.findings, stream, true) {
        Ok(reporter) => reporter,
        Err(status) => return status,
    };
    match check(arguments, &mut reporter) {
        // No file was checked, so there is no document.
        Status::Usage => Status::Usage,
        status => status.max(reporter.finish()),
    }
}

fn check(arguments: &Check, reporter: &mut Reporter) -> Status {
    let wanted = match Wanted::read(&arguments.targets, reporter) {
        Ok(wanted) => wanted,
        Err(status) => return status,
    };
    let mode = match (arguments.diff, arguments.fix) {
        (true, _) => Some(Mode::Diff),
        (false, true) => Some(Mode::Write),
        (false, false) => None,
    };
    let mut projects = Projects::default();
    let mut status = Status::Clean;
    for file in &arguments.files {
        status = status.max(match projects.apply(file, &wanted, reporter) {
            Ok(settings) => {
                check_file(file, mode, &settings.changed(&arguments.overlays), reporter)
            }
            // An invalid argument is invalid for every file.
            Err(Status::Usage) => return Status::Usage,
            Err(status) => status,
        });
    }
    status
}

fn check_file(
    file: &str,
    mode: Option<Mode>,
    settings: &Settings,
    reporter: &mut Reporter,
) -> Status {
    match mode {
        Some(mode) => fix::run(file, mode, settings, reporter),
        None => match settings.check_only(&Disk, file) {
            Ok(compilation) => reporter.add_all(compilation.report, compilation.others),
            Err(error) => reporter.fail(file, &error),
        },
    }
}
