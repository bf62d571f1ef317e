//! Invalid targets: each folder contains the expected findings, in the format for people, in a file
//! `expected`. `UPDATE_EXPECTED=1 cargo test custom` writes the current findings; review them.

use std::collections::BTreeSet;
use std::fs;

use applc::diag::{Level, Phase, Report, codes, human};

use super::folder::{compile, world};
use crate::common;

/// Codes that only the program reports, whose tests cover them: `applc target check`, and the process for templates.
const OF_PROGRAM: [&str; 3] = ["E0706", "W0701", "H0701"];

fn reports(files: &[(String, String)], appliance: &str) -> Vec<Report> {
    let files: Vec<(&str, &str)> =
        files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    match compile(&world(&files, appliance)) {
        Err(reports) => reports,
        Ok(compilation) => {
            assert!(compilation.outputs.is_empty(), "an invalid target has output");
            compilation.others.into_iter().chain([compilation.report]).collect()
        }
    }
}

#[test]
fn each_invalid_target_has_the_expected_findings() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let appliance = fs::read_to_string(common::repository("tests/custom/appliance.json")).unwrap();
    let mut folders: Vec<_> = fs::read_dir(common::repository("tests/custom/faulty"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let mut met = BTreeSet::new();
    let mut differences = String::new();
    for folder in folders {
        let mut files: Vec<(String, String)> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_name() != "expected")
            .map(|entry| {
                let name = entry.file_name().into_string().unwrap();
                (name, fs::read_to_string(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        let mut reports = reports(&files, &appliance);
        let found = reports.iter().flat_map(|report| &report.diagnostics);
        met.extend(found.map(|found| found.code.id));
        let advice = |report: &mut Report| {
            report.diagnostics.retain(|found| found.level != Level::Hint);
        };
        reports.iter_mut().for_each(advice);
        let current: String = reports.iter().map(|report| human::render(report, false)).collect();
        let path = folder.join("expected");
        if update {
            fs::write(&path, &current).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if current != expected || current.is_empty() {
            let name = folder.display();
            differences.push_str(&format!("==== {name}\n{expected}==== but now:\n{current}"));
        }
    }
    assert!(differences.is_empty(), "{differences}");
    let of_group = codes::ALL.iter().filter(|code| code.phase == Phase::Custom).map(|code| code.id);
    let missing: Vec<&str> =
        of_group.filter(|id| !met.contains(id) && !OF_PROGRAM.contains(id)).collect();
    assert!(missing.is_empty(), "no folder of tests/custom/faulty has {missing:?}");
}

/// Wherever a file of the folder is cut off, there are findings or there is output, and no panic.
#[test]
fn a_truncated_folder_has_findings_or_output() {
    let appliance = fs::read_to_string(common::repository("tests/custom/appliance.json")).unwrap();
    let read = |name: &str| {
        fs::read_to_string(common::repository("templates/new-target").join(name)).unwrap()
    };
    let (manifest, template) = (read("target.toml").replace("NAME", "mine"), read("run.sh.j2"));
    let attempt = |manifest: &str, template: &str| {
        let world = world(&[("target.toml", manifest), ("run.sh.j2", template)], &appliance);
        match compile(&world) {
            Err(reports) => assert!(!reports.is_empty(), "{manifest}{template}"),
            Ok(compilation) => {
                let is_clean = compilation.others.is_empty() && !compilation.report.has_errors();
                assert_eq!(is_clean, !compilation.outputs.is_empty(), "{manifest}{template}");
            }
        }
    };
    for end in (0..manifest.len()).step_by(7).filter(|end| manifest.is_char_boundary(*end)) {
        attempt(&manifest[..end], &template);
    }
    for end in (0..template.len()).filter(|end| template.is_char_boundary(*end)) {
        attempt(&manifest, &template[..end]);
    }
}
