//! Targets: the orchestrators that an appliance is compiled to. A target is a folder here, a
//! folder in `templates`, and an entry in [`ALL`].
//!
//! A table of a target defines its support for each field ([`Capability`]). [`compile`] reports
//! fields that are always rejected or approximated from this table, so that it is always
//! correct. Findings that depend on the appliance are reported by the target itself.

mod built_in;
mod capability;
mod compose;
mod cron;
pub mod custom;
mod kubernetes;
mod marathon;
mod mounts;
mod names;
mod nomad;
mod options;
#[cfg(test)]
mod testing;

use built_in::{BuiltIn, Definition};
pub use capability::{Capability, Fate};
pub use options::{OptionKind, OptionSpec, Options, Words, parse_argument, unknown_option};

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::diag::{Diagnostic, Findings, Report, codes};
use crate::plan::Plan;
use crate::render::{RenderError, TemplateText, Templates};

/// An orchestrator, or another format, that an appliance can be compiled to.
pub trait Target: Send + Sync {
    /// The name, as in `--target`.
    fn name(&self) -> &str;

    /// A description of the output in one line.
    fn summary(&self) -> &str;

    /// The support for each field: exactly one row for each of [`crate::plan::Field::ALL`].
    fn capabilities(&self) -> Vec<Capability<'_>>;

    /// The options of the target.
    fn options(&self) -> Vec<OptionSpec<'_>>;

    /// The templates of a built-in target, unless they are replaced.
    fn templates(&self) -> Vec<TemplateText> {
        Vec::new()
    }

    /// Lowers the plan and renders the artifacts with these templates: its own, or those that
    /// replace them. Findings that depend on the appliance are added to `findings`; if one is
    /// an error, the artifacts are not used.
    ///
    /// # Errors
    /// A template of the target, or its output, is invalid.
    fn lower(
        &self,
        plan: &Plan,
        options: &Options,
        templates: &Templates,
        findings: &mut Findings,
    ) -> Result<Vec<Artifact>, Failure>;
}

/// Why a target has no output, other than an error in the appliance.
#[derive(Debug)]
pub enum Failure {
    /// A built-in template is invalid.
    Render(RenderError),
    /// A custom target is invalid: the findings in its files or in their output.
    Reports(Vec<Report>),
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Failure {
        Failure::Render(error)
    }
}

/// A file that a target writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Path relative to the output directory, with `/` as separator.
    pub path: String,
    /// Content of the file.
    pub text: String,
}

/// The built-in targets, in the order in which they are listed.
pub static ALL: &[&dyn Target] =
    &[&compose::Compose, &kubernetes::Kubernetes, &nomad::Nomad, &marathon::Marathon];

/// A built-in or custom target.
#[derive(Clone)]
pub enum TargetRef {
    /// A built-in target: one of [`ALL`].
    BuiltIn(&'static dyn Target),
    /// A custom target, loaded from a folder.
    Custom(Arc<custom::CustomTarget>),
}

impl TargetRef {
    /// Whether it was loaded from a folder with the same manifest: usually the same folder.
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

/// Finds the target with this name among `targets`.
pub fn named(targets: &[TargetRef], name: &str) -> Option<TargetRef> {
    targets.iter().find(|target| target.name() == name).cloned()
}

/// Finds the built-in target with this name.
pub fn find(name: &str) -> Option<&'static dyn Target> {
    ALL.iter().copied().find(|target| target.name() == name)
}

/// Compiles a plan for one target. Returns no artifacts if an error was reported.
///
/// # Errors
/// A template of the target, or its output, is invalid.
pub fn compile(
    target: &dyn Target,
    plan: &Plan,
    options: &Options,
    findings: &mut Findings,
) -> Result<Vec<Artifact>, Failure> {
    let mut found = Findings::of_target(target.name());
    let capabilities = target.capabilities();
    for used in &plan.uses {
        let Some(row) = capabilities.iter().find(|row| row.field == used.field) else {
            let message = format!("no support is defined for `{}`", used.field.path());
            found.push(Diagnostic::new(&codes::NOT_CARRIED, used.span, message));
            continue;
        };
        found.extend(row.report(used));
    }
    let templates = Templates::new(target.templates())?;
    let rejected = found.has_errors();
    let artifacts = match target.lower(plan, options, &templates, &mut found) {
        // Templates do not have to handle fields that their target rejects.
        Err(Failure::Reports(_)) if rejected => Vec::new(),
        lowered => lowered?,
    };
    let failed = found.has_errors();
    findings.extend(found);
    Ok(if failed { Vec::new() } else { artifacts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Field;

    #[test]
    fn each_target_has_one_row_for_each_field() {
        let mut failures = Vec::new();
        for target in ALL {
            for field in Field::ALL {
                let rows = target.capabilities().iter().filter(|row| row.field == *field).count();
                if rows != 1 {
                    failures.push(format!("{}: {rows} rows for {}", target.name(), field.path()));
                }
            }
        }
        assert!(failures.is_empty(), "{failures:#?}");
    }
}
