//! `applc check`.

use super::args::Check;
use super::terminal::{Disk, fail, show};
use super::{Status, select};

/// Checks each file; the gravest status of all.
pub fn run(arguments: &Check) -> Status {
    let targets = match select::targets(&arguments.targets) {
        Ok(targets) => targets,
        Err(status) => return status,
    };
    let mut status = Status::Clean;
    for file in &arguments.files {
        let one = match crate::compile(&Disk, file, &targets) {
            Ok(compilation) => show(&compilation.report),
            Err(error) => fail(&error.to_string(), Status::Io),
        };
        status = status.max(one);
    }
    status
}
