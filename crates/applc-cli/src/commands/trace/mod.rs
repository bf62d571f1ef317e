//! `applc trace`.

mod entry;
mod findings;
mod question;
mod table;
mod traced;

use crate::Status;
use crate::args::Trace;
use crate::projects::{Projects, Settings, one_environment};
use crate::reporter::{Reporter, Stream};
use crate::select::Wanted;
use crate::terminal::{self, fail, print};
use crate::whole::owner::{self, Owned};
use applc::Selected;
use applc::diag::Format;
use applc::printable;

use entry::Entry;
use question::Position;
use traced::Traced;

pub use entry::{entries_of_file, json};
pub use question::Where;
pub use traced::{Analysed, trace};

/// Answers where lines of the output come from, and which lines a place of the appliance reaches.
pub fn run(arguments: &Trace) -> Status {
    let stream = if arguments.of_findings.is_some() { Stream::Stdout } else { Stream::Stderr };
    let mut reporter = match Reporter::new(&arguments.findings, stream, true) {
        Ok(reporter) => reporter,
        Err(status) => return status,
    };
    match answer(arguments, &mut reporter) {
        Err(Status::Usage) => Status::Usage,
        // Without findings to place, the answer is the only document.
        Ok(status) if arguments.of_findings.is_none() => status,
        Ok(status) | Err(status) => status.max(reporter.finish()),
    }
}

fn answer(arguments: &Trace, reporter: &mut Reporter) -> Result<Status, Status> {
    let format = arguments.findings.format;
    if arguments.of_findings.is_none() && !matches!(format, Format::Human | Format::Json) {
        let message = format!("the format `{}` is for `--findings`", format.name());
        return Err(fail(&message, Status::Usage));
    }
    let (file, position) = question::of_argument(&arguments.file)?;
    let wanted = Wanted::read(&arguments.targets, reporter)?;
    let wanted = wanted.in_environment(one_environment(&arguments.environment)?);
    if let Some(owned) = owner::of(file, reporter)? {
        return of_output(file, &owned, position, arguments, reporter);
    }
    let mut projects = Projects::default();
    let scopes = scopes(file, &wanted, &mut projects, reporter)?.into_iter();
    let scopes: Vec<Settings> = scopes.map(|one| one.changed(&arguments.overlays)).collect();
    let traced = traced::of_each(&scopes, file, !wanted.is_empty(), reporter)?;
    if let Some(path) = &arguments.of_findings {
        return findings::report(one(traced, "--findings")?, path, reporter);
    }
    let entries = match (&position, &arguments.at) {
        (Some(_), Some(_)) => {
            let message = "a line of the appliance cannot be used with `--at`";
            return Err(fail(message, Status::Usage));
        }
        (Some(position), None) => from_source(&traced, *position)?,
        (None, Some(place)) => {
            let traced = one(named(traced, &place.file), "--at")?;
            let traced = traced.matching([place.file.as_str()]);
            let other = || {
                let built_in = Wanted::none().or_built_in();
                let built_in = built_in.in_environment(traced.environment.as_deref());
                let settings = projects.apply(file, &built_in, reporter).ok()?;
                let settings = settings.changed(&arguments.overlays);
                traced::target_of(&settings, file, &place.file, reporter)
            };
            let (index, offset) = question::in_output(&traced, place, other)?;
            let entries = entry::at(&traced, index, offset);
            return Ok(show(&entries, format, || table::answer(&traced, &entries)));
        }
        (None, None) => traced.iter().flat_map(entry::all).collect(),
    };
    Ok(show(&entries, format, || match position {
        Some(_) => table::reached(&traced, &entries),
        None => table::whole(&traced, &entries),
    }))
}

