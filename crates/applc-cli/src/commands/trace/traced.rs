//! An appliance compiled with the origins of its output.

use std::path::Path;
use std::sync::Arc;

use applc::analysis::Analysis;
use applc::diag::Levels;
use applc::project::LOCK_NAME;
use applc::source::{Source, Sources, Span};
use applc::syntax::Node;
use applc::targets::{Artifact, PROJECT_DIRECTORY, Rendering, TargetRef};
use applc::trace::{SourceMap, annotate};
use applc::{Compilation, Selected};

use crate::Status;
use crate::disk::{STDIN, read_text};
use crate::projects::{Projects, Settings};
use crate::reporter::Reporter;
use crate::select::Wanted;
use crate::terminal::{fail, note};
use crate::whole::owner::{Owned, Place};

/// The output of one target, and where it comes from.
pub struct Traced {
    /// The target.
    pub target: TargetRef,
    /// The environment of the project.
    pub environment: Option<String>,
    /// The files of the target, where a project has them, and as it does.
    pub artifacts: Vec<Artifact>,
    /// The same files without what a project adds; empty if it is nothing.
    plain: Vec<Artifact>,
    /// The texts of the files, for lines and columns.
    pub outputs: Vec<Source>,
    /// The origins of the files.
    pub map: SourceMap,
    /// The appliance.
    pub source: Source,
    /// The overlays.
    pub overlays: Vec<Source>,
    /// All sources that origins may be in.
    pub sources: Sources,
    /// The tree of the appliance.
    pub tree: Arc<Node>,
    /// The levels of findings.
    pub levels: Levels,
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
        settings: &Settings,
        file: &str,
        reporter: &mut Reporter,
    ) -> Result<Analysed, Status> {
        let analysis = Analysis::read_changed(
            &settings.disk(file),
            file,
            &settings.changes,
            settings.sources.clone(),
        );
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

    /// Whether a place is in the lock file of the project.
    pub fn is_lock(&self, place: Span) -> bool {
        let source = self.sources.of(place).map_or("", Source::name);
        Path::new(source).file_name().is_some_and(|name| name == LOCK_NAME)
    }

    /// The index of the file of the output that a file on disk has the name or the text of.
    pub fn written_as(&self, path: &str) -> Option<usize> {
        let named = self.artifacts.iter().position(|file| file.is_named_by(path));
        let same = || self.with_text(&read_text(path).ok()?);
        named.or_else(same).or_else(|| self.named_below(path))
    }

    /// The index of the file of the output that the end of a path names, without the folder that a project has it in.
    pub fn named_below(&self, path: &str) -> Option<usize> {
        self.plain.iter().position(|file| file.is_named_by(path))
    }

    /// The output as files on disk have it that are about to be asked for: without what a project adds, if one of
    /// them was compiled by itself.
    pub fn matching<'p>(self, paths: impl IntoIterator<Item = &'p str>) -> Traced {
        let texts = paths.into_iter().filter_map(|path| read_text(path).ok());
        let texts: Vec<String> = texts.collect();
        let has = |traced: &Traced| texts.iter().any(|text| traced.with_text(text).is_some());
        if texts.is_empty() || self.plain.is_empty() || has(&self) {
            return self;
        }
        let artifacts = self.plain.clone();
        let plain = Traced {
            map: SourceMap::new(&self.tree, &artifacts),
            outputs: artifacts.iter().map(text_of).collect(),
            artifacts,
            plain: Vec::new(),
            target: self.target.clone(),
            environment: self.environment.clone(),
            source: self.source.clone(),
            overlays: self.overlays.clone(),
            sources: self.sources.clone(),
            tree: self.tree.clone(),
            levels: self.levels.clone(),
        };
        if has(&plain) { plain } else { self }
    }

    /// The index of the file of the output that has a text, with or without comments that name
    /// places.
    pub fn with_text(&self, text: &str) -> Option<usize> {
        (0..self.artifacts.len()).find(|index| self.is_text_of(*index, text))
    }

    /// Whether a text is that of a file of the output, with or without comments that name places.
    /// The comments may name the appliance as seen from another folder.
    pub fn is_text_of(&self, index: usize, text: &str) -> bool {
        let Some(artifact) = self.artifacts.get(index) else { return false };
        if artifact.text == text {
            return true;
        }
        let Some(annotated) = annotate(artifact, |place| self.shown(place)) else { return false };
        let [mut plain, mut annotated, mut found] =
            [artifact.text.as_str(), annotated.as_str(), text].map(|text| text.split('\n'));
        let are_same = plain.by_ref().all(|plain| {
            let [annotated, found] = [annotated.next(), found.next()].map(|line| {
                let comment = line?.strip_prefix(plain)?;
                comment.strip_prefix("  # ").map(name).or(Some(comment))
            });
            annotated.is_some() && annotated == found
        });
        are_same && found.next().is_none()
    }
}

/// The part of a path after the folders.
fn name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
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
    match compiled(analysed, settings, selected, Files::Plain, reporter)? {
        Ok(traced) => Ok(traced),
        Err(compilation) => Err(reporter.add_all(compilation.report, compilation.others)),
    }
}

