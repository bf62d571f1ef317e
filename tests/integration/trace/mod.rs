//! Every line of output knows its source.

mod custom;
mod lines;
mod marathon;
mod mutation;

use std::path::Path;

use applc::analysis::Analysis;
use applc::source::{Source, Span};
use applc::targets::{self, Artifact, Options, Rendering, TargetRef};
use applc::trace::SourceMap;

/// The targets whose output is traced.
pub fn traced_targets() -> Vec<TargetRef> {
    applc::targets::built_in().collect()
}

/// An appliance that is compiled for a target, with the map of its files.
pub struct Traced {
    pub source: Source,
    pub artifacts: Vec<Artifact>,
    pub map: SourceMap,
    /// The number of findings of the target.
    pub findings: usize,
}

/// Compiles a text for a target, with origins. `None` if the target rejects it.
pub fn traced(source: &Source, target: &TargetRef) -> Option<Traced> {
    let analysis = Analysis::of(source);
    let plan = analysis.valid_plan()?;
    let (artifacts, findings) = compiled(plan, target, true)?;
    let map = SourceMap::new(analysis.tree.as_ref()?, &artifacts);
    Some(Traced { source: analysis.source, artifacts, map, findings })
}

/// The files of a plan. `None` if the target rejects it.
pub fn artifacts(
    plan: &applc::plan::Plan,
    target: &TargetRef,
    recorded: bool,
) -> Option<Vec<Artifact>> {
    compiled(plan, target, recorded).map(|(made, _)| made)
}

/// The files of a plan, and the number of findings of the target.
fn compiled(
    plan: &applc::plan::Plan,
    target: &TargetRef,
    recorded: bool,
) -> Option<(Vec<Artifact>, usize)> {
    let rendering = Rendering { recorded };
    let mut findings = applc::diag::Findings::new();
    let options = Options::of(&**target);
    let made = targets::compile(&**target, plan, &options, Some(rendering), &mut findings).unwrap();
    (!findings.has_errors()).then(|| (made.artifacts, findings.len()))
}

/// Reads a file.
pub fn read(path: &Path) -> Source {
    let text = std::fs::read_to_string(path).unwrap();
    Source::new(path.file_name().unwrap().to_str().unwrap(), text)
}

/// Each example and each file of the corpus.
pub fn appliances() -> Vec<Source> {
    let folders = ["examples", "tests/corpus"];
    folders.iter().flat_map(|folder| crate::common::appliances(folder)).map(|p| read(&p)).collect()
}

impl Traced {
    /// The text of a place of the source.
    pub fn slice(&self, span: Span) -> &str {
        self.source.slice(span)
    }
}

/// Where an artifact has a text, for the message of a failed test.
pub fn told(
    source: &Source,
    target: &TargetRef,
    text: &str,
    artifact: &Artifact,
    at: usize,
) -> String {
    let line = artifact.text[..at].matches('\n').count() + 1;
    let (source, target, path) = (source.name(), target.name(), &artifact.path);
    format!("{source} for {target}: `{text}` in {path}, line {line}")
}
