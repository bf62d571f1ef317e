//! `applc lock`: writes the digests of the images of a project to its lock file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use applc::World;
use applc::analysis::Analysis;
use applc::diag::{Code, Diagnostic, Level, Report, codes, list_or, nearest};
use applc::overlay::{self, Tagged};
use applc::project::{FILE_NAME, LOCK_NAME};
use applc::source::{Source, Sources, Span};
use applc_registry::{Client, Credentials, Failure, Image};
use rayon::prelude::*;

use crate::Status;
use crate::args::Lock;
use crate::commands::compile_project::fail_unit;
use crate::diff;
use crate::emit::{self, OutputFile};
use crate::reporter::{Reporter, Stream};
use crate::select::Wanted;
use crate::terminal::{fail, note, print};
use crate::whole::discover::{self, Found, Unit};
use crate::whole::{Files, Rooted};

/// Largest number of tags that a finding lists.
const SHOWN_TAGS: usize = 8;

/// Brings the lock file up to date.
pub fn run(arguments: &Lock) -> Status {
    let mut reporter = match Reporter::new(&arguments.findings, Stream::Stderr, false) {
        Ok(reporter) => reporter,
        Err(status) => return status,
    };
    let done = lock(arguments, &mut reporter);
    let status = done.map_or_else(|status| status, |done| done.finish(arguments, &mut reporter));
    if status != Status::Usage {
        reporter.finish();
    }
    status
}

/// Where the first container has an image.
struct Place {
    source: Source,
    sources: Sources,
    span: Span,
}

impl Place {
    /// Adds a finding at this place to the report of its file.
    fn report(&self, finding: Diagnostic, reports: &mut Vec<Report>) {
        let source = self.sources.of(self.span).unwrap_or(&self.source);
        let is_same =
            |other: &Source| other.name() == source.name() && other.start() == source.start();
        match reports.iter_mut().find(|report| is_same(&report.source)) {
            Some(report) => {
                report.diagnostics.push(finding);
                report.diagnostics.sort_by_key(|one| one.primary.span);
            }
            None => {
                let report = Report::of(source.clone(), finding).within(self.sources.clone());
                reports.push(report);
            }
        }
    }
}

/// A lock file, before and after.
struct Done {
    world: Rooted,
    /// The text that the file has; `None` if there is none.
    old_text: Option<String>,
    old: overlay::Lock,
    new: overlay::Lock,
}

fn lock(arguments: &Lock, reporter: &mut Reporter) -> Result<Done, Status> {
    let root = discover::root_of(Path::new("."))?
        .ok_or_else(|| fail(&format!("no `{FILE_NAME}` in this folder or above"), Status::Usage))?;
    let found = discover::find(Rooted::new(root), &[], &[], &Wanted::none(), reporter)?;
    let old = found.root_project().and_then(|project| project.lock.clone()).unwrap_or_default();
    let images = images(&found, reporter)?;
    let updates = updates(arguments, &images)?;
    let is_wanted = |image: &str| {
        arguments.update_all
            || old.digest(image).is_none()
            || updates.iter().any(|update| update.is_of(image))
    };
    let wanted: Vec<(&String, &Place)> =
        images.iter().filter(|(image, _)| is_wanted(image)).collect();
    let new = asked(&found.world, &wanted, &old, reporter)?;
    let digests = images.keys().filter_map(|image| {
        let digest = new.get(image).map(String::as_str).or_else(|| old.digest(image))?;
        Some((image.as_str(), digest))
    });
    let new = overlay::Lock::of(digests);
    let old_text = found.world.exists(LOCK_NAME).then(|| {
        let text = found.world.read(LOCK_NAME).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    });
    Ok(Done { world: found.world, old_text, old: (*old).clone(), new })
}

