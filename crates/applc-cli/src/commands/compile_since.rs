//! `applc compile --diff --base REV`: what changes in meaning since a commit, and in the files.

mod effects;
mod pairs;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use applc::World;
use applc::diag::{Format, Report};
use applc::meaning::effects::lines;
use applc::meaning::{self, Change, Style, Subject, Value, code_span, hidden_values, html_code};
use applc::overlay::Lock;
use applc::project::FILE_NAME;
use applc::source::Span;
use serde_json::json;

use self::pairs::{Pair, Version, pairs};
use crate::Status;
use crate::args::{Compile, CompileFormat};
use crate::commands::compile_project::{check_settings, report_all, report_conflicts};
use crate::diff;
use crate::git::Commit;
use crate::reporter::Reporter;
use crate::select::Wanted;
use crate::terminal::{fail, note, print};
use crate::whole::compile;
use crate::whole::discover::{self, Asked, Found, Unit};
use crate::whole::outcome::{Made, Outcome};
use crate::whole::{Files, Rooted};

/// The version of the JSON document: it increases when something is removed or changes its meaning, not when something
/// is added.
const VERSION: u32 = 1;

/// Length in bytes of a comment after which files are left out: services take about 65,000 characters.
const COMMENT: usize = 60_000;

/// One appliance in one environment that is not as before.
struct Entry<'a> {
    unit: &'a Unit,
    /// Where it was before, if that is another file or environment.
    from: Option<&'a Unit>,
    id: String,
    state: State<'a>,
    /// What it does to what runs.
    effects: effects::OnTargets,
}

enum State<'a> {
    Added,
    Removed,
    /// Its sources have errors at the commit.
    Unknown,
    Changed(Vec<(Change, &'a Report, &'a Report)>),
}

/// Compares the project in `root` with the sources of a commit, and prints the changes.
pub fn run(root: PathBuf, revision: &str, arguments: &Compile, reporter: &mut Reporter) -> Status {
    match compared(root, revision, arguments, reporter) {
        Ok(status) | Err(status) => status,
    }
}

fn compared(
    root: PathBuf,
    revision: &str,
    arguments: &Compile,
    reporter: &mut Reporter,
) -> Result<Status, Status> {
    let environments = &arguments.environment.names;
    let wanted = Wanted::read(&arguments.targets, reporter)?;
    let commit = Commit::find(&root, revision).map_err(|failure| {
        let is_usage = matches!(failure, crate::git::Failure::Unknown(..));
        fail(&failure.to_string(), if is_usage { Status::Usage } else { Status::Io })
    })?;
    let hash = commit.hash.clone();
    let selection = discover::selection(&root, &arguments.paths, reporter)?;
    let now = discover::find(Rooted::new(root), &arguments.paths, environments, &wanted, reporter)?;
    check_settings(&now, reporter)?;
    let after = compile::with_plans(&now);
    let status = report_all(&now, &after, reporter).max(now.status);
    let made = files(&after);
    // In `made`, one of two with the same path hides the other one.
    let all = after.iter().filter_map(|one| one.files.as_ref()).flat_map(|files| &files.made);
    let all: Vec<Made> = all.cloned().collect();
    let status = status.max(report_conflicts(&now, &all, reporter));
    if status != Status::Clean {
        return Err(status);
    }
    // A commit without a project has no appliances.
    let base = match commit.read(FILE_NAME) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        _ => {
            let asked = Asked { selection: &selection, environments, wanted: &wanted };
            let found = discover::find_all(commit, &asked, reporter);
            Some(found.inspect_err(|_| note(&format!("the errors are those of `{revision}`")))?)
        }
    };
    let before = base.as_ref().map(compile::with_plans).unwrap_or_default();
    // Such as one that is absent from a partial clone.
    if let Some(cause) = before.iter().find_map(|one| one.findings.as_ref().err()) {
        return Err(fail(&format!("at `{revision}`: {cause}"), Status::Io));
    }
    let mut entries = entries(&now, &after, base.as_ref(), &before);
    let (old, new) = (base.as_ref().and_then(lock_of), lock_of(&now));
    entries.iter_mut().for_each(|entry| entry.tell_tags(old, new));
    let unknown = entries.iter().any(|one| matches!(one.state, State::Unknown));
    let hidden: Vec<String> = {
        let plans = after.iter().chain(&before).filter_map(|one| one.plan.as_ref());
        plans.flat_map(hidden_values).collect()
    };
    let diffs = diffs(&files(&before), &made, &hidden);
    let text = match arguments.format {
        CompileFormat::Findings(Format::Json) => json_text(&hash, &entries, &diffs),
        CompileFormat::Markdown => markdown(revision, &entries, &diffs),
        CompileFormat::Findings(_) => human(&entries, &diffs),
    };
    if entries.is_empty() && diffs.is_empty() {
        note(&format!("nothing changes since `{revision}`"));
    }
    if unknown {
        note(&format!("some appliances have errors at `{revision}`, and are not compared"));
    }
    let printed = print(&text);
    let is_same = entries.is_empty() && diffs.is_empty();
    Ok(printed.max(if is_same { Status::Clean } else { Status::Changes }))
}

