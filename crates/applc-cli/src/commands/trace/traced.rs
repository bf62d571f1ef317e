//! An appliance compiled with the origins of its output.

use std::sync::Arc;

use applc::analysis::Analysis;
use applc::source::{Source, Sources, Span};
use applc::syntax::Node;
use applc::targets::{Artifact, InProcess, Rendering, TargetRef};
use applc::trace::SourceMap;
use applc::{Compilation, Selected, World};

use crate::Status;
use crate::disk::Disk;
use crate::projects::Settings;
use crate::reporter::Reporter;
use crate::terminal::{fail, note};

/// The output of one target, and where it comes from.
pub struct Traced {
    /// The target.
    pub target: TargetRef,
    /// The files of the target.
    pub artifacts: Vec<Artifact>,
    /// The texts of the files, for lines and columns.
    pub outputs: Vec<Source>,
    /// The origins of the files.
    pub map: SourceMap,
    /// The appliance.
    pub source: Source,
    /// All sources that origins may be in.
    pub sources: Sources,
    /// The tree of the appliance.
    pub tree: Arc<Node>,
}

/// An appliance that is analysed, for all targets.
pub struct Analysed {
    /// What is known about it, apart from its tree.
    pub analysis: Analysis,
    tree: Option<Arc<Node>>,
}

impl Analysed {
    /// Reads and analyses a file.
    ///
    /// # Errors
    /// The exit status if the file cannot be read, which was reported.
    pub fn read(
        world: &dyn World,
        settings: &Settings,
        file: &str,
        reporter: &mut Reporter,
    ) -> Result<Analysed, Status> {
        let analysis = Analysis::read(world, file, settings.sources.clone());
        let mut analysis = analysis.map_err(|error| reporter.fail(file, &error.into()))?;
        let tree = analysis.tree.take().map(Arc::new);
        Ok(Analysed { analysis, tree })
    }
}

impl Traced {
    /// A place as `file:line:column`.
    pub fn shown(&self, place: Span) -> String {
        let source = self.sources.of(place).unwrap_or(&self.source);
        let position = source.position(place.start);
        format!("{}:{}:{}", source.name(), position.line, position.column)
    }
}

/// Compiles an appliance for one target.
///
/// # Errors
/// The exit status if the file has errors, which were reported.
pub fn trace(
    analysed: &Analysed,
    settings: &Settings,
    selected: &Selected,
    reporter: &mut Reporter,
) -> Result<Traced, Status> {
    match compiled(analysed, settings, selected, reporter)? {
        Ok(traced) => Ok(traced),
        Err(compilation) => Err(reporter.add_all(compilation.report, compilation.others)),
    }
}

/// Compiles a file for each target. Targets that were not chosen are left out if they do not support
/// the appliance.
///
/// # Errors
/// Those of [`trace`], and if the file cannot be read or no target supports the appliance.
pub fn of_each(
    settings: &Settings,
    file: &str,
    chosen: bool,
    reporter: &mut Reporter,
) -> Result<Vec<Traced>, Status> {
    let analysed = Analysed::read(&Disk, settings, file, reporter)?;
    let mut all = Vec::new();
    let mut failed = None;
    for selected in &settings.targets {
        match compiled(&analysed, settings, selected, reporter)? {
            Ok(traced) => all.push(traced),
            Err(compilation) if chosen || !is_of_target(&compilation) => {
                return Err(reporter.add_all(compilation.report, compilation.others));
            }
            Err(compilation) => {
                note(&format!("{} does not support the appliance", selected.target.name()));
                failed = Some(compilation);
            }
        }
    }
    match failed {
        Some(last) if all.is_empty() => Err(reporter.add_all(last.report, last.others)),
        _ => Ok(all),
    }
}

/// Whether all errors are those of a target.
fn is_of_target(compilation: &Compilation) -> bool {
    let errors = compilation.report.diagnostics.iter();
    errors.filter(|found| found.level == applc::diag::Level::Error).all(|f| f.target.is_some())
}

/// Compiles an appliance, or returns the compilation with its errors.
fn compiled(
    analysed: &Analysed,
    settings: &Settings,
    selected: &Selected,
    reporter: &mut Reporter,
) -> Result<Result<Traced, Compilation>, Status> {
    let Analysed { analysis, tree } = analysed;
    let (source, sources) = (analysis.source.clone(), analysis.sources.clone());
    let rendering = Rendering { renderer: &InProcess, recorded: true };
    let selected = std::slice::from_ref(selected);
    let compilation = applc::compile_analysis(analysis.clone(), selected, Some(rendering))
        .map_err(|error| reporter.fail(analysis.source.name(), &error))?
        .with_levels(&settings.levels);
    let (Some(tree), false) = (tree.clone(), compilation.outputs.is_empty()) else {
        return Ok(Err(compilation));
    };
    let Some(output) = compilation.outputs.into_iter().next() else {
        return Err(fail("the target has no output", Status::Errors));
    };
    let map = SourceMap::new(&tree, &output.artifacts);
    let text = |artifact: &Artifact| Source::new(artifact.path.as_str(), artifact.text.as_str());
    Ok(Ok(Traced {
        target: output.target,
        outputs: output.artifacts.iter().map(text).collect(),
        artifacts: output.artifacts,
        map,
        source,
        sources,
        tree,
    }))
}
