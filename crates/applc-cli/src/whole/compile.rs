//! Compiles the appliances of a project, in parallel, to the files that it is to have.
//!
//! What environments have in common is done once: a file that they change in the same way is analysed once, and what
//! has the same options is compiled once.

use std::collections::{BTreeSet, HashMap, HashSet};

use applc::analysis::Analysis;
use applc::diag::Report;
use applc::overlay::Changes;
use applc::path::{folded, folders, parent};
use applc::project::{Names, Pattern, relative};
use applc::scope::{self, header, way};
use applc::targets::Rendering;
use applc::{Compilation, Error, Selected};
use rayon::prelude::*;

use super::bar::Bar;
use super::cache::Cache;
use super::claims;
use super::discover::{Found, Unit};
use super::outcome::{Files, Made, Outcome};
use super::seen::{Recorder, Seen};
use super::{Files as World, joined};

/// What is made of each unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub enum Depth {
    /// Nothing but findings.
    Findings,
    /// Files.
    Files,
    /// Files, and the plans that they are made from.
    Plans,
}

/// Compiles the chosen units, as far as the cache does not know what becomes of them. The outcomes are in the order
/// of the units, whatever the number of threads.
pub fn compile(found: &Found, depth: Depth, cache: &Cache) -> Vec<Outcome> {
    let world = &found.world;
    let all: Vec<usize> = (0..found.units.len()).filter(|at| found.units[*at].chosen).collect();
    let mut outcomes = outcomes(world, &found.units, &all, depth, cache);
    // What is said of two appliances requires the places of their claims.
    let clashing = claims::mark(found, &mut outcomes);
    let again: Vec<usize> = clashing.into_iter().filter(|at| outcomes[*at].is_known).collect();
    if !again.is_empty() {
        let units: Vec<usize> = again.iter().map(|at| outcomes[*at].unit).collect();
        let anew = self::outcomes(world, &found.units, &units, depth, &Cache::none());
        for (at, outcome) in again.into_iter().zip(anew) {
            outcomes[at] = Outcome { is_clashing: true, ..outcome };
        }
    }
    outcomes
}

/// Compiles the chosen units, and keeps their plans.
pub fn with_plans<W: World>(found: &Found<W>) -> Vec<Outcome> {
    let all: Vec<usize> = (0..found.units.len()).filter(|at| found.units[*at].chosen).collect();
    let mut outcomes = outcomes(&found.world, &found.units, &all, Depth::Plans, &Cache::none());
    claims::mark(found, &mut outcomes);
    outcomes
}

/// Compiles these units, which are in order.
fn outcomes<W: World>(
    world: &W,
    units: &[Unit],
    wanted: &[usize],
    depth: Depth,
    cache: &Cache,
) -> Vec<Outcome> {
    let chosen: Vec<Chosen<'_>> =
        wanted.iter().map(|index| Chosen { unit: &units[*index], index: *index }).collect();
    let files: Vec<&[Chosen<'_>]> = chosen.chunk_by(|a, b| a.unit.file == b.unit.file).collect();
    let bar = Bar::new(chosen.len());
    let of_file = |file: &[Chosen<'_>]| {
        let outcomes = of_file(world, file, depth, cache);
        outcomes.iter().for_each(|_| bar.advance());
        outcomes
    };
    files.into_par_iter().flat_map_iter(of_file).collect()
}

/// A unit that is compiled.
#[derive(Clone, Copy)]
struct Chosen<'u> {
    unit: &'u Unit,
    /// Its index.
    index: usize,
}

