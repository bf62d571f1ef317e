//! `applc plan`.

use crate::Status;
use crate::args::Plan;
use crate::disk::Disk;
use crate::findings::{Findings, Stream};
use crate::projects::Projects;
use crate::select::Wanted;
use crate::terminal::{fail, print};
use applc::plan::published;
use applc::render;

/// Prints the plan of a file, or nothing if there are errors.
pub fn run(arguments: &Plan) -> Status {
    let mut findings = match Findings::new(&arguments.findings, Stream::Stderr, false) {
        Ok(findings) => findings,
        Err(status) => return status,
    };
    let plan = plan(arguments, &mut findings);
    if !matches!(plan, Err(Status::Usage)) {
        findings.finish();
    }
    plan.map_or_else(|status| status, |text| print(&text))
}

fn plan(arguments: &Plan, findings: &mut Findings) -> Result<String, Status> {
    let file = &arguments.file;
    let settings = Projects::default().apply(file, &Wanted::none(), findings)?;
    let compilation = settings.compile(&Disk, file).map_err(|error| findings.fail(file, &error))?;
    let status = findings.add(compilation.report);
    let plan = compilation.plan.ok_or(status)?;
    render::json(&published::neutral(&plan)).map_err(|error| fail(&error.to_string(), Status::Io))
}
