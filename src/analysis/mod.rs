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

use std::collections::{HashMap, HashSet};

use crate::diag::{Diagnostic, Edit, Findings, Level, Phase, Report, codes};
use crate::overlay::{self, Changes, Named, Tagged};
use crate::plan::Plan;
use crate::source::{Source, SourceError, Sources, Span, Syntax};
use crate::syntax::Node;
use crate::world::{ReadError, World};
use crate::{elsewhere, lint, model, resolve, schema, syntax};

/// The analysis of an appliance.
#[derive(Debug, Clone)]
pub struct Analysis {
    /// The appliance file.
    pub source: Source,
    /// The overlays, in the order in which they are applied.
    pub overlays: Vec<Source>,
    /// All files that spans may be in: those that settings come from, the appliance file, and the
    /// overlays.
    pub sources: Sources,
    /// Its tree, with what the overlays change; `None` if it contains no value.
    pub tree: Option<Node>,
    /// If there are overlays: the trees of the appliance file and of each overlay, as they are
    /// written.
    written: Vec<Node>,
    /// The containers and volumes that overlays name.
    named: Vec<Named>,
    /// The entries of the table of images that set a version, as indices, for
    /// [`Images::report_unused`](crate::overlay::Images::report_unused).
    pub used_images: Vec<usize>,
    /// In a project with a lock file, the images with tags, before those became digests.
    pub tagged_images: Vec<Tagged>,
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
        Analysis::of_file(world, path, &Changes::none(), sources, true)
    }

    /// Reads a file and its overlays, and analyses the result.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn read_changed(
        world: &dyn World,
        path: &str,
        changes: &Changes,
        sources: Sources,
    ) -> Result<Analysis, ReadError> {
        Analysis::of_file(world, path, changes, sources, true)
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
        Analysis::of_file(world, path, &Changes::none(), sources, false)
    }

    /// Reads a file and its overlays, and analyses the result as [`to_compile`](Analysis::to_compile)
    /// does.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn changed_to_compile(
        world: &dyn World,
        path: &str,
        changes: &Changes,
        sources: Sources,
    ) -> Result<Analysis, ReadError> {
        Analysis::of_file(world, path, changes, sources, false)
    }

    fn of_file(
        world: &dyn World,
        path: &str,
        changes: &Changes,
        sources: Sources,
        keep_tree: bool,
    ) -> Result<Analysis, ReadError> {
        let (file, overlays) = read(world, path, changes)?;
        let overlays = Overlays { files: &overlays, changes };
        let mut analysis = Analysis::new(&file, &overlays, sources, keep_tree);
        if let Some(plan) = &mut analysis.plan {
            let folder = crate::path::parent(path);
            // In the root folder, the separator belongs to its name.
            let folder = if path.starts_with('/') && folder.is_empty() { "/" } else { folder };
            resolve::read_files(plan, world, folder, &mut analysis.findings);
        }
        Ok(analysis)
    }

    /// The files of the findings in an appliance: its own, and all of them. `sources` are as in
    /// [`read_changed`](Analysis::read_changed).
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn files(
        world: &dyn World,
        path: &str,
        changes: &Changes,
        mut sources: Sources,
    ) -> Result<(Source, Sources), ReadError> {
        let (file, overlays) = read(world, path, changes)?;
        let source = sources.add(&file.0);
        for (overlay, _) in &overlays {
            sources.add(overlay);
        }
        Ok((source, sources))
    }

    /// Analyses a text.
    pub fn of(source: &Source) -> Analysis {
        Analysis::of_changed(source, &[])
    }

    /// Analyses a text with overlays.
    pub fn of_changed(source: &Source, overlays: &[Source]) -> Analysis {
        let files: Vec<File> = overlays.iter().map(|overlay| (overlay.clone(), None)).collect();
        let overlays = Overlays { files: &files, changes: &Changes::none() };
        Analysis::new(&(source.clone(), None), &overlays, Sources::new(), true)
    }

    fn new(
        file: &File,
        overlays: &Overlays<'_>,
        mut sources: Sources,
        keep_tree: bool,
    ) -> Analysis {
        let Overlays { files, changes } = overlays;
        let source = sources.add(&file.0);
        let mut findings = Findings::new();
        let mut tree = parse(&source, file.1, syntax::parse, &mut findings);
        let foreign =
            file.1.is_none().then(|| elsewhere::recognize(&source, tree.as_ref())).flatten();
        let mut files: &[File] = files;
        if let Some(foreign) = foreign {
            // Nothing else can be said about a file in another format.
            (tree, findings, files) = (None, Findings::from_iter([foreign]), &[]);
        }
        let mut written = Vec::new();
        let mut named = Vec::new();
        if keep_tree && !files.is_empty() {
            written.extend(tree.clone());
        }
        let overlays = files.iter().map(|(overlay, error)| {
            let overlay = sources.add(overlay);
            let found = parse(&overlay, *error, syntax::parse_overlay, &mut findings);
            // One that cannot be read was reported.
            if let (Some(tree), None) = (&mut tree, error) {
                let start = overlay.start();
                named.extend(overlay::merge(tree, found.as_ref(), start, &mut findings));
            }
            written.extend(found.filter(|_| keep_tree));
            overlay
        });
        let overlays: Vec<Source> = overlays.collect();
        let used_images = tree.as_mut().map(|tree| changes.images.apply(tree)).unwrap_or_default();
        let mut tagged_images = Vec::new();
        if let (Some(tree), Some(lock)) = (&mut tree, &changes.lock) {
            tagged_images = lock.apply(tree);
            if changes.reports_unlocked {
                lock.report_missing(&tagged_images, &mut findings);
            }
        }
        let texts = (&source, &sources);
        let (tree, mut plan) = match tree {
            Some(tree) if keep_tree => {
                let plan = plan(&tree, texts, &mut findings);
                (Some(tree), plan)
            }
            Some(tree) => (None, plan_of_owned(tree, texts, &mut findings)),
            None => (None, None),
        };
        overlay::explain(&named, &mut findings);
        if let Some(plan) = &mut plan {
            if keep_tree && !findings.has_errors() {
                plan.uses = resolve::uses(plan);
            }
            lint::check(plan, &source, &mut findings);
        }
        Analysis {
            source,
            overlays,
            sources,
            tree,
            written,
            named,
            used_images,
            tagged_images,
            plan,
            findings,
        }
    }

    /// Which of the files a place is in.
    pub fn layer(&self, place: Span) -> Layer {
        let is_in = |source: &Source| source.contains(place.start);
        match self.overlays.iter().position(is_in) {
            Some(index) => Layer::Overlay(index),
            None if is_in(&self.source) => Layer::Appliance,
            None => Layer::Settings,
        }
    }

    /// The plan, if nothing is wrong with it on every target.
    pub fn valid_plan(&self) -> Option<&Plan> {
        self.plan.as_ref().filter(|_| !self.findings.has_errors())
    }

    /// The findings as they are reported.
    pub fn into_report(self) -> Report {
        report(self.source, self.sources, self.findings)
    }

    /// The findings as they are reported, together with those of [`check_for`](crate::check_for()).
    pub fn report_with<'f>(&self, more: impl IntoIterator<Item = &'f Findings>) -> Report {
        let mut findings = self.findings.clone();
        findings.extend(more.into_iter().flat_map(Findings::iter).cloned());
        report(self.source.clone(), self.sources.clone(), findings)
    }
}