/// Compiles the units of one file.
fn of_file(world: &dyn World, units: &[Chosen<'_>], depth: Depth, cache: &Cache) -> Vec<Outcome> {
    // The cache knows what was in the place of a link, and so does not know the link.
    let refused = |one: &Chosen<'_>| {
        one.unit.check().err().map(|error| Outcome::failed(one.index, error.into()))
    };
    let refused: Vec<Outcome> = units.iter().filter_map(refused).collect();
    if !refused.is_empty() {
        return refused;
    }
    let known = cache.find(world, units.iter().map(|one| (one.index, one.unit)), depth);
    let mut outcomes: Vec<Option<Outcome>> = known;
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (at, chosen) in units.iter().enumerate() {
        if outcomes.get(at).is_some_and(Option::is_some) {
            continue;
        }
        let recorder = Recorder::new(world);
        let changes = changes(&recorder, chosen.unit);
        let member = Member { at, chosen: *chosen, seen: recorder.into_seen() };
        let is_same = |group: &&mut Group<'_>| {
            let (one, other) = (&group.first.settings, &chosen.unit.settings);
            group.changes == changes && one.sources == other.sources
        };
        match groups.iter_mut().find(is_same) {
            Some(group) => group.members.push(member),
            None => groups.push(Group { changes, first: chosen.unit, members: vec![member] }),
        }
    }
    outcomes.resize_with(units.len(), || None);
    for group in groups {
        for (at, outcome) in group.compile(world, depth, cache) {
            if let Some(place) = outcomes.get_mut(at) {
                *place = Some(outcome);
            }
        }
    }
    outcomes.into_iter().flatten().collect()
}

/// Units of one file that are changed in the same way, so that they are analysed once.
struct Group<'u> {
    changes: Changes,
    first: &'u Unit,
    members: Vec<Member<'u>>,
}

struct Member<'u> {
    /// Its place among the units of the file.
    at: usize,
    chosen: Chosen<'u>,
    /// What was read to find what is changed.
    seen: Seen,
}

impl Group<'_> {
    /// The outcomes of the members, with their places among the units of the file.
    fn compile(self, world: &dyn World, depth: Depth, cache: &Cache) -> Vec<(usize, Outcome)> {
        let recorder = Recorder::new(world);
        let analysis = analysed(&recorder, self.first, &self.changes);
        let seen = recorder.into_seen();
        let last = self.members.len().saturating_sub(1);
        let mut analysis = Some(analysis);
        let mut done: Vec<(Vec<Selected>, Compiled)> = Vec::new();
        let mut outcomes = Vec::new();
        for (index, member) in self.members.into_iter().enumerate() {
            let Chosen { unit, index: unit_index } = member.chosen;
            let one = match &analysis {
                _ if index == last => analysis.take(),
                Some(Ok(analysis)) => Some(Ok(analysis.clone())),
                Some(Err(_)) | None => None,
            };
            // A file that cannot be read is read again: an error has no copy.
            let one = one.unwrap_or_else(|| analysed(world, unit, &self.changes));
            let outcome = match one {
                Err(error) => Outcome::failed(unit_index, error),
                Ok(mut analysis) => {
                    let before = analysis.findings.len();
                    let id = id_of(&analysis);
                    let selected = selected(unit, &id, &mut analysis);
                    // What is wrong with an option is said of each unit.
                    let is_clean = analysis.findings.len() == before;
                    let is_same = |(other, _): &&(Vec<Selected>, Compiled)| {
                        is_clean && is_same_selection(other, &selected)
                    };
                    match done.iter().find(is_same) {
                        Some((_, compiled)) => outcome(unit, unit_index, compiled, depth),
                        None => {
                            match compiled_for(unit, analysis, id, &selected, depth.rendering()) {
                                Ok(compiled) => {
                                    let outcome = outcome(unit, unit_index, &compiled, depth);
                                    if is_clean && index != last {
                                        done.push((selected, compiled));
                                    }
                                    outcome
                                }
                                Err(error) => Outcome::failed(unit_index, error),
                            }
                        }
                    }
                }
            };
            cache.add(unit, depth, member.seen.into_iter().chain(seen.iter().cloned()), &outcome);
            outcomes.push((member.at, outcome));
        }
        outcomes
    }
}

/// Whether two selections are of the same targets with the same options.
fn is_same_selection(one: &[Selected], other: &[Selected]) -> bool {
    let is_same = |(one, other): (&Selected, &Selected)| {
        // Units of one file have the same project, in which a name is of one target.
        one.options == other.options && one.target.name() == other.target.name()
    };
    one.len() == other.len() && one.iter().zip(other).all(is_same)
}

impl Depth {
    fn rendering(self) -> Option<Rendering> {
        let rendering = Rendering { recorded: false };
        (self != Depth::Findings).then_some(rendering)
    }
}

