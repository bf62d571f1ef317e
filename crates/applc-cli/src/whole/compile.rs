//! Compiles the appliances of a project, in parallel, to the files that it is to have.

use std::collections::BTreeMap;
use std::ops::Range;

use applc::analysis::Analysis;
use applc::diag::Report;
use applc::plan::Plan;
use applc::printable;
use applc::project::{Names, Pattern};
use applc::render::Format;
use applc::scope::way;
use applc::targets::{Claim, InProcess, PROJECT_DIRECTORY, Rendering, TargetRef};
use applc::{Compilation, Error, Selected};
use rayon::prelude::*;

use super::bar::Bar;
use super::discover::{Found, Unit};
use super::{Files as World, joined, parent};

/// A file that the project is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its path.
    pub path: String,
    /// Its content.
    pub text: String,
    /// The index of the unit it is made from.
    pub unit: usize,
}

/// What became of a unit.
pub struct Outcome {
    /// The index of the unit.
    pub unit: usize,
    /// The findings in the appliance, and in other files; or why it cannot be read.
    pub findings: Result<(Report, Vec<Report>), Error>,
    /// Its files; `None` if it has errors.
    pub files: Option<Files>,
    /// What it claims on each target, by name, so that no other unit of its environment can have it.
    pub claims: Vec<(String, Vec<Claim>)>,
    /// The images of its containers.
    pub images: Vec<String>,
    /// The entries of the table of images that set a version, as indices.
    pub used_images: Vec<usize>,
    /// In a project with a lock file, its images with tags, in their normal form; `None` if it has errors, so that
    /// there may be more.
    pub tagged_images: Option<Vec<String>>,
    /// Its plan, if it is wanted and there are no errors.
    pub plan: Option<Plan>,
}

/// The files of a unit.
#[derive(Debug, Default)]
pub struct Files {
    /// The folder of each target.
    pub folders: Vec<String>,
    /// The files.
    pub made: Vec<Made>,
    /// The targets, and where the files of each are in `made`.
    pub targets: Vec<(TargetRef, Range<usize>)>,
}

/// What is made of each unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// Nothing but findings.
    Findings,
    /// Files.
    Files,
    /// Files, and the plans that they are made from.
    Plans,
}

/// Compiles the chosen units. The outcomes are in their order, whatever the number of threads.
pub fn compile(found: &Found) -> Vec<Outcome> {
    outcomes(found, Depth::Files)
}

/// Finds what is wrong with the chosen units, but makes no files.
pub fn check(found: &Found) -> Vec<Outcome> {
    outcomes(found, Depth::Findings)
}

/// Compiles the chosen units, and keeps their plans.
pub fn with_plans<W: World>(found: &Found<W>) -> Vec<Outcome> {
    outcomes(found, Depth::Plans)
}

fn outcomes<W: World>(found: &Found<W>, wanted: Depth) -> Vec<Outcome> {
    let units: Vec<(usize, &Unit)> =
        found.units.iter().enumerate().filter(|(_, unit)| unit.chosen).collect();
    let bar = Bar::new(units.len());
    let outcome = |(index, unit)| {
        let outcome = one(&found.world, unit, index, wanted);
        bar.advance();
        outcome
    };
    units.into_par_iter().map(outcome).collect()
}

fn one(world: &dyn World, unit: &Unit, index: usize, wanted: Depth) -> Outcome {
    let rendering = Rendering { renderer: &InProcess, recorded: false };
    let rendering = (wanted != Depth::Findings).then_some(rendering);
    match compiled(world, unit, rendering) {
        Ok(Compiled { id, used_images, tagged_images, compilation }) => {
            let is_sound = !compilation.report.has_errors()
                && !compilation.others.iter().any(Report::has_errors);
            let files = is_sound.then(|| files(unit, index, &id, &compilation));
            let images = compilation.plan.iter().flat_map(|plan| &plan.containers);
            let images = images.map(|container| container.image.value.to_string()).collect();
            let Compilation { report, plan, others, outputs } = compilation;
            let claims = outputs.into_iter();
            let claims = claims.map(|one| (one.target.name().to_owned(), one.claims)).collect();
            let plan = plan.filter(|_| is_sound && wanted == Depth::Plans);
            let findings = Ok((report, others));
            Outcome {
                unit: index,
                findings,
                files,
                claims,
                images,
                used_images,
                tagged_images,
                plan,
            }
        }
        Err(error) => Outcome {
            unit: index,
            findings: Err(error),
            files: None,
            claims: Vec::new(),
            images: Vec::new(),
            used_images: Vec::new(),
            tagged_images: None,
            plan: None,
        },
    }
}

/// A compiled unit.
pub struct Compiled {
    /// The id of the appliance; empty if it is not known.
    pub id: String,
    /// The entries of the table of images that set a version, as indices.
    pub used_images: Vec<usize>,
    /// As those of [`Outcome`].
    pub tagged_images: Option<Vec<String>>,
    /// The rest.
    pub compilation: Compilation,
}

