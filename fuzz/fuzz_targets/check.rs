//! Checks arbitrary bytes and shows the findings in every format.

#![no_main]

use applc::Memory;
use applc_fuzz::held;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for name in ["a.json", "a.yaml"] {
        let world = Memory::new().with(name, bytes);
        let found = applc::compile(&world, name, &[]).expect("memory can be read");
        held::shown(&found.report);
    }
});
