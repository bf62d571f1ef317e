//! `applc compile` of a project.

mod findings;
mod on_disk;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::PathBuf;

pub use self::findings::{check_places, fail_unit, report_all, report_conflicts};
use self::findings::{report_names, report_nothing};
use crate::Status;
use crate::args::Compile;
use crate::commands::compile::reporter;
use crate::commands::compile_since;
use crate::diff;
use crate::reporter::Reporter;
use crate::select::Wanted;
use crate::terminal::{note, print, show};
use crate::whole::apply::{Turn, Written};
use crate::whole::cache::Cache;
use crate::whole::changes::{self, Change, Changes, Kind, Known};
use crate::whole::compile::{self, Depth, Rest};
use crate::whole::discover::{self, Found};
use crate::whole::hidden;
use crate::whole::obstacles::{self, What};
use crate::whole::outcome::{Made, Outcome};
use crate::whole::{Files, Rooted};

/// Compiles the appliances of the project in `root`, and writes, compares or prints what changes.
pub fn run(root: PathBuf, arguments: &Compile) -> Status {
    let mut reporter = match reporter(arguments) {
        Ok(reporter) => reporter,
        Err(status) => return status,
    };
    if let Some(revision) = &arguments.base {
        return compile_since::run(root, revision, arguments, &mut reporter);
    }
    // From here on, as what is read after another run has ended is not older than what that run has written.
    let turn = (!arguments.is_comparison()).then(|| Turn::take(&Rooted::new(root.clone())));
    let cache = match arguments.no_cache {
        true => Cache::none(),
        false => Cache::open(&root),
    };
    let status = make(root, arguments, cache, &mut reporter).map_or_else(
        |status| status,
        |mut made| {
            let (status, written) = match finish(&mut made, arguments, turn, &mut reporter) {
                Ok((status, written)) => (status, written),
                Err(status) => (status, Vec::new()),
            };
            made.cache.write(&made.found, &written);
            made.status.max(status)
        },
    );
    if status != Status::Usage {
        reporter.finish();
    }
    status
}

/// What was compiled.
struct Compiled {
    found: Found,
    outcomes: Vec<Outcome>,
    /// The files of the sound units.
    made: Vec<Made>,
    /// The appliances of which it is not known what they would make.
    unknown: BTreeSet<String>,
    /// The status of the findings.
    status: Status,
    cache: Cache,
}

/// Compiles what the arguments ask for.
///
/// # Errors
/// The exit status if nothing is to be written; the errors were printed or are among the findings.
fn make(
    root: PathBuf,
    arguments: &Compile,
    cache: Cache,
    reporter: &mut Reporter,
) -> Result<Compiled, Status> {
    let wanted = Wanted::read(&arguments.targets, reporter)?;
    // What is in the folders of the arguments is not part of the project.
    let cache = if wanted.loaded().is_empty() { cache } else { Cache::none() };
    let environments = &arguments.environment.names;
    let world = cache.world(root);
    let mut found = discover::find(world, &arguments.paths, environments, &wanted, reporter)?;
    match arguments.keep_going {
        true => findings::leave_out(&mut found, reporter),
        false => check_settings(&found, reporter)?,
    }
    let mut outcomes = compile::compile(&found, Depth::Files, &cache);
    match judge(&found, &mut outcomes, arguments, &cache, reporter) {
        Ok((made, unknown, status)) => {
            Ok(Compiled { found, outcomes, made, unknown, status, cache })
        }
        Err(status) => {
            cache.write(&found, &[]);
            Err(status)
        }
    }
}

