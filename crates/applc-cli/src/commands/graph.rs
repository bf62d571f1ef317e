//! `applc graph`.

use crate::Status;
use crate::args::{FindingsArguments, Graph};
use crate::commands::refuse_inputs;
use crate::disk::STDIN;
use crate::emit::{self, OutputFile};
use crate::projects::{Projects, one_environment};
use crate::reporter::{Reporter, Stream};
use crate::select::Wanted;
use crate::terminal::{fail, print};
use applc::diag::Format;
use applc::graph;

/// Draws a file, or nothing if there are errors.
pub fn run(arguments: Graph) -> Status {
    draw(arguments).unwrap_or_else(|status| status)
}

fn draw(arguments: Graph) -> Result<Status, Status> {
    let Graph { file, format, output, environment, levels, project: _ } = arguments;
    // `--format` is that of the picture.
    let findings = FindingsArguments { format: Format::Human, levels };
    let mut reporter = Reporter::new(&findings, Stream::Stderr, false)?;
    let wanted = Wanted::none().in_environment(one_environment(&environment)?);
    let settings = Projects::default().apply(&file, &wanted, &mut reporter)?;
    let compilation = settings.check_only(&settings.disk(&file), &file);
    let compilation = compilation.map_err(|error| reporter.fail(&file, &error))?;
    let status = reporter.add(compilation.report);
    let plan = compilation.plan.ok_or(status)?;
    let text = graph::Graph::of(&plan).render(format);
    let Some(path) = output else { return Ok(print(&text)) };
    if path.as_os_str() == STDIN {
        return Err(fail("omit `--output` to print to standard output", Status::Usage));
    }
    refuse_inputs([path.as_path()])?;
    emit::write(&[OutputFile { path, text }])
        .map(|_| Status::Clean)
        .map_err(|error| reporter.unwritable(&error))
}