/// Compiles a file for each target, with the settings of each environment. Targets that were not chosen are left out
/// if they do not support the appliance.
///
/// # Errors
/// Those of [`trace`], and if the file cannot be read or no target supports the appliance.
pub fn of_each(
    scopes: &[Settings],
    file: &str,
    chosen: bool,
    reporter: &mut Reporter,
) -> Result<Vec<Traced>, Status> {
    let mut all = Vec::new();
    let mut failed = None;
    for settings in scopes {
        let analysed = Analysed::read(settings, file, reporter)?;
        for selected in &settings.targets {
            match compiled(&analysed, settings, selected, Files::OfProject, reporter)? {
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
    }
    match failed {
        Some(last) if all.is_empty() => Err(reporter.add_all(last.report, last.others)),
        _ => Ok(all),
    }
}

/// Compiles the appliance that a file of a project is made from, as the project does.
///
/// # Errors
/// The exit status if it has errors, which were reported.
pub fn of_owned(owned: &Owned, reporter: &mut Reporter) -> Result<Traced, Status> {
    let file = owned.source.as_str();
    let names = [owned.target.clone()];
    let wanted = Wanted::named(&names).in_environment(owned.environment.as_deref());
    let settings = Projects::default().apply(file, &wanted, reporter)?;
    let analysed = Analysed::read(&settings, file, reporter)?;
    let Some(selected) = settings.targets.first() else { return Err(Status::Errors) };
    match compiled(&analysed, &settings, selected, Files::Of(owned), reporter)? {
        Ok(traced) => Ok(traced),
        Err(compilation) => Err(reporter.add_all(compilation.report, compilation.others)),
    }
}

/// The first of the targets that has a file of this name or text as its output. Findings are not
/// reported.
pub fn target_of(
    settings: &Settings,
    file: &str,
    path: &str,
    reporter: &mut Reporter,
) -> Option<TargetRef> {
    // Standard input was read, and cannot be read again.
    let file = Some(file).filter(|file| *file != STDIN)?;
    let analysed = Analysed::read(settings, file, reporter).ok()?;
    settings.targets.iter().find_map(|selected| {
        let traced = compiled(&analysed, settings, selected, Files::OfProject, reporter);
        let traced = traced.ok()?.ok()?;
        traced.written_as(path).map(|_| traced.target)
    })
}

/// Whether all errors are those of a target.
fn is_of_target(compilation: &Compilation) -> bool {
    let errors = compilation.report.diagnostics.iter();
    errors.filter(|found| found.level == applc::diag::Level::Error).all(|f| f.target.is_some())
}

/// Which files the output is.
#[derive(Clone, Copy)]
enum Files<'a> {
    /// Those of an appliance by itself.
    Plain,
    /// Those of the project, if it lists the appliance.
    OfProject,
    /// Those of which this is one.
    Of(&'a Owned),
}

/// The text of a file of the output, for lines and columns.
fn text_of(artifact: &Artifact) -> Source {
    Source::new(artifact.path.as_str(), artifact.text.as_str())
}

/// Compiles an appliance, or returns the compilation with its errors.
fn compiled(
    analysed: &Analysed,
    settings: &Settings,
    selected: &Selected,
    files: Files<'_>,
    reporter: &mut Reporter,
) -> Result<Result<Traced, Compilation>, Status> {
    let Analysed { analysis, tree } = analysed;
    let (source, sources) = (analysis.source.clone(), analysis.sources.clone());
    let overlays = analysis.overlays.clone();
    let rendering = Rendering { recorded: true };
    let mut analysis = analysis.clone();
    let mut selected = settings.filled(selected, &mut analysis);
    let id = analysis.plan.as_ref().map(|plan| plan.id.value.to_string()).unwrap_or_default();
    let place = match files {
        Files::Plain => None,
        Files::OfProject => Place::of(settings, selected.target.name(), &id),
        Files::Of(owned) => Some(owned.place.clone()),
    };
    if let Some(place) = &place
        && selected.target.custom().is_none()
    {
        selected.options.set_default(PROJECT_DIRECTORY, &place.way);
    }
    let compilation = applc::compile_analysis(analysis, &[selected], Some(rendering))
        .map_err(|error| reporter.fail(source.name(), &error))?
        .with_levels(&settings.levels);
    let (Some(tree), false) = (tree.clone(), compilation.outputs.is_empty()) else {
        return Ok(Err(compilation));
    };
    let Some(output) = compilation.outputs.into_iter().next() else {
        return Err(fail("the target has no output", Status::Errors));
    };
    let (artifacts, plain) = match &place {
        Some(place) => {
            let placed = output.artifacts.iter().map(|artifact| place.placed(artifact.clone()));
            (placed.collect(), output.artifacts)
        }
        None => (output.artifacts, Vec::new()),
    };
    let map = SourceMap::new(&tree, &artifacts);
    Ok(Ok(Traced {
        target: output.target,
        environment: settings.environment.clone(),
        outputs: artifacts.iter().map(text_of).collect(),
        artifacts,
        plain,
        map,
        source,
        overlays,
        sources,
        tree,
        levels: settings.levels.clone(),
    }))
}
