//! `applc check`.

use super::args::Check;
use super::projects::Projects;
use super::terminal::{Disk, fail, show};
use super::{Status, select};
use crate::Selected;

/// Checks each file; the gravest status of all.
pub fn run(arguments: &Check) -> Status {
    let targets = match select::targets(&arguments.targets) {
        Ok(targets) => targets,
        Err(status) => return status,
    };
    let mut projects = Projects::default();
    let mut status = Status::Clean;
    for file in &arguments.files {
        status = status.max(match projects.apply(file, &targets) {
            Ok(targets) => check(file, &targets),
            Err(status) => status,
        });
    }
    status
}

fn check(file: &str, targets: &[Selected]) -> Status {
    match crate::compile(&Disk, file, targets) {
        Ok(compilation) => show(&compilation.report),
        Err(error) => fail(&error.to_string(), Status::Io),
    }
}
