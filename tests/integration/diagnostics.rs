//! Invalid files and their expected findings as text, in a file next to each.
//! `UPDATE_EXPECTED=1 cargo test diagnostics` writes the current findings; review the changes.
//!
//! A folder has the name of the module that it tests. Files in `targets-NAME` are compiled for
//! that target, those in `project` are project files, those in `overlay` are overlays of the appliance
//! of `docs/overlays.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use applc::diag::{Edit, Level, Phase, Report, codes, human};
use applc::fix::fix;
use applc::targets::Options;
use applc::{Memory, Selected};

/// Codes that no file of the corpus can produce: a file that is too large or does not exist, and what
/// is known only after all appliances; and one whose message has the version of applc.
const ELSEWHERE: [&str; 11] = [
    "E0002", "E0003", "E0503", "E0504", "E0505", "E0506", "W0002", "W0501", "W0502", "W1103",
    "W1104",
];

/// The invalid files, sorted by path.
fn faulty_files() -> Vec<PathBuf> {
    let root = crate::common::repository("tests/diagnostics");
    let list = |folder: &Path| -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    };
    let mut files: Vec<PathBuf> = list(&root).iter().flat_map(|folder| list(folder)).collect();
    files.retain(|file| file.extension().is_none_or(|extension| extension != "expected"));
    files.sort();
    files
}

fn folder_of(file: &Path) -> &str {
    file.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap()
}

/// The findings for some bytes with the name of a file of the corpus.
fn report(file: &Path, bytes: Vec<u8>) -> Report {
    let name = file.file_name().unwrap().to_str().unwrap();
    let folder = folder_of(file);
    if folder == "project" {
        let world = Memory::new().with("/applc.toml", bytes);
        return applc::project::find(&world, ["/"], &[], None)
            .unwrap()
            .unwrap()
            .file
            .report
            .clone();
    }
    if folder == "overlay" {
        return crate::common::overlaid(name, bytes).report;
    }
    let world = Memory::new().with(name, bytes);
    let target = folder.strip_prefix("targets-").map(|name| applc::targets::find(name).unwrap());
    let targets: Vec<Selected> = target
        .map(|target| Selected { target: target.into(), options: Options::of(target) })
        .into_iter()
        .collect();
    applc::compile(&world, name, &targets).unwrap().report
}

/// The range of a file of the corpus that an edit replaces.
fn replaced(report: &Report, edit: &Edit) -> Range<usize> {
    report.source_of(edit.span).range(edit.span)
}

#[test]
fn each_file_has_the_expected_findings() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut seen = BTreeSet::new();
    let mut differences = String::new();
    let files = faulty_files();
    assert!(files.len() >= 120, "{} files", files.len());
    for file in &files {
        let report = report(file, fs::read(file).unwrap());
        if report.diagnostics.is_empty() {
            differences.push_str(&format!("==== {}: no findings\n", file.display()));
        }
        seen.extend(report.diagnostics.iter().map(|found| found.code.id));
        let found = human::render(&report, false);
        let path = file.with_extension("expected");
        if update {
            fs::write(&path, &found).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if found != expected {
            let name = path.display();
            differences.push_str(&format!("==== {name}\n{expected}==== found:\n{found}"));
        }
    }
    assert!(differences.is_empty(), "{differences}");
    let missing: Vec<&str> = codes::ALL
        .iter()
        .filter(|code| {
            !matches!(
                code.phase,
                Phase::Custom | Phase::Foreign | Phase::Run | Phase::Import | Phase::Lock
            )
        })
        .map(|code| code.id)
        .filter(|id| !seen.contains(id) && !ELSEWHERE.contains(id))
        .collect();
    assert!(missing.is_empty(), "no file of tests/diagnostics has {missing:?}");
}

#[test]
fn each_folder_has_the_name_of_a_module() {
    for file in faulty_files() {
        let module = folder_of(&file).replace('-', "/");
        let sources = [format!("src/{module}.rs"), format!("src/{module}/mod.rs")];
        let exists = sources.iter().any(|path| crate::common::repository(path).is_file());
        assert!(exists, "{}: none of {sources:?} exists", file.display());
    }
}

#[test]
fn every_span_is_in_the_file_and_no_finding_is_repeated() {
    for file in faulty_files() {
        let report = report(&file, fs::read(&file).unwrap());
        let mut seen = BTreeSet::new();
        for found in &report.diagnostics {
            let labels = std::iter::once(&found.primary).chain(&found.secondary);
            let edit = found.edit.as_ref().map(|edit| edit.span);
            for span in labels.map(|label| label.span).chain(edit) {
                let source = report.source_of(span);
                let text = source.text().get(source.range(span));
                assert!(text.is_some(), "{}: {found:?}", file.display());
            }
            let fact = (found.code.id, found.primary.span, found.message.clone());
            assert!(seen.insert(fact), "{}: repeated: {found:?}", file.display());
        }
    }
}

