//! Fixes arbitrary bytes: errors do not increase, an edit removes its finding, and fixing the result again changes
//! nothing.

#![no_main]

use applc::Memory;
use applc::diag::{Diagnostic, Level, Phase, Report};
use applc::fix::fix;
use libfuzzer_sys::fuzz_target;

/// Number of findings whose edits are tried by themselves.
const MOST: usize = 16;

fn check(name: &str, text: &str) -> Result<Report, applc::Error> {
    Ok(applc::compile(&Memory::new().with(name, text), name, &[])?.report)
}

fn errors(report: &Report) -> usize {
    report.diagnostics.iter().filter(|found| found.level == Level::Error).count()
}

/// Asserts that edits which add no errors remove their findings, each by itself. What is written longer and leaves its
/// finding is not applied by `fix`.
fn assert_removed(name: &str, before: &Report) {
    let source = &before.source;
    let count = |report: &Report, like: &Diagnostic| {
        report
            .diagnostics
            .iter()
            .filter(|found| found.code == like.code && found.message == like.message)
            .count()
    };
    let found = before.diagnostics.iter().take(MOST);
    for (found, edit) in found.filter_map(|found| Some((found, found.edit.as_ref()?))) {
        if !edit.safe || !source.contains(edit.span.start) {
            continue;
        }
        // YAML is read up to its first syntax error, behind which there may be another one of its kind.
        if name.ends_with(".yaml") && found.code.phase == Phase::Syntax {
            continue;
        }
        // A comma behind it is reported by itself, and becomes the trailing one.
        let behind = source.text().get(edit.span.range().end..).unwrap_or_default();
        if found.code.id == "W0102" && behind.trim_start().starts_with(',') {
            continue;
        }
        let mut text = source.text().to_owned();
        let range = source.range(edit.span);
        let is_longer = edit.replacement.len() > range.len();
        text.replace_range(range, &edit.replacement);
        let after = check(name, &text).expect("memory can be read");
        if errors(&after) <= errors(before) && !is_longer {
            let is_removed = count(&after, found) < count(before, found);
            // Of several commas around what is no entry, another one becomes the trailing one.
            let is_moved = found.code.id == "W0102"
                && before.has_errors()
                && after.diagnostics.iter().all(|other| {
                    other.code != found.code || other.primary.span != found.primary.span
                });
            assert!(is_removed || is_moved, "{name}: {found:?} in {text}");
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for name in ["a.json", "a.jsonc", "a.yaml"] {
        let before = check(name, text).expect("memory can be read");
        assert_removed(name, &before);
        let mut checks = 0;
        let fixed = fix(text, |text| {
            checks += 1;
            check(name, text)
        });
        let fixed = fixed.expect("memory can be read");
        assert!(errors(&fixed.left) <= errors(&before), "{name}: {}", fixed.text);
        assert_eq!(fixed.text == text, fixed.applied.is_empty(), "{name}");
        // With more checks, the limit of `fix` may have left edits.
        if checks > 40 {
            continue;
        }
        let again = fix(&fixed.text, |text| check(name, text)).expect("memory can be read");
        assert_eq!(again.text, fixed.text, "{name}");
    }
});