/// The lock file of a project.
fn lock_of<W>(found: &Found<W>) -> Option<&Lock> {
    found.root_project().and_then(|project| project.lock.as_deref())
}

/// The files of all units, by path.
fn files(outcomes: &[Outcome]) -> BTreeMap<&str, &Made> {
    let made = outcomes.iter().filter_map(|one| one.files.as_ref()).flat_map(|files| &files.made);
    made.map(|one| (one.path.as_str(), one)).collect()
}

/// The appliances that are not as before: by environment, in the order of the project.
fn entries<'a, W: Files>(
    now: &'a Found,
    after: &'a [Outcome],
    base: Option<&'a Found<W>>,
    before: &'a [Outcome],
) -> Vec<Entry<'a>> {
    let versions = |found: &'a [Unit], outcomes: &'a [Outcome]| -> Vec<Version<'a>> {
        let version =
            |outcome: &'a Outcome| Some(Version { unit: found.get(outcome.unit)?, outcome });
        outcomes.iter().filter_map(version).collect()
    };
    let new = versions(&now.units, after);
    let old = base.map(|found| versions(&found.units, before)).unwrap_or_default();
    let mut all: Vec<Entry<'_>> = pairs(&new, &old).into_iter().filter_map(entry).collect();
    if all.iter().any(|one| effects::removes_namespaces(&one.effects)) {
        let kept: HashSet<_> = new
            .iter()
            .flat_map(|one| {
                let found = effects::namespaces(one.outcome);
                found.map(|(target, name)| (&one.unit.environment, target, name))
            })
            .collect();
        for one in &mut all {
            let environment = &one.unit.environment;
            effects::keep_namespaces(&mut one.effects, |target, name| {
                kept.contains(&(environment, target.to_owned(), name.to_owned()))
            });
        }
    }
    let mut order: Vec<&Option<String>> = Vec::new();
    for unit in now.units.iter().chain(base.iter().flat_map(|found| &found.units)) {
        if !order.contains(&&unit.environment) {
            order.push(&unit.environment);
        }
    }
    all.sort_by_key(|one| order.iter().position(|name| **name == one.unit.environment));
    all
}

/// What is not as before. `None` if nothing is.
fn entry<'a>((now, before): Pair<'a>) -> Option<Entry<'a>> {
    let (version, from) = (now.or(before)?, before.filter(|_| now.is_some()));
    let is_moved = |from: &Version<'a>| {
        from.unit.file != version.unit.file || from.unit.environment != version.unit.environment
    };
    let from = from.filter(is_moved).map(|from| from.unit);
    let effects = effects::of(before.map(|one| one.outcome), now.map(|one| one.outcome));
    let state = match (now, before) {
        (_, None) => State::Added,
        (None, _) => State::Removed,
        (Some(is), Some(was)) => {
            let parts = |one: &'a Outcome| {
                let (report, _) = one.findings.as_ref().ok()?;
                Some((one.plan.as_ref()?, report))
            };
            match (parts(was.outcome), parts(is.outcome)) {
                (Some((was, old)), Some((is, new))) => {
                    let changes = meaning::changes(was, is);
                    if from.is_none() && changes.is_empty() && effects::is_nothing(&effects) {
                        return None;
                    }
                    State::Changed(changes.into_iter().map(|one| (one, old, new)).collect())
                }
                _ => State::Unknown,
            }
        }
    };
    // What runs of an appliance with errors is not known.
    let effects = if matches!(state, State::Unknown) { Vec::new() } else { effects };
    let id = version.id().unwrap_or_default().to_owned();
    Some(Entry { unit: version.unit, from, id, state, effects })
}

