//! Compiles arbitrary bytes for every target: the result is either files or an error.

#![no_main]

use applc::Memory;
use applc::overlay::Changes;
use applc_fuzz::held;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for name in ["a.json", "a.yaml"] {
        held::compiles(&Memory::new().with(name, bytes), name, &Changes::none());
    }
});
