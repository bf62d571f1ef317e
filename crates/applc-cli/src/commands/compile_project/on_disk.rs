//! What is wrong with what is on disk: records, and what is in the way of output.

use std::collections::BTreeMap;
use std::mem::{Discriminant, discriminant};

use applc::ReadError;
use applc::diag::{Diagnostic, Levels, Report, codes};
use applc::path::parent;
use applc::project;
use applc::source::{Source, Span};

use super::findings::report_output;
use crate::Status;
use crate::reporter::Reporter;
use crate::whole::changes::{Changes, Failure};
use crate::whole::discover::Found;
use crate::whole::obstacles::{Obstacle, What};
use crate::whole::outcome::Made;
use crate::whole::record::{self, Invalid};
use crate::whole::{Files, Rooted};

/// Number of findings of a kind that are shown; the last one says how many more there are.
const SHOWN: usize = 10;

/// Reports why what was made cannot be compared with what is there.
pub fn report_failure(found: &Found, failure: Failure, reporter: &mut Reporter) -> Status {
    let world = &found.world;
    match failure {
        Failure::Record(path, Invalid::Unreadable(cause)) => {
            reporter.unreadable(&ReadError { path: world.shown(&path), cause }, None)
        }
        Failure::Record(path, Invalid::Line(line, text)) => {
            let message = format!("`{text}` is not the path of a file in this folder");
            let help = "remove the line, or take the file of the last commit";
            report_line(world, &path, (line, message, help), reporter)
        }
        Failure::Source(record, path) => {
            let text = world.read_own(&record).ok().flatten().unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let name = project::relative(&path, parent(&record)).unwrap_or(&path);
            let line = text.lines().position(|line| line == name).map_or(1, |index| index + 1);
            let message = format!(
                "`{}` is a source, which applc never writes or removes",
                world.shown(&path)
            );
            report_line(world, &record, (line, message, "remove the line"), reporter)
        }
    }
}

/// Reports a line of a record.
fn report_line(
    world: &Rooted,
    path: &str,
    (line, message, help): (usize, String, &str),
    reporter: &mut Reporter,
) -> Status {
    let text = world.read_own(path).ok().flatten().unwrap_or_default();
    let source = Source::new(world.shown(path), String::from_utf8_lossy(&text).into_owned());
    let text = source.text();
    let before = text.split_inclusive('\n').take(line.saturating_sub(1));
    let start = before.map(str::len).sum::<usize>();
    let length = text.get(start..).and_then(|rest| rest.lines().next()).map_or(0, str::len);
    let place = source.span(start..start + length);
    let finding = Diagnostic::new(&codes::UNREADABLE, place, message).help(help);
    reporter.add(Report::of(source, finding))
}

/// Reports what is in the way of output, each place once.
pub fn report_obstacles(
    found: &Found,
    made: &[Made],
    obstacles: &[Obstacle],
    reporter: &mut Reporter,
) -> Status {
    let mut kinds: Vec<(Discriminant<What>, BTreeMap<&str, &Obstacle>)> = Vec::new();
    for one in obstacles {
        let kind = discriminant(&one.what);
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, all)) => {
                all.entry(&one.at).or_insert(one);
            }
            None => kinds.push((kind, BTreeMap::from([(one.at.as_str(), one)]))),
        }
    }
    let mut status = Status::Clean;
    for (_, all) in kinds {
        for (one, more) in shown(all.values()) {
            status = status.max(report_obstacle(found, made, one, more, reporter));
        }
    }
    status
}

