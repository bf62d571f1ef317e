//! Compiles one file, from its bytes to the output of each target.

use std::fmt;
use std::ops::Deref;

use crate::diag::{Findings, Level, Levels, Report};
use crate::plan::Plan;
use crate::render::RenderError;
use crate::source::{Source, SourceError, Syntax};
use crate::targets::{self, Artifact, Failure, InProcess, Options, Rendering, TargetRef};
use crate::world::{ReadError, World};
use crate::{lint, model, resolve, schema, syntax};

/// A target to compile for, with its options.
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
    let bytes = crate::world::read(world, path)?;
    let (source, error) = Source::from_bytes(path, bytes);
    let mut findings: Findings = error.map(syntax::source_error).into_iter().collect();
    let is_text = !matches!(error, Some(SourceError::TooLarge(_) | SourceError::NotUtf8(0)));
    let plan = if !is_text { None } else { plan(&source, &mut findings) };
    if let Some(plan) = &plan {
        lint::check(plan, &mut findings);
    }
    let mut outputs = Vec::new();
    let mut others = Vec::new();
    let plan = plan.filter(|_| !findings.has_errors());
    let rendering = Rendering { renderer: &InProcess, recorded: false };
    if let Some(plan) = &plan {
        for Selected { target, options } in targets {
            match targets::compile(target.deref(), plan, options, Some(rendering), &mut findings) {
                Ok(artifacts) => outputs.push(Output { target: target.clone(), artifacts }),
                Err(Failure::Reports(reports)) => others.extend(reports),
                Err(Failure::Render(error)) => return Err(Error::Render(error)),
            }
        }
    }
    if findings.has_errors() || others.iter().any(Report::has_errors) {
        outputs.clear();
    }
    lint::remove_covered(&mut findings);
    if source.syntax() == Syntax::Yaml {
        let edits = findings.iter_mut().filter_map(|found| found.edit.as_mut());
        edits.for_each(|edit| syntax::respell(&source, edit));
    }
    Ok(Compilation { report: Report::new(source, findings), plan, others, outputs })
}

/// Runs all phases up to the plan. The plan must not be used if there are errors. `None` if the document
/// is not an object, or if there are more errors than are reported.
pub(crate) fn plan(source: &Source, findings: &mut Findings) -> Option<Plan> {
    let tree = syntax::parse(source, findings)?;
    schema::check(&tree, findings);
    // Resolving takes far more memory than the tree, and could add no finding.
    if findings.is_full(Level::Error) {
        return None;
    }
    let appliance = model::read(&tree)?;
    Some(resolve::resolve(&appliance, source, findings))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::MAX_FINDINGS;

    /// Findings are not even made beyond the maximum, so that their memory is bounded.
    #[test]
    fn findings_are_capped_where_they_are_made() {
        let many = |item: &str| vec![item; MAX_FINDINGS * 2].join(",");
        let variables: Vec<String> =
            (0..MAX_FINDINGS * 2).map(|at| format!(r#""K{at}_TOKEN": "abc""#)).collect();
        for (field, container, appliance) in [
            (
                "ports",
                format!(r#""ports": [{}]"#, many(r#"{"container_port": 80}"#)),
                String::new(),
            ),
            (
                "mounts",
                format!(
                    r#""volumes": [{}]"#,
                    many(r#"{"type": "persistent", "src": "v", "dest": "/d"}"#)
                ),
                String::new(),
            ),
            ("dependencies", format!(r#""dependencies": [{}]"#, many(r#""a""#)), String::new()),
            ("env", format!(r#""env": {{{}}}"#, variables.join(",")), String::new()),
            ("references", format!(r#""cmd": "{}""#, many("x://u:p@b")), String::new()),
            ("at signs", format!(r#""cmd": "{}""#, many("x://u:p@a ")), String::new()),
            (
                "volumes",
                r#""cmd": "x""#.to_owned(),
                format!(r#", "data_persistence": {{"volumes": [{}]}}"#, many(r#"{"id": "v"}"#)),
            ),
            ("containers", r#""cmd": "x""#.to_owned(), String::new()),
        ] {
            let one = format!(
                r#"{{"id": "a", "type": "service", "image": "i:1", "network_mode": "bridge",
                    "resources": {{"cpus": 1, "mem": 64}}, {container}}}"#
            );
            let all = if field == "containers" { many(&one) } else { one };
            let source = Source::new(
                "a.json",
                format!(r#"{{"id": "x", "containers": [{all}]{appliance}}}"#),
            );
            let mut findings = Findings::new();
            if let Some(plan) = plan(&source, &mut findings) {
                lint::check(&plan, &mut findings);
            }
            // An error is added after warnings, whatever their number.
            let expected = MAX_FINDINGS + 1..=MAX_FINDINGS + 2;
            assert!(expected.contains(&findings.len()), "{field}: {}", findings.len());
        }
    }
}
