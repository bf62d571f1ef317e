//! What is wrong in a project, and in its appliances.

use std::collections::BTreeSet;
use std::io;

use applc::diag::{Diagnostic, Report, codes};
use applc::path::{self, Fault, parent};
use applc::project;
use applc::source::{Source, Span};
use applc::whole::{self, Member, Used};
use applc::{Error, ReadError};

use crate::Status;
use crate::reporter::Reporter;
use crate::whole::changes::Failure;
use crate::whole::claims;
use crate::whole::discover::{Found, Unit};
use crate::whole::hidden;
use crate::whole::outcome::{Made, Outcome};
use crate::whole::record::{self, Invalid};
use crate::whole::{Compared, Files, Rooted};

/// Checks that each appliance can have output: none is without an environment that names the place of its output, as
/// what follows the placeholder would be cut off, and none has a file in place of a folder of its output.
///
/// # Errors
/// The exit status if there is one, which was reported.
pub fn check_places(found: &Found, reporter: &mut Reporter) -> Result<(), Status> {
    let chosen = found.units.iter().filter(|unit| unit.chosen).map(Unit::member);
    match whole::misplaced(chosen, &Compared(&found.world)) {
        Some(report) => Err(report_named(found, [report], reporter).max(Status::Errors)),
        None => Ok(()),
    }
}

/// Reports the findings in the units, and in what the project says of them.
pub fn report_all(found: &Found, outcomes: &[Outcome], reporter: &mut Reporter) -> Status {
    let status = report(found, outcomes, reporter);
    let status = status.max(report_unused(found, outcomes, reporter));
    let status = status.max(report_named(found, claims::clashes(found, outcomes), reporter));
    let files = outcomes.iter().map(|outcome| found.world.shown(&found.units[outcome.unit].file));
    reporter.add_checked(files);
    status
}

/// Reports the findings in the units. What is the same in several environments is reported once.
fn report(found: &Found, outcomes: &[Outcome], reporter: &mut Reporter) -> Status {
    let mut seen = BTreeSet::new();
    let mut is_new = |report: &Report, one: &Diagnostic| {
        let target = one.target.as_ref().map(ToString::to_string);
        seen.insert((place(report, one.primary.span), one.code.id, one.message.to_string(), target))
    };
    let mut unread = BTreeSet::new();
    let mut status = Status::Clean;
    for outcome in outcomes {
        let unit = &found.units[outcome.unit];
        match &outcome.findings {
            Ok((report, others)) => {
                let all = others.iter().chain([report]);
                for report in all.filter(|report| !report.diagnostics.is_empty()) {
                    let mut report = report.clone();
                    let has_errors = report.has_errors();
                    let all = std::mem::take(&mut report.diagnostics);
                    report.diagnostics =
                        all.into_iter().filter(|one| is_new(&report, one)).collect();
                    if !report.diagnostics.is_empty() {
                        reporter.add(found.world.named(report));
                    }
                    if has_errors {
                        status = status.max(Status::Errors);
                    }
                }
            }
            Err(error) if unread.insert(error.to_string()) => {
                status = status.max(fail_unit(found, unit, error, reporter));
            }
            Err(_) => {}
        }
    }
    status
}

/// Reports what no appliance uses: versions of images, entries of the lock file, and overlays; unless some were not asked
/// for.
fn report_unused(found: &Found, outcomes: &[Outcome], reporter: &mut Reporter) -> Status {
    if !found.is_whole {
        return Status::Clean;
    }
    let used = outcomes.iter().filter_map(|one: &Outcome| {
        let member = found.units.get(one.unit)?.member();
        Some(Used { member, images: &one.images, entries: &one.used_images })
    });
    let mut reports = Vec::new();
    if outcomes.iter().all(|one| one.files.is_some()) {
        reports.extend(whole::unused_images(&used.collect::<Vec<_>>()));
    }
    let tagged: Option<Vec<&Vec<String>>> =
        outcomes.iter().map(|one| one.tagged_images.as_ref()).collect();
    if let (Some(project), Some(tagged)) = (found.root_project(), tagged) {
        let levels = reporter.levels(&project.levels());
        let tagged = tagged.into_iter().flatten().map(String::as_str);
        reports.extend(whole::unused_locked(project, &levels, tagged));
    }
    let members: Vec<Member<'_>> = found.units.iter().map(Unit::member).collect();
    reports.extend(whole::unused_overlays(&members, &Compared(&found.world)));
    report_named(found, reports, reporter)
}

/// Reports findings with the names of files for people.
fn report_named(
    found: &Found,
    reports: impl IntoIterator<Item = Report>,
    reporter: &mut Reporter,
) -> Status {
    let reports = reports.into_iter().map(|report| reporter.add(found.world.named(report)));
    reports.fold(Status::Clean, Status::max)
}

