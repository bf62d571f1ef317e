//! Compiles appliances that are mostly valid, for every target.

#![no_main]

use applc::Memory;
use applc::overlay::Changes;
use applc_fuzz::{held, made};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let appliance = made::appliance(&mut made::Bytes::new(bytes)).to_string();
    let world = Memory::new().with("a.json", appliance);
    held::compiles(&world, "a.json", &Changes::none());
});