/// Reports what is wrong, and takes the files that are to be written, with the appliances of which it is not known what they
/// would make, and the status of the findings.
///
/// # Errors
/// The exit status if nothing is to be written.
fn judge(
    found: &Found,
    outcomes: &mut [Outcome],
    arguments: &Compile,
    cache: &Cache,
    reporter: &mut Reporter,
) -> Result<(Vec<Made>, BTreeSet<String>, Status), Status> {
    let status = report_all(found, outcomes, reporter).max(found.status);
    let mut made: Vec<Made> = outcomes
        .iter_mut()
        .filter_map(|one| one.files.as_mut())
        .flat_map(|files| std::mem::take(&mut files.made))
        .collect();
    // None of the appliances that share a file is the sound one.
    let mut faulty = BTreeSet::new();
    let Rest { made: rest, mut unknown } = compile::rest_of(found, &made, cache);
    let all = compile::with_rest(&made, rest);
    let of_files = report_conflicts(found, &all, reporter);
    if of_files != Status::Clean {
        faulty.extend(findings::in_conflict(&all));
    }
    let unsound = outcomes.iter().filter(|one| one.files.is_none());
    unknown.extend(unsound.map(|one| found.units[one.unit].file.clone()));
    let status = status.max(of_files).max(report_names(found, &made, &mut faulty, reporter));
    if status != Status::Clean && !arguments.keep_going {
        if !arguments.is_comparison() {
            note("nothing is written, as there are errors");
        }
        return Err(status);
    }
    // Their files stay as they are.
    made.retain(|one| !faulty.contains(&one.unit));
    outcomes.iter_mut().filter(|one| faulty.contains(&one.unit)).for_each(|one| one.files = None);
    if made.is_empty() {
        let is_told = status != Status::Clean;
        return Err(if is_told { status } else { report_nothing(found, reporter) });
    }
    Ok((made, unknown, status))
}

/// Checks that each appliance has targets, and a place for its output.
pub fn check_settings(found: &Found, reporter: &mut Reporter) -> Result<(), Status> {
    check_places(found, reporter)?;
    for unit in found.units.iter().filter(|unit| unit.chosen) {
        if let Some(report) = findings::unsaid(found, unit) {
            return Err(reporter.add(found.world.named(report)));
        }
    }
    Ok(())
}

/// Writes what was compiled, or says what would change. Returns the exit status, and the files that were written.
///
/// # Errors
/// The exit status if there are other files in the way, or a file cannot be read or written, which was reported.
fn finish(
    compiled: &mut Compiled,
    arguments: &Compile,
    turn: Option<Turn>,
    reporter: &mut Reporter,
) -> Result<(Status, Vec<Written>), Status> {
    let (changes, status) = settle(compiled, arguments, reporter)?;
    let found = &compiled.found;
    let of_records = on_disk::report_unrecorded(found, &changes, reporter);
    if of_records != Status::Clean && !arguments.keep_going {
        return Err(of_records);
    }
    let status = status.max(of_records);
    if let Some(turn) = turn {
        let written =
            turn.apply(&found.world, &changes).map_err(|error| reporter.unwritable(&error))?;
        note(&summary(&changes));
        return Ok((status, written));
    }
    Ok((told(&found.world, &changes, arguments).max(status), Vec::new()))
}

