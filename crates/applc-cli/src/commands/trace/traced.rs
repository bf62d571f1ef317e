//! An appliance compiled with the origins of its output.

use applc::analysis::Analysis;
use applc::source::{Source, Sources, Span};
use applc::syntax::Node;
use applc::targets::{Artifact, InProcess, Rendering, TargetRef};
use applc::trace::SourceMap;
use applc::{Compilation, Selected, World};

use crate::Status;
use crate::disk;
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
    pub tree: Node,
}

impl Traced {
    /// A place as `file:line:column`.
    pub fn shown(&self, place: Span) -> String {
        let source = self.sources.of(place).unwrap_or(&self.source);
        let position = source.position(place.start);
        format!("{}:{}:{}", source.name(), position.line, position.column)
    }
}

/// Compiles a file for one target.
///
/// # Errors
/// The exit status if the file has errors, which were reported, or cannot be read.
pub fn trace(
    world: &dyn World,
    settings: &Settings,
    selected: &Selected,
    file: &str,
    reporter: &mut Reporter,
) -> Result<Traced, Status> {
    match compiled(world, settings, selected, file, reporter)? {
        Ok(traced) => Ok(traced),
        Err(compilation) => Err(reporter.add_all(compilation.report, compilation.others)),
    }
}

/// Compiles a file for each target. Targets that were not chosen are left out if they do not support
/// the appliance.
///
/// # Errors
/// Those of [`trace`], and if no target supports the appliance.
pub fn of_each(
    settings: &Settings,
    file: &str,
    chosen: bool,
    reporter: &mut Reporter,
) -> Result<Vec<Traced>, Status> {
    let world = disk::holding(file).map_err(|error| reporter.fail(file, &error.into()))?;
    let mut all = Vec::new();
    let mut failed = None;
    for selected in &settings.targets {
        match compiled(&world, settings, selected, file, reporter)? {
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

/// Compiles a file, or returns the compilation with its errors.
fn compiled(
    world: &dyn World,
    settings: &Settings,
    selected: &Selected,
    file: &str,
    reporter: &mut Reporter,
) -> Result<Result<Traced, Compilation>, Status> {
    let analysis = Analysis::read(world, file, settings.sources.clone());
    let mut analysis = analysis.map_err(|error| reporter.fail(file, &error.into()))?;
    let tree = analysis.tree.take();
    let (source, sources) = (analysis.source.clone(), analysis.sources.clone());
    let rendering = Rendering { renderer: &InProcess, recorded: true };
    let selected = std::slice::from_ref(selected);
    let compilation = applc::compile_analysis(analysis, selected, Some(rendering))
        .map_err(|error| reporter.fail(file, &error))?
        .with_levels(&settings.levels);
    let (Some(tree), false) = (tree, compilation.outputs.is_empty()) else {
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
