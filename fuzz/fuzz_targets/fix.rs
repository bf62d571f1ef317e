//! Fixes arbitrary bytes: errors do not increase, and fixing the result again changes nothing.

#![no_main]

use applc::Memory;
use applc::diag::{Level, Report};
use applc::fix::fix;
use libfuzzer_sys::fuzz_target;

fn check(name: &str, text: &str) -> Result<Report, applc::Error> {
    Ok(applc::compile(&Memory::new().with(name, text), name, &[])?.report)
}

fn errors(report: &Report) -> usize {
    report.diagnostics.iter().filter(|found| found.level == Level::Error).count()
}

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for name in ["a.json", "a.jsonc", "a.yaml"] {
        let before = check(name, text).expect("memory can be read");
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
