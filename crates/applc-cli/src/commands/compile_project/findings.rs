//! What is wrong in a project, and in its appliances.

use std::collections::BTreeSet;
use std::io;

use applc::diag::{Diagnostic, Report, codes};
use applc::path::{self, Fault};
use applc::source::Span;
use applc::whole::{self, Member, Used};
use applc::{Error, ReadError};

use crate::Status;
use crate::reporter::Reporter;
use crate::whole::claims;
use crate::whole::discover::{Found, Unit};
use crate::whole::hidden;
use crate::whole::outcome::{Made, Outcome};
use crate::whole::{Compared, Files};

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
pub(super) fn report_output(
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
