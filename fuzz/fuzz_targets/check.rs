//! Checks arbitrary bytes and formats the findings in every format.

#![no_main]

use applc::Memory;
use applc::diag::{Format, document, human};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for name in ["a.json", "a.yaml"] {
        let found = applc::compile(&Memory::new().with(name, bytes), name, &[]).expect("memory can be read");
        let _ = human::render(&found.report, false);
        let reports = [found.report];
        for format in [Format::Short, Format::Json, Format::Sarif, Format::Gitlab, Format::Junit] {
            let _ = document(format, &reports);
        }
    }
});