/// The images of the project that have tags, in their normal form, sorted, each with its first place.
///
/// # Errors
/// The exit status if an appliance has errors, which were reported.
fn images(found: &Found, reporter: &mut Reporter) -> Result<BTreeMap<String, Place>, Status> {
    let lock = found.root_project().and_then(|project| project.lock.clone()).unwrap_or_default();
    let read = |unit: &Unit| {
        unit.check()?;
        let settings = &unit.settings.settings;
        let exists = |path: &str| found.world.exists(path);
        let mut changes = settings.changes(&unit.file, &unit.names(), exists);
        changes.lock = Some(lock.clone());
        changes.reports_unlocked = false;
        let sources = unit.settings.sources.clone();
        Analysis::changed_to_compile(&found.world, &unit.file, &changes, sources)
    };
    let analyses: Vec<_> = found.units.par_iter().map(read).collect();
    let mut images = BTreeMap::new();
    let mut unread = BTreeSet::new();
    let mut status = Status::Clean;
    for (unit, analysis) in found.units.iter().zip(analyses) {
        let mut analysis = match analysis {
            Ok(analysis) => analysis,
            // That of another environment is the same.
            Err(error) if unread.insert(error.to_string()) => {
                status = status.max(fail_unit(found, unit, &error.into(), reporter));
                continue;
            }
            Err(_) => continue,
        };
        let tagged = std::mem::take(&mut analysis.tagged_images);
        let (source, sources) = (analysis.source.clone(), analysis.sources.clone());
        for Tagged { value, span } in tagged {
            let place = || Place { source: source.clone(), sources: sources.clone(), span };
            images.entry(value).or_insert_with(place);
        }
        let mut report = analysis.into_report();
        unit.settings.levels.apply(&mut report.diagnostics);
        // The others are those of `applc check`.
        report.diagnostics.retain(|one| one.level == Level::Error);
        if !report.diagnostics.is_empty() {
            status = status.max(reporter.add(found.world.named(report)));
        }
    }
    if status == Status::Clean { Ok(images) } else { Err(status) }
}

/// An argument of `--update`.
struct Update {
    /// The image in its normal form, with its tag, or with a colon at the end for all tags.
    start: String,
}

impl Update {
    fn is_of(&self, image: &str) -> bool {
        match self.start.strip_suffix(':') {
            Some(name) => image.rsplit_once(':').is_some_and(|(of, _)| of == name),
            None => self.start == image,
        }
    }
}

/// Reads the arguments of `--update`.
///
/// # Errors
/// The exit status if one is invalid or no image, which was reported.
fn updates(arguments: &Lock, images: &BTreeMap<String, Place>) -> Result<Vec<Update>, Status> {
    let read = |argument: &String| {
        let start = overlay::pattern(argument).ok_or_else(|| {
            let message = format!(
                "invalid image `{argument}`; expected a name with or without a tag, such as `redis` or `redis:7.4`"
            );
            fail(&message, Status::Usage)
        })?;
        let update = Update { start };
        if images.keys().any(|image| update.is_of(image)) {
            return Ok(update);
        }
        let known = images.keys().map(String::as_str);
        let names = images.keys().filter_map(|image| Some(image.rsplit_once(':')?.0));
        let near = match update.start.strip_suffix(':') {
            Some(name) => nearest(name, names),
            None => nearest(&update.start, known),
        };
        let advice = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let message = format!("no container of the project has the image `{argument}`{advice}");
        Err(fail(&message, Status::Usage))
    };
    arguments.update.iter().map(read).collect()
}

/// Asks the registries for digests. Returns them by image.
///
/// # Errors
/// The exit status if one of them is not known, which was reported.
fn asked(
    world: &Rooted,
    wanted: &[(&String, &Place)],
    old: &overlay::Lock,
    reporter: &mut Reporter,
) -> Result<BTreeMap<String, String>, Status> {
    let image = |(image, _): &(&String, &Place)| {
        let known = old.digest(image).map(str::to_owned);
        Some((Image::read(image)?, known))
    };
    let questions: Vec<(Image, Option<String>)> = wanted.iter().filter_map(image).collect();
    let answers = match questions.as_slice() {
        // The credentials are not looked at, either.
        [] => Vec::new(),
        questions => Client::new(Credentials::of_docker()).digests(questions),
    };
    let mut digests = BTreeMap::new();
    let mut reports = Vec::new();
    let mut status = Status::Clean;
    // Of a registry that cannot be reached, one finding says all.
    let mut unreachable: BTreeMap<&str, usize> = BTreeMap::new();
    for ((image, _), answer) in questions.iter().zip(&answers) {
        if matches!(answer, Err(Failure::Unreachable(_))) {
            *unreachable.entry(image.registry.as_str()).or_default() += 1;
        }
    }
    for (((name, place), (image, _)), answer) in wanted.iter().zip(&questions).zip(answers) {
        match answer {
            Ok(digest) => {
                digests.insert((*name).clone(), digest);
            }
            Err(failure) => {
                let (code, of) = status_of(&failure);
                status = status.max(of);
                let others = match failure {
                    Failure::Unreachable(_) => match unreachable.remove(image.registry.as_str()) {
                        Some(count) => count - 1,
                        None => continue,
                    },
                    _ => 0,
                };
                let found = finding(code, image, others, place.span, &failure);
                place.report(found, &mut reports);
            }
        }
    }
    if status == Status::Clean {
        return Ok(digests);
    }
    reports.into_iter().for_each(|report| {
        reporter.add(world.named(report));
    });
    note(&format!("`{LOCK_NAME}` is not written, as there are errors"));
    Err(status)
}