/// Reports why a unit cannot be compiled.
pub fn fail_unit(found: &Found, unit: &Unit, error: &Error, reporter: &mut Reporter) -> Status {
    match error {
        Error::Read(ReadError { path, cause }) => {
            let help = (unit.check().is_err()).then(|| hidden::HELP_IN_PROJECT.to_owned());
            let path = found.world.shown(path);
            let cause = io::Error::new(cause.kind(), cause.to_string());
            reporter.unreadable(&ReadError { path, cause }, help)
        }
        error => reporter.fail(&unit.file, error),
    }
}

/// A place that is the same in all reports: the name of a file, and a range of it in bytes.
type Place = (String, usize, usize);

fn place(report: &Report, span: Span) -> Place {
    let source = report.source_of(span);
    let range = source.range(span);
    (source.name().to_owned(), range.start, range.end)
}

/// Reports the units that write the same files.
pub fn report_conflicts(found: &Found, made: &[Made], reporter: &mut Reporter) -> Status {
    let written = made.iter().map(|one| (one.path.as_str(), one.unit));
    let of = |unit: usize| found.units.get(unit).map(Unit::member);
    let reports = whole::shared_files(written, of, &Compared(&found.world));
    report_named(found, reports, reporter)
}

/// Reports the units whose files would have paths that are not for output, or that a system cannot have, each once, and
/// adds them to `faulty`.
pub fn report_names(
    found: &Found,
    made: &[Made],
    faulty: &mut BTreeSet<usize>,
    reporter: &mut Reporter,
) -> Status {
    let mut units = BTreeSet::new();
    let mut status = Status::Clean;
    for one in made {
        let whole = || found.world.on_disk(&one.path).as_os_str().len();
        let fault = path::fault(&one.path)
            .or_else(|| Some(whole()).filter(|it| *it > path::MAX_PATH).map(Fault::LongPath));
        let Some(fault) = fault else { continue };
        let unit = &found.units[one.unit];
        let Some(output) = unit.output() else { continue };
        if !units.insert(one.unit) {
            continue;
        }
        let unit_shown = found.shown(unit);
        let (message, help) = match &fault {
            Fault::Reserved(name) => {
                (format!("{unit_shown} would be written to `{name}`"), fault.help())
            }
            Fault::LongName(_) | Fault::LongPath(_) => (
                format!("{unit_shown} would have a file whose path {fault}"),
                "separate placeholders by `/`, or choose a shorter id",
            ),
            _ => (format!("{unit_shown} would have a file whose path {fault}"), fault.help()),
        };
        let finding = Diagnostic::new(&codes::BAD_OPTION, output.pattern.span, message).help(help);
        status = status.max(report_output(found, unit, finding, reporter));
    }
    faulty.extend(units);
    status
}

/// Reports a finding in what the project says of the output of a unit.
fn report_output(
    found: &Found,
    unit: &Unit,
    finding: Diagnostic,
    reporter: &mut Reporter,
) -> Status {
    report_named(found, [whole::of_output(&unit.member(), finding)], reporter)
}

/// What the project does not say of a unit, and must: where its output is written, or a target.
pub fn unsaid(found: &Found, unit: &Unit) -> Option<Report> {
    let shown = found.shown(unit);
    if unit.output().is_none() {
        let message = format!("`output` is missing, so that {shown} has no place");
        let help = "for example `output = \"manifests/{environment}/{target}/{folder}/{id}\"`";
        return Some(of_setting(unit, None, message, help));
    }
    let place = unit.settings.settings.targets.as_ref().map(|targets| targets.span);
    let help = "set `default-targets`, or use `--target NAME`; `applc targets` lists the names";
    let is_missing = unit.settings.targets.is_empty();
    is_missing.then(|| of_setting(unit, place, format!("no target for {shown}"), help))
}

/// Reports the appliances that can have no output, each fault once, and takes them out of those that are chosen. Their
/// files stay as they are.
pub fn leave_out(found: &mut Found, reporter: &mut Reporter) {
    let files = Compared(&found.world);
    let chosen = || found.units.iter().enumerate().filter(|(_, unit)| unit.chosen);
    let has_misplaced = whole::misplaced(chosen().map(|(_, unit)| unit.member()), &files).is_some();
    let mut told = BTreeSet::new();
    let mut faulty = Vec::new();
    let mut status = found.status;
    for (index, unit) in chosen() {
        let misplaced = has_misplaced
            .then(|| whole::misplaced(std::iter::once(unit.member()), &files))
            .flatten();
        let Some(report) = misplaced.or_else(|| unsaid(found, unit)) else { continue };
        faulty.push(index);
        let places = report.diagnostics.iter().map(|one| place(&report, one.primary.span));
        if told.insert(places.collect::<Vec<_>>()) {
            status = status.max(reporter.add(found.world.named(report)));
        }
    }
    for index in faulty {
        found.units[index].chosen = false;
        found.is_whole = false;
    }
    found.status = status;
}

