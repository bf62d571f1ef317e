//! `applc check`.

use std::path::{Path, PathBuf};

use crate::Status;
use crate::args::Check;
use crate::commands::compile_project;
use crate::commands::fix::{self, Mode};
use crate::projects::{Projects, Settings, one_environment};
use crate::reporter::{Reporter, Stream};
use crate::select::Wanted;
use crate::terminal::fail;
use crate::whole::cache::Cache;
use crate::whole::compile::{self, Depth};
use crate::whole::discover;

/// Checks each file. Returns the most severe status.
pub fn run(arguments: &Check) -> Status {
    // The diff is printed to standard output.
    let stream = if arguments.diff { Stream::Stderr } else { Stream::Stdout };
    let mut reporter = match Reporter::new(&arguments.findings, stream, true) {
        Ok(reporter) => reporter,
        Err(status) => return status,
    };
    reporter.lock(&arguments.locked);
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
    let (files, mut status) = match files(&arguments.files, reporter) {
        Ok(Files::Project(root)) if mode(arguments).is_none() => {
            return check_project(root, arguments, &wanted, reporter)
                .unwrap_or_else(|status| status);
        }
        Ok(Files::Project(_)) => {
            return fail(
                "`--fix` and `--diff` are for files, not for projects: name the files of the appliances",
                Status::Usage,
            );
        }
        Ok(Files::Each(files, status)) => (files, status),
        Err(status) => return status,
    };
    let wanted = match one_environment(&arguments.environment) {
        Ok(environment) => wanted.in_environment(environment),
        Err(status) => return status,
    };
    let mode = mode(arguments);
    let mut projects = Projects::default();
    for file in &files {
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

/// What is checked.
enum Files {
    /// Appliances of the project in this folder.
    Project(PathBuf),
    /// These files, besides those that are not to be read, which were reported with this status.
    Each(Vec<String>, Status),
}

/// What the arguments stand for: a folder for the appliances of its project, or without a project for its files
/// named as appliances; nothing for the working directory.
///
/// # Errors
/// The exit status if there is nothing to check, which was reported.
fn files(arguments: &[String], reporter: &mut Reporter) -> Result<Files, Status> {
    let here = [".".to_owned()];
    let paths = if arguments.is_empty() { &here } else { arguments };
    for folder in paths.iter().map(Path::new).filter(|path| path.is_dir()) {
        if let Some(root) = discover::root_of(folder)? {
            return Ok(Files::Project(root));
        }
    }
    let mut files = Vec::new();
    let mut status = Status::Clean;
    for path in paths {
        if Path::new(path).is_dir() {
            let (named, of_folder) = discover::named_in(path, reporter)?;
            files.extend(named);
            status = status.max(of_folder);
        } else {
            files.push(path.clone());
        }
    }
    Ok(Files::Each(files, status))
}

fn mode(arguments: &Check) -> Option<Mode> {
    match (arguments.diff, arguments.fix) {
        (true, _) => Some(Mode::Diff { show_secrets: arguments.show_secrets }),
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
    let cache = match wanted.loaded().is_empty() && !arguments.no_cache {
        true => Cache::open(&root),
        false => Cache::none(),
    };
    let world = cache.world(root);
    let found = discover::find(world, &arguments.files, environments, wanted, reporter)?;
    compile_project::check_places(&found, reporter)?;
    let outcomes = compile::compile(&found, Depth::Findings, &cache);
    let status = compile_project::report_all(&found, &outcomes, reporter).max(found.status);
    let made = compile::made_in_shared_folders(&found, &outcomes, &cache);
    cache.write(&found, &[]);
    Ok(status.max(compile_project::report_conflicts(&found, &made, reporter)))
}

fn check_file(
    file: &str,
    mode: Option<Mode>,
    settings: &Settings,
    reporter: &mut Reporter,
) -> Status {
    match mode {
        Some(mode) => fix::run(file, mode, settings, reporter),
        None => match settings.check_only(&settings.disk(file), file) {
            Ok(compilation) => reporter.add_all(compilation.report, compilation.others),
            Err(error) => reporter.fail(file, &error),
        },
    }
}
