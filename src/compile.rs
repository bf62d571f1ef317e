//! Compiles one file, from its bytes to the output of each target.

use std::fmt;
use std::ops::Deref;

use crate::analysis::Analysis;
use crate::diag::{Findings, Levels, Report};
use crate::overlay::Changes;
use crate::plan::Plan;
use crate::render::RenderError;
use crate::resolve;
use crate::source::Sources;
use crate::targets::{self, Artifact, Claim, Compiled, Failure, Options, Rendering, TargetRef};
use crate::world::{ReadError, World};

/// A target to compile for, with its options.
#[derive(Clone)]
pub struct Selected {
    /// The target.
    pub target: TargetRef,
    /// The values of its options.
    pub options: Options,
}

/// The output of one target.
pub struct Output {
    /// The target.
    pub target: TargetRef,
    /// Its files.
    pub artifacts: Vec<Artifact>,
    /// What no other appliance can have in the same place.
    pub claims: Vec<Claim>,
}

/// The result of compiling a file.
pub struct Compilation {
    /// The file and all findings in it.
    pub report: Report,
    /// The plan, if there are no errors apart from those of targets.
    pub plan: Option<Plan>,
    /// The findings in other files: those of custom targets, and generated files.
    pub others: Vec<Report>,
    /// The output of each target, in their order. Empty if there are errors.
    pub outputs: Vec<Output>,
}

impl Compilation {
    /// Applies the levels that a user sets. If that results in an error, the outputs are removed.
    pub fn with_levels(mut self, levels: &Levels) -> Compilation {
        levels.apply(&mut self.report.diagnostics);
        if self.report.has_errors() {
            self.plan = None;
            self.outputs.clear();
        }
        self
    }
}

/// A failure that is not an error in the appliance.
#[derive(Debug)]
pub enum Error {
    /// A file cannot be read.
    Read(ReadError),
    /// A built-in template fails.
    Render(RenderError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Read(error) => write!(f, "{error}"),
            Error::Render(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<ReadError> for Error {
    fn from(error: ReadError) -> Error {
        Error::Read(error)
    }
}

/// Reads an appliance and compiles it for each of the targets. Without targets, it is only checked.
///
/// # Errors
/// The file cannot be read, or a built-in template fails.
pub fn compile(world: &dyn World, path: &str, targets: &[Selected]) -> Result<Compilation, Error> {
    compile_changed(world, path, &Changes::none(), targets)
}

/// Reads an appliance and its overlays, and compiles the result for each of the targets.
///
/// # Errors
/// A file cannot be read, or a built-in template fails.
pub fn compile_changed(
    world: &dyn World,
    path: &str,
    changes: &Changes,
    targets: &[Selected],
) -> Result<Compilation, Error> {
    let rendering = Rendering { recorded: false };
    let analysis = Analysis::changed_to_compile(world, path, changes, Sources::new())?;
    compile_analysis(analysis, targets, Some(rendering))
}

/// Compiles what was analysed for each of the targets. Without `rendering`, it is only checked: the
/// outputs have no files.
///
/// # Errors
/// A built-in template fails.
pub fn compile_analysis(
    mut analysis: Analysis,
    targets: &[Selected],
    rendering: Option<Rendering>,
) -> Result<Compilation, Error> {
    // Only the plan is compiled.
    analysis.tree = None;
    if analysis.findings.has_errors() {
        analysis.plan = None;
    }
    if let Some(plan) = &analysis.plan {
        resolve::check_files(plan, &mut analysis.findings);
    }
    let mut outputs = Vec::new();
    let mut others = Vec::new();
    if let Some(plan) = analysis.plan.as_mut().filter(|_| !targets.is_empty()) {
        // An appliance uses at least its id.
        if plan.uses.is_empty() {
            plan.uses = resolve::uses(plan);
        }
        for Selected { target, options } in targets {
            let findings = &mut analysis.findings;
            match targets::compile(target.deref(), plan, options, rendering, findings) {
                Ok(Compiled { artifacts, claims }) => {
                    outputs.push(Output { target: target.clone(), artifacts, claims });
                }
                Err(Failure::Reports(reports)) => others.extend(reports),
                Err(Failure::Render(error)) => return Err(Error::Render(error)),
            }
        }
    }
    if analysis.findings.has_errors() || others.iter().any(Report::has_errors) {
        outputs.clear();
    }
    let plan = analysis.plan.take();
    Ok(Compilation { report: analysis.into_report(), plan, others, outputs })
}

/// What one target finds in an appliance.
#[derive(Debug, Default)]
pub struct Checked {
    /// The findings in the appliance, its overlays, and what sets options.
    pub findings: Findings,
    /// The findings in other files: those of custom targets, and generated files.
    pub others: Vec<Report>,
    /// What no other appliance can have in the same place.
    pub claims: Vec<Claim>,
}

/// Finds what one target has to say about what was analysed with its tree: nothing if the analysis has errors.
/// Only what cannot be checked otherwise is rendered.
///
/// # Errors
/// A built-in template fails.
pub fn check_for(analysis: &Analysis, selected: &Selected) -> Result<Checked, RenderError> {
    let Some(plan) = analysis.valid_plan() else { return Ok(Checked::default()) };
    let Selected { target, options } = selected;
    let mut findings = Findings::new();
    match targets::compile(target.deref(), plan, options, None, &mut findings) {
        Ok(Compiled { claims, .. }) => Ok(Checked { findings, others: Vec::new(), claims }),
        Err(Failure::Reports(others)) => Ok(Checked { findings, others, claims: Vec::new() }),
        Err(Failure::Render(error)) => Err(error),
    }
}
