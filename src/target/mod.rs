//! Targets: what an appliance becomes. Each is a folder here, a folder in `templates`, and
//! a line in [`ALL`].
//!
//! A target says in a table what becomes of each field ([`Capability`]); what it rejects
//! or only approximates whenever the field is used is reported from that table, by
//! [`compile`], so that the table cannot lie. What depends on the appliance the target
//! reports itself.

mod capability;
pub mod compose;
pub mod kubernetes;
pub mod marathon;
pub mod names;
pub mod nomad;
mod options;

pub use capability::{Capability, Fate};
pub use options::{OptionKind, OptionSpec, Options, parse_argument, unknown_option};

use crate::diag::{self, Diagnostic, codes};
use crate::plan::Plan;
use crate::render::RenderError;

/// Something an appliance can be compiled to.
pub trait Target: Sync {
    /// What one writes behind `--target`.
    fn name(&self) -> &'static str;

    /// What it makes, in one line.
    fn summary(&self) -> &'static str;

    /// What becomes of each field: exactly one row for each of [`crate::plan::Field::ALL`].
    fn capabilities(&self) -> &'static [Capability];

    /// The options it takes.
    fn options(&self) -> &'static [OptionSpec];

    /// Lowers the plan and renders the artifacts. Faults and approximations that depend on
    /// the appliance go to `diagnostics`; where one is an error, what is returned is not
    /// used.
    ///
    /// # Errors
    /// A template of the target is faulty.
    fn lower(
        &self,
        plan: &Plan,
        options: &Options,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Vec<Artifact>, RenderError>;
}

/// A file that a target makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its path below the output directory, with `/` between parts.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// The built-in targets, in the order they are listed.
pub static ALL: &[&dyn Target] =
    &[&compose::Compose, &kubernetes::Kubernetes, &nomad::Nomad, &marathon::Marathon];

/// The target of this name.
pub fn find(name: &str) -> Option<&'static dyn Target> {
    ALL.iter().copied().find(|target| target.name() == name)
}

/// Compiles a plan for one target. Without artifacts where an error was reported.
///
/// # Errors
/// A template of the target is faulty.
pub fn compile(
    target: &dyn Target,
    plan: &Plan,
    options: &Options,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<Artifact>, RenderError> {
    let mut found = Vec::new();
    for used in &plan.uses {
        let Some(row) = target.capabilities().iter().find(|row| row.field == used.field) else {
            let message = format!("{} says nothing of `{}`", target.name(), used.field.path());
            found.push(Diagnostic::new(&codes::NOT_CARRIED, used.span, message));
            continue;
        };
        found.extend(row.report(target.name(), used));
    }
    let artifacts = target.lower(plan, options, &mut found)?;
    let failed = diag::has_errors(&found);
    diagnostics.append(&mut found);
    Ok(if failed { Vec::new() } else { artifacts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Field;

    #[test]
    fn each_target_says_of_each_field_what_becomes_of_it() {
        for target in ALL {
            for field in Field::ALL {
                let rows = target.capabilities().iter().filter(|row| row.field == *field).count();
                assert_eq!(rows, 1, "{}: {}", target.name(), field.path());
            }
        }
    }
}