/// The code of a failure, and the exit status that it means.
fn status_of(failure: &Failure) -> (&'static Code, Status) {
    match failure {
        Failure::NoImage { .. } => (&codes::NO_IMAGE, Status::Errors),
        Failure::Denied { .. } | Failure::Credentials { .. } => (&codes::NO_ACCESS, Status::Errors),
        _ => (&codes::NO_ANSWER, Status::Io),
    }
}

/// What a registry says of an image, at its place, and of a number of others.
fn finding(
    code: &'static Code,
    image: &Image,
    others: usize,
    span: Span,
    failure: &Failure,
) -> Diagnostic {
    let Image { registry, repository, tag } = image;
    let named = format!("`{repository}:{tag}`");
    let message = match failure {
        Failure::NoImage { .. } => format!("`{registry}` has no image {named}"),
        failure if others > 0 => {
            let others = format!("{others} other image{}", if others == 1 { "" } else { "s" });
            format!("no digests of {named} and {others}: `{registry}` {failure}")
        }
        failure => format!("no digest of {named}: `{registry}` {failure}"),
    };
    let found = Diagnostic::new(code, span, message);
    // Docker Hub needs no name, and takes only its own.
    let login = match registry.as_str() {
        "docker.io" => "docker login".to_owned(),
        registry => format!("docker login {registry}"),
    };
    match failure {
        Failure::NoImage { tags } if tags.is_empty() => {
            found.help("the registry lists no tags of this repository")
        }
        Failure::NoImage { tags } => match nearest(tag, tags.iter().map(String::as_str)) {
            Some(near) => found.help(format!("did you mean `{near}`?")),
            None if tags.len() <= SHOWN_TAGS => {
                found.help(format!("it has {}", list_or(tags.iter().map(String::as_str))))
            }
            None => found.help(format!("it has {} other tags of `{repository}`", tags.len())),
        },
        Failure::Denied { has_credentials: false, said: None } => found
            .help(format!("the image does not exist, or is private: log in with `{login}`")),
        Failure::Denied { .. } => found.help(format!(
            "the image does not exist, or these credentials may not read it; `{login}` changes them"
        )),
        Failure::Credentials { help, .. } => found.help(help.clone()),
        Failure::TooMany { .. } if registry == "docker.io" => {
            found.help("Docker Hub has a higher limit after `docker login`")
        }
        Failure::Unreachable(_) => found.help(
            "see whether the name of the registry is right and the network is up; a proxy is taken from `HTTPS_PROXY` and `NO_PROXY`",
        ),
        Failure::Tls(_) => found.help(
            "`SSL_CERT_FILE` names a file with the certificates of authorities that the system does not know",
        ),
        _ => found,
    }
}

impl Done {
    /// Writes the file, or prints what would change.
    fn finish(self, arguments: &Lock, reporter: &mut Reporter) -> Status {
        let text = self.new.text();
        let is_same = self.old_text.as_ref() == Some(&text);
        if arguments.dry_run {
            if is_same {
                note("nothing to change");
                return Status::Clean;
            }
            let changed = diff::unified(LOCK_NAME, self.old_text.as_deref(), Some(&text));
            return print(&changed).max(Status::Changes);
        }
        let path = self.world.on_disk(LOCK_NAME);
        if let Err(error) = emit::edit(&[OutputFile { path, text }]) {
            return reporter.unwritable(&error);
        }
        note(&format!("{LOCK_NAME}: {}", self.summary()));
        Status::Clean
    }

    /// What became of the entries, in one line.
    fn summary(&self) -> String {
        let (old, new) = (&self.old, &self.new);
        let of = |is_one: &dyn Fn(&str, &str) -> bool| {
            new.iter().filter(|(image, digest)| is_one(image, digest)).count()
        };
        let added = of(&|image, _| old.digest(image).is_none());
        let kept = of(&|image, digest| old.digest(image) == Some(digest));
        let changed = new.iter().count() - added - kept;
        let removed = old.iter().filter(|(image, _)| new.digest(image).is_none()).count();
        let counts =
            [(added, "added"), (changed, "changed"), (removed, "removed"), (kept, "unchanged")];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> =
            counts.map(|(count, what)| format!("{} {what}", counted(*count))).collect();
        if counts.is_empty() { "no images".to_owned() } else { counts.join(", ") }
    }
}

fn counted(count: usize) -> String {
    if count == 1 { "1 image".to_owned() } else { format!("{count} images") }
}