/// Time grows linearly with the number of errors, even on a single line.
#[test]
fn ten_thousand_errors_are_reported_in_time() {
    for separator in ["\n", " "] {
        let containers: Vec<String> = (0..5_000)
            .map(|at| {
                format!(
                    r#"{{"id": "c{at}", "type": "service", "image": "i:1", "instances": -1,
                    "resources": {{"cpus": 1, "mem": 64}}, "cmd": "@nobody{at}"}}"#
                )
            })
            .collect();
        let text = format!("{{\"id\": \"x\", \"containers\": [{}]}}", containers.join(",\n"));
        let text = text.replace('\n', separator);
        let start = std::time::Instant::now();
        let report = report(Path::new("x/a.json"), text.into_bytes());
        assert_eq!(report.diagnostics.len(), 10_000);
        let shown = human::render(&report, false);
        assert!(shown.contains("--> a.json:"), "{}", &shown[..500]);
        let seconds = start.elapsed().as_secs();
        // A few seconds without optimization on a busy machine; minutes if it is quadratic.
        assert!(seconds < 60, "{seconds} s");
    }
}

/// What an edit brings to light: another fault of the text that it keeps, which is checked only without the first one.
const BROUGHT_TO_LIGHT: [(&str, &str); 5] = [
    ("field-misspelled.yaml", "E1102"),
    ("field-names-of-compose.json", "E0302"),
    ("type-wrong-of-containers.json", "E0203"),
    ("type-wrong-of-dependencies.json", "E0302"),
    ("byte-order-mark.json", "E0205"),
];

/// How often a report has each fact: the code and the message. Of a report that has edits of syntax errors, only
/// those of syntax: what such an error hides comes to light without it.
fn facts(report: &Report, of_syntax: bool) -> BTreeMap<(&'static str, String), (Level, usize)> {
    let mut facts = BTreeMap::new();
    for found in &report.diagnostics {
        if !of_syntax || found.code.phase == Phase::Syntax {
            let fact = (found.code.id, found.text().into_owned());
            facts.entry(fact).or_insert((found.level, 0)).1 += 1;
        }
    }
    facts
}

/// An edit removes its finding and adds none in its place: none that is as severe. One of a syntax error may bring to
/// light what the error hid.
#[test]
fn each_edit_removes_its_finding() {
    let mut failures = Vec::new();
    let mut edits = 0;
    for file in faulty_files().iter().filter(|file| folder_of(file) != "project") {
        let Ok(text) = fs::read_to_string(file) else { continue };
        let before = report(file, text.clone().into_bytes());
        for found in &before.diagnostics {
            let Some(edit) = &found.edit else { continue };
            edits += 1;
            let mut edited = text.clone();
            edited.replace_range(replaced(&before, edit), &edit.replacement);
            let after = report(file, edited.into_bytes());
            let of_syntax = found.code.phase == Phase::Syntax;
            let (old, new) = (facts(&before, of_syntax), facts(&after, of_syntax));
            let fact = (found.code.id, found.text().into_owned());
            let name = file.file_name().unwrap().to_string_lossy();
            if new.get(&fact) >= old.get(&fact) {
                failures.push(format!("{name}: {} stays: {}", found.code.id, found.message));
            }
            for (added, (level, count)) in &new {
                let is_old = old.get(added).is_some_and(|(_, before)| before >= count);
                // A warning in place of an error is progress.
                let is_lower = *level > found.level;
                if !is_old && !is_lower && !BROUGHT_TO_LIGHT.contains(&(&name, added.0)) {
                    failures.push(format!("{name}: {fact:?} becomes {added:?}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
    assert!(edits > 200, "{edits}");
}

/// All edits that do not overlap, applied again and again, come to an end, and what remains has none.
#[test]
fn applying_all_edits_comes_to_an_end() {
    let mut failures = Vec::new();
    for file in faulty_files().iter().filter(|file| folder_of(file) != "project") {
        let Ok(mut text) = fs::read_to_string(file) else { continue };
        let mut rounds = 0;
        loop {
            let found = report(file, text.clone().into_bytes());
            let mut edits: Vec<_> =
                found.diagnostics.iter().filter_map(|d| d.edit.as_ref()).collect();
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
            let mut start = usize::MAX;
            let before = text.clone();
            for edit in edits {
                // Later edits first, so that the places of the others stay.
                let range = replaced(&found, edit);
                if range.end < start {
                    start = range.start;
                    text.replace_range(range, &edit.replacement);
                }
            }
            if text == before {
                break;
            }
            rounds += 1;
            if rounds > 8 {
                failures.push(format!("{}: {:?}", file.display(), found.diagnostics.first()));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn fixing_terminates_and_adds_no_errors() {
    // Fixes are applied to appliances.
    let others = ["project", "overlay"];
    for file in faulty_files().iter().filter(|file| !others.contains(&folder_of(file))) {
        let Ok(text) = fs::read_to_string(file) else { continue };
        let check = |text: &str| -> Result<Report, Infallible> {
            Ok(report(file, text.as_bytes().to_vec()))
        };
        let errors = |report: &Report| {
            report.diagnostics.iter().filter(|found| found.level == Level::Error).count()
        };
        let fixed = fix(&text, check).unwrap();
        let before = check(&text).unwrap();
        assert!(errors(&fixed.left) <= errors(&before), "{}", file.display());
        let again = fix(&fixed.text, check).unwrap();
        assert!(again.applied.is_empty(), "{}: {}", file.display(), fixed.text);
        let safe = |report: &Report| {
            report.diagnostics.iter().any(|d| d.edit.as_ref().is_some_and(|e| e.safe))
        };
        if safe(&before) && !safe(&fixed.left) {
            assert!(!fixed.applied.is_empty(), "{}", file.display());
        }
    }
}