/// What becomes of a unit that was compiled, or of one that has the same options.
fn outcome(unit: &Unit, index: usize, compiled: &Compiled, depth: Depth) -> Outcome {
    let Compiled { id, used_images, tagged_images, compilation } = compiled;
    let Compilation { report, plan, others, outputs } = compilation;
    let is_sound = !report.has_errors() && !others.iter().any(Report::has_errors);
    let images = plan.iter().flat_map(|plan| &plan.containers);
    let claims = outputs.iter();
    Outcome {
        unit: index,
        findings: Ok((report.clone(), others.clone())),
        files: is_sound.then(|| files(unit, index, id, compilation)),
        claims: claims.map(|one| (one.target.name().to_owned(), one.claims.clone())).collect(),
        images: images.map(|container| container.image.value.to_string()).collect(),
        used_images: used_images.clone(),
        tagged_images: tagged_images.clone(),
        plan: plan.clone().filter(|_| is_sound && depth == Depth::Plans),
        is_known: false,
        is_clashing: false,
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
    rendering: Option<Rendering>,
) -> Result<Compiled, Error> {
    let mut analysis = analysed(world, unit, &changes(world, unit))?;
    let id = id_of(&analysis);
    let selected = selected(unit, &id, &mut analysis);
    compiled_for(unit, analysis, id, &selected, rendering)
}

/// What the project changes in the appliance of a unit.
pub fn changes(world: &dyn World, unit: &Unit) -> Changes {
    let exists = |path: &str| world.exists(path);
    unit.settings.settings.changes(&unit.file, &unit.names(), exists)
}

fn analysed(world: &dyn World, unit: &Unit, changes: &Changes) -> Result<Analysis, Error> {
    unit.check()?;
    let sources = unit.settings.sources.clone();
    Ok(Analysis::changed_to_compile(world, &unit.file, changes, sources)?)
}

/// The id of an appliance; empty if it is not known.
fn id_of(analysis: &Analysis) -> String {
    analysis.plan.as_ref().map(|plan| plan.id.value.to_string()).unwrap_or_default()
}

/// The targets of a unit with their options. What is wrong with them is added to the findings.
fn selected(unit: &Unit, id: &str, analysis: &mut Analysis) -> Vec<Selected> {
    unit.settings.targets.iter().map(|one| for_unit(one, unit, id, analysis)).collect()
}

/// Compiles the analysed appliance of a unit.
fn compiled_for(
    unit: &Unit,
    mut analysis: Analysis,
    id: String,
    selected: &[Selected],
    rendering: Option<Rendering>,
) -> Result<Compiled, Error> {
    let used_images = std::mem::take(&mut analysis.used_images);
    let tagged_images = std::mem::take(&mut analysis.tagged_images).into_iter();
    let tagged_images = tagged_images.map(|image| image.value).collect();
    let tagged_images = (!analysis.findings.has_errors()).then_some(tagged_images);
    let compilation = applc::compile_analysis(analysis, selected, rendering)?;
    let compilation = compilation.with_levels(&unit.settings.levels);
    Ok(Compiled { id, used_images, tagged_images, compilation })
}

/// A target with its options for a unit: placeholders are replaced, and Compose knows the way from the
/// output to the appliance.
fn for_unit(one: &Selected, unit: &Unit, id: &str, analysis: &mut Analysis) -> Selected {
    let names = Names { id: Some(id).filter(|id| !id.is_empty()), ..unit.names() };
    let above = parent(&unit.file);
    scope::for_appliance(one, &names, unit.output(), above, &mut analysis.findings)
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
            files.made.push(Made { path, text: Some(text), unit: index });
        }
        files.folders.push(folder);
        files.targets.push((output.target.clone(), first..files.made.len()));
    }
    files
}

