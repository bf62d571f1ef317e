//! Which targets are asked for, with the options given for them.

use super::Status;
use super::args::TargetArguments;
use super::findings::Findings;
use super::terminal::fail;
use crate::Selected;
use crate::diag::{Report, list_or, nearest};
use crate::source::Source;
use crate::target::{self, Options};

/// The targets that the arguments name, each once, in their order.
///
/// # Errors
/// The status to end with, where a name or an option is wrong; that has been said.
pub fn targets(arguments: &TargetArguments, findings: &Findings) -> Result<Vec<Selected>, Status> {
    let mut selected: Vec<Selected> = Vec::new();
    for name in &arguments.names {
        let Some(target) = target::find(name) else {
            return Err(unknown_target(name));
        };
        if selected.iter().all(|known| known.target.name() != target.name()) {
            selected.push(Selected { target, options: Options::of(target) });
        }
    }
    let mut status = Status::Clean;
    for argument in &arguments.options {
        let source = Source::new("--option", argument.as_str());
        let mut diagnostics = Vec::new();
        if let Some(given) = target::parse_argument(&source, &mut diagnostics) {
            let mut unused = Options::of(given.target);
            let options = selected
                .iter_mut()
                .find(|known| known.target.name() == given.target.name())
                // Of a target that is not compiled for: checked all the same.
                .map_or(&mut unused, |known| &mut known.options);
            options.set(given.target, given.name, given.value, &mut diagnostics);
        }
        if !diagnostics.is_empty() {
            status = findings.usage(&Report { source, diagnostics });
        }
    }
    if status == Status::Clean { Ok(selected) } else { Err(status) }
}

/// Says that there is no such target.
pub fn unknown_target(name: &str) -> Status {
    let known: Vec<&str> = target::ALL.iter().map(|target| target.name()).collect();
    let advice = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there is {}", list_or(known)),
    };
    fail(&format!("there is no target `{name}`; {advice}"), Status::Usage)
}
