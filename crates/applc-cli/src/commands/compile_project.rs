//! `applc compile` of a project.

mod findings;
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
use crate::whole::changes::{self, Change, Changes, Kind};
use crate::whole::compile::{self, Depth};
use crate::whole::discover::{self, Found};
use crate::whole::hidden;
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
        |made| {
            let (status, written) = match finish(&made, arguments, turn, &mut reporter) {
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
    match judge(&found, &mut outcomes, arguments, reporter) {
        Ok((made, status)) => Ok(Compiled { found, outcomes, made, status, cache }),
        Err(status) => {
            cache.write(&found, &[]);
            Err(status)
        }
    }
}

/// Reports what is wrong, and takes the files that are to be written, with the status of the findings.
///
/// # Errors
/// The exit status if nothing is to be written.
fn judge(
    found: &Found,
    outcomes: &mut [Outcome],
    arguments: &Compile,
    reporter: &mut Reporter,
) -> Result<(Vec<Made>, Status), Status> {
    let status = report_all(found, outcomes, reporter).max(found.status);
    let mut made: Vec<Made> = outcomes
        .iter_mut()
        .filter_map(|one| one.files.as_mut())
        .flat_map(|files| std::mem::take(&mut files.made))
        .collect();
    // None of the appliances that share a file is the sound one.
    let mut faulty = BTreeSet::new();
    let of_files = report_conflicts(found, &made, reporter);
    if of_files != Status::Clean {
        faulty.extend(findings::in_conflict(&made));
    }
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
    Ok((made, status))
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
    compiled: &Compiled,
    arguments: &Compile,
    turn: Option<Turn>,
    reporter: &mut Reporter,
) -> Result<(Status, Vec<Written>), Status> {
    let Compiled { found, outcomes, made, .. } = compiled;
    let changes = changes::find(found, outcomes, made)
        .map_err(|failure| findings::report_failure(found, made, failure, reporter))?;
    hidden::check_removed(found, &changes, reporter)?;
    if !changes.foreign.is_empty() && !arguments.adopt {
        return Err(findings::report_foreign(&found.world, &changes.foreign, reporter));
    }
    note_lost(&found.world, &changes.lost);
    for path in &changes.others {
        let path = found.world.shown(path);
        note(&format!(
            "`{path}` is in a record, but was not made by applc, or was edited; it stays"
        ));
    }
    if let Some(turn) = turn {
        let written =
            turn.apply(&found.world, &changes).map_err(|error| reporter.unwritable(&error))?;
        note(&summary(&changes));
        return Ok((Status::Clean, written));
    }
    Ok((told(&found.world, &changes, arguments), Vec::new()))
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

/// Says which files may be left over, as no record names them.
fn note_lost(world: &Rooted, lost: &[String]) {
    let Some(first) = lost.first() else { return };
    let first = world.shown(first);
    note(&match lost.len() {
        1 => {
            format!("`{first}` was made by applc, and is not made or recorded any more; remove it")
        }
        many => format!(
            "`{first}` and {} more were made by applc, and are not made or recorded any more; remove them",
            many - 1
        ),
    });
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
