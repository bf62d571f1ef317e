//! What `up` hands over: an appliance that is compiled, or one of a plan that was kept.

use std::path::Path;

use applc::ReadError;
use applc::analysis::Analysis;
use applc::diag::{Format, Level, Report, human};
use applc::plan::Plan;
use applc::source::{Source, Sources};
use applc::targets::{Artifact, Rendering, TargetRef};
use applc_run::{Appliances, Planned, Submitted, complete};
use serde_json::Value;

use crate::Status;
use crate::args::Up;
use crate::disk::STDIN;
use crate::projects::{Projects, Settings, one_environment};
use crate::reporter::Reporter;
use crate::select::Wanted;
use crate::terminal::{fail, note};

/// An appliance that was compiled for a target.
pub struct Compiled {
    /// The name of the target.
    pub target: String,
    /// The target, if it is a custom one.
    pub custom: Option<TargetRef>,
    /// The plan.
    pub plan: Plan,
    /// The appliance with all defaults.
    pub appliance: Value,
    /// The files that the target wrote.
    pub files: Vec<Artifact>,
    /// The appliance file, as it was named.
    pub file: String,
    /// The appliance file.
    pub source: Source,
    /// All files that its spans may be in.
    pub sources: Sources,
    /// The plan that it was read from.
    pub planned: Option<Planned>,
    /// What was warned of, as text for people.
    pub warnings: String,
}

impl Compiled {
    /// What is handed over.
    pub fn submitted(&self) -> Submitted<'_> {
        Submitted {
            plan: &self.plan,
            appliance: &self.appliance,
            files: &self.files,
            file: &self.file,
            over_http: false,
        }
    }

    /// The id of the appliance.
    pub fn id(&self) -> &str {
        &self.plan.id.value
    }
}

/// Compiles the appliance of the arguments, or reads the plan.
///
/// # Errors
/// The exit status if there are errors, which were reported.
pub fn compile(
    arguments: &Up,
    appliances: &Appliances,
    reporter: &mut Reporter,
) -> Result<Compiled, Status> {
    match plan_text(&arguments.file) {
        Some(text) => planned(arguments, &text),
        None => from_source(arguments, appliances, reporter),
    }
}

/// The text of a file that is a plan. One that cannot be read is reported as an appliance.
fn plan_text(file: &str) -> Option<String> {
    // A pipe has no second time for the appliance.
    if file == STDIN || !Path::new(file).is_file() {
        return None;
    }
    std::fs::read_to_string(file).ok().filter(|text| Planned::is_one(text))
}

fn planned(arguments: &Up, text: &str) -> Result<Compiled, Status> {
    let file = &arguments.file;
    let unusable = |why: &str| {
        let named = Planned::named(text);
        let (of, target) = named.as_ref().map_or(("", ""), |(of, target)| (of, target));
        fail(&format!("the plan `{file}` {why}; {}", new_one(of, target, file)), Status::Errors)
    };
    if !arguments.targets.names.is_empty() || !arguments.targets.options.is_empty() {
        return Err(fail("a plan has its target and options already", Status::Usage));
    }
    if arguments.plan.is_some() {
        return Err(fail("a plan cannot be made from a plan", Status::Usage));
    }
    let planned = Planned::read(text).map_err(|why| unusable(&why))?;
    let source = Planned::source(file, text);
    let analysis = Analysis::of(&source);
    let (source, sources) = (analysis.source.clone(), analysis.sources.clone());
    let plan = analysis.plan.ok_or_else(|| unusable("has no valid appliance"))?;
    Ok(Compiled {
        target: planned.target.clone(),
        custom: None,
        plan,
        appliance: planned.appliance.clone(),
        files: planned.files(),
        file: planned.file.clone(),
        source,
        sources,
        planned: Some(planned),
        warnings: String::new(),
    })
}

/// What to do with a plan that cannot be carried out any more: `applc up` made it from a file for a target.
pub fn new_one(file: &str, target: &str, plan: &str) -> String {
    // Anything else would need quotes, or may be a command of someone who has changed the plan.
    let is_plain = |word: &&str| {
        let is_fine = |c: char| c.is_alphanumeric() || "-_./".contains(c);
        !word.is_empty() && !word.starts_with('-') && word.chars().all(is_fine)
    };
    let word = |word, other| Some(word).filter(is_plain).unwrap_or(other);
    let (file, target, plan) = (word(file, "FILE"), word(target, "TARGET"), word(plan, "PLAN"));
    format!("make a new one with `applc up {file} -t {target} --plan {plan}`")
}

