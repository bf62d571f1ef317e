//! What is kept of an appliance that was analysed, so that all of a large project fit in memory.

use std::collections::BTreeSet;

use applc::diag::Report;
use applc::source::Span;
use applc::syntax::Node;
use applc::targets::{self, Claim};
use gen_lsp_types as lsp;

use crate::diagnostics::Places;
use crate::{subject, symbols, uri};

/// What is kept of an appliance.
#[derive(Debug, Default)]
pub struct Facts {
    /// It in each of its environments.
    pub units: Vec<Unit>,
    /// Its containers and volumes.
    pub symbols: Vec<lsp::SymbolInformation>,
    /// The images that it has, also with errors.
    pub images: BTreeSet<String>,
    /// The files and folders that were asked for.
    pub asked: BTreeSet<String>,
}

/// An appliance in one environment.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unit {
    /// The environment.
    pub environment: Option<String>,
    /// Whether it has errors, so that it has no output.
    pub has_errors: bool,
    /// The images of its containers, each once.
    pub images: Vec<String>,
    /// The entries of the table of images that set a version, as indices.
    pub entries: Vec<usize>,
    /// The images with tags, in their normal form; `None` if there may be more.
    pub tagged: Option<Vec<String>>,
    /// What it claims.
    pub claims: Vec<Claimed>,
    /// The folders with its output.
    pub folders: Vec<String>,
}

/// What an appliance claims on a target.
#[derive(Debug)]
pub struct Claimed {
    /// The name of the target.
    pub target: String,
    /// The claim, with a place in a file of its own.
    pub claim: Claim,
    /// The file.
    pub file: String,
}

impl PartialEq for Claimed {
    /// Wherever it is.
    fn eq(&self, other: &Claimed) -> bool {
        let Claim { kind, within, name, span: _ } = &self.claim;
        let claim = &other.claim;
        self.target == other.target
            && (kind, within, name) == (&claim.kind, &claim.within, &claim.name)
    }
}

impl Eq for Claimed {}

impl Facts {
    /// Those of an appliance whose targets are checked.
    pub fn of(appliance: &subject::Appliance, places: &mut Places<'_>) -> Facts {
        let units = &appliance.units;
        let trees = units.iter().filter_map(|unit| unit.analysis.tree.as_ref());
        Facts {
            units: units.iter().map(unit).collect(),
            symbols: symbols::of(appliance, places),
            images: trees.flat_map(images).map(str::to_owned).collect(),
            asked: appliance.asked.clone(),
        }
    }

    /// Those of an appliance that cannot be read.
    pub fn unreadable(file: &str) -> Facts {
        let units = vec![Unit { has_errors: true, ..Unit::default() }];
        Facts { units, asked: BTreeSet::from([file.to_owned()]), ..Facts::default() }
    }
}

fn unit(unit: &subject::Unit) -> Unit {
    let has_errors = unit.reports().any(|report: Report| report.has_errors());
    let analysis = &unit.analysis;
    let environment = unit.scope.environment.clone();
    let entries = analysis.used_images.clone();
    let is_complete = !analysis.findings.has_errors() && !unit.has_bad_options();
    let tagged = analysis.tagged_images.iter().map(|image| image.value.clone());
    let tagged = is_complete.then(|| tagged.collect());
    let plan = analysis.plan.as_ref().filter(|_| !has_errors);
    let Some(plan) = plan else {
        return Unit { environment, has_errors, entries, tagged, ..Unit::default() };
    };
    let images = plan.containers.iter().map(|container| container.image.value.to_string());
    let images: BTreeSet<String> = images.collect();
    let folders = unit.selected.iter().filter_map(|one| folder_of(unit, one.target.name()));
    Unit {
        environment,
        has_errors,
        images: images.into_iter().collect(),
        entries,
        tagged,
        claims: unit.claims().map(|(target, claim)| claimed(unit, target, claim)).collect(),
        folders: folders.collect(),
    }
}

fn claimed(unit: &subject::Unit, target: &str, claim: &Claim) -> Claimed {
    let analysis = &unit.analysis;
    let source = analysis.sources.of(claim.span).unwrap_or(&analysis.source);
    let range = source.range(claim.span);
    let claim = Claim { span: Span::new(range.start, range.end), ..claim.clone() };
    Claimed { target: target.to_owned(), claim, file: source.name().to_owned() }
}

/// The folder with the output of an appliance for a target.
fn folder_of(unit: &subject::Unit, target: &str) -> Option<String> {
    let id = unit.analysis.plan.as_ref()?.id.value.to_string();
    Some(uri::joined(&unit.scope.folder_for(target, Some(&id))?, ""))
}

/// The paths of the files that an appliance becomes, in each of its environments.
pub fn paths(appliance: &subject::Appliance) -> Vec<Vec<String>> {
    let of_unit = |unit: &subject::Unit| {
        let has_errors = unit.reports().any(|report| report.has_errors());
        let Some(plan) = unit.analysis.valid_plan().filter(|_| !has_errors) else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for one in &unit.selected {
            let Some(folder) = folder_of(unit, one.target.name()) else { continue };
            let paths = targets::paths(&*one.target, plan, &one.options).unwrap_or_default();
            all.extend(paths.iter().map(|path| uri::joined(&folder, path)));
        }
        all
    };
    appliance.units.iter().map(of_unit).collect()
}

/// The images that a tree has.
pub fn images(tree: &Node) -> impl Iterator<Item = &str> {
    let containers = tree.as_object().and_then(|root| root.get("containers"));
    let containers = containers.and_then(Node::as_array).unwrap_or_default().iter();
    let images = containers.filter_map(|one| one.as_object()?.get("image")?.as_str());
    images.filter(|image| !image.is_empty())
}