/// A file that changes, and its unified diff.
struct Diff {
    path: String,
    text: String,
}

/// The unified diffs of all files that change. Lines with values that may be secrets are hidden.
fn diffs(
    before: &BTreeMap<&str, &Made>,
    after: &BTreeMap<&str, &Made>,
    hidden: &[String],
) -> Vec<Diff> {
    let mut paths: Vec<&str> = before.keys().chain(after.keys()).copied().collect();
    paths.sort_unstable();
    paths.dedup();
    let diff = |path: &str| {
        let (old, new) = (before.get(path), after.get(path));
        let [old, new] = [old, new].map(|made| made.and_then(|made| made.text.as_deref()));
        if old.unwrap_or_default() == new.unwrap_or_default() {
            return None;
        }
        let text = diff::unified(path, old, new);
        let (masked, _) = diff::masked(path, old, new);
        Some(Diff { path: path.to_owned(), text: without(&text, &masked, hidden) })
    };
    paths.into_iter().filter_map(diff).collect()
}

/// A diff in which lines with one of these values are hidden, also if the value is quoted. The others are those of the
/// same diff that is masked.
fn without(diff: &str, masked: &str, hidden: &[String]) -> String {
    let forms = hidden.iter().flat_map(|value| {
        let quoted = json!(value).to_string();
        let quoted = quoted.trim_matches('"').to_owned();
        [value.clone(), value.replace('$', "$$"), quoted.replace('$', "$$"), quoted]
    });
    // Of a value with several lines, each line is hidden.
    let forms: Vec<String> = forms
        .flat_map(|form| form.lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>())
        .filter(|form| form.chars().count() >= 4)
        .collect();
    let line = |(line, masked): (&str, &str)| match forms
        .iter()
        .any(|form| line.contains(form.as_str()))
    {
        true => format!("{}(hidden)\n", line.get(..1).unwrap_or_default()),
        false => masked.to_owned(),
    };
    diff.split_inclusive('\n').zip(masked.split_inclusive('\n')).map(line).collect()
}

impl Entry<'_> {
    /// Puts back the tags of images that became digests by the lock files before and after.
    fn tell_tags(&mut self, before: Option<&Lock>, after: Option<&Lock>) {
        let State::Changed(changes) = &mut self.state else { return };
        let images = changes.iter_mut().filter(|(change, ..)| change.field == "containers[].image");
        for (change, ..) in images {
            for (side, lock) in [(&mut change.before, before), (&mut change.after, after)] {
                let (Some((Value::Shown(image), place)), Some(lock)) = (side, lock) else {
                    continue;
                };
                let tag = lock.image_at(*place).and_then(|image| image.rsplit_once(':'));
                if let (Some((_, tag)), Some((name, digest))) = (tag, image.split_once('@')) {
                    *image = format!("{name}:{tag}@{digest}");
                }
            }
        }
    }

    fn title(&self) -> String {
        let id = if self.id.is_empty() { &self.unit.file } else { &self.id };
        match &self.unit.environment {
            Some(environment) => format!("{environment}/{id}"),
            None => id.clone(),
        }
    }

    /// What changes, a line each.
    fn lines(&self, style: Style) -> Vec<String> {
        let mut all: Vec<String> = match &self.state {
            State::Added => vec!["new appliance".to_owned()],
            State::Removed => vec!["appliance removed".to_owned()],
            State::Unknown => return vec!["not compared: it had errors before".to_owned()],
            State::Changed(changes) => {
                let changes = changes.iter().map(|(one, ..)| one.words(style));
                self.from.map(|from| self.moved(from, style)).into_iter().chain(changes).collect()
            }
        };
        // Nothing of a new appliance ran, so what is not known is no matter.
        let is_added = matches!(self.state, State::Added);
        let told = self.effects.iter().filter(|(_, effects)| !is_added || effects.is_some());
        all.extend(lines(&told.cloned().collect::<effects::OnTargets>(), style));
        all
    }

    /// Where it was before.
    fn moved(&self, from: &Unit, style: Style) -> String {
        let environment = || match &from.environment {
            Some(name) => format!("environment {}", style.name(name)),
            None => "no environment".to_owned(),
        };
        match (from.file != self.unit.file, from.environment != self.unit.environment) {
            (true, false) => format!("moved from {}", style.name(&from.file)),
            (true, true) => format!("moved from {} in {}", style.name(&from.file), environment()),
            _ => format!("moved from {}", environment()),
        }
    }
}

