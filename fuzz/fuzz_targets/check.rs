//! Checks arbitrary bytes and formats the findings in every format.

#![no_main]

use applc::diag::{Format, document, human};
use libfuzzer_sys::fuzz_target;

/// A single file in memory.
struct Memory<'a>(&'a [u8]);

impl applc::World for Memory<'_> {
    fn read(&self, _: &str) -> std::io::Result<Vec<u8>> {
        Ok(self.0.to_vec())
    }
}

fuzz_target!(|bytes: &[u8]| {
    for name in ["a.json", "a.yaml"] {
        let found = applc::compile(&Memory(bytes), name, &[]).expect("memory can be read");
        let _ = human::render(&found.report, false);
        let reports = [found.report];
        for format in [Format::Short, Format::Json, Format::Sarif, Format::Gitlab, Format::Junit] {
            let _ = document(format, &reports);
        }
    }
});