/// Compiles a unit.
///
/// # Errors
/// A file cannot be read, or a built-in template fails.
pub fn compiled(
    world: &dyn World,
    unit: &Unit,
    rendering: Option<Rendering<'_>>,
) -> Result<Compiled, Error> {
    let scope = &unit.settings;
    let is_file = |path: &str| world.is_file(path);
    let changes = scope.settings.changes(&unit.file, &unit.names(), is_file);
    let mut analysis =
        Analysis::changed_to_compile(world, &unit.file, &changes, scope.sources.clone())?;
    let used_images = std::mem::take(&mut analysis.used_images);
    let tagged_images = std::mem::take(&mut analysis.tagged_images).into_iter();
    let tagged_images = tagged_images.map(|image| image.value).collect();
    let tagged_images = (!analysis.findings.has_errors()).then_some(tagged_images);
    let id = analysis.plan.as_ref().map(|plan| plan.id.value.to_string()).unwrap_or_default();
    let selected: Vec<Selected> =
        scope.targets.iter().map(|one| for_unit(one, unit, &id, &mut analysis)).collect();
    let compilation = applc::compile_analysis(analysis, &selected, rendering)?;
    let compilation = compilation.with_levels(&scope.levels);
    Ok(Compiled { id, used_images, tagged_images, compilation })
}

/// A target with its options for a unit: placeholders are replaced, and Compose knows the way from the
/// output to the appliance.
fn for_unit(one: &Selected, unit: &Unit, id: &str, analysis: &mut Analysis) -> Selected {
    let id_or_none = Some(id).filter(|id| !id.is_empty());
    let names = Names { id: id_or_none, ..unit.names() };
    let findings = &mut analysis.findings;
    let mut options = applc::project::filled(&one.options, &*one.target, &names, findings);
    if one.target.custom().is_none()
        && let Some(folder) = folder_of(unit, id, one.target.name())
    {
        options.set_default(PROJECT_DIRECTORY, &way_to_source(&folder, &unit.file));
    }
    Selected { target: one.target.clone(), options }
}

/// The files of a unit.
fn files(unit: &Unit, index: usize, id: &str, compilation: &Compilation) -> Files {
    let mut files = Files::default();
    for output in &compilation.outputs {
        let Some(folder) = folder_of(unit, id, output.target.name()) else { continue };
        let first = files.made.len();
        for artifact in &output.artifacts {
            let path = joined(&folder, &artifact.path);
            let text = match header(&artifact.path, &unit.file) {
                Some(header) => header + &artifact.text,
                None => artifact.text.clone(),
            };
            files.made.push(Made { path, text, unit: index });
        }
        files.folders.push(folder);
        files.targets.push((output.target.clone(), first..files.made.len()));
    }
    files
}

/// The comment at the start of a file, which names its source. `None` if its format has no comments.
pub fn header(path: &str, source: &str) -> Option<String> {
    match Format::of_name(path) {
        Format::Yaml | Format::Hcl | Format::Ini => {
            let source = printable::line(source);
            Some(format!("# Made by applc from {source}: edit that file instead.\n"))
        }
        Format::Json | Format::Plain => None,
    }
}

/// The folder that a unit's files for a target are written to. `None` if the project does not say where.
pub fn folder_of(unit: &Unit, id: &str, target: &str) -> Option<String> {
    let output = unit.output()?;
    let names = Names { id: Some(id), target: Some(target), ..unit.names() };
    Some(joined(&output.folder, &filled(&output.pattern.value, &names)))
}

/// What the paths of all files of a unit start with, as far as it is known without its id. `None` if the
/// project does not say where they are.
pub fn start_of_paths(unit: &Unit, target: &str) -> Option<String> {
    let output = unit.output()?;
    let names = Names { target: Some(target), ..unit.names() };
    let start = joined(&output.folder, &filled(&output.pattern.value, &names));
    // A folder is complete, a part of a name is not.
    let is_complete = output.pattern.value.fill(&names).is_ok();
    Some(if is_complete { start + "/" } else { start })
}

/// A pattern with names in it, up to the first placeholder that is not known.
fn filled(pattern: &Pattern, names: &Names<'_>) -> String {
    match pattern.fill(names) {
        Ok(text) => text,
        Err((_, before)) => before,
    }
}

/// The way from a folder to that of a file.
pub fn way_to_source(folder: &str, file: &str) -> String {
    way(folder, parent(file))
}

/// Two units that write one path.
pub struct Conflict<'m> {
    /// The file that is written first.
    pub first: &'m Made,
    /// The other one.
    pub second: &'m Made,
}

/// Finds the files that two units or targets write, also where a file system does not tell the names apart.
pub fn conflicts(made: &[Made]) -> Vec<Conflict<'_>> {
    let mut by_name: BTreeMap<String, &Made> = BTreeMap::new();
    let mut found = Vec::new();
    for one in made {
        let name = one.path.to_lowercase();
        match by_name.get(&name) {
            Some(first) => found.push(Conflict { first, second: one }),
            None => {
                by_name.insert(name, one);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_are_in_conflict() {
        let file = |path: &str, unit| Made { path: path.to_owned(), text: String::new(), unit };
        let made = [file("a/X.yaml", 0), file("a/y.yaml", 0), file("a/x.yaml", 1)];
        let found: Vec<_> =
            conflicts(&made).iter().map(|c| (c.first.unit, c.second.unit)).collect();
        assert_eq!(found, [(0, 1)]);
    }
}
