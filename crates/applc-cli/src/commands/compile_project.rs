//! `applc compile` of a project.

mod findings;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use applc::project::FILE_NAME;

use self::findings::report_names;
pub use self::findings::{check_places, fail_unit, report_all, report_conflicts};
use crate::Status;
use crate::args::Compile;
use crate::commands::compile::reporter;
use crate::commands::compile_since;
use crate::diff;
use crate::disk::shown;
use crate::emit::WriteError;
use crate::reporter::Reporter;
use crate::select::Wanted;
use crate::terminal::{self, fail, note, print, show};
use crate::whole::apply::{Turn, Written};
use crate::whole::cache::Cache;
use crate::whole::changes::{self, Change, Changes, Kind};
use crate::whole::compile::{self, Depth};
use crate::whole::discover::{self, Found};
use crate::whole::hidden;
use crate::whole::outcome::{Made, Outcome};
use crate::whole::record::{self, Invalid};
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
    let made = make(root, arguments, cache, &mut reporter);
    if !matches!(made, Err(Status::Usage)) {
        reporter.finish();
    }
    let made = match made {
        Ok(made) => made,
        Err(status) => return status,
    };
    let (status, written) = match finish(&made, arguments, turn) {
        Ok((status, written)) => (status, written),
        Err(status) => (status, Vec::new()),
    };
    made.cache.write(&made.found, &written);
    made.status.max(status)
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
    let found = discover::find(world, &arguments.paths, environments, &wanted, reporter)?;
    check_settings(&found, reporter)?;
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
    let status = report_all(found, outcomes, reporter);
    let made: Vec<Made> = outcomes
        .iter_mut()
        .filter_map(|one| one.files.as_mut())
        .flat_map(|files| std::mem::take(&mut files.made))
        .collect();
    // None of the appliances that share a file is the sound one.
    let of_files = report_conflicts(found, &made, reporter);
    let of_files = of_files.max(report_names(found, &made, reporter));
    let may_go_on = arguments.keep_going && of_files == Status::Clean;
    let status = status.max(of_files);
    if status != Status::Clean && !may_go_on {
        if !arguments.is_comparison() {
            note("nothing is written, as there are errors");
        }
        return Err(status);
    }
    if made.is_empty() {
        return Err(fail("nothing was made", Status::Errors).max(status));
    }
    Ok((made, status))
}

/// Checks that each appliance has targets, and a place for its output.
pub fn check_settings(found: &Found, reporter: &mut Reporter) -> Result<(), Status> {
    check_places(found, reporter)?;
    for unit in found.units.iter().filter(|unit| unit.chosen) {
        let message = if unit.output().is_none() {
            format!(
                "`output` is missing in `{FILE_NAME}`; for example `output = \"manifests/{{environment}}/{{target}}/{{folder}}/{{id}}\"`"
            )
        } else if unit.settings.targets.is_empty() {
            format!(
                "no target for {}; set `default-targets` in `{FILE_NAME}`, or use `--target NAME`",
                found.shown(unit)
            )
        } else {
            continue;
        };
        return Err(fail(&message, Status::Errors));
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
) -> Result<(Status, Vec<Written>), Status> {
    let Compiled { found, outcomes, made, .. } = compiled;
    let changes = changes::find(found, outcomes, made)
        .map_err(|failure| cannot_compare(&found.world, &failure))?;
    hidden::check_removed(found, &changes)?;
    if !changes.foreign.is_empty() && !arguments.adopt {
        return Err(foreign(&found.world, &changes.foreign));
    }
    note_lost(&found.world, &changes.lost);
    for path in &changes.others {
        let path = found.world.shown(path);
        note(&format!(
            "`{path}` is in a record, but was not made by applc, or was edited; it stays"
        ));
    }
    if let Some(turn) = turn {
        let written = turn.apply(&found.world, &changes).map_err(|error| cannot_write(&error))?;
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

fn cannot_write(error: &WriteError) -> Status {
    terminal::cannot_write(&shown(&error.path), &error.cause)
}

fn cannot_compare(world: &Rooted, failure: &changes::Failure) -> Status {
    let shown = |path: &str| world.shown(path);
    let (message, status) = match failure {
        changes::Failure::Record(path, Invalid::Unreadable(cause)) => {
            (format!("cannot read `{}`: {cause}", shown(path)), Status::Io)
        }
        changes::Failure::Record(path, Invalid::Line(line, text)) => (
            format!("{}:{line}: `{text}` is not the path of a file in this folder", shown(path)),
            Status::Errors,
        ),
        changes::Failure::NoPath(path) => (
            format!(
                "`{}` cannot be written: `{}` has a path in each line, without `:`, `\\`, `.git`, and `#` or a merge mark at its start; rename the folder of the appliance, or change `output`",
                shown(path),
                record::NAME
            ),
            Status::Errors,
        ),
        changes::Failure::Source(record, path) => (
            format!(
                "`{}` names `{}`, which applc reads and never writes; remove that line",
                shown(record),
                shown(path)
            ),
            Status::Errors,
        ),
        changes::Failure::OverSource(path) => (
            format!(
                "`{}` is a source of the project, and output would be written there; change `output`",
                shown(path)
            ),
            Status::Errors,
        ),
        changes::Failure::Unreadable(path, cause) => {
            (format!("cannot read `{}`: {cause}", shown(path)), Status::Io)
        }
        changes::Failure::NoFolder(path) => (
            format!(
                "`{}` is a link or a file, or leads through one; output is written to folders of the project only",
                shown(path)
            ),
            Status::Io,
        ),
        changes::Failure::NoFile(path) => (
            format!("`{}` is a link or a folder, and output is to be written there", shown(path)),
            Status::Io,
        ),
    };
    fail(&message, status)
}

/// Reports files that are in the way.
fn foreign(world: &Rooted, paths: &[String]) -> Status {
    const SHOWN: usize = 10;
    for path in paths.iter().take(SHOWN) {
        let path = world.shown(path);
        fail(&format!("`{path}` exists, and was not made by applc"), Status::Errors);
    }
    if paths.len() > SHOWN {
        note(&format!("and {} more", paths.len() - SHOWN));
    }
    note("move them away, or overwrite them with `--adopt`");
    Status::Errors
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
