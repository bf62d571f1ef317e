//! `applc check`.

use std::path::PathBuf;

use crate::Status;
use crate::args::Check;
use crate::commands::compile_project;
use crate::commands::fix::{self, Mode};
use crate::disk::Disk;
use crate::projects::{Projects, Settings, one_environment};
use crate::reporter::{Reporter, Stream};
use crate::select::Wanted;
use crate::terminal::fail;
use crate::whole::{compile, discover};

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
    match discover::root(&arguments.files) {
        Some(Ok(root)) if mode(arguments).is_none() => {
            return check_project(root, arguments, &wanted, reporter)
                .unwrap_or_else(|status| status);
        }
        Some(Ok(_)) => {
            return fail("`--fix` and `--diff` are for files, not for folders", Status::Usage);
        }
        Some(Err(status)) => return status,
        None => {}
    }
    let wanted = match one_environment(&arguments.environment) {
        Ok(environment) => wanted.in_environment(environment),
        Err(status) => return status,
    };
    let mode = mode(arguments);
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

fn mode(arguments: &Check) -> Option<Mode> {
    match (arguments.diff, arguments.fix) {
        (true, _) => Some(Mode::Diff),
        (false, true) => Some(Mode::Write),
        (false, false) => None,
    }
}

/// Checks appliances of a project in their environments.
fn check_project(
    root: PathBuf,
    arguments: &Check,
    wanted: &Wanted<'_>,
    reporter: &mut Reporter,
) -> Result<Status, Status> {
    let environments = &arguments.environment.names;
    let found = discover::find(root, &arguments.files, environments, wanted, reporter)?;
    let outcomes = compile::check(&found);
    Ok(compile_project::report_all(&found, &outcomes, reporter))
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