/// The units that write the same files.
pub fn in_conflict(made: &[Made]) -> impl Iterator<Item = usize> {
    let written = made.iter().map(|one| (one.path.as_str(), one.unit));
    whole::conflicts(written).into_iter().flat_map(|one| [one.first, one.second])
}

/// Reports that the targets make no files. A pipeline that removes what is gone must not take that for a result.
pub fn report_nothing(found: &Found, reporter: &mut Reporter) -> Status {
    let Some(unit) = found.units.iter().find(|unit| unit.chosen) else { return Status::Errors };
    let place = unit.settings.settings.targets.as_ref().map(|targets| targets.span);
    let message = "nothing was made: no target has a file for an appliance".to_owned();
    let report = of_setting(unit, place, message, "choose other targets");
    report_named(found, [report], reporter)
}

/// What is wrong with what the project says, or does not say, of a unit: at a place, or at the start of its outermost
/// file.
fn of_setting(unit: &Unit, place: Option<Span>, message: String, help: &str) -> Report {
    let project = &unit.settings.project;
    let outermost = project.files().next().unwrap_or(&project.file);
    let of_place = place.and_then(|place| Some((project.sources.of(place)?.clone(), place)));
    let (source, place) = of_place.unwrap_or_else(|| {
        let source = outermost.report.source.clone();
        let start = Span::at(source.start().start as usize);
        (source, start)
    });
    let finding = Diagnostic::new(&codes::BAD_OPTION, place, message).help(help);
    Report::of(source, finding).within(project.sources.clone())
}

/// Reports why what was made cannot be compared with what is there.
pub fn report_failure(
    found: &Found,
    made: &[Made],
    failure: Failure,
    reporter: &mut Reporter,
) -> Status {
    let world = &found.world;
    let output_of = |path: &str, message: String, help: &str, reporter: &mut Reporter| {
        let unit = made.iter().find(|one| one.path == path).map(|one| &found.units[one.unit]);
        let Some((unit, output)) = unit.and_then(|unit| Some((unit, unit.output()?))) else {
            return Status::Errors;
        };
        let finding = Diagnostic::new(&codes::BAD_OPTION, output.pattern.span, message).help(help);
        report_output(found, unit, finding, reporter)
    };
    match failure {
        Failure::Record(path, Invalid::Unreadable(cause)) | Failure::Unreadable(path, cause) => {
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
        Failure::NoPath(path) => {
            let message = format!(
                "`{}` cannot be written: `{}` has a path in each line, without `:`, `\\`, `.git`, and `#` or a merge mark at its start",
                world.shown(&path),
                record::NAME
            );
            let help = "rename the folder of the appliance, or change `output`";
            output_of(&path, message, help, reporter)
        }
        Failure::OverSource(path) => {
            let message = format!(
                "`{}` is a source of the project, and output would be written there",
                world.shown(&path)
            );
            output_of(&path, message, "change `output`", reporter)
        }
        Failure::NoFolder(path) => {
            let path = world.shown(&path);
            let message = format!(
                "`{path}` is a link or a file, or leads through one; output is written to folders of the project only"
            );
            in_the_way(&path, message, "put a folder in its place, or change `output`", reporter)
                .max(Status::Io)
        }
        Failure::NoFile(path) => {
            let path = world.shown(&path);
            let message =
                format!("`{path}` is a link or a folder, and output is to be written there");
            in_the_way(&path, message, "move it away, or change `output`", reporter).max(Status::Io)
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

fn in_the_way(path: &str, message: String, help: &str, reporter: &mut Reporter) -> Status {
    let finding = Diagnostic::new(&codes::IN_THE_WAY, Span::at(0), message).help(help);
    reporter.of_file(path, finding)
}

/// Reports files that are in the way.
pub fn report_foreign(world: &Rooted, paths: &[String], reporter: &mut Reporter) -> Status {
    const SHOWN: usize = 10;
    let mut status = Status::Clean;
    for (index, path) in paths.iter().take(SHOWN).enumerate() {
        let path = world.shown(path);
        let more = match paths.len() - (index + 1) {
            more if more > 0 && index + 1 == SHOWN => format!("; and so do {more} more"),
            _ => String::new(),
        };
        let message = format!("`{path}` exists, and was not made by applc{more}");
        let help = "move it away, or overwrite it with `--adopt`";
        status = status.max(in_the_way(&path, message, help, reporter));
    }
    status
}
