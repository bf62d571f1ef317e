//! `applc check`.

use super::args::Check;
use super::findings::{Findings, Stream};
use super::projects::Projects;
use super::terminal::Disk;
use super::{Status, select};

/// Checks each file; the gravest status of all.
pub fn run(arguments: &Check) -> Status {
    let mut findings = match Findings::new(&arguments.findings, Stream::Stdout, true) {
        Ok(findings) => findings,
        Err(status) => return status,
    };
    match check(arguments, &mut findings) {
        // Nothing was looked at: there is nothing to say in a document.
        Status::Usage => Status::Usage,
        status => status.max(findings.finish()),
    }
}

fn check(arguments: &Check, findings: &mut Findings) -> Status {
    let targets = match select::targets(&arguments.targets, findings) {
        Ok(targets) => targets,
        Err(status) => return status,
    };
    let mut projects = Projects::default();
    let mut status = Status::Clean;
    for file in &arguments.files {
        let settings = match projects.apply(file, &targets, findings) {
            Ok(settings) => settings,
            Err(faulty) => {
                status = status.max(faulty);
                continue;
            }
        };
        status = status.max(match crate::compile(&Disk, file, &settings.targets) {
            Ok(compilation) => findings.add(compilation.with_levels(&settings.levels).report),
            Err(error) => findings.fail(file, &error),
        });
    }
    status
}
