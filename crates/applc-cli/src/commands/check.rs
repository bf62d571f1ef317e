//! `applc check`.

use crate::Status;
use crate::args::Check;
use crate::commands::fix::{self, Mode};
use crate::disk::Disk;
use crate::findings::{Findings, Stream};
use crate::projects::{Projects, Settings};
use crate::select::Wanted;

/// Checks each file. Returns the most severe status.
pub fn run(arguments: &Check) -> Status {
    // The diff is printed to standard output.
    let stream = if arguments.diff { Stream::Stderr } else { Stream::Stdout };
    let mut findings = match Findings::new(&arguments.findings, stream, true) {
        Ok(findings) => findings,
        Err(status) => return status,
    };
    match check(arguments, &mut findings) {
        // No file was checked, so there is no document.
        Status::Usage => Status::Usage,
        status => status.max(findings.finish()),
    }
}

fn check(arguments: &Check, findings: &mut Findings) -> Status {
    let wanted = match Wanted::read(&arguments.targets, findings) {
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
        status = status.max(match projects.apply(file, &wanted, findings) {
            Ok(settings) => check_file(file, mode, &settings, findings),
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
    findings: &mut Findings,
) -> Status {
    match mode {
        Some(mode) => fix::run(file, mode, settings, findings),
        None => match settings.compile(&Disk, file) {
            Ok(compilation) => findings.add_all(compilation.report, compilation.others),
            Err(error) => findings.fail(file, &error),
        },
    }
}