fn human(entries: &[Entry<'_>], diffs: &[Diff]) -> String {
    let mut text = String::new();
    for entry in entries {
        text += &format!("{} ({})\n", entry.title(), entry.unit.file);
        for line in entry.lines(Style::Plain) {
            text += &format!("  {line}\n");
        }
    }
    if !entries.is_empty() && !diffs.is_empty() {
        text.push('\n');
    }
    diffs.iter().for_each(|diff| text += &diff.text);
    text
}

/// A comment for a pull request, of limited length.
fn markdown(revision: &str, entries: &[Entry<'_>], diffs: &[Diff]) -> String {
    let mut text = format!("### Changes since {}\n\n", code_span(revision));
    if entries.is_empty() && diffs.is_empty() {
        return text + "Nothing changes.\n";
    }
    if entries.is_empty() {
        text += "Nothing changes in meaning.\n";
    }
    for (at, entry) in entries.iter().enumerate() {
        let title =
            format!("**{}** in {}\n\n", code_span(&entry.title()), code_span(&entry.unit.file));
        let lines = entry.lines(Style::Markdown).into_iter().map(|line| format!("- {line}\n"));
        let part = title + &lines.collect::<String>() + "\n";
        if text.len() + part.len() > COMMENT {
            text += &format!("... and {} more appliances\n\n", entries.len() - at);
            break;
        }
        text += &part;
    }
    for (at, diff) in diffs.iter().enumerate() {
        let longest = diff.text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
        let fence = "`".repeat(longest.max(2) + 1);
        let part = format!(
            "<details><summary>{}</summary>\n\n{fence}diff\n{}{fence}\n\n</details>\n",
            html_code(&diff.path),
            diff.text
        );
        if text.len() + part.len() > COMMENT {
            text += &format!("\n... and {} more files\n", diffs.len() - at);
            break;
        }
        text += &part;
    }
    text
}

/// The document, which matches `schema/changes.schema.json`.
fn json_text(hash: &str, entries: &[Entry<'_>], diffs: &[Diff]) -> String {
    let appliances: Vec<serde_json::Value> = entries.iter().map(|entry| {
        let (state, changes) = match &entry.state {
            State::Added => ("added", Vec::new()),
            State::Removed => ("removed", Vec::new()),
            State::Unknown => ("unknown", Vec::new()),
            State::Changed(changes) => {
                ("changed", changes.iter().map(|(one, from, to)| json_change(one, from, to)).collect())
            }
        };
        let from = entry.from.map(|from| json!({ "environment": from.environment, "file": from.file }));
        json!({ "environment": entry.unit.environment, "file": entry.unit.file, "from": from, "id": entry.id, "state": state, "changes": changes, "targets": effects::json(&entry.effects) })
    }).collect();
    let files: Vec<serde_json::Value> =
        diffs.iter().map(|diff| json!({ "path": diff.path, "diff": diff.text })).collect();
    format!(
        "{:#}\n",
        json!({ "version": VERSION, "base": hash, "appliances": appliances, "files": files })
    )
}

fn json_change(change: &Change, from: &Report, to: &Report) -> serde_json::Value {
    let side = |side: &Option<(Value, Span)>, report: &Report| {
        side.as_ref().map(|(value, span)| {
            let source = report.source_of(*span);
            let place = source.position(span.start);
            json!({
                "value": value.shown(), "file": source.name(), "line": place.line, "column": place.column,
            })
        })
    };
    let (container, volume) = match &change.subject {
        Subject::Appliance => (None, None),
        Subject::Container(id) => (Some(id.as_str()), None),
        Subject::Volume(id) => (None, Some(id.as_str())),
    };
    json!({
        "container": container, "volume": volume, "field": change.field, "key": change.key.as_deref(),
        "before": side(&change.before, from), "after": side(&change.after, to),
        "text": change.words(Style::Plain),
    })
}
