//! What applc knows about one appliance, also while it has errors: its sources, its tree, its plan
//! as far as it could be made, and the findings so far.
//!
//! [`compile`](crate::compile()) goes on from it to the targets. Editors ask it what is at an offset
//! ([`Analysis::at`]), where something is defined and mentioned ([`Analysis::symbol_at`]), and what
//! becomes of it on a target ([`Analysis::support_at`]).

mod place;
mod support;
mod symbols;
#[cfg(test)]
mod tests;

pub use place::{Place, Step};
pub use symbols::{Mention, Symbol};

use crate::diag::{Findings, Level, Report};
use crate::plan::Plan;
use crate::source::{Source, SourceError, Sources, Syntax};
use crate::syntax::Node;
use crate::world::{ReadError, World};
use crate::{elsewhere, lint, model, resolve, schema, syntax};

/// The analysis of an appliance.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The appliance file.
    pub source: Source,
    /// All files that spans may be in: those that settings come from, and the appliance file.
    pub sources: Sources,
    /// Its tree; `None` if it contains no value.
    pub tree: Option<Node>,
    /// Its plan; `None` if the file is not an object, or has more errors than are reported. If
    /// there are errors, the plan lacks what they made unusable; it is never compiled then.
    pub plan: Option<Plan>,
    /// The findings that do not depend on a target, and later those of targets.
    pub findings: Findings,
}

impl Analysis {
    /// Reads a file and analyses it. `sources` are the files whose settings are used with it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(world: &dyn World, path: &str, sources: Sources) -> Result<Analysis, ReadError> {
        Analysis::of_file(world, path, sources, true)
    }

    /// Reads a file and analyses it for [`compile_analysis`](crate::compile_analysis()): without a tree,
    /// whose memory the plan takes over.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn to_compile(
        world: &dyn World,
        path: &str,
        sources: Sources,
    ) -> Result<Analysis, ReadError> {
        Analysis::of_file(world, path, sources, false)
    }

    fn of_file(
        world: &dyn World,
        path: &str,
        sources: Sources,
        keep_tree: bool,
    ) -> Result<Analysis, ReadError> {
        let bytes = crate::world::read(world, path)?;
        let (source, error) = Source::from_bytes(path, bytes);
        let mut analysis = Analysis::new(&source, error, sources, keep_tree);
        if let Some(plan) = &mut analysis.plan {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            // In the root folder, the separator belongs to its name.
            let folder = if path.starts_with('/') && folder.is_empty() { "/" } else { folder };
            resolve::read_files(plan, world, folder, &mut analysis.findings);
        }
        Ok(analysis)
    }

    /// Analyses a text.
    pub fn of(source: &Source) -> Analysis {
        Analysis::new(source, None, Sources::new(), true)
    }

    fn new(
        source: &Source,
        error: Option<SourceError>,
        mut sources: Sources,
        keep_tree: bool,
    ) -> Analysis {
        let source = sources.add(source);
        let mut findings: Findings =
            error.map(|error| syntax::source_error(&source, error)).into_iter().collect();
        let is_text = !matches!(
            error,
            Some(SourceError::TooLarge(_) | SourceError::NotUtf8(0) | SourceError::Utf16)
        );
        let tree = if is_text { syntax::parse(&source, &mut findings) } else { None };
        let foreign =
            error.is_none().then(|| elsewhere::recognize(&source, tree.as_ref())).flatten();
        if let Some(foreign) = foreign {
            let findings = Findings::from_iter([foreign]);
            return Analysis { source, sources, tree: None, plan: None, findings };
        }
        let (tree, mut plan) = match tree {
            Some(tree) if keep_tree => {
                let plan = plan(&tree, &source, &mut findings);
                (Some(tree), plan)
            }
            Some(tree) => (None, plan_of_owned(tree, &source, &mut findings)),
            None => (None, None),
        };
        if let Some(plan) = &mut plan {
            if keep_tree && !findings.has_errors() {
                plan.uses = resolve::uses(plan);
            }
            lint::check(plan, &source, &mut findings);
        }
        Analysis { source, sources, tree, plan, findings }
    }

    /// The plan, if nothing is wrong with it on every target.
    pub fn valid_plan(&self) -> Option<&Plan> {
        self.plan.as_ref().filter(|_| !self.findings.has_errors())
    }

    /// The findings as they are reported.
    pub fn into_report(mut self) -> Report {
        lint::remove_covered(&mut self.findings);
        if self.source.syntax() == Syntax::Yaml {
            let edits = self.findings.iter_mut().filter_map(|found| found.edit.as_mut());
            edits.for_each(|edit| syntax::respell(&self.source, edit));
        }
        Report::new(self.source, self.findings).within(self.sources)
    }
}

/// Checks a tree and makes its plan.
fn plan(tree: &Node, source: &Source, findings: &mut Findings) -> Option<Plan> {
    check(source, tree, findings)?;
    let containers = model::containers(tree);
    let appliance = model::read(tree, containers)?;
    Some(resolve::resolve(&appliance, containers.iter(), source, findings))
}

/// Checks a tree and makes its plan, which takes over its memory.
fn plan_of_owned(mut tree: Node, source: &Source, findings: &mut Findings) -> Option<Plan> {
    check(source, &tree, findings)?;
    let containers = model::take_containers(&mut tree);
    let appliance = model::read(&tree, &containers)?;
    Some(resolve::resolve(&appliance, containers.into_iter(), source, findings))
}

/// Checks the structure of a tree. `None` if no more errors can be reported: then resolving adds no
/// finding, and takes memory.
fn check(source: &Source, tree: &Node, findings: &mut Findings) -> Option<()> {
    schema::check(source, tree, findings);
    lint::check_values(tree, findings);
    (!findings.is_full(Level::Error)).then_some(())
}
