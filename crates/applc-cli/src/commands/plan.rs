//! `applc plan`.

use crate::Status;
use crate::args::Plan;
use crate::projects::{Projects, one_environment};
use crate::reporter::{Reporter, Stream};
use crate::select::Wanted;
use crate::terminal::{fail, print};
use applc::plan::published;
use applc::printable;
use applc::render;

/// Prints the plan of a file, or nothing if there are errors.
pub fn run(arguments: &Plan) -> Status {
    let mut reporter = match Reporter::new(&arguments.findings, Stream::Stderr, false) {
        Ok(reporter) => reporter,
        Err(status) => return status,
    };
    reporter.lock(&arguments.locked);
    let plan = plan(arguments, &mut reporter);
    let status = plan.map_or_else(|status| status, |text| print(&printable::json(&text)));
    if status != Status::Usage {
        reporter.finish();
    }
    status
}

fn plan(arguments: &Plan, reporter: &mut Reporter) -> Result<String, Status> {
    let file = &arguments.file;
    let wanted = Wanted::none().in_environment(one_environment(&arguments.environment)?);
    let settings = Projects::default().apply(file, &wanted, reporter)?;
    let settings = settings.changed(&arguments.overlays);
    let compilation = settings.check_only(&settings.disk(file), file);
    let compilation = compilation.map_err(|error| reporter.fail(file, &error))?;
    let status = reporter.add(compilation.report);
    let plan = compilation.plan.ok_or(status)?;
    render::json(&published::neutral(&plan)).map_err(|error| fail(&error.to_string(), Status::Io))
}