/// The folder that a unit's files for a target are written to. `None` if the project does not say where.
pub fn folder_of(unit: &Unit, id: &str, target: &str) -> Option<String> {
    let names = Names { id: Some(id), ..unit.names() };
    Some(joined(&scope::output_folder(unit.output()?, target, &names), ""))
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
pub fn filled(pattern: &Pattern, names: &Names<'_>) -> String {
    match pattern.fill(names) {
        Ok(text) => text,
        Err((_, before)) => before,
    }
}

/// The way from a folder to that of a file.
pub fn way_to_source(folder: &str, file: &str) -> String {
    way(folder, parent(file))
}

/// What the units make whose files are in the folder of another one, so that they may write the same files, for outcomes
/// without files. Those that were not chosen count as far as they are in the folder of one that was. Nearly always, there
/// are none, and nothing is compiled.
pub fn made_in_shared_folders(found: &Found, outcomes: &[Outcome], cache: &Cache) -> Vec<Made> {
    let mut by_folder: HashMap<String, Vec<usize>> = HashMap::new();
    for outcome in outcomes {
        for folder in outcome.files.iter().flat_map(|files| &files.folders) {
            by_folder.entry(folded(folder)).or_default().push(outcome.unit);
        }
    }
    let places: BTreeSet<String> = by_folder.keys().map(|folder| format!("{folder}/")).collect();
    let Rest { made: rest, .. } = rest_at(found, &places, cache);
    let rest_folders: HashSet<String> = rest.iter().map(|one| folded(parent(&one.path))).collect();
    let is_shared = |(folder, units): &(String, Vec<usize>)| {
        let is_in = |other: &String| other == folder || relative(other, folder).is_some();
        units.len() > 1 || rest_folders.iter().any(is_in)
    };
    let shared: BTreeSet<usize> =
        by_folder.into_iter().filter(is_shared).flat_map(|(_, units)| units).collect();
    if shared.is_empty() {
        return Vec::new();
    }
    let shared: Vec<usize> = shared.into_iter().collect();
    let outcomes =
        self::outcomes(&found.world, &found.units, &shared, Depth::Files, &Cache::none());
    let made: Vec<Made> =
        outcomes.into_iter().filter_map(|one| one.files).flat_map(|files| files.made).collect();
    with_rest(&made, rest)
}

/// What a run of a part of a project does not make.
#[derive(Debug, Default)]
pub struct Rest {
    /// The files.
    pub made: Vec<Made>,
    /// The appliances with errors, of which it is not known what they would make.
    pub unknown: BTreeSet<String>,
}

/// What the other appliances, and those of other environments, would write at the places of these files, for a run of a
/// part of a project.
pub fn rest_of(found: &Found, made: &[Made], cache: &Cache) -> Rest {
    rest_at(found, &made.iter().map(|one| folded(&one.path)).collect(), cache)
}

/// What the units that were not chosen make that may be at these places: names of files, or of folders with a slash at the
/// end.
fn rest_at(found: &Found, places: &BTreeSet<String>, cache: &Cache) -> Rest {
    let may_be_there = |start: String| {
        let start = folded(&start);
        let next = places.range(start.clone()..).next();
        // Or there is one that is a folder of what starts so.
        let is_above = |folder| places.contains(folder) || places.contains(&format!("{folder}/"));
        next.is_some_and(|place| place.starts_with(&start)) || folders(&start).any(is_above)
    };
    let is_one = |unit: &Unit| {
        let mut targets = unit.settings.targets.iter();
        let start = |one: &Selected| start_of_paths(unit, one.target.name());
        !unit.chosen && targets.any(|one| start(one).is_some_and(may_be_there))
    };
    let units = found.units.iter().enumerate().filter(|(_, unit)| is_one(unit));
    let units: Vec<usize> = units.map(|(index, _)| index).collect();
    let mut rest = Rest::default();
    if units.is_empty() {
        return rest;
    }
    for outcome in outcomes(&found.world, &found.units, &units, Depth::Files, cache) {
        match outcome.files {
            Some(files) => rest.made.extend(files.made),
            None => rest.unknown.extend(found.units.get(outcome.unit).map(|one| one.file.clone())),
        }
    }
    rest
}

/// The files of some units, without their contents, and those of the rest that are in their places; in the order of the
/// units.
pub fn with_rest(made: &[Made], rest: Vec<Made>) -> Vec<Made> {
    let names: HashSet<String> = made.iter().map(|one| folded(&one.path)).collect();
    let above: HashSet<&str> = names.iter().flat_map(|name| folders(name)).collect();
    let is_there = |one: &Made| {
        let name = folded(&one.path);
        names.contains(&name)
            || above.contains(name.as_str())
            || folders(&name).any(|folder| names.contains(folder))
    };
    let own = made.iter().map(|one| Made { path: one.path.clone(), text: None, unit: one.unit });
    let mut all: Vec<Made> = rest.into_iter().filter(is_there).chain(own).collect();
    all.sort_by_key(|one| one.unit);
    all
}