/// Finds what is to change, without what something is in the way of. With `--keep-going`, that is all but the files of the
/// appliances concerned, and files that are no longer made, which stay as they are. Returns the exit status, too.
///
/// # Errors
/// The exit status if nothing is to change, which was reported.
fn settle(
    compiled: &mut Compiled,
    arguments: &Compile,
    reporter: &mut Reporter,
) -> Result<(Changes, Status), Status> {
    let Compiled { found, outcomes, made, unknown, .. } = compiled;
    let mut known = Known { unknown: std::mem::take(unknown), ..Known::default() };
    let mut status = Status::Clean;
    loop {
        let mut changes = changes::find(found, outcomes, made, &known)
            .map_err(|failure| on_disk::report_failure(found, failure, reporter))?;
        let mut obstacles = std::mem::take(&mut changes.obstacles);
        if arguments.adopt {
            obstacles.retain(|one| !matches!(one.what, What::Foreign));
        }
        if obstacles.is_empty() && !arguments.is_comparison() {
            let all = changes.files.iter().chain(&changes.of_records);
            obstacles = obstacles::read_only(&found.world, all);
        }
        let hidden = hidden::check_removed(found, &changes, reporter);
        if obstacles.is_empty() && hidden.is_ok() {
            return Ok((changes, status));
        }
        status = status.max(on_disk::report_obstacles(found, made, &obstacles, reporter));
        status = status.max(hidden.err().unwrap_or(Status::Clean));
        let blocked: BTreeSet<&str> = obstacles.iter().map(|one| one.path.as_str()).collect();
        let units = made.iter().filter(|one| blocked.contains(one.path.as_str()));
        let units: BTreeSet<usize> = units.map(|one| one.unit).collect();
        let before = known.staying.len();
        let is_staying = |path: &&String| hidden.is_err() || blocked.contains(path.as_str());
        known.staying.extend(changes.gone.iter().filter(is_staying).cloned());
        made.retain(|one| !units.contains(&one.unit));
        let is_progress = !units.is_empty() || known.staying.len() > before;
        // What is in the way of a record concerns all.
        let mut records = changes.of_records.iter().map(|one| one.path.as_str());
        let is_of_record = records.any(|path| blocked.contains(path));
        if !arguments.keep_going || is_of_record || !is_progress || made.is_empty() {
            if !arguments.is_comparison() {
                note("nothing is written, as there are errors");
            }
            return Err(status);
        }
        outcomes.iter_mut().filter(|one| units.contains(&one.unit)).for_each(|one| {
            known.unknown.insert(found.units[one.unit].file.clone());
            one.files = None;
        });
    }
}

/// Says what would change.
fn told(world: &Rooted, changes: &Changes, arguments: &Compile) -> Status {
    let all = changes.all();
    if all.is_empty() {
        note(&format!("{} up to date", counted(changes.unchanged)));
        return Status::Clean;
    }
    if arguments.diff {
        return print(&difference(&all, arguments.show_secrets)).max(Status::Changes);
    }
    let status = show(&list(world, &all));
    let them = if all.len() == 1 { "it" } else { "them" };
    let what = match all.iter().all(|change| change.kind == Kind::Removed) {
        true => format!("no longer made; `applc compile` removes {them}"),
        false => format!("out of date; `applc compile` brings {them} up to date"),
    };
    note(&format!("{} {what}", counted(all.len())));
    status.max(Status::Changes)
}

fn counted(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

/// What was done, in one line.
fn summary(changes: &Changes) -> String {
    let of = |kind| changes.files.iter().filter(|change| change.kind == kind).count();
    let parts = [
        (of(Kind::New), "made"),
        (of(Kind::Changed), "changed"),
        (of(Kind::Removed), "removed"),
        (changes.unchanged, "unchanged"),
    ];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> =
        parts.map(|(count, what)| format!("{} {what}", counted(*count))).collect();
    parts.join(", ")
}

/// The files that are out of date, one a line.
fn list(world: &Rooted, changes: &[&Change]) -> String {
    let line = |change: &&Change| {
        let what = match change.kind {
            Kind::New => "missing ",
            Kind::Changed => "stale   ",
            Kind::Removed => "orphaned",
        };
        format!("{what}  {}\n", world.shown(&change.path))
    };
    changes.iter().map(line).collect()
}

/// A unified diff, which `patch -p1` takes in the folder of the project if it has no secrets, or shows them.
fn difference(changes: &[&Change], show_secrets: bool) -> String {
    let mut masked = 0;
    let mut of_file = |change: &&Change| {
        let old = String::from_utf8_lossy(&change.old);
        let (old, new) = match change.kind {
            Kind::New => (None, Some(change.new.as_str())),
            Kind::Changed => (Some(&*old), Some(change.new.as_str())),
            Kind::Removed => (Some(&*old), None),
        };
        if show_secrets {
            return diff::unified(&change.path, old, new);
        }
        let (text, count) = diff::masked(&change.path, old, new);
        masked += count;
        text
    };
    let text = changes.iter().map(&mut of_file).collect();
    diff::note_masked(masked);
    text
}
