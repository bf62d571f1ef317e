//! Lines and files of other formats, as people paste them, and the appliances that they become.
//! `UPDATE_EXPECTED=1 cargo test import::` writes the current ones; review the changes.

use std::fs;
use std::path::PathBuf;

use applc::Memory;
use applc::analysis::Analysis;
use applc::import::{Format, Options, import};
use applc::source::Source;
use applc_testing::{UPDATE_EXPECTED, read, repository, updates};

fn pasted() -> Vec<PathBuf> {
    let folder = fs::read_dir(repository("tests/docker-run")).unwrap();
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "txt"));
    files.sort();
    files
}

/// The appliance, and below it the findings as `CODE at LINE:COLUMN MESSAGE`.
fn imported(text: &str) -> String {
    let options = Options {
        id: "pasted".to_owned(),
        env_files: Vec::new(),
        profiles: Vec::new(),
        folder: String::new(),
        repository: None,
        world: &Memory::new().with("web.env", read("tests/docker-run/web.env")),
    };
    let imported = import(&Source::new("pasted.txt", text), Format::DockerRun, &options);
    let mut out = imported.text.clone().unwrap_or_default();
    if let Some(text) = imported.text {
        let report = Analysis::of(&Source::new("pasted.yaml", text)).into_report();
        assert!(!report.has_errors(), "{out}\n{:?}", report.diagnostics);
    }
    for one in &imported.report.diagnostics {
        let at = imported.report.source.position(one.primary.span.start);
        out.push_str(&format!("# {} at {}:{} {}\n", one.code.id, at.line, at.column, one.message));
    }
    out
}

#[test]
fn pasted_lines_become_the_expected_appliances() {
    let files = pasted();
    assert!(files.len() >= 40, "{} files", files.len());
    let mut differences = String::new();
    for file in &files {
        let text = fs::read_to_string(file).unwrap();
        let found = imported(&text);
        assert!(found.starts_with("id: pasted\n"), "{}: {found}", file.display());
        // Line ends of Windows change nothing.
        let windows = imported(&text.replace('\n', "\r\n"));
        assert_eq!(windows, found, "{}", file.display());
        let path = file.with_extension("expected.yaml");
        if updates(UPDATE_EXPECTED) {
            fs::write(&path, &found).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if found != expected {
            differences
                .push_str(&format!("==== {}\n{expected}==== found:\n{found}", path.display()));
        }
    }
    assert!(differences.is_empty(), "{differences}");
}
