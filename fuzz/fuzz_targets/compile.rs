//! Compiles arbitrary bytes for every target: the result is either files or an error.

#![no_main]

use applc::Selected;
use applc::target::{self, Options};
use libfuzzer_sys::fuzz_target;

/// A single file in memory.
struct Memory<'a>(&'a [u8]);

impl applc::World for Memory<'_> {
    fn read(&self, _: &str) -> std::io::Result<Vec<u8>> {
        Ok(self.0.to_vec())
    }
}

fuzz_target!(|bytes: &[u8]| {
    for target in target::ALL.iter().copied() {
        for name in ["a.json", "a.yaml"] {
            let selected = Selected { target: target.into(), options: Options::of(target) };
            let result = applc::compile(&Memory(bytes), name, &[selected]).expect("templates work");
            assert_eq!(result.report.has_errors(), result.outputs.is_empty());
        }
    }
});
