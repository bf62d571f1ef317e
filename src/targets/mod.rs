//! Targets: what an appliance becomes. Each is a folder here, a folder in `templates`, and
//! a line in [`ALL`].
//!
//! A target says in a table what becomes of each field ([`Capability`]); what it rejects
//! or only approximates whenever the field is used is reported from that table, by
//! [`compile`], so that the table cannot lie. What depends on the appliance the target
//! reports itself.

mod built_in;
mod capability;
pub mod compose;
pub mod cron;
pub mod custom;
pub mod kubernetes;
pub mod marathon;
mod mounts;
pub mod names;
pub mod nomad;
mod options;
#[cfg(test)]
mod testing;

pub use built_in::{BuiltIn, Definition};
pub use capability::{Capability, Fate};
pub use options::{OptionKind, OptionSpec, Options, Words, parse_argument, unknown_option};

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::diag::{self, Diagnostic, Report, codes};
use crate::plan::Plan;
use crate::render::{RenderError, TemplateText, Templates};

/// Something an appliance can be compiled to.
pub trait Target: Send + Sync {
    /// What one writes behind `--target`.
    fn name(&self) -> &str;

    /// What it makes, in one line.
    fn summary(&self) -> &str;

    /// What becomes of each field: exactly one row for each of [`crate::plan::Field::ALL`].
    fn capabilities(&self) -> Vec<Capability<'_>>;

    /// The options it takes.
    fn options(&self) -> Vec<OptionSpec<'_>>;

    /// The templates of a built-in target: what it renders with where nothing replaces them.
    fn templates(&self) -> Vec<TemplateText> {
        Vec::new()
    }

    /// Lowers the plan and renders the artifacts with these templates: its own, or those that
    /// replace them. Faults and approximations that depend on
    /// the appliance go to `diagnostics`; where one is an error, what is returned is not
    /// used.
    ///
    /// # Errors
    /// A template of the target is faulty, or what it made is.
    fn lower(
        &self,
        plan: &Plan,
        options: &Options,
        templates: &Templates,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Vec<Artifact>, Failure>;
}

/// Why a target made nothing, other than for what is wrong with the appliance.
#[derive(Debug)]
pub enum Failure {
    /// A built-in template is faulty.
    Render(RenderError),
    /// A custom target is faulty: what was found in its files, or in what they made.
    Reports(Vec<Report>),
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Failure {
        Failure::Render(error)
    }
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

/// A target, built in or custom.
#[derive(Clone)]
pub enum TargetRef {
    /// One of [`ALL`].
    BuiltIn(&'static dyn Target),
    /// One that was loaded from a folder.
    Custom(Arc<custom::CustomTarget>),
}

impl TargetRef {
    /// Whether it was loaded from a folder like that of the other: the same one, as a rule.
    pub fn is_same(&self, other: &custom::CustomTarget) -> bool {
        match self {
            TargetRef::BuiltIn(_) => false,
            TargetRef::Custom(target) => target.source().text() == other.source().text(),
        }
    }
}

impl Deref for TargetRef {
    type Target = dyn Target;

    fn deref(&self) -> &(dyn Target + 'static) {
        match self {
            TargetRef::BuiltIn(target) => *target,
            TargetRef::Custom(target) => target.as_ref(),
        }
    }
}

impl From<&'static dyn Target> for TargetRef {
    fn from(target: &'static dyn Target) -> TargetRef {
        TargetRef::BuiltIn(target)
    }
}

impl fmt::Debug for TargetRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TargetRef({})", self.name())
    }
}

/// The built-in targets.
pub fn built_in() -> impl Iterator<Item = TargetRef> {
    ALL.iter().map(|target| TargetRef::BuiltIn(*target))
}

/// The one of these targets that has this name.
pub fn named(targets: &[TargetRef], name: &str) -> Option<TargetRef> {
    targets.iter().find(|target| target.name() == name).cloned()
}

/// The built-in target of this name.
pub fn find(name: &str) -> Option<&'static dyn Target> {
    ALL.iter().copied().find(|target| target.name() == name)
}

/// Compiles a plan for one target. Without artifacts where an error was reported.
///
/// # Errors
/// A template of the target is faulty, or what it made is.
pub fn compile(
    target: &dyn Target,
    plan: &Plan,
    options: &Options,
    diagnostics: &mut Vec<Diagnostic>,
) -> Result<Vec<Artifact>, Failure> {
    let mut found = Vec::new();
    let capabilities = target.capabilities();
    for used in &plan.uses {
        let Some(row) = capabilities.iter().find(|row| row.field == used.field) else {
            let message = format!("{} says nothing of `{}`", target.name(), used.field.path());
            found.push(Diagnostic::new(&codes::NOT_CARRIED, used.span, message));
            continue;
        };
        found.extend(row.report(target.name(), used));
    }
    let templates = Templates::new(target.templates())?;
    let rejected = diag::has_errors(&found);
    let artifacts = match target.lower(plan, options, &templates, &mut found) {
        // Templates need not cope with what their target rejects.
        Err(Failure::Reports(_)) if rejected => Vec::new(),
        lowered => lowered?,
    };
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