/// Answers what a file of the output of a project, or a line of it, comes from.
fn of_output(
    file: &str,
    owned: &Owned,
    position: Option<Position>,
    arguments: &Trace,
    reporter: &mut Reporter,
) -> Result<Status, Status> {
    let is_chosen = !arguments.targets.names.is_empty() || !arguments.environment.names.is_empty();
    if is_chosen || !arguments.overlays.overlays.is_empty() || arguments.at.is_some() {
        let message = format!(
            "`{file}` is an output of {}: its target, environment and overlays are known",
            owned.source
        );
        return Err(fail(&message, Status::Usage));
    }
    let traced = traced::of_owned(owned, reporter)?;
    let format = arguments.findings.format;
    if let Some(path) = &arguments.of_findings {
        return findings::report(traced, path, reporter);
    }
    let Some(position) = position else {
        let index = traced.written_as(file).unwrap_or(0);
        let entries = entries_of_file(&traced, index);
        return Ok(show(&entries, format, || {
            table::whole(std::slice::from_ref(&traced), &entries)
        }));
    };
    let place = Where { file: file.to_owned(), position };
    let (index, offset) = question::in_output(&traced, &place, || None)?;
    let entries = entry::at(&traced, index, offset);
    Ok(show(&entries, format, || table::answer(&traced, &entries)))
}

/// The lines and values of all outputs that come from a place of the appliance.
fn from_source(traced: &[Traced], position: Position) -> Result<Vec<Entry>, Status> {
    let mut entries = Vec::new();
    for traced in traced {
        question::check_line(&traced.source, position.line)?;
        for place in question::parts(traced, position) {
            entries.extend(entry::reached(traced, place));
        }
    }
    Ok(entries)
}

/// The settings of a file. One that a project lists is compiled for the targets of each of its environments, or of
/// the one that is wanted; others, and those of projects that name no targets, for the built-in ones.
fn scopes(
    file: &str,
    wanted: &Wanted<'_>,
    projects: &mut Projects,
    reporter: &mut Reporter,
) -> Result<Vec<Settings>, Status> {
    let mut apply = |wanted: Wanted<'_>, reporter: &mut Reporter| {
        let settings = projects.apply(file, &wanted, reporter)?;
        match settings.targets.is_empty() {
            true => projects.apply(file, &wanted.or_built_in(), reporter),
            false => Ok(settings),
        }
    };
    let alone = apply(wanted.with(Vec::new()), reporter)?;
    let project = match (&alone.listed, wanted.environment) {
        (Some(listed), None) => listed.project.clone(),
        _ => return Ok(vec![alone]),
    };
    let environments = project.environments();
    if environments.is_empty() {
        return Ok(vec![alone]);
    }
    let mut scopes = Vec::new();
    for name in environments {
        let mut settings = apply(wanted.with(Vec::new()).in_environment(Some(name)), reporter)?;
        let own = project.settings(Some(name)).selected();
        let is_own = |one: &Selected| own.iter().any(|own| own.name() == one.target.name());
        // An environment that is compiled for others has no such output.
        if !own.is_empty() {
            settings.targets.retain(is_own);
        }
        scopes.push(settings);
    }
    scopes.retain(|settings| !settings.targets.is_empty());
    // Targets that no environment is compiled for have the output of the file by itself.
    Ok(if scopes.is_empty() { vec![alone] } else { scopes })
}

/// Of several outputs, the one that has a file.
fn named(mut traced: Vec<Traced>, file: &str) -> Vec<Traced> {
    if traced.len() > 1 && !file.is_empty() {
        let has = |one: &Traced| one.artifacts.iter().any(|artifact| artifact.is_named_by(file));
        if traced.iter().filter(|one| has(one)).count() == 1 {
            traced.retain(has);
        }
    }
    traced
}

/// The only output, which `argument` is about.
fn one(mut traced: Vec<Traced>, argument: &str) -> Result<Traced, Status> {
    let first = traced.pop();
    let Some(other) = traced.first() else {
        return first.ok_or(Status::Errors);
    };
    let is_other = |one: &Traced| one.target.name() != other.target.name();
    let missing = match first.iter().chain(&traced).any(is_other) {
        true => "--target",
        false => "--env",
    };
    Err(fail(&format!("`{argument}` requires one `{missing}`"), Status::Usage))
}

fn show(entries: &[Entry], format: Format, table: impl FnOnce() -> String) -> Status {
    match format {
        Format::Json => print(&printable::json(&entry::json(entries))),
        _ => terminal::show(&table()),
    }
}