/// The findings in sources as they are reported.
fn report(source: Source, sources: Sources, mut findings: Findings) -> Report {
    lint::remove_covered(&mut findings);
    for edit in findings.iter_mut().filter_map(|found| found.edit.as_mut()) {
        let source = sources.of(edit.span).unwrap_or(&source);
        if source.syntax() == Syntax::Yaml {
            syntax::respell(source, edit);
        }
    }
    Report::new(source, findings).within(sources)
}

/// A file, and why its bytes are not valid.
type File = (Source, Option<SourceError>);

/// Reads an appliance and its overlays.
fn read(world: &dyn World, path: &str, changes: &Changes) -> Result<(File, Vec<File>), ReadError> {
    let read = |path: &String| crate::world::source(world, path);
    let file = read(&path.to_owned())?;
    let overlays = changes.overlays.iter().map(read).collect::<Result<_, _>>()?;
    Ok((file, overlays))
}

/// What is changed in an appliance: the overlays, as they were read, and all changes.
struct Overlays<'a> {
    files: &'a [File],
    changes: &'a Changes,
}

/// Which file a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The appliance file.
    Appliance,
    /// The overlay with this index.
    Overlay(usize),
    /// A file that settings come from.
    Settings,
}

/// Parses a file, if it is text.
fn parse(
    source: &Source,
    error: Option<SourceError>,
    parse: fn(&Source, &mut Findings) -> Option<Node>,
    findings: &mut Findings,
) -> Option<Node> {
    findings.extend(error.map(|error| syntax::source_error(source, error)));
    match error {
        Some(
            SourceError::TooLarge(_)
            | SourceError::NotUtf8(0)
            | SourceError::Utf16
            | SourceError::Utf32,
        ) => None,
        Some(SourceError::NotUtf8(_)) | None => parse(source, findings),
    }
}