fn from_source(
    arguments: &Up,
    appliances: &Appliances,
    reporter: &mut Reporter,
) -> Result<Compiled, Status> {
    let file = &arguments.file;
    // The file may be a plan, which needs no target: that it cannot be read says more.
    if arguments.targets.names.is_empty()
        && file != STDIN
        && let Err(cause) = std::fs::metadata(file)
    {
        return Err(reporter.fail(file, &ReadError { path: file.clone(), cause }.into()));
    }
    let named = one_target(arguments)?;
    let wanted = Wanted::read(&arguments.targets, reporter)?;
    let wanted = wanted.in_environment(one_environment(&arguments.environment)?);
    let mut settings = Projects::default().apply(file, &wanted, reporter)?;
    name_folder(&mut settings, file);
    let selected = settings.targets.first().map(|selected| selected.target.clone());
    let target = selected.as_ref().map(|target| target.name()).unwrap_or_default();
    let analysis = Analysis::read_changed(
        &settings.disk(file),
        file,
        &settings.changes,
        settings.sources.clone(),
    );
    let mut analysis = analysis.map_err(|error| reporter.fail(file, &error.into()))?;
    let (source, sources) = (analysis.source.clone(), analysis.sources.clone());
    let appliance = analysis.tree.as_ref().map(complete).unwrap_or_default();
    let rendering = Some(Rendering { recorded: false });
    let selected_options = settings.selected(&mut analysis);
    let compilation = applc::compile_analysis(analysis, &selected_options, rendering)
        .map_err(|error| reporter.fail(file, &error))?
        .with_levels(&settings.levels);
    let (report, others) = (compilation.report, compilation.others);
    let warnings: String = others.iter().chain([&report]).map(warnings).collect();
    let id = compilation.plan.as_ref().map(|plan| &plan.id.value);
    let is_known = !warnings.is_empty()
        && arguments.findings.format == Format::Human
        && !others.iter().chain([&report]).any(Report::has_errors)
        && id.is_some_and(|id| appliances.folder().warnings(id, target) == warnings);
    let status = if is_known {
        as_before(&report, &others, named);
        Status::Clean
    } else {
        reporter.add_all(report, others)
    };
    match (compilation.plan, compilation.outputs.into_iter().next()) {
        (Some(plan), Some(output)) if status == Status::Clean => Ok(Compiled {
            target: target.to_owned(),
            custom: selected.clone().filter(|target| target.custom().is_some()),
            plan,
            appliance,
            files: output.artifacts,
            file: file.clone(),
            source,
            sources,
            planned: None,
            warnings,
        }),
        _ => Err(status.max(Status::Errors)),
    }
}

/// Tells Compose where the folder of the appliance is: the output is kept in another one.
fn name_folder(settings: &mut Settings, file: &str) {
    // Standard input is beside what is in the working directory.
    let path = if file == STDIN { Path::new("stdin") } else { Path::new(file) };
    let Ok(path) = std::path::absolute(path) else { return };
    if let Some(folder) = path.parent().and_then(Path::to_str) {
        settings.tell_folder(folder);
    }
}

/// The target of the arguments: its name or its folder.
fn one_target(arguments: &Up) -> Result<&str, Status> {
    match arguments.targets.names.as_slice() {
        [name] => Ok(name),
        [] => Err(fail("no target given; use `--target NAME`", Status::Usage)),
        _ => Err(fail("an appliance is brought up on one target at a time", Status::Usage)),
    }
}

/// The findings of a report that are shown, as text.
fn warnings(report: &Report) -> String {
    let mut report = report.clone();
    report.diagnostics.retain(|diagnostic| diagnostic.level != Level::Hint);
    human::render(&report, false)
}

/// Says how many warnings there are that were shown last time.
fn as_before(report: &Report, others: &[Report], target: &str) {
    for report in others.iter().chain([report]) {
        let shown = report.diagnostics.iter().filter(|one| one.level != Level::Hint);
        let shown: Vec<_> = shown.cloned().collect();
        let name = report.source.name();
        if let Some(summary) = human::summary(&shown) {
            note(&format!(
                "{name}: {summary}, as before; `applc check {name} -t {target}` shows them"
            ));
        }
    }
}