/// Reports something in the way, and that there is more of its kind.
fn report_obstacle(
    found: &Found,
    made: &[Made],
    obstacle: &Obstacle,
    more: usize,
    reporter: &mut Reporter,
) -> Status {
    let Obstacle { path, at, what } = obstacle;
    let of = made.iter().find(|one| one.path == *path).map(|one| &found.units[one.unit]);
    let [path, at] = [path, at].map(|path| found.world.shown(path));
    let (is_made, is_record) = (of.is_some(), path.ends_with(record::NAME));
    let (message, help, status) = match what {
        What::Foreign => (
            format!("`{path}` exists, and was not made by applc"),
            "move it away, or overwrite it with `--adopt`".to_owned(),
            Status::Errors,
        ),
        What::Other(file) => (
            format!(
                "`{path}` was made from `{}`, which has errors, so that it may still be its output",
                found.world.shown(file)
            ),
            "correct the errors, or remove the file".to_owned(),
            Status::Errors,
        ),
        What::NoFolder(what) => (
            format!("`{at}` is {what}, and output is to be written below it"),
            "put a folder in its place, or change `output`".to_owned(),
            Status::Io,
        ),
        What::NoFile(what) if is_made => (
            format!("`{path}` is {what}, and output is to be written there"),
            "move it away, or change `output`".to_owned(),
            Status::Io,
        ),
        What::NoFile(what) => (
            format!("`{path}` is {what}, in place of a file that is no longer made"),
            "remove it".to_owned(),
            Status::Io,
        ),
        What::ReadOnly if is_record => (
            format!("cannot write `{path}`: it is read-only"),
            "make it writable".to_owned(),
            Status::Io,
        ),
        What::ReadOnly if is_made => (
            format!("cannot write `{path}`: it is read-only"),
            "make it writable, or remove it".to_owned(),
            Status::Io,
        ),
        What::ReadOnly => (
            format!("cannot remove `{path}`, which is no longer made: it is read-only"),
            "make it writable, or remove it".to_owned(),
            Status::Io,
        ),
        What::ReadOnlyFolder => {
            let verb = if is_made || is_record { "write" } else { "remove" };
            (
                format!("cannot {verb} `{path}`: the folder `{at}` is read-only"),
                "make the folder writable".to_owned(),
                Status::Io,
            )
        }
        What::Unreadable(cause) => {
            let kind = cause.kind();
            let cause = with_more(cause.to_string(), more);
            let cause = std::io::Error::new(kind, cause);
            return reporter.unreadable(&ReadError { path, cause }, None);
        }
        What::NoPath => (
            format!(
                "`{path}` cannot be written: `{}` has a path in each line, without `:`, `\\`, `.git`, and `#` or a merge mark at its start",
                record::NAME
            ),
            "rename the folder of the appliance, or change `output`".to_owned(),
            Status::Errors,
        ),
        What::Source => (
            format!("`{path}` is a source of the project, and output would be written there"),
            "change `output`".to_owned(),
            Status::Errors,
        ),
    };
    let message = with_more(message, more);
    match (what, of) {
        (What::NoPath | What::Source, Some(unit)) => {
            let Some(output) = unit.output() else { return status };
            let finding =
                Diagnostic::new(&codes::BAD_OPTION, output.pattern.span, message).help(help);
            report_output(found, unit, finding, reporter).max(status)
        }
        _ => {
            let finding = Diagnostic::new(&codes::IN_THE_WAY, Span::at(0), message).help(help);
            reporter.of_file(&at, finding).max(status)
        }
    }
}

/// The first of some findings of a kind, each with the number of those that it stands for besides.
fn shown<T>(all: impl ExactSizeIterator<Item = T>) -> impl Iterator<Item = (T, usize)> {
    let more = all.len().saturating_sub(SHOWN);
    let all = all.take(SHOWN).enumerate();
    all.map(move |(index, one)| (one, if index + 1 == SHOWN { more } else { 0 }))
}

/// A message that says how many more there are of its kind.
fn with_more(message: String, more: usize) -> String {
    if more == 0 { message } else { format!("{message}; and {more} more") }
}

/// Reports files of which no record says that applc has made them, and files of which one says it wrongly.
pub fn report_unrecorded(found: &Found, changes: &Changes, reporter: &mut Reporter) -> Status {
    let levels = found.root_project().map_or_else(Levels::default, |project| project.levels());
    let lost =
        |path: &str| format!("`{path}` was made by applc, and is not made or recorded any more");
    let other = |path: &str| {
        format!("`{path}` is in a record, but was not made by applc, or was edited; it stays")
    };
    let status = report_each(&changes.lost, &lost, "remove it", &levels, found, reporter);
    let help = "remove it, unless it is yours";
    status.max(report_each(&changes.others, &other, help, &levels, found, reporter))
}

fn report_each(
    paths: &[String],
    message: &dyn Fn(&str) -> String,
    help: &str,
    levels: &Levels,
    found: &Found,
    reporter: &mut Reporter,
) -> Status {
    let mut status = Status::Clean;
    for (path, more) in shown(paths.iter()) {
        let path = found.world.shown(path);
        let message = with_more(message(&path), more);
        let finding = Diagnostic::new(&codes::UNRECORDED, Span::at(0), message).help(help);
        status = status.max(reporter.of_file_at_level(&path, finding, levels));
    }
    status
}
