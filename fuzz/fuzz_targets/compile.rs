//! Compiles arbitrary bytes for every target: the result is either files or an error.

#![no_main]

use applc::{Memory, Selected};
use applc::targets::{self, Options};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for target in targets::ALL.iter().copied() {
        for name in ["a.json", "a.yaml"] {
            let selected = Selected { target: target.into(), options: Options::of(target) };
            let result = applc::compile(&Memory::new().with(name, bytes), name, &[selected]).expect("templates work");
            assert_eq!(result.report.has_errors(), result.outputs.is_empty());
        }
    }
});