/// Checks a tree and makes its plan. Its values are in the first text, or in another one of the
/// second.
fn plan(tree: &Node, texts: (&Source, &Sources), findings: &mut Findings) -> Option<Plan> {
    check(texts, tree, findings)?;
    let containers = model::containers(tree);
    let appliance = model::read(tree, containers)?;
    Some(resolve::resolve(&appliance, containers.iter(), texts.0, texts.1, findings))
}

/// Checks a tree and makes its plan, which takes over its memory.
fn plan_of_owned(
    mut tree: Node,
    texts: (&Source, &Sources),
    findings: &mut Findings,
) -> Option<Plan> {
    check(texts, &tree, findings)?;
    let containers = model::take_containers(&mut tree);
    let appliance = model::read(&tree, &containers)?;
    Some(resolve::resolve(&appliance, containers.into_iter(), texts.0, texts.1, findings))
}

/// Checks the structure of a tree. `None` if no more errors can be reported: then resolving adds no
/// finding, and takes memory.
fn check(texts: (&Source, &Sources), tree: &Node, findings: &mut Findings) -> Option<()> {
    let (source, sources) = texts;
    schema::check(source, tree, findings);
    merge_with_characters(source, findings);
    lint::check_values(tree, source, findings);
    lint::check_characters(tree, sources, findings);
    (!findings.is_full(Level::Error)).then_some(())
}

/// Leaves one finding about a string with characters that cannot be in any: that of the first of them. It takes over the
/// edit of the finding about the string, which is valid without them.
fn merge_with_characters(source: &Source, findings: &mut Findings) {
    let is_decoding = |found: &Diagnostic| found.code == &codes::NOT_UTF8;
    let is_lossy = findings.iter().any(is_decoding);
    let is_control = |found: &Diagnostic| {
        found.code == &codes::BAD_STRING
            && source.slice(found.primary.span).chars().all(char::is_control)
    };
    let mut characters: Vec<Span> =
        findings.iter().filter(|found| is_control(found)).map(|found| found.primary.span).collect();
    if characters.is_empty() && !is_lossy {
        return;
    }
    characters.sort_unstable();
    let mut edits: HashMap<Span, Option<Edit>> = HashMap::new();
    let mut others: HashSet<Span> = HashSet::new();
    findings.retain(|found| {
        let span = found.primary.span;
        if found.code.phase != Phase::Schema || !source.contains(span.start) {
            return true;
        }
        let from = characters.partition_point(|character| character.start <= span.start);
        let mut inside = characters.iter().skip(from).take_while(|other| other.end < span.end);
        if let Some(first) = inside.next() {
            edits.insert(*first, found.edit.clone());
            others.extend(inside);
            return false;
        }
        !(is_lossy && source.slice(span).contains(char::REPLACEMENT_CHARACTER))
    });
    for found in findings.iter_mut().filter(|found| is_control(found)) {
        if let Some(edit) = edits.remove(&found.primary.span) {
            found.edit = edit;
        }
    }
    findings.retain(|found| !is_control(found) || !others.contains(&found.primary.span));
}
